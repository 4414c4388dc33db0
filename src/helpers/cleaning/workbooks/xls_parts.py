"""What an old ``.xls`` holds beside its cells: comments, text boxes, names, links, lists that pivot tables keep.

[MS-XLS] has a form of its own for each. None is read here: a record that may hold text is searched for runs of
characters, of one byte or two each, whatever else stands in it. That finds what a person has, and cannot be led astray
by a damaged length.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping

from helpers.cleaning.people.values import is_personal_text
from helpers.text import nfc

_CONTINUE, _OBJECT, _TEXT_OBJECT = 0x003C, 0x005D, 0x01B6
_EXTERNAL_VALUES, _PIVOT_NUMBER = 0x005A, 0x00C9
_DRAWING, _DRAWING_GROUP = 0x00EC, 0x00EB
_PICTURE = re.compile(rb"[\x1a-\x1f\x29]\xf0")
"""With this number a picture begins in what a workbook's drawings share."""
_KINDS: Mapping[int, str] = {
    0x001C: "comments",  # NOTE
    _TEXT_OBJECT: "drawings",
    _OBJECT: "drawings",
    _DRAWING: "drawings",
    0x0018: "names",  # NAME
    0x0014: "headers",
    0x0015: "headers",  # FOOTER
    0x089C: "headers",  # HEADERFOOTER
    0x01BE: "checks",  # DV
    0x01B8: "hyperlinks",  # HLINK
    0x0800: "hyperlinks",  # HLINKTOOLTIP
    0x01AE: "links",  # SUPBOOK
    0x0023: "links",  # EXTERNNAME
    _EXTERNAL_VALUES: "links",  # CRN
    0x100D: "charts",  # SERIESTEXT
    0x00CD: "pivot",  # SXSTRING
    _PIVOT_NUMBER: "pivot",
}
_IS_A_COMMENT = 0x19
"""The type of an object whose text is a comment's; any other object with a text is a box."""

_FEWEST = rb"{6,}"
"""No number, name or address of a person has fewer characters."""
_BYTE = rb"[\x20-\x7e\xa0-\xff]"
_NARROW = re.compile(_BYTE + _FEWEST)
_WIDE = re.compile(
    rb"(?:" + _BYTE + rb"\x00|[\x00-\xff]\x01|[\x00-\x6f]\x03|[\xa0-\xf9]\x1e|[\x10-\x33]\x20)" + _FEWEST
)
"""Latin letters with Vietnamese marks, composed or not, and punctuation, in two bytes each, the lower one first."""

_CODES = re.compile(r'&(?:"[^"]*"|[A-Z])')
_VIEW = ".wvu."
"""Names of one user's view of a sheet are made up by Excel, of digits too."""

_LEAST_NUMBER = 1e8
"""No identity number or telephone that Excel made a number of is smaller."""


def old_personal_parts(stream: bytes, pivots: Iterable[bytes]) -> Iterator[str]:
    """Yield the kind of each part of an old workbook, beside its cells, in which something looks personal.

    Parameters
    ----------
    stream : bytes
        The stream of the workbook.
    pivots : iterable of bytes
        The streams of what pivot tables keep.
    """
    kinds: dict[str, None] = {}
    for records in (stream, *pivots):
        for kind, number, content in _parts(records):
            if kind not in kinds and any(map(is_personal_text, _texts(number, content))):
                kinds[kind] = None
    yield from kinds


def holds_pictures(stream: bytes) -> bool:
    """Return whether an old workbook holds pictures, which nothing here can look into."""
    number = 0
    for own, content in _records(stream):
        number = number if own == _CONTINUE else own
        if number == _DRAWING_GROUP and _PICTURE.search(content):
            return True
    return False


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a stream, those of charts inside sheets too."""
    offset = 0
    while offset + 4 <= len(stream):
        number, length = struct.unpack_from("<HH", stream, offset)
        yield number, stream[offset + 4 : offset + 4 + length]
        offset += 4 + length


def _parts(stream: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Yield the records that may hold text, with the kind of part; what continues a record is of its kind."""
    kind, of_object = "", "drawings"
    for number, content in _records(stream):
        if number == _OBJECT:
            of_object = "comments" if content[4:6] == bytes((_IS_A_COMMENT, 0)) else "drawings"
        if number == _TEXT_OBJECT:
            kind = of_object
        elif number != _CONTINUE:
            kind = _KINDS.get(number, "")
        if kind:
            yield kind, number, content


def _texts(number: int, content: bytes) -> Iterator[str]:
    for run in _NARROW.findall(content) if number != _DRAWING else ():
        yield _tidied(run.decode("latin-1"))
    for run in _WIDE.findall(content):
        yield _tidied(run.decode("utf-16-le"))
    if number == _PIVOT_NUMBER and len(content) == struct.calcsize("<d"):
        yield _as_number(content)
    elif number == _EXTERNAL_VALUES:
        yield from (_as_number(content[place : place + 8]) for place in range(len(content) - 7))


def _tidied(text: str) -> str:
    return "" if _VIEW in text else nfc(_CODES.sub(" ", text))


def _as_number(content: bytes) -> str:
    (value,) = struct.unpack("<d", content)
    return f"{value:.0f}" if _LEAST_NUMBER <= value < 1e13 and value.is_integer() else ""
