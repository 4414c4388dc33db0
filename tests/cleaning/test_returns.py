import dataclasses
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell import MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import CleanedReturns
from helpers.errors import DataProblems
from helpers.study.objects import CellMarks

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def setting(**cells: object) -> Any:
    def edit(page: Worksheet) -> None:
        for cell, value in cells.items():
            page[cell] = value

    return edit


def values(cleaned: CleanedReturns, indicator: str) -> list[float | None]:
    rows = cleaned.panel.loc[cleaned.panel["indicator"].eq(indicator)]
    return [None if pd.isna(value) else float(value) for value in rows.sort_values("cell")["value"]]


def assert_balanced(cleaned: CleanedReturns) -> None:
    account = cleaned.account
    assert (
        account["cell_count"] == account["panel_count"] + account["quarantine_count"] + account["furniture_count"]
    ).all()
    keys = ["file", "sheet"]
    by_sheet = account.set_index(keys)
    for column, frame in [
        ("panel_count", cleaned.panel.dropna(subset="value")),
        ("quarantine_count", cleaned.quarantine),
    ]:
        counted = frame.groupby(keys).size().reindex(by_sheet.index, fill_value=0)
        assert (by_sheet[column] == counted).all()
    furniture = cleaned.furniture.groupby(keys)["cell_count"].sum().reindex(by_sheet.index, fill_value=0)
    assert (by_sheet["furniture_count"] == furniture).all()


def test_a_sheet_as_an_office_sends_it(office: Office) -> None:
    office.send()
    cleaned = office.clean()
    assert_balanced(cleaned)
    assert cleaned.quarantine.empty
    assert values(cleaned, "crime_order") == [2, 3, 0]
    assert values(cleaned, "clearance") == [1, 3, 0]
    assert values(cleaned, "drug_cases") == [0, 1, 0]
    row = cleaned.panel.set_index(["ward_id", "indicator"]).loc[("16717@2019-01-01", "clearance")]
    assert (row["denominator"], row["period"], row["town_code"], row["cell"]) == (3, "2023-05", "413", "E8")
    marks = cleaned.panel.loc[cleaned.panel["indicator"].eq("drug_cases")].sort_values("cell")["mark"]
    assert list(marks) == ["zero", "number", "zero_mark"]
    kinds = cleaned.furniture.set_index("kind")["cell_count"].to_dict()
    expected = {
        "title": 3,
        "header": 9,
        "sequence_number": 3,
        "ward_name": 3,
        "population": 3,
        "derived": 4,
        "total": 5,
        "footer": 2,
    }
    assert kinds == expected
    account = cleaned.account.iloc[0].to_list()
    assert account == ["returns/a.xlsx", "T05-2023", 9 + sum(expected.values()), 9, 0, 32, 0]
    assert set(cleaned.inputs["file"]) == {"returns/a.xlsx"}


COUNT = st.integers(0, 2_500) | st.none()
ROW = st.tuples(COUNT, COUNT, COUNT)


def spelt(count: int | None, style: int) -> object:
    if count is None:
        return None
    if count == 0:
        return [0, "-", "không", "–", "0"][style]
    dotted = f"{count:,}".replace(",", ".")
    return [count, dotted, str(count), float(count), dotted][style]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.tuples(ROW, ROW, ROW),
    styles=st.lists(st.integers(0, 4), min_size=9, max_size=9),
    has_formulas=st.booleans(),
)
def test_round_trip_truth_to_workbook_to_panel(
    office: Office, rows: Any, styles: list[int], has_formulas: bool
) -> None:
    names = ("Phường Nghi Thuỷ", "P.N. Thu", "CAP THU THỦY")
    body = [
        (
            number + 1,
            name,
            None,
            spelt(crime, styles[3 * number]),
            spelt(cleared, styles[3 * number + 1]),
            None,
            spelt(drugs, styles[3 * number + 2]),
        )
        for number, (name, (crime, cleared, drugs)) in enumerate(zip(names, rows, strict=True))
    ]
    sums = [sum(row[column] or 0 for row in rows) for column in range(3)]
    formulas = [f"=SUM({column}7:{column}9)" for column in "DEG"]
    crime, cleared, drugs = formulas if has_formulas else sums
    office.send(body=body, total=(None, "Cộng", None, crime, cleared, None, drugs))
    cleaned = office.clean()
    assert_balanced(cleaned)
    for column, indicator in enumerate(("crime_order", "clearance", "drug_cases")):
        assert values(cleaned, indicator) == [row[column] for row in rows]
    assert len(cleaned.quarantine) == sum(count is None for row in rows for count in row)
    denominators = cleaned.panel.loc[cleaned.panel["indicator"].eq("clearance")].sort_values("cell")["denominator"]
    assert [None if pd.isna(value) else value for value in denominators] == [row[0] for row in rows]


def test_cleaning_twice_gives_the_same_bytes(office: Office) -> None:
    office.send("b.xlsx", periods=("2023-06", "2023-05"), edit=setting(D7="1.5", G8=None))
    office.send("a.xlsx", periods=("2023-07",))
    once, twice = office.clean(), office.clean()
    for field in dataclasses.fields(CleanedReturns):
        one, other = getattr(once, field.name), getattr(twice, field.name)
        assert one.to_csv(index=False) == other.to_csv(index=False)
    assert list(once.account["sheet"]) == ["T07-2023", "T05-2023", "T06-2023"]
    assert list(once.quarantine["cell"]) == ["D7", "G8", "D7", "G8"]


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("D7", "1.5", "a dot that parts no group of three digits"),
        ("D7", -2, "cannot be negative"),
        ("D7", 2.5, "a count has no fraction"),
        ("D7", "nhiều", "a number, or a mark that study.toml declares"),
        ("D7", "…", "a number, or a mark that study.toml declares"),
        ("D7", "x", "the study declares this mark to mean not reported"),
        ("D7", None, "a blank cell is not reported"),
        ("D7", "=1+1", "a formula whose value was never calculated"),
        ("C7", "5.73", "a dot that parts no group of three digits"),
        ("F8", "99,00%", "the printed rate is not the one of its row: 3 of 3 is 100.00"),
        ("F9", "50%", "the printed rate is not the one of its row: 0 of 0 is undefined"),
        ("D10", 6, "the total is not the sum of its figures, which is 5"),
        ("D10", "năm", "a number, or a mark"),
        ("F10", "79", "the printed rate is not the one of its row: 4 of 5 is 80.00"),
        ("J8", "?", "no heading stands above this cell"),
    ],
)
def test_one_unclear_cell_is_quarantined_alone(office: Office, cell: str, value: object, rule: str) -> None:
    office.send(edit=setting(**{cell: value}))
    cleaned = office.clean()
    assert_balanced(cleaned)
    own = cleaned.quarantine.loc[cleaned.quarantine["cell"].eq(cell)]
    assert len(own) == 1
    assert rule in own.iloc[0]["rule"]
    assert own.iloc[0]["remedy"]
    assert len(cleaned.panel) == 9
    assert int(cleaned.panel["value"].isna().sum()) == int(cell == "D7")


def test_a_total_over_a_missing_ward_is_a_lower_bound(office: Office) -> None:
    office.send(edit=setting(D8=None))
    log = office.clean().log
    assert list(log.loc[log["what"].eq("total_not_checked"), "cell"]) == ["D10"]
    office.send(edit=setting(D8=None, D10=1))
    quarantine = office.clean().quarantine
    assert "which is at least 2" in quarantine.set_index("cell").loc["D10", "rule"]


def test_formulas_without_values_in_the_total_are_counted(office: Office) -> None:
    office.send(edit=setting(D10="=SUM(D7:D9)", G10="=SUM(G7:G9)", J20="=1+1"))
    cleaned = office.clean()
    kinds = cleaned.furniture.set_index("kind")["cell_count"]
    assert (kinds["total_formula"], kinds["total"], kinds["footer"]) == (2, 3, 3)
    assert_balanced(cleaned)


def test_an_error_in_the_rate_column_is_no_rate(office: Office) -> None:
    office.send(edit=setting(F9="#DIV/0!"))
    cleaned = office.clean()
    assert cleaned.quarantine.empty
    assert "rate_not_checked" in set(cleaned.log["what"])


def test_hidden_rows_and_sheets_are_read_and_logged(office: Office) -> None:
    def hide(page: Worksheet) -> None:
        page.row_dimensions[8].hidden = True
        if page.title == "T06-2023":
            page.sheet_state = "hidden"

    office.send(periods=("2023-05", "2023-06"), edit=hide)
    cleaned = office.clean()
    assert len(cleaned.panel) == 18
    assert list(cleaned.log.loc[cleaned.log["what"].eq("hidden_row"), "cell"]) == ["row 8", "row 8"]
    assert list(cleaned.log.loc[cleaned.log["what"].eq("hidden_sheet"), "sheet"]) == ["T06-2023"]


def test_the_log_says_how_cells_were_read(office: Office) -> None:
    office.send(edit=setting(C7="6.000", C10="20.929"))
    log = office.clean().log.set_index("cell")
    assert log.loc["B8", "after"] == "Nghi Thủy (16717@2019-01-01)"
    assert log.loc["G6", "after"] == "drug_cases"
    assert "5736 in wards.csv (2019)" in set(log["after"])
    assert {"declared_zero", "dotted_thousands", "decimal_comma", "period", "population_differs"} <= set(log["what"])


def test_an_undeclared_zero_mark_is_not_guessed(office: Office) -> None:
    office.send()
    strict = dataclasses.replace(office.study, cells=CellMarks(zero=(), missing=()))
    cleaned = dataclasses.replace(office, study=strict).clean()
    assert set(cleaned.quarantine["cell"]) == {"D9", "E9", "F9", "G9"}
    assert values(cleaned, "crime_order") == [2, 3, None]


FATAL = [
    ("an unknown ward", {"B8": "P. Nghi Thủyy"}, "B8", "no ward of the study is called this", "Nghi Thủy"),
    ("a ward of another town", {"B8": "P. Lê Mao"}, "B8", "this is a ward of Vinh", "a column that names the town"),
    (
        "a ward twice",
        {"B8": "P. Nghi Thu"},
        "B8",
        "the figures of Nghi Thu for 2023-05 stand twice in this table, first in row 7",
        "Delete",
    ),
    ("an unknown heading", {"G6": "Số vụ bắt"}, "G6", "this heading is not known", "header_aliases.csv"),
    ("a heading twice", {"G5": "Số vụ PPHS", "G6": None}, "G5", "two columns mean crime_order", "Delete"),
    (
        "calendar days",
        {"A3": "Tháng 5/2023 (từ 1/5/2023 đến 31/5/2023)"},
        "",
        "the days of police month 2023-05 are",
        "Ask",
    ),
    ("a title of another month", {"A3": "Tháng 6/2023"}, "", "the name of the sheet 2023-05", "Ask"),
    ("a row without a ward", {"B9": None}, "A9", "names no ward and is no total", "Write the ward's name"),
    ("no header", {"B5": "Tên gọi"}, "", "no table is recognised", "header_aliases.csv"),
]


@pytest.mark.parametrize(
    ("cells", "cell", "rule", "remedy"), [case[1:] for case in FATAL], ids=[case[0] for case in FATAL]
)
def test_what_makes_a_table_uncertain_is_fatal(
    office: Office, cells: dict[str, object], cell: str, rule: str, remedy: str
) -> None:
    office.send(edit=setting(**cells))
    problem = office.problem()
    assert (problem.file, problem.sheet, problem.cell) == ("returns/a.xlsx", "T05-2023", cell)
    assert rule in problem.rule
    assert remedy in problem.remedy


def test_a_ward_left_out_is_told_and_is_not_a_zero(office: Office) -> None:
    office.send(edit=lambda page: page.delete_rows(8), total=None)
    cleaned = office.clean()
    assert_balanced(cleaned)
    left_out = cleaned.log.loc[cleaned.log["what"].eq("ward_not_listed")]
    assert list(left_out["before"]) == ["Nghi Thủy"]
    assert "16717@2019-01-01" not in set(cleaned.panel["ward_id"])


def test_a_row_of_no_ward_is_put_aside_where_no_ward_is_missing(office: Office) -> None:
    office.send(edit=setting(B11="Khác", D11=4, B12="Xã Nghi Quang", D12=2))
    cleaned = office.clean()
    assert_balanced(cleaned)
    assert list(cleaned.quarantine["cell"]) == ["D11", "D12"]
    assert len(cleaned.panel) == 9


def test_a_period_named_by_the_sheet_alone_is_taken_and_logged(office: Office) -> None:
    office.send(edit=setting(A3="Báo cáo tháng"))
    cleaned = office.clean()
    assert set(cleaned.panel["period"]) == {"2023-05"}
    assert list(cleaned.log.loc[cleaned.log["what"].eq("period_from_name"), "after"]) == ["sheet name"]
    office.send(edit=lambda page: (setting(A3="Báo cáo tháng")(page), setattr(page, "title", "Sheet1")))
    assert office.problem().rule == "no line above the table names a police month"


def test_a_ward_is_expected_only_while_it_exists(office: Office) -> None:
    office.send(periods=("2024-12",))
    assert {problem.cell for problem in office.problems()} == {"B7", "B8", "B9"}
    assert "does not exist throughout 2024-12" in office.problems()[0].rule


def test_equal_figures_returned_twice_contradict_nothing(office: Office) -> None:
    office.send("a.xlsx")
    office.send("b.xlsx")
    cleaned = office.clean()
    assert_balanced(cleaned)
    assert len(cleaned.panel) == 9 and set(cleaned.panel["file"]) == {"returns/b.xlsx"}
    assert cleaned.furniture.set_index(["file", "kind"]).loc[("returns/a.xlsx", "repeated"), "cell_count"] == 9
    assert cleaned.revisions.empty


def test_the_later_of_two_releases_is_taken(office: Office) -> None:
    office.send("a.xlsx", edit=setting(D12="Cửa Lò, ngày 20 tháng 7 năm 2023", D7=4, D10=None))
    office.send("b.xlsx")
    cleaned = office.clean()
    assert_balanced(cleaned)
    clearance, row = cleaned.revisions.to_dict("records")
    assert (clearance["indicator"], clearance["denominator"], clearance["superseded_denominator"]) == (
        "clearance",
        4,
        2,
    )
    assert (row["ward_id"], row["indicator"], row["value"], row["superseded_value"]) == (
        "16735@2019-01-01", "crime_order", 4, 2,
    )  # fmt: skip
    assert (row["released"], row["superseded_released"]) == ("2023-07-20", "2023-05-16")
    own = cleaned.panel.set_index(["ward_id", "indicator"]).loc[("16735@2019-01-01", "crime_order")]
    assert (own["value"], own["released"], own["file"]) == (4, "2023-07-20", "returns/a.xlsx")


def test_a_later_blank_takes_nothing_back(office: Office) -> None:
    office.send("a.xlsx")
    office.send("b.xlsx", edit=setting(D12="Cửa Lò, ngày 20 tháng 7 năm 2023", D7=None, D10=None))
    cleaned = office.clean()
    assert_balanced(cleaned)
    own = cleaned.panel.set_index(["ward_id", "indicator"]).loc[("16735@2019-01-01", "crime_order")]
    assert (own["value"], own["file"]) == (2, "returns/a.xlsx")


def test_releases_that_contradict_each_other_without_an_order_are_fatal(office: Office) -> None:
    office.send("a.xlsx", edit=setting(D7=4, D10=None))
    office.send("b.xlsx")
    problem = office.problem()
    assert (problem.file, problem.cell) == ("returns/b.xlsx", "D7")
    assert "returns/a.xlsx · T05-2023 · D7 gives another figure" in problem.rule
    assert "releases.csv" in problem.remedy


def test_a_figure_in_a_workbook_and_in_a_long_file_is_fatal(office: Office) -> None:
    office.send()
    office.put("returns/b.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,9\n")
    assert office.problem().value == "16735@2019-01-01 2023-05 crime_order"


def test_all_problems_of_all_files_come_in_one_list(office: Office) -> None:
    office.send("a.xlsx", edit=setting(B8="P. Nghi Thủyy", G6="Số vụ bắt"))
    office.put("returns/b.xlsx", "no workbook")
    office.put("returns/c.doc", "")
    office.put("returns/~$a.xlsx", "")
    office.put("returns/.gitkeep", "")
    assert [problem.file for problem in office.problems()] == [
        "returns/a.xlsx",
        "returns/a.xlsx",
        "returns/b.xlsx",
        "returns/c.doc",
        "returns/~$a.xlsx",
    ]


def test_nothing_to_clean_is_told(office: Office) -> None:
    assert office.problem().rule == "the study has no returns"
    office.put("returns/.gitkeep", "")
    assert office.problem().rule == "the study has no returns"


def test_an_empty_workbook_is_told_and_an_empty_sheet_is_not(office: Office) -> None:
    office.send(edit=lambda page: page.parent.create_sheet("Sheet2"))
    assert list(office.clean().account["cell_count"]) == [0, 41]
    office.send(edit=lambda page: page.delete_rows(1, 40))
    assert office.problem().rule == "the file holds nothing"


def test_a_link_out_of_the_study_is_refused(office: Office) -> None:
    office.send()
    outside = office.study.folder.parent / "outside.csv"
    outside.write_text("unit,period,indicator,value\n", encoding="utf-8")
    (office.returns / "b.csv").symlink_to(outside)
    assert "link to a place outside" in office.problem().rule


@pytest.mark.parametrize(
    "cells",
    [
        {"H5": "Họ và tên", "H7": "Nguyễn Văn A"},
        {"B7": "038204001234"},
        {"D7": 912345678},
        {"B20": "ĐT: 0912 345 678"},
        {"H7": "37A-123.45"},
    ],
)
def test_personal_content_stops_the_file_and_is_not_repeated(office: Office, cells: dict[str, object]) -> None:
    office.send(edit=setting(**cells, B8="P. Nghi Thủyy"))
    with pytest.raises(DataProblems) as caught:
        office.clean()
    assert all("looks like personal data" in problem.rule for problem in caught.value.problems)
    for value in cells.values():
        assert str(value) not in str(caught.value)


CELLS = st.tuples(st.integers(1, 16), st.integers(1, 9))
CONTENTS = (
    st.none()
    | st.integers(-5, 3000)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.sampled_from(
        [
            "-",
            "x",
            "1.234",
            "1,5",
            "=1+1",
            "Tổng cộng",
            "P. Nghi Thu",
            "Đơn vị",
            "Số vụ PPHS",
            "TT",
            "Tháng 6/2023",
            "  ",
        ]
    )
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(CELLS, CONTENTS, min_size=1, max_size=4))
def test_whatever_is_typed_into_a_form_is_accounted_for_or_told(office: Office, changes: dict[Any, Any]) -> None:
    def type_in(page: Worksheet) -> None:
        for (row, column), value in changes.items():
            if not isinstance(page.cell(row, column), MergedCell):
                page.cell(row, column).value = value

    office.send(edit=type_in)
    try:
        cleaned = office.clean()
    except DataProblems as error:
        assert all(problem.rule and problem.remedy for problem in error.problems)
    else:
        assert_balanced(cleaned)
