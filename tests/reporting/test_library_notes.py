"""What the library warned of reaches the reader: once, with its indicators, as the library's own words."""

from typing import Any

import pandas as pd
import pytest

from helpers.estimation.library_estimators import ESTIMATORS
from helpers.reporting import build_findings
from helpers.reporting.library_notes import LIBRARY_ESTIMATORS
from helpers.study import Study

from .conftest import HOSTILE, estimate_row
from .test_findings import Page

WARNING = "2 groups have fewer than five units."
OURS = "Cohort 2021 is left out: no clean whole quarter before its start."


def beside(indicator: str, **changes: Any) -> dict[str, Any]:
    own = {"estimator": "callaway_santanna", "scale": "level", "inference": "analytic", "note": f"{OURS}\n{WARNING}"}
    return estimate_row(indicator, **(own | changes))


def findings(tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, language: str, **changes: Any):  # type: ignore[no-untyped-def]
    rows = pd.DataFrame([beside(name, **changes) for name in ("crime", "service", "crime")])
    estimates = pd.concat([tables["estimates"], rows], ignore_index=True)
    return build_findings(tables | {"estimates": estimates}, manifest, study, language=language)


def test_every_library_estimator_is_listened_to() -> None:
    assert set(LIBRARY_ESTIMATORS) == set(ESTIMATORS)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_note_is_told_once_and_marked_as_whose_it_is(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study, language: str
) -> None:
    told = findings(tables, manifest, study, language)
    ours, theirs = told.library_notes()
    assert (ours.is_quoted, theirs.is_quoted, theirs.text) == (False, True, WARNING)
    assert (ours.text == OURS) == (language == "en")
    name = told.briefing.indicator_name
    assert name("crime") in theirs.source and name("service") in theirs.source
    html = told.section("effects").html
    assert html.count(WARNING) == 1 and f'<q lang="en">{WARNING}</q>' in html
    assert told.briefing.say("others.notes") in Page(html).text


def test_a_refusal_is_told_and_escaped(tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study) -> None:
    refused = {"estimate": float("nan"), "note": HOSTILE, "reason": "The library refused: singular matrix"}
    told = findings(tables, manifest, study, "en", **refused)
    assert [note.text for note in told.library_notes()] == [HOSTILE, "The library refused: singular matrix"]
    html = told.section("effects").html
    assert "<script" not in html and "singular matrix" in html


def test_without_notes_there_is_no_heading(
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study
) -> None:
    told = build_findings(tables, manifest, study, language="en")
    assert told.library_notes() == ()
    assert told.briefing.say("others.notes") not in told.section("effects").html
