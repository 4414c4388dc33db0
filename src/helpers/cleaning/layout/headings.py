"""What the heading over a column means.

A heading has one to four levels, such as ``Phạm pháp hình sự | Tháng 5/2023 | Số vụ``. Declared spellings come first.
Else each level may name a ward or a period, or say that the figures are cumulative; what is left must be declared. A
heading that compares with another time (“so với cùng kỳ”) is no figure of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import cast

from helpers.cleaning.layout.vocabulary import COMPARISON, KEY_MEANINGS, TOTAL, VALUE, Vocabulary
from helpers.cleaning.periods.fit import written
from helpers.cleaning.periods.names import (
    FIRST_YEAR,
    LAST_YEAR,
    is_comparison,
    read_key,
)
from helpers.cleaning.periods.names import (
    read_heading as read_heading_period,
)
from helpers.cleaning.periods.reading import PeriodReading, combined
from helpers.cleaning.workbooks.workbook import CellValue, as_text
from helpers.study.objects import Ward
from helpers.text import normalise_header, normalise_ward_name

FIGURE, RATE = "figure", "rate"
CUMULATIVE = "cumulative"
MOST_LEVELS = 4
_MONTH_WORDS = frozenset(map(normalise_header, ("tháng", "month")))
_PERIOD_ALONE = frozenset(
    map(
        normalise_header,
        (
            "trong kỳ", "trong tháng", "trong quý", "kỳ này", "tháng này", "quý này", "kỳ báo cáo",
            "số liệu trong kỳ",
        ),
    )
)  # fmt: skip
_NEUTRAL_LEVELS = _PERIOD_ALONE | frozenset(
    map(
        normalise_header,
        (
            "kết quả", "kết quả thực hiện", "kết quả công tác", "thực hiện", "số thực hiện", "chỉ tiêu", "các chỉ tiêu",
            "nội dung", "số liệu", "tình hình",
        ),
    )
)  # fmt: skip
_MONTHS_OF_A_YEAR = frozenset(map(str, range(1, 13)))


@dataclass(frozen=True)
class Meaning:
    """What a heading means.

    Attributes
    ----------
    role : str
        ``figure`` and ``rate`` (of `indicator`), ``value`` (of an indicator named elsewhere), or one of
        `helpers.cleaning.layout.vocabulary.ROLE_MEANINGS`.
    indicator : str
        The indicator's id; "" if the heading names none.
    wards : tuple of Ward
        Wards that the heading may name, of any town.
    period : PeriodReading or None
        The period that the heading names.
    is_cumulative : bool
        Whether its figures count from the start of the year.
    is_alone : bool
        Whether it says that its figures are of the period alone (“Trong tháng”).
    """

    role: str
    indicator: str = ""
    wards: tuple[Ward, ...] = ()
    period: PeriodReading | None = None
    is_cumulative: bool = False
    is_alone: bool = False

    @cached_property
    def is_key(self) -> bool:
        """Return whether the column says which ward, period or indicator a row is about."""
        return self.role in KEY_MEANINGS

    @cached_property
    def is_figure(self) -> bool:
        """Return whether the column's cells are figures of wards."""
        return self.role in (FIGURE, VALUE)

    @cached_property
    def is_number(self) -> bool:
        """Return whether the column's cells hold numbers that come from wards' figures."""
        return self.role in (FIGURE, VALUE, RATE, TOTAL, COMPARISON)

    def label(self) -> str:
        """Return the meaning in a few words, for the log.

        Examples
        --------
        >>> Meaning("figure", "fires", is_cumulative=True).label()
        'fires, cumulative'
        """
        name = f"{self.indicator}_rate" if self.role == RATE else self.indicator or self.role
        parts = [name, written(self.period) if self.period else "", self.wards[0].ward_id if self.wards else ""]
        return ", ".join(part for part in (*parts, CUMULATIVE if self.is_cumulative else "") if part)


def read_heading(levels: Sequence[CellValue], vocabulary: Vocabulary) -> Meaning | None:
    """Return what a heading means, from its levels downwards; None if that is not known."""
    known = vocabulary.read_headings
    key = tuple((type(level), level) for level in levels)
    if key not in known:
        known[key] = _read(levels, vocabulary)
    return cast("Meaning | None", known[key])


def _read(levels: Sequence[CellValue], vocabulary: Vocabulary) -> Meaning | None:
    texts = [as_text(level) for level in levels]
    declared = vocabulary.meaning_of(" | ".join(texts))
    if declared is not None:
        return _declared(declared, vocabulary)
    if any(is_comparison(text) for text in texts):
        return Meaning(COMPARISON)
    told = [level for level in levels if not says_nothing(as_text(level))]
    if told and len(told) < len(levels):
        meaning = _read(told, vocabulary)
        is_alone = any(normalise_header(text) in _PERIOD_ALONE for text in texts)
        return replace(meaning, is_alone=is_alone) if meaning is not None and meaning.is_number else meaning
    parts = _taken_apart(levels, vocabulary)
    if parts.left == texts:
        return _unit_below(texts, vocabulary)
    inner = _inner(parts.left, vocabulary)
    periods = combined(parts.periods)
    if inner is None or len(periods) > 1 or not (inner.is_figure or inner.role in (RATE, TOTAL)):
        return None
    return replace(inner, wards=parts.wards, period=periods[0] if periods else None, is_cumulative=parts.is_cumulative)


def _inner(left: Sequence[str], vocabulary: Vocabulary) -> Meaning | None:
    """Return the meaning of what is left of a heading; with nothing left it heads plain values."""
    if not left:
        return Meaning(VALUE)
    return _declared(vocabulary.meaning_of(" | ".join(left)) or "", vocabulary) or _unit_below(left, vocabulary)


def _declared(word: str, vocabulary: Vocabulary) -> Meaning | None:
    if word in vocabulary.indicators:
        return Meaning(FIGURE, word)
    rate = vocabulary.rate_of(word)
    if rate:
        return Meaning(RATE, rate)
    return Meaning(word) if word else None


@dataclass(slots=True)
class _Parts:
    """A heading taken apart: the levels that are left, and what the others name."""

    left: list[str] = field(default_factory=list)
    wards: tuple[Ward, ...] = ()
    periods: list[PeriodReading] = field(default_factory=list)
    is_cumulative: bool = False


def _taken_apart(levels: Sequence[CellValue], vocabulary: Vocabulary) -> _Parts:
    parts = _Parts()
    is_under_month = False
    for level in levels:
        text = as_text(level)
        wards = vocabulary.wards.get(normalise_ward_name(text), ()) if isinstance(level, str) else ()
        if wards:
            parts.wards = wards
        elif isinstance(level, str) and not (is_under_month and text in _MONTHS_OF_A_YEAR):
            named = read_heading_period(text)
            parts.periods += named.readings
            parts.is_cumulative |= named.is_cumulative
            says_nothing_else = bool(named.readings or named.is_cumulative) or _heads_months(text)
            parts.left += (
                [named.rest] if named.rest and not _heads_months(text) else [] if says_nothing_else else [text]
            )
        else:
            reading = read_key(level) if is_under_month or _is_year_or_date(level) else None
            parts.periods += [reading] if reading is not None else []
            parts.left += [] if reading is not None else [text]
        is_under_month = _heads_months(text)
    return parts


def says_nothing(text: str) -> bool:
    """Return whether a level of a heading leaves open what the others say (“Kết quả”, “Trong tháng”).

    Examples
    --------
    >>> says_nothing("Kết quả thực hiện"), says_nothing("Trong đó")
    (True, False)
    """
    return normalise_header(text) in _NEUTRAL_LEVELS


def _heads_months(text: str) -> bool:
    return normalise_header(text) in _MONTH_WORDS


def _is_year_or_date(level: CellValue) -> bool:
    return isinstance(level, date) or (isinstance(level, int | float) and FIRST_YEAR <= level <= LAST_YEAR)


def _unit_below(texts: Sequence[str], vocabulary: Vocabulary) -> Meaning | None:
    """Return the meaning of a heading whose lowest level only says that numbers follow (“Cháy, nổ | Số vụ”)."""
    if len(texts) < 2 or vocabulary.meaning_of(texts[-1]) not in (VALUE, TOTAL):
        return None
    upper = _declared(vocabulary.meaning_of(" | ".join(texts[:-1])) or "", vocabulary)
    if upper is None or not (upper.is_figure or upper.role == RATE):
        return None
    is_total = vocabulary.meaning_of(texts[-1]) == TOTAL
    return Meaning(TOTAL if is_total else upper.role, upper.indicator)
