"""A kernel provisioner of jupyter_client whose kernels start warm: papermill, nbclient, nbval and JupyterLab take it.

A kernelspec names it in ``metadata.kernel_provisioner.provisioner_name``. Where a warm kernel cannot be had, or would
not be what was asked for, the kernel starts cold; the provisioner's `why_cold` and one line in the log say why.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers.batch.kernels import KernelProcess, KernelUnavailable, start_kernel, with_one_thread
from helpers.batch.work import NO_LIMITS, Limits

NAME = "model-wards-warm"
STREAMS = ("stdout", "stderr")
PASSED = frozenset({"env", "cwd", *STREAMS})
"""What a kernel from the parent can be given; with anything else (a shell, say) it starts as usual."""

ENDED_SECONDS = 1.0
"""How long a kill is waited for before the usual, slower waiting takes over."""
PAUSE_SECONDS = 0.002


class WarmProvisioner(LocalProvisioner):
    """Starts kernels from a warm parent, and manages them as the local provisioner does its own.

    Attributes
    ----------
    limits : Limits
        What a kernel may use before it is ended.
    why_cold : str
        Why the last kernel was not warm; "" if it was.
    """

    limits: Limits = NO_LIMITS
    why_cold: str = ""
    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel, warm if it can be, and return how to reach it."""
        own = {name: value for name, value in self._scrub_kwargs(kwargs).items() if value is not None}
        try:
            if not own.keys() <= PASSED:
                raise KernelUnavailable("it wants " + ", ".join(sorted(own.keys() - PASSED)))
            loop = asyncio.get_running_loop()
            self.process = await loop.run_in_executor(None, self._start, cmd, own)
        except KernelUnavailable as error:
            self.why_cold = str(error)
            self.log.info("The kernel starts cold: %s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.why_cold = self.process.why_cold
        if self.why_cold:
            self.log.info("The kernel starts cold: %s", self.why_cold)
        self.pid, self.pgid, self.cwd = self.process.pid, None, own.get("cwd") or Path.cwd()
        return self.connection_info

    def _start(self, cmd: list[str], own: Mapping[str, Any]) -> KernelProcess:
        with ExitStack() as opened:
            return start_kernel(
                [str(Path(cmd[0]).expanduser()), *cmd[1:]],
                environment=with_one_thread(own.get("env") or os.environ),
                folder=str(own.get("cwd") or Path.cwd()),
                limits=self.limits,
                streams={name: _handle(own[name], opened) for name in STREAMS if name in own},
            )

    @property
    def over(self) -> str:
        """Return which limit the kernel was ended for, or ""."""
        return getattr(self.process, "over", "")

    async def kill(self, restart: bool = False) -> None:
        """End the kernel's process group, and give it the few milliseconds that this takes."""
        await super().kill(restart=restart)
        until = time.monotonic() + ENDED_SECONDS
        while await self.poll() is None and time.monotonic() < until:
            await asyncio.sleep(PAUSE_SECONDS)


def _handle(stream: Any, opened: ExitStack) -> int:
    """Return the open handle of what `subprocess.Popen` would take as a stream."""
    if stream == subprocess.DEVNULL:
        return opened.enter_context(Path(os.devnull).open("w")).fileno()
    handle = stream if isinstance(stream, int) else stream.fileno()
    if handle < 0:
        raise KernelUnavailable("it wants its output in a pipe")
    return int(handle)
