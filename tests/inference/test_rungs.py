"""The ladder climbed on few sums, against the ladder climbed block by block; labellings listed once."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.estimation.chain_ladder import climb
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import reassign
from helpers.inference.group_sums import list_labellings
from helpers.inference.randomisation import build_experiment
from helpers.inference.rungs import build_ladder
from helpers.inference.worlds import worker_processes, worlds_range
from helpers.study.design import NEVER, TREATED, Design, Worlds
from helpers.study.periods import period_range

UNTREATED_BLOCKS = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
WANTED = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]], dtype=bool)


@pytest.fixture
def design() -> Design:
    return Design(
        "s",
        "main",
        "A",
        "given",
        "calendar_month",
        period_range("calendar_month", "2020-01", "2021-12"),
        tuple("abcdefghij"),
        tuple("tttttuuuuu"),
        ("x", "y"),
        (12, 18),
        (0, 1, *[NEVER] * 3, 0, 1, 1, NEVER, NEVER),
        2,
    )


@pytest.mark.parametrize("mean", [40.0, 0.3])
def test_rungs_give_what_the_whole_ladder_gives(mean):
    """Few incidents break some ladders, so that both ways of climbing are met."""
    sums = np.random.default_rng(1).poisson(mean, (3, 6, 50)).astype(float)
    observed, expected = build_ladder(UNTREATED_BLOCKS, WANTED).observed_and_expected(sums)
    whole = climb(sums, UNTREATED_BLOCKS)
    assert observed == pytest.approx((sums[WANTED] * whole.known[WANTED]).sum(axis=0))
    assert expected == pytest.approx(whole.expected()[WANTED].sum(axis=0))


def test_blocks_that_the_ladder_treats_alike_are_one_rung():
    ladder = build_ladder(UNTREATED_BLOCKS, WANTED)
    assert [(own.first, own.after) for own in ladder.rungs] == [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    coarse = build_ladder(UNTREATED_BLOCKS, WANTED & (np.arange(6) < 4))
    assert [(own.first, own.after) for own in coarse.rungs] == [(1, 2), (2, 3), (3, 4)]
    assert [own.is_new for own in coarse.rungs] == [True, True, False]


def test_labellings_listed_once_give_the_same_statistics(design):
    cells = np.random.default_rng(2).poisson(6.0, (10, 24)).astype(float)
    found = build_experiment(cells, design, "town_period", Estimand("overall"), n_draws=300, seed=1)
    assert all(len(own.labellings.listed) < 61 for own in found.carried)
    each = []
    for own in found.carried:
        labels = own.labellings.of_each(own.labellings.listed.T).T
        labellings = replace(own.labellings, listed=labels, which=None)
        each.append(replace(own, labellings=labellings, added=None, rungs=None))
    for ratio in (0.5, 1.0):
        repeated = replace(found, carried=tuple(each)).statistics(ratio).t
        assert found.statistics(ratio).t == pytest.approx(repeated, rel=1e-10)


def test_actual_labelling_stands_first_though_it_was_drawn_too():
    drawn = np.array([[0, -1], [0, -1], [-1, 0], [0, -1]], dtype=np.int8)
    listed = list_labellings(np.array([0, -1], dtype=np.int8), drawn)
    assert listed.which.tolist() == [0, 1, 1, 2, 1]
    other = listed.with_actual(np.array([-1, 0], dtype=np.int8))
    assert other.of_each(other.listed.T).T.tolist() == [[-1, 0], *drawn.tolist()]
    assert listed.first(3).listed.tolist() == [[0, -1], [0, -1]]


def test_many_wards_are_shuffled_as_if_all_rows_were_shuffled_at_once():
    labels = np.array([0] * 50 + [-1] * 950, dtype=np.int8)
    found = reassign(labels, [np.arange(1000)], n_draws=40, seed=3).labels
    at_once = np.random.default_rng(3).permuted(np.tile(labels, (40, 1)), axis=1)
    assert np.array_equal(found, at_once)


def test_processes_shared_by_two_ranges_change_no_bit(design):
    cells = np.random.default_rng(4).poisson(np.where(design.cell_states() == TREATED, 3.0, 6.0)).astype(float)
    rosters = [np.roll(design.labels[:5], shift).tolist() + list(design.labels[5:]) for shift in range(5)]
    worlds = Worlds(design, np.array(rosters, dtype=np.int8))
    analysis = Analysis("n", cells, design, n_draws=199, seed=1)
    with worker_processes(2) as pool:
        shared = [
            worlds_range(analysis, worlds, Estimand("overall"), one, has_intervals=True, workers=pool)
            for one in ("two_way", "town_period")
        ]
    alone = [
        worlds_range(analysis, worlds, Estimand("overall"), one, has_intervals=True)
        for one in ("two_way", "town_period")
    ]
    for together, own in zip(shared, alone, strict=True):
        for name in ("estimates", "p_values", "lows", "highs"):
            assert np.array_equal(getattr(together, name), getattr(own, name))
