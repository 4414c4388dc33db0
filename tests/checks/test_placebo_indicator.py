"""Placebo indicators: what is declared not to move, held against half of the claim."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.placebo_indicator import (
    FAILED,
    NONE_DECLARED,
    OWN_PLACEBO,
    PASSED,
    WIDE,
    placebo_indicator,
)
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER, TREATED, Design


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((0, 0, 0, *[NEVER] * 9), (12,), months("2021-01", "2022-12"))


def indicator(design: Design, name: str, ratio: float, mean: float, seed: int = 3) -> Analysis:
    means = mean * np.where(design.cell_states() == TREATED, ratio, 1.0)
    return Analysis(name, np.random.default_rng(seed).poisson(means).astype(float), design, n_draws=199, seed=1)


@pytest.mark.parametrize(
    ("placebos", "verdict", "reason"),
    [
        ([], "cannot_tell", NONE_DECLARED),
        ([(1.0, 100.0)], "pass", PASSED),
        ([(0.3, 100.0)], "fail", FAILED),
        ([(1.0, 0.5)], "cannot_tell", WIDE),
        ([(1.0, 100.0), (1.0, 0.5)], "cannot_tell", WIDE),
        ([(1.0, 100.0), (0.3, 100.0)], "fail", FAILED),
    ],
)
def test_verdicts(design, placebos, verdict, reason):
    others = [indicator(design, f"p{at}", *one, seed=at) for at, one in enumerate(placebos)]
    check = placebo_indicator(indicator(design, "n", 0.4, 50.0), "two_way", others)
    assert (check.verdict, check.reason) == (verdict, reason)
    assert [one.item for one in check.details] == [one.indicator for one in others]


def test_an_indicator_that_is_declared_itself_is_not_held_against_itself(design):
    own = indicator(design, "n", 1.0, 50.0)
    assert placebo_indicator(own, "two_way", [own]).reason == OWN_PLACEBO


def test_one_that_cannot_be_estimated_says_why_and_takes_the_pass_away(design):
    silent = Analysis("p", np.zeros((12, 24)), design, n_draws=99, seed=1)
    check = placebo_indicator(
        indicator(design, "n", 0.4, 50.0), "two_way", [indicator(design, "q", 1.0, 100.0), silent]
    )
    assert check.verdict == "cannot_tell"
    assert "no incident before" in check.reason
