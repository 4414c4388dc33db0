"""Alternatives: every choice is a row, the verdict follows the written rule, and no study is code."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.checks.alternative_verdicts import ADDS_NOTHING, CANCELS, judge_alternatives
from helpers.checks.alternatives import QUESTIONS, alternatives
from helpers.checks.choices import other_donuts, other_wards, periods_in
from helpers.checks.gates import Detail, details_frame
from helpers.estimation.estimands import Estimand
from helpers.inference.randomisation import randomisation_test
from helpers.study import load_study
from helpers.study.design import build_design
from helpers.study.objects import RosterRule

from .small_programme import N_DRAWS, small_analysis, small_study

CLAIM = Detail("claim", -0.4, -0.6, -0.1, 0.01)


def by_name(checks):
    return {check.check: check for check in checks}


@pytest.fixture(scope="module")
def strong():
    return by_name(alternatives(small_analysis(ratio=0.5, mean=40.0), small_study(), "two_way"))


def test_every_kind_of_choice_is_a_check_and_every_alternative_a_row(strong):
    assert list(strong) == list(QUESTIONS)
    table = details_frame(list(strong.values()))
    assert (table["estimate"].notna() | table["conf_low"].notna() | table["reason"].ne("")).all()
    randomised = table[table["p_value"].notna() & ~table["item"].str.contains("twfe|callaway|sun_|library")]
    assert (randomised["smallest_p"] > 0).all() and (randomised["n_assignments"] > N_DRAWS / 2).all()
    items = set(table["item"])
    assert {
        "timing:plan",
        "donut:0",
        "donut:3",
        "donut:6",
        "window:2022-01:2022-12",
        "comparison:never_treated",
    } <= items
    assert {"wards:within:901", "adjustment:town_seasons", "adjustment:ward_trends", "population:2019"} <= items
    assert {"estimator:levels", "estimator:rates", "estimator:twfe_poisson", "estimator:sun_abraham"} <= items


def test_choices_that_do_not_matter_pass(strong):
    for name in ("timing", "donut", "comparison_group"):
        assert strong[name].verdict == "pass", strong[name].reason
    assert strong["donut"].statistic == pytest.approx(-0.5, abs=0.1)
    assert strong["donut"].threshold == pytest.approx(np.sqrt(0.5) - 1, abs=0.05)


def test_a_population_that_does_not_change_is_no_alternative(strong):
    check = strong["exposure"]
    assert (check.verdict, check.reason) == ("cannot_tell", CANCELS)
    assert check.details[0].reason == CANCELS and np.isnan(check.details[0].estimate)


def test_without_an_effect_nothing_passes():
    for check in alternatives(small_analysis(), small_study(), "two_way"):
        assert check.verdict != "pass", check


def test_an_alternative_is_tested_as_the_effect_under_that_design():
    analysis = small_analysis(ratio=0.6)
    own = by_name(alternatives(analysis, small_study(), "town_period"))["timing"].details[0]
    design = build_design(small_study(), timing="plan")
    test = randomisation_test(
        analysis.outcome, design, Estimand("overall"), specification="town_period", n_draws=N_DRAWS, seed=1
    )
    assert own.p_value == test.p_value
    assert (own.n_assignments, own.smallest_p) == (test.n_assignments, test.smallest_p)


def test_an_effect_that_rests_on_the_start_date_fails_on_it():
    """All of the fall lies in the two months by which the main timing begins after the plan, with a rise later."""
    analysis = small_analysis(mean=60.0)
    design = analysis.design
    cells = analysis.outcome.copy()
    late = design.label_array == 1
    cells[late, design.starts[1] - 4 : design.starts[1]] *= 8
    cells[late, design.starts[1] :] *= 0.75
    found = by_name(alternatives(replace(analysis, outcome=cells), small_study(), "two_way"))
    assert found["timing"].verdict == "fail"
    assert found["timing"].reason == "1 of 1 alternatives disagree with the estimate"


@pytest.mark.parametrize(
    ("name", "details", "verdict"),
    [
        ("timing", [Detail("a", -0.35, -0.5, 0.1, 0.2)], "pass"),
        ("timing", [Detail("a", -0.35, -0.5, 0.1, 0.2), Detail("b", reason="none")], "cannot_tell"),
        ("timing", [Detail("a", -0.12, -0.5, 0.4, 0.2)], "cannot_tell"),
        ("timing", [Detail("a", 0.1, -0.5, 1.4, 0.7)], "fail"),
        ("estimator", [Detail("a", 0.1, 0.05, 0.4, 0.01)], "cannot_tell"),
        ("towns", [Detail("a", -0.9, -1.0, np.inf, 0.25)], "cannot_tell"),
        ("towns", [Detail("a", -0.9, -0.95, -0.8, 0.01)], "fail"),
        ("towns", [Detail("a", -0.4, -0.6, -0.2, 0.01), Detail("b", reason=ADDS_NOTHING)], "pass"),
        ("ward_trend", [Detail("a", -0.05, -0.5, 0.8, 0.6)], "cannot_tell"),
        ("reading", [Detail("a", np.nan, -0.5, -0.35, 0.3)], "pass"),
        ("reading", [Detail("a", np.nan, -0.5, 0.05, 0.3)], "fail"),
        ("reading", [], "cannot_tell"),
    ],
)
def test_the_written_rule(name, details, verdict):
    assert judge_alternatives(name, CLAIM, details)[0] == verdict


def test_a_claim_that_does_not_reject_lets_nothing_pass():
    assert judge_alternatives("timing", replace(CLAIM, p_value=0.2), [replace(CLAIM, item="a")])[0] == "cannot_tell"
    assert judge_alternatives("timing", Detail("claim", reason="why"), [CLAIM]) == ("cannot_tell", "why")
    assert judge_alternatives("timing", Detail("claim", -1.0, -1.0, -0.5, 0.01), [CLAIM])[0] == "cannot_tell"


def test_the_range_over_rosters_is_that_of_each_roster_alone():
    """A second reading with three members in the town: every roster that it admits, one after the other."""
    from helpers.inference.worlds import worlds_range
    from helpers.study.design import build_worlds

    rules = tuple(replace(rule, reading="B", model_ward_count=5) for rule in small_study().roster_rules[:1])
    study = replace(
        small_study(), roster_rules=(*small_study().roster_rules, *rules, RosterRule("B", "902", 0, "2022", "s"))
    )
    analysis = small_analysis(ratio=0.6)
    given, rosters = by_name(alternatives(analysis, study, "two_way"))["reading"].details
    assert given.item == "reading:B" and "counts 5 model wards" in given.reason
    worlds = build_worlds(study, reading="B")
    found = worlds_range(replace(analysis, design=worlds.design), worlds, Estimand("overall"), "two_way")
    assert (rosters.conf_low, rosters.conf_high) == pytest.approx((found.estimates.min(), found.estimates.max()))
    assert rosters.p_value == found.p_values.max()


def test_choices_are_read_from_the_study():
    design = build_design(load_study("nghe_an"))
    assert other_wards(design, "two_way") == ("without:413", "without:414", "within:412", "within:414")
    assert other_wards(design, "town_period") == ("without:414", "within:412", "within:414")
    assert other_donuts(design) == (0, 6)
    assert [periods_in(6, kind) for kind in ("police_month", "calendar_quarter", "year")] == [6, 2, 1]
