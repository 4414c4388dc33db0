"""Placebo indicator: whether something that the programme should not move seems to have moved too.

Which indicators these are is declared in ``indicators.csv`` (``is_placebo``), before anything is estimated: an
indicator that turned out not to move is no placebo.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers.checks.claim import HALF_SOURCE, OVERALL, effect_detail, half_of
from helpers.checks.gates import Check, Detail, Verdict, equivalence_verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row

QUESTION = "Did an indicator that the programme should not move seem to move too?"
NONE_DECLARED = "no indicator is declared as one that the programme should not move (indicators.csv)"
OWN_PLACEBO = "it is itself declared as an indicator that the programme should not move"
NO_CLAIM = "no effect is estimable"
FAILED = "an indicator that the programme should not move is rejected"
PASSED = "the whole interval of every such indicator lies inside half of the effect claimed"
WIDE = "the interval of some such indicator is wider than half of the effect claimed"


def placebo_indicator(analysis: Analysis, specification: Specification, placebos: Sequence[Analysis]) -> Check:
    """Return the overall effects on the declared placebo indicators, held against half of the effect claimed.

    Parameters
    ----------
    analysis : Analysis
        Of the indicator that a claim is made about.
    placebos : sequence of Analysis
        Of the declared placebo indicators, under the same design and draws.

    Notes
    -----
    It fails if any placebo is rejected at 5% divided by their number, and passes only if the whole interval of each
    lies inside half of the claim. Nothing has to be carried: both lie in the same window.
    """
    empty = Check(
        analysis.indicator, specification, "placebo_indicator", QUESTION, np.nan, np.nan, "", "cannot_tell", ""
    )
    if not placebos:
        return replace(empty, reason=NONE_DECLARED)
    if analysis.indicator in {own.indicator for own in placebos}:
        return replace(empty, reason=OWN_PLACEBO)
    claim = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(OVERALL)
    if np.isnan(claim):
        return replace(empty, reason=NO_CLAIM)
    details = tuple(_placebo(own, specification) for own in placebos)
    verdict, reason = _judge(details, claim)
    effects = [own.estimate for own in details if not own.reason]
    return replace(
        empty,
        statistic=max(effects, key=abs, default=np.nan),
        threshold=half_of(claim),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=reason,
        details=details,
    )


def _placebo(own: Analysis, specification: Specification) -> Detail:
    try:
        return effect_detail(own.indicator, effect_row(own, specification, OVERALL))
    except (DesignError, EstimationError) as error:
        return Detail(own.indicator, reason=str(error))


def _judge(details: Sequence[Detail], claim: float) -> tuple[Verdict, str]:
    """Return the verdict over all placebos; p-values are multiplied by their number (Bonferroni)."""
    told = [own for own in details if not own.reason]
    verdicts = [equivalence_verdict(len(details) * own.p_value, own.conf_low, own.conf_high, claim)[0] for own in told]
    if "fail" in verdicts:
        return "fail", FAILED
    untold = next((own.reason for own in details if own.reason), "")
    if untold:
        return "cannot_tell", untold
    return ("pass", PASSED) if set(verdicts) == {"pass"} else ("cannot_tell", WIDE)
