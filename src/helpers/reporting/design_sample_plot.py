"""The effective sample as a picture: how much each ward weighs, estimator by estimator."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from helpers.reporting.briefing import Briefing
from helpers.reporting.style import COMPARISON, FAINT, INK, MODEL_WARD

MARKERS = {"town_period": ("o", True), "two_way": ("o", False), "naive_regression": ("x", False)}
"""By estimator: shape of its mark, and whether it is filled."""


@dataclass(frozen=True, slots=True)
class WardShares:
    """A ward's shares by estimator, in order of `MARKERS`; NaN where it has none."""

    name: str
    town_code: str
    shares: tuple[float, ...]


def plot_shares(
    wards: Sequence[WardShares], briefing: Briefing, *, ax: Axes, title: str, is_treated: bool, has_names: bool
) -> Axes:
    """Draw one row a ward, with a mark for each estimator at the share that the ward has in it.

    Parameters
    ----------
    wards : sequence of WardShares
        From top to bottom; wards of a town stand together.
    briefing : Briefing
        Language.
    ax : Axes
        Drawn on and returned.
    title : str
        What the shares are of.
    is_treated : bool
        Whether they are those of treated cells, which sets the colour.
    has_names : bool
        Whether the rows are named on this panel.
    """
    colour = MODEL_WARD if is_treated else COMPARISON
    for place, (marker, is_filled) in enumerate(MARKERS.values()):
        rows = [(ward.shares[place], row) for row, ward in enumerate(wards) if ward.shares[place] > 0]
        ax.plot(
            [share for share, _ in rows],
            [row for _, row in rows],
            linestyle="none",
            marker=marker,
            markersize=4,
            color=INK if marker == "x" else colour,
            markerfacecolor=colour if is_filled else "none",
            zorder=3 - place,
        )
    for row, ward in enumerate(wards):
        ax.axhline(row, color=FAINT, linewidth=0.5, zorder=0)
        if row and ward.town_code != wards[row - 1].town_code:
            ax.axhline(row - 0.5, color=INK, linewidth=0.5, zorder=1)
    if has_names:
        ax.set_yticks(range(len(wards)), [ward.name for ward in wards], fontsize=6.5)
        ax.set_ylim(len(wards) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{briefing.wording.number(100 * value)}%"))
    ax.set_title(title, fontsize=7.5)
    ax.tick_params(axis="x", labelsize=6.5)
    return ax
