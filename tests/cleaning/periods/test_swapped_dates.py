import itertools
import time
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.cleaning.periods.swapped_dates import repair_dates

MOST_SECONDS = 3
"""A tenth of a second on an idle machine; the rest is for one that is busy testing."""


def swapped(day: date) -> date:
    return date(day.year, day.day, day.month)


def through_us_excel(day: date) -> object:
    """Return what a US-locale Excel makes of a date written day first."""
    return swapped(day) if day.day <= 12 else f"{day.day:02d}/{day.month:02d}/{day.year}"


def found(column: list[object], **options: bool) -> list[date | None]:
    return [entry.day for entry in repair_dates(column, **options).entries]


days = st.dates(date(2021, 1, 1), date(2024, 12, 31))
columns = st.lists(days, min_size=1, max_size=25).map(sorted)
orders = st.sampled_from([lambda column: column, lambda column: column[::-1]])


@given(truth=columns, turned=orders)
def test_what_one_excel_swapped_is_repaired_or_ambiguous(truth: list[date], turned) -> None:
    truth = turned(truth)
    check([through_us_excel(day) for day in truth], truth)


@given(truth=columns, turned=orders, data=st.data())
def test_any_swaps_are_repaired_or_ambiguous(truth: list[date], turned, data: st.DataObject) -> None:
    truth = turned(truth)
    written = [
        data.draw(st.sampled_from([through_us_excel(day), day if day.day <= 12 else through_us_excel(day)]))
        for day in truth
    ]
    check(written, truth)


@given(truth=columns, data=st.data())
def test_texts_and_dates_of_two_programs_are_repaired_or_ambiguous(truth: list[date], data: st.DataObject) -> None:
    written = [
        data.draw(st.sampled_from([through_us_excel(day), day, f"{day:%d/%m/%Y}", day.isoformat()])) for day in truth
    ]
    is_understood = any(isinstance(value, date) and value.day > 12 for value in written)
    has_text = any(isinstance(value, str) and "/" in value for value in written)
    if has_text or not is_understood:
        check(written, truth)


def check(written: list[object], truth: list[date]) -> None:
    """A date is the true one or none, with a reason; what was changed is told."""
    column = repair_dates(written)
    for value, day, entry in zip(written, truth, column.entries, strict=True):
        if entry.day is None:
            assert entry.rule
            assert entry.remedy
            assert isinstance(value, date)
        else:
            assert entry.day == day
            assert bool(entry.note) == entry.is_repaired == (isinstance(value, date) and value != day)


@given(
    st.lists(st.dates(date(2023, 1, 1), date(2024, 12, 31)).filter(lambda day: day.day <= 12), min_size=1, max_size=7)
)
def test_a_cell_is_settled_if_and_only_if_all_orders_agree(shown: list[date]) -> None:
    every = itertools.product(*(dict.fromkeys((day, swapped(day))) for day in shown))
    ordered = [days for days in every if list(days) in (sorted(days), sorted(days, reverse=True))]
    possible = [set(cell) for cell in zip(*ordered, strict=True)] or [{day, swapped(day)} for day in shown]
    assert found(list(shown)) == [next(iter(cell)) if len(cell) == 1 else None for cell in possible]


def test_a_year_of_dates_is_repaired_but_for_its_beginning() -> None:
    truth = [date(2023, 1, 1) + timedelta(days=day) for day in range(365)]
    column = repair_dates([through_us_excel(day) for day in truth])
    settled = [(entry.day, day) for entry, day in zip(column.entries, truth, strict=True) if entry.day]
    assert all(read == day for read, day in settled)
    assert len(settled) >= 355
    assert column.repaired
    entry = column.entries[33]
    assert (entry.day, entry.before) == (date(2023, 2, 3), date(2023, 3, 2))
    assert entry.note == (
        "2023-03-02 is read as 2023-02-03: Excel had swapped day and month, and only so are the dates in order"
    )


def test_dates_that_read_the_same_need_no_repair() -> None:
    assert found([date(2023, 5, 5), datetime(2023, 6, 6, 8)]) == [date(2023, 5, 5), date(2023, 6, 6)]


def test_one_date_alone_is_ambiguous() -> None:
    column = repair_dates([date(2023, 5, 2)])
    assert column.refused == (0,)
    assert column.entries[0].rule == "this is 2023-05-02 or 2023-02-05, and the order of the column allows both"


def test_a_column_in_no_order_tells_nothing() -> None:
    column = repair_dates(["25/04/2023", date(2023, 1, 2), "13/01/2023", "20/09/2023", date(2022, 3, 4)])
    assert [entry.day is None for entry in column.entries] == [False, True, False, False, True]
    assert column.entries[1].rule == "this is 2023-01-02 or 2023-02-01, and the column is in no order that tells which"


def test_a_column_that_excel_understood_is_left_alone() -> None:
    in_order = [date(2023, 3, 4), date(2023, 3, 20), date(2023, 5, 2), date(2023, 5, 30)]
    assert found(list(in_order)) == in_order
    mixed = [date(2023, 9, 20), date(2023, 3, 4), date(2022, 3, 20), date(2023, 5, 2)]
    assert found(list(mixed)) == mixed


def test_a_repair_for_which_nothing_else_speaks_is_refused() -> None:
    column = repair_dates([date(2023, 2, 20), date(2023, 1, 3), date(2023, 3, 15)])
    assert [entry.day for entry in column.entries] == [date(2023, 2, 20), None, date(2023, 3, 15)]
    assert column.entries[1].rule == (
        "only as 2023-03-01 would this 2023-01-03 be in order, but nothing else shows that day and month were swapped"
    )


@pytest.mark.parametrize("day", [1, 14, 15])
@given(
    months=st.lists(st.integers(0, 47), min_size=2, max_size=30),
    is_swapped=st.booleans(),
)
def test_months_stand_on_one_day(day: int, months: list[int], is_swapped: bool) -> None:
    truth = [date(2021 + month // 12, month % 12 + 1, day) for month in months]
    written = [swapped(one) if is_swapped and day <= 12 else one for one in truth]
    column = repair_dates(written, is_monthly=True)
    if len(set(truth)) > 1:
        assert [entry.day for entry in column.entries] == truth
    else:
        assert all(entry.day in (truth[0], None) for entry in column.entries)


def test_one_month_alone_is_as_shown_or_ambiguous() -> None:
    assert found([date(2023, 5, 1)] * 3, is_monthly=True) == [date(2023, 5, 1)] * 3
    assert found([date(2023, 1, 5)] * 3, is_monthly=True) == [None] * 3


def test_last_days_of_months() -> None:
    truth = [date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 31)]
    assert found(list(truth), is_monthly=True) == truth


def test_a_text_is_day_first_unless_another_proves_otherwise() -> None:
    assert found(["04/05/2023"]) == [date(2023, 5, 4)]
    column = repair_dates(["04/05/2023", "04/25/2023", "04/26/2023"])
    assert [entry.day for entry in column.entries] == [date(2023, 4, 5), date(2023, 4, 25), date(2023, 4, 26)]
    assert column.entries[0].note.startswith("the text 2023-05-04 is read as 2023-04-05, month first")
    assert repair_dates(["04/25/2023", "05/06/2023"]).refused == (1,)


def test_other_cells() -> None:
    column = repair_dates([None, "", "không rõ", 45041, "2023-04-26", "31/02/2023", True, "28.04.2023 08:30", 2023])
    assert [entry.day for entry in column.entries] == [
        None, None, None, date(2023, 4, 25), date(2023, 4, 26), None, None, date(2023, 4, 28), None,
    ]  # fmt: skip
    assert column.refused == (2, 5, 6, 8)
    assert repair_dates([]).entries == ()


def test_ten_thousand_rows_are_read_at_once() -> None:
    truth = [date(1998, 1, 1) + timedelta(days=day) for day in range(10_000)]
    start = time.perf_counter()
    column = repair_dates([through_us_excel(day) for day in truth])
    assert time.perf_counter() - start < MOST_SECONDS
    assert len(column.refused) < 15
