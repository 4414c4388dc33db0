"""What a notebook works with: its checked parameters, its study and design, the tables before it, and where its own go.

A notebook's first cell is `begin_step`; everything it needs to know of files, folders and other notebooks is behind
the `Step` that this returns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.batch import provenance, tables
from helpers.batch.parameters import (
    MODELS,
    DesignParameters,
    DrawParameters,
    Parameters,
    effective_parameters,
    notebook_named,
    parameters_key,
    unfit_indicator,
)
from helpers.errors import MissingStep, UsageError
from helpers.panel import indicators_in, read_panel, write_panel
from helpers.paths import processed_folder, report_folder
from helpers.study import Design, Indicator, Study, Worlds, build_design, build_worlds, load_study

PANEL = "panel"
PANEL_FILE = "panel.parquet"
CACHE = "cache"
FIRST, LAST = next(iter(MODELS)), list(MODELS)[-1]
NEEDED_TABLES: Mapping[str, tuple[str, ...]] = {
    "01_clean_program_data": (),
    "02_describe_design": (PANEL,),
    "03_estimate_effect": (PANEL,),
    "04_check_robustness": (PANEL, "estimates"),
    "05_report_findings": (PANEL, "design", "estimates", "counterfactual", "silent_wards", "checks", "check_details"),
}
FINDINGS_TABLES = ("cleaning_account", "breaks", *NEEDED_TABLES["05_report_findings"][1:])


def begin_step(notebook: str, **parameters: Any) -> "Step":
    """Begin a notebook: check its parameters, load its study, and see that the notebooks before it have run.

    Parameters
    ----------
    notebook : str
        The notebook's name or number.
    **parameters
        The values of its parameters cell.

    Returns
    -------
    Step

    Raises
    ------
    UsageError
        For a wrong parameter, or a run name that another study's tables lie under.
    DataProblems
        If the study folder is not valid.
    MissingStep
        If a notebook before this one has not run; the message names it.
    """
    name = notebook_named(notebook)
    checked = MODELS[name].checked(parameters)
    study = load_study(checked.study)
    wrong = unfit_indicator(checked.indicator, study, name) if isinstance(checked, DrawParameters) else ""
    if wrong:
        raise UsageError(wrong)
    step = Step(
        notebook=name, parameters=effective_parameters(checked, study), study=study, key=parameters_key(checked, study)
    )
    _check_run(step)
    for table in NEEDED_TABLES[name]:
        _check_table(step, table)
    step.record()
    if name == LAST:
        tables.gather_tables(step.folder)
        provenance.write_json(step.manifest, step.folder / provenance.MANIFEST)
    return step


@dataclass(frozen=True)
class Step:
    """One notebook of a run, begun.

    Attributes
    ----------
    notebook : str
        Name of the notebook, such as ``03_estimate_effect``.
    parameters : Parameters
        Its effective parameters: every "study's default" is filled in.
    study : Study
        The study, read and checked.
    key : str
        What tells this step from the run's other ones of the same notebook; "" if there can be no other.
    """

    notebook: str
    parameters: Parameters
    study: Study
    key: str
    _outputs: set[str] = field(default_factory=set, repr=False, compare=False)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in self.parameters.model_dump().items()
        )
        return f"<table>{rows}</table>"

    @property
    def name(self) -> str:
        """Return the name of this step within its run, such as ``03_estimate_effect.fires``."""
        return step_name(self.notebook, self.key)

    @property
    def folder(self) -> Path:
        """Return the folder of the run's tables."""
        return processed_folder(self.parameters.run)

    @property
    def cache(self) -> Path:
        """Return the folder in which notebook 01 keeps what it read, so that an unchanged file is not read twice.

        It lies with the run's tables, because it holds what the returns hold.
        """
        return self.folder / CACHE

    @property
    def report_folder(self) -> Path:
        """Return the folder of the run's pages."""
        return report_folder(self.parameters.run)

    @cached_property
    def design(self) -> Design:
        """Return the design under this step's choices of timing, reading, roster, donut and window.

        Notebook 05, which takes no such choices, has the design that the notebooks before it were run with.
        """
        return build_design(self.study, roster=self._choices.get("roster"), **self._world_choices)

    @cached_property
    def worlds(self) -> Worlds:
        """Return every roster that the sources admit under this step's timing, reading, donut and window."""
        return build_worlds(self.study, **self._world_choices)

    @property
    def indicator(self) -> Indicator:
        """Return the indicator of a step of notebook 03 or 04.

        Raises
        ------
        UsageError
            If the study has no such indicator, or the notebook takes none.
        """
        if not isinstance(self.parameters, DrawParameters):
            raise UsageError(f"Notebook {self.notebook} takes no indicator.")
        return self.study.indicator(self.parameters.indicator)

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Return the counts that the run's panel holds, in the study's order."""
        held = set(indicators_in(self.panel))
        counts = [one.indicator for one in self.study.indicators if one.kind == "count"]
        return tuple(name for name in counts if name in held)

    @property
    def family(self) -> tuple[str, ...]:
        """Return the ids of the declared family of outcomes, over which p-values are adjusted."""
        return tuple(one.indicator for one in self.study.indicators if one.in_family and not one.is_descriptive_only)

    @property
    def primary(self) -> str:
        """Return the id of the study's primary indicator."""
        return next(one.indicator for one in self.study.indicators if one.is_primary)

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Return the run's panel, as `helpers.panel` describes it."""
        return read_panel(self.folder / PANEL_FILE)

    def wards(self, ward_ids: Iterable[str]) -> pd.DataFrame:
        """Return wards by name: ``ward_id``, ``ward_name_vi``, ``town_code``, in order of their ids."""
        wanted, columns = set(ward_ids), ["ward_id", "ward_name_vi", "town_code"]
        rows = [(ward.ward_id, ward.ward_name_vi, ward.town_code) for ward in self.study.wards]
        return pd.DataFrame(sorted(row for row in rows if row[0] in wanted), columns=columns)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the run: all that the notebooks before have written to it."""
        return tables.read_table(name, self.folder)

    @property
    def findings_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that the findings are written from, by name; of restricted data with what wards add."""
        found = {name: self.table(name) for name in FINDINGS_TABLES}
        if self.study.is_controlled:
            # Notebooks 01 to 04 begin without loading what only the last one needs.
            from helpers.reporting.disclosure import CONTRIBUTIONS, ward_contributions

            indicators = sorted(set(found["counterfactual"]["indicator"]))
            found[CONTRIBUTIONS] = ward_contributions(self.panel, self.design, indicators)
        return found

    def save(self, table: pd.DataFrame, name: str) -> None:
        """Write a table of the run, or this step's part of it, whole or not at all.

        What every row of the step has in common (run, study, indicator) is filled in where the table asks for it.
        """
        if name == PANEL:
            target = self.folder / PANEL_FILE
            write_panel(table, target)
        else:
            target = tables.write_table(self._completed(table, name), name, self.folder, key=self.key)
        self._outputs.add(target.relative_to(self.folder).as_posix())
        self.record()

    def save_tables(self, **by_name: pd.DataFrame) -> None:
        """Write several tables, each under its keyword."""
        for name, table in by_name.items():
            self.save(table, name)

    def record_pages(self, paths: Iterable[Path]) -> None:
        """Record files written into the run's report folder as this step's outputs."""
        self._outputs.update(f"reports/{path.relative_to(self.report_folder).as_posix()}" for path in paths)
        self.record()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Return the run's manifest up to this notebook: itself and the notebooks before it, no later or other ones."""
        parts = provenance.read_parts(self.folder)
        kept = {name: part for name, part in parts.items() if part["notebook"] < self.notebook or name == self.name}
        return provenance.compose_manifest(self.study, self.parameters.run, kept)

    def record(self) -> None:
        """Write this step's part of the manifest: its effective parameters and what it has saved so far."""
        part = {
            "notebook": self.notebook,
            "parameters": self.parameters.model_dump(),
            "outputs": sorted(self._outputs),
        }
        provenance.write_json(part, provenance.part_path(self.folder, self.name))

    def _completed(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        common = {"run": self.parameters.run, "study": self.study.study, "period": ""}
        if isinstance(self.parameters, DrawParameters):
            common["indicator"] = self.parameters.indicator
        wanted = tables.table_named(name).columns
        return table.assign(
            **{name: value for name, value in common.items() if name in wanted and name not in table.columns}
        )

    @property
    def _choices(self) -> dict[str, Any]:
        if isinstance(self.parameters, DesignParameters):
            return self.parameters.model_dump()
        before = [part for part in self.manifest["notebooks"].values() if "timing" in part["parameters"]]
        return dict(before[0]["parameters"]) if before else {}

    @property
    def _world_choices(self) -> dict[str, Any]:
        own = self._choices
        window = (own["window_first"], own["window_last"]) if own else None
        return {name: own.get(name) for name in ("timing", "reading", "anticipation")} | {"window": window}


def step_name(notebook: str, key: str) -> str:
    """Return the name of a step within its run.

    Examples
    --------
    >>> step_name("03_estimate_effect", "fires"), step_name("02_describe_design", "")
    ('03_estimate_effect.fires', '02_describe_design')
    """
    return f"{notebook}.{key}" if key else notebook


def _check_run(step: Step) -> None:
    first = provenance.read_parts(step.folder).get(FIRST)
    if step.notebook != FIRST and first and first["parameters"]["study"] != step.parameters.study:
        raise UsageError(
            f"Run {step.parameters.run} holds study {first['parameters']['study']}, not {step.parameters.study}. "
            "Give the run another name, or run notebook 01 again with this study."
        )


def _check_table(step: Step, name: str) -> None:
    run = step.parameters.run
    if name == PANEL:
        if not (step.folder / PANEL_FILE).is_file():
            raise MissingStep(f"Run {run} has no panel yet: run notebook {FIRST} first, with run = “{run}”.")
        return
    table = tables.table_named(name)
    if table.is_in_parts and step.notebook != LAST:
        place = step.folder / tables.PARTS / name / f"{step.key}.csv"
        found = place.is_file()
    else:
        found = any((step.folder / tables.PARTS / name).glob("*.csv")) or (step.folder / f"{name}.csv").is_file()
    if not found:
        raise MissingStep(
            f"Run {run} has no table {name} for this step. "
            f"Run notebook {table.notebook} first, with the same parameters."
        )
