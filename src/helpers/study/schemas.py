"""What each file of a study folder may hold: columns, cells and keys, stated once.

A `TableForm` describes a CSV file; its pandera schema finds every cell that breaks the description in one pass, and its
cells know how to turn their text into a value once it has been found good. Everything is read as text first, because a
ward code is not a number and ``01234`` must keep its zero. Rules that need two files at once are in
`helpers.study.rules`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.errors import Problem
from helpers.messages import Message, say

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
    limit : str
        What the study cannot express, for whoever tries by a second row or another column; "" if that is no temptation.
    optional : mapping of str to Cells
        Columns that a study may leave out; a row of it then has no such value.
    """

    file: str
    columns: Mapping[str, Cells]
    key: tuple[str, ...]
    may_be_empty: bool = True
    limit: str = ""
    optional: Mapping[str, Cells] = field(default_factory=dict)

    @property
    def header(self) -> str:
        """Return the header line, without the columns that may be left out."""
        return ",".join(self.columns)

    @property
    def every_column(self) -> dict[str, Cells]:
        """Return the columns that must be there, then those that may."""
        return {**self.columns, **self.optional}

    def problems(self, table: pd.DataFrame) -> list[Problem]:
        """Return everything in `table` that breaks this form; rows are addressed by the table's index."""
        schema = pa.DataFrameSchema(
            {
                name: pa.Column(
                    None,
                    pa.Check(cells.accepts, element_wise=True, name=name),
                    nullable=False,
                    required=name in self.columns,
                )
                for name, cells in self.every_column.items()
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
            found.append(Problem(self.file, "", "", "", say("at least one row is needed"), say("Fill the file in.")))
        return found

    def converted(self, row: Mapping[str, str]) -> dict[str, Any]:
        """Return the typed values of one good row, of the columns that are there."""
        return {name: cells.convert(row[name]) for name, cells in self.every_column.items() if name in row}


def _described(form: TableForm, table: pd.DataFrame, cases: pd.DataFrame) -> list[Problem]:
    problems: dict[tuple[str, str], Problem] = {}
    for check, column, found, index in cases[["check", "column", "failure_case", "index"]].itertuples(index=False):
        if check == "column_in_dataframe":
            remedy = say("Add it; the header of this file is: {header}.", header=form.header)
            place = say("column {column}", column=str(found))
            problem = Problem(form.file, "", place, "", say("this column is missing"), remedy)
        elif check == "column_in_schema":
            remedy = _with_limit(
                say("Remove or rename it; the header of this file is: {header}.", header=form.header), form.limit
            )
            place = say("column {column}", column=shown(found))
            problem = Problem(form.file, "", place, "", say("no such column belongs here"), remedy)
        elif check == "multiple_fields_uniqueness":
            value = shown(" ".join(str(table.at[index, name]) for name in form.key))
            rule = say("no two rows may share {columns}", columns=", ".join(form.key))
            remedy = _with_limit(say("Keep one of them."), form.limit)
            problem = Problem(form.file, "", say("row {row}", row=index), value, rule, remedy)
        else:
            cells = form.every_column[column]
            place = say("row {row}, {column}", row=index, column=column)
            problem = Problem(form.file, "", place, shown(found) or say("(empty)"), cells.rule, cells.remedy)
        problems[problem.cell, problem.rule] = problem
    return list(problems.values())


def _with_limit(remedy: Message, limit: str) -> Message:
    return say("{remedy} {limit}", remedy=remedy, limit=limit) if limit else remedy


def shown(value: object) -> str:
    """Return a value fit to stand in one line of a message: control characters blanked, shortened.

    A `Message` that is fit already stays one, so that it can be said in another language.
    """
    text = "".join(character if character.isprintable() else " " for character in str(value)).strip()
    if len(text) > LONGEST_SHOWN:
        return text[: LONGEST_SHOWN - 1] + "…"
    return value if isinstance(value, Message) and value == text else text


def is_iso_date(text: str) -> bool:
    """Return whether a text is a date of this or the neighbouring centuries, written 2023-03-07."""
    if not re.fullmatch(r"(18|19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _optional(cells: Cells, rule: str) -> Cells:
    return Cells(
        accepts=lambda text: text == "" or cells.accepts(text),
        convert=lambda text: None if text == "" else cells.convert(text),
        rule=rule,
        remedy=cells.remedy,
    )


def _one_of(*choices: str) -> Cells:
    rule = say("one of: {choices}", choices=", ".join(choices))
    return Cells(lambda text: text in choices, str, rule, say("Write one of these words exactly."))


def _matching(pattern: str, rule: str, remedy: str, convert: Callable[[str], object] = str) -> Cells:
    return Cells(lambda text: re.fullmatch(pattern, text) is not None, convert, rule, remedy)


TEXT = Cells(bool, str, say("some text"), say("Fill the cell in."))
NOTE = Cells(lambda text: True, str, say("any text"), "")
NAME = _matching(
    r"[a-z][a-z0-9_]{0,39}",
    say("an id of small letters, digits and _, beginning with a letter"),
    say("Rename it, as in crime_order."),
)
LABEL = _matching(r"[0-9A-Za-z_.-]{1,40}", say("an id without spaces or accents"), say("Rename it, as in 2023."))
CODE = _matching(
    r"[0-9A-Za-z_.-]{1,20}", say("a code without spaces"), say("Write the code as text, keeping zeros in front.")
)
DATE = Cells(is_iso_date, date.fromisoformat, say("a date written year-month-day"), say("Write it as in 2023-03-07."))
COUNT = _matching(r"[0-9]{1,9}", say("a whole number of 0 or more"), say("Write digits only, as in 21085."), int)
YEAR = _matching(r"(18|19|20|21)[0-9]{2}", say("a year"), say("Write four digits, as in 2019."), int)
YES_NO = Cells(
    lambda text: text in ("yes", "no"), lambda text: text == "yes", say("yes or no"), say("Write yes or no.")
)
WARD_ID = _matching(
    r"[0-9A-Za-z_.-]{1,20}@(18|19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}",
    say("a ward's code and first day, joined by @"),
    say("Write it as in 16681@2019-01-01, both as in wards.csv."),
)
NAMES = Cells(
    lambda text: text == " ".join(text.split()), lambda text: tuple(text.split()), say("a list with single spaces"), ""
)
OPTIONAL_NAME = _optional(NAME, say("an id of small letters, digits and _, beginning with a letter, or nothing"))
OPTIONAL_LABEL = _optional(LABEL, say("an id without spaces or accents, or nothing"))
OPTIONAL_DATE = _optional(DATE, say("a date written year-month-day, or nothing"))
OPTIONAL_COUNT = _optional(COUNT, say("a whole number of 0 or more, or nothing"))
OPTIONAL_YEAR = _optional(YEAR, say("a year, or nothing"))
OPTIONAL_YES_NO = _optional(YES_NO, say("yes or no, or nothing"))

WARDS = TableForm(
    "wards.csv",
    {
        "ward_code": CODE,
        "valid_from": DATE,
        "valid_to": OPTIONAL_DATE,
        "ward_name_vi": TEXT,
        "town_code": CODE,
        "town_name_vi": TEXT,
        "population_count": OPTIONAL_COUNT,
        "population_year": OPTIONAL_YEAR,
        "is_hot_spot_2019": OPTIONAL_YES_NO,
        "is_off_hot_spot_list_2022": OPTIONAL_YES_NO,
        "source_id": NAME,
    },
    WARD_KEY,
    may_be_empty=False,
    optional={"ring": OPTIONAL_COUNT},
)
_ADOPTION_COLUMNS = {
    "ward_code": CODE,
    "valid_from": DATE,
    "status": _one_of("model", "not", "unknown"),
    "cohort": OPTIONAL_LABEL,
    "certainty": _one_of(*CERTAINTIES),
    "source_id": NAME,
}
_NO_END = say(
    "A model ward stays one: in this design treatment cannot end or start again. If it did, end the window in "
    "study.toml before that day, or take the ward out of the study."
)
ADOPTION = TableForm("adoption.csv", _ADOPTION_COLUMNS, WARD_KEY, may_be_empty=False, limit=_NO_END)
GIVEN_ROSTER = TableForm(
    "synthetic/roster.csv",
    {**_ADOPTION_COLUMNS, "status": _one_of("model", "not")},
    WARD_KEY,
    may_be_empty=False,
    limit=_NO_END,
)
TIMINGS = TableForm(
    "timings.csv",
    {"timing": NAME, "cohort": LABEL, "first_treated": LABEL, "basis": TEXT, "source_id": NAME},
    ("timing", "cohort"),
    may_be_empty=False,
    limit=_NO_END,
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
        "denominator": OPTIONAL_NAME,
        "part_of": OPTIONAL_NAME,
        "break_periods": NAMES,
        "note": NOTE,
        "source_id": NAME,
    },
    ("indicator",),
    may_be_empty=False,
    optional={"is_placebo": YES_NO},
)
_SPELL = {"town_code": CODE, "first_date": DATE, "last_date": OPTIONAL_DATE, "name_vi": TEXT, "name_en": TEXT}
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
        "published_date": OPTIONAL_DATE,
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
RELEASES = TableForm(
    "releases.csv",
    {"file": TEXT, "sheet": NOTE, "released_date": DATE, "note": NOTE, "source_id": OPTIONAL_NAME},
    ("file", "sheet"),
)
ADJACENCY = TableForm(
    "adjacency.csv",
    {"ward_id": WARD_ID, "neighbour_id": WARD_ID, "source_id": NAME},
    ("ward_id", "neighbour_id"),
    may_be_empty=False,
)
GROUPS = TableForm(
    "groups.csv",
    {"grouping": NAME, "ward_code": CODE, "valid_from": DATE, "group": LABEL, "source_id": NAME},
    ("grouping", *WARD_KEY),
    may_be_empty=False,
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
"""The files that every study folder holds; `GIVEN_ROSTER` and `OPTIONAL_FORMS` come on top where a study has them."""
OPTIONAL_FORMS = (RELEASES, ADJACENCY, GROUPS)
"""Files that a study may do without: leaving one out says nothing, unlike a header alone."""
