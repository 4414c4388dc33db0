import time
import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cleaning.periods.fit import study_period
from helpers.cleaning.periods.names import is_comparison, is_cumulative, read_heading, read_key, read_sheet_name
from helpers.cleaning.periods.reading import PeriodReading, completed
from helpers.cleaning.periods.spellings import without_accents

WORDS = ("một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười một", "mười hai")
ROMAN = ("I", "II", "III", "IV")
MONTH_SPELLINGS = (
    "Tháng {month}/{year}", "tháng {month:02d} năm {year}", "Tháng {month} - {year}", "tháng {month}.{year}",
    "T{month}/{year}", "T{month:02d}-{year}", "T{month}.{year}", "{month}/{year}", "{month:02d}.{year}",
    "{month:02d}-{year}", "{year}-{month:02d}", "{year}/{month}", "Tháng {word}/{year}", "tháng {word} năm {year}",
    "Kỳ báo cáo: tháng {month}/{year}", "Kỳ báo cáo {month}/{year}", "(tháng {month}/{year})", "{english} {year}",
    "{english}-{short:02d}", "T{month}/{short:02d}", "tháng {month}\nnăm {year}", "Năm {year}|Tháng {month}",
    "Năm {year}|Tháng|{month}", "Thg {month}, {year}", "thg{month}-{short:02d}", "{year}-T{month:02d}",
)  # fmt: skip
QUARTER_SPELLINGS = (
    "Quý {roman}/{year}", "Quý {quarter} năm {year}", "quý {roman} - {year}", "Q{quarter}/{year}", "Q{roman}-{year}",
    "{year}Q{quarter}", "{year}-Q{quarter}", "Quí {roman} năm {year}", "Năm {year}|Quý {roman}",
)  # fmt: skip
YEAR_SPELLINGS = ("Năm {year}", "{year}", "năm {year}", "Cả năm {year}", "(Năm {year})", "Year {year}")
SPAN_SPELLINGS = (
    "từ {first} đến {last}", "Từ ngày {first} đến hết ngày {last}", "{first} - {last}", "{first}–{last}",
    "từ 0h ngày {first} đến 24h ngày {last}", "(từ ngày {first} tới ngày {last})", "{first:short}-{last}",
    "từ ngày {first:words} đến ngày {last:words}",
)  # fmt: skip

years = st.integers(2000, 2099)
months = st.integers(1, 12)
changes = st.sampled_from([
    lambda text: text,
    str.upper,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: f"  {text} ",
    lambda text: text.replace(" ", "\u00a0"),
])  # fmt: skip
MOST_SECONDS = 2
"""A fiftieth of it on an idle machine; the rest is for one that is busy testing."""
FEW = 25
"""Examples for each of many spellings."""
ENGLISH = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def label(kind: str, year: int, month: int) -> PeriodReading:
    number = {"month": month, "quarter": (month + 2) // 3, "year": None}[kind]
    return PeriodReading(kind, year, number)  # type: ignore[arg-type]


def spelled(template: str, year: int, month: int) -> str:
    quarter = (month + 2) // 3
    return template.format(
        month=month, year=year, word=WORDS[month - 1], quarter=quarter, roman=ROMAN[quarter - 1],
        english=ENGLISH[month - 1], short=year % 100,
    )  # fmt: skip


SPELLINGS = [
    (kind, template)
    for kind, templates in (("month", MONTH_SPELLINGS), ("quarter", QUARTER_SPELLINGS), ("year", YEAR_SPELLINGS))
    for template in templates
]


@pytest.mark.parametrize(("kind", "template"), SPELLINGS)
@settings(max_examples=FEW)
@given(year=years, month=months, change=changes)
def test_every_spelling_reads_back(kind: str, template: str, year: int, month: int, change) -> None:
    text = change(spelled(template, year, month))
    assert read_heading(text).period == label(kind, year, month)
    assert read_heading(text).rest in ("", "cả")
    if "Cả" not in template:
        assert read_key(text) == label(kind, year, month)
    assert read_sheet_name(text) == label(kind, year, month)


@pytest.mark.parametrize(("kind", "template"), SPELLINGS)
@settings(max_examples=FEW)
@given(year=years, month=months)
def test_every_spelling_reads_back_without_accents(kind: str, template: str, year: int, month: int) -> None:
    text = without_accents(spelled(template, year, month))
    if "Nam" in text and "|" in text:
        text = text.replace("|", " | ")
    assert read_heading(text).period == label(kind, year, month)


class Day(date):
    def __format__(self, how: str) -> str:
        if how == "short":
            return f"{self.day}/{self.month}"
        return (
            f"{self.day} tháng {self.month} năm {self.year}"
            if how == "words"
            else f"{self.day:02d}/{self.month}/{self.year}"
        )


@pytest.mark.parametrize("template", SPAN_SPELLINGS)
@settings(max_examples=FEW)
@given(first=st.dates(date(2000, 1, 1), date(2098, 1, 1)), length=st.integers(1, 300), change=changes)
def test_every_span_reads_back(template: str, first: date, length: int, change) -> None:
    last = date.fromordinal(first.toordinal() + length)
    text = template.format(first=Day(first.year, first.month, first.day), last=Day(last.year, last.month, last.day))
    assert read_heading(change(text)).period == PeriodReading("span", first_day=first, last_day=last)


@pytest.mark.parametrize(
    "text",
    [
        "22/2022/NĐ-CP", "QĐ 5764/QĐ-BCA", "Quyết định 5764/QĐ-BCA-V05", "Phường 5", "P.12", "P.5", "Số: 15/BC-CAP",
        "Mẫu số 05/2019", "Biểu số 05-2019", "0912.345.678", "02383 840 113", "1.234", "84,95%", "Số vụ", "Khối 5",
        "Vinh, ngày 16 tháng 5 năm 2023", "ngày   tháng 5 năm 2023", "Vinh, ngày … tháng … năm 2023", "16/5/2023 2",
        "giai đoạn 2023-2030", "Đội 2", "Điều 5", "Trẻ em dưới 6 tháng tuổi", "Nghị quyết số 11-NQ/TU ngày 07/3/2023",
        "Thông tư 05/2019/TT-BCA", "Tổng số 2023 vụ", "5/23", "13/2023", "Tháng 13/2023", "Quý V/2023", "Quý khách 2",
        "TT5/2023", "Nam", "Sheet1", "Trong tháng|5",
        "Trong quý|II. Ma túy", "Trong tháng|3 trọng điểm", "Bảng 5", "Từ chối", "Trong đó",
    ],
)  # fmt: skip
def test_what_is_no_period_is_not_read(text: str) -> None:
    heading = read_heading(text)
    assert heading.period is None
    assert not heading.readings
    assert read_key(text) is None or text == "16/5/2023 2"
    assert not heading.is_cumulative


def test_a_heading_without_a_period_is_left_alone() -> None:
    assert read_heading("Theo NĐ 22/2022/NĐ-CP").rest == "theo nđ 22/2022/nđ-cp"
    assert read_heading("Trong đó|Trẻ em").rest == "trong đó|trẻ em"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Phạm pháp hình sự|Tháng 5/2023", "phạm pháp hình sự"),
        ("Số vụ trong tháng 5/2023", "số vụ"),
        ("Trong đó: trẻ em (T5/2023)", "trong đó: trẻ em"),
        ("TNGT|Lũy kế từ đầu năm", "tngt"),
        ("Phường 5 tháng 5/2023", "phường 5"),
        ("Nam|2023", "nam"),
    ],
)
def test_what_a_heading_counts_is_left(text: str, rest: str) -> None:
    assert read_heading(text).rest == rest


def test_the_reported_days_stand_beside_the_label() -> None:
    period = read_heading("Kỳ báo cáo tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)").period
    assert period == PeriodReading("month", 2023, 5, first_day=date(2023, 4, 15), last_day=date(2023, 5, 14))
    assert read_heading("Tháng 1/2023 (từ 15/12 đến 14/1)").period == PeriodReading(
        "month", 2023, 1, first_day=date(2022, 12, 15), last_day=date(2023, 1, 14)
    )
    assert read_heading("Tháng 2/2023 (từ 30/2 đến 14/3)").period.is_impossible


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("6 tháng đầu năm 2023", (1, 6)),
        ("9 tháng năm 2023", (1, 9)),
        ("9 tháng/2023", (1, 9)),
        ("Chín tháng đầu năm 2023", (1, 9)),
        ("5 tháng đầu năm 2023", (5, 5)),
        ("Lũy kế đến tháng 5/2023", (5, 5)),
        ("Luỹ kế|Tháng 5/2023", (5, 5)),
        ("Cộng dồn đến quý II/2023", (4, 6)),
        ("Tháng 5/2023 (lũy kế)", (5, 5)),
        ("12 tháng năm 2023", (1, 12)),
        ("Year to date, May 2023", (5, 5)),
        ("6T đầu năm 2023", (1, 6)),
        ("Luy ke den thang 5/2023", (5, 5)),
    ],
)
def test_words_of_adding_up(text: str, end: tuple[int, int]) -> None:
    heading = read_heading(text)
    assert heading.period is not None
    assert (heading.period.year, heading.period.months) == (2023, end)
    assert heading.is_cumulative == heading.period.is_cumulative == (text != "12 tháng năm 2023")


def test_adding_up_whose_end_stands_elsewhere() -> None:
    heading = read_heading("Lũy kế từ đầu năm")
    assert (heading.period, heading.is_cumulative, heading.rest) == (None, True, "")
    assert read_heading("Lũy kế 9 tháng").period == PeriodReading("nine_months", is_cumulative=True)
    until = read_heading("Từ đầu năm đến ngày 14/5/2023").period
    assert until == PeriodReading("span", last_day=date(2023, 5, 14), is_cumulative=True)
    assert not is_cumulative("Tháng 5/2023")
    assert not is_cumulative("6 tháng cuối năm 2023")


@pytest.mark.parametrize(
    "text",
    [
        "Cùng kỳ", "cùng kỳ năm trước", "Cùng kỳ năm 2022", "So với cùng kỳ (+/-)", "SO SÁNH", "Tăng, giảm", "+/-",
        "% tăng giảm", "Tăng/giảm", "Năm trước", "Tháng trước", "Tăng (+)", "Giảm", "Số vụ|% giảm", "so voi cung ky",
        "tang/giam", "Tỷ lệ tăng %", "Same period of last year", "Chênh lệch", "Quý liền trước",
    ],
)  # fmt: skip
def test_comparisons(text: str) -> None:
    assert is_comparison(text)
    assert is_comparison(unicodedata.normalize("NFD", text.upper()))
    assert read_heading(text).period is None


@pytest.mark.parametrize("text", ["Tăng cường tuần tra", "Tạm giam", "tam giam", "Số vụ", "Giảm nghèo", "Năm 2023", ""])
def test_what_does_not_compare(text: str) -> None:
    assert not is_comparison(text)


def test_a_heading_that_names_two_periods_is_unclear() -> None:
    for text in ("Tháng 5/2023|Tháng 6/2023", "Năm 2022|Năm 2023|Tháng 5", "Tháng 5 và 5 tháng đầu năm 2023"):
        heading = read_heading(text)
        assert heading.is_unclear
        assert heading.period is None


def test_months_that_are_several_are_not_one() -> None:
    assert read_heading("Từ tháng 1 đến tháng 5/2023").period == PeriodReading("range", 2023, 5, 1)
    assert read_heading("Quý I và II/2023").period == PeriodReading("range", 2023, 6, 1)
    assert read_heading("Tháng 4, 5 năm 2023").period == PeriodReading("range", 2023, 5, 4)


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (5, PeriodReading("month", number=5)),
        (5.0, PeriodReading("month", number=5)),
        ("05", PeriodReading("month", number=5)),
        ("Tháng 5", PeriodReading("month", number=5)),
        ("T5", PeriodReading("month", number=5)),
        ("Tháng tư", PeriodReading("month", number=4)),
        (2023, PeriodReading("year", 2023)),
        ("2023", PeriodReading("year", 2023)),
        (5.2023, PeriodReading("month", 2023, 5)),
        (10.202, PeriodReading("month", 2020, 10)),
        (202305, PeriodReading("month", 2023, 5)),
        ("202305", PeriodReading("month", 2023, 5)),
        (45047, PeriodReading("day", first_day=date(2023, 5, 1), last_day=date(2023, 5, 1))),
        ("14/05/2023", PeriodReading("day", first_day=date(2023, 5, 14), last_day=date(2023, 5, 14))),
        ("2023-05-14", PeriodReading("day", first_day=date(2023, 5, 14), last_day=date(2023, 5, 14))),
        (date(2023, 5, 14), PeriodReading("day", first_day=date(2023, 5, 14), last_day=date(2023, 5, 14))),
        (datetime(2023, 5, 14, 8), PeriodReading("day", first_day=date(2023, 5, 14), last_day=date(2023, 5, 14))),
        *((bad, None) for bad in (0, 13, -5, 5.5, 1.2, True, None, "", "Tổng", "31/02/2023", float("nan"), 10**12)),
    ],
)
def test_key_cells(value: object, reading: PeriodReading | None) -> None:
    assert read_key(value) == reading


def test_the_heading_of_a_key_column_says_what_a_small_number_is() -> None:
    assert read_key(2, number="quarter") == read_key("II", number="quarter") == PeriodReading("quarter", number=2)
    assert read_key(5, number="quarter") is None
    assert read_key(5, number="year") is None


def test_a_month_is_completed_by_a_year_and_keeps_its_own() -> None:
    partial = read_key("Tháng 5")
    assert partial is not None
    assert partial.is_partial
    assert completed(partial, 2023) == PeriodReading("month", 2023, 5)
    assert completed(PeriodReading("month", 2022, 5), 2023).year == 2022
    assert study_period(partial, "police_month").fit == "partial"


def test_names_of_sheets() -> None:
    assert read_sheet_name("Biểu 1 - T05-2023") == PeriodReading("month", 2023, 5)
    assert read_sheet_name("Tháng 5") == read_sheet_name("T5") == PeriodReading("month", number=5)
    assert read_sheet_name("Tháng 5 2023") == PeriodReading("month", 2023, 5)
    assert read_sheet_name("T5_2023") == PeriodReading("month", 2023, 5)
    assert read_sheet_name("Sheet1") is read_sheet_name("Tổng hợp") is read_sheet_name("3") is None


@pytest.mark.parametrize(
    "part", ["5 ", "ngày . ", "tháng 5 ", "15/4/", "từ ", "|", "6 tháng ", "1/2023/", "( ", "năm "]
)
def test_a_long_text_takes_no_long_time(part: str) -> None:
    start = time.perf_counter()
    read_heading(part * (5000 // len(part)))
    assert time.perf_counter() - start < MOST_SECONDS


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    read_heading(text)
    read_key(text)
    is_comparison(text)
