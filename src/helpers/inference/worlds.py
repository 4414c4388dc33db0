"""Effects over every roster that could be true.

Five members of the programme are named in no public source, but their number is known, so the admissible rosters can
be listed. All of them keep the cohort sizes, so under the null one shared set of relabellings is the reference for
each, and hundreds of rosters cost hundreds of fits instead of hundreds of tests. Only an interval depends on the
roster, because it undoes the programme where that roster says it was; the union of the intervals is what can be said
without knowing the roster.

The largest p-value answers "does it hold in every possible roster?". The share of rosters that reject answers nothing:
it is no probability, because no roster was drawn.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.group_sums import carry
from helpers.inference.randomisation import (
    Experiment,
    assemble_experiment,
    build_experiment,
    invert,
    two_sided_p,
)
from helpers.study.design import Labels, Worlds

Array = npt.NDArray[np.float64]

WORLDS_AT_A_TIME = 16
"""Rosters that a worker process takes at once."""


@dataclass(frozen=True, slots=True)
class WorldsRange:
    """Range of one estimand over all admissible rosters.

    Attributes
    ----------
    specification, reading : str
    estimand : Estimand
    worlds : Worlds
    estimates : ndarray, shape (n_worlds,)
        Observed / expected − 1 in each roster; −1 where nothing was observed.
    p_values : ndarray, shape (n_worlds,)
        Against "no effect anywhere", from the shared relabellings.
    lows, highs : ndarray, shape (n_worlds,)
        95% interval in each roster; NaN throughout when intervals were not asked for.
    """

    specification: Specification
    reading: str
    estimand: Estimand
    worlds: Worlds
    estimates: Array
    p_values: Array
    lows: Array
    highs: Array

    @property
    def n_worlds(self) -> int:
        """Return the number of admissible rosters."""
        return len(self.worlds)

    @property
    def largest_p(self) -> float:
        """Return the p-value that holds in every roster."""
        return float(self.p_values.max())

    @property
    def union(self) -> tuple[float, float]:
        """Return the union of the intervals: it holds the true effect at least as often as the true roster's does."""
        return float(self.lows.min()), float(self.highs.max())

    def drivers(self) -> pd.DataFrame:
        """Return, per ward of unknown status, how the estimate differs with it among the model wards and without.

        Returns
        -------
        DataFrame
            ``ward_id``, ``with_ward``, ``without_ward`` (mean log ratio over those rosters, as ratio − 1) and
            ``is_in_lowest``, ``is_in_highest`` (of the rosters with the smallest and the largest estimate). Sorted by
            ward: what drives the range is a membership, and it is no ranking of wards.
        """
        labels = self.worlds.labels
        usable = np.isfinite(self.estimates) & (self.estimates > -1)
        logs = np.log1p(np.where(usable, self.estimates, 0.0))
        lowest, highest = int(np.nanargmin(self.estimates)), int(np.nanargmax(self.estimates))
        rows = []
        for ward in np.flatnonzero((labels != labels[0]).any(axis=0)):
            is_in = labels[:, ward] >= 0
            means = [float(np.expm1(logs[usable & own].mean())) for own in (is_in, ~is_in)]
            extremes = bool(is_in[lowest]), bool(is_in[highest])
            rows.append((self.worlds.design.ward_ids[ward], *means, *extremes))
        columns = ["ward_id", "with_ward", "without_ward", "is_in_lowest", "is_in_highest"]
        return pd.DataFrame(rows, columns=columns)


def worlds_range(
    analysis: Analysis,
    worlds: Worlds,
    estimand: Estimand,
    specification: Specification,
    *,
    has_intervals: bool = False,
    workers: int = 1,
) -> WorldsRange:
    """Estimate one estimand in every admissible roster and test each against one shared reference.

    Parameters
    ----------
    analysis : Analysis
        Built on the worlds' own design.
    has_intervals : bool
        Whether each roster's 95% interval is computed too (much the larger part of the work).
    workers : int
        Processes; the result is the same to the bit for any number.

    Notes
    -----
    Not reported cells are filled with their null means, the same in every roster.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    draws = {"n_draws": analysis.n_draws, "seed": analysis.seed}
    shared = build_experiment(analysis.outcome, worlds.design, specification, Estimand("overall"), **draws)
    target = build_target(worlds.design, specification, estimand)
    reference = assemble_experiment(analysis.outcome, worlds.design, target, shared.assignments, shared.null_tested)
    measure = partial(_measure, reference, has_intervals)
    batches = [worlds.labels[first : first + WORLDS_AT_A_TIME] for first in range(0, len(worlds), WORLDS_AT_A_TIME)]
    if workers == 1:
        measured = [row for batch in batches for row in measure(batch)]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            measured = [row for rows in pool.map(measure, batches) for row in rows]
    estimates, p_values, lows, highs = np.array(measured).T
    return WorldsRange(specification, worlds.design.reading, estimand, worlds, estimates, p_values, lows, highs)


def _measure(reference: Experiment, has_intervals: bool, batch: Labels) -> list[tuple[float, float, float, float]]:
    """Return estimate, p-value and interval of some rosters."""
    return [_measured(own, has_intervals) for own in _experiments(reference, batch)]


def _experiments(reference: Experiment, batch: Labels) -> Iterator[Experiment]:
    """Yield the experiment of each roster: the same tables and relabellings, another actual labelling."""
    blocks = reference.target.blocks
    for roster in batch:
        treated = blocks.treated[roster]
        carried = []
        for members, own in zip(reference.target.members, reference.carried, strict=True):
            labels = own.labels.copy()
            labels[:, 0] = roster[members]
            carried.append(carry(replace(own.table, treated=treated[members]), labels, own.cohorts))
        yield replace(reference, carried=tuple(carried))


def _measured(experiment: Experiment, has_intervals: bool) -> tuple[float, float, float, float]:
    at_one = experiment.statistics()
    observed, expected = float(at_one.observed[0]), float(at_one.expected[0])
    estimate = observed / expected - 1 if expected > 0 else np.nan
    p_value = two_sided_p(at_one.t, is_exact=experiment.assignments.is_exact)
    low, high = invert(experiment, at_one) if has_intervals else (np.nan, np.nan)
    return estimate, p_value, low - 1, high - 1
