"""The effective sample: which wards, cohorts and years an estimate really rests on, estimator by estimator.

Thirty-two wards and sixty months are in the table, but an estimate weighs them very unequally: busy wards more than
quiet ones, some towns not at all. All weights here are known before any effect: they depend on the design, on what was
reported, and on the untreated cells alone.

References: goodmanbacon2021, dechaisemartin2020.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.checks.design_rows import design_rows
from helpers.errors import EstimationError
from helpers.estimation.bacon_weights import bacon_weights
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.regression_weights import two_way_weights
from helpers.estimation.specification import SPECIFICATIONS, Specification
from helpers.panel import outcome_matrix
from helpers.study.design import TREATED, UNTREATED, Design

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

NAIVE = "naive_regression"
"""Stands in ``specification`` for the two-way regression that everyone else would run."""
TREATED_SHARE, COMPARISON_SHARE, NEGATIVE_SHARE = "treated_share", "comparison_share", "negative_share"
NOTHING_EXPECTED = "nothing is expected in any cell that a comparison identifies"


def effective_sample(panel: pd.DataFrame, design: Design, indicators: Sequence[str]) -> pd.DataFrame:
    """Return each ward's, cohort's and year's share of what an estimate rests on.

    In count imputation a treated ward-period weighs what is expected in it, and the incidents of a comparison ward what
    they contribute to these expectations. In the naive regression a cell weighs what its coefficient gives it.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    design : Design
    indicators : sequence of str
        Counts.

    Returns
    -------
    DataFrame
        Design rows. ``specification`` is one of the two of count imputation, or `NAIVE`. ``treated_share`` is given by
        cohort, by year (of all cohorts) and by ward, ``comparison_share`` by ward; each sums to 1. ``negative_share``
        (naive regression, by cohort) is the part of the weights that treated cells have with the wrong sign.
    """
    rows: list[Row] = []
    for indicator in indicators:
        outcome = outcome_matrix(panel, design, indicator)
        for specification in SPECIFICATIONS:
            place = {"indicator": indicator, "specification": specification}
            rows += _of_imputation(place, outcome, design, specification)
        rows += _of_regression({"indicator": indicator, "specification": NAIVE}, outcome, design)
    return design_rows("effective_sample", rows)


def naive_comparisons(panel: pd.DataFrame, design: Design, indicator: str) -> pd.DataFrame:
    """Return which comparisons the naive two-way regression averages, and with what weights (Goodman-Bacon).

    Its estimates stay out of sight: this is about the design.

    Returns
    -------
    DataFrame
        Design rows: ``cohort`` is compared with ``against`` ("never" or a cohort); ``measure`` is ``treated_vs_never``,
        ``earlier_vs_later`` or ``later_vs_earlier`` (treated wards as comparisons) and ``value`` its weight. A single
        row with the reason where there is no decomposition.
    """
    outcome = outcome_matrix(panel, design, indicator)
    place = {"indicator": indicator, "specification": NAIVE}
    try:
        found = bacon_weights(outcome, design)
    except EstimationError as error:
        return design_rows("naive_comparisons", [{**place, "measure": "weight", "value": np.nan, "reason": str(error)}])
    rows = [
        {
            **place,
            "measure": row["comparison"],
            "cohort": row["treated_cohort"],
            "against": row["control_cohort"],
            "value": row["weight"],
            "reason": f"left out, a quarter being missing: {row['wards_left_out']}" if row["wards_left_out"] else "",
        }
        for row in found.to_dict("records")
    ]
    return design_rows("naive_comparisons", rows)


def _of_imputation(place: Row, outcome: Array, design: Design, specification: Specification) -> list[Row]:
    try:
        fit = impute_counterfactual(outcome, design, specification)
    except EstimationError as error:
        return [{**place, "measure": TREATED_SHARE, "value": np.nan, "reason": str(error)}]
    expected = np.where(fit.cells(Estimand("overall")), fit.expected, 0.0)
    whole = float(expected.sum())
    if not whole > 0:
        return [{**place, "measure": TREATED_SHARE, "value": np.nan, "reason": NOTHING_EXPECTED}]
    lent = _lent(outcome, expected, design, specification)
    return _shares(place, expected / whole, lent, design)


def _lent(outcome: Array, expected: Array, design: Design, specification: Specification) -> Array:
    """Return each ward-period's share of what is expected: that of the untreated incidents of its own period.

    An expected count is carried forward by how the untreated wards of its stratum moved, each with its incidents.
    """
    untreated = np.where((design.cell_states() == UNTREATED) & ~np.isnan(outcome), outcome, 0.0)
    strata = np.array(design.town_codes) if specification == "town_period" else np.zeros(len(design.labels))
    lent = np.zeros_like(untreated)
    for name in np.unique(strata):
        own = strata == name
        total = untreated[own].sum(axis=0)
        share = np.divide(untreated[own], total, out=np.zeros_like(untreated[own]), where=total > 0)
        lent[own] = share * expected[own].sum(axis=0)
    whole = float(lent.sum())
    return np.asarray(lent / whole) if whole > 0 else lent


def _of_regression(place: Row, outcome: Array, design: Design) -> list[Row]:
    try:
        weights = two_way_weights(~np.isnan(outcome), design)
    except EstimationError as error:
        return [{**place, "measure": TREATED_SHARE, "value": np.nan, "reason": str(error)}]
    treated = np.where(design.cell_states() == TREATED, weights, 0.0)
    # Weights of a ward sum to zero, so only its periods beside treated ones say how much it serves as a comparison.
    beside = np.where(np.arange(len(design.periods)) >= min(design.starts), treated - weights, 0.0)
    negative = np.minimum(treated, 0.0)
    rows = _shares(place, treated, beside, design)
    return rows + [
        {**place, "cohort": name, "measure": NEGATIVE_SHARE, "value": float(negative[own].sum())}
        for name, own in _cohorts(design)
    ]


def _shares(place: Row, treated: Array, comparison: Array, design: Design) -> list[Row]:
    years = np.array([period[:4] for period in design.periods])
    rows: list[Row] = [
        {**place, "cohort": name, "measure": TREATED_SHARE, "value": float(treated[own].sum())}
        for name, own in _cohorts(design)
    ]
    rows += [
        {**place, "period": year, "measure": TREATED_SHARE, "value": float(treated[:, years == year].sum())}
        for year in sorted(set(years[min(design.starts) :].tolist()))
    ]
    names = (*design.cohorts, "never")
    for measure, cells in ((TREATED_SHARE, treated), (COMPARISON_SHARE, comparison)):
        for ward in np.flatnonzero(cells.any(axis=1)):
            own = {"cohort": names[design.labels[ward]], "ward_id": design.ward_ids[ward]}
            rows.append(
                {
                    **place,
                    **own,
                    "town_code": design.town_codes[ward],
                    "measure": measure,
                    "value": float(cells[ward].sum()),
                }
            )
    return rows


def _cohorts(design: Design) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return the wards of each cohort that is treated inside the window."""
    labels, count = design.label_array, len(design.periods)
    return [
        (name, labels == label)
        for label, (name, start) in enumerate(zip(design.cohorts, design.starts, strict=True))
        if start < count
    ]
