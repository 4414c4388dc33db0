"""What one analysis assumes of a study: who is treated from when, inside which window.

A `Design` is a study looked at under one timing, reading, roster, window and donut. Wards are in the order of their
ids, periods in the order of time, and every array downstream has that shape: W wards by P periods.

Three kinds of cell: *untreated* (may fit the counterfactual), *donut* (the periods just before a start, left out
because anticipation is likely) and *treated*.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from helpers.errors import DesignError, UsageError
from helpers.messages import say
from helpers.study.objects import Adoption, RosterRule, Study
from helpers.study.periods import PeriodKind, period_number, period_range

Labels = npt.NDArray[np.int8]
Roster = Literal["given", "worlds"]

NEVER = -1
"""Label of a ward untreated throughout the window; a label of 0 or more is a position in `Design.cohorts`."""

UNTREATED, DONUT, TREATED = 0, 1, 2
MOST_WORLDS = 100_000
"""More admissible rosters than this are refused: their enumeration would not fit a session."""


@dataclass(frozen=True, slots=True)
class Design:
    """Who is treated from when.

    Attributes
    ----------
    study, timing, reading : str
        The choices this design was built under.
    roster : {"given", "worlds"}
        "worlds" means that some members are unknown: the window then ends before the first period in which any
        unknown ward may be treated, so the design holds in every admissible roster.
    period_kind : str
        What a period is.
    periods : tuple of str, length P
        The window, in order.
    ward_ids, town_codes : tuple of str, length W
        Wards sorted by id, and each one's town.
    cohorts : tuple of str
        Cohort names in order of their start.
    starts : tuple of int
        Position in `periods` of each cohort's first treated period; beyond the window's end for a cohort of which the
        window holds only the donut.
    labels : tuple of int, length W
        Position in `cohorts`, or `NEVER`.
    anticipation : int
        Number of periods before each start that are left out (the donut).
    """

    study: str
    timing: str
    reading: str
    roster: Roster
    period_kind: PeriodKind
    periods: tuple[str, ...]
    ward_ids: tuple[str, ...]
    town_codes: tuple[str, ...]
    cohorts: tuple[str, ...]
    starts: tuple[int, ...]
    labels: tuple[int, ...]
    anticipation: int

    @property
    def label_array(self) -> Labels:
        """Return `labels` as an array of shape (W,)."""
        return np.array(self.labels, dtype=np.int8)

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """Return, per cohort, the position of the first period that is no longer clean of anticipation."""
        return tuple(max(0, start - self.anticipation) for start in self.starts)

    @property
    def treated_ward_count(self) -> int:
        """Return the number of wards with a treated period inside the window."""
        treated = {cohort for cohort, start in enumerate(self.starts) if start < len(self.periods)}
        return sum(label in treated for label in self.labels)

    def cell_states(self) -> npt.NDArray[np.int8]:
        """Return an array of shape (W, P) of `UNTREATED`, `DONUT` and `TREATED`."""
        states = np.full((len(self.ward_ids), len(self.periods)), UNTREATED, dtype=np.int8)
        for cohort, (start, cutoff) in enumerate(zip(self.starts, self.cutoffs, strict=True)):
            members = self.label_array == cohort
            states[members, cutoff:start] = DONUT
            states[members, start:] = TREATED
        return states

    def wards_in(self, cohort: str | None) -> tuple[str, ...]:
        """Return the ids of a cohort's wards; of the never treated ones for None."""
        label = NEVER if cohort is None else self.cohorts.index(cohort)
        return tuple(ward for ward, own in zip(self.ward_ids, self.labels, strict=True) if own == label)

    def with_labels(self, labels: Sequence[int]) -> "Design":
        """Return this design with other wards treated: one relabelling, or one world."""
        return replace(self, labels=tuple(int(label) for label in labels))

    def until(self, last: int) -> "Design":
        """Return this design cut to its first `last` periods; cohorts whose donut begins later become comparisons."""
        kept = [cohort for cohort, cutoff in enumerate(self.cutoffs) if cutoff < last]
        relabel = {cohort: position for position, cohort in enumerate(kept)}
        return replace(
            self,
            periods=self.periods[:last],
            cohorts=tuple(self.cohorts[cohort] for cohort in kept),
            starts=tuple(self.starts[cohort] for cohort in kept),
            labels=tuple(relabel.get(label, NEVER) for label in self.labels),
        )

    def with_wards(self, kept: Sequence[int] | npt.NDArray[np.intp]) -> "Design":
        """Return this design with only the wards at some positions, unchecked (one stratum of a fit)."""
        return replace(
            self,
            ward_ids=tuple(self.ward_ids[position] for position in kept),
            town_codes=tuple(self.town_codes[position] for position in kept),
            labels=tuple(self.labels[position] for position in kept),
        )

    def without_wards(self, left_out: Sequence[str]) -> "Design":
        """Return this design without some wards (a leave-one-out).

        Raises
        ------
        DesignError
            If what is left admits no estimate.
        """
        kept = [position for position, ward in enumerate(self.ward_ids) if ward not in set(left_out)]
        return _checked(_without_empty_cohorts(self.with_wards(kept)))


@dataclass(frozen=True, slots=True)
class Worlds:
    """All rosters that the sources admit under one reading.

    Attributes
    ----------
    design : Design
        The design of the first world; the others differ in `labels` only.
    labels : ndarray of int8, shape (number of worlds, W)
        Each row is one admissible roster.
    """

    design: Design
    labels: Labels

    def __len__(self) -> int:
        return int(self.labels.shape[0])


def build_design(
    study: Study,
    *,
    timing: str | None = None,
    reading: str | None = None,
    roster: Roster | None = None,
    anticipation: int | None = None,
    window: tuple[str, str] | None = None,
) -> Design:
    """Return the design of an analysis; each choice left out takes the study's default.

    With ``roster="given"`` every ward's status must be known, from the sources or from the study's given roster. With
    ``roster="worlds"`` the window ends before an unknown ward can be treated (or enter a donut), so that nothing
    depends on who the unknown members are.

    Raises
    ------
    UsageError
        For an unknown timing or reading, or a window outside the study's.
    DesignError
        If members are unknown under "given", no comparison ward is left, or a cohort has no clean period before it.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> design = build_design(load_study("nghe_an"), roster="worlds")
    >>> design.cohorts, design.periods[-1]
    (('2021',), '2022-11')
    """
    timing, reading = _choices(study, timing, reading)
    roster = roster or study.default_roster
    statuses = _statuses(study, roster)
    unknown = [ward for ward, adoption in statuses.items() if adoption.status == "unknown"]
    if unknown and roster == "given":
        raise DesignError(
            say(
                "The status of {count} wards is unknown, and study {study} has no given roster for them. "
                "Fill in adoption.csv, or choose roster “worlds”.",
                count=len(unknown),
                study=study.study,
            )
        )
    if not unknown:
        _check_counts(study, reading, statuses)
    template = _template(study, timing, reading, roster, anticipation, window)
    design = template.with_labels([_label(statuses[ward], template.cohorts) for ward in template.ward_ids])
    if unknown:
        design = design.until(min(len(design.periods), _first_doubtful(study, design, unknown)))
    return _checked(_without_empty_cohorts(design))


def build_worlds(
    study: Study,
    *,
    timing: str | None = None,
    reading: str | None = None,
    anticipation: int | None = None,
    window: tuple[str, str] | None = None,
) -> Worlds:
    """Return every roster that the sources admit under a reading, from adoption.csv and rosters.csv alone.

    The study's given roster, if any, is not looked at. Worlds are in lexicographic order of ward ids.

    Raises
    ------
    DesignError
        If no roster fulfils the counts, or more than `MOST_WORLDS` do.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> len(build_worlds(load_study("nghe_an"), reading="A"))
    364
    """
    timing, reading = _choices(study, timing, reading)
    template = _template(study, timing, reading, "worlds", anticipation, window)
    statuses = {adoption.ward_id: adoption for adoption in study.adoption}
    known = template.with_labels([_label(statuses[ward], template.cohorts) for ward in template.ward_ids])
    gaps = [_town_gap(rule, known, statuses) for rule in study.roster_rules if rule.reading == reading]
    count = math.prod(math.comb(len(open_wards), missing) if missing >= 0 else 0 for open_wards, missing, _ in gaps)
    if not 0 < count <= MOST_WORLDS:
        raise DesignError(
            say(
                "Reading {reading} admits {count} rosters; between 1 and {most} can be enumerated. "
                "Check rosters.csv against adoption.csv.",
                reading=reading,
                count=count,
                most=MOST_WORLDS,
            )
        )
    labels = np.tile(known.label_array, (count, 1))
    choices = (itertools.combinations(open_wards, missing) for open_wards, missing, _ in gaps)
    for world, chosen in enumerate(itertools.product(*choices)):
        for members, (_, _, label) in zip(chosen, gaps, strict=True):
            labels[world, list(members)] = label
    design = _checked(known.with_labels(labels[0]))
    return Worlds(design=design, labels=labels)


def _choices(study: Study, timing: str | None, reading: str | None) -> tuple[str, str]:
    timing, reading = timing or study.default_timing, reading or study.default_reading
    timings = sorted({row.timing for row in study.timings})
    readings = sorted({row.reading for row in study.roster_rules})
    if timing not in timings:
        raise UsageError(
            say(
                "Study {study} has no timing “{timing}”. It has: {known}.",
                study=study.study,
                timing=timing,
                known=", ".join(timings),
            )
        )
    if reading not in readings:
        raise UsageError(
            say(
                "Study {study} has no reading “{reading}”. It has: {known}.",
                study=study.study,
                reading=reading,
                known=", ".join(readings),
            )
        )
    return timing, reading


def _statuses(study: Study, roster: Roster) -> Mapping[str, Adoption]:
    statuses = {adoption.ward_id: adoption for adoption in study.adoption}
    if roster == "given":
        statuses |= {adoption.ward_id: adoption for adoption in study.given_roster}
    return statuses


def _check_counts(study: Study, reading: str, statuses: Mapping[str, Adoption]) -> None:
    for rule in study.roster_rules:
        wards = [ward.ward_id for ward in study.wards if ward.town_code == rule.town_code]
        count = sum(statuses[ward].status == "model" for ward in wards)
        if rule.reading == reading and count != rule.model_ward_count:
            raise DesignError(
                say(
                    "Reading {reading} counts {wanted} model wards in {town}, the roster has {count}. "
                    "Choose the reading that the roster agrees with, or roster “worlds”.",
                    reading=reading,
                    wanted=rule.model_ward_count,
                    town=study.town_names[rule.town_code],
                    count=count,
                )
            )


def _first_doubtful(study: Study, design: Design, unknown: Sequence[str]) -> int:
    """Return the position of the first period in which an unknown ward may be treated or in a donut."""
    towns = {ward.town_code for ward in study.wards if ward.ward_id in set(unknown)}
    rules = [rule for rule in study.roster_rules if rule.reading == design.reading and rule.town_code in towns]
    starts = [period_number(study.period_kind, study.first_treated(design.timing, rule.cohort)) for rule in rules]
    return max(0, min(starts) - design.anticipation - period_number(study.period_kind, design.periods[0]))


def _template(
    study: Study, timing: str, reading: str, roster: Roster, anticipation: int | None, window: tuple[str, str] | None
) -> Design:
    first, last = window or study.window
    periods = period_range(study.period_kind, first, last)
    anticipation = study.default_anticipation if anticipation is None else anticipation
    if anticipation < 0:
        raise UsageError(
            say("Anticipation is {anticipation}; it is a number of periods, 0 or more.", anticipation=anticipation)
        )
    if not periods or not set(periods) <= set(period_range(study.period_kind, *study.window)):
        raise UsageError(
            say(
                "Window {first} … {last} is empty or not inside the study's, {study_first} … {study_last}.",
                first=first,
                last=last,
                study_first=study.window[0],
                study_last=study.window[1],
            )
        )
    numbers = {
        row.cohort: period_number(study.period_kind, row.first_treated) - period_number(study.period_kind, periods[0])
        for row in study.timings
        if row.timing == timing
    }
    cohorts = tuple(
        sorted((c for c in numbers if numbers[c] - anticipation < len(periods)), key=lambda c: (numbers[c], c))
    )
    wards = sorted(study.wards, key=lambda ward: ward.ward_id)
    return Design(
        study=study.study,
        timing=timing,
        reading=reading,
        roster=roster,
        period_kind=study.period_kind,
        periods=periods,
        ward_ids=tuple(ward.ward_id for ward in wards),
        town_codes=tuple(ward.town_code for ward in wards),
        cohorts=cohorts,
        starts=tuple(numbers[cohort] for cohort in cohorts),
        labels=(NEVER,) * len(wards),
        anticipation=anticipation,
    )


def _label(adoption: Adoption, cohorts: tuple[str, ...]) -> int:
    return cohorts.index(adoption.cohort) if adoption.cohort in cohorts else NEVER


def _town_gap(rule: RosterRule, known: Design, statuses: Mapping[str, Adoption]) -> tuple[tuple[int, ...], int, int]:
    """Return a town's unknown wards (positions), how many of them are model wards, and the label these get."""
    own = [position for position, town in enumerate(known.town_codes) if town == rule.town_code]
    members = [position for position in own if statuses[known.ward_ids[position]].status == "model"]
    open_wards = tuple(position for position in own if statuses[known.ward_ids[position]].status == "unknown")
    label = known.cohorts.index(rule.cohort) if rule.cohort in known.cohorts else NEVER
    return open_wards, rule.model_ward_count - len(members), label


def _without_empty_cohorts(design: Design) -> Design:
    used = sorted(set(design.labels) - {NEVER})
    relabel = {cohort: position for position, cohort in enumerate(used)}
    return replace(
        design,
        cohorts=tuple(design.cohorts[cohort] for cohort in used),
        starts=tuple(design.starts[cohort] for cohort in used),
        labels=tuple(relabel.get(label, NEVER) for label in design.labels),
    )


def _checked(design: Design) -> Design:
    if not design.periods:
        raise DesignError(
            say("An unknown ward may be treated from the first period on: no clean period. Begin the window earlier.")
        )
    if not any(start < len(design.periods) for start in design.starts):
        raise DesignError(
            say(
                "No ward is treated inside the window {first} … {last}: nothing to estimate.",
                first=design.periods[0],
                last=design.periods[-1],
            )
        )
    early = [cohort for cohort, cutoff in zip(design.cohorts, design.cutoffs, strict=True) if cutoff == 0]
    if early:
        raise DesignError(
            say(
                "Cohort {cohorts} has no period before its start and the {anticipation} left out for it. "
                "Begin the window earlier, or leave that cohort out.",
                cohorts=", ".join(early),
                anticipation=design.anticipation,
            )
        )
    first_start = min(design.starts)
    if NEVER not in design.labels and all(cutoff <= first_start for cutoff in design.cutoffs):
        raise DesignError(
            say(
                "Every ward is treated as soon as the first is: no comparison ward is left. Nothing can be estimated. "
                "Add wards that were not in the programme to wards.csv and adoption.csv, with their returns."
            )
        )
    return design
