from dataclasses import replace
from datetime import date
from zipfile import ZipFile

import openpyxl
import pytest

from helpers.simulation.form import COLUMNS, SYNTHETIC_TITLE, columns_for
from helpers.simulation.workbook import Sheet, write_workbook

COLUMNS_SHOWN = columns_for({"fires", "tips", "complaints"})
SHEET = Sheet(
    name="T05-2023 MÔ PHỎNG",
    columns=COLUMNS_SHOWN,
    offices=("TRÊN", "DƯỚI"),
    period_line="Tháng 5/2023",
    rows=((1, "P. An", "1.000", 2, None, "-"), (2, "P. Bình", "2.000", "không", 5, 0)),
    total={3: "=SUM(D{first}:D{last})", 4: 5},
    total_word="Cộng",
    place_and_date="An, ngày 15 tháng 05 năm 2023",
    blank_lines=0,
)


def written(tmp_path, sheet=SHEET, name="a.xlsx"):
    write_workbook([sheet], tmp_path / name, title="a", dated=date(2023, 5, 14))
    return tmp_path / name


def test_cells_stand_where_an_office_puts_them(tmp_path):
    page = openpyxl.load_workbook(written(tmp_path)).worksheets[0]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[3][0] == SYNTHETIC_TITLE
    assert rows[6] == ["TT", "Đơn vị", "Dân số", "Cháy, nổ", "Quần chúng", None]
    assert rows[7] == [None, None, None, "Số vụ", "Tin báo, tố giác", "Đơn thư KNTC"]
    assert rows[8] == [1, "P. An", "1.000", 2, None, "-"]
    assert rows[10] == [None, "Cộng", None, "=SUM(D9:D10)", 5, None]


def test_headings_are_merged_over_and_down_and_no_cell_alone(tmp_path):
    page = openpyxl.load_workbook(written(tmp_path)).worksheets[0]
    merged = {str(area) for area in page.merged_cells.ranges}
    assert {"A7:A8", "B7:B8", "C7:C8", "E7:F7"} <= merged
    assert all(area.size["rows"] * area.size["columns"] > 1 for area in page.merged_cells.ranges)
    assert page.column_dimensions["B"].width > page.column_dimensions["A"].width
    assert page["D9"].border.left.style == "thin"


def test_equal_sheets_give_equal_bytes_without_a_clock(tmp_path):
    first, second = written(tmp_path), written(tmp_path, name="b.xlsx")
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"2023-05-14T08:00:00Z") == 2


def test_other_sheets_give_other_bytes(tmp_path):
    other = replace(SHEET, total_word="Tổng số")
    assert written(tmp_path).read_bytes() != written(tmp_path, other, "b.xlsx").read_bytes()


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    broken = replace(SHEET, rows=((1, "P. An"),))
    with pytest.raises(ValueError, match="zip"):
        written(tmp_path, broken)
    assert list(tmp_path.iterdir()) == []


def test_the_whole_form_asks_for_fourteen_indicators():
    assert len(COLUMNS) == 18
    assert len({column.meaning for column in COLUMNS}) == 18
