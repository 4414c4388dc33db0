"""What each file of a study folder may hold: columns, cells and keys, stated once.

A `TableForm` describes a CSV file; its pandera schema finds every cell that breaks the description in one pass, and its
cells know how to turn their text into a value once it has been found good. Everything is read as text first, because a
ward code is not a number and ``01234`` must keep its zero. Rules that need two files at once are in
`helpers.study.rules`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.errors import Problem

CERTAINTIES = ("article", "press", "unit_list", "published", "computed", "setting", "fictional")
"""How sure a fact is: the source article, press seen as excerpts, the official unit list, another citable publication,
worked out from those, this study's own choice, made up."""

HEADER_FURNITURE = ("sequence_number", "ward_name", "population", "note")
"""What a heading of a return may mean beside an indicator; ``<ratio>_rate`` (a printed percentage) comes on top."""

FICTIONAL = "fictional"
LONGEST_SHOWN = 40
WARD_KEY = ("ward_code", "valid_from")


@dataclass(frozen=True, slots=True)
class Cells:
    """What the cells of a column may hold.

    Attributes
    ----------
    accepts : callable
        Whether a text is admissible.
    convert : callable
        The value of an admissible text.
    rule, remedy : str
        What is expected, and what to do about a cell that is otherwise.
    """

    accepts: Callable[[str], bool]
    convert: Callable[[str], object]
    rule: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TableForm:
    """The form of one CSV file.

    Attributes
    ----------
    file : str
        Path inside the study folder.
    columns : mapping of str to Cells
        The columns, all of them required, in any order.
    key : tuple of str
        Columns that no two rows may share.
    may_be_empty : bool
        Whether a header alone says something ("there are none").
    """

    file: str
    columns: Mapping[str, Cells]
    key: tuple[str, ...]
    may_be_empty: bool = True

    @property
    def header(self) -> str:
        """Return the header line."""
        return ",".join(self.columns)

    def problems(self, table: pd.DataFrame) -> list[Problem]:
        """Return everything in `table` that breaks this form; rows are addressed by the table's index."""
        schema = pa.DataFrameSchema(
            {
                name: pa.Column(None, pa.Check(cells.accepts, element_wise=True, name=name), nullable=False)
                for name, cells in self.columns.items()
            },
            strict=True,
            unique=list(self.key) if set(self.key) <= set(table.columns) else None,
        )
        found: list[Problem] = []
        try:
            schema.validate(table, lazy=True)
        except SchemaErrors as failure:
            found = _described(self, table, failure.failure_cases)
        if table.empty and not self.may_be_empty:
            found.append(Problem(self.file, "", "", "", "at least one row is needed", "Fill the file in."))
        return found

    def converted(self, row: Mapping[str, str]) -> dict[str, Any]:
        """Return the typed values of one good row."""
        return {name: cells.convert(row[name]) for name, cells in self.columns.items()}


def _described(form: TableForm, table: pd.DataFrame, cases: pd.DataFrame) -> list[Problem]:
    problems: dict[tuple[str, str], Problem] = {}
    for check, column, found, index in cases[["check", "column", "failure_case", "index"]].itertuples(index=False):
        if check == "column_in_dataframe":
            remedy = f"Add it; the header of this file is: {form.header}."
            problem = Problem(form.file, "", f"column {found}", "", "this column is missing", remedy)
        elif check == "column_in_schema":
            remedy = f"Remove or rename it; the header of this file is: {form.header}."
            problem = Problem(form.file, "", f"column {shown(found)}", "", "no such column belongs here", remedy)
        elif check == "multiple_fields_uniqueness":
            value = shown(" ".join(str(table.at[index, name]) for name in form.key))
            rule = f"no two rows may share {', '.join(form.key)}"
            problem = Problem(form.file, "", f"row {index}", value, rule, "Keep one of them.")
        else:
            cells = form.columns[column]
            problem = Problem(
                form.file, "", f"row {index}, {column}", shown(found) or "(empty)", cells.rule, cells.remedy
            )
        problems[problem.cell, problem.rule] = problem
    return list(problems.values())


def shown(value: object) -> str:
    """Return a value fit to stand in one line of a message: control characters blanked, shortened."""
    text = "".join(character if character.isprintable() else " " for character in str(value)).strip()
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def is_iso_date(text: str) -> bool:
    """Return whether a text is a date of this or the neighbouring centuries, written 2023-03-07."""
    if not re.fullmatch(r"(18|19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _optional(cells: Cells) -> Cells:
    return Cells(
        accepts=lambda text: text == "" or cells.accepts(text),
        convert=lambda text: None if text == "" else cells.convert(text),
        rule=f"{cells.rule}, or nothing",
        remedy=cells.remedy,
    )


def _one_of(*choices: str) -> Cells:
    listed = ", ".join(choices)
    return Cells(lambda text: text in choices, str, f"one of: {listed}", "Write one of these words exactly.")


def _matching(pattern: str, rule: str, remedy: str, convert: Callable[[str], object] = str) -> Cells:
    return Cells(lambda text: re.fullmatch(pattern, text) is not None, convert, rule, remedy)


TEXT = Cells(bool, str, "some text", "Fill the cell in.")
NOTE = Cells(lambda text: True, str, "any text", "")
NAME = _matching(
    r"[a-z][a-z0-9_]{0,39}",
    "an id of small letters, digits and _, beginning with a letter",
    "Rename it, as in crime_order.",
)
LABEL = _matching(r"[0-9A-Za-z_.-]{1,40}", "an id without spaces or accents", "Rename it, as in 2023.")
CODE = _matching(r"[0-9A-Za-z_.-]{1,20}", "a code without spaces", "Write the code as text, keeping zeros in front.")
DATE = Cells(is_iso_date, date.fromisoformat, "a date written year-month-day", "Write it as in 2023-03-07.")
COUNT = _matching(r"[0-9]{1,9}", "a whole number of 0 or more", "Write digits only, as in 21085.", int)
YEAR = _matching(r"(18|19|20|21)[0-9]{2}", "a year", "Write four digits, as in 2019.", int)
YES_NO = Cells(lambda text: text in ("yes", "no"), lambda text: text == "yes", "yes or no", "Write yes or no.")
NAMES = Cells(
    lambda text: text == " ".join(text.split()), lambda text: tuple(text.split()), "a list with single spaces", ""
)

WARDS = TableForm(
    "wards.csv",
    {
        "ward_code": CODE,
        "valid_from": DATE,
        "valid_to": _optional(DATE),
        "ward_name_vi": TEXT,
        "town_code": CODE,
        "town_name_vi": TEXT,
        "population_count": _optional(COUNT),
        "population_year": _optional(YEAR),
        "is_hot_spot_2019": _optional(YES_NO),
        "is_off_hot_spot_list_2022": _optional(YES_NO),
        "source_id": NAME,
    },
    WARD_KEY,
    may_be_empty=False,
)
_ADOPTION_COLUMNS = {
    "ward_code": CODE,
    "valid_from": DATE,
    "status": _one_of("model", "not", "unknown"),
    "cohort": _optional(LABEL),
    "certainty": _one_of(*CERTAINTIES),
    "source_id": NAME,
}
ADOPTION = TableForm("adoption.csv", _ADOPTION_COLUMNS, WARD_KEY, may_be_empty=False)
GIVEN_ROSTER = TableForm(
    "synthetic/roster.csv", {**_ADOPTION_COLUMNS, "status": _one_of("model", "not")}, WARD_KEY, may_be_empty=False
)
TIMINGS = TableForm(
    "timings.csv",
    {"timing": NAME, "cohort": LABEL, "first_treated": LABEL, "basis": TEXT, "source_id": NAME},
    ("timing", "cohort"),
    may_be_empty=False,
)
ROSTERS = TableForm(
    "rosters.csv",
    {"reading": LABEL, "town_code": CODE, "model_ward_count": COUNT, "cohort": LABEL, "source_id": NAME},
    ("reading", "town_code"),
    may_be_empty=False,
)
INDICATORS = TableForm(
    "indicators.csv",
    {
        "indicator": NAME,
        "name_vi": TEXT,
        "name_en": TEXT,
        "unit_vi": TEXT,
        "unit_en": TEXT,
        "kind": _one_of("count", "ratio", "percentage", "score", "class"),
        "role": _one_of("outcome", "mechanism", "activity", "fidelity", "scorecard"),
        "better_when": _one_of("lower", "higher", "ambiguous", "none"),
        "is_primary": YES_NO,
        "in_family": YES_NO,
        "is_descriptive_only": YES_NO,
        "denominator": _optional(NAME),
        "part_of": _optional(NAME),
        "break_periods": NAMES,
        "note": NOTE,
        "source_id": NAME,
    },
    ("indicator",),
    may_be_empty=False,
)
_SPELL = {"town_code": CODE, "first_date": DATE, "last_date": _optional(DATE), "name_vi": TEXT, "name_en": TEXT}
SHOCKS = TableForm("shocks.csv", {"shock_id": NAME, **_SPELL, "source_id": NAME}, ("shock_id",))
PROGRAMMES = TableForm(
    "programmes.csv",
    {"programme_id": NAME, **_SPELL, "is_separable": YES_NO, "note": NOTE, "source_id": NAME},
    ("programme_id",),
)
BOUNDARY_CHANGES = TableForm(
    "boundary_changes.csv",
    {
        "effective_date": DATE,
        "from_ward_code": CODE,
        "from_valid_from": DATE,
        "to_code": CODE,
        "to_name_vi": TEXT,
        "kind": _one_of("merged_into", "enlarged", "town_changed", "renamed", "split_into"),
        "note": NOTE,
        "source_id": NAME,
    },
    ("effective_date", "from_ward_code", "from_valid_from", "to_code"),
)
SOURCES = TableForm(
    "sources.csv",
    {
        "source_id": NAME,
        "citation": TEXT,
        "published_date": _optional(DATE),
        "locator": TEXT,
        "paraphrase": TEXT,
        "certainty": _one_of(*CERTAINTIES),
    },
    ("source_id",),
    may_be_empty=False,
)
FACTS = TableForm(
    "facts.csv", {"fact_id": LABEL, "statement_vi": TEXT, "statement_en": TEXT, "source_id": NAME}, ("fact_id",)
)
WARD_ALIASES = TableForm(
    "ward_aliases.csv",
    {"spelling": TEXT, "ward_code": CODE, "valid_from": DATE, "town_code": CODE},
    ("spelling", "town_code"),
)
HEADER_ALIASES = TableForm("header_aliases.csv", {"spelling": TEXT, "meaning": NAME}, ("spelling",))
CORRECTIONS = TableForm(
    "corrections.csv",
    {
        "file": TEXT,
        "sheet": NOTE,
        "cell": TEXT,
        "action": _one_of("replace", "blank"),
        "old_value": NOTE,
        "new_value": NOTE,
        "reason": TEXT,
        "who": TEXT,
        "date": DATE,
        "status": _one_of("proposed", "accepted", "rejected"),
    },
    ("file", "sheet", "cell"),
)

TABLE_FORMS = (
    WARDS,
    ADOPTION,
    TIMINGS,
    ROSTERS,
    INDICATORS,
    SHOCKS,
    PROGRAMMES,
    BOUNDARY_CHANGES,
    SOURCES,
    FACTS,
    WARD_ALIASES,
    HEADER_ALIASES,
    CORRECTIONS,
)
"""The files that every study folder holds; `GIVEN_ROSTER` comes on top where a study has one."""
