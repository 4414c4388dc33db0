"""The spellings of periods in Vietnamese and English offices, as patterns over the key of a text.

A text whose letters are all plain (“Thang 5/2023”) is read by the same patterns without accents; in a text that has
accents a word without them is another word (“nam” is a man, “năm” a year).
"""

import re
import unicodedata
from functools import lru_cache

from helpers.text import tone_key

MONTH_WORDS = {
    "giêng": 1, "một": 1, "hai": 2, "ba": 3, "tư": 4, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8,
    "chín": 9, "mười": 10, "mười một": 11, "mười hai": 12, "chạp": 12,
}  # fmt: skip
ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ROMAN_NUMBERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4}

_LIKE_OTHERS = str.maketrans(dict.fromkeys("–—−‐‑‒", "-") | {"_": " ", "\u00a0": " ", "\u202f": " ", "…": "."})

_GAP = r"[\s|]*"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_THEN_YEAR = rf"{_GAP}(?:[/.,-]{_GAP})?(?:(?:của\s*)?năm{_GAP})?{_YEAR}(?![/-][a-zđ])"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])(?!\d)"
_WORD = rf"(?P<word>{'|'.join(sorted(map(re.escape, MONTH_WORDS), key=len, reverse=True))})(?!\w)".replace(
    "\\ ", r"\s+"
)
_QUARTER_NUMBER = r"(?:0?[1-4](?!\d)|iv|i{1,3}|một|hai|ba|tư|bốn)(?!\w)"
_QUARTER = rf"(?P<quarter>{_QUARTER_NUMBER})"
_ENGLISH = r"(?P<english>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_HOUR = r"(?:\d{1,2}\s*(?:h|g|giờ)\s*(?:\d{1,2}\s*(?:phút|')?)?[,\s]*)?"
_ON = rf"(?:hết\s*)?{_HOUR}(?:hết\s*)?(?:ngày\s*)?"
_TO = r"\s*(?:đến|tới|-|~|to\b)\s*"


def _date(suffix: str) -> str:
    then_year = rf"(?:\s?(?P=mark{suffix})\s?(?P<year{suffix}>\d{{4}}))?"
    numbers = rf"\s?(?P<mark{suffix}>[/.-])\s?(?P<month{suffix}>\d{{1,2}}){then_year}"
    words = rf"\s*tháng\s*(?P<in{suffix}>\d{{1,2}})(?:[\s/,.]*(?:năm)?\s*(?P<of{suffix}>\d{{4}}))?"
    return rf"(?<![\d/.])(?P<day{suffix}>\d{{1,2}})(?:{numbers}|{words})(?!\d|[/-][a-zđ])"


NOT_PERIODS = (
    r"\d+\s*/\s*\d{4}\s*/\s*[a-zđ][\w-]*",
    r"\d+\s*/\s*[a-zđ]+-[\w/-]*",
    r"(?<!\w)(?:số|mẫu|biểu|phụ lục|mẫu biểu)\s*(?:số)?\s*:?\s*\d+(?:[/.-](?!t\d)[\w/.-]+|\s*/\s*\d+)?",
    r"ngày[\s.]*tháng[\s.]*(?:\d{1,2})?[\s.]*năm[\s.]*(?:\d{2,4})?",
    r"năm\s*(?:19|20)\d\d\s*-\s*(?:19|20)\d\d",
)
"""Numbers of documents and forms, dates of signature that were left open, and runs of years."""

SPAN = rf"(?P<from>từ\s*)?{_ON}{_date('1')}{_TO}{_ON}{_date('2')}"
UNTIL = (
    rf"(?:tính\s*(?:đến|tới)|(?:đến|tới)\s*hết|(?:từ\s*đầu\s*năm|lũy\s*kế)\s*(?:(?:19|20)\d\d\s*)?(?:đến|tới))"
    rf"\s*{_ON}{_date('1')}"
)
SINGLE_DATE = rf"(?:ngày\s*|(?:^|[,(])\s*)?{_date('1')}"
SIGNATURE = rf"(?:^|,)\s*ngày\s*{_date('1')}\s*\.?$"
ENACTED = r"nghị định|thông tư|quyết định|nghị quyết|kế hoạch|công văn|chỉ thị|luật|ban hành|kèm theo"
"""Words beside the date of another document."""
MONTH_RANGE = (
    rf"tháng\s*(?P<first>0?[1-9]|1[0-2])(?:{_TO}|\s*(?:\+|,|và|đến hết)\s*)(?:tháng\s*)?{_MONTH}(?:{_THEN_YEAR})?"
    r"(?!\s*[/.]?\d)"
)
QUARTER_RANGE = (
    rf"(?:quý|quí)\s*(?P<first>{_QUARTER_NUMBER})(?:{_TO}|\s*(?:\+|,|và|&)\s*)(?:(?:quý|quí)\s*)?{_QUARTER}"
    rf"(?:{_THEN_YEAR})?"
)
_COUNT = rf"(?<![\d.,/])(?<!tháng )(?P<count>0?[1-9]|1[0-2]|{'|'.join(MONTH_WORDS)})(?:\s*tháng|t(?!\w))"
MONTHS_OF_YEAR = (
    rf"{_COUNT}\s*(?P<part>đầu|cuối)\s*năm(?:{_GAP}(?:[/-]{_GAP})?{_YEAR})?",
    rf"{_COUNT}{_THEN_YEAR}",
    rf"(?:lũy\s*kế|cộng\s*dồn)\s*{_COUNT}",
)
MONTHS_ALONE = _COUNT
MONTHS = (
    rf"(?<!\w)tháng\s*{_MONTH}{_THEN_YEAR}",
    rf"(?<!\w)tháng\s*{_WORD}{_GAP}(?:[/.-]{_GAP}|(?:của\s*)?năm{_GAP}){_YEAR}",
    rf"(?<![\w.])t(?:hg?)?\.?\s?{_MONTH}\s*[/., -]\s*{_YEAR}(?![/-][a-zđ])",
    rf"(?<!\w){_ENGLISH}[\s,/-]*{_YEAR}",
    rf"(?<!\w)tháng\s*{_MONTH}(?![/-]?\d|[.,]\d|\w)",
    rf"(?:^|\|)\s*tháng\s*\|\s*{_MONTH}\s*(?=\||$)",
    rf"(?<!\w)kỳ(?:\s*báo\s*cáo)?\s*:?\s*{_MONTH}\s*[/.-]\s*{_YEAR}(?![/-]\w)",
    rf"(?<!\w)kỳ(?:\s*báo\s*cáo)?\s*:?\s*{_YEAR}\s*[/.-]\s*{_MONTH}(?![/-]\w)",
)
QUARTERS = (
    rf"(?<!\w)(?:quý|quí)\s*{_QUARTER}(?:{_THEN_YEAR})?",
    rf"(?:^|\|)\s*(?:quý|quí)\s*\|\s*{_QUARTER}\s*(?=\||$)",
    rf"(?<!\w)(?:q\.?\s?|quarter\s*){_QUARTER}\s*[/. -]\s*{_YEAR}",
    rf"(?<![\w/.-]){_YEAR}\s*-?\s*(?:q|quý|quí)\s*{_QUARTER}",
)
YEARS = (rf"(?<!\w)(?:năm|year)\s*:?\s*{_YEAR}(?!\s*-\s*\d)",)
WHOLE = (
    rf"{_MONTH}\s*[/.-]\s*{_YEAR}",
    rf"{_YEAR}\s*(?:[/. -]\s*|m)(?:tháng\s*|t)?{_MONTH}",
    rf"t(?:hg?)?\.?\s?{_MONTH}(?:\s*[/.-]\s*(?P<short>\d\d))?",
    rf"tháng\s*{_MONTH}\s*[/.-]\s*(?P<short>\d\d)",
    rf"{_ENGLISH}\s*[-/']\s*'?(?P<short>\d\d)",
    rf"q\s?{_QUARTER}",
    _YEAR,
)
"""What names a period only if nothing else stands in the cell, the line or the level of a heading."""
MONTH_WORD_ALONE = rf"tháng\s*{_WORD}"
ISO_DAY = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[ t]\d\d:\d\d(?::\d\d)?(?:\.\d+)?)?"

CUMULATIVE = (
    r"lũy\s*kế|cộng\s*dồn|từ\s*đầu\s*năm|tính\s*(?:đến|tới)|year[\s-]*to[\s-]*date|(?<!\w)ytd(?!\w)|(?<!\w)cumulative"
)
COMPARED_WITH = r"so\s*với|so\s*cùng|cùng\s*kỳ"


@lru_cache(maxsize=65_536)
def period_key(text: str) -> str:
    """Return the key in which the patterns look: `tone_key` with one kind of hyphen and plain spaces."""
    return tone_key(text).translate(_LIKE_OTHERS)


def is_plain(key: str) -> bool:
    """Whether a text is written without any accents."""
    return all(character.isascii() or not character.isalpha() for character in key)


@lru_cache(maxsize=256)
def compiled(pattern: str, *, plain: bool) -> re.Pattern[str]:
    """Return a pattern of this module, ready for texts with accents or for plain ones."""
    written = tone_key(pattern).replace("(?p", "(?P")
    return re.compile(without_accents(written) if plain else written)


@lru_cache(maxsize=4096)
def without_accents(text: str) -> str:
    """Return text as it is typed on a keyboard without Vietnamese letters."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


NUMBER_WORDS = {without_accents(tone_key(word)): number for word, number in MONTH_WORDS.items()}
"""Numbers by the plain key of their word."""
