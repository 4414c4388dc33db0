"""What looks personal stops the file, and is never repeated; what an office writes in its own tables does not."""

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning.people.refusal import is_personal_heading, looks_personal, shown, shown_file

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
Edit = Callable[[Worksheet], object]

PERSONAL = [
    "038204001234", "123456789", 123456789.0, 138204001234.0, 38204001234.0, "038 204 001 234", "186 123 456",
    "038.204.001.234", "0912345678", 912345678.0, "+84 912 345 678", "84912345678", "ĐT: 0912.345.678",
    "(0238) 3844 123", "0238-3844123", "Liên hệ 0912345678 (Zalo)", "098 201 2023", "37A-123.45", "37B1 23456",
    "37A-1234",
    "29-T1 123.45", "a.b@c.vn", "18.67345, 105.69231", "18°40'23\"", "https://maps.app.goo.gl/x", "C1234567",
    "HS4404012345678", "Nguyễn Văn A, SN 1985", "sinh năm 1985", "SN: 02/3/1985", "sinh ngày 2/3", "Ông Nguyễn Văn A",
    "đối tượng Trần B", "Bị can: Lê Thị H", "Số nhà 12", "Ngõ 5", "số 12 đường Lê Lợi", "hẻm 3/4",
]  # fmt: skip
OFFICE = [
    "Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)", "21.085", "1.234.567", "123.456.789", "1.234.567.890", 21085.0,
    250000000.0,
    "250000000", "84.000.000.000", "840.500.000 đồng", "84,95%", "Số: 12/BC-CATX", "-", None, "",
    "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ LIỆU THẬT (synthetic)", "ngày 16 tháng 5 năm 2023", "05-NQ/ThU 27/03/2023",
    "01.04.2023-30.04.2023", "16735@2019-01-01 2023-05", "01/2023-12/2023", "01.2023-12.2023", "01-2023 - 12-2023",
    "05.4-04.5.2023", "1.04-30.04.2023", "15/12/2022-14/01/2023", "2019-01-01", "2023-01-15 00:00:00", "20230515",
    "Quyết định số 5764/QĐ-UBND ngày 28/12/2021", "Luật số 35/2018/QH14", "Nghị định 144/2021/NĐ-CP",
    "Mẫu số 01A/TK-2023",
    "Biểu 03-B2", "01A-2023", "QCVN 06:2022/BXD", "Thông tư 12/2023/TT-BCA ngày 31.3.2023", "Phường 12", "P.01",
    "16681",
    "00001", "Số vụ", "Địa bàn", "Đơn vị", "Tháng 05.2023", "6 tháng đầu năm 2023", "(5) = (3)+(4)", "1", "12345678",
    33.333333333333336, 105.2631578947, 0.123456789012, "85,5% (120/140)", "3/4", "12-15", "15h30 ngày 20/5/2023",
    "Từ 15/4 đến 14/5", "Khối 5, phường Lê Lợi", "CAP Hà Huy Tập", "Phường Nguyễn Văn Cừ", "Nguyễn Thị Minh Khai",
    "Đại tá Nguyễn Văn B", "TRƯỞNG CÔNG AN", "PPHS; TTATGT; PCCC&CNCH", "10 vụ/12 đối tượng", "1.234 lượt",
    "2.500.000 đ",
    "Sheet1", "T05-2023 MÔ PHỎNG", "Cong-an_Vinh_2023_MO-PHONG", "BC_20230515_093012", "v1.2.3", "1e+16", "100.000.000",
]  # fmt: skip


@pytest.mark.parametrize("value", PERSONAL)
def test_personal_values_are_seen_and_not_shown(value: object) -> None:
    assert looks_personal(value)
    assert shown(value) == "(not shown)"


@pytest.mark.parametrize("value", OFFICE)
def test_what_an_office_writes_is_not_personal(value: object) -> None:
    assert not looks_personal(value)


@pytest.mark.parametrize(
    "text",
    [
        "Họ và tên", "HỌ TÊN", "Họ, tên", "Họ và tên đối tượng", "Số CCCD", "Số điện thoại", "Ngày sinh", "Năm sinh",
        "Ngày, tháng, năm sinh", "Biển số", "Biển số xe", "Địa chỉ", "Số nhà", "Nơi cư trú", "full_name",
        "Date of birth",
        "Tọa độ", "Kinh độ", "Tên nạn nhân", "STT | Họ tên", "Số CMND/CCCD",
    ],
)  # fmt: skip
def test_personal_headings(text: str) -> None:
    assert is_personal_heading(text)


@pytest.mark.parametrize(
    "text",
    [
        "Đơn vị", "Dân số", "Tổng số vụ", "Tin báo, tố giác", "(Ký, ghi rõ họ tên)", "(Ký, họ tên, đóng dấu)",
        "(Ký tên, đóng dấu)", "Bị thương", "Số người chết", "Số vụ", "Địa bàn", "Số bị can", "Số đối tượng",
        "Mức độ hài lòng",
        "Khám phá phạm pháp hình sự (tỷ lệ điều tra khám phá)", "Tên đơn vị", "Tên chỉ tiêu", "Thời gian", "Số hộ",
        "Trộm cắp xe máy", "Số vụ trộm điện thoại", "Nhân khẩu thường trú", "Tai nạn giao thông: số người chết",
    ],
)  # fmt: skip
def test_other_headings(text: str) -> None:
    assert not is_personal_heading(text)


def test_long_values_are_shortened() -> None:
    assert shown("a" * 100) == "a" * 59 + "…"


def problems_of(office: Office, edit: Any) -> tuple[Any, ...]:
    office.send(edit=edit)
    problems = office.problems()
    assert all("personal" in p.rule or "looks like" in p.rule or "look like" in p.rule for p in problems)
    return problems


@pytest.mark.parametrize(
    ("name", "counts"),
    [("Cấp CCCD", (5, 7, 3)), ("Thường trú", (1200, 3400, 900)), ("Điện thoại", (2, 0, 1)), ("Biển số", (0, 0, 4))],
)
def test_what_offices_count_about_people_is_a_count(name: str, counts: tuple[int, ...], office: Office) -> None:
    def add(page: Worksheet) -> None:
        page["H6"] = name
        for row, count in zip((7, 8, 9), counts, strict=True):
            page.cell(row, 8, count)

    office.send(edit=add)
    cleaned = office.clean()
    assert len(cleaned.panel) == 9
    assert set(cleaned.quarantine["cell"]) == {"H7", "H8", "H9"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Cấp CCCD", ("có", "không", "có")), ("Họ và tên", (1, 2, 3)), ("Năm sinh", (1985, 1990, 2001)),
        ("Địa chỉ", ("Lê Lợi", "Trần Phú", "Hà Huy Tập")), ("Số CCCD", (None, None, None)),
        ("Giới tính", ("Nam", "Nữ", "Nam")),
    ],
)  # fmt: skip
def test_a_column_about_people_stops_the_file(name: str, values: tuple[object, ...], office: Office) -> None:
    def add(page: Worksheet) -> None:
        page["H6"] = name
        for row, value in zip((7, 8, 9), values, strict=True):
            page.cell(row, 8, value)

    (problem,) = problems_of(office, add)
    assert (problem.cell, problem.value) == ("H6", "")


@pytest.mark.parametrize(
    ("values", "beside"),
    [
        (("Nguyễn Văn An", "Trần Thị Bình", "Lê Văn Cường"), ()),
        ((date(1985, 3, 2), date(1992, 11, 30), date(2003, 1, 5)), ()),
        ((18.67345, 18.67411, 18.68102), (105.69231, 105.70012, 105.68899)),
    ],
)
def test_a_list_of_people_or_places_stops_the_file(
    values: tuple[object, ...], beside: tuple[object, ...], office: Office
) -> None:
    def add(page: Worksheet) -> None:
        for number, own in enumerate((values, beside)):
            for row, value in enumerate(own, start=20):
                page.cell(row, 9 + number, value)

    (problem,) = problems_of(office, add)
    assert problem.cell == "I20"


def test_signatures_and_dates_of_reports_do_not(office: Office) -> None:
    def add(page: Worksheet) -> None:
        page["B14"], page["E14"] = "Thượng úy Nguyễn Văn An", "Nguyễn Thị Bình"
        for row, year in enumerate((2021, 2022, 2023), start=20):
            page.cell(row, 12, date(year, 5, 16))

    office.send(edit=add)
    assert len(office.clean().panel) == 9


def secret(office: Office, *texts: str) -> str:
    """Return what is told of the office's files, in both languages, after making sure that no text is repeated."""
    told = "\n".join(problem.sentence(language) for problem in office.problems() for language in ("en", "vi"))
    for text in texts:
        assert text not in told
    return told


def test_names_of_sheets_are_looked_at(office: Office) -> None:
    office.send(edit=lambda page: setattr(page, "title", "0912345678"))
    assert "names without personal data" in secret(office, "0912345678")


def test_names_of_files_and_folders_are_looked_at(office: Office) -> None:
    office.send("CCCD 038204001234.xlsx")
    (office.returns / "0912345678").mkdir()
    office.put("returns/0912345678/a.csv", "unit,period,indicator,value\n")
    office.put("returns/038204001299.doc", "")
    secret(office, "038204001234", "0912345678", "038204001299")
    assert shown_file("returns/0912345678/a.csv") == "returns/(not shown)/a.csv"


def test_hidden_sheets_rows_and_comments_are_looked_at(office: Office) -> None:
    def hide(page: Worksheet) -> None:
        page.parent.create_sheet("x").sheet_state = "veryHidden"
        page.parent["x"]["C3"] = "0912345678"
        page.row_dimensions[40].hidden = True
        page["A40"] = "CCCD 038204001234"
        page["D7"].comment = Comment("gọi 0987 654 321", "x")

    office.send(edit=hide)
    assert secret(office, "0912345678", "038204001234", "654 321").count("comment") >= 1
    assert sorted(problem.cell for problem in office.problems()) == ["", "A40", "C3"]


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/drawings/drawing9.xml", "<a><p><r>0912</r><r>345678</r></p></a>"),
        ("xl/pivotCache/pivotCacheDefinition1.xml", '<d><s v="Nguyễn"/><s v="038204001234"/></d>'),
        ("xl/externalLinks/externalLink1.xml", "<l><cell><v>0912345678</v></cell></l>"),
        ("xl/charts/chart9.xml", "<c><pt><v>038204001234</v></pt></c>"),
        ("xl/drawings/vmlDrawing9.vml", "<xml><div>gọi 0912345678<br></div></xml>"),
        ("xl/worksheets/_rels/sheet9.xml.rels", '<r><Relationship Target="mailto:0912345678@vinh.vn"/></r>'),
        (
            "xl/threadedComments/threadedComment1.xml",
            "<t><threadedComment><text>0912345678</text></threadedComment></t>",
        ),
    ],
)
def test_other_parts_of_a_workbook_are_looked_at(part: str, content: str, office: Office) -> None:
    path = office.send()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(part, content)
    secret(office, "0912", "345678", "038204001234")


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("a defined name", lambda page: page.parent.defined_names.add(DefinedName("so", attr_text='"0912345678"'))),
        ("the header or footer of a page", lambda page: setattr(page.oddHeader.left, "text", "Gọi 0912345678")),
        ("a message to whoever types", lambda page: page.add_data_validation(
            DataValidation(type="whole", prompt="hỏi 0912345678", sqref=MultiCellRange("D7")))),
        ("a link", lambda page: setattr(page["D7"], "hyperlink", Hyperlink(ref="D7", tooltip="gọi 0912345678"))),
    ],
)  # fmt: skip
def test_what_a_workbook_says_beside_its_cells_is_looked_at(what: str, edit: Edit, office: Office) -> None:
    office.send(edit=edit)
    assert what in secret(office, "0912345678")


def test_pictures_are_said_not_to_be_looked_into(office: Office) -> None:
    path = office.send()
    assert "not_searched" not in set(office.clean().log["what"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", b"x")
    assert "not_searched" in set(office.clean().log["what"])


def test_other_parts_without_people_are_no_problem(office: Office) -> None:
    path = office.send(edit=lambda page: setattr(page["D7"], "comment", Comment("đã hỏi lại ngày 16/5/2023", "x")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/drawings/drawing9.xml", "<a><p>CÔNG AN THỊ XÃ</p></a>")
    assert len(office.clean().panel) == 9


@pytest.mark.parametrize(
    "header", ["unit,period,indicator,value,Họ tên", "Đơn vị,Số vụ PPHS,Số điện thoại", "Đơn vị;Số vụ PPHS;CCCD"]
)
def test_headings_of_text_files_are_looked_at(header: str, office: Office) -> None:
    office.put("returns/a.csv", f"{header}\n16735,1,x\n16717,2,y\n".replace(",", header[6] if ";" in header else ","))
    assert "personal" in secret(office)


def test_values_of_text_files_are_looked_at(office: Office) -> None:
    office.put("returns/a.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,0912345678\n")
    office.put("returns/b.csv", "Tháng 5/2023;\nĐơn vị;Số vụ PPHS\nNghi Thu;038204001234\n")
    secret(office, "0912345678", "038204001234")


def test_links_that_lead_out_of_the_study_are_refused(office: Office, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    Workbook().save(outside / "a.xlsx")
    office.send("b.xlsx")
    (office.returns / "a.xlsx").symlink_to(outside / "a.xlsx")
    (office.returns / "folder").symlink_to(outside)
    (office.returns / "inner").symlink_to(office.returns, target_is_directory=True)
    told = {problem.file: problem.rule for problem in office.problems()}
    assert told == {
        "returns/a.xlsx": "this is a link to a place outside the study",
        "returns/folder": "this is a link to a place outside the study",
        "returns/inner": "this is a link to a folder",
    }


def test_the_folder_of_returns_is_no_link_either(office: Office, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    office.returns.symlink_to(outside)
    assert office.problem().file == "returns"
