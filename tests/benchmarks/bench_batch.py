"""Measured speed of batches, a part of `make bench`: notebooks a minute against papermill's own API, in one run.

Notebook 03 with 199 draws over the first year of the small study, once for each of 64 seeds: about 0.6 s of work on an
idle machine, so what is measured is what comes on top of it. `python bench_batch.py` alone prints the targets of this
part.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from helpers.paths import project_root

NOTEBOOK, INDICATOR, DRAWS = "03_estimate_effect", "crime_order", 199
SETS, SERIAL, JOBLIB, ALONE = 64, 6, 12, 8
"""Parameter sets in our batch, in each peer's, whose rate is steady, and in the measure of overhead."""

WORKERS = 2
RUN_FILE = """\
run: bench
study: tests/small_study/study
indicators: [crime_order]
window_first: "2021-01"
window_last: "2021-12"
n_draws: 199
languages: [en]
"""
GOALS = (
    ("batch_times_serial", "notebooks a minute, against a serial loop over papermill.execute_notebook", 5, True),
    ("batch_times_joblib", f"the same against joblib over it, with {WORKERS} workers each", 2, True),
    (
        "batch_overhead_seconds",
        "what start, imports and shutdown of a warm notebook add, in seconds",
        0.7,
        False,
    ),
)
"""Name, meaning, limit, and whether the limit is the least."""

SECONDS = {
    "batch_seconds": f"one notebook of {SETS} in a batch with {WORKERS} workers, start of the batch included",
    "serial_seconds": "one notebook in a serial loop over papermill.execute_notebook",
    "joblib_seconds": f"one notebook in joblib over it with {WORKERS} workers, once they are started",
    "batch_work_seconds": "of which its cells, in a batch that runs one at a time",
}


def measure_batch() -> dict[str, float]:
    """Return ratios to both peers, and the overhead of a notebook when nothing else runs."""
    with tempfile.TemporaryDirectory() as folder:
        compileall.compile_dir(project_root() / "src", quiet=2)
        os.environ["MODEL_WARDS_OUTPUT"] = folder
        orders = _parameter_sets(Path(folder))
        serial = _seconds(lambda: [_papermill(own) for own in orders[:SERIAL]]) / SERIAL
        joblib = _joblib_seconds(orders[:JOBLIB])
        batch = _seconds(lambda: _run(SETS, WORKERS)) / SETS
        alone = _run(ALONE, 1)
    return {
        "batch_times_serial": serial / batch,
        "batch_times_joblib": joblib / batch,
        "batch_overhead_seconds": median(one.seconds - one.phases["work"] for one in alone.outcomes),
        "batch_work_seconds": median(one.phases["work"] for one in alone.outcomes),
        "batch_seconds": batch,
        "serial_seconds": serial,
        "joblib_seconds": joblib,
    }


def _plan(sets: int):
    """Return a plan of notebook 03 once for every seed, each in a run of its own that shares one cleaned panel."""
    from helpers.batch.plan import Decision, list_tasks, make_plan
    from helpers.batch.runfile import read_run_file

    path = Path(os.environ["MODEL_WARDS_OUTPUT"]) / "bench.yaml"
    path.write_text(RUN_FILE, encoding="utf-8")
    batch = read_run_file(path)
    model = next(task for task in list_tasks(batch) if task.notebook == NOTEBOOK)
    tasks = [
        replace(
            model,
            name=f"{NOTEBOOK}.{seed}",
            needs=(),
            parameters=model.parameters.model_copy(update={"run": f"bench_{seed}", "seed": seed}),
        )
        for seed in range(sets)
    ]
    return replace(make_plan(batch), decisions=tuple(Decision(task, "run", "measured") for task in tasks))


def _parameter_sets(folder: Path) -> list[dict[str, object]]:
    """Clean the returns once, copy the panel into the run of every parameter set, and return the sets."""
    import papermill

    from helpers.paths import processed_folder

    place = {"run": "bench", "study": "tests/small_study/study"}
    source = project_root() / "notebooks" / "01_clean_program_data.ipynb"
    papermill.execute_notebook(source, folder / "01.ipynb", place, progress_bar=False, cwd=project_root())
    for seed in range(SETS):
        shutil.copytree(processed_folder("bench"), processed_folder(f"bench_{seed}"))
    return [decision.task.parameters.model_dump() for decision in _plan(SETS).decisions]


def _papermill(parameters: dict[str, object]) -> None:
    import papermill

    source = project_root() / "notebooks" / f"{NOTEBOOK}.ipynb"
    target = Path(os.environ["MODEL_WARDS_OUTPUT"]) / f"{parameters['seed']}.ipynb"
    papermill.execute_notebook(source, target, parameters, progress_bar=False, cwd=project_root())


def _joblib_seconds(sets: list[dict[str, object]]) -> float:
    from joblib import Parallel, delayed

    with Parallel(n_jobs=WORKERS) as pool:
        pool(delayed(_papermill)(own) for own in sets[:WORKERS])
        return _seconds(lambda: pool(delayed(_papermill)(own) for own in sets)) / len(sets)


def _run(sets: int, jobs: int):
    from helpers.batch.engine import execute_plan

    result = execute_plan(_plan(sets), jobs=jobs, listener=lambda outcome: None, kernels="warm")
    assert len(result.outcomes) == sets
    assert not result.failures, result.failures[0].message
    assert not result.why_cold, result.why_cold
    return result


def _seconds(run: Callable[[], object]) -> float:
    start = time.monotonic()
    run()
    return time.monotonic() - start


SECTIONS: Mapping[str, Callable[[], dict[str, float]]] = {"batch": measure_batch}


def main() -> int:
    done = subprocess.run([sys.executable, __file__, "batch"], stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
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
