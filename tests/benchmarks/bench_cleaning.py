"""Measured speed and memory of cleaning, a part of `make bench`: a large workbook, usual ones, every ward's figures.

Seconds of the processor, not of the clock, so that what else the machine is doing counts for less. `python
bench_cleaning.py` alone prints the targets of this part.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import pandas as pd
from openpyxl import Workbook

sys.path.insert(0, str(Path(__file__).parent))
from national_returns import national_study, write_returns

from helpers.cleaning import clean_returns
from helpers.cleaning.files import read_file
from helpers.cleaning.workbooks.workbook import read_workbook
from helpers.panel import write_panel
from helpers.study import load_study

ROWS, COLUMNS = 17_000, 29
SEED = 3
MAXRSS_PER_GB = 1e9 if sys.platform == "darwin" else 1e6
"""`ru_maxrss` is in bytes there and in kilobytes elsewhere."""

GOALS = (
    (
        "cleaning_times_openpyxl",
        f"a sheet of {ROWS:,} × {COLUMNS}: pandas.read_excel with openpyxl takes this many times as long",
        5,
        True,
    ),
    ("cleaning_read_again", "of the shipped returns, unchanged files that are read again", 0, False),
    ("cleaning_csv_peak_gb", "peak memory of cleaning 10,176,000 figures from one CSV, in GB", 2, False),
    ("cleaning_parquet_peak_gb", "the same from one Parquet file, in GB", 2, False),
)
"""Name, meaning, limit, and whether the limit is the least."""


def measure_workbook() -> dict[str, float]:
    """Return how many times as long pandas takes over a large sheet, and the seconds that came from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.xlsx"
        _write_large(path)
        ours = _seconds(lambda: read_workbook(path, "large.xlsx"), times=3)
        peer = _seconds(lambda: pd.read_excel(path, engine="openpyxl"), times=1)
    return {"cleaning_times_openpyxl": peer / ours, "workbook_seconds": ours, "workbook_openpyxl_seconds": peer}


def measure_returns() -> dict[str, float]:
    """Return how many of the shipped returns are read again though unchanged, and what cleaning takes either way."""
    study = load_study("nghe_an")
    with tempfile.TemporaryDirectory() as folder:
        anew = _seconds(lambda: clean_returns(study, workers=1), times=3)
        clean_returns(study, workers=1, cache=Path(folder))
        with patch("helpers.cleaning.readings.read_file", wraps=read_file) as reader:
            kept = _seconds(lambda: clean_returns(study, workers=1, cache=Path(folder)), times=3)
    return {"cleaning_read_again": reader.call_count, "returns_seconds": anew, "returns_kept_seconds": kept}


def measure_csv() -> dict[str, float]:
    """Return seconds and peak memory from one CSV of every ward's figures to the panel on disk."""
    return _national("csv")


def measure_parquet() -> dict[str, float]:
    """Return the same from one Parquet file."""
    return _national("parquet")


def _national(kind: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        study = national_study(Path(folder) / "national")
        write_returns(study, kind)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        write_panel(clean_returns(study).panel, Path(folder) / "panel.parquet")
        seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert peak > before, "writing the returns took more memory than reading them: the peak is not that of cleaning"
    return {f"cleaning_{kind}_peak_gb": peak / MAXRSS_PER_GB, f"{kind}_seconds": seconds}


SECTIONS: Mapping[str, Callable[[], dict[str, float]]] = {
    "cleaning_workbook": measure_workbook,
    "cleaning_returns": measure_returns,
    "cleaning_csv": measure_csv,
    "cleaning_parquet": measure_parquet,
}
SECONDS = {
    "workbook_seconds": f"a sheet of {ROWS:,} × {COLUMNS}, read by calamine and scanned",
    "workbook_openpyxl_seconds": "the same sheet by pandas.read_excel with openpyxl",
    "returns_seconds": "the shipped returns cleaned by one process, nothing kept",
    "returns_kept_seconds": "the same, every file unchanged",
    "csv_seconds": "10,176,000 figures from one CSV to the panel on disk",
    "parquet_seconds": "the same from one Parquet file",
}
"""What else is shown, in seconds of the processor."""


def _write_large(path: Path) -> None:
    rng = np.random.default_rng(SEED)
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet("T")
    page.append([f"Chỉ tiêu {column}" for column in range(COLUMNS)])
    for row, counts in enumerate(rng.poisson(20, (ROWS, COLUMNS - 2)).tolist()):
        page.append([f"Phường {row % 900}", f"{row % 12 + 1}/2023", *counts])
    workbook.save(path)


def _seconds(run: Callable[[], object], *, times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return median(seconds)


def main() -> int:
    measured: dict[str, float] = {}
    for section in SECTIONS:
        done = subprocess.run([sys.executable, __file__, section], stdout=subprocess.PIPE, text=True, check=True)
        measured |= json.loads(done.stdout.splitlines()[-1])
    is_short = False
    for name, _, limit, is_floor in GOALS:
        is_met = measured[name] >= limit if is_floor else measured[name] <= limit
        is_short |= not is_met
        print(f"TARGET {name} {measured[name]:.3g} {'>=' if is_floor else '<='}{limit:g} {'ok' if is_met else 'short'}")
    for name, meaning in SECONDS.items():
        print(f"{measured[name]:.3g} s: {meaning}", file=sys.stderr)
    return int(is_short)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    print(json.dumps(SECTIONS[sys.argv[1]]()))
