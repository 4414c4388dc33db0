"""The verdict on alternatives, by one written rule.

An alternative *disagrees* if its estimate lies outside the claim's interval, or if the signs differ and either rejects:
the rule by which the two specifications disagree. One that rests on less, on other wards or with a trend for each ward,
must in addition have an interval without the claim in it.

* fail: an alternative disagrees;
* pass: the claim rejects, every alternative gives an estimate, and every one lies within half of the claim around it;
* cannot tell: anything else.

Least squares and the library maintain another assumption than the claim, so they never fail it.
"""

from collections.abc import Sequence

import numpy as np

from helpers.checks.gates import NO_HALF, Detail, Verdict, half_margin
from helpers.inference.randomisation import LEVEL

NOBODY_NEVER = "Nobody is never treated there."
ONE_COHORT = "There is one cohort only: everybody else is never treated already."
NO_HORIZON = "There is one cohort only, so no horizon that cohorts have in common."
IN_PERIODS = "The effects of town × period already contain every season of a town."
ADDS_NOTHING = "Under town × period effects this town adds nothing: without it the estimate is the same."
NO_OTHER = "the study knows no other"
CANCELS = "A population that does not change over time cancels: rates per head give the same ratio to the last digit."
ONE_POPULATION = "The study gives one population a ward; a second one would have to be of another time."
NOT_ASKED = (IN_PERIODS, ADDS_NOTHING, ONE_COHORT, NO_HORIZON)
"""Reasons for which an alternative is none here: it neither counts for a pass nor against it."""
OTHER_ESTIMATORS, ON_LESS = "estimator", ("towns", "ward_trend")
"""The checks whose alternatives maintain another assumption, or rest on less, than the claim."""
TOO_FEW = "Too few incidents: not every relabelling can be fitted on the same cells."


def judge_alternatives(name: str, claim: Detail, details: Sequence[Detail]) -> tuple[Verdict, str]:
    """Return the verdict on the alternatives of one check, and why.

    Parameters
    ----------
    name : str
        The check's id.
    claim : Detail
        The effect that is claimed, with its interval and p-value.
    details : sequence of Detail
        The alternatives; one without an estimate, but with a conf_low and a conf_high, is a range over rosters.

    Examples
    --------
    >>> claim = Detail("claim", -0.4, -0.6, -0.1, 0.01)
    >>> judge_alternatives("timing", claim, [Detail("timing:plan", -0.35, -0.5, 0.1, 0.2)])[0]
    'pass'
    >>> judge_alternatives("timing", claim, [Detail("timing:plan", 0.1, -0.5, 1.4, 0.7)])[0]
    'fail'
    """
    if not np.isfinite(claim.estimate):
        return "cannot_tell", claim.reason or "no effect is estimable"
    if claim.estimate <= -1:
        return "cannot_tell", NO_HALF
    told = [own for own in details if estimates_of(own)]
    if not told:
        return "cannot_tell", details[0].reason if details else NO_OTHER
    count = sum(own.reason not in NOT_ASKED for own in details)
    disagreeing = sum(_disagrees(own, claim, is_on_less=name in ON_LESS) for own in told)
    near = sum(_is_near(own, claim.estimate) for own in told)
    if disagreeing and name != OTHER_ESTIMATORS:
        return "fail", f"{disagreeing} of {count} alternatives disagree with the estimate"
    if near < count:
        return "cannot_tell", f"{near} of {count} alternatives lie within half of the effect claimed; all would have to"
    if claim.p_value > LEVEL:
        return "cannot_tell", "every alternative is near, but no effect is claimed"
    return "pass", "every alternative lies within half of the effect claimed"


def estimates_of(own: Detail) -> tuple[float, ...]:
    """Return an alternative's estimate; the ends of the range over rosters, which has none."""
    if np.isfinite(own.estimate):
        return (own.estimate,)
    return (own.conf_low, own.conf_high) if np.isfinite(own.conf_low) else ()


def _disagrees(own: Detail, claim: Detail, *, is_on_less: bool) -> bool:
    ends = estimates_of(own)
    if is_on_less and own.conf_low <= claim.estimate <= own.conf_high:
        return False
    turns = any(np.sign(end) != np.sign(claim.estimate) for end in ends)
    if len(ends) > 1:
        return turns
    is_outside = not claim.conf_low <= own.estimate <= claim.conf_high
    return is_outside or (turns and min(np.nan_to_num([own.p_value, claim.p_value], nan=1.0)) <= LEVEL)


def _is_near(own: Detail, claim: float) -> bool:
    return all(abs(log_size(end) - log_size(claim)) <= half_margin(claim) for end in estimates_of(own))


def log_size(effect: float) -> float:
    """Return log(1 + effect); minus infinity where nothing was observed."""
    with np.errstate(divide="ignore"):
        return float(np.log1p(max(effect, -1.0)))
