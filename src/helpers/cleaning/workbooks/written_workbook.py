"""Workbooks that the project writes for an office: without a clock in their bytes, and with no text that calculates."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from helpers.paths import written_beside
from helpers.text import harmless

AUTHOR = "model-wards"
FONT = "Times New Roman"
_STAMP = "2000-01-01T00:00:00Z"
_FIRST_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def save_workbook(workbook: Workbook, path: Path) -> Path:
    """Write a workbook, whole or not at all, and return its path; equal workbooks give equal bytes.

    Raises
    ------
    UnwritableOutput
        If the folder cannot be written.
    """
    workbook.properties.creator = workbook.properties.lastModifiedBy = AUTHOR
    saved = BytesIO()
    workbook.save(saved)
    with (
        written_beside(path) as beside,
        zipfile.ZipFile(saved) as source,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>" + _STAMP.encode(), content)
            entry = zipfile.ZipInfo(name, date_time=_FIRST_ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return path


def write_text(page: Worksheet, row: int, column: int, text: str, *, is_harmless: bool = True) -> Cell:
    """Write a text as a text, whatever it looks like, and return its cell.

    Parameters
    ----------
    page : Worksheet
        Where to.
    row, column : int
        From 1.
    text : str
        Characters that a workbook cannot hold are left out.
    is_harmless : bool
        Whether an apostrophe is put before what looks like a formula; without it the cell is only marked as text.
    """
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell = page.cell(row, column)
    assert isinstance(cell, Cell)
    cell.value = harmless(text) if is_harmless else text
    cell.data_type = "s"
    return cell


def heading_style() -> tuple[Font, PatternFill, Alignment]:
    """Return how headings look."""
    return (
        Font(name=FONT, size=11, bold=True),
        PatternFill("solid", start_color="FFE7E6E6"),
        Alignment(horizontal="center", vertical="center", wrap_text=True),
    )
