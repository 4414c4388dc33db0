"""The ends of an interval by inversion: the hull of the hypothetical ratios that a test does not reject."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtri

EDGE_PRECISION = 0.005
"""On the log scale: an end of the interval is known to 0.5%; the Monte-Carlo error of 9,999 relabellings moves it by
about as much."""
SMALLEST_TAIL = 1e-4
"""A tail share of zero counts as this much when it steers a search, and one of 1 as this much less."""
SCREENING_DOUBT = 0.02
"""A ratio is rejected by a first look alone only if its tail share is so far below what is asked that all relabellings
would have to disagree by four Monte-Carlo standard errors (999 of them looked at)."""


def accepted_hull(
    margin: Callable[[float], float],
    tried: Sequence[float],
    *,
    first: Sequence[float],
    tail: float,
    enough: float = np.inf,
) -> tuple[float, float] | None:
    """Return the ends of the accepted ratios; 0 and infinity where the grid's own ends are accepted: no bound.

    None if no ratio is accepted.

    Parameters
    ----------
    margin : callable
        By how much the smaller tail share at a ratio exceeds `tail`; positive means accepted. Asked more than once for
        some ratios.
    tried : sequence of float
        Ratios tried first, rising.
    first : sequence of float
        Margins of a first look at them, which may be at part of the relabellings: enough to see a ratio that is
        clearly rejected, and to steer the search.
    tail : float
        Half the level.
    enough : float
        A first look with a larger margin settles that the ratio is accepted: no further relabelling could undo it.

    Examples
    --------
    >>> def margin(ratio):
    ...     return float(ndtri(0.975) - abs(np.log(ratio)) / 0.1) / 100
    >>> grid = [0.5, 0.7, 1.0, 1.4, 2.0]
    >>> low, high = accepted_hull(margin, grid, first=[margin(ratio) for ratio in grid], tail=0.025)
    >>> round(low, 2), round(high, 2)
    (0.82, 1.22)
    """

    def accepts(at: int) -> bool:
        return first[at] > -SCREENING_DOUBT and (first[at] > enough or margin(tried[at]) > 0)

    low = next((at for at in range(len(tried)) if accepts(at)), None)
    if low is None:
        return None
    high = next(at for at in reversed(range(len(tried))) if at == low or accepts(at))

    def edge(inside: int, outside: int) -> float:
        return close_in(margin, (tried[inside], tried[outside]), (first[inside], first[outside]), tail)

    return (
        0.0 if low == 0 else edge(low, low - 1),
        np.inf if high == len(tried) - 1 else edge(high, high + 1),
    )


def close_in(
    margin: Callable[[float], float], ratios: tuple[float, float], margins: tuple[float, float], tail: float
) -> float:
    """Close in (on the log scale) between an accepted and a rejected ratio; return the last accepted one.

    `margins` are theirs, or those of a first look at them; `tail` is half the level.

    The next ratio tried lies where the line through both distances crosses zero, or just beyond it as seen from the end
    that moved last, so that two good guesses close the bracket. The margins given only steer.

    Examples
    --------
    >>> round(close_in(lambda ratio: 0.1 * (1.25 - ratio), (1.0, 2.0), (0.025, -0.075), 0.025), 2)
    1.25
    """
    near, far = np.log(ratios)
    at_near, at_far = max(_distance(margins[0], tail), 0.0), min(_distance(margins[1], tail), 0.0)
    aim = 0.0
    while abs(far - near) > EDGE_PRECISION:
        share = at_near / (at_near - at_far) if at_far < at_near else 0.5
        half_step = EDGE_PRECISION / 2 / abs(far - near)
        middle = near + np.clip(share + aim * half_step, half_step, 1 - half_step) * (far - near)
        value = margin(float(np.exp(middle)))
        if value > 0:
            near, at_near, aim = middle, _distance(value, tail), 1.0
        else:
            far, at_far, aim = middle, _distance(value, tail), -1.0
    return float(np.exp(near))


def _distance(margin: float, tail: float) -> float:
    """Return a margin as a distance of normal quantiles, on which it is nearly linear in the log ratio."""
    return float(ndtri(np.clip(margin + tail, SMALLEST_TAIL, 1 - SMALLEST_TAIL)) - ndtri(tail))
