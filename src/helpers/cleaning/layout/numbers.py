"""Numbers as a Vietnamese office writes them, and the rule for those that could mean two things.

The written rule, in the order in which it is applied to one cell:

1. blank: not reported. Never a zero.
2. a mark that ``study.toml`` declares under ``[cells]``: a zero, or not reported, as declared. Dashes of any length
   are one mark. A mark that is not declared is not guessed.
3. a number typed as a number in Excel: that number.
4. digits only, ``17``: that number.
5. groups of exactly three digits after the first, parted by dots (``1.234``) or spaces (``1 234``), the first group
   not starting with 0: thousands. So ``1.234`` is 1234.
6. one comma, with thousands before it as in 5 or none: a decimal comma. So ``84,95`` is 84.95; but three digits after
   a comma (``1,234``) may be an English thousand: ambiguous.
7. any other dot (``1.5``, ``0.123``): ambiguous, because a decimal point and a misplaced thousand look the same.
   A study that declares its ``decimal_sign`` under ``[cells]`` settles 5 to 7: the sign parts fractions of any length,
   the other one (dot or comma) and spaces part groups of three digits, and what fits neither contradicts the study.
8. a trailing ``%`` where a percentage is expected is dropped; elsewhere it is refused.
9. anything negative is refused, and so is a fraction where a count is expected.

What is ambiguous or refused is quarantined with its reason; it is never repaired. Long-form files, which machines
write, follow `read_plain_number` instead: a decimal point and nothing else.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from helpers.cleaning.workbooks.workbook import Uncalculated
from helpers.messages import Message, say
from helpers.study.objects import CellMarks, DecimalSign
from helpers.text import tone_key

Expected = Literal["count", "fraction", "percentage"]
Mark = Literal["number", "zero", "zero_mark", "missing"]

_DASHES = re.compile("[-‐‑‒–—―−]+")
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[0-9][0-9.,]*")
_NEGATIVE = re.compile(r"[-−–]\s*[0-9][0-9.,]*%?|\(\s*[0-9][0-9.,]*\s*\)")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_LIKE_A_THOUSAND = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


@dataclass(frozen=True, slots=True)
class _Signs:
    """How numbers are written with one decimal sign: thousands, fractions, and what the log calls the two."""

    thousands: re.Pattern[str]
    fraction: re.Pattern[str]
    thousands_rule: str
    fraction_rule: str


_WITH_COMMA = _Signs(
    re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+|(?: [0-9]{3})+)"),
    re.compile(r"([0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),([0-9]+)"),
    "dotted_thousands",
    "decimal_comma",
)
_WITH_POINT = _Signs(
    re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+)"),
    re.compile(r"([0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)\.([0-9]+)"),
    "comma_thousands",
    "decimal_point",
)

_ASK = say("Ask the office which number is meant and record it in corrections.csv.")
_NOTHING_TO_DO = say("Nothing needs to be done.")
_NEGATIVE_RULE = say("a number here cannot be negative")
_FINITE_RULE = say("a finite number is expected")


@dataclass(frozen=True, slots=True)
class Number:
    """What one cell was read as.

    Attributes
    ----------
    value : float or None
        The number; None if not reported or quarantined.
    mark : str
        How it was written; "missing" whenever `value` is None.
    rule : str
        The rule that decided (``plain``, ``dotted_thousands``, ``decimal_comma``, ``declared_zero``, ``blank`` ...).
    reason : str
        Why the cell is quarantined; "" if it is not.
    remedy : str
        What to do about it.
    decimals : int
        Digits written after the decimal comma: what a printed rate may be rounded to. -1 if typed as an Excel number.
    """

    value: float | None
    mark: Mark
    rule: str
    reason: str = ""
    remedy: str = ""
    decimals: int = 0


BLANK = Number(
    None,
    "missing",
    "blank",
    say("a blank cell is not reported, and never a zero"),
    say("If the office meant none, let it write 0; else nothing needs to be done."),
)


@lru_cache(maxsize=4096)
def normalise_mark(text: str) -> str:
    """Return the key of a mark: lower case, tone key, dashes of any length and number as one hyphen.

    Examples
    --------
    >>> normalise_mark(" – "), normalise_mark("KHÔNG")
    ('-', 'không')
    """
    return _DASHES.sub("-", " ".join(tone_key(text).split()))


def read_number(raw: object, marks: CellMarks, *, expected: Expected = "count") -> Number:
    """Return what a cell of an office's table says, by the rule written at the top of this module.

    Parameters
    ----------
    raw : object
        The cell as calamine gives it (text, float, bool, a date), None if blank.
    marks : CellMarks
        The study's declaration of what marks and the decimal sign mean.
    expected : {"count", "fraction", "percentage"}
        A count has no fraction; a fraction may have one; a percentage may also carry a per cent sign.

    Examples
    --------
    >>> marks = CellMarks(zero=("-", "không"), missing=())
    >>> read_number("1.234", marks).value, read_number("84,95%", marks, expected="percentage").value
    (1234.0, 84.95)
    >>> read_number("Không", marks).mark, read_number(None, marks).mark, read_number("…", marks).rule
    ('zero_mark', 'missing', 'undeclared_mark')
    >>> read_number("1.5", marks).reason
    'a dot that parts no group of three digits may be a decimal point or a misplaced thousand'
    >>> english = CellMarks(zero=(), missing=(), decimal_sign=".")
    >>> read_number("1,234", english).value, read_number("1.5", english, expected="fraction").value
    (1234.0, 1.5)
    """
    if raw is None:
        return BLANK
    if isinstance(raw, Uncalculated):
        return _refused(
            "formula_without_value",
            say("a formula whose value was never calculated says nothing"),
            say("Open the workbook in Excel or LibreOffice, let it calculate, and save it."),
        )
    if isinstance(raw, bool | date | datetime | time | timedelta):
        rule = say("a number is expected; Excel holds a date or a truth value here")
        return _refused("not_a_number", rule, _ASK)
    if isinstance(raw, int | float):
        return _typed(float(raw), expected)
    text = " ".join(str(raw).replace("\u00a0", " ").replace("\u202f", " ").split())
    return _declared(text, marks) or _written(text, expected, marks.decimal_sign)


def _typed(value: float, expected: Expected) -> Number:
    if not math.isfinite(value):
        return _refused("not_a_number", _FINITE_RULE, _ASK)
    return _bounded(value, "plain", expected, decimals=-1)


def _declared(text: str, marks: CellMarks) -> Number | None:
    if not text:
        return BLANK
    if text[0].isdigit():
        return None
    key = normalise_mark(text)
    if key in {normalise_mark(mark) for mark in marks.zero}:
        return Number(0.0, "zero_mark", "declared_zero")
    if key in {normalise_mark(mark) for mark in marks.missing}:
        reason = say("the study declares this mark to mean not reported")
        return Number(None, "missing", "declared_missing", reason, _NOTHING_TO_DO)
    return None


def _written(text: str, expected: Expected, decimal_sign: DecimalSign) -> Number:
    if _NEGATIVE.fullmatch(text):
        return _refused("negative", _NEGATIVE_RULE, _ASK)
    if text.endswith("%"):
        if expected != "percentage":
            return _refused("percentage", say("a count is expected, not a percentage"), _ASK)
        text = text[:-1].rstrip()
    if _DIGITS.fullmatch(text):
        return _bounded(float(text), "plain", expected)
    signs = _WITH_POINT if decimal_sign == "." else _WITH_COMMA
    if signs.thousands.fullmatch(text):
        rule = "spaced_thousands" if " " in text else signs.thousands_rule
        return _bounded(float(re.sub(r"[^0-9]", "", text)), rule, expected)
    fraction = signs.fraction.fullmatch(text)
    if fraction and decimal_sign:
        return _bounded(_parted(fraction), signs.fraction_rule, expected, decimals=_decimals(fraction, expected))
    if fraction and len(fraction[2]) != 3:
        return _bounded(_parted(fraction), signs.fraction_rule, expected, decimals=len(fraction[2]))
    return _unclear(text, decimal_sign)


def _parted(fraction: re.Match[str]) -> float:
    return float(f"{re.sub('[.,]', '', fraction[1])}.{fraction[2]}")


def _decimals(fraction: re.Match[str], expected: Expected) -> int:
    """Return the digits written after a declared sign; a count may have zeros there (“12.0”)."""
    return 0 if expected == "count" else len(fraction[2])


def _unclear(text: str, decimal_sign: DecimalSign) -> Number:
    """Return why a text is no number that the signs of a study allow."""
    if decimal_sign and _NUMBER.fullmatch(text):
        reason = say(
            "the study declares “{sign}” as its decimal sign, and this number contradicts it", sign=decimal_sign
        )
        return _refused("other_decimal_sign", reason, _ASK)
    if _WITH_COMMA.fraction.fullmatch(text):
        reason = say("three digits after a comma may be a fraction or an English thousand")
        return _refused("ambiguous_comma", reason, _ASK)
    if re.fullmatch(r"[0-9][0-9.]*", text):
        reason = say("a dot that parts no group of three digits may be a decimal point or a misplaced thousand")
        return _refused("ambiguous_dot", reason, _ASK)
    return _refused(
        "undeclared_mark",
        say("a number, or a mark that study.toml declares under [cells], is expected"),
        say(
            "Ask the office what it means; then declare the mark under [cells], "
            "or record the number in corrections.csv."
        ),
    )


def _bounded(value: float, rule: str, expected: Expected, *, decimals: int = 0) -> Number:
    if value < 0:
        return _refused("negative", _NEGATIVE_RULE, _ASK)
    if expected == "count" and (decimals > 0 or not value.is_integer()):
        return _refused("fraction", say("a count has no fraction"), _ASK)
    return Number(value, "number" if value else "zero", rule, decimals=decimals)


def _refused(rule: str, reason: Message, remedy: Message) -> Number:
    return Number(None, "missing", rule, reason, remedy)


def read_plain_number(text: str, marks: CellMarks, *, is_count: bool, is_typed: bool = False) -> Number:
    """Return what a value of a long-form file says: digits, at most one decimal point, no thousands.

    A count may have a fraction there (an incident shared by two units), but a text that looks like a Vietnamese
    thousand, ``1.234``, is ambiguous and quarantined unless the file itself types its numbers (`is_typed`, Parquet) or
    the study declares the point as its decimal sign.

    Examples
    --------
    >>> marks = CellMarks(zero=(), missing=())
    >>> read_plain_number("0.25", marks, is_count=True).value, read_plain_number("1.234", marks, is_count=True).rule
    (0.25, 'ambiguous_dot')
    """
    text = text.strip()
    declared = _declared(text, marks)
    if declared:
        return declared
    if re.fullmatch(r"[-−–]\s*[0-9.,]+", text):
        return _refused("negative", _NEGATIVE_RULE, _ASK)
    if not _PLAIN.fullmatch(text):
        reason = say("digits with at most one decimal point are expected in a long-form file")
        return _refused("not_a_number", reason, _ASK)
    is_certain = is_typed or not is_count or marks.decimal_sign == "."
    if not is_certain and _LIKE_A_THOUSAND.fullmatch(text):
        reason = say("one to three digits, a dot and three digits may be a thousand or a fraction")
        return _refused("ambiguous_dot", reason, _ASK)
    value = float(text)
    if not math.isfinite(value):
        return _refused("not_a_number", _FINITE_RULE, _ASK)
    return Number(value, "number" if value else "zero", "plain")
