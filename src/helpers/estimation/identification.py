"""Which cells of a two-way count fit have a finite counterfactual at all.

With few incidents the likelihood often has no interior maximum: if a town's comparison wards reported nothing before a
period, how that period compares with the time before is anybody's guess, from nothing to infinity. A fit that iterates
towards such a boundary returns whatever it had when it stopped. So the question is settled first, by counting alone.

Wards and periods are nodes; an incident ties its ward to its period (their factors move together), and a used cell
without an incident says "at most". If following the ties and the at-mosts leads from a ward to a period, the expected
count is bounded: it is finite if they also lead back, and zero if they do not. Otherwise nothing identifies it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Identification:
    """Verdict on each cell.

    Attributes
    ----------
    finite : ndarray of bool, shape (W, P)
        The expected count is positive and identified.
    zero : ndarray of bool, shape (W, P)
        It is identified, and zero.
    """

    finite: Mask
    zero: Mask

    @property
    def known(self) -> Mask:
        """Return where the expected count is identified, shape (W, P)."""
        return np.asarray(self.finite | self.zero)


def identify_cells(cells: Array, used: Mask) -> Identification:
    """Return which expected counts of a two-way fit are identified.

    Parameters
    ----------
    cells : ndarray, shape (W, P)
        Counts; what is not used may be NaN.
    used : ndarray of bool, shape (W, P)
        The cells that are fitted.

    Examples
    --------
    The comparison ward (second row) reported nothing before: its rise says nothing about the first ward.

    >>> import numpy as np
    >>> used = np.array([[True, False], [True, True]])
    >>> identify_cells(np.array([[3.0, 1.0], [0.0, 2.0]]), used).known[0]
    array([ True, False])
    """
    wards = len(used)
    has_incident = used & (np.where(used, cells, 0.0) > 0)
    if _ties_all_periods(has_incident):
        is_tied, is_used = np.asarray(has_incident.any(axis=1)), np.asarray(used.any(axis=1))
        finite = np.broadcast_to(is_tied[:, None], used.shape)
        return Identification(finite=finite, zero=np.broadcast_to((~is_tied & is_used)[:, None], used.shape))
    reach = _reachable(_at_most_graph(has_incident, used))
    ward_to_period = reach[:wards, wards:]
    period_to_ward = reach[wards:, :wards].T
    return Identification(
        finite=np.asarray(ward_to_period & period_to_ward), zero=np.asarray(ward_to_period & ~period_to_ward)
    )


def connected_cells(used: Mask) -> Mask:
    """Return which cells a linear two-way fit identifies: ward and period are tied together by used cells.

    Each used cell ties its ward to its period; the level of a cell is identified if its ward and its period are in one
    connected part. Values do not matter, unlike in a count fit.

    Examples
    --------
    >>> import numpy as np
    >>> connected_cells(np.array([[True, False], [True, False], [False, True]]))
    array([[ True, False],
           [ True, False],
           [False,  True]])
    """
    if _ties_all_periods(used):
        return np.broadcast_to(np.asarray(used.any(axis=1))[:, None], used.shape)
    wards, periods = np.nonzero(used)
    count = len(used) + used.shape[1]
    ties = coo_matrix((np.ones(len(wards), dtype=np.int8), (wards, periods + len(used))), shape=(count, count))
    _, part = connected_components(ties, directed=False)
    return np.asarray(part[: len(used), None] == part[None, len(used) :])


def _ties_all_periods(cells: Mask) -> bool:
    """Return whether these cells alone tie all periods together: the usual case, settled without the whole graph."""
    if not cells.any():
        return False
    periods = cells[cells.sum(axis=1).argmax()]
    while not periods.all():
        further = cells[cells[:, periods].any(axis=1)].any(axis=0)
        if (further == periods).all():
            return False
        periods = further
    return True


def _at_most_graph(has_incident: Mask, used: Mask) -> Mask:
    """Return the adjacency of wards and periods, shape (W + P, W + P): used cells lead on, incidents lead back too."""
    wards, periods = used.shape
    graph = np.zeros((wards + periods, wards + periods), dtype=bool)
    graph[:wards, wards:] = used
    graph[wards:, :wards] = has_incident.T
    return graph


def _reachable(graph: Mask) -> Mask:
    """Return the transitive closure of a graph, each node reaching itself; computed on its strong components."""
    sources, targets = np.nonzero(graph)
    sparse = coo_matrix((np.ones(len(sources), dtype=np.int8), (sources, targets)), shape=graph.shape)
    count, component = connected_components(sparse, directed=True, connection="strong")
    reach = np.eye(count, dtype=bool)
    reach[component[sources], component[targets]] = True
    while True:
        further = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if (further == reach).all():
            return np.asarray(reach[np.ix_(component, component)])
        reach = further
