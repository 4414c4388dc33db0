"""What a text, a date or a number says about a period, before it is known which periods the study has.

A reading keeps what was written: “Tháng 5” is a month without a year, “6 tháng đầu năm 2023” the first half of a year,
added up from its beginning. `helpers.cleaning.periods.fit` turns a reading into a period of the study.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

ReadingKind = Literal["month", "quarter", "half", "nine_months", "year", "range", "span", "day"]

DayMonth = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PeriodReading:
    """One mention of a period.

    Attributes
    ----------
    kind : str
        What is named. A range is several months of one year; a span is given by its days alone; a day is one date.
    year : int or None
        The year; None if it is not written, or if the reading is a span or a day.
    number : int or None
        Month, quarter or half; for a range its last month.
    from_number : int or None
        For a range its first month.
    first_day, last_day : date or None
        Days that are written beside a label, or that are the whole reading. A figure added up “until 14/5/2023” has a
        last day only.
    day_months : tuple of two (day, month), or None
        Days written without any year.
    is_cumulative : bool
        Whether it is added up from the beginning of the year to the end of what is named.
    is_comparison : bool
        Whether it is what something else is compared with (“so với tháng 4/2023”).
    is_impossible : bool
        Whether its days are no dates of the calendar.
    """

    kind: ReadingKind
    year: int | None = None
    number: int | None = None
    from_number: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    day_months: tuple[DayMonth, DayMonth] | None = None
    is_cumulative: bool = False
    is_comparison: bool = False
    is_impossible: bool = False

    @property
    def is_label(self) -> bool:
        """Whether it names months of a year, rather than days."""
        return self.kind not in ("span", "day")

    @property
    def is_partial(self) -> bool:
        """Whether a year is needed before it means a period."""
        return self.year is None if self.is_label else self.last_day is None and not self.is_impossible

    @property
    def months(self) -> tuple[int, int]:
        """First and last month of a label, both included."""
        number = self.number or 1
        first_and_last: dict[ReadingKind, tuple[int, int]] = {
            "month": (number, number),
            "quarter": (3 * number - 2, 3 * number),
            "half": (6 * number - 5, 6 * number),
            "nine_months": (1, 9),
            "year": (1, 12),
            "range": (self.from_number or 1, number),
        }
        return first_and_last[self.kind]

    def contains(self, other: "PeriodReading") -> bool:
        """Whether a label may hold another one inside it; a year that is not written contradicts nothing."""
        if self.year is not None and other.year is not None and self.year != other.year:
            return False
        return self.months[0] <= other.months[0] and other.months[1] <= self.months[1]


def completed(partial: PeriodReading, year: int) -> PeriodReading:
    """Return a reading with the year that was written elsewhere; a reading that has one stays as it is.

    Days without a year end in that year, and begin in the year before if they would otherwise begin after their end.

    Examples
    --------
    >>> completed(PeriodReading("month", number=5), 2023).year
    2023
    >>> completed(PeriodReading("span", day_months=((15, 12), (14, 1))), 2023).first_day
    datetime.date(2022, 12, 15)
    """
    changed = partial
    if partial.day_months is not None:
        changed = _with_days(partial, year)
    if changed.is_label and changed.year is None:
        changed = replace(changed, year=year)
    return changed


def _with_days(partial: PeriodReading, year: int) -> PeriodReading:
    assert partial.day_months is not None
    (first_day, first_month), (last_day, last_month) = partial.day_months
    first_year = year - ((first_month, first_day) > (last_month, last_day))
    try:
        first, last = date(first_year, first_month, first_day), date(year, last_month, last_day)
    except ValueError:
        return replace(partial, day_months=None, is_impossible=True)
    return replace(partial, first_day=first, last_day=last, day_months=None)


def combined(readings: Iterable[PeriodReading]) -> tuple[PeriodReading, ...]:
    """Return what several mentions of one text say together: one reading if they agree, more if they do not.

    A year completes months without one; a label that only surrounds a finer one says nothing more; days are put beside
    the label that they are written with.

    Examples
    --------
    >>> [found.number for found in combined([PeriodReading("year", 2023), PeriodReading("month", number=5)])]
    [5]
    """
    found = _completed_among_themselves(list(readings))
    labels = [one for one in found if one.is_label]
    days = [one for one in found if not one.is_label]
    finest = [one for one in labels if not any(_surrounds(one, other) for other in labels)]
    if len(finest) == 1 and len(days) == 1 and days[0].kind == "span":
        return (_beside(finest[0], days[0]),)
    return tuple(finest + days)


def _completed_among_themselves(readings: list[PeriodReading]) -> list[PeriodReading]:
    years = {one.year for one in readings if one.year is not None}
    if not years:
        years = {one.last_day.year for one in readings if one.last_day is not None}
    if len(years) == 1:
        year = years.pop()
        readings = [completed(one, year) for one in readings]
    return list(dict.fromkeys(readings))


def _surrounds(one: PeriodReading, other: PeriodReading) -> bool:
    is_same_year = one.year is None or one.year == other.year
    return is_same_year and one.contains(other) and one.months != other.months and not other.is_cumulative


def _beside(label: PeriodReading, days: PeriodReading) -> PeriodReading:
    return replace(
        label,
        first_day=days.first_day,
        last_day=days.last_day,
        day_months=days.day_months,
        is_cumulative=label.is_cumulative or days.is_cumulative,
        is_impossible=days.is_impossible,
    )
