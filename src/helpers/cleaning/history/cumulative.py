"""Cumulative figures (“lũy kế” from the beginning of the year) into figures of single periods.

The figure of the first period of a year is itself; every other one is its cumulative figure less the one before it in
the same year, so both must be there. A year of police months begins on 15 December, with police month 1. A cumulative
figure that falls below the one before shows that one of the two is wrong or was revised, not which: every figure that
depends on either is kept aside, and nothing is cut off at zero.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.messages import say
from helpers.study.periods import PERIODS_PER_YEAR, PeriodKind, period_label, period_number

DECIMALS = 9
"""Shared figures have fractions, whose floating-point difference is rounded; counts are far from this small."""

TOLERANCE = 1e-6
"""Two figures that differ by less are the same figure, rounded by a program on the way."""


@dataclass(frozen=True, slots=True)
class Differenced:
    """The figure of one period, made of cumulative ones.

    Attributes
    ----------
    value : float or None
        The figure; None if it cannot be made.
    rule, remedy : str
        Why not and what to do; "" with a value.
    """

    value: float | None
    rule: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SumDisagreement:
    """A single figure that disagrees with the cumulative figures beside it.

    Attributes
    ----------
    single : float
        What is written for the period alone.
    expected : float
        What the cumulative figures leave for it.
    rule, remedy : str
        What is wrong and what to do.
    """

    single: float
    expected: float
    rule: str
    remedy: str


def difference(cumulative: Mapping[str, float | None], period_kind: PeriodKind) -> dict[str, Differenced]:
    """Return the figures of single periods that cumulative figures of counts are made of.

    Parameters
    ----------
    cumulative : mapping of period to float or None
        One ward's and one indicator's cumulative figures; None if not reported. In any order, of any number of years.
    period_kind : str
        What a period is.

    Returns
    -------
    dict of period to Differenced
        One entry a period given, in the order of time.

    Raises
    ------
    UsageError
        If a period is none of that kind.

    Examples
    --------
    >>> figures = difference({"2023-01": 4, "2023-02": 9, "2023-04": 20}, "police_month")
    >>> [figure.value for figure in figures.values()], str(figures["2023-04"].rule)
    ([4.0, 5.0, None], 'the cumulative figure of the period before, 2023-03, is missing')
    """
    known = _numbers(cumulative, period_kind)
    falls = {number for number in known if _falls(known, number, period_kind)}
    return {
        period_label(period_kind, number): _figure(known, falls, number, period_kind)
        for number in sorted(period_number(period_kind, period) for period in cumulative)
    }


def _numbers(figures: Mapping[str, float | None], kind: PeriodKind) -> dict[int, float]:
    """Return the reported figures by the running number of their period."""
    return {
        period_number(kind, period): float(value)
        for period, value in figures.items()
        if value is not None and not math.isnan(value)
    }


def is_first_of_year(number: int, period_kind: PeriodKind) -> bool:
    """Whether the period with a running number begins a year."""
    return number % PERIODS_PER_YEAR[period_kind] == 0


def _falls(known: Mapping[int, float], number: int, kind: PeriodKind) -> bool:
    before = 0.0 if is_first_of_year(number, kind) else known.get(number - 1)
    return before is not None and known[number] < before - TOLERANCE


def _figure(known: Mapping[int, float], falls: set[int], number: int, kind: PeriodKind) -> Differenced:
    now, is_first = known.get(number), is_first_of_year(number, kind)
    before = 0.0 if is_first else known.get(number - 1)
    if now is None:
        return Differenced(None, say("the cumulative figure is not reported"), say("Ask the office for it."))
    if before is None:
        missing = period_label(kind, number - 1)
        rule = say("the cumulative figure of the period before, {period}, is missing", period=missing)
        return Differenced(None, rule, say("Ask the office for it, or for the figure of the period alone."))
    fallen = _fall_beside(falls, number, kind)
    if fallen is not None:
        return _depends_on_a_fall(fallen, kind)
    return Differenced(max(round(now - before, DECIMALS), 0.0))


def _fall_beside(falls: set[int], number: int, kind: PeriodKind) -> int | None:
    """Return the fall that one of a period's two cumulative figures takes part in.

    A fall at t is between t-1 and t. The figure of t-1 uses the one, that of t both, that of t+1 the other.
    """
    beside = [number]
    if not is_first_of_year(number, kind):
        beside.append(number - 1)
    if not is_first_of_year(number + 1, kind):
        beside.append(number + 1)
    return next((fall for fall in beside if fall in falls), None)


def _depends_on_a_fall(fall: int, kind: PeriodKind) -> Differenced:
    period = period_label(kind, fall)
    remedy = say("Ask the office which figure is right or was revised, and for the figure of the period alone.")
    if is_first_of_year(fall, kind):
        return Differenced(None, say("the cumulative figure of {period} is negative", period=period), remedy)
    rule = say(
        "the cumulative figure falls from {before} to {period}, so it is revised downwards or not cumulative",
        before=period_label(kind, fall - 1),
        period=period,
    )
    return Differenced(None, rule, remedy)


def check_running_sum(
    single: Mapping[str, float | None], cumulative: Mapping[str, float | None], period_kind: PeriodKind
) -> dict[str, SumDisagreement]:
    """Return the periods whose single figure disagrees with the cumulative ones, in the order of time.

    A single figure is compared with the difference of two cumulative ones; where the one before is missing, with what
    the year's earlier single figures leave of the cumulative one. Where neither is known nothing can be said.

    Examples
    --------
    >>> found = check_running_sum({"2023-01": 4, "2023-02": 6}, {"2023-01": 4, "2023-02": 9}, "police_month")
    >>> {period: (one.single, one.expected) for period, one in found.items()}
    {'2023-02': (6.0, 5.0)}
    """
    alone, running = _numbers(single, period_kind), _numbers(cumulative, period_kind)
    found = {}
    for number in sorted(alone.keys() & running.keys()):
        before = _sum_before(alone, running, number, period_kind)
        if before is None:
            continue
        expected = round(running[number] - before, DECIMALS)
        if abs(alone[number] - expected) > TOLERANCE:
            rule = say(
                "the figure of the period alone is {single}; the cumulative figures leave {expected} for it",
                single=f"{alone[number]:g}",
                expected=f"{expected:g}",
            )
            remedy = say("Check both figures against the office's own book, and correct the wrong one.")
            found[period_label(period_kind, number)] = SumDisagreement(alone[number], expected, rule, remedy)
    return found


def _sum_before(
    alone: Mapping[int, float], running: Mapping[int, float], number: int, kind: PeriodKind
) -> float | None:
    first = number - number % PERIODS_PER_YEAR[kind]
    if number == first:
        return 0.0
    if number - 1 in running:
        return running[number - 1]
    earlier = [alone.get(one) for one in range(first, number)]
    return None if None in earlier else math.fsum(one for one in earlier if one is not None)
