"""A light scan of a sheet's XML for what a reader of values does not tell.

Formulas without a calculated value, error values, hidden rows and columns, percentages, and how many cells hold a typed
value at all: the account of cleaning counts from here. A sheet may have half a million cells, so the XML is searched as
bytes, in the one shape in which nearly every program writes it. Whatever is written otherwise, though validly (with
prefixes, line breaks, other attributes, in UTF-16), is first rewritten into that shape, at a tenth of the speed.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

from helpers.cleaning.workbooks.cell_names import Position, cell_name, cell_position, column_number
from helpers.cleaning.workbooks.sheet_rewriting import rewritten
from helpers.cleaning.workbooks.workbook_archive import check_xml
from helpers.cleaning.workbooks.workbook_kinds import UnreadableWorkbook
from helpers.messages import say

__all__ = ["Position", "Scan", "cell_name", "cell_position", "scan_sheet", "typed_cells"]

MOST_CELLS = 2_000_000
"""One stray cell at the far corner makes a sheet of 17,000 million; its rectangle would not fit into memory."""
MOST_COLUMNS = 16_384
"""The columns of an Excel sheet."""

_PLACE = rb'<c r="([A-Z]+)([1-9][0-9]*)"'
_FORMULA = rb"(?:<f[^>]*>(?:[^<]*</f>)?)?"
_ROOT = re.compile(rb"<worksheet[\s>]")
_ANY_CELL = (b"<c ", b"<c>", b"<c/", b"<c\n", b"<c\r", b"<c\t")
_CELL = re.compile(
    rb'<c r="([A-Z]+)[1-9][0-9]*'
    rb'("(?: s="[0-9]+")?(?: t="[A-Za-z]+")?(?:><v>(?=[^<])| ?/>|></c>|><is>|><v></v></c>|><v ?/></c>|><f))'
    rb"(?:(?<=<f)[^>]*>(?:[^<]*</f>)?(?:<v ?/>|<v></v>|(<v>)[^<]+</v>)?</c>)?"
)
"""A cell's column, its head with all that is known of it before its value, and whether its formula has a value."""
_HEAD = re.compile(rb'"(?: s="([0-9]+)")?(?: t="([A-Za-z]+)")?(.*)')
_FILLED_ROW = re.compile(rb'<c r="[A-Z]+([0-9]+)"[^>]*><[fvi]')
_UNCALCULATED = re.compile(
    _PLACE + rb'(?: s="[0-9]+")?(?: t="(?!str")[A-Za-z]+")?><f[^>]*>(?:[^<]*</f>)?(?:<v ?/>|<v></v>)?</c>'
)
_ERROR = re.compile(_PLACE + rb'(?: s="[0-9]+")? t="e">' + _FORMULA + rb"<v>([^<]+)<")
_VALUE = re.compile(_PLACE + rb'(?: s="[0-9]+")?(?: t="([A-Za-z]+)")?>' + _FORMULA + rb"<v>([^<]+)<")
_UNTYPED_KINDS = frozenset({b"s", b"str", b"inlineStr", b"e"})
_ROW = re.compile(rb"<row\b[^>]*>")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,7})["']""")
_COLUMN = re.compile(rb"<col\b[^>]*>")
_ENDS = re.compile(rb"""\s(min|max)\s*=\s*["']([0-9]{1,7})["']""")
_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")


@dataclass(frozen=True, slots=True)
class Scan:
    """What the XML of one sheet says.

    Attributes
    ----------
    typed_count : int
        How many cells hold a number, date or truth value; the reader of values must find as many.
    uncalculated : frozenset of (row, column)
        Formulas without a calculated value. One whose value is a text of no length is calculated, and blank.
    errors : dict of (row, column) to str
        Error values such as ``#REF!``.
    percents : frozenset of (row, column)
        Numbers that Excel shows as a percentage: 0.85 stands for 85%.
    hidden_rows, hidden_columns : frozenset of int
        Hidden rows and columns.
    last_row, last_column : int
        The extent of what is not blank; `last_row` may be greater while the sheet stays within `MOST_CELLS`.
    """

    typed_count: int = 0
    uncalculated: frozenset[Position] = frozenset()
    errors: dict[Position, str] = field(default_factory=dict)
    percents: frozenset[Position] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    last_row: int = 0
    last_column: int = 0


class _Kind(NamedTuple):
    """What many cells have in common."""

    column: int
    style: bytes
    type: bytes
    has_formula: bool
    has_value: bool

    @property
    def is_number(self) -> bool:
        return self.has_value and self.type in (b"", b"n")


def scan_sheet(data: bytes, percent_styles: frozenset[int] = frozenset()) -> Scan:
    """Return what the XML of one worksheet says.

    Parameters
    ----------
    data : bytes
        The sheet's part of the archive.
    percent_styles : frozenset of int
        Numbers of the cell styles that are percentages.

    Raises
    ------
    xml.parsers.expat.ExpatError
        If it is not well-formed.
    UnreadableWorkbook
        If it brings a document type, or a cell without a place.
    """
    check_xml(data)
    kinds = _cell_kinds(data)
    if kinds is None:
        data = rewritten(data)
        kinds = _cell_kinds(data)
    if kinds is None:
        raise UnreadableWorkbook(
            say("a cell of the sheet has a name that Excel does not know"),
            say("Open it in Excel, let Excel repair it, compare the sheets, and save it as .xlsx."),
        )
    return _scan(data, kinds, percent_styles)


def _cell_kinds(data: bytes) -> Counter[_Kind] | None:
    """Return how many cells there are of each kind that is not blank; None if not all cells are understood."""
    is_odd = not _ROOT.search(data) or b"<!" in data or b":sheetData" in data or data.rfind(b"<?") > 0
    if is_odd:
        return None
    heads: Counter[tuple[bytes, ...]] = Counter(_CELL.findall(data))
    if heads.total() != sum(map(data.count, _ANY_CELL)):
        return None
    kinds: Counter[_Kind] = Counter()
    for (letters, head, value), count in heads.items():
        style, kind, content = _head_parts(head)
        has_formula = content == b"><f"
        has_value = content == b"><v>" or bool(value)
        if has_formula or has_value or content == b"><is>":
            kinds[_Kind(column_number(letters), style, kind, has_formula, has_value)] += count
    return kinds


def _head_parts(head: bytes) -> tuple[bytes, bytes, bytes]:
    match = _HEAD.fullmatch(head)
    return (match[1] or b"", match[2] or b"", match[3]) if match else (b"", b"", b"")


def _scan(data: bytes, kinds: Counter[_Kind], percent_styles: frozenset[int]) -> Scan:
    has_uncalculated = any(own.has_formula and not own.has_value and own.type != b"str" for own in kinds)
    has_errors = any(own.type == b"e" and own.has_value for own in kinds)
    percents = {own.style for own in kinds if own.is_number and own.style and int(own.style) in percent_styles}
    last_column = max((own.column for own in kinds), default=0)
    hidden = (row for row in _ROW.findall(data) if _HIDDEN.search(row))
    numbers = (_ROW_NUMBER.search(row) for row in hidden)
    return Scan(
        typed_count=sum(count for own, count in kinds.items() if own.has_value and own.type not in _UNTYPED_KINDS),
        uncalculated=frozenset(_places(_UNCALCULATED, data)) if has_uncalculated else frozenset(),
        errors=_error_values(data) if has_errors else {},
        percents=frozenset(_places(_styled(percents), data)) if percents else frozenset(),
        hidden_rows=frozenset(int(number[1]) for number in numbers if number),
        hidden_columns=_hidden_columns(data),
        last_row=_last_row(data, last_column),
        last_column=last_column,
    )


def _last_row(data: bytes, last_column: int) -> int:
    """Return the last row with content; of a sheet that is surely small enough, any row at which it still would be.

    Whether a row's number begins with too large a digit, or has too many, is seen at a fraction of the cost.
    """
    allowed = str(MOST_CELLS // max(last_column, 1))
    digits = len(allowed)
    further = [b"[0-9]{%d,}" % (digits + 1)]
    further += [b"%d[0-9]{%d}" % (first, digits - 1) for first in range(int(allowed[0]) + 1, 10)]
    if not re.search(rb'<c r="[A-Z]+(?:' + b"|".join(further) + rb')"', data):
        return int(allowed)
    return max(map(int, set(_FILLED_ROW.findall(data))), default=0)


def _places(pattern: re.Pattern[bytes], data: bytes) -> list[Position]:
    return [(int(row), column_number(letters)) for letters, row in pattern.findall(data)]


def _styled(styles: set[bytes]) -> re.Pattern[bytes]:
    return re.compile(_PLACE + rb' s="(?:' + b"|".join(sorted(styles)) + rb')"(?: t="n")?>' + _FORMULA + rb"<v>[^<]")


def _error_values(data: bytes) -> dict[Position, str]:
    return {
        (int(row), column_number(letters)): unescape(value.decode()).strip()
        for letters, row, value in _ERROR.findall(data)
    }


def _hidden_columns(data: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    for column in _COLUMN.findall(data):
        if _HIDDEN.search(column):
            ends = {name: min(int(number), MOST_COLUMNS) for name, number in _ENDS.findall(column)}
            hidden.update(range(ends.get(b"min", 1), ends.get(b"max", 0) + 1))
    return frozenset(hidden)


def typed_cells(data: bytes) -> list[tuple[Position, str]]:
    """Return place and raw text of every cell with a number, date or truth value; for the few sheets that need it."""
    check_xml(data)
    if _cell_kinds(data) is None:
        data = rewritten(data)
    return [
        ((int(row), column_number(letters)), unescape(value.decode()).strip())
        for letters, row, kind, value in _VALUE.findall(data)
        if kind not in _UNTYPED_KINDS
    ]
