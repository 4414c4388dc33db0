"""How a file would be read, before anything in it is trusted: for a clerk, sheet by sheet and table by table."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd

from helpers.cleaning.files import SUFFIXES, read_file
from helpers.cleaning.history.release_dates import date_releases
from helpers.cleaning.layout.context import Context
from helpers.cleaning.layout.filing import EXPECTED
from helpers.cleaning.layout.ledger import PANEL, QUARANTINE
from helpers.cleaning.layout.numbers import read_number
from helpers.cleaning.layout.placing import PlacedTable
from helpers.cleaning.layout.sheet_reading import SheetReading
from helpers.cleaning.layout.vocabulary import INDICATOR, PERIOD, WARD_CODE, WARD_NAME, Vocabulary, build_vocabulary
from helpers.cleaning.long_form.reading import LongReading
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.workbook import Dropped
from helpers.errors import DataProblems, Problem, UsageError
from helpers.messages import say
from helpers.study.objects import AbsentWard, Study

TABLE, LONG_FORM, TEXT, EMPTY, NOT_RECOGNISED = "table", "long form", "text", "empty", "not recognised"
BY_ROWS, BY_HEADINGS, BY_SECTIONS = "rows", "headings", "sections"
TOTALS, RATES = "total", "derived"


@dataclass(frozen=True, slots=True)
class SheetDescription:
    """How one table would be read; a sheet without a table has one description too.

    Attributes
    ----------
    file, sheet : str
        The sheet; "" for a text file.
    form : str
        ``table``, ``long form``, ``text``, ``empty``, or ``not recognised``.
    is_hidden : bool
        Whether Excel would show it.
    sources : tuple of str
        Where wards, indicators and periods stand: ``rows``, ``headings``, ``sections`` (rows between), or ``title``,
        ``sheet name``, ``file name``; "" if nowhere.
    header_rows : str
        Rows of the header block, "7–8"; "" if there is none.
    periods : tuple of str
        The periods of its figures, in order.
    released : str
        When its figures were released, in ISO form; "" if nothing says so.
    town_names_vi : tuple of str
        The towns that its wards belong to.
    headings : tuple of (cell, heading, meaning)
        Headings and what they mean; "" if that is not known.
    wards_matched : tuple of (spelling, name)
        Wards found, and how they are written.
    names_unknown : tuple of (spelling, suggestion)
        Names in rows of figures that are no ward of the study; a suggestion is only a guess.
    wards_missing : tuple of str
        Wards of its towns that it does not list.
    absent_ward : str
        What the study declares these to mean: ``missing`` or ``zero``.
    numbers : Counter of str
        Figures by the rule that they were read with (see `helpers.cleaning.layout.numbers`).
    checks : Counter of (str, str)
        Totals (``total``) and printed rates (``derived``) that agree with the figures (``right``), do not (``wrong``),
        or cannot be checked (``open``).
    panel_count, running_count, quarantine_count, furniture_count : int
        Cells of the table and its surroundings by fate; running are the cumulative ones. 0 while there are problems.
    notes : tuple of (what, before, after)
        What else would be logged of the sheet: encoding, delimiter, macros ...
    put_aside : tuple of Problem
        Cells that would not be used.
    problems : tuple of Problem
        What keeps the sheet from being read.
    """

    file: str
    sheet: str
    form: str
    is_hidden: bool = False
    sources: tuple[str, str, str] = ("", "", "")
    header_rows: str = ""
    periods: tuple[str, ...] = ()
    released: str = ""
    town_names_vi: tuple[str, ...] = ()
    headings: tuple[tuple[str, str, str], ...] = ()
    wards_matched: tuple[tuple[str, str], ...] = ()
    names_unknown: tuple[tuple[str, str], ...] = ()
    wards_missing: tuple[str, ...] = ()
    absent_ward: AbsentWard = "missing"
    numbers: Counter[str] = field(default_factory=Counter)
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    panel_count: int = 0
    running_count: int = 0
    quarantine_count: int = 0
    furniture_count: int = 0
    notes: tuple[tuple[str, str, str], ...] = ()
    put_aside: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def describe_workbook(path: Path, study: Study) -> tuple[SheetDescription, ...]:
    """Return how each table of a file would be read by a study, without reading it into anything.

    Parameters
    ----------
    path : Path
        A file of any type that returns may have, anywhere; corrections are not applied.
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
        raise UsageError(say("There is no file {path}. Give the path of a return.", path=path))
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise UsageError(say("{name} is none of {known}. Save it as one of these.", name=path.name, known=known))
    vocabulary = build_vocabulary(study)
    (reading,), _ = date_releases([read_file(path, path.name, vocabulary)], study.releases)
    if reading.long is not None:
        return (_describe_long(reading.long, study),)
    if not reading.sheets:
        raise DataProblems(reading.problems)
    return tuple(one for sheet in reading.sheets for one in _describe(sheet, study, vocabulary))


def _describe(reading: SheetReading, study: Study, vocabulary: Vocabulary) -> Iterator[SheetDescription]:
    sheet = reading.sheet
    notes = tuple((what, before, after) for place, what, before, after in sheet.notes if place == (0, 0))
    if not reading.tables:
        form = EMPTY if not sheet.cells else NOT_RECOGNISED if reading.problems else TEXT
        furniture = sum(reading.ledger.counts().values()) if reading.ledger else 0
        yield SheetDescription(
            sheet.file, sheet.name, form, sheet.is_hidden,
            notes=notes, furniture_count=furniture, problems=tuple(reading.problems),
        )  # fmt: skip
        return
    for number, (placed, context) in enumerate(zip(reading.tables, reading.contexts, strict=True)):
        fates = {place: fate for place, fate in _fates(reading).items() if _owner(reading, place) == number}
        counts = Counter(fates.values())
        yield SheetDescription(
            file=sheet.file,
            sheet=sheet.name,
            form=TABLE,
            is_hidden=sheet.is_hidden,
            sources=_sources(placed, context),
            header_rows=_rows(placed),
            periods=tuple(sorted({place.period for place in placed.places.values()})),
            released=reading.ledger.released if reading.ledger else next(iter(reading.signed), ""),
            town_names_vi=tuple(study.town_names[code] for code in placed.town_codes),
            headings=tuple(
                (column.cell, shown(column.heading), column.meaning.label() if column.meaning is not None else "")
                for column in placed.table.columns
            ),
            wards_matched=_wards(reading, placed),
            names_unknown=_unknown_names(reading, placed, vocabulary),
            wards_missing=tuple(ward.ward_name_vi for ward in placed.missing),
            absent_ward=vocabulary.cells.absent_ward,
            numbers=_numbers(reading, placed, vocabulary),
            checks=_checks(reading, fates, vocabulary),
            panel_count=counts[PANEL],
            running_count=sum(place.is_cumulative for place in placed.places.values()) if reading.ledger else 0,
            quarantine_count=counts[QUARANTINE],
            furniture_count=counts.total() - counts[PANEL] - counts[QUARANTINE],
            notes=notes if number == 0 else (),
            put_aside=_put_aside(reading, set(fates)),
            problems=tuple(placed.problems),
        )


def _fates(reading: SheetReading) -> dict[Position, str]:
    return reading.ledger.fates if reading.ledger else {}


def _owner(reading: SheetReading, position: Position) -> int:
    """Return the number of the table that a cell belongs to: the last one that begins above it."""
    row, column = position
    above = [
        number
        for number, placed in enumerate(reading.tables)
        if placed.table.first_header <= row and column in placed.table.title_span
    ]
    return above[-1] if above else 0


def _sources(placed: PlacedTable, context: Context) -> tuple[str, str, str]:
    """Return where the wards, indicators and periods of a table's figures stand."""
    meanings = [column.meaning for column in placed.table.figures if column.meaning is not None]
    sections = [row for row in placed.rows if row.kind == "section"]
    wards, indicators, periods = "", "", ""
    if any(meaning.wards for meaning in meanings):
        wards = BY_HEADINGS
    elif placed.table.has_ward_rows:
        wards = BY_ROWS
    elif context.wards or sections:
        wards = BY_SECTIONS if any(row.wards for row in sections) else "title"
    if any(meaning.indicator for meaning in meanings):
        indicators = BY_HEADINGS
    elif placed.table.columns_of(INDICATOR):
        indicators = BY_ROWS
    elif context.indicator or sections:
        indicators = BY_SECTIONS if any(row.indicator for row in sections) else "title"
    if any(meaning.period for meaning in meanings):
        periods = BY_HEADINGS
    elif placed.table.columns_of(PERIOD):
        periods = BY_ROWS
    elif any(row.periods for row in sections):
        periods = BY_SECTIONS
    elif context.title.period:
        periods = context.source
    return wards, indicators, periods


def _rows(placed: PlacedTable) -> str:
    first, last = placed.table.first_header, placed.table.last_header
    return str(first) if first == last else f"{first}–{last}"


def _wards(reading: SheetReading, placed: PlacedTable) -> tuple[tuple[str, str], ...]:
    """Return the wards of a table as they are written in it; a ward of the title or of a heading by its own name."""
    keys = placed.table.columns_of(WARD_NAME) or placed.table.columns_of(WARD_CODE)
    found: dict[str, str] = {}
    for (row, _), place in sorted(placed.places.items()):
        spelling = reading.sheet.text((row, keys[0].number)) if keys else ""
        found.setdefault(place.ward.ward_name_vi, spelling or place.ward.ward_name_vi)
    return tuple((spelling, name) for name, spelling in found.items())


def _unknown_names(reading: SheetReading, placed: PlacedTable, vocabulary: Vocabulary) -> tuple[tuple[str, str], ...]:
    town = placed.town_codes[0] if len(placed.town_codes) == 1 else None
    names = [reading.sheet.text(row.place) for row in placed.rows if row.kind == "unknown_ward"]
    return tuple((shown(name), vocabulary.suggest_ward(name, town)) for name in names if name)


def _numbers(reading: SheetReading, placed: PlacedTable, vocabulary: Vocabulary) -> Counter[str]:
    """Return the rules that the figures of a table are read with; those that are no number count as refused."""
    rules: Counter[str] = Counter()
    for position, place in placed.places.items():
        raw = reading.sheet.cells.get(position)
        about = vocabulary.indicators.get(place.indicator)
        expected = EXPECTED.get(about.kind, "fraction") if about is not None else "count"
        number = read_number(None if isinstance(raw, Dropped) else raw, vocabulary.cells, expected=expected)
        is_read = number.value is not None or number.rule in ("blank", "declared_missing")
        rules[number.rule if is_read else "refused"] += 1
    return rules


def _checks(reading: SheetReading, fates: dict[Position, str], vocabulary: Vocabulary) -> Counter[tuple[str, str]]:
    """Return how many totals and printed rates among some cells are right, are wrong, and could not be checked."""
    ledger, checks = reading.ledger, Counter[tuple[str, str]]()
    if ledger is None:
        return checks
    unchecked = {place for place, what, *_ in ledger.log if what in ("total_not_checked", "rate_not_checked")}
    for place, fate in fates.items():
        if fate in (TOTALS, RATES):
            number = read_number(reading.sheet.cells.get(place), vocabulary.cells, expected="percentage")
            if place in unchecked or number.value is not None:
                checks[fate, "open" if place in unchecked else "right"] += 1
        elif fate == "total_formula":
            checks[TOTALS, "open"] += 1
    of_numbers = {row.number for placed in reading.tables for row in placed.rows if row.kind == "total"}
    rates = {
        column.number for placed in reading.tables for column in placed.table.columns
        if column.meaning is not None and column.meaning.role == "rate"
    }  # fmt: skip
    totals = {
        column.number for placed in reading.tables for column in placed.table.columns
        if column.meaning is not None and column.meaning.role == "total"
    }  # fmt: skip
    for place, *_ in ledger.quarantine:
        if place in fates and place[1] in rates:
            checks[RATES, "wrong"] += 1
        elif place in fates and (place[0] in of_numbers or place[1] in totals):
            checks[TOTALS, "wrong"] += 1
    return checks


def _put_aside(reading: SheetReading, places: set[Position]) -> tuple[Problem, ...]:
    rows = reading.ledger.quarantine if reading.ledger else []
    file, sheet = reading.sheet.file, reading.sheet.name
    return tuple(Problem(file, sheet, cell_name(place), *about) for place, *about in sorted(rows) if place in places)


def _describe_long(reading: LongReading, study: Study) -> SheetDescription:
    panel = reading.panel
    names = {ward.ward_id: ward.ward_name_vi for ward in study.reporting_wards}
    marks = {"number": "plain", "zero": "plain", "zero_mark": "declared_zero", "missing": "refused"}
    return SheetDescription(
        file=reading.file,
        sheet="",
        form=NOT_RECOGNISED if reading.problems else LONG_FORM,
        sources=(BY_ROWS, BY_ROWS, BY_ROWS),
        header_rows="1",
        periods=tuple(sorted(panel["period"].astype("str").unique())),
        town_names_vi=tuple(sorted({study.town_names[str(code)] for code in panel["town_code"].unique()})),
        wards_matched=tuple((str(ward_id), names[str(ward_id)]) for ward_id in sorted(panel["ward_id"].unique())),
        numbers=Counter({marks[str(mark)]: int(count) for mark, count in panel["mark"].value_counts().items()}),
        panel_count=reading.fates[PANEL],
        quarantine_count=reading.fates[QUARANTINE],
        furniture_count=reading.fates.total() - reading.fates[PANEL] - reading.fates[QUARANTINE],
        put_aside=tuple(Problem(*row) for row in reading.quarantine.itertuples(index=False, name=None)),
        problems=reading.problems,
    )


def descriptions_frame(descriptions: Iterable[SheetDescription]) -> pd.DataFrame:
    """Return descriptions as a frame: one row a table, lists and counters as their lengths and sums."""
    rows = []
    for description in descriptions:
        row: dict[str, object] = {}
        for name in (own.name for own in fields(SheetDescription)):
            value = getattr(description, name)
            is_list = isinstance(value, tuple) and name != "sources"
            row[name] = value.total() if isinstance(value, Counter) else len(value) if is_list else value
        rows.append(row | {"sources": ", ".join(description.sources)})
    return pd.DataFrame(rows)
