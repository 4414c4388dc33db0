"""Measuring what is missing, batch by batch, in one process or several; and whether what is stored still holds."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context

import numpy as np

from size_of_tests.cells import CELLS, COMPARED_WORLDS, OWN_WORLDS
from size_of_tests.draws import EFFECTS
from size_of_tests.judging import marks
from size_of_tests.measures import measure
from size_of_tests.store import Columns, Results, Store
from size_of_tests.tasks import AGAIN_FIRST, BATCH, Task, planned

AHEAD = 8
"""Batches handed out before the oldest is waited for: they are stored in order, whichever ends first."""


def run_parts(
    parts: Sequence[str], replications: dict[str, int], store: Store, *, workers: int, minutes: float
) -> None:
    """Run the parts one after the other until the time is up, all with the same processes."""
    deadline = time.monotonic() + 60 * minutes
    with ExitStack() as closing:
        several = workers > 1
        pool = closing.enter_context(ProcessPoolExecutor(workers, mp_context=get_context("spawn"))) if several else None
        for part in parts:
            lacking = why_not_own() if part == "own" else ""
            if lacking:
                print(f"own: skipped, {lacking}")
                continue
            began = time.monotonic()
            is_done = run(plan(part, replications, store.gather()), store, pool=pool, deadline=deadline)
            print(f"{part}: {time.monotonic() - began:.0f} s{'' if is_done else ', not finished'}", flush=True)
            if not is_done:
                return


def why_not_own() -> str:
    """Return why the project's own further methods cannot be measured here; empty if they can."""
    try:
        measure(Task("own", next(iter(CELLS)), "null", 0, 0, 1))
    except (ImportError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def plan(part: str, replications: dict[str, int], results: Results) -> Iterator[Task]:
    """Yield the tasks of one part, going round the cells batch by batch."""
    if part == "again":
        short = sorted({mark.key for mark in marks(results, replications) if not mark.is_met})
        pairs, first = short, AGAIN_FIRST
    else:
        cases = EFFECTS if part == "coverage" else ("null",)
        worlds = OWN_WORLDS if part in ("null", "coverage") else COMPARED_WORLDS
        pairs, first = [(name, case) for case in cases for name in CELLS if CELLS[name].world in worlds], 0
    longest = max((planned(part, case, replications) for _, case in pairs), default=0)
    for batch, start in enumerate(range(0, longest, BATCH)):
        for cell, case in pairs:
            count = min(BATCH, planned(part, case, replications) - start)
            if count > 0:
                yield Task(part, cell, case, batch, first + start, count)


def run(
    tasks: Iterable[Task],
    store: Store,
    *,
    pool: ProcessPoolExecutor | None,
    deadline: float,
    measure: Callable[[Task], Columns] = measure,
) -> bool:
    """Measure the tasks not yet stored and store them in order; return whether the time sufficed."""
    missing = [task for task in tasks if task.key not in store.batches]
    waiting: deque = deque()
    for task in missing:
        if time.monotonic() > deadline:
            break
        if pool is None:
            store.append(task, measure(task))
            continue
        waiting.append((task, pool.submit(measure, task)))
        if len(waiting) >= AHEAD:
            done, future = waiting.popleft()
            store.append(done, future.result())
    for done, future in waiting:
        store.append(done, future.result())
    return all(task.key in store.batches for task in missing)


def drifted(store: Store) -> list[Task]:
    """Return stored batches, one a part, whose first replication this code no longer reproduces."""
    first: dict[str, tuple[Task, dict[str, list[float | None]]]] = {}
    for task, columns in store.batches.values():
        first.setdefault(task.part, (task, columns))
    wrong = []
    for task, columns in first.values():
        now = measure(replace(task, count=1))
        old = {name: values[:1] for name, values in columns.items()}
        same = now.keys() == old.keys() and all(
            np.allclose(_floats(now[name]), _floats(old[name]), atol=1e-4, equal_nan=True) for name in now
        )
        wrong += [] if same else [task]
    return wrong


def _floats(values: Sequence[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)
