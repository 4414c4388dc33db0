import re
from datetime import date

import pytest

from helpers.errors import UsageError
from helpers.reporting.wording import languages, open_wording

BRACES = re.compile(r"\{(\w+)\}")


def test_both_languages_are_there() -> None:
    assert languages() == ("en", "vi")


def test_catalogues_hold_the_same_messages_and_leave_none_empty() -> None:
    vietnamese, english = open_wording("vi").messages, open_wording("en").messages
    assert vietnamese.keys() == english.keys()
    empty = [name for messages in (vietnamese, english) for name, forms in messages.items() if not all(forms)]
    assert not empty


def test_both_languages_ask_for_the_same_values() -> None:
    vietnamese, english = open_wording("vi").messages, open_wording("en").messages
    plain = {"ward", "wards", "town", "towns", "treated", "comparison", "programme"}
    differing = {
        name: (asked_vi, asked_en)
        for name in vietnamese
        if (asked_vi := set(BRACES.findall(" ".join(vietnamese[name]))) - plain)
        != (asked_en := set(BRACES.findall(" ".join(english[name]))) - plain)
    }
    assert not differing


def test_vietnamese_writes_numbers_and_dates_its_own_way() -> None:
    vietnamese = open_wording("vi")
    assert vietnamese.number(1234.5, decimals=1) == "1.234,5"
    assert vietnamese.number(21085) == "21.085"
    assert vietnamese.period("police_month", "2023-03") == "tháng 3 năm 2023"
    assert vietnamese.period("calendar_quarter", "2023Q2") == "quý 2 năm 2023"
    assert vietnamese.day(date(2023, 3, 7)) == "ngày 7 tháng 3 năm 2023"


def test_english_writes_numbers_and_dates_its_own_way() -> None:
    english = open_wording("en")
    assert english.number(1234.5, decimals=1) == "1,234.5"
    assert english.period("police_month", "2023-03") == "March 2023"
    assert english.day(date(2023, 3, 7)) == "7 March 2023"


@pytest.mark.parametrize(
    ("ratio", "written"),
    [(-0.394, "−39%"), (0.12, "+12%"), (0.0, "0%"), (-0.004, "−0.4%"), (-0.0001, "0%"), (1.6, "+160%")],
)
def test_percentages_carry_their_sign(ratio: float, written: str) -> None:
    assert open_wording("en").percent(ratio) == written


def test_an_end_without_bound_is_said_in_words() -> None:
    english = open_wording("en")
    infinity = float("inf")
    assert english.interval(-1.0, 0.4, is_percent=True) == "no lower bound, up to +40%"
    assert english.interval(-0.2, infinity, is_percent=True) == "from −20%, no upper bound"
    assert english.interval(-1.0, infinity, is_percent=True) == "no bound on either side"
    assert english.interval(-infinity, 3.0, is_percent=False) == "no lower bound, up to +3"
    assert english.interval(float("nan"), 0.4, is_percent=True) == "no interval"


def test_small_p_values_are_not_written_as_zero() -> None:
    english = open_wording("en")
    assert english.p_value(0.0001) == "p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}0.001"
    assert english.small(1 / 10000) == "0.0001"
    assert english.small(1 / 64) == "0.016"


def test_plural_follows_the_language() -> None:
    counted = {"start": "x", "cohort": "c", "ward": "ward", "wards": "wards"}
    assert open_wording("en").say("alt.cohort", n=1, **counted).startswith("1 ward ")
    assert open_wording("en").say("alt.cohort", n=2, **counted).startswith("2 wards ")


def test_unknown_language_message_and_missing_value_are_named() -> None:
    with pytest.raises(UsageError, match="xx"):
        open_wording("xx")
    with pytest.raises(UsageError, match=r"no\.such"):
        open_wording("vi").say("no.such")
    with pytest.raises(UsageError, match="names"):
        open_wording("vi").say("limit.towns.all", wards="phường")


def test_a_huge_number_is_an_order_of_magnitude() -> None:
    assert open_wording("en").number(3.9e64) == "≈ 10⁶⁴"
    assert open_wording("vi").number(72129646800) == "72.129.646.800"
