"""Execution of a plan: notebooks in worker processes, as many at a time as asked for, each after those it needs.

Every state goes to the run's journal at once, so finished work is kept whatever happens. A notebook that fails is kept
as far as it got, those that need it are skipped, and the others go on. When this process ends, its workers and their
kernels end with it, whether it was asked to or not.
"""

import os
import platform
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from pathlib import Path

from helpers.batch import provenance, tables
from helpers.batch.journal import Entry, append_entry, read_journal
from helpers.batch.kernels import Kind, default_kind, kernel_parent
from helpers.batch.notebooks import notebook_path
from helpers.batch.plan import Plan, Task, executed_path, failed_path, task_key, whole_key
from helpers.batch.run_lock import locked_run, remove_unfinished
from helpers.batch.work import Limits, Order, Outcome, prepare_worker, work
from helpers.paths import project_root, report_folder

TIMINGS = "timings.json"
NOTEBOOK_SECONDS = 6 * 3600.0
"""Beyond the slowest notebook known, hours on every ward of a country; and a batch left overnight ends by morning."""

MEMORY_SHARE = 0.9
"""Of the machine's memory, over all notebooks at a time: beyond it the system ends processes of its own choice."""

Listener = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A task that was not started, because one that it needs has failed."""

    task: str
    failed: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a batch ended: every outcome in order of ending, and what was skipped."""

    outcomes: tuple[Outcome, ...]
    skipped: tuple[Skipped, ...]

    @property
    def why_cold(self) -> tuple[str, ...]:
        """Return why kernels started cold, each reason once; empty if all were warm."""
        return tuple(sorted({one.why_cold for one in self.outcomes if one.why_cold}))

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Return the outcomes of the notebooks that failed, in order of their names."""
        return tuple(sorted((one for one in self.outcomes if one.status == "failed"), key=lambda one: one.task))


@dataclass
class _Progress:
    """What has become of each task so far; `keys` are those under which tasks were done, now or before."""

    waiting: list[Task]
    keys: dict[str, str]
    failed: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def default_jobs() -> int:
    """Return how many notebooks run at a time unless told otherwise: the cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def default_limits(jobs: int) -> Limits:
    """Return what one notebook may use unless told otherwise, where `jobs` run at a time."""
    known = getattr(os, "sysconf_names", {})
    has_size = {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(known)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if has_size else 0
    return Limits(seconds=NOTEBOOK_SECONDS, memory_bytes=MEMORY_SHARE * memory / jobs)


def execute_plan(
    plan: Plan, *, jobs: int, listener: Listener, limits: Limits | None = None, kernels: Kind | None = None
) -> RunResult:
    """Execute what a plan says must run, then bring the run's tables, manifest and timings up to date.

    Parameters
    ----------
    plan : Plan
    jobs : int
        Notebooks at a time.
    listener : callable
        Told of every outcome as it comes.
    limits : Limits, optional
        What one notebook may use; default: `default_limits`.
    kernels : {"warm", "cold"}, optional
        Whether kernels are forked from a process that has loaded the packages, where they can be; default: they are.

    Raises
    ------
    UsageError
        If another process executes this run; nothing was started then.
    UnwritableOutput
        If the run's folder cannot be written; nothing was started then.
    """
    with locked_run(plan.folder):
        remove_unfinished(plan.folder, report_folder(plan.run))
        return _execute(plan, jobs, listener, limits or default_limits(jobs), kernels or default_kind())


def _execute(plan: Plan, jobs: int, listener: Listener, limits: Limits, kernels: Kind) -> RunResult:
    forget_others(plan)
    to_run = [decision.task for decision in plan.with_verdict("run")]
    names = {task.name for task in to_run}
    entries = read_journal(plan.folder).values()
    keys = {one.task: one.key for one in entries if one.status == "done" and one.task not in names}
    progress = _Progress(waiting=to_run, keys=keys)
    is_broken = bool(to_run)
    while is_broken:
        with _workers(min(jobs, len(to_run)), kernels) as pool:
            is_broken = _drain(plan, progress, pool, jobs, limits, listener)
    finish(plan, progress.outcomes)
    return RunResult(tuple(progress.outcomes), tuple(progress.skipped))


@contextmanager
def _workers(count: int, kernels: Kind) -> Iterator[ProcessPoolExecutor]:
    """Yield worker processes; they are ended at once if this is left by an error, such as Ctrl-C."""
    before = set(active_children())
    with kernel_parent(kernels) as address, _scratch(address) as scratch:
        pool = ProcessPoolExecutor(
            max_workers=count,
            mp_context=get_context("spawn"),
            initializer=prepare_worker,
            initargs=(scratch, address),
        )
        try:
            yield pool
        except BaseException:
            with _interrupts_later():
                for worker in set(active_children()) - before:
                    worker.terminate()
                pool.shutdown(wait=True, cancel_futures=True)
            raise
        pool.shutdown(wait=True)


@contextmanager
def _scratch(address: str) -> Iterator[str]:
    """Yield a folder for temporary files: that of the kernels' parent, which outlives us, or one of our own."""
    if address:
        yield str(Path(address).parent)
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Let Ctrl-C wait: a process that starts now never feels it, and an end is not broken off half-way."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _drain(
    plan: Plan, progress: _Progress, pool: ProcessPoolExecutor, jobs: int, limits: Limits, listener: Listener
) -> bool:
    """Run until nothing is left, or until a worker process dies and the pool with it; return whether one did."""
    running: dict[Future[Outcome], tuple[Task, Entry]] = {}
    is_broken = False
    while True:
        _skip_dependents(progress)
        while not is_broken and len(running) < jobs and (task := _next_ready(progress)) is not None:
            entry = _started(plan, task, progress.keys)
            with _interrupts_later():
                running[pool.submit(work, _order(plan, task, limits))] = (task, entry)
        if not running:
            return is_broken
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, entry = running.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool:
                is_broken = True
                words = "its process ended without a word; it may have been out of memory. Try fewer --jobs."
                outcome = Outcome(task.name, "failed", 0.0, "BrokenProcessPool", words)
            _record(plan, progress, entry, outcome)
            listener(outcome)


def _next_ready(progress: _Progress) -> Task | None:
    for task in progress.waiting:
        if progress.keys.keys() >= set(task.needs):
            progress.waiting.remove(task)
            return task
    return None


def _skip_dependents(progress: _Progress) -> None:
    for task in list(progress.waiting):
        lost = [name for name in task.needs if name in progress.failed]
        if lost:
            progress.waiting.remove(task)
            progress.failed.add(task.name)
            causes = {own.task: own.failed for own in progress.skipped}
            progress.skipped.append(Skipped(task.name, causes.get(lost[0], lost[0])))


def _order(plan: Plan, task: Task, limits: Limits) -> Order:
    return Order(
        task=task.name,
        notebook=notebook_path(task.notebook),
        parameters=task.parameters.model_dump(),
        executed=executed_path(plan.folder, task.name),
        failed=failed_path(plan.folder, task.name),
        limits=limits,
    )


def _started(plan: Plan, task: Task, keys: Mapping[str, str]) -> Entry:
    parts = task_key(task, keys)
    entry = Entry(task=task.name, status="started", key=whole_key(parts), parts=parts)
    append_entry(plan.folder, entry)
    return entry


def _record(plan: Plan, progress: _Progress, entry: Entry, outcome: Outcome) -> None:
    ended = Entry(
        task=entry.task,
        status=outcome.status,
        key=entry.key,
        parts=entry.parts,
        seconds=round(outcome.seconds, 2),
        message=outcome.message,
        phases=outcome.phases,
    )
    append_entry(plan.folder, ended)
    progress.outcomes.append(outcome)
    if outcome.status == "done":
        progress.keys[entry.task] = entry.key
    else:
        progress.failed.add(entry.task)


def forget_others(plan: Plan) -> None:
    """Remove what former run files left in this run's folder: parts and notebooks of tasks that the plan has not.

    Otherwise an indicator dropped from the run file would still stand in the tables that the findings are made of.
    """
    own = {decision.task.name for decision in plan.decisions}
    for name, part in provenance.read_parts(plan.folder).items():
        if name not in own:
            for output in part.get("outputs", []):
                if output.startswith(f"{tables.PARTS}/"):
                    (plan.folder / output).unlink(missing_ok=True)
            executed_path(plan.folder, name).unlink(missing_ok=True)
            failed_path(plan.folder, name).unlink(missing_ok=True)
            provenance.part_path(plan.folder, name).unlink()


def finish(plan: Plan, outcomes: Sequence[Outcome] = ()) -> None:
    """Gather the tables that lie in parts, and write the run's manifest and timings."""
    tables.gather_tables(plan.folder)
    manifest = provenance.compose_manifest(plan.batch.study, plan.run, provenance.read_parts(plan.folder))
    provenance.write_json(manifest, plan.folder / provenance.MANIFEST)
    own = {decision.task.name for decision in plan.decisions}
    entries = {name: entry for name, entry in read_journal(plan.folder).items() if name in own}
    timings = {
        "host": platform.node(),
        "commit": _commit(),
        "kernels": Counter(one.why_cold or "warm" for one in outcomes),
        "seconds": {name: entry.seconds for name, entry in entries.items()},
        "phases": {name: dict(entry.phases) for name, entry in entries.items()},
    }
    provenance.write_json(timings, plan.folder / TIMINGS)


def _commit() -> str:
    """Return the commit of the checkout, or "" where there is no git."""
    command = ["git", "-C", str(project_root()), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
