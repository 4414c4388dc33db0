"""The description of the design, worked by hand on four wards and six months."""

from types import SimpleNamespace

import numpy as np
import pytest

from designs import hand_design, make_design, months
from helpers.checks.description import balance, coverage, estimable_cells, hot_spot_history
from helpers.checks.reporting_gaps import reporting_gaps
from helpers.study import load_study
from helpers.study.design import NEVER, build_design
from panels import panel_of, values

NAN = np.nan


def bare_study(design, population_count):
    """Return what `balance` reads of a study, and nothing else."""
    wards = [SimpleNamespace(ward_id=ward, population_count=population_count) for ward in design.ward_ids]
    return SimpleNamespace(wards=wards, period_kind=design.period_kind)


def test_gaps_are_runs_with_their_ends():
    cells = np.ones((4, 6))
    cells[0, 1:3] = NAN
    cells[0, 5] = NAN
    cells[3] = NAN
    design = hand_design()
    rows = reporting_gaps(panel_of(cells, design), design, ["n"])
    found = rows[["ward_id", "cohort", "town_code", "period", "against", "value"]].to_numpy().tolist()
    assert found == [
        ["a", "early", "t", "2023-02", "2023-03", 2.0],
        ["a", "early", "t", "2023-06", "2023-06", 1.0],
        ["d", "never", "u", "2023-01", "2023-06", 6.0],
    ]
    due = coverage(panel_of(cells, design), design, ["n"])
    assert values(due, "town_code", "measure")["u", "reported_count"] == 6.0
    assert len(reporting_gaps(panel_of(np.ones((4, 6)), design), design, ["n"])) == 0


def test_levels_growth_and_differences_of_groups():
    design = make_design((0, 0, NEVER, NEVER), (4,), months("2023-01", "2023-06"))
    cells = np.array([[1, 1, 3, 3, 9, 9], [2, 2, 2, 2, 9, 9], [1, 1, 1, 1, 0, 0], [3, 3, 3, 3, 0, 0]], dtype=float)
    cells[1, 0] = NAN
    study = bare_study(design, None)
    rows = balance(panel_of(cells, design), design, study, ["n"])
    found = values(rows, "measure", "cohort")
    assert found["level_mean", "x"] == pytest.approx(12 * 2.0)
    assert found["growth_ratio", "x"] == pytest.approx(5 / 3)
    assert found["growth_ratio", "never"] == pytest.approx(1.0)
    assert found["level", "x"] == pytest.approx(0.0)
    assert found["trend", "x"] == pytest.approx((1.0 - 0.0) / np.sqrt((2.0 + 0.0) / 2))


def test_a_group_of_one_has_no_spread_and_says_so():
    design = hand_design()
    study = bare_study(design, 10)
    rows = balance(panel_of(np.ones((4, 6)), design), design, study, ["n"])
    empty = rows[rows["value"].isna()]
    assert set(empty["measure"]) == {"level", "trend", "population"}
    assert set(empty["reason"]) == {"a group of fewer than two wards has no spread"}


def test_a_ward_that_never_reported_is_left_out_without_a_warning():
    design = make_design((0, 0, NEVER, NEVER), (4,), months("2023-01", "2023-06"))
    cells = np.ones((4, 6))
    cells[0, :4] = NAN
    study = bare_study(design, None)
    found = values(balance(panel_of(cells, design), design, study, ["n"]), "measure", "cohort")
    assert found["level_mean", "x"] == pytest.approx(12.0)


def test_history_counts_what_sources_say_and_what_they_do_not():
    study = load_study("nghe_an")
    found = values(hot_spot_history(build_design(study), study), "cohort", "measure")
    assert found["2021", "ward_count"] == 2
    assert found["2021", "hot_spot_2019_count"] == 1
    assert found["2023", "hot_spot_2019_unstated_count"] == 14


def test_cells_are_counted_by_town():
    design = hand_design("ttuu")
    found = values(estimable_cells(design), "specification", "cohort", "town_code", "measure")
    assert found["two_way", "all", "", "identified_count"] == 4.0
    assert found["town_period", "all", "", "identified_count"] == 2.0
    assert found["town_period", "early", "t", "identified_count"] == 2.0
    assert found["town_period", "early", "t", "lost_count"] == 1.0
    assert found["town_period", "late", "t", "lost_count"] == 1.0
    assert ("town_period", "all", "u", "lost_count") not in found


def test_a_cohort_that_starts_after_the_window_takes_nothing_from_the_count():
    design = make_design((0, 1, NEVER, NEVER), (3, 8), months("2023-01", "2023-06"), anticipation=3)
    found = values(estimable_cells(design), "specification", "cohort", "town_code", "measure")
    assert found["two_way", "all", "", "identified_count"] == 3.0
