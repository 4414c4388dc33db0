"""Leave one out: whether one town, one cohort, one ward or one period carries the result.

Towns and cohorts are few and get an interval; wards and periods are many and get their estimate alone, in closed form
where nothing is missing.
"""

from dataclasses import replace

import numpy as np

from helpers.checks.claim import HALF_SOURCE, OVERALL, effect_detail, half_of, lighter
from helpers.checks.gates import Check, Detail, Verdict, half_margin
from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.jackknife import leave_one_out
from helpers.inference.leave_period_out import leave_period_out

QUESTION = "Without any one of the towns, cohorts, wards or periods, does the effect keep its sign?"
NO_CHANGE = "no change of sign"
WARD, PERIOD, COHORT = "ward:", "period:", "cohort:"
"""Begin the items of the details; a town's item is its code alone."""
NO_EFFECT = "no effect is estimable"
ONE_COHORT = "does not apply: there is one cohort only"
LOST = "without it the same effect cannot be estimated"


def leave_out_checks(analysis: Analysis, specification: Specification) -> list[Check]:
    """Return the checks of leaving one town, one cohort, one ward and one period out.

    Notes
    -----
    Each fails if the sign turns without some unit. Towns and cohorts pass if the sign stays and every interval still
    excludes zero; wards and periods, if no estimate moves by more than half of the effect claimed.
    """
    return [
        leave_one_town_out(analysis, specification),
        leave_one_cohort_out(analysis, specification),
        leave_one_ward_out(analysis, specification),
        leave_one_period_out(analysis, specification),
    ]


def leave_one_town_out(analysis: Analysis, specification: Specification) -> Check:
    """Return the overall effect without each town in turn."""
    few, towns = lighter(analysis), sorted(set(analysis.design.town_codes))
    if len(towns) < 2:
        return replace(_empty(analysis, specification), reason="does not apply: there is one town only")
    wards = zip(analysis.design.ward_ids, analysis.design.town_codes, strict=True)
    members = [(ward, town) for ward, town in wards]
    details = tuple(
        _without(few, specification, town, [ward for ward, own in members if own == town]) for town in towns
    )
    return _judged(analysis, specification, "towns", details, has_intervals=True)


def leave_one_cohort_out(analysis: Analysis, specification: Specification) -> Check:
    """Return the overall effect without the wards of each cohort in turn."""
    few, cohorts = lighter(analysis), analysis.design.cohorts
    if len(cohorts) < 2:
        return replace(_empty(analysis, specification), reason=ONE_COHORT)
    details = tuple(
        _without(few, specification, f"{COHORT}{cohort}", list(analysis.design.wards_in(cohort))) for cohort in cohorts
    )
    return _judged(analysis, specification, "cohorts", details, has_intervals=True)


def leave_one_ward_out(analysis: Analysis, specification: Specification) -> Check:
    """Return the overall effect without each ward in turn that it depends on: what an influence plot shows."""
    fit = impute_counterfactual(analysis.outcome, analysis.design, specification)
    observed, expected = fit.total(OVERALL)
    if not (observed > 0 and expected > 0):
        return replace(_empty(analysis, specification), reason=NO_EFFECT)
    found = leave_one_out(analysis, fit, build_target(analysis.design, specification, OVERALL))
    details = tuple(
        _estimate(f"{WARD}{analysis.design.ward_ids[position]}", found.logs[position])
        for position in np.flatnonzero(found.contributes)
    )
    return _judged(analysis, specification, "wards", details)


def leave_one_period_out(analysis: Analysis, specification: Specification) -> Check:
    """Return the overall effect without each period in turn."""
    logs = leave_period_out(analysis, specification, OVERALL)
    details = tuple(
        _estimate(f"{PERIOD}{period}", log) for period, log in zip(analysis.design.periods, logs, strict=True)
    )
    return _judged(analysis, specification, "periods", details)


def _without(analysis: Analysis, specification: Specification, item: str, wards: list[str]) -> Detail:
    try:
        return effect_detail(item, effect_row(analysis.without_wards(wards), specification, OVERALL))
    except (DesignError, EstimationError) as error:
        return Detail(item, reason=str(error))


def _estimate(item: str, log_ratio: float) -> Detail:
    return Detail(item, reason=LOST) if np.isnan(log_ratio) else Detail(item, float(np.expm1(log_ratio)))


def _judged(
    analysis: Analysis,
    specification: Specification,
    units: str,
    details: tuple[Detail, ...],
    *,
    has_intervals: bool = False,
) -> Check:
    whole = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(OVERALL)
    empty = replace(_empty(analysis, specification), details=details)
    found = [detail for detail in details if not detail.reason]
    if np.isnan(whole) or not found:
        return replace(empty, reason=f"{units}: {NO_EFFECT}")
    extreme = max(found, key=lambda own: (abs(_log(own.estimate) - _log(whole)), own.item))
    verdict, why = _judge(whole, found, extreme, has_intervals=has_intervals)
    if verdict == "pass" and len(found) < len(details):
        verdict, why = "cannot_tell", "the sign stays, but without some the same effect cannot be estimated"
    threshold, source = (0.0, NO_CHANGE) if has_intervals else (half_of(whole), HALF_SOURCE)
    return replace(
        empty,
        statistic=extreme.estimate,
        threshold=threshold,
        threshold_source=source,
        verdict=verdict,
        reason=f"{units}: {why}",
    )


def _judge(whole: float, found: list[Detail], extreme: Detail, *, has_intervals: bool) -> tuple[Verdict, str]:
    turns = [own.item for own in found if np.sign(own.estimate) != np.sign(whole)]
    if turns:
        return "fail", _turned(turns)
    if has_intervals and all(own.conf_low > 0 or own.conf_high < 0 for own in found):
        return "pass", "the sign stays and every interval excludes zero"
    if has_intervals:
        return "cannot_tell", "the sign stays, but not every interval excludes zero"
    if abs(_log(extreme.estimate) - _log(whole)) <= half_margin(whole):
        return "pass", "the sign stays, and no estimate moves by more than half of the effect claimed"
    return "cannot_tell", "the sign stays, but some estimate moves by more than half of the effect claimed"


def _turned(items: list[str]) -> str:
    """Return without what the sign turns; towns have no word before their code.

    Examples
    --------
    >>> _turned(["412"]), _turned(["cohort:2021", "cohort:2023"])
    ('without 412 the sign turns', 'the sign turns without cohort 2021, 2023')
    """
    kind, has_kind, _ = items[0].partition(":")
    if not has_kind:
        return f"without {', '.join(items)} the sign turns"
    return f"the sign turns without {kind} {', '.join(item.partition(':')[2] for item in items)}"


def _log(effect: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log1p(effect))


def _empty(analysis: Analysis, specification: Specification) -> Check:
    return Check(
        analysis.indicator, specification, "leave_one_out", QUESTION, np.nan, 0.0, NO_CHANGE, "cannot_tell", ""
    )
