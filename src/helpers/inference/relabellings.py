"""Which relabellings the effect of an estimand is set against, and how many of them cannot be told apart.

An effect over part of the window is looked at in a design that ends with it: a cohort that starts later is untreated
there, so its wards lend themselves to relabelling like the never treated, and nothing that happened to them afterwards
enters. Labels that the statistic cannot see are no further relabellings.

References: fisher1935, ding2018 (randomisation tests).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.estimands import ALL_COHORTS, Estimand, Target
from helpers.inference.assignments import Assignments, Positions, arrangement_count, reassign
from helpers.inference.group_sums import add_up
from helpers.inference.rungs import build_ladder
from helpers.study.design import NEVER, Design, Labels

Array = npt.NDArray[np.float64]

WHOLE_WINDOW = ("overall", "cohort", "cohort_before_next")
"""Estimands that last to the end of their design: their relabellings are those of the design as it is."""
OF_THE_COHORT, ANYWHERE = "no effect of this cohort", "no effect anywhere"
MIRROR_TOLERANCE = 1e-9
"""Of the sum of two log ratios that cancel: far above rounding, far below what other labellings leave."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The relabellings of one test.

    Attributes
    ----------
    assignments : Assignments
    null_tested : str
        "no effect of this cohort", or "no effect anywhere" when all treatment paths change hands.
    """

    assignments: Assignments
    null_tested: str


def ending_with(design: Design, estimand: Estimand) -> Design:
    """Return the design cut after the estimand's last period; unchanged for an estimand that lasts to the end.

    Examples
    --------
    >>> months = ("2023-01", "2023-02", "2023-03", "2023-04")
    >>> design = Design("s", "main", "A", "given", "calendar_month", months, tuple("abc"), ("t",) * 3, ("x", "y"),
    ...                 (1, 3), (0, 1, -1), 0)
    >>> ending_with(design, Estimand("relative_period", "x", 0, 1)).labels
    (0, -1, -1)
    """
    if estimand.kind in WHOLE_WINDOW:
        return design
    last = max((estimand.window(design, cohort).stop for cohort in range(len(design.cohorts))), default=0)
    return design.until(last) if 0 < last < len(design.periods) else design


def choose_relabellings(
    design: Design, target: Target, *, n_draws: int, seed: int, level: float, user_strata: Sequence[str] | None = None
) -> Scheme:
    """Return the relabellings of an estimand in a design that ends with it (`ending_with`).

    One cohort is relabelled against the wards untreated throughout, the other cohorts' labels held; where that cannot
    reject at `level`, all treatment paths change hands and the null is that there is no effect anywhere.

    Parameters
    ----------
    user_strata : sequence of str, optional
        A label per ward: paths then change hands only inside the same label and stratum of the specification.

    Raises
    ------
    EstimationError
        If the user's strata are not one label per ward, or leave nothing that could change hands.
    """
    labels, estimand = design.label_array, target.estimand
    pools = _pools(target, len(labels), user_strata)
    is_one = estimand.cohort != ALL_COHORTS
    if is_one and len(design.cohorts) > 1:
        lent = np.isin(labels, [design.cohorts.index(estimand.cohort), NEVER])
        held = _listed(labels, [pool[lent[pool]] for pool in pools], target, n_draws, seed)
        if held.smallest_p <= level:
            return Scheme(held, OF_THE_COHORT)
    every = _listed(labels, pools, target, n_draws, seed)
    if user_strata is not None and every.count == 1:
        raise EstimationError(
            "With these strata no treatment path can change hands: each stratum holds model wards only, or comparison "
            "wards only. Make the strata wider, so that some hold both."
        )
    return Scheme(every, OF_THE_COHORT if is_one and len(design.cohorts) == 1 else ANYWHERE)


def _pools(target: Target, wards: int, user_strata: Sequence[str] | None) -> list[Positions]:
    """Return the wards among which labels change hands, one pool per stratum and user's label."""
    members = target.members
    if target.estimand.kind not in WHOLE_WINDOW:
        members = tuple(own for own, mask in zip(members, target.masks, strict=True) if mask.any())
    if user_strata is None:
        return list(members)
    if len(user_strata) != wards:
        raise EstimationError(f"There are {len(user_strata)} stratum labels for {wards} wards. Give one per ward.")
    names = np.array(list(user_strata), dtype=np.str_)
    return [own[names[own] == name] for own in members for name in np.unique(names[own])]


def _listed(labels: Labels, pools: Sequence[Positions], target: Target, n_draws: int, seed: int) -> Assignments:
    found = reassign(labels, pools, n_draws=n_draws, seed=seed)
    return replace(found, tied=count_tied(labels, pools, target))


def count_tied(labels: Labels, pools: Sequence[Positions], target: Target) -> int:
    """Return how many relabellings share each |T|: those of strata without an estimable cell, and mirror images.

    Examples
    --------
    Two of four wards against the other two: exchanging them turns T into −T.

    >>> from helpers.estimation.estimands import build_target
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, 0, -1, -1), 0)
    >>> count_tied(design.label_array, [np.arange(4)], build_target(design, "two_way", Estimand("overall")))
    2
    """
    used = np.zeros(len(labels), dtype=bool)
    for own, mask in zip(target.members, target.masks, strict=True):
        used[own] = mask.any()
    idle = math.prod(arrangement_count(labels[pool]) for pool in pools if len(pool) and not used[pool[0]])
    return idle * (2 if _has_mirror(labels, [pool for pool in pools if len(pool) and used[pool[0]]], target) else 1)


def _has_mirror(labels: Labels, pools: Sequence[Positions], target: Target) -> bool:
    """Return whether some exchange of labels turns O/E into E/O, and so T into −T, in any table of counts.

    An identity of rational functions that holds at one arbitrary point holds everywhere.
    """
    for mirrored in _exchanges(labels, pools):
        observed, expected = _totals(np.stack([labels, mirrored]), target)
        if (expected > 0).all() and abs(np.log(observed / expected).sum()) < MIRROR_TOLERANCE:
            return True
    return False


def _exchanges(labels: Labels, pools: Sequence[Positions]) -> Iterator[Labels]:
    """Yield the labellings that can be mirror images: two labels equally frequent in every pool change places.

    These are the halves of every pool, where no pool has a third label, and any two labels, where all others stay.
    """
    counted = [dict(zip(*np.unique(labels[pool], return_counts=True), strict=True)) for pool in pools]
    if any(len(own) == 2 for own in counted) and all(len(own) <= 2 and len({*own.values()}) == 1 for own in counted):
        halves = labels.copy()
        for pool, own in zip(pools, counted, strict=True):
            halves[pool] = min(own) + max(own) - labels[pool]
        yield halves
    for first, second in itertools.combinations(sorted(set().union(*counted)), 2):
        if all(own.get(first, 0) == own.get(second, 0) for own in counted):
            places = np.zeros(len(labels), dtype=bool)
            places[np.concatenate(pools)] = True
            exchanged = labels.copy()
            exchanged[places & (labels == first)], exchanged[places & (labels == second)] = second, first
            yield exchanged


def _totals(labels: Labels, target: Target) -> tuple[Array, Array]:
    """Return the estimand's observed and expected sums in an arbitrary table, one entry per labelling."""
    sums = 1.0 + np.random.default_rng(0).random((labels.shape[1], len(target.blocks.firsts)))
    observed, expected = np.zeros(len(labels)), np.zeros(len(labels))
    for own, mask in zip(target.members, target.masks, strict=True):
        if mask.any():
            grouped = add_up(sums[own].T, labels[:, own], len(mask) - 1)
            counted, imputed = build_ladder(target.blocks.untreated, mask).observed_and_expected(grouped)
            observed, expected = observed + counted, expected + imputed
    return observed, expected
