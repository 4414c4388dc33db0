"""papermill's engine as a batch uses it: its kernels come from the warm parent, and each phase of a notebook is timed.

An engine is papermill's documented way to have notebooks executed otherwise. Cells, their outputs and the notebook
that comes of them are papermill's own.
"""

import ast
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from helpers.batch.provisioner import WarmProvisioner
from helpers.batch.work import NO_LIMITS, Limits

ENGINE = "model-wards"
IDLE_SECONDS = 0.2
"""A first message may be lost while the channel of outputs is still being connected; then the kernel is asked again."""

LOAD_SECONDS = 300
"""Imports take a second or two; on a very busy machine much longer."""


@dataclass
class Execution:
    """What is known of the execution of one notebook, filled in as it goes.

    Attributes
    ----------
    limits : Limits
        What its kernel may use.
    seconds : dict
        Wall time by phase: start, imports, work.
    why_cold : str
        Why its kernel was not warm; "" if it was.
    over : {"", "seconds", "memory"}
        Which limit its kernel was ended for.
    cell : int
        Position of the last cell that was begun.
    notebook : NotebookNode or None
        The notebook as far as it got.
    """

    limits: Limits = NO_LIMITS
    seconds: dict[str, float] = field(default_factory=dict)
    why_cold: str = ""
    over: str = ""
    cell: int = 0
    notebook: nbformat.NotebookNode | None = None
    provisioner: WarmProvisioner | None = None


class OwnKernelClient(AsyncKernelClient):
    """Reaches a kernel as soon as it answers; the usual client then listens for another 0.2 s for what it drops."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive.

        Raises
        ------
        RuntimeError
            If it has died, or does not answer in time.
        """
        until = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < until:
            asked = self.kernel_info()
            with suppress(Empty):
                await self.get_shell_msg(timeout=1)
                while await self._is_before_idle(asked):
                    pass
                return
            if not await self.is_alive():
                raise RuntimeError("The kernel died before it answered")
        raise RuntimeError(f"The kernel did not answer in {timeout} seconds")

    async def _is_before_idle(self, asked: str) -> bool:
        message = await self.get_iopub_msg(timeout=IDLE_SECONDS)
        is_own = message["parent_header"].get("msg_id") == asked
        return not (is_own and message["content"].get("execution_state") == "idle")


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels with this very interpreter, which say nothing but errors: what they warn of is not the reader's.

    They are reached over the loopback interface with signed messages; sockets in files took 0.4 s longer a notebook.
    """

    def __init__(self, execution: Execution, **kwargs: Any) -> None:
        super().__init__(client_factory=OwnKernelClient, **kwargs)
        self.provisioner = WarmProvisioner(parent=self, kernel_spec=self.kernel_spec)
        self.provisioner.limits = execution.limits
        execution.provisioner = self.provisioner

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command line of the kernel."""
        own = [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file, "--log-level=ERROR"]
        return [*own, *(extra_arguments or [])]


class TimedClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, noting when each phase begins, and which cell is being executed."""

    def __init__(self, nb_man: Any, execution: Execution, **kwargs: Any) -> None:
        super().__init__(nb_man, **kwargs)
        self.execution, self.since = execution, time.monotonic()
        execution.notebook = self.nb

    def create_kernel_manager(self) -> OwnKernelManager:
        """Return the manager of a kernel that is this interpreter's, whatever the notebook names."""
        self.km = OwnKernelManager(self.execution, kernel_name="python3")
        return self.km

    def papermill_execute_cells(self) -> None:
        """Execute every cell, after what they import has been loaded: so imports are told apart from work."""
        self._note("start")
        self._load(imported_modules(self.nb))
        self._note("imports")
        try:
            super().papermill_execute_cells()
        finally:
            self._note("work")

    def execute_cell(self, cell: nbformat.NotebookNode, cell_index: int, **kwargs: Any) -> Any:
        """Execute one cell."""
        self.execution.cell = cell_index
        return super().execute_cell(cell, cell_index, **kwargs)

    def _load(self, names: Iterable[str]) -> None:
        """Load modules without binding a name; what cannot be loaded fails where a cell asks for it."""
        load = '__import__("importlib").import_module(name)'
        asked = self.kc.execute(f"[{load} and None for name in {tuple(names)!r}]", silent=True, store_history=False)
        self.wait_for_reply(asked)

    def _note(self, phase: str) -> None:
        now = time.monotonic()
        self.execution.seconds[phase] = now - self.since
        self.since = now


def imported_modules(notebook: nbformat.NotebookNode) -> tuple[str, ...]:
    """Return the modules that a notebook's cells import, in their order; a cell that is not plain Python has none."""
    names: dict[str, None] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        with suppress(SyntaxError):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Import):
                    names |= dict.fromkeys(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names[node.module] = None
    return tuple(names)


class BatchEngine(NBClientEngine):  # type: ignore[misc]
    """papermill's engine with the client above; `execution` is passed to `papermill.execute_notebook`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, execution: Execution, **kwargs: Any) -> Any:
        """Execute a notebook and fill `execution` in."""
        try:
            kept = {name: kwargs[name] for name in ("coalesce_streams", "record_timing") if name in kwargs}
            client = TimedClient(
                nb_man,
                execution,
                startup_timeout=kwargs["start_timeout"],
                shutdown_kernel="immediate",
                kernel_name=kernel_name,
                log=logger,
                **kept,
            )
            return client.execute()
        finally:
            if execution.provisioner:
                execution.why_cold, execution.over = execution.provisioner.why_cold, execution.provisioner.over


papermill_engines.register(ENGINE, BatchEngine)
