"""What looks like a figure and is none, or like another ward's or period's: none of it may reach the panel silently."""

from collections.abc import Sequence
from typing import Any

import pytest
from openpyxl import Workbook

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
Rows = Sequence[Sequence[object]]

WARDS = ("Nghi Thu", "Nghi Thủy", "Thu Thủy")
CODES = {"Nghi Thu": "16735", "Nghi Thủy": "16717", "Thu Thủy": "16723"}
MAY: Rows = [["Tháng 5/2023"]]


def send(
    office: Office, *rows: Sequence[object], merges: Sequence[str] = (), sheet: str = "Sheet1", file: str = "a.xlsx"
) -> None:
    workbook = Workbook()
    page = workbook.worksheets[0]
    page.title = sheet
    for row in rows:
        page.append(list(row))
    for merge in merges:
        page.merge_cells(merge)
    office.returns.mkdir(exist_ok=True)
    workbook.save(office.returns / file)


def wards(*figures: object) -> list[list[object]]:
    return [[name, *figures] for name in WARDS]


def values(office: Office) -> dict[tuple[str, str, str], float]:
    panel = office.clean().panel.dropna(subset="value")
    keys = zip(panel["ward_id"].str[:5], panel["period"], panel["indicator"], strict=True)
    return dict(zip(keys, panel["value"], strict=True))


def every(
    value: float, *, period: str = "2023-05", indicator: str = "crime_order"
) -> dict[tuple[str, str, str], float]:
    return {(code, period, indicator): value for code in CODES.values()}


def test_a_group_that_is_not_known_is_not_dropped(office: Office) -> None:
    """“Mại dâm | Số vụ” under a title that names crimes was once read as crimes."""
    send(office, ["Số vụ PPHS tháng 5/2023"], ["Đơn vị", "Mại dâm"], [None, "Số vụ"], *wards(9))
    assert "no table is recognised" in office.problem().rule


def test_an_unmerged_group_that_is_not_known_goes_on_to_the_right(office: Office) -> None:
    header = ["Đơn vị", "Số vụ PPHS", "Người chưa thành niên", None]
    send(office, *MAY, header, [None, None, "Số đối tượng", "drug_cases"], *wards(1, 9, 9))
    assert values(office) == every(1)


@pytest.mark.parametrize(
    ("levels", "kept"),
    [
        (("Trong tháng", "Lũy kế"), 0),
        (("Trong kỳ", "Cùng kỳ"), 0),
        (("Tháng trước", "Tháng này"), 1),
        (("Kế hoạch", "Thực hiện"), 1),
        (("Thực hiện", "Đạt (%)"), 0),
    ],
)
def test_of_a_merged_pair_only_what_was_counted_is_read(office: Office, levels: tuple[str, str], kept: int) -> None:
    """Both columns were once read as one heading, and the sheet refused."""
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS", None], [None, *levels], *wards(4, 6), merges=["B2:C2"])
    assert values(office) == every((4, 6)[kept])


@pytest.mark.parametrize(
    "heading",
    ["Kế hoạch", "Chỉ tiêu giao năm 2023", "Số vụ PPHS trên 100.000 dân", "Số đối tượng", "Số vụ PPHS (%)",
     "Dự kiến tháng 6/2023", "Chỉ tiêu tháng 5/2023", "Số vụ PPHS chưa khám phá", "Tổng số vụ"],
)  # fmt: skip
def test_a_column_of_something_else_is_put_aside(office: Office, heading: str) -> None:
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS", heading], *wards(1, 9))
    assert values(office) == every(1)
    assert set(office.clean().quarantine["cell"]) == {"C3", "C4", "C5"}


def test_a_table_with_more_unknown_columns_than_known_ones_is_read(office: Office) -> None:
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS", "Kế hoạch", "Cán bộ", "Xe tuần tra"], *wards(1, 7, 8, 9))
    assert values(office) == every(1)


def test_a_column_of_plain_values_beside_named_indicators_is_not_the_titles(office: Office) -> None:
    send(office, ["drug_cases tháng 5/2023"], ["Đơn vị", "Số vụ PPHS", "Số lượng"], *wards(1, 9))
    assert values(office) == every(1)


@pytest.mark.parametrize(
    "title",
    ["Dự kiến tháng 5/2023", "Tuần 2 tháng 5/2023", "15 ngày đầu tháng 5/2023",
     "Chỉ tiêu giao: Số vụ PPHS tháng 5/2023", "Số vụ PPHS trên 100.000 dân, tháng 5/2023"],
)  # fmt: skip
def test_a_title_of_plans_rates_or_weeks_stops_the_sheet(office: Office, title: str) -> None:
    send(office, [title], ["Đơn vị", "Số vụ PPHS"], *wards(1))
    assert "plans" in office.problem().rule


@pytest.mark.parametrize(
    "title", ["Kết quả thực hiện kế hoạch tháng 5/2023", "Kết quả tuần tra, kiểm soát tháng 5/2023"]
)
def test_a_title_that_only_mentions_a_plan_or_a_patrol_is_read(office: Office, title: str) -> None:
    send(office, [title], ["Đơn vị", "Số vụ PPHS"], *wards(1))
    assert values(office) == every(1)


def test_figures_of_the_month_under_a_cumulative_title_are_put_aside(office: Office) -> None:
    header = ["Đơn vị", "Số vụ PPHS", None]
    send(office, ["Lũy kế từ đầu năm đến 14/1/2023"], header, [None, "Trong tháng", "Lũy kế"], *wards(3, 5),
         merges=["B2:C2"])  # fmt: skip
    assert values(office) == every(5, period="2023-01")


def test_a_table_below_with_a_misspelt_period_does_not_take_the_one_above(office: Office) -> None:
    below = [["Quang Trung", 2], ["Lê Mao", 2]]
    header = ["Đơn vị", "Số vụ PPHS"]
    send(office, *MAY, header, *wards(1), [], ["Thng 6/2023"], header, *below)
    assert "no line above the table" in office.problem().rule


def test_a_misspelt_section_ends_the_one_above(office: Office) -> None:
    header = ["Đơn vị", "Số vụ PPHS"]
    send(office, header, ["Tháng 1/2023"], *wards(1), ["Thng 2/2023"], ["Quang Trung", 2], ["Lê Mao", 2])
    assert "no line above the table" in office.problem().rule


def test_a_row_of_which_the_figure_is_blank_still_names_its_ward(office: Office) -> None:
    """The first row of a ward was once a section when its figure was blank; the rest went to the ward above."""
    header = ["Đơn vị", "Tháng", "Chỉ tiêu", "Số liệu"]
    rows = [
        ["Nghi Thu", "1/2023", "Số vụ PPHS", 1], [None, "2/2023", "Số vụ PPHS", 2],
        ["Nghi Thủy", "1/2023", "Số vụ PPHS", None], [None, "2/2023", "Số vụ PPHS", 4],
    ]  # fmt: skip
    send(office, header, *rows)
    assert values(office)["16717", "2023-02", "crime_order"] == 4


def test_the_total_of_a_ward_names_the_ward_of_the_rows_below(office: Office) -> None:
    rows = [["Nghi Thu", "1/2023", 1], ["Nghi Thủy", "Cộng", 7], [None, "1/2023", 3], [None, "2/2023", 4]]
    send(office, ["Đơn vị", "Tháng", "Số vụ PPHS"], *rows)
    assert values(office)["16717", "2023-01", "crime_order"] == 3


def test_a_key_left_blank_behind_another_is_not_filled(office: Office) -> None:
    send(office, ["Đơn vị", "Tháng", "Số vụ PPHS"], ["Nghi Thu", "1/2023", 1], ["Nghi Thủy", None, 2])
    assert values(office) == {("16735", "2023-01", "crime_order"): 1}
    assert set(office.clean().quarantine["cell"]) == {"C3"}


def test_a_blank_name_beside_a_code_is_not_that_of_the_row_above(office: Office) -> None:
    rows = [["16735", "Nghi Thu", 1], ["16717", None, 2], [None, "Thu Thủy", 3]]
    send(office, *MAY, ["Mã phường", "Tên phường", "Số vụ PPHS"], *rows)
    assert values(office) == {("16735", "2023-05", "crime_order"): 1, ("16717", "2023-05", "crime_order"): 2,
                              ("16723", "2023-05", "crime_order"): 3}  # fmt: skip


def test_figures_above_a_heading_that_slipped_down_are_not_titles(office: Office) -> None:
    send(office, ["Nghi Thu", 2050, 8], *MAY, ["Đơn vị", "Số vụ PPHS", "drug_cases"], *wards(1, 2)[1:])
    cleaned = office.clean()
    assert set(cleaned.quarantine["cell"]) == {"B1", "C1"}
    assert set(cleaned.quarantine["rule"]) == {"a number outside the tables"}


def test_a_row_of_units_and_a_line_of_words_stop_nothing(office: Office) -> None:
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS"], [None, "(vụ)"], ["Trong đó:"], *wards(1))
    assert values(office) == every(1)


def test_tables_of_indicators_stand_side_by_side(office: Office) -> None:
    rows = [["Chỉ tiêu", "Tháng 1/2023", None, "Chỉ tiêu", "Tháng 1/2023"], ["Số vụ PPHS", 1, None, "Số vụ PPHS", 2]]
    send(office, ["PHƯỜNG NGHI THU", None, None, "PHƯỜNG NGHI THỦY"], *rows)
    assert values(office) == {("16735", "2023-01", "crime_order"): 1, ("16717", "2023-01", "crime_order"): 2}


def test_many_tables_side_by_side_keep_both_rows_of_their_headings(office: Office) -> None:
    names, groups = ("Nghi Thu", "Nghi Thủy", "Thu Thủy"), ["Tháng", "Phạm pháp hình sự", "drug_cases", "Cán bộ", None]
    send(
        office, [cell for name in names for cell in (f"PHƯỜNG {name.upper()}", None, None, None, None)], [],
        groups * 3, [None, "Tổng số vụ", None, None, None] * 3, ["1/2023", 1, 2, 9, None] * 3,
        merges=[f"{column}3:{column}4" for column in "ACDFHIKMN"],
    )  # fmt: skip
    assert values(office) == every(1, period="2023-01") | every(2, period="2023-01", indicator="drug_cases")


@pytest.mark.parametrize(("sheet", "lines"), [("T5", []), ("Sheet1", [["Tháng 5"]]), ("T5", [["Tháng 5"]])])
def test_the_file_s_name_gives_the_year_of_a_month(office: Office, sheet: str, lines: Rows) -> None:
    send(office, *lines, ["Đơn vị", "Số vụ PPHS"], *wards(1), sheet=sheet, file="Báo cáo 2023.xlsx")
    assert values(office) == every(1)


def test_the_name_of_a_file_names_a_ward(office: Office) -> None:
    send(office, ["Tháng", "Số vụ PPHS"], ["1/2023", 1], file="Số liệu P. Nghi Thủy.xlsx")
    assert values(office) == {("16717", "2023-01", "crime_order"): 1}


def test_dates_that_cannot_be_read_say_so(office: Office) -> None:
    send(office, ["Đơn vị", "Ngày báo cáo", "Số vụ PPHS"], *([name, "1/14/2023", 1] for name in WARDS))
    assert office.problem().cell == "B2"


def test_a_table_that_lost_its_heading_does_not_lend_its_title_to_the_next(office: Office) -> None:
    lost = [["CÔNG AN PHƯỜNG NGHI THU"], ["Tháng", "Số vvụ"], ["1/2023", 1], ["2/2023", 2]]
    send(office, *lost, [], ["CÔNG AN PHƯỜNG NGHI THỦY"], ["Tháng", "Số vụ PPHS"], ["1/2023", 3], ["2/2023", 4])
    assert values(office) == {("16717", "2023-01", "crime_order"): 3, ("16717", "2023-02", "crime_order"): 4}


def test_a_table_that_lost_its_title_is_not_of_the_ward_above(office: Office) -> None:
    header = ["Tháng", "Số vụ PPHS"]
    send(office, ["PHƯỜNG NGHI THU"], header, ["1/2023", 1], [], header, ["1/2023", 1], [],
         ["PHƯỜNG THU THỦY"], header, ["1/2023", 1])  # fmt: skip
    assert office.problems()


def test_tables_below_without_titles_are_of_the_period_above_the_first(office: Office) -> None:
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS"], *wards(1), [], ["Đơn vị", "drug_cases"], *wards(2))
    assert values(office) == every(1) | every(2, indicator="drug_cases")


def test_a_ward_column_named_again_without_figures_is_told(office: Office) -> None:
    send(office, *MAY, ["Đơn vị", "Số vụ PPHS", "Đơn vị"], *wards(1, "x"))
    assert "two columns mean ward_name" in {problem.rule.partition(";")[0] for problem in office.problems()}


def test_the_years_of_a_scheme_hide_no_period_in_the_sheet_s_name(office: Office) -> None:
    send(office, ["Đề án 2023, 2030"], ["Đơn vị", "Số vụ PPHS"], *wards(1), sheet="T05-2023")
    assert values(office) == every(1)
