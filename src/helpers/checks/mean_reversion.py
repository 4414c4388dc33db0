"""Mean reversion: whether wards chosen in a bad year would have come down anyway.

Two looks at it. The test again, with treatment paths changing hands only among wards of similar level before the
programme; and simulated studies without any effect, in which wards are chosen by what they reported, as high as the
treated ones stood.

References: barnett2005 (regression to the mean).
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from helpers.checks.claim import HALF_SOURCE, OVERALL, effect_detail, half_of, lighter
from helpers.checks.gates import NO_HALF, Check, Detail, Verdict, half_margin
from helpers.errors import DesignError, EstimationError
from helpers.estimation.effects import EffectRow
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.randomisation import LEVEL
from helpers.inference.regression_to_mean import RegressionToMean, Selection, regression_to_mean
from helpers.inference.ward_strata import level_strata
from helpers.study.design import NEVER
from helpers.study.objects import Study
from helpers.study.periods import PERIODS_PER_YEAR, period_days

Array = npt.NDArray[np.float64]

QUESTION = "Had wards been chosen for what they reported before, how much of the effect would have come by itself?"
LEVEL_GROUPS = 3
"""Terciles of the level before: narrower ones leave hardly a path to change hands in towns of a dozen wards."""
HOT_SPOT_YEAR = 2019
"""The year of the list in the column is_hot_spot_2019."""
SAME_LEVEL, LEVEL_PERIODS = "same_level", "level_periods"
AS_HIGH, HIGHEST, HOT_SPOTS = "as_high", "highest", "hot_spots"
"""Items of the details: the test among wards of similar level; the effect against wards of similar level (level ×
period effects); the simulated "effect" of choosing wards as high as the treated ones stood, the highest ones, or as
many of the highest as treated wards are listed as hot spots."""


def mean_reversion(analysis: Analysis, specification: Specification, study: Study) -> Check:
    """Return how much of the overall effect regression to the mean could have made.

    Notes
    -----
    It passes only if selection alone, its Monte-Carlo interval included, makes less than half of the effect claimed
    *and* the test among wards of similar level rejects. It fails if there is an effect beyond chance and selection
    alone makes more than half of it. The simulated studies take the spread of levels and the shocks from the panel as
    if these were known.
    """
    empty = Check(analysis.indicator, specification, "mean_reversion", QUESTION, np.nan, np.nan, "", "cannot_tell", "")
    few = lighter(analysis)
    claim = effect_row(few, specification, OVERALL)
    if claim.reason:
        return replace(empty, reason=claim.reason)
    among = _similar(few, specification)
    simulated = {
        item: _simulated(analysis, specification, selection) for item, selection in selections(analysis, study).items()
    }
    governing = [found for item, found in simulated.items() if item != HIGHEST]
    verdict, reason = _judge(governing, claim, among)
    effects = [own.effect for own in governing if not isinstance(own, str)]
    return replace(
        empty,
        statistic=max(effects, key=lambda own: own * np.sign(claim.estimate), default=np.nan),
        threshold=half_of(claim.estimate),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=reason,
        details=(
            among,
            _against_similar(few, specification),
            *(_detail(item, own) for item, own in simulated.items()),
        ),
    )


def selections(analysis: Analysis, study: Study) -> dict[str, Selection]:
    """Return the ways in which wards may have been chosen, by item of the details.

    The span is the year before anybody's donut, and for the list of hot spots the part of its year that the window
    holds before that.
    """
    design = analysis.design
    after = min(design.cutoffs)
    first = max(0, after - PERIODS_PER_YEAR[design.period_kind])
    treated = design.label_array != NEVER
    everyone = tuple(treated.tolist())
    rules = {
        AS_HIGH: Selection("as_high", first, after, everyone),
        HIGHEST: Selection("highest", first, after, everyone),
    }
    listed = {ward.ward_id for ward in study.wards if ward.is_hot_spot_2019}
    chosen = tuple(bool(own and ward in listed) for ward, own in zip(design.ward_ids, treated, strict=True))
    years = [period_days(design.period_kind, label)[1].year for label in design.periods[:after]]
    span = [position for position, year in enumerate(years) if year == HOT_SPOT_YEAR]
    if any(chosen) and span:
        rules[HOT_SPOTS] = Selection("highest", span[0], span[-1] + 1, chosen)
    return rules


def _similar(analysis: Analysis, specification: Specification) -> Detail:
    """Return the effect with the test among wards of similar level; the estimate is the same as without."""
    try:
        row = effect_row(analysis, specification, OVERALL, strata=_strata(analysis, specification))
    except EstimationError as error:
        return Detail(SAME_LEVEL, reason=str(error))
    few = "the strata leave too few relabellings: no p-value can reach 5%" if row.smallest_p > LEVEL else row.reason
    return effect_detail(SAME_LEVEL, row, few)


def _against_similar(analysis: Analysis, specification: Specification) -> Detail:
    """Return the effect against wards of similar level: their strata take the place of towns."""
    strata = _strata(analysis, specification)
    moved = replace(analysis, design=replace(analysis.design, town_codes=strata))
    try:
        row = effect_row(moved, "town_period", OVERALL)
    except (DesignError, EstimationError) as error:
        return Detail(LEVEL_PERIODS, reason=str(error))
    reason = "no ward of similar level is still untreated then" if row.reason else ""
    return effect_detail(LEVEL_PERIODS, row, reason)


def _strata(analysis: Analysis, specification: Specification) -> tuple[str, ...]:
    """Return terciles of the level before, over all wards or (town × period) within each town."""
    design = analysis.design
    if specification == "two_way":
        design = replace(design, town_codes=("",) * len(design.town_codes))
    return level_strata(analysis.outcome, design, groups=LEVEL_GROUPS)


def _simulated(analysis: Analysis, specification: Specification, selection: Selection) -> RegressionToMean | str:
    try:
        return regression_to_mean(analysis, specification, selection)
    except EstimationError as error:
        return str(error)


def _detail(item: str, found: RegressionToMean | str) -> Detail:
    if isinstance(found, str):
        return Detail(item, reason=found)
    reason = f"{found.n_simulations} simulated studies without effect; 95% of them lie in the interval"
    return Detail(item, found.effect, found.low, found.high, reason=reason)


def _judge(governing: list[RegressionToMean | str], claim: EffectRow, among: Detail) -> tuple[Verdict, str]:
    found = [own for own in governing if not isinstance(own, str)]
    if len(found) < len(governing):
        return "cannot_tell", next(own for own in governing if isinstance(own, str))
    if not claim.estimate > -1:
        return "cannot_tell", NO_HALF
    margin = half_margin(claim.estimate)
    ends = [_logs(own) * np.sign(claim.estimate) for own in found]
    if claim.p_value <= LEVEL and any(own.min() > margin for own in ends):
        return "fail", "choosing wards as high as these alone makes more than half of the effect claimed"
    if any(own.max() > margin for own in ends):
        return "cannot_tell", "choosing wards as high as these alone may make half of the effect claimed"
    small = "selection alone makes less than half of the effect claimed"
    if among.p_value <= LEVEL:
        return "pass", f"{small}, and wards of similar level differ too"
    return "cannot_tell", f"{small}, but wards of similar level do not differ beyond chance"


def _logs(own: RegressionToMean) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(np.array([own.mc_low, own.mc_high])))
