r"""Multiplicative count fits with more than ward and period factors: ward trends, and seasons of each town.

.. math:: E[Y_{wt}] = \text{exposure}_{wt} \, \exp(x_{wt}'\beta) \quad \text{on untreated cells}

with dummies of wards and periods in x, and either a linear trend of each ward's log or dummies of town × season. A
trend is carried on beyond the clean periods, so what it says grows uncertain with every period after the start: these
are robustness checks of `count_imputation`, never its replacement.

References: wooldridge1999 (Poisson quasi-likelihood for panels), santossilva2006 (its use without a variance model).
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.spatial import KDTree

from helpers.errors import EstimationError, UsageError
from helpers.study.design import Design
from helpers.study.periods import PERIODS_PER_YEAR, period_number

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Adjustment = Literal["none", "ward_trends", "town_seasons"]
ADJUSTMENTS: tuple[Adjustment, ...] = get_args(Adjustment)

MOST_WARDS, MOST_PERIODS = 100, 200
"""The fit holds a dense row per cell; beyond this it would take minutes and gigabytes."""
RANK_TOLERANCE = 1e-10
"""Of singular values, relative to the largest: far above rounding, far below a trend seen over two periods."""
SPACE_TOLERANCE = 1e-7
"""Largest distance of a cell's row (entries at most 1) from the rows that identify it: rounding over a long window."""
STEP_TOLERANCE = 1e-9
"""Largest change of any log mean at which Newton's method stops; it converges quadratically, so the error is below."""
ROUNDING = 1e-12
"""Relative fall of the log likelihood that is no fall: the last, tiny steps are lost in adding up the cells."""
MOST_STEPS = 60
MOST_HALVINGS = 30
FEWEST_EXPECTED = 1e-12
"""Incidents: a fitted mean below this means that a factor is on its way to nothing, and has no finite estimate."""


def adjusted_regressors(design: Design, adjustment: Adjustment) -> Array:
    """Return the regressors of a design's cells: dummies of wards and periods, then those of the adjustment.

    Parameters
    ----------
    adjustment : {"none", "ward_trends", "town_seasons"}
        Trends are linear in the period, scaled to −1 … 1 over the window. A season is the position of the period in
        its year (month 1–12, quarter 1–4).

    Returns
    -------
    ndarray, shape (W, P, K)
        Columns may be collinear: only means that do not depend on it are used.

    Raises
    ------
    EstimationError
        If seasons are asked of yearly data.
    UsageError
        For an unknown adjustment.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_quarter", ("2022Q4", "2023Q1"), ("a", "b"), ("t", "u"),
    ...                 ("x",), (1,), (0, -1), 0)
    >>> adjusted_regressors(design, "ward_trends")[0, :, :5].tolist()
    [[1.0, 0.0, 1.0, 0.0, -1.0], [1.0, 0.0, 0.0, 1.0, 1.0]]
    """
    if adjustment not in ADJUSTMENTS:
        raise UsageError(f"There is no adjustment “{adjustment}”. Choose one of: {', '.join(ADJUSTMENTS)}.")
    wards, periods = np.eye(len(design.ward_ids)), np.eye(len(design.periods))
    shape = (len(wards), len(periods))
    parts = [
        np.broadcast_to(wards[:, None], (*shape, len(wards))),
        np.broadcast_to(periods[None], (*shape, len(periods))),
    ]
    if adjustment == "ward_trends":
        parts.append(wards[:, None] * np.linspace(-1.0, 1.0, len(periods))[:, None])
    if adjustment == "town_seasons":
        parts.append(_town_seasons(design))
    return np.concatenate(parts, axis=-1)


def _town_seasons(design: Design) -> Array:
    per_year = PERIODS_PER_YEAR[design.period_kind]
    if per_year == 1:
        raise EstimationError("Yearly data have no seasons. Use monthly or quarterly data, or do without town seasons.")
    numbers = np.array([period_number(design.period_kind, period) for period in design.periods])
    seasons = np.eye(per_year)[numbers % per_year]
    towns = np.array(sorted(set(design.town_codes)))
    in_town = (np.array(design.town_codes)[:, None] == towns).astype(float)
    product = in_town[:, None, :, None] * seasons[None, :, None, :]
    return np.asarray(product.reshape(*product.shape[:2], -1))


def fit_multiplicative(
    cells: Array, used: Mask, regressors: Array, *, exposure: Array | None = None, names: Sequence[str] = ()
) -> Array:
    """Fit a Poisson regression with log link on the used cells, and return its means for all cells.

    Parameters
    ----------
    cells : ndarray, shape (W, P)
        Counts, at least 0; what is not used may be NaN.
    used : ndarray of bool, shape (W, P)
        The cells that are fitted.
    regressors : ndarray, shape (W, P, K)
        Collinear columns are no difficulty. A column of zeros and ones without any incident where it is 1 has the
        factor zero.
    exposure : ndarray, shape (W, P), optional
        Positive; multiplies the mean.
    names : sequence of str, length W, optional
        What the rows are called in an error; otherwise they are numbered from 1.

    Returns
    -------
    ndarray, shape (W, P)
        Fitted means; NaN where nothing identifies them: a cell's regressors must be a combination of those of fitted
        cells (or, for a mean of zero, differ by such a combination from a cell whose factor is zero).

    Raises
    ------
    EstimationError
        If there are too many cells, the regressors have another shape, or the likelihood has no finite maximum.

    Examples
    --------
    Ward a falls by half each period, b stays: with trends of its own a is expected to go on falling.

    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02", "2023-03"), ("a", "b"),
    ...                 ("t", "t"), ("x",), (2,), (0, -1), 0)
    >>> used = np.array([[True, True, False], [True, True, True]])
    >>> cells = np.array([[80.0, 40.0, 5.0], [10.0, 10.0, 10.0]])
    >>> fit_multiplicative(cells, used, adjusted_regressors(design, "ward_trends"))[0].round(6).tolist()
    [80.0, 40.0, 20.0]
    """
    _check_sizes(used, regressors)
    rows = regressors.reshape(used.size, -1)
    counts, is_used = np.where(used, cells, 0.0).ravel(), used.ravel()
    offset = np.zeros(used.size) if exposure is None else np.log(exposure).ravel()
    is_silent = is_used & _has_silent_dummy(rows, counts, is_used)
    fitted = is_used & ~is_silent
    basis, scale = _row_space(rows[fitted])
    beyond = rows - (rows @ basis) @ basis.T
    is_finite = np.abs(beyond).max(axis=1) <= SPACE_TOLERANCE
    expected = np.full(used.size, np.nan)
    if fitted.any():
        spread = rows @ (basis / scale)
        coefficients, settled = _maximise(counts[fitted], offset[fitted], spread[fitted])
        log_means = offset + spread @ coefficients
        if not settled or log_means[fitted].min() < np.log(FEWEST_EXPECTED):
            vanishing = (fitted & (log_means < np.log(FEWEST_EXPECTED))).reshape(used.shape).any(axis=1)
            raise EstimationError(_no_maximum(vanishing, names))
        expected[is_finite] = np.exp(log_means[is_finite])
    expected[_is_zero(beyond, is_silent, is_finite)] = 0.0
    return expected.reshape(used.shape)


def _check_sizes(used: Mask, regressors: Array) -> None:
    wards, periods = used.shape
    if wards > MOST_WARDS or periods > MOST_PERIODS:
        raise EstimationError(
            f"{wards} wards and {periods} periods are too many for trends or seasons: at most {MOST_WARDS} wards and "
            f"{MOST_PERIODS} periods. Use longer periods, fewer wards, or no adjustment."
        )
    if regressors.shape[:2] != used.shape:
        raise EstimationError(f"Regressors have shape {regressors.shape}; expected is a row for each of {used.shape}.")


def _has_silent_dummy(rows: Array, counts: Array, is_used: Mask) -> Mask:
    """Return the cells of a ward, period or town season whose used cells have no incident: their mean is zero."""
    is_dummy = ((rows == 0) | (rows == 1)).all(axis=0)
    is_silent = is_dummy & (rows[is_used].sum(axis=0) > 0) & (counts @ rows == 0)
    return np.asarray((rows[:, is_silent] > 0).any(axis=1))


def _row_space(rows: Array) -> tuple[Array, Array]:
    """Return an orthonormal basis of the rows' space, shape (K, rank), and the singular values, shape (rank,)."""
    triangle = np.linalg.qr(rows, mode="r")
    _, scale, across = np.linalg.svd(triangle, full_matrices=False)
    rank = int((scale > RANK_TOLERANCE * scale.max(initial=0.0)).sum())
    return np.asarray(across[:rank].T), np.asarray(scale[:rank])


def _maximise(counts: Array, offset: Array, spread: Array) -> tuple[Array, bool]:
    """Return Newton's maximum of the log likelihood, and whether it was reached; `spread` has orthonormal columns."""
    coefficients = spread.T @ (np.log((counts + counts.mean()) / 2) - offset)
    value = _log_likelihood(counts, offset + spread @ coefficients)
    slack = ROUNDING * (abs(value) + counts.sum())
    for _ in range(MOST_STEPS):
        means = np.exp(offset + spread @ coefficients)
        try:
            factor = cho_factor(spread.T @ (means[:, None] * spread))
        except LinAlgError:
            return coefficients, False
        step = cho_solve(factor, spread.T @ (counts - means))
        if np.abs(spread @ step).max() <= STEP_TOLERANCE:
            return coefficients + step, True
        for _ in range(MOST_HALVINGS):
            reached = _log_likelihood(counts, offset + spread @ (coefficients + step))
            if reached >= value - slack:
                break
            step = step / 2
        coefficients, value = coefficients + step, reached
    return coefficients, False


def _log_likelihood(counts: Array, log_means: Array) -> float:
    with np.errstate(over="ignore"):  # too long a step: minus infinity, and the step is halved
        return float(counts @ log_means - np.exp(log_means).sum())


def _is_zero(beyond: Array, is_silent: Mask, is_finite: Mask) -> Mask:
    """Return the cells whose mean is that of a silent cell times something finite."""
    is_zero = np.zeros(len(beyond), dtype=bool)
    open_cells = np.flatnonzero(~is_finite)
    if is_silent.any():
        distance, _ = KDTree(beyond[is_silent]).query(beyond[open_cells], p=np.inf, distance_upper_bound=1.0)
        is_zero[open_cells] = distance <= SPACE_TOLERANCE
    return is_zero


def _no_maximum(vanishing: Mask, names: Sequence[str]) -> str:
    positions = np.flatnonzero(vanishing).tolist()
    wards = ", ".join(names[position] if len(names) else str(position + 1) for position in positions)
    where = f" (wards {wards})" if wards else ""
    return (
        f"The fit with trends or seasons has no finite maximum: too few incidents hold a factor from vanishing{where}. "
        "Leave those wards out, use longer periods, or do without the adjustment."
    )
