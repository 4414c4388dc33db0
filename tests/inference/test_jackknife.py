"""The jackknife against brute-force refits, its refusals, and its false alarms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from designs import make_design, months
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand, build_target
from helpers.inference.analysis import Analysis
from helpers.inference.jackknife import jackknife, leave_one_out
from helpers.study.design import NEVER, TREATED, Design

OVERALL = Estimand("overall")


@pytest.fixture(scope="module")
def design() -> Design:
    """Return two cohorts (two wards, then six) over two towns of ten wards."""
    return make_design(
        (0, 1, 1, 1, *[NEVER] * 6) * 2,
        (14, 24),
        months("2020-01", "2022-12"),
        towns="t" * 10 + "u" * 10,
        anticipation=2,
    )


def counts(design: Design, seed: int, ratio: float = 1.0, mean: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = mean * rng.uniform(0.4, 2.0, (len(design.ward_ids), 1))
    effect = np.where(design.cell_states() == TREATED, ratio, 1.0)
    return rng.poisson(levels * effect).astype(float)


def analysis(design: Design, cells: np.ndarray) -> Analysis:
    return Analysis("n", cells, design, n_draws=99, seed=1)


def brute_force(design: Design, cells: np.ndarray, specification: str, estimand: Estimand) -> np.ndarray:
    """Return the log ratio without each ward, each refitted from the ward × period cells."""
    logs = []
    for position, ward in enumerate(design.ward_ids):
        fit = impute_counterfactual(np.delete(cells, position, axis=0), design.without_wards([ward]), specification)
        observed, expected = fit.total(estimand)
        logs.append(np.log(observed / expected))
    return np.array(logs)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
@pytest.mark.parametrize("estimand", [OVERALL, Estimand("cohort", "y"), Estimand("relative_period", "y", 3, 5)])
@pytest.mark.parametrize("has_gap", [False, True])
def test_equals_brute_force_refits(design, specification, estimand, has_gap):
    cells = counts(design, 1, ratio=0.6)
    if has_gap:
        cells[2, 5] = cells[8, 20] = cells[13, 30] = np.nan
    row = jackknife(analysis(design, cells), specification, estimand)
    found = leave_one_out(
        analysis(design, cells),
        impute_counterfactual(cells, design, specification),
        build_target(design, specification, estimand),
    )
    used = found.contributes
    logs = brute_force(design, cells, specification, estimand)[used]
    assert found.logs[used] == pytest.approx(logs, abs=1e-9)
    count = int(used.sum())
    whole = np.log1p(row.estimate)
    std_error = np.sqrt((count - 1) / count * ((logs - whole) ** 2).sum())
    assert row.std_error == pytest.approx(std_error, rel=1e-7)
    assert np.log1p(row.conf_high) - whole == pytest.approx(stats.t.ppf(0.975, count - 1) * std_error, rel=1e-7)
    assert row.p_value == pytest.approx(2 * stats.t.sf(abs(whole) / std_error, count - 1), rel=1e-6)
    assert (row.inference, row.reason) == ("jackknife", "")
    assert row.n_treated + row.n_comparison == count


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_the_wards_that_contribute_are_those_whose_absence_is_felt(design, specification):
    """The first cohort lends nothing to the second, which starts after it has left the ladder."""
    cells, estimand = counts(design, 2), Estimand("cohort", "y")
    cells[9] = 0.0
    found = leave_one_out(
        analysis(design, cells),
        impute_counterfactual(cells, design, specification),
        build_target(design, specification, estimand),
    )
    whole = impute_counterfactual(cells, design, specification).effect(estimand)
    is_felt = np.abs(brute_force(design, cells, specification, estimand) - np.log1p(whole)) > 1e-9
    assert (found.contributes == is_felt).all()
    assert not found.contributes[[0, 9, 10]].any()
    assert found.is_treated.sum() == 6


def test_order_of_wards_does_not_matter(design):
    cells, order = counts(design, 3), np.random.default_rng(1).permutation(20)
    moved = replace(
        design,
        labels=tuple(design.labels[n] for n in order),
        town_codes=tuple(design.town_codes[n] for n in order),
    )
    first, again = (
        jackknife(analysis(own, own_cells), "town_period", OVERALL).std_error
        for own, own_cells in ((design, cells), (moved, cells[order]))
    )
    assert first == pytest.approx(again, rel=1e-9)


def test_refused_below_five_treated_wards(design):
    row = jackknife(analysis(design, counts(design, 4)), "two_way", Estimand("cohort", "x"))
    assert "2 treated wards are fewer than 5" in row.reason
    assert np.isfinite(row.estimate)
    assert np.isnan([row.std_error, row.conf_low, row.p_value]).all()
    assert row.inference == "none"


def test_silent_treated_wards_do_not_count_towards_the_five(design):
    cells = counts(design, 5)
    assert jackknife(analysis(design, cells), "two_way", Estimand("cohort", "y")).reason == ""
    cells[[1, 2]] = 0.0
    assert "4 treated wards" in jackknife(analysis(design, cells), "two_way", Estimand("cohort", "y")).reason


@pytest.mark.parametrize("has_gap", [False, True])
def test_refused_where_one_ward_is_the_only_comparison(design, has_gap):
    lonely = design.with_labels((0, *[1] * 8, NEVER, *design.labels[10:]))
    cells = counts(design, 6)
    if has_gap:
        cells[15, 3] = np.nan
    row = jackknife(analysis(lonely, cells), "town_period", Estimand("cohort", "y"))
    assert "without 09" in row.reason
    assert np.isnan(row.conf_low)
    assert jackknife(analysis(lonely, cells), "two_way", Estimand("cohort", "y")).reason == ""


def test_refused_where_one_treated_ward_has_all_incidents(design):
    cells = counts(design, 7)
    others = (design.label_array == 1) & (np.arange(20) != 2)
    cells[others, 24:] = 0.0
    assert "without 02" in jackknife(analysis(design, cells), "two_way", Estimand("cohort", "y")).reason


def test_nothing_observed_has_no_log_ratio(design):
    cells = np.where(design.cell_states() == TREATED, 0.0, counts(design, 8))
    row = jackknife(analysis(design, cells), "two_way", OVERALL)
    assert "no log ratio" in row.reason
    everyone = design.with_labels((0, *[1] * 9, *design.labels[10:]))
    only_here = everyone.with_wards(range(10))
    row = jackknife(analysis(only_here, cells[:10]), "town_period", Estimand("cohort", "y"))
    assert row.reason.startswith("No ward")


def test_false_alarms_with_ten_treated_wards_stay_near_the_level():
    """Of 400 true nulls; the Monte-Carlo standard error is .011."""
    wide = make_design((*[0] * 10, *[NEVER] * 20), (12,), months("2020-01", "2021-12"))
    rejected = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        shocks = np.repeat(rng.gamma(16, 1 / 16, (30, 2)), 12, axis=1)
        cells = rng.poisson(2.0 * shocks).astype(float)
        rejected.append(jackknife(analysis(wide, cells), "two_way", OVERALL).p_value <= 0.05)
    assert abs(np.mean(rejected) - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400)
