"""What the library diff-diff computes, behind a few functions: the only module that imports it.

Quarters or matrices go in, numbers come out. What the library warns of or refuses comes out as text.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.estimation.estimands import ALL_COHORTS
from helpers.estimation.quarters import Quarters

Array = npt.NDArray[np.float64]

COLUMNS = {"outcome": "outcome", "unit": "ward_id", "time": "quarter", "first_treat": "first_treat"}
REFUSALS = (ValueError, ArithmeticError, LookupError, RuntimeError)
"""What the library raises on data that it cannot use."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One estimate with its analytic inference."""

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float


Fits = Mapping[int | str, Fit]
"""Estimates of one estimator: overall under `ALL_COHORTS`, and by first treated quarter where it has them."""


def run_estimator(estimate: Callable[[Quarters], Fits], quarters: Quarters) -> tuple[Fits, str, str]:
    """Return an estimator's fits, what the library warned of, and why it refused (empty if it did not)."""
    _library()
    fits: Fits = {}
    refusal = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fits = estimate(quarters)
        except REFUSALS as error:
            refusal = f"The library refused: {one_line(str(error))}"
    return fits, "\n".join(dict.fromkeys(one_line(str(warning.message)) for warning in caught)), refusal


def one_line(text: str) -> str:
    """Return a message of the library without its line breaks."""
    return " ".join(text.split())


def _library() -> Any:
    """Import diff-diff when it is first used: it takes 0.8 s, which every notebook would pay for one table."""
    import diff_diff

    return diff_diff


def callaway_santanna(quarters: Quarters) -> Fits:
    """Estimate by cohort and overall; comparisons are the not-yet treated."""
    model = _library().CallawaySantAnna(control_group="not_yet_treated", anticipation=quarters.gap)
    result = model.fit(quarters.reported(), **COLUMNS)
    table = result.aggregate("group")
    columns = (table.label, table.att, table.se, table.conf_int_lower, table.conf_int_upper, table.p_value)
    cohorts: dict[int | str, Fit] = {
        int(first): Fit(*map(float, values)) for first, *values in zip(*columns, strict=True)
    }
    return {ALL_COHORTS: _overall(result), **cohorts}


def sun_abraham(quarters: Quarters) -> Fits:
    """Estimate overall; comparisons are the never treated."""
    model = _library().SunAbraham(control_group="never_treated", anticipation=quarters.gap)
    return {ALL_COHORTS: _overall(model.fit(quarters.reported(), **COLUMNS))}


def linear_imputation(quarters: Quarters) -> Fits:
    """Estimate overall; comparisons are all clean cells."""
    # The gap is dropped already; naming it as anticipation would count a later cohort's clean quarters as treated.
    return {ALL_COHORTS: _overall(_library().ImputationDiD().fit(quarters.reported(), **COLUMNS))}


def _overall(result: Any) -> Fit:
    values = (result.overall_att, result.overall_se, *result.overall_conf_int, result.overall_p_value)
    return Fit(*map(float, values))


def two_way_comparisons(balanced: pd.DataFrame) -> Sequence[Any]:
    """Return the comparisons that the two-way estimate of a balanced panel averages.

    Each has ``comparison_type``, ``treated_group``, ``control_group``, ``weight`` and ``estimate``. Raises one of
    `REFUSALS` where the library finds none.
    """
    comparisons: Sequence[Any] = _library().BaconDecomposition().fit(balanced, **COLUMNS).comparisons
    return comparisons


def relative_magnitude_intervals(
    estimates: Array, covariance: Array, n_pre: int, m_bar: Sequence[float]
) -> list[tuple[float, float]]:
    """Return the 95% interval of the average after the start at each bound, from coefficients in order of time."""
    study = _event_study(estimates, covariance, n_pre)
    model = _library().HonestDiD(method="relative_magnitude")
    fits = [model.fit(study, M=float(bound)) for bound in m_bar]
    return [(float(fit.ci_lb), float(fit.ci_ub)) for fit in fits]


def _event_study(estimates: Array, covariance: Array, n_pre: int) -> Any:
    """Return given coefficients as the library's own event-study result, the public way in for raw numbers.

    The library reads only the effects, their order and the covariance; the overall numbers are left missing.
    """
    library = _library()
    bins = range(-n_pre, len(estimates) - n_pre)
    nothing = (np.nan, np.nan)
    effects = {
        own: library.PeriodEffect(own, float(value), float(error), np.nan, np.nan, nothing)
        for own, value, error in zip(bins, estimates, np.sqrt(np.diag(covariance)), strict=True)
    }
    return library.MultiPeriodDiDResults(
        period_effects=effects,
        avg_att=np.nan,
        avg_se=np.nan,
        avg_t_stat=np.nan,
        avg_p_value=np.nan,
        avg_conf_int=nothing,
        n_obs=0,
        n_treated=0,
        n_control=0,
        pre_periods=[own for own in bins if own < 0],
        post_periods=[own for own in bins if own >= 0],
        vcov=covariance,
        interaction_indices={own: position for position, own in enumerate(bins)},
    )
