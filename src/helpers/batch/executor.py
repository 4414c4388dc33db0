"""One notebook through papermill, in the process that calls this.

The kernel is always this interpreter's, whatever kernels the machine has registered, with an IPython folder of its
own: a user's start-up files and history must not reach a result. What is kept of the executed notebook is free of
wall times, so that equal inputs give equal bytes.
"""

import tempfile
import time
from pathlib import Path

import nbformat
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from helpers.batch.notebook_client import ENGINE, Execution
from helpers.batch.work import Order, Outcome
from helpers.paths import project_root, written_beside

KERNEL_START_SECONDS = 300
"""Far beyond the usual second: a busy machine may take long, and a kernel that died is noticed at once anyway."""

INJECTED_TAG = "injected-parameters"
OVER_LIMIT = "OverLimit"
BYTES_PER_GB = 1e9


def execute(order: Order) -> Outcome:
    """Execute a notebook; keep it under `order.executed` if it went through, else under `order.failed`."""
    start, execution = time.monotonic(), Execution(limits=order.limits)
    error, message = "", ""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "executed.ipynb"
        try:
            _papermill(order, raw, execution)
        except PapermillExecutionError as failure:
            error, message = failure.ename, f"cell {failure.cell_index + 1}: {failure.ename}: {failure.evalue}"
        except Exception as failure:  # noqa: BLE001 - a dead kernel, a full disk: the other notebooks go on
            error = OVER_LIMIT if execution.over else type(failure).__name__
            place = f"cell {execution.cell + 1}: " if execution.seconds else ""
            message = place + (_over_limit(order, execution) or str(failure))
            _write_broken_off(execution, raw, error, message)
        ended = time.monotonic()
        if raw.is_file():
            _keep(raw, order.failed if error else order.executed)
    if not error:
        order.failed.unlink(missing_ok=True)
    phases = {**execution.seconds, "export": time.monotonic() - ended}
    return Outcome(
        order.task,
        "failed" if error else "done",
        time.monotonic() - start,
        error,
        message,
        {name: round(seconds, 3) for name, seconds in phases.items()},
        execution.why_cold,
    )


def _papermill(order: Order, target: Path, execution: Execution) -> None:
    execute_notebook(
        nbformat.read(order.notebook, as_version=4),
        str(target).replace("{", "{{").replace("}", "}}"),
        parameters=dict(order.parameters),
        cwd=project_root(),
        kernel_name="python3",
        engine_name=ENGINE,
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        start_timeout=KERNEL_START_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        execution=execution,
    )


def _over_limit(order: Order, execution: Execution) -> str:
    """Return in words which limit the kernel was ended for, or ""."""
    if execution.over == "seconds":
        return f"ended with its processes: it ran longer than its limit of {order.limits.seconds:,.0f} s"
    if execution.over == "memory":
        limit = order.limits.memory_bytes / BYTES_PER_GB
        return f"ended with its processes: it used more memory than its limit of {limit:,.1f} GB"
    return ""


def _write_broken_off(execution: Execution, raw: Path, error: str, message: str) -> None:
    """Write a notebook whose kernel is gone as far as it got, with the error where it stopped."""
    if execution.notebook is None:
        return
    cell = execution.notebook.cells[execution.cell]
    if cell.cell_type == "code":
        cell.outputs.append(nbformat.v4.new_output("error", ename=error, evalue=message, traceback=[message]))
    nbformat.write(execution.notebook, raw)


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
