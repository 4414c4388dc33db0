"""Leave one town out: whether one town carries the result."""

import numpy as np

from helpers.checks.gates import Check, Detail, Verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row

QUESTION = "Without any one of the towns, does the effect keep its sign?"
OVERALL = Estimand("overall")
MOST_DRAWS = 999
"""Relabellings per town left out: enough to see a sign and a rough interval, which is all this check asks for."""


def leave_one_town_out(analysis: Analysis, specification: Specification) -> Check:
    """Return the overall effect without each town in turn.

    Notes
    -----
    It fails if the sign turns without some town. It passes if the sign stays and every interval still excludes zero.
    """
    indicator = analysis.indicator
    whole = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(OVERALL)
    towns = sorted(set(analysis.design.town_codes))
    lighter = analysis.with_draws(min(analysis.n_draws, MOST_DRAWS))
    details = tuple(_without(lighter, specification, town) for town in towns)
    found = [detail for detail in details if not detail.reason]
    estimates = np.array([detail.estimate for detail in found])
    turns = [detail.item for detail in found if np.sign(detail.estimate) != np.sign(whole)]
    if np.isnan(whole) or not found:
        return _check(indicator, specification, np.nan, "cannot_tell", "no effect is estimable", details)
    extreme = float(estimates[np.abs(estimates - whole).argmax()])
    if turns:
        return _check(indicator, specification, extreme, "fail", f"without {', '.join(turns)} the sign turns", details)
    excluded = all(detail.conf_low > 0 or detail.conf_high < 0 for detail in found)
    if excluded and len(found) == len(towns):
        return _check(
            indicator, specification, extreme, "pass", "the sign stays and every interval excludes zero", details
        )
    return _check(
        indicator,
        specification,
        extreme,
        "cannot_tell",
        "the sign stays, but not every interval excludes zero",
        details,
    )


def _without(analysis: Analysis, specification: Specification, town: str) -> Detail:
    try:
        row = effect_row(analysis.without_town(town), specification, OVERALL)
    except (DesignError, EstimationError) as error:
        return Detail(town, reason=str(error))
    ends, test = (row.conf_low, row.conf_high), (row.n_assignments, row.smallest_p)
    return Detail(town, row.estimate, *ends, row.p_value, row.reason, *test)


def _check(
    indicator: str, specification: str, statistic: float, verdict: Verdict, reason: str, details: tuple[Detail, ...]
) -> Check:
    return Check(
        indicator,
        specification,
        "leave_one_out",
        QUESTION,
        statistic,
        0.0,
        "no change of sign",
        verdict,
        reason,
        details,
    )
