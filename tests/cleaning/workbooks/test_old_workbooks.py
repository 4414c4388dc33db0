import datetime
from pathlib import Path

import pytest
import xlwt

from helpers.cleaning.workbooks.workbook import Sheet, Uncalculated, read_workbook
from helpers.errors import DataProblems

PERCENT, MONTH = xlwt.easyxf(num_format_str="0.00%"), xlwt.easyxf(num_format_str="mm/yyyy")


def read(workbook: xlwt.Workbook, path: Path) -> tuple[Sheet, ...]:
    workbook.save(str(path))
    return read_workbook(path, path.name)


def test_what_calamine_does_not_tell_of_an_old_workbook_is_found(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("Tháng 5")
    page.write(0, 0, "Đơn vị")
    page.write(1, 1, 0.8495, PERCENT)
    page.write(2, 1, datetime.date(2023, 5, 1), MONTH)
    page.write(3, 1, xlwt.Formula("SUM(A1:A2)"))
    page.write(4, 1, True)
    for column, value in enumerate((5, 6, 7.25, -3)):
        page.write(5, column, value)
    page.write(6, 1, "  ")
    page.write(7, 1, "=cmd|' /c calc'!A1")
    page.row(1).set_cell_error(3, "#REF!")
    page.write_merge(8, 9, 0, 2, "merged")
    page.row(5).hidden = True
    page.col(2).hidden = True
    workbook.add_sheet("hidden").visibility = 1
    first, hidden = read(workbook, tmp_path / "a.xls")
    assert first.cells == {
        (1, 1): "Đơn vị",
        (2, 2): 0.8495,
        (2, 4): "#REF!",
        (3, 2): datetime.date(2023, 5, 1),
        (4, 2): Uncalculated(),
        (5, 2): True,
        (6, 1): 5,
        (6, 2): 6,
        (6, 3): 7.25,
        (6, 4): -3,
        (8, 2): "=cmd|' /c calc'!A1",
        (9, 1): "merged",
    }
    assert first.merges[10, 3] == (9, 1)
    assert (first.hidden_rows, first.hidden_columns, first.percent_cells) == ({6}, {3}, {(2, 2)})
    assert [note[1] for note in first.notes] == ["xls"]
    assert (hidden.name, hidden.is_hidden, hidden.cells, hidden.notes) == ("hidden", True, {}, ())


def test_a_blank_result_is_blank_where_excel_calculated(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    workbook.add_sheet("x").write(0, 0, xlwt.Formula('""'))
    assert read(workbook, tmp_path / "a.xls")[0].cells == {(1, 1): Uncalculated()}
    data = (tmp_path / "a.xls").read_bytes()
    # The record of the number of calculations gives its place to that of the calculating version.
    (tmp_path / "b.xls").write_bytes(data.replace(b"\xda\x00\x02\x00", b"\xc1\x01\x02\x00", 1))
    assert read_workbook(tmp_path / "b.xls", "b.xls")[0].cells == {}


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    workbook.dates_1904 = True
    workbook.add_sheet("x").write(0, 0, datetime.date(2023, 5, 1), MONTH)
    assert read(workbook, tmp_path / "a.xls")[0].cells == {(1, 1): datetime.date(2023, 5, 1)}


def test_a_large_old_workbook_comes_whole(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("x")
    for row in range(3000):
        page.write(row, 0, f"Phường {row}")
        page.write(row, 9, row / 4)
    (sheet,) = read(workbook, tmp_path / "a.xls")
    assert len(sheet.cells) == 6000
    assert (sheet.cells[3000, 1], sheet.cells[3000, 10]) == ("Phường 2999", 2999 / 4)


def test_a_stray_cell_of_an_old_workbook_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    workbook.add_sheet("x").write(65535, 255, 1)
    with pytest.raises(DataProblems, match="2,000,000 cells"):
        read(workbook, tmp_path / "a.xls")
