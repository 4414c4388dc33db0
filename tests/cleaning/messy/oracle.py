"""What must hold of whatever comes out of cleaning, whatever went wrong with the files before."""

from collections import Counter
from collections.abc import Sequence

from cleaning.messy.office import Place, Sent
from cleaning.messy.sheets import Page
from cleaning.messy.spellings import Figure, plain
from cleaning.messy.study import ANY, Key
from helpers.cleaning import CleanedReturns
from helpers.cleaning.layout.numbers import BLANK
from helpers.cleaning.workbooks.cell_names import cell_name

Held = dict[Key, tuple[int, list[tuple[str, str, str]]]]
"""Figures by what they are of, with the cells that hold them: file, sheet, cell."""


def figures_in(cleaned: CleanedReturns) -> dict[Key, float]:
    """Return the figures of a panel that are not missing."""
    panel = cleaned.panel.dropna(subset="value")
    keys = zip(panel["ward_id"], panel["period"], panel["indicator"], strict=True)
    return dict(zip(keys, panel["value"], strict=True))


def is_balanced(cleaned: CleanedReturns) -> bool:
    """Return whether every cell of every sheet has exactly one fate."""
    parts = cleaned.account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis="columns")
    return bool(parts.eq(cleaned.account["cell_count"]).all())


def lost_cells(cleaned: CleanedReturns, pages: Sequence[Page], places: Sequence[Place]) -> list[str]:
    """Return the sheets whose account has fewer or more cells than were written, blank figures aside."""
    account = cleaned.account.set_index(["file", "sheet"])["cell_count"].to_dict()
    blank = Counter((row.file, row.sheet) for row in cleaned.quarantine.itertuples() if row.rule == BLANK.reason)
    written = {place: sum(map(_is_filled, _shown(page))) for place, page in zip(places, pages, strict=True)}
    return [
        f"{place}: {count} written, {account.get(place, 0) - blank[place]} in the account"
        for place, count in written.items()
        if count != account.get(place, 0) - blank[place]
    ]


def _shown(page: Page) -> list[object]:
    """Return a page's cells without those that a merged range covers."""
    covered = {
        (row, column)
        for top, left, bottom, right in page.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
        if (row, column) != (top, left)
    }
    return [
        plain(cell)
        for number, row in enumerate(page.rows)
        for column, cell in enumerate(row)
        if (number, column) not in covered
    ]


def _is_filled(value: object) -> bool:
    return value is not None and bool(str(value).strip())


def remaining(pages: Sequence[Page], places: Sequence[Place]) -> Held:
    """Return the figures that pages still hold, and the cells that hold them."""
    found: Held = {}
    for page, place in zip(pages, places, strict=True):
        for number, row in enumerate(page.rows, start=1):
            for column, cell in enumerate(row, start=1):
                if isinstance(cell, Figure) and cell.count is not None:
                    cells = found.setdefault(cell.key, (cell.count, []))[1]
                    cells.append((*place, cell_name((number, column))))
    return found


def wrongs(cleaned: CleanedReturns, sent: Sent, places: Sequence[Place], loose: set[Key]) -> list[str]:
    """Return what is wrong in a panel, given what the pages still hold and what they no longer tell truly.

    A figure that was lost may still be told by the cumulative ones.
    """
    if ANY in loose:
        return []
    found, held = figures_in(cleaned), remaining(sent.pages, places)
    aside = set(zip(cleaned.quarantine["file"], cleaned.quarantine["sheet"], cleaned.quarantine["cell"], strict=True))
    told = sent.truth.figures if "running" in sent.style.extra_columns else {}
    wrong = [
        f"{key} is {value:g}, not {held[key][0] if key in held else 'in the file'}"
        for key, value in found.items()
        if key not in loose and value != (held[key][0] if key in held else told.get(key))
    ]
    lost = [
        f"{key} at {cells} is nowhere"
        for key, (_, cells) in held.items()
        if key not in found and key not in loose and aside.isdisjoint(cells)
    ]
    return wrong + lost
