"""Ten thousand returns that went wrong on the way, and a thousand that did not: `make validate PART=fuzz`.

Each case draws a valid return in one of the shapes of `cleaning.messy`, spoils it in a way that knows what it leaves
of the truth, and judges what cleaning makes of it. Seeds are the numbers of the cases, so a case can be run alone:
``run_case(417, folder)``.

Judged batches are kept in ``data/processed/validation/fuzz``; as long as the program and the fuzzer stay as they are,
what is there is not run again.
"""

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import helpers
from cleaning.messy.cases import Case, run_case, run_unspoilt
from fuzz_report import report
from helpers.paths import processed_folder, project_root, written_beside

CASES, UNSPOILT_CASES = 10_000, 1_000
BATCH = 50
KEPT = processed_folder("validation") / "fuzz"
"""Told before a test begins, whose outputs go elsewhere."""
PROGRAM, FUZZER = ("cleaning/*.py", "study/*.py", "panel.py", "text.py"), ("messy/*.py", "old_text.py")
WORKERS = 2


def _run_batch(first: int, folder: Path, kept: Path) -> list[Case]:
    entry = kept / f"{first}.json"
    if entry.is_file():
        return [Case(**own | {"faults": tuple(own["faults"])}) for own in json.loads(entry.read_text("utf-8"))]
    run = run_case if first < CASES else run_unspoilt
    cases = [run(seed, folder / f"from_{first}") for seed in range(first, first + BATCH)]
    with written_beside(entry) as beside:
        beside.write_text(json.dumps([asdict(case) for case in cases]), encoding="utf-8")
    return cases


def _run(folder: Path) -> Iterable[Case]:
    firsts = range(0, CASES + UNSPOILT_CASES, BATCH)
    kept = KEPT / _program_hash()
    kept.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for cases in pool.map(_run_batch, firsts, [folder] * len(firsts), [kept] * len(firsts)):
            yield from cases


def _program_hash() -> str:
    """Return a hash of whatever may decide how a case is judged."""
    sources = {Path(helpers.__file__).parent: PROGRAM, project_root() / "tests" / "cleaning": FUZZER}
    found = [path for folder, patterns in sources.items() for own in patterns for path in sorted(folder.glob(own))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in found)).hexdigest()[:16]


def test_no_figure_is_wrong_and_none_is_lost(tmp_path: Path) -> None:
    cases = list(_run(tmp_path))
    faults = [case for case in cases if case.faults]
    page = project_root() / "docs" / "validation.md"
    text = report(cases, page.read_text(encoding="utf-8"))
    with written_beside(page) as beside:
        beside.write_text(text, encoding="utf-8")
    assert len(cases) == CASES + UNSPOILT_CASES
    assert not faults, "\n".join(map(str, faults[:20]))
