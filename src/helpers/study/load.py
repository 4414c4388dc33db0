"""Read a study folder: every file as text, every problem in one list, then frozen objects.

The way through is always the same: read (`_read_settings`, `_read_table`), check each file by its form
(`helpers.study.schemas`), check the files against each other (`helpers.study.rules`), and only when nothing is wrong
build the `Study`. A folder with ten mistakes raises once, with ten problems.
"""

import csv
import io
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError

from helpers.errors import DataProblems, Problem, UsageError
from helpers.messages import Message, say, say_plural
from helpers.paths import project_root, study_folder
from helpers.study import schemas
from helpers.study.mergers import FoundMergers, find_mergers
from helpers.study.objects import (
    Adoption,
    Alias,
    BoundaryChange,
    CellMarks,
    Disclosure,
    Fact,
    GroupMember,
    Indicator,
    Merger,
    Neighbours,
    Programme,
    Release,
    RosterRule,
    Shock,
    Source,
    Study,
    Timing,
    Ward,
)
from helpers.study.plan_problems import plan_problem, plan_problems
from helpers.study.pre_analysis_plan import PLAN_FILE, PreAnalysisPlan
from helpers.study.rules import cross_file_problems
from helpers.study.schemas import TableForm, shown
from helpers.study.setting_problems import setting_problem
from helpers.study.settings import SETTINGS_FILE, StudySettings
from helpers.study.tables import FolderTables, numbered_rows

Row = TypeVar("Row")
Model = TypeVar("Model", bound=BaseModel)
Tables = Mapping[str, pd.DataFrame]


def load_study(name_or_path: str | Path) -> Study:
    """Return a study by its id (``data/raw/<id>``) or by the path of its folder.

    Parameters
    ----------
    name_or_path : str or Path
        An id such as "nghe_an", or a folder (absolute, or relative to the project's root).

    Returns
    -------
    Study
        Frozen; its sequences are sorted by key, so two readings of one folder are equal.

    Raises
    ------
    UsageError
        If there is no such folder.
    DataProblems
        With everything that is wrong in the folder, each with its file, place, rule and remedy.

    Examples
    --------
    >>> study = load_study("nghe_an")
    >>> len(study.wards), study.origin
    (32, 'synthetic')
    """
    folder = _existing_folder(name_or_path)
    settings, problems = _read_settings(folder)
    plan, found = _read_plan(folder)
    problems += found
    tables: dict[str, pd.DataFrame] = {}
    for form in _forms(folder, settings):
        table, found = _read_table(folder, form)
        problems += found
        if table is not None:
            problems += form.problems(table)
            if set(form.columns) <= set(table.columns):
                tables[form.file] = table
    mergers = find_mergers(FolderTables(settings, tables))
    parts = frozenset(part for own in mergers.parts.values() for part in own)
    problems += mergers.problems
    problems += cross_file_problems(FolderTables(settings, tables, parts, mergers.changing))
    problems += plan_problems(plan, FolderTables(settings, tables)) if plan is not None else []
    if problems or settings is None:
        raise DataProblems(problems)
    study = replace(_built(folder, settings, tables), plan=plan)
    return _following(study, mergers) if parts else study


def _existing_folder(name_or_path: str | Path) -> Path:
    folder = name_or_path.absolute() if isinstance(name_or_path, Path) else study_folder(name_or_path)
    if not folder.is_dir():
        raw = project_root() / "data" / "raw"
        known = sorted(path.parent.name for path in raw.glob(f"*/{SETTINGS_FILE}"))
        raise UsageError(
            say(
                "There is no study folder “{folder}”. Known studies: {studies}. "
                "Give one of these, or the path of a folder.",
                folder=shown(name_or_path),
                studies=", ".join(known) or say("none"),
            )
        )
    return folder.resolve()


def _forms(folder: Path, settings: StudySettings | None) -> list[TableForm]:
    forms = list(schemas.TABLE_FORMS)
    has_roster = (folder / schemas.GIVEN_ROSTER.file).exists()
    if has_roster and (settings is None or settings.origin == "synthetic"):
        forms.append(schemas.GIVEN_ROSTER)
    return forms + [form for form in schemas.OPTIONAL_FORMS if (folder / form.file).exists()]


def _read_text(folder: Path, file: str, header: str = "") -> tuple[str | None, list[Problem]]:
    """Return the text of a file; `header` is the first line it should have, if it is a table."""
    try:
        content = (folder / file).read_bytes()
    except FileNotFoundError:
        return None, [Problem(file, "", "", "", say("this file is missing"), _add_it(header))]
    except OSError as error:
        rule = say("this file cannot be read ({reason})", reason=error.strerror)
        return None, [Problem(file, "", "", "", rule, say("Put a readable text file in its place."))]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = say("line {line}", line=content.count(b"\n", 0, error.start) + 1)
        remedy = say("Save the file as UTF-8 (in Excel: “CSV UTF-8”).")
        return None, [Problem(file, "", place, "", say("the text is not UTF-8"), remedy)]
    if "\0" in text:
        place = say("line {line}", line=text.count("\n", 0, text.index("\0")) + 1)
        remedy = say("Save the file again as plain UTF-8 text; it may be a workbook or UTF-16.")
        return None, [Problem(file, "", place, "", say("the file holds a NUL byte, so it is no text"), remedy)]
    if not text.strip():
        return None, [Problem(file, "", "", "", say("this file is empty"), _fill_it_in(header))]
    return unicodedata.normalize("NFC", text), []


def _add_it(header: str) -> Message:
    if header:
        return say("Add it. Its first line is: {header}.", header=header)
    return say("Add it. docs/study-folder.md explains every file and column.")


def _fill_it_in(header: str) -> Message:
    if header:
        return say("Fill it in. Its first line is: {header}.", header=header)
    return say("Fill it in. docs/study-folder.md explains every file and column.")


def _read_settings(folder: Path) -> tuple[StudySettings | None, list[Problem]]:
    return _read_toml(folder, SETTINGS_FILE, StudySettings, setting_problem)


def _read_plan(folder: Path) -> tuple[PreAnalysisPlan | None, list[Problem]]:
    """Return the pre-analysis plan; a study may do without one."""
    if not (folder / PLAN_FILE).exists():
        return None, []
    return _read_toml(folder, PLAN_FILE, PreAnalysisPlan, plan_problem)


def _read_toml(
    folder: Path, file: str, model: type[Model], described: Callable[[Mapping[str, Any]], Problem]
) -> tuple[Model | None, list[Problem]]:
    text, problems = _read_text(folder, file)
    if text is None:
        return None, problems
    try:
        return model.model_validate(tomllib.loads(text.replace("\r\n", "\n"))), []
    except ValidationError as failure:
        return None, [described(dict(error)) for error in failure.errors(include_url=False)]
    except (ValueError, RecursionError) as error:
        rule = say("this is no valid TOML: {reason}", reason=_sentence(error))
        remedy = say("docs/study-folder.md explains every file and column.")
        return None, [Problem(file, "", "", "", rule, remedy)]


def _sentence(error: Exception) -> str:
    """Return what a parser said, in one printable line."""
    text = "".join(character if character.isprintable() else " " for character in str(error))
    return text[:120] or type(error).__name__


def _read_table(folder: Path, form: TableForm) -> tuple[pd.DataFrame | None, list[Problem]]:
    text, problems = _read_text(folder, form.file, form.header)
    if text is None:
        return None, problems
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        rule = say("this is no valid CSV: {reason}", reason=_sentence(error))
        remedy = say("Check the quotation marks; a cell with a comma stands between two of them.")
        return None, [Problem(form.file, "", "", "", rule, remedy)]
    records = [(number, [cell.strip() for cell in line]) for number, line in enumerate(lines, start=1) if any(line)]
    if not records:
        remedy = say("Its first line is: {header}.", header=form.header)
        return None, [Problem(form.file, "", "", "", say("this file is empty"), remedy)]
    (at, header), *rows = records
    problems = _header_problems(form, at, header)
    if problems:
        return None, problems
    ragged = [(number, row) for number, row in rows if len(row) != len(header)]
    problems = [_ragged(form, number, len(row), len(header)) for number, row in ragged]
    whole = [(number, row) for number, row in rows if len(row) == len(header)]
    index = pd.Index([number for number, _ in whole], dtype="int64")
    return pd.DataFrame([row for _, row in whole], columns=header, index=index, dtype=str), problems


def _ragged(form: TableForm, number: int, found: int, wanted: int) -> Problem:
    value = say_plural("{count} cell", "{count} cells", count=found)
    rule = say("every row has {count} cells", count=wanted)
    remedy = say("Add or remove commas; a cell that holds a comma stands between quotation marks.")
    return Problem(form.file, "", say("row {row}", row=number), value, rule, remedy)


def _header_problems(form: TableForm, at: int, header: list[str]) -> list[Problem]:
    place = say("row {row}", row=at)
    if len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        rule, remedy = say("cells are separated by commas"), say("Save it as comma-separated UTF-8 text.")
        return [Problem(form.file, "", place, shown(header[0]), rule, remedy)]
    rule, remedy = say("a column stands twice in the header"), say("Keep one of them.")
    twice = sorted({column for column in header if header.count(column) > 1})
    return [Problem(form.file, "", place, shown(column) or say("(empty)"), rule, remedy) for column in twice]


def _built(folder: Path, settings: StudySettings, tables: Tables) -> Study:
    return Study(
        study=settings.study,
        folder=folder,
        titles=settings.titles.model_dump(),
        questions=settings.questions.model_dump(),
        origin=settings.origin,
        unit_names=settings.units.model_dump(),
        period_kind=settings.period_kind,
        window=(settings.window.first, settings.window.last),
        default_timing=settings.defaults.timing,
        default_reading=settings.defaults.reading,
        default_roster="worlds" if settings.defaults.roster == "worlds" else "given",
        default_anticipation=settings.defaults.anticipation,
        cells=_cell_marks(settings),
        disclosure=Disclosure(**settings.disclosure.model_dump()),
        is_given_roster_fictional=schemas.GIVEN_ROSTER.file in tables,
        **_built_tables(tables),
    )


def _cell_marks(settings: StudySettings) -> CellMarks:
    cells = settings.cells
    return CellMarks(
        zero=tuple(cells.zero),
        missing=tuple(cells.missing),
        decimal_sign=cells.decimal_sign or "",
        absent_ward=cells.absent_ward,
        absent_ward_indicators=tuple(sorted(set(cells.absent_ward_indicators))),
    )


def _following(study: Study, mergers: FoundMergers) -> Study:
    """Return a study whose merged wards stand for their parts."""
    wards: dict[tuple[str, ...], Ward] = {(ward.ward_code, ward.valid_from.isoformat()): ward for ward in study.wards}
    followed = tuple(
        Merger(wards[target], tuple(wards[part] for part in sorted(parts)))
        for target, parts in sorted(mergers.parts.items())
    )
    whole = {part.ward_id: merger.ward.ward_id for merger in followed for part in merger.parts}
    gone = set(whole)
    borders = {
        (whole.get(row.ward_id, row.ward_id), whole.get(row.neighbour_id, row.neighbour_id), row.source_id)
        for row in study.adjacency
    }
    return replace(
        study,
        adjacency=tuple(Neighbours(*row) for row in sorted(borders) if row[0] != row[1]),
        groups=tuple(row for row in study.groups if row.ward_id not in gone),
        wards=tuple(ward for ward in study.wards if ward.ward_id not in gone),
        adoption=tuple(row for row in study.adoption if row.ward_id not in gone),
        given_roster=tuple(row for row in study.given_roster if row.ward_id not in gone),
        mergers=followed,
    )


def _built_tables(tables: Tables) -> dict[str, Any]:
    return {
        "wards": _rows(tables, schemas.WARDS, Ward, "ward_id"),
        "adoption": _rows(tables, schemas.ADOPTION, _keyed(Adoption), "ward_id"),
        "given_roster": _rows(tables, schemas.GIVEN_ROSTER, _keyed(Adoption), "ward_id"),
        "timings": _rows(tables, schemas.TIMINGS, Timing, "timing", "cohort"),
        "roster_rules": _rows(tables, schemas.ROSTERS, RosterRule, "reading", "town_code"),
        "indicators": _rows(tables, schemas.INDICATORS, Indicator, "indicator"),
        "shocks": _rows(tables, schemas.SHOCKS, Shock, "first_date", "shock_id"),
        "programmes": _rows(tables, schemas.PROGRAMMES, Programme, "first_date", "programme_id"),
        "boundary_changes": _rows(
            tables, schemas.BOUNDARY_CHANGES, _boundary_change, "effective_date", "from_ward_id", "to_code"
        ),
        "sources": _rows(tables, schemas.SOURCES, Source, "source_id"),
        "facts": _rows(tables, schemas.FACTS, Fact, "fact_id"),
        "ward_aliases": _rows(tables, schemas.WARD_ALIASES, _ward_alias, "town_code", "spelling"),
        "header_aliases": _rows(tables, schemas.HEADER_ALIASES, Alias, "spelling"),
        "releases": _rows(tables, schemas.RELEASES, Release, "file", "sheet"),
        "adjacency": _rows(tables, schemas.ADJACENCY, Neighbours, "ward_id", "neighbour_id"),
        "groups": _rows(tables, schemas.GROUPS, _keyed(GroupMember), "grouping", "ward_id"),
    }


def _rows(tables: Tables, form: TableForm, make: Callable[..., Row], *order: str) -> tuple[Row, ...]:
    if form.file not in tables:
        return ()
    rows = [make(**form.converted(row)) for _, row in numbered_rows(tables[form.file])]
    return tuple(sorted(rows, key=lambda row: tuple(getattr(row, field) for field in order)))


def _keyed(make: Callable[..., Row]) -> Callable[..., Row]:
    def made(*, ward_code: str, valid_from: Any, **rest: Any) -> Row:
        return make(ward_id=_ward_id(ward_code, valid_from), **rest)

    return made


def _boundary_change(*, from_ward_code: str, from_valid_from: Any, **rest: Any) -> BoundaryChange:
    return BoundaryChange(from_ward_id=_ward_id(from_ward_code, from_valid_from), **rest)


def _ward_alias(*, spelling: str, ward_code: str, valid_from: Any, town_code: str) -> Alias:
    return Alias(spelling=spelling, meaning=_ward_id(ward_code, valid_from), town_code=town_code)


def _ward_id(ward_code: str, valid_from: Any) -> str:
    return f"{ward_code}@{valid_from.isoformat()}"
