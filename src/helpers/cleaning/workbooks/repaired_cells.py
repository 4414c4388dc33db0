"""Cells typed with an old font or read in a wrong code, put right before anything in them is understood.

A code that is read for certain is read, and each such cell is logged; one that is only recognised stops the sheet,
because a name in it would look like that of an unknown ward.
"""

from collections.abc import Collection
from dataclasses import replace

from helpers.cleaning.workbooks.cell_names import cell_name
from helpers.cleaning.workbooks.code_tables import ENCODING_NAMES
from helpers.cleaning.workbooks.old_fonts import repair_texts
from helpers.cleaning.workbooks.workbook import CellValue, Sheet
from helpers.errors import DataProblems, Problem
from helpers.messages import say

OLD_TEXT = "old_text"


def repair_sheet(sheet: Sheet, known: Collection[str]) -> Sheet:
    """Return a sheet whose text cells are Unicode, with a note for each that was put right.

    Parameters
    ----------
    known : collection of str
        Names and headings that the study uses.

    Raises
    ------
    DataProblems
        If cells are written in an old code that is recognised and cannot be read; they are counted, one is named.
    """
    texts = {position: value for position, value in sheet.cells.items() if isinstance(value, str)}
    repairs = repair_texts(texts, known)
    unread = sorted(position for position, repair in repairs.items() if not repair.after)
    if unread:
        repair = repairs[unread[0]]
        rule = say(
            "this text is written in the old code {encoding}, like {count} cells of the sheet in all",
            encoding=ENCODING_NAMES.get(repair.encoding, repair.encoding),
            count=len(unread),
        )
        remedy = say("Convert the file to Unicode with a font converter, look at it, and send it again.")
        # The text is not shown: nobody has looked yet whether it names a person.
        raise DataProblems([Problem(sheet.file, sheet.name, cell_name(unread[0]), "", rule, remedy)])
    if not repairs:
        return sheet
    mended: dict[tuple[int, int], CellValue] = dict(sheet.cells)
    mended |= {position: repair.after for position, repair in repairs.items()}
    notes = tuple(
        (position, OLD_TEXT, repairs[position].before, repairs[position].after) for position in sorted(repairs)
    )
    return replace(sheet, cells=mended, notes=tuple(notes))
