"""Problems as lists that an office can work through: a table, a CSV file that Excel opens, and one page to print.

The lists say the same, in the reader's language. They are written whole or not at all, and hold nothing but what is in
the problems: no date, no machine.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from helpers.cleaning.clerk.problem_groups import ProblemGroup, group_problems, in_reading_order
from helpers.errors import Problem
from helpers.messages import Message, said_in, say, say_plural
from helpers.paths import written_beside
from helpers.text import harmless

TEMPLATE = "problem_page.html.j2"
MOST_NAMED = 6
"""More files than this are counted in a sentence and not named there."""
MOST_PLACES = 4
"""Of more places of one problem than this, a page names the first and the last; the CSV file names all."""
COLUMNS = (say("File"), say("Sheet"), say("Place"), say("Found"), say("Expected"), say("What to do"), say("Kind"))
KINDS = (say("to be corrected"), say("put aside"))


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem of a page, in one language, and where in its file the same is met again."""

    problem: Problem
    more: str
    others: str


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """All problems of one file, in the order of their places, in one language; `problem_count` counts all places."""

    file: str
    rows: tuple[ProblemRow, ...]
    problem_count: int
    count: str

    @property
    def has_sheets(self) -> bool:
        """Return whether any problem stands in a named sheet."""
        return any(row.problem.sheet for row in self.rows)


def problems_frame(problems: Iterable[Problem], language: str, *, put_aside: Iterable[Problem] = ()) -> pd.DataFrame:
    """Return problems as a table, in the order in which they are worked through.

    Parameters
    ----------
    problems : iterable of Problem
        What must be corrected, in any order.
    language : str
        Of headings and texts: "en", or one with a catalogue.
    put_aside : iterable of Problem
        Cells that are not used, which need not be corrected; they stand below the others.

    Returns
    -------
    DataFrame
        One row per problem: file, sheet, place, what was found, what was expected, what to do, and which of the two it
        is. Files and sheets are in order of name, places in order of number (row 2 comes before row 12); what concerns
        a whole file comes first.

    Raises
    ------
    UsageError
        For a language without a catalogue.

    Examples
    --------
    >>> from helpers.messages import say
    >>> problem = Problem("wards.csv", "", say("row {row}", row=7), "", say("this column is missing"), "")
    >>> problems_frame([problem], "vi").columns.tolist()
    ['Tệp', 'Trang tính', 'Vị trí', 'Tìm thấy', 'Yêu cầu', 'Cần làm gì', 'Loại']
    """
    return pd.DataFrame(_rows(problems, put_aside, language), columns=_headings(language), dtype="str")


def _rows(problems: Iterable[Problem], put_aside: Iterable[Problem], language: str) -> list[tuple[str, ...]]:
    return [
        (*astuple(problem.in_language(language)), said_in(kind, language))
        for kind, own in zip(KINDS, (problems, put_aside), strict=True)
        for problem in in_reading_order(own)
    ]


def write_problem_csv(
    problems: Iterable[Problem], path: Path, language: str, *, put_aside: Iterable[Problem] = ()
) -> Path:
    """Write problems as a CSV file that Excel opens as it is, and return its path; parameters as for `problems_frame`.

    UTF-8 with a byte order mark. A text that a spreadsheet would calculate gets an apostrophe before it.

    Raises
    ------
    UsageError
        For a language without a catalogue.
    UnwritableOutput
        If the folder cannot be written.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(_headings(language))
    writer.writerows([harmless(part) for part in row] for row in _rows(problems, put_aside, language))
    with written_beside(path) as beside:
        beside.write_text(lines.getvalue(), encoding="utf-8-sig", newline="")
    return path


def write_problem_page(
    problems: Iterable[Problem], path: Path, language: str, *, title: str, put_aside: Iterable[Problem] = ()
) -> Path:
    """Write problems as one page without scripts and outside addresses, and return its path.

    Parameters
    ----------
    problems : iterable of Problem
        What must be corrected, in any order; they are grouped by file, and what is met in many sheets is one row.
    path : Path
        Where to write.
    language : str
        Of the whole page.
    title : str
        Heading of the page; a `Message` is translated.
    put_aside : iterable of Problem
        Cells that are not used, which need not be corrected; they stand in a part of their own.

    Raises
    ------
    UsageError
        For a language without a catalogue.
    UnwritableOutput
        If the folder cannot be written.
    """
    problems, put_aside = list(problems), list(put_aside)
    files = _by_file(problems, language)
    page = _template().render(
        language=language,
        title=said_in(title, language),
        summary=[said_in(line, language) for line in _summary(problems, put_aside)],
        steps=[said_in(step, language) for step in _first_steps(files)],
        parts=[part for part in (files, _by_file(put_aside, language, is_aside=True)) if part],
        is_first_aside=not files,
        headings=_headings(language),
        words={name: said_in(word, language) for name, word in _WORDS.items()},
    )
    with written_beside(path) as beside:
        beside.write_text(page, encoding="utf-8", newline="\n")
    return path


_WORDS = {
    "first": say("What to do first"),
    "files": say("Problems by file"),
    "aside": say("Cells that were put aside"),
    "aside_note": say(
        "These cells are not used and count as not reported; everything else is. "
        "Correct those that the office knows better, and leave the others."
    ),
    "count": say("Problems"),
    "cells": say("Cells"),
    "whole": say("the whole file"),
    "sheet": say("the whole sheet"),
}


def _headings(language: str) -> list[str]:
    return [str(said_in(heading, language)) for heading in COLUMNS]


def _count(count: int, *, is_aside: bool) -> Message:
    if is_aside:
        return say_plural("{count} cell", "{count} cells", count=count)
    return say_plural("{count} problem", "{count} problems", count=count)


def _by_file(problems: Iterable[Problem], language: str, *, is_aside: bool = False) -> tuple[ProblemFile, ...]:
    files: dict[str, list[Problem]] = {}
    for problem in in_reading_order(problems):
        files.setdefault(problem.file, []).append(problem)
    return tuple(
        ProblemFile(
            file,
            tuple(_row(group, language) for group in _groups_in_order(own)),
            len(own),
            said_in(_count(len(own), is_aside=is_aside), language),
        )
        for file, own in files.items()
    )


def _groups_in_order(problems: list[Problem]) -> list[ProblemGroup]:
    order = {problem: number for number, problem in enumerate(problems)}
    return sorted(group_problems(problems), key=lambda group: order[group.first])


def _row(group: ProblemGroup, language: str) -> ProblemRow:
    first, others = group.first, group.problems[1:]
    if not others:
        return ProblemRow(first.in_language(language), "", "")
    count = len(others)
    if all(problem.cell == first.cell for problem in others):
        more = say_plural(
            "and at this place of {count} more sheet", "and at this place of {count} more sheets", count=count
        )
        names = [problem.sheet for problem in others]
    else:
        more = say_plural("and at {count} more place", "and at {count} more places", count=count)
        names = [" · ".join(filter(None, (p.sheet, said_in(p.cell, language)))) for p in others]
    named = ", ".join(names) if count <= MOST_PLACES else f"{names[0]} … {names[-1]}"
    return ProblemRow(first.in_language(language), said_in(more, language), named)


def _summary(problems: list[Problem], put_aside: list[Problem]) -> list[Message]:
    count, files = len(problems), len({problem.file for problem in problems})
    if not count and not put_aside:
        return [say("No problem was found. There is nothing to do.")]
    if not count:
        found = say("Nothing must be corrected.")
    elif files == 1:
        found = say_plural(
            "{count} problem was found, in one file.", "{count} problems were found, all in one file.", count=count
        )
    else:
        found = say("{count} problems were found, in {files} files.", count=count, files=files)
    aside = say_plural("{count} cell was put aside.", "{count} cells were put aside.", count=len(put_aside))
    return [found, aside] if put_aside else [found]


def _first_steps(files: tuple[ProblemFile, ...]) -> list[str]:
    """Return what to do, in order; the page begins with it."""
    if not files:
        return []
    steps: list[str] = [say("Keep a copy of each file before you change it.")]
    whole = [file.file for file in files if any(not row.problem.cell for row in file.rows)]
    if len(whole) > MOST_NAMED:
        steps.append(
            say(
                "Begin with what concerns a whole file or sheet, because it may hide or cause other problems; "
                "{count} files have such problems.",
                count=len(whole),
            )
        )
    elif whole:
        steps.append(
            say(
                "Begin with what concerns a whole file or sheet, because it may hide or cause other problems: {files}.",
                files=", ".join(whole),
            )
        )
    return [
        *steps,
        say("Then go through each file from top to bottom and do what stands under “What to do”."),
        say("Save the files and check again: problems that were hidden until then may appear."),
    ]


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE)
