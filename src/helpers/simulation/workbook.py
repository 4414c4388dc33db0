"""One return as an Excel workbook: a sheet per police month, laid out as an office would lay it out.

A workbook's bytes carry no clock: document dates come from its periods, the archive's from the epoch of the ZIP format.
"""

import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from helpers.paths import written_beside
from helpers.simulation.form import (
    MOTTO,
    REPORT_TITLE,
    REPUBLIC,
    SIGNATURES,
    SIGNED,
    SYNTHETIC_TITLE,
    Column,
)

Cell = int | str | None

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
AUTHOR = "model-wards"
LEFT_SHARE = 0.4
"""Share of the columns under the issuing office; the republic's lines stand above the others."""
LINE_HEIGHT, CAPITAL_WIDTH = 18, 1.4
"""Points that a line takes, column widths that a bold capital takes: merged cells do not grow by themselves."""
FONT = "Times New Roman"
INK, HEADER_FILL, MARK_COLOUR = "FF000000", "FFE7E6E6", "FFC00000"
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one sheet says, cell by cell, already spelt.

    Attributes
    ----------
    name : str
        Name of the sheet.
    columns : tuple of Column
        The form.
    offices : tuple of two str
        The office above and the office that sends the return.
    period_line : str
        The days covered.
    rows : tuple of tuple
        One row per ward, one value per column of the form.
    total : mapping of column position to value or formula
        The total row's cells; a formula uses ``{first}`` and ``{last}`` for the wards' rows and ``{row}`` for its own.
    total_word : str
        How the total row is called.
    place_and_date : str
        The line above the signatures.
    blank_lines : int
        Empty lines between the offices and the title.
    title : str
        What the return is called.
    """

    name: str
    columns: tuple[Column, ...]
    offices: tuple[str, str]
    period_line: str
    rows: tuple[tuple[Cell, ...], ...]
    total: Mapping[int, int | str]
    total_word: str
    place_and_date: str
    blank_lines: int
    title: str = REPORT_TITLE

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    @property
    def left_half(self) -> int:
        """Return the number of columns under the issuing office."""
        return round(LEFT_SHARE * self.width)


def write_workbook(sheets: Sequence[Sheet], path: Path, *, title: str, dated: date) -> None:
    """Write sheets as one workbook, whole or not at all; equal sheets give equal bytes."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for style in _styles():
        workbook.add_named_style(style)
    for sheet in sheets:
        _fill(workbook.create_sheet(sheet.name), sheet)
    stamp = datetime.combine(dated, time(8))
    workbook.properties.creator = workbook.properties.lastModifiedBy = AUTHOR
    workbook.properties.title, workbook.properties.subject = title, SYNTHETIC_TITLE
    workbook.properties.created = stamp
    buffer = BytesIO()
    workbook.save(buffer)
    with written_beside(path) as beside:
        _without_clock(buffer, beside, stamp)


def _styles() -> list[NamedStyle]:
    thin = Side(style="thin", color=INK)
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    centre = Alignment(horizontal="center", vertical="center", wrap_text=True)
    plain, bold = Font(name=FONT, size=11), Font(name=FONT, size=11, bold=True)
    grey = PatternFill(fill_type="solid", start_color=HEADER_FILL)
    return [
        NamedStyle("office", font=bold, alignment=centre),
        NamedStyle("report_title", font=Font(name=FONT, size=14, bold=True), alignment=centre),
        NamedStyle("mark", font=Font(name=FONT, size=12, bold=True, color=MARK_COLOUR), alignment=centre),
        NamedStyle("line", font=Font(name=FONT, size=11, italic=True), alignment=centre),
        NamedStyle("heading", font=bold, alignment=centre, border=box, fill=grey),
        NamedStyle("number", font=plain, alignment=Alignment(horizontal="right"), border=box),
        NamedStyle("name", font=plain, alignment=Alignment(horizontal="left"), border=box),
        NamedStyle("total", font=bold, alignment=Alignment(horizontal="right"), border=box),
    ]


def _fill(page: Worksheet, sheet: Sheet) -> None:
    for place, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(place)].width = column.width
    row = _write_titles(page, sheet)
    first = _write_headings(page, row, sheet.columns)
    last = first + len(sheet.rows) - 1
    for position, values in enumerate(sheet.rows):
        for place, (column, value) in enumerate(zip(sheet.columns, values, strict=True), start=1):
            style = "name" if column.meaning == "ward_name" else "number"
            page.cell(first + position, place, value).style = style
    _write_total(page, sheet, first, last)
    _write_footer(page, sheet, last + 3)
    _set_up_page(page, first)


def _write_titles(page: Worksheet, sheet: Sheet) -> int:
    for row, (left, right) in enumerate(zip(sheet.offices, (REPUBLIC, MOTTO), strict=True), start=1):
        _merged(page, row, 1, sheet.left_half, left, "office")
        _merged(page, row, sheet.left_half + 1, sheet.width, right, "office")
    row = len(sheet.offices) + 1 + sheet.blank_lines
    titles = ((sheet.title, "report_title"), (SYNTHETIC_TITLE, "mark"), (sheet.period_line, "line"))
    for offset, (text, style) in enumerate(titles):
        _merged(page, row + offset, 1, sheet.width, text, style)
    return row + len(titles) + 1


def _write_headings(page: Worksheet, row: int, columns: Sequence[Column]) -> int:
    for column, own in enumerate(columns, start=1):
        for offset in (0, 1):
            page.cell(row + offset, column).style = "heading"
        page.cell(row + 1, column, own.subheading or None)
        if not own.subheading:
            page.cell(row, column, own.heading)
            page.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
        elif column == 1 or columns[column - 2].heading != own.heading:
            span = sum(other.heading == own.heading for other in columns)
            _merged(page, row, column, column + span - 1, own.heading, "heading")
    page.row_dimensions[row + 1].height = 48
    return row + 2


def _write_total(page: Worksheet, sheet: Sheet, first: int, last: int) -> None:
    row = last + 1
    for column in range(1, sheet.width + 1):
        page.cell(row, column).style = "total"
    page.cell(row, 2, sheet.total_word)
    for column, value in sheet.total.items():
        page.cell(row, column + 1, value.format(first=first, last=last, row=row) if isinstance(value, str) else value)


def _write_footer(page: Worksheet, sheet: Sheet, row: int) -> None:
    _merged(page, row, sheet.left_half + 1, sheet.width, sheet.place_and_date, "line")
    _merged(page, row + 1, 1, sheet.left_half, SIGNATURES[0], "office")
    _merged(page, row + 1, sheet.left_half + 1, sheet.width, SIGNATURES[1], "office")
    _merged(page, row + 2, sheet.left_half + 1, sheet.width, SIGNED, "line")


def _set_up_page(page: Worksheet, first: int) -> None:
    page.freeze_panes = f"C{first}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToHeight = 0


def _merged(page: Worksheet, row: int, first: int, last: int, text: str, style: str) -> None:
    if last > first:
        page.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
    page.cell(row, first, text).style = style
    room = sum(page.column_dimensions[get_column_letter(column)].width for column in range(first, last + 1))
    line = page.row_dimensions[row]
    line.height = max(line.height or 0, LINE_HEIGHT * math.ceil(CAPITAL_WIDTH * len(text) / room))


def _without_clock(buffer: BytesIO, path: Path, stamp: datetime) -> None:
    """Copy an archive with fixed times: openpyxl stamps both the archive and the document with the current one."""
    dated = rb"\g<1>" + stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(dated, content)
            info = zipfile.ZipInfo(name, date_time=ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
