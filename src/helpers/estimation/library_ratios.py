"""The library's estimates, which are in incidents per ward and quarter, as ratios that stand beside ours.

An effect of so many incidents is divided by what was expected of the treated ward-quarters: their mean less the effect.
The estimators weigh quarters and cohorts in ways of their own, so this is a translation and not another estimate, and
the interval is the library's own, divided by the same number.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import ALL_COHORTS
from helpers.estimation.library_estimators import library_effects
from helpers.estimation.quarters import NEVER_TREATED, to_quarters
from helpers.study.design import Design

Array = npt.NDArray[np.float64]

LIBRARY = "library"
NO_RATIO = "The effect is larger than all that was observed: it makes no ratio."


def library_ratios(outcome: Array, design: Design, indicator: str) -> tuple[EffectRow, ...]:
    """Return the overall effect by each of the library's estimators as observed / expected − 1.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.

    Examples
    --------
    >>> from helpers.study.periods import period_range
    >>> design = Design("s", "main", "A", "given", "calendar_quarter",
    ...                 period_range("calendar_quarter", "2021Q1", "2021Q4"), tuple("abc"), ("t",) * 3, ("x",), (2,),
    ...                 (0, -1, -1), 0)
    >>> counts = np.array([[5.0, 6.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0], [4.0, 5.0, 6.0, 7.0]])
    >>> [round(row.estimate, 6) for row in library_ratios(counts, design, "n")]
    [-0.533333, -0.533333, -0.533333]
    """
    mean = _treated_mean(outcome, design)
    rows = library_effects(outcome, design, indicator).rows
    return tuple(_as_ratio(row, mean) for row in rows if row.cohort == ALL_COHORTS)


def _treated_mean(outcome: Array, design: Design) -> float:
    reported = to_quarters(outcome, design).reported()
    is_treated = (reported["first_treat"] > NEVER_TREATED) & (reported["quarter"] >= reported["first_treat"])
    return float(reported.loc[is_treated, "outcome"].mean()) if is_treated.any() else np.nan


def _as_ratio(row: EffectRow, mean: float) -> EffectRow:
    if row.reason:
        return replace(row, scale="ratio")
    expected = mean - row.estimate
    if not expected > 0:
        return EffectRow(
            row.indicator, row.specification, row.estimator, row.estimand, row.cohort, note=row.note, reason=NO_RATIO
        )
    return replace(
        row,
        scale="ratio",
        estimate=row.estimate / expected,
        std_error=row.std_error / expected,
        conf_low=max(-1.0, row.conf_low / expected) if np.isfinite(row.conf_low) else row.conf_low,
        conf_high=row.conf_high / expected,
    )
