"""Gates: distances by hand, carrying, and the rule that turns a placebo into a verdict."""

import numpy as np
import pytest

from designs import hand_design, make_design, months
from helpers.checks.gates import carried, checks_frame, details_frame, distance_to_base, equivalence_verdict
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.study.design import NEVER


def test_distances_by_hand():
    design = hand_design()
    # early: base periods 0–2 (mean 1), effect 3–5 (mean 4); late: base 0–4 (mean 2), effect 5.
    assert distance_to_base(design, "two_way", Estimand("cohort", "early")) == pytest.approx(3)
    assert distance_to_base(design, "two_way", Estimand("cohort", "late")) == pytest.approx(3)
    assert distance_to_base(design, "two_way", Estimand("relative_period", "early", 0, 0)) == pytest.approx(2)
    donut = hand_design(anticipation=1)
    assert distance_to_base(donut, "two_way", Estimand("cohort", "early")) == pytest.approx(3.5)


def test_only_what_is_estimable_counts():
    # Town t loses its last untreated ward when the late cohort starts: early's periods 3 and 4 remain.
    design = hand_design(towns="ttuu")
    assert distance_to_base(design, "town_period", Estimand("cohort", "early")) == pytest.approx(2.5)
    assert np.isnan(distance_to_base(design, "town_period", Estimand("cohort", "late")))


@pytest.mark.parametrize("drift", [-0.004, 0.003])
def test_a_steady_drift_is_what_carrying_carries(drift):
    """On exact exponential drift the placebo, carried, is the bias of the effect to a few per cent of it."""
    design = make_design((0, 0, *[NEVER] * 4), (30,), months("2019-01", "2022-12"), anticipation=3)
    cells = np.full((6, 48), 50.0)
    cells[:2] *= np.exp(drift * np.arange(48))
    bias = np.log1p(impute_counterfactual(cells, design, "two_way").effect(Estimand("overall")))
    from helpers.checks.placebo_date import placebo_year
    from helpers.inference.analysis import Analysis

    year = placebo_year(Analysis("n", cells, design, n_draws=9, seed=1), "two_way", "x")
    assert np.log1p(year.carried_row().estimate) == pytest.approx(bias, rel=0.05)
    assert year.far / year.near > 1.2


def test_open_ends_stay_open_and_no_factor_changes_none():
    assert carried(-1.0, 1.7) == -1.0
    assert carried(np.inf, 1.7) == np.inf
    assert carried(0.0, 1.7) == 0.0
    assert np.log1p(carried(-0.2, 2.5)) == pytest.approx(2.5 * np.log(0.8))


def test_carrying_may_take_a_pass_away():
    ends = (-0.15, 0.16)
    assert equivalence_verdict(0.5, *ends, -0.4)[0] == "pass"
    assert equivalence_verdict(0.5, *(carried(end, 2.0) for end in ends), -0.4)[0] == "cannot_tell"


def test_no_checks_make_empty_tables():
    assert checks_frame([]).empty and "verdict" in checks_frame([])
    assert details_frame([]).empty and "item" in details_frame([])
