"""Kernels from a warm parent: the same cells, numbers and pictures as cold ones, and an end with their groups."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import IPython
import nbformat
import psutil
import pytest

from helpers.batch import kernel_parent
from helpers.batch.executor import execute
from helpers.batch.kernels import KernelProcess, start_kernel, start_parent
from helpers.batch.notebook_client import imported_modules
from helpers.batch.provisioner import NAME, WarmProvisioner
from helpers.batch.warm_kernelspec import register
from helpers.batch.work import ONE_THREAD, PARENT_VARIABLE, Limits, Order, Outcome

PICTURES = 4
CELLS = (
    "import sys\nis_warm_safe = 'helpers' not in sys.modules\nis_warm_safe",
    "import numpy as np\nimport matplotlib.pyplot as plt\nx = np.linspace(0, 7)\nlines = plt.plot(x, np.sin(x))",
    "figure, axes = plt.subplots()\naxes.hist(np.random.default_rng(3).normal(size=90))\nplt.show()\nplt.plot([1, 2]);",
    "figure",
    "import pandas as pd\nfrom scipy.stats import norm\npd.DataFrame({'p': norm.cdf(x[:5])})",
    "import os\nprint(os.getcwd(), os.environ['MODEL_WARDS_OUTPUT'])\nprint('told', file=sys.stderr)",
    "1 / 3",
)
RANDOM = "import random\nimport numpy\nprint(random.random(), numpy.random.random())"
VERSION = ("-m", "ipykernel_launcher", "--version")
SPAWNS = "import subprocess, sys, time\nchild = subprocess.Popen(['sleep', '600'])\nprint(child.pid, flush=True)\n"

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="warm kernels are forked on Linux alone")


@pytest.fixture(scope="module", autouse=True)
def parents() -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ONE_THREAD:
            patch.setenv(name, "1")
        started = {kind: start_parent(kind) for kind in ("cold", "warm")}
        yield {kind: parent.address for kind, parent in started.items()}
    for parent in started.values():
        parent.close()
    assert not any(Path(parent.address).parent.exists() for parent in started.values())


@pytest.fixture
def run(
    parents: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> object:
    def run(kind: str, *cells: str, limits: Limits = Limits()) -> tuple[Outcome, nbformat.NotebookNode]:  # noqa: B008
        monkeypatch.setenv(PARENT_VARIABLE, parents[kind])
        source = tmp_path / "source.ipynb"
        made = [nbformat.v4.new_code_cell(text, id=f"cell-{position}") for position, text in enumerate(cells)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), source)
        order = Order(kind, source, {}, tmp_path / f"{kind}.ipynb", tmp_path / f"{kind}.failed.ipynb", limits)
        outcome = execute(order)
        kept = order.executed if outcome.status == "done" else order.failed
        return outcome, nbformat.read(kept, as_version=4)

    return run


def test_warm_and_cold_give_the_same_bytes_and_no_picture_is_lost(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    outcomes = {kind: run(kind, *CELLS) for kind in ("warm", "cold")}
    for kind, why in (("warm", ""), ("cold", "asked for")):
        outcome, notebook = outcomes[kind]
        assert (outcome.status, outcome.why_cold) == ("done", why), outcome.message
        assert set(outcome.phases) == {"start", "imports", "work", "export"}
        assert pictures(notebook) == PICTURES
        assert notebook.cells[0].outputs[0].data["text/plain"] == "True"
    assert (tmp_path / "warm.ipynb").read_bytes() == (tmp_path / "cold.ipynb").read_bytes()


def pictures(notebook: nbformat.NotebookNode) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_every_warm_kernel_draws_its_own_numbers(run) -> None:  # type: ignore[no-untyped-def]
    said = {run("warm", RANDOM)[1].cells[0].outputs[0].text for _ in range(2)}
    assert len({number for line in said for number in line.split()}) == 4


def test_a_notebook_over_its_memory_is_ended_kept_and_marked(run) -> None:  # type: ignore[no-untyped-def]
    outcome, notebook = run(
        "warm", "1 + 1", "import time\nheld = b'x' * 900_000_000\ntime.sleep(600)", limits=Limits(memory_bytes=8e8)
    )
    assert (outcome.status, outcome.error) == ("failed", "OverLimit")
    assert outcome.message == "cell 2: ended with its processes: it used more memory than its limit of 0.8 GB"
    assert notebook.cells[0].outputs[0].data["text/plain"] == "2"
    assert notebook.cells[1].outputs[-1].ename == "OverLimit"


def test_a_kernel_that_dies_is_noticed_and_the_notebook_kept(run) -> None:  # type: ignore[no-untyped-def]
    start = time.monotonic()
    outcome, notebook = run("warm", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.error == "DeadKernelError"
    assert outcome.message.startswith("cell 1: ")
    assert notebook.cells[0].outputs[-1].ename == "DeadKernelError"
    assert time.monotonic() - start < 60


def started(parents: dict[str, str], code: str, monkeypatch: pytest.MonkeyPatch, **options: object) -> KernelProcess:
    monkeypatch.setenv(PARENT_VARIABLE, parents["cold"])
    return start_kernel([sys.executable, "-c", code], environment=os.environ, folder="/", **options)  # type: ignore[arg-type]


def child_of(kernel: KernelProcess) -> psutil.Process:
    until = time.monotonic() + 60
    while not (children := psutil.Process(kernel.pid).children()) and time.monotonic() < until:
        time.sleep(0.01)
    return children[0]


def is_gone(process: psutil.Process) -> bool:
    try:
        process.wait(30)
    except psutil.TimeoutExpired:
        return False
    return True


def test_a_kernel_over_its_time_is_ended_with_its_children(
    parents: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = started(parents, SPAWNS + "time.sleep(600)", monkeypatch, limits=Limits(seconds=3))
    child = child_of(kernel)
    assert kernel.wait(60) == -signal.SIGKILL
    assert kernel.over == "seconds"
    assert is_gone(child)


def test_a_kernel_that_ends_by_itself_leaves_no_child(parents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = started(parents, SPAWNS + "time.sleep(2); sys.exit(7)", monkeypatch)
    child = child_of(kernel)
    assert kernel.wait(60) == 7
    assert is_gone(child)


def test_whoever_goes_away_takes_the_kernel_along(parents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = started(parents, SPAWNS + "time.sleep(600)", monkeypatch)
    child = child_of(kernel)
    kernel.connection.close()
    assert is_gone(child)
    parent = start_parent("cold")
    kernel = started({"cold": parent.address}, SPAWNS + "time.sleep(600)", monkeypatch)
    child = child_of(kernel)
    parent.process.kill()
    assert kernel.wait(60) == -signal.SIGKILL
    assert is_gone(child)
    parent.close()


def test_a_kernel_that_wants_something_else_starts_cold(
    parents: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(PARENT_VARIABLE, parents["warm"])
    own = [sys.executable, *VERSION]
    other = {**os.environ, "OMP_NUM_THREADS": "2"}
    (tmp_path / "matplotlibrc").write_text("", encoding="utf-8")
    asked = (
        (own, other, "/", "the kernel wants another OMP_NUM_THREADS"),
        (own, dict(os.environ), str(tmp_path), f"there is a matplotlibrc in {tmp_path}"),
        ([sys.executable, "-c", ""], dict(os.environ), "/", "the kernel is not this Python's"),
    )
    for argv, environment, folder, why in asked:
        kernel = start_kernel(argv, environment=environment, folder=folder)
        assert kernel.why_cold == why
        assert kernel.wait(60) == 0


def test_a_kernel_writes_where_it_is_told_to(
    parents: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for kind, argv in (("cold", ["-c", "import sys; print('a'); print('b', file=sys.stderr)"]), ("warm", VERSION)):
        monkeypatch.setenv(PARENT_VARIABLE, parents[kind])
        with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
            streams = {"stdout": out.fileno(), "stderr": err.fileno()}
            kernel = start_kernel([sys.executable, *argv], environment=os.environ, folder="/", streams=streams)
        assert (kernel.wait(60), kernel.why_cold) == (0, "asked for" if kind == "cold" else "")
        said = [(tmp_path / name).read_text(encoding="utf-8") for name in ("out", "err")]
        assert said == (["a\n", "b\n"] if kind == "cold" else [f"{IPython.__version__}\n", ""])


def test_nbval_takes_the_kernelspec(parents: dict[str, str], tmp_path: Path) -> None:
    register(str(tmp_path))
    cell = nbformat.v4.new_code_cell("import sys\nassert 'pandas' in sys.modules and 'helpers' not in sys.modules")
    kernel = {"name": NAME, "display_name": NAME, "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), tmp_path / "a.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    places = {"JUPYTER_PATH": str(tmp_path / "share" / "jupyter"), PARENT_VARIABLE: parents["warm"]}
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider", "a.ipynb"]
    answer = subprocess.run(command, cwd=tmp_path, env={**os.environ, **places}, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def test_a_process_with_threads_or_with_our_code_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "helpers" in kernel_parent.unsafe_process() or "threads" in kernel_parent.unsafe_process()
    monkeypatch.setattr(kernel_parent, "NEVER_PRELOADED", "none_such")
    code = "import threading, time; threading.Thread(target=time.sleep, args=(1,)).start(); "
    script = f"import sys; sys.path.insert(0, {str(Path(kernel_parent.__file__).parent)!r}); import kernel_parent; "
    said = subprocess.run(
        [sys.executable, "-c", script + code + "print(kernel_parent.unsafe_process())"], capture_output=True, text=True
    ).stdout
    assert said.strip() == "the process that would be forked has 2 threads"
    assert not any(name.split(".")[0] == "helpers" for name in kernel_parent.PRELOADED)


def test_without_a_parent_kernels_start_as_usual(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("helpers.batch.kernels.has_parent", lambda: False)
    monkeypatch.setattr("helpers.batch.kernels.parent_address", unavailable)
    outcome, notebook = run("cold", "1 + 1")
    assert outcome.why_cold == "this system cannot fork"
    assert notebook.cells[0].outputs[0].data["text/plain"] == "2"


def unavailable() -> str:
    from helpers.batch.kernels import KernelUnavailable

    raise KernelUnavailable("this system cannot fork")


def test_jupyter_finds_the_provisioner_by_the_kernelspec(
    parents: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from jupyter_client.manager import AsyncKernelManager

    monkeypatch.setenv(PARENT_VARIABLE, parents["warm"])
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    register(str(tmp_path))

    async def answer() -> tuple[object, str]:
        manager = AsyncKernelManager(kernel_name=NAME)
        await manager.start_kernel()
        provisioner = manager.provisioner
        assert isinstance(provisioner, WarmProvisioner)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.execute("import sys; sys.exit() if 'pandas' not in sys.modules else None")
        assert await manager.is_alive()
        await manager.restart_kernel(now=True)
        await client.wait_for_ready(timeout=60)
        client.stop_channels()
        why = provisioner.why_cold
        await manager.shutdown_kernel()
        return await manager.is_alive(), why

    assert asyncio.run(answer()) == (False, "")


def test_imports_are_read_from_cells_without_running_them() -> None:
    cells = [
        "import os.path, sys\nfrom json import dumps",
        "%magic",
        "from . import own\nif True:\n    import csv",
        "x",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    assert imported_modules(notebook) == ("os.path", "sys", "json")
