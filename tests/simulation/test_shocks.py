import numpy as np

from helpers.simulation.parameters import Autoregression
from helpers.simulation.shocks import autoregressive_shocks, random_stream

LAW = Autoregression(sd=0.25, rho=0.8)
UNITS = 4000


def test_shocks_have_the_moments_they_claim():
    paths = autoregressive_shocks(random_stream(1, "test"), UNITS, 30, LAW)
    lag_one = np.corrcoef(paths[:, :-1].ravel(), paths[:, 1:].ravel())[0, 1]
    lag_three = np.corrcoef(paths[:, 5], paths[:, 8])[0, 1]
    assert abs(paths.std() / LAW.sd - 1) < 0.02
    assert abs(lag_one - LAW.rho) < 0.01
    assert abs(lag_three - LAW.rho**3) < 0.04


def test_shocks_are_stationary_from_the_first_period():
    paths = autoregressive_shocks(random_stream(2, "test"), UNITS, 30, LAW)
    standard_error = LAW.sd / np.sqrt(2 * UNITS)
    assert abs(paths[:, 0].std() - LAW.sd) < 4 * standard_error
    assert abs(paths[:, -1].std() - LAW.sd) < 4 * standard_error


def test_a_stream_depends_on_seed_and_name_only():
    same = random_stream(3, "levels", "fires").random(4)
    assert np.array_equal(same, random_stream(3, "levels", "fires").random(4))
    assert not np.array_equal(same, random_stream(4, "levels", "fires").random(4))
    assert not np.array_equal(same, random_stream(3, "levels", "tips").random(4))
