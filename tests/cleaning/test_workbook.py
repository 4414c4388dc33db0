import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from helpers.cleaning.sheet_scan import cell_name, cell_position
from helpers.cleaning.workbook import OLE_SIGNATURE, Sheet, Uncalculated, read_workbook
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
        (b"hello", "a whole, readable .xlsx workbook is expected"),
        (b"", "a whole, readable .xlsx workbook is expected"),
        (OLE_SIGNATURE + bytes(600), "the workbook is protected by a password, or is an old .xls under another name"),
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
