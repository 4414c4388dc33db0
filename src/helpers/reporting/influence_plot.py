"""Influence: the estimate without each ward and without each period, beside the estimate with all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from helpers.reporting.briefing import Briefing
from helpers.reporting.scales import to_scale, use_ratio_scale
from helpers.reporting.style import COMPARISON, FAINT, INK, MODEL_WARD


@dataclass(frozen=True, slots=True)
class Influence:
    """The estimates without each unit of one kind.

    Attributes
    ----------
    estimates : tuple of float
        Ratio minus one, in an order that says nothing about their size.
    is_model : tuple of bool
        Whether the unit is a model ward; False throughout for periods.
    label : str
        What one dot is.
    """

    estimates: tuple[float, ...]
    is_model: tuple[bool, ...]
    label: str


def plot_influence(
    influence: Influence,
    briefing: Briefing,
    *,
    ax: Axes,
    headline: float,
    band: tuple[float, float],
    reach: Sequence[float] = (),
) -> Axes:
    """Draw one dot a unit left out.

    Parameters
    ----------
    influence : Influence
    briefing : Briefing
        Language of the axis.
    ax : Axes
        Drawn on and returned.
    headline : float
        The estimate with all units.
    band : (float, float)
        Within half of the effect claimed of it.
    reach : sequence of float
        Further estimates that the axis is to hold, so that panels share one scale.
    """
    use_ratio_scale(ax, [*influence.estimates, headline, *band, *reach], briefing, axis="y")
    ax.axhspan(to_scale(band[0]), to_scale(band[1]), color=FAINT, linewidth=0, zorder=0)
    ax.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    ax.axhline(to_scale(headline), color=MODEL_WARD, linewidth=1.0, linestyle=":", zorder=1)
    for place, (estimate, is_model) in enumerate(zip(influence.estimates, influence.is_model, strict=True)):
        colour = MODEL_WARD if is_model else COMPARISON
        ax.plot(
            [place],
            [to_scale(estimate)],
            marker="o",
            markersize=3.2,
            linestyle="none",
            color=colour,
            markerfacecolor=colour if is_model else "white",
            zorder=2,
        )
    ax.set_xlim(-0.8, len(influence.estimates) - 0.2)
    ax.set_xticks([])
    ax.set_xlabel(influence.label)
    return ax
