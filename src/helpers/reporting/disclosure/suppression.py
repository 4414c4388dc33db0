"""Primary and complementary suppression: which counts are withheld so that none can be worked out from the others.

The attacker is given all at once: every published count with its rounding, every relation among counts (a total is
the sum of its parts, an effect's ratio times what was expected is what was observed), and that no count is negative.
Between what a withheld count must then lie is a linear programme, and so is the question what else would have to be
withheld, at the least cost, for it to be safe. Withholding more never tells more, so one pass over the counts is
enough.

References: fischetti2000
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import hstack, vstack
from scipy.sparse import identity as unit_matrix

from helpers.errors import DisclosureRisk
from helpers.reporting.disclosure.system import Array, Cell, Interval, System

TOLERANCE = 1e-6
"""Below this the solver's own feasibility tolerance (1e-7) speaks, and not the counts."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is withheld.

    Attributes
    ----------
    withheld : frozenset of str
        All rows withheld.
    complementary : frozenset of str
        Those among them that no rule asked for, withheld so that the others cannot be worked out.
    """

    withheld: frozenset[str]
    complementary: frozenset[str]


def suppress(system: System) -> Pattern:
    """Return which rows are withheld so that every sensitive cell is safe from an attack on all that is published.

    Raises
    ------
    DisclosureRisk
        If a cell can be narrowed down even with every row withheld.

    Examples
    --------
    A table of one row and its total. The 3 is withheld by rule; the total would give it away, so a second count goes.

    >>> from helpers.reporting.disclosure.system import Cell, Relation, System
    >>> cells = [Cell(name, value, (value, value), row=name) for name, value in (("b", 20.0), ("c", 30.0))]
    >>> small = Cell("a", 3.0, (3.0, 3.0), needs=(1.0, 7.0), row="a")
    >>> total = Cell("total", 53.0, (53.0, 53.0), row="total", weight=100.0)
    >>> sums = Relation((("a", 1.0), ("b", 1.0), ("c", 1.0), ("total", -1.0)))
    >>> pattern = suppress(System((small, *cells, total), (sums,), frozenset({"a"})))
    >>> len(pattern.withheld), len(pattern.complementary), "total" in pattern.withheld
    (2, 1, False)
    """
    withheld = set(system.withheld) | {cell.row for cell in system.sensitive if cell.row}
    primary = frozenset(withheld)
    for cell in system.sensitive:
        assert cell.needs is not None
        for target in cell.needs:
            withheld |= _complement(system, cell, target, withheld)
    return Pattern(frozenset(withheld), frozenset(withheld) - primary)


def attack(system: System, cell: Cell, withheld: Collection[str]) -> Interval:
    """Return the narrowest interval that a reader of all that is published can work out for a cell.

    Examples
    --------
    >>> from helpers.reporting.disclosure.system import Cell, Relation, System
    >>> part, total = Cell("a", 3.0, (3.0, 3.0), row="a"), Cell("t", 20.0, (18.0, 22.0), row="t")
    >>> system = System((part, total), (Relation((("a", 1.0), ("t", -1.0)), -15.0, -15.0),))
    >>> attack(system, part, {"a"})
    (3.0, 7.0)
    """
    goal = np.zeros(len(system.cells))
    goal[system.position[cell.name]] = 1.0
    matrix, ends = system.inequalities
    bounds = system.bounds(withheld)
    low, high = (linprog(sign * goal, A_ub=matrix, b_ub=ends, bounds=bounds) for sign in (1.0, -1.0))
    return _end(low, -np.inf, 1.0), _end(high, np.inf, -1.0)


def _end(found: object, unbounded: float, sign: float) -> float:
    status, value = found.status, found.fun  # type: ignore[attr-defined]
    if status == 3:
        return unbounded
    if status != 0:
        raise DisclosureRisk(
            f"The counts to be published contradict each other (solver status {status}): "
            "no disclosure control is possible, so nothing is exported."
        )
    return float(sign * value)


def exposed(system: System, withheld: Collection[str]) -> tuple[tuple[Cell, Interval], ...]:
    """Return every sensitive cell that an attack narrows down too far, with the interval it finds."""
    found = []
    for cell in system.sensitive:
        low, high = attack(system, cell, withheld)
        assert cell.needs is not None
        if low > cell.needs[0] + TOLERANCE or high < cell.needs[1] - TOLERANCE:
            found.append((cell, (low, high)))
    return tuple(found)


def _complement(system: System, cell: Cell, target: float, withheld: Collection[str]) -> set[str]:
    """Return the rows that must go too, at the least cost, for a cell to be able to lie at the target."""
    matrix, ends = system.inequalities
    count = len(system.cells)
    bounds = system.bounds(withheld)
    is_published = np.array([not system.is_hidden(own, withheld) for own in system.cells])
    weights = np.array([own.weight for own in system.cells])
    # Unknowns: each cell's deviation upwards and downwards from what is published of it, then the cell itself.
    costs = np.concatenate([weights, weights, np.zeros(count)])
    unit = unit_matrix(count, format="csr")
    above = hstack([-unit, 0 * unit, unit])[is_published]
    below = hstack([0 * unit, -unit, -unit])[is_published]
    left = vstack([hstack([0 * matrix, 0 * matrix, matrix]), above, below]).tocsr()
    right = np.concatenate([ends, bounds[is_published, 1], -bounds[is_published, 0]])
    spans = _deviation_bounds(is_published, system.position[cell.name], target)
    found = linprog(costs, A_ub=left, b_ub=right, bounds=spans)
    if found.status != 0:
        raise DisclosureRisk(
            "A withheld count can be worked out from published ratios alone, whatever else is withheld: nothing is "
            "exported. Leave out an indicator or a cohort, or have the release approved (study.toml, [disclosure])."
        )
    moved = np.asarray(found.x[:count] + found.x[count : 2 * count] > TOLERANCE) & is_published
    return {own.row for own, is_moved in zip(system.cells, moved, strict=True) if is_moved}


def _deviation_bounds(is_published: np.ndarray, place: int, target: float) -> Array:
    count = len(is_published)
    most = np.where(is_published, np.inf, 0.0)
    spans = np.zeros((3 * count, 2))
    spans[:count, 1] = spans[count : 2 * count, 1] = most
    spans[2 * count :, 1] = np.inf
    spans[2 * count + place] = target
    return spans
