"""Heterogeneity: declared groups only, five treated wards or more, and the p-value over every exchange of labels."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.heterogeneity import compare_groups, heterogeneity
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.inference.analysis import Analysis
from helpers.study import Study, load_study
from helpers.study.design import NEVER, TREATED, Design
from helpers.study.objects import GroupMember


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nghe_an")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((*[0] * 12, *[NEVER] * 20), (24,), months("2019-01", "2021-12"))


def grouped(study: Study, design: Design, groups: str) -> Study:
    """Return a study with a grouping "size" that gives each ward a letter; a blank is no group."""
    rows = (
        GroupMember("size", ward, group, "study")
        for ward, group in zip(design.ward_ids, groups, strict=True)
        if group != " "
    )
    return replace(study, groups=tuple(rows))


def analysis(design: Design, first: float, second: float, mean: float = 60.0) -> Analysis:
    ratio = np.where(design.cell_states() == TREATED, first, 1.0)
    ratio[6:12, 24:] = second
    return Analysis("n", np.random.default_rng(7).poisson(mean * ratio).astype(float), design, n_draws=999, seed=1)


HALVES = "a" * 6 + "b" * 6 + "ab" * 10


def test_no_declared_groups_no_answer(design, study):
    (check,) = heterogeneity(analysis(design, 0.5, 0.5), "two_way", study)
    assert (check.verdict, check.reason) == ("cannot_tell", "the study declares no groups (groups.csv)")


def test_groups_alike_pass_and_groups_apart_fail(design, study):
    with_groups = grouped(study, design, HALVES)
    (alike,) = heterogeneity(analysis(design, 0.4, 0.4), "two_way", with_groups)
    (apart,) = heterogeneity(analysis(design, 0.4, 0.9), "two_way", with_groups)
    assert (alike.verdict, apart.verdict) == ("pass", "fail")
    found = {own.item: own.estimate for own in apart.details}
    assert (found["size:a"], found["size:b"]) == pytest.approx((-0.6, -0.1), abs=0.05)


def test_few_incidents_cannot_tell(design, study):
    (check,) = heterogeneity(analysis(design, 0.5, 0.5, mean=0.3), "two_way", grouped(study, design, HALVES))
    assert check.verdict == "cannot_tell"


def test_a_group_of_four_treated_wards_gets_no_effect(design, study):
    (check,) = heterogeneity(
        analysis(design, 0.5, 0.5), "two_way", grouped(study, design, "a" * 8 + "b" * 4 + "ab" * 10)
    )
    assert check.verdict == "cannot_tell"
    assert check.reason == "grouping size: fewer than two groups have 5 treated wards"
    assert "4 treated wards are fewer than 5" in {own.item: own for own in check.details}["size:b"].reason


def test_the_p_value_counts_every_exchange_of_labels(design):
    """All 924 ways of calling six of twelve wards "a", each statistic from its own sums."""
    own = analysis(design, 0.5, 0.6, mean=3.0)
    found = compare_groups(own, "two_way", list(HALVES[:12] + " " * 20), ["a", "b"])
    fit = impute_counterfactual(own.outcome, design, "two_way")
    observed, expected = own.outcome[:12, 24:].sum(axis=1), fit.expected[:12, 24:].sum(axis=1)
    ratio = observed.sum() / expected.sum()

    def statistic(members):
        sides = np.isin(np.arange(12), members)
        return sum(
            (observed[side].sum() - ratio * expected[side].sum()) ** 2 / (ratio * expected[side].sum())
            for side in (sides, ~sides)
        )

    every = [statistic(members) for members in itertools.combinations(range(12), 6)]
    actual = statistic(range(6))
    assert found.assignments.count == len(every) == 924
    assert found.p_value == np.mean([one >= actual - 1e-9 for one in every])


def test_groups_that_are_the_towns_themselves_cannot_be_compared_within_towns(study):
    towns = "t" * 16 + "u" * 16
    design = make_design((*[0] * 6, *[NEVER] * 10) * 2, (24,), months("2019-01", "2021-12"), towns=towns)
    own = Analysis("n", np.random.default_rng(1).poisson(9.0, (32, 36)).astype(float), design, n_draws=99, seed=1)
    (check,) = heterogeneity(own, "town_period", grouped(study, design, towns))
    assert (check.verdict, "no group label can change hands" in check.reason) == ("cannot_tell", True)
