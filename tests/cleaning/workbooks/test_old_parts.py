"""An old .xls is looked at for people beside its cells, as an .xlsx is."""

import struct
from pathlib import Path
from typing import Any

import pytest
import xlwt

from helpers.cleaning.workbooks.workbook import read_workbook
from helpers.cleaning.workbooks.xls_parts import old_personal_parts

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported

PHONE = "gọi 0987 654 321"
NOTE, OBJECT, TEXT_OBJECT, CONTINUE, NAME, DRAWING, GROUP = 0x1C, 0x5D, 0x1B6, 0x3C, 0x18, 0xEC, 0xEB


def record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def text_object(kind: int, text: str) -> bytes:
    """Return the records of a comment (0x19) or text box (6), with a text of two bytes a character."""
    shape = record(OBJECT, struct.pack("<HHHHH", 0x15, 0x12, kind, 1, 0) + bytes(12))
    size = struct.pack("<HHHHHHHHH", 0, 0, 0, 0, 0, len(text), 16, 0, 0)
    return shape + record(TEXT_OBJECT, size) + record(CONTINUE, b"\x01" + text.encode("utf-16-le"))


def name(text: str, formula: bytes = b"") -> bytes:
    head = struct.pack("<HBBHHHBBBB", 0, 0, len(text), len(formula), 0, 0, 0, 0, 0, 0)
    return record(NAME, head + b"\x00" + text.encode("latin-1") + formula)


def constant(text: str) -> bytes:
    """Return a formula that is a text."""
    return struct.pack("<BBB", 0x17, len(text), 0) + text.encode("latin-1")


def send(office: Office, records: bytes, *, header: str = "") -> Path:
    """Write an old workbook with some records at the end of its only sheet."""
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("T05-2023")
    rows = [["Tháng 5/2023"], ["Đơn vị", "Số vụ PPHS"], ["Nghi Thu", 1], ["Nghi Thủy", 2], ["Thu Thủy", 3]]
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            page.write(number, column, value)
    page.header_str = header.encode()
    page.footer_str = b"&P"
    written = page.get_biff_data
    page.get_biff_data = lambda: written()[:-4] + records + written()[-4:]
    office.returns.mkdir()
    path: Path = office.returns / "a.xls"
    workbook.save(str(path))
    return path


PARTS = {
    "a comment": text_object(0x19, PHONE),
    "a text box or picture": text_object(6, PHONE),
    "a defined name": name("so", constant("0987 654 321")),
    "a link": record(0x1B8, b"\x00" * 9 + "mailto:a@vinh.vn".encode("utf-16-le")),
    "what is kept of another file": record(0x5A, struct.pack("<BBHBd", 0, 0, 0, 1, 38204001234.0)),
    "a message to whoever types into a cell": record(0x1BE, b"\x01\x00" + "Gọi 0987654321".encode("utf-16-le")),
    "a chart": record(0x100D, b"\x00\x00\x0c\x000987 654 321"),
    "the list that a pivot table keeps": record(0xCD, b"\x0c\x00\x00038204001234"),
}


@pytest.mark.parametrize("what", PARTS)
def test_people_beside_the_cells_stop_the_file(office: Office, what: str) -> None:
    send(office, PARTS[what])
    (problem,) = office.problems()
    assert problem.rule.startswith(f"{what} of this file looks like personal data")
    assert "987" not in problem.sentence() and "382" not in problem.sentence()


def test_a_drawing_s_own_text_is_looked_at(office: Office) -> None:
    send(office, record(DRAWING, b"\x0f\x00\x02\xf0" + PHONE.encode("utf-16-le")))
    assert "a text box or picture" in office.problem().rule


def test_the_header_of_a_page_is_looked_at(office: Office) -> None:
    send(office, b"", header='&L&"Times New Roman"0987 654 321&C')
    assert "the header or footer of a page" in office.problem().rule


def test_a_comment_of_the_oldest_kind_is_looked_at() -> None:
    note = record(NOTE, struct.pack("<HHH", 3, 2, 16) + b"goi 0987 654 321")
    assert list(old_personal_parts(note, [])) == ["comments"]


def test_what_pivot_tables_keep_is_looked_at_in_streams_of_its_own() -> None:
    number = record(0xC9, struct.pack("<d", 38204001234))
    assert list(old_personal_parts(b"", [record(0xC9, struct.pack("<d", 1234)), number])) == ["pivot"]


def test_what_offices_write_there_is_no_problem(office: Office) -> None:
    records = [
        text_object(0x19, "Đã hỏi lại ngày 16/5/2023: 1.234 vụ"),
        text_object(6, "CÔNG AN THỊ XÃ CỬA LÒ"),
        name("_FilterDatabase"),
        name("Z_1A2B3C4D_0912345678_.wvu.PrintArea"),
        record(DRAWING, bytes(range(256))),
        record(0x5A, struct.pack("<BBHBd", 0, 0, 0, 1, 12.0)),
    ]
    path = send(office, b"".join(records), header="&CBieu 2&RTrang &P/&N")
    assert len(office.clean().panel) == 3
    assert [note[1] for note in read_workbook(path, "a.xls")[0].notes] == ["xls"]


def test_pictures_are_said_not_to_be_looked_into(office: Office) -> None:
    send(office, record(GROUP, b"\x0f\x00\x00\xf0" + bytes(20) + b"\x00\x6e\x1e\xf0" + b"\x89PNG"))
    log = office.clean().log.set_index("what")["after"]
    assert log["not_searched"] == "the file holds pictures or other files, which were not looked into"


def test_a_record_that_says_too_great_a_length_ends_the_search() -> None:
    assert list(old_personal_parts(struct.pack("<HH", NAME, 60_000) + b"0987 654 321", [])) == ["names"]
    assert not list(old_personal_parts(b"\x18\x00\xff", []))
