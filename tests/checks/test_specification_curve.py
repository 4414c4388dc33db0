"""The specification curve: its rows are printed estimates, its draws other curves, and its picture no verdict."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.checks import specification_curve as curves
from helpers.checks.choices import ALL_WARDS, Choice, cells_of, design_of, positions_kept
from helpers.checks.curve_rows import CURVE_COLUMNS, NATIVE
from helpers.checks.specification_curve import specification_curve
from helpers.estimation.blocks import strata
from helpers.estimation.estimands import Estimand, common_horizon_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.assignments import reassign
from helpers.inference.variants import Variant
from helpers.study import load_study
from helpers.study.design import NEVER, build_design

from .small_programme import N_DRAWS, null_counts, small_analysis, small_study, study_with

SMALL = (frozenset({"timing", "comparison", "model"}),)
SAME = 1e-9


@pytest.fixture(scope="module")
def curve():
    return specification_curve(small_analysis(ratio=0.6), small_study(), "two_way")


def printed(row, analysis, study):
    """Return what the printed estimators give for a row's choices, built from the row alone."""
    periods = analysis.design.periods
    skipped, last = periods.index(row.window_first), periods.index(row.window_last)
    choice = Choice(row.timing, row.anticipation, skipped, len(periods) - 1 - last, row.wards)
    whole = design_of(study, analysis.design, choice)
    design = whole.with_wards(positions_kept(whole, row.wards))
    people = {ward.ward_id: float(ward.population_count) for ward in study.wards}
    variant = Variant(
        cells_of(analysis, design),
        design,
        row.specification,
        Estimand("overall") if row.estimand == "overall" else common_horizon_estimands(design)[0],
        model=row.estimator,
        comparison=row.comparison,
        people=np.array([people[ward] for ward in design.ward_ids]),
    )
    observed, expected = variant.totals()
    return observed / expected - 1


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_row_is_what_the_printed_estimator_gives(specification):
    analysis, study = small_analysis(ratio=0.6), small_study()
    rows = specification_curve(analysis, study, specification).rows
    told = [row for row in rows if row.kind == NATIVE and not row.reason]
    assert len(told) > 60
    for row in told[:: max(1, len(told) // 40)]:
        assert row.estimate == pytest.approx(printed(row, analysis, study), abs=SAME)
    assert sum(row.is_own == "yes" for row in told) == 1


def test_a_relabelling_is_the_curve_that_it_would_have_been_had_it_been_the_actual_one(monkeypatch):
    """With all labellings listed, whoever is the actual one: the same numbers, and a p-value for each."""
    monkeypatch.setattr(curves, "CONTENTS", SMALL)
    first = np.array([0, 1, NEVER, 1, NEVER, 0, NEVER, NEVER], dtype=np.int8)
    design = build_design(study_with(first))
    cells = null_counts(design)
    medians = []
    for labels in [first, *reassign(first, strata(design, "town_period"), n_draws=N_DRAWS, seed=1).labels[::40]]:
        study = study_with(labels)
        analysis = replace(small_analysis(study), outcome=cells)
        found = specification_curve(analysis, study, "town_period")
        assert (found.assignments.count, found.assignments.is_exact) == (90, True)
        medians.append(found.picture.median_t)
    ends = {(round(one.null_low, 9), round(one.null_high, 9)) for one in medians}
    assert len(ends) == 1
    order = np.argsort([one.value for one in medians])
    assert (np.diff(np.array([one.p_value for one in medians])[order]) <= 0).all()


def test_size_on_null_studies_whose_wards_were_drawn(monkeypatch):
    monkeypatch.setattr(curves, "CONTENTS", SMALL)
    first = np.array([0, 1, NEVER, 1, NEVER, 0, NEVER, NEVER], dtype=np.int8)
    rng, p_values = np.random.default_rng(9), []
    for seed in range(40):
        labels = first.copy()
        labels[:6] = rng.permutation(labels[:6])
        study = study_with(labels)
        found = specification_curve(small_analysis(study, seed=seed), study, "town_period")
        p_values.append((found.picture.median_t.p_value, found.picture.share_significant.p_value))
    rejected = (np.array(p_values) <= 0.05).mean(axis=0)
    assert (rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 40)).all()


def test_a_strong_effect_stands_out_and_is_still_no_verdict(curve):
    assert curve.picture.median_estimate.value == pytest.approx(-0.4, abs=0.1)
    assert curve.picture.share_significant.value > 0.5
    assert curve.picture.median_t.p_value <= 0.05
    check = curve.check()
    assert (check.verdict, check.check) == ("cannot_tell", "specification_curve")
    assert check.reason.startswith("a picture, not a verdict: ")
    assert [own.item for own in check.details] == ["median_estimate", "median_t", "share_significant"]
    assert all(own.n_assignments > N_DRAWS for own in check.details)


def test_table_is_in_order_with_the_band_of_each_place(curve):
    table = curve.to_frame()
    assert list(table.columns) == [*CURVE_COLUMNS, "indicator"]
    native = table[table["place"].notna()]
    assert len(native) == curve.picture.count
    assert native["estimate"].is_monotonic_increasing
    assert (native["conf_low"] <= native["estimate"]).all() and (native["estimate"] <= native["conf_high"]).all()
    assert (native["band_low"].diff().dropna() >= 0).all()
    assert not native.duplicated(["estimate", "conf_low"]).any()
    absent = table[table["place"].isna()]
    assert (absent["estimate"].notna() | absent["reason"].ne("")).all()


def test_the_library_stands_outside_with_its_own_intervals(curve):
    table = curve.to_frame()
    library = table[table["kind"].eq("library")]
    assert set(library["estimator"]) == {"callaway_santanna", "sun_abraham", "linear_imputation_library"}
    assert library["place"].isna().all()
    assert not set(library["inference"]) & {"randomisation"}
    assert (
        not specification_curve(small_analysis(), small_study(), "town_period").to_frame()["kind"].eq("library").any()
    )


def test_choices_that_come_to_the_same_cells_count_once():
    """Under town × period the town without treated wards adds nothing, so that the other one alone is all there is."""
    design = small_analysis().design
    places = curves.combinations(small_study(), design, "town_period", has_people=True)
    assert any(place.choice.wards == "within:901" for place in places)
    table = specification_curve(small_analysis(ratio=0.6), small_study(), "town_period").to_frame()
    native = table[table["place"].notna()]
    assert set(native["wards"]) == {ALL_WARDS}
    assert not native["estimate"].round(10).duplicated().any()


def test_the_shipped_study_has_more_than_five_hundred_specifications():
    study = load_study("nghe_an")
    design = build_design(study)
    for specification in SPECIFICATIONS:
        places = curves.combinations(study, design, specification, has_people=True)
        assert sum(len(ways) for ways in places.values()) > 700
        first = next(iter(places))
        assert first.choice == Choice(design.timing, design.anticipation, 0, 0, ALL_WARDS)


def test_nothing_to_estimate_is_a_reason():
    analysis = small_analysis()
    silent = replace(analysis, outcome=np.zeros_like(analysis.outcome))
    found = specification_curve(silent, small_study(), "town_period")
    assert found.picture is None
    assert found.check().reason == "no effect is estimable"
    assert found.to_frame()["reason"].ne("").all()


def test_a_window_of_a_few_periods_is_no_difficulty():
    analysis = small_analysis(mean=20.0)
    short = replace(analysis, design=analysis.design.until(11), outcome=analysis.outcome[:, :11])
    found = specification_curve(short, small_study(), "two_way")
    assert found.picture is not None
    assert all(row.reason for row in found.rows if row.kind == NATIVE and np.isnan(row.estimate))
