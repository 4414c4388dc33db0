"""Observed and expected incidents of an estimand, from as few sums as the ladder needs.

The chain-ladder sees a labelling only through sums over the groups still untreated. Like the groups' own sums they are
linear in what is added up, so they are carried to a hypothetical ratio as they are, and blocks that the ladder treats
alike are taken together. Where nobody still untreated had an incident before a block the ladder starts again there, and
is climbed block by block.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from helpers.estimation.chain_ladder import climb

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rung:
    """Consecutive blocks in which the same groups are untreated and the same groups count in the estimand.

    Attributes
    ----------
    first, after : int
        The first block, and the one after the last.
    untreated, wanted : tuple of int
        Those groups.
    closing : tuple of int
        Groups untreated in the rung before and no longer in this one.
    is_new : bool
        Whether what it stands on is another sum than the one before: fewer groups are left, or it is the first.
    """

    first: int
    after: int
    untreated: tuple[int, ...]
    wanted: tuple[int, ...]
    closing: tuple[int, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of one stratum's estimand, from the second block to the last that counts.

    Attributes
    ----------
    untreated, mask : ndarray of bool, shape (G, K)
        The staircase, and the estimand's cells.
    rungs : tuple of Rung
    wanted : tuple of int
        Groups of which anything counts in the estimand.
    """

    untreated: Mask
    mask: Mask
    rungs: tuple[Rung, ...]
    wanted: tuple[int, ...]

    def add_up(self, sums: Array) -> list[Array]:
        """Return the sums that `climb` takes, in its order, each of shape (..., B); `sums` has shape (G, K, ..., B).

        Of each rung its untreated sums and, where fewer groups are left than before, what these had before it; then the
        untreated sums of each wanted group, and the estimand's own sum.
        """
        rows = []
        for rung in self.rungs:
            own = list(rung.untreated)
            rows.append(sums[own, rung.first : rung.after].sum(axis=(0, 1)))
            if rung.is_new:
                rows.append(sums[own, : rung.first].sum(axis=(0, 1)))
        bases = [sums[group][self.untreated[group]].sum(axis=0) for group in self.wanted]
        return [*rows, *bases, sums[self.mask].sum(axis=0)]

    def is_unbroken(self, rows: Sequence[Array]) -> bool:
        """Return whether every rung stands on incidents before it, in every labelling."""
        at = 0
        for rung in self.rungs:
            if rung.is_new and not rows[at + 1].all():
                return False
            at += 1 + rung.is_new
        return bool(self.untreated[:, 0].all())

    def climb(self, rows: Sequence[Array]) -> tuple[Array, Array]:
        """Return the estimand's observed and expected sums, each of shape (..., B), given unbroken rows."""
        row = iter(rows)
        reach: Array | float = 1.0
        scale: Array | float = 1.0
        spans: dict[int, Array | float] = {}
        growth: dict[int, Array | float] = dict.fromkeys(self.wanted, 0.0)
        for rung in self.rungs:
            increment = next(row)
            spans |= dict.fromkeys(rung.closing, reach)
            if rung.is_new:
                scale = reach / next(row)
            factor = increment * scale
            reach = reach + factor
            growth |= {group: growth[group] + factor for group in rung.wanted}
        shares = [next(row) * growth[group] / spans[group] for group in self.wanted]
        return next(row), np.asarray(sum(shares))

    def observed_and_expected(self, sums: Array) -> tuple[Array, Array]:
        """Return the estimand's observed and expected sums from the group × block sums, shape (G, K, ..., B)."""
        rows = self.add_up(sums)
        if self.is_unbroken(rows):
            return self.climb(rows)
        fitted = climb(sums, self.untreated)
        return (sums[self.mask] * fitted.known[self.mask]).sum(axis=0), fitted.expected()[self.mask].sum(axis=0)


def build_ladder(untreated: Mask, mask: Mask) -> Ladder:
    """Return the ladder of an estimand's cells in one stratum.

    Parameters
    ----------
    untreated : ndarray of bool, shape (G, K)
        The staircase: once False along a row, False from there on.
    mask : ndarray of bool, shape (G, K)
        The estimand's cells; some group is untreated in the block of each.

    Examples
    --------
    A treated and a comparison group, 10 and 20 incidents before, the comparison 30 after: 15 expected.

    >>> ladder = build_ladder(np.array([[True, False], [True, True]]), np.array([[False, True], [False, False]]))
    >>> ladder.observed_and_expected(np.array([[[10.0], [9.0]], [[20.0], [30.0]]]))
    (array([9.]), array([15.]))
    """
    last = int(np.flatnonzero(mask.any(axis=0))[-1])
    alike = groupby(range(1, last + 1), key=lambda block: (*untreated[:, block], *mask[:, block]))
    rungs: list[Rung] = []
    before = _groups(untreated[:, 0])
    for blocks in (list(own) for _, own in alike):
        now, wanted = _groups(untreated[:, blocks[0]]), _groups(mask[:, blocks[0]])
        closing = tuple(group for group in before if group not in now)
        is_new = bool(closing) or not rungs
        rungs.append(Rung(blocks[0], blocks[-1] + 1, now, wanted, closing, is_new))
        before = now
    return Ladder(untreated, mask, tuple(rungs), _groups(np.asarray(mask.any(axis=1))))


def _groups(chosen: Mask) -> tuple[int, ...]:
    return tuple(np.flatnonzero(chosen).tolist())
