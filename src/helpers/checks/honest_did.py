"""HonestDiD: how far proportional movement may fail before the effect goes. Approximate, and never a gate.

References: rambachan2023.
"""

import numpy as np
import pandas as pd

from helpers.checks.gates import Check, Detail
from helpers.errors import EstimationError
from helpers.estimation.honest_bounds import breakdown_value, honest_bounds
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.long_differences import LongDifferences, long_differences
from helpers.inference.randomisation import LEVEL

QUESTION = "How far may proportional movement fail before the effect goes?"
M_BAR = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
"""Grid of how many times as large as before the deviations from proportional movement may be; 0 is none at all."""
CAVEAT = "approximate: the earlier deviations are treated as known, though they are estimated"


def honest_did(analysis: Analysis, specification: Specification) -> list[Check]:
    """Return one check per cohort: the breakdown value of its mean effect after the start.

    Returns
    -------
    list of Check
        The verdict is always ``cannot_tell``. `statistic` is the largest bound of `M_BAR` up to which the 95% interval
        excludes no effect, NaN if there is none; there is no threshold. Details give the interval at each bound, on the
        ratio scale. A cohort without long differences (pilots, no bins that fit, too few relabellings to reject
        anything) gets a check that says why.

    Notes
    -----
    A deviation is the change of the difference from one bin to the next. The library takes no notice of how long bins
    are, nor of the donut between the base and the first bin after it. The covariance is that under no effect (see
    `long_differences`): intervals of a strong effect are too wide, so its breakdown value errs on the low side.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abc"), ("t",) * 3,
    ...                 ("x",), (1,), (0, -1, -1), 0)
    >>> (check,) = honest_did(Analysis("n", np.ones((3, 2)), design, n_draws=99, seed=1), "two_way")
    >>> check.verdict, "two before and one after are needed" in check.reason
    ('cannot_tell', True)
    """
    return [_cohort_check(analysis, specification, cohort) for cohort in analysis.design.cohorts]


def _cohort_check(analysis: Analysis, specification: Specification, cohort: str) -> Check:
    try:
        found = long_differences(analysis, specification, cohort)
        if found.smallest_p > LEVEL:
            raise EstimationError("Too few relabellings for a covariance: not even the smallest p-value rejects.")
        bounds = honest_bounds(found.estimates, found.covariance, n_pre=found.n_pre, n_post=found.n_post, m_bar=M_BAR)
    except EstimationError as error:
        detail = Detail(cohort, reason=str(error))
        return _check(analysis, specification, np.nan, f"cohort {cohort}: {error}", (detail,))
    breakdown = breakdown_value(bounds)
    left_out = f"; wards left out: {', '.join(found.left_out)}" if found.left_out else ""
    reason = f"cohort {cohort}: {_meaning(breakdown)} ({CAVEAT}){left_out}"
    return _check(analysis, specification, breakdown, reason, _details(cohort, found, bounds))


def _meaning(breakdown: float) -> str:
    """Return what a breakdown value says, as a clause.

    Examples
    --------
    >>> _meaning(0.0)
    'the effect would remain only if movement stayed exactly proportional, or nearly'
    """
    if np.isnan(breakdown):
        return "the conventional interval already includes zero, so there is no effect that could remain"
    if breakdown == M_BAR[0]:
        return "the effect would remain only if movement stayed exactly proportional, or nearly"
    times = f"{breakdown:g} times the largest seen before"
    beyond = " and perhaps beyond, where nothing was tried" if breakdown == M_BAR[-1] else ""
    return f"the effect would remain if later deviations from proportional movement were up to {times}{beyond}"


def _details(cohort: str, found: LongDifferences, bounds: pd.DataFrame) -> tuple[Detail, ...]:
    """Return the mean effect after the start with its interval at each bound, on the ratio scale."""
    estimate = float(np.expm1(found.estimates[found.n_pre :].mean()))
    with np.errstate(over="ignore"):
        lows, highs = np.expm1(bounds["conf_low"].to_numpy()), np.expm1(bounds["conf_high"].to_numpy())
    return tuple(
        Detail(f"{cohort}:m={bound:g}", estimate, float(low), float(high))
        for bound, low, high in zip(bounds["m_bar"], lows, highs, strict=True)
    )


def _check(
    analysis: Analysis, specification: Specification, statistic: float, reason: str, details: tuple[Detail, ...]
) -> Check:
    return Check(
        analysis.indicator,
        specification,
        "honest_did",
        QUESTION,
        statistic,
        np.nan,
        "",
        "cannot_tell",
        reason,
        details,
    )
