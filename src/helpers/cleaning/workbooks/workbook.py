"""An Excel workbook as sheets of non-blank cells, without any opinion on what they mean.

Values come from calamine. It knows no hidden rows, shows a formula that was never calculated as blank, drops such
formulas at the end of a sheet, and shows error values as blank; `helpers.cleaning.workbooks.sheet_scan` finds all of
these in the sheet's XML, so that no cell is lost before it is counted. Nothing in a file is ever run or followed: no
macro, no link to another file, and a text that looks like a formula is a text.
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, PasswordError

from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.raw_sheet import FileNote, RawSheet
from helpers.cleaning.workbooks.workbook_kinds import UnreadableWorkbook, ask_again, damaged, encrypted, workbook_kind
from helpers.cleaning.workbooks.xls_workbook import read_xls
from helpers.cleaning.workbooks.xlsx_workbook import read_xlsx
from helpers.errors import DataProblems, Problem
from helpers.messages import say

MOST_FILE_BYTES = 50_000_000
"""A return with a thousand times the rows of a town's is 5 MB."""

_DAMAGE = (
    CalamineError, zipfile.BadZipFile, zlib.error, ExpatError, KeyError, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
"""What the readers raise on bytes that are no workbook, or no longer one."""


@dataclass(frozen=True, slots=True)
class Uncalculated:
    """The content of a cell that holds a formula without a calculated value."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The content of a cell that ``corrections.csv`` takes out; `reason` is the one given there."""

    value: str
    reason: str


CellValue = str | int | float | bool | date | datetime | time | timedelta | Uncalculated | Dropped


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    file, name : str
        File relative to the study folder, and sheet name.
    is_hidden : bool
        Whether Excel would show it.
    cells : mapping of (row, column) to value
        The non-blank cells; rows and columns count from 1. Text of nothing but spaces is blank.
    merges : mapping of (row, column) to (row, column)
        For each cell of a merged range, the range's first cell, which alone holds a value.
    hidden_rows, hidden_columns : frozenset of int
        Rows and columns that Excel would not show.
    percent_cells : frozenset of (row, column)
        Numbers that Excel shows as a percentage: 0.85 stands for 85%.
    notes : tuple of (position, what, before, after)
        What the log should say of the sheet; position (0, 0) is the whole sheet. What concerns the whole file stands
        with its first sheet.
    """

    file: str
    name: str
    is_hidden: bool
    cells: Mapping[Position, CellValue]
    merges: Mapping[Position, Position] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    percent_cells: frozenset[Position] = frozenset()
    notes: tuple[tuple[Position, str, str, str], ...] = ()

    def text(self, position: Position) -> str:
        """Return a cell's content as text; "" if blank."""
        return as_text(self.cells.get(position))


def as_text(value: object) -> str:
    """Return a cell's content as a person would type it; "" for a blank or uncalculated one.

    Examples
    --------
    >>> as_text(12.0), as_text(0.5), as_text(None)
    ('12', '0.5', '')
    """
    if value is None or isinstance(value, Uncalculated):
        return ""
    if isinstance(value, Dropped):
        return value.value
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value).strip()


def read_workbook(path: Path, file: str) -> tuple[Sheet, ...]:
    """Return the worksheets of a workbook in the workbook's order.

    Parameters
    ----------
    path : Path
        The file: .xlsx, .xlsm or .xls, told by its content and not by its name.
    file : str
        How problems and tables name it.

    Raises
    ------
    DataProblems
        If the file is encrypted, damaged, no workbook, or breaks one of the limits `MOST_FILE_BYTES`, `MOST_CELLS`
        and those of `helpers.cleaning.workbooks.workbook_archive`.
    """
    return workbook_of(workbook_bytes(path, file), file)


def workbook_bytes(path: Path, file: str) -> bytes:
    """Return the bytes of a file that may be a workbook; raises as `read_workbook` does."""
    try:
        if path.stat().st_size <= MOST_FILE_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise _problem(damaged(), file) from error
    rule = say("a file of at most {most} MB is expected", most=MOST_FILE_BYTES // 1_000_000)
    raise _problem(UnreadableWorkbook(rule, ask_again()), file)


def workbook_of(data: bytes, file: str) -> tuple[Sheet, ...]:
    """Return the worksheets of the workbook that some bytes are; raises as `read_workbook` does."""
    try:
        raw, notes = read_xls(data) if workbook_kind(data) == "xls" else read_xlsx(data)
        return tuple(_sheet(sheet, file, () if number else notes) for number, sheet in enumerate(raw))
    except UnreadableWorkbook as error:
        raise _problem(error, file) from error
    except PasswordError as error:
        raise _problem(encrypted(), file) from error
    except _DAMAGE as error:
        raise _problem(damaged(), file) from error
    except BaseException as error:
        # calamine is written in Rust, whose failures arrive as an exception of no public class.
        if type(error).__name__ == "PanicException":
            raise _problem(damaged(), file) from error
        raise


def _problem(error: UnreadableWorkbook, file: str) -> DataProblems:
    return DataProblems([Problem(file, error.sheet, error.cell, "", error.rule, error.remedy)])


def _sheet(raw: RawSheet, file: str, of_file: Sequence[FileNote]) -> Sheet:
    scan = raw.scan
    midnights = [
        (position, "number_as_date", shown, as_text(raw.values[position]))
        for position, shown in raw.numbers_as_midnight.items()
    ]
    return Sheet(
        file,
        raw.name,
        raw.is_hidden,
        {**raw.values, **scan.errors, **dict.fromkeys(scan.uncalculated, Uncalculated())},
        raw.merges,
        scan.hidden_rows,
        scan.hidden_columns,
        scan.percents,
        (*(((0, 0), *note) for note in of_file), *midnights),
    )
