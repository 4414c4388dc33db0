"""How a file would be read, in words: form, wards, headings, numbers, checks; sixty sheets of one form as one."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import describe_workbook, descriptions_frame
from helpers.cleaning.clerk.inspection_report import WIDTH, inspection_lines
from helpers.errors import DataProblems, UsageError

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def lines_of(office: Office, path: Path, language: str = "en", *, is_whole: bool = False) -> list[str]:
    lines = list(inspection_lines(describe_workbook(path, office.study), language, is_whole=is_whole))
    assert all(len(line) <= WIDTH for line in lines)
    return lines


def told(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_a_good_and_a_bad_sheet_are_described(office: Office) -> None:
    def spoil(page: Worksheet) -> None:
        if page.title == "T06-2023":
            page["B8"] = "P. Nghi Thủyy"

    path = office.send(periods=("2023-05", "2023-06"), edit=spoil)
    good, bad = describe_workbook(path, office.study)
    assert (good.form, good.header_rows, good.periods) == ("table", "5–6", ("2023-05",))
    assert (good.town_names_vi, good.sources) == (("Cửa Lò",), ("rows", "headings", "title"))
    assert good.released == "2023-05-16"
    assert dict(good.wards_matched)["CAP Nghi Thuỷ"] == "Nghi Thủy"
    assert ("B5", "Đơn vị", "ward_name") in good.headings
    assert (good.panel_count, good.quarantine_count, good.problems) == (9, 0, ())
    assert good.numbers == {"plain": 6, "declared_zero": 3}
    assert good.checks == {("total", "right"): 4, ("derived", "right"): 4}
    assert bad.names_unknown == (("P. Nghi Thủyy", "Nghi Thủy"),)
    assert bad.panel_count == 0 and len(bad.problems) == 1
    assert list(descriptions_frame((good, bad))["problems"]) == [0, 1]


def test_every_cell_is_counted_with_the_one_table_it_belongs_to(office: Office) -> None:
    path = office.send()
    (only,) = describe_workbook(path, office.study)
    account = office.clean().account.iloc[0]
    assert (only.panel_count, only.quarantine_count, only.furniture_count) == tuple(
        account[["panel_count", "quarantine_count", "furniture_count"]]
    )
    assert only.checks["total", "right"] > 0 and only.checks["total", "wrong"] == 0


def test_totals_and_rates_that_are_wrong_are_counted(office: Office) -> None:
    def spoil(page: Worksheet) -> None:
        page["D10"], page["F7"] = 6, "51%"

    (only,) = describe_workbook(office.send(edit=spoil), office.study)
    assert (only.checks["total", "wrong"], only.checks["derived", "wrong"]) == (1, 1)
    assert {problem.cell for problem in only.put_aside} >= {"D10", "F7"}


def test_alike_sheets_are_told_once(office: Office) -> None:
    months = tuple(f"2023-{month:02d}" for month in range(1, 13))
    path = office.send(periods=months, edit=lambda page: page.cell(7, 4, "1.5"))
    lines = lines_of(office, path)
    assert lines[0] == "a.xlsx" and len(lines) < 40
    text = told(lines)
    assert "12 sheets alike: T01-2023 … T12-2023" in text
    assert "wards stand in the rows, indicators in the headings of columns, the period in the title" in text
    assert "Period 2023-01 – 2023-12 (12)" in text
    assert "12 refused" in text and "So too at 11 more places: 12 sheets of one file in all." in text
    whole = lines_of(office, path, is_whole=True)
    assert sum(line.startswith("Sheet ") for line in whole) == 12


def test_the_report_speaks_vietnamese(office: Office) -> None:
    text = told(lines_of(office, office.send(), "vi"))
    assert "Trang tính T05-2023" in text and "phường ở các dòng" in text and "nhận ra 3" in text
    for word in ("Sheet ", "Form", "Wards", "Numbers", "plain"):
        assert word not in text


def test_unknown_names_and_headings_are_told_with_a_guess(office: Office) -> None:
    def spoil(page: Worksheet) -> None:
        page["B8"], page["H6"], page["H7"] = "P. Nghi Thủyy", "Số lượt kiểm tra", 3

    text = told(lines_of(office, office.send(edit=spoil)))
    assert "“P. Nghi Thủyy” is not known; perhaps Nghi Thủy, which is a guess" in text
    assert "not known, so put aside: H6 “Số lượt kiểm tra”" in text
    assert "Problems" in text


def test_text_files_tell_their_encoding_and_delimiter(office: Office) -> None:
    path = office.put("returns.csv", "Tháng 5/2023;;\nĐơn vị;Số vụ PPHS;Dân số\nNghi Thu;1.234;5\nNghi Thủy;-;5\n")
    text = told(lines_of(office, path))
    assert "encoding utf-8" in text.lower() and "delimiter semicolon" in text
    assert "1 thousands with dots (1.234), 1 marks that mean zero" in text


def test_hidden_and_empty_sheets_are_told(office: Office) -> None:
    def add(page: Worksheet) -> None:
        cover = page.parent.create_sheet("Bìa")
        cover["A1"] = "BÁO CÁO"
        cover.sheet_state = "hidden"
        page.parent.create_sheet("Trống")

    text = told(lines_of(office, office.send(edit=add)))
    assert "Hidden sheet Bìa Form text without figures: nothing to read" in text
    assert "Sheet Trống Form an empty sheet: nothing to read" in text


def test_a_long_file_is_described(office: Office) -> None:
    path = office.put(
        "returns/b.csv",
        "unit,period,indicator,value\n16735,2023-05,crime_order,2\n16735,2023-07,crime_order,2\n"
        "16735,2023-08,crime_order,\n",
    )
    (only,) = describe_workbook(path, office.study)
    assert (only.form, only.periods) == ("long form", ("2023-05", "2023-07", "2023-08"))
    assert only.wards_matched == (("16735@2019-01-01", "Nghi Thu"),)
    assert (only.numbers["plain"], len(only.put_aside)) == (2, 1)
    assert "a machine's long form: a row for each figure" in told(lines_of(office, path))


def test_an_unreadable_file_is_told(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        describe_workbook(tmp_path / "none.xlsx", office.study)
    with pytest.raises(UsageError, match="none of"):
        describe_workbook(office.put("returns/c.doc", ""), office.study)
    with pytest.raises(DataProblems, match="readable"):
        describe_workbook(office.put("returns/a.xlsx", "no workbook"), office.study)
    with pytest.raises(DataProblems, match="personal"):
        describe_workbook(office.send(edit=lambda page: page.cell(7, 9, "0912345678")), office.study)
