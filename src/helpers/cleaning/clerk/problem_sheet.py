"""The sheet of a workbook that lists what is wrong in the others, each with a link to its cell."""

from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning.clerk.problem_groups import in_reading_order
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.workbooks.cell_names import cell_position
from helpers.cleaning.workbooks.written_workbook import FONT, heading_style, write_text
from helpers.errors import Problem
from helpers.messages import said_in, say

_HEADINGS = (say("Sheet"), say("Place"), say("Found"), say("Expected"), say("What to do"), say("Kind"))
_WIDTHS = (22, 10, 22, 48, 48, 14)
_NAME = say("To fix")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_LINK = Font(name=FONT, size=11, color="FF0563C1", underline="single")
_FIRST_ROW = 5


def add_problem_sheet(
    workbook: Workbook, problems: Iterable[tuple[Problem, str]], language: str, lines: Sequence[str]
) -> Worksheet:
    """Add a sheet before the others that lists problems, and return it.

    Parameters
    ----------
    workbook : Workbook
        Gets the sheet, under a name that no other has.
    problems : iterable of (Problem, kind)
        All of the one file that the workbook is of; kind says how grave it is.
    language : str
        Of everything in the sheet.
    lines : sequence of str
        What stands above the list; three at most.
    """
    names = set(workbook.sheetnames)
    page: Worksheet = workbook.create_sheet(_free_name(said_in(_NAME, language), names), 0)
    workbook.active = 0
    for other in workbook.worksheets[1:]:
        other.sheet_view.tabSelected = False
    for row, line in enumerate(lines, start=1):
        write_text(page, row, 1, said_in(line, language)).font = Font(name=FONT, size=11, bold=row == 1)
    font, fill, alignment = heading_style()
    for column, heading in enumerate(_HEADINGS, start=1):
        cell = write_text(page, _FIRST_ROW - 1, column, said_in(heading, language))
        cell.font, cell.fill, cell.alignment = font, fill, alignment
        page.column_dimensions[get_column_letter(column)].width = _WIDTHS[column - 1]
    kinds = dict(problems)
    for row, problem in enumerate(in_reading_order(kinds), start=_FIRST_ROW):
        _write_problem(page, row, problem, said_in(kinds[problem], language), names, language)
    page.freeze_panes = f"A{_FIRST_ROW}"
    page.auto_filter.ref = f"A{_FIRST_ROW - 1}:{get_column_letter(len(_HEADINGS))}{page.max_row}"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    return page


def _free_name(name: str, taken: set[str]) -> str:
    lowered = {own.casefold() for own in taken}
    number, free = 1, name
    while free.casefold() in lowered:
        number += 1
        free = f"{name} ({number})"
    return free


def _write_problem(page: Worksheet, row: int, problem: Problem, kind: str, names: set[str], language: str) -> None:
    said = problem.in_language(language)
    # In quotation marks, so that a list read back holds no numbers and no headings.
    found = f"“{shown(said.value)}”" if said.value else ""
    for column, text in enumerate((said.sheet, said.cell, found, said.rule, said.remedy, kind), start=1):
        cell = write_text(page, row, column, text)
        cell.font, cell.alignment = Font(name=FONT, size=11), _WRAPPED
    sheet = problem.sheet or (next(iter(names)) if len(names) == 1 else "")
    if sheet in names:
        place = page.cell(row, 2)
        target = problem.cell if cell_position(problem.cell) else "A1"
        place.hyperlink = Hyperlink(ref=place.coordinate, location=f"{quote_sheetname(sheet)}!{target}")
        place.font = _LINK
