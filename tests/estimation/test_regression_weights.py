"""The weights of the naive regression give its coefficient, and sum to what they must."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.regression_weights import two_way_weights
from helpers.estimation.twfe_linear import twfe_linear
from helpers.study.design import NEVER, TREATED


@pytest.fixture
def design():
    return make_design((0, 0, 1, 1, NEVER), (4, 8), months("2023-01", "2023-12"), anticipation=1)


def test_the_weighted_sum_is_the_coefficient(design):
    cells = np.random.default_rng(1).poisson(5.0, (5, 12)).astype(float)
    cells[3, 2] = np.nan
    weights = two_way_weights(~np.isnan(cells), design)
    assert np.nansum(weights * cells) == pytest.approx(twfe_linear(cells, design, "n").rows[0].estimate)


def test_margins_are_zero_and_treated_cells_sum_to_one(design):
    weights = two_way_weights(np.ones((5, 12), dtype=bool), design)
    assert np.abs(weights.sum(axis=0)).max() < 1e-8
    assert np.abs(weights.sum(axis=1)).max() < 1e-8
    assert weights[design.cell_states() == TREATED].sum() == pytest.approx(1.0)


def test_an_early_cohort_without_never_treated_wards_gets_negative_weights():
    everyone = make_design((0, 0, 1, 1), (3, 9), months("2023-01", "2023-12"))
    weights = two_way_weights(np.ones((4, 12), dtype=bool), everyone)
    assert weights[:2, 9:].max() < 0


def test_a_dummy_that_does_not_vary_is_refused():
    all_at_once = make_design((0, 0), (2,), months("2023-01", "2023-04"))
    with pytest.raises(EstimationError, match="does not vary"):
        two_way_weights(np.ones((2, 4), dtype=bool), all_at_once)
