"""The joint picture of many specifications: how unusual all of them together are among the relabellings they share.

Every specification is computed under the same relabellings of wards, so a relabelling gives a whole curve: its median
|T|, and the share of specifications that reject with the same sign, are compared with those of the actual labelling.
That answers whether so many agreeing specifications could come about by chance although they share their data. It does
not say that any one of them is right.

References: simonsohn2020 (specification curve analysis).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.inference.randomisation import LEVEL, TIE_TOLERANCE, share_at_least

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JointStatistic:
    """One number of the actual curve, set against those of the relabelled ones.

    Attributes
    ----------
    value : float
    null_low, null_high : float
        The middle 95% of it over the relabellings.
    p_value, smallest_p : float
        Share of relabellings with a value at least as large, and the smallest that could have come out; NaN for the
        median estimate, which is not studentised and is no test.
    """

    value: float
    null_low: float
    null_high: float
    p_value: float = np.nan
    smallest_p: float = np.nan


@dataclass(frozen=True, slots=True)
class JointPicture:
    """The actual curve among the relabelled ones.

    Attributes
    ----------
    count : int
        Number of specifications N.
    median_estimate : JointStatistic
        Median of observed / expected − 1.
    median_t, share_significant : JointStatistic
        Median |T|, and the larger of the shares of specifications that reject at 5% downwards and upwards.
    bands : ndarray, shape (N, 2)
        The middle 95%, over the relabellings, of the smallest, second smallest, ... estimate of a curve.
    """

    count: int
    median_estimate: JointStatistic
    median_t: JointStatistic
    share_significant: JointStatistic
    bands: Array


def joint_picture(t: Array, log_ratio: Array, *, is_exact: bool) -> JointPicture:
    """Return the joint picture of N specifications.

    Parameters
    ----------
    t, log_ratio : ndarray, shape (N, 1 + B)
        Statistic and log ratio of each specification under the actual labelling (first) and the same B relabellings.
    is_exact : bool
        Whether the B relabellings are all there are (the actual one among them).

    Raises
    ------
    EstimationError
        If there is no specification, or the shapes differ.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(1, 1000)) + 0.1 * np.random.default_rng(2).normal(size=(5, 1000))
    >>> draws[:, 0] = 4.0
    >>> found = joint_picture(draws, draws / 10, is_exact=False)
    >>> found.share_significant.value, found.median_t.p_value, found.bands.shape
    (1.0, 0.001, (5, 2))
    """
    if not len(t) or t.shape != log_ratio.shape:
        raise EstimationError(
            f"A curve needs T and log ratio of each specification; shapes {t.shape}, {log_ratio.shape}."
        )
    return JointPicture(
        count=len(t),
        median_estimate=_of_ratios(np.median(log_ratio, axis=0)),
        median_t=_tested(np.median(np.abs(t), axis=0), is_exact=is_exact),
        share_significant=_tested(_shares(t, is_exact=is_exact), is_exact=is_exact),
        bands=np.expm1(_middle(np.sort(log_ratio[:, 1:], axis=0))),
    )


def _middle(draws: Array) -> Array:
    return np.moveaxis(np.quantile(draws, (LEVEL / 2, 1 - LEVEL / 2), axis=-1), 0, -1)


def _of_ratios(medians: Array) -> JointStatistic:
    low, high = np.expm1(_middle(medians[1:]))
    return JointStatistic(float(np.expm1(medians[0])), float(low), float(high))


def _tested(values: Array, *, is_exact: bool) -> JointStatistic:
    low, high = _middle(values[1:])
    p_value = float(share_at_least(values, is_exact=is_exact))
    extreme = np.concatenate([[values[1:].max()], values[1:]])
    smallest = float(share_at_least(extreme, is_exact=True)) if is_exact else 1 / len(values)
    return JointStatistic(float(values[0]), float(low), float(high), p_value, smallest)


def _shares(t: Array, *, is_exact: bool) -> Array:
    """Return, per labelling, the larger share of specifications that reject in one direction, shape (1 + B,).

    A labelling's own p-value in a specification is taken as that of the actual one: among all labellings, itself too.
    """
    sizes = np.abs(t)
    pool = np.sort(sizes[:, 1:] if is_exact else sizes, axis=1)
    count = pool.shape[1]
    allowed = int(LEVEL * count * (1 + TIE_TOLERANCE))
    if not allowed:
        return np.zeros(t.shape[1])
    limit = pool[:, count - 1 - allowed, None]
    rejects = sizes > limit + TIE_TOLERANCE * np.maximum(1.0, limit)
    return np.asarray(np.maximum((rejects & (t < 0)).mean(axis=0), (rejects & (t > 0)).mean(axis=0)))
