"""What the engine and its worker processes send each other: an order, and its outcome.

Light on purpose: the command line and the workers start with this, and papermill (two seconds of imports) is loaded by
workers alone, while the kernel of nobody waits for it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be executed: papermill's arguments, in a form that another process can be sent."""

    task: str
    notebook: Path
    parameters: Mapping[str, Any]
    executed: Path
    failed: Path


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
    """

    task: str
    status: Literal["done", "failed"]
    seconds: float
    error: str = ""
    message: str = ""


def prepare_worker(scratch: str) -> None:
    """Set a fresh process up for executing notebooks: one numerical thread, Jupyter's and IPython's files apart."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ["IPYTHONDIR"] = str(Path(scratch) / "ipython")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(Path(scratch) / "runtime")


def work(order: Order) -> Outcome:
    """Execute an order in this process."""
    from helpers.batch.executor import execute

    return execute(order)
