"""The design as pictures: who adopted when, and how the raw series ran in each group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from helpers.reporting.briefing import Briefing
from helpers.reporting.scales import count_upwards, name_periods
from helpers.reporting.style import COMPARISON, FAINT, INK, MODEL_WARD, MUTED, RAW, draw_adoption_line
from helpers.study.design import Design

MOST_NAMED_WARDS = 60
MEAN_OVER = 3
"""Single periods of small counts are noise; the mean is drawn over as many as a bin of the event study has."""
NOT_YET = "#F6D9C6"
BEFORE_DONUT = "#CFE3F1"
HATCH = "////"


@dataclass(frozen=True, slots=True)
class WardGroup:
    """Wards of one town and cohort: their series, shape (number of wards, P), and where their treatment starts."""

    title: str
    values: npt.NDArray[np.float64]
    start: int | None


def plot_adoption(design: Design, briefing: Briefing, *, ax: Axes, unknown: Sequence[str] = ()) -> Axes:
    """Draw wards by periods: untreated, left out before a start, treated; wards of unknown status hatched.

    Parameters
    ----------
    design : Design
        Who is treated from when.
    briefing : Briefing
        Names and language.
    ax : Axes
        Drawn on and returned.
    unknown : sequence of str
        Ids of wards whose status no source gives.
    """
    order = _by_town(design)
    states = design.cell_states()[order]
    colours = np.array([to_rgb(NOT_YET), to_rgb(BEFORE_DONUT), to_rgb(MODEL_WARD)])
    ax.imshow(colours[states], aspect="auto", interpolation="nearest")
    for row, ward in enumerate(order):
        if design.ward_ids[ward] in set(unknown):
            _hatch(ax, row, len(design.periods))
    _name_wards(ax, design, briefing, order)
    _separate_towns(ax, design, briefing, order)
    name_periods(ax, design.periods, briefing)
    ax.legend(
        handles=_keys(briefing, has_unknown=bool(unknown)),
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        ncols=2,
        fontsize=7,
    )
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def plot_trend(group: WardGroup, periods: Sequence[str], briefing: Briefing, *, ax: Axes, top: float) -> Axes:
    """Draw each ward's series in grey and over it the group's mean, averaged over `MEAN_OVER` periods.

    Parameters
    ----------
    group : WardGroup
        Series not reported are NaN and left out of the mean.
    periods : sequence of str
        The P periods.
    briefing : Briefing
        Language.
    ax : Axes
        Drawn on and returned.
    top : float
        Upper end of the value axis, the same in every panel.
    """
    places = np.arange(len(periods))
    for series in group.values:
        ax.plot(places, series, color=RAW, linewidth=0.5, alpha=0.7, zorder=1)
    colour = COMPARISON if group.start is None else MODEL_WARD
    firsts = np.arange(0, len(periods), MEAN_OVER)
    middles = [places[first : first + MEAN_OVER].mean() for first in firsts]
    ax.plot(middles, [_mean(group.values[:, first : first + MEAN_OVER]) for first in firsts], color=colour, zorder=2)
    if group.start is not None:
        draw_adoption_line(ax, at=group.start - 0.5)
    name_periods(ax, periods, briefing)
    count_upwards(ax, briefing, top=top)
    ax.set_title(group.title, fontsize=7.5)
    ax.tick_params(labelsize=6.5)
    return ax


def _mean(values: npt.NDArray[np.float64]) -> float:
    reported = values[~np.isnan(values)]
    return float(reported.mean()) if reported.size else float("nan")


def _by_town(design: Design) -> list[int]:
    first = dict(enumerate(design.starts))
    last = len(design.periods)
    return sorted(
        range(len(design.ward_ids)),
        key=lambda ward: (design.town_codes[ward], first.get(design.labels[ward], last), design.ward_ids[ward]),
    )


def _hatch(ax: Axes, row: int, period_count: int) -> None:
    box = Rectangle((-0.5, row - 0.5), period_count, 1, facecolor="none", edgecolor=MUTED, hatch=HATCH, linewidth=0)
    ax.add_patch(box)


def _name_wards(ax: Axes, design: Design, briefing: Briefing, order: Sequence[int]) -> None:
    if len(order) > MOST_NAMED_WARDS:
        ax.set_yticks([])
        return
    names = {ward.ward_id: ward.ward_name_vi for ward in briefing.study.wards}
    ax.set_yticks(
        range(len(order)), [names.get(design.ward_ids[ward], design.ward_ids[ward]) for ward in order], fontsize=6.5
    )
    ax.tick_params(axis="y", length=0)


def _separate_towns(ax: Axes, design: Design, briefing: Briefing, order: Sequence[int]) -> None:
    towns = [design.town_codes[ward] for ward in order]
    for row, town in enumerate(towns):
        if row and town != towns[row - 1]:
            ax.axhline(row - 0.5, color="white", linewidth=3)
        if not row or town != towns[row - 1]:
            middle = row + (towns.count(town) - 1) / 2
            ax.annotate(
                briefing.town_name(town), xy=(1, middle), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=7, fontweight="bold", color=INK,
            )  # fmt: skip


def _keys(briefing: Briefing, *, has_unknown: bool) -> list[Patch]:
    keys = [
        Patch(facecolor=NOT_YET, label=briefing.say("label.untreated")),
        Patch(facecolor=BEFORE_DONUT, label=briefing.say("label.donut")),
        Patch(facecolor=MODEL_WARD, label=briefing.say("label.treated")),
    ]
    unknown = Patch(facecolor=FAINT, edgecolor=MUTED, hatch=HATCH, linewidth=0, label=briefing.say("label.unknown"))
    return [*keys, unknown] if has_unknown else keys
