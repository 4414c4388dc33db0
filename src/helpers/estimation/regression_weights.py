"""Which cells the naive two-way regression weighs, and how: some treated cells may even count with the wrong sign.

A regression of the outcome on ward effects, period effects and a dummy for treated cells estimates the dummy's
coefficient as a weighted sum of all cells. The weights depend on the design and on what was reported, never on the
outcome.

References: dechaisemartin2020.
"""

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.study.design import DONUT, TREATED, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 1e-10
"""Of the largest ward or period mean that is left: far below what a printed share could show."""
MOST_SWEEPS = 10_000


def two_way_weights(reported: Mask, design: Design) -> Array:
    """Return the weight of each cell in the coefficient of the naive two-way regression.

    Parameters
    ----------
    reported : ndarray of bool, shape (W, P)

    Returns
    -------
    ndarray, shape (W, P)
        Weights of treated cells sum to 1, those of untreated cells to −1; 0 in the donut and where nothing was
        reported. The coefficient is the weighted sum of the outcome. A negative weight of a treated cell means that it
        serves as a comparison for others.

    Raises
    ------
    EstimationError
        If treatment does not vary within wards and periods, or the reported cells fall into unconnected parts.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "year", ("2022", "2023"), tuple("abc"), ("t",) * 3, ("x",), (1,),
    ...                 (0, -1, -1), 0)
    >>> two_way_weights(np.ones((3, 2), dtype=bool), design).round(3).tolist()
    [[-1.0, 1.0], [0.5, -0.5], [0.5, -0.5]]
    """
    states = design.cell_states()
    used = reported & (states != DONUT)
    treated = used & (states == TREATED)
    residual = _without_margins(treated.astype(float), used)
    total = float(residual[treated].sum())
    if not total > TOLERANCE:
        raise EstimationError(
            "Treatment does not vary within wards and periods: a two-way regression has nothing to weigh."
        )
    return np.asarray(residual / total)


def _without_margins(cells: Array, used: Mask) -> Array:
    """Return the cells without their ward and period means over the used ones, by alternating sweeps."""
    rest = np.where(used, cells, 0.0)
    by_ward, by_period = np.maximum(used.sum(axis=1), 1), np.maximum(used.sum(axis=0), 1)
    for _ in range(MOST_SWEEPS):
        ward_means = rest.sum(axis=1) / by_ward
        rest = (rest - ward_means[:, None]) * used
        period_means = rest.sum(axis=0) / by_period
        rest = (rest - period_means[None, :]) * used
        if max(np.abs(ward_means).max(), np.abs(period_means).max()) < TOLERANCE:
            return np.asarray(rest)
    raise EstimationError(
        "Taking out ward and period means does not settle: the reported cells fall into unconnected parts."
    )
