"""Observed against expected: what happened in a cohort, and what the model says would have happened.

Small counts make single periods noise, so both lines are means over a few periods and the raw series is grey under
them. Which wards can be followed may change over time; the lines then break, because a step between two groups of
wards is no change in any of them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from helpers.reporting.briefing import Briefing
from helpers.reporting.scales import MOST_NAMED_PERIODS, count_upwards, name_periods
from helpers.reporting.style import COUNTERFACTUAL, FAINT, MODEL_WARD, MUTED, RAW, draw_adoption_line

MEAN_OVER = 3
"""Periods to a mean, as many as a bin of the event study has."""
MOST_CHANGE = 0.25
"""A larger share of wards coming or going breaks the lines; a few returns not sent do not."""
DASHES = (0, (4, 1.6))
COLUMNS = ("observed", "expected")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Neighbouring periods of one state over much the same wards; `first` and `after` are positions."""

    state: str
    ward_count: int
    first: int
    after: int


def plot_counterfactual(
    series: pd.DataFrame,
    periods: Sequence[str],
    briefing: Briefing,
    *,
    ax: Axes,
    title: str = "",
    is_labelled: bool = True,
) -> Axes:
    """Draw one cohort's observed and expected incidents per ward and period.

    Parameters
    ----------
    series : DataFrame
        Rows of ``counterfactual.csv`` of one indicator, specification and cohort: ``period``, ``state`` (untreated,
        donut, treated), ``observed``, ``expected``, ``ward_count`` (wards added up; a period without any is blank).
    periods : sequence of str
        The calendar to draw.
    briefing : Briefing
        Language of labels.
    ax : Axes
        Drawn on and returned.
    title : str
        Panel heading, or "".
    is_labelled : bool
        Whether to name the two lines.
    """
    rows = series.loc[series["ward_count"].gt(0)].set_index("period").reindex(list(periods))
    rows[list(COLUMNS)] = rows[list(COLUMNS)].div(rows["ward_count"], axis=0)
    ax.plot(range(len(periods)), rows["observed"].to_numpy(float), color=RAW, linewidth=0.6, zorder=1)
    stretches = _stretches(rows)
    for stretch in stretches:
        _draw_stretch(ax, rows, stretch, 1 if len(periods) <= MOST_NAMED_PERIODS else MEAN_OVER)
    name_periods(ax, periods, briefing)
    count_upwards(ax, briefing)
    _mark_start(ax, stretches, briefing)
    _name_ward_counts(ax, stretches, briefing)
    if is_labelled:
        _name_lines(ax, briefing)
    ax.set_title(title)
    return ax


def _stretches(rows: pd.DataFrame) -> list[_Stretch]:
    stretches: list[_Stretch] = []
    for place, (state, count) in enumerate(zip(rows["state"], rows["ward_count"], strict=True)):
        if pd.isna(count):
            continue
        now = _Stretch(str(state), int(count), place, place + 1)
        if stretches and _goes_on(stretches[-1], now):
            last = stretches.pop()
            now = replace(last, ward_count=max(last.ward_count, now.ward_count), after=now.after)
        stretches.append(now)
    return stretches


def _goes_on(last: _Stretch, now: _Stretch) -> bool:
    change = abs(now.ward_count - last.ward_count)
    return last.after == now.first and last.state == now.state and change <= MOST_CHANGE * last.ward_count


def _draw_stretch(ax: Axes, rows: pd.DataFrame, stretch: _Stretch, mean_over: int) -> None:
    edges = [*range(stretch.first, stretch.after, mean_over), stretch.after]
    observed, expected = (
        [float(rows[column].iloc[first:after].mean()) for first, after in itertools.pairwise(edges)]
        for column in COLUMNS
    )
    places = np.array(edges) - 0.5
    is_treated = stretch.state == "treated"
    if stretch.state == "donut":
        ax.axvspan(places[0], places[-1], color=FAINT, linewidth=0, zorder=0)
    if is_treated:
        low, high = [*observed, observed[-1]], [*expected, expected[-1]]
        ax.fill_between(places, low, high, step="post", color=MODEL_WARD, alpha=0.14, linewidth=0)
    ax.stairs(observed, places, baseline=None, color=MODEL_WARD if is_treated else MUTED, linewidth=1.6, zorder=3)
    ax.stairs(expected, places, baseline=None, color=COUNTERFACTUAL, linewidth=1.3, linestyle=DASHES, zorder=4)


def _mark_start(ax: Axes, stretches: Sequence[_Stretch], briefing: Briefing) -> None:
    starts = [stretch.first for stretch in stretches if stretch.state == "treated"]
    if starts:
        draw_adoption_line(ax, at=starts[0] - 0.5, label=briefing.say("label.start"))


def _name_ward_counts(ax: Axes, stretches: Sequence[_Stretch], briefing: Briefing) -> None:
    """Say how many wards the lines stand for: at the left, and wherever that changes."""
    counts = [
        now
        for last, now in itertools.pairwise([None, *stretches])
        if now is not None and (last is None or abs(now.ward_count - last.ward_count) > MOST_CHANGE * last.ward_count)
    ]
    for stretch in counts:
        ax.annotate(
            briefing.say("label.ward_count", n=stretch.ward_count),
            xy=(stretch.first - 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -9 if stretch.first else -1),
            textcoords="offset points",
            va="top",
            fontsize=7,
            color=MUTED,
        )


def _name_lines(ax: Axes, briefing: Briefing) -> None:
    handles = [
        Line2D([], [], color=MODEL_WARD, linewidth=1.6, label=briefing.say("label.observed")),
        Line2D([], [], color=COUNTERFACTUAL, linewidth=1.3, linestyle=DASHES, label=briefing.say("label.expected")),
    ]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1.02), ncols=2, borderaxespad=0, fontsize=7.5)
