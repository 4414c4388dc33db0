"""The findings of a run: composed from its tables and its manifest, section by section, in one language.

`build_findings` reads; every section is then a piece of marked-up text that a notebook shows as it is and that
`helpers.reporting.page` puts on the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.errors import UsageError
from helpers.reporting.briefing import Briefing, open_briefing
from helpers.reporting.disclosure import Protection, protect_tables, public_manifest
from helpers.reporting.disclosure.words import protection_sentences
from helpers.reporting.effect_figures import counterfactual_figure, event_study_figure, forest_figure
from helpers.reporting.effects import Effect, read_effects
from helpers.reporting.figure import Figure, NoFigure
from helpers.reporting.library_notes import LibraryNote, library_notes
from helpers.reporting.limits import Limit, list_limits
from helpers.reporting.provenance import Provenance, read_provenance
from helpers.reporting.ratios import ToldRatio, tell_ratios
from helpers.reporting.result_tables import (
    COUNTS,
    account_table,
    checks_table,
    effects_table,
    other_estimators_table,
    ratios_table,
    sensitivity_table,
)
from helpers.reporting.roster_range import lead_sentence, read_roster_range, roster_sentences
from helpers.reporting.sentences import cohort_sentence, verdict_sentences
from helpers.reporting.templates import render, stylesheet
from helpers.reporting.verdicts import VERDICT_KINDS, Verdict, decide_verdicts
from helpers.study.objects import Study

SECTIONS = (
    "answer",
    "effects",
    "forest",
    "pictures",
    "checks",
    "work",
    "limits",
    "use",
    "reading",
    "data",
    "protection",
    "provenance",
)
RATIOS_SECTION, PROTECTION_SECTION = "work", "protection"
READING = ("expected", "interval", "p", "mde", "corrected", "two")
NEEDED_TABLES = ("estimates", "counterfactual", "checks")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its anchor, its heading and its body."""

    name: str
    title: str
    body: Markup

    @property
    def html(self) -> Markup:
        """Return the section's element."""
        return Markup(
            '<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>{body}</section>'
        ).format(name=self.name, title=self.title, body=self.body)

    def _repr_html_(self) -> str:
        """Return the section for a notebook, with the page's style about it and nothing else."""
        return str(Markup('<style>{}</style><div class="findings inline">{}</div>').format(stylesheet(), self.html))


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict in words."""

    verdict: Verdict
    name: str
    badge: str
    sentences: tuple[str, ...]
    cohorts: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """What a run found, ready to be told.

    Attributes
    ----------
    briefing : Briefing
        Study, manifest, language.
    tables : mapping of str to DataFrame
        The run's tables by name.
    effects : tuple of Effect
        All effects.
    verdicts : tuple of Verdict
        One per indicator, the primary first.
    protection : Protection or None
        What of restricted data was withheld from the tables; None where disclosure control does not apply.
    """

    briefing: Briefing
    tables: Mapping[str, pd.DataFrame]
    effects: tuple[Effect, ...]
    verdicts: tuple[Verdict, ...]
    protection: Protection | None = None

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """Return the verdicts in words, in order."""
        return tuple(_tell(verdict, self.briefing) for verdict in self.verdicts)

    def section(self, name: str) -> Section:
        """Return a section by name, one of `SECTIONS`; it displays itself in a notebook.

        Raises
        ------
        UsageError
            If there is no such section.
        """
        if name not in SECTIONS:
            raise UsageError(f"The findings have no section “{name}”. There are: {', '.join(SECTIONS)}.")
        body = render(f"sections/{name}.html.j2", findings=self, briefing=self.briefing, say=self.briefing.say)
        return Section(name, self.briefing.say(f"section.{name}"), body)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return all sections in the order of reading; on ratios and on restricted data only where there are any."""
        held = {RATIOS_SECTION: bool(self.ratios), PROTECTION_SECTION: self.briefing.origin == "real_restricted"}
        return tuple(self.section(name) for name in SECTIONS if held.get(name, True))

    def tally(self) -> tuple[tuple[str, str], ...]:
        """Return each verdict that occurs and how often."""
        kinds = [verdict.kind for verdict in self.verdicts]
        number = self.briefing.wording.number
        return tuple(
            (self.briefing.say(f"kind.{kind}"), number(kinds.count(kind))) for kind in VERDICT_KINDS if kind in kinds
        )

    def effects_table(self) -> Markup:
        """Return the table of effects."""
        return effects_table(self.verdicts, self.effects, self.briefing).html

    def other_estimators(self) -> Markup:
        """Return what other estimators give, or nothing."""
        table = other_estimators_table(self.tables["estimates"], self.verdicts, self.briefing)
        return table.html if table is not None else Markup("")

    def library_notes(self) -> tuple[LibraryNote, ...]:
        """Return what the library's estimators warned of or refused."""
        return library_notes(self.tables["estimates"], self.verdicts, self.briefing)

    @cached_property
    def ratios(self) -> tuple[ToldRatio, ...]:
        """Return the ratios in words: how the police worked, and never a verdict."""
        return tell_ratios(self.effects, self.briefing)

    def ratios_table(self) -> Markup:
        """Return the table of ratios, or nothing if there is none."""
        names = [told.indicator for told in self.ratios]
        return ratios_table(names, self.effects, self.briefing).html if names else Markup("")

    @cached_property
    def forest(self) -> Figure | NoFigure:
        """Return the forest plot."""
        return forest_figure(self.verdicts, self.briefing)

    @cached_property
    def pictures(self) -> Mapping[str, tuple[Figure | NoFigure, ...]]:
        """Return, by indicator, observed against expected and the event study."""
        expected = self.tables["counterfactual"]
        return {
            verdict.indicator: (
                counterfactual_figure(expected, self.effects, self.briefing, verdict.indicator),
                event_study_figure(self.effects, self.briefing, verdict.indicator),
            )
            for verdict in self.verdicts
        }

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return every figure of the page that could be drawn, in order of reading."""
        drawn = (self.forest, *(figure for figures in self.pictures.values() for figure in figures))
        return tuple(figure for figure in drawn if isinstance(figure, Figure))

    def write_figures(self, folder: Path) -> tuple[Path, ...]:
        """Write every figure of the page as an SVG file of its own into a folder; return their paths."""
        return tuple(figure.write(folder) for figure in self.figures)

    def checks_table(self, verdicts: Sequence[Verdict]) -> Markup:
        """Return the table of checks on some indicators, or nothing if none was made."""
        table = checks_table(self.tables["checks"], verdicts, self.briefing)
        return table.html if table is not None else Markup("")

    def protection_sentences(self) -> tuple[str, ...]:
        """Return what of restricted data is withheld and why, or who answers for publishing them as they are."""
        return protection_sentences(self.protection, self.briefing)

    def limits(self) -> tuple[Limit, ...]:
        """Return what cannot be known."""
        silent, breaks, description = (self.tables.get(name) for name in ("silent_wards", "breaks", "design"))
        return list_limits(self.verdicts, self.briefing, silent, breaks, description)

    def lead_sentence(self) -> str:
        """Return that the first verdict depends on no unknown roster, or "" if it does or nothing is unknown."""
        return lead_sentence(self.briefing) if self.verdicts else ""

    def roster_sentences(self) -> tuple[str, ...]:
        """Return what the first verdict's effect is over every roster the sources admit; nothing if there is one."""
        details = self.tables.get("check_details")
        if details is None or not self.verdicts:
            return ()
        found = read_roster_range(self.tables["checks"], details, self.verdicts[0].indicator)
        return roster_sentences(found, self.briefing) if found is not None else ()

    def sensitivity_table(self, verdicts: Sequence[Verdict]) -> Markup:
        """Return how far proportional movement may fail for some indicators, or nothing if nobody asked."""
        table = sensitivity_table(self.tables["checks"], verdicts, self.briefing)
        return table.html if table is not None else Markup("")

    def account_sentence(self) -> str:
        """Return where the cells read have gone, in one sentence."""
        account = self.tables.get("cleaning_account")
        if account is None or account.empty:
            return self.briefing.say("data.none")
        number = self.briefing.wording.number
        totals: dict[str, Any] = {name: number(float(account[name].sum())) for name in COUNTS}
        files, sheets = number(account["file"].nunique()), number(len(account))
        return self.briefing.say("data.account", file_count=files, sheet_count=sheets, **totals)

    def account_table(self) -> Markup:
        """Return where the cells of each file have gone, or nothing."""
        account = self.tables.get("cleaning_account")
        return account_table(account, self.briefing).html if account is not None and not account.empty else Markup("")

    def missing_indicators(self) -> tuple[str, ...]:
        """Return the names of declared outcomes that this run holds no estimate of."""
        found = {verdict.indicator for verdict in self.verdicts}
        return tuple(
            self.briefing.indicator_name(row.indicator)
            for row in self.briefing.study.indicators
            if row.in_family and row.indicator not in found
        )

    def reading(self) -> tuple[tuple[str, str], ...]:
        """Return terms and their explanations."""
        return tuple(
            (self.briefing.say(f"reading.{name}"), self.briefing.say(f"reading.{name}.text")) for name in READING
        )

    def provenance(self) -> Provenance:
        """Return where the page comes from."""
        return read_provenance(self.briefing)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return what the sources say about the programme, each with its citation."""
        citations = {source.source_id: source.citation for source in self.briefing.study.sources}
        is_vietnamese = self.briefing.language == "vi"
        return tuple(
            (fact.statement_vi if is_vietnamese else fact.statement_en, citations.get(fact.source_id, fact.source_id))
            for fact in self.briefing.study.facts
        )


def build_findings(
    tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, object], study: Study, *, language: str
) -> Findings:
    """Return the findings of a run in one language.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``estimates``, ``counterfactual`` and ``checks``; ``check_details``, ``silent_wards`` and ``cleaning_account``
        if they are there. Of restricted data also ``contributions``: everything the findings say is then made from
        what `protect_tables` returns.
    manifest : mapping
        The run's ``manifest.json``: at least ``origin``; ``run``, ``inputs``, ``notebooks``, ``versions``, ``seeds``
        and ``command`` are printed where they are given.
    study : Study
        The study the run was made from.
    language : str
        Any language that has a catalogue.

    Raises
    ------
    UsageError
        If a table is missing, the language is unknown, or origins mix.
    """
    absent = [name for name in NEEDED_TABLES if name not in tables]
    if absent:
        raise UsageError(f"The findings need the table(s) {', '.join(absent)}. Run notebooks 03 and 04 first.")
    public, protection = protect_tables(tables, study) if study.is_controlled else (dict(tables), None)
    briefing = open_briefing(study, public_manifest(manifest, study), language=language)
    effects = read_effects(public["estimates"], briefing)
    return Findings(briefing, public, effects, decide_verdicts(effects, study.indicators, tables["checks"]), protection)


def _tell(verdict: Verdict, briefing: Briefing) -> Told:
    cohorts = verdict.cohorts if len(verdict.cohorts) > 1 else ()
    return Told(
        verdict=verdict,
        name=briefing.indicator_name(verdict.indicator),
        badge=briefing.say(f"kind.{verdict.kind}"),
        sentences=verdict_sentences(verdict, briefing),
        cohorts=tuple(cohort_sentence(effect, briefing) for effect in cohorts),
    )
