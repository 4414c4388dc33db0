"""Periods, worked by hand from a calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import UsageError
from helpers.study.periods import (
    PERIOD_KINDS,
    period_days,
    period_label,
    period_number,
    period_of,
    period_range,
    shift_period,
)

DAYS = [
    ("police_month", "2023-05", "2023-04-15", "2023-05-14"),
    ("police_month", "2023-01", "2022-12-15", "2023-01-14"),
    ("police_month", "2024-03", "2024-02-15", "2024-03-14"),
    ("police_month", "2022-12", "2022-11-15", "2022-12-14"),
    ("calendar_month", "2023-05", "2023-05-01", "2023-05-31"),
    ("calendar_month", "2024-02", "2024-02-01", "2024-02-29"),
    ("calendar_month", "2023-12", "2023-12-01", "2023-12-31"),
    ("calendar_quarter", "2023Q2", "2023-04-01", "2023-06-30"),
    ("calendar_quarter", "2023Q4", "2023-10-01", "2023-12-31"),
    ("year", "2020", "2020-01-01", "2020-12-31"),
]

EVENTS = [
    ("police_month", date(2021, 5, 13), "2021-05"),
    ("police_month", date(2021, 7, 13), "2021-07"),
    ("police_month", date(2023, 3, 7), "2023-03"),
    ("police_month", date(2022, 11, 23), "2022-12"),
    ("police_month", date(2022, 12, 15), "2023-01"),
    ("police_month", date(2022, 12, 14), "2022-12"),
    ("calendar_month", date(2022, 12, 31), "2022-12"),
    ("calendar_quarter", date(2023, 3, 31), "2023Q1"),
    ("calendar_quarter", date(2023, 4, 1), "2023Q2"),
    ("year", date(2023, 1, 1), "2023"),
]


@pytest.mark.parametrize(("kind", "label", "first", "last"), DAYS)
def test_the_days_of_a_period(kind, label, first, last):
    assert period_days(kind, label) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(("kind", "day", "label"), EVENTS)
def test_the_period_of_a_day(kind, day, label):
    assert period_of(kind, day) == label


def test_a_range_counts_both_ends_and_crosses_years():
    assert period_range("police_month", "2022-11", "2023-02") == ("2022-11", "2022-12", "2023-01", "2023-02")
    assert period_range("calendar_quarter", "2022Q4", "2023Q1") == ("2022Q4", "2023Q1")
    assert period_range("year", "2021", "2021") == ("2021",)
    assert period_range("year", "2021", "2020") == ()
    assert len(period_range("police_month", "2019-01", "2023-12")) == 60


def test_shifting_crosses_years():
    assert shift_period("police_month", "2023-03", -3) == "2022-12"
    assert shift_period("calendar_quarter", "2022Q4", 1) == "2023Q1"
    assert period_number("police_month", "2023-03") - period_number("police_month", "2021-08") == 19


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("police_month", "2023-13"),
        ("police_month", "2023-00"),
        ("police_month", "2023-5"),
        ("police_month", "23-05"),
        ("police_month", "2023Q1"),
        ("police_month", "2023-05-01"),
        ("police_month", "٢٠٢٣-05"),
        ("calendar_quarter", "2023Q5"),
        ("calendar_quarter", "2023-05"),
        ("year", "2023-01"),
        ("year", ""),
    ],
)
def test_what_is_no_period_is_refused_with_an_example(kind, label):
    with pytest.raises(UsageError, match="write 20"):
        period_number(kind, label)


@given(st.sampled_from(PERIOD_KINDS), st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_lies_in_its_period_and_periods_leave_no_gap(kind, day):
    label = period_of(kind, day)
    first, last = period_days(kind, label)
    assert first <= day <= last
    assert period_days(kind, shift_period(kind, label, 1))[0] == last + timedelta(days=1)
    assert period_label(kind, period_number(kind, label)) == label
