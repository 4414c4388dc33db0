"""What a workbook holds beside its cells: comments, text boxes, and the copies of other data that Excel keeps.

A pivot table keeps the whole list it was made from, and a formula that leads to another file keeps the values it saw
there, whether or not anybody still sees them. None of it is read into anything; it is only looked at for people.
"""

import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

from helpers.cleaning.personal_values import is_personal_text
from helpers.cleaning.workbook_archive import Archive, local, parse_xml
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
}
_PARTS = (
    (re.compile(r"xl/(?:comments|threadedComments/).*\.xml"), "comments"),
    (re.compile(r"xl/drawings/.*\.xml"), "drawings"),
    (re.compile(r"xl/charts/.*\.xml"), "charts"),
    (re.compile(r"xl/pivotCache/.*\.xml"), "pivot"),
    (re.compile(r"xl/externalLinks/.*\.xml"), "links"),
)
_BLOCKS = frozenset({"comment", "threadedComment", "p", "v", "s"})
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
        kind = next((kind for pattern, kind in _PARTS if pattern.fullmatch(part)), "")
        if kind and kind not in kinds and any(map(is_personal_text, _texts(archive.read(part)))):
            kinds[kind] = None
    yield from kinds


def _texts(data: bytes) -> Iterator[str]:
    texts: list[str] = []
    pieces: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) in _BLOCKS:
            pieces.clear()
        texts.extend(value for key, value in attributes.items() if local(key) in ("v", "name"))

    def end(name: str) -> None:
        if local(name) in _BLOCKS:
            texts.append("".join(pieces))
            pieces.clear()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = pieces.append
    parse_xml(parser, data)
    yield from (nfc(text) for text in texts if text.strip())
