"""Estimates and p-values of several effects over every roster that could be true, all at once and without intervals.

Under "no effect" the null model is the same whoever is labelled treated, so the rosters are tested as labellings of one
experiment. Where returns have gaps each roster is fitted anew, once for all effects.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from helpers.estimation.blocks import strata
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.randomisation import Experiment, assemble_experiment, build_experiment, share_at_least
from helpers.inference.relabellings import count_tied
from helpers.inference.worlds import WorldsRange
from helpers.study.design import Worlds

Array = npt.NDArray[np.float64]

KEPT_FITS = 1_024
"""Fits of one stratum kept while rosters are gone through: most of them differ in one town only."""


def roster_ranges(
    analysis: Analysis, worlds: Worlds, estimands: Sequence[Estimand], specification: Specification
) -> tuple[WorldsRange, ...]:
    """Return the range of each estimand over the admissible rosters; what `worlds_range` gives without intervals.

    Parameters
    ----------
    analysis : Analysis
        Built on the worlds' own design.

    Raises
    ------
    EstimationError
        If nothing of an estimand can be estimated under the specification.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "worlds", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"),
    ...                 ("t",) * 4, ("x",), (1,), (0, -1, -1, -1), 0)
    >>> rosters = Worlds(design, np.array([design.labels, (-1, 0, -1, -1)], dtype=np.int8))
    >>> counts = np.array([[20.0, 5.0], [20.0, 21.0], [30.0, 29.0], [10.0, 10.0]])
    >>> analysis = Analysis("n", counts, design, n_draws=9, seed=1)
    >>> (found,) = roster_ranges(analysis, rosters, [Estimand("overall")], "two_way")
    >>> found.estimates.round(2).tolist(), found.p_values.tolist()
    ([-0.75, 0.43], [0.25, 0.5])
    """
    shared = shared_experiment(analysis, worlds, specification)
    totals = None if shared.is_whole else roster_totals(analysis, worlds, estimands, specification)
    ranges = []
    for position, estimand in enumerate(estimands):
        reference = experiment_of(analysis, worlds, shared, build_target(worlds.design, specification, estimand))
        fitted = None if totals is None else totals[position]
        ranges.append(_range_of(analysis, worlds, specification, reference, fitted))
    return tuple(ranges)


def shared_experiment(analysis: Analysis, worlds: Worlds, specification: Specification) -> Experiment:
    """Return the experiment of the overall effect, whose relabellings serve every roster and estimand."""
    return build_experiment(
        analysis.outcome,
        worlds.design,
        specification,
        Estimand("overall"),
        n_draws=analysis.n_draws,
        seed=analysis.seed,
    )


def experiment_of(analysis: Analysis, worlds: Worlds, shared: Experiment, target: Target) -> Experiment:
    """Return the experiment of another estimand on the shared relabellings."""
    tied = count_tied(worlds.design.label_array, target.members, target)
    assignments = replace(shared.assignments, tied=tied)
    return assemble_experiment(analysis.outcome, worlds.design, target, assignments, shared.null_tested)


def roster_totals(
    analysis: Analysis, worlds: Worlds, estimands: Sequence[Estimand], specification: Specification
) -> Array:
    """Return observed and expected incidents over the reported cells, shape (number of estimands, n_worlds, 2).

    A stratum whose labels two rosters share is fitted once.
    """
    outcome, members = analysis.outcome, strata(worlds.design, specification)

    @lru_cache(maxsize=KEPT_FITS)
    def expected(stratum: int, labels: bytes) -> Array:
        own = worlds.design.with_wards(members[stratum]).with_labels(np.frombuffer(labels, dtype=np.int8).tolist())
        return impute_counterfactual(outcome[members[stratum]], own, "two_way").expected

    totals = np.empty((len(estimands), len(worlds), 2))
    for world, roster in enumerate(worlds.labels):
        cells = np.empty_like(outcome)
        for stratum, own in enumerate(members):
            cells[own] = expected(stratum, roster[own].tobytes())
        design = worlds.design.with_labels(roster.tolist())
        fit = Counterfactual(design, specification, outcome, cells, "iteration")
        totals[:, world] = [fit.total(estimand) for estimand in estimands]
    return totals


def _range_of(
    analysis: Analysis, worlds: Worlds, specification: Specification, reference: Experiment, fitted: Array | None
) -> WorldsRange:
    """Return the range of one estimand: the rosters take the place of relabellings in a second experiment."""
    drawn, target = reference.assignments, reference.target
    rosters = replace(drawn, labels=worlds.labels)
    found = assemble_experiment(analysis.outcome, worlds.design, target, rosters, reference.null_tested).statistics()
    observed, expected = (found.observed[1:], found.expected[1:]) if fitted is None else fitted.T
    others = reference.statistics().t[1:]
    p_values = [float(share_at_least(np.abs([t, *others]), is_exact=drawn.is_exact)) for t in found.t[1:].tolist()]
    ratio = np.divide(observed, expected, out=np.full(len(worlds), np.nan), where=expected > 0)
    return WorldsRange(
        specification=specification,
        reading=worlds.design.reading,
        estimand=target.estimand,
        worlds=worlds,
        estimates=ratio - 1,
        p_values=np.array(p_values),
        lows=np.full(len(worlds), np.nan),
        highs=np.full(len(worlds), np.nan),
        n_assignments=drawn.reported_count,
        smallest_p=drawn.smallest_p,
    )
