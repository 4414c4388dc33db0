"""What the cells of a column of dates may say, each by itself: one date, two, or none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

MOST_SWAPPABLE = 12
"""A day beyond this is no month, so Excel cannot have swapped it."""

SERIAL_ZERO = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 1990, 2099
MOST_SERIAL = 75_000
"""Beyond the last day that is a date here."""

_DAY_FIRST = re.compile(r"(\d{1,2})\s?([/.-])\s?(\d{1,2})\s?\2\s?(\d{4})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?")
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?")

Source = Literal["blank", "unreadable", "typed", "text", "text_year_first"]
TextOrder = Literal["day_first", "month_first"]
Readings = tuple[date, ...]


@dataclass(frozen=True, slots=True)
class DateCell:
    """A cell with its possible dates.

    Attributes
    ----------
    source : str
        How the cell holds its date, if it does.
    readings : tuple of date
        What it may mean; what it shows comes first.
    """

    source: Source
    readings: Readings = ()


def read_date_cells(column: Sequence[object]) -> list[DateCell]:
    """Return what each cell of a column may mean.

    A typed date whose day is a month too may have been swapped by Excel. A text has its day first, unless another text
    of the column can only have its month first: then it may have either.

    Examples
    --------
    >>> [len(cell.readings) for cell in read_date_cells([date(2023, 5, 4), date(2023, 5, 5), "04/05/2023", None])]
    [2, 1, 1, 0]
    """
    orders = _text_orders(column)
    return [_read(value, orders) for value in column]


def _text_orders(column: Sequence[object]) -> tuple[TextOrder, ...]:
    """Return in which orders the texts may name day and month: month first only beside a text that can be no other."""
    matches = [match for value in column if isinstance(value, str) and (match := _DAY_FIRST.fullmatch(value.strip()))]
    is_month_first = any(int(match[3]) > MOST_SWAPPABLE for match in matches)
    return ("day_first", "month_first") if is_month_first else ("day_first",)


def _read(value: object, orders: Sequence[TextOrder]) -> DateCell:
    if value is None or (isinstance(value, str) and not value.strip()):
        return DateCell("blank")
    day = _typed(value)
    if day is not None:
        return DateCell("typed", _both_ways(day))
    if isinstance(value, str):
        return _read_text(value.strip(), orders)
    return DateCell("unreadable")


def _typed(value: object) -> date | None:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < MOST_SERIAL:
        value = SERIAL_ZERO + timedelta(days=int(value))
    return value if isinstance(value, date) and FIRST_YEAR <= value.year <= LAST_YEAR else None


def _both_ways(day: date) -> Readings:
    if day.day > MOST_SWAPPABLE or day.day == day.month:
        return (day,)
    return day, _swapped(day)


def _swapped(day: date) -> date:
    return date(day.year, day.day, day.month)


def _read_text(text: str, orders: Sequence[TextOrder]) -> DateCell:
    if match := _YEAR_FIRST.fullmatch(text):
        day = _calendar_day(match[1], match[3], match[4])
        return DateCell("text_year_first", (day,)) if day else DateCell("unreadable")
    if not (match := _DAY_FIRST.fullmatch(text)):
        return DateCell("unreadable")
    one, other, year = match[1], match[3], match[4]
    found = [_calendar_day(year, *((other, one) if order == "day_first" else (one, other))) for order in orders]
    readings = tuple(dict.fromkeys(day for day in found if day))
    return DateCell("text", readings) if readings else DateCell("unreadable")


def _calendar_day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
