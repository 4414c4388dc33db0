"""Ratios such as clearance in words: how the police worked, told without a verdict.

What a ratio is taken over is itself an outcome of the programme, so it says nothing about whether crime fell: no
verdict, no judgement of its direction, no part in the family of outcomes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.reporting.briefing import Briefing
from helpers.reporting.effects import CONFIRMATORY, TWO_WAY, Effect, find_effect
from helpers.reporting.sentences import effect_values, reason_text
from helpers.reporting.verdicts import MOST_ZERO_DRAWS


@dataclass(frozen=True, slots=True)
class ToldRatio:
    """A ratio in words."""

    indicator: str
    name: str
    sentences: tuple[str, ...]


def tell_ratios(effects: Sequence[Effect], briefing: Briefing) -> tuple[ToldRatio, ...]:
    """Return every ratio that a run holds, in the study's order; empty where there is none.

    Parameters
    ----------
    effects : sequence of Effect
        All effects of a run.
    briefing : Briefing
        The study's indicators, and the language.
    """
    held = {effect.indicator for effect in effects}
    found = [row.indicator for row in briefing.study.indicators if row.kind == "ratio" and row.indicator in held]
    return tuple(ToldRatio(name, briefing.indicator_name(name), _sentences(name, effects, briefing)) for name in found)


def _sentences(name: str, effects: Sequence[Effect], briefing: Briefing) -> tuple[str, ...]:
    effect, two_way = (
        find_effect(effects, name, specification=one, estimand="overall") for one in (CONFIRMATORY, TWO_WAY)
    )
    denominator = briefing.indicator_name(briefing.indicator(name).denominator or "")
    said = [_estimate(name, effect, denominator, briefing)]
    if effect is not None and effect.is_estimated:
        if two_way is not None and 0 < effect.n_treated < two_way.n_treated:
            share = {"count": round(effect.n_treated), "all_count": round(two_way.n_treated)}
            said.append(briefing.say("aside.share", **share))
        if effect.zero_draw_share > MOST_ZERO_DRAWS:
            said.append(briefing.say("cohort.too_few"))
    return (*said, *(briefing.say(f"work.{one}", denominator=denominator) for one in ("caution", "no_verdict")))


def _estimate(name: str, effect: Effect | None, denominator: str, briefing: Briefing) -> str:
    if effect is None or not effect.is_estimated:
        reason = reason_text("" if effect is None else effect.reason, briefing)
        return briefing.say("verdict.not_estimable", indicator=briefing.indicator_name(name), reason=reason)
    said = briefing.say("work.estimate", denominator=denominator, **effect_values(effect, briefing))
    if math.isnan(effect.n_assignments):
        return said
    count, smallest = briefing.wording.number(effect.n_assignments), briefing.wording.small(effect.smallest_p)
    return f"{said} {briefing.say('work.test', assignments=count, smallest_p=smallest)}"
