"""The project's own notebooks, warm and cold: the same files byte for byte, with every figure that is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from batch.killing import contents
from helpers.batch.engine import RunResult, execute_plan
from helpers.batch.plan import Plan, make_plan
from helpers.batch.runfile import read_run_file

NOTEBOOKS = ("01_clean_program_data", "02_describe_design", "03_estimate_effect")
RUN_FILE = "run: small\nstudy: tests/small_study/study\nindicators: [crime_order]\nn_draws: 49\nlanguages: [en]\n"
FIGURE_CALL, FIGURE = "_figure(", "<figure"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[RunResult, Path]]]:
    folder = tmp_path_factory.mktemp("warm_batch")
    (folder / "small.yaml").write_text(RUN_FILE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        found = {}
        for kind in ("warm", "cold"):
            patch.setenv("MODEL_WARDS_OUTPUT", str(folder / kind))
            result = execute_plan(plan(folder / "small.yaml"), jobs=2, listener=lambda outcome: None, kernels=kind)
            found[kind] = (result, folder / kind)
        yield found


def plan(run_file: Path) -> Plan:
    whole = make_plan(read_run_file(run_file))
    return replace(whole, decisions=tuple(own for own in whole.decisions if own.task.notebook in NOTEBOOKS))


def test_warm_and_cold_batches_leave_the_same_bytes(results: dict[str, tuple[RunResult, Path]]) -> None:
    for kind, why in (("warm", ()), ("cold", ("asked for",))):
        result, _ = results[kind]
        assert not result.failures, result.failures[0].message
        assert result.why_cold == why
    warm, cold = (contents(output) for _, output in results.values())
    assert warm.keys() == cold.keys()
    assert not [name for name in warm if warm[name] != cold[name]]


def test_no_figure_is_lost(results: dict[str, tuple[RunResult, Path]]) -> None:
    executed = sorted(results["warm"][1].rglob("notebooks/*.ipynb"))
    assert len(executed) == len(NOTEBOOKS)
    counts = {}
    for path in executed:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        asked = sum(FIGURE_CALL in cell.source.splitlines()[-1] for cell in cells)
        shown = sum(FIGURE in output.get("data", {}).get("text/html", "") for cell in cells for output in cell.outputs)
        assert shown == asked, path.name
        counts[path.name[:2]] = shown
    assert counts["01"] == 0
    assert counts["02"] > 0
    assert counts["03"] == 2
