"""What is seen while a batch runs: one bar on a terminal, a plain line for each notebook in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from helpers.batch.work import Outcome


@contextmanager
def shown_progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """Yield a function to be told of every outcome; it shows how far a batch of `total` notebooks is, on stderr."""
    if not sys.stderr.isatty():
        yield _line_printer(total)
        return
    with tqdm(total=total, unit="notebook", file=sys.stderr, dynamic_ncols=True) as bar:

        def advance(outcome: Outcome) -> None:
            bar.set_postfix_str(outcome.task, refresh=False)
            bar.update()
            if outcome.status == "failed":
                bar.write(f"{outcome.task} failed", file=sys.stderr)

        yield advance


def _line_printer(total: int) -> Callable[[Outcome], None]:
    width, count = len(str(total)), 0

    def print_line(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        line = f"[{count:>{width}}/{total}] {outcome.task} {outcome.status}, {outcome.seconds:.1f} s\n"
        sys.stderr.write(line)
        sys.stderr.flush()

    return print_line
