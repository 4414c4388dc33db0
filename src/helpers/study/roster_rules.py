"""What adoption, timings and rosters owe each other: statuses, cohorts, and the counts that a reading fixes.

No unknown ward is silently a comparison ward: every ward has a status, every town a count under every reading, and a
roster that breaks a count is refused. Fiction fills only what is unknown, in its own file.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator

from helpers.errors import Problem
from helpers.messages import say
from helpers.study.schemas import FICTIONAL, WARD_KEY
from helpers.study.settings import SETTINGS_FILE
from helpers.study.tables import FolderTables, key_of, problem_at

ROSTER_FILE = "synthetic/roster.csv"


def _every_ward_has_adoption(folder: FolderTables) -> Iterator[Problem]:
    if folder.has("wards.csv", "adoption.csv"):
        missing = folder.keys("wards.csv", *WARD_KEY) - folder.keys("adoption.csv", *WARD_KEY)
        for key in sorted(missing):
            rule = say("every ward of wards.csv has a row here")
            remedy = say("Add its row; write unknown where no source says.")
            yield problem_at("adoption.csv", "", " ".join(key), rule, remedy)


def _cohorts_go_with_status(folder: FolderTables) -> Iterator[Problem]:
    for file in ("adoption.csv", ROSTER_FILE):
        for number, row in folder.rows(file):
            if (row["status"] == "model") != bool(row["cohort"]):
                found = say("{status} with cohort “{cohort}”", status=row["status"], cohort=row["cohort"])
                rule = say("a model ward has a cohort, and no other ward has one")
                yield problem_at(file, number, found, rule, say("Fill in the cohort, or empty it."))


def _cohorts_have_starts(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has("timings.csv"):
        return
    starts = folder.keys("timings.csv", "timing", "cohort")
    timings = sorted({timing for timing, _ in starts})
    used = {row["cohort"] for file in ("adoption.csv", "rosters.csv", ROSTER_FILE) for _, row in folder.rows(file)}
    for cohort, timing in itertools.product(sorted(used - {""}), timings):
        if (timing, cohort) not in starts:
            rule = say("every cohort has a start under every timing")
            remedy = say("Add the row, or correct the cohort's name.")
            yield problem_at("timings.csv", "", f"{timing}, {cohort}", rule, remedy)


def _readings_cover_towns(folder: FolderTables) -> Iterator[Problem]:
    if folder.has("wards.csv", "rosters.csv"):
        towns = sorted(town for (town,) in folder.keys("wards.csv", "town_code"))
        readings = sorted(reading for (reading,) in folder.keys("rosters.csv", "reading"))
        stated = folder.keys("rosters.csv", "reading", "town_code")
        for reading, town in itertools.product(readings, towns):
            if (reading, town) not in stated:
                rule = say("every reading counts the model wards of every town")
                remedy = say("Add the row; 0 where there are none.")
                yield problem_at("rosters.csv", "", f"{reading}, {town}", rule, remedy)


def _counts_can_be_met(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has("wards.csv", "adoption.csv", "rosters.csv"):
        return
    members = folder.town_counts("adoption.csv")
    is_settled = "unknown" not in folder.statuses("adoption.csv").values()
    wanted = [(number, row, _count(row["model_ward_count"])) for number, row in folder.rows("rosters.csv")]
    for number, row, count in wanted:
        town, reading = row["town_code"], row["reading"]
        model, unknown = members[town, "model"], members[town, "unknown"]
        if count is None or model <= count <= model + unknown:
            continue
        is_default = folder.settings is None or folder.settings.defaults.reading == reading
        agrees_elsewhere = any(other["town_code"] == town and n == model for _, other, n in wanted)
        if is_settled and agrees_elsewhere and not is_default:
            continue  # a complete list has settled for another reading: this one is ruled out, not wrong
        rule = say(
            "reading {reading} counts {count} in town {town}, adoption.csv {model} known and {unknown} unknown",
            reading=reading,
            count=count,
            town=town,
            model=model,
            unknown=unknown,
        )
        remedy = say(
            "Correct adoption.csv or the count; if the full list is known, let defaults.reading agree with it."
        )
        yield problem_at("rosters.csv", number, str(count), rule, remedy)


def _given_roster_fits(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has("wards.csv", "adoption.csv", "rosters.csv", ROSTER_FILE) or folder.settings is None:
        return
    known = folder.statuses("adoption.csv")
    for number, row in folder.rows(ROSTER_FILE):
        if known.get(key_of(row, WARD_KEY), "unknown") != "unknown":
            rule = say("fiction fills only wards that adoption.csv calls unknown")
            yield problem_at(ROSTER_FILE, number, row["ward_code"], rule, say("Remove the row."))
    merged = folder.town_counts("adoption.csv", ROSTER_FILE)
    for _, row in folder.rows("rosters.csv"):
        town, count = row["town_code"], _count(row["model_ward_count"])
        if row["reading"] == folder.settings.defaults.reading and count not in (None, merged[town, "model"]):
            found = say("{count} in town {town}", count=merged[town, "model"], town=town)
            rule = say(
                "reading {reading} wants {count} model wards in town {town}",
                reading=row["reading"],
                count=count,
                town=town,
            )
            remedy = say("Change who is model in this file until the count is met.")
            yield problem_at(ROSTER_FILE, "", found, rule, remedy)


def _given_roster_is_complete(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None or folder.settings.defaults.roster != "given" or not folder.has("adoption.csv"):
        return
    statuses = folder.statuses("adoption.csv", ROSTER_FILE)
    open_wards = sorted(" ".join(ward) for ward, status in statuses.items() if status == "unknown")
    if open_wards:
        rule = say("roster “given” needs every ward's status, and {count} are unknown", count=len(open_wards))
        remedy = say("Choose “worlds”, fill in adoption.csv, or (synthetic figures only) synthetic/roster.csv.")
        yield problem_at(SETTINGS_FILE, "defaults.roster", ", ".join(open_wards), rule, remedy)


def _fiction_stays_apart(folder: FolderTables) -> Iterator[Problem]:
    certainty = {row["source_id"]: row["certainty"] for _, row in folder.rows("sources.csv")}
    for number, row in folder.rows(ROSTER_FILE):
        if row["certainty"] != FICTIONAL or certainty.get(row["source_id"], FICTIONAL) != FICTIONAL:
            remedy = say("A known fact belongs into adoption.csv; here write fictional and a fictional source.")
            yield problem_at(ROSTER_FILE, number, row["certainty"], say("this file holds only fiction"), remedy)
    if folder.settings is None or folder.settings.origin == "synthetic":
        return
    for file in folder.tables:
        for number, row in folder.rows(file):
            if file != "sources.csv" and certainty.get(row.get("source_id", "")) == FICTIONAL:
                rule = say("a study of real data rests on no fictional source")
                remedy = say("Give the true source, or remove the row.")
                yield problem_at(file, number, row["source_id"], rule, remedy)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


ROSTER_RULES: tuple[Callable[[FolderTables], Iterable[Problem]], ...] = (
    _every_ward_has_adoption,
    _cohorts_go_with_status,
    _cohorts_have_starts,
    _readings_cover_towns,
    _counts_can_be_met,
    _given_roster_fits,
    _given_roster_is_complete,
    _fiction_stays_apart,
)
