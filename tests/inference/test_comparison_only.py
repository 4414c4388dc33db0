"""Pseudo cohorts among the comparison wards: who is drawn, what p is, when it is refused."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.estimation.estimands import Estimand, build_target
from helpers.inference.analysis import Analysis
from helpers.inference.comparison_only import comparison_only, pseudo_experiment
from helpers.inference.randomisation import build_experiment
from helpers.study.design import NEVER, TREATED, Design

PILOTS = Estimand("cohort_before_next", "x")


@pytest.fixture(scope="module")
def design() -> Design:
    """Return two pilots in two towns, then four wards more."""
    return make_design(
        (0, 1, 1, *[NEVER] * 9, 0, 1, 1, *[NEVER] * 5),
        (12, 24),
        months("2020-01", "2022-06"),
        towns="t" * 12 + "u" * 8,
        anticipation=2,
    )


def counts(design: Design, seed: int, ratio: float = 1.0, mean: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = mean * rng.uniform(0.4, 2.0, (len(design.ward_ids), 1))
    effect = np.where((design.cell_states() == TREATED) & (design.label_array == 0)[:, None], ratio, 1.0)
    return rng.poisson(levels * effect).astype(float)


def test_p_is_the_rank_among_every_pair_of_comparison_wards(design):
    """A plain re-computation: each pair of later or never members labelled in turn, the pilots' rows deleted."""
    cells = counts(design, 1, ratio=0.4)
    early, early_cells = design.until(22), cells[:, :22]
    actual = build_experiment(early_cells, early, "two_way", PILOTS, n_draws=99, seed=1).statistics().t[0]
    others = [n for n in range(20) if n not in (0, 12)]
    sizes = []
    for pair in itertools.combinations(range(18), 2):
        own = early.with_wards(others).with_labels([0 if n in pair else NEVER for n in range(18)])
        experiment = build_experiment(early_cells[others], own, "two_way", PILOTS, n_draws=9, seed=1)
        sizes.append(abs(experiment.statistics().t[0]))
    row = comparison_only(Analysis("n", cells, design, n_draws=999, seed=1), "two_way")
    assert row.p_value == pytest.approx((1 + sum(size >= abs(actual) for size in sizes)) / (1 + 153))
    assert row.smallest_p == pytest.approx(1 / 154)
    assert (row.n_assignments, row.p_mc_error) == (153, 0.0)
    assert (row.inference, row.null_tested) == ("comparison_only", "no effect of this cohort")
    assert np.isnan([row.conf_low, row.conf_high]).all()
    assert (row.n_treated, row.n_comparison) == (2, 18)


def test_pseudo_cohorts_have_as_many_wards_in_each_town_and_no_pilot(design):
    early = design.until(22)
    analysis = Analysis("n", counts(design, 2)[:, :22], early, n_draws=999, seed=1)
    experiment = pseudo_experiment(analysis, build_target(early, "town_period", PILOTS), "town_period")
    labels = experiment.assignments.labels
    assert labels.shape == (11 * 7, 18)
    assert ((labels[:, :11] == 0).sum(axis=1) == 1).all()
    assert ((labels[:, 11:] == 0).sum(axis=1) == 1).all()


def test_the_pilots_own_figures_do_not_enter_the_reference(design):
    cells = counts(design, 3)
    changed = cells.copy()
    changed[[0, 12]] = 50.0
    early = design.until(22)
    target = build_target(early, "two_way", PILOTS)
    first, again = (
        pseudo_experiment(Analysis("n", own[:, :22], early, n_draws=99, seed=1), target, "two_way").statistics().t
        for own in (cells, changed)
    )
    assert (first == again).all()


def test_drawn_when_there_are_more_pseudo_cohorts_than_draws(design):
    row = comparison_only(Analysis("n", counts(design, 4), design, n_draws=49, seed=1), "two_way")
    assert (row.n_assignments, row.smallest_p) == (153, 1 / 50)
    assert row.p_mc_error > 0
    assert row.p_value * 50 == pytest.approx(round(row.p_value * 50))


def test_refused_with_fewer_than_twenty_pseudo_cohorts(design):
    kept = [0, 3, 4, 5, 6, 12, 15, 16, 17, 18]
    few = design.with_wards(kept)
    row = comparison_only(Analysis("n", counts(few, 5), few, n_draws=999, seed=1), "town_period")
    assert "Only 16 pseudo cohorts" in row.reason
    assert np.isnan(row.p_value)
    assert np.isfinite(row.estimate)
    assert comparison_only(Analysis("n", counts(few, 5), few, n_draws=999, seed=1), "two_way").reason == ""


def test_refused_where_a_town_has_no_comparison_ward_to_spare(design):
    few = design.with_wards([*range(13), 15])
    row = comparison_only(Analysis("n", counts(few, 6), few, n_draws=999, seed=1), "town_period")
    assert "Town u has 1 members and 1 comparison wards" in row.reason


def test_refused_without_any_comparison_and_without_anything_expected(design):
    alone = replace(design.with_wards([0, 12]), cohorts=("x",), starts=(12,), labels=(0, 0))
    assert comparison_only(Analysis("n", np.ones((2, 30)), alone, 99, 1), "two_way").reason.startswith("No ward")
    cells = counts(design, 7)
    cells[[0, 12], :12] = 0.0
    row = comparison_only(Analysis("n", cells, design, 99, 1), "two_way")
    assert row.reason.startswith("Nothing is expected")


def test_one_cohort_uses_the_whole_window(design):
    one = replace(design, cohorts=("x",), starts=(12,), labels=tuple(0 if n in (0, 12) else NEVER for n in range(20)))
    cells = counts(one, 8)
    row = comparison_only(Analysis("n", cells, one, n_draws=199, seed=1), "two_way")
    assert row.observed == cells[[0, 12], 12:].sum()


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_size_and_power_with_many_comparison_wards(specification):
    """Of 300 studies of 48 wards each; the Monte-Carlo standard error of the size is .013."""
    wide = make_design(
        tuple(0 if n in (0, 24) else NEVER for n in range(48)),
        (12,),
        months("2020-01", "2021-10"),
        towns="t" * 24 + "u" * 24,
        anticipation=2,
    )

    def rejects(seed: int, ratio: float) -> bool:
        cells = counts(wide, 900 + seed, ratio=ratio)
        return comparison_only(Analysis("n", cells, wide, n_draws=199, seed=seed), specification).p_value <= 0.05

    size = np.mean([rejects(seed, 1.0) for seed in range(300)])
    assert size <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean([rejects(seed, 0.4) for seed in range(100)]) > 0.7
