from datetime import date

import pytest

from helpers.cleaning.periods.fit import study_period
from helpers.cleaning.periods.names import read_heading, read_key
from helpers.cleaning.periods.reading import PeriodReading, completed
from helpers.messages import Message
from helpers.study.periods import PeriodKind


@pytest.mark.parametrize(
    ("text", "kind", "period", "fit"),
    [
        ("Tháng 5/2023", "police_month", "2023-05", "same"),
        ("Tháng 5/2023", "calendar_month", "2023-05", "same"),
        ("Tháng 5/2023", "calendar_quarter", "", "finer"),
        ("Quý II/2023", "calendar_quarter", "2023Q2", "same"),
        ("Quý II/2023", "police_month", "", "coarser"),
        ("Quý II/2023", "year", "", "finer"),
        ("Năm 2023", "year", "2023", "same"),
        ("Năm 2023", "calendar_month", "", "coarser"),
        ("6 tháng đầu năm 2023", "police_month", "2023-06", "same"),
        ("6 tháng đầu năm 2023", "calendar_quarter", "2023Q2", "same"),
        ("6 tháng cuối năm 2023", "police_month", "", "coarser"),
        ("9 tháng năm 2023", "calendar_quarter", "2023Q3", "same"),
        ("Lũy kế đến tháng 5/2023", "calendar_quarter", "", "finer"),
        ("Lũy kế năm 2023", "police_month", "", "coarser"),
        ("Từ tháng 4 đến tháng 6/2023", "calendar_quarter", "2023Q2", "same"),
        ("Từ tháng 3 đến tháng 5/2023", "calendar_quarter", "", "finer"),
        ("Từ tháng 4 đến tháng 5/2023", "police_month", "", "coarser"),
        ("15/4-14/5/2023", "police_month", "2023-05", "same"),
        ("15/4-14/5/2023", "calendar_month", "", "wrong"),
        ("15/3-14/5/2023", "police_month", "", "coarser"),
        ("1/5/2023 - 31/5/2023", "calendar_month", "2023-05", "same"),
        ("31/4/2023 - 14/5/2023", "police_month", "", "wrong"),
        ("14/5/2023 - 15/4/2023", "police_month", "", "wrong"),
        ("Tháng 5", "police_month", "", "partial"),
    ],
)
def test_a_reading_among_the_periods_of_a_study(text: str, kind: PeriodKind, period: str, fit: str) -> None:
    reading = read_heading(text).period
    assert reading is not None
    found = study_period(reading, kind)
    assert (found.period, found.fit) == (period, fit)
    assert bool(found.rule) == bool(found.remedy) == (fit != "same")
    assert fit == "same" or isinstance(found.rule, Message)


def test_a_sum_from_the_first_month_is_cumulative_without_saying_so() -> None:
    for text in ("Từ tháng 1 đến tháng 5/2023", "15/12/2022 - 14/5/2023"):
        reading = read_heading(text).period
        assert reading is not None
        found = study_period(reading, "police_month")
        assert (found.period, found.is_cumulative) == ("2023-05", True)


def test_a_day_falls_into_its_period() -> None:
    for day, period in ((date(2023, 5, 14), "2023-05"), (date(2023, 5, 15), "2023-06"), (45047, "2023-05")):
        reading = read_key(day)
        assert reading is not None
        assert study_period(reading, "police_month").period == period


def test_days_without_a_year_that_are_no_dates_are_told() -> None:
    partial = PeriodReading("span", day_months=((15, 1), (29, 2)))
    assert study_period(completed(partial, 2024), "year").fit == "wrong"
    assert study_period(completed(partial, 2023), "year").rule == "its days are no dates of the calendar"
