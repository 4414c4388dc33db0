"""Which relabellings a test rests on: parts of the window, strata of the user, and labellings that cannot differ."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand, calendar_estimands, early_design
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.event_study import critical_distance, event_study, joint_statistics
from helpers.inference.power import minimum_detectable_effect
from helpers.inference.randomisation import build_experiment, randomisation_test, two_sided_p
from helpers.inference.ward_strata import level_strata
from helpers.study.design import NEVER, Design

OVERALL = Estimand("overall")
FIRST_BIN, DONUT_BIN, LAST_BIN = (Estimand("relative_period", "x", first, first + 2) for first in (0, 6, 12))


def two_cohorts() -> Design:
    """Return two towns as in the shipped study: 16 × 4 places for two pilots, and five wards that start later."""
    labels = (0, 1, 1, *[NEVER] * 13, 0, 1, 1, 1)
    return make_design(labels, (12, 21), months("2020-01", "2022-06"), towns="t" * 16 + "u" * 4, anticipation=2)


def counts(design: Design, seed: int = 1, mean: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * rng.uniform(0.5, 2, (len(design.ward_ids), 1)), design.cell_states().shape).astype(float)


@pytest.mark.parametrize(("specification", "count"), [("town_period", 64), ("two_way", 190)])
def test_a_bin_before_the_next_donut_is_relabelled_with_the_wards_still_untreated(specification, count):
    design = two_cohorts()
    cells = counts(design)
    test = randomisation_test(cells, design, FIRST_BIN, specification=specification, seed=1, n_draws=999)
    assert (test.n_assignments, test.smallest_p) == (count, 1 / count)
    assert test.null_tested == "no effect of this cohort"
    cut = early_design(design).until(15)
    alone = randomisation_test(cells[:, :15], cut, FIRST_BIN, specification=specification, seed=1, n_draws=999)
    assert test.t.tobytes() == alone.t.tobytes()


def test_calendar_bins_before_the_second_start_have_no_more_assignments_than_the_statistic_can_tell_apart():
    design = two_cohorts()
    first = calendar_estimands(design, 3)[0]
    test = randomisation_test(counts(design), design, first, specification="town_period", seed=1, n_draws=999)
    assert test.n_assignments == 64
    assert len(np.unique(np.abs(test.t).round(9))) == 64


def test_what_happens_after_a_bin_has_no_part_in_its_test():
    design = two_cohorts()
    cells = counts(design)
    changed = cells.copy()
    changed[1:3, 21:] *= 9
    tests = [
        randomisation_test(own, design, FIRST_BIN, specification="two_way", seed=1, n_draws=99)
        for own in (cells, changed)
    ]
    assert tests[0] == tests[1]


def test_a_bin_that_reaches_into_the_donut_still_tests_no_effect_anywhere():
    design = two_cohorts()
    experiment = build_experiment(counts(design), design, "town_period", DONUT_BIN, n_draws=99, seed=1)
    assert experiment.null_tested == "no effect anywhere"
    assert experiment.target.blocks.period_count == 21


def test_power_of_a_part_of_the_window_looks_at_that_part():
    design = two_cohorts()
    cells = counts(design)
    found = [
        minimum_detectable_effect(cells[:, :last], cut, FIRST_BIN, specification="two_way", seed=1, n_simulations=50)
        for cut, last in ((design, 30), (design.until(15), 15))
    ]
    assert found[0].effect == pytest.approx(found[1].effect, abs=0.1)


def test_the_band_sets_all_bins_on_the_same_labellings():
    """Early and late bins differ in their own relabellings; the band takes those of the whole window for both."""
    design = two_cohorts()
    cells = counts(design)
    t = joint_statistics(cells, design, "town_period", [FIRST_BIN, LAST_BIN], n_draws=499, seed=1)
    own = [build_experiment(cells, design, "town_period", one, n_draws=499, seed=1) for one in (FIRST_BIN, LAST_BIN)]
    assert own[0].assignments.count < own[1].assignments.count
    assert t.shape == (2, 500)
    assert t[:, 0] == pytest.approx([one.statistics().t[0] for one in own])
    assert set(np.abs(t[0]).round(9)) <= set(np.abs(own[0].statistics().t).round(9))
    rows = event_study(Analysis("n", cells, design, n_draws=499, seed=1), "town_period")
    banded = [row for row in rows if row.estimand == "relative_period" and row.cohort == "x" and not row.reason]
    assert len(banded) > 4
    assert all(row.band_low <= row.conf_low <= row.conf_high <= row.band_high for row in banded if row.estimate > -1)


def test_the_band_holds_bins_with_different_lists_together():
    """Of 200 null studies about 95% have both bins inside the band; three Monte-Carlo errors are allowed."""
    labels = (0, 0, 1, 1, *[NEVER] * 8)
    design = make_design(labels, (8, 14), months("2020-01", "2021-08"), anticipation=1)
    bins = [Estimand("relative_period", "x", first, first + 2) for first in (0, 3, 9)]
    missed = 0
    for seed in range(200):
        t = joint_statistics(counts(design, seed, 8.0), design, "two_way", bins, n_draws=119, seed=seed)
        missed += np.abs(t[:, 0]).max() > critical_distance(t)
    assert 0 < missed / 200 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    ("labels", "towns", "starts", "smallest"),
    [
        ((0, 0, 0, -1, -1, -1), "tttttt", (4,), 2 / 20),
        ((0, -1), "tt", (4,), 2 / 2),
        ((0, 0, 1, 1), "tttt", (3, 6), 2 / 6),
        ((0, 0, -1, -1, 0, 0, -1, -1), "ttttuuuu", (4,), 1 / 36),
        ((0, 0, -1, -1, -1), "ttttt", (4,), 1 / 10),
    ],
)
def test_mirror_images_are_no_further_chances(labels, towns, starts, smallest):
    """The smallest p that comes out of many studies is the one that is promised, and no smaller."""
    design = make_design(labels, starts, months("2020-01", "2020-08"), towns=towns)
    specification, found = "town_period", []
    for seed in range(150):
        experiment = build_experiment(counts(design, seed, 9.0), design, specification, OVERALL, n_draws=99, seed=1)
        found.append(two_sided_p(experiment.statistics().t, is_exact=True))
    assert experiment.assignments.smallest_p == pytest.approx(smallest)
    assert min(found) == pytest.approx(smallest)


def test_the_last_cohort_exchanged_with_as_many_wards_never_treated_is_a_mirror_too():
    """Two wards that start late, two never treated and one that starts early, whose label is held."""
    design = make_design((1, 1, -1, 0, -1), (2, 4), months("2020-01", "2020-06"))
    late, found = Estimand("cohort", "y"), []
    for seed in range(40):
        experiment = build_experiment(counts(design, seed, 200.0) + 1, design, "two_way", late, n_draws=99, seed=1)
        t = np.abs(experiment.statistics().t[1:])
        found.append(np.mean(t >= t.max() * (1 - 1e-9)))
    assert experiment.null_tested == "no effect anywhere"
    assert experiment.assignments.smallest_p == pytest.approx(2 / 30)
    assert min(found) == pytest.approx(2 / 30)


@pytest.mark.parametrize(
    ("labels", "towns"),
    [((0, 1, -1, -1), "tttt"), ((0, 1, 1, -1, -1), "ttttt"), ((0, 1, -1, 0, 1, -1), "tttuuu"), ((0, 0, 1, -1), "tttt")],
)
@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_the_smallest_p_of_every_cohort_is_attained_and_no_smaller_one(labels, towns, specification):
    design = make_design(labels, (2, 4), months("2020-01", "2020-06"), towns=towns)
    for estimand in (OVERALL, Estimand("cohort", "x"), Estimand("cohort", "y")):
        least = 1.0
        for seed in range(4):
            cells = counts(design, seed, 200.0) * np.random.default_rng(seed).choice([1, 3], (len(labels), 6)) + 1
            experiment = build_experiment(cells, design, specification, estimand, n_draws=999, seed=1)
            t = np.abs(experiment.statistics().t[1:])
            least = min(least, float((t[None] >= t[:, None] - 1e-9).mean(axis=1).min()))
        assert experiment.assignments.smallest_p == pytest.approx(least)


def test_labels_of_towns_without_an_estimable_cell_are_no_further_chances():
    design = make_design(
        (0, -1, -1, -1, 1, -1, -1, -1), (4, 7), months("2020-01", "2020-10"), towns="ttttuuuu", anticipation=0
    )
    test = randomisation_test(counts(design), design, Estimand("cohort", "x"), specification="town_period", seed=1)
    assert (test.n_assignments, test.null_tested) == (16, "no effect anywhere")
    assert test.smallest_p == pytest.approx(1 / 4)
    assert len(np.unique(np.abs(test.t).round(9))) <= 4


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_user_strata_are_listed_and_tested_as_by_brute_force(specification):
    design = make_design((0, -1, 0, -1, -1, 0, -1, -1), (6,), months("2020-01", "2020-12"), towns="ttttuuuu")
    cells, strata = counts(design, 3), tuple("aabbbcca")
    test = randomisation_test(cells, design, OVERALL, specification=specification, seed=1, strata=strata)
    keys = [
        f"{own}{town if specification == 'town_period' else ''}" for own, town in zip(strata, "ttttuuuu", strict=True)
    ]
    labellings = {
        labels
        for labels in set(itertools.permutations(design.labels))
        if all(
            sorted(labels[at] for at in own) == sorted(design.labels[at] for at in own)
            for own in ([at for at, key in enumerate(keys) if key == name] for name in set(keys))
        )
    }
    t = [
        build_experiment(cells, design.with_labels(one), specification, OVERALL, n_draws=99, seed=1).statistics().t[0]
        for one in labellings
    ]
    assert test.n_assignments == len(labellings)
    assert test.smallest_p == 1 / len(labellings)
    assert test.p_value == pytest.approx(np.mean(np.abs(t) >= abs(test.t[0]) - 1e-9))
    row = effect_row(Analysis("n", cells, design, n_draws=99, seed=1), specification, OVERALL, strata=strata)
    assert (row.p_value, row.n_assignments) == (test.p_value, test.n_assignments)


def test_user_strata_that_leave_nothing_to_exchange_are_refused():
    design = make_design((0, -1, -1, -1), (6,), months("2020-01", "2020-12"))
    cells = counts(design)
    with pytest.raises(EstimationError, match=r"no treatment path can change hands.*Make the strata wider"):
        randomisation_test(cells, design, OVERALL, specification="two_way", seed=1, strata="abbb")
    with pytest.raises(EstimationError, match=r"3 stratum labels for 4 wards\. Give one per ward"):
        randomisation_test(cells, design, OVERALL, specification="two_way", seed=1, strata="abb")


def test_level_strata_rank_the_wards_of_a_town_by_what_they_reported_before():
    design = make_design((0, *[-1] * 7), (3,), months("2020-01", "2020-06"), towns="ttttttuu", anticipation=1)
    cells = np.repeat(np.array([[5.0], [1], [3], [2], [6], [4], [9], [8]]), 6, axis=1)
    cells[0, 0] = np.nan
    cells[1, 2:] = 99.0
    assert level_strata(cells, design) == ("t/3", "t/1", "t/2", "t/1", "t/3", "t/2", "u/2", "u/1")
    assert len(set(level_strata(cells[:6], design.with_wards(range(6)), groups=1))) == 1
    with pytest.raises(EstimationError, match="1 or more"):
        level_strata(cells, design, groups=0)


def test_an_effect_to_the_end_of_the_window_is_not_cut():
    design = replace(two_cohorts(), anticipation=0)
    whole = build_experiment(counts(design), design, "two_way", Estimand("cohort", "x"), n_draws=99, seed=1)
    assert whole.target.blocks.period_count == 30
