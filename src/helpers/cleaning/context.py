"""What surrounds a table says about all of it: the lines above, the name of its sheet, and the name of its file.

The lines above come first, then the sheet's name, then the file's; a sheet called “Sheet1” says nothing. What is taken
from a name is logged, because nobody who reads the table sees it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import cast

from helpers.cleaning.period_grammar import find_mentions, find_signatures
from helpers.cleaning.period_spellings import period_key
from helpers.cleaning.period_titles import TitlePeriod, read_title_period
from helpers.cleaning.sheet_tables import ALL_COLUMNS
from helpers.cleaning.vocabulary import Vocabulary
from helpers.cleaning.workbook import Sheet
from helpers.study.objects import Ward
from helpers.text import tone_key

_PLAN = re.compile(
    tone_key(
        r"(?<!thực hiện )(?<!theo )kế hoạch(?! số|[\s:]*\d)|chỉ tiêu (?:được )?(?:giao|phấn đấu|thi đua|kế hoạch)"
        r"|giao chỉ tiêu|dự kiến|dự báo|ước tính"
    )
)
_RATE = re.compile(tone_key(r"(?:trên|/)\s*(?:1|10|100)(?:[.,\s]?000|\s*nghìn|\s*vạn)\s*(?:dân|người)"))
_PART = re.compile(
    tone_key(
        r"(?<!\w)tuần\s*(?:thứ\s*)?(?:\d+|[ivx]+|một|hai|ba|bốn|tư|đầu|cuối)(?!\w)|\d+\s*ngày\s*(?:đầu|cuối)"
        r"|(?:đầu|giữa|cuối|nửa)\s*tháng"
    )
)


@dataclass(frozen=True, slots=True)
class Context:
    """What the title, the sheet's name and the file's name say.

    Attributes
    ----------
    title : TitlePeriod
        The period named, whether its days were given, and what is wrong with it.
    source : str
        Where the period was found, for the log: ``title``, ``sheet name`` or ``file name``.
    town_code, indicator : str
        "" if none or several are named.
    named_year : int or None
        The one year in the sheet's name, else in the file's.
    is_unclear : bool
        Whether a line may name a period that is not understood.
    warning : str
        A line that says the table holds no counted figures of whole periods: plans, a rate, a part of a month.
    wards : tuple of Ward
        Wards that the title names, for a table of one ward.
    """

    title: TitlePeriod
    source: str = "title"
    town_code: str = ""
    indicator: str = ""
    wards: tuple[Ward, ...] = ()
    named_year: int | None = None
    is_unclear: bool = False
    warning: str = ""

    @property
    def year(self) -> int | None:
        """Return the one year that the title names, else a name, which completes months written without one."""
        sheet = [self.title.sheet] if self.title.sheet is not None else []
        years = {found.year for found in (*self.title.readings, *sheet) if found.year is not None}
        if not years:
            return self.named_year
        return years.pop() if len(years) == 1 else None

    def or_else(self, other: "Context") -> "Context":
        """Return what this says, and what it leaves open as the other says it."""
        says_nothing = (self.title.fit == "none" or self.source != "title") and not self.is_unclear
        return replace(
            self,
            title=other.title if says_nothing else self.title,
            source=other.source if says_nothing else self.source,
            town_code=self.town_code or other.town_code,
            indicator=self.indicator or other.indicator,
            wards=self.wards or other.wards,
            warning=self.warning or (other.warning if says_nothing else ""),
        )


def lines_between(sheet: Sheet, first: int, last: int, columns: range = ALL_COLUMNS) -> list[str]:
    """Return the text of some rows and columns, row by row."""
    lines: dict[int, list[tuple[int, str]]] = {}
    for (row, column), value in sheet.cells.items():
        if first <= row <= last and column in columns and isinstance(value, str):
            lines.setdefault(row, []).append((column, value))
    return [" ".join(text for _, text in sorted(lines[row])) for row in sorted(lines)]


def read_context(lines: Sequence[str], sheet: Sheet, vocabulary: Vocabulary) -> Context:
    """Return what the lines about a table, its sheet's name and its file's name say."""
    stem = PurePosixPath(sheet.file).stem.replace("_", " ")
    names = [name for name in (sheet.name, stem) if name]
    said = [_read_line(text, vocabulary) for text in (*lines, *names)]
    title, source = _title(lines, sheet.name, stem, vocabulary)
    return Context(
        title,
        source,
        town_code=_first(one.town_code for one in said) or _first(vocabulary.town_called(text) for text in names),
        indicator=_first(one.indicator for one in said),
        wards=next((one.wards for one in said if one.wards), ()),
        named_year=_year_in(sheet.name) or _year_in(stem),
        is_unclear=any(map(may_name_a_period, lines)),
        warning=_first(line for line in lines if _warns(line, vocabulary))
        or (sheet.name if _plans(sheet.name) else ""),
    )


def _warns(line: str, vocabulary: Vocabulary) -> bool:
    """Return whether a line that says what a table is about says that it counts nothing, or no whole period."""
    key = period_key(line)
    is_about = bool(find_mentions(line).mentions) or bool(_read_line(line, vocabulary).indicator)
    return is_about and (_plans(line) or any(pattern.search(key) for pattern in (_RATE, _PART)))


def _plans(text: str) -> bool:
    return _PLAN.search(period_key(text)) is not None


@dataclass(frozen=True, slots=True)
class _Line:
    """What a line of text names beside a period."""

    town_code: str
    indicator: str
    wards: tuple[Ward, ...]


def _read_line(text: str, vocabulary: Vocabulary) -> _Line:
    known = vocabulary.read_lines
    if text not in known:
        known[text] = _Line(
            vocabulary.town_within(text), vocabulary.indicator_within(text), vocabulary.wards_within(text)
        )
    return cast("_Line", known[text])


def _title(lines: Sequence[str], name: str, stem: str, vocabulary: Vocabulary) -> tuple[TitlePeriod, str]:
    """Return the period that the lines name, else that a name names, and which of them does.

    A month without a year, in the lines or the sheet's name, is of the year in the file's name.
    """
    kind = vocabulary.period_kind
    title, source = read_title_period(lines, name, kind), "title"
    if title.fit == "none":
        named = ((read_title_period([text], "", kind), place) for text, place in _names(name, stem))
        title, source = next(((one, place) for one, place in named if one.readings), (title, source))
    year = _year_in(stem)
    if title.fit == "partial" and year is not None:
        said = lines if source == "title" else [name]
        return read_title_period([*said, f"năm {year}"], "", kind), "file name"
    return title, source


def _names(name: str, stem: str) -> list[tuple[str, str]]:
    return [(text, source) for text, source in ((name, "sheet name"), (stem, "file name")) if text]


def _year_in(text: str) -> int | None:
    years = set(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text))
    return int(years.pop()) if len(years) == 1 else None


def may_name_a_period(line: str) -> bool:
    """Return whether a line has a year and names no period that is understood: it may be one misspelt.

    Examples
    --------
    >>> may_name_a_period("Thng 6/2023"), may_name_a_period("Tháng 6/2023"), may_name_a_period("Biểu 2")
    (True, False, False)
    """
    return _year_in(line) is not None and not find_mentions(line).mentions and not find_signatures(line)


def _first(found: Iterable[str]) -> str:
    return next((text for text in found if text), "")
