"""What was read from a long-form file, kept as two Parquet files and a text with their checksums.

The figures of a country are read from here in a third of the time that reading and understanding them takes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.cleaning.long_form.reading import LongReading
from helpers.cleaning.reading_store import checked, marked, said, unmarked, with_checksum
from helpers.paths import written_beside

PANEL, QUARANTINE = "panel", "quarantine"


def keep_long(reading: LongReading, entry: Path) -> None:
    """Keep a reading without problems at a place, and its tables beside it."""
    rows = [tuple(row) for row in reading.quarantine[["rule", "remedy"]].itertuples(index=False, name=None)]
    numbers = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    aside = reading.quarantine[["cell", "value"]].assign(said=np.array([numbers[row] for row in rows], dtype=np.int32))
    about = {
        "sha256": {PANEL: _written(reading.panel, entry, PANEL), QUARANTINE: _written(aside, entry, QUARANTINE)},
        "fates": dict(reading.fates),
        "log": [said(row) for row in reading.log],
        "said": [said(row) for row in numbers],
    }
    text = with_checksum(json.dumps(about, ensure_ascii=False, default=marked))
    if _about(text, reading.file)[1] == reading.log:
        with written_beside(entry) as beside:
            beside.write_bytes(text)


def kept_long(entry: Path, file: str) -> LongReading:
    """Return the reading that was kept at a place, as that of a file.

    Raises
    ------
    OSError
        If nothing was kept there.
    ValueError
        If what was kept is damaged.
    """
    about, log = _about(entry.read_bytes(), file)
    panel, aside = (_read(entry, name, about["sha256"]) for name in (PANEL, QUARANTINE))
    numbers = aside["said"].to_numpy()
    texts = {
        name: pd.Series([own[place] for own in about["said"]], dtype="object").take(numbers).reset_index(drop=True)
        for place, name in enumerate(("rule", "remedy"))
    }
    named = {"file": pd.Series(file, index=aside.index, dtype="str"), "sheet": pd.Series("", aside.index, dtype="str")}
    quarantine = pd.DataFrame(named | {"cell": aside["cell"], "value": aside["value"]} | texts)
    return LongReading(file, panel, Counter(about["fates"]), quarantine, log)


def tables_beside(entry: Path) -> tuple[Path, Path]:
    """Return where the tables of a long-form file that is kept at a place lie."""
    return _beside(entry, PANEL), _beside(entry, QUARANTINE)


def _beside(entry: Path, name: str) -> Path:
    return entry.with_suffix(f".{name}.parquet")


def _about(text: bytes, file: str) -> tuple[dict[str, Any], list[tuple[object, ...]]]:
    about = json.loads(checked(text), object_hook=unmarked)
    if not isinstance(about, dict):
        raise ValueError(f"{file} was no long-form file")
    return about, [tuple(row) for row in about["log"]]


def _written(table: pd.DataFrame, entry: Path, name: str) -> str:
    with written_beside(_beside(entry, name)) as beside:
        table.to_parquet(beside, index=False, compression="zstd")
        return _sha256(beside)


def _read(entry: Path, name: str, checksums: Mapping[str, str]) -> pd.DataFrame:
    path = _beside(entry, name)
    if _sha256(path) != checksums[name]:
        raise ValueError("the table is not what was written")
    return pd.read_parquet(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
