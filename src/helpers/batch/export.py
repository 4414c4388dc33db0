"""What a run hands on: its pages' index, and its public tables beside them."""

from collections.abc import Sequence
from pathlib import Path

from helpers.batch import provenance
from helpers.batch.dictionary import write_dictionary
from helpers.batch.plan import Plan
from helpers.batch.release import release_tables
from helpers.batch.work import Outcome
from helpers.paths import report_folder
from helpers.reporting import Failure, write_run_index

INDEX = "index.html"
TABLES_FOLDER = "tables"


def export_run(plan: Plan, *, failures: Sequence[Outcome] = ()) -> Path:
    """Write a run's public tables into its report folder and write the index of its pages; return the index.

    Parameters
    ----------
    plan : Plan
    failures : sequence of Outcome
        Notebooks that failed; the index names them, with the cell, the error and their parameters.

    Raises
    ------
    DisclosureRisk
        If the data are restricted and no pattern of withheld counts is safe.
    """
    folder = report_folder(plan.run)
    manifest = provenance.read_json(plan.folder / provenance.MANIFEST)
    release_tables(plan.batch.study, manifest, plan.folder, folder / TABLES_FOLDER)
    write_dictionary(folder / TABLES_FOLDER)
    shown = [Failure(failure.task, _told(plan, failure)) for failure in failures]
    language = plan.batch.settings.languages[0]
    return write_run_index(plan.batch.study, manifest, folder / INDEX, language=language, failures=shown)


def _told(plan: Plan, failure: Outcome) -> str:
    """Return where and how a notebook failed, and with which parameters."""
    tasks = {decision.task.name: decision.task for decision in plan.decisions}
    parameters = tasks[failure.task].parameters.model_dump().items()
    return f"{failure.message} ({', '.join(f'{name} = {value}' for name, value in parameters)})"
