"""Minimum detectable effects and ranges over rosters."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import averted, effect_row
from helpers.inference.estimate import estimate_effects
from helpers.inference.placebo import placebo_design
from helpers.inference.power import estimate_ward_shocks, minimum_detectable_effect, untreated_overdispersion
from helpers.inference.randomisation import build_experiment, randomisation_test, two_sided_p
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
    """Fresh studies at the effect that each of three studies reports are detected about 80% of the time.

    Each study estimates the overdispersion (here none) from its own counts, so one alone may be off by more.
    """
    hits = []
    for study in range(1, 4):
        cells = counts(design, 3.0, seed=study)
        found = minimum_detectable_effect(cells, design, OVERALL, specification="two_way", seed=1)
        for seed in range(100):
            fresh = counts(design, 3.0, seed=500 + seed, ratio=1 + found.effect)
            experiment = build_experiment(fresh, design, "two_way", OVERALL, n_draws=199, seed=seed)
            hits.append(two_sided_p(experiment.statistics().t, is_exact=False) <= 0.05)
    assert abs(np.mean(hits) - 0.8) < 0.1


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
