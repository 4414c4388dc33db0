"""Figures of the design, before any estimate: who adopted when, and how the series ran."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.panel import outcome_matrix
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import figure_words, joined
from helpers.reporting.design_plot import MEAN_OVER, MOST_NAMED_WARDS, WardGroup, plot_adoption, plot_trend
from helpers.reporting.figure import Figure, Layout, Plot, draw_figure
from helpers.study.design import NEVER, Design

TALLEST_IN = 6.0
WARD_ROW_IN = 0.145
PANEL_HEIGHT_IN = 1.3
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
