"""Heterogeneity: whether the effect differs between groups of wards that were declared beforehand.

Only groups of ``groups.csv``, and of these only such with five treated wards or more: whoever may cut the wards as he
likes after the fact always finds a group in which it worked. A group's effect is estimated with the treated wards of
the other groups left out; the groups are compared by letting group labels change hands among treated wards.

References: ding2018 (randomisation tests).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.checks.claim import OVERALL, effect_detail, lighter, stays_near
from helpers.checks.gates import Check, Detail, Verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.effects import FEWEST_TREATED
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import Assignments, reassign
from helpers.inference.effect_row import effect_row
from helpers.inference.randomisation import LEVEL, share_at_least
from helpers.study.design import NEVER
from helpers.study.objects import Study

Array = npt.NDArray[np.float64]

QUESTION = "Does the effect differ between the groups of wards that were declared beforehand?"
SOURCE = "5% that the groups are alike"
DIFFERENCE = "difference"
"""Ends the item of the detail that compares the groups; the others end with a group's name: ``size:large``."""


def heterogeneity(analysis: Analysis, specification: Specification, study: Study) -> list[Check]:
    """Return one check per grouping of ``groups.csv``; a single one that cannot tell where there is none.

    Notes
    -----
    It fails if the groups' effects differ beyond chance, and passes only if each group's whole interval stays within
    half of the effect claimed around the overall one.
    """
    groupings = sorted({row.grouping for row in study.groups})
    if not groupings:
        return [_check(analysis, specification, np.nan, "cannot_tell", "the study declares no groups (groups.csv)", ())]
    return [_grouping_check(analysis, specification, study, grouping) for grouping in groupings]


def _grouping_check(analysis: Analysis, specification: Specification, study: Study, grouping: str) -> Check:
    few = lighter(analysis)
    group_of = {row.ward_id: row.group for row in study.groups if row.grouping == grouping}
    treated = [
        group_of.get(ward, "") if label != NEVER else ""
        for ward, label in zip(analysis.design.ward_ids, analysis.design.labels, strict=True)
    ]
    sizes = Counter(group for group in treated if group)
    details = [
        _group_effect(few, specification, dict(zip(analysis.design.ward_ids, treated, strict=True)), grouping, group)
        for group in sorted(set(group_of.values()))
    ]
    large = sorted(group for group, size in sizes.items() if size >= FEWEST_TREATED)
    if len(large) < 2:
        reason = f"grouping {grouping}: fewer than two groups have {FEWEST_TREATED} treated wards"
        return _check(analysis, specification, np.nan, "cannot_tell", reason, tuple(details))
    claim = impute_counterfactual(analysis.outcome, analysis.design, specification).effect(OVERALL)
    try:
        found = compare_groups(few, specification, treated, large)
    except EstimationError as error:
        return _check(analysis, specification, np.nan, "cannot_tell", f"grouping {grouping}: {error}", tuple(details))
    test = Detail(
        f"{grouping}:{DIFFERENCE}",
        p_value=found.p_value,
        n_assignments=found.assignments.reported_count,
        smallest_p=found.assignments.smallest_p,
    )
    verdict, why = _judge(found.p_value, details, claim)
    return _check(analysis, specification, found.p_value, verdict, f"grouping {grouping}: {why}", (*details, test))


@dataclass(frozen=True, slots=True)
class GroupComparison:
    """The p-value of no difference between groups, and the relabellings it rests on."""

    p_value: float
    assignments: Assignments


def compare_groups(
    analysis: Analysis, specification: Specification, treated: list[str], groups: list[str]
) -> GroupComparison:
    """Compare observed with expected incidents of groups of treated wards by exchanging group labels.

    Labels change hands among treated wards of one cohort (town × period: and one town). The statistic is the sum over
    groups of (O − R E)² / (R E), R being the ratio of all of them together.

    Parameters
    ----------
    treated : list of str, length W
        A treated ward's group; "" for all others.
    groups : list of str
        The groups compared.

    Raises
    ------
    EstimationError
        If nothing is expected, or no label can change hands.
    """
    fit = impute_counterfactual(analysis.outcome, analysis.design, specification)
    cells = fit.cells(OVERALL)
    observed, expected = (np.where(cells, own, 0.0).sum(axis=1) for own in (fit.observed, fit.expected))
    own = np.array([groups.index(group) if group in groups else NEVER for group in treated], dtype=np.int8)
    used = np.flatnonzero((own != NEVER) & (expected > 0))
    towns = np.array(analysis.design.town_codes) if specification == "town_period" else np.zeros(len(own))
    keys = list(zip(analysis.design.label_array[used].tolist(), towns[used].tolist(), strict=True))
    pools = [np.array([at for at, other in enumerate(keys) if other == key]) for key in sorted(set(keys))]
    drawn = reassign(own[used], pools, n_draws=analysis.n_draws, seed=analysis.seed)
    if drawn.count == 1 or not observed[used].sum() > 0:
        raise EstimationError("no group label can change hands: the groups are the cohorts or towns themselves")
    labels = np.vstack([own[used], drawn.labels])
    statistics = _spread(labels, observed[used], expected[used], len(groups))
    return GroupComparison(float(share_at_least(statistics, is_exact=drawn.is_exact)), drawn)


def _spread(labels: npt.NDArray[np.int8], observed: Array, expected: Array, count: int) -> Array:
    """Return the statistic of each labelling, shape (1 + B,)."""
    ratio = observed.sum() / expected.sum()
    total = np.zeros(len(labels))
    for group in range(count):
        chosen = (labels == group).astype(float)
        counted, foreseen = chosen @ observed, ratio * (chosen @ expected)
        total += np.divide((counted - foreseen) ** 2, foreseen, out=np.zeros_like(foreseen), where=foreseen > 0)
    return total


def _group_effect(
    analysis: Analysis, specification: Specification, treated: Mapping[str, str], grouping: str, group: str
) -> Detail:
    """Return one group's effect, the treated wards of the other groups left out."""
    item, size = f"{grouping}:{group}", sum(own == group for own in treated.values())
    if size < FEWEST_TREATED:
        return Detail(item, reason=f"{size} treated wards are fewer than {FEWEST_TREATED}: no effect is given")
    labels = zip(analysis.design.ward_ids, analysis.design.labels, strict=True)
    gone = [ward for ward, label in labels if label != NEVER and treated[ward] != group]
    try:
        row = effect_row(analysis.without_wards(gone), specification, OVERALL)
    except (DesignError, EstimationError) as error:
        return Detail(item, reason=str(error))
    return effect_detail(item, row)


def _judge(p_value: float, details: list[Detail], claim: float) -> tuple[Verdict, str]:
    if p_value <= LEVEL:
        return "fail", "the groups differ beyond chance, so one number does not describe them"
    if not any(own.reason for own in details) and stays_near(details, claim):
        return "pass", "every group's interval stays within half of the effect claimed around the overall one"
    return "cannot_tell", "the groups do not differ beyond chance, but their intervals leave room for it"


def _check(
    analysis: Analysis,
    specification: Specification,
    statistic: float,
    verdict: Verdict,
    reason: str,
    details: tuple[Detail, ...],
) -> Check:
    return Check(
        analysis.indicator,
        specification,
        "heterogeneity",
        QUESTION,
        statistic,
        LEVEL,
        SOURCE,
        verdict,
        reason,
        details,
    )
