"""What a run hands on: its pages' index, and copies of its tables beside them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from helpers.batch import provenance, tables
from helpers.batch.plan import Plan
from helpers.batch.work import Outcome
from helpers.batch.workspace import refuse_restricted
from helpers.paths import report_folder, written_beside
from helpers.reporting import Failure, write_run_index

INDEX = "index.html"
KEPT_BACK = ("cleaning_log", "cleaning_furniture")
"""Tables of every decision on every cell: too long to hand on, and at home under data/processed."""


def export_run(plan: Plan, *, failures: Sequence[Outcome] = ()) -> Path:
    """Copy a run's tables into its report folder and write the index of its pages; return the index.

    Parameters
    ----------
    plan : Plan
    failures : sequence of Outcome
        Notebooks that failed; the index names them.

    Raises
    ------
    UsageError
        If the study's data are restricted.
    """
    refuse_restricted(plan.batch.study)
    folder = report_folder(plan.run)
    for name in sorted(set(tables.TABLES) - set(KEPT_BACK)):
        source = plan.folder / f"{name}.csv"
        if source.is_file():
            with written_beside(folder / "tables" / source.name) as beside:
                shutil.copyfile(source, beside)
    manifest = provenance.read_json(plan.folder / provenance.MANIFEST)
    shown = [Failure(failure.task, failure.message) for failure in failures]
    language = plan.batch.settings.languages[0]
    return write_run_index(plan.batch.study, manifest, folder / INDEX, language=language, failures=shown)
