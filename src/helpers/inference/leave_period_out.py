"""The estimate without one period in turn: a month in which something else happened must not carry a result.

References: mack1991 (the closed form that is refitted).
"""

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.blocks import group_members
from helpers.estimation.chain_ladder import climb
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def leave_period_out(analysis: Analysis, specification: Specification, estimand: Estimand) -> Array:
    """Return log(observed / expected) without each period, shape (P,).

    NaN where nothing is observed or nothing expected then, or something of the estimand has no counterfactual any more.

    Notes
    -----
    A period left out is one that nobody reported. In the closed form its column is taken off the group × block sums,
    all periods at once on the trailing axis of one ladder; with gaps in the returns each fit is made anew.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02", "2023-03"), ("a", "b"),
    ...                 ("t", "t"), ("x",), (1,), (0, -1), 0)
    >>> counts = np.array([[10.0, 5.0, 20.0], [10.0, 10.0, 10.0]])
    >>> np.exp(leave_period_out(Analysis("n", counts, design, n_draws=9, seed=1), "two_way", Estimand("overall")))
    array([nan, 2. , 0.5])
    """
    if np.isnan(analysis.outcome).any():
        return _one_by_one(analysis, specification, estimand)
    target = build_target(analysis.design, specification, estimand)
    groups = group_members(analysis.design).astype(float)
    count = len(analysis.design.periods)
    observed, expected, exists = np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    for own, mask in zip(target.members, target.masks, strict=True):
        if mask.any():
            counted, imputed, known = _without_each(groups[:, own] @ analysis.outcome[own], target, mask)
            observed, expected, exists = observed + counted, expected + imputed, exists & known
    return _log_ratio(observed, expected, exists)


def _without_each(cells: Array, target: Target, mask: Mask) -> tuple[Array, Array, Mask]:
    """Return observed and expected sums of one stratum and whether all are known, each of shape (P,).

    `cells` are the group × period sums, shape (G, P).
    """
    blocks = target.blocks
    count = cells.shape[1]
    block = np.searchsorted(blocks.firsts, np.arange(count), side="right") - 1
    sums = np.repeat(blocks.sums(cells)[:, :, None], count, axis=2)
    sums[:, block, np.arange(count)] -= cells
    ladder = climb(sums, blocks.untreated)
    known = np.broadcast_to(ladder.known, sums.shape)
    return sums[mask].sum(axis=0), ladder.expected()[mask].sum(axis=0), np.asarray(known[mask].all(axis=0))


def _one_by_one(analysis: Analysis, specification: Specification, estimand: Estimand) -> Array:
    count = len(analysis.design.periods)
    whole = impute_counterfactual(analysis.outcome, analysis.design, specification).cells(estimand)
    observed, expected, exists = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    for period in range(count):
        outcome = analysis.outcome.copy()
        outcome[:, period] = np.nan
        try:
            fit = impute_counterfactual(outcome, analysis.design, specification)
        except EstimationError:
            continue
        due = whole.copy()
        due[:, period] = False
        exists[period] = np.array_equal(fit.cells(estimand), due)
        observed[period], expected[period] = fit.total(estimand)
    return _log_ratio(observed, expected, exists)


def _log_ratio(observed: Array, expected: Array, exists: Mask) -> Array:
    has_both = exists & (observed > 0) & (expected > 0)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=has_both)
    return np.asarray(np.where(has_both, np.log(ratio), np.nan))
