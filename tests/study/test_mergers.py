"""Mergers inside the window: followed where whole wards merge, refused with what to do where they do not."""

from typing import Any

import pytest

StudyCopy = Any  # the fixture's class lives in conftest.py, which cannot be imported

INSIDE = ('last = "2023-12"', 'last = "2025-05"')
ASKED = "\n[boundaries]\nfollow_merges = true\n"
ENLARGED = "16681,2024-12-01,,Quang Trung,412,Vinh,26848,2019,,,unit_list"
TAKES_IN = "16714,2024-12-01,,Vinh Tân,412,Vinh,23187,2019,,,unit_list"
COAST = ("16717", "16720", "16723", "16726", "16729", "16732", "16735")
GONE = {"16681@2019-01-01", "16684@2019-01-01", "16687@2019-01-01", "16696@2019-01-01", "16714@2019-01-01"}


@pytest.fixture
def merged(study_copy: StudyCopy) -> StudyCopy:
    """The shipped study with a window over the mergers of December 2024 in Vinh, which it asks to follow."""
    study_copy.replace("study.toml", *INSIDE)
    settings = study_copy.folder / "study.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace('"given"  ', '"worlds" ') + ASKED, encoding="utf-8"
    )
    (study_copy.folder / "synthetic" / "roster.csv").unlink()
    for code in COAST:
        study_copy.drop_row("boundary_changes.csv", f"2024-12-01,{code}")
    for row in study_copy.table("wards.csv")[1:]:
        own = row[0] + "@2019-01-01" in GONE
        study_copy.set_cell("wards.csv", row[0], "valid_to", "2024-11-30" if own else "")
    study_copy.add_row("wards.csv", ENLARGED)
    study_copy.add_row("wards.csv", TAKES_IN)
    for code in ("16681", "16714"):
        study_copy.add_row("adoption.csv", f"{code},2024-12-01,unknown,,article,article_2023")
    return study_copy


def test_whole_wards_that_merge_are_followed(merged: StudyCopy) -> None:
    study = merged.load()
    assert {merger.ward.ward_id: [part.ward_code for part in merger.parts] for merger in study.mergers} == {
        "16681@2024-12-01": ["16681", "16684", "16687"],
        "16714@2024-12-01": ["16696", "16714"],
    }
    ids = {ward.ward_id for ward in study.wards}
    assert len(ids) == 32 - 5 + 2 and not ids & GONE
    assert {row.ward_id for row in study.adoption} == ids
    assert len(study.reporting_wards) == 34


def test_borders_of_parts_are_borders_of_the_merged_ward(merged: StudyCopy) -> None:
    inner, outer = ("16681@2019-01-01", "16684@2019-01-01"), ("16684@2019-01-01", "16666@2019-01-01")
    rows = [[*order, "unit_list"] for pair in (inner, outer) for order in (pair, pair[::-1])]
    merged.write("adjacency.csv", [["ward_id", "neighbour_id", "source_id"], *rows])
    assert [(row.ward_id, row.neighbour_id) for row in merged.load().adjacency] == [
        ("16666@2019-01-01", "16681@2024-12-01"),
        ("16681@2024-12-01", "16666@2019-01-01"),
    ]


def test_it_is_not_done_unasked(merged: StudyCopy) -> None:
    merged.replace("study.toml", "follow_merges = true", "follow_merges = false")
    problems = merged.problems()
    assert {problem.file for problem in problems} == {"wards.csv"}
    assert len(problems) == 5 + 2
    assert "keeps its meaning throughout the window" in problems[0].rule


def test_a_window_that_ends_before_follows_nothing(merged: StudyCopy) -> None:
    merged.replace("study.toml", 'last = "2025-05"', 'last = "2024-11"')
    problems = merged.problems()
    assert {problem.value for problem in problems} == {"2024-12-01 …"}


def the_one(merged: StudyCopy, rule: str) -> Any:
    problems = [problem for problem in merged.problems() if problem.file == "boundary_changes.csv"]
    assert problems and all("End the window before 2024-12-01" in problem.remedy for problem in problems)
    (found,) = (problem for problem in problems if rule in problem.rule)
    return found


def test_a_divided_ward_is_refused(merged: StudyCopy) -> None:
    merged.add_row(
        "boundary_changes.csv", "2024-12-01,16684,2019-01-01,16714,Vinh Tân,split_into,a part,resolution_1243"
    )
    problems = [problem for problem in merged.problems() if "divided" in problem.rule]
    assert [problem.value.split(" (")[0] for problem in problems] == ["Quang Trung", "Vinh Tân"]
    assert "Đội Cung (16684@2019-01-01)" in problems[0].remedy


def test_an_enlarged_ward_of_which_nothing_is_known_to_come_is_refused(merged: StudyCopy) -> None:
    merged.drop_row("boundary_changes.csv", "2024-12-01,16696")
    assert the_one(merged, "not all listed").value.startswith("Vinh Tân")


def test_a_ward_that_took_others_in_but_is_not_listed_itself_is_refused(merged: StudyCopy) -> None:
    merged.drop_row("boundary_changes.csv", "2024-12-01,16714")
    assert the_one(merged, "not all listed").value.startswith("Vinh Tân")


def test_a_merger_across_the_border_of_a_town_is_refused(merged: StudyCopy) -> None:
    merged.set_cell("wards.csv", "16696", "town_code", "413")
    merged.set_cell("wards.csv", "16696", "town_name_vi", "Cửa Lò")
    assert "Hồng Sơn" in the_one(merged, "across the border of a town").remedy


def test_parts_of_different_status_are_refused(merged: StudyCopy) -> None:
    merged.set_cell("adoption.csv", "16696", "status", "not")
    assert the_one(merged, "one status and one cohort").value.startswith("Vinh Tân")


def test_the_merged_ward_needs_its_own_row(merged: StudyCopy) -> None:
    merged.drop_row("wards.csv", "16714,2024-12-01")
    merged.drop_row("adoption.csv", "16714,2024-12-01")
    the_one(merged, "has its own row in wards.csv, valid from 2024-12-01")


def test_parts_end_the_day_before(merged: StudyCopy) -> None:
    merged.set_cell("wards.csv", "16696", "valid_to", "2024-12-31")
    the_one(merged, "on the day before the merger")


def test_a_second_change_is_refused(merged: StudyCopy) -> None:
    merged.set_cell("wards.csv", "16714,2024-12-01", "valid_to", "2025-03-01")
    the_one(merged, "changes twice")


def test_a_ward_that_ends_without_a_change_is_told_as_before(merged: StudyCopy) -> None:
    merged.set_cell("wards.csv", "16693", "valid_to", "2024-10-31")
    (problem,) = merged.problems()
    assert (problem.file, "keeps its meaning throughout" in problem.rule) == ("wards.csv", True)


def test_rosters_count_wards_as_they_are_after_the_merger(merged: StudyCopy) -> None:
    """Were the three parts counted beside the ward they became, the model wards of Vinh would be too many."""
    for code in ("16681,2019-01-01", "16684", "16687", "16681,2024-12-01"):
        merged.set_cell("adoption.csv", code, "status", "model")
        merged.set_cell("adoption.csv", code, "cohort", "2023")
    assert sum(row.status == "model" for row in merged.load().adoption if row.ward_id.startswith("166")) == 3


@pytest.mark.parametrize("value", ['"yes"', "1"])
def test_follow_merges_is_true_or_false(merged: StudyCopy, value: str) -> None:
    merged.replace("study.toml", "follow_merges = true", f"follow_merges = {value}")
    assert "input should be true or false" in [problem.rule for problem in merged.problems()]
