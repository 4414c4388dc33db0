"""What the study understands: spellings of wards and headings, resolved exactly after normalising.

Likeness never resolves anything; it only fills in the suggestion of a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from helpers.study.objects import CellMarks, Indicator, Study, Ward
from helpers.study.periods import PeriodKind, period_days
from helpers.text import closest, normalise_header, normalise_ward_name

WARD_NAME, SEQUENCE_NUMBER, POPULATION, NOTE = "ward_name", "sequence_number", "population", "note"
RATE_SUFFIX = "_rate"
FURNITURE_MEANINGS = (SEQUENCE_NUMBER, WARD_NAME, POPULATION, NOTE)
"""Meanings a heading may have beside an indicator's id and, for an indicator of kind ratio, its id with ``_rate``."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The spellings a study understands.

    Attributes
    ----------
    wards : mapping of key to tuple of Ward
        Wards of any town by the key of their name or of an alias.
    headings : mapping of key to meaning
        Meaning of a heading by its key.
    heading_spellings : tuple of str
        Spellings as the study writes them, for suggestions.
    indicators : mapping of id to Indicator
        The study's indicators.
    cells : CellMarks
        What marks mean.
    period_kind : str
        What a period is.
    """

    wards: Mapping[str, tuple[Ward, ...]]
    headings: Mapping[str, str]
    heading_spellings: tuple[str, ...]
    indicators: Mapping[str, Indicator]
    cells: CellMarks
    period_kind: PeriodKind

    def wards_called(self, name: str) -> tuple[Ward, ...]:
        """Return the wards of all towns that a spelling may mean."""
        return self.wards.get(normalise_ward_name(name), ())

    def ward_in(self, name: str, *, town_code: str, period: str) -> Ward | None:
        """Return the one ward of a town that a spelling means in a period, or None."""
        found = [
            ward for ward in self.wards_called(name) if ward.town_code == town_code and self.has_ward(ward, period)
        ]
        return found[0] if len(found) == 1 else None

    def expected_wards(self, town_code: str, period: str) -> tuple[Ward, ...]:
        """Return the wards of a town that exist in a period: those a full return lists, sorted by id."""
        every = {ward.ward_id: ward for wards in self.wards.values() for ward in wards if ward.town_code == town_code}
        return tuple(every[ward_id] for ward_id in sorted(every) if self.has_ward(every[ward_id], period))

    def has_ward(self, ward: Ward, period: str) -> bool:
        """Return whether a ward exists throughout the end of a period (see `exists_in`)."""
        return exists_in(ward, *_days(self.period_kind, period))

    def meaning_of(self, heading: str) -> str | None:
        """Return what a heading means, or None."""
        return self.headings.get(normalise_header(heading))

    def rate_of(self, meaning: str) -> str | None:
        """Return the ratio indicator that a rate column prints, or None if the meaning is no rate."""
        indicator = self.indicators.get(meaning.removesuffix(RATE_SUFFIX))
        is_rate = meaning.endswith(RATE_SUFFIX) and indicator is not None and indicator.kind == "ratio"
        return indicator.indicator if is_rate and indicator is not None else None

    def suggest_ward(self, name: str, town_code: str | None) -> str:
        """Return the ward name most like a spelling, in a town or (None) anywhere; "" if none is near."""
        names = {
            ward.ward_name_vi for wards in self.wards.values() for ward in wards if town_code in (None, ward.town_code)
        }
        return closest(name, names, key="ward")

    def suggest_heading(self, heading: str) -> str:
        """Return the known heading most like one that is not known; "" if none is near."""
        return closest(heading, self.heading_spellings)


@lru_cache(maxsize=1024)
def _days(kind: PeriodKind, period: str) -> tuple[date, date]:
    return period_days(kind, period)


def exists_in(ward: Ward, first: date, last: date) -> bool:
    """Return whether a ward exists at the end of a period, and so reports it whole.

    ``valid_from`` may be the study's first day, inside its first police month; a period in which a ward was abolished
    is not one it can report.
    """
    return ward.valid_from <= last and (ward.valid_to is None or (first <= ward.valid_to and last <= ward.valid_to))


def build_vocabulary(study: Study) -> Vocabulary:
    """Return the vocabulary of a study, from ``wards.csv`` and the two alias files."""
    wards: dict[str, set[Ward]] = {}
    for ward in study.wards:
        wards.setdefault(normalise_ward_name(ward.ward_name_vi), set()).add(ward)
    for alias in study.ward_aliases:
        meant = {
            ward
            for ward in study.wards
            if alias.meaning in (ward.ward_id, ward.ward_code) and alias.town_code in (None, "", ward.town_code)
        }
        wards.setdefault(normalise_ward_name(alias.spelling), set()).update(meant)
    return Vocabulary(
        wards={key: tuple(sorted(found, key=lambda ward: ward.ward_id)) for key, found in sorted(wards.items())},
        headings={normalise_header(alias.spelling): alias.meaning for alias in study.header_aliases},
        heading_spellings=tuple(alias.spelling for alias in study.header_aliases),
        indicators={indicator.indicator: indicator for indicator in study.indicators},
        cells=study.cells,
        period_kind=study.period_kind,
    )
