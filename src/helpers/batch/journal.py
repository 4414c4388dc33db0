"""The journal of a run: one JSON line for every task that started, ended or failed, only ever added to.

The last line about a task is its state. A line is added in one write and flushed to the disk, so a runner that is
killed leaves at worst one torn last line, which is passed over.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from helpers.errors import UnwritableOutput
from helpers.paths import OUTPUT_VARIABLE

JOURNAL = "journal.jsonl"
Status = Literal["started", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal.

    Attributes
    ----------
    task : str
        Name of the task.
    status : str
        started, done or failed.
    key : str
        Hash of everything its outputs depend on.
    parts : dict
        The hashes that `key` is made of, by name, so that a later change can be named.
    seconds : float
        Wall time; 0 for "started".
    message : str
        Of a failure: what went wrong.
    phases : dict
        Wall time by phase: start, imports, work, export.
    """

    task: str
    status: Status
    key: str
    parts: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    message: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)


def append_entry(folder: Path, entry: Entry) -> None:
    """Add a line to the journal of a run.

    Raises
    ------
    UnwritableOutput
        If the run's folder cannot be written.
    """
    line = json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / JOURNAL).open("a+b") as file:
            if file.tell() and not _ends_in_newline(file.fileno(), file.tell()):
                line = "\n" + line
            file.write(line.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnwritableOutput(
            f"Cannot write in {folder}: {error.strerror}. "
            f"Make that folder writable, or set {OUTPUT_VARIABLE} to one that is."
        ) from error


def _ends_in_newline(handle: int, size: int) -> bool:
    return os.pread(handle, 1, size - 1) == b"\n" if hasattr(os, "pread") else True


def read_journal(folder: Path) -> dict[str, Entry]:
    """Return the last entry of each task of a run; empty if nothing ever ran."""
    path = folder / JOURNAL
    entries: dict[str, Entry] = {}
    if not path.is_file():
        return entries
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue
        entries[entry.task] = entry
    return entries
