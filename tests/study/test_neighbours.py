"""Borders, rings and declared groups: what a study may say of them, and how far a ward is from the programme."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import DesignError
from helpers.study import Study
from helpers.study.design import NEVER
from helpers.study.objects import Neighbours
from helpers.study.rings import FAR, build_rings

HA_HUY_TAP, LE_LOI, QUAN_BAU = "16666@2019-01-01", "16669@2019-01-01", "16670@2019-01-01"
HEADER = ["ward_id", "neighbour_id", "source_id"]


def both_ways(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[*pair, "unit_list"] for one, other in pairs for pair in ((one, other), (other, one))]


def with_borders(study: Study, pairs: str) -> Study:
    """Return a study whose borders are given as in "ab bc"."""
    rows = [Neighbours(*order, "s") for pair in pairs.split() for order in (pair, pair[::-1])]
    return replace(study, adjacency=tuple(rows))


def test_a_study_without_the_files_says_nothing_of_borders(nghe_an):
    assert (nghe_an.adjacency, nghe_an.groups) == ((), ())
    assert {ward.ring for ward in nghe_an.wards} == {None}


def test_borders_are_read_in_both_orders(study_copy):
    study_copy.write("adjacency.csv", [HEADER, *both_ways((HA_HUY_TAP, LE_LOI))])
    pairs = [(row.ward_id, row.neighbour_id) for row in study_copy.load().adjacency]
    assert pairs == [(HA_HUY_TAP, LE_LOI), (LE_LOI, HA_HUY_TAP)]


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ([HA_HUY_TAP, QUAN_BAU, "unit_list"], ["two sides"]),
        ([HA_HUY_TAP, HA_HUY_TAP, "unit_list"], ["neighbour of itself"]),
        (["99999@2019-01-01", HA_HUY_TAP, "unit_list"], ["names a ward", "two sides"]),
        (["16666", HA_HUY_TAP, "unit_list"], ["joined by @", "names a ward", "two sides"]),
        ([HA_HUY_TAP, LE_LOI, "unit_list"], ["no two rows"]),
        ([QUAN_BAU, HA_HUY_TAP, "nobody"], ["must stand in sources.csv", "two sides"]),
    ],
)
def test_every_mistake_in_the_borders_is_listed(study_copy, row, rules):
    study_copy.write("adjacency.csv", [HEADER, *both_ways((HA_HUY_TAP, LE_LOI)), row])
    problems = study_copy.problems()
    assert {problem.file for problem in problems} == {"adjacency.csv"}
    assert len({problem.rule for problem in problems}) == len(rules)
    for rule in rules:
        assert any(rule in problem.rule for problem in problems), rule


def with_rings(study_copy, rings: dict[str, str]) -> None:
    header, *rows = study_copy.table("wards.csv")
    study_copy.write("wards.csv", [[*header, "ring"], *([*row, rings.get(row[0], "")] for row in rows)])


def test_a_ring_may_be_stated(study_copy):
    with_rings(study_copy, {"16666": "0", "16669": "1"})
    assert {ward.ward_id: ward.ring for ward in study_copy.load().wards if ward.ring is not None} == {
        HA_HUY_TAP: 0,
        LE_LOI: 1,
    }


@pytest.mark.parametrize(
    ("rings", "rule"),
    [
        ({"16666": "2"}, "ring 0 is a ward of the programme"),
        ({"16666": "-1"}, "whole number"),
        ({"16666": "x"}, "whole"),
    ],
)
def test_a_wrong_ring_is_a_problem(study_copy, rings, rule):
    with_rings(study_copy, rings)
    (problem,) = study_copy.problems()
    assert rule in problem.rule


def test_a_ward_of_unknown_status_has_no_ring(study_copy):
    (study_copy.folder / "synthetic" / "roster.csv").unlink()
    study_copy.replace("study.toml", 'roster = "given"', 'roster = "worlds"')
    unknown = next(row[0] for row in study_copy.table("adoption.csv") if row[2] == "unknown")
    with_rings(study_copy, {unknown: "1"})
    (problem,) = study_copy.problems()
    assert "status is unknown" in problem.rule


def test_groups_are_read_and_checked(study_copy):
    header = ["grouping", "ward_code", "valid_from", "group", "source_id"]
    row = ["size", "16666", "2019-01-01", "large", "study"]
    study_copy.write("groups.csv", [header, row])
    (member,) = study_copy.load().groups
    assert (member.grouping, member.ward_id, member.group) == ("size", HA_HUY_TAP, "large")
    study_copy.write(
        "groups.csv", [header, row, [*row[:3], "small", "study"], ["size", "1", "2019-01-01", "s", "study"]]
    )
    assert sorted(problem.rule for problem in study_copy.problems()) == [
        "no two rows may share grouping, ward_code, valid_from",
        "no two rows may share grouping, ward_code, valid_from",
        "ward_code and valid_from must stand in wards.csv",
    ]


def street(labels: tuple[int, ...], starts: tuple[int, ...] = (2,)):
    return make_design(labels, starts, months("2023-01", "2023-06"), wards="abcdef"[: len(labels)])


def test_distance_is_counted_in_borders(nghe_an):
    rings = build_rings(with_borders(nghe_an, "ab bc cd ae"), street((0, NEVER, NEVER, NEVER, NEVER, NEVER)))
    assert rings.nearest.tolist() == [0, 1, 2, 3, 1, FAR]
    assert rings.n_without == 1


def test_neighbours_of_later_cohorts_are_near_only_from_their_start(nghe_an):
    design = street((0, NEVER, NEVER, 1, NEVER), (2, 4))
    rings = build_rings(with_borders(nghe_an, "ab bc cd de"), design)
    assert rings.steps.tolist() == [[0, 1, 2, 3, 4], [3, 2, 1, 0, 1]]
    assert rings.by_period(design)[1].tolist() == [FAR, FAR, 1, 1, 1, 1]
    assert rings.by_period(design)[2].tolist() == [FAR, FAR, 2, 2, 1, 1]
    assert rings.by_period(design)[4].tolist() == [FAR, FAR, 4, 4, 1, 1]


def test_stated_rings_serve_one_cohort_only(nghe_an):
    first, *others = nghe_an.wards
    stated = replace(nghe_an, wards=(replace(first, ring=1), *others))
    one = make_design((NEVER, 0), (2,), months("2023-01", "2023-06"), wards=(first.ward_id, others[0].ward_id))
    assert build_rings(stated, one).nearest.tolist() == [1, FAR]
    two = replace(one, cohorts=("x", "y"), starts=(2, 3), labels=(1, 0))
    with pytest.raises(DesignError, match=r"several cohorts"):
        build_rings(stated, two)


def test_borders_are_walked_the_same_way_however_they_are_listed(nghe_an):
    design = street((0, NEVER, NEVER, NEVER))
    first, second = (build_rings(with_borders(nghe_an, pairs), design) for pairs in ("ab bc cd", "dc cb ba"))
    assert np.array_equal(first.steps, second.steps)
