"""Checks: each can pass, fail and not tell."""

import numpy as np
import pytest

from helpers.checks.all_worlds import all_worlds
from helpers.checks.gates import checks_frame, details_frame, equivalence_verdict
from helpers.checks.leave_one_out import leave_one_town_out
from helpers.checks.placebo_date import placebo_date
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER, TREATED, Design, Worlds
from helpers.study.periods import period_range


@pytest.fixture(scope="module")
def design() -> Design:
    return Design(
        "s",
        "main",
        "A",
        "given",
        "calendar_month",
        period_range("calendar_month", "2019-01", "2021-12"),
        tuple(f"{n:02d}" for n in range(24)),
        ("t",) * 8 + ("u",) * 8 + ("v",) * 8,
        ("x",),
        (24,),
        (0, 0, *[NEVER] * 6) * 3,
        2,
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
    short = design.until(30)
    short = Design(**{**{field: getattr(short, field) for field in short.__slots__}, "starts": (8,)})
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


def test_worlds_verdicts(design):
    rolled = np.array([np.roll(design.labels, shift) for shift in range(3)], dtype=np.int8)
    cells = counts(design, 0.4)
    one = all_worlds(analysis(cells, design), Worlds(design, rolled[:1]), "two_way")
    assert one.verdict == "pass"
    three = all_worlds(analysis(cells, design), Worlds(design, rolled), "two_way")
    assert three.verdict in {"fail", "cannot_tell"}
    assert three.statistic >= one.statistic


def test_tables_hold_every_check_and_detail(design):
    checks = [
        *placebo_date(analysis(counts(design, 0.4), design), "two_way"),
        leave_one_town_out(analysis(counts(design, 0.4), design), "two_way"),
    ]
    assert checks_frame(checks)["check"].tolist() == ["placebo_date", "leave_one_out"]
    assert len(details_frame(checks)) == 1 + 3


def test_worlds_without_any_estimable_effect_cannot_tell(design):
    whole_towns = design.with_labels([0] * 8 + [NEVER] * 16)
    cells = counts(whole_towns, 0.5)
    worlds = Worlds(whole_towns, np.array([whole_towns.labels], dtype=np.int8))
    check = all_worlds(analysis(cells, whole_towns), worlds, "town_period")
    assert (check.verdict, check.reason) == ("cannot_tell", "no effect is estimable")
