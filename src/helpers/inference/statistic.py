"""The studentised statistic T = log(O / E) / se, for the actual labelling and every relabelling at once.

The standard error is that of the null model, carried through the closed form by its gradient, so it is known for each
relabelling without refitting anything. Studentising matters: the raw log ratio rejects too often when the treated
wards are small, and too rarely when they are large.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.estimation.chain_ladder import climb, log_ratio_gradient
from helpers.estimation.estimands import Target
from helpers.inference.null_model import NullTable
from helpers.study.design import Labels

Array = npt.NDArray[np.float64]


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


def memberships(labels: Labels, target: Target) -> tuple[Array, ...]:
    """Return, per stratum, who belongs to which cohort under each labelling: 0/1 arrays of shape (C, W, B)."""
    cohorts = np.arange(target.blocks.states.shape[0] - 1, dtype=np.int8)
    return tuple((labels.T[None, own, :] == cohorts[:, None, None]).astype(float) for own in target.members)


def studentise(tables: Sequence[NullTable], belongs: Sequence[Array], target: Target, kappa: Array) -> Statistics:
    """Return the statistic of one estimand for each labelling.

    Parameters
    ----------
    tables : sequence of NullTable
        One per stratum.
    belongs : sequence of ndarray, shape (C, W, B)
        Memberships of each stratum's wards.
    kappa : ndarray, shape (...)
        Overdispersion, the same for every labelling.

    Notes
    -----
    Sums whose counterfactual a labelling leaves unknown (their comparison wards reported nothing before) count on
    neither side. Where nothing was observed or nothing expected, T = (O − E) / se(O − E), and 0 where neither was: no
    labelling is ever dropped.
    """
    used = [(table, own, mask) for table, own, mask in zip(tables, belongs, target.masks, strict=True) if mask.any()]
    untreated = target.blocks.untreated
    observed = expected = total = np.float64(0.0)
    grouped = []
    for table, own, mask in used:
        variances = table.poisson + kappa[..., None, None] * table.means**2
        sums, means, cells = _group_sums(own, table.sums, table.means, variances)
        ladder = climb(sums, untreated)
        observed = observed + (sums[mask] * ladder.known[mask]).sum(axis=0)
        expected = expected + ladder.expected()[mask].sum(axis=0)
        total = total + means[mask].sum(axis=0)
        grouped.append((means, cells, mask))
    variance = np.float64(0.0)
    for means, cells, mask in grouped:
        gradient = log_ratio_gradient(means, untreated, mask, np.asarray(total))
        variance = variance + (gradient**2 * cells).sum(axis=(0, 1))
    std_error = np.sqrt(variance)
    return Statistics(
        t=_t(np.asarray(observed), np.asarray(expected), std_error, np.asarray(total)),
        observed=np.asarray(observed),
        expected=np.asarray(expected),
        std_error=np.asarray(std_error),
    )


def _group_sums(belongs: Array, *tables: Array) -> tuple[Array, ...]:
    """Add up ward rows by group: (C, W, B) and (..., W, K) to (C + 1, K, ..., B) per table, the never treated last."""
    columns = np.moveaxis(np.concatenate(tables, axis=-1), -1, 0)
    cohorts = [columns @ own for own in belongs]
    never = columns.sum(axis=-1)[..., None] - sum(cohorts)
    return tuple(np.split(np.stack([*cohorts, never]), len(tables), axis=1))


def _t(observed: Array, expected: Array, std_error: Array, total: Array) -> Array:
    positive = (observed > 0) & (expected > 0)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=positive)
    distance = np.where(
        positive, np.log(ratio), np.divide(observed - expected, total, out=np.zeros_like(total), where=total > 0)
    )
    return np.divide(distance, std_error, out=np.zeros_like(distance), where=std_error > 0)
