"""Sums by group for every relabelling: all that a relabelling changes.

A relabelling moves whole ward rows between groups, so the fit and its standard error need six kinds of row sums only.
Under H_r each of them is a polynomial in q = 1/r, so they are added up once and *carried* to every hypothetical ratio.
With gaps in the returns the null means, and with them the filled sums, depend on r otherwise: they are added up anew.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from helpers.inference.null_model import NullTable, WardTable
from helpers.study.design import Labels

Array = npt.NDArray[np.float64]

MOST_CELLS = 2**22
"""Entries of the 0/1 matrix of wards × relabellings held at a time (32 MB)."""


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Sums of one stratum's ward rows by group; G groups (the never treated last), ``...`` simulated copies.

    Attributes
    ----------
    sums : ndarray, shape (G, K, ..., B)
        Incidents with the programme undone.
    level, square : ndarray, shape (G, ..., B)
        Sums of the ward factors of the null means, and of their squares.
    undone : ndarray, shape (H, G, ..., B)
        Ward factors of the wards that were actually treated, for each of H histories: sets of wards treated together.
    history : tuple of int, length K
        Which history was under treatment in a block; −1 for none.
    columns : ndarray, shape (..., K)
        Block factors of the null means.
    carried : float or ndarray, shape (..., 1)
        q = 1/r.
    """

    sums: Array
    level: Array
    square: Array
    undone: Array
    history: tuple[int, ...]
    columns: Array
    carried: float | Array

    @property
    def is_as_counted(self) -> bool:
        """Return whether nothing was undone: r = 1."""
        return isinstance(self.carried, float) and self.carried == 1.0


def add_up(rows: Array, labels: Labels, cohorts: int) -> Array:
    """Add ward rows up by group.

    Parameters
    ----------
    rows : ndarray, shape (N, ..., W)
    labels : ndarray of int8, shape (W, B)

    Returns
    -------
    ndarray, shape (G, N, ..., B)

    Examples
    --------
    >>> add_up(np.array([[1.0, 2.0, 4.0]]), np.array([[0], [-1], [-1]], dtype=np.int8), 1)[:, 0, 0]
    array([1., 6.])
    """
    wards, count = labels.shape
    out = np.empty((cohorts + 1, *rows.shape[:-1], count))
    step = max(1, MOST_CELLS // max(1, wards))
    for first in range(0, count, step):
        chosen = slice(first, first + step)
        for cohort in range(cohorts):
            out[cohort, ..., chosen] = rows @ (labels[:, chosen] == cohort).astype(float)
    out[-1] = rows.sum(axis=-1)[..., None] - out[:-1].sum(axis=0)
    return out


def group_null(null: NullTable, labels: Labels, cohorts: int) -> GroupSums:
    """Return the group sums of one null table for every relabelling."""
    histories, history = _histories(null.scale != 1.0)
    rows = null.rows
    stack = [*np.moveaxis(null.sums, -1, 0), rows, rows**2, *(rows * own for own in histories)]
    added = add_up(np.stack(stack), labels, cohorts)
    return _assembled(added, null, history)


def _assembled(added: Array, null: NullTable, history: tuple[int, ...]) -> GroupSums:
    blocks = null.sums.shape[-1]
    away = null.scale[null.scale != 1.0]
    return GroupSums(
        sums=added[:, :blocks],
        level=added[:, blocks],
        square=added[:, blocks + 1],
        undone=np.moveaxis(added[:, blocks + 2 :], 0, 1),
        history=history,
        columns=null.columns,
        carried=float(away[0]) if len(away) else 1.0,
    )


def _histories(treated: npt.NDArray[np.bool_]) -> tuple[Array, tuple[int, ...]]:
    """Return the distinct sets of wards under treatment, shape (H, W), and which of them each block has."""
    found: list[bytes] = []
    history = []
    for column in treated.T:
        key = column.tobytes()
        if column.any() and key not in found:
            found.append(key)
        history.append(found.index(key) if column.any() else -1)
    sets = [np.frombuffer(key, dtype=bool).astype(float) for key in found]
    return np.array(sets).reshape(len(sets), treated.shape[0]), tuple(history)


@dataclass(frozen=True, slots=True)
class CarriedSums:
    """The group sums of one stratum, ready for any hypothetical ratio.

    ``added`` holds what is carried, shape (G, N, B); None for a table with gaps.
    """

    table: WardTable
    labels: Labels
    cohorts: int
    histories: Array
    history: tuple[int, ...]
    added: Array | None

    def under(self, null: NullTable, ratio: float | Array, chosen: slice) -> GroupSums:
        """Return the group sums of some relabellings under H_r, given the null table of that ratio (or ratios)."""
        if self.added is None:
            return group_null(null, self.labels[:, chosen], self.cohorts)
        if isinstance(ratio, np.ndarray):
            return self._carry(null, self.added[..., None, chosen], 1.0 / ratio[:, None], len(ratio))
        return self._carry(null, self.added[..., chosen], 1.0 / ratio)

    def first(self, count: int) -> "CarriedSums":
        """Return the sums of the first labellings only."""
        added = None if self.added is None else self.added[..., :count]
        return replace(self, labels=self.labels[:, :count], added=added)

    def _carry(self, null: NullTable, added: Array, q: float | Array, copies: int = 1) -> GroupSums:
        """Put the carried sums together: S_u + q S_t, likewise the row totals, their squares and their histories."""
        blocks, own = len(self.history), len(self.histories)
        hit = [block for block, history in enumerate(self.history) if history >= 0]
        at = np.cumsum([0, blocks, len(hit), 1, 1, 1, 1, 1, own, own])
        part = [added[:, first:last] for first, last in pairwise(at)]
        sums = np.repeat(part[0], copies, axis=2) if added.ndim > 3 else part[0].copy()
        for position, block in enumerate(hit):
            sums[:, block] += q * part[1][:, position]
        return GroupSums(
            sums=sums,
            level=part[2][:, 0] + q * part[3][:, 0],
            square=part[4][:, 0] + 2 * q * part[5][:, 0] + q**2 * part[6][:, 0],
            undone=np.moveaxis(part[7] + q * part[8], 1, 0),
            history=self.history,
            columns=null.columns,
            carried=q,
        )


def carry(table: WardTable, labels: Labels, cohorts: int) -> CarriedSums:
    """Add up once what every hypothetical ratio needs; `labels` has shape (W, B), the actual labelling first."""
    histories, history = _histories(table.treated)
    if not table.is_whole:
        return CarriedSums(table, labels, cohorts, histories, history, None)
    treated = np.where(table.treated, table.sums, 0.0)
    untreated = table.sums - treated
    hit = [block for block, own in enumerate(history) if own >= 0]
    before, after = untreated.sum(axis=1), treated.sum(axis=1)
    rows = np.stack(
        [
            *untreated.T,
            *treated.T[hit],
            *(before, after, before**2, before * after, after**2),
            *(before * own for own in histories),
            *(after * own for own in histories),
        ]
    )
    return CarriedSums(table, labels, cohorts, histories, history, add_up(rows, labels, cohorts))
