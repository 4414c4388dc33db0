"""The regressions everyone else would run equal what statsmodels gives with dummies."""

import numpy as np
import pytest
import statsmodels.api as sm

from designs import staggered_design
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.study.design import DONUT, NEVER, TREATED


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(5)
    design = staggered_design()
    counts = rng.poisson(4.0, (14, 20)).astype(float)
    counts[3, 5] = np.nan
    return counts, design


def dummies(design, counts):
    states = design.cell_states()
    used = (states != DONUT) & ~np.isnan(counts)
    wards, periods = np.nonzero(used)
    treated = (states == TREATED)[used]
    columns = [treated[:, None], wards[:, None] == np.arange(14), periods[:, None] == np.arange(1, 20)]
    return used, wards, np.column_stack(columns).astype(float)


def test_poisson_equals_dummies_with_clustered_errors(study):
    counts, design = study
    used, wards, regressors = dummies(design, counts)
    model = sm.GLM(counts[used], regressors, family=sm.families.Poisson())
    oracle = model.fit(cov_type="cluster", cov_kwds={"groups": wards, "use_correction": False}, tol=1e-14)
    row = twfe_poisson(counts, design, "n").rows[0]
    assert np.log1p(row.estimate) == pytest.approx(oracle.params[0], abs=1e-7)
    assert row.std_error == pytest.approx(oracle.bse[0] * np.sqrt(14 / 13), rel=1e-6)
    assert row.conf_low < row.estimate < row.conf_high
    assert row.n_obs == used.sum()


def test_linear_equals_dummies_with_hc1(study):
    counts, design = study
    used, _, regressors = dummies(design, counts)
    oracle = sm.OLS(counts[used], regressors).fit(cov_type="HC1")
    row = twfe_linear(counts, design, "n").rows[0]
    assert (row.estimate, row.std_error) == pytest.approx((oracle.params[0], oracle.bse[0]), rel=1e-8)


def test_clustered_interval_is_refused_below_five_treated_wards(study):
    counts, design = study
    few = design.with_labels((0, 0, *[NEVER] * 12))
    row = twfe_poisson(counts, few, "n").rows[0]
    assert np.isfinite(row.estimate)
    assert np.isnan(row.conf_low)
    assert "fewer than 5" in row.reason


def test_no_treated_incident_is_said(study):
    counts, design = study
    silent = np.where(design.cell_states() == TREATED, 0.0, counts)
    row = twfe_poisson(silent, design, "n").rows[0]
    assert np.isnan(row.estimate)
    assert "no finite value" in row.reason


def test_no_incident_before_treatment_is_said_not_estimated(study):
    """Separation: the likelihood climbs for ever, and a fit that stopped on the way would print a hundred million."""
    counts, design = study
    late = counts.copy()
    members = design.label_array != NEVER
    late[members[:, None] & (design.cell_states() != TREATED)] = 0.0
    row = twfe_poisson(late, design, "n").rows[0]
    assert np.isnan(row.estimate)
    assert "none before" in row.reason


def test_nothing_but_zeros_is_said(study):
    _, design = study
    zeros = np.zeros((14, 20))
    assert "no variation" in twfe_linear(zeros, design, "n").rows[0].reason
    assert np.isnan(twfe_poisson(zeros, design, "n").rows[0].estimate)


def test_periods_and_wards_without_incident_change_nothing(study):
    counts, design = study
    quiet = counts.copy()
    quiet[:, 3] = 0.0
    quiet[13] = 0.0
    used, _, regressors = dummies(design, quiet)
    oracle = sm.GLM(quiet[used], regressors, family=sm.families.Poisson()).fit(tol=1e-14)
    assert np.log1p(twfe_poisson(quiet, design, "n").rows[0].estimate) == pytest.approx(oracle.params[0], abs=1e-6)
