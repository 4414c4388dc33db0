"""Regression to the mean: what is known beforehand of worlds without passing shocks, or without lasting levels."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.inference import regression_to_mean as regression
from helpers.inference.analysis import Analysis
from helpers.inference.regression_to_mean import Selection, count_grain, level_spread, regression_to_mean
from helpers.inference.ward_shocks import WardShocks
from helpers.study.design import NEVER, Design

PERIODS = months("2019-01", "2021-12")
EVERYONE = (True,) * 40


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((*[0] * 5, *[NEVER] * 15) * 2, (24,), PERIODS, towns="t" * 20 + "u" * 20)


def counts(spread: float, mean: float, seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.gamma(1 / spread, spread, 40) if spread else np.ones(40)
    return rng.poisson(mean * np.repeat(levels[:, None], len(PERIODS), axis=1)).astype(float)


def effect(cells: np.ndarray, design: Design, selection: Selection) -> float:
    return regression_to_mean(Analysis("n", cells, design, 9, seed=5), "two_way", selection).effect


def test_chance_alone_regresses_by_what_is_known(design, monkeypatch):
    """Poisson wards of mean 1 a month, the five highest of twenty in each town over twelve months chosen.

    In that year the chosen hold S each and the others C, by brute force; in any other year all hold 12. Both years
    before hold S + 12 and C + 12: the comparison grows by 12 / (C + 12), and (S + 12) · 12 / (C + 12) are expected
    where 12 are observed.
    """
    known = {"estimate_ward_shocks": WardShocks(0.0, 0.0), "count_grain": 1.0, "level_spread": 0.0}
    for name, value in known.items():
        monkeypatch.setattr(regression, name, lambda *_, value=value: value)
    sums = np.sort(np.random.default_rng(1).poisson(12.0, (4_000, 20)), axis=1)
    chosen, others = sums[:, -5:].mean(), sums[:, :-5].mean()
    found = effect(np.ones((40, 36)), design, Selection("highest", 12, 24, EVERYONE))
    assert found == pytest.approx((others + 12) / (chosen + 12) - 1, abs=0.015)
    assert found < -0.15


def test_lasting_levels_do_not_regress(design):
    assert effect(counts(0.5, 60.0), design, Selection("highest", 12, 24, EVERYONE)) == pytest.approx(0, abs=0.02)


def test_nobody_chosen_for_a_high_regresses_nowhere(design):
    nobody = Selection("highest", 12, 24, (False,) * 40)
    assert effect(counts(0.0, 1.0), design, nobody) == pytest.approx(0, abs=0.02)


def test_wards_that_stood_low_come_up(design):
    cells = counts(0.0, 1.0)
    order = np.concatenate(
        [np.argsort(cells[own, 12:24].sum(axis=1)) + own.start for own in (slice(0, 20), slice(20, 40))]
    )
    low = cells[order]  # the first five of each town are its lowest
    assert effect(low, design, Selection("as_high", 12, 24, EVERYONE)) > 0.1
    assert effect(low, design, Selection("highest", 12, 24, EVERYONE)) < -0.1


def test_the_same_seed_gives_the_same_numbers(design):
    analysis = Analysis("n", counts(0.2, 2.0), design, 9, seed=5)
    selection = Selection("as_high", 12, 24, EVERYONE)
    first, again = (regression_to_mean(analysis, "town_period", selection, n_simulations=60) for _ in range(2))
    other = regression_to_mean(replace(analysis, seed=6), "town_period", selection, n_simulations=60)
    assert first == again != other
    assert first.low < first.effect < first.high


def test_spread_of_levels_is_found(design):
    found = [level_spread(counts(0.4, 3.0, seed), design, WardShocks(0.0, 0.0)) for seed in range(30)]
    assert np.mean(found) == pytest.approx(0.4, abs=0.06)
    assert np.mean([level_spread(counts(0.0, 3.0, seed), design, WardShocks(0.0, 0.0)) for seed in range(30)]) < 0.01


def test_counts_in_quarters_have_a_grain_of_a_quarter(design):
    quarters = 0.25 * np.random.default_rng(2).poisson(4.0, (40, 36))
    assert count_grain(quarters, design, "two_way") == pytest.approx(0.25, abs=0.03)
    assert count_grain(counts(0.3, 2.0), design, "two_way") == pytest.approx(1.0, abs=0.1)
