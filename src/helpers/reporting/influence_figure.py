"""The influence figure: whether one ward or one period carries the estimate. It names no ward and ranks none."""

import math
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from helpers.checks.gates import HALF_CLAIM
from helpers.checks.leave_one_out import PERIOD, WARD
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import effect_caption, figure_words
from helpers.reporting.effects import Effect
from helpers.reporting.figure import Figure, FigureWords, Layout, Margins, NoFigure, Plot, draw_figure
from helpers.reporting.influence_plot import Influence, plot_influence
from helpers.study.design import NEVER, Design

PANEL_IN = 1.1
ROOM = Margins(left=0.5, right=0.1, top=0.08, bottom=0.25, between=0.28)


def influence_figure(
    details: pd.DataFrame, design: Design, briefing: Briefing, indicator: str, *, headline: Effect | None
) -> Figure | NoFigure:
    """Return the estimate without each ward and without each period.

    Parameters
    ----------
    details : DataFrame
        The estimates behind the checks; the items of ``leave_one_out`` that begin with "ward:" and "period:".
    design : Design
        Which wards are model wards.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    headline : Effect or None
        The estimate with all wards and periods, and the specification whose estimates are drawn.
    """
    if headline is None or not headline.is_estimated or headline.estimate <= -1:
        return NoFigure(briefing.say("figure.none"))
    is_own = details["indicator"].eq(indicator) & details["check"].eq("leave_one_out")
    own = details.loc[is_own & details["specification"].eq(headline.specification) & details["estimate"].notna()]
    wards, periods = _wards(own, design, briefing), _periods(own, briefing)
    if not wards.estimates or not periods.estimates:
        return NoFigure(briefing.say("figure.none"))
    half = HALF_CLAIM * abs(math.log1p(headline.estimate))
    low, high = ((1 + headline.estimate) * math.exp(way * half) - 1 for way in (-1, 1))
    everything = (*wards.estimates, *periods.estimates)
    plots: list[Plot] = [
        partial(_panel, one, briefing=briefing, headline=headline.estimate, band=(low, high), reach=everything)
        for one in (wards, periods)
    ]
    height = 2 * PANEL_IN + ROOM.top + ROOM.bottom + ROOM.between
    words = _words(wards, periods, briefing, indicator, headline)
    return draw_figure(plots, words=words, layout=Layout(height_in=height, rows=2, margins_in=ROOM))


def _panel(influence: Influence, ax: Axes, **common: Any) -> Axes:
    return plot_influence(influence, ax=ax, **common)


def _wards(own: pd.DataFrame, design: Design, briefing: Briefing) -> Influence:
    rows = own.loc[own["item"].astype(str).str.startswith(WARD)]
    models = {ward for ward, label in zip(design.ward_ids, design.labels, strict=True) if label != NEVER}
    names = [str(item).removeprefix(WARD) for item in rows["item"]]
    is_model = tuple(name in models for name in names)
    return Influence(tuple(rows["estimate"].astype(float)), is_model, briefing.say("axis.each_ward"))


def _periods(own: pd.DataFrame, briefing: Briefing) -> Influence:
    estimates = own.loc[own["item"].astype(str).str.startswith(PERIOD), "estimate"].astype(float)
    return Influence(tuple(estimates), (False,) * len(estimates), briefing.say("axis.each_period"))


def _words(wards: Influence, periods: Influence, briefing: Briefing, indicator: str, headline: Effect) -> FigureWords:
    percent, name = briefing.wording.percent, briefing.indicator_name(indicator)
    alt = briefing.say(
        "alt.influence",
        indicator=name,
        wards_count=len(wards.estimates),
        period_count=len(periods.estimates),
        ward_low=percent(min(wards.estimates)),
        ward_high=percent(max(wards.estimates)),
        period_low=percent(min(periods.estimates)),
        period_high=percent(max(periods.estimates)),
    )
    return figure_words(
        f"influence_{indicator}",
        briefing,
        title=briefing.say("figure.influence", indicator=name),
        caption=f"{briefing.say('caption.influence')} {effect_caption(headline, briefing)}".strip(),
        alt=alt,
    )
