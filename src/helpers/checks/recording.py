"""Recording: how much of the effect could be reports that were not made, or not written down.

Without a second series that recording does not touch (deaths beside injuries, hospital beside police) nobody can tell
how reporting changed. What can be said is what the effect would be under an assumed change, and which change would
explain all of it.
"""

from collections.abc import Iterator

import numpy as np

from helpers.checks.claim import lighter
from helpers.checks.gates import Check, Detail
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import headline_estimands
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row

QUESTION = "How large a change of the share of incidents that is recorded would explain the whole effect?"
CHANGES = (-0.20, -0.10, 0.0, 0.10, 0.20)
"""Changes of the reporting rate in treated wards: targets may push recording down, trust may push reporting up."""
SOURCE = "the largest change of the reporting rate that is looked at"
REPORTING, EXPLAINS = "reporting:", "explains:"
"""Begin the items of the details: the effect of a cohort under a change, as in ``reporting:2023:-0.20``; the change
that would explain all of it, its interval the changes that would explain the interval's ends."""


def recording(analysis: Analysis, specification: Specification) -> Check:
    """Return the effect under changes of the reporting rate, and the change that would explain the whole effect.

    Notes
    -----
    If treated wards record the share 1 + x of what they recorded before, r of recorded incidents is r / (1 + x) of
    incidents: so the ratio and both ends of its interval are divided by 1 + x. The whole effect is explained by x = the
    effect itself. It never passes and never fails.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> counts = np.array([[40.0, 20.0], *[[40.0, 40.0]] * 3])
    >>> check = recording(Analysis("thefts", counts, design, n_draws=9, seed=1), "two_way")
    >>> check.statistic, check.details[0].estimate
    (-0.5, -0.375)
    """
    few = lighter(analysis)
    rows = [effect_row(few, specification, estimand) for estimand in headline_estimands(analysis.design)]
    overall = rows[0]
    details = tuple(detail for row in rows for detail in _under_changes(row))
    direction = "fall" if overall.estimate < 0 else "rise"
    reason = overall.reason or (
        "there is no second series that recording does not touch; "
        f"a {direction} of the reporting rate by {100 * abs(overall.estimate):.0f}% would explain the whole effect"
    )
    return Check(
        analysis.indicator,
        specification,
        "recording",
        QUESTION,
        overall.estimate,
        max(CHANGES),
        SOURCE,
        "cannot_tell",
        reason,
        details,
    )


def _under_changes(row: EffectRow) -> Iterator[Detail]:
    if row.reason:
        yield Detail(f"{EXPLAINS}{row.cohort}", reason=row.reason)
        return
    test, found = (row.n_assignments, row.smallest_p), (row.estimate, row.conf_low, row.conf_high)
    for change in CHANGES:
        estimate, low, high = ((1 + own) / (1 + change) - 1 for own in found)
        yield Detail(f"{REPORTING}{row.cohort}:{change:+.2f}", estimate, low, high, np.nan, "", *test)
    yield Detail(f"{EXPLAINS}{row.cohort}", *found, np.nan, "", *test)
