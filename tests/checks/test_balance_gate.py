"""Balance as a gate: large differences fail, and what cannot be measured cannot tell."""

import numpy as np
import pandas as pd
import pytest

from helpers.checks import balance_gate as gate
from helpers.checks.balance_gate import LARGE, UNKNOWN, balance_gate
from helpers.inference.analysis import Analysis

from .small_programme import small_study


def judged(monkeypatch: pytest.MonkeyPatch, *values: float):
    rows = [{"indicator": "n", "measure": "level", "cohort": str(at), "value": own} for at, own in enumerate(values)]
    rows += [{"indicator": "n", "measure": "level_mean", "cohort": "0", "value": 99.0}]
    monkeypatch.setattr(gate, "balance", lambda *_: pd.DataFrame(rows))
    return balance_gate(Analysis("n", np.zeros((1, 1)), None, n_draws=1, seed=1), pd.DataFrame(), small_study())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((0.1, -0.2), "pass"),
        ((0.1, -0.3), "fail"),
        ((0.1, np.nan), "cannot_tell"),
        ((0.4, np.nan), "fail"),
        ((np.nan,), "cannot_tell"),
    ],
)
def test_rule(monkeypatch, values, verdict):
    check = judged(monkeypatch, *values)
    assert (check.verdict, check.threshold, check.specification) == (verdict, LARGE, "")
    assert len(check.details) == len(values)


def test_the_largest_difference_is_the_statistic(monkeypatch):
    assert judged(monkeypatch, 0.1, -0.3).statistic == -0.3
    assert judged(monkeypatch, np.nan).reason == UNKNOWN
