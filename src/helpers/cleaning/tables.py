"""The tables that cleaning leaves behind, as frames with fixed columns and a fixed order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from pandas.api.types import union_categoricals

from helpers.cleaning.layout.ledger import PANEL, QUARANTINE, Ledger
from helpers.cleaning.workbooks.cell_names import cell_name
from helpers.panel import PANEL_COLUMNS, typed_panel

PLACE = ("file", "sheet", "row", "column")
ACCOUNT_COLUMNS = (
    "file", "sheet", "cell_count", "panel_count", "quarantine_count", "furniture_count", "absent_zero_count",
)  # fmt: skip
FURNITURE_COLUMNS = ("file", "sheet", "kind", "cell_count")
QUARANTINE_COLUMNS = ("file", "sheet", "cell", "value", "rule", "remedy")
LOG_COLUMNS = ("file", "sheet", "cell", "what", "before", "after")
INPUT_COLUMNS = ("file", "sha256")
SAID_COLUMNS = ("rule", "remedy")
"""Columns of texts that can be said in another language."""

AccountRow = tuple[str, str, int, int, int, int, int]
FurnitureRow = tuple[str, str, str, int]


def panel_frame(ledgers: Iterable[Ledger]) -> pd.DataFrame:
    """Return the panel rows of ledgers, typed as the contract of `helpers.panel` says."""
    rows = [
        (*fields, ledger.released, ledger.file, ledger.sheet, cell_name(position))
        for ledger in ledgers
        for position, *fields in ledger.panel
    ]
    return typed_panel(pd.DataFrame(rows, columns=list(PANEL_COLUMNS)))


def quarantine_frame(ledgers: Iterable[Ledger]) -> pd.DataFrame:
    """Return what ledgers did not use, one row a cell, with reason and remedy."""
    return placed_frame(
        [
            (ledger.file, ledger.sheet, *position, *fields)
            for ledger in ledgers
            for position, *fields in ledger.quarantine
        ],
        QUARANTINE_COLUMNS,
    )


def log_frame(ledgers: Iterable[Ledger]) -> pd.DataFrame:
    """Return what ledgers decided, one row a decision."""
    return placed_frame(
        [(ledger.file, ledger.sheet, *position, *fields) for ledger in ledgers for position, *fields in ledger.log],
        LOG_COLUMNS,
    )


def placed_frame(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows begun by file, sheet, row and column as a frame in reading order, with cells named as in Excel.

    What says why and what to do stays as it was said (`SAID_COLUMNS`), so that it can be said in another language.
    """
    names = [*PLACE, *columns[3:]]
    by_column = zip(*rows, strict=True) if rows else ((),) * len(names)
    frame = pd.DataFrame(
        {
            name: pd.Series(list(values), dtype="object" if name in SAID_COLUMNS else None)
            for name, values in zip(names, by_column, strict=True)
        }
    )
    frame = frame.sort_values(names, ignore_index=True)
    frame.insert(2, "cell", [cell_name(place) for place in zip(frame["row"], frame["column"], strict=True)])
    return frame[list(columns)].astype({name: "str" for name in columns if name not in SAID_COLUMNS})


def joined_frames(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of equal columns below each other; empty ones have no types, and are left out."""
    filled = [frame for frame in frames if len(frame)]
    if len(filled) < 2:
        return [*filled, frames[0]][0]
    return pd.DataFrame({name: _joined_column([frame[name] for frame in filled]) for name in filled[0]}, copy=False)


def _joined_column(columns: Sequence[pd.Series]) -> pd.Series:
    """Return columns below each other; categories stay categories, which `pandas.concat` would make texts."""
    if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        return pd.Series(union_categoricals(list(columns), sort_categories=True))
    return pd.concat(columns, ignore_index=True)


def count_fates(
    file: str, sheet: str, fates: Counter[str], zeros: Mapping[tuple[str, str], int]
) -> tuple[AccountRow, list[FurnitureRow]]:
    """Return the account of a sheet from the number of its cells by fate, and its furniture by kind.

    Parameters
    ----------
    zeros : mapping of (file, sheet) to int
        Zeros that no cell says, which are in no balance.
    """
    kinds = {kind: count for kind, count in fates.items() if kind not in (PANEL, QUARANTINE) and count}
    row = (
        file, sheet, sum(fates.values()), fates[PANEL], fates[QUARANTINE], sum(kinds.values()),
        zeros.get((file, sheet), 0),
    )  # fmt: skip
    return row, [(file, sheet, kind, kinds[kind]) for kind in sorted(kinds)]
