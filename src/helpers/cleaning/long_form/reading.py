"""Long-form files: one row a figure, with the columns unit, period, indicator, value and perhaps denominator.

Machines write these, so numbers follow `helpers.cleaning.layout.numbers.read_plain_number`, and units are codes, never
names. A row that is absent means not reported, unless the study declares what it means
(`helpers.cleaning.history.absent_wards`). Fatal is what makes rows uncertain: other columns, an unknown unit, period or
indicator, a figure given twice. A value that cannot be read is quarantined alone.

Such a file may be of any size: it is read in batches (`helpers.cleaning.long_form.batches`), each spelling is looked at
once a batch, and what is kept of a row is a few numbers.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cleaning.corrections import Correction
from helpers.cleaning.layout.ledger import UnbalancedAccount
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.batches import (
    PARQUET_SUFFIX,
    Batch,
    Coded,
    UnreadableLongForm,
    read_batches,
    read_heading,
)
from helpers.cleaning.long_form.figures import DENOMINATOR, MOST_REPEATED, VALUE, LongFigures
from helpers.cleaning.long_form.keys import KEYS, KeyReader
from helpers.cleaning.people.refusal import looks_personal, personal_problem, shown
from helpers.cleaning.tables import panel_frame, quarantine_frame
from helpers.cleaning.workbooks.cell_names import Position, cell_position
from helpers.errors import Problem
from helpers.messages import say

REQUIRED = (*KEYS, VALUE)


@dataclass(frozen=True, slots=True)
class LongReading:
    """How a long-form file was read.

    Attributes
    ----------
    file : str
        The file.
    panel : DataFrame
        Columns `helpers.panel.PANEL_COLUMNS`, in canonical order; empty if there is a problem.
    fates : Counter
        Number of cells by fate; balanced.
    quarantine : DataFrame
        Cells put aside, columns `helpers.cleaning.tables.QUARANTINE_COLUMNS`, in reading order.
    log : list of tuple
        Rows begun by file, sheet, row and column.
    problems : tuple of Problem
        Everything fatal about the file.
    """

    file: str
    panel: pd.DataFrame = field(default_factory=lambda: panel_frame([]))
    fates: Counter[str] = field(default_factory=Counter)
    quarantine: pd.DataFrame = field(default_factory=lambda: quarantine_frame([]))
    log: list[tuple[object, ...]] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()


def is_long_form(path: Path) -> bool:
    """Return whether a file's heading is exactly the long form's; whatever cannot be read is not.

    A CSV must be UTF-8 with commas; in another encoding or with another delimiter it is read as any table is, and so
    within the limits of `helpers.cleaning.workbooks.text_table`.
    """
    return set(read_heading(path)) in ({*REQUIRED}, {*REQUIRED, DENOMINATOR})


def read_long(path: Path, file: str, vocabulary: Vocabulary, corrections: Iterable[Correction] = ()) -> LongReading:
    """Return how a CSV or Parquet file of figures was read.

    Parameters
    ----------
    path : Path
        The file; `is_long_form` is true of it.
    file : str
        How tables and problems name it.
    vocabulary : Vocabulary
        What the study understands.
    corrections : iterable of Correction
        Those of this file.
    """
    heading = read_heading(path)
    if len(set(heading)) != len(heading):
        return LongReading(file, problems=(_wrong_columns(file, heading),))
    reader = _Reader(file, heading, vocabulary, list(corrections))
    is_typed = path.suffix.lower() == PARQUET_SUFFIX
    try:
        for batch in read_batches(path, heading):
            reader.read(batch, is_typed=is_typed)
            if reader.personal:
                return LongReading(file, problems=tuple(reader.personal))
    except UnreadableLongForm as error:
        return LongReading(file, problems=(Problem(file, "", error.cell, "", error.rule, error.remedy),))
    return reader.reading()


def _wrong_columns(file: str, heading: list[str]) -> Problem:
    rule = say(
        "a long-form file has the columns {columns} and perhaps {denominator}, each once",
        columns=", ".join(REQUIRED),
        denominator=DENOMINATOR,
    )
    remedy = say("Rename or delete columns until it has; send a wide table as .xlsx.")
    return Problem(file, "", say("row {row}", row=1), shown(", ".join(heading)), rule, remedy)


class _Reader:
    """Reads one file, batch after batch.

    Attributes
    ----------
    personal : list of Problem
        Cells that look personal; reading ends with the first batch that has any.
    """

    def __init__(self, file: str, heading: list[str], vocabulary: Vocabulary, corrections: list[Correction]) -> None:
        self.file, self.heading = file, heading
        self.personal: list[Problem] = []
        self._keys = KeyReader(vocabulary)
        self._figures = LongFigures(file, heading, vocabulary, self._keys)
        self._is_certain = True
        self._log: list[tuple[object, ...]] = []
        self._misfits: list[Problem] = []
        self._corrections = [(_place(correction, heading), correction) for correction in corrections]

    def read(self, batch: Batch, *, is_typed: bool) -> None:
        self.personal = self._personal(batch)
        if self.personal:
            return
        batch = self._corrected(batch)
        keys = self._keys.read(batch)
        self._is_certain = self._is_certain and keys.are_known
        if self._is_certain:
            self._figures.add(batch, keys, is_typed=is_typed)

    def _personal(self, batch: Batch) -> list[Problem]:
        """Return a problem for the first cells of a batch that look personal."""
        found: list[Position] = []
        for name in (VALUE, DENOMINATOR):
            if name in batch.columns:
                column = batch.columns[name]
                # What a file itself types as a fraction has as many digits as a phone, but is none.
                suspects = [
                    text
                    for text in column.spellings
                    if (text.isdigit() or name not in batch.fractions) and looks_personal(text)
                ]
                rows = batch.rows[column.where(suspects)][:MOST_REPEATED].tolist() if suspects else []
                found += [(row, self.heading.index(name) + 1) for row in rows]
        return [personal_problem(self.file, "", position) for position in sorted(found)[:MOST_REPEATED]]

    def _corrected(self, batch: Batch) -> Batch:
        """Return a batch with the corrections of its cells made, which are then done."""
        waiting = []
        for place, correction in self._corrections:
            at = int(np.searchsorted(batch.rows, place[0])) if place else len(batch.rows)
            if place is None or at == len(batch.rows) or batch.rows[at] != place[0]:
                waiting.append((place, correction))
            else:
                batch = self._correct(batch, at, place, correction)
        self._corrections = waiting
        return batch

    def _correct(self, batch: Batch, at: int, place: Position, correction: Correction) -> Batch:
        name = self.heading[place[1] - 1]
        column = batch.columns[name]
        found = column.spellings[column.codes[at]]
        if found != correction.old_value.strip():
            rule = say(
                "{file} says “{found}” there, not what this correction replaces", file=self.file, found=shown(found)
            )
            remedy = say(
                "The file has changed since: look again, then write the new old_value or withdraw the correction."
            )
            self._misfits.append(correction.problem(shown(correction.old_value), rule, remedy))
            return batch
        self._log.append((self.file, "", *place, "correction", shown(found), correction.after))
        codes = column.codes.copy()
        codes[at] = len(column.spellings)
        corrected = Coded(codes, [*column.spellings, correction.new_value.strip()]).merged()
        return Batch(batch.rows, batch.columns | {name: corrected}, batch.fractions)

    def reading(self) -> LongReading:
        """Return the reading of the whole file."""
        problems = [*self._misfits, *map(self._unplaced, (own for _, own in self._corrections))]
        problems += self._keys.problems(self.file, self.heading)
        if problems:
            return LongReading(self.file, problems=tuple(problems))
        panel, problems = self._figures.panel()
        if problems:
            return LongReading(self.file, problems=tuple(problems))
        figures = self._figures
        if sum(figures.fates.values()) != figures.cell_count:
            raise UnbalancedAccount(
                f"{self.file}: {figures.cell_count} cells were read and {sum(figures.fates.values())} filed. "
                "Please report this with the file's form (not its figures)."
            )
        for name, count in sorted(figures.fractional.items()):
            if count:
                after = say("{count} counts have a fraction", count=count)
                self._log.append((self.file, "", 0, 0, "fractional_count", name, after))
        return LongReading(self.file, panel, figures.fates, figures.quarantine(), self._log)

    def _unplaced(self, correction: Correction) -> Problem:
        rule = say("{file} has no such cell", file=self.file)
        remedy = say("Leave the sheet empty, and write the cell as a spreadsheet would name it (D7).")
        return correction.problem(shown(correction.cell), rule, remedy)


def _place(correction: Correction, heading: list[str]) -> Position | None:
    position = cell_position(correction.cell)
    return position if position and not correction.sheet and position[1] <= len(heading) else None
