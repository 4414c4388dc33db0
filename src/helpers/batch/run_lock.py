"""One runner at a time: a lock on a run's folder that goes with the process that holds it, however that ends."""

import importlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from helpers.errors import UnwritableOutput, UsageError
from helpers.paths import OUTPUT_VARIABLE

LOCK_FILE = ".lock"
BESIDE = re.compile(r"\..+\.[a-z0-9_]{8}(\.[^.]*)?")
"""Names that `helpers.paths.written_beside` gives to files before they are whole."""


@contextmanager
def locked_run(folder: Path) -> Iterator[None]:
    """Hold a run's folder: nobody else executes this run meanwhile.

    The file stays, empty, when the lock is given up: a file that is removed could be locked twice.

    Raises
    ------
    UsageError
        If another process executes this run.
    UnwritableOutput
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a+", encoding="utf-8")
    except OSError as error:
        raise UnwritableOutput(
            f"Cannot write in {folder}: {error.strerror}. "
            f"Make that folder writable, or set {OUTPUT_VARIABLE} to one that is."
        ) from error
    with file:
        if not _lock(file):
            file.seek(0)
            raise UsageError(
                f"Run {folder.name} is being executed already, by {file.read().strip() or 'another process'}. "
                "Wait for it, or break it off first; the same command then goes on from there."
            )
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _lock(file: IO[str]) -> bool:
    """Lock a file without waiting; whether that worked. The modules differ by system, hence no usual import."""
    try:
        if os.name == "nt":
            file.seek(0)
            windows: Any = importlib.import_module("msvcrt")
            windows.locking(file.fileno(), windows.LK_NBLCK, 1)
        else:
            unix: Any = importlib.import_module("fcntl")
            unix.flock(file, unix.LOCK_EX | unix.LOCK_NB)
    except OSError:
        return False
    return True


def remove_unfinished(*folders: Path) -> None:
    """Remove files that a killed process left before they were whole; nobody ever read them under these names."""
    for folder in folders:
        for path in folder.rglob(".*"):
            if BESIDE.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)
