"""False alarms, coverage and power of every method on simulated Nghệ An studies: `make validate PART=size`.

A *cell* is a world (how wards and towns move), a layout (which wards are the pilots) and a rate. For each cell the
study draws counts from the equations of `helpers.simulation.process` (one series, no levels, seasons or lockdowns
except in the world "shipped", which has the shipped study's own) and asks how often a test at 5% rejects.

Every replication has its own random streams, keyed by cell, true effect and number, so no result depends on order,
batches or workers. Batches are appended to ``data/processed/validation/size.jsonl``; what is there is not run again.

This is the command; what it does is in the package `size_of_tests` beside it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.paths import processed_folder, project_root
from size_of_tests.judging import marks
from size_of_tests.report import report, write_report
from size_of_tests.running import drifted, run_parts
from size_of_tests.store import Store
from size_of_tests.tasks import PARTS, QUICK, REPLICATIONS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, write the report, print the marks; 1 if one is short or nothing could be judged."""
    options = _options(arguments)
    for library in ("OPENBLAS", "OMP", "MKL", "NUMBA", "RAYON"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    replications = QUICK if options.quick else REPLICATIONS
    folder = processed_folder("validation")
    store = Store(folder / ("size_quick.jsonl" if options.quick else "size.jsonl"))
    wrong = drifted(store)
    if wrong:
        print(f"{store.path} holds numbers that this code does not reproduce, e.g. {wrong[0]}.", file=sys.stderr)
        print(
            "Raise VERSION in tests/validation/size_of_tests/store.py, or remove that file, and run again.",
            file=sys.stderr,
        )
        return 2
    run_parts(options.parts, replications, store, workers=options.workers, minutes=options.minutes)
    results = store.gather()
    target = options.report or (
        folder / "size_quick.md" if options.quick else project_root() / "docs" / "validation.md"
    )
    write_report(report(results, replications), target)
    print(f"Report: {target}")
    if options.quick:
        print("quick: so few replications judge nothing.")
        return 0
    judged = marks(results, replications)
    print("\n".join(mark.line() for mark in judged))
    return 0 if judged and all(mark.is_met for mark in judged) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="False alarms, coverage and power on simulated studies.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no new batch after this time")
    parser.add_argument("--quick", action="store_true", help="three replications of everything, in files of their own")
    parser.add_argument("--report", type=Path, help="where to write instead of docs/validation.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
