"""Rules that need more than one cell: references, dates, names, settings, and the one primary indicator.

Each rule is a function that looks at the folder's tables (text, as read) and yields a problem for every place that
breaks it. A rule whose files could not be read yields nothing, so that one mistake is not reported five times. What
adoption and rosters owe each other is in `helpers.study.roster_rules`, what borders and rings must be in
`helpers.study.neighbour_rules`.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from helpers.errors import Problem, UsageError
from helpers.messages import say
from helpers.study.neighbour_rules import NEIGHBOUR_RULES
from helpers.study.objects import ALL_TOWNS
from helpers.study.periods import PERIOD_EXAMPLES, PERIOD_KIND_NAMES, PeriodKind, period_days, period_number
from helpers.study.roster_rules import ROSTER_FILE, ROSTER_RULES
from helpers.study.schemas import HEADER_FURNITURE, WARD_KEY, is_iso_date
from helpers.study.settings import SETTINGS_FILE
from helpers.study.tables import FolderTables, Key, key_of, problem_at
from helpers.text import normalise_header, normalise_ward_name

Rule = Callable[[FolderTables], Iterable[Problem]]


def cross_file_problems(folder: FolderTables) -> list[Problem]:
    """Return every breach of a rule between cells or files of a folder."""
    return [problem for rule in (*RULES, *ROSTER_RULES, *NEIGHBOUR_RULES) for problem in rule(folder)]


def _sources_resolve(folder: FolderTables) -> Iterator[Problem]:
    if folder.has("sources.csv"):
        known = folder.keys("sources.csv", "source_id")
        for file in folder.tables:
            if file != "sources.csv" and "source_id" in folder.tables[file].columns:
                yield from folder.unresolved(file, ("source_id",), known, "sources.csv")


def _wards_resolve(folder: FolderTables) -> Iterator[Problem]:
    if folder.has("wards.csv"):
        known = folder.keys("wards.csv", *WARD_KEY)
        for file in ("adoption.csv", ROSTER_FILE, "ward_aliases.csv", "groups.csv"):
            yield from folder.unresolved(file, WARD_KEY, known, "wards.csv")
        origin = ("from_ward_code", "from_valid_from")
        yield from folder.unresolved("boundary_changes.csv", origin, known, "wards.csv")


def _towns_resolve(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has("wards.csv"):
        return
    known = folder.keys("wards.csv", "town_code")
    yield from folder.unresolved("rosters.csv", ("town_code",), known, "wards.csv")
    target = say("wards.csv (or be “all”)")
    for file in ("shocks.csv", "programmes.csv"):
        yield from folder.unresolved(file, ("town_code",), known | {(ALL_TOWNS,)}, target)


def _towns_have_one_name(folder: FolderTables) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for number, row in folder.rows("wards.csv"):
        code, name = row["town_code"], row["town_name_vi"]
        if first.setdefault(code, name) != name:
            rule = say("town {town} is called “{name}” above", town=code, name=first[code])
            yield problem_at("wards.csv", number, name, rule, say("Give a town one name."))
        if code == ALL_TOWNS:
            rule = say("“all” is no town code: it means every town")
            yield problem_at("wards.csv", number, code, rule, say("Choose another code."))


def _vintages_do_not_overlap(folder: FolderTables) -> Iterator[Problem]:
    by_code: dict[str, list[tuple[str, str, int]]] = {}
    for number, row in folder.rows("wards.csv"):
        by_code.setdefault(row["ward_code"], []).append((row["valid_from"], row["valid_to"], number))
    for code, spells in by_code.items():
        for (start, end, _), (following, _, number) in itertools.pairwise(sorted(spells)):
            if start != following and (not end or end >= following):
                rule = say("code {code} already means another unit on that day", code=code)
                remedy = say("End the earlier row the day before (valid_to).")
                yield problem_at("wards.csv", number, following, rule, remedy)


def _dates_are_ordered(folder: FolderTables) -> Iterator[Problem]:
    pairs = [("wards.csv", "valid_from", "valid_to")]
    pairs += [(file, "first_date", "last_date") for file in ("shocks.csv", "programmes.csv")]
    for file, first, last in pairs:
        for number, row in folder.rows(file):
            if is_iso_date(row[first]) and is_iso_date(row[last]) and row[last] < row[first]:
                found = f"{row[first]} … {row[last]}"
                rule = say("{last} is not before {first}", last=last, first=first)
                yield problem_at(file, number, found, rule, say("Correct one of the two."))


def _periods_are_valid(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None:
        return
    kind, window = folder.settings.period_kind, folder.settings.window
    places: list[tuple[str, int | str, str]] = [
        (SETTINGS_FILE, "window.first", window.first),
        (SETTINGS_FILE, "window.last", window.last),
    ]
    places += [("timings.csv", number, row["first_treated"]) for number, row in folder.rows("timings.csv")]
    for number, row in folder.rows("indicators.csv"):
        places += [("indicators.csv", number, period) for period in row["break_periods"].split()]
    for file, place, period in places:
        if not _is_period(kind, period):
            remedy = say("Write it as in {example}.", example=PERIOD_EXAMPLES[kind])
            rule = say("a {period_kind} is expected", period_kind=PERIOD_KIND_NAMES[kind])
            yield problem_at(file, place, period, rule, remedy)


def _is_period(kind: PeriodKind, label: str) -> bool:
    try:
        first, last = period_days(kind, label)
    except (UsageError, ValueError):
        return False
    return is_iso_date(first.isoformat()) and is_iso_date(last.isoformat())


def _window_fits(folder: FolderTables) -> Iterator[Problem]:
    settings = folder.settings
    if settings is None:
        return
    kind, window = settings.period_kind, settings.window
    if not (_is_period(kind, window.first) and _is_period(kind, window.last)):
        return
    if period_number(kind, window.first) > period_number(kind, window.last):
        found = f"{window.first} … {window.last}"
        rule = say("the window ends no earlier than it begins")
        yield problem_at(SETTINGS_FILE, "window", found, rule, say("Exchange the two."))
    first_end, last_end = (period_days(kind, label)[1].isoformat() for label in (window.first, window.last))
    for number, row in folder.rows("wards.csv"):
        starts_late = is_iso_date(row["valid_from"]) and row["valid_from"] > first_end
        ends_early = is_iso_date(row["valid_to"]) and row["valid_to"] < last_end
        if (starts_late or ends_early) and key_of(row, WARD_KEY) not in folder.changing:
            found = f"{row['valid_from']} … {row['valid_to']}"
            rule = say(
                "a ward's code keeps its meaning throughout the window, {first} … {last}",
                first=window.first,
                last=window.last,
            )
            remedy = say("Shorten the window in study.toml, or correct the dates.")
            yield problem_at("wards.csv", number, found, rule, remedy)


def _defaults_exist(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None:
        return
    defaults = folder.settings.defaults
    for key, value, file, rule in (
        ("timing", defaults.timing, "timings.csv", say("this timing is not in timings.csv")),
        ("reading", defaults.reading, "rosters.csv", say("this reading is not in rosters.csv")),
    ):
        known = folder.keys(file, key)
        if folder.has(file) and (value,) not in known:
            remedy = say("Choose one of: {choices}.", choices=", ".join(sorted(name for (name,) in known)))
            yield problem_at(SETTINGS_FILE, f"defaults.{key}", value, rule, remedy)


def _release_has_a_name(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None or not folder.settings.disclosure.approved_by:
        return
    approved_by, key = folder.settings.disclosure.approved_by, "disclosure.approved_by"
    if folder.settings.origin != "real_restricted":
        rule = say("only restricted data need anybody's approval")
        yield problem_at(SETTINGS_FILE, key, approved_by, rule, say("Remove it, or correct origin."))
    name, *office, day = [part.strip() for part in approved_by.split(",")] if "," in approved_by else ["", ""]
    if not (name and office and all(office) and is_iso_date(day)):
        rule = say("whoever answers for publishing restricted data is named: name, office, date")
        remedy = say("Write it as in “Nguyễn Văn A, Phòng Tổng hợp, 2024-03-01”, or remove it.")
        yield problem_at(SETTINGS_FILE, key, approved_by, rule, remedy)


def _marks_are_distinct(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None:
        return
    marks = [*folder.settings.cells.zero, *folder.settings.cells.missing]
    for mark, times in sorted(Counter(mark.strip().casefold() for mark in marks).items()):
        if times > 1:
            remedy = say("List it once, under zero or under missing.")
            yield problem_at(SETTINGS_FILE, "cells", mark, say("a mark means one thing"), remedy)
        if not mark or any(character.isdecimal() for character in mark):
            rule = say("a mark is a text without digits; a blank is always missing, and 0 always zero")
            yield problem_at(SETTINGS_FILE, "cells", mark or say("(blank)"), rule, say("Remove it."))


def _absent_wards_are_of_counts(folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None or not folder.settings.cells.absent_ward_indicators:
        return
    key = "cells.absent_ward_indicators"
    if folder.settings.cells.absent_ward != "zero":
        rule = say("indicators are named here only where an absent ward means zero")
        yield problem_at(SETTINGS_FILE, key, "", rule, say('Set absent_ward = "zero", or remove the list.'))
    counts = {row["indicator"] for _, row in folder.rows("indicators.csv") if row["kind"] == "count"}
    for name in sorted(set(folder.settings.cells.absent_ward_indicators) - counts) if counts else ():
        rule = say("a ward can have had none only of what is counted: an indicator of kind count")
        yield problem_at(
            SETTINGS_FILE, key, name, rule, say("Choose one of: {choices}.", choices=", ".join(sorted(counts)))
        )


def _indicators_agree(folder: FolderTables) -> Iterator[Problem]:
    rows = folder.rows("indicators.csv")
    known = {row["indicator"] for _, row in rows}
    primary = [row["indicator"] for _, row in rows if row["is_primary"] == "yes"]
    if rows and len(primary) != 1:
        rule, remedy = say("exactly one indicator is primary"), say("Write yes in is_primary of exactly one indicator.")
        place = say("column {column}", column="is_primary")
        yield problem_at("indicators.csv", place, ", ".join(primary), rule, remedy)
    for number, row in rows:
        for column in ("denominator", "part_of"):
            if row[column] and (row[column] not in known or row[column] == row["indicator"]):
                rule = say("{column} names another indicator of this file", column=column)
                remedy = say("Correct the id, or add that indicator.")
                yield problem_at("indicators.csv", number, row[column], rule, remedy)
        if (row["kind"] == "ratio") != bool(row["denominator"]):
            found = f"{row['kind']}, “{row['denominator']}”"
            rule = say("a ratio names its denominator, and nothing else does")
            yield problem_at("indicators.csv", number, found, rule, say("Fill the cell in, or empty it."))
        if row["kind"] == "ratio" and "yes" in (row["in_family"], row["is_primary"]):
            rule = say("a ratio is never an outcome, because its denominator is one itself")
            remedy = say("Write no in is_primary and in_family.")
            yield problem_at("indicators.csv", number, row["indicator"], rule, remedy)


def _placebos_are_no_outcome(folder: FolderTables) -> Iterator[Problem]:
    for number, row in folder.rows("indicators.csv"):
        is_wrong = row["kind"] != "count" or "yes" in (row["in_family"], row["is_primary"])
        if row.get("is_placebo") == "yes" and is_wrong:
            rule = say("what the programme should not move is a count, not primary and not in the family")
            yield problem_at("indicators.csv", number, row["indicator"], rule, say("Write no in is_placebo."))


def _boundary_changes_follow(folder: FolderTables) -> Iterator[Problem]:
    for number, row in folder.rows("boundary_changes.csv"):
        day, begin = row["effective_date"], row["from_valid_from"]
        if is_iso_date(day) and is_iso_date(begin) and day <= begin:
            rule, remedy = say("a change comes after its ward begins"), say("Correct one of the two dates.")
            yield problem_at("boundary_changes.csv", number, day, rule, remedy)


def _headers_mean_something(folder: FolderTables) -> Iterator[Problem]:
    if not folder.has("indicators.csv"):
        return
    rows = [row for _, row in folder.rows("indicators.csv")]
    rates = {(f"{row['indicator']}_rate",) for row in rows if row["kind"] == "ratio"}
    known = {(row["indicator"],) for row in rows} | rates | {(word,) for word in HEADER_FURNITURE}
    target = say("indicators.csv (or be <ratio>_rate or one of {furniture})", furniture=", ".join(HEADER_FURNITURE))
    yield from folder.unresolved("header_aliases.csv", ("meaning",), known, target)


def _headings_are_unambiguous(folder: FolderTables) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for number, row in folder.rows("header_aliases.csv"):
        meaning = first.setdefault(normalise_header(row["spelling"]), row["meaning"])
        if meaning != row["meaning"]:
            rule = say("this spelling (capitals, tones and punctuation aside) already means {meaning}", meaning=meaning)
            yield problem_at("header_aliases.csv", number, row["spelling"], rule, say("Keep one of the two."))


def _ward_spellings_are_unambiguous(folder: FolderTables) -> Iterator[Problem]:
    towns = folder.towns()
    meant: dict[tuple[str, str], Key] = {}
    for _, row in folder.rows("wards.csv"):
        meant.setdefault((row["town_code"], normalise_ward_name(row["ward_name_vi"])), key_of(row, WARD_KEY))
    for number, row in folder.rows("ward_aliases.csv"):
        ward, town = key_of(row, WARD_KEY), row["town_code"]
        if towns.get(ward, town) != town:
            rule, remedy = say("the ward lies in another town"), say("Write {town}.", town=towns[ward])
            yield problem_at("ward_aliases.csv", number, town, rule, remedy)
        elif meant.setdefault((town, normalise_ward_name(row["spelling"])), ward) != ward:
            rule = say("within a town a spelling means one ward")
            remedy = say("Remove it: such a name cannot be matched safely.")
            yield problem_at("ward_aliases.csv", number, row["spelling"], rule, remedy)


RULES: tuple[Rule, ...] = (
    _sources_resolve,
    _wards_resolve,
    _towns_resolve,
    _towns_have_one_name,
    _vintages_do_not_overlap,
    _dates_are_ordered,
    _periods_are_valid,
    _window_fits,
    _defaults_exist,
    _release_has_a_name,
    _marks_are_distinct,
    _absent_wards_are_of_counts,
    _indicators_agree,
    _placebos_are_no_outcome,
    _boundary_changes_follow,
    _headers_mean_something,
    _headings_are_unambiguous,
    _ward_spellings_are_unambiguous,
)
