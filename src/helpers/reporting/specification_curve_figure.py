"""The figure of the specification curve: picture, caption with the joint picture, and alternative text."""

from typing import Any

import pandas as pd

from helpers.checks.curve_rows import CHECK, NATIVE
from helpers.inference.randomisation import LEVEL
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import figure_words
from helpers.reporting.effects import CONFIRMATORY
from helpers.reporting.figure import Figure, NoFigure, Plot, draw_figure
from helpers.reporting.specification_curve_plot import arrange_curve, curve_layout, plot_specification_curve


def specification_curve_figure(
    curve: pd.DataFrame,
    details: pd.DataFrame,
    briefing: Briefing,
    indicator: str,
    *,
    specification: str = CONFIRMATORY,
) -> Figure | NoFigure:
    """Return the specification curve of one indicator.

    Parameters
    ----------
    curve : DataFrame
        A run's ``specification_curve.csv``.
    details : DataFrame
        A run's ``check_details.csv``, which holds the joint picture.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    specification : {"town_period", "two_way"}
        Whose curve; the library's estimators, which know no towns, are drawn beside either.
    """
    own = curve.loc[curve["indicator"].eq(indicator) & curve["estimate"].notna()]
    native = own.loc[own["kind"].eq(NATIVE) & own["specification"].eq(specification)]
    if native.empty:
        return NoFigure(briefing.say("figure.none"))
    columns = arrange_curve(native, own.loc[own["kind"].ne(NATIVE)])
    percent, name = briefing.wording.percent, briefing.indicator_name(indicator)
    rejected = int((native["p_value"] <= LEVEL).sum())
    ends = (
        ("low", native["estimate"].min()),
        ("high", native["estimate"].max()),
        ("median", native["estimate"].median()),
    )
    words = figure_words(
        f"specification_curve_{indicator}"
        if specification == CONFIRMATORY
        else f"specification_curve_{indicator}_{specification}",
        briefing,
        title=briefing.say("figure.specification_curve", indicator=name),
        caption=" ".join(
            (
                briefing.say("caption.specification_curve"),
                briefing.say(f"specification.{specification}"),
                _joint(details, briefing, indicator, specification, len(native)),
            )
        ).strip(),
        alt=briefing.say(
            "alt.specification_curve",
            n=len(native),
            indicator=name,
            apart=briefing.wording.number(rejected),
            **{end: percent(float(value)) for end, value in ends},
        ),
    )
    plot: Plot = lambda ax: plot_specification_curve(columns, briefing, ax=ax)  # noqa: E731
    return draw_figure([plot], words=words, layout=curve_layout(columns))


def _joint(details: pd.DataFrame, briefing: Briefing, indicator: str, specification: str, count: int) -> str:
    """Return the sentence on the joint picture, or "" if the table does not hold it."""
    is_own = (
        details["indicator"].eq(indicator) & details["specification"].eq(specification) & details["check"].eq(CHECK)
    )
    rows: dict[object, dict[object, Any]] = {row["item"]: row for row in details.loc[is_own].to_dict("records")}
    if not {"median_t", "share_significant"} <= set(rows):
        return ""
    median, share = rows["median_t"], rows["share_significant"]
    wording = briefing.wording
    return briefing.say(
        "caption.specification_curve.joint",
        count=wording.number(count),
        median_p=wording.p_value(float(median["p_value"])),
        share=wording.percent(float(share["estimate"]), is_signed=False),
        share_p=wording.p_value(float(share["p_value"])),
        assignments=wording.number(float(median["n_assignments"])),
        smallest_p=wording.small(float(median["smallest_p"])),
    )
