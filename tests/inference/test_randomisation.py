"""The test and its interval: by hand where it can be, by simulation where it must be."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand
from helpers.inference.assignments import reassign
from helpers.inference.null_model import overdispersion, tabulate, undo_programme
from helpers.inference.randomisation import build_experiment, equal_tailed_accepts, randomisation_test, two_sided_p
from helpers.study.design import NEVER, TREATED, Design

OVERALL = Estimand("overall")


def one_cohort(wards: int = 8, treated: int = 2, periods: int = 24, start: int = 12) -> Design:
    return make_design(
        [0] * treated + [NEVER] * (wards - treated),
        (start,),
        months("2020-01", "2025-12")[:periods],
        towns="t" * (wards // 2) + "u" * (wards - wards // 2),
        anticipation=2,
    )


def counts(design: Design, seed: int, ratio: float = 1.0, mean: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0.3, 2.0, (len(design.ward_ids), 1)) * mean
    effect = np.where(design.cell_states() == TREATED, ratio, 1.0)
    return rng.poisson(levels * effect * np.ones((1, len(design.periods)))).astype(float)


def test_all_relabellings_are_listed_once():
    listed = reassign(np.array([0, 0, 1, -1, -1], dtype=np.int8), [np.arange(5)], n_draws=1_000, seed=1)
    assert listed.is_exact
    assert listed.count == len(listed.labels) == 30
    assert len({tuple(row) for row in listed.labels}) == 30


def test_pools_keep_their_paths():
    labels = np.array([0, -1, -1, 1, -1, -1, -1], dtype=np.int8)
    pools = [np.arange(3), np.arange(3, 6)]
    drawn = reassign(labels, pools, n_draws=8, seed=3)
    assert drawn.count == 9
    assert not drawn.is_exact
    assert (np.sort(drawn.labels[:, :3]) == np.sort(labels[:3])).all()
    assert (np.sort(drawn.labels[:, 3:6]) == np.sort(labels[3:6])).all()
    assert (drawn.labels[:, 6] == -1).all()


def test_draws_depend_on_the_seed_only():
    labels = np.array([0] * 5 + [-1] * 20, dtype=np.int8)
    first, again, other = (reassign(labels, [np.arange(25)], n_draws=50, seed=seed).labels for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()


def test_pilots_within_towns_have_64_assignments():
    labels = np.array([0] + [-1] * 15 + [0] + [-1] * 3, dtype=np.int8)
    listed = reassign(labels, [np.arange(16), np.arange(16, 20)], n_draws=999, seed=1)
    assert (listed.count, listed.smallest_p) == (64, 1 / 64)


def test_exact_p_is_the_rank_of_the_statistic():
    """A plain re-computation: refit every relabelling with its own little loop."""
    design = one_cohort(wards=6, treated=1, periods=6, start=3)
    design = replace(design, anticipation=0)
    cells = counts(design, 2, ratio=0.3, mean=12)
    test = randomisation_test(cells, design, OVERALL, specification="two_way", seed=1)
    tables = [undo_programme(table, 1.0) for table in tabulate(cells, design, _target(design, cells))]
    kappa = overdispersion(tables)
    statistics = [abs(_by_hand(cells, ward, kappa)) for ward in range(6)]
    assert test.p_value == pytest.approx(np.mean([value >= statistics[0] - 1e-9 for value in statistics]))


def _target(design, cells):
    return build_experiment(cells, design, "two_way", OVERALL, n_draws=9, seed=1).target


def _by_hand(cells, ward, kappa):
    """T of one treated ward: log of the cross ratio over its delta-method null error."""
    others = [other for other in range(len(cells)) if other != ward]
    means = np.outer(cells.sum(axis=1), [cells[:, :3].sum(), cells[:, 3:].sum()]) / cells.sum()
    before, after = cells[:, :3].sum(axis=1), cells[:, 3:].sum(axis=1)
    log_ratio = np.log(after[ward] / (before[ward] * after[others].sum() / before[others].sum()))
    variances = means + kappa * means**2
    error = sum(variances[ward] / means[ward] ** 2) + sum(
        variances[others].sum(axis=0) / means[others].sum(axis=0) ** 2
    )
    return log_ratio / np.sqrt(error)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_interval_holds_the_ratios_that_are_not_rejected(specification):
    design = one_cohort(wards=10, treated=3, periods=30, start=15)
    design = design.with_labels((0, 0, -1, -1, -1, 0, -1, -1, -1, -1))
    cells = counts(design, 7, ratio=0.6)
    test = randomisation_test(cells, design, OVERALL, specification=specification, n_draws=499, seed=1)
    experiment = build_experiment(cells, design, specification, OVERALL, n_draws=499, seed=1)
    is_exact = experiment.assignments.is_exact
    for ratio, inside in ((test.ratio_low * 1.01, True), (test.ratio_low * 0.98, False)):
        assert equal_tailed_accepts(experiment.statistics(ratio).t, is_exact=is_exact) is inside
    for ratio, inside in ((test.ratio_high * 0.99, True), (test.ratio_high * 1.02, False)):
        assert equal_tailed_accepts(experiment.statistics(ratio).t, is_exact=is_exact) is inside


def test_too_few_assignments_give_no_bound():
    design = one_cohort(wards=4, treated=1, periods=12, start=6)
    test = randomisation_test(counts(design, 3), design, OVERALL, specification="two_way", seed=1)
    assert (test.ratio_low, test.ratio_high) == (0.0, np.inf)
    assert test.smallest_p == 0.25


def test_zero_counts_never_drop_a_draw():
    design = one_cohort(wards=12, treated=2, periods=24, start=12)
    cells = np.zeros((12, 24))
    cells[3:7, ::5] = 1.0
    test = randomisation_test(cells, design, OVERALL, specification="two_way", seed=1)
    assert test.n_assignments == 66
    assert test.p_value == 1.0
    assert test.zero_draw_share > 0.05


def test_all_zero_town_is_no_obstacle():
    design = one_cohort(wards=10, treated=3, periods=24, start=12)
    cells = counts(design, 5)
    cells[5:] = 0.0
    test = randomisation_test(cells, design, OVERALL, specification="town_period", seed=1)
    assert np.isfinite(test.p_value)


def test_cohort_is_relabelled_against_the_never_treated_only():
    design = replace(one_cohort(wards=12, treated=2), cohorts=("x", "y"), starts=(12, 18))
    design = design.with_labels((0, 0, 1, 1, 1, *[NEVER] * 7))
    cells = counts(design, 8)
    test = randomisation_test(cells, design, Estimand("cohort", "y"), specification="two_way", seed=1, n_draws=999)
    assert (test.n_assignments, test.null_tested) == (120, "no effect of this cohort")
    few = randomisation_test(cells, design, Estimand("cohort", "x"), specification="town_period", seed=1, n_draws=99)
    assert few.null_tested == "no effect anywhere"


def test_nothing_estimable_is_an_error_not_a_number():
    design = one_cohort().with_labels((0, 0, 0, 0, -1, -1, -1, -1))
    with pytest.raises(EstimationError, match="No comparison ward"):
        randomisation_test(counts(design, 1), design, OVERALL, specification="town_period", seed=1)


def test_gaps_are_filled_with_the_same_value_for_every_relabelling():
    design = one_cohort(wards=10, treated=3, periods=30, start=15)
    cells = counts(design, 9)
    cells[1, 4] = cells[6, 20] = cells[0, 25] = np.nan
    (table,) = tabulate(cells, design, _target(design, cells))
    filled = undo_programme(table, 1.0)
    assert (table.coverage < 1).sum() == 3
    assert filled.sums.sum(axis=1) == pytest.approx(filled.means.sum(axis=1), rel=1e-6)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_size_and_coverage_within_monte_carlo_error(ratio):
    """A first look, at 300 replications; the full table comes from `make validate`."""
    replications = 300
    design = one_cohort(wards=16, treated=4, periods=24, start=12)
    covered, rejected = 0, 0
    for seed in range(replications):
        cells = counts(design, 10_000 + seed, ratio=ratio, mean=1.5)
        experiment = build_experiment(cells, design, "two_way", OVERALL, n_draws=199, seed=seed)
        covered += equal_tailed_accepts(experiment.statistics(ratio).t, is_exact=False)
        rejected += two_sided_p(experiment.statistics().t, is_exact=False) <= 0.05
    error = np.sqrt(0.05 * 0.95 / replications)
    assert abs(covered / replications - 0.95) <= 3 * error
    if ratio == 1.0:
        assert rejected / replications <= 0.05 + 3 * error
    else:
        assert rejected / replications > 0.5


def test_assignment_labels_are_distinct_multisets():
    listed = reassign(np.array([0, 1, -1], dtype=np.int8), [np.arange(3)], n_draws=10, seed=1)
    assert {tuple(row) for row in listed.labels.tolist()} == set(itertools.permutations((0, 1, -1)))


def gap(sums: np.ndarray, untreated: np.ndarray, estimand: np.ndarray) -> complex:
    """Return observed − expected from group × block sums, by the chain ladder written out."""
    factors = [1.0]
    for block, still in enumerate(untreated.T[1:], start=1):
        factors.append(sum(factors) * sums[still, block].sum() / sums[still, :block].sum())
    gaps = 0.0
    for group, block in np.argwhere(estimand):
        clean = untreated[group].sum()
        gaps += sums[group, block] - factors[block] * sums[group, :clean].sum() / sum(factors[:clean])
    return gaps


def gap_gradient(sums: np.ndarray, untreated: np.ndarray, estimand: np.ndarray) -> np.ndarray:
    """Return the derivatives of `gap` in the sums, exact to rounding: an imaginary step cancels nothing."""
    step = 1e-30
    gradient = np.zeros(sums.shape)
    for place in np.ndindex(sums.shape):
        moved = sums.astype(complex)
        moved[place] += step * 1j
        gradient[place] = gap(moved, untreated, estimand).imag / step
    return gradient


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_standard_error_is_the_gradient_of_the_ladder_carried_through_the_null_variance(specification, ratio):
    design = one_cohort(wards=9, treated=3)
    design = replace(design, town_codes=tuple("aaaabbbbb"), cohorts=("x", "y"), starts=(12, 18), anticipation=2)
    design = design.with_labels([0, 1, -1, -1, 0, 1, 1, -1, -1])
    cells = counts(design, 3)
    experiment = build_experiment(cells, design, specification, Estimand("overall"), n_draws=50, seed=1)
    found = experiment.statistics(ratio)
    nulls = [undo_programme(table, ratio) for table in experiment.tables]
    kappa = overdispersion(nulls)
    target = experiment.target
    total = variance = 0.0
    parts = []
    for null, own, mask in zip(nulls, target.members, target.masks, strict=True):
        labels = np.where(design.label_array[own] < 0, 2, design.label_array[own])
        means = np.array([null.means[labels == group].sum(axis=0) for group in range(3)])
        spread = null.poisson + kappa * null.means**2
        parts.append((means, np.array([spread[labels == group].sum(axis=0) for group in range(3)]), mask))
        total += means[mask].sum()
    for means, spread, mask in parts:
        gradient = gap_gradient(means, target.blocks.untreated, mask) / total
        variance += (gradient**2 * spread).sum()
    assert found.std_error[0] == pytest.approx(np.sqrt(variance), rel=1e-10)


def test_carried_sums_equal_sums_added_up_anew():
    design = one_cohort(wards=9, treated=3)
    design = replace(design, cohorts=("x", "y"), starts=(12, 18)).with_labels([0, 1, -1, -1, 0, 1, 1, -1, -1])
    experiment = build_experiment(counts(design, 4), design, "two_way", Estimand("overall"), n_draws=50, seed=1)
    anew = replace(experiment, carried=tuple(replace(own, added=None) for own in experiment.carried))
    for ratio in (0.3, 1.0, 2.5):
        assert np.allclose(experiment.statistics(ratio).t, anew.statistics(ratio).t, rtol=1e-10)
