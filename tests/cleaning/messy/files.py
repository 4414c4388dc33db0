"""Sheets into files of every kind that offices send."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import xlwt
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from cleaning.messy.sheets import Page
from cleaning.messy.spellings import CellValue, plain
from cleaning.old_text import shown_in_unicode, stored
from helpers.cleaning.workbooks.code_tables import CP1258, TCVN3
from helpers.text import nfc

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
TEXTS = (".csv", ".tsv", ".txt")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", CP1258, TCVN3)


def save_workbook(pages: Sequence[Page], path: Path) -> None:
    if path.suffix == ".xls":
        _save_xls(pages, path)
        return
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for page in pages:
        sheet = workbook.create_sheet(page.name)
        for number, row in enumerate(page.rows, start=1):
            for column, value in enumerate(map(plain, row), start=1):
                if value is not None:
                    sheet.cell(number, column, value)
        for top, left, bottom, right in page.merges:
            sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
        for number in page.hidden_rows:
            sheet.row_dimensions[number + 1].hidden = True
        for number in page.hidden_columns:
            sheet.column_dimensions[get_column_letter(number + 1)].hidden = True
        sheet.sheet_state = "hidden" if page.is_hidden else "visible"
    workbook.save(path)


def _save_xls(pages: Sequence[Page], path: Path) -> None:
    workbook = xlwt.Workbook()
    days = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for page in pages:
        sheet = workbook.add_sheet(page.name, cell_overwrite_ok=True)
        covered = {(top, left): (bottom, right) for top, left, bottom, right in page.merges}
        for number, row in enumerate(page.rows):
            for column, value in enumerate(map(plain, row)):
                style = days if isinstance(value, date) else xlwt.Style.default_style
                if (number, column) in covered:
                    bottom, right = covered[number, column]
                    sheet.write_merge(number, bottom, column, right, value, style)
                elif value is not None:
                    sheet.write(number, column, value, style)
        sheet.visibility = int(page.is_hidden)
    workbook.save(str(path))


def text_of(cell: CellValue) -> str:
    value = plain(cell)
    if value is None:
        return ""
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


def save_text(page: Page, path: Path, delimiter: str, encoding: str) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    width = max(map(len, page.rows))
    writer.writerows([text_of(value) for value in row] + [""] * (width - len(row)) for row in page.rows)
    text = stream.getvalue()
    path.write_bytes(stored(nfc(text), encoding) if encoding in (CP1258, TCVN3) else text.encode(encoding))


def save_parquet(page: Page, path: Path) -> None:
    """Save a page of one header row without title, every column as text."""
    header, *body = [[text_of(value) for value in row] for row in page.rows]
    width = len(header)
    rows = [[value or None for value in (*row, *[""] * width)][:width] for row in body]
    pd.DataFrame(rows, columns=header, dtype="object").to_parquet(path)


def in_old_font(value: CellValue) -> CellValue:
    """Return a text as a Unicode workbook shows it that was typed in a TCVN3 font."""
    return shown_in_unicode(stored(nfc(value), TCVN3)) if isinstance(value, str) else value
