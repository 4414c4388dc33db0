"""HonestDiD on the page: every reason in both languages, apart from the checks, and never with a verdict."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.checks import honest_did
from helpers.reporting import Briefing, build_findings
from helpers.reporting.table_text import is_known, retell
from helpers.study import Study

from .conftest import HOSTILE
from .test_findings import Page

MEANINGS = [honest_did._meaning(one) for one in (np.nan, *honest_did.M_BAR)]
REASONS = [
    *(f"cohort 2022: {meaning} ({honest_did.CAVEAT})" for meaning in MEANINGS),
    *(f"cohort 2022: {meaning} ({honest_did.CAVEAT}); wards left out: 11, 12" for meaning in MEANINGS),
    "cohort 2022: Cohort 2022 has 4 clean periods before and 0 treated ones; two before and one after are needed.",
    "cohort 2021: Cohort 2021 is the first and has 2 usable wards, a pilot; at least 5 are needed for a covariance.",
    "cohort 2022: No complete ward of cohort 2022 has a never treated one to compare with.",
    "cohort 2022: Cohort 2022 has a bin in which nothing was observed or nothing is expected.",
    "cohort 2022: In 12% of the relabellings a bin has nothing observed or nothing expected; at most 5% may be left "
    "out of a covariance.",
    "cohort 2022: There is a single relabelling: nothing varies over it.",
    "cohort 2022: Too few relabellings for a covariance: not even the smallest p-value rejects.",
    "cohort 2022: The event study has 0 bins before and 2 after; the bounds take 1 to 3 before and 1 to 2 after. Use "
    "wider bins.",
    "cohort 2022: The covariance gives a bin, or their average, no variance: there is nothing to bound.",
]
ENGLISH = re.compile(r"\b(the|cohort|effect|movement|covariance|wards?|there)\b", re.IGNORECASE)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_in_both_languages(briefing: Briefing, reason: str) -> None:
    said = retell(reason, briefing, group="reason")
    assert is_known(reason, group="reason")
    if briefing.language == "en":
        assert said == reason
    else:
        assert not ENGLISH.search(said), said
        assert "2022" in said or "2021" in said


def test_a_breakdown_value_is_written_as_the_language_writes_it(briefing: Briefing) -> None:
    said = retell(f"cohort 2022: {honest_did._meaning(0.25)} ({honest_did.CAVEAT})", briefing, group="reason")
    assert {"en": "0.25", "vi": "0,25"}[briefing.language] in said


def test_wards_and_towns_are_said_by_name(briefing: Briefing) -> None:
    first, second = (ward.ward_id for ward in briefing.study.wards[:2])
    reason = f"cohort 2022: {honest_did._meaning(0.5)} ({honest_did.CAVEAT}); wards left out: {first}, {second}"
    assert retell(reason, briefing, group="reason").endswith("Ward 11, Ward 12")
    assert "Town A, Town B" in retell("without A, B the sign turns", briefing, group="reason")


def honest(**changes: Any) -> dict[str, Any]:
    row = {"indicator": "crime", "specification": "two_way", "check": "honest_did", "question": "?", "statistic": 0.5}
    row |= {"threshold": np.nan, "threshold_source": "", "verdict": "cannot_tell"}
    return row | {"reason": f"cohort 2022: {honest_did._meaning(0.5)} ({honest_did.CAVEAT})"} | changes


@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_stands_apart_labelled_approximate_and_gets_no_verdict(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, language: str
) -> None:
    rows = [honest(), honest(indicator="service", statistic=np.nan)]
    checks = pd.concat([tables["checks"], pd.DataFrame(rows)], ignore_index=True)
    findings = build_findings(tables | {"checks": checks}, manifest, study, language=language)
    say = findings.briefing.say
    assert say("check.honest_did") not in Page(findings.checks_table(findings.verdicts)).text
    table = Page(findings.sensitivity_table(findings.verdicts[:1])).text
    assert say("checks.cannot_tell") not in table
    assert findings.briefing.wording.number(0.5, decimals=2) in table
    text = Page(findings.section("checks").html).text
    assert say("sensitivity.intro") in text and say("sensitivity.others") in text
    assert {"en": "never a gate", "vi": "không bao giờ là điều kiện"}[language] in text


def test_without_it_the_page_says_nothing_of_it(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study
) -> None:
    findings = build_findings(tables, manifest, study, language="en")
    assert findings.briefing.say("sensitivity.heading") not in findings.section("checks").html


def test_its_text_is_escaped(tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study) -> None:
    checks = pd.DataFrame([honest(reason=HOSTILE)])
    html = build_findings(tables | {"checks": checks}, manifest, study, language="en").section("checks").html
    assert "<script" not in html and "&lt;script&gt;" in html
