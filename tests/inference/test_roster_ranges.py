"""Ranges and unions over rosters: equal to testing each roster alone, and many times faster."""

import numpy as np
import pytest

from designs import make_design, months
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.interval_search import EDGE_PRECISION
from helpers.inference.roster_ranges import roster_ranges
from helpers.inference.roster_union import roster_union
from helpers.inference.worlds import worlds_range
from helpers.study.design import NEVER, TREATED, Design, Worlds

OVERALL = Estimand("overall")
ESTIMANDS = (OVERALL, Estimand("cohort", "x"), Estimand("cohort", "y"))


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design(
        (0, 1, 1, *[NEVER] * 5, 0, 1, *[NEVER] * 4),
        (10, 14),
        months("2021-01", "2022-06"),
        towns="t" * 8 + "u" * 6,
        anticipation=1,
    )


def study(design: Design, seed: int, *, gaps: bool, mean: float = 8.0, n_draws: int = 199) -> tuple[Analysis, Worlds]:
    rng = np.random.default_rng(seed)
    wards = mean * rng.uniform(0.3, 3.0, (14, 1))
    cells = rng.poisson(wards * np.where(design.cell_states() == TREATED, 0.5, 1.0)).astype(float)
    if gaps:
        cells[rng.random(cells.shape) < 0.03] = np.nan
    rosters = [design.labels]
    for moved in range(3, 8):
        roster = list(design.labels)
        roster[2], roster[moved] = NEVER, 1
        rosters.append(tuple(roster))
    worlds = Worlds(design, np.array(rosters, dtype=np.int8))
    return Analysis("n", cells, design, n_draws=n_draws, seed=1), worlds


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_all_at_once_is_each_alone(design, specification, gaps):
    analysis, worlds = study(design, 4, gaps=gaps)
    for estimand, found in zip(ESTIMANDS, roster_ranges(analysis, worlds, ESTIMANDS, specification), strict=True):
        alone = worlds_range(analysis, worlds, estimand, specification)
        assert found.estimates == pytest.approx(alone.estimates, abs=1e-9)
        assert found.p_values.tolist() == alone.p_values.tolist()
        assert (found.smallest_p, found.n_assignments) == (alone.smallest_p, alone.n_assignments)
        assert found.extreme_members() == alone.extreme_members()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_the_union_is_that_of_all_intervals(design, specification, gaps, seed):
    analysis, worlds = study(design, seed, gaps=gaps, mean=2.0 if seed == 3 else 8.0)
    low, high = roster_union(analysis, worlds, OVERALL, specification)
    each = worlds_range(analysis, worlds, OVERALL, specification, has_intervals=True)
    for found, exact in zip((low, high), each.union, strict=True):
        if np.isinf(exact) or exact == -1:
            assert found == exact
        else:
            assert abs(np.log1p(found) - np.log1p(exact)) <= 2 * EDGE_PRECISION


def test_many_draws_are_screened_without_changing_the_union(design):
    analysis, worlds = study(design, 2, gaps=True, n_draws=2_500)
    low, high = roster_union(analysis, worlds, OVERALL, "two_way")
    exact = worlds_range(analysis, worlds, OVERALL, "two_way", has_intervals=True).union
    assert np.abs(np.log1p([low, high]) - np.log1p(exact)).max() <= 2 * EDGE_PRECISION


def test_nothing_observed_in_some_roster_has_no_lower_bound(design):
    analysis, worlds = study(design, 5, gaps=False)
    analysis.outcome[:, 10:][design.label_array == 0] = 0.0
    analysis.outcome[:, 14:][design.label_array == 1] = 0.0
    assert roster_union(analysis, worlds, OVERALL, "two_way")[0] == -1.0
