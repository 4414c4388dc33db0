"""`library_estimators`: what the established estimators for staggered adoption give, beside ours for comparison.

Callaway and Sant'Anna, Sun and Abraham, and linear imputation, on whole quarters, as the library diff-diff computes
them. All of them assume parallel trends in *levels*, which cannot hold together with ratio parallel trends when wards
differ in size, and their analytic inference needs many treated wards: they are printed and never decide.

References: callaway2021, sunabraham2021, borusyak2024.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from helpers.estimation.effects import FEWEST_TREATED, EffectRow, Effects
from helpers.estimation.estimands import ALL_COHORTS, Estimand, headline_estimands
from helpers.estimation.library import Fit, Fits, callaway_santanna, linear_imputation, run_estimator, sun_abraham
from helpers.estimation.quarters import NEVER_TREATED, Quarters, to_quarters
from helpers.study.design import Design

Array = npt.NDArray[np.float64]

ESTIMATORS: dict[str, tuple[Callable[[Quarters], Fits], bool, bool]] = {
    "callaway_santanna": (callaway_santanna, True, True),
    "sun_abraham": (sun_abraham, False, True),
    "linear_imputation_library": (linear_imputation, False, False),
}
"""Each estimator, whether it gives effects by cohort, and whether it measures them from one base quarter."""


def library_effects(outcome: Array, design: Design, indicator: str) -> Effects:
    """Estimate the effect on the treated with the library's estimators, on whole quarters.

    Comparisons are the not-yet treated for ``callaway_santanna`` (never treated wards, and later cohorts while they are
    clean) and ``linear_imputation_library`` (all clean cells), and the never treated only for ``sun_abraham``, which
    knows no others. ``callaway_santanna`` and ``sun_abraham`` measure from one base quarter: the last before the
    longest gap that any cohort has.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.

    Returns
    -------
    Effects
        On the level scale (incidents per ward and quarter), overall for each estimator and by cohort for
        ``callaway_santanna``. Errors are clustered by ward; interval and p-value are withheld below `FEWEST_TREATED`
        treated wards. What the library warned of is in `note`, what it refused in `reason`.

    Raises
    ------
    EstimationError
        If the outcome has another shape than the design.

    Examples
    --------
    >>> from helpers.study.periods import period_range
    >>> design = Design("s", "main", "A", "given", "calendar_quarter",
    ...                 period_range("calendar_quarter", "2021Q1", "2021Q4"), tuple("abc"), ("t",) * 3, ("x",), (2,),
    ...                 (0, -1, -1), 0)
    >>> counts = np.array([[5.0, 6.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0], [4.0, 5.0, 6.0, 7.0]])
    >>> [round(row.estimate, 6) for row in library_effects(counts, design, "n").rows]
    [-4.0, -4.0, -4.0]
    """
    quarters = to_quarters(outcome, design)
    estimands = headline_estimands(design)
    rows = []
    for name, (estimate, has_cohorts, needs_base) in ESTIMATORS.items():
        wanted = estimands if has_cohorts else estimands[:1]
        reason = _obstacle(quarters, needs_base=needs_base)
        fits, note, refusal = ({}, "", reason) if reason else run_estimator(estimate, quarters)
        note = "\n".join(filter(None, (*quarters.left_out(), note)))
        for estimand in wanted:
            empty = EffectRow(
                indicator, "two_way", name, estimand.kind, estimand.cohort, scale="level", note=note, reason=refusal
            )
            rows.append(empty if refusal else _row(empty, fits, estimand, quarters))
    return Effects(design, tuple(rows))


def _obstacle(quarters: Quarters, *, needs_base: bool) -> str:
    """Return why nothing can be estimated on these quarters, or an empty string."""
    reported = quarters.reported()
    if not (reported["quarter"] >= reported["first_treat"].where(reported["first_treat"] > 0, np.inf)).any():
        return "No treated ward reported a whole quarter after its start and had a clean one before it."
    if reported["outcome"].nunique() == 1:
        return "Every reported value is the same: there is no variation to explain."
    return quarters.missing_base() if needs_base else ""


def _row(empty: EffectRow, fits: Fits, estimand: Estimand, quarters: Quarters) -> EffectRow:
    first = None if estimand.cohort == ALL_COHORTS else quarters.first_treated.get(estimand.cohort, NEVER_TREATED)
    if first == NEVER_TREATED:
        return replace(empty, reason="The cohort has no whole quarter after its start, or no clean one before it.")
    if first is not None and (names := quarters.cohort_names()[first]) != estimand.cohort:
        return replace(empty, reason=f"Cohorts {names} share their first treated quarter and cannot be told apart.")
    fit = fits.get(ALL_COHORTS if first is None else first)
    if fit is None or not np.isfinite(fit.estimate):
        return replace(empty, reason="The library gave no number: nothing in these quarters identifies the effect.")
    counts: dict[str, Any] = quarters.counts(first, use_later=empty.estimator != "sun_abraham")
    return _with_inference(replace(empty, estimate=fit.estimate, **counts), fit)


def _with_inference(row: EffectRow, fit: Fit) -> EffectRow:
    if row.n_treated < FEWEST_TREATED:
        withheld = f"No clustered interval: {row.n_treated} treated wards are fewer than {FEWEST_TREATED}."
        return replace(row, note="\n".join(filter(None, (row.note, withheld))))
    return replace(
        row,
        std_error=fit.std_error,
        conf_low=fit.conf_low,
        conf_high=fit.conf_high,
        p_value=fit.p_value,
        inference="analytic",
        null_tested="no average effect, clusters large in number",
    )
