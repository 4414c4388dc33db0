import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.cleaning.layout.numbers import Expected, normalise_mark, read_number, read_plain_number
from helpers.cleaning.workbooks.workbook import Uncalculated
from helpers.study.objects import CellMarks, DecimalSign

MARKS = CellMarks(zero=("-", "không"), missing=("x",))


@pytest.mark.parametrize(
    ("raw", "value", "rule"),
    [
        (17.0, 17, "plain"),
        (0.0, 0, "plain"),
        ("17", 17, "plain"),
        ("1.234", 1234, "dotted_thousands"),
        ("1.234.567", 1234567, "dotted_thousands"),
        ("1 234", 1234, "spaced_thousands"),
        ("21\u00a0085", 21085, "spaced_thousands"),
        ("-", 0, "declared_zero"),
        ("–", 0, "declared_zero"),
        (" KHÔNG ", 0, "declared_zero"),
        ("0", 0, "plain"),
    ],
)
def test_counts_that_are_understood(raw: object, value: float, rule: str) -> None:
    number = read_number(raw, MARKS)
    assert (number.value, number.rule, number.reason) == (value, rule, "")
    assert number.mark == ("zero_mark" if rule == "declared_zero" else "zero" if value == 0 else "number")


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (None, "blank"),
        ("  ", "blank"),
        ("x", "declared_missing"),
        ("1.5", "ambiguous_dot"),
        ("1.23", "ambiguous_dot"),
        ("0.123", "ambiguous_dot"),
        ("1.2345", "ambiguous_dot"),
        ("12.34.567", "ambiguous_dot"),
        ("1,234", "ambiguous_comma"),
        ("1,5", "fraction"),
        (1.5, "fraction"),
        ("12,0", "fraction"),
        ("-5", "negative"),
        ("(5)", "negative"),
        ("- 1.234", "negative"),
        (-5.0, "negative"),
        ("5%", "percentage"),
        ("5 vụ", "undeclared_mark"),
        ("…", "undeclared_mark"),
        ("không có", "undeclared_mark"),
        ("#N/A", "undeclared_mark"),
        ("l0", "undeclared_mark"),
        (date(2023, 2, 1), "not_a_number"),
        (True, "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
        (Uncalculated(), "formula_without_value"),
    ],
)
def test_what_is_no_clear_count_is_missing_with_a_reason(raw: object, rule: str) -> None:
    number = read_number(raw, MARKS)
    assert (number.value, number.mark, number.rule) == (None, "missing", rule)
    assert number.reason and number.remedy


def test_percentages_have_a_decimal_comma() -> None:
    for raw, value, decimals in [
        ("84,95%", 84.95, 2),
        ("84,9", 84.9, 1),
        ("100 %", 100, 0),
        ("1.234,5%", 1234.5, 1),
        (84.95, 84.95, -1),
    ]:
        number = read_number(raw, MARKS, expected="percentage")
        assert (number.value, number.decimals) == (value, decimals)
    assert read_number("84,951%", MARKS, expected="percentage").rule == "ambiguous_comma"
    assert read_number("84.9%", MARKS, expected="percentage").rule == "ambiguous_dot"


@pytest.mark.parametrize(
    ("sign", "raw", "expected", "value", "rule"),
    [
        (",", "1.234", "count", 1234, "dotted_thousands"),
        (",", "1 234", "count", 1234, "spaced_thousands"),
        (",", "1,234", "percentage", 1.234, "decimal_comma"),
        (",", "1,234", "count", None, "fraction"),
        (",", "12,0", "count", 12, "decimal_comma"),
        (",", "1.5", "percentage", None, "other_decimal_sign"),
        (",", "0.123", "count", None, "other_decimal_sign"),
        (",", "1,234,567", "count", None, "other_decimal_sign"),
        (".", "1,234", "count", 1234, "comma_thousands"),
        (".", "1 234", "count", 1234, "spaced_thousands"),
        (".", "1,234,567.50", "fraction", 1234567.5, "decimal_point"),
        (".", "1.5", "percentage", 1.5, "decimal_point"),
        (".", "1.5%", "percentage", 1.5, "decimal_point"),
        (".", "12.0", "count", 12, "decimal_point"),
        (".", "1.234", "fraction", 1.234, "decimal_point"),
        (".", "1.234", "count", None, "fraction"),
        (".", "84,95", "percentage", None, "other_decimal_sign"),
        (".", "1.234.567", "count", None, "other_decimal_sign"),
        (".", "0,123", "count", None, "other_decimal_sign"),
        (".", "-1.5", "fraction", None, "negative"),
        (".", "…", "count", None, "undeclared_mark"),
        (".", "17", "count", 17, "plain"),
    ],
)
def test_a_declared_decimal_sign_decides(
    sign: DecimalSign, raw: str, expected: Expected, value: float | None, rule: str
) -> None:
    number = read_number(raw, CellMarks(zero=("-",), missing=(), decimal_sign=sign), expected=expected)
    assert (number.value, number.rule, bool(number.reason)) == (value, rule, value is None)


def test_a_declared_sign_keeps_the_digits_of_a_rate() -> None:
    english = CellMarks(zero=(), missing=(), decimal_sign=".")
    assert read_number("84.951%", english, expected="percentage").decimals == 3


@pytest.mark.parametrize(("sign", "value"), [("", None), (",", None), (".", 1.234)])
def test_a_machine_s_file_has_a_point_whatever_is_declared(sign: DecimalSign, value: float | None) -> None:
    marks = CellMarks(zero=(), missing=(), decimal_sign=sign)
    assert read_plain_number("1.234", marks, is_count=True).value == value
    assert read_plain_number("0.25", marks, is_count=True).value == 0.25
    assert read_plain_number("0,25", marks, is_count=True).value is None


@given(st.integers(0, 10**12))
def test_dotted_thousands_come_back(count: int) -> None:
    assert read_number(f"{count:,}".replace(",", "."), MARKS).value == count


@given(st.integers(0, 10**6), st.integers(0, 99))
def test_decimal_commas_come_back(whole: int, hundredths: int) -> None:
    written = f"{whole:,}".replace(",", ".") + f",{hundredths:02d}"
    assert read_number(written, MARKS, expected="percentage").value == float(f"{whole}.{hundredths:02d}")


@given(st.text(alphabet="0123456789.,-–%x ()kôhng", max_size=9) | st.text(max_size=9))
def test_a_text_is_a_number_or_refused_with_a_reason(text: str) -> None:
    for sign in (",", "."):
        declared = read_number(text, dataclasses.replace(MARKS, decimal_sign=sign), expected="fraction")
        assert (declared.value is None) == bool(declared.reason) == (declared.mark == "missing")
    number = read_number(text, MARKS)
    assert (number.value is None) == bool(number.reason) == (number.mark == "missing")
    if number.value:
        assert "".join(character for character in text if character.isdigit()).lstrip("0") == f"{number.value:.0f}"


def test_an_empty_declaration_makes_every_mark_undeclared() -> None:
    assert read_number("-", CellMarks(zero=(), missing=())).rule == "undeclared_mark"
    assert normalise_mark("---") == "-"


@pytest.mark.parametrize(
    ("text", "is_typed", "value", "rule"),
    [
        ("0.25", False, 0.25, "plain"),
        ("12", False, 12, "plain"),
        ("1e-3", False, 0.001, "plain"),
        ("1.234", False, None, "ambiguous_dot"),
        ("1.234", True, 1.234, "plain"),
        ("1,5", False, None, "not_a_number"),
        ("-1", False, None, "negative"),
        ("", False, None, "blank"),
        ("nan", False, None, "not_a_number"),
        ("không", False, 0, "declared_zero"),
        ("1e999", False, None, "not_a_number"),
    ],
)
def test_long_form_numbers_are_plain(text: str, is_typed: bool, value: float | None, rule: str) -> None:
    number = read_plain_number(text, MARKS, is_count=True, is_typed=is_typed)
    assert (number.value, number.rule) == (value, rule)
