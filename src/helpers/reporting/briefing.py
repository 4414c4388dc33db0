"""What every figure, table and page of a run shares: the study, the run's manifest and a language.

A `Briefing` speaks for one run in one language. It knows what the study calls its units, so the same sentence serves
"phường kiểu mẫu" and "treated block", and it is where the origin of the data is read from the manifest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from helpers.errors import UsageError
from helpers.reporting.wording import Wording, open_wording
from helpers.study.design import Design, build_design
from helpers.study.objects import DataOrigin, Indicator, Study
from helpers.text import nfc

ORIGINS: tuple[DataOrigin, ...] = ("synthetic", "real_public", "real_restricted")
TERMS = ("ward", "wards", "town", "towns", "treated", "comparison", "programme")
"""What a study may call its own, in ``[units]`` of ``study.toml`` as ``<term>_<language>``; each has a default."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """One run, told in one language."""

    study: Study
    manifest: Mapping[str, object]
    wording: Wording
    terms: Mapping[str, str]

    @property
    def language(self) -> str:
        """Return the code of the language."""
        return self.wording.language

    @property
    def run(self) -> str:
        """Return the run's name."""
        return str(self.manifest.get("run", self.study.study))

    @property
    def origin(self) -> DataOrigin:
        """Return where the run's data come from."""
        return cast(DataOrigin, self.manifest["origin"])

    @property
    def mark(self) -> str:
        """Return the words that must stand on everything made from these data."""
        return self.say(f"mark.{self.origin}")

    @property
    def protection_note(self) -> str:
        """Return, of restricted data, that they are controlled or who answers for it that they are not; else ""."""
        approved_by = self.study.disclosure.approved_by
        if self.origin != "real_restricted":
            return ""
        if approved_by:
            return self.say("protection.approved", approved_by=nfc(approved_by))
        own = self.study.disclosure
        return self.say(
            "protection.note",
            smallest=self.wording.number(own.smallest_count),
            ward_count=self.wording.number(own.smallest_ward_count),
            base=self.wording.number(own.rounding_base),
        )

    def say(self, message: str, /, *, n: int | None = None, **values: object) -> str:
        """Return a sentence of the catalogue with the study's terms filled in; a term that opens it gets a capital."""
        text = nfc(self.wording.say(message, n=n, **(dict(self.terms) | values)))
        opens_with_term = self.wording.messages[message][0].startswith(tuple(f"{{{term}}}" for term in TERMS))
        return text[:1].upper() + text[1:] if opens_with_term else text

    def choice(self, name: str) -> object:
        """Return the run's choice of timing, reading, roster or anticipation; the study's default if it made none."""
        notebooks = self.manifest.get("notebooks")
        parts = notebooks.values() if isinstance(notebooks, Mapping) else ()
        made = [part["parameters"][name] for part in parts if name in part.get("parameters", {})]
        return made[0] if made else getattr(self.study, f"default_{name}")

    @property
    def window(self) -> tuple[str, str]:
        """Return the first and last period the run used; in worlds mode it ends before an unknown ward can start."""
        if self.choice("roster") != "worlds":
            return self._chosen_window()
        periods = self.design().periods
        return periods[0], periods[-1]

    def design(self) -> Design:
        """Return the design that the run's choices make."""
        choices = {name: cast(Any, self.choice(name)) for name in ("timing", "reading", "roster", "anticipation")}
        return build_design(self.study, window=self._chosen_window(), **choices)

    def _chosen_window(self) -> tuple[str, str]:
        notebooks = self.manifest.get("notebooks")
        parts = notebooks.values() if isinstance(notebooks, Mapping) else ()
        made = [part["parameters"] for part in parts if part.get("parameters", {}).get("window_first")]
        return (made[0]["window_first"], made[0]["window_last"]) if made else self.study.window

    def title(self) -> str:
        """Return the study's title."""
        return nfc(_in_language(self.study.titles, self.language, self.study.study))

    def question(self) -> str:
        """Return the study's question."""
        return nfc(_in_language(self.study.questions, self.language, self.say("page.question")))

    def indicator(self, name: str) -> Indicator:
        """Return an indicator of the study."""
        return self.study.indicator(name)

    def indicator_name(self, name: str) -> str:
        """Return an indicator's name."""
        indicator = self.indicator(name)
        return nfc(indicator.name_vi if self.language == "vi" else indicator.name_en)

    def unit(self, name: str) -> str:
        """Return what an indicator is counted in ("vụ", "offences")."""
        indicator = self.indicator(name)
        return nfc(indicator.unit_vi if self.language == "vi" else indicator.unit_en)

    def town_name(self, town_code: str) -> str:
        """Return a town's name; its code when the study gives none."""
        return nfc(self.study.town_names.get(town_code, town_code))

    def cohort_name(self, cohort: str) -> str:
        """Return what a cohort is called; "all" is all of them together."""
        return self.say("cohort.all") if cohort == "all" else self.say("cohort.one", cohort=cohort)

    def period(self, label: str) -> str:
        """Return a period in words."""
        return self.wording.period(self.study.period_kind, label)

    def short_period(self, label: str) -> str:
        """Return a period as an axis writes it."""
        return self.wording.short_period(self.study.period_kind, label)


def open_briefing(study: Study, manifest: Mapping[str, object], *, language: str) -> Briefing:
    """Return a briefing on a run.

    Parameters
    ----------
    study : Study
        The study the run was made from.
    manifest : mapping
        The run's ``manifest.json``; ``origin`` is required.
    language : str
        Any language that has a catalogue.

    Raises
    ------
    UsageError
        If the language has no catalogue, or the manifest's origin is missing, unknown or not the study's own.
    """
    origin = manifest.get("origin")
    if origin not in ORIGINS:
        raise UsageError(
            f"The manifest gives origin “{origin}”; expected one of {', '.join(ORIGINS)}. Run notebook 01 again."
        )
    if origin != study.origin:
        raise UsageError(
            f"The manifest's data are {origin}, study {study.study} says {study.origin}: origins never mix in a run. "
            "Run all notebooks again from the study as it is now."
        )
    wording = open_wording(language)
    return Briefing(study=study, manifest=manifest, wording=wording, terms=_terms(study, wording))


def _terms(study: Study, wording: Wording) -> dict[str, str]:
    own = {term: study.unit_names.get(f"{term}_{wording.language}") for term in TERMS}
    ward, town = own["ward"] or wording.say("term.ward"), own["town"] or wording.say("term.town")
    wards = own["wards"] or wording.say("term.several", one=ward)
    towns = own["towns"] or wording.say("term.several", one=town)
    plain = {
        "ward": ward,
        "wards": wards,
        "town": town,
        "towns": towns,
        "treated": wording.say("term.treated", wards=wards),
        "comparison": wording.say("term.comparison", wards=wards),
        "programme": wording.say("term.programme"),
    }
    return {term: nfc(own[term] or plain[term]) for term in TERMS}


def _in_language(texts: Mapping[str, str], language: str, default: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), default)
