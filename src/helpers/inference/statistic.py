"""The studentised statistic T = log(O / E) / se, for the actual labelling and every relabelling at once.

The standard error is that of the null model, carried through the closed form by its gradient, so it is known for each
relabelling without refitting anything. Studentising matters: the raw log ratio rejects too often when the treated
wards are small, and too rarely when they are large.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from helpers.estimation.chain_ladder import climb
from helpers.estimation.estimands import Target
from helpers.inference.group_sums import GroupSums

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DRAWS_AT_A_TIME = 4096
"""Relabellings worked on together: their intermediate results then stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """T and its ingredients, one entry per labelling; ``...`` stands for simulated copies.

    Attributes
    ----------
    t : ndarray, shape (..., B)
    observed, expected : ndarray, shape (..., B)
        Incidents counted and expected in the estimand's cells.
    std_error : ndarray, shape (..., B)
        Null standard error of log(observed / expected).
    """

    t: Array
    observed: Array
    expected: Array
    std_error: Array

    @property
    def zero_share(self) -> float:
        """Return the share of labellings in which nothing was observed or nothing expected."""
        return float(((self.observed == 0) | (self.expected == 0)).mean())


def studentise(groups: Sequence[GroupSums], target: Target, kappa: Array) -> Statistics:
    """Return the statistic of one estimand for each labelling.

    Parameters
    ----------
    groups : sequence of GroupSums
        One per stratum.
    kappa : ndarray, shape (...)
        Overdispersion, the same for every labelling.

    Notes
    -----
    Sums whose counterfactual a labelling leaves unknown (their comparison wards reported nothing before) count on
    neither side. Where nothing was observed or nothing expected, T = (O − E) / se(O − E), and 0 where neither was: no
    labelling is ever dropped.
    """
    used = [(own, mask) for own, mask in zip(groups, target.masks, strict=True) if mask.any()]
    untreated, count = target.blocks.untreated, groups[0].level.shape[-1]
    edges = [*range(0, count, DRAWS_AT_A_TIME), count]
    parts = []
    for first, last in pairwise(edges):
        chosen = [(own.draws(slice(first, last)), mask) for own, mask in used]
        parts.append(_studentised(chosen, untreated, np.asarray(kappa)[..., None]))
    t, observed, expected, std_error = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    return Statistics(t=t, observed=observed, expected=expected, std_error=std_error)


def _studentised(
    used: Sequence[tuple[GroupSums, Mask]], untreated: Mask, kappa: Array
) -> tuple[Array, Array, Array, Array]:
    observed = expected = total = variance = np.float64(0.0)
    for own, mask in used:
        counted, imputed = _observed_and_expected(own.sums, untreated, mask)
        observed, expected = observed + counted, expected + imputed
        total = total + sum(own.level[g] * own.columns[..., k, None] for g, k in np.argwhere(mask))
    for own, mask in used:
        variance = variance + _gap_variance(own, untreated, mask, kappa)
    total = np.asarray(total)
    std_error = np.sqrt(_ratio(np.asarray(variance), total**2))
    observed, expected = np.asarray(observed), np.asarray(expected)
    return _t(observed, expected, std_error, total), observed, expected, std_error


def _observed_and_expected(sums: Array, untreated: Mask, mask: Mask) -> tuple[Array, Array]:
    """Return the estimand's observed and expected sums; (G, K, ..., B) to (..., B)."""
    ladder = climb(sums, untreated)
    if ladder.known.all():
        observed = sum(sums[g, k] for g, k in np.argwhere(mask))
        groups = np.flatnonzero(mask.any(axis=1))
        levels = {g: _ratio(ladder.bases[g], ladder.spans[g]) for g in groups}
        expected = sum(levels[g] * sum(ladder.factors[k] for k in np.flatnonzero(mask[g])) for g in groups)
        return np.asarray(observed), np.asarray(expected)
    return (sums[mask] * ladder.known[mask]).sum(axis=0), ladder.expected()[mask].sum(axis=0)


def _gap_variance(own: GroupSums, untreated: Mask, mask: Mask, kappa: Array) -> Array:
    """Return the null variance of observed − expected, shape (..., B).

    The null means are of rank one, so the ladder fitted to them is known beforehand: its factors are the columns c,
    whoever is labelled treated. With A the group's summed ward factors, C the summed columns before a block, R the
    columns a group adds to the estimand from a block on, and U_k the groups untreated in block k, the derivative of
    O − E in an untreated sum (g, k) is

        Σ_{j > k, g ∈ U_j} w_j / C_j  −  R_g / C_{u(g)}  −  w_k / c_k,
        w_k = Σ_{h ∉ U_k} A_h (c_k / C_{k+1} · R_{h,k+1} + c_k [(h, k) in the estimand])  /  Σ_{g ∈ U_k} A_g,

    and 1 in a sum of the estimand: `chain_ladder.log_ratio_gradient` in closed form, which a test holds it to.
    """
    columns = [own.columns[..., k, None] for k in range(untreated.shape[1])]
    before = np.cumsum([np.zeros_like(columns[0]), *columns], axis=0)
    shares = _block_pulls(own, untreated, mask, columns, before)
    first_hit = int(np.flatnonzero(~untreated.all(axis=0))[0])
    variance = np.float64(0.0)
    for g in range(len(untreated)):
        last = int(untreated[g].sum())
        wanted = sum((columns[k] for k in np.flatnonzero(mask[g])), np.zeros_like(columns[0]))
        slope = -_ratio(wanted, before[last])
        for k in reversed(range(first_hit, last)):
            gradient = slope - _ratio(shares[k], columns[k])
            variance = variance + gradient**2 * _cell_variance(own, g, [k], kappa)
            slope = slope + _ratio(shares[k], before[k])
        early = range(min(first_hit, last))
        variance = variance + slope**2 * _cell_variance(own, g, early, kappa)
        if mask[g].any():
            variance = variance + _cell_variance(own, g, np.flatnonzero(mask[g]).tolist(), kappa)
    return np.asarray(variance)


def _block_pulls(
    own: GroupSums, untreated: Mask, mask: Mask, columns: Sequence[Array], before: Array
) -> dict[int, Array]:
    """Return w_k of every block in which some group is no longer untreated."""
    pulls = {}
    for k in np.flatnonzero(~untreated.all(axis=0)).tolist():
        lent = np.zeros_like(own.level[0])
        for h in np.flatnonzero(~untreated[:, k] & mask.any(axis=1)):
            later = sum((columns[m] for m in np.flatnonzero(mask[h]) if m > k), np.zeros_like(columns[0]))
            factor = _ratio(columns[k], before[k + 1]) * later + columns[k] * mask[h, k]
            lent = lent + own.level[h] * factor
        base = sum((own.level[g] for g in np.flatnonzero(untreated[:, k])), np.zeros_like(own.level[0]))
        pulls[k] = _ratio(lent, base)
    return pulls


def _cell_variance(own: GroupSums, group: int, blocks: Sequence[int], kappa: Array) -> Array:
    """Return the null variance of a group's sums over some blocks that share a derivative, shape (..., B)."""
    by_history: dict[int, Array] = {}
    squares = np.zeros_like(own.columns[..., 0, None])
    for k in blocks:
        column = own.columns[..., k, None]
        history = own.history[k] if own.carried != 1.0 else -1
        by_history[history] = by_history.get(history, np.zeros_like(column)) + column
        squares = squares + column**2
    variance = kappa * squares * own.square[group]
    for history, column in by_history.items():
        level = own.level[group]
        if history >= 0:
            level = level + (own.carried - 1.0) * own.undone[history, group]
        variance = variance + column * level
    return np.asarray(variance)


def _t(observed: Array, expected: Array, std_error: Array, total: Array) -> Array:
    positive = (observed > 0) & (expected > 0)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=positive)
    distance = np.where(
        positive, np.log(ratio), np.divide(observed - expected, total, out=np.zeros_like(total), where=total > 0)
    )
    return np.divide(distance, std_error, out=np.zeros_like(distance), where=std_error > 0)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Divide, giving 0 where the denominator is 0."""
    if np.all(denominator):
        return np.asarray(numerator / denominator)
    out = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.asarray(np.divide(numerator, denominator, out=out, where=denominator != 0))
