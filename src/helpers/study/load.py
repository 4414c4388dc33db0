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
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import ValidationError

from helpers.errors import DataProblems, Problem, UsageError
from helpers.paths import project_root, study_folder
from helpers.study import schemas
from helpers.study.objects import (
    Adoption,
    Alias,
    BoundaryChange,
    CellMarks,
    Fact,
    Indicator,
    Programme,
    RosterRule,
    Shock,
    Source,
    Study,
    Timing,
    Ward,
)
from helpers.study.rules import cross_file_problems
from helpers.study.schemas import TableForm, shown
from helpers.study.settings import SETTINGS_FILE, StudySettings
from helpers.study.tables import FolderTables, numbered_rows

EXPLAINED = "docs/study-folder.md explains every file and column."

Row = TypeVar("Row")
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
    tables: dict[str, pd.DataFrame] = {}
    for form in _forms(folder, settings):
        table, found = _read_table(folder, form)
        problems += found
        if table is not None:
            problems += form.problems(table)
            if set(form.columns) <= set(table.columns):
                tables[form.file] = table
    problems += cross_file_problems(FolderTables(settings, tables))
    if problems or settings is None:
        raise DataProblems(problems)
    return _built(folder, settings, tables)


def _existing_folder(name_or_path: str | Path) -> Path:
    folder = name_or_path.absolute() if isinstance(name_or_path, Path) else study_folder(name_or_path)
    if not folder.is_dir():
        raw = project_root() / "data" / "raw"
        known = sorted(path.parent.name for path in raw.glob(f"*/{SETTINGS_FILE}"))
        raise UsageError(
            f"There is no study folder “{shown(name_or_path)}”. Known studies: {', '.join(known) or 'none'}. "
            "Give one of these, or the path of a folder."
        )
    return folder.resolve()


def _forms(folder: Path, settings: StudySettings | None) -> list[TableForm]:
    forms = list(schemas.TABLE_FORMS)
    has_roster = (folder / schemas.GIVEN_ROSTER.file).exists()
    if has_roster and (settings is None or settings.origin == "synthetic"):
        forms.append(schemas.GIVEN_ROSTER)
    return forms


def _read_text(folder: Path, file: str, expected: str) -> tuple[str | None, list[Problem]]:
    try:
        content = (folder / file).read_bytes()
    except FileNotFoundError:
        return None, [Problem(file, "", "", "", "this file is missing", f"Add it. {expected}")]
    except OSError as error:
        rule = f"this file cannot be read ({error.strerror})"
        return None, [Problem(file, "", "", "", rule, "Put a readable text file in its place.")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        remedy = "Save the file as UTF-8 (in Excel: “CSV UTF-8”)."
        return None, [Problem(file, "", f"line {line}", "", "the text is not UTF-8", remedy)]
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        remedy = "Save the file again as plain UTF-8 text; it may be a workbook or UTF-16."
        return None, [Problem(file, "", f"line {line}", "", "the file holds a NUL byte, so it is no text", remedy)]
    if not text.strip():
        return None, [Problem(file, "", "", "", "this file is empty", f"Fill it in. {expected}")]
    return unicodedata.normalize("NFC", text), []


def _read_settings(folder: Path) -> tuple[StudySettings | None, list[Problem]]:
    text, problems = _read_text(folder, SETTINGS_FILE, EXPLAINED)
    if text is None:
        return None, problems
    try:
        return StudySettings.model_validate(tomllib.loads(text.replace("\r\n", "\n"))), []
    except ValidationError as failure:
        return None, [_settings_problem(error) for error in failure.errors(include_url=False)]
    except (ValueError, RecursionError) as error:
        return None, [Problem(SETTINGS_FILE, "", "", "", f"this is no valid TOML: {_sentence(error)}", EXPLAINED)]


def _sentence(error: Exception) -> str:
    """Return what a parser said, in one printable line."""
    text = "".join(character if character.isprintable() else " " for character in str(error))
    return text[:120] or type(error).__name__


def _settings_problem(error: Mapping[str, Any]) -> Problem:
    place = ".".join(shown(part) for part in error["loc"])
    if error["type"] == "missing":
        return Problem(SETTINGS_FILE, "", place, "", "this key is missing", f"Add it. {EXPLAINED}")
    if error["type"] == "extra_forbidden":
        return Problem(SETTINGS_FILE, "", place, "", "no such key belongs here", f"Remove or rename it. {EXPLAINED}")
    value = "" if isinstance(error["input"], dict) else shown(error["input"])
    message = error["msg"]
    return Problem(SETTINGS_FILE, "", place, value, message[:1].lower() + message[1:], f"Correct it. {EXPLAINED}")


def _read_table(folder: Path, form: TableForm) -> tuple[pd.DataFrame | None, list[Problem]]:
    text, problems = _read_text(folder, form.file, f"Its first line is: {form.header}.")
    if text is None:
        return None, problems
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        remedy = "Check the quotation marks; a cell with a comma stands between two of them."
        return None, [Problem(form.file, "", "", "", f"this is no valid CSV: {_sentence(error)}", remedy)]
    records = [(number, [cell.strip() for cell in line]) for number, line in enumerate(lines, start=1) if any(line)]
    if not records:
        return None, [Problem(form.file, "", "", "", "this file is empty", f"Its first line is: {form.header}.")]
    (at, header), *rows = records
    problems = _header_problems(form, at, header)
    if problems:
        return None, problems
    ragged = [(number, row) for number, row in rows if len(row) != len(header)]
    problems = [
        Problem(
            form.file,
            "",
            f"row {number}",
            f"{len(row)} cells",
            f"every row has {len(header)} cells",
            "Add or remove commas; a cell that holds a comma stands between quotation marks.",
        )
        for number, row in ragged
    ]
    whole = [(number, row) for number, row in rows if len(row) == len(header)]
    index = pd.Index([number for number, _ in whole], dtype="int64")
    return pd.DataFrame([row for _, row in whole], columns=header, index=index, dtype=str), problems


def _header_problems(form: TableForm, at: int, header: list[str]) -> list[Problem]:
    if len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        rule = "cells are separated by commas"
        return [Problem(form.file, "", f"row {at}", shown(header[0]), rule, "Save it as comma-separated UTF-8 text.")]
    twice = sorted({column for column in header if header.count(column) > 1})
    return [
        Problem(
            form.file,
            "",
            f"row {at}",
            shown(column) or "(empty)",
            "a column stands twice in the header",
            "Keep one of them.",
        )
        for column in twice
    ]


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
        cells=CellMarks(zero=tuple(settings.cells.zero), missing=tuple(settings.cells.missing)),
        is_given_roster_fictional=schemas.GIVEN_ROSTER.file in tables,
        **_built_tables(tables),
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
