"""Bounds on an effect under violated parallel trends, and how large a violation it withstands.

References: rambachan2023.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.library import relative_magnitude_intervals

Array = npt.NDArray[np.float64]

MOST_PRE_BINS, MOST_POST_BINS = 3, 2
"""Of an event study for the bounds: with more bins than this the covariance of so few wards is noise."""
SYMMETRY_TOLERANCE = 1e-8
"""Of a covariance matrix, relative to its largest entry: rounding in a table with nine digits."""
HONEST_METHOD = "HonestDiD, approximate"


def honest_bounds(
    event_estimates: Array, covariance: Array, *, n_pre: int, n_post: int, m_bar: Sequence[float]
) -> pd.DataFrame:
    """Return 95% intervals of the average effect if trends diverge after the start at most `m_bar` times as before.

    "Diverge" is the change of the difference in trends from one bin to the next; before the start, the largest one.
    **Approximate**: the differences before the start are taken as known without error, so the intervals are not the
    robust ones of the paper and may be too short when they are estimated near zero, or too long when they are noise.

    Parameters
    ----------
    event_estimates : ndarray, shape (n_pre + n_post,)
        Long differences against one base bin, in order of time; the base lies between before and after, and is not
        among them.
    covariance : ndarray, shape (n_pre + n_post, n_pre + n_post)
    n_pre, n_post : int
        Bins before (at most `MOST_PRE_BINS`) and after (at most `MOST_POST_BINS`).
    m_bar : sequence of float
        Grid of bounds, 0 or more; 0 is exact parallel trends.

    Returns
    -------
    DataFrame
        ``m_bar``, ``conf_low``, ``conf_high`` (unit of the estimates; bins after the start weigh the same) and
        ``method``.

    Raises
    ------
    EstimationError
        For too many bins, shapes that do not fit, no usable covariance, or a negative bound.

    Examples
    --------
    >>> bounds = honest_bounds(np.array([0.1, -1.0]), np.eye(2) / 100, n_pre=1, n_post=1, m_bar=[0, 1, 10])
    >>> bounds["conf_high"].round(3).tolist()
    [-0.804, -0.704, 0.196]
    >>> breakdown_value(bounds)
    1.0
    """
    _check_event_study(event_estimates, covariance, n_pre, n_post)
    if not all(0 <= bound < np.inf for bound in m_bar):
        raise EstimationError(f"The bounds are {list(m_bar)}; each is a finite number, 0 or more.")
    intervals = relative_magnitude_intervals(event_estimates, covariance, n_pre, m_bar)
    return pd.DataFrame(
        {
            "m_bar": np.array(m_bar, dtype=float),
            "conf_low": np.array([low for low, _ in intervals], dtype=float),
            "conf_high": np.array([high for _, high in intervals], dtype=float),
            "method": HONEST_METHOD,
        }
    )


def _check_event_study(estimates: Array, covariance: Array, n_pre: int, n_post: int) -> None:
    if not (1 <= n_pre <= MOST_PRE_BINS and 1 <= n_post <= MOST_POST_BINS):
        raise EstimationError(
            f"The event study has {n_pre} bins before and {n_post} after; the bounds take 1 to {MOST_PRE_BINS} before "
            f"and 1 to {MOST_POST_BINS} after. Use wider bins."
        )
    count = n_pre + n_post
    if estimates.shape != (count,) or covariance.shape != (count, count):
        raise EstimationError(
            f"Estimates have shape {estimates.shape} and covariance {covariance.shape}; expected are {count} bins."
        )
    finite = bool(np.isfinite(estimates).all() and np.isfinite(covariance).all())
    if not finite or np.abs(covariance - covariance.T).max() > SYMMETRY_TOLERANCE * np.abs(covariance).max():
        raise EstimationError("Estimates and covariance must be finite, and the covariance symmetric.")
    average = np.r_[np.zeros(n_pre), np.ones(n_post)]
    if not ((np.diag(covariance) > 0).all() and average @ covariance @ average > 0):
        raise EstimationError("The covariance gives a bin, or their average, no variance: there is nothing to bound.")


def breakdown_value(bounds: pd.DataFrame) -> float:
    """Return the largest `m_bar` of the grid up to which every interval of `honest_bounds` excludes zero.

    NaN if not even the smallest does. If it is the grid's last, the effect may withstand more.
    """
    ordered = bounds.sort_values("m_bar")
    excludes = (ordered["conf_low"] > 0) | (ordered["conf_high"] < 0)
    held = ordered.loc[excludes.cummin(), "m_bar"]
    return float(held.max()) if len(held) else np.nan
