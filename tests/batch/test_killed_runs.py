"""A run that is ended from outside: nothing half-written, nobody left behind, and the same bytes once it is resumed."""

import os
import signal
import time
from pathlib import Path

import pytest

from batch.killing import contents, end_after, finish_run, half_written, left_processes, start_run
from helpers.batch.run_lock import BESIDE, LOCK_FILE, locked_run, remove_unfinished
from helpers.errors import UsageError
from helpers.paths import written_beside

INSTANTS = (0.25, 0.55, 0.85)
"""Parts of the time that the run takes undisturbed."""


@pytest.fixture
def slow(project: Path) -> None:
    """Make every notebook take a moment, so that there is something to be broken off."""
    for path in (project / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("import json, os, pathlib", "import json, os, pathlib, time; time.sleep(0.3)"))


@pytest.mark.usefixtures("slow")
def test_a_killed_run_leaves_nothing_half_done_and_ends_as_if_undisturbed(
    project: Path, run_file: Path, tmp_path: Path
) -> None:
    plain, killed = tmp_path / "plain", tmp_path / "killed"
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("crime_order, ", ""), encoding="utf-8")
    start = time.monotonic()
    assert finish_run(run_file, place(project, plain))[0] == 0
    whole = time.monotonic() - start
    for part in INSTANTS:
        run = start_run(run_file, place(project, killed))
        end_after(run, part * whole, signal.SIGKILL)
        assert not left_processes(killed)
        assert not half_written(killed)
    code, said = finish_run(run_file, place(project, killed))
    assert code == 0, said
    assert contents(killed) == contents(plain)
    assert not [path for path in killed.rglob(".*") if BESIDE.fullmatch(path.name)]


@pytest.mark.usefixtures("slow")
def test_an_interrupted_run_says_so_in_one_line_and_takes_its_processes_with_it(
    project: Path, run_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "interrupted"
    run = start_run(run_file, place(project, output))
    until = time.monotonic() + 120
    while not list(output.rglob("notebooks/01*.ipynb")) and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGINT)
    said = run.communicate()[0].decode()
    assert run.returncode == 130, said
    assert "Broken off. What was finished is kept" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert not left_processes(output)


def test_a_second_runner_is_refused(project: Path, run_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "two"
    folder = output / "data" / "processed" / "toy"
    with locked_run(folder):
        code, said = finish_run(run_file, place(project, output))
        with pytest.raises(UsageError), locked_run(folder):
            pass
    assert code == 2
    assert f"being executed already, by process {os.getpid()}" in said
    assert "Traceback" not in said
    with locked_run(folder):
        assert not list(folder.glob("journal.jsonl"))
    assert (folder / LOCK_FILE).read_bytes() == b""


def test_files_that_were_not_whole_are_removed_and_no_others(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("part.csv", ".lock", ".hidden.csv")]
    for path in kept:
        path.write_text("", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt), written_beside(tmp_path / "in" / "part.csv") as beside:
        left = beside.with_name(beside.name)
        raise KeyboardInterrupt
    left.write_text("half", encoding="utf-8")
    remove_unfinished(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def place(project: Path, output: Path) -> dict[str, str]:
    output.mkdir(exist_ok=True)
    return {"MODEL_WARDS_ROOT": str(project), "MODEL_WARDS_OUTPUT": str(output), "MODEL_WARDS_KERNELS": "cold"}
