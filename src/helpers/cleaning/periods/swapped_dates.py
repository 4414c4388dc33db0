"""A column of dates in which a US-locale Excel has swapped days and months.

Such an Excel reads “05/04/2023” as 4 May and leaves “25/04/2023”, which is no date to it, as text. So a date that it
turned round has a day of at most 12 and stands out of the file's order. Each typed date with such a day has two
readings, and the readings of the column must rise, or fall, together. A cell is settled if all orders that are
possible agree on it; else it is ambiguous and kept aside. What cannot have been swapped is never changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from helpers.cleaning.periods.date_cells import MOST_SWAPPABLE, DateCell, Readings, read_date_cells
from helpers.messages import say

NATURAL_DAYS = (1, 14, 15)
"""Beside the last day of a month, the days that stand for a month in a column of periods: the first, and the first and
last of a police month."""

Why = Literal["order", "months", "both_fit", "no_order", "no_sign"]


@dataclass(frozen=True, slots=True)
class DateEntry:
    """What one cell of the column was read as.

    Attributes
    ----------
    day : date or None
        Its date; None if it is blank, ambiguous or unreadable.
    before : date or None
        What Excel shows, if that was changed.
    rule, remedy : str
        Why there is no date and what to do; "" if there is one, or if the cell is blank.
    note : str
        For the log: what was changed and why; "" if nothing was.
    """

    day: date | None
    before: date | None = None
    rule: str = ""
    remedy: str = ""
    note: str = ""

    @property
    def is_repaired(self) -> bool:
        """Whether day and month were put back."""
        return self.before is not None


@dataclass(frozen=True, slots=True)
class DateColumn:
    """How a column of dates was read; one entry a cell, in the file's order."""

    entries: tuple[DateEntry, ...]

    @property
    def repaired(self) -> tuple[int, ...]:
        """The cells whose day and month were put back, as positions in the column from 0."""
        return tuple(place for place, entry in enumerate(self.entries) if entry.is_repaired)

    @property
    def refused(self) -> tuple[int, ...]:
        """The cells that are ambiguous or no date."""
        return tuple(place for place, entry in enumerate(self.entries) if entry.rule)


def repair_dates(column: Sequence[object], *, is_monthly: bool = False) -> DateColumn:
    """Return each cell's date, with days and months put back where only one reading is possible.

    Parameters
    ----------
    column : sequence of object
        The cells of one block in the file's order: dates, serial numbers, texts (day before month, or year first),
        None. A file that goes through the dates ward by ward is given ward by ward.
    is_monthly : bool
        Whether each date stands for a month of a series, on one and the same day of the month: the first, the 14th,
        the 15th or the last.

    Notes
    -----
    Takes time in proportion to the column. Two programs may have written one file, so a swap proven for one cell
    proves nothing about the others. A column with typed days after the 12th and no text was written by a program that
    understood it: nothing is repaired, and what only a repair would put in order is refused.

    Examples
    --------
    >>> column = repair_dates(["25/04/2023", date(2023, 2, 5), "28/05/2023", date(2023, 6, 6), date(2023, 12, 6)])
    >>> [str(entry.day) for entry in column.entries]
    ['2023-04-25', '2023-05-02', '2023-05-28', '2023-06-06', 'None']
    >>> column.repaired, str(column.entries[-1].rule)
    ((1,), 'this is 2023-12-06 or 2023-06-12, and the order of the column allows both')
    """
    cells = read_date_cells(column)
    rows = [place for place, cell in enumerate(cells) if cell.readings]
    settled = dict(zip(rows, _settle([cells[row] for row in rows], is_monthly=is_monthly), strict=True))
    return DateColumn(tuple(_entry(cell, settled.get(place)) for place, cell in enumerate(cells)))


@dataclass(frozen=True, slots=True)
class _Settled:
    """The readings that are left for a cell, and why."""

    readings: Readings
    why: Why


def _settle(cells: Sequence[DateCell], *, is_monthly: bool) -> list[_Settled]:
    """Return for each cell what is left of its readings."""
    if is_monthly:
        months = _one_day_of_the_month(cells)
        if months is not None:
            return months
    possible = _in_order([cell.readings for cell in cells])
    if _is_understood(cells):
        return [_as_shown(cell, left) for cell, left in zip(cells, possible or [()] * len(cells), strict=True)]
    if possible is None:
        return [_Settled(cell.readings, "no_order") for cell in cells]
    return [_Settled(left, "order" if len(left) == 1 else "both_fit") for left in possible]


def _is_understood(cells: Sequence[DateCell]) -> bool:
    """Whether typed days after the 12th, and no text, show that Excel read this column as it was meant."""
    is_late = any(cell.source == "typed" and cell.readings[0].day > MOST_SWAPPABLE for cell in cells)
    return is_late and not any(cell.source == "text" for cell in cells)


def _as_shown(cell: DateCell, left: Readings) -> _Settled:
    if left and cell.readings[0] not in left:
        return _Settled(cell.readings, "no_sign")
    return _Settled(cell.readings[:1], "order")


def _one_day_of_the_month(cells: Sequence[DateCell]) -> list[_Settled] | None:
    """Return the readings on one natural day of the month; None if there is no such day for all cells.

    Dates of a single month tell nothing about a swap, unless they are shown on a natural day.
    """
    fitting = []
    for is_natural in _natural_days():
        on_day = [tuple(day for day in cell.readings if is_natural(day)) for cell in cells]
        if all(on_day) and (
            _is_a_series(on_day) or all(cell.readings[0] in left for cell, left in zip(cells, on_day, strict=True))
        ):
            fitting.append(on_day)
    if not fitting:
        return None
    left = [tuple(dict.fromkeys(day for on_day in fitting for day in on_day[place])) for place in range(len(cells))]
    return [_Settled(readings, "months" if len(readings) == 1 else "both_fit") for readings in left]


def _natural_days() -> list[Callable[[date], bool]]:
    def falls_on(number: int) -> Callable[[date], bool]:
        return lambda day: day.day == number

    return [*(falls_on(number) for number in NATURAL_DAYS), lambda day: (day + timedelta(days=1)).day == 1]


def _is_a_series(on_day: Sequence[Readings]) -> bool:
    return len({readings[0] for readings in on_day}) > 1


def _in_order(column: Sequence[Readings]) -> list[Readings] | None:
    """Return the readings that take part in any rising or falling order; None if there is no such order."""
    rising = _rising(column)
    backwards = _rising(column[::-1])
    falling = backwards[::-1] if backwards is not None else None
    if rising is None or falling is None:
        return rising or falling
    return [
        tuple(day for day in readings if day in up or day in down)
        for readings, up, down in zip(column, rising, falling, strict=True)
    ]


def _rising(column: Sequence[Readings]) -> list[Readings] | None:
    """Return the readings through which a rising order of the whole column passes.

    One pass forwards keeps what an order can reach from the beginning (nothing before the earliest reading reached so
    far), one backwards what can reach the end; what both keep lies on an order.
    """
    reached: list[Readings] = []
    earliest = date.min
    for readings in column:
        left = tuple(day for day in readings if day >= earliest)
        if not left:
            return None
        reached.append(left)
        earliest = min(left)
    latest = date.max
    for place in range(len(reached) - 1, -1, -1):
        reached[place] = tuple(day for day in reached[place] if day <= latest)
        latest = max(reached[place])
    return reached


def _entry(cell: DateCell, settled: _Settled | None) -> DateEntry:
    if settled is None:
        return DateEntry(None) if cell.source == "blank" else _unreadable()
    if len(settled.readings) > 1:
        return _ambiguous(settled)
    shown, found = cell.readings[0], settled.readings[0]
    if found == shown:
        return DateEntry(found)
    after, before = _written(found), _written(shown)
    if cell.source == "text":
        note = say(
            "the text {before} is read as {after}, month first: only so are the dates in order",
            before=before,
            after=after,
        )
    elif settled.why == "months":
        note = say(
            "{before} is read as {after}: Excel had swapped day and month, and only so do the dates stand for months",
            before=before,
            after=after,
        )
    else:
        note = say(
            "{before} is read as {after}: Excel had swapped day and month, and only so are the dates in order",
            before=before,
            after=after,
        )
    return DateEntry(found, before=shown, note=note)


def _unreadable() -> DateEntry:
    remedy = say("Write it as day/month/year with four digits of the year, or ask the office for it.")
    return DateEntry(None, rule=say("a date is expected"), remedy=remedy)


def _ambiguous(settled: _Settled) -> DateEntry:
    one, other = (_written(day) for day in settled.readings)
    if settled.why == "no_order":
        rule = say("this is {one} or {other}, and the column is in no order that tells which", one=one, other=other)
    elif settled.why == "no_sign":
        rule = say(
            "only as {other} would this {one} be in order, but nothing else shows that day and month were swapped",
            one=one,
            other=other,
        )
    else:
        rule = say("this is {one} or {other}, and the order of the column allows both", one=one, other=other)
    return DateEntry(None, rule=rule, remedy=say("Ask the office for the date, and write it as text: year-month-day."))


def _written(day: date) -> str:
    return day.isoformat()
