"""What a run says over every roster: range, union, largest p, whose membership, and what it means."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from helpers.reporting import Briefing, Figure, Findings, build_findings, open_briefing, worlds_figure
from helpers.reporting.roster_range import read_roster_range, roster_sentences
from helpers.study import Study

from .conftest import HOSTILE
from .test_findings import Page

NAN = float("nan")


def worlds_details(**changes: Any) -> pd.DataFrame:
    """Return what the check `worlds` leaves behind: range and union of all cohorts together, and the open wards."""
    study_ward = {"lowest": "12@2021-01-01", "highest": "13@2021-01-01"}
    rows = [
        {"item": "A:all", "conf_low": -0.31, "conf_high": -0.12, "p_value": 0.2},
        {"item": "A:2022", "conf_low": -0.4, "conf_high": 0.1, "p_value": 0.5},
        {"item": "union:A:all", "conf_low": -0.62, "conf_high": 0.27, "p_value": 0.2},
        *({"item": f"{end}:A:all:{ward}", "estimate": -0.2} for end, ward in study_ward.items()),
    ]
    common = {"indicator": "crime", "specification": "town_period", "check": "worlds", "reason": ""}
    empty = dict.fromkeys(("estimate", "conf_low", "conf_high", "p_value", "n_assignments", "smallest_p"), NAN)
    return pd.DataFrame([common | empty | row | changes for row in rows])


def worlds_check(verdict: str, **changes: Any) -> pd.DataFrame:
    row = {
        "indicator": "crime",
        "specification": "town_period",
        "check": "worlds",
        "question": "?",
        "statistic": 0.2,
        "threshold": 0.05,
        "threshold_source": "5% in every roster",
        "verdict": verdict,
        "reason": "the sign holds in all 2 rosters of reading A, the significance not in every one",
    }
    return pd.DataFrame([row | changes])


def with_wards(details: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the details with the study's own ward ids in the items."""
    ids = {ward.ward_id.partition("@")[0]: ward.ward_id for ward in study.wards}
    items = [item.replace("12@2021-01-01", ids["12"]).replace("13@2021-01-01", ids["13"]) for item in details["item"]]
    return details.assign(item=items)


@pytest.fixture
def details(study: Study) -> pd.DataFrame:
    return with_wards(worlds_details(), study)


@pytest.mark.parametrize(("verdict", "meaning"), [("pass", "holds"), ("fail", "turns"), ("cannot_tell", "sign")])
def test_the_range_is_told_with_its_union_its_largest_p_and_what_it_means(
    briefing: Briefing, details: pd.DataFrame, verdict: str, meaning: str
) -> None:
    found = read_roster_range(worlds_check(verdict), details, "crime")
    assert found is not None
    first, second, *_ = roster_sentences(found, briefing)
    wording = briefing.wording
    for written in ("−31%", "−12%", wording.interval(-0.62, 0.27, is_percent=True), wording.plain_p(0.2), "(ii)"):
        assert written in first
    assert second == briefing.say(f"roster.meaning.{meaning}")


def test_the_wards_whose_membership_moves_it_are_named_without_figures(
    briefing: Briefing, details: pd.DataFrame
) -> None:
    found = read_roster_range(worlds_check("cannot_tell"), details, "crime")
    assert found is not None
    *_, lowest, highest, apology = roster_sentences(found, briefing)
    assert "Ward 12" in lowest and "Ward 13" in highest
    assert not any(sign in lowest + highest for sign in "%−+")
    assert apology == briefing.say("roster.open")


def test_without_intervals_or_drivers_only_the_range_is_told(briefing: Briefing, details: pd.DataFrame) -> None:
    bare = details.loc[details["item"].eq("A:all")]
    found = read_roster_range(worlds_check("fail"), bare, "crime")
    assert found is not None
    said = roster_sentences(found, briefing)
    assert len(said) == 2 and briefing.say("interval.none") not in said[0]


def test_the_other_specification_speaks_only_where_the_confirmatory_one_gave_nothing(details: pd.DataFrame) -> None:
    beside = pd.concat([details.assign(specification="two_way", conf_low=-0.9), details], ignore_index=True)
    found = read_roster_range(worlds_check("pass"), beside, "crime")
    assert found is not None and (found.specification, found.low) == ("town_period", -0.31)
    alone = read_roster_range(
        worlds_check("pass", specification="two_way"), details.assign(specification="two_way"), "crime"
    )
    assert alone is not None and (alone.specification, alone.verdict) == ("two_way", "pass")


def test_nothing_is_told_where_rosters_were_not_varied(details: pd.DataFrame) -> None:
    assert read_roster_range(worlds_check("cannot_tell"), details, "service") is None
    assert read_roster_range(worlds_check("cannot_tell"), details.iloc[:0], "crime") is None


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_tells_it_beside_the_verdict(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, details: pd.DataFrame, language: str
) -> None:
    checks = pd.concat([tables["checks"], worlds_check("cannot_tell")], ignore_index=True)
    own = tables | {"checks": checks, "check_details": details}
    findings: Findings = build_findings(own, manifest, study, language=language)
    text = Page(findings.section("answer").html).text
    assert findings.briefing.say("roster.heading") in text
    assert findings.briefing.say("roster.meaning.sign") in text
    assert text.index("Ward 12") < text.index(findings.briefing.say("answer.others"))


def test_ward_names_are_escaped(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, details: pd.DataFrame
) -> None:
    hostile = replace(study, wards=tuple(replace(ward, ward_name_vi=HOSTILE) for ward in study.wards))
    findings = build_findings(tables | {"check_details": details}, manifest, hostile, language="en")
    html = findings.section("answer").html
    assert "<script" not in html and "&lt;script&gt;" in html


def test_a_run_over_unknown_rosters_leads_with_what_does_not_depend_on_them(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study
) -> None:
    estimates = tables["estimates"].assign(roster="worlds")
    estimates = estimates.loc[estimates["cohort"].eq("all")]
    part = {"notebook": "03_estimate_effect", "parameters": {"roster": "worlds"}, "outputs": []}
    run = manifest | {"notebooks": {"03_estimate_effect.crime": part}}
    findings = build_findings(tables | {"estimates": estimates}, run, study, language="en")
    lead = findings.lead_sentence()
    assert "does not depend on who the unknown wards are" in lead
    assert "Cohort 2021" in lead and "February 2022" in lead
    assert lead in Page(findings.section("answer").html).text
    assert build_findings(tables, manifest, study, language="en").lead_sentence() == ""


def test_the_figure_draws_ranges_and_no_ward(study: Study, manifest: dict[str, Any], details: pd.DataFrame) -> None:
    briefing = open_briefing(study, manifest, language="en")
    drawn = worlds_figure(details, briefing, "crime")
    without = worlds_figure(details.loc[~details["item"].str.contains("est:")], briefing, "crime")
    assert isinstance(drawn, Figure) and isinstance(without, Figure)
    assert drawn.words == without.words
