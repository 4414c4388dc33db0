import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.batch.provenance import read_parts
from helpers.batch.recovery import compare_with_truth
from helpers.batch.tables import TABLES
from helpers.batch.workspace import begin_step
from helpers.errors import DesignError, MissingStep, UsageError
from helpers.panel import PANEL_COLUMNS


@pytest.fixture(autouse=True)
def _output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path))


def tiny_panel() -> pd.DataFrame:
    row = ("16666@2019-01-01", "412", "2019-01", "fires", 1.0, np.nan, "number", "2019-01-16", "f.xlsx", "s", "C7")
    return pd.DataFrame([row], columns=list(PANEL_COLUMNS))


def frame(name: str, **values: object) -> pd.DataFrame:
    table = TABLES[name]
    empty = {column: (np.nan if column in table.numbers else "") for column in table.columns}
    return pd.DataFrame([empty | values])


def run_before(notebook: str) -> None:
    """Leave behind what the notebooks before `notebook` would have."""
    begin_step("01", run="r", study="nghe_an").save(tiny_panel(), "panel")
    if notebook > "02":
        begin_step("02", run="r", study="nghe_an").save(frame("design"), "design")
    if notebook > "03":
        step = begin_step("03", run="r", study="nghe_an", indicator="fires")
        step.save_tables(
            estimates=frame("estimates"), counterfactual=frame("counterfactual"), silent_wards=step.wards([])
        )
    if notebook > "04":
        step = begin_step("04", run="r", study="nghe_an", indicator="fires")
        step.save_tables(checks=frame("checks"), check_details=frame("check_details"))


@pytest.mark.parametrize(
    ("notebook", "named"), [("02", "01_clean"), ("03", "01_clean"), ("04", "03_estimate"), ("05", "04_check")]
)
def test_a_notebook_whose_predecessor_has_not_run_says_which_to_run(notebook: str, named: str) -> None:
    if notebook > "03":
        run_before(f"{int(notebook) - 1:02d}")
    own = {"indicator": "fires"} if notebook in ("03", "04") else {}
    with pytest.raises(MissingStep, match=named):
        begin_step(notebook, run="r", study="nghe_an", **own)


def test_another_indicator_of_notebook_03_is_no_predecessor_of_04() -> None:
    run_before("04")
    begin_step("04", run="r", study="nghe_an", indicator="fires")
    with pytest.raises(MissingStep, match="03_estimate_effect"):
        begin_step("04", run="r", study="nghe_an", indicator="tips")


def test_a_wrong_parameter_stops_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean “study”"):
        begin_step("01", run="r", studi="nghe_an")
    with pytest.raises(UsageError, match="no study folder"):
        begin_step("01", run="r", study="nghe_en")
    assert not any(tmp_path.iterdir())


def test_a_run_holds_one_study() -> None:
    run_before("02")
    with pytest.raises(UsageError, match="holds study nghe_an, not tests/small_study/study"):
        begin_step("02", run="r", study="tests/small_study/study")


def test_the_manifest_holds_effective_parameters_inputs_and_outputs_but_no_time(tmp_path: Path) -> None:
    run_before("03")
    step = begin_step("03", run="r", study="nghe_an", indicator="fires", seed=7)
    manifest = step.manifest
    assert manifest["origin"] == "synthetic"
    assert manifest["notebooks"]["01_clean_program_data"]["outputs"] == ["panel.parquet"]
    assert manifest["notebooks"]["03_estimate_effect.fires"]["parameters"]["timing"] == "main"
    assert manifest["seeds"] == [7, 20230307]
    assert len(manifest["inputs"]["wards.csv"]) == 64
    assert str(tmp_path) not in json.dumps(manifest)


def test_a_manifest_knows_only_the_notebooks_before_it() -> None:
    run_before("05")
    begin_step("05", run="r", study="nghe_an", language="vi")
    english = begin_step("05", run="r", study="nghe_an", language="en")
    assert "05_report_findings.vi" not in english.manifest["notebooks"]
    assert {"05_report_findings.en", "04_check_robustness.fires"} <= set(english.manifest["notebooks"])


def test_the_last_notebook_gathers_the_tables(tmp_path: Path) -> None:
    run_before("05")
    step = begin_step("05", run="r", study="nghe_an", language="en")
    for name in ("estimates.csv", "counterfactual.csv", "checks.csv", "manifest.json"):
        assert (step.folder / name).is_file()
    assert step.folder == tmp_path / "data" / "processed" / "r"


def test_what_rows_have_in_common_is_filled_in() -> None:
    run_before("03")
    step = begin_step("03", run="r", study="nghe_an", indicator="fires")
    step.save(frame("counterfactual").drop(columns=["run", "study", "indicator"]), "counterfactual")
    row = step.table("counterfactual").iloc[0]
    assert (row["run"], row["study"], row["indicator"]) == ("r", "nghe_an", "fires")


def test_notebook_05_has_the_design_that_the_others_were_run_with() -> None:
    begin_step("01", run="r", study="nghe_an").save(tiny_panel(), "panel")
    begin_step("02", run="r", study="nghe_an", timing="plan").save(frame("design"), "design")
    run_before_05 = begin_step("03", run="r", study="nghe_an", indicator="fires", timing="plan")
    run_before_05.save_tables(
        estimates=frame("estimates"), counterfactual=frame("counterfactual"), silent_wards=run_before_05.wards([])
    )
    checked = begin_step("04", run="r", study="nghe_an", indicator="fires", timing="plan")
    checked.save_tables(checks=frame("checks"), check_details=frame("check_details"))
    assert begin_step("05", run="r", study="nghe_an").design.timing == "plan"


def test_silent_wards_are_kept_by_name_even_if_there_is_none() -> None:
    run_before("03")
    step = begin_step("03", run="r", study="nghe_an", indicator="fires")
    step.save(step.wards(step.design.ward_ids[1::-1]), "silent_wards")
    kept = step.table("silent_wards")
    assert kept["ward_name_vi"].tolist() == ["Đông Vĩnh", "Hà Huy Tập"]
    assert set(kept["indicator"]) == {"fires"}
    step.save(step.wards([]), "silent_wards")
    assert step.table("silent_wards").empty


def test_designs_follow_the_parameters() -> None:
    run_before("02")
    worlds = begin_step("02", run="r", study="nghe_an", roster="worlds")
    assert worlds.design.periods[-1] == "2022-11"
    short = begin_step("02", run="r", study="nghe_an", window_first="2020-01", anticipation=0)
    assert (short.design.periods[0], short.design.anticipation) == ("2020-01", 0)
    with pytest.raises(DesignError):
        assert begin_step("02", run="r", study="nghe_an", window_last="2020-12").design


def test_a_ratio_has_a_notebook_03_and_no_04() -> None:
    run_before("03")
    step = begin_step("03", run="r", study="nghe_an", indicator="clearance")
    step.save_tables(estimates=frame("estimates"), counterfactual=frame("counterfactual").iloc[:0])
    assert step.table("counterfactual").empty
    with pytest.raises(UsageError, match="is a ratio; notebook 04 takes counts only"):
        begin_step("04", run="r", study="nghe_an", indicator="clearance")


def test_the_counts_of_the_panel_are_described_and_ratios_are_not() -> None:
    ratio = tiny_panel().assign(indicator="clearance", denominator=2.0)
    begin_step("01", run="r", study="nghe_an").save(pd.concat([tiny_panel(), ratio]), "panel")
    assert begin_step("02", run="r", study="nghe_an").indicators == ("fires",)


def test_pages_go_to_the_report_folder() -> None:
    run_before("05")
    step = begin_step("05", run="r", study="nghe_an", language="en")
    step.record_pages([step.report_folder / "findings.en.html"])
    (part,) = [part for name, part in read_parts(step.folder).items() if name == "05_report_findings.en"]
    assert part["outputs"] == ["reports/findings.en.html"]
    assert step.manifest["notebooks"]["05_report_findings.en"]["notebook"] == "05_report_findings"


def test_the_truth_is_shown_beside_simulated_estimates_only() -> None:
    run_before("03")
    step = begin_step("03", run="r", study="nghe_an", indicator="traffic_crashes")
    row = {"indicator": "traffic_crashes", "estimator": "count_imputation", "estimand": "cohort", "scale": "ratio"}
    values = {"cohort": "2021", "estimate": 0.1, "conf_low": -0.2, "conf_high": 0.3}
    step.save(frame("estimates", **row, **values), "estimates")
    (compared,) = compare_with_truth(step).to_dict("records")
    assert compared["true_effect"] == 0
    assert compared["is_covered"]


def test_an_unknown_indicator_is_named_and_leaves_no_trace() -> None:
    run_before("03")
    with pytest.raises(UsageError, match="fires"):
        begin_step("03", run="r", study="nghe_an", indicator="firs")
    with pytest.raises(UsageError, match="percentage"):
        begin_step("03", run="r", study="nghe_an", indicator="satisfaction")
    step = begin_step("02", run="r", study="nghe_an")
    assert not [name for name in read_parts(step.folder) if name.startswith("03")]
