"""Calendar of a study: labels such as ``2023-05`` and the days they cover.

A *police month* runs from the 15th of the month before to the 14th, so police month ``2023-05`` is 15 April to
14 May 2023, and police quarter 1 is 15 December to 14 March. A calendar-month join of police returns is wrong by half
a month, which is why no code outside this module turns dates into periods.
"""

from datetime import date, timedelta
from typing import Literal

from helpers.errors import UsageError
from helpers.messages import Message, say

PeriodKind = Literal["police_month", "calendar_month", "calendar_quarter", "year"]
PERIOD_KINDS: tuple[PeriodKind, ...] = ("police_month", "calendar_month", "calendar_quarter", "year")
PERIODS_PER_YEAR: dict[PeriodKind, int] = {"police_month": 12, "calendar_month": 12, "calendar_quarter": 4, "year": 1}
FIRST_POLICE_DAY = 15
PERIOD_KIND_NAMES: dict[PeriodKind, Message] = {
    "police_month": say("police month"),
    "calendar_month": say("calendar month"),
    "calendar_quarter": say("calendar quarter"),
    "year": say("year"),
}
PERIOD_EXAMPLES: dict[PeriodKind, str] = {
    "police_month": "2023-05",
    "calendar_month": "2023-05",
    "calendar_quarter": "2023Q2",
    "year": "2023",
}


def period_number(kind: PeriodKind, label: str) -> int:
    """Return the running number of a period, so that neighbours differ by one.

    Examples
    --------
    >>> period_number("police_month", "2023-05") - period_number("police_month", "2022-12")
    5
    """
    try:
        if kind in ("police_month", "calendar_month"):
            year, part = label.split("-")
            number, most = int(part), 12
        elif kind == "calendar_quarter":
            year, part = label.split("Q")
            number, most = int(part), 4
        else:
            year, number, most = label, 1, 1
        if not (len(year) == 4 and 1 <= number <= most and period_label(kind, int(year) * most + number - 1) == label):
            raise ValueError
    except ValueError:
        raise UsageError(
            say(
                "“{label}” is no {period_kind}: write {example}.",
                label=label,
                period_kind=PERIOD_KIND_NAMES[kind],
                example=PERIOD_EXAMPLES[kind],
            )
        ) from None
    return int(year) * most + number - 1


def period_label(kind: PeriodKind, number: int) -> str:
    """Return the label of a running number; the inverse of `period_number`."""
    per_year = PERIODS_PER_YEAR[kind]
    year, part = divmod(number, per_year)
    if kind == "year":
        return f"{year:04d}"
    return f"{year:04d}Q{part + 1}" if kind == "calendar_quarter" else f"{year:04d}-{part + 1:02d}"


def shift_period(kind: PeriodKind, label: str, by: int) -> str:
    """Return the period `by` steps later (earlier when negative).

    Examples
    --------
    >>> shift_period("police_month", "2023-03", -3)
    '2022-12'
    """
    return period_label(kind, period_number(kind, label) + by)


def period_range(kind: PeriodKind, first: str, last: str) -> tuple[str, ...]:
    """Return all periods from `first` to `last`, both included; empty when `last` comes before `first`."""
    return tuple(period_label(kind, n) for n in range(period_number(kind, first), period_number(kind, last) + 1))


def period_days(kind: PeriodKind, label: str) -> tuple[date, date]:
    """Return the first and the last day of a period.

    Examples
    --------
    >>> [day.isoformat() for day in period_days("police_month", "2023-05")]
    ['2023-04-15', '2023-05-14']
    """
    first = _first_day(kind, period_number(kind, label))
    after = _first_day(kind, period_number(kind, label) + 1)
    return first, after - timedelta(days=1)


def _first_day(kind: PeriodKind, number: int) -> date:
    if kind == "police_month":
        year, month = divmod(number - 1, 12)
        return date(year, month + 1, FIRST_POLICE_DAY)
    year, part = divmod(number, PERIODS_PER_YEAR[kind])
    return date(year, part * (12 // PERIODS_PER_YEAR[kind]) + 1, 1)


def period_of(kind: PeriodKind, day: date) -> str:
    """Return the period that a day falls into.

    Examples
    --------
    >>> period_of("police_month", date(2023, 4, 15)), period_of("police_month", date(2023, 4, 14))
    ('2023-05', '2023-04')
    """
    if kind == "police_month":
        return period_label(kind, day.year * 12 + day.month - 1 + (day.day >= FIRST_POLICE_DAY))
    per_year = PERIODS_PER_YEAR[kind]
    return period_label(kind, day.year * per_year + (day.month - 1) * per_year // 12)
