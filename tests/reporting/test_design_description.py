"""The description of the design in words, tables and pictures, in both languages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.checks.description import balance, coverage, estimable_cells, hot_spot_history
from helpers.checks.design_rows import design_rows
from helpers.checks.detectability import CURVE_EFFECTS, attainable_p, power_measure
from helpers.checks.effective_sample import effective_sample
from helpers.checks.hopeless import RULES
from helpers.checks.reporting_gaps import reporting_gaps
from helpers.cleaning.history.breaks import BREAK_COLUMNS
from helpers.reporting import (
    Briefing,
    Figure,
    NoFigure,
    answerable_tables,
    balance_tables,
    detectable_table,
    effective_sample_figure,
    open_briefing,
    power_figure,
    reporting_tables,
    tell_plan,
    weight_tables,
)
from helpers.reporting.design_words import hopeless_list, hopeless_sentences
from helpers.reporting.limits import list_limits
from helpers.study import Study, build_design
from panels import panel_of

Open = Callable[..., Briefing]


@pytest.fixture
def open_for(study: Study, manifest: dict[str, Any]) -> Open:
    return lambda language: open_briefing(study, manifest, language=language)


@pytest.fixture
def detectable() -> pd.DataFrame:
    rows = []
    for specification, mde in (("two_way", -0.4), ("town_period", float("nan"))):
        place = {"specification": specification, "indicator": "crime", "cohort": "all"}
        rows.append({**place, "measure": "mde", "value": mde})
        rows += [{**place, "measure": power_measure(effect), "value": -effect} for effect in CURVE_EFFECTS]
    return design_rows("detectability", rows)


def none_attainable(*indicators: str) -> pd.DataFrame:
    place = {"measure": "none_attainable", "cohort": "all", "value": np.nan}
    return design_rows("hopeless", [{**place, "indicator": name} for name in indicators])


def html_of(shown: object) -> str:
    return shown._repr_html_()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_rule_has_a_sentence_that_names_its_subject(open_for: Open, language: str) -> None:
    rows = [
        {"measure": rule, "cohort": "2021", "indicator": "crime", "specification": "town_period", "value": 0.75}
        for rule in RULES
    ]
    said = hopeless_sentences(design_rows("hopeless", rows), open_for(language))
    assert len(said) == len(RULES)
    assert all("2021" in sentence or "crime" in sentence for sentence in said)
    assert (
        len(hopeless_sentences(design_rows("hopeless", rows), open_for(language), with_silent=False)) == len(RULES) - 1
    )


def test_indicators_of_one_cohort_share_a_sentence_and_nothing_is_said_as_such(open_for: Open) -> None:
    rows = [
        {"measure": "none_attainable", "cohort": "all", "indicator": name, "value": np.nan}
        for name in ("crime", "fires")
    ]
    (sentence,) = hopeless_sentences(design_rows("hopeless", rows), open_for("en"))
    assert "indicator crime and indicator fires" in sentence
    assert "No question is hopeless by rule" in html_of(hopeless_list(design_rows("hopeless", []), open_for("en")))


def test_the_page_lists_hopeless_questions_among_its_limits(open_for: Open) -> None:
    rows = design_rows(
        "hopeless", [{"measure": "none_attainable", "cohort": "all", "indicator": "crime", "value": np.nan}]
    )
    names = [limit.name for limit in list_limits((), open_for("vi"), description=rows)]
    assert "hopeless" in names
    assert "hopeless" not in [limit.name for limit in list_limits((), open_for("vi"))]


def test_power_is_drawn_and_its_sentence_says_what_is_never_found(open_for: Open, detectable: pd.DataFrame) -> None:
    figure = power_figure(detectable, open_for("en"))
    assert isinstance(figure, Figure)
    assert figure.words.alt.endswith("exists for: –.")
    found = detectable.assign(value=detectable["value"].fillna(-0.7))
    assert power_figure(found, open_for("en")).words.alt.endswith("exists for: indicator crime.")
    assert isinstance(power_figure(detectable[detectable["measure"] == "kappa"], open_for("vi")), NoFigure)


def test_the_table_of_detectable_effects_has_a_dash_for_none(open_for: Open, detectable: pd.DataFrame) -> None:
    html = html_of(detectable_table(detectable, open_for("en")))
    assert "−40%" in html
    assert "All · 0.30" in html
    assert html.count("–") >= 4


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_description_of_a_study_is_shown(study: Study, open_for: Open, language: str) -> None:
    design, briefing = build_design(study), open_for(language)
    cells = np.random.default_rng(3).poisson(3.0, (len(design.ward_ids), len(design.periods))).astype(float)
    cells[0, 2:5] = np.nan
    panel = panel_of(cells, design, "crime")
    reported, gaps = coverage(panel, design, ["crime"]), reporting_gaps(panel, design, ["crime"])
    shown = reporting_tables(reported, gaps, pd.DataFrame(columns=list(BREAK_COLUMNS)), briefing)
    assert "Ward 11" in html_of(shown)
    assert briefing.say("design.breaks.none") in html_of(shown)
    told = balance_tables(balance(panel, design, study, ["crime"]), hot_spot_history(design, study), briefing)
    assert briefing.say("design.history.unknown") in html_of(told)
    sample = effective_sample(panel, design, ["crime"])
    assert "Ward 11" in effective_sample_figure(sample, design, briefing, "crime").svg
    nothing = design_rows("naive_comparisons", [{"measure": "weight", "value": np.nan, "reason": "no never."}])
    weights = html_of(weight_tables(sample, nothing, briefing, "crime"))
    assert "no never." in weights
    assert "2021" in weights
    cells, tests = estimable_cells(design), attainable_p(design)
    found = cells.loc[cells["measure"].eq("identified_count"), "value"].max()
    assert f"{found:.0f} / {found:.0f}" in html_of(answerable_tables(cells, tests, briefing))


def test_the_plan_is_told_with_its_deviations(open_for: Open) -> None:
    record = {
        "file": "pre_analysis_plan.toml",
        "sha256": "abc",
        "date": "2026-11-24",
        "figures_seen": "none",
        "statement_vi": "Viết trước.",
        "statement_en": "Written before.",
        "deviations": [
            {"topic": "timing", "planned": "main", "done": "plan"},
            {"topic": "indicators", "planned": "crime", "done": ""},
            {"topic": "gates", "planned": "worlds", "done": ""},
        ],
    }
    briefing = open_for("vi")
    told = tell_plan(replace(briefing, manifest={**briefing.manifest, "pre_analysis_plan": record}))
    assert "Viết trước." in told.said
    assert told.deviations[0] == "Mốc bắt đầu: kế hoạch main; thực hiện plan."
    assert "chỉ số crime" in told.deviations[1]
    assert len(told.deviations) == 3
    none = tell_plan(
        replace(briefing, manifest={**briefing.manifest, "pre_analysis_plan": record | {"deviations": []}})
    )
    assert none.said[-1] == "Khác với kế hoạch: không có."
    assert none.deviations == ()


def test_a_study_without_a_plan_is_told_plainly_and_an_older_manifest_says_nothing(open_for: Open) -> None:
    briefing = open_for("en")
    (said,) = tell_plan(replace(briefing, manifest={**briefing.manifest, "pre_analysis_plan": None})).said
    assert said.startswith("The study has no pre-analysis plan")
    assert tell_plan(replace(briefing, manifest={"origin": "synthetic"})).said == ()
