"""What was measured so far: batches as lines of a file, only ever added to, and the columns gathered from them."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np

from size_of_tests.tasks import Task

VERSION = "2"
"""Raise it when a change could alter a stored number; lines of other versions are ignored, and so run again."""

Columns = dict[str, list[float | None]]
Results = dict[tuple[str, str, str], dict[str, np.ndarray]]


class Store:
    """The batches measured so far, one JSON line each.

    Parameters
    ----------
    path : Path
    version : str
        What the lines must say to count.
    """

    def __init__(self, path: Path, version: str = VERSION) -> None:
        self.path, self.version = path, version
        self.batches: dict[tuple[str, str, str, int], tuple[Task, Columns]] = {}
        if not path.is_file():
            return
        whole = path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if kept != whole:  # a run was stopped in the middle of a line
            path.write_bytes(kept)
        for line in kept.decode("utf-8").splitlines():
            record = json.loads(line)
            if record["version"] == version:
                task = Task(**record["task"])
                self.batches[task.key] = task, record["columns"]

    def append(self, task: Task, columns: Columns) -> None:
        """Keep one batch, in memory and as a line of the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        record = {"version": self.version, "task": asdict(task), "columns": columns}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
        self.batches[task.key] = task, columns

    def gather(self) -> "Results":
        """Return every column over all replications, in their order."""
        found: dict[tuple[str, str, str], dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
        for key in sorted(self.batches):
            for column, values in self.batches[key][1].items():
                found[key[:3]][column] += values
        return {
            key: {name: np.array(values, dtype=float) for name, values in columns.items()}
            for key, columns in found.items()
        }


def column_of(results: Results, part: str, cell: str, case: str, column: str) -> np.ndarray:
    """Return one column, empty where nothing was measured."""
    return results.get((part, cell, case), {}).get(column, np.empty(0))
