"""What the study understands: spellings of wards, towns and headings, resolved exactly after normalising.

Likeness never resolves anything; it only fills in the suggestion of a message. A spelling that the study declares comes
before one that every study understands (`ROLE_SPELLINGS`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from helpers.cleaning.layout.numbers import normalise_mark
from helpers.study.objects import CellMarks, Indicator, Study, Ward
from helpers.study.periods import PeriodKind, period_days
from helpers.text import closest, normalise_header, normalise_ward_name, tone_key

WARD_NAME, WARD_CODE, TOWN, PERIOD, INDICATOR = "ward_name", "ward_code", "town", "period", "indicator"
VALUE, DENOMINATOR, TOTAL, COMPARISON = "value", "denominator", "total", "comparison"
SEQUENCE_NUMBER, POPULATION, NOTE, IGNORED = "sequence_number", "population", "note", "ignored"
RATE_SUFFIX = "_rate"
KEY_MEANINGS = (WARD_NAME, WARD_CODE, TOWN, PERIOD, INDICATOR)
"""Columns that say which ward, period or indicator a row is about."""
ROLE_MEANINGS = (*KEY_MEANINGS, VALUE, DENOMINATOR, TOTAL, COMPARISON, SEQUENCE_NUMBER, POPULATION, NOTE, IGNORED)
"""Meanings a heading may have beside an indicator's id and, for an indicator of kind ratio, its id with ``_rate``."""

ROLE_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    WARD_NAME: (
        "đơn vị", "phường", "tên phường", "tên đơn vị", "phường, xã", "xã, phường", "phường/xã", "xã/phường",
        "đơn vị hành chính", "địa phương", "địa bàn", "công an phường", "công an xã, phường", "đơn vị báo cáo",
        "ward", "ward name", "unit name", "name of ward",
    ),
    WARD_CODE: (
        "mã phường", "mã đơn vị", "mã đvhc", "mã xã", "mã đơn vị hành chính", "mã số đơn vị", "mã địa bàn", "ward code",
        "ward id", "unit", "unit code", "code",
    ),
    TOWN: (
        "thành phố", "thị xã", "thành phố, thị xã", "thị xã, thành phố", "huyện, thành phố, thị xã", "huyện", "quận",
        "thành phố/thị xã", "công an thành phố, thị xã", "town", "city", "district",
    ),
    PERIOD: (
        "tháng", "kỳ", "kỳ báo cáo", "tháng báo cáo", "thời gian", "thời điểm", "quý", "năm", "năm báo cáo",
        "tháng năm", "tháng/năm", "tháng, năm", "ngày báo cáo", "kỳ số liệu", "thời kỳ", "month",
        "period", "quarter", "year", "date", "reporting period",
    ),
    INDICATOR: (
        "chỉ tiêu", "chỉ số", "tên chỉ tiêu", "nội dung", "loại vụ việc", "loại án", "danh mục", "lĩnh vực",
        "chỉ tiêu báo cáo", "indicator", "category", "measure", "variable",
    ),
    VALUE: (
        "giá trị", "số liệu", "số lượng", "kết quả", "trị số", "số vụ", "vụ", "số", "value", "count",
        "number", "figure",
    ),
    DENOMINATOR: ("mẫu số", "denominator"),
    TOTAL: ("tổng", "tổng cộng", "tổng số", "cộng", "cả năm", "total", "sum"),
    SEQUENCE_NUMBER: ("tt", "stt", "số tt", "số thứ tự", "no", "n°", "#"),
    POPULATION: ("dân số", "dân số (người)", "số dân", "nhân khẩu", "số nhân khẩu", "population"),
    NOTE: ("ghi chú", "ghi chú (nếu có)", "chú thích", "note", "notes", "remarks"),
}  # fmt: skip
"""Headings that mean the same in every study."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The spellings a study understands.

    Attributes
    ----------
    wards : mapping of key to tuple of Ward
        Wards of any town by the key of their name or of an alias.
    codes : mapping of code to tuple of Ward
        Wards by their code, and by code@valid_from.
    towns : mapping of key to code
        Codes of towns by the key of their name, without “thành phố” or “thị xã”.
    headings : mapping of key to meaning
        Meaning of a heading by its key.
    heading_spellings : tuple of str
        Spellings as the study writes them, for suggestions.
    spellings : frozenset of str
        Names and headings that a return is likely to hold, by which an encoding is told.
    indicators : mapping of id to Indicator
        The study's indicators.
    cells : CellMarks
        What marks mean.
    period_kind : str
        What a period is.
    read_headings : dict
        Headings that `helpers.cleaning.layout.headings` has read before: every sheet of an office has the same.
    town_wards : mapping of code to tuple of Ward
        Every ward of a town, sorted by id.
    read_lines : dict
        Lines above tables that `helpers.cleaning.layout.context` has read before.
    """

    wards: Mapping[str, tuple[Ward, ...]]
    codes: Mapping[str, tuple[Ward, ...]]
    towns: Mapping[str, str]
    headings: Mapping[str, str]
    heading_spellings: tuple[str, ...]
    indicators: Mapping[str, Indicator]
    cells: CellMarks
    period_kind: PeriodKind
    spellings: frozenset[str] = field(default=frozenset(), repr=False)
    town_wards: Mapping[str, tuple[Ward, ...]] = field(default_factory=dict, repr=False)
    read_headings: dict[tuple[object, ...], object] = field(default_factory=dict, compare=False, repr=False)
    read_lines: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def wards_called(self, name: str) -> tuple[Ward, ...]:
        """Return the wards of all towns that a spelling or a code may mean."""
        return self.wards.get(normalise_ward_name(name), ()) or self.wards_coded(name)

    def wards_coded(self, code: str) -> tuple[Ward, ...]:
        """Return the wards that a code may mean, over time; a code that lost its leading zeros is recognised."""
        code = code.strip()
        found = self.codes.get(code, ())
        if not found and code.isdecimal():
            found = self.codes.get(code.zfill(self.code_width), ())
        return found

    @property
    def code_width(self) -> int:
        """Return the number of digits of a ward's code; 0 if they differ, so that none is padded."""
        widths = {len(code) for code in self.codes if code.isdecimal()}
        return widths.pop() if len(widths) == 1 else 0

    def ward_in(self, name: str, *, town_code: str, period: str) -> Ward | None:
        """Return the one ward of a town that a spelling means in a period, or None."""
        found = [
            ward for ward in self.wards_called(name) if ward.town_code == town_code and self.has_ward(ward, period)
        ]
        return found[0] if len(found) == 1 else None

    def expected_wards(self, town_code: str, period: str) -> tuple[Ward, ...]:
        """Return the wards of a town that exist in a period: those a full return lists, sorted by id."""
        return tuple(ward for ward in self.town_wards.get(town_code, ()) if self.has_ward(ward, period))

    def has_ward(self, ward: Ward, period: str) -> bool:
        """Return whether a ward exists throughout the end of a period (see `exists_in`)."""
        return exists_in(ward, *_days(self.period_kind, period))

    def town_called(self, name: str) -> str:
        """Return the code of the town that a spelling means, "" if of none.

        “Công an thành phố Vinh”, “TP. Vinh” and “Vinh” are one town.
        """
        return self.towns.get(_town_key(name), "")

    def town_within(self, text: str) -> str:
        """Return the code of the one town that a line of text names with its kind (“thành phố Vinh”), else ""."""
        words = f" {normalise_header(text)} "
        found = {
            code
            for key, code in self.towns.items()
            for kind in TOWN_KINDS
            if f" {normalise_header(kind)} {key} " in words
        }
        return found.pop() if len(found) == 1 else ""

    def wards_within(self, text: str) -> tuple[Ward, ...]:
        """Return the wards that a line of text names: the whole line, or the words after “phường”, “P.” or “CAP”."""
        whole = self.wards.get(normalise_ward_name(text), ())
        if whole:
            return whole
        words = normalise_header(text).split()
        for start in (place + 1 for place in reversed(range(len(words))) if words[place] in _WARD_MARKS):
            for end in range(len(words), start, -1):
                found = self.wards.get(normalise_ward_name(" ".join(words[start:end])), ())
                if found:
                    return found
        return ()

    def indicator_within(self, text: str) -> str:
        """Return the one indicator that a line of text names, by the longest spellings in it; "" if none or several."""
        words = f" {normalise_header(text).replace(' | ', ' ')} "
        found = [
            (len(key), words.index(f" {key} "), meaning)
            for key, meaning in self.headings.items()
            if meaning in self.indicators and " | " not in key and f" {key} " in words
        ]
        kept: dict[str, tuple[int, int]] = {}
        covered: list[tuple[int, int]] = []
        for length, start, meaning in sorted(found, key=lambda item: (-item[0], item[1])):
            if not any(first <= start and start + length <= last for first, last in covered):
                covered.append((start, start + length))
                kept.setdefault(meaning, (start, length))
        return next(iter(kept)) if len(kept) == 1 else ""

    def meaning_of(self, heading: str) -> str | None:
        """Return what a heading means, or None."""
        return self.headings.get(normalise_header(heading))

    def rate_of(self, meaning: str) -> str | None:
        """Return the ratio indicator that a rate column prints, or None if the meaning is no rate."""
        indicator = self.indicators.get(meaning.removesuffix(RATE_SUFFIX))
        is_rate = meaning.endswith(RATE_SUFFIX) and indicator is not None and indicator.kind == "ratio"
        return indicator.indicator if is_rate and indicator is not None else None

    def is_figure(self, meaning: str) -> bool:
        """Return whether a meaning is an indicator or the rate of one."""
        return meaning in self.indicators or self.rate_of(meaning) is not None

    def is_like_a_figure(self, value: object) -> bool:
        """Return whether a cell may hold a figure: a number, a declared mark, or a text without letters.

        A text that begins with a digit and goes on in words (“12 vụ”) may be one too.
        """
        if not isinstance(value, str):
            return True
        marks = (*self.cells.zero, *self.cells.missing)
        is_declared = normalise_mark(value) in {normalise_mark(mark) for mark in marks}
        return is_declared or value.strip()[:1].isdigit() or not any(map(str.isalpha, value))

    def suggest_ward(self, name: str, town_code: str | None) -> str:
        """Return the ward name most like a spelling, in a town or (None) anywhere; "" if none is near."""
        names = {
            ward.ward_name_vi for wards in self.wards.values() for ward in wards if town_code in (None, ward.town_code)
        }
        return closest(name, names, key="ward")

    def suggest_heading(self, heading: str) -> str:
        """Return the known heading most like one that is not known; "" if none is near."""
        return closest(heading, self.heading_spellings)


@lru_cache(maxsize=1024)
def _days(kind: PeriodKind, period: str) -> tuple[date, date]:
    return period_days(kind, period)


def exists_in(ward: Ward, first: date, last: date) -> bool:
    """Return whether a ward exists at the end of a period, and so reports it whole.

    ``valid_from`` may be the study's first day, inside its first police month; a period in which a ward was abolished
    is not one it can report.
    """
    return ward.valid_from <= last and (ward.valid_to is None or (first <= ward.valid_to and last <= ward.valid_to))


_WARD_MARKS = frozenset(map(normalise_header, ("phường", "p", "cap")))
TOWN_KINDS = ("thành phố", "thị xã", "huyện", "quận", "thị trấn", "tp", "tx", "town", "city", "district")
_TOWN_PREFIX = re.compile(
    tone_key(r"^(?:công an |ca |ubnd )?(?:(?:tp|tx|thành phố|thị xã|huyện|quận|town of|city of)\b\W*)?")
)


def _town_key(name: str) -> str:
    return normalise_header(_TOWN_PREFIX.sub("", " ".join(tone_key(name).split()), count=1))


def build_vocabulary(study: Study) -> Vocabulary:
    """Return the vocabulary of a study, from ``wards.csv``, ``indicators.csv`` and the two alias files."""
    codes: dict[str, tuple[Ward, ...]] = {}
    towns: dict[str, tuple[Ward, ...]] = {}
    for ward in sorted(study.reporting_wards, key=lambda ward: ward.ward_id):
        towns[ward.town_code] = (*towns.get(ward.town_code, ()), ward)
        codes[ward.ward_code] = (*codes.get(ward.ward_code, ()), ward)
        codes[ward.ward_id] = (ward,)
    return Vocabulary(
        wards=_ward_keys(study),
        codes=codes,
        towns=_town_keys(study),
        headings=_heading_keys(study),
        heading_spellings=tuple(alias.spelling for alias in study.header_aliases),
        spellings=_spellings(study),
        town_wards=towns,
        indicators={indicator.indicator: indicator for indicator in study.indicators},
        cells=study.cells,
        period_kind=study.period_kind,
    )


def _spellings(study: Study) -> frozenset[str]:
    headings = {alias.spelling for alias in study.header_aliases}
    levels = {level.strip() for spelling in headings for level in spelling.split("|")}
    common = {text for texts in ROLE_SPELLINGS.values() for text in texts}
    return frozenset({ward.ward_name_vi for ward in study.wards} | headings | levels | common)


def _ward_keys(study: Study) -> dict[str, tuple[Ward, ...]]:
    wards: dict[str, set[Ward]] = {}
    for ward in study.reporting_wards:
        wards.setdefault(normalise_ward_name(ward.ward_name_vi), set()).add(ward)
    for alias in study.ward_aliases:
        meant = {
            ward
            for ward in study.reporting_wards
            if alias.meaning in (ward.ward_id, ward.ward_code) and alias.town_code in (None, "", ward.town_code)
        }
        wards.setdefault(normalise_ward_name(alias.spelling), set()).update(meant)
    return {key: tuple(sorted(found, key=lambda ward: ward.ward_id)) for key, found in sorted(wards.items())}


def _town_keys(study: Study) -> dict[str, str]:
    towns = {_town_key(name): code for code, name in study.town_names.items()}
    return towns | {code: code for code in study.town_names}


def _heading_keys(study: Study) -> dict[str, str]:
    """Return meanings by heading: those of every study, under the indicators' own names, under the declared ones."""
    headings = {normalise_header(text): role for role, texts in ROLE_SPELLINGS.items() for text in texts}
    names: dict[str, set[str]] = {}
    for indicator in study.indicators:
        for name in (indicator.indicator, indicator.indicator.replace("_", " "), indicator.name_vi, indicator.name_en):
            names.setdefault(normalise_header(name), set()).add(indicator.indicator)
    headings |= {key: found.pop() for key, found in names.items() if key and len(found) == 1}
    return headings | {normalise_header(alias.spelling): alias.meaning for alias in study.header_aliases}
