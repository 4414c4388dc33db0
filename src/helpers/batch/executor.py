"""One notebook through papermill, in the process that calls this.

The kernel is always this interpreter's, whatever kernels the machine has registered, with an IPython folder of its
own: a user's start-up files and history must not reach a result. What is kept of the executed notebook is free of
wall times, so that equal inputs give equal bytes.
"""

import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from helpers.batch.work import Order, Outcome
from helpers.paths import project_root, written_beside

KERNEL_START_SECONDS = 300
"""Far beyond the usual second: a busy machine may take long, and a kernel that died is noticed at once anyway."""

INJECTED_TAG = "injected-parameters"


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels with this very interpreter, which say nothing but errors: what they warn of is not the reader's.

    They are reached over the loopback interface with signed messages; sockets in files took 0.4 s longer a notebook.
    """

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command line of the kernel."""
        own = [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file, "--log-level=ERROR"]
        return [*own, *(extra_arguments or [])]


def execute(order: Order) -> Outcome:
    """Execute a notebook; keep it under `order.executed` if it went through, else under `order.failed`."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "executed.ipynb"
        try:
            _papermill(order, raw)
        except PapermillExecutionError as error:
            _keep(raw, order.failed)
            words = f"cell {error.cell_index + 1}: {error.ename}: {error.evalue}"
            return Outcome(order.task, "failed", time.monotonic() - start, error.ename, words)
        except Exception as error:  # noqa: BLE001 - a dead kernel, a full disk: the other notebooks go on
            return Outcome(order.task, "failed", time.monotonic() - start, type(error).__name__, str(error))
        _keep(raw, order.executed)
    order.failed.unlink(missing_ok=True)
    return Outcome(order.task, "done", time.monotonic() - start)


def _papermill(order: Order, target: Path) -> None:
    execute_notebook(
        nbformat.read(order.notebook, as_version=4),
        str(target).replace("{", "{{").replace("}", "}}"),
        parameters=dict(order.parameters),
        cwd=project_root(),
        kernel_name="python3",
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        start_timeout=KERNEL_START_SECONDS,
        kernel_manager_class=OwnKernelManager,
        shutdown_kernel="immediate",
        record_timing=False,
        coalesce_streams=True,
    )


def _keep(raw: Path, target: Path) -> None:
    notebook = without_times(nbformat.read(raw, as_version=4))
    with written_beside(target) as beside:
        nbformat.write(notebook, beside)


def without_times(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an executed notebook without what differs from one execution to the next.

    The parameters that papermill recorded stay; its wall times, paths and random cell id go.
    """
    notebook.metadata["papermill"] = {"parameters": notebook.metadata.get("papermill", {}).get("parameters", {})}
    for position, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED_TAG in cell.metadata.get("tags", []):
            cell["id"] = INJECTED_TAG
        elif "papermill-error-cell-tag" in cell.metadata.get("tags", []):
            cell["id"] = f"error-{position}"
    return notebook
