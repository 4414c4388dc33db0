"""Cleared against recorded cases: by hand, from the panel, zeros, and size and coverage by simulation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand, build_target
from helpers.inference.analysis import Analysis
from helpers.inference.clearance import (
    clearance_analyses,
    log_difference,
    ratio_effect,
    ratio_experiment,
    residual_correlation,
)
from helpers.inference.randomisation import equal_tailed_accepts, two_sided_p
from helpers.inference.statistic import Statistics
from helpers.study import load_study
from helpers.study.design import NEVER, TREATED, Design

OVERALL = Estimand("overall")
CLEARANCE = load_study("nghe_an").indicator("clearance")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (*[0] * 4, *[NEVER] * 8, *[0] * 3, *[NEVER] * 9),
        (18,),
        months("2020-01", "2022-12"),
        towns="t" * 12 + "u" * 12,
        anticipation=2,
    )


def series(
    design: Design, seed: int, *, recorded: float = 1.0, ratio: float = 1.0, mean: float = 2.0, share: float = 0.6
) -> tuple[np.ndarray, np.ndarray]:
    """Return cleared and recorded cases: shared ward-year shocks, clearance of some of this month's and a backlog."""
    rng = np.random.default_rng(seed)
    levels = mean * rng.uniform(0.4, 2.0, (len(design.ward_ids), 1))
    shocks = np.repeat(rng.gamma(16, 1 / 16, (len(design.ward_ids), len(design.periods) // 12)), 12, axis=1)
    is_treated = design.cell_states() == TREATED
    intensity = levels * shocks * np.where(is_treated, recorded, 1.0)
    rate = np.where(is_treated, ratio, 1.0)
    crimes = rng.poisson(intensity)
    solved = rng.binomial(crimes, share * rate) + rng.poisson(0.1 * intensity * rate)
    return solved.astype(float), crimes.astype(float)


def pair(design: Design, cells: tuple[np.ndarray, np.ndarray], n_draws: int = 199, seed: int = 1):
    first, second = (
        Analysis(name, own, design, n_draws, seed)
        for name, own in zip(("clearance", "crime_order"), cells, strict=True)
    )
    return first, second


def panel_rows(indicator: str, values, denominators, design: Design) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ward_id": np.repeat(design.ward_ids, len(design.periods)),
            "period": np.tile(design.periods, len(design.ward_ids)),
            "indicator": indicator,
            "value": np.ravel(values),
            "denominator": np.ravel(denominators * np.ones(np.shape(values))),
        }
    )


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_estimate_is_the_ratio_of_the_two_count_effects(design, specification):
    cells = series(design, 1, recorded=0.7, ratio=1.3)
    row = ratio_effect(*pair(design, cells), specification, OVERALL)
    effects = [1 + impute_counterfactual(own, design, specification).effect(OVERALL) for own in cells]
    assert 1 + row.estimate == pytest.approx(effects[0] / effects[1])
    assert row.observed == cells[0][design.cell_states() == TREATED].sum()
    assert row.estimate == pytest.approx(row.observed / row.expected - 1)
    assert row.conf_low < row.estimate < row.conf_high
    assert (row.indicator, row.scale, row.n_treated, row.reason) == ("clearance", "ratio", 7, "")


@pytest.mark.parametrize("has_gap", [False, True])
def test_interval_holds_the_ratios_that_are_not_rejected(design, has_gap):
    cells = series(design, 2, recorded=0.8, ratio=0.7)
    if has_gap:
        for own in cells:
            own[1, 4] = own[9, 30] = np.nan
    analyses = pair(design, cells)
    row = ratio_effect(*analyses, "two_way", OVERALL)
    experiment = ratio_experiment(*analyses, build_target(design, "two_way", OVERALL), "two_way")
    low, high = 1 + row.conf_low, 1 + row.conf_high
    for ratio, inside in ((low * 1.01, True), (low * 0.98, False), (high * 0.99, True), (high * 1.02, False)):
        assert equal_tailed_accepts(experiment.statistics(ratio).t, is_exact=False) is inside
    assert row.p_value == two_sided_p(experiment.statistics().t, is_exact=False)


def test_t_is_the_difference_of_logs_over_its_error(design):
    cells = series(design, 3, recorded=0.8, ratio=1.2)
    experiment = ratio_experiment(*pair(design, cells), build_target(design, "two_way", OVERALL), "two_way")
    found = experiment.statistics()
    cleared, recorded = experiment.cleared.statistics(experiment.recorded_ratio), experiment.recorded
    logs = [np.log(own.observed / own.expected) for own in (cleared, recorded)]
    errors = cleared.std_error, recorded.std_error
    variance = errors[0] ** 2 + errors[1] ** 2 - 2 * experiment.correlation * errors[0] * errors[1]
    assert found.t == pytest.approx((logs[0] - logs[1]) / np.sqrt(variance))
    assert logs[1][0] == pytest.approx(0.0, abs=1e-12)


def test_the_same_series_twice_moved_alike(design):
    cells = series(design, 4, recorded=0.5)
    row = ratio_effect(*pair(design, (2 * cells[1], cells[1])), "two_way", OVERALL)
    assert row.estimate == pytest.approx(0.0)
    same = ratio_effect(*pair(design, (cells[1], cells[1])), "two_way", OVERALL)
    assert (same.estimate, same.p_value) == (0.0, 1.0)


def test_correlation_is_that_of_the_residuals():
    """One block before, one after: the residuals of a 2 × 2 table are ± the same number; 400 wards for the moments."""
    wide = make_design((0, *[NEVER] * 399), (6,), months("2020-01", "2020-12"))
    rng, target = np.random.default_rng(5), build_target(wide, "two_way", OVERALL)
    common, own = rng.poisson(4.0, (400, 12)), rng.poisson(4.0, (400, 12))
    assert residual_correlation(common + own * 1.0, common * 1.0, wide, target) == pytest.approx(np.sqrt(0.5), abs=0.1)
    assert residual_correlation(own * 1.0, common * 1.0, wide, target) == pytest.approx(0.0, abs=0.15)
    assert residual_correlation(np.ones((400, 12)), common * 1.0, wide, target) == 0.0
    holed = np.where(rng.random((400, 12)) < 0.05, np.nan, common)
    assert residual_correlation(holed, common * 1.0, wide, target) == pytest.approx(1.0)


def test_correlation_does_not_look_at_treated_cells(design):
    solved, crimes = series(design, 11)
    changed = np.where(design.cell_states() == TREATED, 7.0, solved)
    target = build_target(design, "two_way", OVERALL)
    found = residual_correlation(solved, crimes, design, target)
    assert 0.3 < found < 1
    assert residual_correlation(changed, crimes, design, target) == found


def test_rounding_is_no_difference():
    """Two series that differ by rounding only: error and difference are both nothing."""
    ones = np.ones(3)
    cleared, recorded = Statistics(ones, ones + 1e-15, ones, 0.1 * ones), Statistics(ones, ones, ones, 0.1 * ones)
    assert (log_difference(cleared, recorded, np.full(3, 0.01 - 1e-18)).t == 0).all()
    assert (log_difference(cleared, recorded, np.full(3, 0.009)).t > 0).all()


def test_zeros_count_and_are_reported(design):
    """Two wards clear cases at all, neither treated: most labellings hold a zero, and T is 0 there."""
    cells = series(design, 6)
    solved = np.zeros_like(cells[0])
    solved[[5, 20]] = cells[0][[5, 20]]
    few = design.with_labels([0, *[NEVER] * 23])
    experiment = ratio_experiment(*pair(few, (solved, cells[1])), build_target(few, "two_way", OVERALL), "two_way")
    found = experiment.statistics()
    assert found.has_zero.sum() == 24 - 2 + 1
    assert (found.t[found.has_zero] == 0).all()
    assert (found.t[~found.has_zero] != 0).all()
    assert len(found.t) == 25
    assert "nothing expected" in ratio_effect(*pair(few, (solved, cells[1])), "two_way", OVERALL).reason


def test_nothing_cleared_is_a_fall_by_all_without_bounds_and_without_proof(design):
    solved, crimes = series(design, 7)
    solved[design.cell_states() == TREATED] = 0.0
    row = ratio_effect(*pair(design, (solved, crimes)), "two_way", OVERALL)
    assert (row.estimate, row.p_value, row.conf_low, row.conf_high) == (-1.0, 1.0, -1.0, np.inf)
    assert row.zero_draw_share >= 1 / 200


def test_refusals(design):
    solved, crimes = series(design, 8)
    none = np.where(design.cell_states() == TREATED, 0.0, crimes)
    assert "Nothing was recorded" in ratio_effect(*pair(design, (solved, none)), "two_way", OVERALL).reason
    everyone = design.with_labels([*[0] * 12, *design.labels[12:]]).with_wards(range(12))
    row = ratio_effect(*pair(everyone, (solved[:12], crimes[:12])), "town_period", OVERALL)
    assert row.reason.startswith("No ward")
    holed = solved.copy()
    holed[0, 20] = np.nan
    assert "different cells" in ratio_effect(*pair(design, (holed, crimes)), "two_way", OVERALL).reason
    first, second = pair(design, (solved, crimes))
    for change in ({"seed": 2}, {"n_draws": 9}):
        with pytest.raises(EstimationError, match=f"differ in {next(iter(change))}"):
            ratio_effect(first, replace(second, **change), "two_way", OVERALL)


def test_both_series_come_from_the_panel_on_the_same_cells(design):
    solved, crimes = series(design, 9)
    beside, elsewhere, value = crimes.copy(), crimes.copy(), solved.copy()
    beside[0, 0] = beside[1, 1] = np.nan
    elsewhere[1, 1] = np.nan
    elsewhere[3, 3] += 5
    value[2, 2] = np.nan
    panel = pd.concat(
        [
            panel_rows("clearance", value, beside, design),
            panel_rows("crime_order", elsewhere, np.nan, design),
        ]
    ).sample(frac=1, random_state=1)
    cleared, recorded = clearance_analyses(panel, design, CLEARANCE, n_draws=99, seed=5)
    lost = np.zeros(solved.shape, dtype=bool)
    lost[1, 1] = lost[2, 2] = True
    assert np.array_equal(cleared.outcome, np.where(lost, np.nan, solved), equal_nan=True)
    assert np.array_equal(recorded.outcome, np.where(lost, np.nan, crimes), equal_nan=True)
    assert (cleared.indicator, recorded.indicator) == ("clearance", "crime_order")
    assert (cleared.n_draws, recorded.seed) == (99, 5)


def test_the_panel_must_hold_a_ratio_and_both_its_counts(design):
    solved, crimes = series(design, 10)
    panel = panel_rows("clearance", solved, np.nan, design)
    with pytest.raises(EstimationError, match="No ward reported both"):
        clearance_analyses(panel, design, CLEARANCE, n_draws=99, seed=1)
    with pytest.raises(EstimationError, match="names no denominator"):
        clearance_analyses(panel, design, load_study("nghe_an").indicator("crime_order"), n_draws=99, seed=1)
    with pytest.raises(EstimationError, match="holds no “clearance”"):
        clearance_analyses(panel_rows("fires", solved, np.nan, design), design, CLEARANCE, n_draws=99, seed=1)
    crimes[:, 3] = np.nan
    with pytest.raises(EstimationError, match=design.periods[3]):
        clearance_analyses(panel_rows("clearance", solved, crimes, design), design, CLEARANCE, n_draws=99, seed=1)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
@pytest.mark.parametrize(
    ("recorded", "ratio", "coverage"), [(1.0, 1.0, 0.95), (0.6, 1.0, 0.95), (0.6, 0.6, 0.92), (1.0, 1.4, 0.95)]
)
def test_size_and_coverage(design, specification, recorded, ratio, coverage):
    """Three hundred studies each; the Monte-Carlo standard error is .013.

    Where recorded cases and their clearance both fall by 40% the interval covers .92 (600 studies), as docs/methods.md
    says.
    """
    replications, covered, rejected = 300, 0, 0
    target = build_target(design, specification, OVERALL)
    for seed in range(replications):
        cells = series(design, 5_000 + seed, recorded=recorded, ratio=ratio)
        experiment = ratio_experiment(*pair(design, cells, seed=seed), target, specification)
        covered += equal_tailed_accepts(experiment.statistics(ratio).t, is_exact=False)
        rejected += two_sided_p(experiment.statistics().t, is_exact=False) <= 0.05
    error = np.sqrt(0.05 * 0.95 / replications)
    assert abs(covered / replications - coverage) <= 3 * error
    if ratio == 1.0:
        assert rejected / replications <= 0.05 + 3 * error
    else:
        assert rejected / replications > 0.5
