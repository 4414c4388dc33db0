"""`count_imputation`: what would have been counted in the treated cells, had nothing happened.

The primary estimator. A two-way Poisson quasi-maximum-likelihood fit on the untreated cells (ward and period factors,
or ward and town × period factors) is carried into the treated cells. The effect is observed / expected − 1.

It assumes **ratio parallel trends**: without the programme, model and comparison wards would have moved in proportion.
It needs no assumption on the variance of the counts; zeros are no difficulty; population cancels as long as it is
constant over time. It fails where a town-level shock meets a town that was treated as a whole, which is why both
specifications are always given.

References: borusyak2024 (imputation), wooldridge2023 (nonlinear difference-in-differences), mack1991 (closed form).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.blocks import build_blocks, strata
from helpers.estimation.chain_ladder import climb
from helpers.estimation.estimands import Estimand
from helpers.estimation.identification import identify_cells
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
    """

    design: Design
    specification: Specification
    observed: Array
    expected: Array
    method: str

    def total(self, estimand: Estimand) -> tuple[float, float]:
        """Return observed and expected incidents over the estimable, reported cells of an estimand."""
        cells = self.cells(estimand)
        return float(self.observed[cells].sum()), float(self.expected[cells].sum())

    def cells(self, estimand: Estimand) -> Mask:
        """Return which cells an estimand adds up, shape (W, P)."""
        chosen = np.zeros(self.observed.shape, dtype=bool)
        for position, label in enumerate(self.design.labels):
            if label != NEVER:
                chosen[position, list(estimand.window(self.design, label))] = True
        return np.asarray(chosen & ~np.isnan(self.observed) & ~np.isnan(self.expected))

    def effect(self, estimand: Estimand) -> float:
        """Return observed / expected − 1 of an estimand; NaN where nothing is expected or nothing identifies it."""
        observed, expected = self.total(estimand)
        return observed / expected - 1 if expected > 0 else np.nan

    def to_frame(self) -> pd.DataFrame:
        """Return sums by cohort and period: cohort, period, state, ward_count, observed, expected.

        Only cells both reported and identified are added up, and of a cohort only the wards with such a cell after
        their start: others would show in the sums before it and vanish at it. The never treated are the cohort "never".
        """
        design = self.design
        both = ~np.isnan(self.observed) & ~np.isnan(self.expected)
        is_estimated = (both & (design.cell_states() == TREATED)).any(axis=1) | (design.label_array == NEVER)
        both &= is_estimated[:, None]
        cohorts = np.array([*design.cohorts, "never"])[design.label_array]
        rows = pd.DataFrame(
            {
                "cohort": np.repeat(cohorts, len(design.periods)),
                "period": np.tile(design.periods, len(design.ward_ids)),
                "state": pd.Series(design.cell_states().ravel()).map(STATE_NAMES),
                "ward_count": both.ravel().astype(int),
                "observed": np.where(both, self.observed, 0.0).ravel(),
                "expected": np.where(both, self.expected, 0.0).ravel(),
            }
        )
        return rows.groupby(["cohort", "period", "state"], as_index=False, sort=True).sum()


def impute_counterfactual(outcome: Array, design: Design, specification: Specification) -> Counterfactual:
    """Fit the untreated cells and carry the fit into all cells.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts in the design's order (`helpers.panel.outcome_matrix`); NaN where not reported.

    Raises
    ------
    EstimationError
        If the outcome has another shape or negative values, or the untreated cells do not hang together.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), ("a", "b"), ("t", "t"),
    ...                 ("x",), (1,), (0, -1), 0)
    >>> fit = impute_counterfactual(np.array([[10.0, 9.0], [20.0, 30.0]]), design, "two_way")
    >>> fit.total(Estimand("overall"))
    (9.0, 15.0)
    """
    _check_outcome(outcome, design)
    has_gaps = bool(np.isnan(outcome).any())
    fit = _by_iteration if has_gaps else _by_closed_form
    expected = np.full(outcome.shape, np.nan)
    for members in strata(design, specification):
        expected[members] = fit(outcome[members], design.with_wards(members))
    return Counterfactual(design, specification, outcome, expected, "iteration" if has_gaps else "closed form")


def _check_outcome(outcome: Array, design: Design) -> None:
    shape = (len(design.ward_ids), len(design.periods))
    if outcome.shape != shape:
        raise EstimationError(
            f"The outcome has shape {outcome.shape}; the design has {shape[0]} wards and {shape[1]} periods."
        )
    if bool((outcome < 0).any()):
        raise EstimationError("The outcome has negative counts. A correction belongs in the period it corrects.")


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


def _by_iteration(outcome: Array, design: Design) -> Array:
    return fit_two_way(outcome, (design.cell_states() == UNTREATED) & ~np.isnan(outcome))


def silent_wards(outcome: Array, design: Design) -> tuple[str, ...]:
    """Return the wards that reported nothing but zeros: they contribute nothing, and every table names them."""
    return tuple(ward for ward, row in zip(design.ward_ids, outcome, strict=True) if np.nansum(row) == 0)
