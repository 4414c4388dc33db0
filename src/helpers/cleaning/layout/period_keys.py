"""The periods that the key columns of a table name, cell by cell, with swapped dates put back.

Dates are looked at as a column, because only their order shows that a program took the day for the month. A table that
goes through its periods ward by ward is looked at ward by ward.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from helpers.cleaning.layout.sheet_tables import Column, Table
from helpers.cleaning.layout.vocabulary import PERIOD, WARD_CODE, WARD_NAME
from helpers.cleaning.periods.grammar import read_date
from helpers.cleaning.periods.names import KeyNumber, read_key
from helpers.cleaning.periods.reading import PeriodReading
from helpers.cleaning.periods.spellings import period_key
from helpers.cleaning.periods.swapped_dates import repair_dates
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet
from helpers.study.periods import PeriodKind
from helpers.text import normalise_header


@dataclass(slots=True)
class PeriodKeys:
    """What the period columns of a table say.

    Attributes
    ----------
    readings : dict of (row, column) to PeriodReading
        Cells that name a period.
    refused : dict of (row, column) to (rule, remedy)
        Dates that may have been swapped, and cannot be put back for certain.
    notes : list of (position, what, before, after)
        Dates that were put back, for the log.
    """

    readings: dict[Position, PeriodReading] = field(default_factory=dict)
    refused: dict[Position, tuple[str, str]] = field(default_factory=dict)
    notes: list[tuple[Position, str, object, str]] = field(default_factory=list)


def read_period_keys(sheet: Sheet, table: Table, kind: PeriodKind) -> PeriodKeys:
    """Return what the cells of a table's period columns name."""
    keys = PeriodKeys()
    for column in table.columns_of(PERIOD):
        cells = _cells(sheet, table, column)
        dates = _repaired(keys, sheet, table, cells, is_monthly=kind in ("police_month", "calendar_month"))
        for position, value in cells:
            reading = read_key(dates.get(position, value), number=_number_of(column))
            if reading is not None and position not in keys.refused:
                keys.readings[position] = reading
    return keys


def _cells(sheet: Sheet, table: Table, column: Column) -> list[tuple[Position, CellValue]]:
    positions = ((row, column.number) for row in range(table.last_header + 1, table.end + 1))
    found = ((position, sheet.cells.get(position)) for position in positions)
    return [(position, value) for position, value in found if value is not None and not isinstance(value, Dropped)]


def _number_of(column: Column) -> KeyNumber:
    """Return what a small number means in a column, by its heading."""
    words = normalise_header(column.heading).split()
    if normalise_header("tháng") in words or "month" in words:
        return "month"
    if normalise_header("quý") in words or "quarter" in words:
        return "quarter"
    return "year" if normalise_header("năm") in words or "year" in words else "month"


def _repaired(
    keys: PeriodKeys, sheet: Sheet, table: Table, cells: Sequence[tuple[Position, CellValue]], *, is_monthly: bool
) -> dict[Position, date]:
    """Return the dates of a column as they were meant; fill `keys` with what was changed and what is unclear."""
    dated = [(position, value) for position, value in cells if _is_date(value)]
    dates: dict[Position, date] = {}
    for block in _by_ward(sheet, table, dated):
        column = repair_dates([value for _, value in block], is_monthly=is_monthly)
        for (position, value), entry in zip(block, column.entries, strict=True):
            if entry.rule:
                keys.refused[position] = entry.rule, entry.remedy
            elif entry.day is not None:
                dates[position] = entry.day
            if entry.is_repaired:
                keys.notes.append((position, "date_repaired", value, entry.note))
    return dates


def _is_date(value: CellValue) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and read_date(period_key(value).strip()) is not None)


def _by_ward(
    sheet: Sheet, table: Table, cells: Sequence[tuple[Position, CellValue]]
) -> Iterable[list[tuple[Position, CellValue]]]:
    """Yield the cells ward by ward if the table is in that order, else all of them together."""
    wards = table.columns_of(WARD_NAME, WARD_CODE)
    if not wards:
        return [list(cells)]
    number = wards[0].number
    blocks = [list(block) for _, block in groupby(cells, key=lambda cell: _ward_text(sheet, (cell[0][0], number)))]
    return blocks if len(blocks) * 2 <= len(cells) else [list(cells)]


def _ward_text(sheet: Sheet, position: Position) -> str:
    return sheet.text(sheet.merges.get(position, position))
