"""What only a whole column gives away: names of people, birth dates, or places of incidents one below the other.

One name may be a street's or an officer's under a signature, one date a report's; three of them in a column are a list.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from helpers.cleaning.people.values import is_full_name
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.workbook import CellValue, Sheet
from helpers.messages import Message, say
from helpers.text import nfc

_FEWEST = 3
_SHARE_OF_NAMES = 0.3
"""About half of all Vietnamese full names have Văn or Thị in them; a column of wards has few."""

_YEARS_OF_BIRTH = 15
"""Dates of reports lie in the few years of a study, birth dates decades apart."""

_LATITUDES, _LONGITUDES = (8.0, 24.0), (102.0, 110.0)
_MOST_COUNTED = 1e7
"""Counts of a ward are smaller; identity numbers and telephones are larger."""

_Columns = Mapping[int, Mapping[int, CellValue]]


def personal_columns(sheet: Sheet) -> Iterator[tuple[str, Message]]:
    """Yield the first cell of each column that looks like a list of people or of places, and why."""
    texts: dict[int, dict[int, CellValue]] = defaultdict(dict)
    dates: dict[int, dict[int, CellValue]] = defaultdict(dict)
    fractions: dict[int, dict[int, CellValue]] = defaultdict(dict)
    for (row, column), value in sheet.cells.items():
        if isinstance(value, float):
            if not value.is_integer():
                fractions[column][row] = value
        elif isinstance(value, str):
            texts[column][row] = value
        elif isinstance(value, date):
            dates[column][row] = value
    yield from _names(texts)
    yield from _birth_dates(dates)
    yield from _places(fractions)


def _names(columns: _Columns) -> Iterator[tuple[str, Message]]:
    for column, texts in sorted(columns.items()):
        rows = sorted(row for row, text in texts.items() if is_full_name(nfc(str(text))))
        if len(rows) >= _FEWEST and len(rows) >= _SHARE_OF_NAMES * len(texts):
            yield cell_name((rows[0], column)), say("this column looks like names of people; nothing of it was used")


def _birth_dates(columns: _Columns) -> Iterator[tuple[str, Message]]:
    for column, dates in sorted(columns.items()):
        years = [value.year for value in dates.values() if isinstance(value, date)]
        if len(set(years)) >= _FEWEST and max(years) - min(years) >= _YEARS_OF_BIRTH:
            yield cell_name((min(dates), column)), say("this column looks like birth dates; nothing of it was used")


def _places(columns: _Columns) -> Iterator[tuple[str, Message]]:
    for column, values in sorted(columns.items()):
        beside = columns.get(column + 1, {})
        rows = sorted(row for row in values.keys() & beside.keys() if _is_place(values[row], beside[row]))
        if len(rows) >= _FEWEST:
            place = cell_name((rows[0], column))
            yield place, say("these two columns look like coordinates of places; nothing of them was used")


def _is_place(first: CellValue, second: CellValue) -> bool:
    if not (isinstance(first, float) and isinstance(second, float)):
        return False
    low, high = sorted((first, second))
    return _LATITUDES[0] <= low <= _LATITUDES[1] and _LONGITUDES[0] <= high <= _LONGITUDES[1]


def counts_stand_by(sheet: Sheet, position: Position) -> bool:
    """Return whether a heading has mostly counts below it, or to its right: then it is about numbers, not people."""
    row, column = position
    below = [value for (r, c), value in sheet.cells.items() if c == column and r > row]
    beside = [value for (r, c), value in sheet.cells.items() if r == row and c > column]
    return any(sum(map(_is_count, values)) > len(values) / 2 for values in (below, beside) if values)


def _is_count(value: CellValue) -> bool:
    if isinstance(value, str):
        return value.strip().isdigit() and len(value.strip()) < len(f"{_MOST_COUNTED:.0f}")
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST_COUNTED
