"""Tables that list the wards of a town: whether one that a table does not list may be said to have had no case.

Only a study that declares it (``absent_ward = "zero"``) asks. A ward may be missing from a list because nothing
happened in it, or because its row cannot be read, stands elsewhere, or was never sent. So a list counts only if
everything else in it was read and its total, where it has one, agrees. What other tables of the town say is weighed in
`helpers.cleaning.history.absent_wards`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from helpers.cleaning.layout.context import Context
from helpers.cleaning.layout.ledger import PANEL, QUARANTINE, Ledger
from helpers.cleaning.layout.placing import PlacedTable
from helpers.cleaning.layout.vocabulary import TOTAL, WARD_CODE, WARD_NAME
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import Sheet
from helpers.messages import Message, say

UNREAD_FIGURE = say("a figure of a ward that is listed was not read, or is blank")
_UNPLACED_KINDS = ("unplaced", "stray", "remark")

ListKey = tuple[str, str, str]
"""Town, period and indicator."""


@dataclass(frozen=True, slots=True)
class WardList:
    """A town's figures of one indicator in one period, in a table that lists wards.

    Attributes
    ----------
    town_code, period, indicator : str
        What is listed.
    is_of_town : bool
        Whether the table says itself that it is of the town.
    reason : str
        Why a ward that it does not list may have had cases after all; "" if nothing speaks for that.
    """

    town_code: str
    period: str
    indicator: str
    is_of_town: bool
    reason: str = ""


def read_ward_lists(ledger: Ledger, sheet: Sheet, placed: PlacedTable, context: Context) -> list[WardList]:
    """Return what a table lists wards of; nothing if it lists none.

    Parameters
    ----------
    ledger : Ledger
        Of the table's sheet, after the table is filed.
    """
    by_heading = any(column.meaning is not None and column.meaning.wards for column in placed.table.figures)
    if not (by_heading or placed.table.has_ward_rows):
        return []
    cells: dict[ListKey, set[Position]] = {}
    for position, place in placed.places.items():
        if not place.is_cumulative:
            cells.setdefault((place.ward.town_code, place.period, place.indicator), set()).add(position)
    named = {context.town_code, *(row.town_code for row in placed.rows)}
    whole = _doubt_of_table(sheet, placed, context, by_heading=by_heading)
    wrong_totals = list(_wrong_totals(ledger, placed))
    return [
        WardList(*key, key[0] in named, whole or _doubt_of_list(ledger, own, wrong_totals))
        for key, own in sorted(cells.items())
    ]


def doubted(lists: Iterable[WardList]) -> tuple[WardList, ...]:
    """Return the lists of a sheet in which a cell was put aside that is in no column or no row of a table.

    It may be the name or the figure of a ward, also one that corrections.csv has taken out.
    """
    reason = say("a cell of the sheet was put aside that is of no table, and may be of the ward")
    return tuple(own if own.reason else replace(own, reason=reason) for own in lists)


def _doubt_of_table(sheet: Sheet, placed: PlacedTable, context: Context, *, by_heading: bool) -> Message | str:
    """Return why a table as a whole may have lost a ward; "" if nothing says so."""
    if context.wards:
        return say("the title, or the name of the sheet or file, is of one ward")
    if placed.asides or any(row.kind in _UNPLACED_KINDS for row in placed.rows):
        return say("a row or figure of the table cannot be placed, and may be of the ward")
    if by_heading and any(column.meaning is None for column in placed.table.columns):
        return say("a heading of the table is not known, and may be of the ward")
    if _has_name_below(sheet, placed):
        return say("the line directly below the table may be of the ward")
    return ""


def _has_name_below(sheet: Sheet, placed: PlacedTable) -> bool:
    """Return whether a line that holds no figures follows the table: a misspelt ward with blank cells, or a footer."""
    last = placed.rows[-1]
    names = placed.table.columns_of(WARD_NAME, WARD_CODE)
    return last.kind != "total" and any((last.number + 1, column.number) in sheet.cells for column in names)


def _doubt_of_list(ledger: Ledger, cells: Collection[Position], wrong_totals: Collection["_Total"]) -> Message | str:
    if any(ledger.fates.get(position) != PANEL for position in cells):
        return UNREAD_FIGURE
    if any(total.sums(position) for total in wrong_totals for position in cells):
        return say("a total of the table is not the sum of the wards that are listed")
    return ""


@dataclass(frozen=True, slots=True)
class _Total:
    """Where a total stands that was put aside: in a row or a column of totals."""

    position: Position
    is_row: bool

    def sums(self, position: Position) -> bool:
        place = 1 if self.is_row else 0
        return self.position[place] == position[place]


def _wrong_totals(ledger: Ledger, placed: PlacedTable) -> Iterator[_Total]:
    rows = {row.number for row in placed.rows if row.kind == "total"}
    columns = {column.number for column in placed.table.columns_of(TOTAL)}
    for position, fate in ledger.fates.items():
        if fate == QUARANTINE and position[0] in rows:
            yield _Total(position, is_row=True)
        elif fate == QUARANTINE and position[1] in columns:
            yield _Total(position, is_row=False)
