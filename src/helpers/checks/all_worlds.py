"""Worlds: whether the result holds whoever the unnamed model wards are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.checks.gates import Check, Detail, Verdict
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.randomisation import LEVEL
from helpers.inference.roster_ranges import roster_ranges
from helpers.inference.roster_union import roster_union
from helpers.inference.worlds import DRIVER_COLUMNS, WorldsRange
from helpers.study.design import Worlds

QUESTION = "Over every roster the sources admit, does the effect keep its sign and its significance?"
THRESHOLD = "5% in every roster"
UNION = "union:"
"""Begins the item of a detail that holds the union of all rosters' intervals."""
LOWEST, HIGHEST = "lowest:", "highest:"
"""Begin the item of a detail that names a ward of unknown status which the lowest, or the highest, estimate needs."""


def headline_ranges(analysis: Analysis, worlds: Worlds, specification: Specification) -> tuple[WorldsRange, ...]:
    """Return the ranges of the overall effect and of each cohort's, of those that can be estimated.

    None at all where the sources admit a single roster.
    """
    estimands = [Estimand("overall"), *(Estimand("cohort", cohort) for cohort in worlds.design.cohorts)]
    estimable = [one for one in estimands if build_target(worlds.design, specification, one).is_estimable]
    return roster_ranges(analysis, worlds, estimable, specification) if estimable and len(worlds) > 1 else ()


def all_worlds(
    analysis: Analysis,
    worlds: Worlds,
    specification: Specification,
    *,
    has_intervals: bool = False,
    ranges: Sequence[WorldsRange] | None = None,
) -> Check:
    """Return the range of the overall effect and of each cohort's over all admissible rosters.

    Parameters
    ----------
    analysis : Analysis
        Built on the worlds' own design, whose window is the whole one: not the one cut for unknown members.
    has_intervals : bool
        Whether the union of the overall effect's intervals over all rosters is computed too, which takes seconds.
    ranges : sequence of WorldsRange, optional
        `headline_ranges`, where they are known already.

    Notes
    -----
    It passes only if the largest p-value is at most 5% and the sign is the same in every roster: nearly powerless here
    even when the programme works. It fails if the sign turns. Where the sources admit a single roster there is nothing
    to vary, so it cannot tell. The share of rosters that reject is not computed: it would read like a probability and
    is none.
    """
    if len(worlds) < 2:
        return _untold(
            analysis, specification, f"does not apply: reading {worlds.design.reading} admits one roster only"
        )
    ranges = headline_ranges(analysis, worlds, specification) if ranges is None else ranges
    if not ranges:
        return _untold(analysis, specification, "no effect is estimable")
    overall = ranges[0]
    details = tuple(
        Detail(
            f"{one.reading}:{one.estimand.cohort}",
            conf_low=float(np.nanmin(one.estimates)),
            conf_high=float(np.nanmax(one.estimates)),
            p_value=float(one.p_values.max()),
            reason=f"range over {one.n_worlds} rosters; p is the largest",
            n_assignments=one.n_assignments,
            smallest_p=one.smallest_p,
        )
        for one in ranges
    )
    if has_intervals and overall.estimand.kind == "overall":
        details += (_union(overall, roster_union(analysis, worlds, overall.estimand, specification)),)
    details += _extremes(overall)
    low, high, largest = np.nanmin(overall.estimates), np.nanmax(overall.estimates), float(overall.p_values.max())
    count = f"{overall.n_worlds} rosters of reading {overall.reading}"
    verdict, reason = _judge(float(low), float(high), largest, count)
    return Check(
        analysis.indicator,
        specification,
        "worlds",
        QUESTION,
        largest,
        LEVEL,
        THRESHOLD,
        verdict,
        reason,
        details,
    )


def _judge(low: float, high: float, largest_p: float, count: str) -> tuple[Verdict, str]:
    if low < 0 < high:
        return "fail", f"the sign turns within the {count}"
    if largest_p <= LEVEL:
        return "pass", f"it holds in every one of the {count}"
    return "cannot_tell", f"the sign holds in all {count}, the significance not in every one"


def _untold(analysis: Analysis, specification: Specification, reason: str) -> Check:
    return Check(analysis.indicator, specification, "worlds", QUESTION, np.nan, LEVEL, THRESHOLD, "cannot_tell", reason)


def roster_drivers(ranges: Sequence[WorldsRange]) -> pd.DataFrame:
    """Return which memberships drive the first of some ranges (`WorldsRange.drivers`); no rows if there is none."""
    return ranges[0].drivers() if ranges else pd.DataFrame(columns=list(DRIVER_COLUMNS))


def _union(one: WorldsRange, ends: tuple[float, float]) -> Detail:
    low, high = ends
    return Detail(
        f"{UNION}{one.reading}:{one.estimand.cohort}",
        conf_low=low,
        conf_high=high,
        p_value=one.largest_p,
        reason=f"union of the 95% intervals of {one.n_worlds} rosters; p is the largest",
        n_assignments=one.n_assignments,
        smallest_p=one.smallest_p,
    )


def _extremes(one: WorldsRange) -> tuple[Detail, ...]:
    """Return one detail per ward whose membership an extreme estimate needs."""
    ends = (float(np.nanmin(one.estimates)), float(np.nanmax(one.estimates)))
    reason = "of unknown status; a model ward in every roster with this estimate, and not in every one at the other end"
    return tuple(
        Detail(f"{end}{one.reading}:{one.estimand.cohort}:{ward}", estimate, reason=reason)
        for end, estimate, wards in zip((LOWEST, HIGHEST), ends, one.extreme_members(), strict=True)
        for ward in wards
    )
