r"""Displacement: what the programme did to wards nearby, and to treated and nearby wards taken together.

The neighbours' own change is estimated as if *they* had been treated when the nearest treated ward was, the treated
wards left out and wards further away as the comparison. The weighted displacement difference adds both up, in
incidents:

.. math:: WDD = (T_1 - T_0) - (C_1 - C_0) + (D_1 - D_0) - (CD_1 - CD_0), \quad
          se = \sqrt{T_0 + T_1 + C_0 + C_1 + D_0 + D_1 + CD_0 + CD_1}

for treated, comparison, displacement and displacement-comparison areas before (0) and after (1). Counts are taken as
Poisson, so overdispersion makes the interval too narrow; areas are taken to move by the same number of incidents.

References: wheeler2018 (weighted displacement difference), ditella2004 (rings).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from helpers.errors import EstimationError
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER
from helpers.study.rings import Rings

TWO_SIDED = 0.975
"""Quantile of a 95% interval."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Incidents of an area before and after, over spans of equal length; `size` divides them, 1 leaves them alone."""

    before: float
    after: float
    size: float = 1.0

    @property
    def change(self) -> float:
        """Return after − before, per unit of size."""
        return (self.after - self.before) / self.size

    @property
    def variance(self) -> float:
        """Return the Poisson variance of the change."""
        return (self.after + self.before) / self.size**2


NOTHING = BeforeAfter(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class DisplacementDifference:
    """A weighted displacement difference, in incidents, with its 95% interval and two-sided normal p-value."""

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float


def weighted_displacement_difference(
    treated: BeforeAfter,
    comparison: BeforeAfter,
    displacement: BeforeAfter = NOTHING,
    displacement_comparison: BeforeAfter = NOTHING,
) -> DisplacementDifference:
    """Return the weighted displacement difference of four areas.

    Raises
    ------
    EstimationError
        If no area recorded anything: there is no variance.

    Examples
    --------
    >>> found = weighted_displacement_difference(BeforeAfter(20, 10), BeforeAfter(20, 20))
    >>> found.estimate, round(found.std_error**2)
    (-10.0, 70)
    """
    areas = (treated, comparison, displacement, displacement_comparison)
    estimate = sum(sign * area.change for sign, area in zip((1, -1, 1, -1), areas, strict=True))
    std_error = float(np.sqrt(sum(area.variance for area in areas)))
    if not std_error > 0:
        raise EstimationError("No area recorded anything before or after: there is nothing to compare.")
    half = float(stats.norm.ppf(TWO_SIDED)) * std_error
    p_value = float(2 * stats.norm.sf(abs(estimate / std_error)))
    return DisplacementDifference(float(estimate), std_error, estimate - half, estimate + half, p_value)


def cohort_displacement(analysis: Analysis, rings: Rings, cohort: str, *, beyond: int) -> DisplacementDifference:
    """Return the weighted displacement difference of one cohort and the never treated wards next to it.

    Wards further than `beyond` steps from any treated ward are the comparison of both, their change scaled to as many
    wards. Before and after are spans of equal length on both sides of the donut.

    Raises
    ------
    EstimationError
        If no ward lies next to the cohort or none lies beyond, a ward has a gap in these spans, or nothing is recorded.
    """
    design, position = analysis.design, analysis.design.cohorts.index(cohort)
    is_never, own = design.label_array == NEVER, rings.steps[position]
    start, cutoff = design.starts[position], design.cutoffs[position]
    length = min(cutoff, len(design.periods) - start)
    if length < 1:
        raise EstimationError(f"Cohort {cohort} has no periods on both sides of its start.")
    before, after = (analysis.outcome[:, first : first + length] for first in (cutoff - length, start))
    reported = ~np.isnan(before).any(axis=1) & ~np.isnan(after).any(axis=1)
    members = (design.label_array == position, is_never & (own == 1), is_never & (rings.nearest > beyond))
    kept = [mask & reported for mask in members]
    if not all(mask.any() for mask in kept):
        raise EstimationError(
            f"Cohort {cohort} lacks members, neighbours or wards further away that reported throughout."
        )
    treated, near, far = (BeforeAfter(float(before[mask].sum()), float(after[mask].sum())) for mask in kept)
    n_treated, n_near, n_far = (int(mask.sum()) for mask in kept)
    scaled = replace(far, size=n_far / (n_treated + n_near))
    return weighted_displacement_difference(treated, scaled, near)


def neighbour_analysis(analysis: Analysis, rings: Rings, ring: int, *, beyond: int) -> Analysis:
    """Return the analysis in which the never treated wards of one ring stand for the treated, who are left out.

    Each takes the path of the earliest cohort that it lies `ring` steps from. Wards further than `beyond` steps from
    every treated ward are the comparison; what lies between, and every treated ward, is left out.

    Raises
    ------
    DesignError
        If what is left admits no estimate.
    EstimationError
        If no never treated ward lies in the ring.
    """
    design = analysis.design
    is_never, nearest = design.label_array == NEVER, rings.nearest
    is_near = is_never & (nearest == ring)
    if not is_near.any():
        raise EstimationError(f"No comparison ward lies {ring} borders from a treated one.")
    first = (rings.steps == ring).argmax(axis=0)
    labels = np.where(is_near, first, design.label_array)
    gone = np.flatnonzero(~(is_near | (is_never & (nearest > beyond))))
    relabelled = replace(analysis, design=design.with_labels(labels.tolist()))
    return relabelled.without_wards([design.ward_ids[ward] for ward in gone])


def near_wards(analysis: Analysis, rings: Rings, farthest: int) -> list[str]:
    """Return the never treated wards at most `farthest` steps from a treated one."""
    is_near = (analysis.design.label_array == NEVER) & (rings.nearest <= farthest)
    return [analysis.design.ward_ids[ward] for ward in np.flatnonzero(is_near)]
