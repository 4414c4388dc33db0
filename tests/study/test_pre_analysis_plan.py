"""The pre-analysis plan: every mistake at once, the nearest valid name, and the deviations of a run."""

from dataclasses import replace
from typing import get_args

import pytest

from helpers.estimation.specification import SPECIFICATIONS
from helpers.paths import project_root
from helpers.reporting.wording import open_wording
from helpers.study.deviations import Deviation, WorkDone, find_deviations
from helpers.study.pre_analysis_plan import PLAN_FILE, PlannedEstimator, PlannedGate, PlannedSpecification

DESCRIBED = {"check.coverage", "check.balance"}
"""Words for what describes a design; no check of an estimate."""


@pytest.fixture
def done(nghe_an) -> WorkDone:
    plan = nghe_an.plan
    return WorkDone(
        primary="crime_order",
        family=tuple(reversed(plan.outcomes.family)),
        design={
            "timing": ("main",),
            "reading": ("A",),
            "roster": ("given",),
            "anticipation": ("3",),
            "window": ("2019-01 … 2023-12",),
        },
        indicators=plan.outcomes.every,
        estimator="count_imputation",
        specification="town_period",
        gates=("honest_did", *plan.analysis.gates),
    )


def test_the_shipped_plan_says_what_it_was_written_with(nghe_an):
    plan = nghe_an.plan
    assert plan.figures_seen == "synthetic"
    assert plan.date.isoformat() >= "2026-11-23"
    assert "synthetic" in plan.statement_en


def test_the_shipped_plan_is_what_the_study_does_by_default(nghe_an, done):
    family = tuple(one.indicator for one in nghe_an.indicators if one.in_family)
    assert find_deviations(nghe_an.plan, replace(done, family=family)) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"primary": "fires"}, Deviation("primary", "crime_order", "fires")),
        ({"family": ("crime_order", "fires")}, None),
        ({"estimator": "twfe_poisson"}, Deviation("estimator", "count_imputation", "twfe_poisson")),
        ({"specification": "two_way"}, Deviation("specification", "town_period", "two_way")),
        ({"gates": ("worlds",)}, Deviation("gates", "leave_one_out, placebo_date", "")),
        ({"design": {"window": ("2019-01 … 2022-12",)}}, Deviation("window", "2019-01 … 2023-12", "2019-01 … 2022-12")),
        ({"design": {"anticipation": ("0", "3")}}, Deviation("anticipation", "3", "0, 3")),
    ],
    ids=str,
)
def test_each_difference_is_named(nghe_an, done, change, found):
    (deviation,) = find_deviations(nghe_an.plan, replace(done, **change))
    assert found is None or deviation == found
    assert deviation.topic in {*change, "window", "anticipation"}


def test_of_indicators_only_what_differs_is_named(nghe_an, done):
    some = ("satisfaction", *(name for name in done.indicators if name != "fires"))
    (deviation,) = find_deviations(nghe_an.plan, replace(done, indicators=some))
    assert deviation == Deviation("indicators", "fires", "satisfaction")


def test_what_has_not_been_done_yet_is_no_deviation(nghe_an, done):
    early = replace(done, indicators=None, estimator=None, specification=None, gates=None, design={})
    assert find_deviations(nghe_an.plan, early) == ()


def test_a_study_may_do_without_a_plan(study_copy):
    (study_copy.folder / PLAN_FILE).unlink()
    assert study_copy.load().plan is None


def test_an_unknown_key_is_refused_with_the_nearest_one(study_copy):
    study_copy.replace(PLAN_FILE, "figures_seen =", "figure_seen =")
    study_copy.replace(PLAN_FILE, "window_first", "window_frist")
    study_copy.replace(PLAN_FILE, 'estimator = "count_imputation"', 'colour = "red"')
    remedies = {problem.cell: problem.remedy for problem in study_copy.problems()}
    assert remedies["figure_seen"] == "Did you mean “figures_seen”? If not, remove it."
    assert remedies["design.window_frist"] == "Did you mean “window_first”? If not, remove it."
    assert remedies["analysis.colour"].startswith("Remove or rename it.")
    assert {"figures_seen", "design.window_first", "analysis.estimator"} <= set(remedies)


def test_names_that_the_folder_does_not_know_come_with_the_nearest_and_with_everything_else(study_copy):
    study_copy.replace(PLAN_FILE, 'primary = "crime_order"', 'primary = "crime_ordr"')
    study_copy.replace(PLAN_FILE, 'timing = "main"', 'timing = "zzz"')
    study_copy.replace(PLAN_FILE, 'window_last = "2023-12"', 'window_last = "2018-13"')
    study_copy.replace("study.toml", 'timing = "main"', 'timing = "nowhere"')
    found = {(problem.file, problem.cell): problem for problem in study_copy.problems()}
    assert found[PLAN_FILE, "outcomes.primary"].remedy == "Did you mean “crime_order”? If not, remove it."
    assert found[PLAN_FILE, "design.timing"].remedy == "Choose one of: local, main, plan."
    assert found[PLAN_FILE, "design.window_last"].rule == "a police month is expected"
    assert ("study.toml", "defaults.timing") in found


def test_a_window_that_ends_before_it_begins_an_unknown_gate_and_no_date(study_copy):
    study_copy.replace(PLAN_FILE, 'window_last = "2023-12"', 'window_last = "2018-12"')
    (problem,) = study_copy.problems()
    assert (problem.file, problem.cell) == (PLAN_FILE, "design")
    study_copy.replace(PLAN_FILE, "date = 2026-11-24", 'date = "24 Nov"')
    study_copy.replace(PLAN_FILE, '"worlds"]', '"wrlds"]')
    rules = {problem.cell: problem for problem in study_copy.problems()}
    assert rules["date"].rule == "input should be a valid date"
    assert "'worlds'" in rules["analysis.gates.2"].rule
    assert rules["date"].in_language("vi").rule != rules["date"].rule


def test_a_plan_that_is_no_toml_is_told_with_its_file(study_copy):
    (study_copy.folder / PLAN_FILE).write_text("date = \n", encoding="utf-8")
    (problem,) = study_copy.problems()
    assert problem.file == PLAN_FILE
    assert problem.rule.startswith("this is no valid TOML")


def test_a_plan_may_name_what_the_project_can_do():
    assert get_args(PlannedSpecification) == SPECIFICATIONS
    estimation = project_root() / "src" / "helpers" / "estimation"
    assert all((estimation / f"{name}.py").is_file() for name in get_args(PlannedEstimator))
    checks = {name for name in open_wording("en").messages if name.startswith("check.") and name.count(".") == 1}
    assert {name.removeprefix("check.") for name in checks - DESCRIBED} <= set(get_args(PlannedGate))
