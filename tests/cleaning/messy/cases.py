"""One case of the fuzzer: a return is drawn, something goes wrong with it, and what comes out is judged."""

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cleaning.messy.mutations import ALONE, MUTATIONS, figures_of
from cleaning.messy.office import KINDS, Place, Sent, draw_return, save
from cleaning.messy.oracle import figures_in, is_balanced, lost_cells, remaining, wrongs
from cleaning.messy.study import ANY, Choose, Key
from helpers.cleaning import clean_returns
from helpers.errors import DataProblems

T = TypeVar("T")
UNSPOILT = "nothing"
DAMAGES = ("truncated", "flipped", "zeroed", "repeated", "foreign")
BARE_SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".parquet")
"""Files without a checksum: where their bytes change, they may tell anything."""


@dataclass(frozen=True)
class Case:
    """What was done to a return and what came of it: ``right``, ``aside``, ``refused`` or ``as written``."""

    seed: int
    kind: str
    outcome: str
    faults: tuple[str, ...] = ()


def seeded(seed: int) -> Choose:
    generator = random.Random(seed)

    def choose(options: Sequence[T]) -> T:
        return options[generator.randrange(len(options))]

    return choose


def run_case(seed: int, folder: Path) -> Case:
    """Draw, spoil, clean and judge one return; the folder is emptied."""
    choose = _begin(seed, folder)
    is_damage = choose(range(8)) == 0
    # A Parquet file has one row of headings, each another: most of what goes wrong with a table cannot be saved in one.
    sent = draw_return(folder, choose, kinds=KINDS if is_damage else KINDS[:-1], is_cumulative=False)
    loose: set[Key] = set(sent.unsure)
    names = [] if is_damage else _mutate(sent.pages, loose, choose)
    places = save(sent, choose)
    if is_damage:
        names = [_damage(sorted((folder / "returns").iterdir()), loose, choose)]
    return _judged(seed, " + ".join(names), sent, places, loose, is_damage=is_damage)


def run_unspoilt(seed: int, folder: Path) -> Case:
    """Draw, clean and judge one return with which nothing went wrong: the whole truth must come out."""
    choose = _begin(seed, folder)
    sent = draw_return(folder, choose)
    case = _judged(seed, UNSPOILT, sent, save(sent, choose), set(sent.unsure), is_damage=False)
    is_whole = case.outcome == "right" or (case.outcome == "as written" and bool(sent.unsure))
    return case if is_whole or case.faults else replace(case, outcome="wrong", faults=(f"was {case.outcome}",))


def _begin(seed: int, folder: Path) -> Choose:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return seeded(seed)


def _judged(seed: int, kind: str, sent: Sent, places: Sequence[Place], loose: set[Key], *, is_damage: bool) -> Case:
    try:
        cleaned = clean_returns(sent.truth.study)
    except DataProblems as error:
        faults = [f"no remedy: {one}" for one in error.problems if not (one.rule and one.remedy and one.file)]
        return Case(seed, kind, "refused", tuple(faults))
    except Exception as error:  # noqa: BLE001 -- a traceback is what this looks for
        return Case(seed, kind, "crashed", (repr(error),))
    faults = wrongs(cleaned, sent, places, loose) + ([] if is_balanced(cleaned) else ["unbalanced"])
    faults += [] if is_damage else lost_cells(cleaned, sent.pages, places)
    held, found = remaining(sent.pages, places), figures_in(cleaned)
    is_right = {key: count for key, (count, _) in held.items()} == found
    outcome = "right" if is_right else "as written" if loose else "aside"
    return Case(seed, kind, "wrong" if faults else outcome, tuple(faults))


def _mutate(pages: list, loose: set[Key], choose: Choose) -> list[str]:
    names: list[str] = []
    wanted = choose((1, 1, 1, 2))
    while len(names) < wanted:
        mutation = choose([own for own in MUTATIONS if not (names and own in ALONE)])
        told_otherwise = mutation(pages, choose)
        if told_otherwise is not None:
            loose |= told_otherwise
            names.append(mutation.__name__.replace("_", " "))
        if mutation in ALONE or not any(figures_of(row) for page in pages for row in page.rows):
            break
    return names


def _damage(paths: Sequence[Path], loose: set[Key], choose: Choose) -> str:
    """Change the bytes of one file."""
    path, how = choose(paths), choose(DAMAGES)
    data = bytearray(path.read_bytes())
    place = choose(range(len(data)))
    if how == "truncated":
        del data[place:]
    elif how == "flipped":
        data[place] ^= choose((1, 2, 4, 8, 16, 32, 64, 128))
    elif how == "zeroed":
        data[place : place + 40] = bytes(len(data[place : place + 40]))
    elif how == "repeated":
        data[place:place] = data[place : place + 40]
    else:
        data[place : place + 3] = b"\xff\xfe\x81"
    path.write_bytes(bytes(data))
    if path.suffix in BARE_SUFFIXES or how == "truncated":
        loose.add(ANY)
    return f"bytes {how}"
