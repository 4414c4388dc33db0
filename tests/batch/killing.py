"""Runs of the command line that are ended from outside at some moment, and what must hold of what they leave."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat
import psutil

from helpers.batch.run_lock import BESIDE
from helpers.batch.workspace import CACHE

TIMED = ("journal.jsonl", "timings.json")
GONE_SECONDS = 20
"""Ends follow within milliseconds; a busy machine may take longer to get round to them."""


def start_run(run_file: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start `model-wards run` in a session of its own, as a terminal would."""
    command = [sys.executable, "-m", "helpers", "run", str(run_file), "--jobs", "2"]
    return subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finish_run(run_file: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run to the end and return the exit code and what was said."""
    run = start_run(run_file, environment)
    said = run.communicate()[0].decode()
    return run.returncode, said


def end_after(run: "subprocess.Popen[bytes]", seconds: float, number: signal.Signals) -> bytes | None:
    """Signal a run after some seconds and return what it said; None if it had ended before."""
    try:
        run.communicate(timeout=seconds)
        return None
    except subprocess.TimeoutExpired:
        run.send_signal(number)
        return run.communicate()[0]


def left_processes(output: Path) -> list[psutil.Process]:
    """Return the processes of a run that still live after a while, told by where their outputs go."""
    until = time.monotonic() + GONE_SECONDS
    while (left := _processes(output)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def _processes(output: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            is_own = process.environ().get("MODEL_WARDS_OUTPUT") == str(output)
            if is_own and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def half_written(output: Path) -> list[str]:
    """Return the outputs that cannot be read whole.

    The last line of a journal may be torn. What is kept of files that were read is left out: it checks itself.
    """
    broken = []
    for path in sorted(output.rglob("*")):
        if BESIDE.fullmatch(path.name) or CACHE in path.parts or not path.is_file():
            continue
        try:
            _read_whole(path)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it is to be listed
            broken.append(f"{path.relative_to(output)}: {error}")
    return broken


def _read_whole(path: Path) -> None:
    if path.suffix == ".ipynb":
        nbformat.read(path, as_version=4)
    elif path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".jsonl":
        for line in path.read_text(encoding="utf-8").splitlines()[:-1]:
            assert not line or json.loads(line) or re.match(r"\{", line)
    elif path.suffix == ".csv":
        assert path.read_bytes().endswith(b"\n")
    elif path.suffix == ".html":
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def contents(output: Path) -> dict[str, bytes]:
    """Return every file of an output folder by name, but for those that tell of time."""
    files = [path for path in sorted(output.rglob("*")) if path.is_file() and path.name not in TIMED]
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}
