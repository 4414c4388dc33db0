"""Files that cannot be read, and cells that break their column's form."""

import unicodedata

import pytest

from helpers.errors import Problem
from helpers.messages import Message
from helpers.paths import project_root
from helpers.study.schemas import GIVEN_ROSTER, TABLE_FORMS, shown

ALL_FILES = ["study.toml", *(form.file for form in TABLE_FORMS)]

TABLE_DAMAGE = {
    "empty": (b"", "empty"),
    "blank lines": (b"\n\n \n", "empty"),
    "commas only": (b",,,\n,,,\n", "empty"),
    "not UTF-8": (b"ward_code\n\xff\xfe\x00H", "not UTF-8"),
    "NUL byte": (b"ward_code,\0valid_from\n", "NUL byte"),
    "semicolons": (b"ward_code;valid_from\n16663;2019-01-01\n", "separated by commas"),
    "open quote": (b'ward_code,valid_from\n"16663,2019-01-01\n', "no valid CSV"),
    "stray quote": (b'ward_code,valid_from\n"16"663,2019-01-01\n', "no valid CSV"),
    "huge cell": (b"ward_code\n" + b"9" * 200_000 + b"\n", "no valid CSV"),
    "header twice": (b"ward_code,ward_code\n1,2\n", "twice"),
}
TOML_DAMAGE = {
    "empty": (b"", "empty"),
    "malformed": (b'study = "nghe_an\n', "no valid TOML"),
    "key twice": (b'study = "a"\nstudy = "b"\n', "no valid TOML"),
    "not UTF-8": (b"study = '\xff'", "not UTF-8"),
    "NUL byte": (b"study = 'a\0'", "NUL byte"),
    "too deep": (b"study = " + b"[" * 5000, "no valid TOML"),
    "number too long": (b"study = " + b"9" * 5000, "no valid TOML"),
}


def only(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, "\n".join(problem.sentence() for problem in problems)
    return problems[0]


@pytest.mark.parametrize("file", ALL_FILES)
def test_a_missing_file_is_named(study_copy, file):
    (study_copy.folder / file).unlink()
    problem = next(p for p in study_copy.problems() if p.file == file)
    assert (problem.rule, problem.cell) == ("this file is missing", "")
    assert problem.remedy.startswith("Add it.")


@pytest.mark.parametrize("damage", TABLE_DAMAGE)
def test_a_damaged_table_is_one_problem(study_copy, damage):
    content, rule = TABLE_DAMAGE[damage]
    (study_copy.folder / "shocks.csv").write_bytes(content)
    problem = only(study_copy.problems())
    assert problem.file == "shocks.csv"
    assert rule in problem.rule


@pytest.mark.parametrize("damage", TOML_DAMAGE)
def test_damaged_settings_are_one_problem(study_copy, damage):
    content, rule = TOML_DAMAGE[damage]
    (study_copy.folder / "study.toml").write_bytes(content)
    problem = only(study_copy.problems())
    assert problem.file == "study.toml"
    assert rule in problem.rule


@pytest.mark.parametrize("file", ALL_FILES)
def test_a_folder_in_a_files_place(study_copy, file):
    (study_copy.folder / file).unlink()
    (study_copy.folder / file).mkdir()
    problem = next(p for p in study_copy.problems() if p.file == file)
    assert "cannot be read" in problem.rule


def test_an_unreadable_file_does_not_hide_the_other_problems(study_copy):
    (study_copy.folder / "wards.csv").write_bytes(b"\xff")
    study_copy.set_cell("indicators.csv", "fires", "kind", "number")
    study_copy.replace("study.toml", "anticipation = 3 ", "anticipation = true ")
    assert [p.file for p in study_copy.problems()] == ["indicators.csv", "study.toml", "wards.csv"]


def test_a_file_from_excel_with_a_byte_order_mark_and_crlf_is_read(study_copy, nghe_an):
    for file in ("wards.csv", "study.toml"):
        text = (study_copy.folder / file).read_text(encoding="utf-8")
        (study_copy.folder / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert study_copy.load().wards == nghe_an.wards


def test_decomposed_names_are_read_as_composed(study_copy, nghe_an):
    text = (study_copy.folder / "wards.csv").read_text(encoding="utf-8")
    (study_copy.folder / "wards.csv").write_text(unicodedata.normalize("NFD", text), encoding="utf-8")
    assert study_copy.load().wards == nghe_an.wards


def test_order_of_rows_and_columns_does_not_matter(study_copy, nghe_an):
    for form in TABLE_FORMS:
        header, *rows = study_copy.table(form.file)
        study_copy.write(form.file, [row[::-1] for row in [header, *rows[::-1]]])
    study = study_copy.load()
    assert (study.wards, study.facts, study.ward_aliases) == (nghe_an.wards, nghe_an.facts, nghe_an.ward_aliases)


def test_a_missing_and_an_unknown_column_are_both_named(study_copy):
    study_copy.replace("shocks.csv", "last_date", "end_date")
    problems = study_copy.problems()
    assert {(p.cell, p.rule) for p in problems} == {
        ("column last_date", "this column is missing"),
        ("column end_date", "no such column belongs here"),
    }
    assert all("shock_id,town_code,first_date,last_date" in p.remedy for p in problems)


@pytest.mark.parametrize(("cells", "found"), [("x,y", "2 cells"), ("x,412,2021-06-17,,a,b,study,", "8 cells")])
def test_a_row_of_another_length_is_named_by_its_number(study_copy, cells, found):
    number = study_copy.add_row("shocks.csv", cells)
    problem = only(study_copy.problems())
    assert (problem.file, problem.cell, problem.value) == ("shocks.csv", f"row {number}", found)


BAD_CELLS = [
    ("wards.csv", "16690", "population_count", "16.562", "a whole number of 0 or more, or nothing"),
    ("wards.csv", "16690", "population_count", "-5", "a whole number of 0 or more, or nothing"),
    ("wards.csv", "16690", "population_count", "١٢", "a whole number of 0 or more, or nothing"),
    ("wards.csv", "16690", "population_year", "19", "a year, or nothing"),
    ("wards.csv", "16690", "is_hot_spot_2019", "có", "yes or no, or nothing"),
    ("wards.csv", "16690", "valid_to", "30/06/2025", "a date written year-month-day, or nothing"),
    ("wards.csv", "16690", "valid_to", "2025-02-30", "a date written year-month-day, or nothing"),
    ("wards.csv", "16690", "ward_name_vi", "", "some text"),
    ("adoption.csv", "16690", "status", "maybe", "one of: model, not, unknown"),
    ("adoption.csv", "16690", "certainty", "sure", "one of: article, press"),
    ("synthetic/roster.csv", "16699", "status", "unknown", "one of: model, not"),
    ("timings.csv", "main,2021", "basis", "", "some text"),
    ("rosters.csv", "A,412", "model_ward_count", "five", "a whole number of 0 or more"),
    ("indicators.csv", "fires", "role", "result", "one of: outcome"),
    ("indicators.csv", "fires", "is_primary", "", "yes or no"),
    ("indicators.csv", "fires", "break_periods", "2021-01  2022-01", "a list with single spaces"),
    ("shocks.csv", "covid_14_districts", "first_date", "soon", "a date written year-month-day"),
    ("programmes.csv", "drug_free_wards", "is_separable", "?", "yes or no"),
    ("boundary_changes.csv", "2024-12-01,16684", "kind", "gone", "one of: merged_into"),
    ("sources.csv", "article_2023", "published_date", "17.3.2023", "a date written year-month-day, or nothing"),
    ("sources.csv", "article_2023", "citation", "", "some text"),
    ("facts.csv", "F1", "statement_en", "", "some text"),
    ("header_aliases.csv", "TT", "meaning", "Thứ tự", "an id of small letters"),
    ("ward_aliases.csv", "Tr. Thi", "town_code", "Thành phố Vinh", "a code without spaces"),
]


@pytest.mark.parametrize(("file", "row", "column", "value", "rule"), BAD_CELLS)
def test_a_bad_cell_is_named_by_row_and_column(study_copy, file, row, column, value, rule):
    number = study_copy.set_cell(file, row, column, value)
    problems = study_copy.problems()
    found = [p for p in problems if (p.file, p.cell) == (file, f"row {number}, {column}")]
    assert len(found) == 1, "\n".join(p.sentence() for p in problems)
    assert found[0].rule.startswith(rule)
    assert found[0].value == (value or "(empty)")
    assert found[0].remedy or column == "break_periods"
    assert isinstance(found[0].rule, Message)
    assert found[0].in_language("vi").cell == f"dòng {number}, {column}"


DOUBLES = {
    "wards.csv": "16663,2019-01-01,2025-06-30,Đông Vĩnh,412,Vinh,,,,,unit_list",
    "adoption.csv": "17110,2019-01-01,not,,computed,article_2023",
    "timings.csv": "main,2021,2021-09,again,study",
    "rosters.csv": "A,412,5,2023,article_2023",
    "sources.csv": "study,a,,b,c,setting",
    "facts.csv": "F1,a,b,study",
    "shocks.csv": "covid_14_districts,all,2021-08-20,,a,b,study",
    "header_aliases.csv": "TT,sequence_number",
}


@pytest.mark.parametrize("file", DOUBLES)
def test_a_key_that_stands_twice_is_shown_at_both_rows(study_copy, file):
    number = study_copy.add_row(file, DOUBLES[file])
    twice = [p for p in study_copy.problems() if p.file == file and p.rule.startswith("no two rows may share")]
    assert len(twice) == 2
    assert f"row {number}" in {p.cell for p in twice}


SETTINGS = [
    ('study = "nghe_an"', 'study = "Nghệ An"', "study"),
    ('origin = "synthetic" ', 'origin = "real" ', "origin"),
    ('period_kind = "police_month" ', 'period_kind = "month" ', "period_kind"),
    ('town_en = "town"', "", "units.town_en"),
    ('town_en = "town"', 'town_en = "town"\nvillage_en = "x"', "units.village_en"),
    ("anticipation = 3 ", 'anticipation = "3" ', "defaults.anticipation"),
    ("anticipation = 3 ", "anticipation = -1 ", "defaults.anticipation"),
    ('roster = "given" ', 'roster = "guess" ', "defaults.roster"),
    ("missing = [] ", 'missing = "x" ', "cells.missing"),
    ('en = "Model wards on security and order in Nghệ An"', 'en = ""', "titles.en"),
]


@pytest.mark.parametrize(("old", "new", "place"), SETTINGS)
def test_a_wrong_setting_is_named_by_its_key(study_copy, old, new, place):
    study_copy.replace("study.toml", old, new)
    problem = only(study_copy.problems())
    assert (problem.file, problem.cell) == ("study.toml", place)
    assert isinstance(problem.rule, Message)


def test_a_table_that_must_say_something_may_not_be_a_header_alone(study_copy):
    for form in TABLE_FORMS:
        study_copy.write(form.file, [list(form.columns)])
    problems = study_copy.problems()
    empty = {p.file for p in problems if p.rule == "at least one row is needed"}
    assert empty == {form.file for form in TABLE_FORMS if not form.may_be_empty}


def test_tables_with_nothing_to_say_are_a_header_alone(study_copy):
    for file in ("shocks.csv", "programmes.csv", "boundary_changes.csv", "facts.csv", "ward_aliases.csv"):
        study_copy.write(file, study_copy.table(file)[:1])
    study = study_copy.load()
    assert (study.shocks, study.programmes, study.boundary_changes, study.facts, study.ward_aliases) == ((),) * 5


def test_values_in_messages_are_short_and_printable():
    assert shown("a\nb\0c") == "a b c"
    assert len(shown("x" * 500)) == 40


def test_every_file_and_column_is_explained():
    explained = (project_root() / "docs" / "study-folder.md").read_text(encoding="utf-8")
    for form in (*TABLE_FORMS, GIVEN_ROSTER):
        assert form.file.split("/")[-1] in explained
        assert not [column for column in form.columns if f"`{column}`" not in explained]
