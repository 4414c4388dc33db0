"""Everything this project raises on purpose, each with the exit code the command line gives it.

A message says what was found, what was expected and what to do. Problems in a user's data are collected and raised
together, because a clerk who is told one error at a time is sent round as many times as there are errors.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_DATA_PROBLEM = 1
EXIT_WRONG_USAGE = 2
EXIT_NOTEBOOK_FAILED = 3


class ModelWardsError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code = EXIT_DATA_PROBLEM


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


class NotebookFailed(ModelWardsError):
    """One or more notebooks of a run ended with an error; the others were kept."""

    exit_code = EXIT_NOTEBOOK_FAILED


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file, addressed so that a clerk can find it.

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

    def sentence(self) -> str:
        """Return the problem as one line of text."""
        place = " · ".join(part for part in (self.file, self.sheet, self.cell) if part)
        found = f" found “{self.value}”;" if self.value else ""
        return f"{place}:{found} {self.rule}. {self.remedy}"


class DataProblems(ModelWardsError):
    """All problems found in a study folder or its returns, in one list.

    Attributes
    ----------
    problems : tuple of Problem
        Sorted by file, sheet and cell.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        lines = [problem.sentence() for problem in self.problems]
        super().__init__("\n".join([f"{len(lines)} problem(s) in the data:", *lines]))
