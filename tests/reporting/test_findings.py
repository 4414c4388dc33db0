import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.errors import UsageError
from helpers.reporting import (
    SECTIONS,
    Effect,
    Failure,
    Findings,
    build_findings,
    findings_page,
    frame_table,
    page_name,
    write_findings_page,
    write_run_index,
)
from helpers.study import Merger, Study

from .conftest import HOSTILE, estimate_row

Tables = dict[str, pd.DataFrame]
Manifest = dict[str, Any]
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")


class Page(HTMLParser):
    """Collects what the tests ask of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.skipping = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.skipping = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.skipping = False

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(params=["vi", "en"])
def findings(request: pytest.FixtureRequest, tables: Tables, manifest: Manifest, study: Study) -> Findings:
    return build_findings(tables, manifest, study, language=request.param)


@pytest.fixture
def page(findings: Findings) -> str:
    return findings_page(findings, others=("vi", "en"))


def test_the_page_is_one_file_without_script_or_outside_address(page: str) -> None:
    assert "<script" not in page.lower() and "javascript:" not in page.lower()
    assert not re.findall(r"https?://(?!www\.w3\.org/)|//[a-z]+\.[a-z]+/|@import|url\(", page)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    parsed = Page(page)
    assert all((image["src"] or "").startswith("data:image/") for image in parsed.all("img"))
    assert not [name for name, _ in parsed.tags if name in ("link", "iframe", "object", "embed", "form")]


def test_every_picture_has_alternative_text_and_every_header_a_scope(page: str) -> None:
    parsed = Page(page)
    assert len(parsed.all("img")) >= 3
    assert all(len(image["alt"] or "") > 30 for image in parsed.all("img"))
    assert parsed.all("th") and all("scope" in header for header in parsed.all("th"))
    assert len(parsed.all("caption")) == len(parsed.all("table"))


def test_the_page_has_one_heading_language_landmarks_and_a_skip_link(page: str, findings: Findings) -> None:
    parsed = Page(page)
    assert parsed.all("html")[0]["lang"] == findings.briefing.language
    assert [len(parsed.all(tag)) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    links = {link["href"] for link in parsed.all("a")}
    anchors = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    assert "#main" in links
    assert {link[1:] for link in links if link and link.startswith("#")} <= anchors
    other = "en" if findings.briefing.language == "vi" else "vi"
    assert page_name(other) in links


def test_ids_are_unique(page: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_sections_come_in_the_order_of_reading(page: str) -> None:
    ids = [attributes.get("id") for attributes in Page(page).all("section")]
    assert ids == [name for name in SECTIONS if name != "protection"]


def test_the_synthetic_mark_is_at_the_top_on_every_table_and_figure(page: str, findings: Findings) -> None:
    parsed = Page(page)
    mark = findings.briefing.mark
    assert parsed.text.index(findings.briefing.say("page.banner.synthetic")) < parsed.text.index(
        findings.briefing.question()
    )
    assert page.count("mark-synthetic") >= len(parsed.all("table")) + len(parsed.all("figure"))
    assert mark in page[: page.index("</title>")]


def test_public_data_carry_no_synthetic_mark(tables: Tables, manifest: Manifest, study: Study) -> None:
    public = replace(study, origin="real_public", is_given_roster_fictional=False)
    page = findings_page(build_findings(tables, manifest | {"origin": "real_public"}, public, language="en"))
    body = page[page.index("<body") :].lower()
    assert "synthetic" not in body and "mô phỏng" not in body
    assert "Published data" in page


def test_restricted_data_are_not_told_without_disclosure_control(
    tables: Tables, manifest: Manifest, study: Study, tmp_path: Path
) -> None:
    restricted = replace(study, origin="real_restricted")
    manifest = manifest | {"origin": "real_restricted"}
    with pytest.raises(UsageError, match="disclosure control"):
        write_findings_page(build_findings(tables, manifest, restricted, language="vi"), tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_both_languages_carry_the_same_numbers(tables: Tables, manifest: Manifest, study: Study) -> None:
    told = {}
    for language in ("vi", "en"):
        findings = build_findings(tables, manifest, study, language=language)
        names = ("answer", "effects", "checks", "work", "data")
        text = " ".join(Page(findings.section(name).html).text for name in names)
        told[language] = sorted(NUMBER.findall(text))
    swapped = sorted(number.translate(str.maketrans(".,", ",.")) for number in told["vi"])
    assert swapped == told["en"]


def test_text_from_files_is_escaped(tables: Tables, manifest: Manifest, study: Study) -> None:
    wards = tuple(
        replace(ward, ward_name_vi=HOSTILE, town_name_vi=f"{HOSTILE}{ward.town_code}") for ward in study.wards
    )
    indicators = tuple(replace(row, name_vi=HOSTILE, name_en=HOSTILE, unit_en=HOSTILE) for row in study.indicators)
    hostile = replace(
        study,
        wards=wards,
        indicators=indicators,
        titles={"en": HOSTILE},
        questions={"en": HOSTILE},
        programmes=tuple(replace(row, name_en=HOSTILE) for row in study.programmes),
        facts=tuple(replace(row, statement_en=HOSTILE) for row in study.facts),
    )
    checks = tables["checks"].assign(reason=HOSTILE, check="unheard_of", question=HOSTILE)
    account = tables["cleaning_account"].assign(file=HOSTILE)
    findings = build_findings(
        tables | {"checks": checks, "cleaning_account": account},
        manifest | {"run": HOSTILE, "seeds": [HOSTILE]},
        hostile,
        language="en",
    )
    page = findings_page(findings)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 20
    assert "<script" not in findings.section("limits")._repr_html_()
    assert "<script" not in frame_table(checks, findings.briefing, caption=HOSTILE)._repr_html_()


def test_written_twice_the_page_has_the_same_bytes(
    tables: Tables, manifest: Manifest, study: Study, tmp_path: Path
) -> None:
    shuffled = {name: table.sample(frac=1, random_state=5) for name, table in tables.items()}
    first = write_findings_page(build_findings(tables, manifest, study, language="vi"), tmp_path / "a.html")
    second = write_findings_page(build_findings(shuffled, manifest, study, language="vi"), tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_the_primary_indicator_is_told_first_and_the_missing_are_named(findings: Findings) -> None:
    names = [told.name for told in findings.told]
    assert names[0] == findings.briefing.indicator_name("crime")
    assert [told.verdict.kind for told in findings.told] == [
        "detected",
        "descriptive",
        "not_detected",
        "detected_unadjusted",
    ]
    assert not findings.missing_indicators()


def test_an_indicator_of_the_family_without_estimate_is_named(tables: Tables, manifest: Manifest, study: Study) -> None:
    estimates = tables["estimates"].loc[lambda table: table["indicator"].ne("service")]
    findings = build_findings(tables | {"estimates": estimates}, manifest, study, language="en")
    assert findings.missing_indicators() == ("indicator service",)
    assert "indicator service" in Page(findings.section("answer").html).text


def test_a_ratio_is_told_in_its_own_part_and_nowhere_else(findings: Findings) -> None:
    name = findings.briefing.indicator_name("solved")
    assert name not in [told.name for told in findings.told]
    assert "solved" not in {verdict.indicator for verdict in findings.verdicts} | set(findings.pictures)
    for section in findings.sections:
        assert (name in Page(section.html).text) == (section.name == "work"), section.name
    assert sum(int(count) for _, count in findings.tally()) == len(findings.told) == 4


def test_a_ratio_has_interval_p_and_caution_but_no_judgement(findings: Findings) -> None:
    briefing, section = findings.briefing, findings.section("work")
    text = Page(section.html).text
    caution = briefing.say("work.caution", denominator=briefing.indicator_name("crime"))
    assert caution in text and briefing.say("work.no_verdict", denominator=briefing.indicator_name("crime")) in text
    assert "+18%" in text and briefing.wording.interval(-0.21, 0.67, is_percent=True) in text
    assert " ".join(briefing.wording.p_value(0.35).split()) in text
    assert briefing.say("work.test", assignments="999", smallest_p=briefing.wording.small(0.001)) in text
    classes = {attributes.get("class") or "" for _, attributes in Page(section.html).tags}
    assert not [own for own in classes if "verdict" in own or "kind-" in own or "badge" in own]
    judgements = [briefing.say(f"judgement.{own}") for own in ("wanted", "unwanted", "neutral")]
    assert not [own for own in judgements if own in text]


def test_a_ratio_that_rejects_is_still_no_finding(tables: Tables, manifest: Manifest, study: Study) -> None:
    rows = tables["estimates"].assign(
        p_value=lambda table: table["p_value"].where(table["indicator"].ne("solved"), 0.0001),
        conf_low=lambda table: table["conf_low"].where(table["indicator"].ne("solved"), 0.1),
    )
    plain = build_findings(tables, manifest, study, language="en")
    strong = build_findings(tables | {"estimates": rows}, manifest, study, language="en")
    for name in ("answer", "effects", "forest", "checks"):
        assert strong.section(name).html == plain.section(name).html
    declared = replace(study, indicators=tuple(replace(row, in_family=True) for row in study.indicators))
    family = {verdict.family_size for verdict in build_findings(tables, manifest, declared, language="en").verdicts}
    assert family == {3}


def test_a_ratio_without_estimate_says_why_in_the_pages_language(
    tables: Tables, manifest: Manifest, study: Study
) -> None:
    empty = dict.fromkeys(("estimate", "conf_low", "conf_high", "p_value", "n_assignments", "smallest_p"), float("nan"))
    reason = "Nothing was recorded, or nothing expected, in these cells: no clearance effect."
    rows = [estimate_row("solved", specification=own, reason=reason, **empty) for own in ("town_period", "two_way")]
    findings = build_findings(tables | {"estimates": pd.DataFrame(rows)}, manifest, study, language="vi")
    text = Page(findings_page(findings)).text
    assert findings.briefing.say("reason.no_ratio") in text
    assert findings.briefing.say("answer.none") in text
    assert "Nothing was" not in text


def test_a_run_without_ratio_has_no_such_part(tables: Tables, manifest: Manifest, study: Study) -> None:
    estimates = tables["estimates"].loc[lambda table: table["indicator"].ne("solved")]
    findings = build_findings(tables | {"estimates": estimates}, manifest, study, language="en")
    assert [section.name for section in findings.sections] == [
        name for name in SECTIONS if name not in ("work", "protection")
    ]
    assert 'href="#work"' not in findings_page(findings)
    assert findings.briefing.say("work.none") in findings.section("work").body


def test_limits_are_filled_from_the_runs_facts(findings: Findings) -> None:
    said = {limit.name: " ".join(limit.sentences) for limit in findings.limits()}
    assert list(said) == ["selection", "towns", "roster", "programmes", "recording", "power", "breaks", "assumptions"]
    briefing = findings.briefing
    assert briefing.say("limit.roster.unknown", n=2) in said["roster"]
    assert briefing.say("limit.roster.worlds", n=2, reading="A") in said["roster"]
    assert briefing.say("limit.roster.fictional", names="Ward 12") in said["roster"]
    assert "999" in said["power"] and briefing.indicator_name("fires") in said["power"]


def test_wards_that_reported_only_zeros_are_named(findings: Findings) -> None:
    rows = [("crime", "Ward 13"), ("crime", "Ward 12"), ("service", HOSTILE), ("unheard_of", "Ward 14")]
    silent = pd.DataFrame(rows, columns=["indicator", "ward_name_vi"])
    named = replace(findings, tables=dict(findings.tables) | {"silent_wards": silent})
    briefing = findings.briefing
    (power,) = (limit for limit in named.limits() if limit.name == "power")
    names = briefing.say("list.last", most="Ward 12", last="Ward 13")
    told = briefing.say("limit.power.silent", n=2, indicator=briefing.indicator_name("crime"), names=names)
    assert told in power.sentences
    assert not any("Ward 14" in sentence for sentence in power.sentences)
    assert "<script" not in named.section("limits").html


BREAKS = pd.DataFrame(
    [
        ("all", "crime", "drugs", "2021-06", "found", ""),
        ("B", "drugs", "service", "2022-02", "found", ""),
        ("all", "crime", "drugs", "2021-01", "found", ""),
        ("all", "fires", "fires", "2022-01", "stated", ""),
    ],
    columns=["town_code", "from_indicator", "to_indicator", "period", "source", "evidence"],
)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_window_across_a_break_warns(tables: Tables, manifest: Manifest, study: Study, language: str) -> None:
    findings = build_findings(tables | {"breaks": BREAKS}, manifest, study, language=language)
    briefing = findings.briefing
    (limit,) = (own for own in findings.limits() if own.name == "breaks")
    crime, drugs, service = (briefing.indicator_name(name) for name in ("crime", "drugs", "service"))
    assert limit.sentences == (
        briefing.say("limit.breaks.found", ended=crime, begun=drugs, period=briefing.period("2021-06")),
        briefing.say(
            "limit.breaks.found_in", ended=drugs, begun=service, period=briefing.period("2022-02"), place="Town B"
        ),
        briefing.say("limit.breaks.crossed"),
    )
    text = findings.section("limits").body
    assert briefing.say("limit.breaks.crossed") in text and briefing.say("limit.breaks.none") not in text


def test_a_break_of_an_indicator_that_is_not_told_warns_of_nothing(
    tables: Tables, manifest: Manifest, study: Study
) -> None:
    other = BREAKS.assign(from_indicator="solved", to_indicator="solved")
    findings = build_findings(tables | {"breaks": other}, manifest, study, language="en")
    (limit,) = (own for own in findings.limits() if own.name == "breaks")
    assert limit.sentences == (findings.briefing.say("limit.breaks.none"),)


def test_merged_wards_are_told_to_be_sums(findings: Findings, study: Study) -> None:
    merged = replace(study, mergers=(Merger(study.wards[0], study.wards[1:3]),))
    told = replace(findings, briefing=replace(findings.briefing, study=merged))
    (limit,) = (own for own in told.limits() if own.name == "breaks")
    assert limit.sentences == (findings.briefing.say("limit.breaks.followed", names="Ward 11"),)


def test_the_table_of_effects_gives_assignments_and_the_smallest_p(
    findings: Findings, tables: Tables, manifest: Manifest, study: Study
) -> None:
    wording = findings.briefing.wording
    text = Page(findings.effects_table()).text
    assert "(ii)" in text and f"{wording.number(999)} " in text and wording.small(0.001) in text
    fewer = tables["estimates"].copy()
    fewer.loc[fewer["indicator"].eq("service"), ["n_assignments", "smallest_p"]] = (64.0, 1 / 64)
    mixed = build_findings(tables | {"estimates": fewer}, manifest, study, language="en")
    assert "at least 64 assignments, smallest possible p at most 0.016" in Page(mixed.effects_table()).text


def test_intervals_of_cohorts_under_two_way_say_what_they_rest_on(
    tables: Tables, manifest: Manifest, study: Study
) -> None:
    rows = tables["estimates"].copy()
    beside = rows["specification"].eq("two_way") & rows["estimand"].eq("cohort")
    assert beside.any()
    rows.loc[beside, ["n_assignments", "smallest_p"]] = (496.0, 1 / 496)
    told = build_findings(tables | {"estimates": rows}, manifest, study, language="en")
    assert "(i), 496 assignments, smallest possible p 0.0020" in Page(told.effects_table()).text


def test_a_study_with_one_town_one_cohort_and_no_question_of_roster(
    tables: Tables, manifest: Manifest, study: Study
) -> None:
    wards = tuple(replace(ward, town_code="A") for ward in study.wards)
    ids = [ward.ward_id for ward in wards]
    adoption = tuple(
        replace(row, ward_id=ward, status="model" if place < 2 else "not", cohort="1994" if place < 2 else None)
        for place, (row, ward) in enumerate(zip(study.adoption, ids, strict=True))
    )
    plain = replace(
        study,
        origin="real_public",
        wards=wards,
        adoption=adoption,
        given_roster=(),
        is_given_roster_fictional=False,
        unit_names={"ward_en": "block", "town_en": "neighbourhood", "treated_en": "guarded blocks"},
        indicators=study.indicators[:1],
        programmes=(),
        facts=(),
    )
    estimates = pd.DataFrame(
        [
            estimate_row("crime", observed=3.25, expected=5.75),
            estimate_row("crime", specification="two_way", observed=3.25, expected=5.75),
            estimate_row("crime", estimand="cohort", cohort="1994"),
            estimate_row(
                "crime", estimator="twfe_linear", scale="level", inference="hc1", estimate=-0.07753, std_error=0.02244
            ),
        ]
    )
    findings = build_findings(
        tables | {"estimates": estimates}, manifest | {"origin": "real_public"}, plain, language="en"
    )
    page = findings_page(findings)
    text = Page(page).text
    assert [limit.name for limit in findings.limits()][:2] == ["selection", "programmes"]
    assert "guarded blocks" in text and "−2.5 offences" in text
    assert "−0.0775" in text and "0.0224" in text and "HC1" in text
    assert "By cohort" not in text
    assert not re.search(r"(?<!model-)\bwards?\b", text)


def test_a_run_without_estimates_says_so(tables: Tables, manifest: Manifest, study: Study) -> None:
    empty = {name: table.iloc[:0] for name, table in tables.items()}
    findings = build_findings(empty, manifest, study, language="en")
    text = Page(findings_page(findings)).text
    assert findings.briefing.say("answer.none") in text
    assert findings.briefing.say("checks.none") in text


def test_missing_tables_and_unknown_sections_are_named(tables: Tables, manifest: Manifest, study: Study) -> None:
    with pytest.raises(UsageError, match="checks"):
        build_findings(
            {"estimates": tables["estimates"], "counterfactual": tables["counterfactual"]},
            manifest,
            study,
            language="en",
        )
    with pytest.raises(UsageError, match="nowhere"):
        build_findings(tables, manifest, study, language="en").section("nowhere")


def test_not_estimable_is_told_with_its_reason_and_the_other_specification(
    tables: Tables, manifest: Manifest, study: Study, make_effect: Callable[..., Effect]
) -> None:
    empty = dict.fromkeys(("estimate", "conf_low", "conf_high", "p_value", "observed", "expected", "mde"), float("nan"))
    reason = "No ward of the same town is still untreated then: nothing identifies the counterfactual."
    rows = [estimate_row("crime", **empty, reason=reason), estimate_row("crime", specification="two_way")]
    findings = build_findings(tables | {"estimates": pd.DataFrame(rows)}, manifest, study, language="vi")
    text = Page(findings_page(findings)).text
    assert findings.briefing.say("kind.not_estimable") in text
    assert "No ward" not in text
    assert "−40%" in findings.told[0].sentences[1]


def test_provenance_gives_hashes_seeds_and_a_command(page: str) -> None:
    assert "0" * 64 in page
    assert "model-wards run notebooks/runs/tiny_run.yaml" in page


def test_the_index_lists_pages_tables_steps_and_failures(manifest: Manifest, study: Study, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "estimates.csv").write_text("a")
    (tmp_path / page_name("vi")).write_text("")
    part = {"notebook": "03_estimate_effect", "parameters": {"indicator": "crime"}, "outputs": []}
    path = write_run_index(
        study,
        manifest | {"notebooks": {"03_estimate_effect.crime": part}},
        tmp_path / "index.html",
        language="en",
        failures=[Failure("04_check_robustness.crime", f"Broken: {HOSTILE}")],
    )
    text = path.read_text(encoding="utf-8")
    links = {link["href"] for link in Page(text).all("a")}
    assert {page_name("vi"), "tables/estimates.csv"} <= links and page_name("en") not in links
    assert "04_check_robustness.crime" in text and "<script" not in text
    assert "indicator crime" in text and "mark-synthetic" in text
