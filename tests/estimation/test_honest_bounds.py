"""Bounds under violated parallel trends equal hand computations, and refuse what they cannot bound."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.errors import EstimationError
from helpers.estimation.honest_bounds import breakdown_value, honest_bounds

EVENT = SimpleNamespace(
    estimates=np.array([0.05, -0.08, 0.02, -0.6, -0.8]), covariance=np.full((5, 5), 0.004) + 0.006 * np.eye(5)
)


def test_honest_bounds_begin_at_the_usual_interval_and_widen():
    grid = [0, 0.5, 1, 2, 4]
    bounds = honest_bounds(EVENT.estimates, EVENT.covariance, n_pre=3, n_post=2, m_bar=grid)
    std_error = np.sqrt(EVENT.covariance[3:, 3:].mean())
    usual = -0.7 + np.array([-1, 1]) * stats.norm.ppf(0.975) * std_error
    assert bounds.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx(usual.tolist(), abs=1e-8)
    assert (bounds["conf_low"].diff().dropna() < 0).all() and (bounds["conf_high"].diff().dropna() > 0).all()
    # The largest change before is .13; the first bin may be off by once, the second by twice the bound.
    slack = 0.13 * (1 + 2) / 2
    assert bounds["conf_high"].tolist() == pytest.approx([usual[1] + m * slack for m in grid], abs=1e-8)
    assert set(bounds["method"]) == {"HonestDiD, approximate"}
    assert breakdown_value(bounds) == 2


def test_breakdown_is_missing_where_no_interval_excludes_zero():
    bounds = honest_bounds(np.array([0.1, 0.1]), np.eye(2), n_pre=1, n_post=1, m_bar=[0, 1])
    assert np.isnan(breakdown_value(bounds))


def test_breakdown_stops_at_the_first_interval_that_holds_zero():
    bounds = pd.DataFrame({"m_bar": [0, 1, 2], "conf_low": [1.0, -1.0, 1.0], "conf_high": [2.0, 2.0, 2.0]})
    assert breakdown_value(bounds) == 0


@pytest.mark.parametrize(
    ("n_pre", "n_post", "covariance", "m_bar"),
    [
        (4, 1, np.eye(5), [0]),
        (2, 3, np.eye(5), [0]),
        (0, 2, np.eye(2), [0]),
        (3, 2, np.eye(4), [0]),
        (3, 2, np.diag([1.0, 1, 1, 1, 0]), [0]),
        (3, 2, np.eye(5) + np.eye(5, k=1), [0]),
        (3, 2, np.eye(5), [-1]),
    ],
)
def test_honest_bounds_refuse(n_pre, n_post, covariance, m_bar):
    with pytest.raises(EstimationError):
        honest_bounds(np.ones(n_pre + n_post), covariance, n_pre=n_pre, n_post=n_post, m_bar=m_bar)
