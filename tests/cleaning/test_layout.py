from pathlib import Path

from openpyxl import Workbook

from helpers.cleaning.layout import find_layout, is_total_label
from helpers.cleaning.vocabulary import Vocabulary
from helpers.cleaning.workbook import Sheet, read_workbook


def sheet_of(tmp_path: Path, rows: list[list[object]]) -> Sheet:
    workbook = Workbook()
    page = workbook.worksheets[0]
    for row in rows:
        page.append(row)
    workbook.save(tmp_path / "a.xlsx")
    return read_workbook(tmp_path / "a.xlsx", "a.xlsx")[0]


def meanings(vocabulary: Vocabulary, sheet: Sheet) -> tuple[str, ...]:
    layout, problems = find_layout(sheet, vocabulary)
    assert layout is not None and problems == []
    return tuple(column.meaning for column in layout.columns)


def test_one_header_row(tmp_path: Path, vocabulary: Vocabulary) -> None:
    sheet = sheet_of(tmp_path, [["Báo cáo"], ["Đơn vị", "Số vụ PPHS"], ["Nghi Thu", 1]])
    assert meanings(vocabulary, sheet) == ("ward_name", "crime_order")
    layout, _ = find_layout(sheet, vocabulary)
    assert layout is not None and (layout.first_header, layout.last_header, layout.rows) == (2, 2, {3: "ward"})


def test_a_group_typed_over_its_first_column_without_merging(tmp_path: Path, vocabulary: Vocabulary) -> None:
    rows: list[list[object]] = [
        ["Đơn vị", "Phạm pháp hình sự", None, "Ma túy"],
        [None, "Tổng số vụ", "Số vụ khám phá", "Số vụ"],
        ["Nghi Thu", 1, 1, 0],
    ]
    assert meanings(vocabulary, sheet_of(tmp_path, rows)) == ("ward_name", "crime_order", "clearance", "drug_cases")


def test_column_numbers_and_a_total_before_the_wards(tmp_path: Path, vocabulary: Vocabulary) -> None:
    rows: list[list[object]] = [
        ["TT", "Đơn vị", "Số vụ PPHS"],
        ["A", "B", "(1)"],
        ["", "Toàn thị xã", 3],
        [1, "Nghi Thu", 1],
        [],
        [2, "Nghi Thủy", 2],
        [],
        [None, "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG"],
    ]
    layout, problems = find_layout(sheet_of(tmp_path, rows), vocabulary)
    assert problems == [] and layout is not None
    assert layout.rows == {2: "numbering", 3: "total", 4: "ward", 6: "ward"}
    assert layout.last_row == 6


def test_total_labels() -> None:
    assert all(map(is_total_label, ["Tổng cộng", "CỘNG:", "Tổng số", "Toàn thị xã Cửa Lò", "Cộng toàn thành phố"]))
    assert not any(map(is_total_label, ["P. Cộng Hòa", "Tổng đài 113", "Nghi Thu", "Toàn Thắng"]))


def test_a_sheet_without_a_table(tmp_path: Path, vocabulary: Vocabulary) -> None:
    layout, problems = find_layout(sheet_of(tmp_path, [["Đơn vị"], ["Nghi Thu", 3]]), vocabulary)
    assert layout is None and "no table is recognised" in problems[0].rule
