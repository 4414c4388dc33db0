import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from helpers.cleaning.workbooks.sheet_scan import cell_name, cell_position
from helpers.cleaning.workbooks.workbook import Sheet, Uncalculated, read_workbook
from helpers.cleaning.workbooks.workbook_kinds import OLE_SIGNATURE
from helpers.errors import DataProblems


def read(workbook: Workbook, path: Path) -> tuple[Sheet, ...]:
    workbook.save(path)
    return read_workbook(path, path.name)


def test_what_calamine_does_not_tell_is_found(tmp_path: Path) -> None:
    workbook = Workbook()
    page = workbook.worksheets[0]
    page["B2"], page["C2"], page["D2"], page["E2"] = "x", 5, "   ", "#N/A"
    page["E2"].data_type = "e"
    page["B9"] = "=SUM(C2:C2)"
    page.merge_cells("B3:C4")
    page.row_dimensions[2].hidden = True
    workbook.create_sheet("hidden").sheet_state = "hidden"
    first, hidden = read(workbook, tmp_path / "a.xlsx")
    assert first.cells == {(2, 2): "x", (2, 3): 5.0, (2, 5): "#N/A", (9, 2): Uncalculated()}
    assert first.merges[4, 3] == (3, 2)
    assert first.hidden_rows == {2}
    assert (hidden.is_hidden, hidden.cells) == (True, {})


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"hello", "a readable workbook is expected; the file is plain text that was named as one"),
        (b"", "the file is empty"),
        (OLE_SIGNATURE + bytes(600), "a whole, readable .xlsx workbook is expected"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DataProblems) as caught:
        read_workbook(tmp_path / "a.xlsx", "a.xlsx")
    assert caught.value.problems[0].rule == rule


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(tmp_path: Path, share: float) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    whole = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataProblems):
        read_workbook(tmp_path / "a.xlsx", "a.xlsx")


def test_damaged_bytes_inside_are_refused(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as source, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<worksheet><sheetData>" if "sheet1" in name else source.read(name))
    with pytest.raises(DataProblems):
        read_workbook(tmp_path / "a.xlsx", "a.xlsx")


def test_a_cell_at_the_far_corner_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.worksheets[0]["XFD1048576"] = 1
    workbook.worksheets[0]["A1"] = 1
    with pytest.raises(DataProblems) as caught:
        read(workbook, tmp_path / "a.xlsx")
    assert "2,000,000 cells" in caught.value.problems[0].rule


def test_cell_names_come_back() -> None:
    for position in [(1, 1), (7, 26), (7, 27), (1048576, 16384), (10, 702), (10, 703)]:
        assert cell_position(cell_name(position)) == position
    assert cell_position("7C") is None


def test_a_calculated_blank_is_blank_and_no_formula_to_ask_for(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    rows = (
        '<row r="1"><c r="A1" t="str"><f>IF(B1="","",B1)</f><v></v></c><c r="B1"><f>B2</f></c></row>'
        '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" t="d"><v>2023-05-01</v></c></row>'
    )
    sheet = read_edited(tmp_path / "a.xlsx", lambda xml: re.sub("<sheetData ?/?>", f"<sheetData>{rows}", xml))
    assert sheet.cells == {(1, 2): Uncalculated(), (2, 1): True, (2, 2): date(2023, 5, 1)}


def read_edited(path: Path, edit: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml") -> Sheet:
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    edited = edit(parts[part].decode())
    assert edited != parts[part].decode()
    with zipfile.ZipFile(path, "w") as target:
        for name, content in (parts | {part: edited.encode()}).items():
            target.writestr(name, content)
    return read_workbook(path, path.name)[0]


def test_dates_percentages_and_hidden_columns(tmp_path: Path) -> None:
    for epoch in (CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904):
        workbook = Workbook()
        workbook.epoch = epoch
        page = workbook.worksheets[0]
        formats = ("0.00%", '0 "%"', "mm/yyyy", "[$-42A]mmmm yyyy", "mm/yyyy", "0.0%", "h:mm")
        values = (0.8495, 84.95, datetime(2023, 5, 1), datetime(2023, 5, 2), -5, "85%", time(7, 30))
        for row, (value, number_format) in enumerate(zip(values, formats, strict=True), start=1):
            page.cell(row, 2, value).number_format = number_format
        page.column_dimensions["C"].hidden = True
        (sheet,) = read(workbook, tmp_path / "a.xlsx")
        assert [sheet.cells[row, 2] for row in range(1, 8)] == [
            0.8495, 84.95, date(2023, 5, 1), date(2023, 5, 2), -5.0, "85%", time(7, 30),
        ]  # fmt: skip
        assert (sheet.percent_cells, sheet.hidden_columns) == ({(1, 2)}, {3})
        assert sheet.notes == (((5, 2), "number_as_date", "00:00:00", "-5"),)


def test_macros_and_other_files_are_noted_and_left_alone(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.worksheets[0]["A1"], workbook.worksheets[0]["A2"] = "'=1+1", "=cmd|'/c calc'!A1"
    workbook.worksheets[0]["A2"].data_type = "s"
    workbook.create_chartsheet("chart")
    workbook.save(tmp_path / "a.xlsm")
    with zipfile.ZipFile(tmp_path / "a.xlsm", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    (sheet,) = read_workbook(tmp_path / "a.xlsm", "a.xlsm")
    assert sheet.cells == {(1, 1): "'=1+1", (2, 1): "=cmd|'/c calc'!A1"}
    assert [(where, what, before) for where, what, before, _ in sheet.notes] == [
        ((0, 0), "sheet_left_out", "chart"),
        ((0, 0), "macros", ""),
        ((0, 0), "external_links", ""),
    ]


@pytest.mark.parametrize("name", ["Q&A <1>", "Tháng 5’2023", "“x” 'y'", "日本", "_x0041_", "  s  "])
def test_sheets_may_have_odd_names(tmp_path: Path, name: str) -> None:
    workbook = Workbook()
    workbook.worksheets[0].title = name
    workbook.worksheets[0]["A1"] = 5
    (sheet,) = read(workbook, tmp_path / "a.xlsx")
    assert sheet.cells == {(1, 1): 5.0}
