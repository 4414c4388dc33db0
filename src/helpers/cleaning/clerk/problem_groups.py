"""Problems that are one: the same heading unknown in sixty sheets is one thing to do, not sixty.

Problems with the same value, rule and remedy make a group. Groups are in the order in which they are worked through:
what concerns whole files before whole sheets before cells, and of these what is met most often first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.errors import Problem
from helpers.messages import said_in, say, say_plural


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Problems with the same value, rule and remedy, in the order of their places; never none."""

    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """Return the one that stands first."""
        return self.problems[0]

    @property
    def file_count(self) -> int:
        """Return the number of files it is met in."""
        return len({problem.file for problem in self.problems})

    @property
    def sheet_count(self) -> int:
        """Return the number of sheets it is met in; a text file is one."""
        return len({(problem.file, problem.sheet) for problem in self.problems})

    def sentence(self, language: str) -> str:
        """Return the group as one line: its first problem, and in how many more places it is met.

        Examples
        --------
        >>> problems = [Problem("a.xlsx", f"T{month}", "C5", "PPHS", "not known", "Add it.") for month in (1, 2)]
        >>> group_problems(problems)[0].sentence("en")
        'a.xlsx · T1 · C5: found “PPHS”; not known. Add it. So too at 1 more place: 2 sheets of one file in all.'
        """
        first = self.first.sentence(language)
        count = len(self.problems) - 1
        if not count:
            return first
        places = {"count": count, "sheets": self.sheet_count, "files": self.file_count}
        return said_in(say("{problem} {more}", problem=first, more=_more(**places)), language)


def _more(*, count: int, sheets: int, files: int) -> str:
    if sheets == 1:
        return say_plural("So too at {count} more place.", "So too at {count} more places.", count=count)
    if files == 1:
        return say_plural(
            "So too at {count} more place: {sheets} sheets of one file in all.",
            "So too at {count} more places: {sheets} sheets of one file in all.",
            count=count,
            sheets=sheets,
        )
    return say_plural(
        "So too at {count} more place: {sheets} sheets of {files} files in all.",
        "So too at {count} more places: {sheets} sheets of {files} files in all.",
        count=count,
        sheets=sheets,
        files=files,
    )


def group_problems(problems: Iterable[Problem]) -> tuple[ProblemGroup, ...]:
    """Return problems as groups, the most important first; the same for any order of the problems."""
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in in_reading_order(problems):
        groups.setdefault((problem.value, problem.rule, problem.remedy), []).append(problem)
    return tuple(sorted((ProblemGroup(tuple(own)) for own in groups.values()), key=_importance))


def _importance(group: ProblemGroup) -> tuple[int, int]:
    scopes = [bool(problem.sheet) + 2 * bool(problem.cell) for problem in group.problems]
    return min(scopes), -len(group.problems)


def in_reading_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems by file, sheet and place; what concerns a whole file or sheet comes first, row 2 before row 12.

    Examples
    --------
    >>> rows = [Problem("a.csv", "", f"row {row}", "", "", "") for row in (12, 2)]
    >>> [problem.cell for problem in in_reading_order(rows)]
    ['row 2', 'row 12']
    """
    return sorted(problems, key=lambda problem: (problem.file, problem.sheet, _natural(problem.cell), problem))


def _natural(place: str) -> tuple[tuple[str, int], ...]:
    return tuple((text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]{0,18})", place))
