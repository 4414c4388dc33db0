"""Which period a heading, the name of a sheet or a key cell names.

Each place has its own function, because what names a period in one is a figure in another: 5 in a column of months is
May, 5 under “Số vụ” is five cases, and “5/2023” alone in a cell is a period while “Mẫu số 05/2019” never is. Titles
are read by `helpers.cleaning.periods.titles`; `helpers.cleaning.periods.fit` says what a reading is in a study.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from helpers.cleaning.periods.grammar import find_mentions, read_date
from helpers.cleaning.periods.reading import PeriodReading, combined, completed
from helpers.cleaning.periods.spellings import CUMULATIVE, ROMAN_NUMBERS, compiled, is_plain, period_key

__all__ = [
    "HeadingPeriod",
    "KeyNumber",
    "PeriodReading",
    "completed",
    "is_comparison",
    "is_cumulative",
    "read_heading",
    "read_key",
    "read_sheet_name",
]

KeyNumber = Literal["month", "quarter", "year"]

FIRST_YEAR, LAST_YEAR = 1990, 2099
"""A number outside these is no year; a serial number of Excel outside their days is no date."""

SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of Excel's numbers of days, as they count since March 1900."""

_COMPARISON = (
    r"cùng\s*kỳ|(?<!\w)so\s+với|(?<!\w)so\s+sánh|chênh\s*lệch|(?:năm|quý|tháng|kỳ)\s*(?:liền\s*)?(?:trước|kề)(?!\w)"
    r"|\+\s*/?\s*-|±|tăng\s*(?:\(\s*\+\s*\))?\s*(?:[/,-]|hoặc|hay)?\s*giảm"
    r"|same\s+period|previous\s+(?:year|quarter|month|period)|(?<!\w)compared|(?<!\w)change(?!\w)|(?<!\w)vs(?!\w)"
)
_RISE_OR_FALL = (
    r"(?:(?:số|tỷ lệ|tỉ lệ|mức|vụ|người|%|\(?[+-]\)?)\s*)*(?:tăng|giảm)"
    r"(?:\s*(?:số|vụ|người|tỷ lệ|tỉ lệ|%|\(\s*[+%-]\s*\)|[+-]))*"
)
_LEFT_OVER = (
    r"\(\s*\)|\[\s*\]|(?<!\w)kỳ\s*báo\s*cáo(?!\w)|(?:(?<!\w)(?:từ|trong|của|kỳ|đến|hết|tính|số liệu)\s*)+[\s:]*$"
)


@dataclass(frozen=True, slots=True)
class HeadingPeriod:
    """What the heading of a column, or a section row, says about a period.

    Attributes
    ----------
    period : PeriodReading or None
        The period of what stands below; None if none is named, or more than one.
    readings : tuple of PeriodReading
        Everything named; more than one if the heading is unclear.
    rest : str
        The key of the heading without its period and words of adding up: what the figures are, "" if nothing is left.
    is_cumulative : bool
        Whether it has words of adding up; the end may be written elsewhere (“Lũy kế từ đầu năm”).
    is_comparison : bool
        Whether it compares: such a column holds no figure of this period.
    """

    period: PeriodReading | None
    readings: tuple[PeriodReading, ...]
    rest: str
    is_cumulative: bool
    is_comparison: bool

    @property
    def is_unclear(self) -> bool:
        """Whether more than one period is named."""
        return len(self.readings) > 1


@lru_cache(maxsize=65_536)
def read_heading(text: str) -> HeadingPeriod:
    """Return what a heading says about a period; its levels are parted by ``|``.

    Examples
    --------
    >>> heading = read_heading("PPHS|Lũy kế đến tháng 5/2023")
    >>> heading.period.number, heading.period.is_cumulative, heading.rest
    (5, True, 'pphs')
    >>> read_heading("Mẫu số 05/2019").period is None, read_heading("Tháng|5").period.is_partial
    (True, True)
    """
    found = find_mentions(text)
    plain = is_plain(found.key)
    adds_up = compiled(CUMULATIVE, plain=plain).search(found.key) is not None
    named = [one for one in found.readings if not one.is_comparison]
    if adds_up:
        named = [replace(one, is_cumulative=True) for one in named]
    readings = combined(named)
    rest = compiled(CUMULATIVE, plain=plain).sub(" ", found.rest)
    return HeadingPeriod(
        period=readings[0] if len(readings) == 1 else None,
        readings=readings,
        rest=_tidied(rest, plain=plain) if readings or adds_up else found.key,
        is_cumulative=adds_up or any(one.is_cumulative for one in readings),
        is_comparison=is_comparison(text),
    )


def _tidied(rest: str, *, plain: bool) -> str:
    pattern = compiled(_LEFT_OVER, plain=plain)
    levels = (pattern.sub(" ", pattern.sub(" ", level)).strip(" \t\n:;,.-/") for level in rest.split("|"))
    return "|".join(" ".join(level.split()) for level in levels if level)


@lru_cache(maxsize=4096)
def read_sheet_name(name: str) -> PeriodReading | None:
    """Return the period that a sheet's name names; None if it names none, or more than one.

    Examples
    --------
    >>> read_sheet_name("Biểu 1 - T05-2023").number, read_sheet_name("Sheet1") is None
    (5, True)
    """
    readings = combined(one for one in find_mentions(name).readings if not one.is_comparison)
    return readings[0] if len(readings) == 1 else None


def read_key(value: object, *, number: KeyNumber = "month") -> PeriodReading | None:
    """Return the period that a cell of a *key column* names; None if it names none.

    Only for cells that are known to be keys: a bare number is a period here.

    Parameters
    ----------
    value : object
        The cell. A date is a day; whether Excel swapped its day and month is for
        `helpers.cleaning.periods.swapped_dates` to say before.
    number : {"month", "quarter", "year"}
        What a small number means, as the column's heading says. A year, a month written as 202305, the number 5.2023
        that Excel makes of “5.2023”, and the serial number of a day are understood beside it.

    Examples
    --------
    >>> read_key("Tháng 5/2023").year, read_key(5).is_partial, read_key("II", number="quarter").kind
    (2023, True, 'quarter')
    >>> read_key(45047).first_day, read_key("Tổng cộng") is None
    (datetime.date(2023, 5, 1), True)
    """
    if isinstance(value, datetime):
        return _day(value.date())
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _key_number(float(value), number)
    return _key_text(value, number) if isinstance(value, str) else None


def _day(day: date) -> PeriodReading | None:
    return PeriodReading("day", first_day=day, last_day=day) if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _key_number(value: float, meaning: KeyNumber) -> PeriodReading | None:
    if not value.is_integer():
        return _month_dot_year(value)
    whole = int(value)
    if FIRST_YEAR <= whole <= LAST_YEAR:
        return PeriodReading("year", whole)
    if meaning == "month" and 1 <= whole <= 12:
        return PeriodReading("month", number=whole)
    if meaning == "quarter" and 1 <= whole <= 4:
        return PeriodReading("quarter", number=whole)
    if FIRST_YEAR <= whole // 100 <= LAST_YEAR and 1 <= whole % 100 <= 12:
        return PeriodReading("month", whole // 100, whole % 100)
    if 1 <= whole <= 200_000:
        day = SERIAL_ZERO + timedelta(days=whole)
        return _day(day)
    return None


def _month_dot_year(value: float) -> PeriodReading | None:
    if not 1 < value < 13:
        return None
    month, year = divmod(round(value * 10_000), 10_000)
    is_exact = abs(value - month - year / 10_000) < 1e-9
    # 1.2 is more likely a number than January 2000.
    is_year = FIRST_YEAR <= year <= LAST_YEAR and year % 100 > 0
    return PeriodReading("month", year, month) if is_exact and is_year else None


@lru_cache(maxsize=65_536)
def _key_text(text: str, meaning: KeyNumber) -> PeriodReading | None:
    bare = period_key(text).strip()
    if re.fullmatch(r"\d{1,6}", bare):
        return _key_number(float(bare), meaning)
    if meaning == "quarter" and bare in ROMAN_NUMBERS:
        return PeriodReading("quarter", number=ROMAN_NUMBERS[bare])
    day = read_date(bare)
    if day is not None:
        return _day(day)
    heading = read_heading(text)
    return None if heading.rest or heading.is_comparison else heading.period


@lru_cache(maxsize=65_536)
def is_cumulative(text: str) -> bool:
    """Whether a text has words of adding up from the beginning of the year.

    Examples
    --------
    >>> is_cumulative("Luỹ kế từ đầu năm"), is_cumulative("6 tháng đầu năm 2023"), is_cumulative("Tháng 5/2023")
    (True, True, False)
    """
    key = period_key(text)
    if compiled(CUMULATIVE, plain=is_plain(key)).search(key):
        return True
    return any(one.is_cumulative for one in find_mentions(text).readings)


@lru_cache(maxsize=65_536)
def is_comparison(text: str) -> bool:
    """Whether a text compares with another period, or says how much something rose or fell.

    “Tăng cường tuần tra” is no rise: a rise alone must be all that its level of the heading says.

    Examples
    --------
    >>> [is_comparison(text) for text in ("Cùng kỳ năm 2022", "Tăng (+), giảm (-)", "% giảm", "Tăng cường tuần tra")]
    [True, True, True, False]
    """
    key = period_key(text)
    plain = is_plain(key)
    if compiled(_COMPARISON, plain=plain).search(key):
        return True
    return any(compiled(_RISE_OR_FALL, plain=plain).fullmatch(level.strip()) for level in re.split(r"[|\n]", key))
