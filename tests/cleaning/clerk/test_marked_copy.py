"""Marked copies: the bad cells of the office's own workbook, coloured, explained and listed; the original untouched."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import clean_returns, quarantine_problems
from helpers.cleaning.clerk import marked_copy
from helpers.cleaning.clerk.marked_copy import MarkedCopies, write_marked_copies
from helpers.errors import DataProblems, Problem, UsageError
from helpers.messages import said_in

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def spoil(page: Worksheet) -> None:
    page["D7"] = "1.5"
    page["D7"].comment = Comment("hỏi lại", "x")
    page["I7"] = "=cmd|' /C calc'!A0"


def mark(office: Office, folder: Path, language: str = "vi") -> MarkedCopies:
    problems: tuple[Problem, ...] = ()
    try:
        aside = quarantine_problems(clean_returns(office.study))
    except DataProblems as error:
        problems, aside = error.problems, error.put_aside
    return write_marked_copies(office.study, problems, folder, language, put_aside=aside)


def marked_cells(page: Worksheet) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for row in page.iter_rows() for cell in row if cell.comment}


def test_bad_cells_are_coloured_explained_and_listed(office: Office, tmp_path: Path) -> None:
    source = office.send(edit=spoil)
    before = source.read_bytes()
    copies = mark(office, tmp_path / "out")
    assert source.read_bytes() == before
    assert [path.name for path in copies.paths] == ["a.cần-sửa.xlsx"]
    workbook = load_workbook(copies.paths[0])
    assert workbook.sheetnames == ["Cần sửa", "T05-2023"]
    found, page = workbook.worksheets
    comments = marked_cells(page)
    assert "D7" in comments and comments["D7"].startswith("hỏi lại\n\ndấu chấm")
    assert page["D7"].fill.start_color.rgb == "FFFFE699"
    assert page["D7"].value == "1.5" and page["D8"].value == 3
    rows = {row[1].value: row for row in found.iter_rows(min_row=5)}
    assert set(comments) <= set(rows)
    assert rows["D7"][1].hyperlink.location == "'T05-2023'!D7"
    assert (rows["D7"][0].value, rows["D7"][2].value, rows["D7"][5].value) == ("T05-2023", "“1.5”", "để riêng")
    assert [said_in(message, "vi") for message in copies.messages] == [f"1 bản đánh dấu nằm ở {tmp_path / 'out'}."]


def test_a_marked_copy_reads_back_as_the_original(office: Office, tmp_path: Path) -> None:
    office.send(edit=lambda page: page.cell(7, 4, "1.5"))
    cleaned = clean_returns(office.study)
    (copy,) = mark(office, tmp_path).paths
    (office.returns / "a.xlsx").write_bytes(copy.read_bytes())
    again = clean_returns(office.study)
    assert again.panel.equals(cleaned.panel)


def test_what_keeps_a_sheet_from_being_read_is_red_and_the_rest_yellow(office: Office, tmp_path: Path) -> None:
    def misname(page: Worksheet) -> None:
        if page.title == "T06-2023":
            page["B8"] = "P. Nghi Thủyy"
        else:
            page["D7"] = "1.5"

    office.send(periods=("2023-05", "2023-06"), edit=misname)
    (path,) = mark(office, tmp_path, "en").paths
    listed, good, bad = load_workbook(path).worksheets
    assert listed.title == "To fix"
    assert bad["B8"].fill.start_color.rgb == "FFF8CBAD" and good["D7"].fill.start_color.rgb == "FFFFE699"
    kinds = {row[1].value: row[5].value for row in listed.iter_rows(min_row=5)}
    assert (kinds["B8"], kinds["D7"]) == ("to be corrected", "put aside")


def test_equal_returns_give_equal_bytes_and_a_taken_name_is_avoided(office: Office, tmp_path: Path) -> None:
    def name(page: Worksheet) -> None:
        spoil(page)
        page.title = "CẦN SỬA"

    office.send(edit=name)
    first, second = (mark(office, tmp_path / folder).paths[0] for folder in "ab")
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    assert load_workbook(first).sheetnames == ["Cần sửa (2)", "CẦN SỬA"]


def test_no_copy_of_a_file_with_personal_content(office: Office, tmp_path: Path) -> None:
    office.send(edit=lambda page: page.cell(7, 9, "0912345678"))
    copies = mark(office, tmp_path / "out")
    assert copies.paths == () and not (tmp_path / "out").exists()
    assert "personal" in copies.messages[0] and "0912345678" not in " ".join(copies.messages)
    office.send("b.xlsx", edit=lambda page: setattr(page["A1"], "comment", Comment("CCCD 038204001234", "x")))
    assert mark(office, tmp_path / "out").paths == ()


def test_a_text_file_and_an_old_form_become_workbooks(office: Office, tmp_path: Path) -> None:
    office.returns.mkdir()
    office.put("returns/x/a.csv", 'Tháng 5/2023,\nĐơn vị,Số vụ PPHS\nNghi Thu,1.5\nNghi Thủy,3\n=1+1,"=SUM(B1)"\n')
    copies = mark(office, tmp_path)
    (path,) = copies.paths
    assert path.relative_to(tmp_path).as_posix() == "x/a_csv.cần-sửa.xlsx"
    _, page = load_workbook(path).worksheets
    assert "B3" in marked_cells(page)
    assert (page["A5"].value, page["A5"].data_type, page["A5"].quotePrefix) == ("=1+1", "s", True)


def test_a_workbook_with_macros_loses_them_and_says_so(office: Office, tmp_path: Path) -> None:
    office.send("a.xlsx", edit=spoil).rename(office.returns / "a.xlsm")
    with zipfile.ZipFile(office.returns / "a.xlsm", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    copies = mark(office, tmp_path, "en")
    assert copies.messages[0] == "The copy of returns/a.xlsm is without its macros."
    assert [path.name for path in copies.paths] == ["a_xlsm.to-fix.xlsx"]
    assert "xl/vbaProject.bin" not in zipfile.ZipFile(copies.paths[0]).namelist()


@pytest.mark.parametrize("why", ["cannot be read", "so large", "cannot be copied"])
def test_what_cannot_be_copied_is_listed(
    why: str, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "cannot be read":
        office.put("returns/a.xlsx", "no workbook")
    else:
        office.send(edit=spoil)
    if why == "so large":
        monkeypatch.setattr(marked_copy, "MOST_CELLS", 1)
    if why == "cannot be copied":

        def refuse(*_: object, **__: object) -> None:
            raise KeyError("xl/sharedStrings.xml")

        monkeypatch.setattr(marked_copy, "load_workbook", refuse)
    copies = mark(office, tmp_path, "en")
    assert why in copies.messages[0]
    (path,) = copies.paths
    assert load_workbook(path).sheetnames == ["To fix"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_nothing_in_the_added_sheet_is_a_formula(start: str, office: Office, tmp_path: Path) -> None:
    office.send()
    bad = f"{start}cmd|' /C calc'!A0"
    problem = Problem("returns/a.xlsx", bad, "D7", bad, bad, bad)
    (path,) = write_marked_copies(office.study, [problem], tmp_path, "en").paths
    for cell in (cell for row in load_workbook(path).worksheets[0].iter_rows() for cell in row):
        assert cell.data_type in ("s", "n") and not str(cell.value or "").startswith(start)


def test_copies_never_go_into_the_study(office: Office, tmp_path: Path) -> None:
    office.send(edit=spoil)
    for folder in (office.returns, office.study.folder / "x", office.study.folder):
        with pytest.raises(UsageError, match="lies in the study folder"):
            mark(office, folder)
    link = tmp_path / "link"
    link.symlink_to(office.returns)
    with pytest.raises(UsageError, match="lies in the study folder"):
        mark(office, link)


def test_files_outside_the_returns_are_passed_over(office: Office, tmp_path: Path) -> None:
    office.send()
    Workbook().save(tmp_path / "secret.xlsx")
    problems = [
        Problem(file, "", "A1", "", "r", "m")
        for file in ("returns/../../secret.xlsx", "corrections.csv", "returns/none.xlsx")
    ]
    copies = write_marked_copies(office.study, problems, tmp_path / "out", "en")
    assert copies.paths == () and copies.messages == ("No return could be marked.",)


def test_many_bad_cells_are_listed_without_a_comment_each(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_copy, "MOST_MARKED", 1)
    office.send(edit=lambda page: [page.cell(row, 4, "1.5") for row in (7, 8)])
    (path,) = mark(office, tmp_path).paths
    listed, page = load_workbook(path).worksheets
    assert len(marked_cells(page)) == 1
    assert {"D7", "D8"} <= {row[1].value for row in listed.iter_rows(min_row=5)}
