"""The ladder on means that it must reproduce, on arrays with trailing axes, and where nothing came before."""

import numpy as np
import pytest

from helpers.estimation.chain_ladder import climb

UNTREATED = np.array([[1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
MEANS = np.array([3.0, 20.0, 40.0])[:, None] * np.array([1.0, 0.2, 0.5, 0.3, 0.2, 0.7])


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
