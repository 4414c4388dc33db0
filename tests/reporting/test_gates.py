"""From checks to words: "consistent with" only where every required gate passes, and what failed is named."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.checks import attempts, balance_gate, leave_one_out, placebo_indicator, pre_trends
from helpers.checks.attempts import CONTENTS, NOT_TRIED, TAKES_LONG
from helpers.reporting import Briefing, Figure, build_findings, influence_figure, placebo_figure
from helpers.reporting.gates import NO_GATES, REQUIRED, Gates, read_gates
from helpers.reporting.sentences import gate_sentences, verdict_sentences
from helpers.reporting.table_text import is_known, retell
from helpers.reporting.wording import open_wording
from helpers.study import Study, build_design

CHECK_IDS = sorted({name for attempt in CONTENTS for name in attempt.checks})


def checks(**verdicts: str) -> pd.DataFrame:
    rows = [{"check": name, "verdict": own} for name, own in verdicts.items()]
    return pd.DataFrame(rows).assign(
        indicator="crime",
        specification="town_period",
        question="?",
        statistic=0.0,
        threshold=0.0,
        reason="",
        threshold_source="",
    )


PASSED = dict.fromkeys(REQUIRED, "pass")


@pytest.mark.parametrize("missing", REQUIRED)
@pytest.mark.parametrize("instead", ["cannot_tell", "fail", None])
def test_one_required_gate_that_does_not_pass_forbids_the_word(missing: str, instead: str | None) -> None:
    table = checks(**{name: own for name, own in (PASSED | {missing: instead}).items() if own})
    assert not read_gates(table, "crime").allow_consistent
    assert read_gates(checks(**PASSED), "crime").allow_consistent


def test_any_other_check_that_fails_forbids_it_and_one_that_cannot_tell_does_not() -> None:
    assert not read_gates(checks(**PASSED, donut="fail"), "crime").allow_consistent
    assert read_gates(checks(**PASSED, donut="cannot_tell"), "crime").allow_consistent


def test_one_cohort_that_cannot_tell_takes_the_pass_away() -> None:
    table = pd.concat([checks(**PASSED), checks(pre_trends="cannot_tell")], ignore_index=True)
    assert read_gates(table, "crime").undecided == ("pre_trends",)


def test_only_the_confirmatory_rows_and_those_of_no_specification_count() -> None:
    other = checks(pre_trends="fail").assign(specification="two_way")
    balance = checks(balance="fail").assign(specification="")
    assert read_gates(pd.concat([checks(**PASSED), other]), "crime").allow_consistent
    assert read_gates(pd.concat([checks(**PASSED), balance]), "crime").failed == ("balance",)


def test_approximations_and_pictures_are_no_gates() -> None:
    assert read_gates(checks(**dict.fromkeys(NO_GATES, "fail")), "crime") == Gates()
    assert read_gates(None, "crime") == Gates()
    assert read_gates(checks(**PASSED), "drugs") == Gates()


def test_the_page_says_associated_or_consistent_by_rule(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, language: str = "en"
) -> None:
    tables["estimates"].loc[tables["estimates"]["indicator"].eq("crime"), ["p_value", "p_adjusted"]] = 0.001
    for own, said, unsaid in (
        (PASSED, "consistent with an effect", "is associated with"),
        (PASSED | {"balance": "cannot_tell"}, "is associated with", "consistent with"),
        (PASSED | {"spillover": "fail"}, "speak against", "consistent with"),
    ):
        findings = build_findings(tables | {"checks": checks(**own)}, manifest, study, language=language)
        text = " ".join(findings.told[0].sentences)
        assert findings.verdicts[0].kind == "detected"
        assert said in text and unsaid not in text, text


def test_failed_checks_are_named_and_counted(briefing: Briefing) -> None:
    said = gate_sentences(Gates(("donut",), ("balance", "spillover"), ("worlds",)), briefing)
    assert briefing.say("gate.balance") in said[0] and briefing.say("gate.spillover") in said[0]
    assert [number in said[1] for number in ("4", "1", "2")] == [True] * 3
    assert gate_sentences(Gates(), briefing) == ()


def test_nulls_are_told_without_the_gates(make_effect: Any, briefing: Briefing, study: Study) -> None:
    from helpers.reporting import decide_verdicts

    verdict = decide_verdicts((make_effect(p_value=0.6),), study.indicators, checks(balance="fail"))[0]
    assert verdict.kind == "not_detected" and verdict.gates.failed == ("balance",)
    assert briefing.say("gate.balance") not in " ".join(verdict_sentences(verdict, briefing))
    found = replace(verdict, kind="detected", p_adjusted=0.01)
    assert briefing.say("gate.balance") in " ".join(verdict_sentences(found, briefing))


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("name", CHECK_IDS)
def test_every_check_has_a_question_and_a_name(name: str, language: str) -> None:
    wording = open_wording(language)
    assert wording.has(f"check.{name}")
    assert name in NO_GATES or wording.has(f"gate.{name}")


LEAVE_OUT = [
    "the sign stays and every interval excludes zero",
    "the sign stays, but not every interval excludes zero",
    "the sign stays, and no estimate moves by more than half of the effect claimed",
    "the sign stays, but some estimate moves by more than half of the effect claimed",
    "the sign stays, but without some the same effect cannot be estimated",
    leave_one_out.NO_EFFECT,
]
POWER = "joint p 0.016; the test would see a drift worth half of the effect in about 11% of studies"
REASONS = [
    NOT_TRIED,
    TAKES_LONG,
    *(f"{units}: {why}" for units in ("towns", "cohorts", "wards", "periods") for why in LEAVE_OUT),
    "towns: without A, B the sign turns",
    "cohorts: the sign turns without cohort 2021",
    "wards: the sign turns without ward 16666@2019-01-01",
    "periods: the sign turns without period 2021-08",
    "does not apply: there is one town only",
    leave_one_out.ONE_COHORT,
    leave_one_out.LOST,
    f"cohort 2021: the quarters before it are rejected together; {POWER}",
    f"cohort 2021: the placebo's interval is wider than half of the effect claimed; {POWER}",
    "cohort 2021: the placebo itself is rejected; joint p 0.016; no drift is worth half of such an effect",
    pre_trends.SHARE,
    *(getattr(placebo_indicator, name) for name in ("NONE_DECLARED", "OWN_PLACEBO", "FAILED", "PASSED", "WIDE")),
    "model wards were unlike the others before the programme",
    "no difference before the programme is large",
    balance_gate.UNKNOWN,
    balance_gate.DIFFERENCE,
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_in_both_languages(briefing: Briefing, reason: str) -> None:
    assert is_known(reason, group="reason")
    said = retell(reason, briefing, group="reason")
    is_english = any(f" {word} " in f" {said} " for word in ("the", "is", "effect", "without", "not"))
    assert is_english == (briefing.language == "en"), said


def test_the_threshold_of_balance_is_known() -> None:
    assert is_known(balance_gate.SOURCE, group="source")
    assert attempts.UNASKED


def _details(study: Study) -> pd.DataFrame:
    design = build_design(study)
    rows = [("leave_one_out", f"ward:{ward}", -0.4 + 0.01 * at) for at, ward in enumerate(design.ward_ids)]
    rows += [("leave_one_out", f"period:{period}", -0.4) for period in design.periods]
    rows += [
        ("placebo_date", "2021", 0.1),
        ("placebo_date", "carried:2021", 0.2),
        ("placebo_date", "earlier:2021", 0.0),
    ]
    return pd.DataFrame(rows, columns=["check", "item", "estimate"]).assign(
        indicator="crime",
        specification="town_period",
        conf_low=-0.6,
        conf_high=0.3,
        n_assignments=99.0,
        smallest_p=0.01,
    )


def test_influence_names_no_ward_and_gives_the_range(study: Study, briefing: Briefing, make_effect: Any) -> None:
    details, design = _details(study), build_design(study)
    figure = influence_figure(details, design, briefing, "crime", headline=make_effect(estimate=-0.4))
    assert isinstance(figure, Figure)
    told = f"{figure.svg} {figure.words.alt} {figure.words.caption} {figure.words.title}"
    assert not any(ward.ward_name_vi in told or ward.ward_id in told for ward in study.wards)
    assert briefing.wording.percent(-0.4 + 0.01 * (len(design.ward_ids) - 1)) in figure.words.alt
    again = influence_figure(details, design, briefing, "crime", headline=make_effect(estimate=-0.4))
    assert isinstance(again, Figure) and again.svg == figure.svg


@pytest.mark.parametrize("estimate", [float("nan"), -1.0])
def test_without_a_headline_there_is_no_influence(
    study: Study, briefing: Briefing, make_effect: Any, estimate: float
) -> None:
    for headline in (None, make_effect(estimate=estimate)):
        figure = influence_figure(_details(study), build_design(study), briefing, "crime", headline=headline)
        assert not isinstance(figure, Figure)


def test_a_carried_placebo_stands_beside_it_and_adds_no_row(study: Study, briefing: Briefing) -> None:
    with_it = placebo_figure(_details(study), briefing, "crime")
    bare = _details(study).loc[lambda table: ~table["item"].str.startswith("carried:")]
    without = placebo_figure(bare, briefing, "crime")
    assert isinstance(with_it, Figure) and isinstance(without, Figure)
    assert with_it.words.alt == without.words.alt
    assert len(with_it.svg) > len(without.svg)
    assert np.isfinite(len(with_it.svg))
