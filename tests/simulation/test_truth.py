import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import helpers
from helpers.errors import DataProblems
from helpers.simulation import Effect, read_effects, truth_table
from helpers.simulation.truth import TRUTH_FILE, check_effects, effect_paths
from helpers.study import build_design

SOURCE = Path(helpers.__file__).parent
MAY_NOT_KNOW = ("study", "cleaning", "estimation", "inference")


def study_with_truth(study, folder, text):
    (folder / "synthetic").mkdir()
    (folder / TRUTH_FILE).write_text(text, encoding="utf-8")
    return replace(study, folder=folder)


def test_every_indicator_has_an_effect_in_both_cohorts(nghe_an):
    truth = truth_table(nghe_an)
    assert len(truth) == 28
    assert truth.columns.tolist() == ["indicator", "cohort", "kind", "effect", "ramp_periods"]
    assert truth.groupby("indicator")["cohort"].agg(list).map(sorted).eq([["2021", "2023"]] * 14).all()


def test_the_truth_holds_the_cases_that_findings_must_tell_apart(nghe_an):
    truth = truth_table(nghe_an).set_index(["indicator", "cohort"])
    assert truth.loc["traffic_crashes", "kind"].eq("none").all()
    assert truth.loc["crime_property", "kind"].eq("recording").all()
    assert truth.loc["crime_order", "effect"].between(-0.55, -0.45).all()
    assert truth.loc["admin_fines", "effect"].gt(0.5).all()
    assert truth.loc["tips", "effect"].between(0.2, 0.5).all()


def test_an_effect_grows_by_equal_steps_of_the_ratio(nghe_an):
    design = build_design(nghe_an)
    effects = [Effect("fires", "2021", "true", -0.6, 3), Effect("fires", "2023", "none", 0.0, 1)]
    path = effect_paths(effects, design, "fires").recorded
    start = design.starts[0]
    pilot = design.ward_ids.index("16666@2019-01-01")
    assert path[pilot, start - 1 : start + 4].tolist() == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.4])
    assert np.all(np.delete(path, [design.ward_ids.index(ward) for ward in design.wards_in("2021")], axis=0) == 1)


def test_a_recording_effect_leaves_incidents_alone(nghe_an):
    paths = effect_paths(read_effects(nghe_an), build_design(nghe_an), "crime_property")
    assert np.all(paths.incidence == 1)
    assert paths.recording.min() == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fires,2021,magic,0.1,3", "one of true, recording, mixed, none"),
        ("fires,2021,true,-1,3", "above −1"),
        ("fires,2021,true,much,3", "above −1"),
        ("fires,2021,none,0.1,3", "if and only if"),
        ("fires,2021,true,0.1,0", "whole number from 1"),
    ],
)
def test_a_row_that_cannot_be_is_refused(nghe_an, tmp_path, line, says):
    study = study_with_truth(nghe_an, tmp_path, f"indicator,cohort,kind,effect,ramp_periods\n{line}\n")
    with pytest.raises(DataProblems, match=says):
        read_effects(study)


def test_all_bad_rows_are_listed_at_once(nghe_an, tmp_path):
    text = "indicator,cohort,kind,effect,ramp_periods\nfires,2021,magic,0.1,3\nfires,2023,true,-2,x\n"
    with pytest.raises(DataProblems) as raised:
        read_effects(study_with_truth(nghe_an, tmp_path, text))
    assert [problem.cell for problem in raised.value.problems] == [
        "row 2, kind",
        "row 3, effect",
        "row 3, ramp_periods",
    ]


def test_missing_file_and_foreign_columns_are_refused(nghe_an, tmp_path):
    with pytest.raises(DataProblems, match="truth"):
        read_effects(replace(nghe_an, folder=tmp_path))
    with pytest.raises(DataProblems, match="columns indicator, cohort"):
        read_effects(study_with_truth(nghe_an, tmp_path, "indicator,effect\nfires,0\n"))


def test_a_missing_and_a_double_effect_are_named(nghe_an, process):
    effects = list(read_effects(nghe_an))
    with pytest.raises(DataProblems, match="admin_fines, 2021"):
        check_effects(effects[1:], process.parameters, process.design)
    with pytest.raises(DataProblems, match="admin_fines, 2021"):
        check_effects([effects[0], *effects], process.parameters, process.design)


@pytest.mark.parametrize("floor", MAY_NOT_KNOW)
def test_no_floor_that_estimates_can_see_the_truth(floor):
    for path in (SOURCE / floor).rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        names = {
            alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
        assert not any(name and name.startswith("helpers.simulation") for name in names), path
        assert "truth.csv" not in source, path
