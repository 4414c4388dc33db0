"""Returns with gaps, few incidents and impossible counts: never a crash, never an estimate outside its interval."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand, build_target
from helpers.inference import clearance, randomisation
from helpers.inference.analysis import Analysis
from helpers.inference.clearance import ratio_effect, ratio_experiment
from helpers.inference.effect_row import effect_row
from helpers.inference.interval_search import accepted_hull
from helpers.inference.null_model import WardTable, undo_programme
from helpers.inference.randomisation import build_experiment, randomisation_test
from helpers.inference.worlds import worlds_range
from helpers.study.design import NEVER, TREATED, Design, Worlds

OVERALL = Estimand("overall")


def one_cohort(anticipation: int = 1) -> Design:
    return make_design((0, 0, 0, *[NEVER] * 9), (10,), months("2020-01", "2021-08"), anticipation=anticipation)


def counts(design: Design, seed: int, ratio: float = 1.0, mean: float = 4.0) -> np.ndarray:
    scale = np.where(design.cell_states() == TREATED, ratio, 1.0)
    return np.random.default_rng(seed).poisson(mean * scale).astype(float)


def holed(cells: np.ndarray, design: Design, share: float, seed: int = 2) -> np.ndarray:
    """Return the counts with a share of the treated cells not reported."""
    is_lost = (np.random.default_rng(seed).random(cells.shape) < share) & (design.cell_states() == TREATED)
    return np.where(is_lost, np.nan, cells)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_estimates_over_the_rosters_are_the_printed_ones(specification):
    design = one_cohort()
    cells = holed(counts(design, 1, ratio=0.4), design, 0.5)
    rosters = np.array([design.labels, np.roll(design.labels, 1)], dtype=np.int8)
    analysis = Analysis("n", cells, design, n_draws=299, seed=1)
    found = worlds_range(analysis, Worlds(design, rosters), OVERALL, specification, has_intervals=True)
    for at, roster in enumerate(rosters.tolist()):
        own = replace(analysis, design=design.with_labels(roster))
        row = effect_row(own, specification, OVERALL)
        assert found.estimates[at] == row.estimate
        assert (found.lows[at], found.highs[at]) == (row.conf_low, row.conf_high)
        assert found.lows[at] <= found.estimates[at] <= found.highs[at]


def test_nothing_reported_after_the_start_has_an_upper_end_only():
    design = one_cohort()
    cells = np.where(design.cell_states() == TREATED, 0.0, counts(design, 3, mean=1.0))
    cells[0, 12] = np.nan
    row = effect_row(Analysis("n", cells, design, n_draws=299, seed=1), "two_way", OVERALL)
    assert (row.estimate, row.conf_low, row.note) == (-1.0, -1.0, "")
    assert row.conf_high >= -np.log(0.025) / row.expected - 1


@pytest.mark.parametrize("seed", range(12))
def test_rare_incidents_and_gaps_leave_the_estimate_in_its_interval(seed):
    design = one_cohort()
    cells = holed(counts(design, seed, ratio=0.3, mean=0.15), design, 0.2, seed)
    row = effect_row(Analysis("n", cells, design, n_draws=199, seed=1), "two_way", OVERALL)
    assert row.reason or row.conf_low <= row.estimate <= row.conf_high


def test_a_test_that_accepts_no_ratio_leaves_an_interval_without_ends_and_says_so(monkeypatch):
    design = one_cohort()
    cells = counts(design, 4, ratio=0.7)
    for module in (randomisation, clearance):
        monkeypatch.setattr(module, "accepted_hull", lambda *_, **__: None)
    first, second = (Analysis(name, cells * size, design, n_draws=99, seed=1) for name, size in (("c", 1), ("r", 2)))
    for row in (effect_row(first, "two_way", OVERALL), ratio_effect(first, second, "two_way", OVERALL)):
        assert (row.conf_low, row.conf_high) == (-1.0, np.inf)
        assert row.note == "The test accepts no common ratio, so the interval has no ends."
        assert row.reason == "" and np.isfinite(row.p_value)


def test_no_accepted_ratio_is_no_interval():
    assert accepted_hull(lambda _: -0.02, [0.5, 1.0, 2.0], first=[-0.01] * 3, tail=0.025) is None


def test_a_tail_that_holds_everything_steers_the_search_too():
    def margin(ratio: float) -> float:
        return 0.975 if 0.7 <= ratio <= 1.5 else -0.025

    grid = [0.25, 0.5, 1.0, 2.0, 4.0]
    low, high = accepted_hull(margin, grid, first=[margin(ratio) for ratio in grid], tail=0.025)
    assert (low, high) == (pytest.approx(0.7, rel=0.006), pytest.approx(1.5, rel=0.006))


def test_cleared_cases_are_set_against_the_recorded_effect_of_reported_cells():
    design = one_cohort()
    crimes = holed(counts(design, 5, ratio=0.4, mean=8.0), design, 0.4)
    solved = np.where(np.isnan(crimes), np.nan, np.floor(crimes / 2))
    pair = [Analysis(name, own, design, n_draws=99, seed=1) for name, own in (("c", solved), ("r", crimes))]
    experiment = ratio_experiment(*pair, build_target(design, "two_way", OVERALL), "two_way")
    assert experiment.recorded_ratio == 1 + impute_counterfactual(crimes, design, "two_way").effect(OVERALL)
    none = np.where((design.cell_states() == TREATED) & ~np.isnan(solved), 0.0, solved)
    row = ratio_effect(replace(pair[0], outcome=none), pair[1], "two_way", OVERALL)
    assert (row.estimate, row.conf_low, row.conf_high) == (-1.0, -1.0, np.inf)


def test_a_null_fit_without_a_maximum_does_not_run_away():
    """The second ward reported nothing before and no other reported after: how the two times compare is unknown."""
    sums = np.array([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0]])
    coverage = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
    null = undo_programme(WardTable(sums, coverage, np.zeros((3, 2), dtype=bool)), 1.0)
    assert (null.sums == sums).all()
    assert np.isfinite(null.means).all()
    assert null.means.max() <= 10


def test_a_null_fit_with_gaps_solves_its_score_equations():
    sums = np.array([[4.0, 1.0, 3.0], [2.0, 2.0, 0.0], [5.0, 1.0, 6.0]])
    coverage = np.array([[1.0, 0.5, 1.0], [1.0, 1.0, 0.0], [0.7, 1.0, 1.0]])
    null = undo_programme(WardTable(sums, coverage, np.zeros((3, 3), dtype=bool)), 1.0)
    for axis in (0, 1):
        assert (coverage * null.means).sum(axis=axis) == pytest.approx(sums.sum(axis=axis), rel=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_tiny_towns_with_gaps_have_a_statistic_for_every_labelling(seed):
    rng = np.random.default_rng(seed)
    design = make_design((0, 0, 1, -1, 1, 1, -1), (3, 5), months("2020-01", "2020-08"), towns="aaaabbb")
    cells = rng.poisson(0.2, (7, 8)).astype(float)
    cells[rng.random((7, 8)) < 0.1] = np.nan
    if np.isnan(cells).all(axis=0).any():
        pytest.skip("a period without any report is refused")
    experiment = build_experiment(cells, design, "town_period", OVERALL, n_draws=999, seed=1)
    for ratio in (0.3, 1.0, 3.0):
        assert np.isfinite(experiment.statistics(ratio).t).all()
        filled = sum(undo_programme(table, ratio).sums.sum() for table in experiment.tables)
        reported = sum((table.sums * np.where(table.treated, 1 / ratio, 1.0)).sum() for table in experiment.tables)
        assert filled <= 2 * reported + 7


def test_a_statistic_that_is_no_number_is_an_error():
    design = one_cohort()
    experiment = build_experiment(counts(design, 6), design, "two_way", OVERALL, n_draws=99, seed=1)
    nulls = [undo_programme(table, 1.0) for table in experiment.tables]
    with pytest.raises(EstimationError, match="not a number for 100 of 100 labellings, and none may be dropped"):
        experiment.studentise([replace(null, sums=null.sums * np.nan) for null in nulls])


def test_impossible_counts_are_refused_by_the_test_as_by_the_estimator():
    design = one_cohort()
    negative, infinite, silent = (counts(design, 7) for _ in range(3))
    negative[0, 0], infinite[0, 0], silent[:, 5] = -1.0, np.inf, np.nan
    for cells, message in (
        (negative, "negative counts"),
        (infinite, "infinite counts"),
        (silent, r"No ward reported anything in 2020-06\. Ask for those returns"),
        (silent[:, :-1], r"has shape \(12, 19\).*20 periods\. Build it with outcome_matrix"),
    ):
        with pytest.raises(EstimationError, match=message):
            randomisation_test(cells, design, OVERALL, specification="two_way", n_draws=9, seed=1)
