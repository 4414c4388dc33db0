"""The period of a sheet, from the lines above its table and the sheet's name.

An office writes ``Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)``. The label gives the period; days beside it must be
exactly its days under the study's kind of period, because a calendar month read as a police month is wrong by half a
month. The date of signature (``Vinh, ngày 16 tháng 5 năm 2023``) is no period but the day of release.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from helpers.cleaning.people.refusal import shown
from helpers.cleaning.periods.fit import StudyPeriod, study_period, written
from helpers.cleaning.periods.grammar import find_mentions, find_signatures
from helpers.cleaning.periods.names import is_cumulative, read_sheet_name
from helpers.cleaning.periods.reading import PeriodReading, combined, completed
from helpers.messages import say
from helpers.study.periods import PERIOD_KIND_NAMES, PERIODS_PER_YEAR, PeriodKind, period_number

TitleFit = Literal["same", "coarser", "finer", "partial", "wrong", "none"]


@dataclass(frozen=True, slots=True)
class TitlePeriod:
    """The period that a sheet's title names.

    Attributes
    ----------
    period : str
        Its label; "" if there is a problem, or if the title names none of the study's periods.
    has_days : bool
        Whether the title also gives the first and last day (which then agree).
    found : str
        What was found, for messages.
    rule, remedy : str
        What is wrong and what to do; "" if nothing is.
    fit : str
        "same" with a period; "coarser", "finer" or "partial" if the title names something else than a period of the
        study; "wrong" for a contradiction; "none" if nothing is named.
    is_cumulative : bool
        Whether the title says that the table adds up from the beginning of the year: at its period, or in a line of
        its own. ``Tháng 5/2023 và lũy kế từ đầu năm`` leaves that to the headings.
    signed : date or None
        The date of signature; None if there is none, or more than one.
    readings : tuple of PeriodReading
        Everything the lines name, years completed; to complete the headings with.
    sheet : PeriodReading or None
        What the sheet's name names.
    """

    period: str
    has_days: bool = False
    found: str = ""
    rule: str = ""
    remedy: str = ""
    fit: TitleFit = "same"
    is_cumulative: bool = False
    signed: date | None = None
    readings: tuple[PeriodReading, ...] = ()
    sheet: PeriodReading | None = None


def read_title_period(lines: Sequence[str], sheet_name: str, kind: PeriodKind) -> TitlePeriod:
    """Return the period that the lines above a table name, checked against its days and the sheet's name.

    Parameters
    ----------
    lines : sequence of str
        The lines above the table.
    sheet_name : str
        The name of the sheet, or "". It must not contradict the title, and it completes one: a year in one and a month
        in the other are one period. It is never the only source.
    kind : str
        What a period of the study is.

    Examples
    --------
    >>> read_title_period(["Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"], "T05-2023", "police_month").period
    '2023-05'
    >>> str(read_title_period(["Tháng 5/2023 (từ 01/5/2023 đến 31/5/2023)"], "T05-2023", "police_month").rule)
    'the days of police month 2023-05 are 15/4/2023 to 14/5/2023'
    >>> read_title_period(["Tháng 5/2023", "Vinh, ngày 16 tháng 5 năm 2023"], "", "police_month").signed
    datetime.date(2023, 5, 16)
    """
    sheet = read_sheet_name(sheet_name)
    named = [one for line in lines for one in find_mentions(line).readings if not one.is_comparison]
    readings = _completed(named, sheet)
    title = _read(readings, sheet, kind)
    if title.period and sheet is not None and _contradicts(sheet, title.period, kind):
        rule = say("the title says {title}, the name of the sheet {sheet}", title=title.period, sheet=written(sheet))
        title = _wrong(shown(sheet_name), rule, say("Ask the office which is right, and correct the other."))
    adds_up = title.is_cumulative or any(map(_only_adds_up, lines))
    return replace(title, is_cumulative=adds_up, signed=_signed(lines), readings=tuple(readings), sheet=sheet)


def _only_adds_up(line: str) -> bool:
    return is_cumulative(line) and not find_mentions(line).mentions


def _signed(lines: Iterable[str]) -> date | None:
    dates = {day for line in lines for day in find_signatures(line)}
    return dates.pop() if len(dates) == 1 else None


def _completed(named: Sequence[PeriodReading], sheet: PeriodReading | None) -> list[PeriodReading]:
    """Give every mention the one year that the title names, or else the sheet."""
    years = {one.year for one in named if one.year is not None}
    years = years or {one.last_day.year for one in named if one.last_day is not None}
    if not years and sheet is not None and sheet.year is not None:
        years = {sheet.year}
    year = years.pop() if len(years) == 1 else None
    return list(dict.fromkeys(one if year is None else completed(one, year) for one in named))


def _read(readings: Sequence[PeriodReading], sheet: PeriodReading | None, kind: PeriodKind) -> TitlePeriod:
    spans = [one for one in readings if one.kind == "span"]
    if any(span.is_impossible for span in spans):
        rule = say("the dates in the title are no dates of the calendar")
        return _wrong("", rule, say("Write them as day/month/year."))
    labels = _with_the_sheet([one for one in readings if one.is_label], sheet)
    chosen = _of_the_study(labels, kind)
    whole = [span for span in spans if span.first_day is not None or span.day_months is not None]
    spans = whole if whole or chosen else spans
    if len(chosen) > 1 or len(spans) > 1:
        rule = say("the lines above the table name more than one period")
        found = ", ".join(sorted(map(written, chosen if len(chosen) > 1 else spans)))
        return _wrong(found, rule, say("Leave the one that the table is for."))
    if chosen or spans:
        reading = _beside(chosen[0], spans) if chosen else spans[0]
        return _title(study_period(reading, kind), has_days=bool(spans))
    return _not_of_the_study(labels, kind)


def _with_the_sheet(labels: list[PeriodReading], sheet: PeriodReading | None) -> list[PeriodReading]:
    """Complete a title with only a year by a sheet with only a month."""
    if sheet is None or not sheet.is_label or sheet.year is not None:
        return labels
    if len(labels) != 1 or labels[0].kind != "year":
        return labels
    return list(combined([*labels, sheet]))


def _of_the_study(labels: Sequence[PeriodReading], kind: PeriodKind) -> list[PeriodReading]:
    """Return the labels that are periods of the study; those that add up only if there are no others."""
    fitting = [one for one in labels if study_period(one, kind).fit == "same"]
    single = [one for one in fitting if not study_period(one, kind).is_cumulative]
    return single or fitting


def _beside(label: PeriodReading, spans: Sequence[PeriodReading]) -> PeriodReading:
    return combined([label, spans[0]])[0] if spans else label


def _title(found: StudyPeriod, *, has_days: bool) -> TitlePeriod:
    return TitlePeriod(
        period=found.period,
        has_days=has_days,
        found=found.found,
        rule=found.rule,
        remedy=found.remedy,
        fit=found.fit,
        is_cumulative=found.is_cumulative,
    )


def _not_of_the_study(labels: Sequence[PeriodReading], kind: PeriodKind) -> TitlePeriod:
    """Say what the title names instead; the finest, if one stands inside another."""
    finest = combined(labels)
    if finest:
        return _title(study_period(finest[0], kind), has_days=False)
    rule = say("no line above the table names a {kind}", kind=PERIOD_KIND_NAMES[kind])
    return TitlePeriod("", rule=rule, remedy=say("Write it there: {example}.", example=_example(kind)), fit="none")


def _wrong(found: str, rule: str, remedy: str) -> TitlePeriod:
    return TitlePeriod("", found=found, rule=rule, remedy=remedy, fit="wrong")


def _contradicts(sheet: PeriodReading, period: str, kind: PeriodKind) -> bool:
    """Whether the sheet's name leaves no room for the title's period; a name that says less contradicts nothing."""
    if not sheet.is_label:
        own = study_period(sheet, kind)
        return own.fit == "same" and own.period != period
    months = 12 // PERIODS_PER_YEAR[kind]
    last = period_number(kind, period) % PERIODS_PER_YEAR[kind] * months + months
    title = PeriodReading("range", int(period[:4]), last, last - months + 1)
    return not (sheet.contains(title) or title.contains(sheet))


def _example(kind: PeriodKind) -> str:
    return {
        "police_month": "Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)",
        "calendar_month": "Tháng 5/2023",
        "calendar_quarter": "Quý II/2023",
        "year": "Năm 2023",
    }[kind]
