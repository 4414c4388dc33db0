import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import StepPatch

from helpers.errors import UsageError
from helpers.reporting import (
    Briefing,
    Effect,
    Figure,
    NoFigure,
    adoption_figure,
    counterfactual_figure,
    decide_verdicts,
    event_study_figure,
    forest_figure,
    leave_one_out_figure,
    placebo_figure,
    read_effects,
    trends_figure,
    worlds_figure,
)
from helpers.reporting.counterfactual_plot import plot_counterfactual
from helpers.reporting.style import missing_letters
from helpers.study import Study, build_design

NAN = float("nan")


def _details() -> pd.DataFrame:
    rows = [
        ("leave_one_out", "A", 0.1, -0.3, 0.6),
        ("leave_one_out", "B", -0.2, -0.5, -0.1),
        ("placebo_date", "2021", 0.05, -0.3, 0.5),
        ("placebo_date", "2022", NAN, NAN, NAN),
        ("worlds", "A:all", NAN, -0.5, -0.05),
    ]
    columns = ["check", "item", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns).assign(indicator="crime", specification="town_period")


def _panel(study: Study) -> pd.DataFrame:
    design = build_design(study)
    values = np.random.default_rng(3).poisson(1.5, (len(design.ward_ids), len(design.periods))).astype(float)
    values[0, 0] = np.nan
    rows = [
        {"ward_id": ward, "period": period, "indicator": "crime", "value": values[row, column]}
        for row, ward in enumerate(design.ward_ids)
        for column, period in enumerate(design.periods)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def figures(study: Study, briefing: Briefing, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    effects = read_effects(tables["estimates"], briefing)
    design = build_design(study)
    headline = next(effect for effect in effects if effect.estimand == "overall" and effect.indicator == "crime")
    return {
        "adoption": adoption_figure(design, briefing),
        "trends": trends_figure(_panel(study), design, briefing, "crime"),
        "event_study": event_study_figure(effects, briefing, "crime"),
        "counterfactual": counterfactual_figure(tables["counterfactual"], effects, briefing, "crime"),
        "forest": forest_figure(decide_verdicts(effects, study.indicators), briefing),
        "placebo": placebo_figure(_details(), briefing, "crime", headline=headline),
        "leave_one_out": leave_one_out_figure(_details(), briefing, "crime", headline=headline),
        "worlds": worlds_figure(_details(), briefing, "crime", headline=headline),
    }


def test_every_figure_is_drawn_marked_captioned_and_told(figures: dict[str, Any], briefing: Briefing) -> None:
    for name, figure in figures.items():
        assert isinstance(figure, Figure), name
        ElementTree.fromstring(figure.svg)
        assert briefing.mark in figure.svg, name
        assert len(figure.words.caption) > 40, name
        assert figure.words.alt.endswith(".") and any(letter.isdigit() for letter in figure.words.alt), name
        assert "nan" not in figure.words.alt, name


def test_a_figure_shows_itself_as_a_picture_with_alternative_text(figures: dict[str, Any]) -> None:
    for figure in figures.values():
        html = figure._repr_html_()
        assert re.search(r'<figure[^>]*><img src="data:image/svg\+xml;base64,[^"]+" alt="[^"]+"', html)
        assert "<figcaption>" in html


def test_captions_give_counts_estimator_and_inference(figures: dict[str, Any], briefing: Briefing) -> None:
    for name in ("event_study", "counterfactual", "forest"):
        caption = figures[name].words.caption
        assert briefing.say("estimator.count_imputation") in caption
        assert "999" in caption and briefing.wording.small(0.001) in caption
        assert briefing.say("caption.counts", treated_count="3", comparison_count="3") in caption


def test_drawing_changes_nothing_of_the_readers_matplotlib(figures: dict[str, Any]) -> None:
    assert mpl.rcParams["svg.fonttype"] == mpl.rcParamsDefault["svg.fonttype"]
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]


def test_the_same_tables_give_the_same_bytes(
    study: Study, briefing: Briefing, tables: dict[str, pd.DataFrame], figures: dict[str, Any]
) -> None:
    again = forest_figure(decide_verdicts(read_effects(tables["estimates"], briefing), study.indicators), briefing)
    assert isinstance(again, Figure)
    assert again.svg == figures["forest"].svg
    assert adoption_figure(build_design(study), briefing).svg == figures["adoption"].svg
    assert "<metadata" not in again.svg and "<!--" not in again.svg


def test_an_end_beyond_the_axis_is_an_arrow(
    study: Study, briefing: Briefing, make_effect: Callable[..., Effect]
) -> None:
    closed = forest_figure(decide_verdicts((make_effect(),), study.indicators), briefing)
    opened = forest_figure(decide_verdicts((make_effect(conf_low=-1.0),), study.indicators), briefing)
    assert isinstance(closed, Figure) and isinstance(opened, Figure)
    assert opened.svg.count("<path id=") == closed.svg.count("<path id=") + 1


def test_lines_break_where_half_the_wards_drop_out_and_not_for_one_return(
    briefing: Briefing, tables: dict[str, pd.DataFrame]
) -> None:
    series = tables["counterfactual"].assign(ward_count=[8.0] * 3 + [7.0] + [8.0] * 4 + [4.0] * 4)
    ax = Canvas().subplots()
    plot_counterfactual(series, list(series["period"]), briefing, ax=ax)
    written = [text.get_text() for text in ax.texts]
    assert briefing.say("label.ward_count", n=8) in written and briefing.say("label.ward_count", n=4) in written
    assert briefing.say("label.ward_count", n=7) not in written
    # Untreated, donut, treated over 8 wards, treated over 4: an observed and an expected line each.
    assert len([patch for patch in ax.patches if isinstance(patch, StepPatch)]) == 8


def test_a_cohort_is_drawn_per_ward(briefing: Briefing, tables: dict[str, pd.DataFrame]) -> None:
    series = tables["counterfactual"].assign(observed=6.0, expected=4.0, ward_count=4.0)
    ax = Canvas().subplots()
    plot_counterfactual(series, list(series["period"]), briefing, ax=ax)
    assert ax.lines[0].get_ydata().tolist() == [1.5] * 12


def test_the_never_treated_get_no_panel_of_their_own(briefing: Briefing, tables: dict[str, pd.DataFrame]) -> None:
    never = tables["counterfactual"].assign(cohort="never", state="untreated")
    both = pd.concat([tables["counterfactual"], never], ignore_index=True)
    effects = read_effects(tables["estimates"], briefing)
    alone = counterfactual_figure(tables["counterfactual"], effects, briefing, "crime")
    assert counterfactual_figure(both, effects, briefing, "crime") == alone
    with pytest.raises(UsageError, match="ward_count"):
        counterfactual_figure(both.drop(columns="ward_count"), effects, briefing, "crime")


def test_nothing_to_draw_is_said_in_a_sentence(briefing: Briefing, tables: dict[str, pd.DataFrame]) -> None:
    effects = read_effects(tables["estimates"], briefing)
    nothing = event_study_figure(effects, briefing, "service")
    assert isinstance(nothing, NoFigure)
    assert briefing.indicator_name("service") in nothing._repr_html_()
    assert isinstance(counterfactual_figure(tables["counterfactual"], effects, briefing, "service"), NoFigure)
    assert isinstance(forest_figure((), briefing), NoFigure)
    assert isinstance(placebo_figure(_details().iloc[:0], briefing, "crime"), NoFigure)


def test_a_figure_can_be_written_and_carries_the_mark_in_its_name(figures: dict[str, Any], tmp_path: Any) -> None:
    path = figures["forest"].write(tmp_path)
    assert path.name == "forest.synthetic.svg"
    assert path.read_text(encoding="utf-8") == figures["forest"].svg


def test_the_type_face_has_every_vietnamese_letter() -> None:
    assert missing_letters("đơưăâêôẠặẫỹỵỷỬỡ − …") == ""
    assert missing_letters("a\ue123") == "\ue123"


def test_markup_in_alternative_text_is_escaped(figures: dict[str, Any]) -> None:
    figure = figures["forest"]
    hostile = replace(figure, words=replace(figure.words, alt='"><script>', caption="<script>"))
    assert "<script>" not in hostile._repr_html_()
