"""How a file would be read, before anything in it is trusted: for a clerk, sheet by sheet."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from helpers.cleaning.layout import Layout
from helpers.cleaning.long_form import LongReading, read_long
from helpers.cleaning.personal import shown
from helpers.cleaning.returns import LONG_SUFFIXES, WIDE_SUFFIXES
from helpers.cleaning.vocabulary import WARD_NAME, Vocabulary, build_vocabulary
from helpers.cleaning.wide_form import SheetReading, read_wide
from helpers.errors import DataProblems, Problem, UsageError
from helpers.study.objects import Study


@dataclass(frozen=True, slots=True)
class SheetDescription:
    """How one sheet would be read.

    Attributes
    ----------
    file, sheet : str
        The sheet; "" for a text file.
    form : str
        ``wide table``, ``long form``, ``empty``, or ``not recognised``.
    is_hidden : bool
        Whether Excel would show it.
    header_rows : str
        Rows of the header block, "7–8"; "" if there is none.
    period : str
        The period that the title names; "" if unclear.
    town_name_vi : str
        The town that the wards belong to; "" if unclear.
    headings : tuple of (cell, heading, meaning)
        Headings that resolve.
    wards_matched : tuple of (spelling, name)
        Wards found, and how they are written.
    names_unknown : tuple of (spelling, suggestion)
        Names in ward rows that are no ward of the town; a suggestion is only a guess.
    panel_count, quarantine_count, furniture_count : int
        Cells by fate; 0 while there are problems.
    problems : tuple of Problem
        What keeps the sheet from being read.
    """

    file: str
    sheet: str
    form: str
    is_hidden: bool = False
    header_rows: str = ""
    period: str = ""
    town_name_vi: str = ""
    headings: tuple[tuple[str, str, str], ...] = ()
    wards_matched: tuple[tuple[str, str], ...] = ()
    names_unknown: tuple[tuple[str, str], ...] = ()
    panel_count: int = 0
    quarantine_count: int = 0
    furniture_count: int = 0
    problems: tuple[Problem, ...] = ()


def describe_workbook(path: Path, study: Study) -> tuple[SheetDescription, ...]:
    """Return how each sheet of a file would be read by a study, without reading it into anything.

    Parameters
    ----------
    path : Path
        An .xlsx, .csv or .parquet file anywhere; corrections are not applied.
    study : Study
        Whose wards and spellings count.

    Raises
    ------
    UsageError
        If there is no such file, or it is of another type.
    DataProblems
        If the file cannot be read at all, or holds personal content (which is not repeated).
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}. Give the path of a return.")
    if path.suffix.lower() not in WIDE_SUFFIXES + LONG_SUFFIXES:
        raise UsageError(f"{path.name} is none of {', '.join(WIDE_SUFFIXES + LONG_SUFFIXES)}. Save it as one of these.")
    vocabulary = build_vocabulary(study)
    if path.suffix.lower() in LONG_SUFFIXES:
        return (_describe_long(read_long(path, path.name, vocabulary), study),)
    reading = read_wide(path, path.name, vocabulary)
    if not reading.sheets:
        raise DataProblems(reading.problems)
    return tuple(_describe(sheet, study, vocabulary) for sheet in reading.sheets)


def _describe(reading: SheetReading, study: Study, vocabulary: Vocabulary) -> SheetDescription:
    sheet, layout = reading.sheet, reading.layout
    if layout is None:
        form = "not recognised" if sheet.cells else "empty"
        return SheetDescription(sheet.file, sheet.name, form, sheet.is_hidden, problems=reading.problems)
    account = reading.ledger.counts() if reading.ledger else {}
    panel, quarantine = account.get("panel", 0), account.get("quarantine", 0)
    return SheetDescription(
        file=sheet.file,
        sheet=sheet.name,
        form="wide table",
        is_hidden=sheet.is_hidden,
        header_rows=_rows(layout),
        period=reading.period,
        town_name_vi=study.town_names.get(reading.town_code, ""),
        headings=tuple((column.cell, column.heading, column.meaning) for column in layout.columns),
        wards_matched=tuple(
            (sheet.text((row, layout.column_of(WARD_NAME))), reading.wards[row].ward_name_vi)
            for row in sorted(reading.wards)
        ),
        names_unknown=_unknown_names(reading, layout, vocabulary),
        panel_count=panel,
        quarantine_count=quarantine,
        furniture_count=sum(account.values()) - panel - quarantine,
        problems=reading.problems,
    )


def _rows(layout: Layout) -> str:
    if layout.first_header == layout.last_header:
        return str(layout.first_header)
    return f"{layout.first_header}–{layout.last_header}"


def _unknown_names(reading: SheetReading, layout: Layout, vocabulary: Vocabulary) -> tuple[tuple[str, str], ...]:
    column = layout.column_of(WARD_NAME)
    rows = [row for row, kind in sorted(layout.rows.items()) if kind in ("ward", "stray") and row not in reading.wards]
    names = [reading.sheet.text((row, column)) for row in rows]
    return tuple((shown(name), vocabulary.suggest_ward(name, reading.town_code or None)) for name in names if name)


def _describe_long(reading: LongReading, study: Study) -> SheetDescription:
    panel = reading.panel
    names = {ward.ward_id: ward.ward_name_vi for ward in study.wards}
    periods = sorted(panel["period"].unique())
    return SheetDescription(
        file=reading.file,
        sheet="",
        form="not recognised" if reading.problems else "long form",
        header_rows="1",
        period=" to ".join(dict.fromkeys([periods[0], periods[-1]])) if periods else "",
        town_name_vi=", ".join(sorted({study.town_names[code] for code in panel["town_code"].unique()})),
        wards_matched=tuple((ward_id, names[ward_id]) for ward_id in sorted(panel["ward_id"].unique())),
        panel_count=reading.fates["panel"],
        quarantine_count=reading.fates["quarantine"],
        furniture_count=sum(reading.fates.values()) - reading.fates["panel"] - reading.fates["quarantine"],
        problems=reading.problems,
    )


def descriptions_frame(descriptions: Iterable[SheetDescription]) -> pd.DataFrame:
    """Return descriptions as a frame: one row a sheet, lists as their lengths."""
    rows = []
    for description in descriptions:
        fields = asdict(description)
        rows.append({name: len(value) if isinstance(value, tuple) else value for name, value in fields.items()})
    return pd.DataFrame(rows)
