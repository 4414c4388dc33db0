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

from helpers.errors import EstimationError
from helpers.estimation.estimands import Target
from helpers.inference.group_sums import GroupSums, Labellings

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


def studentise(
    grouped: Sequence[Callable[[slice], GroupSums]], labellings: Sequence[Labellings], target: Target
) -> Statistics:
    """Return the statistic of one estimand for each labelling.

    Parameters
    ----------
    grouped : sequence of callable
        Give the group sums of some listed labellings, for each stratum in which something of the estimand is estimable.
    labellings : sequence of Labellings
        Those of the same strata.

    Notes
    -----
    Sums whose counterfactual a labelling leaves unknown (their comparison wards reported nothing before) count on
    neither side. Where nothing was observed or nothing expected, T = (O − E) / se(O − E), and 0 where neither was: no
    labelling is ever dropped.

    Raises
    ------
    EstimationError
        If a statistic is not a finite number.
    """
    observed, expected, total, variance = (np.zeros(()) for _ in range(4))
    for own, listed, mask in zip(grouped, labellings, used_masks(target), strict=True):
        of_stratum = [listed.of_each(values) for values in _totals(own, len(listed.listed), target, mask)]
        observed, expected = observed + of_stratum[0], expected + of_stratum[1]
        total, variance = total + of_stratum[2], variance + of_stratum[3]
    return assemble_statistics(observed, expected, total, variance)


def assemble_statistics(observed: Array, expected: Array, total: Array, variance: Array) -> Statistics:
    """Return T from incidents counted and expected, the null mean and the null variance of their gap.

    All have shape (..., B); see `studentise` for the rule where nothing was observed or nothing expected.

    Raises
    ------
    EstimationError
        If a statistic is not a finite number.

    Examples
    --------
    >>> found = assemble_statistics(*(np.array([own]) for own in (20.0, 10.0, 10.0, 25.0)))
    >>> found.std_error, found.t.round(6)
    (array([0.5]), array([1.386294]))
    """
    # Sums of a group are what the others leave of the whole, so a variance of nothing may come out as −1e-17.
    std_error: Array = _ratio(np.sqrt(np.maximum(variance, 0.0)), total)
    t = _t(observed, expected, std_error, total)
    # An infinite or undefined error would pass for T = 0.
    is_number = np.isfinite(t) & np.isfinite(std_error) & np.isfinite(observed) & np.isfinite(expected)
    if not is_number.all():
        raise EstimationError(
            f"The statistic is not a number for {int((~is_number).sum())} of {t.size} labellings, and none may be "
            "dropped. Check the counts for values that are out of all proportion."
        )
    return Statistics(t=t, observed=observed, expected=expected, std_error=std_error)


def used_masks(target: Target) -> list[Mask]:
    """Return the masks of the strata in which something of the estimand is estimable."""
    return [mask for mask in target.masks if mask.any()]


def _totals(grouped: Callable[[slice], GroupSums], count: int, target: Target, mask: Mask) -> list[Array]:
    """Return a stratum's observed, expected and null total and the variance of its gap, each of shape (..., D)."""
    parts = []
    for first, last in pairwise([*range(0, count, DRAWS_AT_A_TIME), count]):
        own = grouped(slice(first, last))
        stratum = _Stratum(own, target.blocks.untreated.tolist(), mask.tolist(), _columns(own))
        parts.append((own.observed, own.expected, stratum.total(), stratum.gap_variance()))
    return [np.concatenate(column, axis=-1) if len(parts) > 1 else column[0] for column in zip(*parts, strict=True)]


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

        Σ_{j > k, g ∈ U_j} v_j c_j / C_j  −  R_g / C_{u(g)}  −  v_k,
        v_k = Σ_{h ∉ U_k} A_h (R_{h,k+1} / C_{k+1} + [(h, k) in the estimand])  /  Σ_{g ∈ U_k} A_g,

    and 1 in a sum of the estimand; a test holds it to the derivatives of the ladder written out.
    """

    own: GroupSums
    untreated: list[list[bool]]
    mask: list[list[bool]]
    columns: list[Number]

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
        pulls = self._pulls(first_hit, before)
        falls = [pull * _ratio(self.columns[k], before[k]) for k, pull in enumerate(pulls)]
        variance: Array = np.zeros_like(self.own.level[0])
        for group, (row, wanted) in enumerate(zip(self.untreated, self.mask, strict=True)):
            last, variances = sum(row), self.own.variances[group]
            slope = -_ratio(self._added(wanted, 0), before[last])
            for k in reversed(range(first_hit, last)):
                gradient = slope - pulls[k]
                variance += gradient * gradient * variances[k]
                slope = slope + falls[k]
            variance += slope * slope * variances[: min(first_hit, last)].sum(axis=0)
            for k in (k for k, is_wanted in enumerate(wanted) if is_wanted):
                variance += variances[k]
        return variance

    def _pulls(self, first: int, before: list[Number]) -> list[Number]:
        """Return v_k of each block; 0 before the first in which a group is no longer untreated."""
        shares: dict[tuple[int, ...], Array] = {}
        pulls: list[Number] = [0.0] * first
        for block in range(first, len(self.columns)):
            lent: Number = 0.0
            for group, (row, wanted) in enumerate(zip(self.untreated, self.mask, strict=True)):
                if not row[block] and any(wanted[block:]):
                    later = _ratio(self._added(wanted, block + 1), before[block + 1])
                    lent = lent + self.own.level[group] * (later + wanted[block])
            open_groups = tuple(group for group, row in enumerate(self.untreated) if row[block])
            if isinstance(lent, np.ndarray) and open_groups not in shares:
                shares[open_groups] = _ratio(1.0, self.own.level[list(open_groups)].sum(axis=0))
            pulls.append(lent * shares[open_groups] if isinstance(lent, np.ndarray) else 0.0)
        return pulls

    def _added(self, wanted: list[bool], first: int, last: int | None = None) -> Number:
        """Return the sum of the wanted columns from one block to before another."""
        added: Number = 0.0
        for column, is_wanted in zip(self.columns[first:last], wanted[first:last], strict=True):
            added = added + column if is_wanted else added
        return added


def _t(observed: Array, expected: Array, std_error: Array, total: Array) -> Array:
    positive = (observed > 0) & (expected > 0)
    if positive.all():
        return np.asarray(_ratio(np.log(observed / expected), std_error))
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
