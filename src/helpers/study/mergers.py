"""Wards that took over whole wards inside the window, and are followed backwards as the sum of these parts.

Only where ``study.toml`` asks for it (``[boundaries] follow_merges``). A merger can be followed if ``wards.csv`` lists
the parts until the day before and the merged ward from that day on, all of one town and one status, and every part goes
into it whole. Whatever else crosses the window (a part of a ward's area, another town, a second change) has no figures
of one meaning throughout, and is refused with what to do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from helpers.errors import Problem, UsageError
from helpers.messages import Message, say
from helpers.study.periods import period_days
from helpers.study.schemas import WARD_KEY, is_iso_date
from helpers.study.tables import FolderTables, Key, Row, key_of, problem_at

CHANGES = "boundary_changes.csv"
FILES_OF_STATUS = ("adoption.csv", "synthetic/roster.csv")


@dataclass(frozen=True, slots=True)
class FoundMergers:
    """What ``boundary_changes.csv`` says of the window.

    Attributes
    ----------
    parts : mapping of Key to tuple of Key
        The parts of each merged ward that can be followed.
    problems : tuple of Problem
        Changes inside the window that cannot.
    changing : frozenset of Key
        Every ward that either of the two is about.
    """

    parts: Mapping[Key, tuple[Key, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    changing: frozenset[Key] = frozenset()


def find_mergers(folder: FolderTables) -> FoundMergers:
    """Return the mergers inside the window, none if the study does not ask for them or its files cannot be read."""
    settings = folder.settings
    if settings is None or not settings.boundaries.follow_merges or not folder.has("wards.csv", CHANGES):
        return FoundMergers()
    try:
        ends = [
            period_days(settings.period_kind, label)[1].isoformat()
            for label in (settings.window.first, settings.window.last)
        ]
    except (UsageError, ValueError):  # told as a problem of study.toml
        return FoundMergers()
    rows = [row for row in folder.rows(CHANGES) if ends[0] < row[1]["effective_date"] <= ends[1]]
    rows = [row for row in rows if is_iso_date(row[1]["effective_date"])]
    into: dict[Key, list[tuple[int, Row]]] = {}
    for number, row in rows:
        into.setdefault((row["to_code"], row["effective_date"]), []).append((number, row))
    wards = {key_of(row, WARD_KEY): row for _, row in folder.rows("wards.csv")}
    parts: dict[Key, tuple[Key, ...]] = {}
    problems: list[Problem] = []
    for target, changes in sorted(into.items()):
        own = tuple(_from(row) for _, row in changes)
        found = list(_obstacles(folder, target, changes, rows, wards, ends))
        if found:
            names = ", ".join(_shown(key, wards) for key in own)
            remedy = say(
                "End the window before {date}, or take the wards ({wards}) out of the study.",
                date=target[1],
                wards=names,
            )
            problems += [problem_at(CHANGES, changes[0][0], _shown(target, wards), rule, remedy) for rule in found]
        else:
            parts[target] = own
    return FoundMergers(parts, tuple(problems), frozenset(into) | {_from(row) for _, row in rows})


def _from(row: Row) -> Key:
    return key_of(row, ("from_ward_code", "from_valid_from"))


def _shown(key: Key, wards: Mapping[Key, Row]) -> str:
    code = "@".join(key)
    return f"{wards[key]['ward_name_vi']} ({code})" if key in wards else code


def _obstacles(
    folder: FolderTables, target: Key, changes: list[tuple[int, Row]], rows: list[tuple[int, Row]],
    wards: Mapping[Key, Row], ends: list[str],
) -> Iterator[Message]:  # fmt: skip
    """Yield every reason for which a ward is not the sum of the wards that went into it."""
    parts = [_from(row) for _, row in changes]
    kinds = {row["kind"] for _, row in changes}
    goes_elsewhere = [key for key in parts if sum(_from(row) == key for _, row in rows) > 1]
    if "split_into" in kinds or goes_elsewhere:
        yield say("a ward whose area is divided cannot be followed: only whole wards that merge can")
        return
    same_code = [key for key, row in wards.items() if key[0] == target[0] and row["valid_to"] == _before(target[1])]
    if ("enlarged" in kinds and "merged_into" not in kinds) or any(key not in parts for key in same_code):
        yield say("the wards that went into this one are not all listed, so their sum is not known to be the whole")
        return
    if target not in wards:
        yield say("a merged ward that is followed has its own row in wards.csv, valid from {date}", date=target[1])
        return
    known = [key for key in parts if key in wards]
    if any(wards[key]["valid_to"] != _before(target[1]) for key in known):
        yield say("wards that merge end in wards.csv on the day before the merger")
    if any(key[1] > ends[0] for key in parts) or "" < wards[target]["valid_to"] < ends[1]:
        yield say("a ward that changes twice inside the window cannot be followed")
    if {wards[key]["town_code"] for key in known} != {wards[target]["town_code"]}:
        yield say("a merger across the border of a town cannot be followed: a ward has one town throughout")
    if len({_status(folder, key) for key in (*parts, target)}) > 1:
        yield say("a merged ward and its parts have one status and one cohort, and these differ")


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _status(folder: FolderTables, ward: Key) -> tuple[str, str]:
    found = ("", "")
    for file in FILES_OF_STATUS:
        for _, row in folder.rows(file):
            if key_of(row, WARD_KEY) == ward:
                found = (row["status"], row["cohort"])
    return found
