import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.cleaning.history.cumulative import check_running_sum, difference
from helpers.errors import UsageError
from helpers.study.periods import PERIOD_KINDS, PERIODS_PER_YEAR, PeriodKind, period_label


def values(figures: dict[str, float | None], kind: PeriodKind = "police_month") -> dict[str, float | None]:
    return {period: figure.value for period, figure in difference(figures, kind).items()}


def running(single: list[int], kind: PeriodKind, first: int) -> dict[str, float | None]:
    """Return the cumulative figures of single ones, period by period from a running number on."""
    sums, total = {}, 0
    for number, value in enumerate(single, start=first):
        total = value if number % PERIODS_PER_YEAR[kind] == 0 else total + value
        sums[period_label(kind, number)] = total
    return sums


@pytest.mark.parametrize("kind", PERIOD_KINDS)
@given(single=st.lists(st.integers(0, 500), min_size=1, max_size=40), year=st.integers(2000, 2030))
def test_differences_undo_adding_up(kind: PeriodKind, single: list[int], year: int) -> None:
    figures = running(single, kind, year * PERIODS_PER_YEAR[kind])
    backwards = dict(reversed(figures.items()))
    assert list(difference(backwards, kind)) == list(figures)
    assert list(values(backwards, kind).values()) == single
    assert not check_running_sum(dict(zip(figures, single, strict=True)), figures, kind)


def test_a_police_year_begins_with_police_month_one() -> None:
    assert values({"2022-11": 40, "2022-12": 44, "2023-01": 3, "2023-02": 5}) == {
        "2022-11": None, "2022-12": 4, "2023-01": 3, "2023-02": 2,
    }  # fmt: skip


def test_quarters_and_years() -> None:
    assert values({"2023Q1": 10, "2023Q2": 25, "2024Q1": 7}, "calendar_quarter") == {
        "2023Q1": 10, "2023Q2": 15, "2024Q1": 7,
    }  # fmt: skip
    assert values({"2022": 90, "2023": 80}, "year") == {"2022": 90, "2023": 80}


def test_what_is_missing_is_told() -> None:
    figures = difference({"2023-01": 4, "2023-02": None, "2023-03": 9, "2023-05": 12}, "police_month")
    assert [figure.value for figure in figures.values()] == [4, None, None, None]
    assert figures["2023-02"].rule == "the cumulative figure is not reported"
    assert figures["2023-03"].rule == "the cumulative figure of the period before, 2023-02, is missing"
    assert figures["2023-05"].rule == "the cumulative figure of the period before, 2023-04, is missing"
    assert all(figure.remedy for figure in figures.values() if figure.value is None)


def test_a_fall_spoils_every_figure_that_depends_on_it() -> None:
    figures = difference({"2023-01": 3, "2023-02": 10, "2023-03": 2, "2023-04": 30, "2023-05": 35}, "police_month")
    assert [figure.value for figure in figures.values()] == [3, None, None, None, 5]
    rule = "the cumulative figure falls from 2023-02 to 2023-03, so it is revised downwards or not cumulative"
    assert {figure.rule for figure in figures.values() if figure.value is None} == {rule}


def test_a_new_year_is_no_fall() -> None:
    assert values({"2022-12": None, "2023-01": 2, "2023-12": 50, "2024-01": 1})["2024-01"] == 1


def test_figures_that_were_never_added_up_are_refused() -> None:
    assert values({"2023-01": 5, "2023-02": 3, "2023-03": 4, "2023-04": 2}) == dict.fromkeys(
        ["2023-01", "2023-02", "2023-03", "2023-04"]
    )
    assert difference({"2023-01": -1}, "police_month")["2023-01"].rule == "the cumulative figure of 2023-01 is negative"


def test_shared_figures_have_fractions() -> None:
    assert values({"2023-01": 0.1, "2023-02": 0.3}) == {"2023-01": 0.1, "2023-02": 0.2}


def test_a_wrong_label_is_refused() -> None:
    with pytest.raises(UsageError):
        difference({"2023Q1": 1}, "police_month")


def test_a_single_figure_must_agree_with_the_running_sum() -> None:
    single = {"2023-01": 4, "2023-02": 6, "2023-03": 1, "2023-04": 8}
    cumulative = {"2023-01": 4, "2023-02": 9, "2023-04": 18}
    found = check_running_sum(single, cumulative, "police_month")
    assert {period: one.expected for period, one in found.items()} == {"2023-02": 5, "2023-04": 7}
    assert found["2023-02"].rule == ("the figure of the period alone is 6; the cumulative figures leave 5 for it")
    assert found["2023-02"].remedy


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert not check_running_sum({"2023-03": 5}, {"2023-03": 9}, "police_month")
    assert not check_running_sum({"2023-01": None, "2023-02": 2}, {"2023-01": None, "2023-02": 9}, "police_month")


@given(
    single=st.lists(st.integers(0, 50), min_size=2, max_size=12),
    place=st.integers(0, 11),
    error=st.integers(1, 20),
)
def test_one_wrong_single_figure_is_found(single: list[int], place: int, error: int) -> None:
    place %= len(single)
    figures = running(single, "police_month", 2023 * 12)
    written = dict(zip(figures, single, strict=True))
    wrong = list(figures)[place]
    written[wrong] += error
    assert list(check_running_sum(written, figures, "police_month")) == [wrong]
