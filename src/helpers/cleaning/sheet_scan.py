"""A light scan of a workbook's XML for what a reader of values does not tell.

Formulas without a calculated value, error values, hidden rows, merged ranges, and which cells hold a typed value at
all: the account of cleaning counts from here.
"""

import re
import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element, iterparse

Position = tuple[int, int]

WORKBOOK_PART = "xl/workbook.xml"
MOST_MERGED_CELLS = 100_000
"""Cells of merged ranges that are followed; a range over whole columns would fill the memory and is cut here."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_OTHER_SHEETS = re.compile(r"/(?:chart|dialog|macro)sheets?/")
_TEXT_TYPES = frozenset({"s", "str", "inlineStr"})


@dataclass(slots=True)
class Scan:
    """What the XML of one sheet says.

    Attributes
    ----------
    typed : set of (row, column)
        Cells with a number, date or truth value; each must also be found by the reader of values.
    uncalculated : set of (row, column)
        Formulas without a calculated value.
    errors : dict of (row, column) to str
        Error values such as ``#REF!``.
    merges : dict of (row, column) to (row, column)
        Each cell of a merged range, and the first cell of that range.
    hidden_rows : frozenset of int
        Hidden rows.
    last_row, last_column : int
        The extent of what is not blank.
    """

    typed: set[Position] = field(default_factory=set)
    uncalculated: set[Position] = field(default_factory=set)
    errors: dict[Position, str] = field(default_factory=dict)
    merges: dict[Position, Position] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    last_row: int = 0
    last_column: int = 0


def cell_name(position: Position) -> str:
    """Return the name of a cell, given as row and column from 1; column 0 is the whole row, row 0 the whole sheet.

    Examples
    --------
    >>> cell_name((7, 3)), cell_name((1, 28)), cell_name((7, 0)), cell_name((0, 0))
    ('C7', 'AB1', 'row 7', '')
    """
    row, column = position
    if column == 0:
        return f"row {row}" if row else ""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def cell_position(name: str) -> Position | None:
    """Return row and column of a cell's name; None if it is none. The inverse of `cell_name`."""
    match = _REFERENCE.fullmatch(name)
    if not match:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column


def scan_sheets(archive: zipfile.ZipFile) -> dict[str, Scan]:
    """Return the scan of each worksheet of a workbook by the sheet's name.

    Raises
    ------
    KeyError
        If a part of the workbook is missing from the archive.
    xml.etree.ElementTree.ParseError
        If a part is no XML.
    """
    targets = _sheet_parts(archive)
    scans: dict[str, Scan] = {}
    for name, part in targets.items():
        if not _OTHER_SHEETS.search(part):
            with archive.open(part) as stream:
                scans[name] = scan_sheet(stream)
    return scans


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    relations: dict[str, str] = {}
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        for _, element in iterparse(stream):
            if _local(element.tag) == "Relationship":
                target = element.get("Target", "")
                relations[element.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    parts: dict[str, str] = {}
    with archive.open(WORKBOOK_PART) as stream:
        for _, element in iterparse(stream):
            if _local(element.tag) == "sheet":
                relation = next((value for key, value in element.items() if _local(key) == "id"), "")
                parts[element.get("name", "")] = relations[relation]
    return parts


def scan_sheet(stream: IO[bytes]) -> Scan:
    """Return what the XML of one worksheet says."""
    scan = Scan()
    hidden: set[int] = set()
    row, column = 0, 0
    for event, element in iterparse(stream, events=("start", "end")):
        tag = _local(element.tag)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r", row + 1)), 0
                if element.get("hidden") in ("1", "true"):
                    hidden.add(row)
        elif tag == "c":
            position = cell_position(element.get("r", "")) or (row, column + 1)
            column = position[1]
            _note_cell(scan, position, element)
            element.clear()
        elif tag == "row":
            element.clear()
        elif tag == "mergeCell":
            _note_merge(scan, element.get("ref", ""))
    scan.hidden_rows = frozenset(hidden)
    return scan


def _note_cell(scan: Scan, position: Position, cell: Element) -> None:
    kind, has_formula, value = cell.get("t", "n"), False, ""
    if len(cell):
        scan.last_row, scan.last_column = max(scan.last_row, position[0]), max(scan.last_column, position[1])
    for child in cell:
        tag = _local(child.tag)
        if tag == "f":
            has_formula = True
        elif tag == "v":
            value = (child.text or "").strip()
    if has_formula and not value:
        scan.uncalculated.add(position)
    elif kind == "e" and value:
        scan.errors[position] = value
    elif value and kind not in _TEXT_TYPES:
        scan.typed.add(position)


def _note_merge(scan: Scan, reference: str) -> None:
    first, _, last = reference.partition(":")
    top, bottom = cell_position(first), cell_position(last)
    if top is None or bottom is None:
        return
    rows, columns = range(top[0], bottom[0] + 1), range(top[1], bottom[1] + 1)
    if len(scan.merges) + len(rows) * len(columns) > MOST_MERGED_CELLS:
        return
    scan.merges.update(dict.fromkeys(((row, column) for row in rows for column in columns), top))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
