"""Each rule between files, broken once: the problem stands at its place, and nothing else is reported."""

import pytest

from helpers.messages import Message


def places(problems):
    return {(problem.file, problem.cell) for problem in problems}


def cell(file, row, column, value):
    """Write a wrong value; the problem stands at its row."""
    return lambda copy: (file, f"row {copy.set_cell(file, row, column, value)}")


def added(file, line):
    """Add a wrong row; the problem stands there."""
    return lambda copy: (file, f"row {copy.add_row(file, line)}")


def elsewhere(change, file, place=""):
    """Make a change whose problem stands in another place."""

    def changed(copy):
        change(copy)
        return file, place

    return changed


def dropped(file, row):
    """Drop a row; what it should have said is missing from the file as a whole."""
    return elsewhere(lambda copy: copy.drop_row(file, row), file)


def setting(old, new, place):
    """Change study.toml; the problem stands at the key."""
    return elsewhere(lambda copy: copy.replace("study.toml", old, new), "study.toml", place)


ROSTER = "synthetic/roster.csv"

BROKEN = {
    "source": cell("facts.csv", "F1", "source_id", "nobody"),
    "ward of adoption": added("adoption.csv", "99999,2019-01-01,not,,computed,study"),
    "ward of alias": cell("ward_aliases.csv", "Tr. Thi", "valid_from", "2018-01-01"),
    "ward of boundary change": cell("boundary_changes.csv", "2024-12-01,16684", "from_ward_code", "99999"),
    "town of shock": cell("shocks.csv", "covid_14_districts", "town_code", "999"),
    "town of programme": cell("programmes.csv", "drug_free_wards", "town_code", "999"),
    "two names of a town": cell("wards.csv", "17134", "town_name_vi", "Hoàng Mai 2"),
    "dates of shock": cell("shocks.csv", "covid_14_districts", "last_date", "2021-01-01"),
    "dates of programme": cell("programmes.csv", "drug_free_wards", "last_date", "2021-01-01"),
    "change before its ward": cell("boundary_changes.csv", "2024-12-01,16684", "effective_date", "2018-12-01"),
    "ward without adoption": dropped("adoption.csv", "17110"),
    "model without cohort": cell("adoption.csv", "16690", "cohort", ""),
    "cohort without model": cell("adoption.csv", "17110", "cohort", "2023"),
    "cohort without start": dropped("timings.csv", "local,2021"),
    "rosters' cohort without start": elsewhere(cell("rosters.csv", "B,432", "cohort", "2024"), "timings.csv"),
    "town without count": dropped("rosters.csv", "B,432"),
    "more counted than wards": cell("rosters.csv", "B,413", "model_ward_count", "8"),
    "fewer counted than a full town has": cell("rosters.csv", "B,414", "model_ward_count", "3"),
    "fewer counted than known": cell("rosters.csv", "B,412", "model_ward_count", "1"),
    "fiction over fact": added(ROSTER, "17110,2019-01-01,not,,fictional,fictional"),
    "fact among fiction": cell(ROSTER, "16699", "certainty", "press"),
    "default timing": setting('timing = "main"', 'timing = "late"', "defaults.timing"),
    "default reading": setting('reading = "A"', 'reading = "C"', "defaults.reading"),
    "window label": setting('"2023-12"', '"2023-13"', "window.last"),
    "window of another kind": setting('"2019-01"', '"2019Q1"', "window.first"),
    "window of a strange century": setting('"2019-01"', '"0000-01"', "window.first"),
    "window backwards": setting('last = "2023-12"', 'last = "2018-12"', "window"),
    "start label": cell("timings.csv", "main,2023", "first_treated", "2023-3"),
    "break label": cell("indicators.csv", "fires", "break_periods", "2022"),
    "mark with two meanings": setting("missing = [] ", 'missing = ["Không"] ', "cells"),
    "mark that is a number": setting("missing = [] ", 'missing = ["0"] ', "cells"),
    "mark that is blank": setting("missing = [] ", 'missing = [" "] ', "cells"),
    "absent wards of a ratio": setting(
        "missing = [] ",
        'absent_ward = "zero"\nabsent_ward_indicators = ["clearance"]\nmissing = [] ',
        "cells.absent_ward_indicators",
    ),
    "absent wards of nothing known": setting(
        "missing = [] ",
        'absent_ward = "zero"\nabsent_ward_indicators = ["fires", "nothing"]\nmissing = [] ',
        "cells.absent_ward_indicators",
    ),
    "indicators of no declaration": setting(
        "missing = [] ", 'absent_ward_indicators = ["fires"]\nmissing = [] ', "cells.absent_ward_indicators"
    ),
    "no primary": elsewhere(
        cell("indicators.csv", "crime_order", "is_primary", "no"), "indicators.csv", "column is_primary"
    ),
    "two primaries": elsewhere(
        cell("indicators.csv", "fires", "is_primary", "yes"), "indicators.csv", "column is_primary"
    ),
    "denominator": cell("indicators.csv", "clearance", "denominator", "nothing"),
    "part of itself": cell("indicators.csv", "fires", "part_of", "fires"),
    "ratio without denominator": cell("indicators.csv", "fires", "kind", "ratio"),
    "ratio in the family": cell("indicators.csv", "clearance", "in_family", "yes"),
    "count with denominator": cell("indicators.csv", "fires", "denominator", "tips"),
    "heading's meaning": cell("header_aliases.csv", "TT", "meaning", "murders"),
    "heading twice": added("header_aliases.csv", "tt.,population"),
    "alias of another town": cell("ward_aliases.csv", "Tr. Thi", "town_code", "413"),
    "alias that names another ward": added("ward_aliases.csv", "P. Nghi Thu,16717,2019-01-01,413"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_reported_at_its_place_alone(study_copy, rule):
    place = BROKEN[rule](study_copy)
    problems = study_copy.problems()
    assert places(problems) == {place}, "\n".join(problem.sentence() for problem in problems)
    assert all(problem.rule and problem.remedy for problem in problems)
    assert all(isinstance(said, Message) for problem in problems for said in (problem.rule, problem.remedy))


def test_the_shipped_folder_breaks_none(study_copy):
    assert study_copy.load().study == "nghe_an"


def test_what_a_cell_means_is_declared_and_nothing_is_by_itself(study_copy):
    cells = study_copy.load().cells
    assert (cells.decimal_sign, cells.absent_ward, cells.absent_ward_indicators) == ("", "missing", ())
    declared = 'decimal_sign = ","\nabsent_ward = "zero"\nabsent_ward_indicators = ["fires", "crime_order", "fires"]\n'
    study_copy.replace("study.toml", "missing = [] ", f"{declared}missing = [] ")
    cells = study_copy.load().cells
    assert (cells.decimal_sign, cells.absent_ward) == (",", "zero")
    assert cells.absent_ward_indicators == ("crime_order", "fires")


def test_all_mistakes_are_told_at_once(study_copy):
    study_copy.set_cell("facts.csv", "F1", "source_id", "nobody")
    study_copy.set_cell("wards.csv", "16690", "population_count", "many")
    study_copy.set_cell("indicators.csv", "fires", "is_primary", "yes")
    study_copy.drop_row("timings.csv", "local,2021")
    study_copy.replace("study.toml", '"2023-12"', '"2023-13"')
    (study_copy.folder / "shocks.csv").unlink()
    files = {"facts.csv", "wards.csv", "indicators.csv", "timings.csv", "study.toml", "shocks.csv"}
    problems = study_copy.problems()
    assert {problem.file for problem in problems} == files
    assert len(problems) == 6


def test_a_count_for_a_town_that_does_not_exist(study_copy):
    number = study_copy.set_cell("rosters.csv", "B,432", "town_code", "999")
    assert places(study_copy.problems()) == {("rosters.csv", f"row {number}"), ("rosters.csv", "")}


def test_two_vintages_of_a_code_may_follow_but_not_overlap(study_copy):
    number = study_copy.add_row("wards.csv", "16681,2024-11-01,,Thành Vinh,412,Vinh,,,,,unit_list")
    rules = {(p.file, p.cell, p.rule.split(" already")[0]) for p in study_copy.problems()}
    assert ("wards.csv", f"row {number}", "code 16681") in rules
    study_copy.set_cell("wards.csv", "16681,2024-11-01", "valid_from", "2024-12-01")
    assert not any("already means" in p.rule for p in study_copy.problems())


def test_a_ward_that_ends_before_it_begins(study_copy):
    number = study_copy.set_cell("wards.csv", "17110", "valid_to", "2018-01-01")
    assert ("wards.csv", f"row {number}") in places(study_copy.problems())


def test_the_window_ends_where_codes_change_their_meaning(study_copy):
    study_copy.replace("study.toml", '"2023-12"', '"2024-11"')
    assert study_copy.load().window == ("2019-01", "2024-11")
    study_copy.replace("study.toml", '"2024-11"', '"2024-12"')
    codes = {study_copy.table("wards.csv")[int(p.cell.removeprefix("row ")) - 1][0] for p in study_copy.problems()}
    assert codes == {"16681", "16684", "16687", "16696", "16714"}


def make_real(study_copy):
    study_copy.replace("study.toml", 'origin = "synthetic" ', 'origin = "real_restricted" ')


def test_real_figures_read_no_fictional_roster(study_copy):
    make_real(study_copy)
    assert places(study_copy.problems()) == {("study.toml", "defaults.roster")}
    study_copy.replace("study.toml", 'roster = "given" ', 'roster = "worlds" ')
    study = study_copy.load()
    assert study.given_roster == ()
    assert not study.is_given_roster_fictional


APPROVAL = "disclosure.approved_by"


def approve(study_copy, approved_by):
    settings = study_copy.folder / "study.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}\n[disclosure]\napproved_by = "{approved_by}"\n', encoding="utf-8")


def test_synthetic_figures_need_no_approval(study_copy):
    approve(study_copy, "Nguyễn Văn A, Phòng Tổng hợp, 2024-03-01")
    assert places(study_copy.problems()) == {("study.toml", APPROVAL)}


@pytest.mark.parametrize("approved_by", ["somebody", "A, 2024-03-01", ", Office, 2024-03-01", "A, Office, 1/3/2024"])
def test_whoever_approves_is_named_with_office_and_date(study_copy, approved_by):
    make_real(study_copy)
    study_copy.replace("study.toml", 'roster = "given" ', 'roster = "worlds" ')
    approve(study_copy, approved_by)
    assert places(study_copy.problems()) == {("study.toml", APPROVAL)}


def test_disclosure_control_applies_unless_somebody_answers_for_it(study_copy):
    make_real(study_copy)
    study_copy.replace("study.toml", 'roster = "given" ', 'roster = "worlds" ')
    assert study_copy.load().is_controlled
    approve(study_copy, "Nguyễn Văn A, Phòng Tổng hợp, 2024-03-01")
    assert not study_copy.load().is_controlled


def test_thresholds_may_be_stricter_but_never_laxer(study_copy):
    settings = study_copy.folder / "study.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"{text}\n[disclosure]\nsmallest_count = 11\n", encoding="utf-8")
    assert study_copy.load().disclosure.smallest_count == 11
    settings.write_text(f"{text}\n[disclosure]\nsmallest_count = 3\n", encoding="utf-8")
    assert places(study_copy.problems()) == {("study.toml", "disclosure.smallest_count")}


def test_real_figures_rest_on_no_fictional_source(study_copy):
    make_real(study_copy)
    study_copy.replace("study.toml", 'roster = "given" ', 'roster = "worlds" ')
    number = study_copy.set_cell("facts.csv", "F1", "source_id", "fictional")
    assert places(study_copy.problems()) == {("facts.csv", f"row {number}")}


def test_a_given_roster_that_breaks_the_count_is_refused(study_copy):
    study_copy.set_cell("synthetic/roster.csv", "16663", "status", "model")
    study_copy.set_cell("synthetic/roster.csv", "16663", "cohort", "2023")
    (problem,) = study_copy.problems()
    assert (problem.file, problem.value) == ("synthetic/roster.csv", "6 in town 412")
    assert problem.rule == "reading A wants 5 model wards in town 412"


def test_a_given_roster_with_a_gap_is_refused(study_copy):
    study_copy.drop_row("synthetic/roster.csv", "16663")
    (problem,) = study_copy.problems()
    assert (problem.cell, problem.value) == ("defaults.roster", "16663 2019-01-01")


def complete(study_copy, members):
    """Fill in the real list: these Vinh wards are model wards, the rest are not."""
    for number in range(2, 34):
        row = study_copy.table("adoption.csv")[number - 1]
        if row[2] == "unknown":
            is_member = row[0] in members
            study_copy.set_cell("adoption.csv", row[0], "status", "model" if is_member else "not")
            study_copy.set_cell("adoption.csv", row[0], "cohort", "2023" if is_member else "")
    (study_copy.folder / "synthetic/roster.csv").unlink()


def test_the_full_real_list_settles_the_reading(study_copy):
    make_real(study_copy)
    complete(study_copy, {"16663", "16669", "16670"})
    assert len({row.status for row in study_copy.load().adoption} & {"unknown"}) == 0


def test_a_full_list_of_the_other_reading_asks_for_that_default(study_copy):
    complete(study_copy, {"16663", "16669", "16670", "16672"})
    (problem,) = study_copy.problems()
    assert problem.file == "rosters.csv"
    assert "reading A counts 5 in town 412, adoption.csv 6 known" in problem.rule
    study_copy.replace("study.toml", 'reading = "A"', 'reading = "B"')
    assert study_copy.load().default_reading == "B"


@pytest.mark.parametrize("members", [set(), {"16663", "16669", "16670", "16672", "16673"}])
def test_a_full_list_that_fits_no_reading_is_refused(study_copy, members):
    complete(study_copy, members)
    problems = study_copy.problems()
    assert {p.file for p in problems} == {"rosters.csv"}
    assert len(problems) == 2


def with_placebo(study_copy, indicator: str) -> int:
    header, *rows = study_copy.table("indicators.csv")
    study_copy.write(
        "indicators.csv", [[*header, "is_placebo"], *([*row, "yes" if row[0] == indicator else "no"] for row in rows)]
    )
    return study_copy.row_of("indicators.csv", indicator)


def test_an_indicator_may_be_declared_as_one_that_should_not_move(study_copy):
    assert not any(one.is_placebo for one in study_copy.load().indicators)
    with_placebo(study_copy, "complaints")
    assert [one.indicator for one in study_copy.load().indicators if one.is_placebo] == ["complaints"]


@pytest.mark.parametrize("indicator", ["crime_order", "disorder", "clearance"])
def test_what_should_not_move_is_no_outcome_and_a_count(study_copy, indicator):
    number = with_placebo(study_copy, indicator)
    assert places(study_copy.problems()) == {("indicators.csv", f"row {number}")}
