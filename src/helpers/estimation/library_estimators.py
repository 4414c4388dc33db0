"""`library_estimators`: what the established estimators for staggered adoption give, beside ours for comparison.

Callaway and Sant'Anna, Sun and Abraham, and linear imputation, on whole quarters, as the library diff-diff computes
them; the decomposition of the naive two-way estimate; and bounds under violated parallel trends. All of them assume
parallel trends in *levels*, which cannot hold together with ratio parallel trends when wards differ in size, and their
analytic inference needs many treated wards: they are printed and never decide.

References: callaway2021, sunabraham2021, borusyak2024 (the estimators), goodmanbacon2021 (the decomposition),
rambachan2023 (the bounds).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.effects import FEWEST_TREATED, EffectRow, Effects
from helpers.estimation.estimands import ALL_COHORTS, Estimand, headline_estimands
from helpers.estimation.quarters import NEVER_TREATED, Quarters, to_quarters
from helpers.study.design import Design

Array = npt.NDArray[np.float64]

COLUMNS = {"outcome": "outcome", "unit": "ward_id", "time": "quarter", "first_treat": "first_treat"}
REFUSALS = (ValueError, ArithmeticError, LookupError, RuntimeError)
"""What the library raises on data that it cannot use."""
MOST_PRE_BINS, MOST_POST_BINS = 3, 2
"""Of an event study for the bounds: with more bins than this the covariance of so few wards is noise."""
SYMMETRY_TOLERANCE = 1e-8
"""Of a covariance matrix, relative to its largest entry: rounding in a table with nine digits."""
HONEST_METHOD = "HonestDiD, approximate"


@dataclass(frozen=True, slots=True)
class _Fit:
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float


Fits = Mapping[int | str, _Fit]
"""Estimates of one estimator: overall under `ALL_COHORTS`, and by first treated quarter where it has them."""


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
        fits, note, refusal = ({}, "", reason) if reason else _run(estimate, quarters)
        note = "\n".join(filter(None, (*quarters.left_out(), note)))
        for estimand in wanted:
            empty = EffectRow(
                indicator, "two_way", name, estimand.kind, estimand.cohort, scale="level", note=note, reason=refusal
            )
            rows.append(empty if refusal else _row(empty, fits, estimand, quarters))
    return Effects(design, tuple(rows))


def _library() -> Any:
    """Import diff-diff when it is first used: it takes 0.8 s, which every notebook would pay for one table."""
    import diff_diff

    return diff_diff


def _obstacle(quarters: Quarters, *, needs_base: bool) -> str:
    """Return why nothing can be estimated on these quarters, or an empty string."""
    reported = quarters.reported()
    if not (reported["quarter"] >= reported["first_treat"].where(reported["first_treat"] > 0, np.inf)).any():
        return "No treated ward reported a whole quarter after its start and had a clean one before it."
    if reported["outcome"].nunique() == 1:
        return "Every reported value is the same: there is no variation to explain."
    return quarters.missing_base() if needs_base else ""


def _run(estimate: Callable[[Quarters], Fits], quarters: Quarters) -> tuple[Fits, str, str]:
    """Return an estimator's fits, what the library warned of, and why it refused (empty if it did not)."""
    _library()
    fits: Fits = {}
    refusal = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fits = estimate(quarters)
        except REFUSALS as error:
            refusal = f"The library refused: {_one_line(str(error))}"
    return fits, "\n".join(dict.fromkeys(_one_line(str(warning.message)) for warning in caught)), refusal


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _callaway_santanna(quarters: Quarters) -> Fits:
    model = _library().CallawaySantAnna(control_group="not_yet_treated", anticipation=quarters.gap)
    result = model.fit(quarters.reported(), **COLUMNS)
    table = result.aggregate("group")
    columns = (table.label, table.att, table.se, table.conf_int_lower, table.conf_int_upper, table.p_value)
    cohorts: dict[int | str, _Fit] = {
        int(first): _Fit(*map(float, values)) for first, *values in zip(*columns, strict=True)
    }
    return {ALL_COHORTS: _overall(result), **cohorts}


def _sun_abraham(quarters: Quarters) -> Fits:
    model = _library().SunAbraham(control_group="never_treated", anticipation=quarters.gap)
    return {ALL_COHORTS: _overall(model.fit(quarters.reported(), **COLUMNS))}


def _linear_imputation(quarters: Quarters) -> Fits:
    # The gap is dropped already; naming it as anticipation would count a later cohort's clean quarters as treated.
    return {ALL_COHORTS: _overall(_library().ImputationDiD().fit(quarters.reported(), **COLUMNS))}


def _overall(result: Any) -> _Fit:
    values = (result.overall_att, result.overall_se, *result.overall_conf_int, result.overall_p_value)
    return _Fit(*map(float, values))


ESTIMATORS: dict[str, tuple[Callable[[Quarters], Fits], bool, bool]] = {
    "callaway_santanna": (_callaway_santanna, True, True),
    "sun_abraham": (_sun_abraham, False, True),
    "linear_imputation_library": (_linear_imputation, False, False),
}
"""Each estimator, whether it gives effects by cohort, and whether it measures them from one base quarter."""


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


def _with_inference(row: EffectRow, fit: _Fit) -> EffectRow:
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


def bacon_weights(outcome: Array, design: Design) -> pd.DataFrame:
    """Decompose the naive two-way estimate into the comparisons that it averages.

    The two-way regression is of quarterly counts on ward effects, quarter effects and a dummy for treated cells. A
    balanced panel is needed: quarters dropped for one cohort are dropped for all, and wards with a missing quarter are
    left out.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.

    Returns
    -------
    DataFrame
        ``comparison`` (``treated_vs_never``, ``earlier_vs_later``, or ``later_vs_earlier``: the one that uses treated
        wards as comparisons), ``treated_cohort``, ``control_cohort`` ("never", or a cohort), ``weight`` (they sum to
        one), ``estimate`` (incidents per ward and quarter; the weighted sum is the two-way coefficient) and
        ``wards_left_out`` (the same in each row).

    Raises
    ------
    EstimationError
        If no complete ward is treated or none is left to compare with.
    """
    quarters = to_quarters(outcome, design)
    common = quarters.common()
    gaps = set(design.ward_ids) - set(common["ward_id"]) | set(common.loc[common["outcome"].isna(), "ward_id"])
    balanced = common[~common["ward_id"].isin(gaps)]
    try:
        comparisons = _library().BaconDecomposition().fit(balanced, **COLUMNS).comparisons
    except REFUSALS as error:
        raise EstimationError(f"The two-way estimate has no decomposition: {_one_line(str(error))}") from None
    if not comparisons:
        raise EstimationError(
            f"The two-way estimate has no decomposition: {balanced['ward_id'].nunique()} wards report every quarter, "
            "and among them no treated ward has a comparison."
        )
    names = quarters.cohort_names()
    rows = [
        (
            comparison.comparison_type,
            names[int(comparison.treated_group)],
            names.get(comparison.control_group, "never"),
            float(comparison.weight),
            float(comparison.estimate),
        )
        for comparison in comparisons
    ]
    table = pd.DataFrame(rows, columns=["comparison", "treated_cohort", "control_cohort", "weight", "estimate"])
    return table.assign(wards_left_out=", ".join(sorted(gaps)))


def honest_bounds(
    event_estimates: Array, covariance: Array, *, n_pre: int, n_post: int, m_bar: Sequence[float]
) -> pd.DataFrame:
    """Return 95% intervals of the average effect if trends diverge after the start at most `m_bar` times as before.

    "Diverge" is the change of the difference in trends from one bin to the next; before the start, the largest one.
    **Approximate**: the differences before the start are taken as known without error, so the intervals are not the
    robust ones of the paper and may be too short when they are estimated near zero, or too long when they are noise.

    Parameters
    ----------
    event_estimates : ndarray, shape (n_pre + n_post,)
        Long differences against one base bin, in order of time; the base lies between before and after, and is not
        among them.
    covariance : ndarray, shape (n_pre + n_post, n_pre + n_post)
    n_pre, n_post : int
        Bins before (at most `MOST_PRE_BINS`) and after (at most `MOST_POST_BINS`).
    m_bar : sequence of float
        Grid of bounds, 0 or more; 0 is exact parallel trends.

    Returns
    -------
    DataFrame
        ``m_bar``, ``conf_low``, ``conf_high`` (unit of the estimates; bins after the start weigh the same) and
        ``method``.

    Raises
    ------
    EstimationError
        For too many bins, shapes that do not fit, no usable covariance, or a negative bound.

    Examples
    --------
    >>> bounds = honest_bounds(np.array([0.1, -1.0]), np.eye(2) / 100, n_pre=1, n_post=1, m_bar=[0, 1, 10])
    >>> bounds["conf_high"].round(3).tolist()
    [-0.804, -0.704, 0.196]
    >>> breakdown_value(bounds)
    1.0
    """
    _check_event_study(event_estimates, covariance, n_pre, n_post)
    if not all(0 <= bound < np.inf for bound in m_bar):
        raise EstimationError(f"The bounds are {list(m_bar)}; each is a finite number, 0 or more.")
    study = _event_study(event_estimates, covariance, n_pre)
    model = _library().HonestDiD(method="relative_magnitude")
    fits = [model.fit(study, M=float(bound)) for bound in m_bar]
    return pd.DataFrame(
        {
            "m_bar": np.array(m_bar, dtype=float),
            "conf_low": np.array([fit.ci_lb for fit in fits], dtype=float),
            "conf_high": np.array([fit.ci_ub for fit in fits], dtype=float),
            "method": HONEST_METHOD,
        }
    )


def _check_event_study(estimates: Array, covariance: Array, n_pre: int, n_post: int) -> None:
    if not (1 <= n_pre <= MOST_PRE_BINS and 1 <= n_post <= MOST_POST_BINS):
        raise EstimationError(
            f"The event study has {n_pre} bins before and {n_post} after; the bounds take 1 to {MOST_PRE_BINS} before "
            f"and 1 to {MOST_POST_BINS} after. Use wider bins."
        )
    count = n_pre + n_post
    if estimates.shape != (count,) or covariance.shape != (count, count):
        raise EstimationError(
            f"Estimates have shape {estimates.shape} and covariance {covariance.shape}; expected are {count} bins."
        )
    finite = bool(np.isfinite(estimates).all() and np.isfinite(covariance).all())
    if not finite or np.abs(covariance - covariance.T).max() > SYMMETRY_TOLERANCE * np.abs(covariance).max():
        raise EstimationError("Estimates and covariance must be finite, and the covariance symmetric.")
    average = np.r_[np.zeros(n_pre), np.ones(n_post)]
    if not ((np.diag(covariance) > 0).all() and average @ covariance @ average > 0):
        raise EstimationError("The covariance gives a bin, or their average, no variance: there is nothing to bound.")


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


def breakdown_value(bounds: pd.DataFrame) -> float:
    """Return the largest `m_bar` of the grid up to which every interval of `honest_bounds` excludes zero.

    NaN if not even the smallest does. If it is the grid's last, the effect may withstand more.
    """
    ordered = bounds.sort_values("m_bar")
    excludes = (ordered["conf_low"] > 0) | (ordered["conf_high"] < 0)
    held = ordered.loc[excludes.cummin(), "m_bar"]
    return float(held.max()) if len(held) else np.nan
