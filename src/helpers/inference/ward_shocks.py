"""Shocks of single wards: how large they are and how long they last, as seen before the programme.

Power and the simulated regression to the mean need both. A ward's own level is estimated from the same spans as its
shocks, and takes up what is common to them: the longer shocks last and the fewer the spans, the less of them is seen.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.null_model import pooled_overdispersion, tabulate, undo_programme
from helpers.study.design import NEVER, Design
from helpers.study.periods import PERIODS_PER_YEAR

Array = npt.NDArray[np.float64]

SPAN_RATIO = 4
"""A long span holds four short ones: a year and its quarters, or four years where a period is a year. Over them lasting
shocks are told from passing ones."""
LEAST_RATIO = 2
"""Where the time before the programme leaves less than this between both spans, persistence is not identified."""
MOST_RHO = 0.95
"""Beyond it a few years cannot tell a shock from the ward's level, and the size that fits runs away. Simulated with 32
wards and 28 clean months, shocks of correlation .9 are then found as large as they are; up to .99 a tenth too large."""
LASTING_RHO = 0.9
"""Correlation of shocks that last, where the data cannot say it: that assumed for shocks of whole towns."""
FEWEST_SPANS = 2
"""One span has no spread about a ward's own level."""
SHOCKS_NOT_SEEN = (
    "A single period lies before the programme: how much wards vary by themselves cannot be seen. Begin the window "
    "earlier."
)


@dataclass(frozen=True, slots=True)
class WardShocks:
    """Shocks of single wards on the log scale: standard deviation, and correlation from one period to the next."""

    sd: float
    rho: float


def untreated_overdispersion(
    outcome: Array, design: Design, specification: Specification, *, width: int | None = None
) -> float:
    """Return κ of ward sums over `width` periods (a year) before anybody is treated, where nothing is estimated twice.

    Spans are counted back from the first donut; where two of them do not fit, the time before is halved instead.

    Raises
    ------
    EstimationError
        If a single period lies before the first donut.
    """
    last = min(design.cutoffs)
    if last < FEWEST_SPANS:
        raise EstimationError(SHOCKS_NOT_SEEN)
    width = _fitting(design, width or PERIODS_PER_YEAR[design.period_kind])
    before = replace(design, periods=design.periods[:last], cohorts=(), starts=(), labels=(NEVER,) * len(design.labels))
    target = build_target(before, specification, Estimand("overall"), range(last % width, last, width))
    tables = tabulate(outcome[:, :last], before, target)
    return float(pooled_overdispersion([undo_programme(table, 1.0) for table in tables]))


def _fitting(design: Design, width: int) -> int:
    """Return a span's width, or half the time before the programme where two such spans do not fit into it."""
    return min(width, min(design.cutoffs) // FEWEST_SPANS)


def _spans(design: Design) -> tuple[int, int]:
    """Return the widths of the short and the long spans that fit."""
    short = max(1, PERIODS_PER_YEAR[design.period_kind] // SPAN_RATIO)
    return _fitting(design, short), _fitting(design, SPAN_RATIO * short)


def shows_persistence(design: Design) -> bool:
    """Return whether the time before the programme is long enough to see how long shocks last.

    Examples
    --------
    >>> months = tuple(f"2020-{month:02d}" for month in range(1, 13))
    >>> late = Design("s", "main", "A", "given", "calendar_month", months, tuple("abc"), ("t",) * 3, ("x",), (11,),
    ...               (0, -1, -1), 0)
    >>> shows_persistence(late)
    False
    """
    short, long = _spans(design)
    return long >= LEAST_RATIO * short


def possible_ward_shocks(outcome: Array, design: Design, specification: Specification) -> tuple[WardShocks, ...]:
    """Return size and persistence of ward shocks before the programme; both ends where persistence is not identified.

    A shock that lasts shows in yearly sums as much as in quarterly ones; one that passes averages out. With shocks of
    variance σ² and correlation ρ, n spans of w periods have overdispersion σ² f(ρ, w, n) about the ward's own level
    (`span_variance`); two widths give both numbers. Where only one fits, shocks that pass at once and shocks that last
    (`LASTING_RHO`), each with the overdispersion seen, are the two ends; the lasting one comes last.

    Raises
    ------
    EstimationError
        If a single period lies before the first donut.
    """
    widths, last = _spans(design), min(design.cutoffs)
    kappas = [untreated_overdispersion(outcome, design, specification, width=width) for width in widths]

    def size(rho: float, span: int) -> float:
        return float(np.sqrt(kappas[span] / span_variance(rho, widths[span], last // widths[span])))

    if not shows_persistence(design):
        return tuple(WardShocks(size(rho, 0), rho) for rho in (0.0, LASTING_RHO))
    grid = np.linspace(0.0, MOST_RHO, 100)
    shares = np.array([[span_variance(rho, width, last // width) for width in widths] for rho in grid])
    best = int(np.argmin(np.abs(shares[:, 1] * kappas[0] - shares[:, 0] * kappas[1])))
    # Where no correlation is small enough, the many short spans say more of the size than the few long ones.
    return (WardShocks(size(grid[best], 0 if best == 0 else 1), float(grid[best])),)


def estimate_ward_shocks(outcome: Array, design: Design, specification: Specification) -> WardShocks:
    """Return the ward shocks seen before the programme: lasting ones where the time is too short to tell.

    Raises
    ------
    EstimationError
        If a single period lies before the first donut.
    """
    return possible_ward_shocks(outcome, design, specification)[-1]


def mean_variance(rho: float, width: int) -> float:
    """Return the variance of the mean of `width` unit-variance shocks with lag-one correlation rho."""
    lags = np.arange(1, width)
    return float((width + 2 * ((width - lags) * rho**lags).sum()) / width**2)


def span_variance(rho: float, width: int, count: int) -> float:
    """Return the expected variance of span means about their own mean: what is seen of unit-variance shocks.

    Parameters
    ----------
    rho : float
    width, count : int
        Periods in a span, and neighbouring spans; two or more.

    Examples
    --------
    >>> round(span_variance(0.0, 3, 2), 3), round(span_variance(0.9, 3, 2), 3)
    (0.333, 0.179)
    """
    return (mean_variance(rho, width) - mean_variance(rho, width * count)) * count / (count - 1)


def shock_paths(rng: np.random.Generator, shape: tuple[int, ...], sd: float, rho: float) -> Array:
    """Return stationary autoregressive shocks of the log mean, centred so that the mean factor is 1."""
    if sd == 0:
        return np.zeros(shape)
    steps = rng.standard_normal(shape)
    for period in range(1, shape[-1]):
        steps[..., period] = rho * steps[..., period - 1] + np.sqrt(1 - rho**2) * steps[..., period]
    return np.asarray(sd * steps - sd**2 / 2)
