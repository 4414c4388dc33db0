"""Our estimators against outside libraries on one small simulated panel: the same model, another implementation.

Fourteen wards by twenty months, two cohorts and a donut of two months. Standard errors are compared after each
library is told which small-sample factor to use: they differ in the second digit for that reason alone.
"""

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from linearmodels import PanelOLS

from designs import staggered_design
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.study.design import DONUT, TREATED, UNTREATED

CONVERGED = 1e-6
"""Iterations that stop at different steps agree to this; a wrong factor or cell moves the third digit."""
SAME = 1e-8
"""Two routes to one least-squares solution differ by rounding only."""
LIBRARY_STOP = 1e-12
"""What the outside iterations are asked for: well below `CONVERGED`."""
TRUE_RATIO = 0.7

pyfixest_on_pandas = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")
"""pyfixest calls pandas in a way that pandas 3.1 announces it will drop; nothing here can change that."""


@pytest.fixture(scope="module")
def design():
    return staggered_design()


@pytest.fixture(scope="module")
def counts(design):
    """Poisson counts, shape (14, 20): E[Y_wp] = level_w · factor_p · .7 in treated cells. One cell is not reported."""
    rng = np.random.default_rng(1925)
    means = rng.uniform(2, 9, (14, 1)) * rng.uniform(0.7, 1.4, (1, 20))
    cells = rng.poisson(np.where(design.cell_states() == TREATED, TRUE_RATIO, 1.0) * means).astype(float)
    cells[3, 5] = np.nan
    return cells


@pytest.fixture(scope="module")
def cells(design, counts):
    """The reported cells outside the donut, one a row: what both regressions use."""
    every = long(design, counts)
    return every.loc[every["state"].ne(DONUT) & every["y"].notna()]


def long(design, outcome):
    wards, periods = np.indices(outcome.shape)
    frame = pd.DataFrame({"ward": wards.ravel(), "period": periods.ravel(), "y": outcome.ravel()})
    states = design.cell_states().ravel()
    return frame.assign(state=states, treated=(states == TREATED).astype(float))


@pyfixest_on_pandas
def test_poisson_equals_pyfixest(design, counts, cells):
    """Factor G / (G − 1) for both: `k_adj` off leaves out (n − 1) / (n − k), and with it what counts as a parameter."""
    oracle = pyfixest.fepois(
        "y ~ treated | ward + period",
        cells,
        vcov={"CRV1": "ward"},
        ssc=pyfixest.ssc(k_adj=False, G_adj=True),
        iwls_tol=LIBRARY_STOP,
        demeaner=pyfixest.MapDemeaner(fixef_tol=LIBRARY_STOP),
    )
    row = twfe_poisson(counts, design, "y").rows[0]
    assert np.log1p(row.estimate) == pytest.approx(oracle.coef()["treated"], abs=CONVERGED)
    assert row.std_error == pytest.approx(oracle.se()["treated"], rel=CONVERGED)
    assert row.n_obs == len(cells)


@pyfixest_on_pandas
def test_linear_equals_pyfixest(design, counts, cells):
    """HC1, n / (n − k), with every ward and period effect in k: `k_fixef="full"`."""
    oracle = pyfixest.feols(
        "y ~ treated | ward + period",
        cells,
        vcov="hetero",
        ssc=pyfixest.ssc(k_adj=True, k_fixef="full"),
    )
    row = twfe_linear(counts, design, "y").rows[0]
    assert row.estimate == pytest.approx(oracle.coef()["treated"], rel=CONVERGED)
    assert row.std_error == pytest.approx(oracle.se()["treated"], rel=CONVERGED)


def test_linear_equals_linearmodels(design, counts, cells):
    """HC1 again: `debiased` is n / (n − k), and robust errors count the effects in k."""
    panel = cells.set_index(["ward", "period"])
    model = PanelOLS(panel["y"], panel[["treated"]], entity_effects=True, time_effects=True)
    oracle = model.fit(cov_type="robust", debiased=True)
    row = twfe_linear(counts, design, "y").rows[0]
    assert row.estimate == pytest.approx(oracle.params["treated"], rel=SAME)
    assert row.std_error == pytest.approx(oracle.std_errors["treated"], rel=SAME)


@pytest.mark.parametrize("has_gap", [False, True], ids=["closed form", "iteration"])
def test_counterfactual_equals_prediction_of_a_regression(design, counts, has_gap):
    """Fit untreated cells by Poisson regression on dummies, predict every cell: what we call the counterfactual."""
    outcome = counts if has_gap else np.where(np.isnan(counts), 5.0, counts)
    every = long(design, outcome)
    untreated = every.loc[every["state"].eq(UNTREATED) & every["y"].notna()]
    model = smf.glm("y ~ C(ward) + C(period)", untreated, family=sm.families.Poisson())
    predicted = model.fit(tol=LIBRARY_STOP, maxiter=200).predict(every).to_numpy().reshape(outcome.shape)
    ours = impute_counterfactual(outcome, design, "two_way")
    assert ours.method == ("iteration" if has_gap else "closed form")
    assert ours.expected == pytest.approx(predicted, rel=CONVERGED)
    treated = (design.cell_states() == TREATED) & ~np.isnan(outcome)
    effect = outcome[treated].sum() / predicted[treated].sum() - 1
    assert ours.effect(Estimand("overall")) == pytest.approx(effect, rel=CONVERGED)
