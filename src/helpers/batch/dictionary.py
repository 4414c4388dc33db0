"""The data dictionary of a run's tables: what each column holds, in English and Vietnamese."""

import csv
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from helpers.batch.tables import TABLES
from helpers.paths import written_beside
from helpers.text import harmless

DICTIONARY = "dictionary.csv"
HEADER = ("table", "column", "kind", "meaning_en", "meaning_vi")
ANY_TABLE = ""
"""The table named by a row whose meaning holds wherever the column stands."""
NOT_DESCRIBED = ("not described", "chưa có mô tả")


def write_dictionary(folder: Path) -> Path:
    """Write the dictionary of the tables that lie in a folder beside them, and return its path."""
    names = sorted(path.name for path in folder.glob("*.csv") if path.name != DICTIONARY)
    with written_beside(folder / DICTIONARY) as beside:
        beside.write_text(dictionary_text(folder / name for name in names), encoding="utf-8", newline="\n")
    return folder / DICTIONARY


def dictionary_text(paths: Iterable[Path]) -> str:
    """Return the dictionary of some tables as CSV: a row for each of their columns, in order.

    Parameters
    ----------
    paths : iterable of Path
        Tables as a run writes them, each named after its table.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file), [])
        for column in columns:
            kind = "number" if path.stem in TABLES and column in TABLES[path.stem].numbers else "text"
            row = (path.stem, column, kind, *meaning_of(path.stem, column))
            writer.writerow([harmless(part) for part in row])
    return text.getvalue()


def meaning_of(table: str, column: str) -> tuple[str, str]:
    """Return what a column means, in English and in Vietnamese.

    Examples
    --------
    >>> meaning_of("checks", "threshold")[0]
    'what it is held against'
    """
    known = _meanings()
    return known.get((table, column)) or known.get((ANY_TABLE, column)) or NOT_DESCRIBED


@cache
def _meanings() -> dict[tuple[str, str], tuple[str, str]]:
    with (Path(__file__).parent / DICTIONARY).open(encoding="utf-8", newline="") as file:
        return {(row["table"], row["column"]): (row["meaning_en"], row["meaning_vi"]) for row in csv.DictReader(file)}
