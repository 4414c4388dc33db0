"""What a file offered as a workbook really is, told by its content: names of files are often wrong.

Web systems save a page of HTML or a plain text as ``.xls``, people rename an ``.xlsx`` to ``.xls``, and Excel keeps a
workbook with a password in the container of the old ``.xls``. What is no workbook is named and refused, never guessed
at: a table of HTML has no cells that an account could be kept of.
"""

import io
import re
import zipfile

from helpers.messages import Message, say

OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
"""The container of old .xls files, which Excel also puts around an encrypted .xlsx."""

_LOOKED_AT = 4096
_OLDEST_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""How the files of Excel 2, 3 and 4 begin; they have no container."""
_WEB_PAGE = re.compile(
    rb"\s*<(?:!doctype\s+html|html|head|meta|table|body|style)\b|mime-version:|.*<table\b", re.I | re.S
)
_OLD_XML = b"urn:schemas-microsoft-com:office:spreadsheet"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class UnreadableWorkbook(Exception):
    """A workbook that cannot be read, before it is known how the file is called.

    Attributes
    ----------
    rule, remedy : str
        As in `helpers.errors.Problem`.
    sheet, cell : str
        Where; "" if it concerns the whole file.
    """

    def __init__(self, rule: Message, remedy: Message, *, sheet: str = "", cell: str = "") -> None:
        super().__init__(str(rule))
        self.rule, self.remedy, self.sheet, self.cell = rule, remedy, sheet, cell


def damaged() -> UnreadableWorkbook:
    """Return the refusal of a file whose bytes are not, or no longer, a workbook's."""
    return UnreadableWorkbook(say("a whole, readable .xlsx workbook is expected"), ask_again())


def ask_again() -> Message:
    """Return the remedy for a file that cannot be used as it is."""
    return say("The file is damaged, too large, or no workbook: ask the office to send it again as .xlsx.")


def workbook_kind(data: bytes) -> str:
    """Return "xlsx" (also for .xlsm) or "xls" by what the bytes are, whatever the file is called.

    Raises
    ------
    UnreadableWorkbook
        If they are something else: encrypted, .xlsb, .ods, a web page, text, another document.

    Examples
    --------
    >>> workbook_kind(b"%PDF-1.7")
    Traceback (most recent call last):
    helpers.cleaning.workbooks.workbook_kinds.UnreadableWorkbook: the file is a PDF that was named as a workbook
    """
    if data.startswith(b"PK"):
        return _kind_of_archive(data)
    if data.startswith(OLE_SIGNATURE):
        return _kind_of_container(data)
    raise _no_workbook(data)


def _kind_of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise damaged() from error
    if "xl/workbook.bin" in names:
        raise UnreadableWorkbook(say("the file is a binary workbook (.xlsb), which is not read"), _save_as())
    if "content.xml" in names and "mimetype" in names:
        raise UnreadableWorkbook(say("the file is an OpenDocument file (.ods), which is not read"), _save_as())
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise UnreadableWorkbook(say("the file is a document or a presentation, no workbook"), _ask_for_table())
    return "xlsx"


def _kind_of_container(data: bytes) -> str:
    if _has_stream(data, "EncryptedPackage") or _has_stream(data, "EncryptionInfo"):
        raise encrypted()
    if _has_stream(data, "WordDocument") or _has_stream(data, "PowerPoint Document"):
        raise UnreadableWorkbook(say("the file is a document or a presentation, no workbook"), _ask_for_table())
    if _has_stream(data, "Workbook") or _has_stream(data, "Book"):
        return "xls"
    raise damaged()


def _has_stream(data: bytes, name: str) -> bool:
    """Return whether the container's directory names a stream: UTF-16 with a closing zero, padded to 64 bytes."""
    entry = (name + "\0").encode("utf-16-le").ljust(64, b"\0")
    return any(match.start() % 128 == 0 for match in re.finditer(re.escape(entry), data))


def encrypted() -> UnreadableWorkbook:
    """Return the refusal of a workbook with a password."""
    return UnreadableWorkbook(
        say("the workbook is protected by a password"),
        say("Open it in Excel, remove the password, and save it as .xlsx."),
    )


def _no_workbook(data: bytes) -> UnreadableWorkbook:
    start = data[:_LOOKED_AT]
    if not data.strip():
        return UnreadableWorkbook(say("the file is empty"), say("Ask the office to send it again."))
    if start.startswith(_OLDEST_EXCEL):
        return UnreadableWorkbook(
            say("the workbook is of a version of Excel before 5.0, which is not read"), _save_as()
        )
    if start.startswith(b"%PDF"):
        return UnreadableWorkbook(say("the file is a PDF that was named as a workbook"), _ask_for_table())
    if _OLD_XML in start:
        return UnreadableWorkbook(say("the file is a workbook of the XML kind of 2003, which is not read"), _save_as())
    text = _as_ascii(start)
    if text is None:
        return damaged()
    if _WEB_PAGE.match(text):
        return UnreadableWorkbook(
            say("a readable workbook is expected; the file is a web page that was named as one"),
            say("Open it in Excel, compare its figures with the system it comes from, and save it as .xlsx."),
        )
    return UnreadableWorkbook(
        say("a readable workbook is expected; the file is plain text that was named as one"),
        say("If it is a table with commas or tabs, name it .csv; else ask the office for the workbook."),
    )


def _as_ascii(start: bytes) -> bytes | None:
    """Return the beginning of a text in any of the usual encodings, good enough to find tags in; None if no text."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start[2:].replace(b"\0", b"")
    start = start.removeprefix(b"\xef\xbb\xbf")
    return None if _CONTROL.search(start) else start


def _save_as() -> Message:
    return say("Open it in Excel or LibreOffice, and save it as .xlsx.")


def _ask_for_table() -> Message:
    return say("Ask the office for the table itself, as .xlsx.")
