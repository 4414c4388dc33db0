"""The gradient against finite differences, and the ladder on arrays with trailing axes."""

import numpy as np
import pytest

from helpers.estimation.chain_ladder import climb, log_ratio_gradient

UNTREATED = np.array([[1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
TREATED = np.array([[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]], dtype=bool)
MEANS = np.array([3.0, 20.0, 40.0])[:, None] * np.array([1.0, 0.2, 0.5, 0.3, 0.2, 0.7])


def log_ratio(sums):
    return np.log((sums * TREATED).sum()) - np.log((climb(sums, UNTREATED).expected() * TREATED).sum())


def test_gradient_equals_finite_differences():
    analytic = log_ratio_gradient(MEANS, UNTREATED, TREATED, np.array((MEANS * TREATED).sum()))
    numeric = np.zeros_like(MEANS)
    step = 1e-6
    for place in np.ndindex(MEANS.shape):
        up, down = MEANS.copy(), MEANS.copy()
        up[place] += step
        down[place] -= step
        numeric[place] = (log_ratio(up) - log_ratio(down)) / (2 * step)
    assert analytic == pytest.approx(numeric, abs=1e-8)


def test_separable_means_are_reproduced():
    assert climb(MEANS, UNTREATED).expected() == pytest.approx(MEANS)


def test_trailing_axes_are_independent_fits():
    rng = np.random.default_rng(1)
    many = rng.poisson(MEANS[..., None, None] * 3, (*MEANS.shape, 4, 5)).astype(float)
    together = climb(many, UNTREATED).expected()
    for first, second in np.ndindex(4, 5):
        alone = climb(many[..., first, second], UNTREATED).expected()
        assert together[..., first, second] == pytest.approx(alone)


def test_nothing_before_gives_nothing_expected():
    sums = np.array([[0.0, 3.0], [0.0, 4.0]])
    assert climb(sums, np.array([[True, False], [True, True]])).expected()[0, 1] == 0
