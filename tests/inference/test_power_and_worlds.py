"""Minimum detectable effects and ranges over rosters."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference import power
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import averted, effect_row
from helpers.inference.estimate import estimate_effects
from helpers.inference.interval_search import EDGE_PRECISION
from helpers.inference.placebo import placebo_design
from helpers.inference.power import minimum_detectable_effect
from helpers.inference.randomisation import (
    RATIO_GRID,
    build_experiment,
    randomisation_test,
    tail_margin,
    two_sided_p,
)
from helpers.inference.ward_shocks import (
    SHOCKS_NOT_SEEN,
    WardShocks,
    estimate_ward_shocks,
    possible_ward_shocks,
    shows_persistence,
    untreated_overdispersion,
)
from helpers.inference.worlds import worlds_range
from helpers.study.design import NEVER, TREATED, Design, Worlds
from helpers.study.periods import period_range

OVERALL = Estimand("overall")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (0, 1, 1, *[NEVER] * 4, 0, 1, *[NEVER] * 5),
        (20, 28),
        months("2020-01", "2022-12"),
        towns="t" * 7 + "u" * 7,
        anticipation=2,
    )


def counts(design: Design, mean: float, seed: int = 1, ratio: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * np.where(design.cell_states() == TREATED, ratio, 1.0)).astype(float)


def test_more_incidents_make_smaller_effects_detectable(design):
    few, many = (
        minimum_detectable_effect(counts(design, mean), design, OVERALL, specification="town_period", seed=1)
        for mean in (1.0, 10.0)
    )
    assert -1 < few.effect < many.effect < 0
    assert few.note == ""


def test_hopeless_counts_say_none_attainable(design):
    found = minimum_detectable_effect(counts(design, 0.02), design, OVERALL, specification="town_period", seed=1)
    assert np.isnan(found.effect)
    assert found.note.startswith("none attainable")


def test_power_at_the_minimum_detectable_effect_is_what_it_says(design):
    """Fresh studies at the effect that each of six studies reports are detected about 80% of the time.

    Each study estimates the overdispersion (here none) from its own counts, so one alone may be off by more.
    """
    hits = []
    for study in range(1, 7):
        cells = counts(design, 3.0, seed=study)
        found = minimum_detectable_effect(cells, design, OVERALL, specification="two_way", seed=1)
        for seed in range(50):
            fresh = counts(design, 3.0, seed=500 + seed, ratio=1 + found.effect)
            experiment = build_experiment(fresh, design, "two_way", OVERALL, n_draws=199, seed=seed)
            hits.append(two_sided_p(experiment.statistics().t, is_exact=False) <= 0.05)
    assert abs(np.mean(hits) - 0.8) < 0.1


def shocked(sd: float, rho: float, shape: tuple[int, int], mean: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal(shape)
    for period in range(1, shape[1]):
        steps[:, period] = rho * steps[:, period - 1] + np.sqrt(1 - rho**2) * steps[:, period]
    return rng.poisson(mean * np.exp(sd * steps - sd**2 / 2)).astype(float)


@pytest.mark.parametrize("clean", [6, 10])
@pytest.mark.parametrize(("sd", "rho"), [(0.5, 0.0), (0.4, 0.9)])
def test_a_short_past_never_makes_power_look_better_than_the_true_shocks_do(clean, sd, rho, monkeypatch):
    """The many wards and counts tell sizes well; how long shocks last they cannot tell, so the worse of two is said."""
    design = make_design((*[0] * 10, *[NEVER] * 50), (clean,), months("2020-01", "2022-12")[: clean + 12])
    choices = {"specification": "two_way", "seed": 1, "n_simulations": 100, "n_draws": 99}
    cells = shocked(sd, rho, (60, clean + 12), 40.0, seed=4)
    found = minimum_detectable_effect(cells, design, OVERALL, **choices)
    assert found.note == power.TWO_ENDS
    monkeypatch.setattr(power, "possible_ward_shocks", lambda *_: (WardShocks(sd, rho),))
    known = minimum_detectable_effect(cells, design, OVERALL, **choices)
    assert found.effect <= known.effect + 0.04
    assert known.note == ""


def test_persistence_is_told_from_a_year_on(design):
    cells = counts(design, 6.0)
    for clean, count in ((12, 1), (11, 2)):
        short = replace(design, starts=(clean + 2, 28))
        assert len(possible_ward_shocks(cells, short, "two_way")) == count
        assert shows_persistence(short) is (count == 1)
    assert estimate_ward_shocks(cells, short, "two_way") == possible_ward_shocks(cells, short, "two_way")[1]


def test_a_single_period_before_leaves_no_number_but_a_reason(design):
    short = replace(design, starts=(3, 28))
    found = minimum_detectable_effect(counts(short, 6.0), short, OVERALL, specification="two_way", seed=1)
    assert (np.isnan(found.effect), found.note) == (True, SHOCKS_NOT_SEEN)
    with pytest.raises(EstimationError, match="A single period lies before the programme"):
        power.simulate_studies(counts(short, 6.0), short, "two_way", seed=1)


def test_no_effect_in_reach_of_the_worse_shocks_says_both(design):
    short = replace(design, starts=(8, 28))
    found = minimum_detectable_effect(counts(short, 0.02), short, OVERALL, specification="town_period", seed=1)
    assert found.note == f"{power.NONE_ATTAINABLE}; {power.TWO_ENDS}"


def test_a_power_curve_takes_the_worse_of_two_shocks():
    design = make_design((*[0] * 10, *[NEVER] * 50), (6,), months("2020-01", "2021-06"))
    studies = power.simulate_studies(
        shocked(0.4, 0.9, (60, 18), 40.0, seed=4), design, "two_way", seed=1, n_simulations=60
    )
    assert len(studies.means) == 2
    both, *alone = (
        power.power_curve(own, OVERALL, [0.0, -0.2], n_draws=99)
        for own in (studies, *(replace(studies, means=(means,)) for means in studies.means))
    )
    assert both == [max(one[0] for one in alone), min(one[1] for one in alone)]


@pytest.mark.parametrize(
    ("kind", "first", "last", "year"), [("calendar_quarter", "2015Q1", "2022Q4", 4), ("year", "2001", "2030", 1)]
)
def test_overdispersion_is_that_of_a_year_whatever_a_period_is(kind, first, last, year):
    periods = period_range(kind, first, last)
    design = make_design((0, *[NEVER] * 59), (len(periods) - 2,), periods, period_kind=kind)
    cells = shocked(0.4, 0.0, (60, len(periods)), 60.0, seed=2)
    found = untreated_overdispersion(cells, design, "two_way")
    assert found == untreated_overdispersion(cells, design, "two_way", width=year)
    assert found == pytest.approx((np.exp(0.4**2) - 1) / year, rel=0.2)


def test_overdispersion_is_recovered(design):
    rng = np.random.default_rng(3)
    wide = replace(
        design, ward_ids=tuple(f"{n:03d}" for n in range(400)), town_codes=("t",) * 400, labels=(0, *[NEVER] * 399)
    )
    years = rng.gamma(1 / 0.1, 0.1, (400, 3))
    cells = rng.poisson(5 * np.repeat(years, 12, axis=1)).astype(float)
    moved = replace(wide, starts=(38, 38), periods=period_range("calendar_month", "2020-01", "2023-06"))
    cells = np.hstack([cells, rng.poisson(5, (400, 6)).astype(float)])
    assert untreated_overdispersion(cells, moved, "two_way") == pytest.approx(0.1, abs=0.03)
    flat = rng.poisson(5, (400, 36)).astype(float)
    assert untreated_overdispersion(flat, wide, "two_way") < 0.02


def test_each_world_equals_its_own_estimate(design):
    labels = np.array([design.labels, np.roll(design.labels[:7], 1).tolist() + list(design.labels[7:])], dtype=np.int8)
    worlds = Worlds(design, labels)
    cells = counts(design, 4.0)
    for specification in ("two_way", "town_period"):
        found = worlds_range(Analysis("n", cells, design, n_draws=199, seed=1), worlds, OVERALL, specification)
        for world, estimate in zip(labels, found.estimates, strict=True):
            observed, expected = impute_counterfactual(cells, design.with_labels(world), specification).total(OVERALL)
            assert estimate == pytest.approx(observed / expected - 1)
        alone = randomisation_test(cells, design, OVERALL, specification=specification, n_draws=199, seed=1)
        assert found.p_values[0] == pytest.approx(alone.p_value)


@pytest.mark.parametrize(("cohort", "smallest"), [("all", 1 / 24), ("x", 1 / 4), ("y", 1 / 3)])
def test_the_smallest_p_over_the_rosters_is_that_of_the_estimand(cohort, smallest):
    """One cohort to a town: what the other town's labels are makes no difference to it, nor do mirror images."""
    labels = (0, -1, -1, -1, 1, 1, -1, -1)
    design = make_design(labels, (3, 6), months("2020-01", "2020-09"), towns="aaaabbbb")
    worlds = Worlds(design, np.array([labels, (0, -1, -1, -1, 1, -1, 1, -1)], dtype=np.int8))
    analysis = Analysis("n", counts(design, 20.0), design, n_draws=999, seed=1)
    estimand = OVERALL if cohort == "all" else Estimand("cohort", cohort)
    found = worlds_range(analysis, worlds, estimand, "town_period")
    alone = effect_row(analysis, "town_period", estimand)
    assert (found.n_assignments, found.smallest_p) == (alone.n_assignments, pytest.approx(alone.smallest_p))
    assert found.smallest_p == pytest.approx(smallest)


def test_placebo_ends_before_the_donut(design):
    moved = placebo_design(design, "y", back=6)
    assert len(moved.periods) == 26
    assert moved.starts == (20, 20)
    assert moved.cohorts == ("x", "y")
    first = placebo_design(design, "x", back=12)
    assert (len(first.periods), first.cohorts, first.starts) == (18, ("x",), (6,))


def test_averted_is_the_same_effect_in_incidents(design):
    row = effect_row(Analysis("n", counts(design, 4.0, ratio=0.6), design, 199, 1), "two_way", OVERALL)
    cases = averted(row)
    assert cases.estimate == pytest.approx(row.expected - row.observed)
    assert cases.conf_low == pytest.approx(row.observed / (1 + row.conf_high) - row.observed)
    assert cases.conf_low < cases.estimate < cases.conf_high


def test_effects_table_is_complete_and_reproducible(design):
    cells = counts(design, 4.0)
    table, again = (estimate_effects(Analysis("n", cells, design, n_draws=99, seed=1)).to_frame() for _ in range(2))
    assert table.equals(again)
    assert set(table["specification"]) == {"two_way", "town_period"}
    headline = {"overall", "cohort", "cohort_before_next", "common_horizon"}
    assert headline | {"relative_period", "lead", "calendar_period"} == set(table["estimand"])
    for cohorts in (
        table.query(f"specification == '{one}' and scale == 'ratio'") for one in ("two_way", "town_period")
    ):
        weights = cohorts.query("estimand == 'cohort'")["weight"]
        assert weights.isna().all() or weights.sum() == pytest.approx(1.0)
    before_next = table.query("estimand == 'cohort_before_next'")
    assert set(before_next["null_tested"]) == {"no effect of this cohort"}
    has_estimate = table["reason"].eq("")
    assert table.loc[has_estimate, ["estimate", "conf_low", "conf_high", "p_value"]].notna().all(axis=None)
    ratio = table.loc[has_estimate & table["scale"].eq("ratio")]
    assert (ratio["conf_low"] <= ratio["estimate"] + 1e-9).all()
    assert (ratio["conf_high"] >= ratio["estimate"] - 1e-9).all()


def test_wards_that_report_nothing_before_or_ever_do_no_harm(design):
    cells = counts(design, 4.0)
    cells[13] = np.nan
    cells[0, :18] = np.nan
    table = estimate_effects(Analysis("n", cells, design, n_draws=49, seed=1)).to_frame()
    overall = table.query("estimand == 'overall' and scale == 'ratio' and specification == 'two_way'").iloc[0]
    assert np.isfinite(overall["estimate"])
    assert overall["n_comparison"] == 9 - 1


def test_nothing_observed_where_much_was_expected_has_an_upper_end_only(design):
    cells = counts(design, 10.0)
    cells[design.cell_states() == TREATED] = 0.0
    test = randomisation_test(cells, design, OVERALL, specification="two_way", n_draws=199, seed=1)
    observed, expected = impute_counterfactual(cells, design, "two_way").total(OVERALL)
    assert observed == 0
    assert test.ratio_low == 0.0
    assert test.ratio_high >= 3.6 / expected


def test_the_upper_end_with_nothing_observed_is_known_as_well_as_other_ends():
    """Above the Poisson end the test decides, to half a per cent and not to the next ratio of the grid."""
    design = make_design((0, 0, *[NEVER] * 10), (4,), months("2020-01", "2020-08"))
    decided = 0
    for seed in range(12):
        cells = np.random.default_rng(seed).poisson(1.2, (12, 8)).astype(float)
        cells[:2, 4:] = 0
        test = randomisation_test(cells, design, OVERALL, specification="two_way", n_draws=999, seed=1)
        of_poisson = -np.log(0.025) / impute_counterfactual(cells, design, "two_way").total(OVERALL)[1]
        if np.isinf(test.ratio_high) or test.ratio_high == pytest.approx(of_poisson):
            continue
        decided += 1
        experiment = build_experiment(cells, design, "two_way", OVERALL, n_draws=999, seed=1)
        margins = [
            tail_margin(experiment.statistics(test.ratio_high * step).t, is_exact=True)
            for step in (1.0, np.exp(EDGE_PRECISION))
        ]
        assert margins[0] > 0 >= margins[1]
        assert test.ratio_high > of_poisson
        assert not np.isclose(RATIO_GRID, test.ratio_high).any()
    assert decided >= 2


def test_intervals_in_every_world_are_those_of_the_world_alone_whatever_the_workers(design):
    worlds = Worlds(design=design, labels=np.array([design.labels, design.labels[::-1]], dtype=np.int8))
    analysis = Analysis("x", counts(design, 6.0, ratio=0.7), design, n_draws=199, seed=1)
    alone = worlds_range(analysis, worlds, Estimand("overall"), "two_way", has_intervals=True)
    pooled = worlds_range(analysis, worlds, Estimand("overall"), "two_way", has_intervals=True, workers=2)
    assert alone.lows.tobytes() == pooled.lows.tobytes()
    assert alone.highs.tobytes() == pooled.highs.tobytes()
    test = randomisation_test(
        analysis.outcome, design, Estimand("overall"), specification="two_way", n_draws=199, seed=1
    )
    assert (alone.lows[0], alone.highs[0]) == (test.ratio_low - 1, test.ratio_high - 1)
    assert alone.union[0] == min(alone.lows)
    assert set(alone.drivers()["ward_id"]) <= set(design.ward_ids)


@pytest.mark.parametrize(("sd", "rho"), [(0.25, 0.8), (0.3, 0.0)])
def test_size_and_persistence_of_ward_shocks_are_recovered(sd, rho):
    design = make_design((0, *[NEVER] * 299), (108,), months("2013-01", "2022-12"))
    rng = np.random.default_rng(5)
    steps = rng.standard_normal((300, 120))
    for month in range(1, 120):
        steps[:, month] = rho * steps[:, month - 1] + np.sqrt(1 - rho**2) * steps[:, month]
    found = estimate_ward_shocks(rng.poisson(60.0 * np.exp(sd * steps)).astype(float), design, "two_way")
    assert found.sd == pytest.approx(sd, rel=0.15)
    assert found.rho == pytest.approx(rho, abs=0.1)


def test_town_shocks_leave_the_confirmatory_power_as_it_is(design):
    outcome = counts(design, 12.0)
    choices = {"specification": "town_period", "seed": 1}
    calm, shaken = (
        minimum_detectable_effect(outcome, design, Estimand("overall"), town_sd=town_sd, **choices)
        for town_sd in (0.0, 0.3)
    )
    assert shaken.effect == pytest.approx(calm.effect, abs=0.12)
