"""Spillover: whether the programme moved what it seems to have prevented to the wards nearby.

With borders known (``adjacency.csv``, or the column ``ring``): the effect without nearby comparison wards, the
neighbours' own change, the weighted displacement difference, and the regression with rings. Without them nobody can
tell. In either case a bound: what is left of the effect if moving officers away made the comparison wards worse.

References: wheeler2018 (weighted displacement difference), ditella2004 (rings).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import stats

from helpers.checks.claim import HALF_SOURCE, OVERALL, effect_detail, half_of, lighter
from helpers.checks.gates import HALF_CLAIM, Check, Detail, Verdict, equivalence_verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.effects import FEWEST_TREATED, EffectRow
from helpers.estimation.estimands import ALL_COHORTS
from helpers.estimation.specification import Specification
from helpers.estimation.twfe_rings import RingFit, twfe_rings
from helpers.inference.analysis import Analysis
from helpers.inference.displacement import TWO_SIDED, cohort_displacement, near_wards, neighbour_analysis
from helpers.inference.effect_row import effect_row
from helpers.study.objects import Study
from helpers.study.rings import Rings, build_rings

QUESTION = "Did the wards next to treated ones change too, so that the comparison is not untouched?"
FARTHEST = 2
"""Rings that may be touched: the published study looks one and two blocks away. Wards beyond are the comparison."""
MOVED_GRID = (0.05, 0.10, 0.20, 0.30)
"""Share by which comparison wards may have worsened because officers left them: assumed, no source says how many."""
WITHOUT, RING, DISPLACED, REGRESSION = "without_ring:", "ring:", "displacement:", "regression:"
MOVED, MOVED_ALL = "moved:", "moved:all"
"""Begin the items of the details: comparison wards up to a ring left out; a ring's own change; incidents displaced, by
cohort; coefficients of the regression, as in ``regression:2:1`` (two rings, the nearer one); the effect if officers
moved away had made the comparison wards worse by a share, and the share that would explain all of it."""
IN_INCIDENTS = "incidents, not a ratio; counts taken as Poisson"
IN_LEVELS = "incidents per ward and period, not a ratio; HC1"


def spillover(analysis: Analysis, specification: Specification, study: Study) -> Check:
    """Return what is known of spillover to wards nearby.

    Notes
    -----
    It passes only if the whole interval of the change in ring 1 lies inside half of the effect claimed, both as a ratio
    and in incidents, and fails if that change is rejected to be none. Without borders it can never tell.

    Examples
    --------
    >>> from helpers.study import build_design, load_study
    >>> study = load_study("nghe_an")
    >>> design = build_design(study)
    >>> counts = np.full((len(design.ward_ids), len(design.periods)), 9.0)
    >>> spillover(Analysis("thefts", counts, design, n_draws=9, seed=1), "two_way", study).verdict
    'cannot_tell'
    """
    empty = Check(analysis.indicator, specification, "spillover", QUESTION, np.nan, np.nan, "", "cannot_tell", "")
    few = lighter(analysis)
    row = effect_row(few, specification, OVERALL)
    if row.reason:
        return replace(empty, reason=row.reason)
    moved = tuple(moved_officers(row))
    try:
        rings = build_rings(study, analysis.design)
    except DesignError as error:
        return replace(empty, reason=str(error), details=moved)
    near = _ring_row(few, specification, rings, 1)
    verdict, reason = _judge(near, row)
    others = range(2, FARTHEST + 1)
    details = (
        *(_without(few, specification, rings, ring) for ring in range(1, FARTHEST + 1)),
        effect_detail(f"{RING}1", near),
        *(effect_detail(f"{RING}{ring}", _ring_row(few, specification, rings, ring)) for ring in others),
        *(_displaced(analysis, rings, cohort) for cohort in analysis.design.cohorts),
        *(_regression(analysis, rings) if specification == "two_way" else ()),
        *moved,
    )
    return replace(
        empty,
        statistic=near.estimate,
        threshold=half_of(row.estimate),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=reason,
        details=details,
    )


def moved_officers(row: EffectRow) -> Iterator[Detail]:
    """Yield the effect if moving officers away had made all comparison wards worse, and how much would explain it all.

    Dividing every untreated count after the first start by 1 + x divides what is expected by the same, ward levels
    being those of the time before: so the ratio and both ends of its interval are multiplied by 1 + x, exactly.
    """
    test = (row.n_assignments, row.smallest_p)
    for share in MOVED_GRID:
        estimate, low, high = ((1 + own) * (1 + share) - 1 for own in (row.estimate, row.conf_low, row.conf_high))
        yield Detail(f"{MOVED}{share:.2f}", estimate, low, high, np.nan, "", *test)
    if row.estimate >= 0:
        yield Detail(MOVED_ALL, reason="the effect is no fall, so officers moved away do not explain it")
    else:
        estimate, low, high = (_worsening(own) for own in (row.estimate, row.conf_high, row.conf_low))
        yield Detail(MOVED_ALL, estimate, low, high, np.nan, "", *test)


def _worsening(effect: float) -> float:
    """Return the share x by which comparison wards must have worsened to turn an effect into none."""
    return 1 / (1 + effect) - 1 if effect > -1 else np.inf


def _judge(near: EffectRow, claim: EffectRow) -> tuple[Verdict, str]:
    """Return the verdict on the change in ring 1, held against the effect both as a ratio and in incidents.

    Ring 1 may hold many more wards than were treated: a small share of theirs can be all that was prevented.
    """
    if near.reason:
        return "cannot_tell", near.reason
    verdict, _ = equivalence_verdict(near.p_value, near.conf_low, near.conf_high, claim.estimate)
    gained = near.expected * max(abs(near.conf_low), abs(near.conf_high))
    if verdict == "pass" and gained > HALF_CLAIM * abs(claim.expected - claim.observed):
        verdict = "cannot_tell"
    reasons: dict[Verdict, str] = {
        "fail": "the wards next to treated ones changed too: the comparison is not untouched",
        "pass": "the whole interval of the change next to treated wards lies inside half of the effect claimed, as a "
        "ratio and in incidents",
        "cannot_tell": "the interval of the change next to treated wards is wider than half of the effect claimed, as "
        "a ratio or in incidents",
    }
    return verdict, reasons[verdict]


def _without(analysis: Analysis, specification: Specification, rings: Rings, ring: int) -> Detail:
    try:
        kept = analysis.without_wards(near_wards(analysis, rings, ring))
        row = effect_row(kept, specification, OVERALL)
    except (DesignError, EstimationError) as error:
        return Detail(f"{WITHOUT}{ring}", reason=str(error))
    return effect_detail(f"{WITHOUT}{ring}", row)


def _ring_row(analysis: Analysis, specification: Specification, rings: Rings, ring: int) -> EffectRow:
    """Return the change in a ring as if its wards had been treated, or an empty row with the reason."""
    try:
        neighbours = neighbour_analysis(analysis, rings, ring, beyond=FARTHEST)
        return effect_row(neighbours, specification, OVERALL)
    except (DesignError, EstimationError) as error:
        return EffectRow(
            analysis.indicator, specification, "count_imputation", "overall", ALL_COHORTS, reason=str(error)
        )


def _displaced(analysis: Analysis, rings: Rings, cohort: str) -> Detail:
    try:
        found = cohort_displacement(analysis, rings, cohort, beyond=FARTHEST)
    except EstimationError as error:
        return Detail(f"{DISPLACED}{cohort}", reason=str(error))
    return Detail(f"{DISPLACED}{cohort}", found.estimate, found.conf_low, found.conf_high, found.p_value, IN_INCIDENTS)


def _regression(analysis: Analysis, rings: Rings) -> Iterator[Detail]:
    for farthest in range(FARTHEST + 1):
        try:
            fit = twfe_rings(analysis.outcome, analysis.design, rings, farthest)
        except EstimationError as error:
            yield Detail(f"{REGRESSION}{farthest}:0", reason=str(error))
        else:
            yield from (_coefficient(fit, farthest, ring) for ring in range(farthest + 1))


def _coefficient(fit: RingFit, farthest: int, ring: int) -> Detail:
    item, estimate, error = f"{REGRESSION}{farthest}:{ring}", fit.coefficients[ring], fit.std_errors[ring]
    if fit.ward_counts[ring] < FEWEST_TREATED:
        reason = f"No clustered interval: {fit.ward_counts[ring]} treated wards are fewer than {FEWEST_TREATED}."
        return Detail(item, estimate, reason=reason)
    half = float(stats.norm.ppf(TWO_SIDED)) * error
    p_value = float(2 * stats.norm.sf(abs(estimate / error))) if error > 0 else np.nan
    return Detail(item, estimate, estimate - half, estimate + half, p_value, IN_LEVELS)
