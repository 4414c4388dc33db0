"""The design as data: what a study folder says, as typed and frozen objects.

One class per file of the folder; `Study` holds them all. Objects carry facts only; what an analysis makes of them
(a timing, a reading, a window) is a `helpers.study.design.Design`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from helpers.errors import UsageError
from helpers.messages import say
from helpers.study.periods import PeriodKind
from helpers.study.pre_analysis_plan import PreAnalysisPlan

DataOrigin = Literal["synthetic", "real_public", "real_restricted"]
AdoptionStatus = Literal["model", "not", "unknown"]
IndicatorKind = Literal["count", "ratio", "percentage", "score", "class"]
IndicatorRole = Literal["outcome", "mechanism", "activity", "fidelity", "scorecard"]
BetterWhen = Literal["lower", "higher", "ambiguous", "none"]
DecimalSign = Literal["", ",", "."]
"""What parts the fraction of a number; "" where a study declares nothing."""
AbsentWard = Literal["missing", "zero"]
"""What it means that a ward is not in a table of its town."""

ALL_TOWNS = "all"
SMALLEST_COUNT = 8
"""Of restricted data, counts from 1 to 7 are withheld, and rates with a numerator below 8 (a rule of the project)."""
SMALLEST_WARD_COUNT = 5
"""Of restricted data on fewer wards than this no count is published, only the ratio with its interval."""
ROUNDING_BASE = 5
"""Published counts of restricted data are rounded to multiples of this."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A row of ``wards.csv``: one unit, during the time its code meant this unit.

    Codes are reused (16681 was Quang Trung and later Thành Vinh), so the key is the pair of code and first day,
    written ``16681@2019-01-01`` (`ward_id`). ``ring`` is the number of steps to the nearest ward of the programme, 0
    for these themselves, None where that is not stated.
    """

    ward_code: str
    valid_from: date
    valid_to: date | None
    ward_name_vi: str
    town_code: str
    town_name_vi: str
    population_count: int | None
    population_year: int | None
    is_hot_spot_2019: bool | None
    is_off_hot_spot_list_2022: bool | None
    source_id: str
    ring: int | None = None

    @property
    def ward_id(self) -> str:
        """Return the key ``code@valid_from``."""
        return f"{self.ward_code}@{self.valid_from.isoformat()}"


@dataclass(frozen=True, slots=True)
class Adoption:
    """A row of ``adoption.csv``: whether a ward became a model ward, and how sure that is.

    ``cohort`` is the name of its cohort ("2023"), None unless ``status`` is "model".
    """

    ward_id: str
    status: AdoptionStatus
    cohort: str | None
    certainty: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Timing:
    """A row of ``timings.csv``: under one timing, the first treated period of one cohort."""

    timing: str
    cohort: str
    first_treated: str
    basis: str
    source_id: str


@dataclass(frozen=True, slots=True)
class RosterRule:
    """A row of ``rosters.csv``: under one reading of the sources, how many wards of a town are model wards.

    ``cohort`` is the cohort that members not named in any source belong to.
    """

    reading: str
    town_code: str
    model_ward_count: int
    cohort: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A row of ``indicators.csv``.

    ``denominator`` names the indicator a ratio is taken over; ``part_of`` the one this is nested in (property crime is
    part of recorded crime); ``in_family`` marks the family that multiplicity is controlled over; ``break_periods`` the
    periods at which the definition changed; ``is_placebo`` marks what the programme should not move.
    """

    indicator: str
    name_vi: str
    name_en: str
    unit_vi: str
    unit_en: str
    kind: IndicatorKind
    role: IndicatorRole
    better_when: BetterWhen
    is_primary: bool
    in_family: bool
    is_descriptive_only: bool
    denominator: str | None
    part_of: str | None
    break_periods: tuple[str, ...]
    note: str
    source_id: str
    is_placebo: bool = False


@dataclass(frozen=True, slots=True)
class Shock:
    """A row of ``shocks.csv``: something outside the programme that moved the figures, in one town or all."""

    shock_id: str
    town_code: str
    first_date: date
    last_date: date | None
    name_vi: str
    name_en: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Programme:
    """A row of ``programmes.csv``: another programme running at the same time."""

    programme_id: str
    town_code: str
    first_date: date
    last_date: date | None
    name_vi: str
    name_en: str
    is_separable: bool
    note: str
    source_id: str


@dataclass(frozen=True, slots=True)
class BoundaryChange:
    """A row of ``boundary_changes.csv``: on a day, one unit's area went to another (or kept its name on a new code)."""

    effective_date: date
    from_ward_id: str
    to_code: str
    to_name_vi: str
    kind: str
    note: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Merger:
    """A ward that took over whole wards inside the window, and these: before, it is followed as their sum."""

    ward: Ward
    parts: tuple[Ward, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A row of ``sources.csv``: where a fact comes from, in our own words, and how sure it is."""

    source_id: str
    citation: str
    published_date: date | None
    locator: str
    paraphrase: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of ``facts.csv``: a statement about the programme that is no ward's property."""

    fact_id: str
    statement_vi: str
    statement_en: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A row of ``ward_aliases.csv`` or ``header_aliases.csv``: a spelling and what it means."""

    spelling: str
    meaning: str
    town_code: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A row of ``releases.csv``: the day on which a file of returns, or one sheet of it, was released."""

    file: str
    sheet: str
    released_date: date
    note: str
    source_id: str | None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A row of ``adjacency.csv``: two wards that share a border; the pair stands there in both orders."""

    ward_id: str
    neighbour_id: str
    source_id: str


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A row of ``groups.csv``: under one grouping, declared before any estimate, the group that a ward belongs to."""

    grouping: str
    ward_id: str
    group: str
    source_id: str


@dataclass(frozen=True, slots=True)
class CellMarks:
    """The ``[cells]`` table of ``study.toml``: what an office means by a cell that is no plain number, or by none.

    Attributes
    ----------
    zero : tuple of str
        Marks declared to mean a true zero ("0" always does).
    missing : tuple of str
        Marks declared to mean not reported. A blank cell is always missing.
    decimal_sign : {"", ",", "."}
        What parts fractions; "" declares nothing, and then what may mean two numbers is put aside.
    absent_ward : {"missing", "zero"}
        What a ward that an otherwise complete table of its town does not list had: no report, or no case.
    absent_ward_indicators : tuple of str
        The counts that `absent_ward` is declared for; none: for every one.
    """

    zero: tuple[str, ...]
    missing: tuple[str, ...]
    decimal_sign: DecimalSign = ""
    absent_ward: AbsentWard = "missing"
    absent_ward_indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What ``study.toml`` says about the release of restricted data.

    Attributes
    ----------
    approved_by : str
        Who answers for publishing them as they are, as "name, office, date"; "" if nobody does, which is the default.
    smallest_count, smallest_ward_count, rounding_base : int
        Thresholds of disclosure control: at least the project's own.
    """

    approved_by: str = ""
    smallest_count: int = SMALLEST_COUNT
    smallest_ward_count: int = SMALLEST_WARD_COUNT
    rounding_base: int = ROUNDING_BASE


@dataclass(frozen=True, slots=True)
class Study:
    """A study folder, read and checked.

    Sequences are sorted by their key, so two readings of one folder are equal. ``wards`` and the two sequences about
    their status leave out wards that are followed as parts of another; those are in ``mergers``.
    """

    study: str
    folder: Path
    titles: Mapping[str, str]
    questions: Mapping[str, str]
    origin: DataOrigin
    unit_names: Mapping[str, str]
    period_kind: PeriodKind
    window: tuple[str, str]
    default_timing: str
    default_reading: str
    default_roster: Literal["given", "worlds"]
    default_anticipation: int
    cells: CellMarks
    wards: tuple[Ward, ...]
    adoption: tuple[Adoption, ...]
    timings: tuple[Timing, ...]
    roster_rules: tuple[RosterRule, ...]
    given_roster: tuple[Adoption, ...]
    is_given_roster_fictional: bool
    indicators: tuple[Indicator, ...]
    shocks: tuple[Shock, ...]
    programmes: tuple[Programme, ...]
    boundary_changes: tuple[BoundaryChange, ...]
    sources: tuple[Source, ...]
    facts: tuple[Fact, ...]
    ward_aliases: tuple[Alias, ...]
    header_aliases: tuple[Alias, ...]
    releases: tuple[Release, ...] = ()
    mergers: tuple[Merger, ...] = ()
    adjacency: tuple[Neighbours, ...] = ()
    groups: tuple[GroupMember, ...] = ()
    plan: PreAnalysisPlan | None = None
    disclosure: Disclosure = Disclosure()

    @property
    def is_controlled(self) -> bool:
        """Return whether disclosure control applies: the data are restricted, and nobody answers for them openly."""
        return self.origin == "real_restricted" and not self.disclosure.approved_by

    @property
    def reporting_wards(self) -> tuple[Ward, ...]:
        """Return every ward that a return may name: those of the design, and those followed as parts of them."""
        parts = (part for merger in self.mergers for part in merger.parts)
        return tuple(sorted((*self.wards, *parts), key=lambda ward: ward.ward_id))

    @property
    def town_names(self) -> dict[str, str]:
        """Return the Vietnamese name of each town by its code."""
        return {ward.town_code: ward.town_name_vi for ward in self.wards}

    def indicator(self, name: str) -> Indicator:
        """Return an indicator by id.

        Raises
        ------
        UsageError
            If the study has none of that id.
        """
        for candidate in self.indicators:
            if candidate.indicator == name:
                return candidate
        known = ", ".join(indicator.indicator for indicator in self.indicators)
        raise UsageError(
            say(
                "Study {study} has no indicator “{indicator}”. It has: {known}.",
                study=self.study,
                indicator=name,
                known=known,
            )
        )

    def first_treated(self, timing: str, cohort: str) -> str:
        """Return the first treated period of a cohort under a timing.

        Raises
        ------
        UsageError
            If the study has no such timing or cohort.
        """
        for row in self.timings:
            if (row.timing, row.cohort) == (timing, cohort):
                return row.first_treated
        known = ", ".join(sorted({f"{row.timing}/{row.cohort}" for row in self.timings}))
        raise UsageError(
            say(
                "Study {study} gives no start for timing/cohort {timing}/{cohort}. It has: {known}.",
                study=self.study,
                timing=timing,
                cohort=cohort,
                known=known,
            )
        )
