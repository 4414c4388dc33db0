"""Counts, what may be known of each, and the linear relations that anybody can work out among them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, or an expected count, that is published or withheld.

    Attributes
    ----------
    name : str
        Unique in its system.
    value : float
        What it is; not negative.
    shown : tuple of float
        Between what a reader knows it to lie if it is published (its rounding).
    needs : tuple of float or None
        The interval that nobody may be able to narrow down further, around the value; None for a harmless cell.
    row : str
        Cells of one row are published or withheld together; "" for a cell that no table holds.
    weight : float
        How dear it is to the reader: what is cheap is withheld first.
    """

    name: str
    value: float
    shown: Interval
    needs: Interval | None = None
    row: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Relation:
    """A sum of cells, each times its coefficient, lies between `low` and `high` (equal for an identity)."""

    terms: tuple[tuple[str, float], ...]
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class System:
    """Cells and the relations among them.

    Attributes
    ----------
    cells : tuple of Cell
    relations : tuple of Relation
    withheld : frozenset of str
        Rows that are withheld from the outset, by rule.
    """

    cells: tuple[Cell, ...]
    relations: tuple[Relation, ...]
    withheld: frozenset[str] = frozenset()

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Return each cell's place."""
        return {cell.name: place for place, cell in enumerate(self.cells)}

    @property
    def sensitive(self) -> tuple[Cell, ...]:
        """Return the cells that somebody must not be able to narrow down."""
        return tuple(cell for cell in self.cells if cell.needs is not None)

    @property
    def rows(self) -> frozenset[str]:
        """Return the rows that can be published."""
        return frozenset(cell.row for cell in self.cells if cell.row)

    def is_hidden(self, cell: Cell, withheld: Collection[str]) -> bool:
        """Return whether no table shows a cell when some rows are withheld."""
        return not cell.row or cell.row in withheld

    def bounds(self, withheld: Collection[str]) -> Array:
        """Return what is known of each cell by itself, shape (number of cells, 2)."""
        return np.array(
            [(0.0, np.inf) if self.is_hidden(cell, withheld) else cell.shown for cell in self.cells], dtype=float
        ).reshape(-1, 2)

    @cached_property
    def inequalities(self) -> tuple[csr_matrix, Array]:
        """Return the relations as A x ≤ b; each gives a row for either side that is finite."""
        rows: list[Iterable[tuple[str, float]]] = []
        ends: list[float] = []
        for relation in self.relations:
            if np.isfinite(relation.high):
                rows.append(relation.terms)
                ends.append(relation.high)
            if np.isfinite(relation.low):
                rows.append([(name, -coefficient) for name, coefficient in relation.terms])
                ends.append(-relation.low)
        entries = [
            (place, self.position[name], coefficient) for place, row in enumerate(rows) for name, coefficient in row
        ]
        places, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(rows), len(self.cells))
        return csr_matrix((values, (places, columns)), shape=shape), np.array(ends, dtype=float)
