"""Rings as regressors: the numbers of least squares with dummies, and what cannot be fitted."""

import numpy as np
import pytest
import statsmodels.api as sm

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_rings import twfe_rings
from helpers.study.design import DONUT, NEVER, TREATED, Design
from helpers.study.rings import FAR, Rings

STEPS = np.array([[0, 0, 1, 1, 1, 2, 2, 3, 4, FAR], [3, 4, 4, 4, 2, 2, 1, 0, 1, FAR]])


@pytest.fixture(scope="module")
def design() -> Design:
    labels = (0, 0, *[NEVER] * 5, 1, NEVER, NEVER)
    return make_design(labels, (3, 6), months("2023-01", "2023-10"), anticipation=1)


@pytest.fixture(scope="module")
def outcome(design) -> np.ndarray:
    cells = np.random.default_rng(3).poisson(6.0, (10, 10)).astype(float)
    cells[4, 2] = np.nan
    return cells


def by_dummies(outcome: np.ndarray, design: Design, farthest: int):
    """Return the regression with one dummy a ward and period, its factor n / (n − k) counting all of them."""
    states = design.cell_states()
    used = (states != DONUT) & ~np.isnan(outcome)
    wards, periods = np.nonzero(used)
    steps = np.where(states == TREATED, 0, np.maximum(Rings(STEPS, 0).by_period(design), 1))[used]
    columns = [steps == ring for ring in range(farthest + 1)]
    columns += [wards == ward for ward in range(10)] + [periods == period for period in range(1, 10)]
    return sm.OLS(outcome[used], np.column_stack(columns).astype(float)).fit(cov_type="HC1")


@pytest.mark.parametrize("farthest", [0, 1, 2])
def test_equals_least_squares_with_dummies(outcome, design, farthest):
    found, wanted = twfe_rings(outcome, design, Rings(STEPS, 0), farthest), by_dummies(outcome, design, farthest)
    assert found.coefficients == pytest.approx(wanted.params[: farthest + 1], abs=1e-8)
    assert found.std_errors == pytest.approx(wanted.bse[: farthest + 1], abs=1e-8)
    assert found.n_obs == wanted.nobs


def test_without_a_ring_it_is_the_two_way_regression(outcome, design):
    row, found = twfe_linear(outcome, design, "n").rows[0], twfe_rings(outcome, design, Rings(STEPS, 0), 0)
    assert (found.coefficients[0], found.std_errors[0]) == pytest.approx((row.estimate, row.std_error), abs=1e-10)


def test_an_empty_ring_is_refused(outcome, design):
    with pytest.raises(EstimationError, match="Ring 1"):
        twfe_rings(outcome, design, Rings(np.where(STEPS == 1, 5, STEPS), 0), 1)
