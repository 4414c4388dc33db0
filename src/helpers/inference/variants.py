"""Variants of one estimate on the same relabellings: another comparison, least squares, rates.

What is varied is the estimator and not the question: every variant gives observed over expected, and differs in what it
takes for expected. T is studentised by the null model of the main estimate, whichever the estimator, so that labellings
of small and of large wards can be set against each other.

* ``counts``: two-way Poisson (`count_imputation`); maintains ratio parallel trends. Rates by a population that does not
  change over time give the same to the last digit, so there is no such variant.
* ``levels``: two-way least squares of the counts; maintains that wards would have moved by the same number.
* ``rates``: two-way least squares of incidents per 100,000 people, each ward weighing the same; maintains that wards
  would have moved by the same rate.

The interval is approximate: the estimate plus and minus the null standard error times the largest |T| that the test
does not reject. It excludes no effect exactly when the test rejects, and far from no effect it is rougher than the
interval by inversion of `helpers.inference.randomisation`.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.comparisons import Comparison
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.linear_imputation import impute_levels
from helpers.estimation.linear_weights import LinearWeights, linear_weights
from helpers.estimation.specification import Specification
from helpers.inference.effect_row import NOTHING_EXPECTED
from helpers.inference.group_sums import GroupSums
from helpers.inference.null_model import SMALLEST
from helpers.inference.randomisation import LEVEL, TIE_TOLERANCE, two_sided_p
from helpers.inference.relabelled_sums import PER_PEOPLE, RelabelledSums, StratumSums, relabel_sums
from helpers.inference.rungs import build_ladder
from helpers.inference.statistic import Statistics, assemble_statistics, studentise
from helpers.study.design import Design, Labels

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Model = Literal["counts", "levels", "rates"]
MODELS: tuple[Model, ...] = get_args(Model)
KEPT = 4096
"""Weights kept in memory: small matrices, a few hundred for one curve."""
NO_PEOPLE = "The study does not give the population of every ward: there are no rates."
FURTHEST_LOG = 5.0
"""A log ratio beyond this (150 times, or a 150th) is set to it: with nothing observed or expected it is infinite."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to estimate one effect.

    Attributes
    ----------
    outcome : ndarray, shape (W, P)
        Counts in the design's order; NaN where not reported.
    design : Design
    specification : {"two_way", "town_period"}
    estimand : Estimand
    model : {"counts", "levels", "rates"}
    comparison : {"not_yet_treated", "never_treated"}
    people : ndarray, shape (W,), or None
        Population of each ward, which rates need.
    """

    outcome: Array
    design: Design
    specification: Specification
    estimand: Estimand
    model: Model = "counts"
    comparison: Comparison = "not_yet_treated"
    people: Array | None = None

    def totals(self) -> tuple[float, float]:
        """Return observed and expected as the printed estimators add them up, over reported cells only."""
        if self.model == "counts":
            fit = impute_counterfactual(self.outcome, self.design, self.specification, comparison=self.comparison)
            return fit.total(self.estimand)
        levels = impute_levels(self._scaled(), self.design, self.specification, comparison=self.comparison)
        cells = levels.cells(self.estimand)
        return float(levels.observed[cells].sum()), float(levels.expected[cells].sum())

    def _scaled(self) -> Array:
        if self.model == "levels":
            return self.outcome
        if self.people is None:
            raise EstimationError(NO_PEOPLE)
        return self.outcome * (PER_PEOPLE / self.people)[:, None]

    def relabelled(self, labels: Labels) -> RelabelledSums:
        """Return its sums under other labellings (`relabel_sums`), which variants of the same design share."""
        return relabel_sums(
            self.outcome, self.design, self.specification, self.estimand, labels=labels, people=self.people
        )


@dataclass(frozen=True, slots=True)
class VariantDraws:
    """One variant under the actual labelling (first) and every other one.

    Attributes
    ----------
    t : ndarray, shape (1 + B,)
    log_ratio : ndarray, shape (1 + B,)
        Log of observed over expected, within ±`FURTHEST_LOG`; 0 where both are nothing.
    estimate : float
        Observed / expected − 1 of the actual labelling; NaN where that is no ratio.
    std_errors : ndarray, shape (1 + B,)
        Null standard error: of log(observed / expected) for counts, of observed / expected otherwise.
    expected : float
        Incidents, or rates added up.
    is_log : bool
        Which of both.
    """

    t: Array
    log_ratio: Array
    estimate: float
    std_errors: Array
    expected: float
    is_log: bool

    @property
    def std_error(self) -> float:
        """Return the null standard error of the actual labelling."""
        return float(self.std_errors[0])

    def p_value(self, *, is_exact: bool) -> float:
        """Return the two-sided p-value."""
        return two_sided_p(self.t, is_exact=is_exact)

    def interval(self, *, is_exact: bool) -> tuple[float, float]:
        """Return the approximate 95% interval of observed / expected − 1; −1 and ∞ are no bound."""
        reach = critical_value(self.t, is_exact=is_exact) * self.std_error
        if np.isnan(self.estimate):
            return np.nan, np.nan
        if not np.isfinite(reach):
            return -1.0, np.inf
        if not self.is_log:
            return max(-1.0, self.estimate - reach), self.estimate + reach
        if self.estimate == -1:
            return -1.0, float(-np.log(LEVEL / 2) / self.expected - 1)
        middle = np.log1p(self.estimate)
        with np.errstate(over="ignore"):  # so wide that there is no bound
            return float(np.expm1(middle - reach)), float(np.expm1(middle + reach))


def critical_value(t: Array, *, is_exact: bool) -> float:
    """Return the largest |T| of a labelling that is not rejected at 5%; infinite if none can be rejected.

    Examples
    --------
    >>> critical_value(np.arange(100.0), is_exact=False), critical_value(np.arange(10.0), is_exact=False)
    (94.0, inf)
    """
    sizes = np.sort(np.abs(t[1:] if is_exact else t))
    allowed = int(LEVEL * len(sizes) * (1 + TIE_TOLERANCE))
    return float(sizes[len(sizes) - 1 - allowed]) if allowed else np.inf


def log_ratios(observed: Array, expected: Array) -> Array:
    """Return log(observed / expected) within ±`FURTHEST_LOG`; 0 where both are nothing.

    Examples
    --------
    >>> log_ratios(np.array([2.0, 0.0, 0.0]), np.array([2.0, 1.0, 0.0])).tolist()
    [0.0, -5.0, 0.0]
    """
    with np.errstate(divide="ignore"):
        above, below = (np.log(np.maximum(own, 0.0)) for own in (observed, expected))
    gap = np.zeros_like(above)
    np.subtract(above, below, out=gap, where=np.isfinite(above) | np.isfinite(below))
    return np.asarray(np.clip(gap, -FURTHEST_LOG, FURTHEST_LOG))


def draw_variant(variant: Variant, sums: RelabelledSums) -> VariantDraws:
    """Return one variant for every labelling.

    Parameters
    ----------
    variant : Variant
    sums : RelabelledSums
        Of the same outcome, design, specification and estimand. Gaps are filled in them and not in the printed
        estimate, which is then taken from the printed estimator.

    Raises
    ------
    EstimationError
        If rates are asked for without populations, or nothing is expected of the actual labelling.

    Examples
    --------
    >>> from dataclasses import replace
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abc"), ("t",) * 3,
    ...                 ("x",), (1,), (0, -1, -1), 0)
    >>> counts, other = np.array([[4.0, 1.0], [2.0, 2.0], [2.0, 6.0]]), np.array([[-1, 0, -1]], dtype=np.int8)
    >>> one = Variant(counts, design, "two_way", Estimand("overall"))
    >>> [round(draw_variant(replace(one, model=model), one.relabelled(other)).estimate, 6) for model in MODELS[:2]]
    [-0.875, -0.833333]
    """
    found = _counts(sums, variant.comparison) if variant.model == "counts" else _linear(sums, variant)
    totals = (float(found.observed[0]), float(found.expected[0])) if sums.is_whole else variant.totals()
    if not totals[1] > 0:
        raise EstimationError(NOTHING_EXPECTED)
    return VariantDraws(
        t=found.t,
        log_ratio=log_ratios(found.observed, found.expected),
        estimate=totals[0] / totals[1] - 1,
        std_errors=found.std_error,
        expected=totals[1],
        is_log=variant.model == "counts",
    )


def _counts(sums: RelabelledSums, comparison: Comparison) -> Statistics:
    untreated = sums.blocks.untreated
    if comparison == "never_treated":
        parts = [own.labellings.of_each(_never_treated(own, untreated)) for own in sums.strata]
        return assemble_statistics(*np.sum(parts, axis=0))
    groups = [partial(_group_sums, own, untreated) for own in sums.strata]
    return studentise(groups, [own.labellings for own in sums.strata], sums.target)


def _group_sums(own: StratumSums, untreated: Mask, part: slice) -> GroupSums:
    """Return what `studentise` takes, of some labellings."""
    ladder = build_ladder(untreated, own.mask)
    observed, expected = ladder.observed_and_expected(own.counts.values[..., part])
    return GroupSums(observed, expected, own.level[:, part], own.counts.variances[..., part], own.columns)


def _never_treated(own: StratumSums, untreated: Mask) -> Array:
    """Return observed, expected, the null mean and the null variance of the gap, shape (4, D).

    Each cohort is fitted with the never treated alone: what they grew by carries the cohort's own sum before. These
    fits share the never treated, whose share in each gap is added up before it is squared.
    """
    counts, spread = own.counts.values, own.counts.variances
    observed, expected, total, variance = found = np.zeros((4, counts.shape[-1]))
    pull = np.zeros_like(counts[-1])
    for group in np.flatnonzero(own.mask.any(axis=1)):
        before, after = untreated[group], own.mask[group]
        base = counts[-1, before].sum(axis=0)
        known = base > 0
        growth = own.columns[after].sum() / max(own.columns[before].sum(), SMALLEST)
        share = np.where(known, own.level[group] / np.maximum(own.level[-1], SMALLEST), 0.0)
        observed += known * counts[group, after].sum(axis=0)
        expected += counts[group, before].sum(axis=0) * counts[-1, after].sum(axis=0) / np.where(known, base, np.inf)
        total += known * own.level[group] * own.columns[after].sum()
        variance += known * (spread[group, after].sum(axis=0) + growth**2 * spread[group, before].sum(axis=0))
        pull += share * (growth * before - after.astype(float))[:, None]
    variance += (pull**2 * spread[-1]).sum(axis=0)
    return found


def _linear(sums: RelabelledSums, variant: Variant) -> Statistics:
    parts = [own.labellings.of_each(_least_squares(own, sums, variant)) for own in sums.strata]
    observed, expected, variance = np.sum(parts, axis=0)
    spread = np.sqrt(np.maximum(variance, 0.0))
    gap = observed - expected
    return Statistics(
        t=np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0),
        observed=observed,
        expected=expected,
        std_error=np.divide(spread, expected, out=np.full_like(gap, np.inf), where=expected > 0),
    )


def _least_squares(own: StratumSums, sums: RelabelledSums, variant: Variant) -> Array:
    """Return observed, expected and the null variance of their gap, shape (3, D)."""
    used = own.counts if variant.model == "levels" else own.rates
    if used is None:
        raise EstimationError(NO_PEOPLE)
    sizes, which = np.unique(own.sizes, axis=1, return_inverse=True)
    pattern = sums.blocks.untreated.tobytes(), own.mask.tobytes()
    found = np.empty((3, used.values.shape[-1]))
    for place, size in enumerate(sizes.T):
        chosen = which.ravel() == place
        weights = _weights(tuple(size), tuple(sums.lengths), *pattern, variant.comparison)
        gap = weights.observed - weights.expected
        for row, (weight, values) in enumerate(
            ((weights.observed, used.values), (weights.expected, used.values), (gap**2, used.variances))
        ):
            found[row, chosen] = np.einsum("gk,gkd->d", weight, values[..., chosen])
    return found


@lru_cache(maxsize=KEPT)
def _weights(
    sizes: tuple[float, ...], lengths: tuple[float, ...], untreated: bytes, mask: bytes, comparison: Comparison
) -> LinearWeights:
    """Return the weights of one pattern: rates, other wards and other indicators ask for the same ones again."""
    shape = len(sizes), len(lengths)
    staircase, wanted = (np.frombuffer(own, dtype=bool).reshape(shape) for own in (untreated, mask))
    return linear_weights(np.array(sizes), np.array(lengths), staircase, wanted, comparison)
