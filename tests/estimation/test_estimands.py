"""Windows on paper, and averted incidents that add up over cells which do not overlap."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.blocks import build_blocks
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import (
    Estimand,
    build_target,
    calendar_estimands,
    common_horizon_estimands,
    early_design,
    headline_estimands,
)
from helpers.estimation.specification import SPECIFICATIONS
from helpers.study.design import NEVER

OVERALL = Estimand("overall")


def staggered(starts=(3, 8), periods=12, anticipation=1):
    return make_design(
        (0, 1, NEVER, NEVER, 1, NEVER, NEVER, NEVER),
        starts,
        months("2023-01", "2024-12")[:periods],
        towns="ttttuuuu",
        wards="abcdefgh",
        cohorts=("early", "late"),
        anticipation=anticipation,
    )


@pytest.fixture(params=["none", "gaps"])
def counts(request):
    cells = np.random.default_rng(1).poisson(5.0, (8, 12)).astype(float)
    if request.param == "gaps":
        cells[0, 5] = cells[4, 10] = cells[6, 2] = np.nan
    return cells


def averted(fit, estimand):
    observed, expected = fit.total(estimand)
    return expected - observed


def test_common_horizon_is_the_shortest_treated_span():
    design = staggered()
    both, early, late = common_horizon_estimands(design)
    assert [(one.kind, one.cohort) for one in (both, early, late)] == [
        ("common_horizon", "all"),
        ("common_horizon", "early"),
        ("common_horizon", "late"),
    ]
    # The late cohort is treated from period 8 to 11, so the early one counts from 3 to 6.
    assert [both.window(design, cohort) for cohort in (0, 1)] == [range(3, 7), range(8, 12)]
    assert (early.window(design, 0), len(early.window(design, 1))) == (range(3, 7), 0)
    assert (len(late.window(design, 0)), late.window(design, 1)) == (0, range(8, 12))


def test_one_cohort_has_no_common_horizon():
    early = early_design(staggered())
    assert early is not None
    assert common_horizon_estimands(early) == ()
    # A cohort of which the window holds only the donut is no second one.
    assert common_horizon_estimands(staggered(starts=(3, 12))) == ()


def test_calendar_bins_tile_the_time_from_the_first_start():
    design = staggered()
    bins = calendar_estimands(design, 4)
    assert [(one.calendar_first, one.calendar_last) for one in bins] == [(3, 6), (7, 10), (11, 11)]
    assert [one.window(design, 0) for one in bins] == [range(3, 7), range(7, 11), range(11, 12)]
    assert [list(one.window(design, 1)) for one in bins] == [[], [8, 9, 10], [11]]
    with pytest.raises(EstimationError, match="width of 1 or more"):
        calendar_estimands(design, 0)


def test_calendar_limits_cut_any_window():
    design = staggered()
    assert Estimand("calendar_period", "early", calendar_last=4).window(design, 0) == range(3, 5)
    assert Estimand("calendar_period", "early", calendar_first=9).window(design, 0) == range(9, 12)
    assert Estimand("calendar_period", "early", 1, 3, calendar_first=5).window(design, 0) == range(5, 7)
    assert len(Estimand("calendar_period", "late", calendar_last=5).window(design, 1)) == 0


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_blocks_break_where_the_bins_do(width):
    design = staggered()
    for estimand in (*calendar_estimands(design, width), *common_horizon_estimands(design)):
        blocks = build_blocks(design, estimand.edges(design))
        lengths = np.diff([*blocks.firsts, blocks.period_count])
        sizes = [design.labels.count(0), design.labels.count(1), 0]
        cells = (estimand.mask(design, blocks) * lengths).sum(axis=1) @ np.array(sizes)
        assert cells == estimand.cells(design).sum()
        assert build_target(design, "two_way", estimand).lost == 0


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_averted_adds_up_over_cells_that_do_not_overlap(specification, counts):
    design = staggered()
    fit = impute_counterfactual(counts, design, specification)
    whole = averted(fit, OVERALL)
    assert np.isfinite(whole)
    cohorts = [averted(fit, one) for one in headline_estimands(design)[1:]]
    assert sum(cohorts) == pytest.approx(whole)
    for width in (1, 3, 4):
        assert sum(averted(fit, one) for one in calendar_estimands(design, width)) == pytest.approx(whole)
    horizon = [averted(fit, one) for one in common_horizon_estimands(design)]
    assert sum(horizon[1:]) == pytest.approx(horizon[0])
    # The early cohort's nine treated periods in three bins of three, the late one's four in two of two.
    early = [averted(fit, Estimand("relative_period", "early", first, first + 2)) for first in (0, 3, 6)]
    late = [averted(fit, Estimand("relative_period", "late", first, first + 1)) for first in (0, 2)]
    assert [sum(early), sum(late)] == pytest.approx(cohorts)


def test_cells_are_the_windows_of_the_wards():
    design = replace(staggered(), labels=(0, 1, *[NEVER] * 6))
    cells = Estimand("overall").cells(design)
    assert cells.sum(axis=1).tolist() == [9, 4, 0, 0, 0, 0, 0, 0]
