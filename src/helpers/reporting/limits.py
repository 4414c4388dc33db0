"""What cannot be known from a run and why, filled from the run's own facts.

Each limit is a heading and whole sentences. A limit whose fact does not arise (no unknown ward, a single town) is left
out; one that no data can remove (recording, the assumptions of a p-value) is always there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.cleaning.history.breaks import FOUND, crossed_breaks
from helpers.errors import DesignError
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined
from helpers.reporting.design_words import hopeless_sentences
from helpers.reporting.verdicts import Verdict
from helpers.study.design import build_worlds
from helpers.study.objects import ALL_TOWNS, Adoption, Ward
from helpers.study.periods import period_days
from helpers.text import nfc


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that cannot be known, and why."""

    name: str
    title: str
    sentences: tuple[str, ...]


def list_limits(
    verdicts: Sequence[Verdict],
    briefing: Briefing,
    silent: pd.DataFrame | None = None,
    breaks: pd.DataFrame | None = None,
    description: pd.DataFrame | None = None,
) -> tuple[Limit, ...]:
    """Return the limits of a run, in the order they are to be read.

    Parameters
    ----------
    verdicts : sequence of Verdict
        For the power of the tests and the indicators too rare for one.
    briefing : Briefing
        The study's facts, and the language.
    silent : DataFrame, optional
        The run's ``silent_wards.csv``: wards that reported nothing but zeros.
    breaks : DataFrame, optional
        The run's ``breaks.csv``: where a series ends as a sibling begins.
    description : DataFrame, optional
        The run's ``design.csv``: which questions the design cannot answer at all.
    """
    sentences = {
        "selection": _selection(briefing),
        "towns": _towns(briefing),
        "roster": _roster(briefing),
        "programmes": _programmes(briefing),
        "recording": [briefing.say("limit.recording.text")],
        "power": [*_power(verdicts, briefing), *_silent(verdicts, briefing, silent)],
        "hopeless": _hopeless(briefing, description),
        "breaks": _breaks(verdicts, briefing, breaks),
        "assumptions": _assumptions(briefing),
    }
    return tuple(Limit(name, briefing.say(f"limit.{name}"), tuple(said)) for name, said in sentences.items() if said)


def _members(briefing: Briefing) -> dict[str, Adoption]:
    """Return each ward's status as the run took it: from the sources, or the given roster where it was used."""
    own = {row.ward_id: row for row in briefing.study.adoption}
    if briefing.choice("roster") == "given":
        own |= {row.ward_id: row for row in briefing.study.given_roster}
    return own


def _model_wards(briefing: Briefing) -> list[Ward]:
    members = _members(briefing)
    return [ward for ward in briefing.study.wards if members[ward.ward_id].status == "model"]


def _selection(briefing: Briefing) -> list[str]:
    wards = _model_wards(briefing)
    said = [briefing.say("limit.selection.text")]
    hot, off = (
        sum(ward.is_hot_spot_2019 is True for ward in wards),
        sum(ward.is_off_hot_spot_list_2022 is True for ward in wards),
    )
    if hot or off:
        said.append(briefing.say("limit.selection.hot_spots", treated_count=len(wards), hot=hot, off=off))
    return said


def _towns(briefing: Briefing) -> list[str]:
    members = _members(briefing)
    kinds: dict[str, set[bool]] = {}
    for ward in briefing.study.wards:
        kinds.setdefault(ward.town_code, set()).add(members[ward.ward_id].status == "model")
    if len(kinds) < 2:
        return []
    named = {
        which: joined([briefing.town_name(town) for town in sorted(kinds) if kinds[town] == found], briefing)
        for which, found in (("all", {True}), ("none", {False}), ("mixed", {True, False}))
    }
    if not (named["all"] or named["none"]):
        return []
    said = [briefing.say(f"limit.towns.{which}", names=names) for which, names in named.items() if names]
    return said if named["mixed"] else [*said, briefing.say("limit.towns.no_mixed")]


def _roster(briefing: Briefing) -> list[str]:
    study = briefing.study
    unknown = [row.ward_id for row in study.adoption if row.status == "unknown"]
    if not unknown:
        return []
    said = [briefing.say("limit.roster.unknown", n=len(unknown))]
    for reading in sorted({rule.reading for rule in study.roster_rules}):
        try:
            count = len(build_worlds(study, reading=reading))
        except DesignError:
            continue
        said.append(briefing.say("limit.roster.worlds", n=count, reading=reading))
    if briefing.choice("roster") == "worlds":
        said.append(briefing.say("limit.roster.worlds_mode"))
    elif study.is_given_roster_fictional:
        names = {ward.ward_id: ward.ward_name_vi for ward in study.wards}
        filled = [
            names[row.ward_id] for row in study.given_roster if row.status == "model" and row.ward_id in set(unknown)
        ]
        said.append(briefing.say("limit.roster.fictional", names=joined(filled, briefing)))
    return said


def _programmes(briefing: Briefing) -> list[str]:
    study = briefing.study
    is_vietnamese = briefing.language == "vi"
    inseparable = [row.name_vi if is_vietnamese else row.name_en for row in study.programmes if not row.is_separable]
    last_day = period_days(study.period_kind, briefing.window[1])[1]
    shocks = [row.name_vi if is_vietnamese else row.name_en for row in study.shocks if row.first_date <= last_day]
    said = [briefing.say("limit.programmes.text", names="; ".join(dict.fromkeys(inseparable)))] if inseparable else []
    if shocks:
        said.append(briefing.say("limit.programmes.shocks", names="; ".join(dict.fromkeys(shocks))))
    return said if inseparable else [briefing.say("limit.programmes.none"), *said]


def _power(verdicts: Sequence[Verdict], briefing: Briefing) -> list[str]:
    cohorts: dict[str, int] = {}
    for row in _members(briefing).values():
        if row.status == "model" and row.cohort is not None:
            cohorts[row.cohort] = cohorts.get(row.cohort, 0) + 1
    sizes = [
        briefing.say("limit.power.cohort", n=cohorts[name], cohort=briefing.cohort_name(name))
        for name in sorted(cohorts)
    ]
    said = [briefing.say("limit.power.cohorts", cohorts="; ".join(sizes))] if sizes else []
    effect = verdicts[0].effect if verdicts else None
    if effect is not None and not math.isnan(effect.smallest_p):
        wording = briefing.wording
        count = wording.number(effect.n_assignments)
        said.append(briefing.say("limit.power.test", assignments=count, smallest_p=wording.small(effect.smallest_p)))
    said.append(briefing.say("limit.power.text"))
    rare = [briefing.indicator_name(verdict.indicator) for verdict in verdicts if verdict.kind == "descriptive"]
    return [*said, briefing.say("limit.power.rare", names=joined(rare, briefing))] if rare else said


def _hopeless(briefing: Briefing, description: pd.DataFrame | None) -> list[str]:
    """Return what was known beforehand to be out of reach; wards that report only zeros are named elsewhere."""
    said = () if description is None else hopeless_sentences(description, briefing, with_silent=False)
    return [briefing.say("limit.hopeless.text"), *said] if said else []


def _silent(verdicts: Sequence[Verdict], briefing: Briefing, silent: pd.DataFrame | None) -> list[str]:
    """Return, by count, which wards reported nothing but zeros: they contribute nothing and are named."""
    if silent is None:
        return []
    counts = [own.indicator for own in verdicts if briefing.indicator(own.indicator).kind == "count"]
    named = {name: sorted(set(silent.loc[silent["indicator"].eq(name), "ward_name_vi"])) for name in counts}
    return [
        briefing.say(
            "limit.power.silent",
            n=len(wards),
            indicator=briefing.indicator_name(name),
            names=joined([nfc(ward) for ward in wards], briefing),
        )
        for name, wards in named.items()
        if wards
    ]


def _breaks(verdicts: Sequence[Verdict], briefing: Briefing, breaks: pd.DataFrame | None) -> list[str]:
    study = briefing.study
    first, last = briefing.window
    said = []
    for verdict in verdicts:
        inside = [period for period in briefing.indicator(verdict.indicator).break_periods if first < period <= last]
        if inside:
            periods = joined([briefing.period(period) for period in inside], briefing)
            said.append(
                briefing.say(
                    "limit.breaks.indicator", indicator=briefing.indicator_name(verdict.indicator), periods=periods
                )
            )
    said += _found_breaks(verdicts, briefing, breaks)
    days = period_days(study.period_kind, first)[0], period_days(study.period_kind, last)[1]
    boundaries = sum(days[0] < change.effective_date <= days[1] for change in study.boundary_changes)
    if boundaries:
        said.append(briefing.say("limit.breaks.boundaries", n=boundaries))
    if study.mergers:
        names = joined([nfc(merger.ward.ward_name_vi) for merger in study.mergers], briefing)
        said.append(briefing.say("limit.breaks.followed", names=names))
    return said or [briefing.say("limit.breaks.none")]


def _found_breaks(verdicts: Sequence[Verdict], briefing: Briefing, breaks: pd.DataFrame | None) -> list[str]:
    """Return what the data themselves say of breaks that the window crosses, of the indicators that are told."""
    if breaks is None:
        return []
    told = [verdict.indicator for verdict in verdicts]
    crossed = crossed_breaks(breaks.loc[breaks["source"].eq(FOUND)], *briefing.window)
    concerns = crossed["from_indicator"].isin(told) | crossed["to_indicator"].isin(told)
    said = []
    for row in crossed.loc[concerns].to_dict("records"):
        ended, begun = (briefing.indicator_name(row[name]) for name in ("from_indicator", "to_indicator"))
        period, town = briefing.period(row["period"]), row["town_code"]
        if town == ALL_TOWNS:
            said.append(briefing.say("limit.breaks.found", ended=ended, begun=begun, period=period))
        else:
            place = briefing.town_name(town)
            said.append(briefing.say("limit.breaks.found_in", ended=ended, begun=begun, period=period, place=place))
    return [*said, briefing.say("limit.breaks.crossed")] if said else said


def _assumptions(briefing: Briefing) -> list[str]:
    donut = briefing.choice("anticipation")
    names = ("spillover", "anticipation", "assignment", "trends")
    return [briefing.say(f"limit.assumptions.{name}", donut=donut) for name in names]
