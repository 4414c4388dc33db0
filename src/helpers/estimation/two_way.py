"""The two-way Poisson fit by iteration on ward rows, for any pattern of untreated cells.

Slower than the chain-ladder and equal to it where the untreated cells form a staircase; needed where they do not: a
ward that did not report a period, an exposure that changes over time, and every null fit over cells of which some are
missing.
"""

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.identification import identify_cells

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 1e-12
"""Largest relative change of any fitted margin at which the iteration stops: four digits below the 1e-8 promised."""
MOST_ITERATIONS = 20_000
"""Each step costs W × P multiplications; connected designs of this project need fewer than a hundred."""


def fit_two_way(cells: Array, used: Mask, exposure: Array | None = None) -> Array:
    """Fit E[Y] = exposure · a_w · b_t on the used cells and return these means for all cells.

    Parameters
    ----------
    cells : ndarray, shape (W, P)
        Counts, at least 0; what is not used may be NaN.
    used : ndarray of bool, shape (W, P)
        The cells that are fitted.
    exposure : ndarray, shape (W, P), optional
        Positive, such as the population; 1 everywhere if left out. One that is a ward's times a period's cancels.

    Returns
    -------
    ndarray, shape (W, P)
        Fitted means; NaN where nothing identifies them (`helpers.estimation.identification`).

    Raises
    ------
    EstimationError
        If the iteration does not settle.

    Notes
    -----
    Iterative proportional fitting: each half-step solves the score equations of one margin exactly. It runs on the
    cells whose mean is positive and identified; there the maximum is interior and the steps shrink geometrically.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.array([[10.0, 9.0], [20.0, 30.0]])
    >>> fit_two_way(cells, np.array([[True, False], [True, True]]))
    array([[10., 15.],
           [20., 30.]])
    """
    identified = identify_cells(cells, used)
    fitted = used & identified.finite
    sizes = np.ones(used.shape) if exposure is None else exposure
    weights, counts = fitted * sizes, np.where(fitted, cells, 0.0)
    row_sums, column_sums = counts.sum(axis=1), counts.sum(axis=0)
    filled = _safe(column_sums, weights.sum(axis=0))
    for _ in range(MOST_ITERATIONS):
        rows = _safe(row_sums, weights @ filled)
        updated = _safe(column_sums, rows @ weights)
        settled = np.abs(updated - filled) <= TOLERANCE * np.maximum(updated, filled)
        filled = updated
        if settled.all():
            break
    else:
        raise EstimationError(
            "The two-way fit does not settle. Fill the gaps in the returns, or leave out wards that reported little."
        )
    means = _safe(row_sums, weights @ filled)[:, None] * filled * sizes
    expected = np.where(identified.finite, means, np.nan)
    return np.asarray(np.where(identified.zero, 0.0, expected))


def _safe(numerator: Array, denominator: Array) -> Array:
    return np.asarray(np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0))
