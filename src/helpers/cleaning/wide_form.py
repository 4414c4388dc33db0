"""A workbook of wide tables: one sheet a period, one row a ward, one column an indicator.

What makes the meaning of a table uncertain is *fatal*: it is returned as a problem, and the sheet has no ledger. These
are: personal content (then nothing else of the file is looked at), no recognisable table, an unknown or doubled
heading, an unclear period, a row that names no ward, a ward of another town, twice, or left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.cleaning.corrections import Correction, correct_sheets
from helpers.cleaning.layout import Layout, find_layout, title_lines
from helpers.cleaning.ledger import Ledger
from helpers.cleaning.personal import personal_content, shown
from helpers.cleaning.table import Body, read_table, ward_rows
from helpers.cleaning.titles import TitlePeriod, read_title_period
from helpers.cleaning.vocabulary import WARD_NAME, Vocabulary
from helpers.cleaning.workbook import Sheet, read_workbook
from helpers.errors import Problem
from helpers.study.objects import Ward


@dataclass(frozen=True, slots=True)
class SheetReading:
    """How one sheet was read.

    Attributes
    ----------
    sheet : Sheet
        Its cells, after corrections.
    layout : Layout or None
        Its table; None if none is recognised.
    period : str
        The period its title names; "" if unclear.
    town_code : str
        The town that its wards belong to; "" if unclear.
    wards : mapping of row to Ward
        The wards matched.
    ledger : Ledger or None
        The balanced account; None if the sheet has a problem.
    problems : tuple of Problem
        Everything fatal about it.
    """

    sheet: Sheet
    layout: Layout | None = None
    period: str = ""
    town_code: str = ""
    wards: Mapping[int, Ward] = field(default_factory=dict)
    ledger: Ledger | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class WideReading:
    """How a workbook was read: its sheets, and what concerns the file as a whole."""

    sheets: tuple[SheetReading, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Return the problems of the file and of its sheets."""
        return self.problems + tuple(problem for reading in self.sheets for problem in reading.problems)


def read_wide(path: Path, file: str, vocabulary: Vocabulary, corrections: Sequence[Correction] = ()) -> WideReading:
    """Return how a workbook was read.

    Parameters
    ----------
    path : Path
        The workbook.
    file : str
        How tables and problems name it.
    vocabulary : Vocabulary
        What the study understands.
    corrections : sequence of Correction
        Those of this file.

    Raises
    ------
    DataProblems
        If it cannot be read as a workbook at all.
    """
    raw = read_workbook(path, file)
    personal = personal_content(raw)
    if personal:
        return WideReading((), tuple(personal))
    if not any(sheet.cells for sheet in raw):
        remedy = "Ask the office to send it again, or delete the file."
        return WideReading((), (Problem(file, "", "", "", "the workbook holds nothing", remedy),))
    corrected = correct_sheets(raw, corrections)
    found = {sheet.name: find_layout(sheet, vocabulary) for sheet in corrected.sheets if sheet.cells}
    tables = [(sheet, found[sheet.name][0]) for sheet in corrected.sheets if sheet.name in found]
    town_code = _town_of([(sheet, layout) for sheet, layout in tables if layout], vocabulary)
    readings = tuple(
        _read_sheet(sheet, *found[sheet.name], town_code, vocabulary) if sheet.name in found else _empty(sheet)
        for sheet in corrected.sheets
    )
    _log_corrections(readings, corrected.made)
    return WideReading(readings, corrected.problems)


def _empty(sheet: Sheet) -> SheetReading:
    ledger = Ledger(sheet.file, sheet.name)
    ledger.note((0, 0), "empty_sheet", "", "nothing to read")
    return SheetReading(sheet, ledger=ledger)


def _town_of(tables: Sequence[tuple[Sheet, Layout]], vocabulary: Vocabulary) -> str:
    """Return the town that most of a file's ward names belong to; "" if two are level or no name is known."""
    votes: Counter[str] = Counter()
    for sheet, layout in tables:
        column = layout.column_of(WARD_NAME)
        for row in layout.rows_of("ward"):
            votes.update({ward.town_code for ward in vocabulary.wards_called(sheet.text((row, column)))})
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    is_clear = len(ranked) == 1 or (len(ranked) > 1 and ranked[0][1] > ranked[1][1])
    return ranked[0][0] if is_clear else ""


def _read_sheet(
    sheet: Sheet, layout: Layout | None, problems: Sequence[Problem], town_code: str, vocabulary: Vocabulary
) -> SheetReading:
    if layout is None:
        return SheetReading(sheet, problems=tuple(problems))
    problems = list(problems)
    title = read_title_period(title_lines(sheet, layout), sheet.name, vocabulary.period_kind)
    if not title.period:
        problems.append(Problem(sheet.file, sheet.name, "", shown(title.found), title.rule, title.remedy))
    if not town_code:
        rule = "the wards named do not tell which town the file is from"
        problems.append(Problem(sheet.file, sheet.name, "", "", rule, "Send each town's wards in a file of their own."))
    wards: Mapping[int, Ward] = {}
    if title.period and town_code:
        wards, ward_problems = ward_rows(sheet, layout, vocabulary, town_code=town_code, period=title.period)
        has_stray_rows = any(kind == "stray" for kind in layout.rows.values())
        problems += [problem for problem in ward_problems if problem.cell or not has_stray_rows]
    ledger = None
    if not problems:
        ledger = read_table(sheet, Body(layout, wards, town_code, title.period), vocabulary)
        _log_period(ledger, title)
    return SheetReading(sheet, layout, title.period, town_code, wards, ledger, tuple(problems))


def _log_period(ledger: Ledger, title: TitlePeriod) -> None:
    ledger.note((0, 0), "period", title.found, "days checked" if title.has_days else "no days given, not checked")


def _log_corrections(readings: Sequence[SheetReading], made: Sequence[tuple[str, tuple[int, int], Correction]]) -> None:
    ledgers = {reading.sheet.name: reading.ledger for reading in readings}
    for name, position, correction in made:
        ledger = ledgers[name]
        if ledger is not None:
            ledger.note(position, "correction", correction.old_value, correction.after)
