"""A copy of an office's own workbook in which what is wrong is marked, so that whoever filled it in finds it at once.

Each cell is coloured and explained in a comment, and a sheet before the others lists them all with links. The file
that was sent is never touched, and no copy is made of a file that holds anything personal.
"""

import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning.clerk.problem_lists import KINDS
from helpers.cleaning.clerk.problem_sheet import add_problem_sheet
from helpers.cleaning.corrections import RETURNS_FOLDER
from helpers.cleaning.files import SUFFIXES, WORKBOOK_SUFFIXES, read_cells
from helpers.cleaning.layout.vocabulary import build_vocabulary
from helpers.cleaning.people.refusal import personal_content, personal_name, shown_file
from helpers.cleaning.workbooks.cell_names import Position, cell_position
from helpers.cleaning.workbooks.repaired_cells import repair_sheet
from helpers.cleaning.workbooks.workbook import Sheet, Uncalculated, as_text
from helpers.cleaning.workbooks.written_workbook import AUTHOR, save_workbook, write_text
from helpers.errors import DataProblems, Problem, UsageError
from helpers.messages import Message, said_in, say
from helpers.study.objects import Study

MOST_CELLS = 300_000
"""A copy of more would take minutes; its problems are listed alone."""
MOST_MARKED = 2_000
"""Comments in one workbook; what is wrong in more cells is listed without."""

_MUST, _MAY = KINDS
_FILLS = {_MUST: PatternFill("solid", start_color="FFF8CBAD"), _MAY: PatternFill("solid", start_color="FFFFE699")}
_COMMENT_SIZE = (340, 150)
_OPEN_FAILURES = (
    InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError,
    OSError,
)  # fmt: skip
"""What openpyxl raises on workbooks that it does not understand; calamine may have read them."""


@dataclass(frozen=True, slots=True)
class MarkedCopies:
    """What was written, and what is to be said of it."""

    paths: tuple[Path, ...]
    messages: tuple[Message, ...]


def write_marked_copies(
    study: Study, problems: Iterable[Problem], folder: Path, language: str, *, put_aside: Iterable[Problem] = ()
) -> MarkedCopies:
    """Write a marked copy of each return in which something is wrong.

    Parameters
    ----------
    study : Study
        Whose returns they are.
    problems : iterable of Problem
        What must be corrected; those of other files than returns are passed over.
    folder : Path
        Where the copies go, outside the study; each keeps its place below ``returns/``.
    language : str
        Of comments and lists.
    put_aside : iterable of Problem
        Cells that are not used, marked in another colour.

    Raises
    ------
    UsageError
        If the folder lies in the study.
    UnwritableOutput
        If it cannot be written.
    """
    returns = study.folder.resolve() / RETURNS_FOLDER
    if folder.resolve().is_relative_to(study.folder.resolve()):
        raise UsageError(
            say("{path} lies in the study folder, which holds what was sent. Write the list elsewhere.", path=folder)
        )
    by_file: dict[str, list[tuple[Problem, Message]]] = {}
    for kind, own in ((_MUST, problems), (_MAY, put_aside)):
        for problem in own:
            by_file.setdefault(problem.file, []).append((problem, kind))
    paths: list[Path] = []
    messages: list[Message] = []
    for file, found in sorted(by_file.items()):
        source = study.folder / file
        if source.suffix.lower() in SUFFIXES and source.is_file() and source.resolve().is_relative_to(returns):
            target = folder / _copy_name(Path(file).relative_to(RETURNS_FOLDER), language)
            messages += _write_copy(source, file, found, target, study, language)
            paths += [target] if target.is_file() else []
    return MarkedCopies(tuple(paths), (*messages, _closing(paths, folder)))


def _closing(paths: Sequence[Path], folder: Path) -> Message:
    if not paths:
        return say("No return could be marked.")
    return say("{count} marked copies are in {folder}.", count=len(paths), folder=folder)


def _copy_name(file: Path, language: str) -> Path:
    suffix = "" if file.suffix.lower() == ".xlsx" else file.suffix.replace(".", "_")
    return file.with_name(f"{file.stem}{suffix}.{said_in(say('to-fix'), language)}.xlsx")


def _write_copy(
    source: Path, file: str, found: Sequence[tuple[Problem, Message]], target: Path, study: Study, language: str
) -> list[Message]:
    """Write one copy, or only the list, or nothing; return what is to be said of it."""
    vocabulary = build_vocabulary(study)
    try:
        sheets = read_cells(source, file, vocabulary)
        legible = [repair_sheet(sheet, vocabulary.spellings) for sheet in sheets]
    except DataProblems:
        return [
            *_write_list(found, target, language),
            say("{file} cannot be read, so only a list was made.", file=file),
        ]
    if personal_name(file) or personal_content(legible):
        return [say("{file} holds what looks like personal data, so no copy was made of it.", file=shown_file(file))]
    if sum(len(sheet.cells) for sheet in sheets) > MOST_CELLS:
        return [*_write_list(found, target, language), say("{file} is so large that only a list was made.", file=file)]
    workbook = _opened(source) if source.suffix.lower() in WORKBOOK_SUFFIXES[:2] else _copied(sheets)
    if workbook is None:
        return [
            *_write_list(found, target, language),
            say("{file} cannot be copied, so only a list was made.", file=file),
        ]
    _mark(workbook, found, language)
    _finish(workbook, found, target, language, is_copy=True)
    if source.suffix.lower() == ".xlsm":
        return [say("The copy of {file} is without its macros.", file=file)]
    return []


def _opened(source: Path) -> Workbook | None:
    """Return a workbook as it was sent, without macros; None if openpyxl does not understand it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it leaves out: charts, pictures, extensions of newer versions
            return load_workbook(source, keep_vba=False)
    except _OPEN_FAILURES:
        return None


def _copied(sheets: Iterable[Sheet]) -> Workbook:
    """Return the cells of a file that is no .xlsx as a workbook; texts stay texts."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for sheet in sheets:
        page = workbook.create_sheet(sheet.name or None)
        for (row, column), value in sheet.cells.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                page.cell(row, column, value)
            elif not isinstance(value, Uncalculated):
                write_text(page, row, column, as_text(value), is_harmless=False).quotePrefix = True
    return workbook


def _mark(workbook: Workbook, found: Sequence[tuple[Problem, Message]], language: str) -> None:
    pages = {page.title: page for page in workbook.worksheets}
    only = workbook.worksheets[0] if len(workbook.worksheets) == 1 else None
    marked = 0
    for problem, kind in found:
        page = pages.get(problem.sheet) or (only if not problem.sheet else None)
        position = cell_position(problem.cell)
        cell = _writable(page, position) if page is not None and position is not None else None
        if cell is None or marked == MOST_MARKED:
            continue
        said = problem.in_language(language)
        text = said_in(say("{rule}. {remedy}", rule=said.rule, remedy=said.remedy), language)
        before = f"{cell.comment.text}\n\n" if cell.comment else ""
        cell.comment = Comment(before + text, AUTHOR, *reversed(_COMMENT_SIZE))
        cell.fill = _FILLS[kind]
        marked += 1


def _writable(page: Worksheet, position: Position) -> Cell | None:
    """Return the cell at a position, or the first of the merged range around it."""
    cell = page.cell(*position)
    if isinstance(cell, MergedCell):
        around = next((area for area in page.merged_cells.ranges if cell.coordinate in area), None)
        cell = page.cell(around.min_row, around.min_col) if around else cell
    return cell if isinstance(cell, Cell) else None


def _write_list(found: Sequence[tuple[Problem, Message]], target: Path, language: str) -> list[Message]:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    _finish(workbook, found, target, language, is_copy=False)
    return []


def _finish(
    workbook: Workbook, found: Sequence[tuple[Problem, Message]], target: Path, language: str, *, is_copy: bool
) -> None:
    lines = [
        say("What to correct in this file ({count} places)", count=len(found)),
        say("Red: to be corrected. Yellow: put aside, and not used. The link leads to the cell.")
        if is_copy
        else say("The file itself could not be copied; look for the places in the file that was sent."),
        say("Correct the figures in the file that you keep, and send it again; this list need not be sent."),
    ]
    add_problem_sheet(workbook, found, language, lines)
    save_workbook(workbook, target)
