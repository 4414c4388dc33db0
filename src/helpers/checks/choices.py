"""The choices that others could have made: timings, donuts, windows, wards kept. All are read from the study.

Nothing here is particular to a study: towns are those of the design, start dates those of ``timings.csv``, and lengths
are in months, turned into the study's periods.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.study.design import NEVER, Design, build_design
from helpers.study.objects import Study
from helpers.study.periods import PERIODS_PER_YEAR, PeriodKind

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

DONUT_MONTHS = (0, 3, 6)
"""None, a quarter and half a year before a start."""
EARLIER_END_MONTHS = (3, 6)
"""The window ended a quarter or half a year earlier: longer cuts would leave the last cohort hardly a period."""
LATER_START_MONTHS = 12
"""The window begun a year later: whole years, so that the seasons before the start stay whole."""
WINDOW_GONE = "The window has no period left."
ALL_WARDS, WITHIN, WITHOUT = "all", "within:", "without:"
"""Which wards are kept: all, those of one town, or those of all towns but one (a town's code follows)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A window, a timing, a donut and the wards kept.

    Attributes
    ----------
    timing : str
    anticipation : int
        Periods left out before each start.
    skipped, dropped : int
        Periods taken off the window's beginning and end.
    wards : str
        "all", "within:<town>" or "without:<town>".
    """

    timing: str
    anticipation: int
    skipped: int = 0
    dropped: int = 0
    wards: str = ALL_WARDS


def own_choice(design: Design) -> Choice:
    """Return the choice that a design was built with."""
    return Choice(design.timing, design.anticipation)


def periods_in(months: int, kind: PeriodKind) -> int:
    """Return how many whole periods so many months need.

    Examples
    --------
    >>> [periods_in(3, kind) for kind in ("police_month", "calendar_quarter", "year")]
    [3, 1, 1]
    """
    return math.ceil(months * PERIODS_PER_YEAR[kind] / 12)


def other_timings(study: Study, design: Design) -> tuple[str, ...]:
    """Return the study's other timings."""
    return tuple(sorted({row.timing for row in study.timings} - {design.timing}))


def other_donuts(design: Design) -> tuple[int, ...]:
    """Return the other donuts, in periods."""
    return tuple(sorted({periods_in(months, design.period_kind) for months in DONUT_MONTHS} - {design.anticipation}))


def earlier_ends(design: Design) -> tuple[int, ...]:
    """Return by how many periods the window may end earlier and still hold one."""
    counts = {periods_in(months, design.period_kind) for months in EARLIER_END_MONTHS}
    return tuple(sorted(count for count in counts if count < len(design.periods)))


def later_starts(design: Design) -> tuple[int, ...]:
    """Return by how many periods the window may begin later and still hold one: a single number, or none."""
    count = periods_in(LATER_START_MONTHS, design.period_kind)
    return (count,) if count < len(design.periods) else ()


def other_wards(design: Design, specification: Specification) -> tuple[str, ...]:
    """Return which parts of the wards may be kept instead of all.

    Each town that has treated wards and others alone; and all but each town that was treated as a whole, which under
    town × period effects adds nothing unless its cohorts differ.
    """
    towns, labels = np.array(design.town_codes), design.label_array
    codes = sorted(set(design.town_codes))
    if len(codes) < 2:
        return ()
    kinds = {town: set(labels[towns == town].tolist()) for town in codes}
    used = _towns_that_count(design, specification)
    within = [f"{WITHIN}{town}" for town in codes if len(kinds[town]) > 1]
    without = [f"{WITHOUT}{town}" for town in codes if NEVER not in kinds[town] and town in used]
    return (*without, *within)


def _towns_that_count(design: Design, specification: Specification) -> set[str]:
    if specification == "two_way":
        return set(design.town_codes)
    target = build_target(design, specification, Estimand("overall"))
    return {design.town_codes[own[0]] for own, mask in zip(target.members, target.masks, strict=True) if mask.any()}


def positions_kept(design: Design, wards: str) -> Positions:
    """Return the positions of the wards that a choice keeps."""
    towns = np.array(design.town_codes)
    if wards.startswith(WITHIN):
        return np.flatnonzero(towns == wards.removeprefix(WITHIN))
    return np.flatnonzero(towns != wards.removeprefix(WITHOUT))


def design_of(study: Study, design: Design, choice: Choice) -> Design:
    """Return the design of a choice over all wards, inside the window, reading and roster of a design.

    Raises
    ------
    DesignError
        If it admits no estimate.
    EstimationError
        If the design does not hold all wards of the study, or the window has no period left.
    """
    if choice == replace(own_choice(design), wards=choice.wards):
        return design
    last = len(design.periods) - 1 - choice.dropped
    if choice.skipped > last:
        raise EstimationError(WINDOW_GONE)
    built = build_design(
        study,
        timing=choice.timing,
        reading=design.reading,
        roster=design.roster,
        anticipation=choice.anticipation,
        window=(design.periods[choice.skipped], design.periods[last]),
    )
    if built.ward_ids != design.ward_ids:
        raise EstimationError("Other choices are built over all wards of a study: start from its whole design.")
    return built


def cells_of(analysis: Analysis, design: Design) -> Array:
    """Return the outcome of the wards of a design, in its window, which lies inside the analysis's."""
    first = analysis.design.periods.index(design.periods[0])
    places = {ward: position for position, ward in enumerate(analysis.design.ward_ids)}
    kept = [places[ward] for ward in design.ward_ids]
    return analysis.outcome[kept, first : first + len(design.periods)]


def populations(study: Study, design: Design) -> Array | None:
    """Return the population of each ward, or None where the study does not give every one."""
    known = {ward.ward_id: ward.population_count for ward in study.wards}
    counts = [known.get(ward) for ward in design.ward_ids]
    return np.array(counts, dtype=float) if all(counts) else None
