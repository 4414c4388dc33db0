"""Designs in which nothing happened yet: treatment is moved back into the time before it.

A placebo effect is estimated exactly as the real one, on data that end before the cohort's donut begins. What comes
out is either noise or a difference that was there before the programme.
"""

from dataclasses import replace

from helpers.errors import DesignError
from helpers.study.design import Design

PLACEBO_PERIODS = 12
"""Length of the pretended treatment: one year, so that a season cannot pass for an effect."""


def placebo_design(design: Design, cohort: str, *, back: int = PLACEBO_PERIODS) -> Design:
    """Return the design of a cohort's placebo: cut before its donut, with its start moved `back` periods from the cut.

    Cohorts that started before keep their paths; those that start later are not yet treated and become comparisons.

    Raises
    ------
    DesignError
        If no clean period is left before the moved start.
    """
    own = design.cohorts.index(cohort)
    last = design.cutoffs[own]
    start = last - back
    if start - design.anticipation < 1:
        raise DesignError(
            f"Cohort {cohort} has {last} clean periods before its donut: too few to move its start back by {back}."
        )
    moved = replace(
        design, starts=tuple(start if position == own else value for position, value in enumerate(design.starts))
    )
    return moved.until(last)
