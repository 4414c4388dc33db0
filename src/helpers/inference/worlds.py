"""Effects over every roster that could be true.

Five members of the programme are named in no public source, but their number is known, so the admissible rosters can
be listed. All of them keep the cohort sizes, so under the null one shared set of relabellings is the reference for
each, and hundreds of rosters cost hundreds of fits instead of hundreds of tests.

The largest p-value answers "does it hold in every possible roster?". The share of rosters that reject answers nothing:
it is no probability, because no roster was drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.null_model import overdispersion, undo_programme
from helpers.inference.randomisation import TIE_TOLERANCE, build_experiment
from helpers.inference.statistic import memberships, studentise
from helpers.study.design import Worlds

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WorldsRange:
    """Range of one estimand over all admissible rosters.

    Attributes
    ----------
    specification, reading : str
    n_worlds : int
    estimates : ndarray, shape (n_worlds,)
        Observed / expected − 1 in each roster; −1 where nothing was observed.
    p_values : ndarray, shape (n_worlds,)
        Against "no effect anywhere", from the shared relabellings.
    """

    specification: Specification
    reading: str
    estimand: Estimand
    n_worlds: int
    estimates: Array
    p_values: Array


def worlds_range(analysis: Analysis, worlds: Worlds, estimand: Estimand, specification: Specification) -> WorldsRange:
    """Estimate one estimand in every admissible roster and test each against one shared reference.

    Not reported cells are filled with their null means, the same in every roster.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    outcome, draws = analysis.outcome, {"n_draws": analysis.n_draws, "seed": analysis.seed}
    experiment = build_experiment(outcome, worlds.design, specification, Estimand("overall"), **draws)
    target = build_target(worlds.design, specification, estimand)
    nulls = tuple(undo_programme(table, 1.0) for table in experiment.tables)
    kappa = overdispersion(nulls)
    reference = np.sort(np.abs(studentise(nulls, experiment.belongs, target, kappa).t[1:]))
    own = studentise(nulls, memberships(worlds.labels, target), target, kappa)
    size = np.abs(own.t)
    at_least = len(reference) - np.searchsorted(reference, size - TIE_TOLERANCE * np.maximum(1.0, size))
    is_exact = experiment.assignments.is_exact
    p_values = at_least / len(reference) if is_exact else (1 + at_least) / (1 + len(reference))
    ratio = np.divide(own.observed, own.expected, out=np.full_like(own.observed, np.nan), where=own.expected > 0)
    return WorldsRange(
        specification=specification,
        reading=worlds.design.reading,
        estimand=estimand,
        n_worlds=len(worlds),
        estimates=ratio - 1,
        p_values=np.asarray(p_values),
    )
