"""Lists of problems: in either language, harmless in a spreadsheet, and one page that asks nothing of the world."""

import csv
import random
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.cleaning.clerk.problem_lists import problems_frame, write_problem_csv, write_problem_page
from helpers.errors import Problem, UnwritableOutput, UsageError
from helpers.messages import say

RULE, REMEDY = say("a whole number of 0 or more"), say("Write digits only, as in 21085.")
BOOK = "returns/Vinh 5.xlsx"
PROBLEMS = (
    Problem("returns/mất.csv", "", "", "", say("this file is empty"), say("Fill the file in.")),
    Problem(BOOK, "", "", "", say("this file is empty"), say("Fill the file in.")),
    Problem(BOOK, "Tháng 5", "C2", "=1+1", RULE, REMEDY),
    Problem(BOOK, "Tháng 5", "C12", "<b>&\"'</b>", RULE, REMEDY),
    Problem(BOOK, "Tháng 6", say("row {row}", row=3), say("(empty)"), RULE, REMEDY),
)


def shuffled(seed: int) -> list[Problem]:
    problems = list(PROBLEMS)
    random.Random(seed).shuffle(problems)
    return problems


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style" and data.strip():
            self.words.append(" ".join(data.split()))


def page(problems, tmp_path: Path, language: str = "vi", title: str = "Lỗi <1>") -> str:
    path = write_problem_page(problems, tmp_path / "page.html", language, title=title)
    return path.read_text(encoding="utf-8")


def test_the_table_speaks_the_language_and_counts_rows_as_people_do() -> None:
    frame = problems_frame(shuffled(1), "vi")
    assert frame.columns.tolist() == ["Tệp", "Trang tính", "Vị trí", "Tìm thấy", "Yêu cầu", "Cần làm gì", "Loại"]
    assert frame["Vị trí"].tolist() == ["", "C2", "C12", "dòng 3", ""]
    assert frame["Tìm thấy"].tolist()[3] == "(trống)"
    assert frame["Yêu cầu"].tolist()[1] == "phải là số nguyên từ 0 trở lên"
    english = problems_frame(shuffled(2), "en")
    assert english.columns.tolist() == ["File", "Sheet", "Place", "Found", "Expected", "What to do", "Kind"]
    assert english["Place"].tolist()[3] == "row 3"


def test_a_table_of_nothing_has_its_columns() -> None:
    frame = problems_frame([], "en")
    assert frame.shape == (0, 7)


@pytest.mark.parametrize("write", [write_problem_csv, lambda *given: write_problem_page(*given, title="t")])
def test_the_same_problems_give_the_same_bytes_in_any_order(write, tmp_path: Path) -> None:
    contents = {write(shuffled(seed), tmp_path / f"{seed}", "vi").read_bytes() for seed in range(5)}
    assert len(contents) == 1


def test_the_csv_opens_in_excel_and_calculates_nothing(tmp_path: Path) -> None:
    path = write_problem_csv(PROBLEMS, tmp_path / "new" / "list.csv", "vi")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = read_csv(path)
    assert header[-2:] == ["Cần làm gì", "Loại"]
    assert [row[3] for row in rows] == ["", "'=1+1", "<b>&\"'</b>", "(trống)", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\N{NO-BREAK SPACE}=", "＝"])
@pytest.mark.parametrize("part", ["file", "sheet", "cell", "value", "rule", "remedy"])
def test_no_part_of_a_problem_is_a_formula(start: str, part: str, tmp_path: Path) -> None:
    parts = dict.fromkeys(("file", "sheet", "cell", "value", "rule", "remedy"), "x") | {
        part: f"{start}cmd|' /C calc'!A0"
    }
    _, (*row, _) = read_csv(write_problem_csv([Problem(**parts)], tmp_path / "list.csv", "en"))
    assert [text for text in row if text != "x"] == [f"'{start}cmd|' /C calc'!A0"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_is_one_file_without_script_or_address(language: str, tmp_path: Path) -> None:
    text = page(PROBLEMS, tmp_path, language)
    tags = Page(text).tags
    assert ("html", {"lang": language}) in tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "form", "base", "object"})
    policy = next(attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"https?:|//|url\(|@import|\son\w+=", text)
    links = {attrs["href"] for tag, attrs in tags if tag == "a"}
    assert links == {"#file-1", "#file-2"}
    assert {f"#{attrs.get('id')}" for _, attrs in tags} >= links


def test_everything_on_the_page_is_escaped(tmp_path: Path) -> None:
    bad = "</style><script>alert(1)</script>\"'"
    text = page([Problem(bad, bad, bad, bad, bad, bad)], tmp_path, title=bad)
    assert "<script" not in text
    assert Page(text).words.count(bad) >= 5


def test_the_page_groups_by_file_and_counts(tmp_path: Path) -> None:
    shown = Page(page(shuffled(3), tmp_path))
    assert "Tìm thấy 5 lỗi trong 2 tệp." in shown.words
    assert shown.words.index("4 lỗi") < shown.words.index("C2") < shown.words.index("C12") < shown.words.index("1 lỗi")
    assert sum(tag == "table" for tag, _ in shown.tags) == 3


def test_headings_of_tables_are_headings(tmp_path: Path) -> None:
    tags = Page(page(PROBLEMS, tmp_path)).tags
    scopes = [attrs.get("scope") for tag, attrs in tags if tag == "th"]
    assert set(scopes) == {"col", "row"}
    assert scopes.count("row") == len(PROBLEMS) + 2


def test_a_file_without_sheets_has_no_column_of_sheets(tmp_path: Path) -> None:
    assert "Trang tính" not in Page(page(PROBLEMS[:1], tmp_path)).words
    assert "Trang tính" in Page(page(PROBLEMS[2:3], tmp_path)).words


def test_the_page_says_what_to_do_first(tmp_path: Path) -> None:
    words = Page(page(PROBLEMS, tmp_path, "en")).words
    assert words.index("What to do first") < words.index("Problems by file")
    begin = next(text for text in words if text.startswith("Begin with"))
    assert begin.endswith(f": {BOOK}, returns/mất.csv.")
    assert not any(text.startswith("Begin with") for text in Page(page(PROBLEMS[2:4], tmp_path, "en")).words)
    many = [Problem(f"{number}.csv", "", "", "", "r", "m") for number in range(40)]
    assert any("40 files have such problems" in text for text in Page(page(many, tmp_path, "en")).words)


@pytest.mark.parametrize(
    ("problems", "summary"),
    [
        (PROBLEMS[:0], "No problem was found. There is nothing to do."),
        (PROBLEMS[:1], "1 problem was found, in one file."),
        (PROBLEMS[1:4], "3 problems were found, all in one file."),
    ],
)
def test_the_page_counts_in_words(problems, summary: str, tmp_path: Path) -> None:
    assert summary in Page(page(problems, tmp_path, "en")).words


def test_a_title_that_is_a_message_is_translated(tmp_path: Path) -> None:
    text = page(PROBLEMS, tmp_path, title=say("What to correct in study {study}", study="vinh"))
    assert "<h1>Những điểm cần sửa trong nghiên cứu vinh</h1>" in text


def in_sheets(count: int, file: str = BOOK) -> list[Problem]:
    return [Problem(file, f"T{number:02d}", "C5", "PPHS", RULE, REMEDY) for number in range(1, count + 1)]


def test_what_is_wrong_in_many_sheets_is_one_row(tmp_path: Path) -> None:
    text = page(in_sheets(60), tmp_path, "en")
    shown = Page(text)
    assert sum(attrs.get("scope") == "row" for tag, attrs in shown.tags if tag == "th") == 2
    assert "60 problems were found, all in one file." in shown.words
    assert any(word == "and at this place of 59 more sheets: T02 … T60" for word in shown.words)
    rows = read_csv(write_problem_csv(in_sheets(60), tmp_path / "list.csv", "en"))
    assert len(rows) == 61


def test_cells_put_aside_stand_below_and_apart(tmp_path: Path) -> None:
    path = write_problem_page(PROBLEMS[:1], tmp_path / "page.html", "vi", title="x", put_aside=PROBLEMS[2:4])
    words = Page(path.read_text(encoding="utf-8")).words
    assert words.index("Số lỗi theo từng tệp") < words.index("returns/mất.csv")
    assert words.index("returns/mất.csv") < words.index("Các ô bị để riêng") < words.index("C2")
    _, *rows = read_csv(write_problem_csv(PROBLEMS[2:3], tmp_path / "list.csv", "en", put_aside=PROBLEMS[:1]))
    assert [(row[0], row[-1]) for row in rows] == [(BOOK, "to be corrected"), ("returns/mất.csv", "put aside")]
    alone = write_problem_page([], tmp_path / "alone.html", "en", title="x", put_aside=PROBLEMS[2:4])
    words = Page(alone.read_text(encoding="utf-8")).words
    assert "Nothing must be corrected. 2 cells were put aside." in words
    assert "What to do first" not in words


def test_an_unknown_language_writes_nothing(tmp_path: Path) -> None:
    for write in (write_problem_csv, lambda *given: write_problem_page(*given, title="t")):
        with pytest.raises(UsageError, match="fr"):
            write(PROBLEMS, tmp_path / "list", "fr")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UnwritableOutput, match="file"):
        write_problem_csv(PROBLEMS, tmp_path / "file" / "list.csv", "vi")
