from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.cleaning.periods.fit import day_written
from helpers.cleaning.periods.reading import PeriodReading
from helpers.cleaning.periods.titles import read_title_period
from helpers.study.periods import PERIOD_KINDS, PERIODS_PER_YEAR, PeriodKind, period_days, period_label


@pytest.mark.parametrize(
    "lines",
    [
        ["Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"],
        ["BÁO CÁO THÁNG 05 NĂM 2023", "(Từ ngày 15/04/2023 đến ngày 14/05/2023)"],
        ["Kỳ báo cáo: tháng 5.2023"],
        ["Số liệu từ 15/4/2023 đến 14/5/2023"],
        ["Số liệu từ ngày 15 tháng 4 năm 2023 đến hết ngày 14 tháng 5 năm 2023"],
        ["Vinh, ngày 16 tháng 6 năm 2023", "Tháng 5/2023"],
        ["Vinh, ngày    tháng 6 năm 2023", "Tháng 5/2023"],
        ["THANG 5/2023 (tu ngay 15/4/2023 den ngay 14/5/2023)"],
        ["Tháng 5 (từ 15/4 đến 14/5)", "Năm 2023"],
        ["Mẫu số 06/2019", "5/2023"],
        ["Theo Nghị định 22/2022/NĐ-CP", "Báo cáo T5/2023"],
        ["Tháng 5/2023 so với cùng kỳ tháng 5/2022"],
        ["Tình hình tháng 5 và 5 tháng đầu năm 2023"],
        ["Báo cáo tháng 5/2023 và lũy kế từ đầu năm"],
        ["Thực hiện kế hoạch năm 2022", "Tháng 5/2023"],
        ["BÁO CÁO QUÝ II NĂM 2023", "Tháng 5"],
    ],
)
def test_police_months_are_read(lines: list[str]) -> None:
    title = read_title_period(lines, "Sheet1", "police_month")
    assert (title.period, title.fit, title.rule) == ("2023-05", "same", "")
    assert title.has_days == any("15" in line for line in lines)
    assert not title.is_cumulative


@pytest.mark.parametrize(
    ("lines", "sheet", "rule"),
    [
        (["Báo cáo"], "T05-2023", "no line above the table names a police month"),
        (
            ["Tháng 5/2023 (từ 01/5/2023 đến 31/5/2023)"],
            "",
            "the days of police month 2023-05 are 15/4/2023 to 14/5/2023",
        ),
        (
            ["Tháng 5/2023 (từ 15/5/2023 đến 14/6/2023)"],
            "",
            "the days of police month 2023-05 are 15/4/2023 to 14/5/2023",
        ),
        (["Tháng 5/2023 (từ 1/5 đến 31/5)"], "", "the days of police month 2023-05 are 15/4/2023 to 14/5/2023"),
        (["Tháng 5/2023", "Tháng 6/2023"], "", "the lines above the table name more than one period"),
        (["So sánh tháng 5/2023 với tháng 4/2023"], "", "the lines above the table name more than one period"),
        (
            ["Từ 15/4/2023 đến 14/5/2023", "Từ 15/5/2023 đến 14/6/2023"],
            "",
            "the lines above the table name more than one period",
        ),
        (["Tháng 5/2023 (từ 31/4/2023 đến 14/5/2023)"], "", "the dates in the title are no dates of the calendar"),
        (["Tháng 5/2023"], "T06-2023", "the title says 2023-05, the name of the sheet 2023-06"),
        (["Tháng 5/2023"], "T6", "the title says 2023-05, the name of the sheet ?-06"),
        (["Tháng 5/2023"], "Năm 2022", "the title says 2023-05, the name of the sheet 2022"),
        (["Tháng 5/2023"], "Quý III 2023", "the title says 2023-05, the name of the sheet 2023Q3"),
        (["Từ 14/4/2023 đến 14/5/2023"], "", "the days of police month 2023-04 are 15/3/2023 to 14/4/2023"),
        (["Tháng 5"], "", "no year is written with it"),
    ],
)
def test_an_unclear_period_is_told(lines: list[str], sheet: str, rule: str) -> None:
    title = read_title_period(lines, sheet, "police_month")
    assert (title.period, title.rule) == ("", rule)
    assert title.remedy
    assert title.fit in ("wrong", "none", "partial")


def test_other_kinds_of_period() -> None:
    assert read_title_period(["Tháng 5/2023 (từ 1/5/2023 đến 31/5/2023)"], "", "calendar_month").period == "2023-05"
    assert read_title_period(["Quý II/2023"], "", "calendar_quarter").period == "2023Q2"
    assert read_title_period(["Năm 2023"], "", "year").period == "2023"


@pytest.mark.parametrize(
    ("lines", "kind", "fit", "found"),
    [
        (["Quý II/2023"], "police_month", "coarser", "2023Q2"),
        (["Quý II/2023 (từ 15/3/2023 đến 14/6/2023)"], "police_month", "coarser", "15/3/2023–14/6/2023"),
        (["Báo cáo năm 2023"], "police_month", "coarser", "2023"),
        (["Năm 2023"], "calendar_quarter", "coarser", "2023"),
        (["Tháng 5 năm 2023"], "calendar_quarter", "finer", "2023-05"),
        (["Tháng 5 năm 2023"], "year", "finer", "2023-05"),
    ],
)
def test_what_is_no_period_of_the_study_is_named(lines: list[str], kind: PeriodKind, fit: str, found: str) -> None:
    title = read_title_period(lines, "", kind)
    assert (title.period, title.fit, title.found) == ("", fit, found)
    assert title.rule
    assert title.remedy
    assert title.readings


def test_the_sheet_and_the_title_complete_each_other() -> None:
    assert read_title_period(["Báo cáo năm 2023"], "Tháng 5", "police_month").period == "2023-05"
    assert read_title_period(["Tháng 5"], "Năm 2023", "police_month").period == "2023-05"
    assert read_title_period(["Tháng 5/2023"], "Quý II 2023", "police_month").period == "2023-05"
    title = read_title_period(["Báo cáo"], "T05-2023", "police_month")
    assert title.sheet == PeriodReading("month", 2023, 5)


@pytest.mark.parametrize(
    ("lines", "period"),
    [
        (["6 tháng đầu năm 2023"], "2023-06"),
        (["Lũy kế đến tháng 5/2023"], "2023-05"),
        (["Lũy kế tháng 5/2023 (từ 15/12/2022 đến 14/5/2023)"], "2023-05"),
        (["Từ 15/12/2022 đến 14/5/2023"], "2023-05"),
        (["Tính đến ngày 14/5/2023"], "2023-05"),
        (["BẢNG TỔNG HỢP LŨY KẾ", "Tháng 5/2023"], "2023-05"),
    ],
)
def test_titles_that_add_up(lines: list[str], period: str) -> None:
    title = read_title_period(lines, "", "police_month")
    assert (title.period, title.is_cumulative, title.rule) == (period, True, "")


def test_adding_up_to_no_end_of_a_period_is_told() -> None:
    title = read_title_period(["Tính đến ngày 20/5/2023"], "", "police_month")
    assert (title.period, title.rule) == ("", "the days of police month 2023-06 are 15/5/2023 to 14/6/2023")


def test_the_date_of_signature_is_the_release() -> None:
    lines = ["Số: 15/BC-CAP      Vinh, ngày 16 tháng 5 năm 2023", "Tháng 5/2023"]
    assert read_title_period(lines, "", "police_month").signed == date(2023, 5, 16)
    assert read_title_period(["Nghệ An, ngày 16/5/2023"], "", "police_month").signed == date(2023, 5, 16)
    of_a_law = ["Ban hành kèm theo Thông tư số 12, ngày 16 tháng 5 năm 2023", "Vinh, ngày   tháng 5 năm 2023"]
    assert read_title_period(of_a_law, "", "police_month").signed is None
    assert read_title_period(["Theo Quyết định 5764/QĐ-BCA, ngày 13 tháng 7 năm 2021"], "", "year").signed is None
    two = ["Vinh, ngày 16 tháng 5 năm 2023", "Vinh, ngày 17 tháng 5 năm 2023"]
    assert read_title_period(two, "", "police_month").signed is None
    assert read_title_period(["Từ ngày 15/4/2023 đến hết ngày 14/5/2023"], "", "police_month").signed is None


LABELS: dict[PeriodKind, str] = {
    "police_month": "Tháng {part}/{year}",
    "calendar_month": "THÁNG {part:02d} NĂM {year}",
    "calendar_quarter": "Quý {part} năm {year}",
    "year": "Năm {year}",
}


@pytest.mark.parametrize("kind", PERIOD_KINDS)
@given(year=st.integers(2000, 2099), part=st.integers(0, 11), shift=st.integers(-1, 1))
def test_every_period_is_read_with_its_days_and_no_others(kind: PeriodKind, year: int, part: int, shift: int) -> None:
    part %= PERIODS_PER_YEAR[kind]
    period = period_label(kind, year * PERIODS_PER_YEAR[kind] + part)
    first, last = period_days(kind, period)
    last = date.fromordinal(last.toordinal() + shift)
    title = LABELS[kind].format(year=year, part=part + 1)
    days = f"(từ ngày {day_written(first)} đến ngày {day_written(last)})"
    assert read_title_period([title], "", kind).period == period
    assert read_title_period([title, days], "", kind).period == ("" if shift else period)
    assert read_title_period([days], "", kind).period == ("" if shift else period)
