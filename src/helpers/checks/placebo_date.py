"""Placebo date: whether there is an "effect" already in the year before anybody was treated."""

import numpy as np

from helpers.checks.gates import HALF_CLAIM, Check, Detail, equivalence_verdict
from helpers.errors import DesignError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.placebo import PLACEBO_PERIODS, placebo_design

QUESTION = "Moved back into the year before it, does the programme already seem to have an effect?"


def placebo_date(analysis: Analysis, specification: Specification) -> list[Check]:
    """Return one check per cohort: the placebo effect of the year before its donut.

    Notes
    -----
    The claim a placebo is held against is the cohort's own estimate under the same specification.
    """
    return [_cohort_check(analysis, specification, cohort) for cohort in analysis.design.cohorts]


def _cohort_check(analysis: Analysis, specification: Specification, cohort: str) -> Check:
    indicator = analysis.indicator
    claim = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(Estimand("cohort", cohort))
    if np.isnan(claim):
        return _cannot_tell(indicator, specification, cohort, "its effect is not estimable: there is no claim")
    try:
        moved = analysis.under(placebo_design(analysis.design, cohort))
    except DesignError as error:
        return _cannot_tell(indicator, specification, cohort, str(error))
    row = effect_row(moved, specification, Estimand("lead", cohort, 0, PLACEBO_PERIODS - 1))
    if row.reason:
        return _cannot_tell(indicator, specification, cohort, row.reason)
    verdict, why = equivalence_verdict(row.p_value, row.conf_low, row.conf_high, claim)
    margin = np.expm1(HALF_CLAIM * np.log1p(claim)) if claim > -1 else -1.0
    ends, test = (row.conf_low, row.conf_high), (row.n_assignments, row.smallest_p)
    detail = Detail(cohort, row.estimate, *ends, row.p_value, "", *test)
    return Check(
        indicator,
        specification,
        "placebo_date",
        QUESTION,
        row.estimate,
        float(margin),
        "half of the effect claimed (docs/methods.md, gates)",
        verdict,
        f"cohort {cohort}: {why}",
        (detail,),
    )


def _cannot_tell(indicator: str, specification: str, cohort: str, reason: str) -> Check:
    return Check(
        indicator,
        specification,
        "placebo_date",
        QUESTION,
        np.nan,
        np.nan,
        "",
        "cannot_tell",
        f"cohort {cohort}: {reason}",
        (Detail(cohort, reason=reason),),
    )
