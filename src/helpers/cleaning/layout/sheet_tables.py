"""Where the tables of a sheet are: their header blocks, what each column means, and where each table ends.

A header block is a run of one to four rows around a heading of a key column (ward, code, period or indicator) whose
headings resolve to the most meanings, at least one of them a figure. Merged cells lend their text to all cells of their
range, so a column under a merged group reads ``Ma túy | Số vụ``. Tables stand below each other or side by side: below
each other each has a header block; side by side the block names the key column again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from helpers.cleaning.layout.headings import MOST_LEVELS, Meaning, read_heading
from helpers.cleaning.layout.vocabulary import (
    INDICATOR,
    PERIOD,
    SEQUENCE_NUMBER,
    TOTAL,
    WARD_CODE,
    WARD_NAME,
    Vocabulary,
)
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet, as_text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its number from 1, its heading as read, the heading's lowest cell, and what it means."""

    number: int
    heading: str
    position: Position
    meaning: Meaning | None

    @property
    def cell(self) -> str:
        """Return the name of the heading's lowest cell."""
        return cell_name(self.position)


ALL_COLUMNS = range(1, 16_385)


@dataclass(frozen=True)
class Table:
    """A table of a sheet.

    Attributes
    ----------
    first_header, last_header : int
        Rows of the header block.
    end : int
        The last row that may belong to it: the row before the next table below, or the last row of the sheet.
    columns : tuple of Column
        Columns with a heading, left to right; the meaning of one is None if it is not known.
    title_span : range
        Columns whose lines above the header block are about this table: all, unless others stand beside it.
    """

    first_header: int
    last_header: int
    end: int
    columns: tuple[Column, ...]
    title_span: range = ALL_COLUMNS

    def columns_of(self, *roles: str) -> tuple[Column, ...]:
        """Return the columns with one of some roles, left to right."""
        return tuple(column for column in self.columns if column.meaning is not None and column.meaning.role in roles)

    @cached_property
    def keys(self) -> tuple[Column, ...]:
        """Return the key columns."""
        return tuple(column for column in self.columns if column.meaning is not None and column.meaning.is_key)

    @cached_property
    def figures(self) -> tuple[Column, ...]:
        """Return the columns of wards' figures."""
        return tuple(column for column in self.columns if column.meaning is not None and column.meaning.is_figure)

    @cached_property
    def span(self) -> range:
        """Return the numbers of its columns, with those between that have no heading."""
        return range(self.columns[0].number, self.columns[-1].number + 1)

    @cached_property
    def has_ward_rows(self) -> bool:
        """Return whether its rows are of wards."""
        return bool(self.columns_of(WARD_NAME, WARD_CODE))


def find_tables(sheet: Sheet, vocabulary: Vocabulary) -> tuple[Table, ...]:
    """Return the tables of a sheet, downwards and then to the right; none if no header block is recognised."""
    blocks = _BlockFinder(sheet, vocabulary).find()
    last_row = max((row for row, _ in sheet.cells), default=0)
    tables: list[Table] = []
    for number, block in enumerate(blocks):
        end = blocks[number + 1].first - 1 if number + 1 < len(blocks) else last_row
        parts = list(_side_by_side(block.columns))
        edges = [1, *(part[0].number for part in parts[1:]), ALL_COLUMNS.stop]
        spans = [range(first, stop) for first, stop in pairwise(edges)]
        tables += [Table(block.first, block.last, end, *part) for part in zip(parts, spans, strict=True)]
    return tuple(tables)


@dataclass(frozen=True, slots=True)
class _Block:
    first: int
    last: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """A heading over a column, which may go on over the columns to its right; whether it was understood there."""

    text: str
    is_known: bool


class _BlockFinder:
    """Finds the header blocks of a sheet."""

    def __init__(self, sheet: Sheet, vocabulary: Vocabulary) -> None:
        self.sheet, self.vocabulary = sheet, vocabulary
        self.rows = _filled_rows(sheet)
        self.key_texts = {text: meaning.role for text in _texts(sheet) if (meaning := self._key([text])) is not None}

    def find(self) -> list[_Block]:
        """Return the header blocks, downwards."""
        anchors = sorted({row for (row, _), value in self.sheet.cells.items() if self._role(value)})
        blocks: list[_Block] = []
        for anchor in anchors:
            above = blocks[-1].last if blocks else 0
            block = self._best(anchor, above) if anchor > above else None
            blocks += [block] if block is not None else []
        return blocks

    def _key(self, levels: Sequence[CellValue]) -> Meaning | None:
        meaning = read_heading(levels, self.vocabulary)
        return meaning if meaning is not None and meaning.is_key else None

    def _role(self, value: CellValue) -> str:
        return self.key_texts.get(value, "") if isinstance(value, str) else ""

    def _best(self, anchor: int, above: int) -> _Block | None:
        """Return the block of rows around an anchor whose headings tell most; of equals the smallest."""
        best: _Block | None = None
        most = -math.inf
        begin, end = self._bounds(anchor, above)
        for height in range(1, MOST_LEVELS + 1):
            for first in range(max(begin, anchor - height + 1), min(anchor, end - height + 1) + 1):
                block = _Block(first, first + height - 1, self._columns(first, first + height - 1))
                told = _told(block.columns)
                if told > most:
                    best, most = block, told
        return best

    def _bounds(self, anchor: int, above: int) -> tuple[int, int]:
        """Return the first and the last row that a header block around an anchor may have.

        It begins below a blank row, and ends before a row with a cell of its own under a heading of wards or
        indicators: that is the first row of the table.
        """
        begin, end = anchor, anchor
        while begin - 1 > above and begin - 1 in self.rows and anchor - begin < MOST_LEVELS - 1:
            begin -= 1
        names = [
            column
            for column, place in self.rows[anchor].items()
            if self._role(self.sheet.cells[place]) in (WARD_NAME, WARD_CODE, INDICATOR)
        ]
        while end - anchor < MOST_LEVELS - 1 and not any((end + 1, column) in self.sheet.cells for column in names):
            end += 1
        return begin, end

    def _columns(self, first: int, last: int) -> tuple[Column, ...]:
        """Return the columns under a block of rows, with what their headings mean.

        A group typed over its first column only, without merging, also names the columns to its right, until one makes
        sense only without it. One that is not understood over its own column may go on anywhere.
        """
        groups: dict[int, _Group] = {}
        columns: list[Column] = []
        for number, levels in self._levels(first, last):
            own = {row: self.sheet.cells[place] for row, place in levels.items()}
            lowest = max(own)
            meaning = self._meaning(own, {row: groups[row] for row in groups if row < lowest and row not in own})
            if meaning is None or meaning.is_number:  # what stands over a key column is a title, and no group
                groups |= {row: _Group(as_text(value), meaning is not None) for row, value in own.items() if row < last}
            text = " | ".join(" ".join(as_text(own[row]).split()) for row in sorted(own))
            columns.append(Column(number, text, levels[lowest], meaning))
        return tuple(columns)

    def _meaning(self, own: Mapping[int, CellValue], carried: Mapping[int, _Group]) -> Meaning | None:
        """Return what a column's own levels mean under the groups that may go on over it."""
        filled = {**own, **{row: group.text for row, group in carried.items()}}
        meaning = read_heading([filled[row] for row in sorted(filled)], self.vocabulary)
        if meaning is None and carried and all(group.is_known for group in carried.values()):
            alone = read_heading([own[row] for row in sorted(own)], self.vocabulary)
            meaning = alone if alone is not None and alone.indicator else None
        return meaning or self._beside_figures(own[max(own)])

    def _beside_figures(self, lowest: CellValue) -> Meaning | None:
        """Return the meaning of a heading's lowest level if it is no figure: a group over it changes nothing (“TT”)."""
        meaning = read_heading([lowest], self.vocabulary)
        return meaning if meaning is not None and not meaning.is_number else None

    def _levels(self, first: int, last: int) -> list[tuple[int, dict[int, Position]]]:
        """Return, per column with any heading, the cell of each level: the row itself, or the first of its merge."""
        headings: dict[int, dict[int, Position]] = {}
        for row in range(first, last + 1):
            for number, place in self.rows.get(row, {}).items():
                levels = headings.setdefault(number, {})
                if place[0] >= first and place not in levels.values():
                    levels[row] = place
        return sorted((number, levels) for number, levels in headings.items() if levels)


def _filled_rows(sheet: Sheet) -> dict[int, dict[int, Position]]:
    """Return, for each row, the columns that show something, with the cell that holds it."""
    rows: dict[int, dict[int, Position]] = {}
    for place, value in sheet.cells.items():
        if not isinstance(value, Dropped):
            rows.setdefault(place[0], {})[place[1]] = place
    for (row, column), place in sheet.merges.items():
        if place in sheet.cells and not isinstance(sheet.cells[place], Dropped):
            rows.setdefault(row, {})[column] = place
    return rows


def _texts(sheet: Sheet) -> set[str]:
    return {value for value in sheet.cells.values() if isinstance(value, str)}


def _told(columns: Sequence[Column]) -> float:
    """Return how much the headings of a block tell, over the tables that stand side by side in it."""
    meanings = [column.meaning for column in columns if column.meaning is not None]
    if not (any(meaning.is_key for meaning in meanings) and any(meaning.is_figure for meaning in meanings)):
        return -math.inf
    return sum(map(_told_by_table, _side_by_side(columns)))


def _told_by_table(columns: Sequence[Column]) -> int:
    """Return how much the headings of one table tell; figures that read the same need a further row."""
    meanings = [column.meaning for column in columns if column.meaning is not None]
    known = set(meanings)
    repeated = sum(meaning.is_figure for meaning in meanings) - sum(meaning.is_figure for meaning in known)
    unknown = len(columns) - len(meanings)
    return len(known) + sum(bool(meaning.indicator) for meaning in known) - unknown - 2 * repeated


def _side_by_side(columns: Sequence[Column]) -> Iterable[tuple[Column, ...]]:
    """Yield the columns of each of the tables that share a header block: a new one begins where a key comes again."""
    starts = [0]
    seen: set[str] = set()
    for place, column in enumerate(columns):
        role = column.meaning.role if column.meaning is not None else ""
        is_again = role in (WARD_NAME, WARD_CODE, PERIOD, INDICATOR) and role in seen
        if is_again and _has_figures(columns[starts[-1] : place]) and _has_figures(columns[place:]):
            before = columns[place - 1].meaning
            is_numbered = before is not None and before.role == SEQUENCE_NUMBER
            starts.append(place - 1 if is_numbered else place)
            seen = set()
        seen.add(role)
    for first, last in zip(starts, [*starts[1:], len(columns)], strict=True):
        yield tuple(columns[first:last])


def _has_figures(columns: Sequence[Column]) -> bool:
    return any(column.meaning is not None and column.meaning.is_figure for column in columns)


def settle_totals(table: Table) -> Table:
    """Return the table with each column headed “total” read as a figure where nothing in the table adds up to it.

    “PPHS | Tổng số” beside “PPHS | Trộm cắp” is the indicator itself; beside columns of months or wards it is a sum.
    """
    has_parts = {
        c.meaning.indicator for c in table.figures if c.meaning is not None and (c.meaning.wards or c.meaning.period)
    }
    columns = []
    for column in table.columns:
        meaning = column.meaning
        if meaning is not None and meaning.role == TOTAL and meaning.indicator and meaning.indicator not in has_parts:
            meaning = replace(meaning, role="figure")
        columns.append(replace(column, meaning=meaning))
    return replace(table, columns=tuple(columns))
