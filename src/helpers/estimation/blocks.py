"""Periods collapsed into blocks: all that a two-way count model needs to know about time.

Within a block every cohort stays in one state, so the Poisson likelihood depends on the data only through ward × block
sums. Two cohorts with donuts make five blocks out of sixty months, and a reassignment of treatment only adds up other
rows of the same small table. That is what makes ten thousand reassignments cheap.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.estimation.specification import Specification
from helpers.study.design import DONUT, NEVER, TREATED, UNTREATED, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Runs of periods in which no cohort changes state.

    Attributes
    ----------
    firsts : ndarray of int, shape (K,)
        Position of each block's first period.
    period_count : int
        Number of periods P in the window.
    states : ndarray of int8, shape (G, K)
        State of each group in each block. Groups are the design's cohorts in order, then the never treated; so
        G = number of cohorts + 1.
    """

    firsts: npt.NDArray[np.intp]
    period_count: int
    states: npt.NDArray[np.int8]

    @property
    def untreated(self) -> Mask:
        """Return where a group may fit the counterfactual, shape (G, K)."""
        return np.asarray(self.states == UNTREATED)

    @property
    def treated(self) -> Mask:
        """Return where a group is treated, shape (G, K)."""
        return np.asarray(self.states == TREATED)

    def sums(self, cells: Array) -> Array:
        """Add up cells over the periods of each block: (..., P) to (..., K)."""
        return np.asarray(np.add.reduceat(cells, self.firsts, axis=-1))


def build_blocks(design: Design, extra_edges: Iterable[int] = ()) -> Blocks:
    """Return the blocks of a design, split further at `extra_edges` (period positions)."""
    count = len(design.periods)
    edges = {0, *design.starts, *design.cutoffs, *extra_edges}
    firsts = np.array(sorted(edge for edge in edges if 0 <= edge < count), dtype=np.intp)
    states = np.full((len(design.cohorts) + 1, len(firsts)), UNTREATED, dtype=np.int8)
    for cohort, (start, cutoff) in enumerate(zip(design.starts, design.cutoffs, strict=True)):
        states[cohort, firsts >= cutoff] = DONUT
        states[cohort, firsts >= start] = TREATED
    return Blocks(firsts=firsts, period_count=count, states=states)


def strata(design: Design, specification: Specification) -> tuple[npt.NDArray[np.intp], ...]:
    """Return the ward positions that share period effects: all wards, or (town × period) those of each town."""
    if specification == "two_way":
        return (np.arange(len(design.ward_ids), dtype=np.intp),)
    towns = np.array(design.town_codes)
    return tuple(np.flatnonzero(towns == town) for town in sorted(set(design.town_codes)))


def estimable(design: Design, blocks: Blocks, members: npt.NDArray[np.intp]) -> Mask:
    """Return which treated group × block sums have a counterfactual inside one stratum, shape (G, K).

    A block is estimable if some ward of the stratum is untreated in it (and not in a donut); the group itself must
    have a ward in the stratum.
    """
    present = np.asarray(group_members(design)[:, members].any(axis=1))
    has_comparison = (blocks.untreated & present[:, None]).any(axis=0)
    return np.asarray(blocks.treated & present[:, None] & has_comparison)


def group_members(design: Design) -> Mask:
    """Return which ward belongs to which group, shape (G, W); the last group is the never treated."""
    labels = design.label_array
    groups = [labels == cohort for cohort in range(len(design.cohorts))]
    return np.array([*groups, labels == NEVER])
