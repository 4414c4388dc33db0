"""Verdicts in words: which whole sentences of the catalogue say what a verdict allows, and nothing beyond it.

Every estimate is said with its interval, in per cent and in incidents; every null with the smallest effect the study
could have seen. A sentence is chosen, never glued together.
"""

import math
from typing import Any

from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined
from helpers.reporting.effects import Effect
from helpers.reporting.gates import Gates
from helpers.reporting.table_text import retell
from helpers.reporting.verdicts import LEVEL, MOST_ZERO_DRAWS, Verdict

NULL_KINDS = ("not_detected", "town_difference")
DIFFERENCE_KINDS = ("detected", "detected_unadjusted")


def verdict_sentences(verdict: Verdict, briefing: Briefing) -> tuple[str, ...]:
    """Return the sentences of a verdict, in the order they are to be read.

    Parameters
    ----------
    verdict : Verdict
        From `helpers.reporting.verdicts.decide_verdicts`.
    briefing : Briefing
        Language and terms.

    Returns
    -------
    tuple of str
        Each a whole sentence or two; the first names the indicator and can stand alone.
    """
    sentences = [_main_sentence(verdict, briefing)]
    if (
        verdict.effect is not None
        and verdict.two_way is not None
        and 0 < verdict.effect.n_treated < verdict.two_way.n_treated
    ):
        share = {"count": round(verdict.effect.n_treated), "all_count": round(verdict.two_way.n_treated)}
        sentences.append(briefing.say("aside.share", **share))
    if verdict.kind in NULL_KINDS and verdict.effect is not None:
        sentences.append(detectable_sentence(verdict.effect, briefing))
    if verdict.kind in DIFFERENCE_KINDS:
        sentences.append(briefing.say(f"judgement.{verdict.judgement}"))
        sentences += gate_sentences(verdict.gates, briefing)
    if verdict.kind == "town_difference" or (verdict.kind == "not_estimable" and _has_estimate(verdict.two_way)):
        sentences.append(_two_way_sentence(verdict, briefing))
    if verdict.is_disagreeing:
        sentences.append(briefing.say("aside.disagree"))
    return tuple(sentences)


def gate_sentences(gates: Gates, briefing: Briefing) -> tuple[str, ...]:
    """Return what the attempts to break a difference came to; which of them failed is named. Nothing if none was made.

    Whether all required gates passed decides the verb; it is said by the main sentence and explained here.
    """
    if not gates.count:
        return ()
    if gates.allow_consistent:
        return (briefing.say("gates.consistent", n=gates.count, passed=len(gates.passed)),)
    counts = {"passed": len(gates.passed), "failed": len(gates.failed), "undecided": len(gates.undecided)}
    said = briefing.say("gates.association", n=gates.count, **counts)
    if not gates.failed:
        return (said,)
    names = joined(
        [briefing.say(f"gate.{name}") for name in gates.failed if briefing.wording.has(f"gate.{name}")], briefing
    )
    return briefing.say("gates.failed", names=names), said


def cohort_sentence(effect: Effect, briefing: Briefing) -> str:
    """Return what is known of one cohort: an estimate with its interval, no verdict."""
    name = briefing.cohort_name(effect.cohort)
    if not effect.is_estimated:
        return briefing.say("cohort.not_estimable", cohort=name, reason=reason_text(effect.reason, briefing))
    span = "until_next" if effect.estimand == "cohort_before_next" else "whole"
    sentence = briefing.say(f"cohort.{span}", n=round(effect.n_treated), cohort=name, **effect_values(effect, briefing))
    said = [sentence]
    if effect.zero_draw_share > MOST_ZERO_DRAWS:
        said.append(briefing.say("cohort.too_few"))
    elif not math.isnan(effect.n_assignments):
        null = "anywhere" if effect.tests_no_effect_anywhere else "cohort"
        count, smallest = briefing.wording.number(effect.n_assignments), briefing.wording.small(effect.smallest_p)
        said.append(briefing.say(f"cohort.null.{null}", assignments=count, smallest_p=smallest))
    if effect.has_interval and not effect.rejects(LEVEL):
        said.append(detectable_sentence(effect, briefing, is_brief=True))
    return " ".join(said)


def detectable_sentence(effect: Effect, briefing: Briefing, *, is_brief: bool = False) -> str:
    """Return the smallest effect the study could have seen, in per cent and in incidents."""
    brief = ".brief" if is_brief else ""
    if math.isnan(effect.mde):
        return briefing.say(f"mde.none{brief}")
    return briefing.say(
        f"mde.known{brief}",
        mde=briefing.wording.percent(effect.mde, is_signed=True),
        mde_incidents=amount_text(effect.mde_incidents, briefing, is_signed=True),
        unit=briefing.unit(effect.indicator),
    )


def effect_values(effect: Effect, briefing: Briefing) -> dict[str, Any]:
    """Return an effect's numbers as written: what every sentence about it may use."""
    wording = briefing.wording
    return {
        "indicator": briefing.indicator_name(effect.indicator),
        "unit": briefing.unit(effect.indicator),
        "size": wording.percent(abs(effect.estimate), is_signed=False),
        "percent": wording.percent(effect.estimate),
        "interval": wording.interval(effect.conf_low, effect.conf_high, is_percent=True),
        "change": amount_text(effect.change, briefing, is_signed=True),
        "change_interval": change_interval_text(effect, briefing),
        "p": wording.p_value(effect.p_value),
        "observed": amount_text(effect.observed, briefing),
        "expected": amount_text(effect.expected, briefing),
    }


def amount_text(value: float, briefing: Briefing, *, is_signed: bool = False) -> str:
    """Return a count as written; one that disclosure control withholds as a word that says so."""
    if math.isnan(value):
        return briefing.say("protection.withheld")
    return briefing.wording.amount(value, is_signed=is_signed)


def change_interval_text(effect: Effect, briefing: Briefing) -> str:
    """Return the interval in incidents, or that it is withheld together with the counts."""
    if math.isnan(effect.change):
        return briefing.say("protection.withheld_interval")
    return briefing.wording.interval(effect.change_low, effect.change_high, is_percent=False)


def reason_text(reason: str, briefing: Briefing) -> str:
    """Return why something is missing, in the briefing's language where the catalogue knows the sentence."""
    return retell(reason, briefing, group="reason") if reason else briefing.say("reason.unstated")


def _has_estimate(effect: Effect | None) -> bool:
    return effect is not None and effect.is_estimated


def _main_sentence(verdict: Verdict, briefing: Briefing) -> str:
    effect = verdict.effect
    if effect is None or not effect.is_estimated:
        kind = "descriptive.bare" if verdict.kind == "descriptive" else "not_estimable"
        return briefing.say(
            f"verdict.{kind}",
            indicator=briefing.indicator_name(verdict.indicator),
            reason=reason_text(verdict.reason, briefing),
        )
    values = effect_values(effect, briefing)
    if verdict.kind == "detected":
        adjusted = briefing.wording.p_value(verdict.p_adjusted)
        verb = ".consistent" if verdict.gates.allow_consistent else ""
        return briefing.say(
            f"verdict.detected.{verdict.direction}{verb}", n=verdict.family_size, p_adjusted=adjusted, **values
        )
    if verdict.kind == "detected_unadjusted":
        family = "in_family" if verdict.is_in_family else "outside_family"
        return briefing.say(
            f"verdict.detected_unadjusted.{family}.{verdict.direction}", n=verdict.family_size, **values
        )
    return briefing.say(f"verdict.{verdict.kind}", **values)


def _two_way_sentence(verdict: Verdict, briefing: Briefing) -> str:
    if verdict.two_way is None:
        return briefing.say("aside.no_two_way")
    name = "aside.two_way" if verdict.kind == "town_difference" else "aside.two_way_only"
    return briefing.say(name, **effect_values(verdict.two_way, briefing))
