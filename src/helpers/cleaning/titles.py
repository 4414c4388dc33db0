"""The period of a sheet, from the lines above its table.

An office writes ``Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)``. The label gives the period; the dates, if given, must be
exactly its days under the study's kind of period, because a calendar month read as a police month is wrong by half a
month. The date of signature (``ngày 16 tháng 5 năm 2023``) is no period.
"""

import re
from dataclasses import dataclass
from datetime import date

from helpers.study.periods import PeriodKind, period_days, period_of
from helpers.text import tone_key

_SIGNED = re.compile(tone_key(r"ngày\s*\d{1,2}\s*tháng\s*\d{1,2}\s*(?:năm\s*)?\d{4}"))
_MONTH = re.compile(tone_key(r"tháng\s*(\d{1,2})\s*(?:[/.-]|năm)\s*(\d{4})"))
_QUARTER = re.compile(tone_key(r"quý\s*([1-4]|iv|i{1,3})\s*(?:[/.-]|năm)?\s*(\d{4})"))
_YEAR = re.compile(tone_key(r"năm\s*(\d{4})"))
_DAYS = re.compile(
    tone_key(
        r"từ\s*(?:ngày\s*)?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s*(?:đến|-|–)\s*(?:hết\s*)?(?:ngày\s*)?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"
    )
)
_SHEET_MONTH = re.compile(r"^t(?:háng)?\s*(\d{1,2})\s*[-./ ]\s*(\d{4})(?!\d)")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


@dataclass(frozen=True, slots=True)
class TitlePeriod:
    """The period that a sheet's title names.

    Attributes
    ----------
    period : str
        Its label; "" if there is a problem.
    has_days : bool
        Whether the title also gives the first and last day (which then agree).
    found : str
        What was found, for messages.
    rule, remedy : str
        What is wrong and what to do; "" if nothing is.
    """

    period: str
    has_days: bool = False
    found: str = ""
    rule: str = ""
    remedy: str = ""


def read_title_period(lines: list[str], sheet_name: str, kind: PeriodKind) -> TitlePeriod:
    """Return the period that the lines above a table name, checked against its days and the sheet's name.

    Examples
    --------
    >>> read_title_period(["Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"], "T05-2023", "police_month").period
    '2023-05'
    >>> read_title_period(["Tháng 5/2023 (từ 01/5/2023 đến 31/5/2023)"], "T05-2023", "police_month").rule
    'the days of police month 2023-05 are 15/4/2023 to 14/5/2023'
    """
    text = " \n ".join(_SIGNED.sub(" ", tone_key(line)) for line in lines)
    labels, spans = _labels(text, kind), _spans(text)
    if spans is None:
        return _wrong("", "the dates in the title are no dates of the calendar", "Write them as day/month/year.")
    if not labels and len(spans) == 1:
        labels = {period_of(kind, spans[0][0])}
    if not labels:
        return _wrong(
            "", f"no line above the table names a {kind.replace('_', ' ')}", f"Write it there: {_example(kind)}."
        )
    if len(labels) > 1 or len(spans) > 1:
        found = ", ".join(sorted(labels)) if len(labels) > 1 else ", ".join(_days(*span) for span in spans)
        return _wrong(
            found, "the lines above the table name more than one period", "Leave the one that the table is for."
        )
    period = labels.pop()
    days = period_days(kind, period)
    if spans and spans[0] != days:
        rule = f"the days of {kind.replace('_', ' ')} {period} are {_days(*days)}"
        return _wrong(
            _days(*spans[0]), rule, "Ask the office which days the table covers, and correct the label or the days."
        )
    named = _sheet_period(sheet_name, kind)
    if named and named != period:
        rule = f"the title says {period}, the name of the sheet {named}"
        return _wrong(sheet_name, rule, "Ask the office which is right, and correct the other.")
    return TitlePeriod(period, has_days=bool(spans), found=period)


def _wrong(found: str, rule: str, remedy: str) -> TitlePeriod:
    return TitlePeriod("", found=found, rule=rule, remedy=remedy)


def _labels(text: str, kind: PeriodKind) -> set[str]:
    if kind in ("police_month", "calendar_month"):
        found = {(year, int(month)) for month, year in _MONTH.findall(text)}
        return {f"{year}-{month:02d}" for year, month in found if 1 <= month <= 12}
    if kind == "calendar_quarter":
        return {f"{year}Q{_ROMAN.get(quarter, quarter)}" for quarter, year in _QUARTER.findall(text)}
    return set(_YEAR.findall(text))


def _spans(text: str) -> list[tuple[date, date]] | None:
    spans: list[tuple[date, date]] = []
    for match in _DAYS.finditer(text):
        first_day, first_month, first_year, last_day, last_month, last_year = map(int, match.groups())
        try:
            span = date(first_year, first_month, first_day), date(last_year, last_month, last_day)
        except ValueError:
            return None
        if span not in spans:
            spans.append(span)
    return spans


def _sheet_period(sheet_name: str, kind: PeriodKind) -> str:
    match = _SHEET_MONTH.match(tone_key(sheet_name).strip())
    if not match or kind not in ("police_month", "calendar_month"):
        return ""
    return f"{match[2]}-{int(match[1]):02d}"


def _days(first: date, last: date) -> str:
    return f"{first.day}/{first.month}/{first.year} to {last.day}/{last.month}/{last.year}"


def _example(kind: PeriodKind) -> str:
    return {
        "police_month": "Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)",
        "calendar_month": "Tháng 5/2023",
        "calendar_quarter": "Quý II/2023",
        "year": "Năm 2023",
    }[kind]
