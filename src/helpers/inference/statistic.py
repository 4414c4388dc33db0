"""The studentised statistic T = log(O / E) / se, for the actual labelling and every relabelling at once.

The standard error is that of the null model, carried through the closed form by its gradient, so it is known for each
relabelling without refitting anything. Studentising matters: the raw log ratio rejects too often when the treated
wards are small, and too rarely when they are large.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from helpers.estimation.chain_ladder import climb
from helpers.estimation.estimands import Target
from helpers.inference.group_sums import GroupSums

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Number = float | Array

DRAWS_AT_A_TIME = 10_000
"""Relabellings worked on together, so that memory stays bounded whatever their number."""


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


def studentise(grouped: Callable[[slice], Sequence[GroupSums]], count: int, target: Target, kappa: Array) -> Statistics:
    """Return the statistic of one estimand for each of `count` labellings.

    Parameters
    ----------
    grouped : callable
        Gives the group sums of some labellings, one per stratum of the target.
    kappa : ndarray, shape (...)
        Overdispersion, the same for every labelling.

    Notes
    -----
    Sums whose counterfactual a labelling leaves unknown (their comparison wards reported nothing before) count on
    neither side. Where nothing was observed or nothing expected, T = (O − E) / se(O − E), and 0 where neither was: no
    labelling is ever dropped.
    """
    parts = []
    for first, last in pairwise([*range(0, count, DRAWS_AT_A_TIME), count]):
        groups = [(own, mask) for own, mask in zip(grouped(slice(first, last)), used_masks(target), strict=True)]
        parts.append(_studentised(groups, target.blocks.untreated, np.asarray(kappa)[..., None]))
    t, observed, expected, std_error = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    return Statistics(t=t, observed=observed, expected=expected, std_error=std_error)


def used_masks(target: Target) -> list[Mask]:
    """Return the masks of the strata in which something of the estimand is estimable."""
    return [mask for mask in target.masks if mask.any()]


def _studentised(
    used: Sequence[tuple[GroupSums, Mask]], untreated: Mask, kappa: Array
) -> tuple[Array, Array, Array, Array]:
    observed, expected, total, variance = (np.zeros(()) for _ in range(4))
    spread = float(kappa[0]) if kappa.ndim == 1 else kappa
    for own, mask in used:
        counted, imputed = _observed_and_expected(own.sums, untreated, mask)
        observed, expected = observed + counted, expected + imputed
        stratum = _Stratum(own, untreated.tolist(), mask.tolist(), _columns(own), spread)
        total = total + stratum.total()
        variance = variance + stratum.gap_variance()
    std_error: Array = np.sqrt(_ratio(variance, total**2))
    return _t(observed, expected, std_error, total), observed, expected, std_error


def _observed_and_expected(sums: Array, untreated: Mask, mask: Mask) -> tuple[Array, Array]:
    """Return the estimand's observed and expected sums; (G, K, ..., B) to (..., B)."""
    ladder = climb(sums, untreated)
    if not ladder.known[mask].all():
        return (sums[mask] * ladder.known[mask]).sum(axis=0), ladder.expected()[mask].sum(axis=0)
    observed, expected = np.zeros(sums.shape[2:]), np.zeros(sums.shape[2:])
    for group in np.flatnonzero(mask.any(axis=1)).tolist():
        growth = np.zeros(sums.shape[2:])
        for block in np.flatnonzero(mask[group]).tolist():
            observed += sums[group, block]
            growth += ladder.factors[block]
        expected += _ratio(ladder.bases[group], ladder.spans[group]) * growth
    return observed, expected


def _columns(own: GroupSums) -> list[Number]:
    """Return the block factors of the null means, one number (or one per simulated copy) a block."""
    if own.columns.ndim == 1:
        return [float(column) for column in own.columns]
    return [own.columns[..., block, None] for block in range(own.columns.shape[-1])]


@dataclass(frozen=True, slots=True)
class _Stratum:
    """The null variance of observed − expected in one stratum.

    The null means are of rank one, so the ladder fitted to them is known beforehand: its factors are the columns c,
    whoever is labelled treated. With A the group's summed ward factors, C the summed columns before a block, R the
    columns a group adds to the estimand from a block on, and U_k the groups untreated in block k, the derivative of
    O − E in an untreated sum (g, k) is

        Σ_{j > k, g ∈ U_j} w_j / C_j  −  R_g / C_{u(g)}  −  w_k / c_k,
        w_k = Σ_{h ∉ U_k} A_h (c_k / C_{k+1} · R_{h,k+1} + c_k [(h, k) in the estimand])  /  Σ_{g ∈ U_k} A_g,

    and 1 in a sum of the estimand: `chain_ladder.log_ratio_gradient` in closed form, which a test holds it to.
    """

    own: GroupSums
    untreated: list[list[bool]]
    mask: list[list[bool]]
    columns: list[Number]
    kappa: Number

    def total(self) -> Array:
        """Return the null mean of the estimand, shape (..., B)."""
        added: Array = np.zeros_like(self.own.level[0])
        for group, wanted in enumerate(self.mask):
            if any(wanted):
                added += self.own.level[group] * self._added(wanted, 0)
        return added

    def gap_variance(self) -> Array:
        """Return the null variance of observed − expected, shape (..., B)."""
        before = [self._added([True] * len(self.columns), 0, block) for block in range(len(self.columns) + 1)]
        first_hit = next(k for k in range(len(self.columns)) if not all(row[k] for row in self.untreated))
        pulls = {k: self._pull(k, before) for k in range(first_hit, len(self.columns))}
        variance: Array = np.zeros_like(self.own.level[0])
        for group, (row, wanted) in enumerate(zip(self.untreated, self.mask, strict=True)):
            last = sum(row)
            slope = -_ratio(self._added(wanted, 0), before[last])
            for k in reversed(range(first_hit, last)):
                gradient = slope - pulls[k] * _ratio(1.0, self.columns[k])
                variance += gradient * gradient * self._variance(group, [k])
                slope = slope + pulls[k] * _ratio(1.0, before[k])
            variance += slope * slope * self._variance(group, range(min(first_hit, last)))
            if any(wanted):
                variance += self._variance(group, [k for k, is_wanted in enumerate(wanted) if is_wanted])
        return variance

    def _pull(self, block: int, before: list[Number]) -> Array:
        """Return w_k of one block."""
        lent, base = np.zeros_like(self.own.level[0]), np.zeros_like(self.own.level[0])
        share = _ratio(self.columns[block], before[block + 1])
        for group, (row, wanted) in enumerate(zip(self.untreated, self.mask, strict=True)):
            if row[block]:
                base += self.own.level[group]
            elif any(wanted[block:]):
                later = self._added(wanted, block + 1)
                lent += self.own.level[group] * (share * later + self.columns[block] * wanted[block])
        pull: Array = _ratio(lent, base)
        return pull

    def _added(self, wanted: list[bool], first: int, last: int | None = None) -> Number:
        """Return the sum of the wanted columns from one block to before another."""
        added: Number = 0.0
        for column, is_wanted in zip(self.columns[first:last], wanted[first:last], strict=True):
            added = added + column if is_wanted else added
        return added

    def _variance(self, group: int, blocks: Sequence[int]) -> Array:
        """Return the null variance of a group's sums over some blocks that share a derivative, shape (..., B)."""
        every: Number = 0.0
        squares: Number = 0.0
        by_history: dict[int, Number] = {}
        for k in blocks:
            every, squares = every + self.columns[k], squares + self.columns[k] ** 2
            history = self.own.history[k]
            if history >= 0 and not self.own.is_as_counted:
                by_history[history] = by_history.get(history, 0.0) + self.columns[k]
        variance = every * self.own.level[group] + self.kappa * squares * self.own.square[group]
        for history, column in by_history.items():
            variance += (self.own.carried - 1.0) * column * self.own.undone[history, group]
        return np.asarray(variance)


def _t(observed: Array, expected: Array, std_error: Array, total: Array) -> Array:
    positive = (observed > 0) & (expected > 0)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=positive)
    distance = np.where(
        positive, np.log(ratio), np.divide(observed - expected, total, out=np.zeros_like(total), where=total > 0)
    )
    return np.divide(distance, std_error, out=np.zeros_like(distance), where=std_error > 0)


def _ratio(numerator: Number, denominator: Number) -> Any:
    """Divide, giving 0 where the denominator is 0."""
    if isinstance(denominator, float):
        return numerator / denominator if denominator else numerator * 0.0
    if denominator.all():
        return numerator / denominator
    out = np.zeros(np.broadcast_shapes(np.shape(numerator), denominator.shape))
    return np.divide(numerator, denominator, out=out, where=denominator != 0)
