"""The data dictionary: no column of any table is without a meaning in both languages."""

import csv
import io
from pathlib import Path

import pytest

from helpers.batch import dictionary
from helpers.batch.dictionary import DICTIONARY, HEADER, NOT_DESCRIBED, dictionary_text, meaning_of, write_dictionary
from helpers.batch.tables import TABLES
from helpers.checks.design_rows import DESIGN_COLUMNS
from helpers.text import harmless, nfc

COLUMNS = {(name, column) for name, table in TABLES.items() for column in table.columns}
FOLLOWING = {("design", column) for column in DESIGN_COLUMNS}
"""Columns that may follow those that a table must have."""


@pytest.mark.parametrize(("table", "column"), sorted(COLUMNS | FOLLOWING))
def test_every_column_has_a_meaning_in_both_languages(table: str, column: str) -> None:
    english, vietnamese = meaning_of(table, column)
    assert (english, vietnamese) != NOT_DESCRIBED
    assert english and vietnamese and english != vietnamese
    assert vietnamese == nfc(vietnamese)


def test_no_meaning_is_of_a_column_that_is_gone() -> None:
    columns = {column for _, column in COLUMNS | FOLLOWING}
    with (Path(dictionary.__file__).parent / DICTIONARY).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [row for row in rows if row["table"] and (row["table"], row["column"]) not in COLUMNS | FOLLOWING]
    assert not [row for row in rows if row["column"] not in columns]
    assert len({(row["table"], row["column"]) for row in rows}) == len(rows)


def test_it_lists_the_columns_of_the_tables_that_are_there_and_calculates_nothing(tmp_path: Path) -> None:
    (tmp_path / "checks.csv").write_text("check,statistic\nx,1\n", encoding="utf-8")
    (tmp_path / "odd.csv").write_text("=1+1\n2\n", encoding="utf-8")
    write_dictionary(tmp_path)
    text = write_dictionary(tmp_path).read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == list(HEADER)
    assert [row[:3] for row in rows[1:]] == [
        ["checks", "check", "text"],
        ["checks", "statistic", "number"],
        ["odd", "'=1+1", "text"],
    ]
    assert rows[3][3:] == list(NOT_DESCRIBED)
    assert all(cell == harmless(cell) for row in rows for cell in row)


def test_no_table_gives_a_heading_alone() -> None:
    assert dictionary_text([]) == ",".join(HEADER) + "\n"
