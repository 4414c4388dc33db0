"""Pre-trends: whether model and comparison wards already moved apart in the year before the programme.

All quarters of that year are tested together, by the largest |T| over them in each relabelling. What such a test can
see is said beside it: its power against a drift that would account for half of the effect claimed. Nothing passes by
not being rejected; the year's placebo effect, carried to the effect's own window, decides.

References: roth2022 (power of tests for earlier trends).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.checks.claim import HALF_SOURCE, effect_detail, half_of
from helpers.checks.gates import HALF_CLAIM, Check, Detail, Verdict, equivalence_verdict
from helpers.checks.placebo_date import CARRIED, PlaceboYear, placebo_years
from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import Assignments
from helpers.inference.effect_row import effect_row
from helpers.inference.estimate import BIN_DRAWS
from helpers.inference.event_study import critical_distance, joint_statistics
from helpers.inference.placebo import lead_bins, placebo_length
from helpers.inference.randomisation import LEVEL, two_sided_p
from helpers.inference.relabellings import choose_relabellings

Array = npt.NDArray[np.float64]

QUESTION = "Did model and comparison wards already move apart in the year before?"
LEAD, JOINT, POWER = "lead:", "joint:", "power:"
"""Begin the items of the details: a quarter of the year before, as in ``lead:2023:-15``; the joint test of all of them
(its p-value); the share of studies in which that test would see a drift worth half of the effect claimed (``estimate``,
no ratio)."""
SHARE = "share of studies, not a ratio"


@dataclass(frozen=True, slots=True)
class JointTest:
    """The joint test of a cohort's quarters before the programme.

    Attributes
    ----------
    largest, p_value : float
        The largest |T| and the share of relabellings with one at least as large.
    power : float
        Share of studies in which the test rejects under the drift.
    assignments : Assignments
    """

    largest: float
    p_value: float
    power: float
    assignments: Assignments


def pre_trends(
    analysis: Analysis, specification: Specification, years: Mapping[str, PlaceboYear | str] | None = None
) -> list[Check]:
    """Return one check per cohort: the joint test of the quarters before it, its power, and the carried interval.

    Parameters
    ----------
    years : mapping of str to PlaceboYear or str, optional
        `helpers.checks.placebo_date.placebo_years`, where they are known already.

    Notes
    -----
    It fails if the joint test or the placebo of the whole year rejects, and passes only if the placebo's interval,
    carried to the effect's window, lies within half of the effect claimed.
    """
    found = placebo_years(analysis, specification) if years is None else years
    return [_cohort_check(analysis, specification, cohort, year) for cohort, year in found.items()]


def _cohort_check(analysis: Analysis, specification: Specification, cohort: str, year: PlaceboYear | str) -> Check:
    empty = Check(analysis.indicator, specification, "pre_trends", QUESTION, np.nan, np.nan, "", "cannot_tell", "")
    if isinstance(year, str):
        return replace(empty, reason=f"cohort {cohort}: {year}", details=(Detail(cohort, reason=year),))
    try:
        leads = lead_bins(year.moved.design, cohort)
        rows = [
            effect_row(year.moved.with_draws(min(analysis.n_draws, BIN_DRAWS)), specification, lead) for lead in leads
        ]
        joint = joint_test(year.moved, specification, leads, drift=plausible_drift(year))
    except EstimationError as error:
        return replace(empty, reason=f"cohort {cohort}: {error}", details=(Detail(cohort, reason=str(error)),))
    verdict, why = _judge(joint, year)
    return replace(
        empty,
        statistic=year.carried_row().estimate,
        threshold=half_of(year.claim),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=f"cohort {cohort}: {why}; {_power_sentence(joint)}",
        details=_details(year, joint, rows),
    )


def plausible_drift(year: PlaceboYear) -> float:
    """Return the drift of the log ratio a period that would account for half of the effect claimed; NaN for none."""
    return HALF_CLAIM * float(np.log1p(year.claim)) / year.far if year.claim > -1 else np.nan


def joint_test(moved: Analysis, specification: Specification, leads: Sequence[Estimand], *, drift: float) -> JointTest:
    """Return the joint test of a placebo design's bins, and its power against a drift of the log ratio a period.

    Notes
    -----
    For the power the cohort's counts in each bin are first brought to what is expected, so that no difference that is
    there already counts; then they drift. What the drift adds to the actual labelling's T is added to every relabelled
    T, which stand for chance, and held against the relabellings of the drifting counts. In simulated studies it comes
    out some six points too high (tests/checks/test_pre_trends.py).

    Raises
    ------
    EstimationError
        If a bin cannot be estimated.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02", "2023-03"), tuple("abcd"),
    ...                 ("t",) * 4, ("x",), (1,), (0, -1, -1, -1), 0)
    >>> counts = np.array([[20.0, 5.0, 6.0], [20.0, 21.0, 20.0], [30.0, 29.0, 30.0], [10.0, 11.0, 9.0]])
    >>> leads = [Estimand("lead", "x", first, first) for first in (0, 1)]
    >>> found = joint_test(Analysis("n", counts, design, n_draws=9, seed=1), "two_way", leads, drift=-0.1)
    >>> found.p_value, found.power
    (0.25, 0.0)
    """
    t = _joint(moved, specification, leads)
    whole = build_target(moved.design, specification, Estimand("cohort", leads[0].cohort))
    scheme = choose_relabellings(moved.design, whole, n_draws=moved.n_draws, seed=moved.seed, level=LEVEL)
    largest = np.abs(t).max(axis=0)
    return JointTest(
        largest=float(largest[0]),
        p_value=two_sided_p(largest, is_exact=scheme.assignments.is_exact),
        power=_power(moved, specification, leads, drift) if np.isfinite(drift) else np.nan,
        assignments=scheme.assignments,
    )


def _joint(moved: Analysis, specification: Specification, leads: Sequence[Estimand]) -> Array:
    """Return T of each bin on the shared relabellings, shape (number of bins, 1 + B)."""
    return joint_statistics(moved.outcome, moved.design, specification, leads, n_draws=moved.n_draws, seed=moved.seed)


def _power(moved: Analysis, specification: Specification, leads: Sequence[Estimand], drift: float) -> float:
    own = moved.design.label_array == moved.design.cohorts.index(leads[0].cohort)
    fit = impute_counterfactual(moved.outcome, moved.design, specification)
    level, drifting = moved.outcome.copy(), np.arange(len(moved.design.periods)) * drift
    for lead in leads:
        observed, expected = fit.total(lead)
        if observed > 0 and expected > 0:
            level[np.ix_(own, list(lead.window(moved.design, moved.design.cohorts.index(lead.cohort))))] *= (
                expected / observed
            )
    moving = level.copy()
    moving[own] *= np.exp(drifting - drifting.mean())
    chance = _joint(replace(moved, outcome=level), specification, leads)
    moved_t = _joint(replace(moved, outcome=moving), specification, leads)
    shifted = np.abs(chance[:, 1:] + (moved_t[:, 0] - chance[:, 0])[:, None]).max(axis=0)
    return float((shifted > critical_distance(moved_t)).mean())


def _judge(joint: JointTest, year: PlaceboYear) -> tuple[Verdict, str]:
    further = year.carried_row()
    if joint.p_value <= LEVEL:
        return "fail", "the quarters before it are rejected together"
    return equivalence_verdict(year.row.p_value, further.conf_low, further.conf_high, year.claim)


def _power_sentence(joint: JointTest) -> str:
    """Return the joint test's p-value and power as a clause.

    Examples
    --------
    >>> _power_sentence(JointTest(2.0, 0.21, 0.104, Assignments(np.zeros((1, 1), dtype=np.int8), 64, False)))
    'joint p 0.210; the test would see a drift worth half of the effect in about 10% of studies'
    """
    if np.isnan(joint.power):
        return f"joint p {joint.p_value:.3f}; no drift is worth half of such an effect"
    return (
        f"joint p {joint.p_value:.3f}; the test would see a drift worth half of the effect in "
        f"about {100 * joint.power:.0f}% of studies"
    )


def _details(year: PlaceboYear, joint: JointTest, rows: Sequence[EffectRow]) -> tuple[Detail, ...]:
    cohort, design = year.row.cohort, year.moved.design
    bins, before = lead_bins(design, cohort), placebo_length(design) + design.anticipation
    leads = [
        effect_detail(f"{LEAD}{cohort}:{(lead.relative_first or 0) - before}", row)
        for lead, row in zip(bins, rows, strict=True)
    ]
    count, smallest = joint.assignments.reported_count, joint.assignments.smallest_p
    return (
        effect_detail(cohort, year.row),
        effect_detail(f"{CARRIED}{cohort}", year.carried_row()),
        *leads,
        Detail(f"{JOINT}{cohort}", p_value=joint.p_value, n_assignments=count, smallest_p=smallest),
        Detail(f"{POWER}{cohort}", joint.power, reason=SHARE, n_assignments=count, smallest_p=smallest),
    )
