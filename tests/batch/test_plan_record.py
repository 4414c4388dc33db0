"""What the manifest says of the pre-analysis plan: from parts of notebooks and tables, and nothing that is not done."""

from dataclasses import replace

import pandas as pd
import pytest

from helpers.batch import tables
from helpers.batch.plan_record import plan_record, work_done
from helpers.study import load_study

DESIGN = {
    "timing": "main",
    "reading": "A",
    "roster": "given",
    "anticipation": 3,
    "window_first": "2019-01",
    "window_last": "2023-12",
}


@pytest.fixture(scope="module")
def study():
    return load_study("nghe_an")


def parts(*notebooks: tuple[str, dict]) -> dict:
    return {f"{name}.{number}": {"notebook": name, "parameters": own} for number, (name, own) in enumerate(notebooks)}


def write(name: str, folder, **cells) -> None:
    wanted = tables.table_named(name)
    row = {column: float("nan") if column in wanted.numbers else "" for column in wanted.columns}
    tables.write_table(pd.DataFrame([row | cells]), name, folder, key="crime_order")


def test_before_03_only_the_design_is_compared(study, tmp_path):
    write("estimates", tmp_path, indicator="crime_order", estimator="twfe_poisson", inference="randomisation")
    done = work_done(study, parts(("02_describe_design", DESIGN)), tmp_path)
    assert (done.indicators, done.estimator, done.specification, done.gates) == (None, None, None, None)
    record = plan_record(study, parts(("02_describe_design", DESIGN)), tmp_path, "abc")
    assert (record["sha256"], record["date"], record["deviations"]) == ("abc", "2026-11-24", [])


def test_a_run_is_held_against_the_plan(study, tmp_path):
    own = DESIGN | {"indicator": "crime_order", "timing": "plan"}
    ran = parts(("02_describe_design", DESIGN), ("03_estimate_effect", own), ("04_check_robustness", own))
    decides = {"specification": "town_period", "estimand": "overall", "cohort": "all", "inference": "randomisation"}
    write("estimates", tmp_path, indicator="crime_order", estimator="twfe_poisson", **decides)
    write("checks", tmp_path, indicator="crime_order", check="worlds")
    found = {row["topic"]: row for row in plan_record(study, ran, tmp_path, "abc")["deviations"]}
    assert found["timing"] == {"topic": "timing", "planned": "main", "done": "main, plan"}
    assert found["estimator"]["done"] == "twfe_poisson"
    assert found["gates"]["planned"] == "leave_one_out, placebo_date"
    assert "fires" in found["indicators"]["planned"]
    assert set(found) == {"timing", "estimator", "gates", "indicators"}


def test_checks_of_another_indicator_are_not_those_of_the_primary_one(study, tmp_path):
    own = DESIGN | {"indicator": "fires"}
    write("checks", tmp_path, indicator="fires", check="worlds")
    assert work_done(study, parts(("04_check_robustness", own)), tmp_path).gates == ()


def test_without_a_plan_there_is_nothing_to_record(study, tmp_path):
    assert plan_record(replace(study, plan=None), parts(("02_describe_design", DESIGN)), tmp_path, "") is None
