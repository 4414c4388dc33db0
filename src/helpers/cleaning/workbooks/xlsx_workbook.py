"""Sheets of an ``.xlsx`` or ``.xlsm``: values from calamine, and from the XML what calamine does not tell."""

import io
from collections.abc import Mapping
from datetime import time

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from helpers.cleaning.people.parts import PERSONAL_PART, has_unsearched, not_searched, personal_parts
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.raw_sheet import (
    FileNote,
    RawSheet,
    RawValue,
    check_extent,
    check_names,
    check_none_lost,
    filled_cells,
    merged_cells,
)
from helpers.cleaning.workbooks.sheet_scan import scan_sheet, typed_cells
from helpers.cleaning.workbooks.workbook_archive import Archive, open_archive, percent_styles, sheet_parts
from helpers.messages import say

_MIDNIGHT = time(0, 0)
"""What calamine gives for a number of 0 or below in a cell that has the format of a date."""


def read_xlsx(data: bytes) -> tuple[list[RawSheet], list[FileNote]]:
    """Return the worksheets in the workbook's order, and what the log should say of the file.

    Raises
    ------
    UnreadableWorkbook
        If a part is missing, a limit is broken, or a cell cannot be read.
    Exception
        Many others, of zipfile, expat and calamine, if the bytes are damaged.
    """
    archive = open_archive(data)
    parts, styles = sheet_parts(archive), percent_styles(archive)
    sheets: list[RawSheet] = []
    notes: list[FileNote] = []
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        check_names(workbook.sheet_names)
        for place, (about, part) in enumerate(zip(workbook.sheets_metadata, parts, strict=True)):
            if about.typ is SheetTypeEnum.WorkSheet:
                sheets.append(_sheet(workbook, place, archive.read(part), styles))
            else:
                notes.append(("sheet_left_out", about.name, say("it is a sheet of a chart, a dialogue or macros")))
    return sheets, notes + _notes(archive)


def _sheet(workbook: CalamineWorkbook, place: int, data: bytes, percent_styles: frozenset[int]) -> RawSheet:
    about = workbook.sheets_metadata[place]
    name, is_hidden = about.name, about.visible is not SheetVisibleEnum.Visible
    scan = scan_sheet(data, percent_styles)
    check_extent(scan, name)
    read = workbook.get_sheet_by_index(place)
    values = filled_cells(read.to_python(skip_empty_area=False))
    if scan.typed_count != sum(type(value) is not str for value in values.values()):
        check_none_lost(values, [position for position, _ in typed_cells(data)], name)
    numbers = _numbers_as_midnight(values, data)
    midnights = {position: str(_MIDNIGHT) for position in numbers}
    return RawSheet(name, is_hidden, values | numbers, merged_cells(read.merged_cell_ranges or ()), scan, midnights)


def _numbers_as_midnight(values: Mapping[Position, RawValue], data: bytes) -> dict[Position, RawValue]:
    places = {position for position, value in values.items() if type(value) is time and value == _MIDNIGHT}
    return {position: float(text) for position, text in typed_cells(data) if position in places} if places else {}


def _notes(archive: Archive) -> list[FileNote]:
    notes: list[FileNote] = []
    if archive.has("xl/vbaProject.bin"):
        notes.append(("macros", "", say("the file carries macros; they were not run")))
    if archive.has_below("xl/externalLinks/"):
        notes.append(("external_links", "", say("formulas lead to other files; their last saved values were read")))
    notes += [(PERSONAL_PART, kind, "") for kind in personal_parts(archive)]
    if has_unsearched(archive):
        notes.append(not_searched())
    return notes
