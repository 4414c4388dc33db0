"""Placebo date: whether there is an "effect" already in the year before anybody was treated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from helpers.checks.claim import HALF_SOURCE, effect_detail, half_of
from helpers.checks.gates import Check, Detail, carried, distance_to_base, equivalence_verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.placebo import placebo_design, placebo_length
from helpers.study.design import Design

QUESTION = "Moved back into the year before it, does the programme already seem to have an effect?"
CARRIED, EARLIER = "carried:", "earlier:"
"""Begin the items of the details: the year's placebo effect carried to the effect's own window; that of the year before
the year, which is shown and decides nothing."""
NO_CLAIM = "its effect is not estimable: there is no claim"


@dataclass(frozen=True, slots=True)
class PlaceboYear:
    """The year before a cohort's donut as if it were the programme.

    Attributes
    ----------
    row : EffectRow
        Its placebo effect.
    claim : float
        The cohort's own effect, ratio minus one.
    near, far : float
        d0 and d1: how many periods the placebo, and the effect itself, lie from their base (`helpers.checks.gates`).
    moved : Analysis
        What the placebo was estimated on: nothing after the year is in it.
    """

    row: EffectRow
    claim: float
    near: float
    far: float
    moved: Analysis

    def carried_row(self) -> EffectRow:
        """Return the placebo effect and its interval carried to the window of the effect."""
        factor = self.far / self.near
        estimate, low, high = (
            carried(value, factor) for value in (self.row.estimate, self.row.conf_low, self.row.conf_high)
        )
        return replace(self.row, estimate=estimate, conf_low=low, conf_high=high)


def placebo_estimand(design: Design, cohort: str) -> Estimand:
    """Return the whole pretended year of a cohort."""
    return Estimand("lead", cohort, 0, placebo_length(design) - 1)


def placebo_year(analysis: Analysis, specification: Specification, cohort: str) -> PlaceboYear:
    """Return the placebo effect of the year before a cohort's donut, and how far it has to be carried.

    Raises
    ------
    EstimationError
        If there is no claim to hold it against, or no placebo.
    DesignError
        If too few clean periods are left before the year.
    """
    own = Estimand("cohort", cohort)
    claim = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(own)
    if np.isnan(claim):
        raise EstimationError(NO_CLAIM)
    moved = analysis.under(placebo_design(analysis.design, cohort))
    pretended = placebo_estimand(moved.design, cohort)
    row = effect_row(moved, specification, pretended)
    if row.reason:
        raise EstimationError(row.reason)
    near = distance_to_base(moved.design, specification, pretended)
    return PlaceboYear(row, claim, near, distance_to_base(analysis.design, specification, own), moved)


def placebo_years(analysis: Analysis, specification: Specification) -> dict[str, PlaceboYear | str]:
    """Return each cohort's placebo year, or why it has none: what this check and that of pre-trends start from."""
    found: dict[str, PlaceboYear | str] = {}
    for cohort in analysis.design.cohorts:
        try:
            found[cohort] = placebo_year(analysis, specification, cohort)
        except (DesignError, EstimationError) as error:
            found[cohort] = str(error)
    return found


def placebo_date(
    analysis: Analysis, specification: Specification, years: Mapping[str, PlaceboYear | str] | None = None
) -> list[Check]:
    """Return one check per cohort: the placebo effect of the year before its donut, carried to the effect's window.

    Parameters
    ----------
    years : mapping of str to PlaceboYear or str, optional
        `placebo_years`, where they are known already.

    Notes
    -----
    The claim a placebo is held against is the cohort's own estimate under the same specification. It fails if the
    placebo itself is rejected, and passes only if its whole interval, carried on as a steady drift would go on, lies
    within half of the claim. The year before that year is shown beside it and decides nothing: two dates would be two
    chances to fail.
    """
    found = placebo_years(analysis, specification) if years is None else years
    return [_cohort_check(analysis, specification, cohort, year) for cohort, year in found.items()]


def _cohort_check(analysis: Analysis, specification: Specification, cohort: str, year: PlaceboYear | str) -> Check:
    empty = Check(analysis.indicator, specification, "placebo_date", QUESTION, np.nan, np.nan, "", "cannot_tell", "")
    if isinstance(year, str):
        return replace(empty, reason=f"cohort {cohort}: {year}", details=(Detail(cohort, reason=year),))
    further = year.carried_row()
    verdict, why = equivalence_verdict(year.row.p_value, further.conf_low, further.conf_high, year.claim)
    details = (
        effect_detail(cohort, year.row),
        effect_detail(f"{CARRIED}{cohort}", further),
        _earlier(analysis, specification, cohort),
    )
    return replace(
        empty,
        statistic=further.estimate,
        threshold=half_of(year.claim),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=f"cohort {cohort}: {why}",
        details=details,
    )


def _earlier(analysis: Analysis, specification: Specification, cohort: str) -> Detail:
    """Return the placebo of the year before the placebo year."""
    item, design = f"{EARLIER}{cohort}", analysis.design
    length = placebo_length(design)
    last = design.cutoffs[design.cohorts.index(cohort)] - length
    try:
        moved = analysis.under(placebo_design(design, cohort, back=2 * length).until(last))
        return effect_detail(item, effect_row(moved, specification, placebo_estimand(design, cohort)))
    except (DesignError, EstimationError) as error:
        return Detail(item, reason=str(error))
