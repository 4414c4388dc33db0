"""Blank returns: filled in and sent back, they are read without a question, whatever a period is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell

from helpers.cleaning import clean_returns, describe_workbook
from helpers.cleaning.clerk.blank_form import write_blank_form
from helpers.errors import UsageError
from helpers.study import Study
from helpers.study.objects import Alias

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported

PERIODS = {
    "police_month": ("2023-01", "2023-12"),
    "calendar_month": ("2023-01", "2023-12"),
    "calendar_quarter": ("2023Q1", "2023Q4"),
    "year": ("2023",),
}


def study_of(office: Office, kind: str) -> Study:
    return replace(office.study, period_kind=kind, window=(PERIODS[kind][0], PERIODS[kind][-1]))


def fill_in(path: Path) -> dict[tuple[str, int, int], int]:
    """Fill every open cell below the headings with a number of its own; return the numbers by sheet and cell."""
    workbook = load_workbook(path)
    filled = {}
    for page in workbook.worksheets:
        for row in page.iter_rows(min_row=7):
            for cell in row:
                if isinstance(cell, Cell) and not cell.protection.locked and cell.value is None:
                    cell.value = filled[page.title, cell.row, cell.column] = len(filled) % 7
    workbook.save(path)
    return filled


@pytest.mark.parametrize("kind", PERIODS)
def test_a_form_filled_in_is_read_as_it_was_filled_in(kind: str, office: Office) -> None:
    study = study_of(office, kind)
    office.returns.mkdir()
    path = write_blank_form(study, office.returns / "a.xlsx", town_code="413", periods=PERIODS[kind])
    filled = fill_in(path)
    cleaned = clean_returns(study)
    assert cleaned.quarantine.empty and not cleaned.panel["value"].isna().any()
    values = cleaned.panel.set_index(["sheet", "cell"])["value"]
    page = load_workbook(path).worksheets[0]
    assert len(filled) == len(values) == 3 * 3 * len(PERIODS[kind])
    assert {(sheet, page.cell(row, column).coordinate): number for (sheet, row, column), number in filled.items()} == {
        (str(sheet), str(cell)): value for (sheet, cell), value in values.items()
    }
    assert set(cleaned.panel["period"]) == set(PERIODS[kind])
    headings = dict(zip(cleaned.panel["cell"].str[0], cleaned.panel["indicator"], strict=True))
    assert headings == {"D": "crime_order", "E": "clearance", "F": "drug_cases"}


def test_a_blank_form_asks_no_question(office: Office, tmp_path: Path) -> None:
    path = write_blank_form(office.study, tmp_path / "a.xlsx", town_code="413", periods=["2023-05"])
    (only,) = describe_workbook(path, office.study)
    assert only.problems == () and only.names_unknown == () and only.wards_missing == ()
    assert only.numbers == {"blank": 9}
    assert [meaning for *_, meaning in only.headings] == [
        "sequence_number", "ward_code", "ward_name", "crime_order", "clearance", "drug_cases",
    ]  # fmt: skip


def test_only_figures_can_be_written_and_are_checked(office: Office, tmp_path: Path) -> None:
    names = ["satisfaction", "crime_order"]
    path = write_blank_form(office.study, tmp_path / "a.xlsx", town_code="413", periods=["2023-05"], indicators=names)
    page = load_workbook(path).worksheets[0]
    assert page.protection.sheet and load_workbook(path).security.lockStructure
    unlocked = {
        cell.coordinate for row in page.iter_rows(min_row=7, max_row=10) for cell in row if not cell.protection.locked
    }
    assert unlocked == {f"{letter}{row}" for letter in "DE" for row in (7, 8, 9)}
    checks = {str(check.sqref): check.formula1 for check in page.data_validations.dataValidation}
    assert checks == {
        "D7:D9": 'IF(ISNUMBER(D7),AND(D7>=0,D7=INT(D7)),OR(D7="-",D7="không",D7="x"))',
        "E7:E9": 'IF(ISNUMBER(E7),E7>=0,OR(E7="-",E7="không",E7="x"))',
    }
    assert page["D10"].value == "=SUM(D7:D9)" and page["E10"].value is None
    assert (page.page_setup.orientation, page.print_title_rows) == ("landscape", "$6:$6")


def test_marks_and_a_date_of_signature_are_understood(office: Office) -> None:
    office.returns.mkdir()
    path = write_blank_form(office.study, office.returns / "a.xlsx", town_code="413", periods=["2023-05"])
    workbook = load_workbook(path)
    page = workbook.worksheets[0]
    for row in (7, 8, 9):
        for letter in "DEF":
            page[f"{letter}{row}"] = "-"
    dated = next(cell for row in page.iter_rows() for cell in row if "ngày ……" in str(cell.value))
    dated.value = "Cửa Lò, ngày 16 tháng 5 năm 2023"
    workbook.save(path)
    cleaned = clean_returns(office.study)
    assert set(cleaned.panel["mark"]) == {"zero_mark"}
    assert set(cleaned.panel["released"]) == {"2023-05-16"}


def test_the_mark_of_synthetic_figures_is_on_synthetic_forms_only(office: Office, tmp_path: Path) -> None:
    for origin, is_marked in (("synthetic", True), ("real_restricted", False)):
        study = replace(office.study, origin=origin)
        path = write_blank_form(study, tmp_path / f"{origin}.xlsx", town_code="413", periods=["2023-05"])
        page = load_workbook(path).worksheets[0]
        assert ("synthetic" in str(page["A4"].value)) is is_marked
        assert ("MÔ PHỎNG" in page.title) is is_marked


def test_wards_are_those_of_the_period(office: Office, tmp_path: Path) -> None:
    path = write_blank_form(office.study, tmp_path / "a.xlsx", town_code="413", periods=["2023-05", "2025-01"])
    first, second = load_workbook(path).worksheets
    assert [first.cell(row, 3).value for row in (7, 8, 9)] == ["Nghi Thủy", "Thu Thủy", "Nghi Thu"]
    assert [second.cell(row, 3).value for row in (7, 8)] == ["Quang Trung", "Tổng cộng"]


def test_a_code_keeps_its_zeros_and_equal_forms_have_equal_bytes(office: Office, tmp_path: Path) -> None:
    """Wards that are known by a number only, as a study of blocks has them."""
    wards = tuple(replace(ward, ward_code=f"0{ward.ward_code[1:]}") for ward in office.study.wards)
    wards = tuple(replace(ward, ward_name_vi=ward.ward_code) for ward in wards)
    study = replace(office.study, wards=wards, ward_aliases=())
    paths = [
        write_blank_form(study, tmp_path / name, town_code="413", periods=["2023-05"]) for name in ("a.xlsx", "b.xlsx")
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert load_workbook(paths[0]).worksheets[0]["B7"].value == "06717"
    (only,) = describe_workbook(paths[0], study)
    assert only.problems == () and set(only.numbers) == {"blank"}


def test_what_cannot_be_a_form_is_refused(office: Office, tmp_path: Path) -> None:
    def write(study: Study = office.study, name: str = "a.xlsx", **given: Any) -> Path:
        return write_blank_form(study, tmp_path / name, **({"town_code": "413", "periods": ["2023-05"]} | given))

    for message, given in {
        "no town “999”": {"town_code": "999"},
        "no police month": {"periods": ["05/2023"]},
        "No ward of Cửa Lò": {"periods": ["2018-01"]},
        "at least one period": {"periods": []},
        "no indicator “x”": {"indicators": ["x"]},
        "does not end in": {"name": "a.xls"},
    }.items():
        with pytest.raises(UsageError, match=message):
            write(**given)
    assert list(tmp_path.glob("*.xlsx")) == []
    write()
    with pytest.raises(UsageError, match="there already"):
        write()
    # A study in which the usual words mean something else, and none is left for the wards' names.
    from helpers.cleaning.layout.vocabulary import ROLE_SPELLINGS

    taken = tuple(Alias(word, "note") for word in ("Đơn vị", *ROLE_SPELLINGS["ward_name"]))
    with pytest.raises(UsageError, match="No heading of the study means ward_name"):
        write(replace(office.study, header_aliases=taken), "b.xlsx")
