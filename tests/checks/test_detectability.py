"""Power, minimum detectable effects and attainable p-values, and the questions that they make hopeless."""

import numpy as np
import pandas as pd
import pytest

from designs import make_design, months
from helpers.checks import detectability
from helpers.checks.description import estimable_cells
from helpers.checks.design_rows import design_rows
from helpers.checks.detectability import attainable_p, detectable_effects
from helpers.checks.hopeless import RULES, count_silent, hopeless_questions
from helpers.estimation.estimands import Estimand
from helpers.inference.power import detect, minimum_detectable_effect, simulate_studies
from helpers.study.design import NEVER, Design
from panels import panel_of, values


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((0, 0, *[NEVER] * 6) * 2, (24,), months("2020-01", "2022-12"), towns="t" * 8 + "u" * 8)


@pytest.fixture(scope="module")
def cells(design) -> np.ndarray:
    return np.random.default_rng(4).poisson(6.0, (16, 36)).astype(float)


@pytest.fixture(scope="module")
def detectable(design, cells) -> pd.DataFrame:
    panel = pd.concat([panel_of(cells, design, "busy"), panel_of((cells > 13).astype(float), design, "rare")])
    return detectable_effects(panel, design, ["busy", "rare"], seed=3)


def test_the_number_is_the_one_that_notebook_03_prints(design, cells, detectable):
    found = values(detectable, "indicator", "specification", "cohort", "measure")
    direct = minimum_detectable_effect(cells, design, Estimand("overall"), specification="town_period", seed=3)
    assert found["busy", "town_period", "all", "mde"] == direct.effect
    assert found["busy", "town_period", "all", "mde_power"] == direct.power


def test_a_search_that_begins_near_finds_the_same_effect(design, cells):
    studies = simulate_studies(cells, design, "two_way", seed=3)
    found = detect(studies, Estimand("overall"))
    for away in (0.8, 1.0, 1.25):
        near = detect(studies, Estimand("overall"), near=(1 + found.effect) * away - 1)
        assert np.log1p(near.effect) == pytest.approx(np.log1p(found.effect), abs=0.045)
        assert near.power >= 0.8


def test_power_rises_with_the_fall_and_is_the_level_where_there_is_none(detectable):
    found = values(detectable[detectable["specification"] == "two_way"], "indicator", "measure")
    assert found["busy", "power_at_0.00"] < 0.12
    assert found["busy", "power_at_-0.15"] < found["busy", "power_at_-0.45"] <= found["busy", "power_at_-0.90"]
    assert found["busy", "power_at_-0.90"] == 1.0


def test_every_size_of_town_shocks_has_a_number_under_both_specifications(detectable):
    own = detectable[(detectable["indicator"] == "busy") & detectable["measure"].str.startswith("mde")]
    found = values(own, "specification", "measure")
    for specification in ("two_way", "town_period"):
        for measure in ("mde", "mde_town_sd_0.15", "mde_town_sd_0.30"):
            assert -1 < found[specification, measure] < 0


def test_what_cannot_be_estimated_is_a_row_with_its_reason(cells):
    apart = make_design((0, 0, *[NEVER] * 6), (24,), months("2020-01", "2022-12"), towns="tt" + "u" * 6)
    rows = detectable_effects(panel_of(cells[:8], apart), apart, ["n"], seed=3)
    lost = rows[rows["specification"] == "town_period"]
    assert lost["value"].isna().all()
    assert lost["reason"].tolist() == ["No comparison ward identifies any cell of this estimand under town_period."]


def test_a_test_that_cannot_be_tried_out_is_a_reason_and_no_crash(design, cells, monkeypatch):
    silent = np.where(np.arange(36) == 5, np.nan, cells)
    monkeypatch.setattr(detectability, "outcome_matrix", lambda panel, design, indicator: silent)
    rows = detectable_effects(panel_of(cells, design), design, ["n"], seed=3)
    assert rows["value"].isna().all()
    assert rows["reason"].str.contains("No ward reported anything in 2020-06").all()


def test_attainable_p_counts_relabellings():
    small = make_design((0, NEVER, NEVER), (2,), months("2023-01", "2023-04"))
    found = values(attainable_p(small), "specification", "measure")
    assert found["two_way", "assignment_count"] == 3
    assert found["two_way", "smallest_p"] == pytest.approx(1 / 3)


def description(**mde: float) -> pd.DataFrame:
    small = make_design((0, NEVER, NEVER), (2,), months("2023-01", "2023-04"))
    rows = [
        {
            "specification": "town_period",
            "cohort": "all",
            "indicator": name,
            "measure": "mde",
            "value": value,
            "reason": "none attainable: not even" if np.isnan(value) else "",
        }
        for name, value in mde.items()
    ]
    return pd.concat([estimable_cells(small), attainable_p(small), design_rows("detectability", rows)])


def test_rules_name_what_is_hopeless_and_nothing_else():
    found = hopeless_questions(description(a=-0.2, b=-0.5, c=-0.6, d=np.nan), {"a": 0, "c": 2})
    said = found[["measure", "indicator"]].to_numpy().tolist()
    assert said == [["no_rejection", ""], ["none_attainable", "d"], ["only_halving", "c"], ["silent_wards", "c"]]
    assert list(dict.fromkeys(found["measure"])) == [rule for rule in RULES if rule in set(found["measure"])]


def test_a_cohort_without_a_comparison_is_said_once():
    apart = make_design((0, 0, NEVER, NEVER), (2,), months("2023-01", "2023-04"), towns="ttuu")
    rows = pd.concat([estimable_cells(apart), attainable_p(apart), design_rows("detectability", [])])
    found = hopeless_questions(rows, {})
    assert found["measure"].tolist() == ["no_cell"]


def test_wards_of_zeros_are_counted(design):
    cells = np.ones((16, 36))
    cells[3] = 0
    assert count_silent(panel_of(cells, design), design, ["n"]) == {"n": 1}
