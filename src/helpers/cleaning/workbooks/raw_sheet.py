"""A sheet as a reader of one format hands it on, before it becomes a `helpers.cleaning.workbooks.workbook.Sheet`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.sheet_scan import MOST_CELLS, MOST_COLUMNS, Scan
from helpers.cleaning.workbooks.workbook_kinds import UnreadableWorkbook
from helpers.messages import Message, say, say_plural

RawValue = str | int | float | bool | date | datetime | time | timedelta
FileNote = tuple[str, str, str]
"""What, before and after, of something in the log that concerns the whole file."""

MOST_MERGED_CELLS = 100_000
"""Cells of merged ranges that are followed; a range over whole columns would fill the memory and is cut here."""
MOST_LOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One sheet's non-blank values, what the scan adds to them, and what was put right.

    Attributes
    ----------
    name : str
        Its name.
    is_hidden : bool
        Whether Excel would show it.
    values : mapping of (row, column) to value
        What is neither blank, nor an error, nor an uncalculated formula.
    merges : mapping of (row, column) to (row, column)
        Each cell of a merged range, and the first cell of that range.
    scan : Scan
        What the reader of values does not tell.
    numbers_as_midnight : mapping of (row, column) to str
        What the log should show for numbers that the reader of values took for a time, having the format of a date.
    """

    name: str
    is_hidden: bool
    values: Mapping[Position, RawValue]
    merges: Mapping[Position, Position] = field(default_factory=dict)
    scan: Scan = field(default_factory=Scan)
    numbers_as_midnight: Mapping[Position, str] = field(default_factory=dict)


def filled_cells(rows: Iterable[Sequence[RawValue]]) -> dict[Position, RawValue]:
    """Return the cells of rows that are not blank; text of nothing but spaces is blank."""
    return {
        (row, column): value
        for row, values in enumerate(rows, start=1)
        for column, value in enumerate(values, start=1)
        if value != "" and not (type(value) is str and value.isspace())
    }


def merged_cells(ranges: Iterable[tuple[Sequence[int], Sequence[int]]]) -> dict[Position, Position]:
    """Return each cell of merged ranges, given by first and last row and column from 0, with the range's first cell.

    Examples
    --------
    >>> merged_cells([((0, 1), (0, 2))])
    {(1, 2): (1, 2), (1, 3): (1, 2)}
    """
    merges: dict[Position, Position] = {}
    for (top, left), (bottom, right) in ranges:
        if len(merges) + (bottom - top + 1) * (right - left + 1) <= MOST_MERGED_CELLS:
            cells = ((row, column) for row in range(top + 1, bottom + 2) for column in range(left + 1, right + 2))
            merges.update(dict.fromkeys(cells, (top + 1, left + 1)))
    return merges


def check_names(names: Sequence[str]) -> None:
    """Accept sheets that can be told from each other by name; calamine and the account look them up by it.

    Raises
    ------
    UnreadableWorkbook
        If two have one name.
    """
    for name in names:
        if names.count(name) > 1:
            rule = say("two sheets of the workbook have this name")
            raise UnreadableWorkbook(rule, say("Give each sheet a name of its own in Excel, and save."), sheet=name)


def check_extent(scan: Scan, sheet: str) -> None:
    """Accept a sheet whose rectangle fits into memory.

    Raises
    ------
    UnreadableWorkbook
        If it has more than `MOST_CELLS` cells, blank ones included.
    """
    if scan.last_row * scan.last_column > MOST_CELLS or scan.last_column > MOST_COLUMNS:
        raise UnreadableWorkbook(
            say("sheets of at most {most} cells are expected, blank ones included", most=f"{MOST_CELLS:,}"),
            say("Delete what stands far below or right of the table, or send its years in sheets of their own."),
            sheet=sheet,
            cell=cell_name((scan.last_row, scan.last_column)),
        )


def check_none_lost(values: Mapping[Position, RawValue], typed: Sequence[Position], sheet: str) -> None:
    """Accept values among which is every cell that holds a number, date or truth value, each once.

    Raises
    ------
    UnreadableWorkbook
        If one is missing, or stands in the file twice.
    """
    once = set(typed)
    given = {position for position, value in values.items() if type(value) is not str}
    if once == given and len(once) == len(typed):
        return
    lost = sorted(once ^ given)
    where = ", ".join(cell_name(position) for position in lost[:MOST_LOST_SHOWN])
    raise UnreadableWorkbook(_lost_rule(len(lost)), ask_for_repair(), sheet=sheet, cell=where)


def _lost_rule(count: int) -> Message:
    if count == 0:
        return say("a cell of the sheet stands in the file twice, with two values")
    return say_plural(
        "{count} cell of the sheet cannot be read", "{count} cells of the sheet cannot be read", count=count
    )


def ask_for_repair() -> Message:
    """Return the remedy for a sheet that only Excel itself could mend."""
    return say("Open it in Excel, let Excel repair it, compare the sheets, and save it as .xlsx.")
