"""Designs in which nothing happened yet: treatment is moved back into the time before it.

A placebo effect is estimated exactly as the real one, on data that end before the cohort's donut begins. What comes
out is either noise or a difference that was there before the programme.
"""

from dataclasses import replace

from helpers.errors import DesignError
from helpers.estimation.estimands import BIN_WIDTH, Estimand
from helpers.study.design import Design
from helpers.study.periods import PERIODS_PER_YEAR


def placebo_length(design: Design) -> int:
    """Return how many periods the pretended treatment lasts: a year, so that a season cannot pass for an effect."""
    return PERIODS_PER_YEAR[design.period_kind]


def lead_bins(design: Design, cohort: str) -> tuple[Estimand, ...]:
    """Return the bins of a cohort's pretended year, in order of time.

    As long as bins after the start, or the longest shorter ones that fill a year evenly.

    Examples
    --------
    >>> years = Design("s", "main", "A", "given", "year", ("2022", "2023"), tuple("ab"), ("t",) * 2, ("x",), (1,),
    ...                (0, -1), 0)
    >>> [(own.relative_first, own.relative_last) for own in lead_bins(years, "x")]
    [(0, 0)]
    """
    length = placebo_length(design)
    width = max(width for width in range(1, BIN_WIDTH + 1) if length % width == 0)
    return tuple(Estimand("lead", cohort, first, first + width - 1) for first in range(0, length, width))


def placebo_design(design: Design, cohort: str, *, back: int | None = None) -> Design:
    """Return the design of a cohort's placebo: cut before its donut, with its start moved back from the cut.

    By `back` periods, or a year (`placebo_length`). Cohorts that started before keep their paths; those that start
    later are not yet treated and become comparisons.

    Raises
    ------
    DesignError
        If no clean period is left before the moved start.
    """
    own = design.cohorts.index(cohort)
    last = design.cutoffs[own]
    back = placebo_length(design) if back is None else back
    start = last - back
    if start - design.anticipation < 1:
        raise DesignError(
            f"Cohort {cohort} has {last} clean periods before its donut: too few to move its start back by {back}."
        )
    moved = replace(
        design, starts=tuple(start if position == own else value for position, value in enumerate(design.starts))
    )
    return moved.until(last)
