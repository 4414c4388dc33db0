"""The CR3 jackknife of a count effect: how much the estimate moves when one ward is left out.

It is printed beside the randomisation test and never decides. It asks for many wards on both sides: with fewer than
five treated ones it rejects .13 to .17 of true nulls, so it is refused there, and refused wherever leaving one ward out
changes what can be estimated instead of how large it is.

References: mackinnon2023 (cluster jackknife, CR3), mack1991 (the closed form that is refitted).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from helpers.errors import DesignError, EstimationError
from helpers.estimation.blocks import group_members
from helpers.estimation.chain_ladder import climb
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.effects import FEWEST_TREATED, EffectRow
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import NOT_COMPARABLE
from helpers.study.design import UNTREATED

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CONFIDENCE = 0.95
NULL_TESTED = "no average effect, clusters large in number"


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """What each ward's absence does to log(observed / expected).

    Attributes
    ----------
    logs : ndarray, shape (W,)
        The log ratio without each ward; NaN where it does not exist, or adds up other cells of the wards left.
    is_treated : ndarray of bool, shape (W,)
        Wards with cells in the estimand that reported an incident in what is used.
    is_comparison : ndarray of bool, shape (W,)
        Other wards that the estimand's counterfactual depends on.
    """

    logs: Array
    is_treated: Mask
    is_comparison: Mask

    @property
    def contributes(self) -> Mask:
        """Return the wards that the estimate depends on, shape (W,)."""
        return self.is_treated | self.is_comparison


def jackknife(analysis: Analysis, specification: Specification, estimand: Estimand) -> EffectRow:
    """Return one effect on the ratio scale with its CR3 jackknife interval.

    The variance of the log ratio is (G − 1)/G times the sum of squared deviations of the leave-one-ward-out estimates
    from the estimate itself, G the number of wards that contribute; t has G − 1 degrees of freedom.

    Returns
    -------
    EffectRow
        ``inference`` is "jackknife"; `std_error` is of the log ratio. With a reason instead of an interval below
        `FEWEST_TREATED` contributing treated wards, and where an estimate without one ward does not exist.

    Notes
    -----
    It assumes independent wards, many of them on both sides. Without gaps in the returns all leave-one-out fits are
    one closed form on ward × block sums; with gaps each is fitted anew.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcdefghij"),
    ...                 ("t",) * 10, ("x",), (1,), (0,) * 5 + (-1,) * 5, 0)
    >>> counts = np.array([[20.0, n] for n in (10, 9, 11, 12, 8, 20, 19, 21, 22, 18)])
    >>> row = jackknife(Analysis("thefts", counts, design, n_draws=99, seed=1), "two_way", Estimand("overall"))
    >>> row.estimate, round(row.conf_low, 2), round(row.conf_high, 2)
    (-0.5, -0.59, -0.4)
    """
    empty = EffectRow(analysis.indicator, specification, "count_imputation", estimand.kind, estimand.cohort)
    target = build_target(analysis.design, specification, estimand)
    if not target.is_estimable:
        return replace(empty, reason=NOT_COMPARABLE)
    fit = impute_counterfactual(analysis.outcome, analysis.design, specification)
    observed, expected = fit.total(estimand)
    if not (observed > 0 and expected > 0):
        return replace(empty, reason="Nothing is observed or nothing expected in these cells: no log ratio.")
    found = leave_one_out(analysis, fit, target)
    row = replace(
        empty,
        estimate=observed / expected - 1,
        observed=observed,
        expected=expected,
        n_treated=int(found.is_treated.sum()),
        n_comparison=int(found.is_comparison.sum()),
        n_obs=_reported_cells(fit, target, found),
    )
    return _with_interval(row, found, analysis.design.ward_ids)


def _with_interval(row: EffectRow, found: LeaveOneOut, ward_ids: tuple[str, ...]) -> EffectRow:
    if row.n_treated < FEWEST_TREATED:
        return replace(row, reason=f"No jackknife: {row.n_treated} treated wards are fewer than {FEWEST_TREATED}.")
    lost = np.flatnonzero(found.contributes & np.isnan(found.logs))
    if len(lost):
        names = ", ".join(ward_ids[position] for position in lost)
        return replace(row, reason=f"No jackknife: without {names} the same effect cannot be estimated.")
    count = int(found.contributes.sum())
    whole = float(np.log1p(row.estimate))
    deviations = found.logs[found.contributes] - whole
    std_error = float(np.sqrt((count - 1) / count * (deviations**2).sum()))
    if std_error == 0:
        return replace(row, reason="No jackknife: leaving a ward out never changes the estimate.")
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * std_error
    return replace(
        row,
        std_error=std_error,
        conf_low=float(np.expm1(whole - half)),
        conf_high=float(np.expm1(whole + half)),
        p_value=float(2 * stats.t.sf(abs(whole) / std_error, count - 1)),
        inference="jackknife",
        null_tested=NULL_TESTED,
    )


def leave_one_out(analysis: Analysis, fit: Counterfactual, target: Target) -> LeaveOneOut:
    """Return the estimate without each ward in turn, and which wards it depends on at all."""
    is_treated, is_comparison = _contributing(fit, target)
    logs = None if np.isnan(analysis.outcome).any() else _in_closed_form(analysis, target)
    if logs is None:
        logs = _one_by_one(analysis, fit, target, is_treated | is_comparison)
    return LeaveOneOut(logs, is_treated, is_comparison)


def _contributing(fit: Counterfactual, target: Target) -> tuple[Mask, Mask]:
    """Return the treated wards and the comparison wards that the estimate depends on.

    The ladder links the estimand's first lost block to its last, so of the groups that are not part of it exactly those
    lend something that are untreated in that first block: a staircase once left is never entered again.
    """
    groups, untreated = group_members(fit.design), target.blocks.untreated
    sums = target.blocks.sums(np.nan_to_num(fit.observed))
    has_cells = np.asarray(fit.cells(target.estimand).any(axis=1))
    is_treated, is_comparison = np.zeros(len(groups[0]), dtype=bool), np.zeros(len(groups[0]), dtype=bool)
    for own, mask in zip(target.members, target.masks, strict=True):
        if not mask.any():
            continue
        hit = mask.any(axis=1)
        first = int(untreated[hit].sum(axis=1).min())
        relevant = untreated | mask
        relevant[:, int(np.flatnonzero(mask.any(axis=0)).max()) + 1 :] = False
        group = groups[:, own].argmax(axis=0)
        has_incident = (sums[own] * relevant[group]).sum(axis=1) > 0
        is_treated[own] = has_incident & has_cells[own]
        is_comparison[own] = has_incident & ~has_cells[own] & untreated[group, first]
    return is_treated, is_comparison


def _in_closed_form(analysis: Analysis, target: Target) -> Array | None:
    """Return the log ratio without each ward, shape (W,), from ward × block sums; None if it does not apply.

    It does not apply where the whole sample already leaves some sum of the estimand unknown.
    """
    wards = len(analysis.design.ward_ids)
    sums, groups = target.blocks.sums(analysis.outcome), group_members(analysis.design)
    observed, expected, exists = np.zeros(wards), np.zeros(wards), np.ones(wards, dtype=bool)
    for own, mask in zip(target.members, target.masks, strict=True):
        if not mask.any():
            continue
        counted, imputed, known = _without_each(sums[own], groups[:, own], target.blocks.untreated, mask)
        if not known[0]:
            return None
        observed += counted[0]
        expected += imputed[0]
        observed[own] += counted[1:] - counted[0]
        expected[own] += imputed[1:] - imputed[0]
        exists[own] &= known[1:]
    return _log_ratio(observed, expected, exists)


def _without_each(sums: Array, members: Mask, untreated: Mask, mask: Mask) -> tuple[Array, Array, Mask]:
    """Return observed and expected sums of one stratum and whether all are known, each of shape (1 + n,).

    The ward left out is the trailing axis of one ladder, which has the whole stratum in its first place. `sums` has
    shape (n, K), `members` (G, n).
    """
    own = members[:, None, :] * sums.T[None, :, :]
    whole = own.sum(axis=-1, keepdims=True)
    grouped = np.concatenate([whole, whole - own], axis=-1)
    ladder = climb(grouped, untreated)
    size = members.sum(axis=1, keepdims=True)
    is_empty = np.concatenate([size, size - members], axis=1) == 0
    known = np.broadcast_to(ladder.known, grouped.shape) | is_empty[:, None]
    return grouped[mask].sum(axis=0), ladder.expected()[mask].sum(axis=0), np.asarray(known[mask].all(axis=0))


def _one_by_one(analysis: Analysis, fit: Counterfactual, target: Target, contributes: Mask) -> Array:
    """Return the log ratio without each contributing ward, each fitted anew; NaN for the others."""
    logs = np.full(len(contributes), np.nan)
    cells = fit.cells(target.estimand)
    for position in np.flatnonzero(contributes).tolist():
        try:
            left = analysis.design.without_wards([analysis.design.ward_ids[position]])
            again = impute_counterfactual(np.delete(analysis.outcome, position, axis=0), left, fit.specification)
        except (DesignError, EstimationError):
            continue
        if np.array_equal(again.cells(target.estimand), np.delete(cells, position, axis=0)):
            observed, expected = again.total(target.estimand)
            logs[position] = _log_ratio(np.array(observed), np.array(expected), np.array(True))
    return logs


def _log_ratio(observed: Array, expected: Array, exists: Mask) -> Array:
    has_both = exists & (observed > 0) & (expected > 0)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=has_both)
    return np.asarray(np.where(has_both, np.log(ratio), np.nan))


def _reported_cells(fit: Counterfactual, target: Target, found: LeaveOneOut) -> int:
    clean = (fit.design.cell_states() == UNTREATED) & ~np.isnan(fit.observed)
    return int(fit.cells(target.estimand).sum() + clean[found.contributes].sum())
