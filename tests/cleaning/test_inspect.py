from pathlib import Path
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import describe_workbook, descriptions_frame
from helpers.errors import DataProblems, UsageError

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def test_a_good_and_a_bad_sheet_are_described(office: Office) -> None:
    def spoil(page: Worksheet) -> None:
        if page.title == "T06-2023":
            page["B8"] = "P. Nghi Thủyy"

    path = office.send(periods=("2023-05", "2023-06"), edit=spoil)
    good, bad = describe_workbook(path, office.study)
    assert (good.form, good.header_rows, good.period, good.town_name_vi) == ("wide table", "5–6", "2023-05", "Cửa Lò")
    assert good.wards_matched[1] == ("CAP Nghi Thuỷ", "Nghi Thủy")
    assert ("B5", "Đơn vị", "ward_name") in good.headings
    assert (good.panel_count, good.quarantine_count, good.furniture_count, good.problems) == (9, 0, 32, ())
    assert bad.names_unknown == (("P. Nghi Thủyy", "Nghi Thủy"),)
    assert bad.panel_count == 0 and len(bad.problems) == 1
    assert list(descriptions_frame((good, bad))["problems"]) == [0, 1]


def test_a_long_file_is_described(office: Office) -> None:
    path = office.put(
        "returns/b.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,2\n16735,2023-07,crime_order,2\n"
    )
    (only,) = describe_workbook(path, office.study)
    assert (only.form, only.period, only.wards_matched) == (
        "long form",
        "2023-05 to 2023-07",
        (("16735@2019-01-01", "Nghi Thu"),),
    )


def test_an_unreadable_file_is_told(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        describe_workbook(tmp_path / "none.xlsx", office.study)
    with pytest.raises(UsageError, match="none of"):
        describe_workbook(office.put("returns/c.doc", ""), office.study)
    with pytest.raises(DataProblems, match="readable"):
        describe_workbook(office.put("returns/a.xlsx", "no workbook"), office.study)
    with pytest.raises(DataProblems, match="personal"):
        describe_workbook(office.send(edit=lambda page: page.cell(7, 9, "0912345678")), office.study)
