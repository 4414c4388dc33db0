"""Mean reversion: a true fall, a fall that choosing a bad year makes, and the few relabellings of small strata."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.mean_reversion import mean_reversion, selections
from helpers.inference.analysis import Analysis
from helpers.study import Study, load_study
from helpers.study.design import NEVER, TREATED, Design


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nghe_an")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((*[0] * 8, *[NEVER] * 32), (12,), months("2019-01", "2020-12"))


def analysis(counts: np.ndarray, design: Design) -> Analysis:
    return Analysis("n", counts.astype(float), design, n_draws=199, seed=1)


def items(check) -> dict:
    return {detail.item: detail for detail in check.details}


def test_a_large_effect_on_ordinary_wards_passes(design, study):
    rng = np.random.default_rng(1)
    cells = 30 * rng.gamma(4, 0.25, (40, 1)) * np.where(design.cell_states() == TREATED, 0.4, 1.0)
    check = mean_reversion(analysis(rng.poisson(cells), design), "two_way", study)
    assert check.verdict == "pass", check.reason
    assert abs(check.statistic) < 0.1


def test_wards_chosen_for_a_bad_year_fail(design, study):
    """Nothing happens: forty Poisson wards, the eight highest of the first year named model wards."""
    counts = np.random.default_rng(8).poisson(0.5, (40, 24))
    chosen = counts[np.argsort(-counts[:, :12].sum(axis=1), kind="stable")]
    check = mean_reversion(analysis(chosen, design), "two_way", study)
    assert check.verdict == "fail", check.reason
    assert check.statistic < check.threshold < 0


def test_a_fall_within_chance_is_not_failed_though_selection_makes_as_much(design, study):
    counts = np.random.default_rng(2).poisson(0.15, (40, 24))
    counts = counts[np.argsort(-counts[:, 6:12].sum(axis=1), kind="stable")]
    check = mean_reversion(analysis(counts, design), "two_way", study)
    assert check.statistic < check.threshold < 0
    assert check.verdict == "cannot_tell"


def test_small_strata_say_how_few_relabellings_they_leave(study):
    small = make_design((0, 0, *[NEVER] * 4), (12,), months("2019-01", "2020-12"))
    counts = np.random.default_rng(3).poisson(np.array([[9, 3, 9, 3, 6, 6]]).T * np.ones(24))
    same = items(mean_reversion(analysis(counts, small), "two_way", study))["same_level"]
    assert same.n_assignments == 4
    assert same.smallest_p > 0.05
    assert "too few relabellings" in same.reason


def test_a_large_effect_is_no_pass_where_similar_wards_cannot_show_it(study):
    small = make_design((0, 0, *[NEVER] * 4), (12,), months("2019-01", "2020-12"))
    levels = np.array([[90, 30, 90, 30, 60, 60]]).T * np.where(small.cell_states() == TREATED, 0.3, 1.0)
    check = mean_reversion(analysis(np.random.default_rng(3).poisson(levels), small), "two_way", study)
    assert check.verdict == "cannot_tell"
    assert check.reason.endswith("wards of similar level do not differ beyond chance")


def test_strata_do_not_change_the_estimate_and_level_effects_do(design, study):
    rng = np.random.default_rng(4)
    counts = rng.poisson(8 * rng.gamma(2, 0.5, (40, 1)) * np.ones((40, 24)))
    found = items(mean_reversion(analysis(counts, design), "two_way", study))
    assert np.isfinite(found["same_level"].estimate)
    assert found["level_periods"].estimate != found["same_level"].estimate


def test_listed_hot_spots_make_a_rule_of_their_own(design, study):
    listed = tuple(
        replace(ward, ward_code=f"{position:02d}", is_hot_spot_2019=position in (0, 3, 20))
        for position, ward in enumerate(study.wards)
    )
    named = replace(design, ward_ids=tuple(ward.ward_id for ward in listed) + design.ward_ids[len(listed) :])
    rules = selections(analysis(np.ones((40, 24)), named), replace(study, wards=listed))
    assert [position for position, own in enumerate(rules["hot_spots"].chosen) if own] == [0, 3]
    assert (rules["hot_spots"].first, rules["hot_spots"].after) == (0, 12)
    later = replace(named, periods=months("2020-01", "2021-12"))
    assert "hot_spots" not in selections(analysis(np.ones((40, 24)), later), replace(study, wards=listed))
