from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def misread(page: Worksheet) -> None:
    page["D7"] = "1.5"


def test_an_accepted_correction_is_applied_and_logged(office: Office) -> None:
    office.send(edit=misread)
    office.correct({"cell": "D7", "action": "replace", "old_value": "1.5", "new_value": "2"})
    cleaned = office.clean()
    assert cleaned.quarantine.empty
    assert cleaned.panel.set_index("cell").loc["D7", "value"] == 2
    log = cleaned.log.loc[cleaned.log["what"].eq("correction")].iloc[0]
    assert (log["cell"], log["before"], log["after"]) == ("D7", "1.5", "2 (misread; clerk, 2024-01-02)")


def test_a_cell_taken_out_is_missing_and_quarantined(office: Office) -> None:
    office.send()
    office.correct(
        {"cell": "D7", "action": "blank", "old_value": "2"},
        {"cell": "B13", "action": "blank", "old_value": "NGƯỜI LẬP BIỂU"},
    )
    cleaned = office.clean()
    assert list(cleaned.quarantine["cell"]) == ["D7", "B13"]
    assert set(cleaned.quarantine["rule"]) == {"taken out by corrections.csv: misread"}
    assert cleaned.panel["value"].isna().sum() == 1


def test_a_name_can_be_corrected(office: Office) -> None:
    office.send(edit=lambda page: page.cell(8, 2, "P. Nghi Thủyy"))
    office.correct(
        {
            "file": "returns/a.xlsx",
            "cell": "B8",
            "action": "replace",
            "old_value": "P. Nghi Thủyy",
            "new_value": "Nghi Thủy",
        }
    )
    assert office.clean().quarantine.empty


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_other_statuses_change_nothing(office: Office, status: str) -> None:
    office.send(edit=misread)
    office.correct({"cell": "D7", "action": "replace", "old_value": "9", "new_value": "2", "status": status})
    assert list(office.clean().quarantine["cell"]) == ["D7"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"file": "z.xlsx", "cell": "D7"}, "no return has this name"),
        ({"sheet": "T06-2023", "cell": "D7"}, "returns/a.xlsx has no such sheet"),
        ({"cell": "7D"}, "returns/a.xlsx has no such cell"),
        ({"cell": "D7", "old_value": "5"}, "returns/a.xlsx says “2” there, not what this correction replaces"),
    ],
)
def test_a_correction_that_fits_nowhere_is_a_problem(office: Office, row: dict[str, str], rule: str) -> None:
    office.send()
    office.correct({"action": "replace", "old_value": "2", "new_value": "3"} | row)
    problem = office.problem()
    assert (problem.file, problem.cell, problem.rule) == ("corrections.csv", "row 2", rule)


def test_long_files_are_corrected_too(office: Office) -> None:
    office.put("returns/b.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,9o\n")
    office.correct(
        {"file": "b.csv", "sheet": "", "cell": "D2", "action": "replace", "old_value": "9o", "new_value": "90"}
    )
    cleaned = office.clean()
    assert list(cleaned.panel["value"]) == [90]
    assert list(cleaned.log["what"]) == ["correction"]
    office.correct(
        {"file": "b.csv", "sheet": "", "cell": "D3", "action": "replace", "old_value": "9o", "new_value": "90"}
    )
    assert office.problem().rule == "returns/b.csv has no such cell"
