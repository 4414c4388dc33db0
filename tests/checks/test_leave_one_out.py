"""Leave one out: towns, cohorts, wards and periods, each equal to a study without it."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.leave_one_out import (
    COHORT,
    PERIOD,
    WARD,
    leave_one_cohort_out,
    leave_one_period_out,
    leave_one_town_out,
    leave_one_ward_out,
    leave_out_checks,
)
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.leave_period_out import leave_period_out
from helpers.study.design import NEVER, TREATED, Design

OVERALL = Estimand("overall")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (0, 1, 1, NEVER, NEVER, NEVER) * 2,
        (8, 12),
        months("2021-01", "2022-06"),
        towns="tttttt" + "uuuuuu",
        anticipation=1,
    )


def study(design: Design, *, ratio: float = 0.5, mean: float = 30.0, gaps: bool = False, seed: int = 1) -> Analysis:
    rng = np.random.default_rng(seed)
    cells = rng.poisson(mean * np.where(design.cell_states() == TREATED, ratio, 1.0)).astype(float)
    if gaps:
        cells[rng.random(cells.shape) < 0.04] = np.nan
    return Analysis("n", cells, design, n_draws=99, seed=1)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_each_estimate_is_that_of_a_study_without_it(design, specification, gaps):
    analysis = study(design, gaps=gaps)
    wards = {one.item: one for one in leave_one_ward_out(analysis, specification).details}
    assert len(wards) == 12
    for position, ward in enumerate(design.ward_ids):
        left = analysis.without_wards([ward])
        expected = impute_counterfactual(left.outcome, left.design, specification).effect(OVERALL)
        assert wards[f"{WARD}{ward}"].estimate == pytest.approx(expected, abs=1e-9), position
    periods = {one.item: one for one in leave_one_period_out(analysis, specification).details}
    for position, period in enumerate(design.periods):
        cells = analysis.outcome.copy()
        cells[:, position] = np.nan
        expected = impute_counterfactual(cells, design, specification).effect(OVERALL)
        assert periods[f"{PERIOD}{period}"].estimate == pytest.approx(expected, abs=1e-9)


def test_a_period_that_identifies_everything_after_it_has_no_estimate():
    design = make_design((0, NEVER), (1,), months("2023-01", "2023-03"))
    logs = leave_period_out(Analysis("n", np.full((2, 3), 5.0), design, n_draws=9, seed=1), "two_way", OVERALL)
    assert np.isnan(logs[0]) and not np.isnan(logs[1:]).any()


def test_one_ward_that_carries_the_sign_fails_it_by_name(design):
    analysis = study(design, ratio=1.3)
    analysis.outcome[1, 12:] = 400.0
    analysis.outcome[[0, 2, 6, 7, 8], 8:] *= 0.7
    check = leave_one_ward_out(analysis, "two_way")
    assert (check.verdict, check.reason) == ("fail", "wards: the sign turns without ward 01")


def test_a_steady_effect_passes_for_wards_and_periods(design):
    for check in (leave_one_ward_out(study(design), "two_way"), leave_one_period_out(study(design), "two_way")):
        assert check.verdict == "pass"
        assert check.threshold == pytest.approx(np.sqrt(0.5) - 1, abs=0.05)


def test_an_estimate_that_moves_far_cannot_tell(design):
    analysis = study(design, ratio=0.9, mean=200.0)
    analysis.outcome[:, 15] *= np.where(np.isin(np.arange(12), [0, 1, 2, 6, 7, 8]), 0.1, 1.0)
    check = leave_one_period_out(analysis, "two_way")
    assert check.verdict == "cannot_tell"
    assert "moves by more than half" in check.reason


def test_cohorts_are_left_out_as_wards(design):
    analysis = study(design, ratio=0.3)
    check = leave_one_cohort_out(analysis, "two_way")
    assert [one.item for one in check.details] == [f"{COHORT}x", f"{COHORT}y"]
    left = analysis.without_wards(design.wards_in("x"))
    assert check.details[0].estimate == pytest.approx(
        impute_counterfactual(left.outcome, left.design, "two_way").effect(OVERALL)
    )


def test_what_does_not_apply_says_so(design):
    one_town = replace(design, town_codes=("t",) * 12)
    assert leave_one_town_out(study(one_town), "two_way").reason == "does not apply: there is one town only"
    single = make_design((0, NEVER, NEVER), (4,), months("2023-01", "2023-08"))
    assert leave_one_cohort_out(study(single), "two_way").reason == "does not apply: there is one cohort only"
    nothing = replace(study(single), outcome=np.zeros((3, 8)))
    assert {check.verdict for check in leave_out_checks(nothing, "two_way")} == {"cannot_tell"}


def test_a_unit_that_cannot_be_left_out_takes_the_pass_away():
    design = make_design((0, 0, NEVER), (4,), months("2023-01", "2023-08"))
    check = leave_one_ward_out(study(design, mean=100.0), "two_way")
    assert check.verdict == "cannot_tell"
    assert "without some the same effect cannot be estimated" in check.reason
