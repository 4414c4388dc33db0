"""Concurrent shocks and programmes: which cells they touch, and what the effect is without them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.concurrent import STRUCK_ALL, concurrent, spells_inside, taken_out
from helpers.errors import DesignError
from helpers.inference.analysis import Analysis
from helpers.study import Study, load_study
from helpers.study.design import NEVER, TREATED, Design
from helpers.study.objects import Programme, Shock


@pytest.fixture(scope="module")
def bare() -> Study:
    return replace(load_study("nghe_an"), shocks=(), programmes=())


@pytest.fixture(scope="module")
def design() -> Design:
    labels = (0, 0, 0, *[NEVER] * 9) * 2
    return make_design(labels, (24,), months("2019-01", "2021-12"), towns="t" * 12 + "u" * 12, anticipation=2)


def shock(town: str, first: date, last: date | None, name: str = "flood") -> Shock:
    return Shock(name, town, first, last, "Lũ", "Flood", "study")


def programme(*, is_separable: bool, last: date | None = date(2021, 6, 30)) -> Programme:
    return Programme("camera", "all", date(2021, 4, 1), last, "Camera", "Cameras", is_separable, "", "study")


def analysis(design: Design, ratio: float = 0.4, mean: float = 60.0) -> Analysis:
    cells = mean * np.where(design.cell_states() == TREATED, ratio, 1.0)
    return Analysis("n", np.random.default_rng(5).poisson(cells).astype(float), design, n_draws=199, seed=1)


def test_a_spell_touches_its_town_in_the_periods_that_share_a_day_with_it(bare, design):
    study = replace(bare, shocks=(shock("t", date(2020, 1, 31), date(2020, 3, 1)),))
    (spell,) = spells_inside(study, design)
    wards, periods = np.nonzero(spell.cells)
    assert (sorted(set(wards.tolist())), sorted(set(periods.tolist()))) == (list(range(12)), [12, 13, 14])


def test_what_lies_outside_the_window_or_in_another_town_is_not_inside(bare, design):
    rows = (shock("all", date(2018, 1, 1), date(2018, 12, 31)), shock("elsewhere", date(2020, 1, 1), None, "storm"))
    assert spells_inside(replace(bare, shocks=rows), design) == []


def test_periods_that_struck_everybody_leave_the_design(design):
    cells = np.zeros((24, 36), dtype=bool)
    cells[:, 4:6] = cells[:, 30] = True
    left = taken_out(analysis(design), cells)
    assert len(left.design.periods) == left.outcome.shape[1] == 33
    assert (left.design.starts, left.design.anticipation) == ((22,), 2)
    assert left.design.periods[22] == design.periods[24]


def test_cells_of_one_town_count_as_not_reported(design):
    cells = np.zeros((24, 36), dtype=bool)
    cells[:12, 4:6] = True
    left = taken_out(analysis(design), cells)
    assert left.design == design
    assert np.isnan(left.outcome).sum() == 24


def test_everything_after_the_start_cannot_be_taken_out(design):
    cells = np.zeros((24, 36), dtype=bool)
    cells[:, 24:] = True
    with pytest.raises(DesignError, match=STRUCK_ALL):
        taken_out(analysis(design), cells)


def test_an_effect_that_stands_without_every_shock_passes(bare, design):
    study = replace(
        bare,
        shocks=(shock("t", date(2020, 2, 1), date(2020, 3, 31)),),
        programmes=(programme(is_separable=True),),
    )
    check = concurrent(analysis(design), "two_way", study)
    assert check.verdict == "pass", check.reason
    assert [own.item for own in check.details] == ["with_all", "without:flood", "without:camera", "without_all"]


def test_an_effect_that_one_shock_made_fails(bare, design):
    """Model wards are really worse off; in the last quarter a flood emptied them."""
    own = analysis(design, ratio=1.4)
    counts = own.outcome.copy()
    counts[np.ix_(design.label_array == 0, range(31, 36))] = 0.0
    study = replace(bare, shocks=(shock("all", date(2021, 8, 1), date(2021, 12, 31)),))
    check = concurrent(replace(own, outcome=counts), "two_way", study)
    assert (check.verdict, "flood" in check.reason) == ("fail", True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (programme(is_separable=False), "cannot be told apart"),
        (programme(is_separable=True, last=None), "open or not stated"),
    ],
)
def test_what_cannot_be_taken_out_is_said_and_is_no_pass(bare, design, row, why):
    check = concurrent(analysis(design), "two_way", replace(bare, programmes=(row,)))
    assert check.verdict == "cannot_tell"
    assert check.reason == "1 of 1 shocks and programmes inside the window cannot be taken out"
    assert why in check.details[1].reason


def test_a_study_that_names_nothing_is_no_pass(bare, design):
    check = concurrent(analysis(design), "two_way", bare)
    assert (check.verdict, check.reason) == ("cannot_tell", "the study names nothing else inside the window")
