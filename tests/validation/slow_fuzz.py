"""Ten thousand returns that went wrong on the way, and a thousand that did not: `make validate PART=fuzz`.

Each case draws a valid return in one of the shapes of `cleaning.messy`, spoils it in a way that knows what it leaves
of the truth, and judges what cleaning makes of it. Seeds are the numbers of the cases, so a case can be run alone:
``run_case(417, folder)``.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from cleaning.messy.cases import Case, run_case, run_unspoilt
from fuzz_report import report
from helpers.paths import project_root, written_beside

CASES, UNSPOILT_CASES = 10_000, 1_000
BATCH = 50
WORKERS = 2


def _run_batch(first: int, folder: Path) -> list[Case]:
    run = run_case if first < CASES else run_unspoilt
    return [run(seed, folder / f"from_{first}") for seed in range(first, first + BATCH)]


def _run(folder: Path) -> Iterable[Case]:
    firsts = range(0, CASES + UNSPOILT_CASES, BATCH)
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for cases in pool.map(_run_batch, firsts, [folder] * len(firsts)):
            yield from cases


def test_no_figure_is_wrong_and_none_is_lost(tmp_path: Path) -> None:
    cases = list(_run(tmp_path))
    faults = [case for case in cases if case.faults]
    page = project_root() / "docs" / "validation.md"
    text = report(cases, page.read_text(encoding="utf-8"))
    with written_beside(page) as beside:
        beside.write_text(text, encoding="utf-8")
    assert len(cases) == CASES + UNSPOILT_CASES
    assert not faults, "\n".join(map(str, faults[:20]))
