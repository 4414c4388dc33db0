import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from helpers.reporting import Effect, adjust_by_holm, decide_verdicts
from helpers.reporting.verdicts import Verdict
from helpers.study import Study

Maker = Callable[..., Effect]
NULL = {"estimate": -0.1, "conf_low": -0.4, "conf_high": 0.3, "p_value": 0.5}


def _verdict(study: Study, *effects: Effect) -> Verdict:
    return decide_verdicts(effects, study.indicators)[0]


def test_holm_by_hand() -> None:
    # 4 × .01, then max(.04, 3 × .02), then max(.06, 2 × .03), then max(.06, .04).
    adjusted = adjust_by_holm({"a": 0.02, "b": 0.01, "c": 0.04, "d": 0.03}, family_size=4)
    assert adjusted == pytest.approx({"a": 0.06, "b": 0.04, "c": 0.06, "d": 0.06})


def test_holm_counts_declared_tests_that_were_not_made() -> None:
    assert adjust_by_holm({"a": 0.02}, family_size=5) == pytest.approx({"a": 0.10})
    assert adjust_by_holm({"a": 0.4, "b": 0.9}, family_size=5) == {"a": 1.0, "b": 1.0}


def test_detected_needs_the_correction(study: Study, make_effect: Maker) -> None:
    assert _verdict(study, make_effect(p_value=0.01)).kind == "detected"
    weak = _verdict(study, make_effect(p_value=0.04))
    assert weak.kind == "detected_unadjusted"
    assert weak.p_adjusted == pytest.approx(0.08)


def test_detected_needs_the_interval_too(study: Study, make_effect: Maker) -> None:
    assert _verdict(study, make_effect(p_value=0.001, conf_high=0.02)).kind == "not_detected"


def test_outside_the_family_nothing_is_ever_more_than_suggestive(study: Study, make_effect: Maker) -> None:
    verdict = _verdict(study, make_effect(indicator="drugs", p_value=0.0001))
    assert verdict.kind == "detected_unadjusted"
    assert not verdict.is_in_family
    assert math.isnan(verdict.p_adjusted)


def test_only_the_two_way_specification_rejecting_is_a_difference_between_towns(
    study: Study, make_effect: Maker
) -> None:
    verdict = _verdict(study, make_effect(**NULL), make_effect(specification="two_way"))
    assert verdict.kind == "town_difference"


def test_a_null_is_not_detected(study: Study, make_effect: Maker) -> None:
    assert _verdict(study, make_effect(**NULL), make_effect(specification="two_way", **NULL)).kind == "not_detected"


def test_descriptive_by_declaration_and_by_empty_draws(study: Study, make_effect: Maker) -> None:
    assert _verdict(study, make_effect(indicator="fires", p_value=0.0001)).kind == "descriptive"
    assert _verdict(study, make_effect(p_value=0.0001, zero_draw_share=0.06)).kind == "descriptive"
    assert _verdict(study, make_effect(p_value=0.0001, zero_draw_share=0.05)).kind == "detected"


def test_without_a_confirmatory_estimate_nothing_is_concluded(study: Study, make_effect: Maker) -> None:
    empty = make_effect(estimate=math.nan, conf_low=math.nan, conf_high=math.nan, p_value=math.nan, reason="no ward")
    verdict = _verdict(study, empty, make_effect(specification="two_way", p_value=0.0001))
    assert (verdict.kind, verdict.reason) == ("not_estimable", "no ward")


@pytest.mark.parametrize(
    ("better_when", "estimate", "judgement"),
    [
        ("lower", -0.4, "wanted"),
        ("lower", 0.4, "unwanted"),
        ("higher", 0.4, "wanted"),
        ("ambiguous", -0.4, "neutral"),
        ("ambiguous", 0.4, "neutral"),
        ("none", 0.4, "neutral"),
    ],
)
def test_judgement_follows_the_study(
    study: Study, make_effect: Maker, better_when: str, estimate: float, judgement: str
) -> None:
    indicator = replace(study.indicator("crime"), better_when=better_when)  # type: ignore[arg-type]
    assert decide_verdicts((make_effect(estimate=estimate),), (indicator,))[0].judgement == judgement


def test_specifications_disagree_when_one_lies_outside_the_other(study: Study, make_effect: Maker) -> None:
    outside = make_effect(specification="two_way", estimate=0.2, conf_low=-0.1, conf_high=0.5, p_value=0.2)
    assert _verdict(study, make_effect(), outside).is_disagreeing
    assert not _verdict(study, make_effect(), make_effect(specification="two_way")).is_disagreeing


def test_primary_comes_first_and_a_cohort_cut_short_stands_in(study: Study, make_effect: Maker) -> None:
    whole = make_effect(estimand="cohort", cohort="2021", estimate=math.nan, reason="no ward")
    early = make_effect(estimand="cohort_before_next", cohort="2021")
    verdicts = decide_verdicts((make_effect(indicator="drugs"), make_effect(), whole, early), study.indicators)
    assert [verdict.indicator for verdict in verdicts] == ["crime", "drugs"]
    assert [effect.estimand for effect in verdicts[0].cohorts] == ["cohort_before_next"]


def test_shared_draws_replace_holm_only_if_all_of_the_family_carries_them(study, make_effect):
    family = [row.indicator for row in study.indicators if row.in_family and not row.is_descriptive_only]
    carried = [make_effect(indicator=name, p_value=0.02, p_adjusted=0.03) for name in family]
    verdicts = decide_verdicts(carried, study.indicators)
    assert {verdict.p_adjusted for verdict in verdicts if verdict.is_in_family} == {0.03}
    short = [*carried[:-1], make_effect(indicator=family[-1], p_value=0.02)]
    assert all(verdict.p_adjusted > 0.03 for verdict in decide_verdicts(short, study.indicators))
