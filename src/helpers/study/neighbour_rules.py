"""Rules of what a study says about places beside each other: borders in ``adjacency.csv``, rings in ``wards.csv``."""

from collections.abc import Iterator

from helpers.errors import Problem
from helpers.messages import say
from helpers.study.schemas import ADJACENCY, WARD_KEY, WARDS
from helpers.study.tables import FolderTables, key_of, problem_at

RING = "ring"
OWN_RING = "0"
STATUS_FILES = ("adoption.csv", "synthetic/roster.csv")


def _neighbours_are_wards(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has(WARDS.file, ADJACENCY.file):
        return
    known = {"@".join(key) for key in folder.keys(WARDS.file, *WARD_KEY)}
    for number, row in folder.rows(ADJACENCY.file):
        for column in ("ward_id", "neighbour_id"):
            if row[column] not in known:
                rule = say("{column} names a ward of wards.csv", column=column)
                remedy = say("Write its ward_code and valid_from, joined by @; leave out places outside the study.")
                yield problem_at(ADJACENCY.file, number, row[column], rule, remedy)


def _borders_are_mutual(folder: FolderTables) -> Iterator[Problem]:
    pairs = folder.keys(ADJACENCY.file, "ward_id", "neighbour_id")
    for number, row in folder.rows(ADJACENCY.file):
        ward, neighbour = key_of(row, ("ward_id", "neighbour_id"))
        if ward == neighbour:
            rule = say("a ward is no neighbour of itself")
            yield problem_at(ADJACENCY.file, number, ward, rule, say("Remove the row, or correct one of the two."))
        elif (neighbour, ward) not in pairs:
            rule = say("a border has two sides, and the row for {ward}, {neighbour} is missing", ward=neighbour,
                       neighbour=ward)  # fmt: skip
            remedy = say("Add that row, or remove this one.")
            yield problem_at(ADJACENCY.file, number, f"{ward} {neighbour}", rule, remedy)


def _rings_start_at_the_programme(folder: FolderTables) -> Iterator[Problem]:
    statuses = folder.statuses(*STATUS_FILES)
    for number, row in folder.rows(WARDS.file):
        ring, status = row.get(RING, ""), statuses.get(key_of(row, WARD_KEY))
        if not ring.isdecimal() or status is None:
            continue
        if status == "unknown":
            rule = say("a ward whose status is unknown has no ring: it may be 0 itself")
            yield problem_at(WARDS.file, number, ring, rule, say("Empty the cell."))
        elif (ring == OWN_RING) != (status == "model"):
            rule = say("ring 0 is a ward of the programme, and no other is")
            remedy = say("Correct the ring, or the status in adoption.csv.")
            yield problem_at(WARDS.file, number, ring, rule, remedy)


NEIGHBOUR_RULES = (_neighbours_are_wards, _borders_are_mutual, _rings_start_at_the_programme)
