"""Relabellings of treatment: which wards could have had which treatment path.

Nothing was assigned at random here. A randomisation p-value is valid "under as-if-random assignment among the listed
relabellings", and these are the lists: whole treatment paths change hands, cohort sizes are kept, and a stratum (all
wards, or a town) never gives a path to another.
"""

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from helpers.study.design import Labels

Positions = npt.NDArray[np.intp]

KEPT = 2
"""Sets of relabellings kept in memory: those of an estimate and those of its event study."""

SHUFFLED_CELLS = 2**14
"""Entries shuffled at once: as machine words they stay in the processor's fast memory."""


@dataclass(frozen=True, slots=True)
class Assignments:
    """A set of relabellings, all of them or a random sample.

    Attributes
    ----------
    labels : ndarray of int8, shape (B, W)
        One relabelling a row. All of them when ``is_exact``; the actual labelling is then one of the rows.
    count : int
        Number of distinct relabellings there are.
    is_exact : bool
        Whether `labels` lists them all.
    tied : int
        How many of them share each |T| whatever the data are (`helpers.inference.relabellings`).
    """

    labels: Labels
    count: int
    is_exact: bool
    tied: int = 1

    @property
    def smallest_p(self) -> float:
        """Return the smallest p-value that can come out.

        Examples
        --------
        Two of four wards: each labelling has a mirror image with the same |T|.

        >>> Assignments(np.zeros((6, 4), dtype=np.int8), 6, is_exact=True, tied=2).smallest_p
        0.3333333333333333
        """
        shared = self.tied / self.count
        return shared if self.is_exact else max(shared, 1 / (1 + len(self.labels)))

    @property
    def reported_count(self) -> float:
        """Return `count` as tables hold it."""
        return reported_count(self.count)

    def mc_error(self, p_value: float) -> float:
        """Return the Monte-Carlo standard error of a p-value; 0 when all relabellings are listed."""
        return 0.0 if self.is_exact else math.sqrt(p_value * (1 - p_value) / len(self.labels))


def reported_count(count: int) -> float:
    """Return a number of relabellings as a float; infinite beyond what one holds, as thousands of wards have it.

    Examples
    --------
    >>> reported_count(64), reported_count(10**400)
    (64.0, inf)
    """
    return float(count) if count.bit_length() < sys.float_info.max_exp else math.inf


def reassign(actual: Labels, pools: Sequence[Positions], *, n_draws: int, seed: int) -> Assignments:
    """Return relabellings in which the labels inside each pool change hands; wards in no pool keep theirs.

    Parameters
    ----------
    actual : ndarray of int8, shape (W,)
        The labels as they are.
    pools : sequence of ndarray of int
        Disjoint sets of ward positions.
    n_draws : int
        Relabellings to draw; all are listed instead when there are no more than this.
    seed : int
        The same seed and pools give the same draws, so indicators and specifications share them.

    Examples
    --------
    >>> import numpy as np
    >>> listed = reassign(np.array([0, -1, -1], dtype=np.int8), [np.arange(3)], n_draws=99, seed=1)
    >>> listed.count, listed.is_exact, listed.labels.tolist()
    (3, True, [[-1, -1, 0], [-1, 0, -1], [0, -1, -1]])
    """
    return _reassign(actual.tobytes(), tuple(pool.astype(np.intp).tobytes() for pool in pools), n_draws, seed)


@lru_cache(maxsize=KEPT)
def _reassign(actual_bytes: bytes, pool_bytes: tuple[bytes, ...], n_draws: int, seed: int) -> Assignments:
    """Return relabellings; the last few are kept, because an event study asks for the same ones bin after bin."""
    actual = np.frombuffer(actual_bytes, dtype=np.int8)
    pools = [np.frombuffer(pool, dtype=np.intp) for pool in pool_bytes]
    count = math.prod(arrangement_count(actual[pool]) for pool in pools)
    if count <= n_draws:
        labels = _all(actual, pools, count)
    else:
        rng = np.random.default_rng(seed)
        labels = np.tile(actual, (n_draws, 1))
        for pool in pools:
            _shuffle(labels, pool, rng)
    labels.flags.writeable = False
    return Assignments(labels, count, is_exact=count <= n_draws)


def _shuffle(labels: Labels, pool: Positions, rng: np.random.Generator) -> None:
    """Shuffle each row's labels inside a pool, in place; as machine words, which takes half the time of bytes."""
    step = max(1, SHUFFLED_CELLS // max(1, len(pool)))
    for first in range(0, len(labels), step):
        rows = labels[first : first + step]
        rows[:, pool] = rng.permuted(rows[:, pool].astype(np.intp), axis=1)


def arrangement_count(labels: Labels) -> int:
    """Return in how many orders some labels can stand.

    Examples
    --------
    >>> arrangement_count(np.array([0, -1, -1], dtype=np.int8))
    3
    """
    _, sizes = np.unique(labels, return_counts=True)
    return math.factorial(len(labels)) // math.prod(math.factorial(int(size)) for size in sizes)


def _all(actual: Labels, pools: Sequence[Positions], count: int) -> Labels:
    labels = np.tile(actual, (count, 1))
    for row, arrangement in enumerate(itertools.product(*(list(_arrangements(actual[pool])) for pool in pools))):
        for pool, own in zip(pools, arrangement, strict=True):
            labels[row, pool] = own
    return labels


def _arrangements(labels: Labels) -> Iterator[tuple[int, ...]]:
    """Yield the distinct orders of some labels, in lexicographic order."""
    values, sizes = np.unique(labels, return_counts=True)
    left = dict(zip(values.tolist(), sizes.tolist(), strict=True))

    def extend(prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(prefix) == len(labels):
            yield prefix
            return
        for value in left:
            if left[value]:
                left[value] -= 1
                yield from extend((*prefix, value))
                left[value] += 1

    return extend(())
