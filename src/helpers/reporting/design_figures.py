"""Figures of the design, before any estimate: who adopted when, how the series ran, what weighs, what can be found."""

import math
import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.checks.detectability import CURVE_EFFECTS, power_measure
from helpers.checks.effective_sample import COMPARISON_SHARE, TREATED_SHARE
from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS
from helpers.panel import outcome_matrix
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import figure_words, joined
from helpers.reporting.design_plot import MEAN_OVER, MOST_NAMED_WARDS, WardGroup, plot_adoption, plot_trend
from helpers.reporting.design_power_plot import PowerCurve, plot_power
from helpers.reporting.design_sample_plot import MARKERS, WardShares, plot_shares
from helpers.reporting.figure import Figure, Layout, NoFigure, Plot, draw_figure
from helpers.study.design import NEVER, Design
from helpers.text import nfc

TALLEST_IN = 6.0
WARD_ROW_IN = 0.145
PANEL_HEIGHT_IN = 1.3
POWER_COLUMNS, POWER_ROW_IN = 3, 1.2
TITLE_LETTERS = 24
"""Letters of an indicator's name that fit over a narrow panel; longer names take a second line, and end there."""
MOST_WEIGHED_WARDS = 40
"""More rows cannot be read; the heaviest are shown, and the caption says how many there are."""
TOP_QUANTILE = 0.995
"""Where the value axis of the trends ends: a single wild month may be cut off, and the caption says so."""


def adoption_figure(design: Design, briefing: Briefing) -> Figure:
    """Return who became a model ward when; wards whose status no source gives are hatched.

    Parameters
    ----------
    design : Design
        Who is treated from when.
    briefing : Briefing
        Run and language.
    """
    unknown = [row.ward_id for row in briefing.study.adoption if row.status == "unknown"]
    cohorts = [
        briefing.say(
            "alt.cohort",
            n=len(design.wards_in(cohort)),
            cohort=briefing.cohort_name(cohort),
            start=briefing.period(design.periods[start]),
        )
        for cohort, start in zip(design.cohorts, design.starts, strict=True)
    ]
    treated_count = sum(label != NEVER for label in design.labels)
    words = figure_words(
        "adoption",
        briefing,
        title=briefing.say("figure.adoption"),
        caption=briefing.say("caption.adoption", donut=design.anticipation, unknown_count=len(unknown)),
        alt=briefing.say(
            "alt.adoption", n=len(design.ward_ids), treated_count=treated_count, cohorts=joined(cohorts, briefing)
        ),
    )
    is_named = len(design.ward_ids) <= MOST_NAMED_WARDS
    height = min(TALLEST_IN, 0.8 + WARD_ROW_IN * len(design.ward_ids)) if is_named else TALLEST_IN
    plot: Plot = lambda ax: plot_adoption(design, briefing, ax=ax, unknown=unknown)  # noqa: E731
    return draw_figure([plot], words=words, layout=Layout(height_in=height))


def trends_figure(panel: pd.DataFrame, design: Design, briefing: Briefing, indicator: str) -> Figure:
    """Return the mean series of each town and cohort over the raw series of its wards.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    design : Design
        Groups and starts.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    """
    values = outcome_matrix(panel, design, indicator)
    groups = _ward_groups(values, design, briefing)
    words = figure_words(
        f"trends_{indicator}",
        briefing,
        title=briefing.say("figure.trends", indicator=briefing.indicator_name(indicator)),
        caption=briefing.say("caption.trends", unit=briefing.unit(indicator), over=MEAN_OVER),
        alt=_trends_sentence(values, design, briefing, indicator),
    )
    reported = values[~np.isnan(values)]
    top = max(1.0, 1.05 * float(np.quantile(reported, TOP_QUANTILE)))
    columns = min(2, len(groups))
    rows = -(-len(groups) // columns)
    layout = Layout(height_in=PANEL_HEIGHT_IN * rows, rows=rows, columns=columns, share_y=True)
    return draw_figure([_trend(group, design, briefing, top) for group in groups], words=words, layout=layout)


def _trend(group: WardGroup, design: Design, briefing: Briefing, top: float) -> Plot:
    return lambda ax: plot_trend(group, design.periods, briefing, ax=ax, top=top)


def _ward_groups(values: npt.NDArray[np.float64], design: Design, briefing: Briefing) -> list[WardGroup]:
    keys = sorted(
        set(zip(design.town_codes, design.labels, strict=True)), key=lambda key: (key[0], key[1] == NEVER, key[1])
    )
    groups = []
    for town, label in keys:
        rows = [
            row for row, own in enumerate(zip(design.town_codes, design.labels, strict=True)) if own == (town, label)
        ]
        cohort = briefing.say("label.never") if label == NEVER else briefing.cohort_name(design.cohorts[label])
        title = briefing.say("label.group", n=len(rows), town=briefing.town_name(town), cohort=cohort)
        groups.append(WardGroup(title, values[rows], None if label == NEVER else design.starts[label]))
    return groups


def _trends_sentence(values: npt.NDArray[np.float64], design: Design, briefing: Briefing, indicator: str) -> str:
    first = min(design.starts)
    is_treated = design.label_array != NEVER
    parts = {
        "treated_before": values[is_treated, :first],
        "treated_after": values[is_treated, first:],
        "comparison_before": values[~is_treated, :first],
        "comparison_after": values[~is_treated, first:],
    }
    means: dict[str, Any] = {name: _mean_text(cells, briefing) for name, cells in parts.items()}
    return briefing.say(
        "alt.trends",
        indicator=briefing.indicator_name(indicator),
        start=briefing.period(design.periods[first]),
        **means,
    )


def _mean_text(cells: npt.NDArray[np.float64], briefing: Briefing) -> str:
    reported = cells[~np.isnan(cells)]
    return briefing.wording.number(float(reported.mean()), decimals=2) if reported.size else "–"


def effective_sample_figure(
    sample: pd.DataFrame, design: Design, briefing: Briefing, indicator: str
) -> Figure | NoFigure:
    """Return how much each ward weighs in an estimate: as a treated ward, and as a comparison.

    Parameters
    ----------
    sample : DataFrame
        From `helpers.checks.effective_sample.effective_sample`.
    design : Design
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    """
    own = sample.loc[sample["indicator"].eq(indicator) & sample["ward_id"].ne("")]
    shares = own.pivot_table(index=["town_code", "ward_id"], columns=["measure", "specification"], values="value")
    if shares.empty:
        return NoFigure(briefing.say("figure.sample.none", indicator=briefing.indicator_name(indicator)))
    heaviest = shares.abs().max(axis=1).nlargest(MOST_WEIGHED_WARDS).index
    shown = shares.loc[shares.index.isin(heaviest)]
    words = figure_words(
        f"effective_sample_{indicator}",
        briefing,
        title=briefing.say("figure.sample", indicator=briefing.indicator_name(indicator)),
        caption=briefing.say("caption.sample", shown=len(shown), ward_count=len(design.ward_ids)),
        alt=_sample_sentence(sample, briefing, indicator),
    )
    plots = [_weights(shown, briefing, measure) for measure in (TREATED_SHARE, COMPARISON_SHARE)]
    height = min(TALLEST_IN, 0.6 + WARD_ROW_IN * len(shown))
    return draw_figure(plots, words=words, layout=Layout(height_in=height, columns=2, share_y=True))


def _weights(shares: pd.DataFrame, briefing: Briefing, measure: str) -> Plot:
    names = {ward.ward_id: nfc(ward.ward_name_vi) for ward in briefing.study.wards}
    wanted = shares.reindex(columns=pd.MultiIndex.from_product([[measure], MARKERS]))
    rows = [
        WardShares(names.get(ward, ward), town, tuple(values))
        for (town, ward), values in zip(wanted.index, wanted.to_numpy().tolist(), strict=True)
    ]
    is_treated = measure == TREATED_SHARE
    title = briefing.say(f"label.{measure}")
    return lambda ax: plot_shares(rows, briefing, ax=ax, title=title, is_treated=is_treated, has_names=is_treated)


def _sample_sentence(sample: pd.DataFrame, briefing: Briefing, indicator: str) -> str:
    """Return the finding: what part of the expected count the heaviest cohort carries under each specification."""
    cohorts = sample.loc[
        sample["indicator"].eq(indicator)
        & sample["measure"].eq(TREATED_SHARE)
        & sample["cohort"].ne("")
        & sample["ward_id"].eq("")
    ]
    said = [
        briefing.say(
            "alt.sample.cohort",
            cohort=briefing.cohort_name(row["cohort"]),
            share=briefing.wording.number(100 * row["value"]),
            specification=briefing.say(f"label.{row['specification']}"),
        )
        for row in cohorts.to_dict("records")
        if not math.isnan(row["value"])
    ]
    return briefing.say("alt.sample", indicator=briefing.indicator_name(indicator), shares="; ".join(said))


def power_figure(detectable: pd.DataFrame, briefing: Briefing) -> Figure | NoFigure:
    """Return power against the size of a fall, for each indicator and both specifications, all cohorts together.

    Parameters
    ----------
    detectable : DataFrame
        From `helpers.checks.detectability.detectable_effects`.
    briefing : Briefing
        Run and language.
    """
    overall = detectable.loc[detectable["cohort"].eq("all")]
    curves = {name: _power_curves(own) for name, own in overall.groupby("indicator", sort=False)}
    curves = {name: own for name, own in curves.items() if own}
    if not curves:
        return NoFigure(briefing.say("figure.power.none"))
    found = [briefing.indicator_name(str(name)) for name, own in curves.items() if _is_found(own)]
    words = figure_words(
        "power",
        briefing,
        title=briefing.say("figure.power"),
        caption=briefing.say("caption.power"),
        alt=briefing.say("alt.power", n=len(curves), names=joined(found, briefing) or "–"),
    )
    columns = min(POWER_COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    layout = Layout(height_in=max(2.0, POWER_ROW_IN * rows), rows=rows, columns=columns, share_y=True)
    return draw_figure([_power(str(name), own, briefing) for name, own in curves.items()], words=words, layout=layout)


def _is_found(curves: tuple[PowerCurve, ...]) -> bool:
    return any(curve.is_confirmatory and not math.isnan(curve.mde) for curve in curves)


def _power(indicator: str, curves: tuple[PowerCurve, ...], briefing: Briefing) -> Plot:
    title = "\n".join(textwrap.wrap(briefing.indicator_name(indicator), TITLE_LETTERS, max_lines=2, placeholder=" …"))
    return lambda ax: plot_power(title, curves, briefing, ax=ax)


def _power_curves(rows: pd.DataFrame) -> tuple[PowerCurve, ...]:
    curves = []
    for specification in SPECIFICATIONS:
        numbers = rows.loc[rows["specification"].eq(specification)].set_index("measure")["value"]
        power = {
            effect: float(numbers[power_measure(effect)])
            for effect in CURVE_EFFECTS
            if power_measure(effect) in numbers
        }
        if power:
            curves.append(PowerCurve(power, float(numbers["mde"]), specification == CONFIRMATORY))
    return tuple(curves)
