"""Many returns at once: read side by side in processes, and none again that has been read before.

Nearly all the time of a usual workbook is spent on understanding it, not on reading its cells. So what is kept of a
file is what was understood, for as long as the file, what the study understands, its corrections and this program stay
as they are. A kept reading takes a small part of the time (docs/benchmarks.md).
"""

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache as kept_once
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa

import helpers
from helpers.cleaning.corrections import Correction
from helpers.cleaning.files import FileReading, read_file
from helpers.cleaning.layout.sheet_reading import SheetReading
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.reading import is_long_form
from helpers.cleaning.long_form.store import keep_long, kept_long, tables_beside
from helpers.cleaning.reading_store import reading_as_text, reading_of_text
from helpers.cleaning.workbooks.workbook import Sheet
from helpers.cleaning.workbooks.workbook_kinds import ask_again
from helpers.errors import Problem
from helpers.messages import say
from helpers.paths import written_beside
from helpers.text import nfc

WORTH_A_PROCESS_BYTES = 1_000_000
"""Below this a further process costs more than it saves: it needs one to two seconds to load the project, in which a
workbook of 300 kB is read and understood."""

KEPT_SUFFIX = ".reading.json"
_PROGRAM = ("cleaning/**/*.py", "study/*.py", "errors.py", "messages.py", "text.py")
"""Whatever may decide what is understood of a file."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What reading needs beside the file itself; `cache` is where readings are kept."""

    vocabulary: Vocabulary
    corrections: tuple[Correction, ...]
    cache: Path | None = None
    vocabulary_hash: str = ""

    def read(self, file: str, path: Path) -> FileReading:
        """Return how a file is read, and keep it."""
        reading = settled(read_file(path, file, self.vocabulary, self._own(file)))
        if self.cache is not None and not reading.problems:
            self._keep(reading, self.entry(file, path))
        return reading

    def _keep(self, reading: FileReading, entry: Path) -> None:
        if reading.long is not None:
            keep_long(reading.long, entry)
            return
        text = reading_as_text(reading, self.vocabulary)
        if text is not None:
            with written_beside(entry) as beside:
                beside.write_bytes(text)

    def kept(self, file: str, path: Path) -> FileReading | None:
        """Return the reading that was kept of a file as it is now; None if there is none, or it is damaged."""
        if self.cache is None:
            return None
        entry = self.entry(file, path)
        try:
            if all(table.is_file() for table in tables_beside(entry)):
                return FileReading(file, long=kept_long(entry, file))
            return reading_of_text(entry.read_bytes(), file, self.vocabulary)
        except (OSError, ValueError, KeyError, TypeError, IndexError, pa.ArrowException):
            return None

    def entry(self, file: str, path: Path) -> Path:
        """Return where the reading of a file is kept: its name tells all that the reading depends on."""
        assert self.cache is not None
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        parts = (file, content, self.vocabulary_hash, repr(self._own(file)), _program_hash())
        return self.cache / f"{hashlib.sha256(repr(parts).encode()).hexdigest()}{KEPT_SUFFIX}"

    def _own(self, file: str) -> tuple[Correction, ...]:
        return tuple(own for own in self.corrections if own.file == nfc(file))


def read_files(
    paths: Mapping[str, Path], vocabulary: Vocabulary, corrections: Sequence[Correction] = (), *,
    workers: int | None = None, cache: Path | None = None,
) -> list[FileReading]:  # fmt: skip
    """Return how each file is read; the same for any number of workers, and with any cache.

    Parameters
    ----------
    paths : mapping of str to Path
        Files by the name that problems and tables give them.
    vocabulary : Vocabulary
        What the study understands.
    corrections : sequence of Correction
        Of all files.
    workers : int, optional
        Processes at most, by default as many as there are processors; few or small files are read in this one, and so
        are long-form files, which are read within bounded memory one after the other.
    cache : Path, optional
        A folder for what was read. It holds what the files hold, so it must lie where they themselves may lie. Files
        with problems are not kept; what belongs to no file of `paths` is removed.

    Returns
    -------
    list of FileReading
        In the order of the files' names, without the sheets' cells (`settled`).

    Examples
    --------
    >>> from helpers.cleaning.layout.vocabulary import build_vocabulary
    >>> from helpers.study import load_study
    >>> read_files({}, build_vocabulary(load_study("nghe_an")))
    []
    """
    task = _Task(vocabulary, tuple(corrections))
    if cache is not None:
        task = replace(task, cache=cache, vocabulary_hash=hashlib.sha256(repr(vocabulary).encode()).hexdigest())
        _remove_others(cache, {task.entry(file, path) for file, path in paths.items()})
    readings = {file: task.kept(file, path) for file, path in paths.items()}
    unread = {file: paths[file] for file, reading in readings.items() if reading is None}
    apart = {file: path for file, path in unread.items() if not is_long_form(path)}
    count = min(workers or _processors(), len(apart), 1 + sum(map(_size, apart.values())) // WORTH_A_PROCESS_BYTES)
    if count > 1:
        readings |= _read_in_processes(task, apart, count)
    readings |= {file: task.read(file, path) for file, path in unread.items() if count <= 1 or file not in apart}
    return [reading for _, reading in sorted(readings.items()) if reading is not None]


def settled(reading: FileReading) -> FileReading:
    """Return a reading without what only understanding needed: cells, tables and what surrounds them."""
    sheets = tuple(
        SheetReading(
            Sheet(own.sheet.file, own.sheet.name, own.sheet.is_hidden, {}), ledger=own.ledger, running=own.running,
            signed=own.signed, problems=own.problems, expected_cells=own.expected_cells, ward_lists=own.ward_lists,
        )
        for own in reading.sheets
    )  # fmt: skip
    return replace(reading, sheets=sheets)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _remove_others(cache: Path, wanted: Iterable[Path]) -> None:
    """Remove what is kept of files that have changed or are no longer there: a file withdrawn is withdrawn here too."""
    places = {place for entry in wanted for place in (entry, *tables_beside(entry))}
    for place in set(cache.glob("*.reading.*")) - places:
        place.unlink()


def _read_in_processes(task: _Task, paths: Mapping[str, Path], count: int) -> dict[str, FileReading]:
    readings = {}
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_take, initargs=(task,)) as pool:
        futures = {file: pool.submit(_read, file, path) for file, path in paths.items()}
        for file, future in futures.items():
            try:
                readings[file] = future.result()
            except BrokenProcessPool:
                readings[file] = FileReading(file, problems=(_unfinished(file),))
    return readings


_given: list[_Task] = []
"""In a worker process, the task of all files: sent once, because a country's vocabulary is large."""


def _take(task: _Task) -> None:
    _given.append(task)


def _read(file: str, path: Path) -> FileReading:
    return _given[-1].read(file, path)


def _unfinished(file: str) -> Problem:
    rule = say("the process that read this file, or one beside it, was ended")
    return Problem(file, "", "", "", rule, ask_again())


@kept_once
def _program_hash() -> str:
    """Return a hash of the program that reads and understands: of its source, and of what it is run with."""
    folder = Path(helpers.__file__).parent
    sources = sorted(path for pattern in _PROGRAM for path in folder.glob(pattern))
    versions = [platform.python_version(), *map(version, ("python-calamine", "pyarrow", "pandas"))]
    parts = [*(text.encode() for text in versions), *(path.read_bytes() for path in sources)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
