import pytest

from helpers.cleaning.titles import read_title_period


@pytest.mark.parametrize(
    "lines",
    [
        ["Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"],
        ["BÁO CÁO THÁNG 05 NĂM 2023", "(Từ ngày 15/04/2023 đến ngày 14/05/2023)"],
        ["Kỳ báo cáo: tháng 5.2023"],
        ["Số liệu từ 15/4/2023 đến 14/5/2023"],
        ["Vinh, ngày 16 tháng 6 năm 2023", "Tháng 5/2023"],
    ],
)
def test_police_months_are_read(lines: list[str]) -> None:
    title = read_title_period(lines, "Sheet1", "police_month")
    assert title.period == "2023-05"
    assert title.has_days == any("15/" in line for line in lines)


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
        (["Tháng 5/2023", "Tháng 6/2023"], "", "the lines above the table name more than one period"),
        (["Tháng 5/2023 (từ 31/4/2023 đến 14/5/2023)"], "", "the dates in the title are no dates of the calendar"),
        (["Tháng 5/2023"], "T06-2023", "the title says 2023-05, the name of the sheet 2023-06"),
        (["Từ 14/4/2023 đến 14/5/2023"], "", "the days of police month 2023-04 are 15/3/2023 to 14/4/2023"),
    ],
)
def test_an_unclear_period_is_told(lines: list[str], sheet: str, rule: str) -> None:
    title = read_title_period(lines, sheet, "police_month")
    assert (title.period, title.rule) == ("", rule)
    assert title.remedy


def test_other_kinds_of_period() -> None:
    assert read_title_period(["Tháng 5/2023 (từ 1/5/2023 đến 31/5/2023)"], "", "calendar_month").period == "2023-05"
    assert read_title_period(["Quý II/2023"], "", "calendar_quarter").period == "2023Q2"
    assert read_title_period(["Năm 2023"], "", "year").period == "2023"
