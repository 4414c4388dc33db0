"""Displacement: the published example to its last digit, and pretended treatment of neighbours by hand."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.displacement import (
    BeforeAfter,
    cohort_displacement,
    near_wards,
    neighbour_analysis,
    weighted_displacement_difference,
)
from helpers.study.design import NEVER
from helpers.study.rings import FAR, Rings


def test_the_published_example():
    """Wheeler and Ratcliffe (2018): a fall by 118 with standard error √1568, z −2.98, interval −196 to −40."""
    found = weighted_displacement_difference(
        treated=BeforeAfter(207, 110),
        comparison=BeforeAfter(308, 318),
        displacement=BeforeAfter(178, 157),
        displacement_comparison=BeforeAfter(150, 140),
    )
    assert found.estimate == -118
    assert found.std_error == pytest.approx(np.sqrt(1568))
    assert round(found.estimate / found.std_error, 2) == -2.98
    assert (round(found.conf_low), round(found.conf_high)) == (-196, -40)


def test_areas_of_other_sizes_are_put_on_one_scale():
    """By hand: −97/1.2 − 10/.9 − 21/1.5 + 10/1.6; the variance divides each sum of counts by the size squared."""
    found = weighted_displacement_difference(
        BeforeAfter(207, 110, 1.2), BeforeAfter(308, 318, 0.9), BeforeAfter(178, 157, 1.5), BeforeAfter(150, 140, 1.6)
    )
    assert found.estimate == pytest.approx(-99.694444)
    assert found.std_error == pytest.approx(np.sqrt(317 / 1.44 + 626 / 0.81 + 335 / 2.25 + 290 / 2.56))


def test_nothing_recorded_is_refused():
    with pytest.raises(EstimationError, match="recorded anything"):
        weighted_displacement_difference(BeforeAfter(0, 0), BeforeAfter(0, 0))


@pytest.fixture
def street() -> tuple[Analysis, Rings]:
    """Six wards in a row over four months: the first treated in the third, its neighbour gains what it loses."""
    design = make_design((0, *[NEVER] * 5), (2,), months("2023-01", "2023-04"))
    counts = np.array([[8, 8, 4, 4], [6, 6, 9, 9], [5, 5, 5, 5], [4, 4, 4, 4], [6, 6, 6, 6], [9, 9, 9, 9]], dtype=float)
    return Analysis("n", counts, design, n_draws=9, seed=1), Rings(np.array([[0, 1, 2, 3, 4, FAR]]), 0)


def test_neighbours_take_the_place_of_the_treated(street):
    analysis, rings = street
    moved = neighbour_analysis(analysis, rings, 1, beyond=2)
    assert moved.design.ward_ids == ("01", "03", "04", "05")
    assert moved.design.labels == (0, NEVER, NEVER, NEVER)
    effect = impute_counterfactual(moved.outcome, moved.design, "two_way").effect(Estimand("overall"))
    assert effect == pytest.approx(0.5)


def test_near_comparison_wards_are_found(street):
    assert near_wards(*street, 2) == ["01", "02"]


def test_a_neighbour_takes_the_path_of_the_earliest_cohort():
    design = make_design((0, NEVER, 1, NEVER, NEVER, NEVER), (2, 3), months("2023-01", "2023-05"))
    rings = Rings(np.array([[0, 1, 2, 3, 8, 9], [2, 1, 0, 1, 8, 9]]), 0)
    moved = neighbour_analysis(Analysis("n", np.full((6, 5), 4.0), design, 9, 1), rings, 1, beyond=2)
    assert moved.design.ward_ids == ("01", "03", "04", "05")
    assert moved.design.labels == (0, 1, NEVER, NEVER)


def test_displacement_of_a_cohort_by_hand(street):
    """Treated −8, neighbour +6, three far wards unchanged: −2; variance 24 + 30 + (2/3)² · 76."""
    found = cohort_displacement(*street, "x", beyond=2)
    assert found.estimate == -2
    assert found.std_error**2 == pytest.approx(24 + 30 + (2 / 3) ** 2 * 76)


def test_displacement_needs_neighbours_and_wards_beyond(street):
    analysis, rings = street
    with pytest.raises(EstimationError, match="neighbours"):
        cohort_displacement(analysis, Rings(np.where(rings.steps == 1, 5, rings.steps), 0), "x", beyond=2)
    with pytest.raises(EstimationError, match="No comparison ward lies 1"):
        neighbour_analysis(analysis, Rings(np.where(rings.steps == 1, 5, rings.steps), 0), 1, beyond=2)
