"""Where a text names a period: every mention, read by the patterns of `helpers.cleaning.periods.spellings`.

What looks like a period and is none is taken out first: numbers of documents and forms, dates of signature, other
single dates. Then longer forms go before shorter ones, and what one has read no later one sees.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from helpers.cleaning.periods import spellings
from helpers.cleaning.periods.reading import PeriodReading
from helpers.cleaning.periods.spellings import compiled, is_plain, period_key, without_accents


@dataclass(frozen=True, slots=True)
class Mention:
    """A reading, and where it stands in the key of its text."""

    start: int
    end: int
    reading: PeriodReading


@dataclass(frozen=True, slots=True)
class Mentions:
    """What was found in a text.

    Attributes
    ----------
    key : str
        The text as it was compared.
    mentions : tuple of Mention
        In the order of the text.
    rest : str
        The key without the mentions.
    """

    key: str
    mentions: tuple[Mention, ...]
    rest: str

    @property
    def readings(self) -> tuple[PeriodReading, ...]:
        """The readings without their places."""
        return tuple(mention.reading for mention in self.mentions)


@lru_cache(maxsize=16_384)
def find_mentions(text: str) -> Mentions:
    """Return every mention of a period in a text; the levels of a heading are parted by ``|``.

    Examples
    --------
    >>> [found.kind for found in find_mentions("Tháng 6 và 6 tháng đầu năm 2023, Mẫu số 05/2019").readings]
    ['month', 'half']
    """
    key = period_key(text)
    plain = is_plain(key)
    left, rest, mentions = key, key, []
    for pattern, read in _GRAMMAR:
        for match in list(compiled(pattern, plain=plain).finditer(left)):
            reading = read(match)
            if reading is None:
                continue
            if isinstance(reading, PeriodReading):
                mentions.append(Mention(*match.span(), reading))
                rest = _blanked(rest, *match.span())
            left = _blanked(left, *match.span())
    for start, end in _levels(key):
        if left[start:end] == key[start:end]:
            whole = read_whole(key[start:end], plain=plain)
            if whole is not None:
                mentions.append(Mention(start, end, whole))
                rest = _blanked(rest, start, end)
    ordered = sorted(mentions, key=lambda mention: mention.start)
    return Mentions(key, tuple(_in_context(key, ordered, plain=plain)), " ".join(rest.replace("\0", " ").split()))


def read_date(key: str) -> date | None:
    """Return the date that a whole text is, day before month; None if it is none, or not one of the calendar."""
    match = compiled(spellings.SINGLE_DATE, plain=is_plain(key)).fullmatch(key)
    day, month, year = _day_parts(match, "1") if match else (0, 0, None)
    try:
        return date(year, month, day) if year is not None else None
    except ValueError:
        return None


def find_signatures(text: str) -> list[date]:
    """Return the dates that stand where a place and date of signature stand: at the end of a line of their own.

    Examples
    --------
    >>> find_signatures("Số: 15/BC-CAP    Vinh, ngày 16 tháng 5 năm 2023")
    [datetime.date(2023, 5, 16)]
    >>> find_signatures("Ban hành kèm theo Thông tư số 22, ngày 16 tháng 5 năm 2023")
    []
    """
    dates = []
    for line in re.split(r"[|\n]", period_key(text)):
        plain = is_plain(line)
        match = compiled(spellings.SIGNATURE, plain=plain).search(line.strip())
        if match and not compiled(spellings.ENACTED, plain=plain).search(line):
            day, month, year = _day_parts(match, "1")
            try:
                dates += [date(year, month, day)] if year is not None else []
            except ValueError:
                continue
    return dates


def _blanked(text: str, start: int, end: int) -> str:
    """Return text with a part that no later pattern can match or bridge."""
    return text[:start] + "\0" * (end - start) + text[end:]


def _levels(key: str) -> Iterator[tuple[int, int]]:
    for level in re.finditer(r"[^|\n]+", key):
        yield level.span()


def read_whole(key: str, *, plain: bool) -> PeriodReading | None:
    """Return what a whole cell, line or level of a heading names, if it names nothing but a period."""
    bare = key.strip(" \t\n()[]:;.,*\"'")
    match = compiled(spellings.ISO_DAY, plain=plain).fullmatch(bare)
    if match:
        try:
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            return None
        return PeriodReading("day", first_day=day, last_day=day)
    for pattern in spellings.WHOLE:
        match = compiled(pattern, plain=plain).fullmatch(bare)
        if match:
            return _month(match) or _quarter(match) or _year(match)
    match = compiled(spellings.MONTHS_ALONE, plain=plain).fullmatch(bare)
    if match:
        return _months_of_year(match)
    match = None if plain else compiled(spellings.MONTH_WORD_ALONE, plain=plain).fullmatch(bare)
    return _month(match) if match else None


def _in_context(key: str, ordered: list[Mention], *, plain: bool) -> Iterator[Mention]:
    """Mark what follows words of adding up or of comparing, up to the mention before or the line's beginning."""
    before = 0
    for mention in ordered:
        lead = key[before : mention.start].rpartition("\n")[2]
        is_compared = compiled(spellings.COMPARED_WITH, plain=plain).search(lead) is not None
        is_cumulative = compiled(spellings.CUMULATIVE, plain=plain).search(lead) is not None
        reading = mention.reading
        yield replace(
            mention,
            reading=replace(
                reading,
                is_cumulative=reading.is_cumulative or is_cumulative,
                is_comparison=reading.is_comparison or is_compared,
            ),
        )
        before = mention.end


def _group(match: re.Match[str], name: str) -> str | None:
    return match[name] if name in match.re.groupindex else None


def _number_of(text: str) -> int:
    if text.isdecimal():
        return int(text)
    bare = without_accents(" ".join(text.split()))
    return spellings.ROMAN_NUMBERS.get(bare) or spellings.NUMBER_WORDS[bare]


def _year_of(match: re.Match[str]) -> int | None:
    year, short = _group(match, "year"), _group(match, "short")
    return int(year) if year else 2000 + int(short) if short else None


def _month(match: re.Match[str]) -> PeriodReading | None:
    english, number = _group(match, "english"), _group(match, "month") or _group(match, "word")
    if english:
        return PeriodReading("month", _year_of(match), spellings.ENGLISH_MONTHS.index(english) + 1)
    return PeriodReading("month", _year_of(match), _number_of(number)) if number else None


def _quarter(match: re.Match[str]) -> PeriodReading | None:
    number = _group(match, "quarter")
    return PeriodReading("quarter", _year_of(match), _number_of(number)) if number else None


def _year(match: re.Match[str]) -> PeriodReading:
    return PeriodReading("year", _year_of(match))


def _months_of_year(match: re.Match[str]) -> PeriodReading | None:
    count, year, part = _number_of(match["count"]), _year_of(match), _group(match, "part") or ""
    if part.startswith("c"):
        return PeriodReading("range", year, 12, 13 - count) if count != 6 else PeriodReading("half", year, 2)
    if count == 12:
        return PeriodReading("year", year)
    if count == 6:
        return PeriodReading("half", year, 1, is_cumulative=True)
    if count == 9:
        return PeriodReading("nine_months", year, is_cumulative=True)
    return PeriodReading("month", year, count, is_cumulative=True)


def _month_range(match: re.Match[str]) -> PeriodReading | None:
    first, last = int(match["first"]), int(match["month"])
    return PeriodReading("range", _year_of(match), last, first) if first < last else None


def _quarter_range(match: re.Match[str]) -> PeriodReading | None:
    first, last = _number_of(match["first"]), _number_of(match["quarter"])
    return PeriodReading("range", _year_of(match), 3 * last, 3 * first - 2) if first < last else None


def _day_parts(match: re.Match[str], suffix: str) -> tuple[int, int, int | None]:
    month = match[f"month{suffix}"] or match[f"in{suffix}"]
    year = match[f"year{suffix}"] or match[f"of{suffix}"]
    return int(match[f"day{suffix}"]), int(month), int(year) if year else None


def _span(match: re.Match[str]) -> PeriodReading | None:
    first_day, first_month, first_year = _day_parts(match, "1")
    last_day, last_month, last_year = _day_parts(match, "2")
    turns = (first_month, first_day) > (last_month, last_day)
    if first_year is None and last_year is None:
        days = ((first_day, first_month), (last_day, last_month))
        return PeriodReading("span", day_months=days) if match["from"] else None
    first_year = first_year if first_year is not None else (last_year or 0) - turns
    last_year = last_year if last_year is not None else first_year + turns
    return _days((first_year, first_month, first_day), (last_year, last_month, last_day))


def _days(first: tuple[int, int, int], last: tuple[int, int, int]) -> PeriodReading:
    try:
        return PeriodReading("span", first_day=date(*first), last_day=date(*last))
    except ValueError:
        return PeriodReading("span", is_impossible=True)


def _until(match: re.Match[str]) -> PeriodReading | None:
    day, month, year = _day_parts(match, "1")
    if year is None:
        return None
    try:
        return PeriodReading("span", last_day=date(year, month, day), is_cumulative=True)
    except ValueError:
        return PeriodReading("span", is_impossible=True)


def _no_period(match: re.Match[str]) -> bool:
    return True


def _single_date(match: re.Match[str]) -> bool | None:
    """A date without a year is one only after its word, or else “5 tháng 5/2023” would hide a month."""
    in_words = match["in1"] is not None
    begins = not match.group().lstrip()[0].isdigit() or match.start() == 0
    has_year = _day_parts(match, "1")[2] is not None
    return True if (begins if in_words else has_year) else None


Reader = Callable[[re.Match[str]], PeriodReading | bool | None]

_GRAMMAR: tuple[tuple[str, Reader], ...] = (
    *((pattern, _no_period) for pattern in spellings.NOT_PERIODS),
    (spellings.SPAN, _span),
    (spellings.UNTIL, _until),
    (spellings.SINGLE_DATE, _single_date),
    (spellings.MONTH_RANGE, _month_range),
    (spellings.QUARTER_RANGE, _quarter_range),
    *((pattern, _months_of_year) for pattern in spellings.MONTHS_OF_YEAR),
    *((pattern, _month) for pattern in spellings.MONTHS),
    *((pattern, _quarter) for pattern in spellings.QUARTERS),
    *((pattern, _year) for pattern in spellings.YEARS),
)
"""Longer forms first: what one has read, no later one sees."""
