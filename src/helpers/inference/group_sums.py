"""Sums by group for every relabelling: all that a relabelling changes.

A relabelling moves whole ward rows between groups, so the fit and its standard error need six kinds of row sums only.
Under H_r each of them is a polynomial in q = 1/r, so they are added up once and *carried* to every hypothetical ratio.
With gaps in the returns the null means, and with them the filled sums, depend on r otherwise: they are added up anew.
Inside a town there are often fewer labellings than relabellings drawn, so each is worked on once.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.inference.null_model import NullTable, WardTable
from helpers.inference.rungs import Ladder
from helpers.study.design import Labels

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Rows = tuple[Array, Array | None]
"""Ladder sums outside and inside the treated cells; None where nothing is inside."""

MOST_CELLS = 2**22
"""Entries of the 0/1 matrix of wards × relabellings held at a time (32 MB)."""
WORTH_LISTING = 0.75
"""Labellings are listed once each if that leaves at most this share of them; putting them back costs something too."""
WHOLE_ROWS = 5
"""Carried rows that every null variance needs: ward totals outside and inside the treated cells, and their products."""


@dataclass(frozen=True, slots=True)
class GroupSums:
    """What labellings make of one stratum's ward rows; G groups (the never treated last), ``...`` simulated copies.

    Attributes
    ----------
    observed, expected : ndarray, shape (..., B)
        Incidents of the estimand, counted and expected, with the programme undone.
    level : ndarray, shape (G, ..., B)
        Sums of the ward factors of the null means.
    variances : ndarray, shape (G, K, ..., B)
        Null variances of the group × block sums.
    columns : ndarray, shape (..., K)
        Block factors of the null means.
    """

    observed: Array
    expected: Array
    level: Array
    variances: Array
    columns: Array


@dataclass(frozen=True, slots=True)
class Labellings:
    """The labellings of one stratum: the actual one first, then every relabelling.

    Attributes
    ----------
    listed : ndarray of int8, shape (D, W)
        Different labellings in the order in which they first occur; the actual one stands first and alone.
    which : ndarray of int, shape (1 + B,), or None
        Which of them each labelling is; None where each is its own.
    """

    listed: Labels
    which: Positions | None

    def first(self, count: int) -> "Labellings":
        """Return the first `count` labellings."""
        if self.which is None:
            return Labellings(self.listed[:count], None)
        which = self.which[:count]
        return Labellings(self.listed[: which.max() + 1], which)

    def of_each(self, values: Array) -> Array:
        """Return the values of each labelling, shape (..., 1 + B), given those of the listed ones, shape (..., D)."""
        return values if self.which is None else values.take(self.which, axis=-1)

    def with_actual(self, actual: Labels) -> "Labellings":
        """Return the same relabellings of another actual labelling, shape (W,)."""
        return replace(self, listed=np.vstack([actual[None, :], self.listed[1:]]))


def list_labellings(actual: Labels, drawn: Labels) -> Labellings:
    """Return the labellings of a stratum, each listed once where the stratum is small enough to repeat any.

    Parameters
    ----------
    actual : ndarray of int8, shape (W,)
    drawn : ndarray of int8, shape (B, W)

    Examples
    --------
    >>> drawn = np.array([[-1, 0], [0, -1], [-1, 0]], dtype=np.int8)
    >>> found = list_labellings(np.array([0, -1], dtype=np.int8), drawn)
    >>> found.listed.tolist(), found.which.tolist()
    ([[0, -1], [-1, 0], [0, -1]], [0, 1, 2, 1])
    """
    each = Labellings(np.vstack([actual[None, :], drawn]), None)
    keys = _keys(drawn)
    if keys is None:
        return each
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    if len(first) > WORTH_LISTING * len(keys):
        return each
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(1, 1 + len(order))
    return Labellings(each.listed[np.concatenate([[0], 1 + first[order]])], np.concatenate([[0], rank[group]]))


def _keys(labels: Labels) -> Positions | None:
    """Return one number for each labelling, or None where there are too many wards for that (and for repetitions)."""
    base = int(labels.max(initial=0)) + 2
    if base ** labels.shape[1] > np.iinfo(np.int64).max:
        return None
    return np.asarray((labels.astype(np.int64) + 1) @ base ** np.arange(labels.shape[1], dtype=np.int64))


def add_up(rows: Array, labels: Labels, cohorts: int) -> Array:
    """Add ward rows up by group.

    Parameters
    ----------
    rows : ndarray, shape (N, ..., W)
    labels : ndarray of int8, shape (B, W)

    Returns
    -------
    ndarray, shape (G, N, ..., B)

    Examples
    --------
    >>> add_up(np.array([[1.0, 2.0, 4.0]]), np.array([[0, -1, -1]], dtype=np.int8), 1)[:, 0, 0]
    array([1., 6.])
    """
    count, wards = labels.shape
    out = np.empty((cohorts + 1, *rows.shape[:-1], count))
    step = max(1, MOST_CELLS // max(1, wards))
    for first in range(0, count, step):
        chosen = slice(first, first + step)
        for cohort in range(cohorts):
            out[cohort, ..., chosen] = rows @ (labels[chosen] == cohort).T.astype(float)
    out[-1] = rows.sum(axis=-1)[..., None] - out[:-1].sum(axis=0)
    return out


@dataclass(frozen=True, slots=True)
class CarriedSums:
    """The group sums of one stratum, ready for any hypothetical ratio.

    Attributes
    ----------
    table : WardTable
    labellings : Labellings
    cohorts : int
    histories : ndarray, shape (H, W)
        The distinct sets of wards actually under treatment together.
    history : tuple of int, length K
        Which of them was under treatment in a block; −1 for none.
    ladder : Ladder or None
        Of the estimand's cells; None for a stratum that has none of them and lends its table to κ only.
    added : ndarray, shape (G, N, D), or None
        Group sums of what is carried; None for a table with gaps, and without a ladder.
    rungs : tuple of pairs of ndarray, shape (D,), or None
        The ladder's own sums outside and inside the treated cells; None where the ladder is broken.
    """

    table: WardTable
    labellings: Labellings
    cohorts: int
    histories: Array
    history: tuple[int, ...]
    ladder: Ladder | None
    added: Array | None
    rungs: tuple[Rows, ...] | None

    def under(self, null: NullTable, ratio: float | Array, kappa: Array, chosen: slice) -> GroupSums:
        """Return the group sums of some listed labellings under H_r, given the null table and κ of that ratio.

        Several ratios, shape (R,), make R copies.
        """
        if self.added is None:
            return self._under_with_gaps(null, ratio, kappa, chosen)
        q = 1.0 / np.asarray(ratio)
        weights = _weights(null.columns, kappa, q, self.history, len(self.histories))
        carried = self.added[:, -weights.shape[-1] :, chosen]
        spread = np.moveaxis(weights[..., None, :, :] @ carried, (-3, -2), (0, 1))
        observed, expected = self._observed_and_expected(q[..., None], chosen)
        return GroupSums(observed, expected, spread[:, 0], spread[:, 1:], null.columns)

    def anew(self, null: NullTable, kappa: Array, chosen: slice) -> GroupSums:
        """Return the group sums of some listed labellings, added up from one null table."""
        away = null.scale[null.scale != 1.0]
        q = np.array([away[0] if len(away) else 1.0])
        return self._added_up(null, q, kappa, chosen, _histories(null.scale != 1.0))

    def _under_with_gaps(self, null: NullTable, ratio: float | Array, kappa: Array, chosen: slice) -> GroupSums:
        q = 1.0 / np.asarray(ratio)[..., None]
        return self._added_up(null, q, kappa, chosen, (self.histories, self.history))

    def _added_up(
        self, null: NullTable, q: Array, kappa: Array, chosen: slice, under: tuple[Array, tuple[int, ...]]
    ) -> GroupSums:
        """Add a null table up; q has shape (1,), or (R, 1) for the R copies of several ratios."""
        histories, history = under
        rows, blocks = null.rows, len(history)
        stack = [*np.moveaxis(null.sums, -1, 0), rows, rows**2, *(rows * own for own in histories)]
        added = add_up(np.stack(stack), self.labellings.listed[chosen], self.cohorts)
        level, square, undone = added[:, blocks], added[:, blocks + 1], added[:, blocks + 2 :]
        variances = np.empty_like(added[:, :blocks])
        for block, own in enumerate(history):
            column = null.columns[..., block, None]
            poisson = level if own < 0 else level + (q - 1.0) * undone[:, own]
            variances[:, block] = column * poisson + kappa[..., block, None] * column**2 * square
        observed, expected = self._ladder.observed_and_expected(added[:, :blocks])
        return GroupSums(observed, expected, level, variances, null.columns)

    def first(self, count: int) -> "CarriedSums":
        """Return the sums of the first labellings only."""
        labellings = self.labellings.first(count)
        kept = len(labellings.listed)
        return replace(
            self,
            labellings=labellings,
            added=None if self.added is None else self.added[..., :kept],
            rungs=None if self.rungs is None else tuple(_part(own, slice(kept)) for own in self.rungs),
        )

    def without_sums(self) -> "CarriedSums":
        """Return it without what was added up: light enough to be sent to another process, which carries anew."""
        return replace(self, added=None, rungs=None)

    @property
    def _ladder(self) -> Ladder:
        if self.ladder is None:
            raise ValueError("A stratum without a cell of the estimand has no ladder to climb.")
        return self.ladder

    def _observed_and_expected(self, q: Array, chosen: slice) -> tuple[Array, Array]:
        """Carry the ladder's sums, or the group × block sums of a broken one, to q of shape (1,) or (R, 1)."""
        if self.rungs is None:
            return self._ladder.observed_and_expected(self._sums(q, chosen))
        parts = (_part(own, chosen) for own in self.rungs)
        return self._ladder.climb([out if inside is None else out + q * inside for out, inside in parts])

    def _sums(self, q: Array, chosen: slice) -> Array:
        """Return the group × block sums with the programme undone, shape (G, K, ..., B)."""
        assert self.added is not None
        blocks, copies = len(self.history), q.shape[:-1]
        added = self.added[..., *(None for _ in copies), chosen]
        sums = np.array(np.broadcast_to(added[:, :blocks], (len(added), blocks, *copies, added.shape[-1])))
        sums[:, _hit(self.history)] += q * added[:, blocks : blocks + len(_hit(self.history))]
        return sums


def _part(rows: Rows, chosen: slice) -> Rows:
    outside, inside = rows
    return outside[chosen], None if inside is None else inside[chosen]


def carry(table: WardTable, labellings: Labellings, cohorts: int, ladder: Ladder | None) -> CarriedSums:
    """Add up once what every hypothetical ratio needs."""
    histories, history = _histories(table.treated)
    bare = CarriedSums(table, labellings, cohorts, histories, history, ladder, None, None)
    if ladder is None or not table.is_whole:
        return bare
    treated = np.where(table.treated, table.sums, 0.0)
    untreated = table.sums - treated
    before, after = untreated.sum(axis=1), treated.sum(axis=1)
    rows = [
        *untreated.T,
        *treated.T[_hit(history)],
        *(before, after, before**2, before * after, after**2),
        *(before * own for own in histories),
        *(after * own for own in histories),
    ]
    added = add_up(np.stack(rows), labellings.listed, cohorts)
    return replace(bare, added=added, rungs=_carried_rungs(ladder, added, history))


def _carried_rungs(ladder: Ladder, added: Array, history: tuple[int, ...]) -> tuple[Rows, ...] | None:
    hit, blocks = _hit(history), len(history)
    treated = np.zeros_like(added[:, :blocks])
    treated[:, hit] = added[:, blocks : blocks + len(hit)]
    outside, inside = ladder.add_up(added[:, :blocks]), ladder.add_up(treated)
    if not ladder.is_unbroken([out + own for out, own in zip(outside, inside, strict=True)]):
        return None
    return tuple((out, own if own.any() else None) for out, own in zip(outside, inside, strict=True))


def _histories(treated: Mask) -> tuple[Array, tuple[int, ...]]:
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


def _hit(history: tuple[int, ...]) -> list[int]:
    """Return the blocks in which some ward was actually under treatment."""
    return [block for block, own in enumerate(history) if own >= 0]


def _weights(columns: Array, kappa: Array, q: Array, history: tuple[int, ...], count: int) -> Array:
    """Return the weights with which carried rows make up the level (first) and each block's null variance.

    With A the ward totals outside the treated cells, T inside and 1_h the wards of a history, a group's level is
    Σ A + q T and its variance in a block c (Σ A + q T) + (q − 1) c Σ 1_h (A + q T) + κ c² Σ (A + q T)².

    Returns
    -------
    ndarray, shape (..., 1 + K, 5 + 2 H)
    """
    weights = np.zeros((*q.shape, 1 + columns.shape[-1], WHOLE_ROWS + 2 * count))
    weights[..., 0, 0], weights[..., 0, 1] = 1.0, q
    q = q[..., None]
    square = kappa * columns**2
    powers = (columns, q * columns, square, 2 * q * square, q**2 * square)
    for row, power in enumerate(powers):
        weights[..., 1:, row] = power
    for block in _hit(history):
        undone = (q[..., 0] - 1.0) * columns[..., block]
        weights[..., 1 + block, WHOLE_ROWS + history[block]] = undone
        weights[..., 1 + block, WHOLE_ROWS + count + history[block]] = q[..., 0] * undone
    return weights
