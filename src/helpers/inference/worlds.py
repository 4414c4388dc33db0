"""Effects over every roster that could be true.

Five members of the programme are named in no public source, but their number is known, so the admissible rosters can
be listed. All of them keep the cohort sizes, so under the null one shared set of relabellings is the reference for
each, and hundreds of rosters cost hundreds of fits instead of hundreds of tests. Only an interval depends on the
roster, because it undoes the programme where that roster says it was; the union of the intervals is what can be said
without knowing the roster.

The largest p-value answers "does it hold in every possible roster?". The share of rosters that reject answers nothing:
it is no probability, because no roster was drawn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.estimation.count_imputation import impute_counterfactual
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
from helpers.inference.relabellings import count_tied
from helpers.study.design import Design, Labels, Worlds

Array = npt.NDArray[np.float64]
Measured = tuple[float, float, float, float]
"""Estimate, p-value and both ends of the interval of one roster."""
Refit = Callable[[Labels], tuple[float, float]]
"""Gives observed and expected incidents of a roster, where returns have gaps."""

WORLDS_AT_A_TIME = 8
"""Rosters that a worker process takes at once: few, so that all end at about the same time."""
DRIVER_COLUMNS = ("ward_id", "with_ward", "without_ward", "is_in_lowest", "is_in_highest")
SAME = 1e-9
"""Estimates of two rosters closer than this are the same: the roster differs where the estimand does not look."""


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
    n_assignments, smallest_p : float
        Of the shared relabellings, as in `EffectRow`; which of them cannot differ depends on the estimand.
    """

    specification: Specification
    reading: str
    estimand: Estimand
    worlds: Worlds
    estimates: Array
    p_values: Array
    lows: Array
    highs: Array
    n_assignments: float
    smallest_p: float

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

    def extreme_members(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the wards of unknown status that every roster with the smallest, and with the largest, estimate holds.

        Rosters may share an extreme; a ward that only some of them hold has no part in it, and a ward that both
        extremes hold drives nothing.
        """
        labels, estimates = self.worlds.labels, self.estimates
        is_open = (labels != labels[0]).any(axis=0)
        if not np.isfinite(estimates).any():
            return (), ()
        ends = (np.nanmin(estimates), np.nanmax(estimates))
        held = [(labels[np.isclose(estimates, end, rtol=SAME, atol=SAME)] >= 0).all(axis=0) & is_open for end in ends]
        lowest, highest = held[0] & ~held[1], held[1] & ~held[0]
        ids = np.array(self.worlds.design.ward_ids)
        return tuple(ids[lowest].tolist()), tuple(ids[highest].tolist())

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
        return pd.DataFrame(rows, columns=list(DRIVER_COLUMNS))


def worlds_range(
    analysis: Analysis,
    worlds: Worlds,
    estimand: Estimand,
    specification: Specification,
    *,
    has_intervals: bool = False,
    workers: int | Executor = 1,
) -> WorldsRange:
    """Estimate one estimand in every admissible roster and test each against one shared reference.

    Parameters
    ----------
    analysis : Analysis
        Built on the worlds' own design.
    has_intervals : bool
        Whether each roster's 95% interval is computed too (much the larger part of the work).
    workers : int or Executor
        Processes, or `worker_processes` that serve several calls; the result is the same to the bit for any number.

    Notes
    -----
    For p-values and intervals not reported cells are filled with their null means, the same in every roster. Where
    there are any, each roster's estimate is fitted anew to the reported cells: filled sums would pull it towards zero.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    n_draws, seed = analysis.n_draws, analysis.seed
    shared = build_experiment(
        analysis.outcome, worlds.design, specification, Estimand("overall"), n_draws=n_draws, seed=seed
    )
    target = build_target(worlds.design, specification, estimand)
    tied = count_tied(worlds.design.label_array, target.members, target)
    assignments = replace(shared.assignments, tied=tied)
    reference = assemble_experiment(analysis.outcome, worlds.design, target, assignments, shared.null_tested)
    light = replace(reference, carried=tuple(own.without_sums() for own in reference.carried))
    refit = None if reference.is_whole else partial(_totals, analysis.outcome, worlds.design, specification, estimand)
    measure = partial(_measure, light, has_intervals, refit)
    batches = [worlds.labels[first : first + WORLDS_AT_A_TIME] for first in range(0, len(worlds), WORLDS_AT_A_TIME)]
    measured = [row for rows in _map(measure, batches, workers) for row in rows]
    estimates, p_values, lows, highs = np.array(measured).T
    return WorldsRange(
        specification=specification,
        reading=worlds.design.reading,
        estimand=estimand,
        worlds=worlds,
        estimates=estimates,
        p_values=p_values,
        lows=lows,
        highs=highs,
        n_assignments=assignments.reported_count,
        smallest_p=assignments.smallest_p,
    )


def worker_processes(count: int) -> ProcessPoolExecutor:
    """Return processes for `worlds_range`, to be closed by `with`. Starting them takes seconds, so they are shared."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def _map(
    measure: Callable[[Labels], list[Measured]], batches: Sequence[Labels], workers: int | Executor
) -> Iterable[list[Measured]]:
    if isinstance(workers, Executor):
        return workers.map(measure, batches)
    if workers == 1:
        return map(measure, batches)
    with worker_processes(workers) as pool:
        return list(pool.map(measure, batches))


def _totals(
    outcome: Array, design: Design, specification: Specification, estimand: Estimand, roster: Labels
) -> tuple[float, float]:
    """Return observed and expected incidents of one roster over the cells it was reported in."""
    return impute_counterfactual(outcome, design.with_labels(roster.tolist()), specification).total(estimand)


def _measure(reference: Experiment, has_intervals: bool, refit: Refit | None, batch: Labels) -> list[Measured]:
    """Return estimate, p-value and interval of some rosters."""
    fitted = [None if refit is None else refit(roster) for roster in batch]
    own = zip(roster_experiments(reference, batch), fitted, strict=True)
    return [_measured(experiment, has_intervals, totals) for experiment, totals in own]


def roster_experiments(reference: Experiment, batch: Labels) -> Iterator[Experiment]:
    """Yield the experiment of each roster: the same tables and relabellings, another actual labelling."""
    blocks = reference.target.blocks
    for roster in batch:
        treated = blocks.treated[roster]
        carried = []
        for members, own in zip(reference.target.members, reference.carried, strict=True):
            table = replace(own.table, treated=treated[members])
            carried.append(carry(table, own.labellings.with_actual(roster[members]), own.cohorts, own.ladder))
        yield replace(reference, carried=tuple(carried))


def _measured(experiment: Experiment, has_intervals: bool, fitted: tuple[float, float] | None) -> Measured:
    at_one = experiment.statistics()
    observed, expected = fitted or (float(at_one.observed[0]), float(at_one.expected[0]))
    estimate = observed / expected - 1 if expected > 0 else np.nan
    p_value = two_sided_p(at_one.t, is_exact=experiment.assignments.is_exact)
    if not has_intervals:
        return estimate, p_value, np.nan, np.nan
    interval = invert(experiment, at_one, fitted)
    return estimate, p_value, interval.low - 1, interval.high - 1
