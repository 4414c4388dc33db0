"""Corrections of single cells, only from ``corrections.csv``, each with who and why.

Only rows with status ``accepted`` are applied, and only where the cell still says what the correction says it said: a
correction written for a file that was sent anew must not change the new one.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.cleaning.people.refusal import shown
from helpers.cleaning.workbooks.sheet_scan import Position, cell_position
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet, as_text
from helpers.errors import Problem
from helpers.messages import say
from helpers.text import nfc

CORRECTIONS_FILE = "corrections.csv"
RETURNS_FOLDER = "returns"
ACCEPTED, REPLACE, BLANK_OUT = "accepted", "replace", "blank"


@dataclass(frozen=True, slots=True)
class Correction:
    """An accepted row of ``corrections.csv``; `row` is its line there, `file` relative to the study folder."""

    row: int
    file: str
    sheet: str
    cell: str
    action: str
    old_value: str
    new_value: str
    reason: str
    who: str
    date: str

    @property
    def after(self) -> str:
        """Return what the log says: the new value, why, who and when."""
        if self.action == REPLACE:
            return say(
                "{value} ({reason}; {who}, {date})",
                value=self.new_value,
                reason=self.reason,
                who=self.who,
                date=self.date,
            )
        return say("taken out ({reason}; {who}, {date})", reason=self.reason, who=self.who, date=self.date)

    def problem(self, value: str, rule: str, remedy: str) -> Problem:
        """Return a problem with this correction."""
        return Problem(CORRECTIONS_FILE, "", say("row {row}", row=self.row), value, rule, remedy)


def read_corrections(folder: Path) -> tuple[Correction, ...]:
    """Return the accepted corrections of a study folder, whose form the study has checked; none if there is no file."""
    path = folder / CORRECTIONS_FILE
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(
        Correction(
            number, _file(row["file"]), nfc(row["sheet"]), row["cell"].strip().upper(), row["action"], row["old_value"],
            row["new_value"], row["reason"], row["who"], row["date"],
        )
        for number, row in enumerate(rows, start=2)
        if row["status"] == ACCEPTED
    )  # fmt: skip


def _file(name: str) -> str:
    name = nfc(name.strip().replace("\\", "/"))
    return name if name.startswith(f"{RETURNS_FOLDER}/") else f"{RETURNS_FOLDER}/{name}"


def unplaced_corrections(corrections: Iterable[Correction], files: Iterable[str]) -> list[Problem]:
    """Return a problem for each correction of a file that is not among the returns."""
    known = {nfc(file) for file in files}
    return [
        correction.problem(
            shown(correction.file),
            say("no return has this name"),
            say("Correct the name, or withdraw the correction."),
        )
        for correction in corrections
        if correction.file not in known
    ]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Sheets after correction, the corrections made by sheet name and position, and those that could not be made."""

    sheets: tuple[Sheet, ...]
    made: tuple[tuple[str, Position, Correction], ...]
    problems: tuple[Problem, ...]


def correct_sheets(sheets: Sequence[Sheet], corrections: Iterable[Correction]) -> Corrected:
    """Return the sheets of one file with its corrections applied; the sheets given are left as they are."""
    by_name = {nfc(sheet.name): sheet for sheet in sheets}
    made: list[tuple[str, Position, Correction]] = []
    problems: list[Problem] = []
    for correction in corrections:
        sheet, position = by_name.get(correction.sheet), cell_position(correction.cell)
        if sheet is None or position is None:
            problems.append(_unplaced(correction, is_sheet=sheet is None))
            continue
        found = as_text(sheet.cells.get(position))
        if _key(found) != _key(correction.old_value):
            rule = say(
                "{file} says “{found}” there, not what this correction replaces",
                file=correction.file,
                found=shown(found),
            )
            remedy = say(
                "The file has changed since: look again, then write the new old_value or withdraw the correction."
            )
            problems.append(correction.problem(shown(correction.old_value), rule, remedy))
            continue
        by_name[correction.sheet] = replace(sheet, cells=_with(sheet, position, correction))
        made.append((sheet.name, position, correction))
    return Corrected(tuple(by_name[nfc(sheet.name)] for sheet in sheets), tuple(made), tuple(problems))


def _unplaced(correction: Correction, *, is_sheet: bool) -> Problem:
    found = shown(correction.sheet if is_sheet else correction.cell)
    if is_sheet:
        rule = say("{file} has no such sheet", file=correction.file)
        return correction.problem(found, rule, say("Write the sheet's name as its tab says."))
    rule = say("{file} has no such cell", file=correction.file)
    return correction.problem(found, rule, say("Write the cell as Excel does (C7)."))


def _key(text: str) -> str:
    return " ".join(nfc(text).split())


def _with(sheet: Sheet, position: Position, correction: Correction) -> dict[Position, CellValue]:
    cells = dict(sheet.cells)
    if correction.action == REPLACE and correction.new_value.strip():
        cells[position] = correction.new_value.strip()
    elif position in cells:
        cells[position] = Dropped(as_text(cells[position]), correction.reason)
    return cells
