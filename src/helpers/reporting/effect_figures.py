"""Figures of the estimates: forest of indicators, observed against expected, event study."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from helpers.errors import UsageError
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import effect_caption, figure_words, joined
from helpers.reporting.counterfactual_plot import MEAN_OVER, plot_counterfactual
from helpers.reporting.disclosure.blocks import spread_blocks
from helpers.reporting.effects import CONFIRMATORY, TWO_WAY, Effect, find_effect
from helpers.reporting.event_study_plot import plot_event_study
from helpers.reporting.figure import Figure, Layout, Margins, NoFigure, Plot, draw_figure
from helpers.reporting.interval_plot import IntervalMark, IntervalRow, Part, interval_layout, plot_intervals
from helpers.reporting.sentences import effect_values
from helpers.reporting.verdicts import Verdict
from helpers.study.periods import period_range

EVENT_PANEL_IN, EVENT_ROOM = 1.35, Margins(left=0.78, right=0.1, top=0.25, bottom=0.45, between=0.3)
COUNTERFACTUAL_PANEL_IN, COUNTERFACTUAL_ROOM = 1.3, Margins(left=0.45, right=0.1, top=0.25, bottom=0.28, between=0.3)


def forest_figure(verdicts: Sequence[Verdict], briefing: Briefing) -> Figure | NoFigure:
    """Return every indicator's overall effect under both specifications."""
    drawn = [verdict for verdict in verdicts if any(_estimated(effect) for effect in (verdict.effect, verdict.two_way))]
    if not drawn:
        return NoFigure(briefing.say("figure.none"))
    rows = [
        IntervalRow(
            name=briefing.indicator_name(verdict.indicator),
            text=_interval_text(verdict.effect, briefing),
            marks=(*_mark(verdict.effect, "main"), *_mark(verdict.two_way, "second")),
        )
        for verdict in drawn
    ]
    apart = [
        briefing.indicator_name(verdict.indicator)
        for verdict in drawn
        if verdict.effect is not None and verdict.effect.excludes_zero
    ]
    which = "some" if apart else "none"
    words = figure_words(
        "forest",
        briefing,
        title=briefing.say("figure.forest"),
        caption=f"{briefing.say('caption.forest')} {effect_caption(drawn[0].effect or drawn[0].two_way, briefing)}",
        alt=briefing.say(f"alt.forest.{which}", n=len(drawn), names=joined(apart, briefing)),
    )
    plot: Plot = lambda ax: plot_intervals(rows, briefing, ax=ax)  # noqa: E731
    return draw_figure([plot], words=words, layout=interval_layout(len(rows)))


def event_study_figure(effects: Sequence[Effect], briefing: Briefing, indicator: str) -> Figure | NoFigure:
    """Return an indicator's effects by time since adoption, one panel per cohort."""
    specification = _drawable(effects, indicator)
    bins = [
        effect
        for effect in effects
        if effect.indicator == indicator
        and effect.specification == specification
        and effect.estimand in ("lead", "relative_period")
        and effect.is_estimated
    ]
    if not bins:
        return NoFigure(briefing.say("figure.no_event_study", indicator=briefing.indicator_name(indicator)))
    cohorts = sorted({effect.cohort for effect in bins} - {"all"}) or ["all"]
    before, after = (
        [e.estimate for e in bins if e.estimand == kind and e.cohort in cohorts] for kind in ("lead", "relative_period")
    )
    percent = briefing.wording.percent
    alt = briefing.say(
        "alt.event_study" if before and after else "alt.event_study.after_only",
        indicator=briefing.indicator_name(indicator),
        before_low=percent(min(before)) if before else "",
        before_high=percent(max(before)) if before else "",
        after_low=percent(min(after)) if after else "–",
        after_high=percent(max(after)) if after else "–",
    )
    overall = find_effect(effects, indicator, specification=specification, estimand="overall")
    weakest = max(bins, key=lambda own: -1.0 if math.isnan(own.smallest_p) else own.smallest_p)
    told = replace(overall or bins[0], n_assignments=weakest.n_assignments, smallest_p=weakest.smallest_p)
    words = figure_words(
        f"event_study_{indicator}",
        briefing,
        title=briefing.say("figure.event_study", indicator=briefing.indicator_name(indicator)),
        caption=f"{briefing.say('caption.event_study')} {effect_caption(told, briefing)}",
        alt=alt,
    )
    plots = [_event_study([e for e in bins if e.cohort == cohort], briefing, cohort) for cohort in cohorts]
    return draw_figure(plots, words=words, layout=_stacked(len(cohorts), EVENT_PANEL_IN, EVENT_ROOM))


def counterfactual_figure(
    counterfactual: pd.DataFrame, effects: Sequence[Effect], briefing: Briefing, indicator: str
) -> Figure | NoFigure:
    """Return an indicator's observed and expected incidents, one panel per cohort.

    Parameters
    ----------
    counterfactual : DataFrame
        A run's ``counterfactual.csv``.
    effects : sequence of Effect
        For the caption and the finding in the alternative text.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.

    Raises
    ------
    UsageError
        If the table does not say how many wards were added up.
    """
    if "ward_count" not in counterfactual.columns:
        raise UsageError("The table counterfactual lacks ward_count. Run notebook 03 again.")
    own = spread_blocks(counterfactual.loc[counterfactual["indicator"].eq(indicator)], briefing.study.period_kind)
    specification = _followed(own)
    rows = own.loc[own["specification"].eq(specification)].astype({"cohort": str})
    if rows.empty:
        return NoFigure(briefing.say("figure.no_counterfactual", indicator=briefing.indicator_name(indicator)))
    overall = find_effect(effects, indicator, specification=specification, estimand="overall")
    is_controlled = briefing.study.is_controlled
    reading = briefing.say(
        f"caption.counterfactual{'.controlled' if is_controlled else ''}", unit=briefing.unit(indicator), over=MEAN_OVER
    )
    words = figure_words(
        f"counterfactual_{indicator}",
        briefing,
        title=briefing.say("figure.counterfactual", indicator=briefing.indicator_name(indicator)),
        caption=f"{reading} {effect_caption(overall, briefing)}",
        alt=_counterfactual_sentence(overall, briefing, indicator),
    )
    treated = rows.loc[rows["state"].eq("treated") & rows["ward_count"].gt(0), "cohort"]
    cohorts = sorted(set(treated) - {"all"}) or sorted(set(treated))
    calendar = period_range(briefing.study.period_kind, min(rows["period"]), max(rows["period"]))
    plots = [
        _counterfactual(rows.loc[rows["cohort"].eq(cohort)], calendar, briefing, cohort, is_labelled=place == 0)
        for place, cohort in enumerate(cohorts)
    ]
    return draw_figure(plots, words=words, layout=_stacked(len(cohorts), COUNTERFACTUAL_PANEL_IN, COUNTERFACTUAL_ROOM))


def _stacked(rows: int, panel_in: float, room: Margins) -> Layout:
    height = rows * panel_in + room.top + room.bottom + (rows - 1) * room.between
    return Layout(height_in=height, rows=rows, share_x=True, margins_in=room)


def _followed(rows: pd.DataFrame) -> str:
    """Return the confirmatory specification if it can follow any treated ward, else the other."""
    found = rows.loc[rows["state"].eq("treated") & rows["ward_count"].gt(0), "specification"]
    return next((name for name in (CONFIRMATORY, TWO_WAY) if found.eq(name).any()), "")


def _estimated(effect: Effect | None) -> bool:
    return effect is not None and effect.is_estimated


def _interval_text(effect: Effect | None, briefing: Briefing) -> str:
    if effect is None or not effect.is_estimated:
        return briefing.say("label.not_estimable")
    values = effect_values(effect, briefing)
    return briefing.say("label.estimate", estimate=values["percent"], interval=values["interval"])


def _mark(effect: Effect | None, part: Part) -> list[IntervalMark]:
    return (
        [IntervalMark(effect.estimate, effect.conf_low, effect.conf_high, part)]
        if effect is not None and effect.is_estimated
        else []
    )


def _drawable(effects: Sequence[Effect], indicator: str) -> str:
    def has_bins(specification: str) -> bool:
        return any(
            e.indicator == indicator
            and e.specification == specification
            and e.estimand == "relative_period"
            and e.is_estimated
            for e in effects
        )

    return next((specification for specification in (CONFIRMATORY, TWO_WAY) if has_bins(specification)), "")


def _event_study(bins: Sequence[Effect], briefing: Briefing, cohort: str) -> Plot:
    return lambda ax: plot_event_study(bins, briefing, ax=ax, title=briefing.cohort_name(cohort))


def _counterfactual(
    rows: pd.DataFrame, calendar: Sequence[str], briefing: Briefing, cohort: str, *, is_labelled: bool
) -> Plot:
    return lambda ax: plot_counterfactual(
        rows, calendar, briefing, ax=ax, title=briefing.cohort_name(cohort), is_labelled=is_labelled
    )


def _counterfactual_sentence(overall: Effect | None, briefing: Briefing, indicator: str) -> str:
    if overall is None or not overall.is_estimated:
        return briefing.say("alt.counterfactual.bare", indicator=briefing.indicator_name(indicator))
    return briefing.say("alt.counterfactual", **effect_values(overall, briefing))
