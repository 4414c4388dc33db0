"""What the engine and its worker processes send each other: an order, and its outcome.

Light on purpose: the command line and the workers start with this, and papermill (two seconds of imports) is loaded by
workers alone, while the kernel of nobody waits for it.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PARENT_VARIABLE = "MODEL_WARDS_KERNEL_PARENT"
"""Names the address of the process that kernels are to come from (`helpers.batch.kernels`)."""

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one kernel may use before it is ended with its process group; 0 is no limit.

    Attributes
    ----------
    seconds : float
        Wall time since its start.
    memory_bytes : float
        Resident memory of its process group.
    """

    seconds: float = 0.0
    memory_bytes: float = 0.0


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be executed: papermill's arguments, in a form that another process can be sent."""

    task: str
    notebook: Path
    parameters: Mapping[str, Any]
    executed: Path
    failed: Path
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the execution of a notebook ended.

    Attributes
    ----------
    task : str
        Name of the task.
    status : {"done", "failed"}
    seconds : float
        Wall time, kernel start included.
    error : str
        Class name of the exception that ended it, or "".
    message : str
        The exception's own words, with the number of the cell.
    phases : dict
        Wall time by phase, in seconds: start (of the kernel), imports, work, export (of the notebook).
    why_cold : str
        Why its kernel was not warm; "" if it was.
    """

    task: str
    status: Literal["done", "failed"]
    seconds: float
    error: str = ""
    message: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    why_cold: str = ""


def prepare_worker(scratch: str, parent: str) -> None:
    """Set a fresh process up for executing notebooks.

    One numerical thread; Jupyter's, IPython's and temporary files apart; no reaction to Ctrl-C, which the engine
    answers for all; and an end when the engine ends, however it ends.

    Parameters
    ----------
    scratch : str
        A folder that is removed after the batch.
    parent : str
        Address of the process that kernels come from; "" if there is none.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=_end_with_engine, daemon=True).start()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ["IPYTHONDIR"] = str(Path(scratch) / "ipython")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(Path(scratch) / "runtime")
    os.environ[PARENT_VARIABLE] = parent
    tempfile.tempdir = scratch


def _end_with_engine() -> None:
    engine = multiprocessing.parent_process()
    if engine is not None:
        multiprocessing.connection.wait([engine.sentinel])
        os._exit(1)


def work(order: Order) -> Outcome:
    """Execute an order in this process."""
    from helpers.batch.executor import execute

    return execute(order)
