"""False claims over the declared family, and how often the gates notice a threat: `make validate PART=gates`.

Native estimators only. Every replication has its own random streams, keyed by cell, case and number, so no result
depends on order, batches or workers. Batches are appended to ``data/processed/validation/gates.jsonl``; what is there
is not run again.

This is the command; what it does is in the package `gates_of_checks` beside it.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context

from gates_of_checks.plan import PARTS, QUICK, REPLICATIONS, measure, plan
from gates_of_checks.report import claim_marks, write_gates
from helpers.paths import processed_folder, project_root
from size_of_tests.running import run
from size_of_tests.store import Store

VERSION = "1"
"""Raise it when a change could alter a stored number; lines of other versions are ignored, and so run again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, write the report, print the marks; 1 if one is short or nothing could be judged."""
    options = _options(arguments)
    for library in ("OPENBLAS", "OMP", "MKL", "NUMBA", "RAYON"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    replications = QUICK if options.quick else REPLICATIONS
    folder = processed_folder("validation")
    store = Store(folder / ("gates_quick.jsonl" if options.quick else "gates.jsonl"), VERSION)
    deadline = time.monotonic() + 60 * options.minutes
    with ExitStack() as closing:
        pool = (
            closing.enter_context(ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")))
            if options.workers > 1
            else None
        )
        for part in options.parts:
            is_done = run(plan(part, replications), store, pool=pool, deadline=deadline, measure=measure)
            print(f"{part}: {'done' if is_done else 'not finished'}", flush=True)
    target = folder / "gates_quick.md" if options.quick else project_root() / "docs" / "validation.md"
    write_gates(store.gather(), target)
    print(f"Report: {target}")
    if options.quick:
        print("quick: so few replications judge nothing.")
        return 0
    judged = claim_marks(store.gather(), replications["claims"])
    print("\n".join(mark.line() for mark in judged))
    return 0 if judged and all(mark.is_met for mark in judged) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="False claims, and how often gates notice a threat.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no new batch after this time")
    parser.add_argument("--quick", action="store_true", help="two replications of everything, in files of their own")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
