from dataclasses import replace

import numpy as np
import pytest

from helpers.errors import DataProblems
from helpers.simulation import (
    WORLDS,
    build_process,
    draw_counts,
    expected_counts,
    no_effects,
    read_effects,
    study_process,
    without_programme,
)
from helpers.simulation.parameters import Levels

DRAWS = 40
EXACT = 1e-12


@pytest.fixture(scope="module")
def draws(process):
    return [draw_counts(process, seed=seed) for seed in range(DRAWS)]


def in_world(study, process, name):
    return build_process(
        study, replace(process.parameters, shocks=WORLDS[name]), read_effects(study), design=process.design
    )


def test_rates_are_near_real_scale_without_programme(nghe_an, process):
    population = sum(ward.population_count for ward in nghe_an.wards)
    untreated = without_programme(process)
    draws = [draw_counts(untreated, seed=seed) for seed in range(DRAWS)]
    years = len(process.design.periods) / 12
    rate = {
        name: np.mean([draw[name].recorded.sum() for draw in draws]) / population / years * 100_000 for name in draws[0]
    }
    assert 45 < rate["crime_order"] < 65
    assert 22 < rate["drug_cases"] < 30
    assert 2.5 < rate["fires"] < 4.5
    assert rate["traffic_deaths"] < rate["traffic_injuries"] < rate["traffic_crashes"]


def test_most_months_of_most_wards_record_no_crime(process):
    draw = draw_counts(without_programme(process), seed=1)["crime_order"].recorded
    assert 0.5 < (draw == 0).mean() < 0.7


def test_the_ratio_of_expected_means_is_the_truth_exactly(nghe_an, process):
    treated, untreated = expected_counts(process), expected_counts(without_programme(process))
    design = process.design
    for effect in read_effects(nghe_an):
        ratio = treated[effect.indicator] / untreated[effect.indicator]
        if effect.indicator == "clearance":
            ratio = ratio / (treated["crime_order"] / untreated["crime_order"])
        cohort = design.cohorts.index(effect.cohort)
        rows = design.label_array == cohort
        after = np.arange(len(design.periods)) - design.starts[cohort]
        assert np.all(ratio[rows][:, after < 0] == 1)
        assert np.allclose(ratio[rows][:, after >= effect.ramp_periods - 1], 1 + effect.effect, rtol=EXACT, atol=0)
        first = 1 + effect.effect / effect.ramp_periods
        assert np.allclose(ratio[rows][:, after == 0], first, rtol=EXACT, atol=0)


def test_never_treated_wards_feel_nothing(process):
    never = process.design.label_array < 0
    treated, untreated = expected_counts(process), expected_counts(without_programme(process))
    assert all(np.array_equal(treated[name][never], untreated[name][never]) for name in treated)


def test_within_a_town_untreated_means_are_ward_times_period(process):
    """What specification (ii) assumes holds exactly, whatever a town's seasons and lockdowns."""
    for name, means in expected_counts(without_programme(process)).items():
        for town in set(process.design.town_codes):
            own = means[[code == town for code in process.design.town_codes]]
            assert np.allclose(own * own.sum(), np.outer(own.sum(axis=1), own.sum(axis=0)), rtol=1e-9), (name, town)


def test_parts_never_exceed_their_whole(draws):
    for draw in draws:
        parts = draw["crime_property"].recorded + draw["crime_violent"].recorded
        assert np.all(draw["crime_order"].recorded >= parts)
        assert np.all(draw["crime_order"].incidents >= draw["crime_order"].recorded)


def test_expected_parts_leave_the_rest_exactly(process):
    means = expected_counts(process)
    assert np.all(means["crime_order"] > means["crime_property"] + means["crime_violent"])


def test_a_recording_effect_changes_what_is_recorded_and_nothing_else(process):
    with_it = draw_counts(process, seed=5)["crime_property"]
    without = draw_counts(without_programme(process), seed=5)["crime_property"]
    assert np.array_equal(with_it.incidents, without.incidents)
    treated = process.design.cell_states() == 2
    assert with_it.recorded[treated].sum() < 0.7 * without.recorded[treated].sum()


def test_nobody_dies_where_nothing_crashed(draws):
    for draw in draws:
        calm = draw["traffic_crashes"].recorded == 0
        assert not draw["traffic_deaths"].recorded[calm].any()
        assert not draw["traffic_injuries"].recorded[calm].any()


def test_some_months_clear_more_than_they_record(draws):
    recorded = np.stack([draw["crime_order"].recorded for draw in draws])
    cleared = np.stack([draw["clearance"].recorded for draw in draws])
    assert 0 < (cleared > recorded).mean() < 0.1
    assert 0.75 < cleared.sum() / recorded.sum() < 0.9


@pytest.mark.parametrize("world", ["A", "C2"])
def test_draws_average_to_their_expectation(nghe_an, process, world):
    own = in_world(nghe_an, process, world)
    totals = dict.fromkeys(own.paths, 0.0)
    for seed in range(DRAWS):
        for name, draw in draw_counts(own, seed=seed).items():
            totals[name] += draw.recorded.sum() / DRAWS
    for name, means in expected_counts(own).items():
        assert abs(totals[name] / means.sum() - 1) < (0.03 if world == "A" else 0.08), name


def test_counts_are_negative_binomial_in_a_world_without_shocks(nghe_an, process):
    own = without_programme(in_world(nghe_an, process, "A"))
    kappa = next(s.dispersion for s in own.parameters.series if s.indicator == "admin_fines")
    mean = expected_counts(own)["admin_fines"]
    counts = np.stack([draw_counts(own, seed=seed)["admin_fines"].recorded for seed in range(10)])
    squared = (counts - mean) ** 2
    assert abs((squared / (mean + kappa * mean**2)).mean() - 1) < 0.06
    assert (squared / mean).mean() > 1.3


def test_thinning_keeps_the_negative_binomial(nghe_an, process):
    """Recorded property crime is 60% of what happens, yet its κ is that of the series."""
    series = [
        replace(s, rate_per_100k=3000.0) if s.indicator == "crime_order" else s for s in process.parameters.series
    ]
    parameters = replace(process.parameters, series=tuple(series), shocks=WORLDS["A"])
    own = build_process(nghe_an, parameters, no_effects(parameters, process.design), design=process.design)
    mean = expected_counts(own)["crime_property"]
    counts = np.stack([draw_counts(own, seed=seed)["crime_property"].recorded for seed in range(10)])
    kappa = (((counts - mean) ** 2 - mean) / mean**2).mean()
    assert kappa == pytest.approx(0.15, abs=0.02)


def test_levels_are_centred_on_the_stated_rate(nghe_an, process):
    flat = replace(process.parameters, town_seasons=(), lockdowns=(), common_season=(0.0,) * 12)
    flat = replace(flat, levels=Levels(ward_sd=0.6, town_sd=0.4))
    own = build_process(nghe_an, flat, no_effects(flat, process.design), design=process.design)
    population = sum(ward.population_count for ward in nghe_an.wards)
    rates = {name: means.sum() / population / 5 * 100_000 for name, means in own.untreated_means.items()}
    assert rates == pytest.approx({series.indicator: series.rate_per_100k for series in flat.series})


def test_a_series_left_out_leaves_the_others_as_they_were(nghe_an, process):
    kept = tuple(series for series in process.parameters.series if series.indicator != "tips")
    parameters = replace(process.parameters, series=kept)
    effects = [effect for effect in read_effects(nghe_an) if effect.indicator != "tips"]
    fewer = draw_counts(build_process(nghe_an, parameters, effects, design=process.design), seed=3)
    all_of_them = draw_counts(process, seed=3)
    assert set(all_of_them) - set(fewer) == {"tips"}
    assert all(np.array_equal(fewer[name].recorded, all_of_them[name].recorded) for name in fewer)


def test_same_seed_same_counts_other_seed_others(process):
    first, again, other = (draw_counts(process, seed=seed)["tips"].recorded for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def with_effect(study, indicator, **changes):
    return [replace(e, **changes) if e.indicator == indicator else e for e in read_effects(study)]


@pytest.mark.parametrize(
    ("indicator", "changes", "says"),
    [
        ("crime_order", {"effect": -0.95}, "room for its parts"),
        ("crime_violent", {"effect": 0.3, "kind": "recording"}, "no more than all"),
        ("clearance", {"effect": 0.5}, "no more than all"),
    ],
)
def test_an_effect_that_cannot_be_is_refused(nghe_an, process, indicator, changes, says):
    with pytest.raises(DataProblems, match=says):
        build_process(nghe_an, process.parameters, with_effect(nghe_an, indicator, **changes), design=process.design)


def test_a_ward_without_population_is_refused(nghe_an, process):
    wards = (replace(nghe_an.wards[0], population_count=None), *nghe_an.wards[1:])
    with pytest.raises(DataProblems, match="16663"):
        build_process(replace(nghe_an, wards=wards), process.parameters, read_effects(nghe_an), design=process.design)


def test_only_the_wards_of_the_given_roster_are_treated(nghe_an):
    own = study_process(nghe_an)
    fictional = {adoption.ward_id for adoption in nghe_an.given_roster if adoption.status == "model"}
    known = {adoption.ward_id for adoption in nghe_an.adoption if adoption.status == "model"}
    changed = np.any(own.paths["crime_order"].recorded != 1, axis=1)
    assert {
        ward for ward, is_changed in zip(own.design.ward_ids, changed, strict=True) if is_changed
    } == fictional | known
    assert len(fictional | known) == 16
