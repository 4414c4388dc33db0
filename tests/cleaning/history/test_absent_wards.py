"""A ward that its town's table leaves out is not reported, unless the study declares that this means none."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from helpers.cleaning import CleanedReturns, clean_returns
from helpers.panel import BY_ABSENCE

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
Rows = Sequence[Sequence[object]]

MAY: Rows = [["Tháng 5/2023"]]
HEADER = ["Đơn vị", "Số vụ PPHS"]
THU, THUY, THU_THUY = "16735", "16717", "16723"
TWO: Rows = [["Nghi Thu", 4], ["Nghi Thủy", 7]]
LONG = "unit,period,indicator,value\n"


@pytest.fixture
def declared(office: Office) -> Office:
    return declare(office)


def declare(office: Office, *indicators: str) -> Office:
    cells = dataclasses.replace(office.study.cells, absent_ward="zero", absent_ward_indicators=tuple(indicators))
    return dataclasses.replace(office, study=dataclasses.replace(office.study, cells=cells))


def send(office: Office, *rows: Sequence[object], file: str = "a.xlsx", sheet: str = "Sheet1") -> None:
    office.returns.mkdir(exist_ok=True)
    workbook = Workbook()
    page = workbook.worksheets[0]
    page.title = sheet
    for row in rows:
        page.append(list(row))
    workbook.save(office.returns / file)


def zeros(cleaned: CleanedReturns) -> set[tuple[str, str, str]]:
    rows = cleaned.panel.loc[cleaned.panel["mark"].eq(BY_ABSENCE)]
    assert rows["value"].eq(0).all()
    return set(zip(rows["ward_id"].str[:5], rows["period"], rows["indicator"], strict=True))


def log(cleaned: CleanedReturns, what: str) -> list[str]:
    return cleaned.log.loc[cleaned.log["what"].eq(what), "after"].to_list()


def elsewhere(office: Office, *names: str) -> None:
    """Send another month in which the named wards stand, so that they are known to report."""
    rows = [[name, 1] for name in (names or ("Nghi Thu", "Nghi Thủy", "Thu Thủy"))]
    send(office, ["Tháng 4/2023"], HEADER, *rows, file="april.xlsx")


def test_without_a_declaration_absence_is_never_zero(office: Office) -> None:
    elsewhere(office)
    send(office, *MAY, HEADER, *TWO)
    cleaned = office.clean()
    assert not zeros(cleaned)
    assert len(cleaned.panel) == 5
    assert cleaned.account["absent_zero_count"].eq(0).all()


def test_a_declared_absence_is_a_zero_told_apart(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO)
    cleaned = declared.clean()
    assert zeros(cleaned) == {(THU_THUY, "2023-05", "crime_order")}
    (row,) = cleaned.panel.loc[cleaned.panel["mark"].eq(BY_ABSENCE)].to_dict("records")
    assert (row["file"], row["sheet"], row["cell"], row["town_code"]) == ("returns/a.xlsx", "Sheet1", "", "413")
    assert cleaned.account.set_index("file")["absent_zero_count"].to_dict() == {
        "returns/a.xlsx": 1,
        "returns/april.xlsx": 0,
    }
    assert log(cleaned, "absent_ward_zero") == ["1 zeros of wards not listed, as study.toml declares: Thu Thủy"]
    assert "not reported" not in "".join(log(cleaned, "ward_not_listed"))


def test_cells_are_balanced_without_the_zeros(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO)
    account = declared.clean().account
    parts = account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis="columns")
    assert parts.eq(account["cell_count"]).all()


def test_only_the_named_indicators(office: Office) -> None:
    only = declare(office, "drug_cases")
    elsewhere(only)
    send(only, *MAY, [*HEADER, "drug_cases", "clearance"], ["Nghi Thu", 4, 1, 2], ["Nghi Thủy", 7, 0, 3])
    assert zeros(only.clean()) == {(THU_THUY, "2023-05", "drug_cases")}


def test_a_ratio_and_a_percentage_are_never_zero_by_absence(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, [*HEADER, "clearance", "satisfaction"], ["Nghi Thu", 4, 1, 80], ["Nghi Thủy", 7, 2, 90])
    assert zeros(declared.clean()) == {(THU_THUY, "2023-05", "crime_order")}


def test_a_month_without_a_table_stays_missing(declared: Office) -> None:
    elsewhere(declared)
    send(declared, ["Tháng 6/2023"], HEADER, *TWO)
    cleaned = declared.clean()
    assert zeros(cleaned) == {(THU_THUY, "2023-06", "crime_order")}
    assert set(cleaned.panel["period"]) == {"2023-04", "2023-06"}


def test_headings_of_wards_are_a_list_too(declared: Office) -> None:
    elsewhere(declared)
    send(declared, ["Số vụ PPHS"], ["Tháng", "Nghi Thu", "Nghi Thủy"], ["5/2023", 4, 7], ["6/2023", 5, 0])
    assert zeros(declared.clean()) == {(THU_THUY, f"2023-0{month}", "crime_order") for month in (5, 6)}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([*MAY, HEADER, ["Nghi Thu", 4], ["Nghi Thủy", None]], "was not read, or is blank"),
        ([*MAY, HEADER, ["Nghi Thu", 4], ["Nghi Thủy", "1,234"]], "was not read, or is blank"),
        ([*MAY, HEADER, *TWO, ["Tổng cộng", 12]], "a total of the table is not the sum"),
        ([*MAY, HEADER, *TWO, ["Nghi Thuu", None]], "the line directly below"),
        ([*MAY, HEADER, TWO[0], ["Nghi Thuu", None], TWO[1]], "cannot be placed"),
        ([["Phường Nghi Thu tháng 5/2023"], HEADER, *TWO], "is of one ward"),
        ([["Thu Thủy", 9, 3], *MAY, HEADER, *TWO], "is of no table"),
        (
            [
                ["Đơn vị", "Tháng", "Số vụ PPHS tháng 5/2023"],
                *([name, "5/2023", 4] for name in ("Nghi Thu", "Nghi Thủy")),
                ["Thu Thủy", "6/2023", 9],
            ],
            "cannot be placed",
        ),
        ([*MAY, HEADER, [*TWO[0], None, 9], TWO[1]], "is of no table"),
        ([*MAY, ["Chỉ tiêu", "Nghi Thu", "Nghi Thuu", "Nghi Thủy"], ["crime_order", 4, 9, 7]], "heading of the table"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_complete_makes_no_zero(declared: Office, rows: Rows, why: str) -> None:
    elsewhere(declared)
    send(declared, *rows)
    cleaned = declared.clean()
    assert not zeros(cleaned)
    (told,) = log(cleaned, "absent_ward_missing")
    assert told.startswith("1 figures of wards not listed stay missing: ") and why in told
    assert cleaned.account["absent_zero_count"].sum() == 0


def test_a_wrong_total_is_of_its_column_only(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, [*HEADER, "drug_cases"], ["Nghi Thu", 4, 1], ["Nghi Thủy", 7, 2], ["Tổng cộng", 11, 9])
    assert zeros(declared.clean()) == {(THU_THUY, "2023-05", "crime_order")}


def test_a_footer_below_a_total_is_no_ward(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO, ["Tổng cộng", 11], ["NGƯỜI LẬP BIỂU"])
    assert zeros(declared.clean()) == {(THU_THUY, "2023-05", "crime_order")}


def test_a_correction_that_takes_out_a_name_makes_no_zero(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO, ["Thu Thủy", None], ["Tổng cộng", 11])
    declared.correct({"sheet": "Sheet1", "cell": "A5", "action": "blank", "old_value": "Thu Thủy"})
    assert not zeros(declared.clean())


def test_a_figure_that_stands_anywhere_comes_first(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO)
    declared.put("returns/b.csv", f"{LONG}{THU_THUY},2023-05,crime_order,\n")
    cleaned = declared.clean()
    assert not zeros(cleaned)
    assert cleaned.panel.set_index("ward_id")["value"].isna().sum() == 1


def test_parts_of_a_town_are_no_lists_of_it(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, TWO[0])
    send(declared, *MAY, HEADER, TWO[1], file="b.xlsx")
    cleaned = declared.clean()
    assert not zeros(cleaned)
    assert any("another table lists wards" in text for text in log(cleaned, "absent_ward_missing"))


def test_a_part_of_a_town_stays_one_when_the_others_send_nothing(declared: Office) -> None:
    elsewhere(declared)
    header = ["Đơn vị", "Tháng", "Số vụ PPHS"]
    town = ["Công an thị xã Cửa Lò"]
    send(declared, town, header, ["Nghi Thu", "5/2023", 4], ["Nghi Thu", "6/2023", 4], file="b.xlsx")
    send(declared, town, header, ["Nghi Thủy", "5/2023", 7], ["Thu Thủy", "5/2023", 7], file="c.xlsx")
    assert not zeros(declared.clean())


def test_a_later_release_of_the_whole_list_counts(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, TWO[0], file="2023-06-01.xlsx")
    send(declared, *MAY, HEADER, *TWO, file="2023-07-01.xlsx")
    cleaned = declared.clean()
    assert zeros(cleaned) == {(THU_THUY, "2023-05", "crime_order")}
    assert cleaned.panel.set_index("mark").loc[BY_ABSENCE, "released"] == "2023-07-01"


@pytest.mark.parametrize(("title", "is_of_town"), [("", False), ("Công an thị xã Cửa Lò", True)])
def test_a_table_of_one_ward_is_a_list_only_if_it_names_the_town(
    declared: Office, title: str, *, is_of_town: bool
) -> None:
    elsewhere(declared)
    send(declared, [title or None], *MAY, HEADER, TWO[0])
    cleaned = declared.clean()
    assert len(zeros(cleaned)) == (2 if is_of_town else 0)
    assert bool(log(cleaned, "absent_ward_missing")) is not is_of_town


def test_a_ward_that_never_reports_is_not_without_cases(declared: Office) -> None:
    elsewhere(declared, "Nghi Thu", "Nghi Thủy")
    send(declared, *MAY, HEADER, *TWO)
    cleaned = declared.clean()
    assert not zeros(cleaned)
    assert all("in no return" in text for text in log(cleaned, "absent_ward_missing"))


def test_cumulative_lists_make_no_zeros(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, ["Đơn vị", "Số vụ PPHS lũy kế từ đầu năm"], *TWO)
    assert not zeros(declared.clean())


def test_a_cumulative_figure_is_one_that_stands_somewhere(declared: Office) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO)
    send(declared, *MAY, ["Đơn vị", "Số vụ PPHS lũy kế từ đầu năm"], ["Thu Thủy", 9], file="b.xlsx")
    assert not zeros(declared.clean())


def test_a_machine_s_long_form_is_a_list_of_each_town_and_period(declared: Office) -> None:
    rows = [(THU, 5, 4), (THUY, 5, 7), (THU, 6, 1), (THU_THUY, 7, 2), (THU, 7, ""), ("16681", 5, 3)]
    lines = [f"{ward},2023-0{month},crime_order,{value}\n" for ward, month, value in rows]
    declared.put("returns/b.csv", LONG + "".join(lines))
    cleaned = declared.clean()
    assert zeros(cleaned) == {
        (THU_THUY, "2023-05", "crime_order"), (THUY, "2023-06", "crime_order"), (THU_THUY, "2023-06", "crime_order"),
    }  # fmt: skip
    assert cleaned.account["absent_zero_count"].to_list() == [3]


def test_kept_readings_say_the_same(declared: Office, tmp_path: Path) -> None:
    elsewhere(declared)
    send(declared, *MAY, HEADER, *TWO, ["Tổng cộng", 12])
    send(declared, ["Tháng 6/2023"], HEADER, *TWO, file="june.xlsx")
    first, second = (clean_returns(declared.study, cache=tmp_path / "cache") for _ in range(2))
    assert (tmp_path / "cache").is_dir()
    for name in ("panel", "account", "log"):
        assert getattr(first, name).equals(getattr(second, name))
    assert zeros(second) == {(THU_THUY, "2023-06", "crime_order")}
