"""HonestDiD: a breakdown value, and never a verdict."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.gates import checks_frame, details_frame
from helpers.checks.honest_did import M_BAR, honest_did
from helpers.inference.analysis import Analysis
from helpers.inference.long_differences import long_differences
from helpers.study.design import NEVER, TREATED, Design


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (0, *[1] * 5, *[NEVER] * 14) * 2,
        (20, 36),
        months("2019-01", "2022-12"),
        towns="t" * 20 + "u" * 20,
        cohorts=("pilot", "x"),
        anticipation=3,
    )


def checks(design: Design, ratio: float, specification="two_way", seed: int = 2):
    mean = 40.0 * np.where(design.cell_states() == TREATED, ratio, 1.0)
    counts = np.random.default_rng(seed).poisson(mean).astype(float)
    analysis = Analysis("n", counts, design, n_draws=299, seed=1)
    return analysis, honest_did(analysis, specification)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_a_strong_effect_withstands_deviations(design, specification):
    analysis, (_, check) = checks(design, 0.3, specification)
    assert check.statistic > 0
    assert f"up to {check.statistic:g} times the largest seen before" in check.reason
    assert "treated as known" in check.reason
    found = long_differences(analysis, specification, "x")
    mean = np.expm1(found.estimates[found.n_pre :].mean())
    assert [detail.item for detail in check.details] == [f"x:m={bound:g}" for bound in M_BAR]
    assert all(detail.estimate == pytest.approx(mean) for detail in check.details)
    assert mean == pytest.approx(-0.7, abs=0.05)


def test_intervals_lie_on_the_ratio_scale_and_widen(design):
    _, (_, check) = checks(design, 0.3)
    lows, highs = ([getattr(detail, end) for detail in check.details] for end in ("conf_low", "conf_high"))
    assert all(-1 < low < detail.estimate < high for low, high, detail in zip(lows, highs, check.details, strict=True))
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)


def test_without_an_effect_there_is_nothing_to_break_down(design):
    _, (_, check) = checks(design, 1.0)
    assert np.isnan(check.statistic)
    assert "already includes zero" in check.reason


def test_pilots_are_told_why(design):
    _, (pilot, _) = checks(design, 0.3)
    assert (np.isnan(pilot.statistic), "a pilot" in pilot.reason) == (True, True)
    assert [detail.item for detail in pilot.details] == ["pilot"]


def test_too_few_relabellings_are_told(design):
    few = design.with_wards([0, 1, 6, 7, 8])
    _, (_, check) = checks(few, 0.3)
    assert "Too few relabellings" in check.reason


@pytest.mark.parametrize("ratio", [0.05, 0.3, 1.0, 3.0])
def test_it_is_never_a_gate(design, ratio):
    _, both = checks(design, ratio)
    assert {check.verdict for check in both} == {"cannot_tell"}
    assert all(np.isnan(check.threshold) and check.threshold_source == "" for check in both)
    assert set(checks_frame(both)["check"]) == {"honest_did"}
    assert len(details_frame(both)) == 1 + len(M_BAR)
