"""The verdict on each indicator, by rule: what the confirmatory test allows to be said, and no more.

The confirmatory test is the overall effect of `count_imputation` under specification (ii), town × period effects. Its
p-values are corrected over the family of outcomes the study declared beforehand. Cohorts are shown beside it and get
no verdict of their own: one claim per indicator keeps the chance of any false claim at the level.

The attempts to break an estimate (`helpers.reporting.gates`) never change which verdict it is. They decide how it may
be told: "consistent with" only where they allow it, and what failed is named.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from helpers.reporting.effects import CONFIRMATORY, TWO_WAY, Effect, find_effect
from helpers.reporting.gates import Gates, read_gates
from helpers.study.objects import BetterWhen, Indicator

VerdictKind = Literal[
    "detected", "detected_unadjusted", "town_difference", "not_detected", "descriptive", "not_estimable"
]
Direction = Literal["lower", "higher", "none"]
Judgement = Literal["wanted", "unwanted", "neutral"]

VERDICT_KINDS: tuple[VerdictKind, ...] = (
    "detected", "detected_unadjusted", "town_difference", "not_detected", "descriptive", "not_estimable",
)  # fmt: skip
LEVEL = 0.05
"""Level of every test (METHODS.md section 3)."""
MOST_ZERO_DRAWS = 0.05
"""An indicator with a larger share of empty draws is descriptive only (METHODS.md section 3)."""
ROLE_ORDER = ("outcome", "mechanism", "activity", "fidelity", "scorecard")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said about one indicator.

    Attributes
    ----------
    kind : str
        One of `VERDICT_KINDS`.
    direction : {"lower", "higher", "none"}
        Of the confirmatory estimate.
    better_when : {"lower", "higher", "ambiguous", "none"}
        From the study; decides whether a direction may be called wanted at all.
    effect, two_way : Effect or None
        Overall effect under specification (ii) and under (i).
    cohorts : tuple of Effect
        Specification (ii) by cohort; a cohort that can be followed only until the next one starts is given until then.
    is_in_family : bool
        Whether the indicator belongs to the declared family.
    family_size : int
        Number of declared indicators the correction is over.
    p_adjusted : float
        Westfall and Young's adjusted p-value where all of the family has one, else Holm's; NaN outside the family or
        without a test.
    is_disagreeing : bool
        Whether the two specifications contradict each other.
    reason : str
        Why nothing could be estimated, else "".
    gates : Gates
        What came of the attempts to break the estimate.
    """

    indicator: str
    kind: VerdictKind
    direction: Direction
    better_when: BetterWhen
    effect: Effect | None
    two_way: Effect | None
    cohorts: tuple[Effect, ...]
    is_in_family: bool
    family_size: int
    p_adjusted: float
    is_disagreeing: bool
    reason: str
    gates: Gates = field(default_factory=Gates)

    @property
    def judgement(self) -> Judgement:
        """Return whether the direction is the one the programme aims at; always neutral for an ambiguous indicator."""
        if self.better_when in ("ambiguous", "none") or self.direction == "none":
            return "neutral"
        return "wanted" if self.direction == self.better_when else "unwanted"


def adjust_by_holm(p_values: Mapping[str, float], *, family_size: int) -> dict[str, float]:
    """Return Holm's step-down adjusted p-values.

    The smallest of m p-values is multiplied by m, the next by m − 1 and so on; an adjusted value is never below the
    one before it, nor above 1.

    Parameters
    ----------
    p_values : mapping of str to float
        The tests that were made.
    family_size : int
        m, the number of tests declared. Declared tests that were not made count as p = 1, so a step that did not
        run never makes another verdict stronger.

    Examples
    --------
    >>> adjust_by_holm({"a": 0.01, "b": 0.04, "c": 0.03}, family_size=3)
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        highest = max(highest, min(1.0, (family_size - rank) * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def decide_verdicts(
    effects: Sequence[Effect], indicators: Sequence[Indicator], checks: pd.DataFrame | None = None
) -> tuple[Verdict, ...]:
    """Return one verdict per indicator that has estimates: the primary first, then by role.

    Parameters
    ----------
    effects : sequence of Effect
        All effects of a run.
    indicators : sequence of Indicator
        The study's; those ``in_family`` and not descriptive only are the declared family. Ratios get no verdict.
    checks : DataFrame, optional
        The run's ``checks.csv``.

    Examples
    --------
    >>> decide_verdicts((), ())
    ()
    """
    with_estimates = {effect.indicator for effect in effects}
    told = [row for row in indicators if row.kind != "ratio"]
    shown = sorted((row for row in told if row.indicator in with_estimates), key=_order)
    family = [row.indicator for row in told if row.in_family and not row.is_descriptive_only]
    found = {
        name: effect.p_value
        for name in family
        if (effect := _overall(effects, name, CONFIRMATORY)) is not None and not math.isnan(effect.p_value)
    }
    adjusted = adjust_by_holm(found, family_size=len(family)) | _adjusted_on_shared_draws(effects, family)
    return tuple(
        replace(
            _decide(indicator, effects, adjusted.get(indicator.indicator, math.nan), len(family)),
            gates=read_gates(checks, indicator.indicator),
        )
        for indicator in shown
    )


def _adjusted_on_shared_draws(effects: Sequence[Effect], family: Sequence[str]) -> dict[str, float]:
    """Return the adjusted p-values that the estimates carry, if they carry them for all of the family."""
    own = {name: _overall(effects, name, CONFIRMATORY) for name in family}
    carried = {name: effect.p_adjusted for name, effect in own.items() if effect and not math.isnan(effect.p_adjusted)}
    return carried if len(carried) == len(family) else {}


def _order(indicator: Indicator) -> tuple[bool, int, str]:
    return (not indicator.is_primary, ROLE_ORDER.index(indicator.role), indicator.indicator)


def _overall(effects: Sequence[Effect], indicator: str, specification: str) -> Effect | None:
    return find_effect(effects, indicator, specification=specification, estimand="overall")


def _decide(indicator: Indicator, effects: Sequence[Effect], p_adjusted: float, family_size: int) -> Verdict:
    effect = _overall(effects, indicator.indicator, CONFIRMATORY)
    two_way = _overall(effects, indicator.indicator, TWO_WAY)
    kind = _kind(indicator, effect, two_way, p_adjusted)
    is_estimated = effect is not None and effect.is_estimated
    return Verdict(
        indicator=indicator.indicator,
        kind=kind,
        direction=_direction(effect),
        better_when=indicator.better_when,
        effect=effect,
        two_way=two_way,
        cohorts=_cohorts(effects, indicator.indicator),
        is_in_family=indicator.in_family and not indicator.is_descriptive_only,
        family_size=family_size,
        p_adjusted=p_adjusted,
        is_disagreeing=_disagree(effect, two_way),
        reason="" if is_estimated or effect is None else effect.reason,
    )


def _kind(indicator: Indicator, effect: Effect | None, two_way: Effect | None, p_adjusted: float) -> VerdictKind:
    tested = effect if effect is not None and effect.is_estimated else None
    if indicator.is_descriptive_only or (effect is not None and effect.zero_draw_share > MOST_ZERO_DRAWS):
        return "descriptive"
    if tested is None:
        return "not_estimable"
    if tested.rejects(LEVEL):
        return "detected" if p_adjusted <= LEVEL else "detected_unadjusted"
    if two_way is not None and two_way.rejects(LEVEL) and tested.p_value > LEVEL:
        return "town_difference"
    return "not_detected"


def _direction(effect: Effect | None) -> Direction:
    if effect is None or not effect.is_estimated or effect.estimate == 0:
        return "none"
    return "lower" if effect.estimate < 0 else "higher"


def _disagree(effect: Effect | None, two_way: Effect | None) -> bool:
    if effect is None or two_way is None or not effect.is_estimated or not two_way.is_estimated:
        return False
    is_outside = two_way.has_interval and not two_way.conf_low <= effect.estimate <= two_way.conf_high
    differs_in_sign = effect.estimate * two_way.estimate < 0
    return is_outside or (differs_in_sign and (effect.rejects(LEVEL) or two_way.rejects(LEVEL)))


def _cohorts(effects: Sequence[Effect], indicator: str) -> tuple[Effect, ...]:
    names = sorted(
        {
            effect.cohort
            for effect in effects
            if effect.indicator == indicator
            and effect.estimand in ("cohort", "cohort_before_next")
            and effect.cohort != "all"
        }
    )
    return tuple(effect for name in names for effect in _cohort(effects, indicator, name))


def _cohort(effects: Sequence[Effect], indicator: str, cohort: str) -> tuple[Effect, ...]:
    """Return a cohort's effect over the whole window, and until the next cohort began: the roster-free one."""
    found = [
        find_effect(effects, indicator, specification=CONFIRMATORY, estimand=estimand, cohort=cohort)
        for estimand in ("cohort", "cohort_before_next")
    ]
    present = [effect for effect in found if effect is not None]
    return tuple(effect for effect in present if effect.is_estimated) or tuple(present[:1])
