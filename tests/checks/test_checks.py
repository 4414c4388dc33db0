"""Checks: each can pass, fail and not tell."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.checks.all_worlds import HIGHEST, LOWEST, all_worlds
from helpers.checks.gates import checks_frame, details_frame, equivalence_verdict
from helpers.checks.leave_one_out import leave_one_town_out
from helpers.checks.placebo_date import placebo_date
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER, TREATED, Design, Worlds


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (0, 0, *[NEVER] * 6) * 3,
        (24,),
        months("2019-01", "2021-12"),
        towns="t" * 8 + "u" * 8 + "v" * 8,
        anticipation=2,
    )


def counts(design: Design, ratio: float, mean: float = 40.0, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * np.where(design.cell_states() == TREATED, ratio, 1.0)).astype(float)


def analysis(cells: np.ndarray, design: Design) -> Analysis:
    return Analysis("n", cells, design, n_draws=199, seed=1)


def placebo(cells, design):
    (check,) = placebo_date(analysis(cells, design), "two_way")
    return check


def test_placebo_passes_when_the_past_is_quiet_and_the_claim_large(design):
    assert placebo(counts(design, 0.4), design).verdict == "pass"


def test_placebo_fails_on_a_jump_before_the_start(design):
    cells = counts(design, 0.4)
    cells[design.label_array == 0, 12:22] = np.round(cells[design.label_array == 0, 12:22] * 0.5)
    assert placebo(cells, design).verdict == "fail"


def test_placebo_cannot_tell_when_the_claim_is_small_or_the_past_short(design):
    assert placebo(counts(design, 0.97), design).verdict == "cannot_tell"
    short = replace(design.until(30), starts=(8,))
    check = placebo(counts(short, 0.5), short)
    assert (check.verdict, "too few" in check.reason) == ("cannot_tell", True)


@pytest.mark.parametrize(
    ("p_value", "low", "high", "claim", "verdict"),
    [
        (0.04, -0.01, 0.01, -0.5, "fail"),
        (0.60, -0.10, 0.10, -0.5, "pass"),
        (0.60, -1.00, 0.10, -0.5, "cannot_tell"),
        (0.60, -0.10, np.inf, -0.5, "cannot_tell"),
        (0.60, -0.30, 0.10, -0.3, "cannot_tell"),
        (0.60, -0.10, 0.10, -1.0, "cannot_tell"),
        (0.60, -0.04, np.inf, -1.0, "cannot_tell"),
        (0.04, -0.04, np.inf, -1.0, "fail"),
    ],
)
def test_equivalence_rule(p_value, low, high, claim, verdict):
    assert equivalence_verdict(p_value, low, high, claim)[0] == verdict


def test_leave_one_town_out_verdicts(design):
    strong = leave_one_town_out(analysis(counts(design, 0.4), design), "two_way")
    assert strong.verdict == "pass"
    assert [detail.item for detail in strong.details] == ["t", "u", "v"]
    cells = counts(design, 1.0)
    cells[:2, 24:] *= 0.05
    cells[8:10, 24:] *= 1.3
    cells[16:18, 24:] *= 1.3
    carried = leave_one_town_out(analysis(cells, design), "two_way")
    assert carried.verdict == "fail"
    assert "without t" in carried.reason


def two_rosters(design: Design, *, last: tuple[int, int] = (6, 7)) -> Worlds:
    """Return the design's roster, and one in which the first model ward of two towns is another ward."""
    other = list(design.labels)
    other[0], other[last[0]] = NEVER, 0
    other[8], other[8 + last[1]] = NEVER, 0
    return Worlds(design, np.array([design.labels, other], dtype=np.int8))


def test_worlds_pass_only_where_every_roster_rejects(design):
    check = all_worlds(analysis(counts(design, 0.3), design), two_rosters(design), "two_way")
    assert check.verdict == "pass"
    assert check.statistic <= 0.05


def test_worlds_do_not_pass_where_one_roster_does_not_reject(design):
    rolled = np.array([np.roll(design.labels, shift) for shift in range(3)], dtype=np.int8)
    check = all_worlds(analysis(counts(design, 0.4), design), Worlds(design, rolled), "two_way")
    assert check.verdict in {"fail", "cannot_tell"}
    assert check.statistic > 0.05


def test_a_single_roster_is_no_pass(design):
    check = all_worlds(analysis(counts(design, 0.3), design), Worlds(design, np.array([design.labels])), "two_way")
    assert (check.verdict, np.isnan(check.statistic), check.details) == ("cannot_tell", True, ())
    assert check.reason == "does not apply: reading A admits one roster only"


def test_worlds_name_the_wards_that_an_extreme_needs(design):
    worlds = two_rosters(design)
    check = all_worlds(analysis(counts(design, 0.3), design), worlds, "two_way")
    items = [detail.item for detail in check.details]
    lowest, highest = ([item for item in items if item.startswith(end)] for end in (LOWEST, HIGHEST))
    assert lowest == ["lowest:A:all:00", "lowest:A:all:08"]
    assert highest == ["highest:A:all:06", "highest:A:all:15"]


def test_wards_that_only_some_extreme_rosters_hold_are_not_named(design):
    copies = Worlds(design, np.vstack([two_rosters(design).labels, two_rosters(design, last=(5, 6)).labels[1:]]))
    whole = analysis(np.full((24, 36), 40.0) * np.where(design.cell_states() == TREATED, 0.5, 1.0), design)
    check = all_worlds(whole, copies, "two_way")
    named = {detail.item for detail in check.details if detail.item.startswith((LOWEST, HIGHEST))}
    assert named == {"lowest:A:all:00", "lowest:A:all:08"}


def test_details_say_how_many_assignments_they_rest_on(design):
    cells = analysis(counts(design, 0.3), design)
    for check in (*placebo_date(cells, "two_way"), leave_one_town_out(cells, "two_way")):
        assert all(
            detail.n_assignments > 199 and detail.smallest_p == pytest.approx(1 / 200)
            for detail in check.details
            if not detail.reason
        )
    ranges = [one for one in all_worlds(cells, two_rosters(design), "two_way").details if one.item == "A:all"]
    assert [one.smallest_p for one in ranges] == [pytest.approx(1 / 200)]


def test_tables_hold_every_check_and_detail(design):
    checks = [
        *placebo_date(analysis(counts(design, 0.4), design), "two_way"),
        leave_one_town_out(analysis(counts(design, 0.4), design), "two_way"),
    ]
    assert checks_frame(checks)["check"].tolist() == ["placebo_date", "leave_one_out"]
    assert len(details_frame(checks)) == 3 + 3


def test_worlds_without_any_estimable_effect_cannot_tell(design):
    whole_towns = design.with_labels([0] * 8 + [NEVER] * 16)
    cells = counts(whole_towns, 0.5)
    worlds = Worlds(whole_towns, np.array([whole_towns.labels, [NEVER] * 8 + [0] * 8 + [NEVER] * 8], dtype=np.int8))
    check = all_worlds(analysis(cells, whole_towns), worlds, "town_period")
    assert (check.verdict, check.reason) == ("cannot_tell", "no effect is estimable")
