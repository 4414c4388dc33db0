"""How a file would be read, in words: a few lines for each form that its sheets have, within 80 columns.

Sheets of one form are told together, because sixty months of one office differ in their figures only.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from helpers.cleaning.clerk.inspection import (
    BY_HEADINGS,
    BY_ROWS,
    BY_SECTIONS,
    EMPTY,
    LONG_FORM,
    NOT_RECOGNISED,
    RATES,
    TABLE,
    TEXT,
    TOTALS,
    SheetDescription,
)
from helpers.cleaning.clerk.problem_groups import group_problems
from helpers.errors import Problem
from helpers.messages import Message, said_in, say, say_plural
from helpers.text import nfc

WIDTH = 80
MOST_LISTED = 12
"""More spellings, headings or kinds of problems than this are counted; ``--all`` lists them."""

MOST_NAMED = 4
"""More sheets than this are named by the first and the last."""

_FORMS: Mapping[str, Message] = {
    TABLE: say("a table"),
    LONG_FORM: say("a machine's long form: a row for each figure"),
    TEXT: say("text without figures: nothing to read"),
    EMPTY: say("an empty sheet: nothing to read"),
    NOT_RECOGNISED: say("not recognised"),
}
_SOURCES: Mapping[str, Message] = {
    BY_ROWS: say("in the rows"),
    BY_HEADINGS: say("in the headings of columns"),
    BY_SECTIONS: say("in rows between the figures"),
    "title": say("in the title"),
    "sheet name": say("in the sheet's name"),
    "file name": say("in the file's name"),
    "": say("not found"),
}
_NUMBERS: Mapping[str, Message] = {
    "plain": say("plain"),
    "dotted_thousands": say("thousands with dots (1.234)"),
    "spaced_thousands": say("thousands with spaces (1 234)"),
    "comma_thousands": say("thousands with commas (1,234)"),
    "decimal_comma": say("with a decimal comma (84,95)"),
    "decimal_point": say("with a decimal point (84.95)"),
    "declared_zero": say("marks that mean zero"),
    "declared_missing": say("marks that mean not reported"),
    "blank": say("blank, so not reported"),
    "refused": say("refused"),
}
_RESULTS: Mapping[str, Message] = {
    "right": say("agree with the figures"),
    "wrong": say("do not"),
    "open": say("cannot be checked"),
}


def inspection_lines(
    descriptions: Iterable[SheetDescription], language: str, *, is_whole: bool = False
) -> Iterator[str]:
    r"""Yield the lines that tell how a file would be read.

    Parameters
    ----------
    descriptions : iterable of SheetDescription
        As `helpers.cleaning.describe_workbook` returns them.
    language : str
        "en", or one with a catalogue.
    is_whole : bool
        Whether to tell every sheet apart and to list everything.

    Examples
    --------
    >>> print(*inspection_lines([SheetDescription("a.xlsx", "Bìa", "text", furniture_count=4)], "en"), sep="\n")
    a.xlsx
    <BLANKLINE>
    Sheet Bìa
      Form   text without figures: nothing to read
      Cells  0 into the panel, 0 put aside, 4 other
    """
    groups: dict[tuple[object, ...], list[SheetDescription]] = {}
    file = ""
    for number, description in enumerate(descriptions):
        file = description.file
        groups.setdefault((number,) if is_whole else _likeness(description), []).append(description)
    yield file
    for group in groups.values():
        yield ""
        yield from _told(group, language, most=None if is_whole else MOST_LISTED)


def _likeness(one: SheetDescription) -> tuple[object, ...]:
    meanings = tuple(meaning for _, _, meaning in one.headings)
    return one.form, one.is_hidden, one.sources, one.town_names_vi, meanings


def _told(group: Sequence[SheetDescription], language: str, *, most: int | None) -> Iterator[str]:
    yield from textwrap.wrap(said_in(_title(group), language), WIDTH, subsequent_indent="  ")
    facts = [(said_in(label, language), list(texts)) for label, texts in _facts(group, language, most)]
    facts = [(label, [text for text in texts if text]) for label, texts in facts if any(texts)]
    room = max(len(label) for label, _ in facts)
    for label, texts in facts:
        for place, text in enumerate(texts):
            head = f"  {label if place == 0 else '':<{room}}  "
            yield from textwrap.wrap(
                text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
            )


def _title(group: Sequence[SheetDescription]) -> str:
    names = list(dict.fromkeys(one.sheet for one in group))
    if names == [""]:
        return say("The whole file")
    if len(names) > 1:
        listed = f"{names[0]} … {names[-1]}" if len(names) > MOST_NAMED else ", ".join(names)
        if group[0].is_hidden:
            return say("{count} hidden sheets alike: {names}", count=len(names), names=listed)
        return say("{count} sheets alike: {names}", count=len(names), names=listed)
    if group[0].is_hidden:
        return say("Hidden sheet {name}", name=names[0])
    return say("Sheet {name}", name=names[0])


def _facts(
    group: Sequence[SheetDescription], language: str, most: int | None
) -> Iterator[tuple[Message, Iterable[str]]]:
    """Yield what is told of sheets of one form: a label, and its paragraphs."""
    yield say("Form"), [said_in(_form(group[0]), language)]
    yield say("Header"), [said_in(_header(group), language)]
    yield say("Town"), [", ".join(group[0].town_names_vi)]
    yield say("Period"), [_span([period for one in group for period in one.periods])]
    yield say("Released"), [_span([one.released for one in group if one.released])]
    yield say("Wards"), [said_in(text, language) for text in _wards(group, most)]
    yield say("Headings"), [said_in(text, language) for text in _headings(group, most)]
    yield say("Numbers"), [_counted(_sum(one.numbers for one in group), _NUMBERS, language)]
    checks = _sum(one.checks for one in group)
    for label, kind in ((say("Totals"), TOTALS), (say("Rates"), RATES)):
        own = Counter({result: checks[kind, result] for result in _RESULTS if checks[kind, result]})
        yield label, [_counted(own, _RESULTS, language)]
    yield say("Cells"), [said_in(_cells(group), language)]
    yield say("Notes"), dict.fromkeys(said_in(_note(note), language) for one in group for note in one.notes)
    for label, problems in (
        (say("Put aside"), [problem for one in group for problem in one.put_aside]),
        (say("Problems"), [problem for one in group for problem in one.problems]),
    ):
        groups = group_problems(map(_without_file, problems))
        yield label, [*(own.sentence(language) for own in groups[:most]), said_in(_left(len(groups), most), language)]


def _without_file(problem: Problem) -> Problem:
    """Return a problem as it is told below its file's name; one of the file as a whole keeps it."""
    return replace(problem, file="") if problem.sheet or problem.cell else problem


def _left(count: int, most: int | None) -> str:
    left = count - most if most is not None else 0
    if left <= 0:
        return ""
    return say_plural("{count} more kind; --all tells it.", "{count} more kinds; --all tells them.", count=left)


def _form(one: SheetDescription) -> Message:
    if one.form != TABLE:
        return _FORMS[one.form]
    wards, indicators, periods = (_SOURCES[source] for source in one.sources)
    return say(
        "wards stand {wards}, indicators {indicators}, the period {periods}",
        wards=wards,
        indicators=indicators,
        periods=periods,
    )


def _header(group: Sequence[SheetDescription]) -> str:
    rows = list(dict.fromkeys(one.header_rows for one in group if one.header_rows))
    if not rows:
        return ""
    if len(rows) == 1 and rows[0].isdigit():
        return say("row {row}", row=rows[0])
    return say("rows {rows}", rows=", ".join(rows))


def _span(labels: Iterable[str]) -> str:
    found = sorted(set(labels))
    return " – ".join(dict.fromkeys([found[0], found[-1]])) + f" ({len(found)})" if found else ""


def _wards(group: Sequence[SheetDescription], most: int | None) -> Iterator[str]:
    spellings: dict[str, set[str]] = {}
    for one in group:
        for spelling, name in one.wards_matched:
            spellings.setdefault(name, set()).add(nfc(spelling))
    others = [f"“{own}” = {name}" for name, found in sorted(spellings.items()) for own in sorted(found) if own != name]
    if others:
        yield say(
            "{count} found, under these spellings too: {spellings}",
            count=len(spellings),
            spellings=_listed(others, most),
        )
    elif spellings:
        yield say("{count} found, as the study writes them", count=len(spellings))
    for spelling, suggestion in dict.fromkeys(pair for one in group for pair in one.names_unknown):
        if suggestion:
            yield say(
                "“{name}” is not known; perhaps {suggestion}, which is a guess", name=spelling, suggestion=suggestion
            )
        else:
            yield say("“{name}” is not known", name=spelling)
    missing = Counter(name for one in group for name in one.wards_missing)
    if missing:
        listed = _listed([f"{name} ({count})" for name, count in sorted(missing.items())], most)
        if group[0].absent_ward == "zero":
            yield say("not listed; zeros where study.toml says so (in so many sheets): {names}", names=listed)
        else:
            yield say("not listed, so not reported (in so many sheets): {names}", names=listed)


def _headings(group: Sequence[SheetDescription], most: int | None) -> Iterator[str]:
    meanings: dict[str, dict[str, str]] = {}
    for one in group:
        for cell, heading, meaning in one.headings:
            meanings.setdefault(meaning, {}).setdefault(heading, cell)
    for place, (meaning, spellings) in enumerate(meanings.items()):
        listed = _listed([f"{cell} “{heading}”" for heading, cell in spellings.items()], 3 if most else None)
        if not meaning:
            yield say("not known, so put aside: {headings}", headings=listed)
        elif most is None or place < 2 * most:
            yield say("{headings} = {meaning}", headings=listed, meaning=meaning)
        elif place == 2 * most:
            yield say("{count} more meanings; --all tells them", count=len(meanings) - place)


def _listed(texts: Sequence[str], most: int | None) -> str:
    if most is None or len(texts) <= most:
        return "; ".join(texts)
    return "; ".join(texts[:most]) + f"; … (+{len(texts) - most})"


_Key = TypeVar("_Key")


def _sum(counters: Iterable[Counter[_Key]]) -> Counter[_Key]:
    return sum(counters, Counter[_Key]())


def _counted(counts: Counter[str], words: Mapping[str, Message], language: str) -> str:
    return ", ".join(f"{counts[name]} {said_in(word, language)}" for name, word in words.items() if counts[name])


def _cells(group: Sequence[SheetDescription]) -> Message:
    panel, running = sum(one.panel_count for one in group), sum(one.running_count for one in group)
    aside, furniture = sum(one.quarantine_count for one in group), sum(one.furniture_count for one in group)
    if not running:
        return say(
            "{panel} into the panel, {aside} put aside, {furniture} other",
            panel=panel,
            aside=aside,
            furniture=furniture,
        )
    return say(
        "{panel} into the panel, {running} cumulative, {aside} put aside, {furniture} other",
        panel=panel,
        running=running,
        aside=aside,
        furniture=furniture,
    )


def _note(note: tuple[str, str, str]) -> str:
    what, before, after = note
    if what == "encoding":
        return say("encoding {encoding}: {reason}", encoding=before, reason=after)
    if what == "delimiter":
        return say("delimiter {delimiter}: {reason}", delimiter=before, reason=after)
    return say("{before}: {after}", before=before, after=after) if before else after
