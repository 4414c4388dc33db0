"""What a workbook holds beside its cells: comments, text boxes, names, and the copies of other data that Excel keeps.

A pivot table keeps the whole list it was made from, and a formula that leads to another file keeps the values it saw
there, whether or not anybody still sees them. None of it is read into anything; it is only looked at for people.
Pictures and files of other programs inside the workbook cannot be looked into, which is said where there are any.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from xml.parsers import expat

from helpers.cleaning.people.values import is_personal_text
from helpers.cleaning.workbooks.workbook_archive import Archive, local, parse_xml
from helpers.messages import Message, say
from helpers.text import nfc

PERSONAL_PART = "personal_part"
"""What a note about such a part is called."""

PART_NAMES: Mapping[str, Message] = {
    "comments": say("a comment"),
    "drawings": say("a text box or picture"),
    "charts": say("a chart"),
    "pivot": say("the list that a pivot table keeps"),
    "links": say("what is kept of another file"),
    "names": say("a defined name"),
    "headers": say("the header or footer of a page"),
    "checks": say("a message to whoever types into a cell"),
    "hyperlinks": say("a link"),
}
_PARTS = (
    (re.compile(r"xl/(?:comments|threadedComments/).*\.xml"), "comments"),
    (re.compile(r"xl/drawings/.*\.(?:xml|vml)"), "drawings"),
    (re.compile(r"xl/charts/.*\.xml"), "charts"),
    (re.compile(r"xl/pivotCache/.*\.xml"), "pivot"),
    (re.compile(r"xl/externalLinks/.*\.xml"), "links"),
    (re.compile(r"xl/workbook\.xml"), "names"),
    (re.compile(r"xl/worksheets/_rels/.*\.rels"), "hyperlinks"),
)
_SHEET = re.compile(r"xl/worksheets/[^/]*\.xml")
_OF_SHEETS = {
    "headers": re.compile(r"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)\b[^>]*>([^<]*)<"),
    "checks": re.compile(r"\s(?:prompt|promptTitle|error|errorTitle)=\"([^\"]*)\""),
    "hyperlinks": re.compile(r"\s(?:location|tooltip|display)=\"([^\"]*)\""),
}
"""What stands below the cells of a sheet, in its XML."""
_TAG = re.compile(r"<[^>]*>")
_CODES = re.compile(r'&(?:"[^"]*"|[A-Z])')
"""How the header of a page says a font, or what is to be printed."""
_VIEW = ".wvu."
"""Names of one user's view of a sheet are made up by Excel, of digits too."""
_PICTURES_AND_FILES = ("xl/media/", "xl/embeddings/")
_TELLING = ("v", "name", "descr", "title", "comment", "Target")
"""Attributes that may say something of their own."""
_BLOCKS = frozenset({"comment", "threadedComment", "p", "v", "s", "definedName"})
"""Elements whose text belongs together: formatting cuts a number into several pieces."""


def personal_parts(archive: Archive) -> Iterator[str]:
    """Yield the kind of each part of a workbook, beside its cells, in which something looks personal.

    Raises
    ------
    UnreadableWorkbook, xml.parsers.expat.ExpatError
        If a part is no XML, or brings a document type.
    """
    kinds: dict[str, None] = {}
    for part in sorted(archive.entries.NameToInfo):
        for kind, texts in _kinds(archive, part):
            if kind not in kinds and any(map(is_personal_text, texts)):
                kinds[kind] = None
    yield from kinds


def not_searched() -> tuple[str, str, Message]:
    """Return what the log says of a workbook that holds what cannot be looked into."""
    return "not_searched", "", say("the file holds pictures or other files, which were not looked into")


def has_unsearched(archive: Archive) -> bool:
    """Return whether a workbook holds pictures, or files of other programs."""
    return any(map(archive.has_below, _PICTURES_AND_FILES))


def _kinds(archive: Archive, part: str) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield what a part of a workbook may be looked at for, with its texts."""
    kind = next((kind for pattern, kind in _PARTS if pattern.fullmatch(part)), "")
    if part.endswith(".vml"):
        yield kind, _loose_texts(archive.read(part))
    elif kind:
        yield kind, _texts(archive.read(part))
    elif _SHEET.fullmatch(part):
        data = archive.read(part)
        below = data[max(0, data.rfind(b"sheetData")) :].decode("utf-8", "replace")
        for name, pattern in _OF_SHEETS.items():
            yield name, [_tidied(html.unescape(text)) for text in pattern.findall(below)]


def _loose_texts(data: bytes) -> list[str]:
    """Return the texts of markup that need not be well-formed, as that of old drawings is not."""
    return [nfc(html.unescape(text)) for text in _TAG.split(data.decode("utf-8", "replace")) if text.strip()]


def _tidied(text: str) -> str:
    return nfc(_CODES.sub(" ", text))


def _texts(data: bytes) -> Iterator[str]:
    texts: list[str] = []
    pieces: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) in _BLOCKS:
            pieces.clear()
        if local(name) != "sheet":  # the names of sheets are looked at with their cells
            texts.extend(value for key, value in attributes.items() if local(key) in _TELLING)

    def end(name: str) -> None:
        if local(name) in _BLOCKS:
            texts.append("".join(pieces))
            pieces.clear()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = pieces.append
    parse_xml(parser, data)
    yield from (nfc(text) for text in texts if text.strip() and _VIEW not in text)
