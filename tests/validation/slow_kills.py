"""Runs killed at fifty random moments: `make validate PART=kills`.

The small study goes through all five notebooks, warm. Each run is killed (SIGKILL, to the runner alone) at a moment
drawn from the time that it takes undisturbed, looked at, and resumed; the resumed run is killed in turn, until one ends
by itself. What that leaves must be, byte for byte, what an undisturbed run leaves. Then it begins anew.
"""

import os
import random
import shutil
import signal
import time
from pathlib import Path

from batch.killing import contents, end_after, finish_run, half_written, left_processes, start_run
from helpers.batch.run_lock import BESIDE
from helpers.paths import project_root

KILLS = 50
SEED = 20230307
MOST_KILLS_A_RUN = 4
"""After these a run is left to end, so that resuming is proved often enough."""

RUN_FILE = """\
run: killed
study: tests/small_study/study
indicators: [crime_order, traffic_crashes]
n_draws: 199
languages: [en]
"""


def test_a_killed_run_leaves_nothing_behind_and_loses_nothing(tmp_path: Path) -> None:
    run_file = tmp_path / "killed.yaml"
    run_file.write_text(RUN_FILE, encoding="utf-8")
    rng = random.Random(SEED)
    start = time.monotonic()
    code, said = finish_run(run_file, _place(tmp_path / "plain"))
    assert code == 0, said
    whole, expected = time.monotonic() - start, contents(tmp_path / "plain")
    killed = finished = 0
    while killed < KILLS:
        output = tmp_path / f"killed_{finished}"
        for _ in range(MOST_KILLS_A_RUN):
            run = start_run(run_file, _place(output))
            is_killed = end_after(run, rng.uniform(0, whole), signal.SIGKILL) is not None
            killed += is_killed
            assert not left_processes(output)
            assert not half_written(output)
            if not is_killed:
                break
        code, said = finish_run(run_file, _place(output))
        assert code == 0, said
        assert contents(output) == expected
        assert not [path for path in output.rglob(".*") if BESIDE.fullmatch(path.name)]
        finished += 1
        shutil.rmtree(output)
    print(f"{killed} kills in {finished} runs of {whole:.0f} s: nothing half-written, nobody left, the same bytes")


def _place(output: Path) -> dict[str, str]:
    output.mkdir(exist_ok=True)
    return {"MODEL_WARDS_OUTPUT": str(output), "MODEL_WARDS_ROOT": str(project_root())} | _one_thread()


def _one_thread() -> dict[str, str]:
    return {name: os.environ.get(name, "1") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
