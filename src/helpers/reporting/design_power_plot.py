"""Power as a picture: how often an effect of a given size would be found, one panel for each indicator."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from helpers.inference.power import POWER
from helpers.reporting.briefing import Briefing
from helpers.reporting.style import INK, MODEL_WARD, MUTED

PERCENT_TICKS = (0.0, -0.3, -0.6, -0.9)
POWER_TICKS = (0.0, 0.5, 1.0)
STEEPEST = -1.0
"""The right end of the axis: nothing is left."""


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Power by effect under one specification, and the minimum detectable effect (NaN where none is attainable)."""

    power: Mapping[float, float]
    mde: float
    is_confirmatory: bool


def plot_power(title: str, curves: tuple[PowerCurve, ...], briefing: Briefing, *, ax: Axes) -> Axes:
    """Draw the power curves of one indicator, and mark where they reach 80%.

    Parameters
    ----------
    title : str
        The indicator, in at most two lines.
    curves : tuple of PowerCurve
        One for each specification; the confirmatory one is drawn solid.
    briefing : Briefing
        Language.
    ax : Axes
        Drawn on and returned.
    """
    ax.axhline(POWER, color=MUTED, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    for curve in sorted(curves, key=lambda own: own.is_confirmatory):
        effects = sorted(curve.power, reverse=True)
        colour, dash = (MODEL_WARD, "solid") if curve.is_confirmatory else (INK, (0, (3, 2)))
        ax.plot(
            effects, [curve.power[effect] for effect in effects], color=colour, linestyle=dash, linewidth=1.2, zorder=2
        )
        if curve.mde == curve.mde:
            filled = colour if curve.is_confirmatory else "white"
            ax.plot([curve.mde], [POWER], marker="o", markersize=4.5, color=colour, markerfacecolor=filled, zorder=3)
    ax.set_title(title, fontsize=6.8, fontweight="bold")
    ax.set_xlim(0.02, STEEPEST)
    ax.set_ylim(0, 1.03)
    for axis, ticks in ((ax.xaxis, PERCENT_TICKS), (ax.yaxis, POWER_TICKS)):
        axis.set_major_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: briefing.wording.percent(value)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value)}%"))
    ax.tick_params(labelsize=6.5)
    return ax
