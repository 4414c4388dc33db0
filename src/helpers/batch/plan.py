"""The plan of a batch: which notebooks with which parameters, in which order, and which of them are done already.

01 comes before 02, 02 before every 03, each count's 03 before its 04, and all of them before every 05. A ratio has no
04: nothing rests on it that could be broken. A task is done when the journal says so under the same key; the key is
made of everything that its outputs depend on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from helpers.batch import provenance
from helpers.batch.journal import Entry, read_journal
from helpers.batch.notebooks import notebook_hash, notebook_path
from helpers.batch.parameters import (
    KINDS_TAKEN,
    MODELS,
    Parameters,
    effective_parameters,
    parameters_key,
    unfit_indicator,
)
from helpers.batch.runfile import Batch
from helpers.batch.workspace import step_name
from helpers.errors import MissingStep, UsageError
from helpers.paths import processed_folder, report_folder

Verdict = Literal["done", "run", "left_out"]

CLEAN, DESCRIBE, ESTIMATE, CHECK, REPORT = MODELS
REASONS: Mapping[str, str] = {
    "notebook": "the notebook has changed",
    "parameters": "its parameters have changed",
    "inputs": "files of the study have changed",
    "code": "the code has changed",
    "lock": "the installed packages have changed",
    "needs": "a notebook before it has changed",
}
"""The parts of a task's key, each with what is said when it differs from the last time."""


@dataclass(frozen=True, slots=True)
class Task:
    """One notebook with one set of parameters.

    Attributes
    ----------
    name : str
        Its name within the run, such as ``03_estimate_effect.fires``.
    notebook : str
        The notebook's name.
    parameters : Parameters
        Effective: the study's defaults are filled in.
    needs : tuple of str
        Names of the tasks that must be done before.
    fingerprint : dict
        What its outputs depend on apart from `needs`: one hash for each of the parts in `REASONS`.
    """

    name: str
    notebook: str
    parameters: Parameters
    needs: tuple[str, ...]
    fingerprint: Mapping[str, str] = field(repr=False)

    @property
    def indicator(self) -> str | None:
        """Return the indicator it is about, if any."""
        return getattr(self.parameters, "indicator", None)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a task runs, and why."""

    task: Task
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks of a batch, each after those it needs, with what is to be done about each."""

    batch: Batch
    decisions: tuple[Decision, ...]

    @property
    def run(self) -> str:
        """Return the name of the run."""
        return self.batch.settings.run

    @property
    def folder(self) -> Path:
        """Return the folder of the run's tables."""
        return processed_folder(self.run)

    def with_verdict(self, verdict: Verdict) -> tuple[Decision, ...]:
        """Return the decisions of one kind, in order."""
        return tuple(decision for decision in self.decisions if decision.verdict == verdict)


def make_plan(batch: Batch, *, only: str | None = None, indicator: str | None = None, force: bool = False) -> Plan:
    """Return what a batch has to do.

    Parameters
    ----------
    batch : Batch
        A checked run file.
    only : str, optional
        Run this notebook alone; those before it must have run.
    indicator : str, optional
        Run the tasks of one indicator alone, and what they need.
    force : bool
        Run what is selected even where it is done.

    Raises
    ------
    UsageError
        If the batch does not cover the indicator, or the notebook does not take it.
    MissingStep
        If a notebook is left out by `only` and has not run.
    """
    if indicator is not None and indicator not in batch.indicators:
        raise UsageError(
            f"The run file does not cover indicator “{indicator}”. It covers: {', '.join(batch.indicators)}."
        )
    if indicator is not None and only is not None and only in KINDS_TAKEN:
        wrong = unfit_indicator(indicator, batch.study, only)
        if wrong:
            raise UsageError(wrong)
    tasks = list_tasks(batch)
    selected = _selected(tasks, only=only, indicator=indicator)
    folder = processed_folder(batch.settings.run)
    journal = read_journal(folder)
    stale: set[str] = set()
    decisions = []
    for task in tasks:
        why = _why(task, journal, stale, folder)
        if why:
            stale.add(task.name)
        if task.name not in selected:
            decisions.append(Decision(task, "left_out", why or "done"))
        elif why or force:
            decisions.append(Decision(task, "run", why or "asked for again"))
        else:
            decisions.append(Decision(task, "done", "nothing it depends on has changed"))
    plan = Plan(batch, tuple(decisions))
    _check_needs(plan, journal)
    return plan


def list_tasks(batch: Batch) -> tuple[Task, ...]:
    """Return the tasks of a batch, each after those it needs."""
    maker = _TaskMaker(batch)
    clean = maker.task(CLEAN)
    describe = maker.task(DESCRIBE, needs=[clean])
    estimates = {own: maker.task(ESTIMATE, needs=[clean], indicator=own) for own in batch.indicators}
    checked = [own for own in batch.indicators if not unfit_indicator(own, batch.study, CHECK)]
    checks = [maker.task(CHECK, needs=[estimates[own]], indicator=own) for own in checked]
    needed = [describe, *estimates.values(), *checks]
    reports = [maker.task(REPORT, needs=needed, language=own) for own in batch.settings.languages]
    return (clean, *needed, *reports)


class _TaskMaker:
    """Makes tasks of one batch, hashing what they share once."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.shared = {
            "inputs": provenance.text_hash(repr(sorted(provenance.input_hashes(batch.study).items()))),
            "code": provenance.code_hash(),
            "lock": provenance.lock_hash(),
        }
        self.sources = {notebook: notebook_hash(notebook_path(notebook)) for notebook in MODELS}

    def task(self, notebook: str, *, needs: Sequence[Task] = (), **own: str) -> Task:
        parameters = effective_parameters(self.batch.settings.parameters(notebook, **own), self.batch.study)
        fingerprint = self.shared | {
            "notebook": self.sources[notebook],
            "parameters": provenance.text_hash(parameters.model_dump_json()),
        }
        name = step_name(notebook, parameters_key(parameters, self.batch.study))
        return Task(name, notebook, parameters, tuple(task.name for task in needs), fingerprint)


def task_key(task: Task, keys: Mapping[str, str]) -> dict[str, str]:
    """Return a task's fingerprint completed with the keys under which the tasks before it ran."""
    return {**task.fingerprint, "needs": needs_hash(task.needs, keys)}


def needs_hash(names: Sequence[str], keys: Mapping[str, str]) -> str:
    """Return the part of a task's key that stands for the tasks before it, in their order."""
    return provenance.text_hash(repr([(name, keys.get(name, "")) for name in names]))


def whole_key(parts: Mapping[str, str]) -> str:
    """Return the parts of a key as one hash."""
    return provenance.text_hash(repr(sorted(parts.items())))


def _selected(tasks: Sequence[Task], *, only: str | None, indicator: str | None) -> Collection[str]:
    chosen = [task for task in tasks if indicator is None or task.indicator == indicator]
    if only is not None:
        own = [task for task in chosen if task.notebook == only]
        return {task.name for task in own or [task for task in tasks if task.notebook == only]}
    names = {task.name for task in chosen}
    for task in reversed(tasks):
        if task.name in names:
            names.update(task.needs)
    return names


def _why(task: Task, journal: Mapping[str, Entry], stale: Collection[str], folder: Path) -> str:
    """Return why a task has to run, or "" if it is done."""
    last = journal.get(task.name)
    if last is None:
        return "it has not run yet"
    if last.status != "done":
        return "it failed the last time" if last.status == "failed" else "it was broken off the last time"
    now = task_key(task, {name: journal[name].key for name in task.needs if name in journal})
    changed = [REASONS[part] for part in REASONS if now[part] != last.parts.get(part)]
    if changed:
        return "; ".join(changed)
    if any(name in stale for name in task.needs):
        return "a notebook before it has to run"
    return "" if _has_outputs(task, folder) else "some of its output is gone"


def _has_outputs(task: Task, folder: Path) -> bool:
    part = provenance.read_json(provenance.part_path(folder, task.name))
    outputs: list[Any] = part.get("outputs", [])
    reports = report_folder(folder.name)
    places = [reports / own.removeprefix("reports/") if own.startswith("reports/") else folder / own for own in outputs]
    return bool(part) and executed_path(folder, task.name).is_file() and all(place.is_file() for place in places)


def executed_path(folder: Path, name: str) -> Path:
    """Return where the executed notebook of a task is kept."""
    return folder / "notebooks" / f"{name}.ipynb"


def failed_path(folder: Path, name: str) -> Path:
    """Return where the notebook of a failed task is kept."""
    return folder / "notebooks" / "failed" / f"{name}.ipynb"


def _check_needs(plan: Plan, journal: Mapping[str, Entry]) -> None:
    runs = {decision.task.name for decision in plan.with_verdict("run")}
    done = {name for name, entry in journal.items() if entry.status == "done"}
    for decision in plan.with_verdict("run"):
        missing = [name for name in decision.task.needs if name not in runs and name not in done]
        if missing:
            raise MissingStep(
                f"{decision.task.name} needs {missing[0]}, which has not run. Run notebook {missing[0][:2]} first, "
                "or leave out --only."
            )
