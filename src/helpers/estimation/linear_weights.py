"""The two-way least-squares fit in closed form: the weights with which an expected sum adds up group × block sums.

`linear_imputation` is linear in the outcome and, without gaps, sees a labelling only through group × block sums. So
what it expects of an estimand's cells is a weighted sum of the untreated ones, with weights that depend on how many
wards a group has and on nothing that was counted: one small matrix serves every relabelling that keeps the group sizes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.estimation.comparisons import Comparison

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RANK_TOLERANCE = 1e-10
"""Of singular values, relative to the largest: a constant may move between groups and blocks, nothing else may."""


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """How an estimand's observed and expected sums add up group × block sums; both of shape (G, K)."""

    observed: Array
    expected: Array


def linear_weights(sizes: Array, lengths: Array, untreated: Mask, mask: Mask, comparison: Comparison) -> LinearWeights:
    """Return the weights of an estimand's cells; those of a block in which no other ward is untreated are left out.

    Parameters
    ----------
    sizes : ndarray, shape (G,)
        Wards of each group, the never treated last; a group may have none.
    lengths : ndarray, shape (K,)
        Periods of each block.
    untreated, mask : ndarray of bool, shape (G, K)
        The staircase, and the estimand's cells.
    comparison : {"not_yet_treated", "never_treated"}

    Examples
    --------
    One treated and two comparison wards: a ward's expected level is its own before plus their average change.

    >>> untreated = np.array([[True, False], [True, True]])
    >>> mask = np.array([[False, True], [False, False]])
    >>> linear_weights(np.array([1.0, 2.0]), np.ones(2), untreated, mask, "not_yet_treated").expected.round(6).tolist()
    [[1.0, 0.0], [-0.5, 0.5]]
    """
    if comparison == "not_yet_treated":
        return _fitted_together(sizes, lengths, untreated, mask)
    last = len(sizes) - 1
    observed, expected = np.zeros(mask.shape), np.zeros(mask.shape)
    for group in np.flatnonzero(mask.any(axis=1) & (sizes > 0)).tolist():
        own = [group, last]
        fit = _fitted_together(sizes[own], lengths, untreated[own], mask[own])
        observed[own] += fit.observed
        expected[own] += fit.expected
    return LinearWeights(observed, expected)


def _fitted_together(sizes: Array, lengths: Array, untreated: Mask, mask: Mask) -> LinearWeights:
    """Return the weights where all groups share one fit."""
    groups, blocks = mask.shape
    taken = mask & (untreated & (sizes[:, None] > 0)).any(axis=0)
    cells = sizes[:, None] * lengths
    wanted, fitted = (cells * taken).ravel(), (cells * untreated).ravel()
    rows = np.hstack([np.repeat(np.eye(groups), blocks, axis=0), np.tile(np.eye(blocks), (groups, 1))])
    inverse = np.linalg.pinv(rows.T @ (rows * fitted[:, None]), rcond=RANK_TOLERANCE, hermitian=True)
    expected = rows @ (inverse @ (rows.T @ wanted)) * (fitted > 0)
    return LinearWeights(taken.astype(float), np.asarray(expected.reshape(groups, blocks)))
