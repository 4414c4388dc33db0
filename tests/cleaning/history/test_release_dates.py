"""When a sheet was released: the study's file, the signature, the file's name; and several releases at scale."""

import dataclasses
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning.history.release_dates import date_in_name
from helpers.cleaning.history.releases import REVISION_COLUMNS, choose_releases
from helpers.panel import PANEL_COLUMNS
from helpers.study.objects import Release

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
LONG = (
    "unit,period,indicator,value,denominator\n16735,2023-05,crime_order,{crimes},\n16735,2023-05,clearance,1,{over}\n"
)
MOST_SECONDS = 10.0
"""Choosing takes about half a second on a quiet machine; the test machine is shared."""


def setting(**cells: object) -> Any:
    def edit(page: Worksheet) -> None:
        for cell, value in cells.items():
            page[cell] = value

    return edit


def with_releases(office: Office, *rows: Sequence[str]) -> None:
    releases = tuple(Release(file, sheet, date.fromisoformat(day), "", None) for file, sheet, day in rows)
    object.__setattr__(office, "study", dataclasses.replace(office.study, releases=releases))


def released(office: Office) -> dict[str, str]:
    cleaned = office.clean()
    return dict(zip(cleaned.panel["file"].astype("str"), cleaned.panel["released"].astype("str"), strict=True))


def sources(office: Office) -> dict[tuple[str, str], tuple[str, str]]:
    log = office.clean().log
    rows = log.loc[log["what"].eq("released")]
    return {(row.file, row.sheet): (row.before, row.after) for row in rows.itertuples()}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("2023-07-20", "2023-07-20"),
        ("Vinh_2023_07_20", "2023-07-20"),
        ("20230720-Vinh", "2023-07-20"),
        ("Vinh 20-07-2023", "2023-07-20"),
        ("Vinh 20.7.2023 lần 2", "2023-07-20"),
        ("5-5-2023", "2023-05-05"),
        ("ngay-5-thang-7-nam-2023", "2023-07-05"),
        ("Ngày 5 tháng 7 năm 2023", "2023-07-05"),
        ("2023-07-20 (2023-07-20)", "2023-07-20"),
        ("05-07-2023", None),
        ("07/05/2023", None),
        ("20072023", None),
        ("2023-06-15_2023-07-14", None),
        ("20-07-2023-08-21", None),
        ("2023-02-30", None),
        ("20231345", None),
        ("1202307201", None),
        ("2023-7-20", None),
        ("20.07.23", None),
        ("Vinh_2023", None),
        ("Quý 2 2023", None),
        ("", None),
    ],
)
def test_a_date_in_a_name_counts_only_where_it_can_be_read_in_one_way(name: str, found: str | None) -> None:
    day = date_in_name(name)
    assert (None if day is None else day.isoformat()) == found


def test_the_signature_is_the_date_and_the_log_says_so(office: Office) -> None:
    office.send("2024-01-01.xlsx")
    assert released(office) == {"returns/2024-01-01.xlsx": "2023-05-16"}
    assert sources(office) == {("returns/2024-01-01.xlsx", "T05-2023"): ("2023-05-16", "date of signature")}


def test_without_a_signature_the_name_of_the_file_is_the_date_then_that_of_its_folder(office: Office) -> None:
    office.send("20-07-2023.xlsx", edit=setting(D12=None))
    (office.returns / "2023-08-09" / "Vinh").mkdir(parents=True)
    office.send("2023-08-09/Vinh/a.xlsx", edit=setting(D12=None), periods=("2023-06",))
    assert sources(office) == {
        ("returns/20-07-2023.xlsx", "T05-2023"): ("2023-07-20", "date in the file's name"),
        ("returns/2023-08-09/Vinh/a.xlsx", "T06-2023"): ("2023-08-09", "date in the name of the file's folder"),
    }


def test_a_sheet_with_several_dates_of_signature_has_none(office: Office) -> None:
    office.send("2023-07-20.xlsx", edit=setting(G12="Cửa Lò, ngày 17 tháng 6 năm 2023"))
    assert released(office) == {"returns/2023-07-20.xlsx": ""}
    ((before, after),) = sources(office).values()
    assert (before, after) == ("2023-05-16, 2023-06-17", "several dates of signature: none is taken")


def test_releases_csv_comes_first_and_a_row_of_a_sheet_before_one_of_its_file(office: Office) -> None:
    office.send("a.xlsx", periods=("2023-05", "2023-06"))
    with_releases(office, ("a.xlsx", "", "2023-09-01"), ("returns/a.xlsx", "T06-2023", "2023-10-01"))
    assert sources(office) == {
        ("returns/a.xlsx", "T05-2023"): ("2023-09-01", "from releases.csv"),
        ("returns/a.xlsx", "T06-2023"): ("2023-10-01", "from releases.csv"),
    }


def test_releases_csv_comes_before_the_name_of_the_file(office: Office) -> None:
    office.send("20-07-2023.xlsx", edit=setting(D12=None))
    with_releases(office, ("20-07-2023.xlsx", "", "2023-09-01"))
    assert released(office) == {"returns/20-07-2023.xlsx": "2023-09-01"}


def test_releases_csv_settles_a_contradiction(office: Office) -> None:
    office.send("a.xlsx", edit=setting(D7=4, D10=None))
    office.send("b.xlsx")
    assert "releases.csv" in office.problem().remedy
    with_releases(office, ("a.xlsx", "", "2023-09-01"))
    cleaned = office.clean()
    assert set(cleaned.panel["file"]) == {"returns/a.xlsx"}
    assert set(cleaned.revisions["superseded_file"]) == {"returns/b.xlsx"}


def test_a_row_of_releases_csv_that_fits_nothing_is_told(office: Office) -> None:
    office.send("a.xlsx")
    with_releases(office, ("A.xlsx", "", "2023-09-01"), ("a.xlsx", "Tháng 5", "2023-09-01"))
    found = {(problem.file, problem.value, problem.rule) for problem in office.problems()}
    assert found == {
        ("releases.csv", "A.xlsx", "no return has this name"),
        ("releases.csv", "Tháng 5", "a.xlsx has no such sheet"),
    }


def test_long_files_are_dated_by_their_names_and_by_releases_csv(office: Office) -> None:
    office.put("returns/2023-06-01.csv", LONG.format(crimes=2, over=2))
    office.put("returns/20230720.csv", LONG.format(crimes=4, over=4))
    cleaned = office.clean()
    assert set(cleaned.panel["file"]) == {"returns/20230720.csv"} and set(cleaned.panel["released"]) == {"2023-07-20"}
    assert cleaned.revisions["superseded_denominator"].to_list()[0] == 2
    with_releases(office, ("2023-06-01.csv", "", "2023-12-31"))
    assert set(office.clean().panel["file"]) == {"returns/2023-06-01.csv"}
    account = office.clean().account
    assert (account["cell_count"] == account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis=1)).all()


def test_a_ratio_over_another_denominator_is_another_figure(office: Office) -> None:
    office.put("returns/a.csv", LONG.format(crimes=2, over=2))
    office.put("returns/b.csv", LONG.format(crimes=2, over=3))
    problem = office.problem()
    assert problem.value == "16735@2019-01-01 2023-05 clearance"


def figures(*rows: tuple[str, float | None, str]) -> pd.DataFrame:
    """Return releases of one figure: day, value, file."""
    return pd.DataFrame(
        [("w", "t", "2023-05", "x", value, None, "", day, file, "", "D2") for day, value, file in rows],
        columns=list(PANEL_COLUMNS),
    )


def test_of_three_releases_the_last_is_taken_and_both_others_are_listed() -> None:
    chosen = choose_releases(figures(("2023-07-01", 4, "b"), ("2023-06-01", 2, "a"), ("2023-08-01", 3, "c")))
    assert dict(chosen.left_out) == {0: "superseded", 1: "superseded"}
    assert chosen.revisions["superseded_file"].to_list() == ["a", "b"]
    assert set(chosen.revisions["file"]) == {"c"} and not chosen.problems
    assert list(chosen.revisions.columns) == list(REVISION_COLUMNS)


def test_two_that_differ_on_one_day_matter_only_if_none_is_later() -> None:
    same_day = (("2023-06-01", 2.0, "a"), ("2023-06-01", 5.0, "b"))
    (problem,) = choose_releases(figures(*same_day)).problems
    assert (problem.file, problem.rule.startswith("a · D2 gives another figure")) == ("b", True)
    assert not choose_releases(figures(*same_day, ("2023-06-02", 5.0, "c"))).problems


def test_a_release_without_a_date_that_differs_is_no_revision() -> None:
    assert len(choose_releases(figures(("", 2, "a"), ("2023-06-01", 5, "b"))).problems) == 1
    assert not choose_releases(figures(("", 5, "a"), ("2023-06-01", 5, "b"))).problems


def test_blanks_take_nothing_back_and_all_blank_is_blank() -> None:
    chosen = choose_releases(figures(("2023-06-01", 2, "a"), ("2023-07-01", None, "b")))
    assert dict(chosen.left_out) == {1: "repeated"} and chosen.revisions.empty
    assert dict(choose_releases(figures(("2023-06-01", None, "a"), ("2023-07-01", None, "b"))).left_out) == {
        0: "repeated"
    }


def test_a_hundred_thousand_figures_released_twice_are_chosen_in_no_time() -> None:
    number = np.arange(100_000)
    first = pd.DataFrame(
        {
            "ward_id": (number % 1000).astype("str"), "town_code": "1", "period": (number // 1000).astype("str"),
            "indicator": "x", "value": (number % 7).astype(float), "denominator": np.nan, "mark": "number",
            "released": "2023-01-01", "file": "a", "sheet": "", "cell": [f"D{row}" for row in number],
        }
    )  # fmt: skip
    later = first.assign(released="2023-07-01", file="b", value=first["value"] + (number % 3 == 0))
    both = pd.concat([first, later], ignore_index=True)
    started = time.perf_counter()
    chosen = choose_releases(both)
    assert time.perf_counter() - started < MOST_SECONDS
    assert len(chosen.left_out) == 100_000 and chosen.left_out.index.max() < 100_000
    assert len(chosen.revisions) == len(number[number % 3 == 0])
    assert (chosen.revisions["value"] == chosen.revisions["superseded_value"] + 1).all()
    assert len(choose_releases(both.assign(released="")).problems) == 20
