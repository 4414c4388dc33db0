"""Everything this project raises on purpose, each with the exit code the command line gives it.

A message says what was found, what was expected and what to do. Problems in a user's data are collected and raised
together, because a clerk who is told one error at a time is sent round as many times as there are errors.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from helpers.messages import SOURCE_LANGUAGE, said_in, say

EXIT_DATA_PROBLEM = 1
EXIT_WRONG_USAGE = 2
EXIT_NOTEBOOK_FAILED = 3


class ModelWardsError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code = EXIT_DATA_PROBLEM

    def in_language(self, language: str) -> str:
        """Return what is wrong, in a language if it was said by `helpers.messages.say`, else as it is.

        Examples
        --------
        >>> UsageError(say("row {row}", row=7)).in_language("vi")
        'dòng 7'
        """
        return said_in(self.args[0], language) if self.args and isinstance(self.args[0], str) else str(self)


class UsageError(ModelWardsError):
    """A wrong option, parameter or run file: nothing was started."""

    exit_code = EXIT_WRONG_USAGE


class MissingStep(ModelWardsError):
    """A notebook was asked to go on from one that has not run."""

    exit_code = EXIT_WRONG_USAGE


class UnwritableOutput(ModelWardsError):
    """An output folder cannot be written."""

    exit_code = EXIT_WRONG_USAGE


class DesignError(ModelWardsError):
    """The study's design admits no such analysis (no comparison ward, no period before adoption, ...)."""


class EstimationError(ModelWardsError):
    """An estimator was given data it must not be used on."""


class DisclosureRisk(ModelWardsError):
    """Restricted figures could be worked out from what would be published: nothing is exported."""


class NotebookFailed(ModelWardsError):
    """One or more notebooks of a run ended with an error; the others were kept."""

    exit_code = EXIT_NOTEBOOK_FAILED


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file, addressed so that a clerk can find it.

    Each part is a text; one made by `helpers.messages.say` can be said in another language. Problems are compared and
    sorted by their English.

    Attributes
    ----------
    file : str
        Path relative to the study folder.
    sheet : str
        Sheet name, or "" for a text file.
    cell : str
        Cell ("C7"), row ("row 12") or column, or "" for the file as a whole.
    value : str
        What was found, shortened; never a value that may be personal.
    rule : str
        What was expected.
    remedy : str
        What to do about it.
    """

    file: str
    sheet: str
    cell: str
    value: str
    rule: str
    remedy: str

    def in_language(self, language: str) -> "Problem":
        """Return this problem with every part in a language, as plain texts."""
        parts = (self.file, self.sheet, self.cell, self.value, self.rule, self.remedy)
        return Problem(*(str(said_in(part, language)) for part in parts))

    def sentence(self, language: str = SOURCE_LANGUAGE) -> str:
        """Return the problem as one line of text.

        Examples
        --------
        >>> problem = Problem("wards.csv", "", say("row {row}", row=7), "", "codes are unique", "Keep one of them.")
        >>> problem.sentence()
        'wards.csv · row 7: codes are unique. Keep one of them.'
        """
        said = self.in_language(language)
        place = " · ".join(part for part in (said.file, said.sheet, said.cell) if part)
        if said.value:
            line = say(
                "{place}: found “{value}”; {rule}. {remedy}",
                place=place,
                value=said.value,
                rule=said.rule,
                remedy=said.remedy,
            )
        else:
            line = say("{place}: {rule}. {remedy}", place=place, rule=said.rule, remedy=said.remedy)
        return str(said_in(line, language))


class DataProblems(ModelWardsError):
    """All problems found in a study folder or its returns, in one list.

    Attributes
    ----------
    problems : tuple of Problem
        Sorted by file, sheet and cell.
    put_aside : tuple of Problem
        What else is known of the files that could be read: cells that would not be used.
    """

    def __init__(self, problems: Iterable[Problem], put_aside: Iterable[Problem] = ()) -> None:
        self.problems, self.put_aside = tuple(sorted(problems)), tuple(put_aside)
        super().__init__(self.in_language(SOURCE_LANGUAGE))

    def in_language(self, language: str) -> str:
        """Return all problems in a language, one a line below the line that counts them."""
        count = say("{count} problem(s) in the data:", count=len(self.problems))
        return "\n".join([said_in(count, language), *(problem.sentence(language) for problem in self.problems)])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.put_aside)
