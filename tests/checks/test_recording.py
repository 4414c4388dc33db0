"""Recording: the effect under assumed changes of the reporting rate, by hand; and it never passes."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.recording import recording
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER


@pytest.fixture
def design():
    return make_design((0, 0, 1, *[NEVER] * 6), (12, 18), months("2020-01", "2021-12"))


def check_of(design, ratio: float, specification: str = "two_way"):
    counts = np.full((9, 24), 20.0)
    counts[:2, 12:] *= ratio
    counts[2, 18:] *= ratio
    return recording(Analysis("n", counts, design, n_draws=99, seed=1), specification)


def test_an_effect_of_minus_forty_percent_by_hand(design):
    check = check_of(design, 0.6)
    found = {detail.item: detail.estimate for detail in check.details}
    assert check.verdict == "cannot_tell"
    assert check.statistic == pytest.approx(-0.4)
    assert found["reporting:all:-0.20"] == pytest.approx(0.6 / 0.8 - 1)
    assert found["reporting:all:+0.00"] == pytest.approx(-0.4)
    assert found["reporting:all:+0.20"] == pytest.approx(-0.5)
    assert found["explains:x"] == found["explains:y"] == pytest.approx(-0.4)
    assert check.reason.endswith("a fall of the reporting rate by 40% would explain the whole effect")


def test_a_rise_is_explained_by_a_rise(design):
    assert "a rise of the reporting rate by 50%" in check_of(design, 1.5).reason


def test_intervals_are_divided_as_the_estimate_is(design):
    found = {detail.item: detail for detail in check_of(design, 0.6).details}
    plain, less = found["reporting:all:+0.00"], found["reporting:all:-0.20"]
    assert np.array([less.conf_low, less.conf_high]) == pytest.approx(
        (np.array([plain.conf_low, plain.conf_high]) + 1) / 0.8 - 1
    )


def test_nothing_to_estimate_is_said(design):
    whole = design.with_labels([0] * 3 + [NEVER] * 6)
    counts = np.full((9, 24), 20.0)
    counts[:3, :12] = 0.0
    check = recording(Analysis("n", counts, whole, n_draws=99, seed=1), "two_way")
    assert (check.verdict, check.reason) == (
        "cannot_tell",
        "Nothing is expected in these cells: the wards reported no incident before.",
    )
