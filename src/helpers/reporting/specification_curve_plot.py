"""The specification curve as a picture: sorted estimates above, the choices behind each of them below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from helpers.checks.choices import ALL_WARDS
from helpers.estimation.comparisons import COMPARISONS
from helpers.inference.randomisation import LEVEL
from helpers.inference.variants import MODELS
from helpers.reporting.briefing import Briefing
from helpers.reporting.choice_names import choice_value
from helpers.reporting.figure import Layout, Margins
from helpers.reporting.scales import to_scale, use_ratio_scale
from helpers.reporting.style import COMPARISON, FAINT, INK, MODEL_WARD, MUTED, RAW, draw_zero_line

Array = npt.NDArray[np.float64]

DIMENSIONS = (
    "timing",
    "anticipation",
    "window_first",
    "window_last",
    "wards",
    "comparison",
    "estimand",
    "estimator",
)
"""The choices that are shown, from top to bottom; one that never varies is left out."""
FIRST = (ALL_WARDS, *COMPARISONS, "overall", *MODELS)
"""Values that stand before others, in this order."""
ROW_IN, CURVE_IN, GAP_IN = 0.118, 2.0, 0.16
"""Heights of a row of choices, of the curve, and of what lies between, in inches."""
ROOM = Margins(left=1.62, right=0.08, top=0.06, bottom=0.06)
BESIDE = 0.03
"""Room between the curve and the library's estimators, as a share of the curve's length."""
LIBRARY_STEP = 0.012
"""Room that each of the library's estimators takes."""
NAME_SIZE, HEADING_SIZE = 5.6, 5.8


@dataclass(frozen=True, slots=True)
class CurveColumns:
    """The columns of the picture.

    Attributes
    ----------
    table : DataFrame
        The native specifications in order of their place, then the library's estimators.
    at : ndarray
        Position of each on the horizontal axis.
    reach : ndarray
        How far a mark of each reaches to either side.
    native_count : int
    rows : tuple of (str, str)
        The choices that are shown: dimension and value; "" as a value stands for the dimension's heading.
    """

    table: pd.DataFrame
    at: Array
    reach: Array
    native_count: int
    rows: tuple[tuple[str, str], ...]


def arrange_curve(native: pd.DataFrame, library: pd.DataFrame) -> CurveColumns:
    """Return the columns and rows of the picture.

    Parameters
    ----------
    native, library : DataFrame
        Rows of ``specification_curve.csv`` with an estimate.
    """
    count = len(native)
    table = pd.concat([native.sort_values("place"), library], ignore_index=True)
    step = max(1.0, count * LIBRARY_STEP)
    beside = count * (1 + BESIDE) + step * np.arange(1, 1 + len(library))
    shown = table.assign(anticipation=table["anticipation"].astype(float).map("{:.0f}".format))
    rows: list[tuple[str, str]] = []
    for name in DIMENSIONS:
        values = sorted(set(shown[name].astype(str)), key=_order)
        if len(values) > 1:
            rows += [(name, ""), *((name, value) for value in values)]
    reach = np.repeat([0.5, 0.4 * step], [count, len(library)])
    return CurveColumns(shown, np.concatenate([np.arange(1.0, 1.0 + count), beside]), reach, count, tuple(rows))


def _order(value: str) -> tuple[int, str]:
    """Return where a value stands among others: known ones in the order in which they are thought of."""
    return (FIRST.index(value) if value in FIRST else len(FIRST), value)


def curve_layout(columns: CurveColumns) -> Layout:
    """Return the layout of the picture: as many rows as choices."""
    height = CURVE_IN + GAP_IN + len(columns.rows) * ROW_IN
    return Layout(height_in=height + ROOM.top + ROOM.bottom, margins_in=ROOM)


def plot_specification_curve(columns: CurveColumns, briefing: Briefing, *, ax: Axes) -> Axes:
    """Draw the curve and the choices behind it into two parts of `ax`, which is returned.

    Parameters
    ----------
    columns : CurveColumns
        From `arrange_curve`.
    briefing : Briefing
        Language of axis and names.
    ax : Axes
        Drawn on and returned.
    """
    ax.set_axis_off()
    below = len(columns.rows) * ROW_IN
    height = CURVE_IN + GAP_IN + below
    curve = ax.inset_axes((0.0, (below + GAP_IN) / height, 1.0, CURVE_IN / height))
    choices = ax.inset_axes((0.0, 0.0, 1.0, below / height))
    _draw_curve(columns, briefing, ax=curve)
    _draw_choices(columns, briefing, ax=choices)
    for part in (curve, choices):
        part.set_xlim(0.0, float(columns.at[-1]) + max(1.0, 0.01 * columns.native_count))
        part.set_xticks([])
        part.spines["bottom"].set_visible(False)
    return ax


def _draw_curve(columns: CurveColumns, briefing: Briefing, *, ax: Axes) -> None:
    table, at, count = columns.table, columns.at, columns.native_count
    numbers = {name: table[name].to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high", "p_value")}
    limits = use_ratio_scale(ax, numbers["estimate"], briefing, axis="y")
    bands = table.iloc[:count][["band_low", "band_high"]].to_numpy(dtype=float)
    heights = np.clip([[to_scale(end) for end in row] for row in bands], *limits).reshape(-1, 2)
    ax.fill_between(at[:count], heights[:, 0], heights[:, 1], color=FAINT, linewidth=0, zorder=0)
    draw_zero_line(ax)
    ends = [
        _segments(at[part], *(np.clip(_scaled(numbers[name][part]), *limits) for name in ("conf_low", "conf_high")))
        for part in (slice(count), slice(count, None))
    ]
    ax.add_patch(_lines(ends[0], color=RAW, linewidth=0.5))
    ax.add_patch(_lines(ends[1], color=COMPARISON, linewidth=0.8))
    is_rejected = numbers["p_value"][:count] <= LEVEL
    places = _scaled(numbers["estimate"])
    for chosen, colour in ((~is_rejected, MUTED), (is_rejected, MODEL_WARD)):
        ax.plot(at[:count][chosen], places[:count][chosen], linestyle="none", marker=".", markersize=2.2, color=colour)
    ax.plot(at[count:], places[count:], linestyle="none", marker="s", markersize=2.6, color=COMPARISON, mfc="white")
    own = np.flatnonzero(table["is_own"].eq("yes"))
    for place in own:
        ax.axvline(at[place], color=INK, linewidth=0.7, zorder=1)
    if len(table) > count:
        ax.text(
            at[count],
            limits[1],
            briefing.say("label.outside_curve"),
            fontsize=NAME_SIZE,
            color=COMPARISON,
            ha="left",
            va="top",
        )
    ax.set_ylabel(briefing.say("axis.ratio"))


def _scaled(values: Array) -> Array:
    return np.array([to_scale(value) if not math.isnan(value) else np.nan for value in values], dtype=float)


def _segments(at: Array, low: Array, high: Array) -> list[tuple[float, float, float, float]]:
    known = ~(np.isnan(low) | np.isnan(high))
    return [(x, a, x, b) for x, a, b in zip(at[known].tolist(), low[known].tolist(), high[known].tolist(), strict=True)]


def _draw_choices(columns: CurveColumns, briefing: Briefing, *, ax: Axes) -> None:
    """Draw a mark for each choice; neighbours that share it make one mark."""
    last = len(columns.rows)
    ax.set_ylim(last - 0.5, -0.5)
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])
    across = ax.get_yaxis_transform()
    dark, plain, outside = [], [], []
    is_rejected = (columns.table["p_value"] <= LEVEL).to_numpy()
    is_native = np.arange(len(columns.table)) < columns.native_count
    for line, (name, value) in enumerate(columns.rows):
        if not value:
            words = briefing.say(f"choice.{name}")
            ax.text(-0.42, line, words, transform=across, fontsize=HEADING_SIZE, fontweight="bold", va="center")
            continue
        ax.text(
            -0.02,
            line,
            choice_value(name, value, briefing),
            transform=across,
            fontsize=NAME_SIZE,
            ha="right",
            va="center",
        )
        chosen = columns.table[name].astype(str).eq(value).to_numpy()
        dark += _runs(chosen & is_native & is_rejected, columns, line)
        plain += _runs(chosen & is_native & ~is_rejected, columns, line)
        outside += _runs(chosen & ~is_native, columns, line)
    width = ROW_IN * 72 * 0.55
    for segments, colour in ((plain, RAW), (dark, MODEL_WARD), (outside, COMPARISON)):
        ax.add_patch(_lines(segments, color=colour, linewidth=width))


def _runs(chosen: npt.NDArray[np.bool_], columns: CurveColumns, line: int) -> list[tuple[float, float, float, float]]:
    """Return the chosen columns as marks on one line, neighbours together."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    lows, highs = columns.at - columns.reach, columns.at + columns.reach
    return [(lows[a], line, highs[b - 1], line) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _lines(segments: Sequence[tuple[float, float, float, float]], *, color: str, linewidth: float) -> PathPatch:
    """Return many lines as one outline: a path each would make the picture several times as large."""
    points = np.array(segments, dtype=float).reshape(-1, 2)
    codes = np.tile([Outline.MOVETO, Outline.LINETO], len(segments))
    outline = Outline(points, codes if len(codes) else None)
    return PathPatch(outline, edgecolor=color, linewidth=linewidth, fill=False, capstyle="butt")
