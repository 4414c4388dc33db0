"""The process that kernels come from, run as a script: it forks warm ones, watches all of them, and ends their groups.

It has loaded what takes a notebook seconds to import, and nothing of this project: a kernel must read the code as it is
now. It has one thread, because a forked process is sound only then. Each connection to its socket is one kernel: a line
of JSON asks for it, a line answers, and when either side closes, the kernel's whole process group is ended. When its
own standard input closes, whoever started it is gone, and it ends with all its kernels.

    python kernel_parent.py LISTENING_HANDLE FOLDER_TO_REMOVE warm|cold
"""

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import site
import socket
import subprocess
import sys
import threading
import time
import types
import warnings
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PRELOADED = (
    "numpy.random",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.special",
    "scipy.stats",
    "pydantic",
    "pyarrow.csv",
    "pyarrow.pandas_compat",
    "pandera.pandas",
    "pandera.backends.pandas.builtin_checks",
    "pandera.backends.pandas.container",
    "pandera.backends.pandas.error_formatters",
    "jinja2",
    "babel.dates",
    "babel.numbers",
    "babel.messages.pofile",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "statsmodels.api",
    "diff_diff",
    "python_calamine",
    "openpyxl",
    "xml.sax.saxutils",
    "tomllib",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.magics.execution",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "tornado.platform.asyncio",
    "sqlite3",
    "encodings.idna",
)
"""What the notebooks import of others' packages, and what a kernel itself is made of. Never this project's own."""

NEVER_PRELOADED = "helpers"
STARTS_THREADS = ("polars",)
"""Optional to statsmodels, and its import alone starts threads: hidden while the rest is loaded, importable later."""

START_VARIABLES = ("PYTHON", "LD_", "DYLD_", "MPL", "LC_", "LANG", "TZ", "MALLOC_", "ARROW_", "KMP_", "MKL_", "OMP_")
START_ENDING = "_NUM_THREADS"
"""Variables that are read once, when Python or a library starts: a kernel that sets another value must start cold."""

STYLE_FILE = "matplotlibrc"
"""matplotlib reads one from the working directory when it is imported."""

STREAMS = {"stdout": 1, "stderr": 2}
"""What a kernel may be given to write to; it reads nothing."""

WATCH_SECONDS = 0.25
"""How often limits are looked at: a notebook may be over one for this long."""

DEATH_SIGNAL_OPTION = 1
"""PR_SET_PDEATHSIG of Linux's prctl: the kernel of an ended parent ends too."""


@dataclass
class Kernel:
    """A kernel that runs, and the connection of whoever asked for it."""

    pid: int
    connection: socket.socket
    seconds: float
    memory_bytes: float
    process: "subprocess.Popen[bytes] | None" = None
    over: str = ""
    start: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Child:
    """What a freshly forked process becomes: the kernel that was asked for."""

    argv: list[str]


class KernelParent:
    """The loop of the process: answers requests, notices ends, looks at limits."""

    def __init__(self, listener: socket.socket, why_cold: str) -> None:
        self.listener, self.why_cold = listener, why_cold
        self.selector = selectors.DefaultSelector()
        self.buffers: dict[socket.socket, bytes] = {}
        self.streams: dict[socket.socket, list[int]] = {}
        self.kernels: dict[socket.socket, Kernel] = {}
        self.next_watch = 0.0
        self.woken, waker = os.pipe()
        self.handles = (self.woken, waker)
        for handle in self.handles:
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        listener.setblocking(False)
        for source in (listener, self.woken, 0):
            self.selector.register(source, selectors.EVENT_READ)

    def serve(self) -> Child | None:
        """Serve until standard input closes; return a child's task in a forked child, and None in the parent itself."""
        while True:
            is_watching = any(kernel.seconds or kernel.memory_bytes for kernel in self.kernels.values())
            for key, _ in self.selector.select(WATCH_SECONDS if is_watching else None):
                if key.fileobj == 0:
                    self.end_all()
                    return None
                if key.fileobj == self.woken:
                    drain(self.woken)
                elif key.fileobj is self.listener:
                    self.accept()
                elif isinstance(key.fileobj, socket.socket) and (child := self.read(key.fileobj)):
                    return child
            self.notice_ends()
            self.end_what_is_over()

    def accept(self) -> None:
        """Take a connection, over which a kernel will be asked for."""
        with contextlib.suppress(OSError):
            connection, _ = self.listener.accept()
            connection.setblocking(False)
            self.buffers[connection] = b""
            self.selector.register(connection, selectors.EVENT_READ)

    def read(self, connection: socket.socket) -> Child | None:
        """Do what a connection asks for; in a forked child return what it is to become."""
        try:
            data, handles, _, _ = socket.recv_fds(connection, 1 << 16, len(STREAMS))
        except BlockingIOError:
            return None
        except OSError:
            data, handles = b"", []
        self.streams.setdefault(connection, []).extend(handles)
        if not data:
            self.forget(connection)
            return None
        *lines, self.buffers[connection] = (self.buffers[connection] + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "signal" in message:
                self.signal(self.kernels.get(connection), message["signal"])
            elif child := self.start(connection, message):
                return child
        return None

    def start(self, connection: socket.socket, request: Mapping[str, Any]) -> Child | None:
        """Start the kernel that is asked for; in the forked child return what it is to become."""
        why_cold = self.why_cold or unfit_request(request) or unsafe_process()
        streams = dict(zip(request["streams"], self.streams[connection], strict=True))
        try:
            process = start_cold(request, streams) if why_cold else None
        except OSError as error:
            send(connection, {"failed": str(error)})
            self.forget(connection)
            return None
        pid = process.pid if process else os.fork()
        if pid == 0:
            self.let_go()
            become_kernel(request, streams)
            return Child(request["argv"])
        self.close_streams(connection)
        self.kernels[connection] = Kernel(
            pid, connection, request["seconds"] or 0, request["memory_bytes"] or 0, process
        )
        send(connection, {"pid": pid, "why_cold": why_cold})
        return None

    def close_streams(self, connection: socket.socket) -> None:
        """Close our copies of what a kernel was given to write to."""
        for handle in self.streams.pop(connection, []):
            os.close(handle)

    def signal(self, kernel: Kernel | None, number: int) -> None:
        """Send a signal to a kernel's process group."""
        if kernel is None:
            return
        try:
            os.killpg(kernel.pid, number)
        except OSError:
            # It was forked a moment ago and leads no group yet.
            with contextlib.suppress(OSError):
                os.kill(kernel.pid, number)

    def notice_ends(self) -> None:
        """Tell of every kernel that has ended, after ending what is left of its group.

        It is left a zombie until then: its number cannot be given to another group in between.
        """
        for connection, kernel in list(self.kernels.items()):
            if os.waitid(os.P_PID, kernel.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.signal(kernel, signal.SIGKILL)
                _, status = os.waitpid(kernel.pid, 0)
                code = os.waitstatus_to_exitcode(status)
                if kernel.process:
                    kernel.process.returncode = code
                del self.kernels[connection]
                send(connection, {"exit": code, "over": kernel.over})

    def end_what_is_over(self) -> None:
        """End every kernel that is over one of its limits."""
        now = time.monotonic()
        if not self.kernels or now < self.next_watch:
            return
        self.next_watch = now + WATCH_SECONDS
        memory = group_memory({kernel.pid for kernel in self.kernels.values() if kernel.memory_bytes})
        for kernel in self.kernels.values():
            if kernel.seconds and now - kernel.start > kernel.seconds:
                kernel.over = "seconds"
            elif kernel.memory_bytes and memory[kernel.pid] > kernel.memory_bytes:
                kernel.over = "memory"
            if kernel.over:
                self.signal(kernel, signal.SIGKILL)

    def forget(self, connection: socket.socket) -> None:
        """End the kernel of a connection that was closed."""
        kernel = self.kernels.pop(connection, None)
        if kernel:
            self.signal(kernel, signal.SIGKILL)
            os.waitpid(kernel.pid, 0)
            if kernel.process:
                kernel.process.returncode = -signal.SIGKILL
        self.close_streams(connection)
        self.selector.unregister(connection)
        self.buffers.pop(connection)
        connection.close()

    def end_all(self) -> None:
        """End every kernel, because whoever started this process is gone."""
        for connection in list(self.buffers):
            self.forget(connection)

    def let_go(self) -> None:
        """Drop, in a forked child, all that belongs to the parent."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        self.selector.close()
        for own in (self.listener, *self.buffers):
            own.close()
        for handle in self.handles:
            os.close(handle)


def preload() -> str:
    """Load what notebooks need; return why no kernel can be forked from this process, or ""."""
    if not Path("/proc/self/task").is_dir():
        return "this system does not tell whether a process has one thread"
    hidden: Any = dict.fromkeys(STARTS_THREADS)
    sys.modules.update(hidden)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with looks_like_kernel():
            importlib.import_module("pandas")
        for name in PRELOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    for name in STARTS_THREADS:
        del sys.modules[name]
    gc.collect()
    gc.freeze()
    return unsafe_process()


@contextlib.contextmanager
def looks_like_kernel() -> Iterator[None]:
    """Have pandas find a kernel about it: when it is imported it decides how many columns a table shows there."""
    names: Any = builtins
    names.get_ipython = lambda: types.SimpleNamespace(kernel=None)
    try:
        yield
    finally:
        del names.get_ipython


def unsafe_process() -> str:
    """Return why this process must not be forked, or ""."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1 or threading.active_count() != 1:
        return f"the process that would be forked has {max(threads, threading.active_count())} threads"
    if NEVER_PRELOADED in sys.modules:
        return f"the process that would be forked has loaded {NEVER_PRELOADED}"
    if package_times() != PACKAGE_TIMES:
        return "packages were installed since the process that would be forked has loaded them"
    return ""


def package_times() -> tuple[int, ...]:
    """Return when the folders of installed packages last changed."""
    folders = [Path(folder) for folder in site.getsitepackages()]
    return tuple(folder.stat().st_mtime_ns for folder in folders if folder.is_dir())


def unfit_request(request: Mapping[str, Any]) -> str:
    """Return why a kernel with these arguments cannot be forked from this process, or ""."""
    argv, environment = request["argv"], request["env"]
    if not is_own_python(argv[0]) or argv[1:3] != ["-m", "ipykernel_launcher"]:
        return "the kernel is not this Python's"
    mine, wanted = start_variables(OWN_ENVIRONMENT), start_variables(environment)
    differing = sorted(name for name in {*mine, *wanted} if mine.get(name) != wanted.get(name))
    if differing:
        return f"the kernel wants another {', '.join(differing)}"
    if (Path(request["cwd"]) / STYLE_FILE).is_file():
        return f"there is a {STYLE_FILE} in {request['cwd']}"
    return ""


def is_own_python(executable: str) -> bool:
    """Whether an executable is the one of this process, whatever link of the same folder names it."""
    path = Path(executable)
    own = Path(sys.executable)
    return path.parent == own.parent and path.resolve() == own.resolve()


def start_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are read only when something starts."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(START_VARIABLES) or name.endswith(START_ENDING)
    }


def start_cold(request: Mapping[str, Any], streams: Mapping[str, int]) -> "subprocess.Popen[bytes]":
    """Start a kernel as a new process; it watches its parent by itself."""
    return subprocess.Popen(
        request["argv"],
        cwd=request["cwd"],
        env={**request["env"], "JPY_PARENT_PID": str(os.getpid())},
        stdin=subprocess.DEVNULL,
        stdout=streams.get("stdout"),
        stderr=streams.get("stderr"),
        start_new_session=True,
    )


def become_kernel(request: Mapping[str, Any], streams: Mapping[str, int]) -> None:
    """Turn a freshly forked process into what a freshly started one would be."""
    os.setsid()
    parent = os.getppid()
    ctypes.CDLL(None).prctl(DEATH_SIGNAL_OPTION, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for name, handle in streams.items():
        os.dup2(handle, STREAMS[name])
        os.close(handle)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    random.seed()
    sys.modules["numpy.random"].seed()


def run_kernel(child: Child) -> None:
    """Run a kernel until it is shut down; figures are told to be inline, or they would be lost without a word."""
    launcher = importlib.import_module("ipykernel_launcher")
    sys.argv = [str(launcher.__file__), *child.argv[3:], "--IPKernelApp.matplotlib=inline"]
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()


def group_memory(groups: Set[int]) -> dict[int, int]:
    """Return the resident memory of process groups, in bytes."""
    memory = dict.fromkeys(groups, 0)
    if not groups:
        return memory
    psutil = importlib.import_module("psutil")
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            if (group := os.getpgid(pid)) in memory:
                memory[group] += psutil.Process(pid).memory_info().rss
    return memory


def drain(handle: int) -> None:
    """Read what was written to wake this process up."""
    with contextlib.suppress(BlockingIOError):
        while os.read(handle, 1 << 10):
            pass


def send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    """Send a line; that nobody is there any more is noticed elsewhere."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(message).encode() + b"\n")


def main() -> Child | None:
    """Serve; return in a forked child what it is to become."""
    handle, folder, kind = sys.argv[1:]
    sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]
    why_cold = preload() if kind == "warm" else "asked for"
    with socket.socket(fileno=int(handle)) as listener:
        child = KernelParent(listener, why_cold).serve()
    if child is None:
        shutil.rmtree(folder, ignore_errors=True)
    return child


PACKAGE_TIMES = package_times()
OWN_ENVIRONMENT = dict(os.environ)
"""As it was started: what is loaded sets variables of its own."""

if __name__ == "__main__":
    BECOMES = main()
    if BECOMES is not None:
        run_kernel(BECOMES)
