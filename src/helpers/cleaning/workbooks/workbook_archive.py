"""The archive that an ``.xlsx`` or ``.xlsm`` is: its parts, read within limits and without trusting what it declares.

Everything here may come from a stranger. Parts are read up to the size they declare and no further, may not lie over
each other, may not be named twice, and may hold no document type, so that no entity can be defined in them.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.parsers import expat

from helpers.cleaning.workbooks.workbook_kinds import UnreadableWorkbook, ask_again
from helpers.messages import say

MOST_UNPACKED_BYTES = 300_000_000
"""A return of a town is below 1 MB unpacked; far more than this is no return but a trap for the memory."""
MOST_PARTS = 10_000
MOST_SHEETS = 500
"""Ten years of months are 120."""

_LOCAL_HEADER_BYTES = 30
_PERCENT_FORMATS = frozenset({9, 10})
"""The two percentages among Excel's built-in number formats."""
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].')
"""What a number format shows or skips as it stands; a percent sign in it does not multiply by 100."""

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
STYLES = "xl/styles.xml"


@dataclass(frozen=True, slots=True)
class Archive:
    """The open archive of a workbook that keeps within the limits."""

    entries: zipfile.ZipFile

    def has(self, part: str) -> bool:
        """Return whether there is such a part."""
        return part in self.entries.NameToInfo

    def has_below(self, folder: str) -> bool:
        """Return whether any part lies below a folder."""
        return any(name.startswith(folder) for name in self.entries.NameToInfo)

    def read(self, part: str) -> bytes:
        """Return a part's bytes, never more than it declares.

        Raises
        ------
        UnreadableWorkbook
            If there is no such part.
        zipfile.BadZipFile, zlib.error
            If it is damaged.
        """
        if not self.has(part):
            raise UnreadableWorkbook(
                say("the part {part} of the workbook is missing", part=part),
                say("Open it in Excel, let Excel repair it, compare the sheets, and save it as .xlsx."),
            )
        return self.entries.read(part)


def open_archive(data: bytes) -> Archive:
    """Return the archive that some bytes are.

    Raises
    ------
    UnreadableWorkbook
        If it breaks a limit: `MOST_UNPACKED_BYTES`, `MOST_PARTS`, parts named twice or lying over each other.
    zipfile.BadZipFile
        If they are none.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        most = MOST_UNPACKED_BYTES // 1_000_000
        raise UnreadableWorkbook(say("a workbook of at most {most} MB unpacked is expected", most=most), ask_again())
    if len(parts) > MOST_PARTS:
        raise UnreadableWorkbook(say("a workbook of at most {most} parts is expected", most=MOST_PARTS), ask_again())
    if len(archive.NameToInfo) != len(parts) or _do_overlap(parts):
        raise UnreadableWorkbook(
            say("parts of the workbook lie over each other or have one name, as in no file that Excel writes"),
            say("Do not use this file; ask the office for the workbook they work with, saved again in Excel."),
        )
    return Archive(archive)


def _do_overlap(parts: list[zipfile.ZipInfo]) -> bool:
    parts = sorted(parts, key=lambda part: part.header_offset)
    ends = [
        part.header_offset + _LOCAL_HEADER_BYTES + len(part.orig_filename) + part.compress_size for part in parts[:-1]
    ]
    return any(end > following.header_offset for end, following in zip(ends, parts[1:], strict=True))


def check_xml(data: bytes) -> None:
    """Accept XML that is well-formed and defines no entity.

    Raises
    ------
    xml.parsers.expat.ExpatError
        If it is not well-formed.
    UnreadableWorkbook
        If it brings a document type.
    """
    parse_xml(expat.ParserCreate(), data)


def parse_xml(parser: expat.XMLParserType, data: bytes) -> None:
    """Run a parser with its handlers over a part; raises as `check_xml` does."""

    def refuse(*_: object) -> None:
        raise UnreadableWorkbook(
            say("the workbook's XML defines a document type, as in no file that Excel writes"),
            say("Do not use this file; ask the office for the workbook they work with, saved again in Excel."),
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(data, True)


def sheet_parts(archive: Archive) -> list[str]:
    """Return the part of each sheet, in the workbook's order.

    Raises
    ------
    UnreadableWorkbook
        If there are more than `MOST_SHEETS`.
    """
    targets = {
        relation.get("Id", ""): _part_of(relation.get("Target", ""))
        for relation in _elements(archive.read(RELATIONS), "Relationship")
    }
    sheets = _elements(archive.read(WORKBOOK), "sheet")
    if len(sheets) > MOST_SHEETS:
        raise UnreadableWorkbook(say("a workbook of at most {most} sheets is expected", most=MOST_SHEETS), ask_again())
    return [targets.get(sheet.get("id", ""), "") for sheet in sheets]


def _part_of(target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    below = PurePosixPath("xl")
    for step in PurePosixPath(target).parts:
        below = below.parent if step == ".." else below / step
    return below.as_posix()


def _elements(data: bytes, wanted: str) -> list[dict[str, str]]:
    """Return the attributes of all elements of a name; prefixes of names count for nothing."""
    return [attributes for name, attributes in _all_elements(data) if name == wanted]


def _all_elements(data: bytes) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((local(name), {local(key): value for key, value in attributes.items()}))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parse_xml(parser, data)
    return found


def local(name: str) -> str:
    """Return a name of XML without its prefix."""
    return name.rpartition(":")[2]


def percent_styles(archive: Archive) -> frozenset[int]:
    """Return the numbers of the cell styles that show a number as a percentage."""
    if not archive.has(STYLES):
        return frozenset()
    formats, styles, is_in_cells = set(_PERCENT_FORMATS), [], False
    for name, attributes in _all_elements(archive.read(STYLES)):
        if name == "numFmt" and is_percentage(attributes.get("formatCode", "")):
            formats.add(int(attributes.get("numFmtId", "0")))
        elif name.endswith("Xfs"):
            is_in_cells = name == "cellXfs"
        elif name == "xf" and is_in_cells:
            styles.append(int(attributes.get("numFmtId", "0")))
    return frozenset(style for style, number in enumerate(styles) if number in formats)


def is_percentage(number_format: str) -> bool:
    r"""Return whether a number format shows a number times 100 with a percent sign.

    Examples
    --------
    >>> is_percentage("0.00%"), is_percentage("0 \\%"), is_percentage('0 "%"'), is_percentage("dd/mm/yyyy")
    (True, False, False, False)
    """
    return "%" in _QUOTED.sub("", number_format)
