"""Long differences: one cohort against the never treated in a few long bins, all measured from the same base bin.

The coarse event study that bounds under violated parallel trends start from: with more bins, the covariance of so few
wards would be noise.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.blocks import strata
from helpers.estimation.honest_bounds import MOST_POST_BINS, MOST_PRE_BINS
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import Assignments, Positions, reassign
from helpers.study.design import NEVER, Design
from helpers.study.periods import PERIODS_PER_YEAR

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BINS_PER_YEAR = 2
"""Bins before the start, and the base, are half-years: long enough for sums that are seldom zero."""
FEWEST_FIRST_WARDS = 5
"""A first cohort below this is a pilot: its covariance would be that of two or three wards."""
MOST_UNDEFINED = 0.05
"""Share of relabellings with nothing observed or nothing expected: dropping more would cut the tails off."""


@dataclass(frozen=True, slots=True)
class LongDifferences:
    """Long differences of one cohort, on the log scale.

    Attributes
    ----------
    estimates : ndarray, shape (n_pre + n_post,)
        log(observed / expected) per bin, in order of time; the base is not among them.
    covariance : ndarray, shape (n_pre + n_post, n_pre + n_post)
        Over the relabellings.
    n_pre, n_post : int
    bins : tuple of (str, str)
        First and last period of each bin.
    base : (str, str)
        First and last period of the base bin.
    left_out : tuple of str
        Wards of the cohort or never treated that are not used: a gap in one of the bins, or no counterpart in the town.
    smallest_p : float
        Smallest p-value that the relabellings could give: how many there are behind the covariance.
    undefined_share : float
        Share of relabellings without a logarithm, which the covariance leaves out.
    """

    estimates: Array
    covariance: Array
    n_pre: int
    n_post: int
    bins: tuple[tuple[str, str], ...]
    base: tuple[str, str]
    left_out: tuple[str, ...]
    smallest_p: float
    undefined_share: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bin: ``first_period``, ``last_period``, ``estimate``, ``std_error`` (log scale)."""
        firsts, lasts = zip(*self.bins, strict=True)
        return pd.DataFrame(
            {
                "first_period": firsts,
                "last_period": lasts,
                "estimate": self.estimates,
                "std_error": np.sqrt(np.diag(self.covariance)),
            }
        )


def long_differences(analysis: Analysis, specification: Specification, cohort: str) -> LongDifferences:
    """Return a cohort's long differences against the never treated, with their covariance over the relabellings.

    Per bin, log ΣO − log ΣE over the strata: O is what the cohort's wards of a stratum reported in the bin, E is what
    they reported in the base × (comparison wards in the bin / comparison wards in the base).

    Raises
    ------
    EstimationError
        For a first cohort of fewer than `FEWEST_FIRST_WARDS` usable wards (a pilot), if no bin fits before or after the
        start, no ward can be compared, a bin has nothing observed or expected, or too many relabellings have not.

    Notes
    -----
    The base is the half-year just before the donut, and up to three bins of the same length precede it; where the clean
    time is under a year, bins are half of it. The treated time is halved into two bins, so that bins after may be
    longer than bins before.

    Only wards that reported every period of these bins are used. Other cohorts take no part: they are no comparisons,
    even while clean, and they keep their labels. The covariance is that of relabelling cohort and never treated within
    the strata under no effect: where there is one, wards it moved stand among the pretended comparisons, and the
    covariance is too large, the more so the stronger the effect.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> from helpers.study.periods import period_range
    >>> design = Design("s", "main", "A", "given", "calendar_quarter",
    ...                 period_range("calendar_quarter", "2021Q1", "2022Q2"), tuple("abcdefgh"), ("t",) * 8, ("x",),
    ...                 (4,), (0, 0, 0, 0, 0, -1, -1, -1), 0)
    >>> counts = np.full((8, 6), 10.0)
    >>> counts[:5, 4:] = 5.0
    >>> found = long_differences(Analysis("n", counts, design, n_draws=99, seed=1), "two_way", "x")
    >>> found.base, found.bins[0], np.exp(found.estimates).round(6).tolist()
    (('2021Q3', '2021Q4'), ('2021Q1', '2021Q2'), [1.0, 0.5, 0.5])
    """
    design = analysis.design
    if cohort not in design.cohorts:
        raise EstimationError(f"There is no cohort {cohort}; the design has {', '.join(design.cohorts)}.")
    own = design.cohorts.index(cohort)
    base, *bins = _bins(design, own)
    n_post = sum(one.start >= design.starts[own] for one in bins)
    pools = _pools(analysis, specification, own, [period for one in (base, *bins) for period in one])
    sums = np.stack([analysis.outcome[:, list(one)].sum(axis=1) for one in (base, *bins)], axis=1)
    estimates = _log_ratios(sums, design.label_array[None, :] == own, pools)[0]
    if np.isnan(estimates).any():
        raise EstimationError(f"Cohort {cohort} has a bin in which nothing was observed or nothing is expected.")
    assignments = reassign(design.label_array, pools, n_draws=analysis.n_draws, seed=analysis.seed)
    drawn = _log_ratios(sums, assignments.labels == own, pools)
    covariance, undefined_share = _covariance(drawn, assignments)
    used = set(np.concatenate(pools).tolist())
    concerned = np.flatnonzero(np.isin(design.label_array, [own, NEVER])).tolist()
    return LongDifferences(
        estimates=estimates,
        covariance=covariance,
        n_pre=len(bins) - n_post,
        n_post=n_post,
        bins=tuple((design.periods[one[0]], design.periods[one[-1]]) for one in bins),
        base=(design.periods[base[0]], design.periods[base[-1]]),
        left_out=tuple(design.ward_ids[position] for position in concerned if position not in used),
        smallest_p=assignments.smallest_p,
        undefined_share=undefined_share,
    )


def _bins(design: Design, own: int) -> list[range]:
    """Return the period positions of the base bin, then of the others in order of time."""
    start, cutoff, end = design.starts[own], design.cutoffs[own], len(design.periods)
    length = min(max(1, PERIODS_PER_YEAR[design.period_kind] // BINS_PER_YEAR), cutoff // 2)
    if length < 1 or start >= end:
        raise EstimationError(
            f"Cohort {design.cohorts[own]} has {cutoff} clean periods before and {max(0, end - start)} treated ones; "
            "two before and one after are needed."
        )
    n_pre = min(MOST_PRE_BINS, cutoff // length - 1)
    edges = [cutoff - length * back for back in range(n_pre + 1, -1, -1)]
    *before, base = (range(first, after) for first, after in itertools.pairwise(edges))
    halves = np.array_split(np.arange(start, end), MOST_POST_BINS)
    after = [range(int(half[0]), int(half[-1]) + 1) for half in halves if len(half)]
    return [base, *before, *after]


def _pools(analysis: Analysis, specification: Specification, own: int, periods: Sequence[int]) -> tuple[Positions, ...]:
    """Return, per stratum that holds both, the wards of the cohort and the never treated that reported everything."""
    design, labels = analysis.design, analysis.design.label_array
    is_complete = ~np.isnan(analysis.outcome[:, list(periods)]).any(axis=1)
    is_usable = np.isin(labels, [own, NEVER]) & is_complete
    candidates = (pool[is_usable[pool]] for pool in strata(design, specification))
    pools = tuple(pool for pool in candidates if len(np.unique(labels[pool])) > 1)
    count = sum(int((labels[pool] == own).sum()) for pool in pools)
    name = design.cohorts[own]
    if own == 0 and count < FEWEST_FIRST_WARDS:
        raise EstimationError(
            f"Cohort {name} is the first and has {count} usable wards, a pilot; at least {FEWEST_FIRST_WARDS} are "
            "needed for a covariance."
        )
    if not count:
        raise EstimationError(f"No complete ward of cohort {name} has a never treated one to compare with.")
    return pools


def _log_ratios(sums: Array, is_own: Mask, pools: Sequence[Positions]) -> Array:
    """Return log ΣO − log ΣE per labelling and bin, shape (B, K); NaN where there is none.

    Parameters
    ----------
    sums : ndarray, shape (W, 1 + K)
        The base bin comes first.
    is_own : ndarray of bool, shape (B, W)
        Which wards make up the cohort.
    """
    observed = expected = np.zeros((len(is_own), sums.shape[1] - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        for pool in pools:
            own = is_own[:, pool] @ sums[pool]
            others = sums[pool].sum(axis=0) - own
            observed = observed + own[:, 1:]
            expected = expected + own[:, :1] * others[:, 1:] / others[:, :1]
        logs = np.log(observed) - np.log(expected)
    return np.where(np.isfinite(logs), logs, np.nan)


def _covariance(drawn: Array, assignments: Assignments) -> tuple[Array, float]:
    """Return the covariance over the relabellings with a logarithm in every bin, and the share of those without."""
    is_defined = ~np.isnan(drawn).any(axis=1)
    undefined_share = 1.0 - float(is_defined.mean())
    if undefined_share > MOST_UNDEFINED:
        raise EstimationError(
            f"In {undefined_share:.0%} of the relabellings a bin has nothing observed or nothing expected; at most "
            f"{MOST_UNDEFINED:.0%} may be left out of a covariance."
        )
    if is_defined.sum() < 2:
        raise EstimationError("There is a single relabelling: nothing varies over it.")
    covariance = np.cov(drawn[is_defined], rowvar=False, ddof=0 if assignments.is_exact else 1)
    return np.asarray(covariance, dtype=np.float64), undefined_share
