"""The event study: effects by time since adoption, with the periods before it hollow."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.reporting.briefing import Briefing
from helpers.reporting.effects import Effect
from helpers.reporting.interval_plot import LOOKS, IntervalMark, Part, draw_interval
from helpers.reporting.scales import to_scale, use_ratio_scale
from helpers.reporting.style import draw_adoption_line, draw_zero_line


def plot_event_study(effects: Sequence[Effect], briefing: Briefing, *, ax: Axes, title: str = "") -> Axes:
    """Draw effects by relative period, each bin at its middle with a bar as wide as the bin.

    Parameters
    ----------
    effects : sequence of Effect
        Estimands ``lead`` (before adoption, drawn hollow) and ``relative_period``, of one cohort and specification.
    briefing : Briefing
        Language of labels.
    ax : Axes
        Drawn on and returned.
    title : str
        Panel heading, or "".
    """
    drawn = [effect for effect in effects if effect.is_estimated]
    ends = [end for effect in drawn for end in (effect.estimate, effect.conf_low, effect.conf_high)]
    limits = use_ratio_scale(ax, ends, briefing, axis="y")
    draw_zero_line(ax)
    for effect in drawn:
        _draw_band(ax, effect, limits)
        _draw_bin(ax, effect, limits)
    draw_adoption_line(ax, at=-0.5, label=briefing.say("label.start"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    place = ax.get_subplotspec()
    if place is None or place.is_last_row():
        ax.set_xlabel(briefing.say(f"axis.relative.{briefing.study.period_kind}"))
    ax.set_ylabel(briefing.say("axis.ratio_short"))
    ax.set_title(title)
    return ax


def _draw_band(ax: Axes, effect: Effect, limits: tuple[float, float]) -> None:
    """Shade what all bins of the cohort together lie in with 95%, as far as the axis goes."""
    if math.isnan(effect.band_low) or math.isnan(effect.band_high):
        return
    low, high = (min(max(to_scale(end), limits[0]), limits[1]) for end in (effect.band_low, effect.band_high))
    part: Part = "lead" if effect.estimand == "lead" else "main"
    edges = [effect.relative_period - 0.4, effect.relative_last + 0.4]
    ax.fill_between(edges, low, high, color=LOOKS[part]["color"], alpha=0.12, linewidth=0)


def _draw_bin(ax: Axes, effect: Effect, limits: tuple[float, float]) -> None:
    last = effect.relative_period if math.isnan(effect.relative_last) else effect.relative_last
    middle = (effect.relative_period + last) / 2
    part: Part = "lead" if effect.estimand == "lead" else "main"
    level = to_scale(effect.estimate)
    width = 1.0 if part == "lead" else 2.2
    ax.plot([effect.relative_period - 0.4, last + 0.4], [level, level], color=LOOKS[part]["color"], linewidth=width)
    mark = IntervalMark(effect.estimate, effect.conf_low, effect.conf_high, part)
    draw_interval(ax, mark, at=middle, limits=limits, is_vertical=True)
