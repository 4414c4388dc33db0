"""Spillover: what it says with borders, without them, and when the neighbours changed."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.spillover import MOVED_GRID, moved_officers, spillover
from helpers.estimation.effects import EffectRow
from helpers.inference.analysis import Analysis
from helpers.study import Study, load_study
from helpers.study.design import NEVER, TREATED, Design
from helpers.study.objects import Neighbours


@pytest.fixture(scope="module")
def empty_study() -> Study:
    return replace(load_study("nghe_an"), adjacency=())


@pytest.fixture(scope="module")
def design() -> Design:
    """Thirty wards in a row, the first six treated; every other ward has a neighbour outside the row."""
    return make_design((*[0] * 6, *[NEVER] * 24), (24,), months("2019-01", "2021-12"))


@pytest.fixture(scope="module")
def study(empty_study, design) -> Study:
    """Return a study in which ward i borders on i + 6, so that rings 1, 2, 3 and 4 have six wards each."""
    pairs = [(one, other) for one, other in zip(design.ward_ids, design.ward_ids[6:], strict=False)]
    rows = [Neighbours(*order, "s") for pair in pairs for order in (pair, pair[::-1])]
    return replace(empty_study, adjacency=tuple(rows))


def analysis(design: Design, near_ratio: float, ratio: float = 0.4, mean: float = 60.0) -> Analysis:
    cells = np.where(design.cell_states() == TREATED, ratio, 1.0)
    cells[6:12, 24:] = near_ratio
    counts = np.random.default_rng(3).poisson(mean * cells).astype(float)
    return Analysis("n", counts, design, n_draws=199, seed=1)


def items(check) -> dict:
    return {detail.item: detail for detail in check.details}


def test_without_borders_nobody_can_tell_but_the_bound_is_there(design, empty_study):
    check = spillover(analysis(design, 1.0), "two_way", empty_study)
    assert check.verdict == "cannot_tell"
    assert check.reason.startswith("The study has no adjacency.csv")
    assert list(items(check)) == [*(f"moved:{share:.2f}" for share in MOVED_GRID), "moved:all"]


def test_untouched_neighbours_pass_beside_a_large_effect(design, study):
    check = spillover(analysis(design, 1.0), "two_way", study)
    assert check.verdict == "pass"
    assert abs(check.statistic) < 0.1
    found = items(check)
    assert found["without_ring:2"].estimate == pytest.approx(-0.6, abs=0.03)
    assert found["regression:2:0"].estimate == pytest.approx(-36, abs=1)


def test_crime_that_moved_next_door_fails(design, study):
    check = spillover(analysis(design, 1.5), "two_way", study)
    assert check.verdict == "fail"
    found = items(check)
    assert found["ring:1"].estimate == pytest.approx(0.5, abs=0.05)
    assert abs(found["ring:2"].estimate) < 0.1
    assert found["without_ring:1"].estimate == pytest.approx(-0.6, abs=0.03)
    # Six wards lost 36 and gained 30 a month, over twelve months.
    assert found["displacement:x"].estimate == pytest.approx(6 * 12 * (30 - 36), abs=250)


def test_few_incidents_cannot_tell(design, study):
    assert spillover(analysis(design, 1.0, mean=0.4), "two_way", study).verdict == "cannot_tell"


def test_many_neighbours_that_may_have_taken_everything_are_no_pass(design, study):
    """The same interval as a ratio, but the ring holds forty times the incidents: half the effect in incidents fits."""
    busy = analysis(design, 1.0)
    counts = busy.outcome.copy()
    counts[6:] = np.random.default_rng(3).poisson(60.0 * 40, counts[6:].shape)
    check = spillover(replace(busy, outcome=counts), "two_way", study)
    assert check.verdict == "cannot_tell"
    assert max(abs(np.log1p([items(check)["ring:1"].conf_low, items(check)["ring:1"].conf_high]))) < 0.4


def test_the_bound_by_hand():
    """A fall by 40% (−60% to −20%): comparison wards 25% worse leave −25%; 66.7% worse explain all of it."""
    row = EffectRow("n", "two_way", "count_imputation", "overall", "all", estimate=-0.4, conf_low=-0.6, conf_high=-0.2)
    found = {detail.item: detail for detail in moved_officers(row)}
    assert (found["moved:0.20"].estimate, found["moved:0.20"].conf_high) == pytest.approx((-0.28, -0.04))
    assert (found["moved:all"].estimate, found["moved:all"].conf_low, found["moved:all"].conf_high) == pytest.approx(
        (2 / 3, 0.25, 1.5)
    )
    (*_, last) = moved_officers(replace(row, estimate=0.1))
    assert (last.item, "no fall" in last.reason) == ("moved:all", True)


def test_the_bound_is_what_scaled_counts_give(design, empty_study):
    """Dividing every untreated count after the start by 1.2 and estimating again gives the printed effect."""
    own = analysis(design, 1.0)
    scaled = own.outcome.copy()
    scaled[6:, 24:] /= 1.2
    printed = items(spillover(own, "two_way", empty_study))["moved:0.20"].estimate
    again = items(spillover(replace(own, outcome=scaled), "two_way", empty_study))["moved:0.05"].estimate
    assert (1 + printed) == pytest.approx((1 + again) / 1.05)
