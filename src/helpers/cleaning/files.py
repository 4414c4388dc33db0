"""One file of returns, by its type: a workbook's sheets, a text file as one sheet, or a machine's long form.

Whatever a person may have laid out becomes sheets, which `helpers.cleaning.layout.sheet_reading` understands; only a
file whose heading is exactly the long form's takes the way of `helpers.cleaning.long_form.reading`, whole columns at a
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.cleaning.corrections import Correction, correct_sheets
from helpers.cleaning.layout.sheet_reading import SheetReading, read_sheet
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.reading import LongReading, is_long_form, read_long
from helpers.cleaning.people.refusal import personal_content, personal_name
from helpers.cleaning.workbooks.parquet_table import read_parquet_table
from helpers.cleaning.workbooks.repaired_cells import repair_sheet
from helpers.cleaning.workbooks.text_table import read_text_table
from helpers.cleaning.workbooks.workbook import Sheet, read_workbook
from helpers.errors import DataProblems, Problem
from helpers.messages import say

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIX = ".parquet"
SUFFIXES = (*WORKBOOK_SUFFIXES, *TEXT_SUFFIXES, PARQUET_SUFFIX)


@dataclass(frozen=True, slots=True)
class FileReading:
    """How one file was read: as sheets, or as a long form, with everything fatal about it."""

    file: str
    sheets: tuple[SheetReading, ...] = ()
    long: LongReading | None = None
    problems: tuple[Problem, ...] = ()


def read_file(path: Path, file: str, vocabulary: Vocabulary, corrections: Sequence[Correction] = ()) -> FileReading:
    """Return how a file is read.

    Parameters
    ----------
    path : Path
        The file; its suffix is one of `SUFFIXES`.
    file : str
        How tables and problems name it.
    vocabulary : Vocabulary
        What the study understands.
    corrections : sequence of Correction
        Those of this file.
    """
    unnamed = personal_name(file)
    if unnamed:
        return FileReading(unnamed[0].file, problems=unnamed)
    try:
        if path.suffix.lower() not in WORKBOOK_SUFFIXES and is_long_form(path):
            long = read_long(path, file, vocabulary, corrections)
            return FileReading(file, long=long, problems=long.problems)
        sheets = tuple(repair_sheet(sheet, vocabulary.spellings) for sheet in read_cells(path, file, vocabulary))
    except DataProblems as error:
        return FileReading(file, problems=error.problems)
    return _read_sheets(file, sheets, vocabulary, corrections)


def read_cells(path: Path, file: str, vocabulary: Vocabulary) -> tuple[Sheet, ...]:
    """Return the sheets of a file as cells, nothing understood yet.

    Raises
    ------
    DataProblems
        If the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in WORKBOOK_SUFFIXES:
        return read_workbook(path, file)
    if suffix in TEXT_SUFFIXES:
        return (read_text_table(path, file, known=vocabulary.spellings),)
    return (read_parquet_table(path, file),)


def _read_sheets(
    file: str, sheets: tuple[Sheet, ...], vocabulary: Vocabulary, corrections: Sequence[Correction]
) -> FileReading:
    personal = personal_content(sheets)
    if personal:
        return FileReading(file, problems=tuple(personal))
    if not any(sheet.cells for sheet in sheets):
        rule = say("the file holds nothing")
        remedy = say("Ask the office to send it again, or delete the file.")
        return FileReading(file, problems=(Problem(file, "", "", "", rule, remedy),))
    corrected = correct_sheets(sheets, corrections)
    readings = tuple(read_sheet(sheet, vocabulary) for sheet in corrected.sheets)
    ledgers = {reading.sheet.name: reading.ledger for reading in readings}
    for name, position, correction in corrected.made:
        ledger = ledgers[name]
        if ledger is not None:
            ledger.note(position, "correction", correction.old_value, correction.after)
    problems = (*corrected.problems, *(problem for reading in readings for problem in reading.problems))
    return FileReading(file, readings, problems=problems)
