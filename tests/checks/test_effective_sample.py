"""Weights worked by hand, and the sums that they must have."""

import numpy as np
import pytest

from designs import hand_design, make_design, months
from helpers.checks.effective_sample import NAIVE, effective_sample, naive_comparisons
from helpers.panel import outcome_matrix
from helpers.study.design import NEVER
from panels import panel_of, values


def test_shares_of_treated_wards_are_shares_of_what_is_expected():
    design = make_design((0, 0, NEVER, NEVER), (2,), months("2023-01", "2023-04"))
    cells = np.array([[1, 1, 9, 9], [3, 3, 0, 0], [2, 2, 4, 4], [2, 2, 0, 0]], dtype=float)
    rows = effective_sample(panel_of(cells, design), design, ["n"])
    found = values(rows[rows["specification"] == "two_way"], "measure", "ward_id")
    assert found["treated_share", "00"] == pytest.approx(0.25)
    assert found["treated_share", "01"] == pytest.approx(0.75)
    assert found["comparison_share", "02"] == pytest.approx(1.0)
    assert ("comparison_share", "03") not in found


@pytest.mark.parametrize("specification", ["two_way", "town_period", NAIVE])
def test_shares_of_an_estimator_sum_to_one(specification):
    design = make_design(
        (0, 1, NEVER, 0, 1, NEVER), (6, 9), months("2023-01", "2023-12"), towns="tttuuu", anticipation=1
    )
    cells = np.random.default_rng(1).poisson(6.0, (6, 12)).astype(float)
    cells[2, 3] = np.nan
    rows = effective_sample(panel_of(cells, design), design, ["n"])
    own = rows[(rows["specification"] == specification) & (rows["measure"] != "negative_share")]
    by_cohort = own[(own["ward_id"] == "") & (own["cohort"] != "")]
    by_year = own[own["period"] != ""]
    for part in (by_cohort, by_year, own[(own["measure"] == "treated_share") & (own["ward_id"] != "")]):
        assert part["value"].sum() == pytest.approx(1.0)
    assert own.loc[own["measure"] == "comparison_share", "value"].sum() == pytest.approx(1.0)


def test_a_town_without_an_untreated_ward_has_no_part_in_the_confirmatory_specification():
    design = make_design((0, NEVER, 0, 0), (3,), months("2023-01", "2023-06"), towns="ttuu")
    rows = effective_sample(panel_of(np.full((4, 6), 4.0), design), design, ["n"])
    confirmatory = rows[(rows["specification"] == "town_period") & (rows["ward_id"] != "")]
    assert set(confirmatory["ward_id"]) == {"00", "01"}


def test_nothing_to_compare_with_is_a_row_with_its_reason():
    design = make_design((0, NEVER), (3,), months("2023-01", "2023-06"), towns="tu")
    rows = effective_sample(panel_of(np.full((2, 6), 4.0), design), design, ["n"])
    lost = rows[rows["specification"] == "town_period"]
    assert lost["value"].isna().all()
    assert lost["reason"].tolist() == ["nothing is expected in any cell that a comparison identifies"]


def test_effects_do_not_enter():
    design = hand_design("tttt")
    cells = np.full((4, 6), 5.0)
    changed = np.where(design.cell_states() == 2, 50.0, cells)
    first, second = (effective_sample(panel_of(own, design), design, ["n"]) for own in (cells, changed))
    assert first.equals(second)


def test_the_naive_comparisons_are_weights_that_sum_to_one_or_say_why_not():
    design = make_design((0, 0, 1, 1, NEVER, NEVER, NEVER), (12, 18), months("2021-01", "2022-12"))
    cells = np.random.default_rng(2).poisson(9.0, (7, 24)).astype(float)
    rows = naive_comparisons(panel_of(cells, design), design, "n")
    assert rows["value"].sum() == pytest.approx(1.0)
    assert {"treated_vs_never", "earlier_vs_later", "later_vs_earlier"} == set(rows["measure"])
    assert "estimate" not in rows.columns
    everyone_has_a_gap = np.where(np.eye(7, 24, dtype=bool), np.nan, cells)
    (row,) = naive_comparisons(panel_of(everyone_has_a_gap, design), design, "n").to_dict("records")
    assert np.isnan(row["value"])
    assert "no decomposition" in row["reason"]
    assert outcome_matrix(panel_of(cells, design), design, "n").shape == (7, 24)
