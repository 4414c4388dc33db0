"""A study folder's tables as text, and how a rule addresses a place in them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.errors import Problem
from helpers.messages import Message, say
from helpers.study.schemas import WARD_KEY, shown
from helpers.study.settings import StudySettings

Row = Mapping[str, str]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderTables:
    """What could be read of a folder.

    Attributes
    ----------
    settings : StudySettings or None
        None if ``study.toml`` could not be read.
    tables : mapping of file to DataFrame of text
        The tables that have all their columns, indexed by row number in the file.
    parts : frozenset of Key
        Wards that are followed as parts of the ward that took them over: they count there.
    changing : frozenset of Key
        Wards whose change inside the window is judged as a merger to be followed.
    """

    settings: StudySettings | None
    tables: Mapping[str, pd.DataFrame]
    parts: frozenset[Key] = frozenset()
    changing: frozenset[Key] = frozenset()

    def has(self, *files: str) -> bool:
        """Return whether all these files could be read."""
        return all(file in self.tables for file in files)

    def rows(self, file: str) -> list[tuple[int, Row]]:
        """Return a file's rows with their numbers; none if it could not be read."""
        return numbered_rows(self.tables[file]) if file in self.tables else []

    def keys(self, file: str, *columns: str) -> set[Key]:
        """Return the distinct values of some columns."""
        return {key_of(row, columns) for _, row in self.rows(file)}

    def towns(self) -> dict[Key, str]:
        """Return each ward's town code."""
        return {key_of(row, WARD_KEY): row["town_code"] for _, row in self.rows("wards.csv")}

    def statuses(self, *files: str) -> dict[Key, str]:
        """Return each ward's status; later files overrule earlier ones."""
        return {key_of(row, WARD_KEY): row["status"] for file in files for _, row in self.rows(file)}

    def town_counts(self, *files: str) -> Counter[tuple[str, str]]:
        """Return the number of wards by town and status; a ward followed as a part of another is not counted."""
        towns = {ward: town for ward, town in self.towns().items() if ward not in self.parts}
        return Counter((towns[ward], status) for ward, status in self.statuses(*files).items() if ward in towns)

    def unresolved(self, file: str, columns: Key, known: Collection[Key], target: str) -> Iterator[Problem]:
        """Yield a problem for each row whose one or two `columns` are filled but not in `known`."""
        for number, row in self.rows(file):
            key = key_of(row, columns)
            if any(key) and key not in known:
                remedy = say("Add it to {target}, or correct it here.", target=target)
                yield problem_at(file, number, " ".join(key), _must_stand_in(target, columns), remedy)


def numbered_rows(table: pd.DataFrame) -> list[tuple[int, Row]]:
    """Return the rows of a table of text with their numbers in the file."""
    columns = [str(column) for column in table.columns]
    rows = (dict(zip(columns, row, strict=True)) for row in table.to_numpy().tolist())
    return list(zip(table.index.tolist(), rows, strict=True))


def key_of(row: Row, columns: Iterable[str]) -> Key:
    """Return some cells of a row."""
    return tuple(row[column] for column in columns)


def problem_at(file: str, place: int | str, value: str, rule: str, remedy: str) -> Problem:
    """Return a problem at a row (a number), or at any other place of a file (a text)."""
    cell = say("row {row}", row=place) if isinstance(place, int) else place
    return Problem(file, "", cell, shown(value), rule, remedy)


def _must_stand_in(target: str, columns: Key) -> Message:
    if len(columns) == 1:
        return say("{column} must stand in {target}", column=columns[0], target=target)
    first, second = columns
    return say("{first} and {second} must stand in {target}", first=first, second=second, target=target)
