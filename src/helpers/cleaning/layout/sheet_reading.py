"""One sheet: its tables found, placed and filed, and every other cell named furniture.

What makes the meaning of a table uncertain is *fatal*: it is returned as a problem, and the sheet has no ledger. These
are: no recognisable table where there are figures, two headings of one meaning, an unclear period or town, a row of a
ward that is not known where one is missing, a row of another town, a figure twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.cleaning.layout.context import Context, lines_between, read_contexts
from helpers.cleaning.layout.filing import RunningSum, file_table
from helpers.cleaning.layout.ledger import Ledger
from helpers.cleaning.layout.period_keys import read_period_keys
from helpers.cleaning.layout.placing import PlacedTable, place_table
from helpers.cleaning.layout.sheet_tables import ALL_COLUMNS, Table, find_tables, settle_totals
from helpers.cleaning.layout.table_rows import Row, read_rows
from helpers.cleaning.layout.vocabulary import WARD_NAME, Vocabulary
from helpers.cleaning.layout.ward_lists import WardList, doubted, read_ward_lists
from helpers.cleaning.periods.grammar import find_signatures
from helpers.cleaning.periods.names import FIRST_YEAR, LAST_YEAR, read_key
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet, Uncalculated, as_text
from helpers.errors import Problem
from helpers.messages import say

_DIGITS = re.compile(r"\s*\d[\d.,\s]*%?\s*")


@dataclass(slots=True)
class SheetReading:
    """How one sheet was read.

    Attributes
    ----------
    sheet : Sheet
        Its cells, after corrections.
    tables : list of PlacedTable
        Its tables, downwards and to the right.
    ledger : Ledger or None
        What became of each cell, but for cumulative figures; None if the sheet has a problem.
    running : list of RunningSum
        Its cumulative figures, which become figures of single periods only beside those of other sheets.
    signed : tuple of str
        Its dates of signature in ISO form, in order of time.
    problems : list of Problem
        Everything fatal about it.
    contexts : list of Context
        What surrounds each table.
    notes : list of (position, what, before, after)
        For the log.
    expected_cells : frozenset of (row, column)
        The cells that the ledger must hold in the end: those not blank, and the blank figures of the tables.
    ward_lists : tuple of WardList
        What it lists wards of; empty unless the study declares what an absent ward means.
    """

    sheet: Sheet
    tables: list[PlacedTable] = field(default_factory=list)
    ledger: Ledger | None = None
    running: list[RunningSum] = field(default_factory=list)
    signed: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    notes: list[tuple[Position, str, object, str]] = field(default_factory=list)
    expected_cells: frozenset[Position] = frozenset()
    ward_lists: tuple[WardList, ...] = ()


def read_sheet(sheet: Sheet, vocabulary: Vocabulary) -> SheetReading:
    """Return how a sheet is read."""
    reading = _understood(sheet, vocabulary)
    blank_figures = {position for placed in reading.tables for position in placed.places}
    reading.expected_cells = frozenset(sheet.cells) | blank_figures
    return reading


def _understood(sheet: Sheet, vocabulary: Vocabulary) -> SheetReading:
    tables = [settle_totals(table) for table in find_tables(sheet, vocabulary)]
    if not tables:
        return _read_without_table(sheet, vocabulary)
    reading = SheetReading(sheet)
    titles: list[list[str]] = []
    bodies: list[tuple[Row, ...]] = []
    rows_above = 0
    for table in tables:
        titles.append(_title_lines(sheet, table, rows_above, vocabulary))
        keys = read_period_keys(sheet, table, vocabulary.period_kind)
        bodies.append(read_rows(sheet, table, vocabulary, keys))
        reading.notes += keys.notes
        if table.title_span.stop == ALL_COLUMNS.stop:  # no other table stands beside it
            rows_above = max([table.last_header, *(row.number for row in bodies[-1])])
    reading.contexts = read_contexts(titles, sheet, vocabulary)
    for table, rows, context in zip(tables, bodies, reading.contexts, strict=True):
        reading.tables.append(place_table(sheet, table, rows, context, vocabulary))
    reading.problems = [problem for placed in reading.tables for problem in placed.problems]
    reading.signed = _signed(sheet)
    if not reading.problems:
        _file(reading, vocabulary)
    return reading


def _title_lines(sheet: Sheet, table: Table, rows_above: int, vocabulary: Vocabulary) -> list[str]:
    """Return the lines that are a table's title: those above it, from the last row that may be of a lost table."""
    between = range(rows_above + 1, table.first_header)
    rows: dict[int, list[CellValue]] = {row: [] for row in between}
    for (row, _), value in sheet.cells.items():
        if row in between:
            rows[row].append(value)
    first = max((row + 1 for row in between if _is_of_a_table(rows[row], vocabulary)), default=between.start)
    return lines_between(sheet, first, table.first_header - 1, table.title_span)


def _is_of_a_table(cells: Sequence[CellValue], vocabulary: Vocabulary) -> bool:
    """Return whether a row outside the tables looks like one of a table whose headings are not understood."""
    numbers = [value for value in cells if _is_number(value) and not _is_year(value)]
    texts = [value for value in cells if isinstance(value, str) and value not in numbers]
    is_labelled = any(vocabulary.wards_called(text) or read_key(text) for text in texts)
    return len(numbers) > 1 or (bool(numbers) and is_labelled)


def _signed(sheet: Sheet) -> tuple[str, ...]:
    """Return the dates of signature in a sheet, in ISO form and in order."""
    texts = {value for value in sheet.cells.values() if isinstance(value, str) and any(map(str.isdigit, value))}
    return tuple(sorted({day.isoformat() for text in texts for day in find_signatures(text)}))


def _read_without_table(sheet: Sheet, vocabulary: Vocabulary) -> SheetReading:
    """Return a sheet in which no table is recognised: a problem if it holds figures, else all of it is furniture."""
    ledger = Ledger(sheet.file, sheet.name)
    if not sheet.cells:
        ledger.note((0, 0), "empty_sheet", "", say("nothing to read"))
    elif any(
        isinstance(value, Uncalculated) or (_is_number(value) and not _is_year(value)) for value in sheet.cells.values()
    ):
        known = next((s for s in vocabulary.heading_spellings if vocabulary.meaning_of(s) == WARD_NAME), "Đơn vị")
        rule = say(
            "no table is recognised: no row heads the wards' names (“{known}”) beside the figures of an indicator",
            known=known,
        )
        remedy = say("Add the sheet's headings to header_aliases.csv, or delete the sheet if it holds no return.")
        return SheetReading(sheet, problems=[Problem(sheet.file, sheet.name, "", "", rule, remedy)])
    else:
        ledger.note((0, 0), "text_sheet", sheet.name, say("no figures, nothing to read"))
    for position in sheet.cells:
        ledger.file_furniture(position, "text")
    return SheetReading(sheet, ledger=ledger)


def _is_number(value: CellValue) -> bool:
    """Return whether a cell outside the tables may be a figure: a number, also one written as text."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number or (isinstance(value, str) and _DIGITS.fullmatch(value) is not None)


def _is_year(value: CellValue) -> bool:
    return as_text(value).isdecimal() and FIRST_YEAR <= int(as_text(value)) <= LAST_YEAR


def _file(reading: SheetReading, vocabulary: Vocabulary) -> None:
    """Fill the ledger of a sheet without problems."""
    sheet = reading.sheet
    reading.ledger = ledger = Ledger(sheet.file, sheet.name)
    for placed, context in zip(reading.tables, reading.contexts, strict=True):
        _file_headings(ledger, sheet, placed)
        reading.running += file_table(ledger, sheet, placed, vocabulary)
        if vocabulary.cells.absent_ward == "zero":
            reading.ward_lists += tuple(read_ward_lists(ledger, sheet, placed, context))
        _note_table(ledger, placed, context, is_zero=vocabulary.cells.absent_ward == "zero")
    placed_count = len(ledger.quarantine)
    _file_outside(ledger, reading, vocabulary)
    if len(ledger.quarantine) > placed_count:
        reading.ward_lists = doubted(reading.ward_lists)
    if sheet.is_hidden:
        ledger.note((0, 0), "hidden_sheet", sheet.name, say("read like the others"))
    for note in (*sheet.notes, *reading.notes):
        ledger.note(*note)


def _file_outside(ledger: Ledger, reading: SheetReading, vocabulary: Vocabulary) -> None:
    """File the cells that are in no column of a table: headings, titles, footers, and numbers that stand alone."""
    in_tables = {row.number for placed in reading.tables for row in placed.rows}
    last = max([*in_tables, reading.tables[-1].table.last_header])
    headers = {row for placed in reading.tables for row in _header_rows(placed.table)}
    done = ledger.fates.keys() | {figure.position for figure in reading.running}
    outside = sorted((own for own in reading.sheet.cells.items() if own[0] not in done), key=lambda own: own[0])
    numbered = {row for (row, _), value in outside if _is_number(value) and not _is_year(value)}
    for position, value in outside:
        row = position[0]
        if isinstance(value, Dropped):
            rule = say("taken out by corrections.csv: {reason}", reason=value.reason)
            ledger.file_quarantine(position, value, rule, say("Nothing needs to be done."))
        elif row in headers:
            ledger.file_furniture(position, "header")
        elif row in in_tables:
            remedy = say("Write a heading above it, or move it out of the table.")
            ledger.file_quarantine(position, value, say("no heading stands above this cell of the table"), remedy)
        elif row in numbered and vocabulary.is_like_a_figure(value):
            remedy = say("Move it into a table whose headings say what it is, if it is a figure.")
            ledger.file_quarantine(position, value, say("a number outside the tables"), remedy)
        else:
            ledger.file_furniture(position, "footer" if row > last else "title")


def _header_rows(table: Table) -> range:
    return range(table.first_header, table.last_header + 1)


def _file_headings(ledger: Ledger, sheet: Sheet, placed: PlacedTable) -> None:
    for column in placed.table.columns:
        label = column.meaning.label() if column.meaning is not None else say("not known")
        ledger.note(column.position, "heading", column.heading, label)


def _note_table(ledger: Ledger, placed: PlacedTable, context: Context, *, is_zero: bool) -> None:
    """Log where the table's period comes from, and the wards it does not list."""
    title = context.title
    if title.period:
        how = say("days checked") if title.has_days else say("no days given, not checked")
        ledger.note((0, 0), "period", title.found, how)
        if context.source != "title":
            ledger.note((0, 0), "period_from_name", title.found, context.source)
    for ward in placed.missing:
        row = placed.table.first_header
        if is_zero:
            after = say("not in the table starting in row {row}", row=row)
        else:
            after = say("not in the table starting in row {row}: not reported", row=row)
        ledger.note((0, 0), "ward_not_listed", ward.ward_name_vi, after)
