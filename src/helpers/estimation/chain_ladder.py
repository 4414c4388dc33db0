r"""The two-way Poisson fit in closed form, on cohort × block sums.

The untreated cells of a staggered design form a staircase, so the Poisson maximum-likelihood fit of

.. math:: E[Y_{wt}] = a_w \, b_t \quad \text{on untreated cells}

is the actuarial chain-ladder. Write S[g, k] for the sum of group g in block k, U_k for the groups untreated in block
k, and B_k for the summed period factors before block k. Then

* growth   λ_k = Σ_{g ∈ U_k} S[g, k]  /  Σ_{g ∈ U_k} Σ_{j < k} S[g, j]      and   b_k = λ_k B_k,
* expected E[g, k] = b_k · (Σ_{j : g ∈ U_j} S[g, j]) / B_{u(g)},

with u(g) the first block in which g is no longer untreated. The cost is a handful of additions per reassignment.
Groups and blocks are the leading axes and whatever is fitted at once (ten thousand reassignments, simulated copies) are
the trailing ones, written ``...``: the arithmetic then runs along memory.

References: mack1991, renshaw1998 (docs/references.bib).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ingredients of the closed form.

    Attributes
    ----------
    factors : ndarray, shape (K, ...)
        b_k, with b = 1 where the ladder starts.
    bases : ndarray, shape (G, ...)
        Sum of a group's untreated blocks.
    spans : ndarray, shape (G, ...)
        B_{u(g)}: summed factors of those blocks, from where the ladder last started.
    known : ndarray of bool, shape (G, K, ...), or with ones for the trailing axes
        Where a group's expected sum is identified. It is not once the groups still untreated had no incident before a
        block that comes after the group's own untreated time: their growth is anything over zero.
    """

    factors: Array
    bases: Array
    spans: Array
    known: Mask

    def expected(self) -> Array:
        """Return E[g, k], shape (G, K, ...); 0 where it is not known."""
        return np.asarray(_ratio(self.bases, self.spans)[:, None] * self.factors[None, :] * self.known)


def climb(sums: Array, untreated: Mask) -> Ladder:
    """Fit the closed form.

    Parameters
    ----------
    sums : ndarray, shape (G, K, ...)
        Group × block sums; every group is untreated in block 0.
    untreated : ndarray of bool, shape (G, K)
        The staircase: once False along a row, False from there on.

    Notes
    -----
    A block without any untreated group is not known to anybody. Where the groups still untreated had no incident
    before a block, the ladder starts again there: what comes later compares with that block only.

    Examples
    --------
    A treated and a comparison group, 10 and 20 incidents before, the comparison 30 after: 15 expected.

    >>> import numpy as np
    >>> fitted = climb(np.array([[10.0, 9.0], [20.0, 30.0]]), np.array([[True, False], [True, True]]))
    >>> fitted.expected()[0]
    array([10., 15.])
    """
    factors = np.zeros(sums.shape[1:])
    before, spans = np.zeros_like(sums[:, 0]), np.zeros_like(sums[:, 0])
    known = np.ones((*untreated.shape, *[1] * (sums.ndim - 2)), dtype=bool)
    reach = np.zeros(sums.shape[2:])
    for block in range(untreated.shape[1]):
        groups = np.flatnonzero(untreated[:, block]).tolist()
        if not groups:
            known[:, block:] = False
            break
        grown, base = np.zeros(sums.shape[2:]), np.zeros(sums.shape[2:])
        for group in groups:
            grown += sums[group, block]
            base += before[group]
        if block == 0:
            factors[block] = grown > 0
        elif not base.all():
            fresh = base == 0
            factors[block] = np.where(fresh, grown > 0, _ratio(grown, base) * reach)
            spans[groups] *= ~fresh
            reach = np.where(fresh, 0.0, reach)
            known = _without(known, ~untreated[:, block], block, fresh)
        else:
            factors[block] = grown / base * reach
        reach = reach + factors[block]
        for group in groups:
            before[group] += sums[group, block]
            spans[group] += factors[block]
    return Ladder(factors, bases=before, spans=spans, known=known)


def _without(known: Mask, closed: Mask, block: int, fresh: Mask) -> Mask:
    """Return `known` with the closed groups' sums from `block` on unknown where the ladder starts afresh."""
    known = np.array(np.broadcast_to(known, (*known.shape[:2], *fresh.shape)))
    known[closed, block:] &= ~fresh
    return known


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Divide, giving 0 where the denominator is 0."""
    numerator, denominator = np.asarray(numerator), np.asarray(denominator)
    out = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape))
    return np.asarray(np.divide(numerator, denominator, out=out, where=denominator != 0))
