"""Axes that every plot shares: ratios on a scale where halving and doubling weigh the same, and calendar periods."""

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from helpers.reporting.briefing import Briefing
from helpers.study.periods import PERIODS_PER_YEAR

RATIO_TICKS = (0.0, -0.5, 1.0, -0.75, 3.0, -0.25, 0.33)
"""Candidates in order of preference, at equal steps of proportion: −50% is the mirror image of +100%, and so on."""
FURTHEST_RATIO = 9.0
"""Ends beyond −90% or ten times are drawn as arrows."""
LEAST_GAP = {"x": 0.1, "y": 0.14}
"""Between two ticks, as a share of the axis: labels nearer than this run into each other."""
MOST_NAMED_PERIODS = 14
SMALLEST_REACH = math.log(2)


def to_scale(ratio_less_one: float) -> float:
    """Return a position on the proportional scale: the log of one plus the ratio, kept inside the drawable range."""
    furthest = math.log1p(FURTHEST_RATIO)
    if ratio_less_one <= -1:
        return -furthest
    return max(-furthest, min(furthest, math.log1p(min(ratio_less_one, FURTHEST_RATIO))))


def is_beyond(ratio_less_one: float, limits: tuple[float, float]) -> bool:
    """Return whether a ratio lies outside the limits of a proportional axis."""
    position = -math.inf if ratio_less_one <= -1 else math.log1p(ratio_less_one)
    return not limits[0] <= position <= limits[1]


def use_ratio_scale(ax: Axes, values: Iterable[float], briefing: Briefing, *, axis: str) -> tuple[float, float]:
    """Set up one axis of `ax` for ratios and return its limits (in log units), symmetric about no difference.

    Parameters
    ----------
    ax : Axes
        To be set up.
    values : iterable of float
        Everything that will be drawn, as ratio minus one; infinite and missing ends do not stretch the axis.
    briefing : Briefing
        Language of the tick labels.
    axis : {"x", "y"}
        Which axis.
    """
    positions = [abs(to_scale(value)) for value in values if math.isfinite(value) and value > -1]
    reach = min(math.log1p(FURTHEST_RATIO), max([SMALLEST_REACH, *positions]) * 1.08)
    own = ax.xaxis if axis == "x" else ax.yaxis
    labels = {to_scale(tick): briefing.wording.percent(tick) for tick in _ticks(reach, LEAST_GAP[axis])}
    own.set_major_locator(FixedLocator(sorted(labels)))
    own.set_minor_locator(NullLocator())
    own.set_major_formatter(
        FuncFormatter(lambda position, _: min(labels.items(), key=lambda item: abs(item[0] - position))[1])
    )
    (ax.set_xlim if axis == "x" else ax.set_ylim)(-reach, reach)
    return -reach, reach


def _ticks(reach: float, least_gap: float) -> list[float]:
    chosen: list[float] = []
    for tick in RATIO_TICKS:
        gap = min((abs(math.log1p(tick) - math.log1p(other)) for other in chosen), default=math.inf)
        if abs(math.log1p(tick)) <= reach and gap >= least_gap * 2 * reach:
            chosen.append(tick)
    return chosen


def count_upwards(ax: Axes, briefing: Briefing, *, top: float | None = None) -> None:
    """Let the value axis start at 0 and write its counts in the briefing's language."""
    ax.set_ylim(bottom=0, top=top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _count(value, briefing)))


def _count(value: float, briefing: Briefing) -> str:
    decimals = next((own for own in range(3) if math.isclose(value, round(value, own), abs_tol=1e-9)), 3)
    return briefing.wording.number(value, decimals=decimals)


def name_periods(ax: Axes, periods: Sequence[str], briefing: Briefing) -> None:
    """Label a calendar axis whose positions count the periods: by year when long, by period when short."""
    per_year = PERIODS_PER_YEAR[briefing.study.period_kind]
    if len(periods) <= MOST_NAMED_PERIODS or per_year == 1:
        step = max(1, math.ceil(len(periods) / 7))
        places = list(range(0, len(periods), step))
        labels = [briefing.short_period(periods[place]) for place in places]
    else:
        first = _first_of_year(periods, per_year)
        places = [place for place in range(len(periods)) if place % per_year == first]
        labels = [periods[place][:4] for place in places]
    shift = 0.5 if len(periods) > MOST_NAMED_PERIODS else 0.0
    ax.set_xticks([place - shift for place in places], labels)
    ax.set_xlim(-0.5, len(periods) - 0.5)


def _first_of_year(periods: Sequence[str], per_year: int) -> int:
    return next((place for place, period in enumerate(periods) if period.endswith(("-01", "Q1"))), 0) % per_year
