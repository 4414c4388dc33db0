"""The union of the 95% intervals over every roster that could be true, without computing each of them.

Rosters are asked in order of their estimates, the outermost first. A roster matters only if it accepts a ratio beyond
what the union holds already; then its own end is searched, and no other. A roster that rejects just beyond an end is
taken to reject further out as well: the test's p-value falls with the distance from the estimate.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.interval_search import EDGE_PRECISION, SCREENING_DOUBT, accepted_hull
from helpers.inference.randomisation import (
    LEVEL,
    RATIO_GRID,
    SCREENING_DRAWS,
    Experiment,
    invert,
    tail_margin,
)
from helpers.inference.roster_ranges import experiment_of, roster_totals, shared_experiment
from helpers.inference.worlds import roster_experiments
from helpers.study.design import Worlds

Array = npt.NDArray[np.float64]
Margin = Callable[[float], float]

BEYOND = float(np.exp(EDGE_PRECISION))
"""How much further out a roster is asked than the end so far: as exactly as an interval's own ends are known."""


def roster_union(
    analysis: Analysis, worlds: Worlds, estimand: Estimand, specification: Specification
) -> tuple[float, float]:
    """Return the smallest and the largest ratio minus one that the interval of any roster holds.

    Parameters
    ----------
    analysis : Analysis
        Built on the worlds' own design.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "worlds", "calendar_month", ("2023-01", "2023-02"), tuple("abcdefgh"),
    ...                 ("t",) * 8, ("x",), (1,), (0, 0, *[-1] * 6), 0)
    >>> rosters = Worlds(design, np.array([design.labels, (0, -1, 0, *[-1] * 5)], dtype=np.int8))
    >>> counts = np.column_stack([np.full(8, 50.0), [5.0, 50.0, 20.0, 50.0, 60.0, 40.0, 45.0, 55.0]])
    >>> analysis = Analysis("n", counts, design, n_draws=99, seed=1)
    >>> low, high = roster_union(analysis, rosters, Estimand("overall"), "two_way")
    >>> low < -0.75 < high
    True
    """
    shared = shared_experiment(analysis, worlds, specification)
    reference = experiment_of(analysis, worlds, shared, build_target(worlds.design, specification, estimand))
    totals = roster_totals(analysis, worlds, (estimand,), specification)[0]
    low, high = np.inf, 0.0
    for world in _outermost_first(totals):
        (experiment,) = roster_experiments(reference, worlds.labels[[world]])
        observed, expected = totals[world].tolist()
        low, high = _widened(experiment, (low, high), (observed, expected))
        if low == 0 and high == np.inf:
            break
    return low - 1, high - 1


def _outermost_first(totals: Array) -> Sequence[int]:
    """Return the rosters in the order lowest estimate, highest, second lowest, and so on; undefined ones last."""
    observed, expected = totals.T
    ratio = np.divide(observed, expected, out=np.full(len(totals), np.nan), where=expected > 0)
    rising = np.argsort(ratio, kind="stable")
    defined, undefined = rising[: np.isfinite(ratio).sum()], rising[np.isfinite(ratio).sum() :]
    turns = np.empty_like(defined)
    turns[0::2] = defined[: (len(defined) + 1) // 2]
    turns[1::2] = defined[::-1][: len(defined) // 2]
    return [*turns.tolist(), *undefined.tolist()]


def _widened(experiment: Experiment, ends: tuple[float, float], fitted: tuple[float, float]) -> tuple[float, float]:
    """Return a union widened to hold the interval of one more roster."""
    low, high = ends
    observed, expected = fitted
    if observed == 0 or expected == 0 or low > high:
        own = invert(experiment, experiment.statistics(), fitted)
        return min(low, own.low), max(high, own.high)
    is_exact = experiment.assignments.is_exact

    @cache
    def margin(ratio: float) -> float:
        return float(tail_margin(experiment.statistics(ratio).t, is_exact=is_exact))

    low, high = min(low, observed / expected), max(high, observed / expected)
    further = [low / BEYOND, high * BEYOND]
    may_accept = _first_look(experiment, [ratio for ratio in further if 0 < ratio < np.inf])
    if may_accept.get(further[0]) and margin(further[0]) > 0:
        low = _outer_end(margin, further[0], is_lower=True)
    if may_accept.get(further[1]) and margin(further[1]) > 0:
        high = _outer_end(margin, further[1], is_lower=False)
    return low, high


def _first_look(experiment: Experiment, ratios: Sequence[float]) -> dict[float, bool]:
    """Return which ratios the first relabellings do not clearly reject."""
    is_small = experiment.assignments.is_exact or len(experiment.assignments.labels) < 2 * SCREENING_DRAWS
    asked = experiment if is_small else experiment.first_draws(SCREENING_DRAWS)
    margins = tail_margin(asked.statistics(np.array(ratios)).t, is_exact=asked.assignments.is_exact)
    return {ratio: margin > -SCREENING_DOUBT for ratio, margin in zip(ratios, margins.tolist(), strict=True)}


def _outer_end(margin: Margin, accepted: float, *, is_lower: bool) -> float:
    """Return the outer end of the ratios accepted from an accepted one outwards."""
    grid = RATIO_GRID[accepted > RATIO_GRID] if is_lower else RATIO_GRID[accepted < RATIO_GRID]
    if not len(grid):
        return 0.0 if is_lower else np.inf
    tried = sorted([*grid.tolist(), accepted])
    hull = accepted_hull(margin, tried, first=[margin(ratio) for ratio in tried], tail=LEVEL / 2)
    assert hull is not None
    return hull[0] if is_lower else hull[1]
