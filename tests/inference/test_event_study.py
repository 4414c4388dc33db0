"""The event study: bands on shared relabellings."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.event_study import critical_distance, event_study
from helpers.inference.randomisation import build_experiment
from helpers.study.design import NEVER, TREATED, Design


@pytest.fixture
def design() -> Design:
    return make_design((0, 0, 0, *[NEVER] * 7), (24,), months("2021-01", "2023-12"))


def drawn(design: Design, seed: int, ratio: float = 1.0) -> np.ndarray:
    scale = np.where(design.cell_states() == TREATED, ratio, 1.0)
    return np.random.default_rng(seed).poisson(8.0 * scale).astype(float)


def test_a_band_is_at_least_as_wide_as_a_test_of_one_bin(design):
    rows = event_study(Analysis("x", drawn(design, 1), design, n_draws=499, seed=2), "two_way")
    bins = [row for row in rows if row.estimand == "relative_period"]
    assert len(bins) == 4
    reach = [(np.log1p(row.band_high) - np.log1p(row.estimate)) / row.std_error for row in bins]
    assert min(reach) > 1.9
    assert all(row.band_low <= row.conf_low <= row.estimate <= row.conf_high <= row.band_high for row in bins)


def test_bands_hold_all_bins_together(design):
    """Of 300 null studies about 95% have all bins inside the band; three Monte-Carlo errors are allowed."""
    missed = 0
    for seed in range(300):
        outcome = drawn(design, seed)
        bins = [Estimand("relative_period", "x", first, first + 2) for first in range(0, 12, 3)]
        tests = [build_experiment(outcome, design, "two_way", one, n_draws=119, seed=seed) for one in bins]
        t = np.array([test.statistics().t for test in tests])
        missed += np.abs(t[:, 0]).max() > critical_distance(t)
    assert missed / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert missed > 0


def test_too_few_relabellings_leave_the_band_without_bounds(design):
    few = replace(design, labels=(0, *[NEVER] * 9))
    rows = event_study(Analysis("x", drawn(few, 3), few, n_draws=499, seed=1), "two_way")
    assert all(row.band_low == -1 and np.isinf(row.band_high) for row in rows if row.estimand == "relative_period")


def test_critical_distance_is_a_rank():
    assert critical_distance(np.array([[0.0, *range(99)]])) == 94.0
