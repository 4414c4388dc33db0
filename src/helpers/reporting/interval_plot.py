"""Rows of intervals: the forest of indicators and the pictures of the checks are the same plot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes

from helpers.reporting.briefing import Briefing
from helpers.reporting.figure import Layout, Margins
from helpers.reporting.scales import is_beyond, to_scale, use_ratio_scale
from helpers.reporting.style import FAINT, INK, MODEL_WARD, MUTED

Part = Literal["main", "second", "lead"]
LOOKS: dict[Part, dict[str, Any]] = {
    "main": {"color": MODEL_WARD, "marker": "o", "markerfacecolor": MODEL_WARD},
    "second": {"color": MUTED, "marker": "s", "markerfacecolor": "white"},
    "lead": {"color": MUTED, "marker": "o", "markerfacecolor": "white"},
}
ROW_HEIGHT_IN = 0.42
ROOM = Margins(left=0.1, right=0.1, top=0.05, bottom=0.45)
BELOW_NAME = 0.30
BETWEEN_MARKS = 0.26


@dataclass(frozen=True, slots=True)
class IntervalMark:
    """One estimate with its interval, as ratio minus one; without an estimate (NaN) only the range is drawn.

    ``part`` is "main" for the confirmatory specification (filled circle), "second" for the other (hollow square),
    "lead" for a period before adoption (hollow circle).
    """

    estimate: float
    conf_low: float
    conf_high: float
    part: Part = "main"


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A named row; ``text`` stands at its right end."""

    name: str
    text: str
    marks: tuple[IntervalMark, ...]


def interval_layout(row_count: int) -> Layout:
    """Return the layout of a figure with that many rows."""
    return Layout(height_in=row_count * ROW_HEIGHT_IN + ROOM.top + ROOM.bottom, margins_in=ROOM)


def plot_intervals(
    rows: Sequence[IntervalRow], briefing: Briefing, *, ax: Axes, reference: float | None = None
) -> Axes:
    """Draw one row per name, its intervals under it.

    Parameters
    ----------
    rows : sequence of IntervalRow
        From top to bottom.
    briefing : Briefing
        Language of the axis.
    ax : Axes
        Drawn on and returned.
    reference : float, optional
        An estimate that the rows are to be compared with, drawn as a dotted line.
    """
    ends = [end for row in rows for mark in row.marks for end in (mark.estimate, mark.conf_low, mark.conf_high)]
    low, high = use_ratio_scale(ax, ends, briefing, axis="x")
    for place, row in enumerate(rows):
        _draw_row(ax, place, row, (low, high))
        _draw_line(ax, place, 0.0, color=INK, linewidth=0.8)
        if reference is not None and math.isfinite(reference):
            _draw_line(ax, place, to_scale(reference), color=MODEL_WARD, linewidth=1.0, linestyle=":")
    ax.set_ylim(len(rows) - 0.1, -0.25)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(briefing.say("axis.ratio"))
    return ax


def _draw_row(ax: Axes, place: int, row: IntervalRow, limits: tuple[float, float]) -> None:
    if place:
        ax.axhline(place - 0.2, color=FAINT, linewidth=0.6, zorder=0)
    across = ax.get_yaxis_transform()
    ax.text(0, place, row.name, transform=across, va="center", fontsize=7.5, fontweight="bold")
    ax.text(1, place, row.text, transform=across, va="center", ha="right", fontsize=7, color=MUTED)
    for order, mark in enumerate(row.marks):
        draw_interval(ax, mark, at=place + BELOW_NAME + order * BETWEEN_MARKS, limits=limits)


def _draw_line(ax: Axes, place: int, at: float, **look: Any) -> None:
    """Draw a line of reference beside a row's marks only, so that it never crosses a name."""
    ax.plot([at, at], [place + 0.12, place + 0.74], zorder=1, solid_capstyle="butt", **look)


def draw_interval(
    ax: Axes, mark: IntervalMark, *, at: float, limits: tuple[float, float], is_vertical: bool = False
) -> None:
    """Draw one interval with its estimate at position `at` of the other axis; an end beyond the axis is an arrow."""
    look = LOOKS[mark.part]
    if not (math.isnan(mark.conf_low) or math.isnan(mark.conf_high)):
        ends = (max(limits[0], to_scale(mark.conf_low)), min(limits[1], to_scale(mark.conf_high)))
        ax.plot(*_turned(ends, (at, at), is_vertical), color=look["color"], linewidth=1.3)
        for end, value, shape in zip(ends, (mark.conf_low, mark.conf_high), "v^" if is_vertical else "<>", strict=True):
            if is_beyond(value, limits):
                ax.plot(
                    *_turned((end,), (at,), is_vertical), marker=shape, color=look["color"], markersize=4, clip_on=False
                )
    if not math.isnan(mark.estimate):
        ax.plot(
            *_turned((to_scale(mark.estimate),), (at,), is_vertical), markersize=4.5, zorder=3, linestyle="none", **look
        )


def _turned(
    values: Sequence[float], places: Sequence[float], is_vertical: bool
) -> tuple[Sequence[float], Sequence[float]]:
    return (places, values) if is_vertical else (values, places)
