"""Designs and worlds: a study of four wards and six periods worked by hand, and the shipped one counted."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from helpers.errors import DesignError, UsageError
from helpers.study import DONUT, NEVER, TREATED, UNTREATED, Study, build_design, build_worlds, load_study
from helpers.study.objects import Adoption, RosterRule, Timing

U, D, T = UNTREATED, DONUT, TREATED


@pytest.fixture
def tiny(nghe_an: Study) -> Study:
    """Two towns of two wards, six police months; ward 1 starts in the fourth, ward 2 in the sixth, the rest never."""
    wards = tuple(
        replace(
            nghe_an.wards[0], ward_code=str(n), town_code="10" if n < 3 else "20", town_name_vi="X" if n < 3 else "Y"
        )
        for n in range(1, 5)
    )
    ids = [ward.ward_id for ward in wards]
    adoption = (
        Adoption(ids[0], "model", "early", "article", "study"),
        Adoption(ids[1], "model", "late", "article", "study"),
        Adoption(ids[2], "not", None, "article", "study"),
        Adoption(ids[3], "not", None, "article", "study"),
    )
    timings = (Timing("main", "early", "2023-04", "", "study"), Timing("main", "late", "2023-06", "", "study"))
    rules = (RosterRule("A", "10", 2, "late", "study"), RosterRule("A", "20", 0, "late", "study"))
    return replace(
        nghe_an,
        window=("2023-01", "2023-06"),
        default_anticipation=1,
        wards=wards,
        adoption=adoption,
        timings=timings,
        roster_rules=rules,
        given_roster=(),
    )


def test_cells_are_untreated_donut_or_treated(tiny):
    design = build_design(tiny)
    assert design.periods == ("2023-01", "2023-02", "2023-03", "2023-04", "2023-05", "2023-06")
    assert (design.cohorts, design.starts, design.cutoffs) == (("early", "late"), (3, 5), (2, 4))
    assert design.labels == (0, 1, NEVER, NEVER)
    expected = [[U, U, D, T, T, T], [U, U, U, U, D, T], [U] * 6, [U] * 6]
    assert design.cell_states().tolist() == expected


def test_anticipation_widens_the_donut_and_zero_removes_it(tiny):
    assert build_design(tiny, anticipation=2).cell_states()[0].tolist() == [U, D, D, T, T, T]
    assert build_design(tiny, anticipation=0).cell_states()[0].tolist() == [U, U, U, T, T, T]
    with pytest.raises(UsageError, match="number of periods"):
        build_design(tiny, anticipation=-1)


def test_a_shorter_window_turns_a_later_cohort_into_comparisons(tiny):
    design = build_design(tiny, window=("2023-01", "2023-04"))
    assert (design.cohorts, design.labels) == (("early",), (0, NEVER, NEVER, NEVER))
    assert build_design(tiny).until(4) == design


def test_wards_of_a_cohort_and_leaving_wards_out(tiny):
    design = build_design(tiny)
    first, second, third, fourth = design.ward_ids
    assert design.wards_in("early") == (first,)
    assert design.wards_in(None) == (third, fourth)
    smaller = design.without_wards([first])
    assert (smaller.cohorts, smaller.starts, smaller.labels) == (("late",), (5,), (0, NEVER, NEVER))
    with pytest.raises(DesignError, match="nothing to estimate"):
        design.without_wards([first, second])


def test_designs_that_admit_no_analysis_are_refused(tiny):
    with pytest.raises(DesignError, match="Cohort early has no period before its start"):
        build_design(tiny, anticipation=3)
    with pytest.raises(DesignError, match="No ward is treated inside the window"):
        build_design(tiny, window=("2023-01", "2023-03"))
    everyone = tuple(replace(row, status="model", cohort="early") for row in tiny.adoption)
    rules = tuple(replace(rule, model_ward_count=2) for rule in tiny.roster_rules)
    with pytest.raises(DesignError, match="no comparison ward is left"):
        build_design(replace(tiny, adoption=everyone, roster_rules=rules))


def test_a_roster_that_breaks_the_chosen_readings_count_is_refused(tiny):
    rules = (*tiny.roster_rules, RosterRule("B", "10", 1, "late", "study"), RosterRule("B", "20", 0, "late", "study"))
    study = replace(tiny, roster_rules=rules)
    assert build_design(study, reading="A").labels == (0, 1, NEVER, NEVER)
    with pytest.raises(DesignError, match="Reading B counts 1 model wards in X, the roster has 2"):
        build_design(study, reading="B")


def test_unknown_choices_are_usage_errors(tiny):
    with pytest.raises(UsageError, match=r"no timing “never”. It has: main"):
        build_design(tiny, timing="never")
    with pytest.raises(UsageError, match=r"no reading “Z”. It has: A"):
        build_worlds(tiny, reading="Z")
    with pytest.raises(UsageError, match="not inside the study's"):
        build_design(tiny, window=("2022-12", "2023-06"))
    with pytest.raises(UsageError, match="is no police month"):
        build_design(tiny, window=("2023-01", "2023-6"))


def unknown_late(study: Study) -> Study:
    """The tiny study when town Y has one late ward, and nobody knows which of its two."""
    known, unknown = study.adoption[:2], study.adoption[2:]
    rules = (study.roster_rules[0], RosterRule("A", "20", 1, "late", "study"))
    return replace(study, adoption=(*known, *(replace(row, status="unknown") for row in unknown)), roster_rules=rules)


def test_worlds_are_all_ways_to_fill_the_counts(tiny):
    worlds = build_worlds(unknown_late(tiny))
    assert worlds.labels.tolist() == [[0, 1, 1, NEVER], [0, 1, NEVER, 1]]
    assert worlds.design.labels == (0, 1, 1, NEVER)


def test_an_unknown_ward_is_never_silently_a_comparison(tiny):
    study = unknown_late(tiny)
    with pytest.raises(DesignError, match="status of 2 wards is unknown"):
        build_design(study, roster="given")
    design = build_design(study, roster="worlds")
    assert design.periods[-1] == "2023-04"
    assert (design.cohorts, design.labels) == (("early",), (0, NEVER, NEVER, NEVER))


def test_the_roster_free_window_ends_before_a_donut_even_if_the_start_lies_outside(tiny):
    design = build_design(unknown_late(tiny), roster="worlds", window=("2023-01", "2023-05"))
    assert design.periods[-1] == "2023-04"
    with pytest.raises(DesignError, match="no clean period"):
        build_design(unknown_late(tiny), roster="worlds", anticipation=5)


def test_counts_that_no_roster_or_too_many_fulfil_are_refused(tiny, nghe_an):
    rules = (tiny.roster_rules[0], RosterRule("A", "20", 3, "late", "study"))
    with pytest.raises(DesignError, match="admits 0 rosters"):
        build_worlds(replace(unknown_late(tiny), roster_rules=rules))
    wards = tuple(replace(nghe_an.wards[0], ward_code=f"{n:03}") for n in range(200))
    adoption = tuple(Adoption(ward.ward_id, "unknown", None, "article", "study") for ward in wards)
    rule = RosterRule("A", "412", 100, "2023", "study")
    with pytest.raises(DesignError, match="can be enumerated"):
        build_worlds(replace(nghe_an, wards=wards, adoption=adoption, roster_rules=(rule,)))


def test_the_shipped_design(nghe_an):
    design = build_design(nghe_an)
    assert (len(design.ward_ids), len(design.periods)) == (32, 60)
    assert design.ward_ids == tuple(sorted(design.ward_ids))
    assert (design.cohorts, design.starts) == (("2021", "2023"), (31, 50))
    assert [design.periods[start] for start in design.starts] == ["2021-08", "2023-03"]
    assert [design.labels.count(label) for label in (0, 1, NEVER)] == [2, 14, 16]
    states = design.cell_states()
    assert (states == TREATED).sum() == 2 * 29 + 14 * 10
    assert (states == DONUT).sum() == 16 * 3


STARTS = {"plan": ["2021-06", "2022-12"], "main": ["2021-08", "2023-03"], "local": ["2021-08", "2023-05"]}


@pytest.mark.parametrize(("timing", "starts"), STARTS.items())
def test_each_timing_gives_its_starts(nghe_an, timing, starts):
    design = build_design(nghe_an, timing=timing)
    assert [design.periods[start] for start in design.starts] == starts


def test_the_shipped_roster_agrees_with_reading_a_only(nghe_an):
    with pytest.raises(DesignError, match="Reading B counts 6 model wards in Vinh, the roster has 5"):
        build_design(nghe_an, reading="B", roster="given")


def test_the_roster_free_design(nghe_an):
    design = build_design(nghe_an, roster="worlds")
    assert design.cohorts == ("2021",)
    assert design.periods[-1] == "2022-11"
    assert {ward[:5] for ward in design.wards_in("2021")} == {"16666", "16939"}
    assert build_design(nghe_an, roster="worlds", reading="B").labels == design.labels


@pytest.mark.parametrize(("reading", "count", "members"), [("A", 364, 16), ("B", 1001, 17)])
def test_the_worlds_of_a_reading(nghe_an, reading, count, members):
    worlds = build_worlds(nghe_an, reading=reading)
    assert len(worlds) == count
    assert len(np.unique(worlds.labels, axis=0)) == count
    assert set((worlds.labels != NEVER).sum(axis=1)) == {members}
    known = [
        position for position, ward in enumerate(worlds.design.ward_ids) if ward[:5] in ("16666", "16690", "16939")
    ]
    assert np.unique(worlds.labels[:, known], axis=0).tolist() == [[0, 1, 0]]


def test_worlds_come_in_order_of_ward_ids(nghe_an):
    worlds = build_worlds(nghe_an)
    open_wards = sorted(row.ward_id for row in nghe_an.adoption if row.status == "unknown")
    filled = [[worlds.design.ward_ids[position] for position in np.flatnonzero(row == 1)] for row in worlds.labels]
    assert [tuple(ward for ward in world if ward in open_wards) for world in filled] == list(
        combinations(open_wards, 3)
    )


@pytest.mark.parametrize(("reading", "count"), [("A", 1365), ("B", 3003)])
def test_the_worlds_of_the_article_alone(study_copy, reading, count):
    study_copy.set_cell("adoption.csv", "16690", "status", "unknown")
    study_copy.set_cell("adoption.csv", "16690", "cohort", "")
    study_copy.add_row("synthetic/roster.csv", "16690,2019-01-01,model,2023,fictional,fictional")
    assert len(build_worlds(study_copy.load(), reading=reading)) == count


def test_the_real_list_leaves_one_world(nghe_an):
    roster = {row.ward_id: row for row in nghe_an.given_roster}
    complete = replace(
        nghe_an, adoption=tuple(roster.get(row.ward_id, row) for row in nghe_an.adoption), given_roster=()
    )
    worlds = build_worlds(complete)
    assert len(worlds) == 1
    assert worlds.design.labels == build_design(nghe_an).labels


def test_a_donut_at_the_end_of_the_window_is_left_out():
    """A window that ends inside a cohort's donut: those cells are no clean comparisons."""
    design = build_design(load_study("nghe_an"), window=("2019-01", "2023-01"))
    states = design.cell_states()
    late = [position for position, label in enumerate(design.labels) if label >= 0 and design.cohorts[label] == "2023"]
    assert (states[late, -2:] == DONUT).all()
    assert design.treated_ward_count == 2
