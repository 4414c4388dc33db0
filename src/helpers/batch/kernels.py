"""Kernels as processes: starting the parent that they come from, and asking it for one.

The parent (`kernel_parent`, a script) is named to other processes by `PARENT_VARIABLE`. A process without one starts
its own when it first wants a kernel, and that lives as long as the process.
"""

import atexit
import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from helpers.batch.work import NO_LIMITS, ONE_THREAD, PARENT_VARIABLE, Limits

SCRIPT = Path(__file__).with_name("kernel_parent.py")
SOCKET = "kernels"
BACKLOG = 128
"""Kernels that may be asked for at the same moment."""

NO_STREAMS: Mapping[str, int] = {}
OF_THE_PARENT = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""Its own variables, not its kernels': arrow's allocator starts no thread, and the debugger says nothing at import."""

START_SECONDS = 300
"""Loading takes the parent a few seconds; a very busy machine may need long."""

KIND_VARIABLE = "MODEL_WARDS_KERNELS"
"""Set it to ``cold`` to have every kernel started from nothing, for whoever suspects that it makes a difference."""

END_SECONDS = 10
"""What has been killed is gone within milliseconds; a process in the kernel of a failing disk may never be."""

Kind = Literal["warm", "cold"]


class KernelUnavailable(OSError):
    """No kernel came from the parent: there is none on this system, it is gone, or it could not start one."""


def default_kind() -> Kind:
    """Return which kernels there are unless told otherwise: warm ones, but for `KIND_VARIABLE`."""
    return "cold" if os.environ.get(KIND_VARIABLE) == "cold" else "warm"


def has_parent() -> bool:
    """Whether this system can have kernels watched by a parent at all."""
    return hasattr(socket, "AF_UNIX") and hasattr(os, "setsid")


@dataclass
class KernelParent:
    """The running parent of kernels: where it listens, and the process."""

    address: str
    process: "subprocess.Popen[bytes]"

    def close(self) -> None:
        """End it and every kernel it has; it removes its own folder."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_parent(kind: Kind) -> KernelParent:
    """Start a parent of kernels; it answers at once, though a first warm kernel waits until everything is loaded.

    It leads a session of its own: what is typed or signalled to the group of this process does not reach it, and it
    can still end its kernels when this process is gone.
    """
    folder = tempfile.mkdtemp(prefix="model-wards-")
    address = str(Path(folder) / SOCKET)
    environment = with_one_thread(os.environ) | OF_THE_PARENT
    environment.pop("JPY_PARENT_PID", None)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(address)
            listener.listen(BACKLOG)
            process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(listener.fileno()), folder, kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=environment,
                cwd=folder,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise KernelUnavailable(f"the process that kernels come from cannot be started: {error}") from error
    return KernelParent(address, process)


def with_one_thread(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which numerical libraries use one thread unless it says otherwise.

    A process with more cannot be forked soundly, and sums in another order would give other last digits.
    """
    return {**dict.fromkeys(ONE_THREAD, "1"), **environment}


@contextmanager
def kernel_parent(kind: Kind) -> Iterator[str]:
    """Yield the address of a parent for the time of a batch; "" on a system that can have none."""
    if not has_parent():
        yield ""
        return
    parent = start_parent(kind)
    try:
        yield parent.address
    finally:
        parent.close()


_OWN: list[KernelParent] = []
_STARTING = threading.Lock()


def parent_address() -> str:
    """Return the address of the parent that this process is to use, starting its own if it was given none.

    Raises
    ------
    KernelUnavailable
        If the system can have none.
    """
    named = os.environ.get(PARENT_VARIABLE, "")
    if named and Path(named).exists():
        return named
    if not has_parent():
        raise KernelUnavailable("this system cannot fork")
    with _STARTING:
        if not _OWN or _OWN[0].process.poll() is not None:
            _OWN[:] = [start_parent(default_kind())]
            atexit.register(_OWN[0].close)
        return _OWN[0].address


@dataclass
class KernelProcess:
    """A kernel that a parent watches for us, with what `subprocess.Popen` would offer of it.

    Attributes
    ----------
    pid : int
        Its number, which is also that of its process group.
    why_cold : str
        Why it was not forked from a warm parent; "" if it was.
    over : {"", "seconds", "memory"}
        Which of its limits it was ended for.
    """

    connection: socket.socket
    pid: int
    why_cold: str
    over: str = ""
    returncode: int | None = None
    stdin: None = None
    stdout: None = None
    stderr: None = None
    _unread: bytes = field(default=b"", repr=False)

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self.returncode if self.returncode is not None else self._read(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code once it has ended, or None after `timeout` seconds."""
        return self.returncode if self.returncode is not None else self._read(timeout)

    def send_signal(self, number: int) -> None:
        """Send a signal to its process group."""
        if self.returncode is None:
            with contextlib.suppress(OSError):
                self.connection.sendall(_line({"signal": int(number)}))

    def kill(self) -> None:
        """End its process group at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask its process group to end."""
        self.send_signal(signal.SIGTERM)

    def _read(self, timeout: float | None) -> int | None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            if not selector.select(timeout):
                return None
        line, self._unread = _read_line(self.connection, self._unread)
        if not line:
            # The parent is gone, and the kernel with it; others of its group may be left.
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        told: dict[str, Any] = json.loads(line) if line else {"exit": -signal.SIGKILL, "over": ""}
        self.returncode, self.over = int(told["exit"]), str(told["over"])
        self.connection.close()
        return self.returncode


def start_kernel(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str,
    limits: Limits = NO_LIMITS,
    streams: Mapping[str, int] = NO_STREAMS,
) -> KernelProcess:
    """Start a kernel, warm if it can be.

    Parameters
    ----------
    argv : sequence of str
        Its command line; one of this interpreter's ``-m ipykernel_launcher`` can be warm.
    environment : mapping
        All its environment variables.
    folder : str
        Its working directory.
    limits : Limits
    streams : mapping
        Open handles for its stdout and stderr; default: those of the process that started the parent.

    Raises
    ------
    KernelUnavailable
        If there is no parent, or it could not start the kernel.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    request = {
        "argv": list(argv),
        "env": dict(environment),
        "cwd": folder,
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "streams": list(streams),
    }
    try:
        connection.settimeout(START_SECONDS)
        connection.connect(parent_address())
        _send(connection, _line(request), list(streams.values()))
        line, unread = _read_line(connection, b"")
        told = json.loads(line) if line else {"failed": "the process that kernels come from has ended"}
        if "failed" in told:
            raise KernelUnavailable(told["failed"])
        connection.settimeout(None)
    except OSError as error:
        connection.close()
        raise error if isinstance(error, KernelUnavailable) else KernelUnavailable(str(error)) from error
    return KernelProcess(connection, int(told["pid"]), str(told["why_cold"]), _unread=unread)


def _send(connection: socket.socket, line: bytes, handles: list[int]) -> None:
    sent = socket.send_fds(connection, [line], handles) if handles else 0
    connection.sendall(line[sent:])


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _read_line(connection: socket.socket, before: bytes) -> tuple[bytes, bytes]:
    """Return the next line, or b"" if the other side is gone, and what came after it."""
    data = before
    while b"\n" not in data:
        try:
            more = connection.recv(1 << 12)
        except ConnectionError:
            more = b""
        if not more:
            return b"", b""
        data += more
    line, _, rest = data.partition(b"\n")
    return line, rest
