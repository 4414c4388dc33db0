"""The event study: bands on shared relabellings."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.placebo_date import placebo_date
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.event_study import critical_distance, event_study
from helpers.inference.placebo import placebo_design
from helpers.inference.randomisation import build_experiment
from helpers.study.design import NEVER, TREATED, Design
from helpers.study.periods import PERIODS_PER_YEAR, period_range


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


@pytest.mark.parametrize(
    ("kind", "first", "last", "start", "leads"),
    [
        ("calendar_quarter", "2016Q1", "2021Q4", 16, [(-5, -4), (-3, -2)]),
        ("year", "2010", "2021", 8, [(-2, -2)]),
        ("calendar_month", "2019-01", "2021-12", 24, [(-13, -11), (-10, -8), (-7, -5), (-4, -2)]),
    ],
)
def test_leads_cover_the_year_before_the_donut_whatever_a_period_is(kind, first, last, start, leads):
    labels = (0, 0, 0, *[NEVER] * 7)
    design = make_design(labels, (start,), period_range(kind, first, last), anticipation=1, period_kind=kind)
    assert len(placebo_design(design, "x").periods) - placebo_design(design, "x").starts[0] == PERIODS_PER_YEAR[kind]
    rows = event_study(Analysis("x", drawn(design, 1), design, n_draws=119, seed=2), "two_way")
    found = [row for row in rows if row.estimand == "lead"]
    assert [(row.relative_period, row.relative_last) for row in found] == leads
    assert all(row.reason == "" and np.isfinite(row.estimate) for row in found)


def test_a_jump_within_the_last_year_is_seen_in_annual_returns():
    """Twelve periods back, as with months, this study of twelve years had no placebo at all."""
    design = make_design((0, 0, 0, *[NEVER] * 7), (8,), period_range("year", "2010", "2021"), period_kind="year")
    cells = np.random.default_rng(1).poisson(200.0, (10, 12)).astype(float)
    cells[:3, 7] *= 3
    (check,) = placebo_date(Analysis("x", cells, design, n_draws=119, seed=2), "two_way")
    assert (check.verdict, check.statistic > 1.5) == ("fail", True)
