r"""`twfe_rings`: the two-way regression of the level, with wards near a treated one as regressors of their own.

.. math:: Y_{wt} = a_w + b_t + δ_0 D^0_{wt} + δ_1 D^1_{wt} + … + δ_k D^k_{wt} + e_{wt}

D⁰ says that a ward is treated by then, Dʳ that it is not and the nearest treated ward lies r borders away. Wards
further away are the comparison. If neighbours are touched by the programme, δ_0 is measured against wards that are not,
and δ_1, δ_2 say what happened to the neighbours. It assumes parallel trends in levels and no effect beyond ring k.

References: ditella2004 (the published numbers this reproduces), mackinnon1985 (HC1).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.twfe_linear import demean
from helpers.study.design import DONUT, TREATED, Design
from helpers.study.rings import Rings

Array = npt.NDArray[np.float64]

SMALLEST_VARIATION = 1e-9
"""Of a regressor after ward and period means are out: less is rounding, and there is nothing to fit."""


@dataclass(frozen=True, slots=True)
class RingFit:
    """Coefficients by ring, 0 (the treated wards) first, in incidents per ward and period.

    Attributes
    ----------
    coefficients, std_errors : tuple of float, length k + 1
        With HC1 errors; the factor n / (n − parameters) counts all ward and period effects.
    ward_counts : tuple of int, length k + 1
        Wards that are ever in that ring after a start.
    n_obs : int
        Ward-periods used.
    """

    coefficients: tuple[float, ...]
    std_errors: tuple[float, ...]
    ward_counts: tuple[int, ...]
    n_obs: int


def twfe_rings(outcome: Array, design: Design, rings: Rings, farthest: int) -> RingFit:
    """Fit one coefficient for the treated wards and one for each ring up to the farthest.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Values; NaN where not reported. Donut cells are left out.
    farthest : int
        The last ring with a coefficient; 0 is the plain two-way regression.

    Raises
    ------
    EstimationError
        If a ring is empty, or does not vary within wards and periods once the others are accounted for.

    Examples
    --------
    A street of four blocks: the first is guarded, its neighbour gains what it loses.

    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> rings = Rings(np.array([[0, 1, 2, 3]]), 0)
    >>> counts = np.array([[4.0, 1.0], [4.0, 7.0], [4.0, 4.0], [5.0, 5.0]])
    >>> [round(one, 6) for one in twfe_rings(counts, design, rings, 1).coefficients]
    [-3.0, 3.0]
    """
    states = design.cell_states()
    used = (states != DONUT) & ~np.isnan(outcome)
    steps = np.where(states == TREATED, 0, np.maximum(rings.by_period(design), 1))
    members = [(steps == ring) & used for ring in range(farthest + 1)]
    regressors = np.column_stack([demean(own.astype(float), used) for own in members])
    empty = [str(ring) for ring, column in enumerate(regressors.T) if not np.abs(column).max() > SMALLEST_VARIATION]
    if empty or np.linalg.matrix_rank(regressors) < farthest + 1:
        raise EstimationError(f"Ring {', '.join(empty) or farthest} cannot be told from the ward and period effects.")
    values = demean(np.where(used, outcome, 0.0), used)
    coefficients, std_errors = _least_squares(values, regressors, int(used.any(axis=1).sum() + used.any(axis=0).sum()))
    counts = tuple(int(own.any(axis=1).sum()) for own in members)
    return RingFit(tuple(coefficients.tolist()), tuple(std_errors.tolist()), counts, int(used.sum()))


def _least_squares(values: Array, regressors: Array, effects: int) -> tuple[Array, Array]:
    """Return coefficients and HC1 errors; `effects` is the number of ward and period effects, one of them redundant."""
    bread = np.linalg.inv(regressors.T @ regressors)
    coefficients = bread @ regressors.T @ values
    scores = regressors * (values - regressors @ coefficients)[:, None]
    parameters = effects - 1 + regressors.shape[1]
    if len(values) <= parameters:
        raise EstimationError(f"{len(values)} reported cells cannot carry {parameters} coefficients and effects.")
    vcov = bread @ (scores.T @ scores) @ bread * len(values) / (len(values) - parameters)
    return np.asarray(coefficients), np.asarray(np.sqrt(np.diag(vcov)))
