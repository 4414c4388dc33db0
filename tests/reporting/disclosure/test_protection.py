"""A whole restricted run: everything that is published of it is read back, and attacked together."""

import base64
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from scipy.optimize import linprog

from helpers.errors import UsageError
from helpers.reporting import Figure, build_findings, findings_page, open_briefing, write_run_index
from helpers.reporting.counterfactual_plot import plot_counterfactual
from helpers.reporting.disclosure import CONTRIBUTIONS, protect_tables
from helpers.reporting.disclosure.blocks import spread_blocks
from helpers.reporting.page import Failure
from helpers.study.periods import period_range

PILOTS, LATER = "2021", "2022"
STEP = {"few": 0.05, "many": 0.01}
BASE, SMALLEST = 5, 8


@pytest.fixture(scope="session")
def public(case):
    return protect_tables(case.tables, case.study)[0]


@pytest.fixture(scope="session")
def pages(case):
    """Each language's page as a reader could search it: text, and every picture taken out of its address."""
    found = {}
    for language in ("vi", "en"):
        findings = build_findings(case.tables, case.manifest, case.study, language=language)
        page = findings_page(findings)
        pictures = [base64.b64decode(own).decode() for own in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)]
        found[language] = re.sub(r"base64,[^\"]+", "", page) + "\n".join(pictures)
    return found


def true_counts(case, specification, cohort, state="treated"):
    own = case.tables["counterfactual"].astype({"cohort": str})
    own = own.loc[own["specification"].eq(specification) & own["cohort"].eq(cohort) & own["state"].eq(state)]
    return own.groupby("indicator")["observed"].sum()


def ratio(public, indicator, specification, cohort, estimand):
    rows = public["estimates"]
    own = rows.loc[
        rows["indicator"].eq(indicator)
        & rows["specification"].eq(specification)
        & rows["cohort"].eq(cohort)
        & rows["estimand"].eq(estimand)
        & rows["scale"].eq("ratio")
        & rows["estimator"].eq("count_imputation")
    ]
    return own.iloc[0]


def work_out(public, indicator, goal):
    """Bound the pilots' observed count from all published figures of an indicator, as an attacker would.

    Unknown are observed and expected of both cohorts; known are totals and blocks in their rounding, and ratios.
    """
    names = ["O1", "E1", "O2", "E2"]
    rows, ends = [], []

    def at_most(terms, end):
        rows.append([terms.get(name, 0.0) for name in names])
        ends.append(end)

    def between(terms, low, high):
        at_most(terms, high)
        at_most({name: -factor for name, factor in terms.items()}, -low)

    totals = {
        "all": ({"O1": 1, "O2": 1}, {"E1": 1, "E2": 1}),
        PILOTS: ({"O1": 1}, {"E1": 1}),
        LATER: ({"O2": 1}, {"E2": 1}),
    }
    for specification in ("town_period",):
        for cohort, (observed, expected) in totals.items():
            row = ratio(public, indicator, specification, cohort, "overall" if cohort == "all" else "cohort")
            step = STEP["few" if cohort == PILOTS else "many"]
            if math.isfinite(row["estimate"]):
                for sign, end in ((1, 1 + row["estimate"] + step / 2), (-1, 1 + row["estimate"] - step / 2)):
                    terms = {name: sign * factor for name, factor in observed.items()}
                    at_most(terms | {name: -sign * end * factor for name, factor in expected.items()}, 0.0)
            if math.isfinite(row["observed"]):
                between(observed, row["observed"] - BASE / 2, row["observed"] + BASE / 2)
                between(expected, row["expected"] - BASE / 2, row["expected"] + BASE / 2)
    blocks = public["counterfactual"]
    own = blocks.loc[blocks["indicator"].eq(indicator) & blocks["state"].eq("treated") & ~blocks["is_withheld"]]
    for cohort, name in ((PILOTS, "1"), (LATER, "2")):
        shown = own.loc[own["cohort"].eq(cohort)]
        slack = BASE / 2 * len(shown)
        at_most({f"O{name}": -1.0}, slack - shown["observed"].sum())
    vector = np.array([1.0 if name == goal else 0.0 for name in names])
    found = [linprog(sign * vector, A_ub=np.array(rows), b_ub=np.array(ends)) for sign in (1, -1)]
    return tuple(math.inf if one.status == 3 else one.fun * sign for one, sign in zip(found, (1, -1), strict=True))


@pytest.mark.parametrize("indicator", ["crime", "fires"])
def test_the_pilots_counts_cannot_be_worked_out_of_all_that_is_published(case, public, indicator):
    observed = true_counts(case, "town_period", PILOTS)[indicator]
    low, high = work_out(public, indicator, "O1")
    assert low <= max(0.0, observed - max(BASE, 0.2 * observed)) + 1e-6
    assert high >= observed + max(BASE, 0.2 * observed) - 1e-6


def test_the_same_attack_succeeds_on_what_is_not_controlled(case, public):
    """The test can fail: with the later cohort's counts beside the overall ones, the pilots' follow."""
    rows = public["estimates"].copy()
    observed = true_counts(case, "town_period", LATER)["crime"]
    estimates = case.tables["estimates"]
    is_later = rows["cohort"].eq(LATER) & rows["estimand"].eq("cohort") & rows["specification"].eq("town_period")
    is_later &= rows["indicator"].eq("crime")
    rows.loc[is_later, ["observed", "expected"]] = estimates.loc[is_later, ["observed", "expected"]].round()
    low, high = work_out(public | {"estimates": rows}, "crime", "O1")
    pilots = true_counts(case, "town_period", PILOTS)["crime"]
    assert observed > pilots
    assert high - low < 0.2 * pilots


def test_counts_are_rounded_and_small_ones_withheld(public):
    blocks = public["counterfactual"]
    shown = blocks.loc[~blocks["is_withheld"], ["observed", "expected"]]
    assert (shown % BASE == 0).all(axis=None)
    assert blocks.loc[blocks["is_withheld"], ["observed", "expected"]].isna().all(axis=None)
    estimates = public["estimates"]
    counts = estimates[["observed", "expected"]].dropna()
    assert len(counts) > 0
    assert (counts % BASE == 0).all(axis=None)


def test_no_count_of_two_pilots_is_published(public):
    estimates, blocks = public["estimates"], public["counterfactual"]
    assert estimates.loc[estimates["cohort"].eq(PILOTS), ["observed", "expected", "std_error"]].isna().all(axis=None)
    assert estimates.loc[estimates["cohort"].eq(PILOTS) & estimates["scale"].ne("ratio"), "estimate"].isna().all()
    assert blocks.loc[blocks["cohort"].eq(PILOTS), "is_withheld"].all()
    pilots = estimates.loc[estimates["cohort"].eq(PILOTS) & estimates["estimate"].notna(), "estimate"]
    assert len(pilots) > 0
    assert np.allclose(pilots / STEP["few"], (pilots / STEP["few"]).round())


def test_ratios_of_small_numerators_are_withheld(case, public):
    estimates = case.tables["estimates"]
    small = estimates["scale"].eq("ratio") & estimates["observed"].lt(SMALLEST) & estimates["estimate"].notna()
    assert small.any()
    assert public["estimates"].loc[small, ["estimate", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert public["estimates"].loc[small, "reason"].eq("Withheld to protect small numbers.").all()


def test_counts_come_from_one_specification_only(public):
    own = public["estimates"].dropna(subset=["observed"])
    assert set(own["specification"]) == {"town_period"}
    assert set(public["counterfactual"]["specification"]) == {"town_period"}
    assert "never" not in set(public["counterfactual"]["cohort"])


def test_intervals_are_rounded_outwards_and_keep_their_side_of_zero(case, public):
    true, told = case.tables["estimates"], public["estimates"]
    shown = told["scale"].eq("ratio") & told["conf_low"].notna()
    assert shown.any()
    assert (told.loc[shown, "conf_low"] <= true.loc[shown, "conf_low"] + 1e-9).all()
    assert (told.loc[shown, "conf_high"] >= true.loc[shown, "conf_high"] - 1e-9).all()
    excludes = [(own["conf_low"] > 0) | (own["conf_high"] < 0) for own in (true.loc[shown], told.loc[shown])]
    assert (excludes[0] == excludes[1]).all()


def test_tables_about_wards_are_withheld_whole(case):
    public, protection = protect_tables(case.tables, case.study)
    assert protection.tables == ("quarantine", "silent_wards")
    assert set(public) == {"estimates", "counterfactual", "checks", "check_details"}


def test_a_check_that_names_a_ward_tells_nothing_of_it(case):
    details, checks = case.tables["check_details"].copy(), case.tables["checks"].copy()
    details.loc[0, "item"] = "highest:A:all:9003@2021-01-01"
    checks.loc[0, "reason"] = "without Phường Mẫu 03 the sign turns"
    changed = case.tables | {"check_details": details, "checks": checks}
    public, _ = protect_tables(changed, case.study)
    assert not public["check_details"]["item"].astype(str).str.contains("9003").any()
    assert not public["checks"]["reason"].astype(str).str.contains("Mẫu").any()


def test_of_the_design_no_mean_and_no_overdispersion_is_published(roomy):
    place = {"specification": "", "indicator": "crime", "cohort": "2022", "town_code": "", "period": ""}
    measures = {"level": "balance", "level_mean": "balance", "kappa": "detectability", "mde": "detectability"}
    measures |= {"due_count": "coverage", "anything": "a_new_topic"}
    rows = [place | {"topic": topic, "measure": measure, "value": 0.1234} for measure, topic in measures.items()]
    rows.append(place | {"topic": "balance", "measure": "trend", "cohort": "2020", "value": 0.1234})
    public, _ = protect_tables(roomy.tables | {"design": pd.DataFrame(rows)}, roomy.study)
    told = dict(zip(public["design"]["measure"], public["design"]["value"], strict=True))
    assert told == {"level": 0.12, "mde": 0.1, "due_count": 0.1234}


def test_of_breaks_and_inputs_neither_figures_nor_hashes_are_published(case):
    breaks = pd.DataFrame([{"town_code": "A", "period": "2022-01", "evidence": "from 31 to 0"}])
    inputs = pd.DataFrame({"file": ["wards.csv", "returns/a.xlsx"], "sha256": ["a" * 64, "f" * 64]})
    public, _ = protect_tables(case.tables | {"breaks": breaks, "inputs": inputs}, case.study)
    assert public["breaks"]["evidence"].tolist() == [""]
    assert public["inputs"]["sha256"].tolist() == ["a" * 64, ""]


def test_a_check_nobody_has_judged_tells_no_details(case):
    details = case.tables["check_details"].assign(check="a_new_one")
    assert protect_tables(case.tables | {"check_details": details}, case.study)[0]["check_details"].empty


def test_pages_name_no_ward_and_hold_no_value_hash_or_hole(case, pages):
    for page in pages.values():
        assert not any(ward.ward_name_vi in page or ward.ward_code in page for ward in case.study.wards)
        assert "987654" not in page
        assert "f" * 64 not in page
        assert "NaN" not in page and ">nan" not in page


def test_no_text_of_a_page_writes_a_count_of_the_pilots(case, pages):
    rows = case.tables["estimates"].loc[lambda own: own["cohort"].eq(PILOTS)]
    hidden = {round(value) for name in ("observed", "expected") for value in rows[name].dropna() if value >= 100}
    assert len(hidden) > 4
    for page in pages.values():
        text = re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
        numbers = {int(own.replace(",", "").replace(".", "")) for own in re.findall(r"\d[\d.,]*\d", text)}
        assert not numbers & hidden


def test_pages_say_what_is_withheld_and_why(pages):
    assert 'id="protection"' in pages["en"] and 'id="protection"' in pages["vi"]
    assert "Counts below 8 other than zero are withheld" in pages["en"]
    assert "không công bố" in pages["vi"]
    assert "Tables withheld whole: quarantine, silent_wards." in pages["en"]


def test_sentences_write_withheld_counts_as_such(pages):
    assert "[withheld]" in pages["en"]
    assert "[không công bố]" in pages["vi"]


def test_restricted_findings_are_the_same_in_every_file(case, public):
    """Pages are made from the controlled tables, so they cannot say more than the files."""
    findings = build_findings(case.tables, case.manifest, case.study, language="en")
    for name, table in public.items():
        pd.testing.assert_frame_equal(findings.tables[name], table)
    assert CONTRIBUTIONS not in findings.tables


def test_without_contributions_nothing_is_told(case):
    tables = {name: table for name, table in case.tables.items() if name != CONTRIBUTIONS}
    with pytest.raises(UsageError, match="disclosure control"):
        build_findings(tables, case.manifest, case.study, language="en")


def test_contributions_of_another_run_are_refused(case):
    other = case.tables[CONTRIBUTIONS].assign(observed=lambda own: own["observed"] + 1)
    with pytest.raises(UsageError, match="not of one run"):
        protect_tables(case.tables | {CONTRIBUTIONS: other}, case.study)


def test_a_page_of_findings_that_no_control_has_seen_is_refused(case):
    findings = build_findings(case.tables, case.manifest, case.study, language="en")
    with pytest.raises(UsageError, match="no disclosure control has seen"):
        findings_page(replace(findings, protection=None))


def test_who_approves_the_release_is_printed_on_every_page(approved, tmp_path):
    tables = {name: table for name, table in approved.tables.items() if name != CONTRIBUTIONS}
    for language, words in (("en", "Disclosure control is switched off"), ("vi", "kiểm soát tiết lộ")):
        findings = build_findings(tables, approved.manifest, approved.study, language=language)
        page = findings_page(findings)
        index = write_run_index(approved.study, approved.manifest, tmp_path / "i.html", language=language)
        for text in (page, index.read_text(encoding="utf-8")):
            assert "Trần Thị B, Phòng Tham mưu, 2024-03-01" in text
            assert words in text


def test_the_index_does_not_quote_failures(case, tmp_path):
    failure = Failure("01_clean_program_data", "found “987654” in cell B7")
    index = write_run_index(case.study, case.manifest, tmp_path / "i.html", language="en", failures=[failure])
    text = index.read_text(encoding="utf-8")
    assert "987654" not in text
    assert "Its own words are not shown" in text
    assert "01_clean_program_data" in text


def test_a_study_may_be_stricter(case):
    strict = replace(case.study, disclosure=replace(case.study.disclosure, smallest_ward_count=11))
    public, _ = protect_tables(case.tables, strict)
    assert public["estimates"]["observed"].isna().all()
    assert public["counterfactual"]["is_withheld"].all()


def test_where_every_cohort_is_large_enough_its_quarters_are_published_and_drawn(roomy):
    public, _ = protect_tables(roomy.tables, roomy.study)
    blocks = public["counterfactual"]
    assert not blocks["is_withheld"].all()
    assert set(blocks["cohort"]) == {"2021", "2022"}
    true = roomy.tables["counterfactual"].loc[lambda own: own["specification"].eq("town_period")]
    for row in blocks.loc[~blocks["is_withheld"]].to_dict("records"):
        own = true.loc[true["cohort"].eq(row["cohort"]) & true["state"].eq(row["state"])]
        own = own.loc[own["period"].between(row["period"], row["period_last"])]
        assert len(own) == row["period_count"] <= 3
        assert abs(own["observed"].sum() - row["observed"]) <= BASE / 2
    findings = build_findings(roomy.tables, roomy.manifest, roomy.study, language="en")
    figure = findings.pictures["crime"][0]
    assert isinstance(figure, Figure)
    assert "rounded sums of quarters" in figure.words.caption


def test_a_picture_shows_nothing_but_the_public_blocks(roomy):
    """Every height of a line is a published sum divided by wards and periods, or a mean of such heights."""
    public, _ = protect_tables(roomy.tables, roomy.study)
    rows = spread_blocks(public["counterfactual"], "police_month").loc[lambda own: own["cohort"].eq("2022")]
    hidden = public["counterfactual"].loc[lambda own: own["is_withheld"], "period"]
    assert not set(rows["period"]) & set(hidden)
    briefing = open_briefing(roomy.study, roomy.manifest, language="en")
    ax = Canvas().add_subplot()
    plot_counterfactual(rows, period_range("police_month", "2021-01", "2022-12"), briefing, ax=ax)
    raw = ax.lines[0].get_ydata()
    drawn = raw[np.isfinite(raw)]
    assert len(drawn) == len(rows)
    heights = {round(value, 9) for value in (rows["observed"] / rows["ward_count"])}
    assert {round(value, 9) for value in drawn} <= heights
