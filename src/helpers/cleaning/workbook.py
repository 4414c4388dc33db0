"""An Excel workbook as sheets of non-blank cells, without any opinion on what they mean.

Values come from calamine. It knows no hidden rows, shows a formula that was never calculated as blank, drops such
formulas at the end of a sheet, and shows error values as blank; `helpers.cleaning.sheet_scan` finds all of these in
the sheet's XML, so that no cell is lost before it is counted.
"""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from helpers.cleaning.sheet_scan import Position, Scan, cell_name, scan_sheets
from helpers.errors import DataProblems, Problem

MOST_UNPACKED_BYTES = 300_000_000
"""A return of a town is below 1 MB unpacked; far more than this is no return but a trap for the memory."""

MOST_CELLS = 2_000_000
"""One stray cell at the far corner makes a sheet of 17,000 million; its rectangle would not fit into memory."""

_DAMAGE = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What the readers raise on bytes that are no workbook, or no longer one."""

OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
"""The container of old .xls files, which Excel also puts around an encrypted .xlsx."""


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
    hidden_rows : frozenset of int
        Rows that Excel would not show.
    """

    file: str
    name: str
    is_hidden: bool
    cells: Mapping[Position, CellValue]
    merges: Mapping[Position, Position] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()

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
        The file.
    file : str
        How problems and tables name it.

    Raises
    ------
    DataProblems
        If the file is encrypted, damaged, no workbook, or unpacks to more than `MOST_UNPACKED_BYTES`.
    """
    try:
        _refuse_what_is_no_workbook(path, file)
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED_BYTES:
                most = MOST_UNPACKED_BYTES // 1_000_000
                raise _unreadable(file, f"a workbook of at most {most} MB unpacked is expected")
            scans = scan_sheets(archive)
        if any(scan.last_row * scan.last_column > MOST_CELLS for scan in scans.values()):
            raise _unreadable(file, f"sheets of at most {MOST_CELLS:,} cells are expected, blank ones included")
        with CalamineWorkbook.from_path(path) as workbook:
            return tuple(
                _sheet(workbook, file, about.name, about.visible is not SheetVisibleEnum.Visible, scans)
                for about in workbook.sheets_metadata
                if about.typ is SheetTypeEnum.WorkSheet
            )
    except PasswordError as error:
        raise _encrypted(file) from error
    except _DAMAGE as error:
        raise _unreadable(file, "a whole, readable .xlsx workbook is expected") from error


def _refuse_what_is_no_workbook(path: Path, file: str) -> None:
    with path.open("rb") as stream:
        start = stream.read(8)
    if start == OLE_SIGNATURE:
        raise _encrypted(file)


def _encrypted(file: str) -> DataProblems:
    rule = "the workbook is protected by a password, or is an old .xls under another name"
    return DataProblems([Problem(file, "", "", "", rule, "Open it in Excel, remove the password, save it as .xlsx.")])


def _unreadable(file: str, rule: str) -> DataProblems:
    remedy = "The file is damaged, too large, or no workbook: ask the office to send it again as .xlsx."
    return DataProblems([Problem(file, "", "", "", rule, remedy)])


def _sheet(workbook: CalamineWorkbook, file: str, name: str, is_hidden: bool, scans: Mapping[str, Scan]) -> Sheet:
    scan = scans[name]
    cells: dict[Position, CellValue] = {}
    for row, values in enumerate(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1):
        for column, value in enumerate(values, start=1):
            if value != "" and not (isinstance(value, str) and not value.strip()):
                cells[row, column] = value
    cells |= scan.errors
    cells |= dict.fromkeys(scan.uncalculated, Uncalculated())
    lost = scan.typed - cells.keys()
    if lost:
        where = ", ".join(cell_name(position) for position in sorted(lost)[:3])
        raise _unreadable(file, f"{len(lost)} cells of sheet {name} ({where}) cannot be read")
    return Sheet(file, name, is_hidden, cells, scan.merges, scan.hidden_rows)
