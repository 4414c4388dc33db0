"""Every state a verdict can be in, read in both languages."""

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from helpers.reporting import Briefing, Effect, cohort_sentence, open_briefing, verdict_sentences
from helpers.reporting.verdicts import VERDICT_KINDS, Verdict
from helpers.study import Study

Maker = Callable[..., Effect]
JUDGING = {
    "en": r"\b(good|bad|better|worse|improv\w*|wanted|aims? at|favourabl\w*|success\w*|fail\w*)\b",
    "vi": r"\b(tốt|xấu|cải thiện|hướng tới|tích cực|tiêu cực|thành công|thất bại|hiệu quả)\b",
}
PROVING = r"(prove[sdn]?\b|proof|chứng minh|because of the programme|caused|gây ra|nhờ chương trình)"
INTERVAL = {"en": "95% interval", "vi": "khoảng tin cậy 95%"}
DETECTABLE = {"en": "smallest fall", "vi": "Mức giảm nhỏ nhất"}
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
EMPTY = dict.fromkeys(("estimate", "conf_low", "conf_high", "change", "change_low", "change_high", "p_value"), math.nan)


def _states(make_effect: Maker) -> list[Verdict]:
    ends = {"closed": {}, "no_low": {"conf_low": -1.0, "change_low": -math.inf}, "no_high": {"conf_high": math.inf}}
    states = []
    for kind, direction, better, end, mde, in_family in itertools.product(
        VERDICT_KINDS,
        ("lower", "higher"),
        ("lower", "higher", "ambiguous", "none"),
        ends,
        (-0.45, math.nan),
        (True, False),
    ):
        if kind == "detected" and not in_family:
            continue
        sign = {} if direction == "lower" else {"estimate": 0.7, "conf_low": 0.1, "conf_high": 1.5, "change": 35.0}
        effect = make_effect(mde=mde, **(sign | ends[end]))
        if kind == "not_estimable":
            effect = make_effect(
                **EMPTY,
                reason="No ward of the same town is still untreated then: nothing identifies the counterfactual.",
            )
        states.append(
            Verdict(
                indicator="crime",
                kind=kind,
                direction="none" if kind == "not_estimable" else direction,  # type: ignore[arg-type]
                better_when=better,  # type: ignore[arg-type]
                effect=effect,
                two_way=make_effect(specification="two_way", estimate=-0.33),
                cohorts=(),
                is_in_family=in_family,
                family_size=7,
                p_adjusted=0.03,
                is_disagreeing=end == "no_low",
                reason=effect.reason,
            )
        )
    return states


def test_no_state_claims_a_cause_or_a_proof(make_effect: Maker, briefing: Briefing) -> None:
    for verdict in _states(make_effect):
        text = " ".join(verdict_sentences(verdict, briefing))
        assert not re.search(PROVING, text, re.IGNORECASE), text


def test_ambiguous_indicators_get_no_word_of_judgement(make_effect: Maker, briefing: Briefing) -> None:
    for verdict in _states(make_effect):
        if verdict.better_when in ("ambiguous", "none"):
            text = " ".join(verdict_sentences(verdict, briefing))
            assert not re.search(JUDGING[briefing.language], text, re.IGNORECASE), text


def test_unambiguous_detections_are_told_against_the_aim(make_effect: Maker, briefing: Briefing) -> None:
    for verdict in _states(make_effect):
        if verdict.better_when in ("lower", "higher") and verdict.kind in ("detected", "detected_unadjusted"):
            text = " ".join(verdict_sentences(verdict, briefing))
            assert re.search(JUDGING[briefing.language], text, re.IGNORECASE), text


def test_every_estimate_stands_with_its_interval_in_per_cent_and_in_incidents(
    make_effect: Maker, briefing: Briefing
) -> None:
    for verdict in _states(make_effect):
        if verdict.kind == "not_estimable":
            continue
        first = verdict_sentences(verdict, briefing)[0]
        effect = verdict.effect
        assert effect is not None
        wording = briefing.wording
        assert INTERVAL[briefing.language] in first
        assert wording.interval(effect.conf_low, effect.conf_high, is_percent=True) in first
        assert wording.interval(effect.change_low, effect.change_high, is_percent=False) in first
        assert wording.amount(effect.change, is_signed=True) in first


def test_every_null_stands_with_the_smallest_detectable_effect(make_effect: Maker, briefing: Briefing) -> None:
    for verdict in _states(make_effect):
        if verdict.kind not in ("not_detected", "town_difference"):
            continue
        text = " ".join(verdict_sentences(verdict, briefing))
        assert verdict.effect is not None
        if math.isnan(verdict.effect.mde):
            assert briefing.say("mde.none") in text
        else:
            assert DETECTABLE[briefing.language] in text
            assert "−45%" in text
            assert "−22" in text or "−23" in text  # 45% of the 50 expected


def test_the_indicator_is_named_and_no_brace_survives(make_effect: Maker, briefing: Briefing) -> None:
    for verdict in _states(make_effect):
        sentences = verdict_sentences(verdict, briefing)
        assert briefing.indicator_name("crime") in sentences[0]
        assert not re.search(r"[{}]|\bnan\b|\binf\b", " ".join(sentences))


def test_both_languages_carry_the_same_numbers(study: Study, manifest: dict[str, Any], make_effect: Maker) -> None:
    vietnamese = open_briefing(study, manifest, language="vi")
    english = open_briefing(study, manifest, language="en")
    for verdict in _states(make_effect):
        told_vi = " ".join(verdict_sentences(verdict, vietnamese))
        told_en = " ".join(verdict_sentences(verdict, english))
        swapped = [number.translate(str.maketrans(".,", ",.")) for number in NUMBER.findall(told_vi)]
        assert sorted(swapped) == sorted(NUMBER.findall(told_en)), (told_vi, told_en)


def test_reasons_are_told_in_the_language_of_the_page(
    study: Study, manifest: dict[str, Any], make_effect: Maker
) -> None:
    verdict = next(verdict for verdict in _states(make_effect) if verdict.kind == "not_estimable")
    vietnamese = verdict_sentences(verdict, open_briefing(study, manifest, language="vi"))[0]
    assert "No ward" not in vietnamese
    assert "chưa tham gia" in vietnamese


@pytest.mark.parametrize("low", [-0.6, 0.05])
def test_a_cohort_gets_its_interval_and_its_detectable_effect_if_null(
    make_effect: Maker, briefing: Briefing, low: float
) -> None:
    is_null = low < 0
    effect = make_effect(estimand="cohort", cohort="2021", estimate=0.2, conf_low=low, conf_high=0.4, n_treated=1.0)
    text = cohort_sentence(effect, briefing)
    assert INTERVAL[briefing.language] in text
    assert ("−45%" in text) == is_null
    assert not re.search(JUDGING[briefing.language], text)


def test_the_study_names_its_own_units(study: Study, manifest: dict[str, Any], make_effect: Maker) -> None:
    blocks = replace(study, unit_names={"ward_en": "block", "town_en": "quarter", "treated_en": "guarded blocks"})
    briefing = open_briefing(blocks, manifest, language="en")
    verdict = next(verdict for verdict in _states(make_effect) if verdict.kind == "town_difference")
    text = " ".join(verdict_sentences(verdict, briefing))
    assert "blocks of the same quarter" in text
    assert "ward" not in text
