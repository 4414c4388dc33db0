"""What surrounds a table says about all of it: the lines above, the name of its sheet, and the name of its file.

The lines above come first, then the sheet's name, then the file's; a sheet called “Sheet1” says nothing. What is taken
from a name is logged, because nobody who reads the table sees it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import cast

from helpers.cleaning.layout.sheet_tables import ALL_COLUMNS
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.periods.grammar import find_mentions, find_signatures
from helpers.cleaning.periods.spellings import period_key
from helpers.cleaning.periods.titles import TitlePeriod, read_title_period
from helpers.cleaning.workbooks.workbook import Sheet
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

    @property
    def told(self) -> frozenset[str]:
        """Return what it says: ``period``, ``town``, ``indicator``, ``wards``."""
        says = {
            "period": self.title.fit != "none",
            "town": bool(self.town_code),
            "indicator": bool(self.indicator),
            "wards": bool(self.wards),
        }
        return frozenset(name for name, is_said in says.items() if is_said)

    def without(self, names: Collection[str]) -> "Context":
        """Return it without what `names` lists; see `told`."""
        return replace(
            self,
            title=_nothing_named(self.title) if "period" in names else self.title,
            town_code="" if "town" in names else self.town_code,
            indicator="" if "indicator" in names else self.indicator,
            wards=() if "wards" in names else self.wards,
        )

    def or_else(self, other: "Context") -> "Context":
        """Return what this says, and what it leaves open as the other says it."""
        says_nothing = "period" not in self.told
        return replace(
            self,
            title=other.title if says_nothing else self.title,
            source=other.source if says_nothing else self.source,
            town_code=self.town_code or other.town_code,
            indicator=self.indicator or other.indicator,
            wards=self.wards or other.wards,
            warning=self.warning or (other.warning if says_nothing else ""),
        )


def _nothing_named(title: TitlePeriod) -> TitlePeriod:
    return replace(title, period="", fit="none", readings=())


def lines_between(sheet: Sheet, first: int, last: int, columns: range = ALL_COLUMNS) -> list[str]:
    """Return the text of some rows and columns, row by row."""
    lines: dict[int, list[tuple[int, str]]] = {}
    for (row, column), value in sheet.cells.items():
        if first <= row <= last and column in columns and isinstance(value, str):
            lines.setdefault(row, []).append((column, value))
    return [" ".join(text for _, text in sorted(lines[row])) for row in sorted(lines)]


def read_contexts(titles: Sequence[Sequence[str]], sheet: Sheet, vocabulary: Vocabulary) -> list[Context]:
    """Return what surrounds each table of a sheet.

    A table's own lines come first. What they leave open the lines over the first table say, then the sheet's name and
    the file's, but only where no other table says it for itself: else a table that has lost its title would be taken
    for a part of another.

    Parameters
    ----------
    titles : sequence of sequence of str
        The lines over each table, in the order of the tables.
    """
    own = [_of_lines(lines, sheet, vocabulary) for lines in titles]
    told_apart = {name for context in own[1:] for name in context.told}
    told_apart |= {"period" for context in own[1:] if context.is_unclear}
    names = _of_names(sheet, vocabulary).without(told_apart)
    shared = own[0].without(told_apart)
    return [own[0].or_else(names), *(context.or_else(shared).or_else(names) for context in own[1:])]


def _of_lines(lines: Sequence[str], sheet: Sheet, vocabulary: Vocabulary) -> Context:
    said = [_read_line(text, vocabulary) for text in lines]
    return Context(
        _title(lines, sheet, vocabulary),
        town_code=_first(one.town_code for one in said),
        indicator=_first(one.indicator for one in said),
        wards=next((one.wards for one in said if one.wards), ()),
        named_year=_year_in(sheet.name) or _year_in(_stem(sheet)),
        is_unclear=any(map(may_name_a_period, lines)),
        warning=_first(line for line in lines if _warns(line, vocabulary)),
    )


def _of_names(sheet: Sheet, vocabulary: Vocabulary) -> Context:
    names = [(text, source) for text, source in ((sheet.name, "sheet name"), (_stem(sheet), "file name")) if text]
    said = [_read_line(text, vocabulary) for text, _ in names]
    titles = [(_title([text], sheet, vocabulary), source) for text, source in names]
    nothing = read_title_period([], sheet.name, vocabulary.period_kind)
    title, source = next((found for found in titles if found[0].fit != "none"), (nothing, "title"))
    return Context(
        title,
        source,
        town_code=_first(one.town_code for one in said) or _first(vocabulary.town_called(text) for text, _ in names),
        indicator=_first(one.indicator for one in said),
        wards=next((one.wards for one in said if one.wards), ()),
        warning=sheet.name if _plans(sheet.name) else "",
    )


def _stem(sheet: Sheet) -> str:
    return PurePosixPath(sheet.file).stem.replace("_", " ")


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


def _title(lines: Sequence[str], sheet: Sheet, vocabulary: Vocabulary) -> TitlePeriod:
    """Return the period that lines name; a month without a year is of the year in the file's name."""
    title = read_title_period(lines, sheet.name, vocabulary.period_kind)
    year = _year_in(_stem(sheet))
    if title.fit == "partial" and year is not None:
        return read_title_period([*lines, f"năm {year}"], "", vocabulary.period_kind)
    return title


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
