"""The pages a run hands on: the findings in one language, and the index of the run.

Each is one file without scripts and without any outside address, so it can be mailed, printed and opened offline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.errors import UsageError
from helpers.paths import written_beside
from helpers.reporting.briefing import Briefing, open_briefing
from helpers.reporting.findings import Findings
from helpers.reporting.tables import Column, RowGroup, Table
from helpers.reporting.templates import render, stylesheet
from helpers.reporting.wording import languages, open_wording
from helpers.study.objects import Study

TABLES_FOLDER = "tables"
DONE, FAILED = "done", "failed"


@dataclass(frozen=True, slots=True)
class Link:
    """A page in some language; ``word`` is the Word file beside it, or ""."""

    language: str
    href: str
    label: str
    question: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step of a run that ended with an error, and the error's own words."""

    step: str
    reason: str


def page_name(language: str) -> str:
    """Return the file name of the findings in a language.

    Examples
    --------
    >>> page_name("vi")
    'findings.vi.html'
    """
    return f"findings.{language}.html"


def word_name(language: str) -> str:
    """Return the file name of the findings as a Word file, which lies beside the page.

    Examples
    --------
    >>> word_name("vi")
    'findings.vi.docx'
    """
    return f"findings.{language}.docx"


def findings_page(findings: Findings, *, others: Sequence[str] = ()) -> str:
    """Return the findings as one page.

    Parameters
    ----------
    findings : Findings
        What the run found, in one language.
    others : sequence of str
        Other languages whose page lies beside this one, to be linked.

    Raises
    ------
    UsageError
        If the data are restricted and neither controlled nor approved by anybody.
    """
    briefing = findings.briefing
    if briefing.study.is_controlled and findings.protection is None:
        raise UsageError(
            f"Run {briefing.run} holds restricted data that no disclosure control has seen: no page is exported. "
            "Build the findings with build_findings."
        )
    siblings = [_link(language) for language in others if language != briefing.language]
    page = render(
        "findings.html.j2",
        briefing=briefing,
        say=briefing.say,
        style=stylesheet(),
        sections=findings.sections,
        siblings=siblings,
        facts=_facts(briefing),
    )
    return str(page)


def write_findings_page(findings: Findings, path: Path, *, others: Sequence[str] = ()) -> Path:
    """Write the findings as one page, whole or not at all, and return its path."""
    page = findings_page(findings, others=others)
    with written_beside(path) as beside:
        beside.write_text(page, encoding="utf-8", newline="\n")
    return path


def write_run_index(
    study: Study, manifest: Mapping[str, object], path: Path, *, language: str = "vi", failures: Sequence[Failure] = ()
) -> Path:
    """Write the index of a run beside its pages and return its path.

    Parameters
    ----------
    study : Study
        The study the run was made from.
    manifest : mapping
        The run's manifest; ``notebooks`` are listed.
    path : Path
        Where to write. Pages beside it and tables in its ``tables`` folder are linked.
    language : str
        Language of the index itself.
    failures : sequence of Failure
        Steps that ended with an error. Of restricted data their own words are not shown: they may quote figures.
    """
    briefing = open_briefing(study, manifest, language=language)
    if briefing.origin == "real_restricted":
        failures = [Failure(failure.step, briefing.say("protection.failure")) for failure in failures]
    written = [_link(own, study, manifest) for own in languages() if (path.parent / page_name(own)).is_file()]
    pages = [replace(link, word=word_name(link.language) if _has_word(path, link) else "") for link in written]
    page = render(
        "index.html.j2",
        briefing=briefing,
        say=briefing.say,
        style=stylesheet(),
        facts=_facts(briefing),
        pages=pages,
        failures=failures,
        steps=_steps(briefing, failures).html,
        tables=sorted(table.name for table in (path.parent / TABLES_FOLDER).glob("*.csv")),
    )
    with written_beside(path) as beside:
        beside.write_text(str(page), encoding="utf-8", newline="\n")
    return path


def _has_word(index: Path, link: Link) -> bool:
    return (index.parent / word_name(link.language)).is_file()


def _link(language: str, study: Study | None = None, manifest: Mapping[str, object] | None = None) -> Link:
    question = "" if study is None or manifest is None else open_briefing(study, manifest, language=language).question()
    return Link(language, page_name(language), open_wording(language).say("language.name"), question)


def _facts(briefing: Briefing) -> str:
    study = briefing.study
    first, last = briefing.window
    return briefing.say(
        "page.facts",
        ward_count=briefing.wording.number(len(study.wards)),
        n=len(study.town_names),
        first=briefing.period(first),
        last=briefing.period(last),
        run=briefing.run,
    )


def _steps(briefing: Briefing, failures: Sequence[Failure]) -> Table:
    notebooks = briefing.manifest.get("notebooks")
    parts = notebooks if isinstance(notebooks, Mapping) else {}
    failed = {failure.step for failure in failures}
    rows = []
    for name in sorted({*parts, *failed}):
        parameters = parts.get(name, {}).get("parameters", {})
        subject = str(parameters.get("indicator") or parameters.get("language") or "")
        known = {indicator.indicator for indicator in briefing.study.indicators}
        status = briefing.say(f"status.{FAILED if name in failed else DONE}")
        rows.append((name, briefing.indicator_name(subject) if subject in known else subject or "–", status))
    columns = tuple(Column(briefing.say(f"index.{heading}")) for heading in ("notebook", "key", "status"))
    return Table(briefing.say("index.steps"), columns, (RowGroup("", tuple(rows)),), briefing)
