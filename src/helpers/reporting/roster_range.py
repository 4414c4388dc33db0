"""What a run says over every roster the sources admit: the range of its primary result, in whole sentences.

The numbers come from the estimates behind the check ``worlds`` and its verdict; who may be a model ward comes from the
study folder. Wards are named only because their membership is open, and never with a figure of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.checks.all_worlds import HIGHEST, LOWEST, UNION
from helpers.errors import DesignError
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined
from helpers.reporting.check_details import CHECK_WORLDS, details_of
from helpers.study.design import build_worlds

OVERALL = "all"
MEANINGS: Mapping[str, str] = {"pass": "holds", "fail": "turns", "cannot_tell": "sign"}
"""Which sentence a verdict of the check stands for; it has details only where several rosters were estimated."""


@dataclass(frozen=True, slots=True)
class RosterRange:
    """The overall effect over all admissible rosters.

    Attributes
    ----------
    reading, specification : str
    low, high : float
        Smallest and largest estimate, ratio minus one.
    union_low, union_high : float
        Ends of all rosters' 95% intervals together; NaN where they were not computed.
    largest_p : float
    lowest, highest : tuple of str
        Wards of unknown status which the smallest and the largest estimate need as model wards.
    verdict : str
        Of the check: ``pass``, ``fail`` or ``cannot_tell``.
    """

    reading: str
    specification: str
    low: float
    high: float
    union_low: float
    union_high: float
    largest_p: float
    lowest: tuple[str, ...]
    highest: tuple[str, ...]
    verdict: str


def read_roster_range(checks: pd.DataFrame, details: pd.DataFrame, indicator: str) -> RosterRange | None:
    """Return the range of an indicator's overall effect, or None where rosters were not varied.

    Parameters
    ----------
    checks, details : DataFrame
        A run's ``checks.csv`` and ``check_details.csv``.
    indicator : str
        Which indicator.
    """
    own = details_of(details, indicator, CHECK_WORLDS)
    items = {str(row["item"]): row for row in own.to_dict("records")}
    name = next((item for item in items if item.count(":") == 1 and item.endswith(f":{OVERALL}")), "")
    if not name:
        return None
    row, union = items[name], items.get(f"{UNION}{name}", {})
    is_own = checks["indicator"].eq(indicator) & checks["check"].eq(CHECK_WORLDS)
    verdicts = checks.loc[is_own & checks["specification"].eq(row["specification"]), "verdict"]
    return RosterRange(
        reading=name.removesuffix(f":{OVERALL}"),
        specification=str(row["specification"]),
        low=float(row["conf_low"]),
        high=float(row["conf_high"]),
        union_low=float(union.get("conf_low", "nan")),
        union_high=float(union.get("conf_high", "nan")),
        largest_p=float(row["p_value"]),
        lowest=_wards(items, f"{LOWEST}{name}:"),
        highest=_wards(items, f"{HIGHEST}{name}:"),
        verdict=str(verdicts.iloc[0]) if len(verdicts) else "cannot_tell",
    )


def roster_sentences(found: RosterRange, briefing: Briefing) -> tuple[str, ...]:
    """Return the range over all rosters, what it means, and whose membership moves it, in the order of reading."""
    wording = briefing.wording
    has_union = found.union_low == found.union_low and found.union_high == found.union_high
    said = [
        briefing.say(
            "roster.range" if has_union else "roster.range_only",
            n=sum(row.status == "unknown" for row in briefing.study.adoption),
            count=wording.number(_count(found.reading, briefing)),
            reading=found.reading,
            specification=briefing.say(f"short.{found.specification}"),
            low=wording.percent(found.low),
            high=wording.percent(found.high),
            union=wording.interval(found.union_low, found.union_high, is_percent=True),
            p=wording.plain_p(found.largest_p),
        ),
        briefing.say(f"roster.meaning.{MEANINGS[found.verdict]}"),
    ]
    ends = {"lowest": found.lowest, "highest": found.highest}
    said += [briefing.say(f"roster.{end}", names=_names(wards, briefing)) for end, wards in ends.items() if wards]
    return (*said, briefing.say("roster.open")) if any(ends.values()) else tuple(said)


def lead_sentence(briefing: Briefing) -> str:
    """Return that the run's result does not depend on who the unknown wards are; "" for a run that assumes a roster."""
    if briefing.choice("roster") != "worlds" or all(row.status != "unknown" for row in briefing.study.adoption):
        return ""
    design = briefing.design()
    cohorts = joined([briefing.cohort_name(cohort) for cohort in design.cohorts], briefing)
    return briefing.say("roster.lead", cohorts=cohorts, last=briefing.period(design.periods[-1]))


def _wards(items: Mapping[str, object], start: str) -> tuple[str, ...]:
    return tuple(sorted(item.removeprefix(start) for item in items if item.startswith(start)))


def _names(wards: tuple[str, ...], briefing: Briefing) -> str:
    names = {ward.ward_id: ward.ward_name_vi for ward in briefing.study.wards}
    return joined([names.get(ward, ward) for ward in wards], briefing)


def _count(reading: str, briefing: Briefing) -> int:
    try:
        return len(build_worlds(briefing.study, reading=reading))
    except DesignError:
        return 0
