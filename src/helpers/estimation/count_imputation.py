"""`count_imputation`: what would have been counted in the treated cells, had nothing happened.

The primary estimator. A two-way Poisson quasi-maximum-likelihood fit on the untreated cells (ward and period factors,
or ward and town × period factors) is carried into the treated cells. The effect is observed / expected − 1.

It assumes **ratio parallel trends**: without the programme, model and comparison wards would have moved in proportion.
It needs no assumption on the variance of the counts; zeros are no difficulty; population cancels as long as it is
constant over time. It fails where a town-level shock meets a town that was treated as a whole, which is why both
specifications are always given. Robustness is asked for by keyword: a time-varying exposure, ward trends or town
seasons, and the never treated as the only comparison.

References: borusyak2024 (imputation), wooldridge2023 (nonlinear difference-in-differences), mack1991 (closed form),
callaway2021 (never treated comparisons).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError, UsageError
from helpers.estimation.blocks import build_blocks
from helpers.estimation.chain_ladder import climb
from helpers.estimation.comparisons import Comparison, fit_together
from helpers.estimation.estimands import Estimand
from helpers.estimation.identification import identify_cells
from helpers.estimation.multiplicative import ADJUSTMENTS, Adjustment, adjusted_regressors, fit_multiplicative
from helpers.estimation.specification import Specification
from helpers.estimation.two_way import fit_two_way
from helpers.study.design import DONUT, NEVER, TREATED, UNTREATED, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STATE_NAMES = {UNTREATED: "untreated", DONUT: "donut", TREATED: "treated"}


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Observed and expected counts, cell by cell.

    Attributes
    ----------
    design : Design
    specification : str
    observed : ndarray, shape (W, P)
        Counts; NaN where not reported.
    expected : ndarray, shape (W, P)
        Fitted means without the programme; NaN where nothing identifies them.
    method : {"closed form", "iteration"}
        How the fit was made; both give the same numbers where both apply.
    adjustment, comparison : str
        See `impute_counterfactual`.
    """

    design: Design
    specification: Specification
    observed: Array
    expected: Array
    method: str
    adjustment: Adjustment = "none"
    comparison: Comparison = "not_yet_treated"

    def total(self, estimand: Estimand) -> tuple[float, float]:
        """Return observed and expected incidents over the estimable, reported cells of an estimand."""
        cells = self.cells(estimand)
        return float(self.observed[cells].sum()), float(self.expected[cells].sum())

    def cells(self, estimand: Estimand) -> Mask:
        """Return which cells an estimand adds up, shape (W, P): those both reported and identified."""
        cells = estimand.cells(self.design)
        cells[cells] = ~np.isnan(self.observed[cells]) & ~np.isnan(self.expected[cells])
        return cells

    def effect(self, estimand: Estimand) -> float:
        """Return observed / expected − 1 of an estimand; NaN where nothing is expected or nothing identifies it."""
        observed, expected = self.total(estimand)
        return observed / expected - 1 if expected > 0 else np.nan

    def to_frame(self) -> pd.DataFrame:
        """Return sums by cohort and period: cohort, period, state, ward_count, observed, expected.

        Only cells both reported and identified are added up, and of a cohort only the wards with such a cell after
        their start: others would show in the sums before it and vanish at it. The never treated are the cohort "never".
        """
        return sums_by_cohort(self.design, self.observed, self.expected)


def sums_by_cohort(design: Design, observed: Array, expected: Array) -> pd.DataFrame:
    """Return sums of ward-periods by cohort and period; see `Counterfactual.to_frame`."""
    both = ~np.isnan(observed) & ~np.isnan(expected)
    is_estimated = (both & (design.cell_states() == TREATED)).any(axis=1) | (design.label_array == NEVER)
    both &= is_estimated[:, None]
    cohorts = np.array([*design.cohorts, "never"])[design.label_array]
    rows = pd.DataFrame(
        {
            "cohort": np.repeat(cohorts, len(design.periods)),
            "period": np.tile(design.periods, len(design.ward_ids)),
            "state": pd.Series(design.cell_states().ravel()).map(STATE_NAMES),
            "ward_count": both.ravel().astype(int),
            "observed": np.where(both, observed, 0.0).ravel(),
            "expected": np.where(both, expected, 0.0).ravel(),
        }
    )
    return rows.groupby(["cohort", "period", "state"], as_index=False, sort=True).sum()


def impute_counterfactual(
    outcome: Array,
    design: Design,
    specification: Specification,
    *,
    exposure: Array | None = None,
    adjustment: Adjustment = "none",
    comparison: Comparison = "not_yet_treated",
) -> Counterfactual:
    """Fit the untreated cells and carry the fit into all cells.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts in the design's order (`helpers.panel.outcome_matrix`); NaN where not reported.
    exposure : ndarray, shape (W, P), optional
        Population or the like, positive: the mean is proportional to it. One that is constant over time cancels, and
        changes nothing at all.
    adjustment : {"none", "ward_trends", "town_seasons"}
        Trends of each ward's log mean, or seasons of each town, on top of the specification
        (`helpers.estimation.multiplicative`). A ward that reported only zeros has no known trend, and no counterfactual
        after its start.
    comparison : {"not_yet_treated", "never_treated"}
        Which untreated cells a cohort is compared with (`helpers.estimation.comparisons`).

    Raises
    ------
    EstimationError
        If outcome or exposure has another shape or impossible values, the untreated cells do not hang together, town
        seasons are asked of a specification that contains them, an adjusted fit has no finite maximum, or nobody is
        never treated.
    UsageError
        For an unknown adjustment or comparison.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), ("a", "b"), ("t", "t"),
    ...                 ("x",), (1,), (0, -1), 0)
    >>> fit = impute_counterfactual(np.array([[10.0, 9.0], [20.0, 30.0]]), design, "two_way")
    >>> fit.total(Estimand("overall"))
    (9.0, 15.0)

    The comparison ward's population doubled, so its 30 are a fall to three quarters.

    >>> people = np.array([[1.0, 1.0], [1.0, 2.0]])
    >>> fit = impute_counterfactual(np.array([[10.0, 9.0], [20.0, 30.0]]), design, "two_way", exposure=people)
    >>> round(fit.total(Estimand("overall"))[1], 6)
    7.5
    """
    check_outcome(outcome, design)
    _check_adjustment(adjustment, specification)
    changing = None if exposure is None else _time_varying(exposure, design)
    is_closed = adjustment == "none" and changing is None and not np.isnan(outcome).any()

    def fit(members: npt.NDArray[np.intp]) -> Array:
        own, cells = design.with_wards(members), outcome[members]
        if is_closed:
            return _by_closed_form(cells, own)
        used = (own.cell_states() == UNTREATED) & ~np.isnan(cells)
        sizes = None if changing is None else changing[members]
        if adjustment == "none":
            return fit_two_way(cells, used, sizes)
        regressors = adjusted_regressors(own, adjustment)
        return fit_multiplicative(cells, used, regressors, exposure=sizes, names=own.ward_ids)

    expected = fit_together(design, specification, comparison, fit)
    method = "closed form" if is_closed else "iteration"
    return Counterfactual(design, specification, outcome, expected, method, adjustment, comparison)


def check_outcome(outcome: Array, design: Design) -> None:
    """Check that an outcome has one count, or NaN, for each ward and period of a design.

    Raises
    ------
    EstimationError
        If it has another shape, or a count is negative or infinite.
    """
    shape = (len(design.ward_ids), len(design.periods))
    if outcome.shape != shape:
        raise EstimationError(
            f"The outcome has shape {outcome.shape}; the design has {shape[0]} wards and {shape[1]} periods. "
            "Build it with outcome_matrix, or cut the design to what the counts cover."
        )
    if bool((outcome < 0).any()):
        raise EstimationError("The outcome has negative counts. A correction belongs in the period it corrects.")
    if bool(np.isinf(outcome).any()):
        raise EstimationError("The outcome has infinite counts. Leave a cell that was not reported missing.")


def _check_adjustment(adjustment: Adjustment, specification: Specification) -> None:
    if adjustment not in ADJUSTMENTS:
        raise UsageError(f"There is no adjustment “{adjustment}”. Choose one of: {', '.join(ADJUSTMENTS)}.")
    if adjustment == "town_seasons" and specification == "town_period":
        raise EstimationError(
            "Town × period effects already contain every season of a town. Use town seasons with specification "
            "“two_way”, or no adjustment with “town_period”."
        )


def _time_varying(exposure: Array, design: Design) -> Array | None:
    """Return the exposure, or None if it is constant over time in every ward: ward factors then absorb it."""
    shape = (len(design.ward_ids), len(design.periods))
    if exposure.shape != shape:
        raise EstimationError(
            f"The exposure has shape {exposure.shape}; the design has {shape[0]} wards and {shape[1]} periods. "
            "Repeat a ward's number over its periods if it does not change."
        )
    is_right = np.isfinite(exposure) & (exposure > 0)
    if not is_right.all():
        wards = ", ".join(design.ward_ids[ward] for ward in np.flatnonzero(~is_right.all(axis=1)))
        raise EstimationError(
            f"The exposure is missing, infinite or not positive in {int((~is_right).sum())} ward-periods "
            f"(wards {wards}). Fill it in, or leave those wards out."
        )
    return None if bool((exposure == exposure[:, :1]).all()) else exposure


def _by_closed_form(outcome: Array, design: Design) -> Array:
    """Chain-ladder with each period its own block; wards of one group share its factors."""
    blocks = build_blocks(design, range(len(design.periods)))
    labels = np.where(design.label_array == NEVER, len(design.cohorts), design.label_array)
    groups = np.arange(len(design.cohorts) + 1)
    sums = np.array([outcome[labels == group].sum(axis=0) for group in groups])
    ladder = climb(sums, blocks.untreated)
    used = blocks.untreated[labels]
    own, spans = (outcome * used).sum(axis=1), ladder.spans[labels]
    levels = np.divide(own, spans, out=np.zeros_like(own), where=spans > 0)
    identified = identify_cells(outcome, used)
    return np.where(identified.finite, levels[:, None] * ladder.factors, np.where(identified.zero, 0.0, np.nan))


def silent_wards(outcome: Array, design: Design) -> tuple[str, ...]:
    """Return the wards that reported nothing but zeros: they contribute nothing, and every table names them."""
    return tuple(ward for ward, row in zip(design.ward_ids, outcome, strict=True) if np.nansum(row) == 0)


def cohort_weights(fit: Counterfactual) -> dict[str, float]:
    """Return each treated cohort's share of the incidents expected in the overall effect.

    The overall ratio is the average of the cohorts' ratios with these weights, so a cohort of busy wards that was
    treated early can make up most of it.

    Returns
    -------
    dict of str to float
        Shares sum to 1; 0 for a cohort without a counterfactual, and no entries at all if nothing is expected.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02", "2023-03"), tuple("abc"),
    ...                 ("t",) * 3, ("x", "y"), (1, 2), (0, 1, -1), 0)
    >>> cohort_weights(impute_counterfactual(np.full((3, 3), 6.0), design, "two_way"))
    {'x': 0.6666666666666666, 'y': 0.3333333333333333}
    """
    design, whole = fit.design, fit.total(Estimand("overall"))[1]
    if not whole > 0:
        return {}
    treated = [name for name, start in zip(design.cohorts, design.starts, strict=True) if start < len(design.periods)]
    return {cohort: fit.total(Estimand("cohort", cohort))[1] / whole for cohort in treated}
