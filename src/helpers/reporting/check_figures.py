"""Figures of the attempts to break the estimate: placebo dates, one town or cohort left out, every possible roster.

Their tables are those of `helpers.reporting.check_details`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from helpers.checks.all_worlds import HIGHEST, LOWEST, UNION
from helpers.checks.leave_one_out import COHORT, PERIOD, WARD
from helpers.checks.placebo_date import CARRIED, EARLIER
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import effect_caption, figure_words
from helpers.reporting.check_details import CHECK_WORLDS, details_of
from helpers.reporting.effects import Effect
from helpers.reporting.figure import Figure, NoFigure, Plot, draw_figure
from helpers.reporting.interval_plot import IntervalMark, IntervalRow, interval_layout, plot_intervals

BETWEEN_READING_AND_COHORT = ":"
ENDS = ["estimate", "conf_low", "conf_high"]


def placebo_figure(
    details: pd.DataFrame, briefing: Briefing, indicator: str, *, headline: Effect | None = None
) -> Figure | NoFigure:
    """Return what the programme seems to do when it is moved back to before it began.

    Parameters
    ----------
    details : DataFrame
        The estimates behind the checks; ``item`` is the cohort moved back, with "carried:" in front its placebo carried
        to the time of the programme.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    headline : Effect, optional
        The real effect, drawn as a dotted line.
    """
    rows = details_of(details, indicator, "placebo_date")
    items = rows["item"].astype(str)
    own = rows.loc[~items.str.startswith((CARRIED, EARLIER))]
    names = [briefing.cohort_name(str(item)) for item in own["item"]]
    ends = dict(zip(items, rows[ENDS].astype(float).to_numpy().tolist(), strict=True))
    drawn = [
        _with_mark(row, ends[f"{CARRIED}{item}"]) if f"{CARRIED}{item}" in ends else row
        for row, item in zip(_named(own, names, briefing), own["item"].astype(str), strict=True)
    ]
    return _interval_figure(drawn, briefing, indicator, _tested(headline, own), "placebo")


def _with_mark(row: IntervalRow, values: Sequence[float]) -> IntervalRow:
    estimate, low, high = values
    return replace(row, marks=(*row.marks, IntervalMark(estimate, low, high, "second")) if row.marks else ())


def leave_one_out_figure(
    details: pd.DataFrame, briefing: Briefing, indicator: str, *, headline: Effect | None = None
) -> Figure | NoFigure:
    """Return the effect with each town and each cohort left out in turn.

    Parameters
    ----------
    details : DataFrame
        The estimates behind the checks; ``item`` is the code of the town left out, or names a cohort.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    headline : Effect, optional
        The effect with every town, drawn as a dotted line.
    """
    rows = details_of(details, indicator, "leave_one_out")
    rows = rows.loc[~rows["item"].astype(str).str.startswith((WARD, PERIOD))]
    names = [_left_out(str(item), briefing) for item in rows["item"]]
    return _interval_figure(
        _named(rows, names, briefing), briefing, indicator, _tested(headline, rows), "leave_one_out"
    )


def _left_out(item: str, briefing: Briefing) -> str:
    if item.startswith(COHORT):
        return briefing.say("label.without_cohort", cohort=briefing.cohort_name(item.removeprefix(COHORT)))
    return briefing.say("label.without", town=briefing.town_name(item))


def worlds_figure(
    details: pd.DataFrame, briefing: Briefing, indicator: str, *, headline: Effect | None = None
) -> Figure | NoFigure:
    """Return between what the estimate lies over every roster the sources admit.

    Parameters
    ----------
    details : DataFrame
        The estimates behind the checks; ``item`` is "reading:cohort", ``conf_low`` and ``conf_high`` the smallest and
        largest estimate over the rosters; with "union:" in front, the ends of the union of all rosters' intervals.
        Items that name a ward are left out.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    headline : Effect, optional
        The effect under the roster the run assumes, drawn as a dotted line.
    """
    rows = details_of(details, indicator, CHECK_WORLDS)
    rows = rows.loc[~rows["item"].astype(str).str.startswith((LOWEST, HIGHEST))]
    names = []
    for item in rows["item"]:
        own = str(item).removeprefix(UNION)
        reading, _, cohort = own.rpartition(BETWEEN_READING_AND_COHORT)
        label = "label.world" if own == item else "label.world_union"
        names.append(briefing.say(label, reading=reading, cohort=briefing.cohort_name(cohort)))
    return _interval_figure(_named(rows, names, briefing), briefing, indicator, _tested(headline, rows), "worlds")


def _tested(headline: Effect | None, rows: pd.DataFrame) -> Effect | None:
    """Return the headline with the fewest assignments that a drawn interval rests on, for the caption."""
    if headline is None or "smallest_p" not in rows.columns or rows["smallest_p"].isna().all():
        return headline
    return replace(
        headline, n_assignments=float(rows["n_assignments"].min()), smallest_p=float(rows["smallest_p"].max())
    )


def _named(rows: pd.DataFrame, names: Sequence[str], briefing: Briefing) -> list[IntervalRow]:
    numbers = rows[ENDS].astype(float).itertuples(index=False)
    return [_row(name, IntervalMark(*values), briefing) for name, values in zip(names, numbers, strict=True)]


def _row(name: str, mark: IntervalMark, briefing: Briefing) -> IntervalRow:
    interval = briefing.wording.interval(mark.conf_low, mark.conf_high, is_percent=True)
    if math.isfinite(mark.estimate):
        percent = briefing.wording.percent(mark.estimate)
        return IntervalRow(name, briefing.say("label.estimate", estimate=percent, interval=interval), (mark,))
    if math.isnan(mark.conf_low):
        return IntervalRow(name, briefing.say("label.not_estimable"), ())
    return IntervalRow(name, interval, (mark,))


def _interval_figure(
    rows: Sequence[IntervalRow], briefing: Briefing, indicator: str, headline: Effect | None, what: str
) -> Figure | NoFigure:
    marks = [row.marks[0] for row in rows if row.marks]
    if not marks:
        return NoFigure(briefing.say("figure.none"))
    ends = [end for mark in marks for end in _span(mark)]
    percent = briefing.wording.percent
    alt = briefing.say(
        f"alt.{what}",
        n=len(marks),
        indicator=briefing.indicator_name(indicator),
        low=percent(min(ends)),
        high=percent(max(ends)),
        apart=sum(mark.conf_low > 0 or mark.conf_high < 0 for mark in marks),
    )
    words = figure_words(
        f"{what}_{indicator}",
        briefing,
        title=briefing.say(f"figure.{what}", indicator=briefing.indicator_name(indicator)),
        caption=f"{briefing.say(f'caption.{what}')} {effect_caption(headline, briefing)}".strip(),
        alt=alt,
    )
    reference = headline.estimate if headline is not None else None
    plot: Plot = lambda ax: plot_intervals(rows, briefing, ax=ax, reference=reference)  # noqa: E731
    return draw_figure([plot], words=words, layout=interval_layout(len(rows)))


def _span(mark: IntervalMark) -> tuple[float, ...]:
    return (mark.estimate,) if math.isfinite(mark.estimate) else (mark.conf_low, mark.conf_high)
