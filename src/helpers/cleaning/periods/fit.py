"""What a reading of a period is in a study: one of its periods, a coarser or finer one, or a contradiction.

A label under the study's kind of period *is* that period: “tháng 5/2023” of a study of police months is 15 April to
14 May. Days written beside it must then be exactly the period's. What is coarser than the study's periods cannot be
split and what is finer is not added up here; the caller keeps both aside with the rule given.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from helpers.cleaning.periods.reading import PeriodReading
from helpers.messages import Message, say
from helpers.study.periods import PERIOD_KIND_NAMES, PERIODS_PER_YEAR, PeriodKind, period_days, period_label, period_of

Fit = Literal["same", "coarser", "finer", "partial", "wrong"]


@dataclass(frozen=True, slots=True)
class StudyPeriod:
    """A reading as a period of the study.

    Attributes
    ----------
    period : str
        The study's label if `fit` is "same", of a figure added up the period it ends with; else "".
    fit : {"same", "coarser", "finer", "partial", "wrong"}
        How the reading stands to the study's periods. Partial: a year is missing, see `completed`. Wrong: its days are
        not those of its label, or of no period.
    is_cumulative : bool
        Whether it is added up from the beginning of the year.
    found : str
        What was understood, for messages; digits only, so that no language is needed.
    rule, remedy : str
        What is wrong and what to do; "" if `fit` is "same".
    """

    period: str
    fit: Fit
    is_cumulative: bool = False
    found: str = ""
    rule: str = ""
    remedy: str = ""


def study_period(reading: PeriodReading, kind: PeriodKind) -> StudyPeriod:
    """Return what a reading is among the periods of a study.

    Examples
    --------
    >>> study_period(PeriodReading("month", 2023, 5), "police_month").period
    '2023-05'
    >>> study_period(PeriodReading("quarter", 2023, 2), "police_month").fit
    'coarser'
    >>> half = study_period(PeriodReading("half", 2023, 1, is_cumulative=True), "police_month")
    >>> half.period, half.is_cumulative
    ('2023-06', True)
    """
    if reading.is_impossible:
        rule = say("its days are no dates of the calendar")
        return StudyPeriod("", "wrong", rule=rule, remedy=say("Write them as day/month/year."))
    if reading.is_partial:
        remedy = say("Write the year beside it, or in the line above the table.")
        return StudyPeriod("", "partial", reading.is_cumulative, rule=say("no year is written with it"), remedy=remedy)
    return _of_label(reading, kind) if reading.is_label else _of_days(reading, kind)


def _of_label(reading: PeriodReading, kind: PeriodKind) -> StudyPeriod:
    first, last = reading.months
    months = 12 // PERIODS_PER_YEAR[kind]
    adds_up = _adds_up(reading)
    found = written(reading)
    if adds_up and reading.kind == "year" and kind != "year":
        return _coarser(kind, found, is_cumulative=True)
    if not adds_up and last - first + 1 > months:
        return _coarser(kind, found, is_cumulative=False)
    if last % months or (not adds_up and last - first + 1 < months):
        return _finer(kind, found, is_cumulative=adds_up)
    period = period_label(kind, ((reading.year or 0) * 12 + last - 1) // months)
    return _beside_days(reading, kind, period, is_cumulative=adds_up)


def _adds_up(reading: PeriodReading) -> bool:
    """Whether it is a sum from the beginning of the year: “từ tháng 1 đến tháng 5” is one without saying so."""
    return reading.is_cumulative or (reading.kind == "range" and reading.from_number == 1)


def _beside_days(reading: PeriodReading, kind: PeriodKind, period: str, *, is_cumulative: bool) -> StudyPeriod:
    same = StudyPeriod(period, "same", is_cumulative, found=period)
    if reading.last_day is None:
        return same
    own = period_days(kind, period)
    allowed = {own}
    if is_cumulative:
        beginning = period_days(kind, first_of_year(kind, period))[0]
        allowed |= {(beginning, own[1])}
    given = reading.first_day or own[0], reading.last_day
    return same if given in allowed else _other_days(kind, period, *given)


def _other_days(kind: PeriodKind, period: str, first: date, last: date) -> StudyPeriod:
    return StudyPeriod(
        "",
        "wrong",
        found=days_written(first, last),
        rule=days_rule(kind, period),
        remedy=say("Ask the office which days the table covers, and correct the label or the days."),
    )


def days_rule(kind: PeriodKind, period: str) -> Message:
    """Return the sentence that says which days a period has."""
    first, last = (day_written(day) for day in period_days(kind, period))
    return say(
        "the days of {kind} {period} are {first} to {last}",
        kind=PERIOD_KIND_NAMES[kind],
        period=period,
        first=first,
        last=last,
    )


def _of_days(reading: PeriodReading, kind: PeriodKind) -> StudyPeriod:
    assert reading.last_day is not None
    last_period = period_of(kind, reading.last_day)
    if reading.kind == "day":
        return StudyPeriod(last_period, "same", found=day_written(reading.last_day))
    ends_a_period = period_days(kind, last_period)[1] == reading.last_day
    if reading.first_day is None:
        if not ends_a_period:
            return _other_end(kind, last_period, reading.last_day)
        return StudyPeriod(last_period, "same", is_cumulative=True, found=last_period)
    first, last = reading.first_day, reading.last_day
    first_period = period_of(kind, first)
    if (first, last) == period_days(kind, first_period):
        return StudyPeriod(first_period, "same", reading.is_cumulative, found=first_period)
    begins_a_period = period_days(kind, first_period)[0] == first
    if not (begins_a_period and ends_a_period and first <= last):
        return _other_days(kind, first_period, first, last)
    if first_period == first_of_year(kind, last_period):
        return StudyPeriod(last_period, "same", is_cumulative=True, found=last_period)
    return _coarser(kind, days_written(first, last), is_cumulative=False)


def _other_end(kind: PeriodKind, period: str, last: date) -> StudyPeriod:
    remedy = say("Ask the office until which day the table counts, and send the figures of a whole period.")
    return StudyPeriod(
        "", "wrong", is_cumulative=True, found=day_written(last), rule=days_rule(kind, period), remedy=remedy
    )


def _coarser(kind: PeriodKind, found: str, *, is_cumulative: bool) -> StudyPeriod:
    rule = say("this is more than one {kind}, and cannot be split", kind=PERIOD_KIND_NAMES[kind])
    remedy = say("Ask the office for the figures of each {kind}.", kind=PERIOD_KIND_NAMES[kind])
    return StudyPeriod("", "coarser", is_cumulative, found, rule, remedy)


def _finer(kind: PeriodKind, found: str, *, is_cumulative: bool) -> StudyPeriod:
    rule = say("this is not a whole {kind}", kind=PERIOD_KIND_NAMES[kind])
    remedy = say("Ask the office for the figures of each whole {kind}.", kind=PERIOD_KIND_NAMES[kind])
    return StudyPeriod("", "finer", is_cumulative, found, rule, remedy)


def first_of_year(kind: PeriodKind, period: str) -> str:
    """Return the period with which the year of a period begins; a police year begins on 15 December.

    Examples
    --------
    >>> first_of_year("police_month", "2023-05"), first_of_year("calendar_quarter", "2023Q4")
    ('2023-01', '2023Q1')
    """
    return period_label(kind, int(period[:4]) * PERIODS_PER_YEAR[kind])


def written(reading: PeriodReading) -> str:
    """Return a reading as digits: ``2023-05``, ``2023Q2``, ``2023-01–2023-06``, ``?-05`` without a year."""
    if not reading.is_label:
        days = [day for day in (reading.first_day, reading.last_day) if day is not None]
        return "–".join(day_written(day) for day in dict.fromkeys(days))
    year = "?" if reading.year is None else str(reading.year)
    if reading.kind == "month":
        return f"{year}-{reading.number:02d}"
    if reading.kind == "quarter":
        return f"{year}Q{reading.number}"
    first, last = reading.months
    return year if reading.kind == "year" else f"{year}-{first:02d}–{year}-{last:02d}"


def day_written(day: date) -> str:
    """Return a day as an office writes it.

    Examples
    --------
    >>> day_written(date(2023, 4, 5))
    '5/4/2023'
    """
    return f"{day.day}/{day.month}/{day.year}"


def days_written(first: date, last: date) -> str:
    """Return two days and what lies between, without words."""
    return f"{day_written(first)}–{day_written(last)}"
