"""Each thing that makes an estimate impossible has its own error, and the error says what to do."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designs import make_design, months
from helpers.errors import DataProblems, DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.panel import check_panel, outcome_matrix
from helpers.paths import study_folder
from helpers.study import NEVER, TREATED, build_design, build_worlds, load_study
from helpers.study.objects import Adoption, RosterRule
from helpers.study.periods import period_range


@pytest.fixture(scope="module")
def study():
    return load_study("nghe_an")


@pytest.fixture
def study_copy(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(study_folder("nghe_an"), folder, ignore=shutil.ignore_patterns("returns", "truth.csv"))
    return folder


def tiny_design(labels=(0, NEVER), starts=(1,), cohorts=("x",)):
    return make_design(labels, starts, months("2023-01", "2023-03"), wards="abcdef"[: len(labels)], cohorts=cohorts)


def panel_of(cells, design, indicator="thefts"):
    wards = np.repeat(design.ward_ids, len(design.periods))
    values = cells.ravel()
    return pd.DataFrame(
        {
            "ward_id": wards,
            "town_code": "t",
            "period": np.tile(design.periods, len(design.ward_ids)),
            "indicator": indicator,
            "value": values,
            "denominator": np.nan,
            "mark": np.where(np.isnan(values), "missing", np.where(values == 0, "zero", "number")),
            "released": "",
            "file": "f.xlsx",
            "sheet": "s",
            "cell": "A1",
        }
    )


def everyone_model(study, cohort):
    adoption = tuple(Adoption(ward.ward_id, "model", cohort, "article", "study") for ward in study.wards)
    towns = sorted({ward.town_code for ward in study.wards})
    counts = {town: sum(ward.town_code == town for ward in study.wards) for town in towns}
    rules = tuple(RosterRule("A", town, counts[town], cohort, "study") for town in towns)
    return replace(study, adoption=adoption, given_roster=(), roster_rules=rules, default_reading="A")


def test_no_comparison_ward_is_left(study):
    cohort = study.timings[0].cohort
    with pytest.raises(
        DesignError, match=r"no comparison ward is left\. Nothing can be estimated\. Add wards that were not in"
    ):
        build_design(everyone_model(study, cohort), roster="given")


def test_nobody_is_never_treated():
    design = tiny_design(labels=(0, 1), starts=(1, 2), cohorts=("x", "y"))
    with pytest.raises(EstimationError, match=r"nobody is never treated\. Compare with the not-yet treated"):
        impute_counterfactual(np.ones((2, 3)), design, "two_way", comparison="never_treated")


def test_a_cohort_without_a_period_before(study):
    first = build_design(study, roster="given").starts[0]
    periods = build_design(study, roster="given").periods
    with pytest.raises(DesignError, match=r"has no period before its start .* Begin the window earlier"):
        build_design(study, roster="given", window=(periods[first], periods[-1]))


@pytest.mark.parametrize("gap", [False, True])
def test_negative_and_infinite_counts(gap):
    cells = np.ones((2, 3))
    cells[1, 0] = np.nan if gap else 1.0
    cells[0, 0] = -1.0
    with pytest.raises(EstimationError, match=r"negative counts\. A correction belongs in the period it corrects"):
        impute_counterfactual(cells, tiny_design(), "two_way")
    cells[0, 0] = np.inf
    with pytest.raises(EstimationError, match=r"infinite counts\. Leave"):
        impute_counterfactual(cells, tiny_design(), "two_way")
    with pytest.raises(EstimationError, match=r"1 panel rows have an infinite value; first: .*\. Leave the value"):
        check_panel(panel_of(cells, tiny_design()))
    cells[0, 0] = -1.0
    with pytest.raises(EstimationError, match=r"1 panel rows have a negative value; first: .*\. A correction belongs"):
        check_panel(panel_of(cells, tiny_design()))


def test_a_period_that_no_ward_reported():
    cells = np.ones((2, 3))
    cells[:, 1] = np.nan
    panel = check_panel(panel_of(cells, tiny_design()))
    with pytest.raises(EstimationError, match=r"No ward reported “thefts” in 2023-02\. Ask for those returns"):
        outcome_matrix(panel, tiny_design(), "thefts")


def test_a_period_that_no_ward_reported_never_counts():
    """Given straight to the estimator it identifies nothing, and enters neither side."""
    cells = np.full((2, 3), 4.0)
    cells[:, 1] = np.nan
    fit = impute_counterfactual(cells, tiny_design(), "two_way")
    assert np.isnan(fit.expected[:, 1]).all()
    assert fit.expected[0, 2] == pytest.approx(4.0)


def test_a_ward_and_period_that_stand_twice():
    panel = panel_of(np.ones((2, 3)), tiny_design())
    with pytest.raises(
        EstimationError, match=r"2 panel rows share .*; first: \('a', '2023-02'.*keep one of them, or run notebook 01"
    ):
        check_panel(pd.concat([panel, panel.iloc[[1]]]))


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ([1], r"ward and period: a 2023-02\. A panel has one row for each; keep one"),
        ([1, 1, 3], r"ward and period: a 2023-02, b 2023-01\. A panel"),
        ([0, 1, 2, 3], r"ward and period: a 2023-01, a 2023-02, a 2023-03, and 1 more\. A panel"),
    ],
)
def test_a_ward_and_period_that_stand_twice_in_an_unchecked_panel(again, found):
    panel = panel_of(np.ones((2, 3)), tiny_design())
    other = panel_of(np.ones((2, 3)), tiny_design(), indicator="fires")
    with pytest.raises(EstimationError, match=f"“thefts” has more than one value for the same {found}"):
        outcome_matrix(pd.concat([panel, other, panel.iloc[again]]), tiny_design(), "thefts")
    assert outcome_matrix(pd.concat([panel, other]), tiny_design(), "thefts").sum() == 6


@given(st.lists(st.integers(1, 8), min_size=1, max_size=3), st.integers(0, 4))
def test_treatment_never_switches_off(starts, anticipation):
    """No design can express it: once a cell is treated, every later one is."""
    starts = tuple(sorted(starts))
    cohorts = tuple("xyz"[: len(starts)])
    design = replace(
        tiny_design(labels=(*range(len(starts)), NEVER), starts=starts, cohorts=cohorts),
        periods=period_range("calendar_month", "2023-01", "2023-08"),
        anticipation=anticipation,
    )
    states = design.cell_states()
    assert (np.diff((states == TREATED).astype(int), axis=1) >= 0).all()
    assert (np.diff(states.astype(int), axis=1) >= 0).all()


def test_a_ward_cannot_be_given_a_second_status(study_copy):
    """The only way to write “model, and later not”: a second row of the same ward, which the loader refuses."""
    path = study_copy / "adoption.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(DataProblems, match=r"adoption\.csv") as caught:
        load_study(study_copy)
    assert {problem.file for problem in caught.value.problems} == {"adoption.csv"}
    assert all("treatment cannot end or start again" in problem.remedy for problem in caught.value.problems)
    assert "không thể kết thúc hay bắt đầu lại" in caught.value.in_language("vi")


@pytest.mark.parametrize("file", ["timings.csv", "adoption.csv"])
def test_an_end_of_treatment_has_no_column(study_copy, file):
    path = study_copy / file
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header + ",end", *(row + "," for row in rows)]) + "\n", encoding="utf-8")
    with pytest.raises(DataProblems, match=r"column end: no such column belongs here.*If it did, end the window"):
        load_study(study_copy)


def test_rosters_with_no_admissible_world(study):
    rules = tuple(replace(rule, model_ward_count=99) for rule in study.roster_rules)
    with pytest.raises(DesignError, match=r"admits 0 rosters.*Check rosters\.csv against adoption\.csv"):
        build_worlds(replace(study, roster_rules=rules))


def test_counts_that_no_roster_meets_are_refused_on_loading(study_copy):
    path = study_copy / "rosters.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    column = header.split(",").index("model_ward_count")
    cells = [row.split(",") for row in rows]
    cells[0][column] = "99"
    path.write_text("\n".join([header, *(",".join(row) for row in cells)]) + "\n", encoding="utf-8")
    with pytest.raises(DataProblems, match=r"rosters\.csv.*counts 99"):
        load_study(study_copy)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_exposure_that_is_none(value):
    exposure = np.ones((2, 3))
    exposure[1, 2] = value
    with pytest.raises(EstimationError, match=r"1 ward-periods \(wards b\)\. Fill it in"):
        impute_counterfactual(np.ones((2, 3)), tiny_design(), "two_way", exposure=exposure)
    with pytest.raises(EstimationError, match="exposure has shape"):
        impute_counterfactual(np.ones((2, 3)), tiny_design(), "two_way", exposure=np.ones((2, 1)))
