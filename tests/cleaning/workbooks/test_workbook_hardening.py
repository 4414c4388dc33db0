"""Workbooks that are damaged, hostile or something else: each is refused in words, and none ends in a traceback."""

import io
import os
import random
import struct
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import pytest
import xlwt
from openpyxl import Workbook

from helpers.cleaning.workbooks import workbook as workbook_module
from helpers.cleaning.workbooks import workbook_archive
from helpers.cleaning.workbooks.workbook import read_workbook, workbook_of
from helpers.cleaning.workbooks.workbook_kinds import OLE_SIGNATURE
from helpers.errors import DataProblems, Problem

CORRUPTIONS = int(os.environ.get("WORKBOOK_CORRUPTIONS", "400"))
"""How many damaged copies of each workbook are tried; more are asked for in a slow run."""
OLD_CORRUPTIONS = max(CORRUPTIONS // 20, 1)
"""Each old workbook that is not refused at once is read in a process of its own."""

SHEET, SHARED = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NAMESPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WEB_PAGE = "a readable workbook is expected; the file is a web page that was named as one"
PLAIN_TEXT = "a readable workbook is expected; the file is plain text that was named as one"
DOCUMENT_TYPE = "the workbook's XML defines a document type, as in no file that Excel writes"
OVERLAP = "parts of the workbook lie over each other or have one name, as in no file that Excel writes"
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><worksheet><sheetData><row><c><v>&a11;</v></c></row></sheetData></worksheet>"
).encode()


def saved(workbook: Workbook) -> bytes:
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@cache
def a_workbook() -> bytes:
    workbook = Workbook()
    page = workbook.worksheets[0]
    for row in ("Đơn vị", "Số vụ"), ("P. Nghi Thu", 5), ("P. Nghi Thủy", "=SUM(B2:B2)"), ("Tỷ lệ", 0.5):
        page.append(row)
    page["B4"].number_format = "0.00%"
    page.merge_cells("C1:D2")
    workbook.create_sheet("hai")["A1"] = 1
    return changed(saved(workbook), share_texts)


def share_texts(parts: dict[str, bytes]) -> None:
    """Put the first text where Excel puts all: among the shared ones, which openpyxl does without."""
    text = "Đơn vị".encode("ascii", "xmlcharrefreplace")
    cell, shared = b' t="inlineStr"><is><t>' + text + b"</t></is>", b' t="s"><v>0</v>'
    assert cell in parts[SHEET]
    parts[SHEET] = parts[SHEET].replace(cell, shared)
    parts[SHARED] = b'<sst xmlns="%s"><si><t>%s</t></si></sst>' % (NAMESPACE, text)


@cache
def an_old_workbook() -> bytes:
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("một")
    for row in range(30):
        page.write(row, 0, f"P. {row}")
        page.write(row, 1, row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def changed(data: bytes, edit: Callable[[dict[str, bytes]], object]) -> bytes:
    """Return an archive whose parts, by name, were edited."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    edit(parts)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return stream.getvalue()


def problem(data: bytes) -> Problem:
    with pytest.raises(DataProblems) as caught:
        workbook_of(data, "a.xlsx")
    (only,) = caught.value.problems
    assert only.file == "a.xlsx" and only.rule and only.remedy
    return only


def ole(*streams: str) -> bytes:
    entries = b"".join((name + "\0").encode("utf-16-le").ljust(64, b"\0").ljust(128, b"\1") for name in streams)
    return OLE_SIGNATURE.ljust(512, b"\0") + entries


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name in names:
            target.writestr(name, b"x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html><body><table><tr><td>5", WEB_PAGE),
        (b'\xef\xbb\xbf\r\n<TABLE border="1">', WEB_PAGE),
        ("<html><table>".encode("utf-16"), WEB_PAGE),
        (
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related",
            WEB_PAGE,
        ),
        ("Đơn vị\tSố vụ\nNghi Thu\t5\n".encode(), PLAIN_TEXT),
        (b"a;b\n1;2\n", PLAIN_TEXT),
        (b"%PDF-1.7", "the file is a PDF that was named as a workbook"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "the file is a workbook of the XML kind of 2003, which is not read",
        ),
        (b"\x09\x02\x06\x00" + bytes(99), "the workbook is of a version of Excel before 5.0, which is not read"),
        (ole("EncryptionInfo", "EncryptedPackage"), "the workbook is protected by a password"),
        (ole("WordDocument"), "the file is a document or a presentation, no workbook"),
        (ole("Workbook"), "a whole, readable .xlsx workbook is expected"),
        (archive("xl/workbook.bin"), "the file is a binary workbook (.xlsb), which is not read"),
        (archive("mimetype", "content.xml"), "the file is an OpenDocument file (.ods), which is not read"),
        (archive("word/document.xml"), "the file is a document or a presentation, no workbook"),
        (archive("a.txt"), "the part xl/_rels/workbook.xml.rels of the workbook is missing"),
        (bytes(range(256)), "a whole, readable .xlsx workbook is expected"),
    ],
)
def test_what_is_something_else_is_named(content: bytes, rule: str) -> None:
    assert problem(content).rule == rule


def test_names_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(a_workbook())
    (tmp_path / "b.xlsx").write_bytes(an_old_workbook())
    assert read_workbook(tmp_path / "a.xls", "a.xls")[0].text((2, 1)) == "P. Nghi Thu"
    assert read_workbook(tmp_path / "b.xlsx", "b.xlsx")[0].text((2, 1)) == "P. 1"


def test_an_old_workbook_with_a_password_is_refused() -> None:
    data = an_old_workbook()
    bof = data.index(b"\x09\x08\x10\x00\x00\x06")
    codepage = data.index(b"\x42\x00\x02\x00", bof)
    assert (
        problem(data[:codepage] + b"\x2f\x00" + data[codepage + 2 :]).rule == "the workbook is protected by a password"
    )


def test_a_file_that_is_too_large_or_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_module, "MOST_FILE_BYTES", 1_000_000)
    (tmp_path / "a.xlsx").write_bytes(bytes(1_000_001))
    for name, rule in (("a.xlsx", "a file of at most 1 MB is expected"), ("b.xlsx", "a whole, readable")):
        with pytest.raises(DataProblems, match=rule):
            read_workbook(tmp_path / name, name)


def test_a_bomb_is_refused_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_archive, "MOST_UNPACKED_BYTES", 20_000_000)
    bomb = changed(a_workbook(), lambda parts: parts.update({"xl/media/a.bin": bytes(20_000_000)}))
    assert len(bomb) < 100_000
    assert problem(bomb).rule == "a workbook of at most 20 MB unpacked is expected"


def test_a_bomb_that_declares_little_is_read_no_further() -> None:
    blanks = b" " * 50_000_000
    bomb = changed(a_workbook(), lambda parts: parts.update({SHEET: parts[SHEET] + blanks}))
    with zipfile.ZipFile(io.BytesIO(bomb)) as source:
        size = source.getinfo(SHEET).file_size
    forged = bomb.replace(struct.pack("<I", size), struct.pack("<I", 1_000))
    start = time.process_time()
    assert problem(forged).rule == "a whole, readable .xlsx workbook is expected"
    assert time.process_time() - start < 2


def test_parts_over_each_other_are_refused() -> None:
    data = a_workbook()
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        first, second = (source.getinfo(name).header_offset for name in source.namelist()[:2])
    place = data.rindex(struct.pack("<I", second), data.index(b"PK\x01\x02"))
    assert problem(data[:place] + struct.pack("<I", first) + data[place + 4 :]).rule == OVERLAP


def test_a_part_given_twice_is_refused() -> None:
    stream = io.BytesIO(a_workbook())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as target:
        target.writestr(SHEET, b"<worksheet/>")
    assert problem(stream.getvalue()).rule == OVERLAP


def test_a_wrong_checksum_is_refused() -> None:
    data = a_workbook()
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        checksum = struct.pack("<I", source.getinfo(SHEET).CRC)
    assert problem(data.replace(checksum, b"\1\2\3\4")).rule == "a whole, readable .xlsx workbook is expected"


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"])
def test_entities_are_refused_before_they_grow(part: str) -> None:
    start = time.process_time()
    assert problem(changed(a_workbook(), lambda parts: parts.update({part: LAUGHS}))).rule == DOCUMENT_TYPE
    assert time.process_time() - start < 2


def test_entities_among_the_shared_texts_do_not_grow() -> None:
    laughs = LAUGHS[: LAUGHS.index(b"<worksheet")] + b'<sst xmlns="%s"><si><t>&a11;</t></si></sst>' % NAMESPACE
    start = time.process_time()
    with suppress(DataProblems):
        (sheet, _) = workbook_of(changed(a_workbook(), lambda parts: parts.update({SHARED: laughs})), "a.xlsx")
        assert len(sheet.text((1, 1))) < 100
    assert time.process_time() - start < 2


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_missing_part_is_named(part: str) -> None:
    assert (
        problem(changed(a_workbook(), lambda parts: parts.pop(part))).rule
        == f"the part {part} of the workbook is missing"
    )


def test_sheets_of_one_name_and_too_many_sheets_are_refused() -> None:
    def rename(parts: dict[str, bytes]) -> None:
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'"hai"', b'"Sheet"')

    found = problem(changed(a_workbook(), rename))
    assert (found.sheet, found.rule) == ("Sheet", "two sheets of the workbook have this name")

    def multiply(parts: dict[str, bytes]) -> None:
        sheet = b'<sheet name="hai" sheetId="2" r:id="rId2"/>'
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", sheet * 501 + b"</sheets>")

    assert problem(changed(a_workbook(), multiply)).rule == "a workbook of at most 500 sheets is expected"


@pytest.mark.parametrize("cell", ["XFD1048576", "ZZZ1", "ZZZZZZ7", "A99999999999"])
def test_a_cell_far_away_is_refused(cell: str) -> None:
    def move(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b'r="B2"', f'r="{cell}"'.encode())

    assert problem(changed(a_workbook(), move))


def test_a_cell_given_twice_is_refused() -> None:
    def repeat(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b'<row r="3"', b'<row r="2"><c r="B2"><v>6</v></c></row><row r="3"')

    found = problem(changed(a_workbook(), repeat))
    assert (found.sheet, found.rule) == ("Sheet", "a cell of the sheet stands in the file twice, with two values")


def test_a_column_hidden_far_beyond_the_sheet_does_not_fill_the_memory() -> None:
    def hide(parts: dict[str, bytes]) -> None:
        column = b'<cols><col min="3" max="9999999" hidden="1"/></cols><sheetData>'
        parts[SHEET] = parts[SHEET].replace(b"<sheetData>", column)

    sheet = workbook_of(changed(a_workbook(), hide), "a.xlsx")[0]
    assert (min(sheet.hidden_columns), max(sheet.hidden_columns)) == (3, 16_384)


def corrupted(data: bytes, chance: random.Random) -> bytes:
    copy = bytearray(data)
    for _ in range(chance.choice((1, 2, 10, 50))):
        copy[chance.randrange(len(copy))] = chance.randrange(256)
    return bytes(copy[: chance.randrange(len(copy))] if chance.random() < 0.2 else copy)


def corrupt_part(parts: dict[str, bytes], *, name: str, chance: random.Random) -> None:
    parts[name] = corrupted(parts[name], chance)


def check_corrupted(data: bytes) -> None:
    try:
        assert isinstance(workbook_of(data, "a"), tuple)
    except DataProblems as error:
        assert all(one.file == "a" and one.rule and one.remedy for one in error.problems)


def test_damaged_bytes_give_sheets_or_problems() -> None:
    chance = random.Random(1)
    for _ in range(CORRUPTIONS):
        check_corrupted(corrupted(a_workbook(), chance))


def test_damaged_parts_give_sheets_or_problems() -> None:
    """The archive is whole, so the damage reaches the readers of XML."""
    chance = random.Random(2)
    names = (SHEET, SHARED, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels")
    for _ in range(CORRUPTIONS):
        name = chance.choice(names)
        check_corrupted(changed(a_workbook(), partial(corrupt_part, name=name, chance=chance)))


def test_damaged_old_workbooks_give_sheets_or_problems() -> None:
    chance = random.Random(3)
    for _ in range(OLD_CORRUPTIONS):
        check_corrupted(corrupted(an_old_workbook(), chance))
