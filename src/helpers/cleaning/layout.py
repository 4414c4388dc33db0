"""Where the table of a sheet is: its header block, what each column means, and what kind each row below it is.

The header block is the run of one to three rows around a heading that means “name of the ward” whose headings resolve
to the most different meanings. Merged cells lend their text to all cells of their range, so a column under a merged
group reads ``Ma túy | Số vụ``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from helpers.cleaning.personal import shown
from helpers.cleaning.sheet_scan import Position, cell_name
from helpers.cleaning.vocabulary import WARD_NAME, Vocabulary
from helpers.cleaning.workbook import Dropped, Sheet, Uncalculated
from helpers.errors import Problem
from helpers.text import normalise_header

RowKind = Literal["ward", "total", "numbering", "stray"]

MOST_HEADER_ROWS = 3
TITLE_ROWS = 40
"""Rows from the top in which a header block may begin."""

_TOTAL = frozenset(map(normalise_header, ("tổng", "tổng cộng", "tổng số", "cộng", "tổng chung", "cộng chung")))
_TOTAL_OF = re.compile(r"(?:tổng |cộng |số )*toàn (?:thành phố|thị xã|huyện|quận|tp|tx|tỉnh|đơn vị)(?: \S+){0,3}")
_NUMBERING = re.compile(r"\(?\s*(?:\d{1,2}|[A-Za-z])\s*\)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its number from 1, its heading as read, what that means, and the heading's lowest cell."""

    number: int
    heading: str
    meaning: str
    cell: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The table of a sheet.

    Attributes
    ----------
    first_header, last_header : int
        Rows of the header block.
    columns : tuple of Column
        Columns whose heading resolves, left to right.
    rows : mapping of row to kind
        Rows of the body: of a ward, a total, column numbers, or stray (something that is neither).
    last_row : int
        The last row of the body; what stands below is the footer.
    """

    first_header: int
    last_header: int
    columns: tuple[Column, ...]
    rows: Mapping[int, RowKind]
    last_row: int

    def column_of(self, meaning: str) -> int:
        """Return the number of the column with a meaning; 0 if there is none."""
        return next((column.number for column in self.columns if column.meaning == meaning), 0)

    def rows_of(self, kind: RowKind) -> tuple[int, ...]:
        """Return the rows of a kind, downwards."""
        return tuple(row for row in sorted(self.rows) if self.rows[row] == kind)


def find_layout(sheet: Sheet, vocabulary: Vocabulary) -> tuple[Layout | None, list[Problem]]:
    """Return the table of a sheet, and everything that makes its meaning uncertain.

    Without a header block the layout is None and the one problem says so.
    """
    block = _best_block(sheet, vocabulary)
    if block is None:
        known = next((s for s in vocabulary.heading_spellings if vocabulary.meaning_of(s) == WARD_NAME), "Đơn vị")
        rule = f"no table is recognised: no row heads the wards' names (“{known}”) beside the figures of an indicator"
        remedy = "Add the sheet's headings to header_aliases.csv, or delete the sheet if it holds no return."
        return None, [Problem(sheet.file, sheet.name, "", "", rule, remedy)]
    first, last = block
    columns, problems = _columns(sheet, vocabulary, first, last)
    rows, last_row, row_problems = _rows(sheet, vocabulary, columns, last)
    return Layout(first, last, columns, rows, last_row), problems + row_problems


def _best_block(sheet: Sheet, vocabulary: Vocabulary) -> tuple[int, int] | None:
    anchors = sorted(
        {
            row
            for (row, _), value in sheet.cells.items()
            if row <= TITLE_ROWS and isinstance(value, str) and vocabulary.meaning_of(value) == WARD_NAME
        }
    )
    best: tuple[int, int] | None = None
    most = 1
    for height in range(1, MOST_HEADER_ROWS + 1):
        for anchor in anchors:
            for first in range(max(1, anchor - height + 1), anchor + 1):
                meanings = {
                    vocabulary.meaning_of(text)
                    for text in _headings(sheet, first, first + height - 1, vocabulary).values()
                }
                count = len(meanings - {None})
                if count > most and WARD_NAME in meanings and any(m in vocabulary.indicators for m in meanings if m):
                    best, most = (first, first + height - 1), count
    return best


def _headings(sheet: Sheet, first: int, last: int, vocabulary: Vocabulary) -> dict[int, str]:
    """Return the heading over each column, levels parted by ``|``; columns without any text are left out."""
    width = max((column for _, column in sheet.cells), default=0)
    headings: dict[int, str] = {}
    group = [""] * (last - first + 1)
    for column in range(1, width + 1):
        levels, filled = [], []
        for level, row in enumerate(range(first, last + 1)):
            place = sheet.merges.get((row, column), (row, column))
            text = sheet.text(place) if first <= place[0] else ""
            repeats = place[0] < row
            if text and not repeats:
                group[level] = text
            levels.append("" if repeats else text)
            filled.append("" if repeats else text or (group[level] if level < last - first else ""))
        heading = " | ".join(text for text in levels if text)
        if not heading:
            continue
        # A group typed over its first column only, without merging, also names the columns to its right.
        under_group = " | ".join(text for text in filled if text)
        headings[column] = under_group if levels[-1] and vocabulary.meaning_of(under_group) else heading
    return headings


def _columns(sheet: Sheet, vocabulary: Vocabulary, first: int, last: int) -> tuple[tuple[Column, ...], list[Problem]]:
    columns: list[Column] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for number, text in _headings(sheet, first, last, vocabulary).items():
        bottom = next(
            row for row in range(last, first - 1, -1) if (row, number) in sheet.cells or sheet.merges.get((row, number))
        )
        cell = cell_name(sheet.merges.get((bottom, number), (bottom, number)))
        heading = " ".join(text.split())
        meaning = vocabulary.meaning_of(heading)
        if meaning is None:
            suggestion = vocabulary.suggest_heading(heading)
            remedy = (
                f"Add it to header_aliases.csv{f', perhaps with the meaning of “{suggestion}”' if suggestion else ''}."
            )
            problems.append(Problem(sheet.file, sheet.name, cell, shown(heading), "this heading is not known", remedy))
        elif meaning in seen:
            rule = f"two columns mean {meaning}; the other is at {seen[meaning]}"
            remedy = "Delete one of them, or tell them apart in header_aliases.csv."
            problems.append(Problem(sheet.file, sheet.name, cell, shown(heading), rule, remedy))
        else:
            seen[meaning] = cell
            columns.append(Column(number, heading, meaning, cell))
    return tuple(columns), problems


def _rows(
    sheet: Sheet, vocabulary: Vocabulary, columns: Sequence[Column], last_header: int
) -> tuple[dict[int, RowKind], int, list[Problem]]:
    by_row: dict[int, dict[int, object]] = {}
    for (row, column), value in sheet.cells.items():
        if row > last_header and not isinstance(value, Dropped):
            by_row.setdefault(row, {})[column] = value
    name_column = next(column.number for column in columns if column.meaning == WARD_NAME)
    figures = [column.number for column in columns if _has_figures(column, vocabulary)]
    rows: dict[int, RowKind] = {}
    for row in sorted(by_row):
        rows[row] = _row_kind(by_row[row], vocabulary, name_column, figures, is_first=row == last_header + 1)
    last_row = max((row for row, kind in rows.items() if kind in ("ward", "total")), default=last_header)
    for row in [row for row in rows if row > last_row and not _holds_figures(by_row[row], figures)]:
        del rows[row]
    problems = [
        _stray_problem(sheet, vocabulary, row, name_column, by_row[row])
        for row, kind in sorted(rows.items())
        if kind == "stray"
    ]
    return rows, max(rows, default=last_header), problems


def _has_figures(column: Column, vocabulary: Vocabulary) -> bool:
    return column.meaning in vocabulary.indicators or vocabulary.rate_of(column.meaning) is not None


def _row_kind(
    cells: Mapping[int, object], vocabulary: Vocabulary, name_column: int, figures: Sequence[int], *, is_first: bool
) -> RowKind:
    name = cells.get(name_column)
    if isinstance(name, str) and vocabulary.wards_called(name):
        return "ward"
    if (
        is_first
        and len(cells) > 1
        and all(_NUMBERING.fullmatch(str(value).removesuffix(".0")) for value in cells.values())
    ):
        return "numbering"
    labels = [value for column, value in cells.items() if isinstance(value, str) and column < min(figures)]
    return "total" if any(is_total_label(label) for label in labels) else "stray"


def is_total_label(text: str) -> bool:
    """Return whether a row's label says that the row sums others.

    Examples
    --------
    >>> is_total_label("TỔNG CỘNG"), is_total_label("Toàn thành phố"), is_total_label("P. Cộng Hòa")
    (True, True, False)
    """
    key = normalise_header(text)
    return key in _TOTAL or bool(_TOTAL_OF.fullmatch(key))


def _holds_figures(cells: Mapping[int, object], figures: Sequence[int]) -> bool:
    return any(
        isinstance(value, int | float | Uncalculated) or (isinstance(value, str) and value.strip()[:1].isdigit())
        for column, value in cells.items()
        if column in figures
    )


def _stray_problem(
    sheet: Sheet, vocabulary: Vocabulary, row: int, name_column: int, cells: Mapping[int, object]
) -> Problem:
    name = cells.get(name_column)
    if isinstance(name, str) and vocabulary.wards_called(name) == ():
        suggestion = vocabulary.suggest_ward(name, None)
        remedy = "Correct the name, or add the spelling to ward_aliases.csv"
        remedy += f"; it looks like “{suggestion}”, which is only a guess." if suggestion else "."
        place = cell_name((row, name_column))
        return Problem(sheet.file, sheet.name, place, shown(name), "no ward of the study is called this", remedy)
    first = min(cells)
    rule = "a row inside or under the table names no ward and is no total"
    remedy = "Write the ward's name in it, or delete the row."
    return Problem(sheet.file, sheet.name, cell_name((row, first)), shown(cells[first]), rule, remedy)


def title_lines(sheet: Sheet, layout: Layout) -> list[str]:
    """Return the text above a table, row by row."""
    lines: dict[int, list[tuple[int, str]]] = {}
    for (row, column), value in sheet.cells.items():
        if row < layout.first_header and isinstance(value, str):
            lines.setdefault(row, []).append((column, value))
    return [" ".join(text for _, text in sorted(lines[row])) for row in sorted(lines)]


def header_cells(sheet: Sheet, layout: Layout) -> list[Position]:
    """Return the non-blank cells of a header block."""
    return sorted(place for place in sheet.cells if layout.first_header <= place[0] <= layout.last_header)
