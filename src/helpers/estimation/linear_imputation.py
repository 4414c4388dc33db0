"""`linear_imputation`: what a percentage or a score would have been in the treated cells, had nothing happened.

The counterpart of `count_imputation` for outcomes that are no counts. A two-way least-squares fit on the untreated
cells (ward and period effects, or ward and town × period effects) is carried into the treated cells. The effect is mean
observed − mean expected, in the outcome's own unit, each reported ward-period weighing the same.

It assumes **level parallel trends**: without the programme, model and comparison wards would have moved by the same
number of points. That suits a percentage away from its ends, and cannot hold for counts of wards that differ in size.

References: borusyak2024 (imputation), callaway2021 (never treated comparisons).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.comparisons import Comparison, fit_together
from helpers.estimation.count_imputation import sums_by_cohort
from helpers.estimation.estimands import Estimand
from helpers.estimation.identification import connected_cells
from helpers.estimation.specification import Specification
from helpers.study.design import UNTREATED, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

METHOD = "least squares"
RANK_TOLERANCE = 1e-10
"""Of the period equations' singular values, relative to the largest: one per connected part is zero but for rounding,
the others are at least of the order of 1 / (W P)."""


@dataclass(frozen=True, slots=True)
class LevelCounterfactual:
    """Observed and expected levels, cell by cell.

    Attributes
    ----------
    design : Design
    specification : str
    observed : ndarray, shape (W, P)
        Percentages or scores; NaN where not reported.
    expected : ndarray, shape (W, P)
        Fitted levels without the programme; NaN where nothing identifies them.
    method : str
        "least squares".
    comparison : str
        Which untreated cells a cohort is compared with.
    """

    design: Design
    specification: Specification
    observed: Array
    expected: Array
    method: str
    comparison: Comparison = "not_yet_treated"

    def cells(self, estimand: Estimand) -> Mask:
        """Return which cells an estimand averages over, shape (W, P): those both reported and identified."""
        return np.asarray(estimand.cells(self.design) & ~np.isnan(self.observed) & ~np.isnan(self.expected))

    def effect(self, estimand: Estimand) -> float:
        """Return mean observed − mean expected of an estimand; NaN where nothing identifies it."""
        cells = self.cells(estimand)
        return float(self.observed[cells].mean() - self.expected[cells].mean()) if cells.any() else np.nan

    def to_frame(self) -> pd.DataFrame:
        """Return means by cohort and period: cohort, period, state, ward_count, observed, expected.

        Means are over the cells that are both reported and identified, and missing where there is none; of a cohort
        only the wards with such a cell after their start are looked at. The never treated are the cohort "never".
        """
        table = sums_by_cohort(self.design, self.observed, self.expected)
        count = table["ward_count"].where(table["ward_count"] > 0)
        return table.assign(observed=table["observed"] / count, expected=table["expected"] / count)


def impute_levels(
    outcome: Array, design: Design, specification: Specification, *, comparison: Comparison = "not_yet_treated"
) -> LevelCounterfactual:
    """Fit the untreated cells by least squares and carry the fit into all cells.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Percentages or scores in the design's order; NaN where not reported.
    comparison : {"not_yet_treated", "never_treated"}
        Which untreated cells a cohort is compared with (`helpers.estimation.comparisons`).

    Raises
    ------
    EstimationError
        If the outcome has another shape or infinite values, or nobody is never treated.
    UsageError
        For an unknown comparison.

    Examples
    --------
    The comparison ward gained 5 points, so 65 were expected of the other, and 68 observed.

    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), ("a", "b"), ("t", "t"),
    ...                 ("x",), (1,), (0, -1), 0)
    >>> fit = impute_levels(np.array([[60.0, 68.0], [70.0, 75.0]]), design, "two_way")
    >>> round(fit.effect(Estimand("overall")), 6)
    3.0
    """
    shape = (len(design.ward_ids), len(design.periods))
    if outcome.shape != shape:
        raise EstimationError(
            f"The outcome has shape {outcome.shape}; the design has {shape[0]} wards and {shape[1]} periods."
        )
    if bool(np.isinf(outcome).any()):
        raise EstimationError("The outcome has infinite levels. Leave a cell that was not reported missing.")
    used = (design.cell_states() == UNTREATED) & ~np.isnan(outcome)
    expected = fit_together(design, specification, comparison, lambda own: fit_levels(outcome[own], used[own]))
    return LevelCounterfactual(design, specification, outcome, expected, METHOD, comparison)


def fit_levels(cells: Array, used: Mask) -> Array:
    """Fit E[Y] = a_w + b_t on the used cells by least squares and return a_w + b_t for all cells.

    Parameters
    ----------
    cells : ndarray, shape (W, P)
        What is not used may be NaN.
    used : ndarray of bool, shape (W, P)
        The cells that are fitted; any pattern.

    Returns
    -------
    ndarray, shape (W, P)
        Fitted levels; NaN where nothing identifies them (`helpers.estimation.identification`).

    Notes
    -----
    Ward effects are eliminated, which leaves one equation a period. They are singular (a constant may move between
    wards and periods, in each connected part); an identified level does not depend on which solution is taken.

    Examples
    --------
    >>> fit_levels(np.array([[1.0, 9.0], [2.0, 3.0]]), np.array([[True, False], [True, True]]))
    array([[1., 2.],
           [2., 3.]])
    """
    weights, values = used.astype(float), np.where(used, cells, 0.0)
    of_ward = np.maximum(weights.sum(axis=1), 1.0)[:, None]
    deviations = (values - values.sum(axis=1, keepdims=True) / of_ward) * weights
    equations = np.diag(weights.sum(axis=0)) - weights.T @ (weights / of_ward)
    periods = np.linalg.lstsq(equations, deviations.sum(axis=0), rcond=RANK_TOLERANCE)[0]
    wards = ((values - periods) * weights).sum(axis=1, keepdims=True) / of_ward
    return np.where(connected_cells(used), wards + periods, np.nan)
