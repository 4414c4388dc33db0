import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaning.old_text import NAMES, WARDS, stored
from helpers.cleaning.workbooks import text_table
from helpers.cleaning.workbooks.code_tables import CP1258, TCVN3
from helpers.cleaning.workbooks.text_table import DELIMITER_NAMES, DELIMITERS, read_text_table
from helpers.cleaning.workbooks.workbook import Sheet
from helpers.errors import DataProblems, Problem

HEADING = ["TT", "Phường", "Số vụ PPHS", "Tỷ lệ ĐTKP (%)"]
BODY = [[str(number), ward, str(10 * number), f"{80 + number},{number}5"] for number, ward in enumerate(WARDS[:9], 1)]
TITLES = [["CÔNG AN THÀNH PHỐ VINH"], ["Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"], []]
Read = Callable[..., Sheet]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("texts") / "a.csv"

    def read_bytes(content: str | bytes, known: Sequence[str] = NAMES) -> Sheet:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_text_table(path, "returns/a.csv", known)

    return read_bytes


def refusal(read: Read, content: str | bytes) -> Problem:
    with pytest.raises(DataProblems) as caught:
        read(content)
    (problem,) = caught.value.problems
    assert problem.file == "returns/a.csv" and problem.rule and problem.remedy
    return problem


def written(rows: Sequence[Sequence[str]], delimiter: str, quoting: int = csv.QUOTE_MINIMAL, end: str = "\r\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return stream.getvalue()


def rows_of(sheet: Sheet) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(max((row for row, _ in sheet.cells), default=0))]
    for (row, column), value in sorted(sheet.cells.items()):
        rows[row - 1] += [""] * (column - 1 - len(rows[row - 1])) + [str(value)]
    return rows


def noted(sheet: Sheet, what: str) -> str:
    ((place, _, before, after),) = [note for note in sheet.notes if note[1] == what]
    assert place == (0, 0) and after
    return before


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_whole_sheet_comes_back(read: Read, delimiter: str, quoting: int, end: str) -> None:
    rows = [*TITLES, HEADING, *BODY, ["", "Tổng cộng", "450", ""], [], ["", "", "Vinh, ngày 16 tháng 5"]]
    sheet = read(written(rows, delimiter, quoting, end))
    assert rows_of(sheet) == [row if any(row) else [] for row in [*rows[:13], ["", "Tổng cộng", "450"], *rows[14:]]]
    assert (sheet.file, sheet.name, sheet.is_hidden) == ("returns/a.csv", "", False)
    assert noted(sheet, "delimiter") == DELIMITER_NAMES[delimiter]
    assert noted(sheet, "encoding") == "utf-8"


FIELD = st.one_of(
    st.sampled_from(NAMES),
    st.integers(0, 99_999).map(str),
    st.tuples(st.integers(0, 100), st.integers(0, 99)).map(lambda pair: f"{pair[0]},{pair[1]:02d}"),
    st.integers(1_000, 999_999).map(lambda number: f"{number:,}".replace(",", ".")),
    st.sampled_from(["", "-", "84,95%", "=1+1", "a\nb", "Khiếu nại, tố cáo", 'gọi là "PPHS"']),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 7))
    heading = draw(st.lists(st.sampled_from(NAMES), min_size=width, max_size=width))
    row = st.tuples(st.sampled_from(WARDS), *[FIELD] * (width - 1)).map(list)
    return [heading, *draw(st.lists(row, min_size=3, max_size=20))]


@given(tables(), st.sampled_from(DELIMITERS), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_any_table_comes_back(read: Read, rows: list[list[str]], delimiter: str, quoting: int) -> None:
    sheet = read(written(rows, delimiter, quoting))
    expected = {(r, c): text for r, row in enumerate(rows, 1) for c, text in enumerate(row, 1) if text}
    assert dict(sheet.cells) == expected
    assert noted(sheet, "delimiter") == DELIMITER_NAMES[delimiter]


@pytest.mark.parametrize("encoding", [TCVN3, CP1258, "utf-16", "utf-8-sig"])
def test_old_encodings_and_tabs(read: Read, encoding: str) -> None:
    text = written([HEADING, *BODY], "\t")
    data = text.encode(encoding) if encoding.startswith("utf") else stored(text, encoding)
    assert rows_of(read(data)) == [HEADING, *BODY]


@pytest.mark.parametrize("name", NAMES)
def test_each_name_alone_is_one_cell(read: Read, name: str) -> None:
    for text in (name, f'"{name}"\r\n'):
        sheet = read(text)
        assert dict(sheet.cells) == {(1, 1): name}
        assert noted(sheet, "delimiter") == "none"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Phường;Tỷ lệ;Số vụ\nLê Lợi;7,5;3\n", [["Phường", "Tỷ lệ", "Số vụ"], ["Lê Lợi", "7,5", "3"]]),
        ("84,95;12\n", [["84,95", "12"]]),
        ("84,95;12,5\n7,25;3,5", [["84,95", "12,5"], ["7,25", "3,5"]]),
        ("84,95|12\n", [["84,95", "12"]]),
        ('"84,95",12\n', [["84,95", "12"]]),
        ("Tỷ lệ\n84,95\n7,25\n", [["Tỷ lệ"], ["84,95"], ["7,25"]]),
        ("Phường,Số vụ\nHà Huy Tập,12\n", [["Phường", "Số vụ"], ["Hà Huy Tập", "12"]]),
        ("a;b;c;;\n1;2;3;;\n", [["a", "b", "c"], ["1", "2", "3"]]),
        ("a;b\n\n\n1;2\n", [["a", "b"], [], [], ["1", "2"]]),
        (";;\n ; \na;b\n", [[], [], ["a", "b"]]),
        ('a;"dòng 1\ndòng 2; vẫn thế"\nb;c\n', [["a", "dòng 1\ndòng 2; vẫn thế"], ["b", "c"]]),
        ('Phường "Hà Huy Tập";12\nLê Lợi;3\n', [['Phường "Hà Huy Tập"', "12"], ["Lê Lợi", "3"]]),
        ("=1+1;@SUM(A1)\n+1;-2\n", [["=1+1", "@SUM(A1)"], ["+1", "-2"]]),
        ("Khiếu nại, tố cáo", [["Khiếu nại, tố cáo"]]),
        ("Công an, đội 2\nTháng 5; lần 2\n\na\tb, c\n", [["Công an, đội 2"], ["Tháng 5; lần 2"], [], ["a", "b, c"]]),
        ("a, b, c\nd, e, f\n", [["a", " b", " c"], ["d", " e", " f"]]),
        ("sep=;\r\na,b;c\r\n", [["a,b", "c"]]),
        ("sep=,\na;b,c\n", [["a;b", "c"]]),
        ('"sep=;"\n1;2\n', [["1", "2"]]),
        ("sep=#\n1#2\n", [["1", "2"]]),
        ("", []),
        ("\n\n", []),
    ],
)  # fmt: skip
def test_small_texts(read: Read, text: str, rows: list[list[str]]) -> None:
    assert rows_of(read(text)) == rows


def test_the_separator_line_is_in_the_notes_and_no_row(read: Read) -> None:
    sheet = read("sep=;\r\nPhường;Số vụ\r\n")
    assert (noted(sheet, "delimiter"), sheet.text((1, 1))) == ("semicolon", "Phường")


def test_rows_may_be_ragged(read: Read) -> None:
    text = "CÔNG AN TP VINH;;;CỘNG HÒA\nTháng 5\n\nPhường;Số vụ;Tỷ lệ\nLê Lợi;12;84,95\nCộng;12\n;;;NGƯỜI LẬP;\n"
    assert [len(row) for row in rows_of(read(text))] == [4, 1, 0, 3, 3, 2, 4]


def test_two_delimiters_that_fit_equally_are_not_chosen_between(read: Read) -> None:
    problem = refusal(read, "a;b|c\nd;e|f\n")
    assert "semicolon" in problem.rule and "vertical bar" in problem.rule


def test_decimal_commas_between_commas_are_refused(read: Read) -> None:
    problem = refusal(read, "Phường,Số vụ,Tỷ lệ\nLê Lợi,12,84,95\nLê Mao,3,70,5\n")
    assert problem.cell == "row 2" and "decimals" in problem.rule
    assert rows_of(read("Phường,2022,2023\nLê Lợi,12,84\n"))[1] == ["Lê Lợi", "12", "84"]


def test_a_quotation_mark_left_open_is_named(read: Read) -> None:
    problem = refusal(read, 'Phường;Số vụ\n"Lê Lợi";12\n"Lê Mao;3\nVinh Tân;4\n')
    assert problem.cell == "row 3" and "quotation" in problem.rule
    assert refusal(read, 'Phường;Số vụ\n"Lê" Lợi;12\n').cell == "row 2"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04\x14\x00", ".xlsx"), (bytes.fromhex("d0cf11e0a1b11ae1"), ".xls"), (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1\\ansi", "RTF"), (b"<html><table>", "web page"), (b"a,b\n1,\x00\n", "binary"),
        (b"\x1f\x8b\x08", "gzip"), (b"PAR1", "Parquet"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(read: Read, content: bytes, says: str) -> None:
    assert says in refusal(read, content).rule


def test_sizes_are_limited(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MOST_BYTES", 1_000_000)
    assert "1 MB" in refusal(read, b"a;b\n" * 250_001).rule
    monkeypatch.setattr(text_table, "MOST_CELLS", 9)
    assert "9 cells" in refusal(read, "a;b\n" * 5).rule


def test_the_delimiter_of_a_long_file_is_found_in_its_beginning(read: Read) -> None:
    rows = [HEADING, *BODY * 6_000, ["", 'dài, "trích"\n; dài']]
    assert rows_of(read(written(rows, ";"))) == rows


@given(
    st.binary(max_size=80) | st.text(max_size=80).map(str.encode) | st.text('ab1,;\t|"\n ', max_size=40).map(str.encode)
)
def test_any_bytes_are_read_or_refused(read: Read, content: bytes) -> None:
    try:
        sheet = read(content)
    except DataProblems as problems:
        assert all(problem.rule and problem.remedy for problem in problems.problems)
    else:
        assert all(isinstance(value, str) and value.strip() for value in sheet.cells.values())


def test_a_path_is_all_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"unit\tvalue\r\n16663\t4\r\n")
    assert read_text_table(path, "a.txt").text((2, 1)) == "16663"
