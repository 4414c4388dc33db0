"""Multiplicity: what survives the correction, what does not, and where none is offered."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.multiplicity import multiplicity
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.multiplicity import family_statistics, westfall_young
from helpers.study.design import NEVER, TREATED, Design


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((0, 0, 0, *[NEVER] * 12), (12,), months("2020-01", "2021-12"))


def family(design: Design, **ratios: float) -> list[Analysis]:
    rng = np.random.default_rng(11)
    treated = design.cell_states() == TREATED
    return [
        Analysis(name, rng.poisson(20 * np.where(treated, ratio, 1.0)).astype(float), design, n_draws=999, seed=1)
        for name, ratio in ratios.items()
    ]


def test_a_large_effect_survives_and_none_cannot_tell(design):
    members = family(design, thefts=0.4, fires=1.0, deaths=1.0)
    assert multiplicity(members[0], "two_way", members).verdict == "pass"
    assert multiplicity(members[1], "two_way", members).verdict == "cannot_tell"


def test_an_effect_that_only_one_look_finds_fails(design):
    """The statistics are the check's own; a family of many quiet indicators takes the finding away."""
    quiet = {f"n{number}": 1.0 for number in range(14)}
    members = family(design, thefts=0.88, **quiet)
    check = multiplicity(members[0], "two_way", members)
    found = {own.item: own.p_value for own in check.details}
    assert found["own:thefts"] <= 0.05 < found["adjusted:thefts"]
    assert (check.verdict, check.statistic) == ("fail", found["adjusted:thefts"])


def test_the_numbers_are_those_of_the_inference(design):
    members = family(design, thefts=0.7, fires=1.0)
    check = multiplicity(members[0], "two_way", members)
    wanted = family_statistics(members, "two_way", Estimand("overall"))
    adjusted = westfall_young(wanted.t, is_exact=wanted.is_exact)
    assert {own.item: own.p_value for own in check.details if own.item.startswith("adjusted:")} == {
        f"adjusted:{name}": value for name, value in adjusted.items()
    }
    assert {own.n_assignments for own in check.details} == {455.0}


def test_no_family_no_member_or_too_few_relabellings_cannot_tell(design):
    members = family(design, thefts=0.4, fires=1.0)
    assert "not returned whole" in multiplicity(members[0], "two_way", []).reason
    assert "no part of" in multiplicity(members[0], "two_way", members[1:]).reason
    few = [own.with_draws(50) for own in members]
    check = multiplicity(few[0], "two_way", few)
    assert (check.verdict, "50 relabellings" in check.reason) == ("cannot_tell", True)
