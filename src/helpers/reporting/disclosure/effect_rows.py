"""The rows of ``estimates.csv`` as they may be published: ratios coarsened, small ones and counts withheld."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from helpers.reporting.disclosure.contributions import ALL, NOBODY, Group
from helpers.reporting.disclosure.counts import KnownRatio
from helpers.reporting.disclosure.rules import (
    COARSE_RATIO_STEP,
    FEWEST_WARDS_OF_A_RATIO,
    RATIO_STEP,
    Rules,
    coarse_interval,
    coarse_ratio,
)
from helpers.reporting.effects import BESIDE, PRIMARY_ESTIMATOR

RATIO, AVERTED = "ratio", "averted_count"
HEADLINES = ("overall", "cohort")
"""Estimands whose counts can be published: those of others would give away single bins by difference."""
SUMMED = (*HEADLINES, "common_horizon")
"""Estimands that may be published over all cohorts: any other would be of one cohort at a time, under another name."""
WITHHELD_REASON = "Withheld to protect small numbers."
BLANKED = ("std_error", "weight", "observed", "expected")
"""What could be turned into counts: a standard error, a cohort's weight, and the counts themselves."""
RESULTS = ("estimate", "conf_low", "conf_high", "p_value", "p_mc_error", "mde", "band_low", "band_high", *BLANKED)
LEVEL_DIGITS = 2
"""Coefficients on the scale of levels keep two significant digits."""


@dataclass(frozen=True)
class EffectRules:
    """What is needed to decide on one effect.

    Attributes
    ----------
    rules : Rules
    groups : mapping
        Wards behind the counts under treatment, by indicator, specification and cohort.
    counts : mapping
        Published observed and expected counts, by indicator, specification and cohort; what is not there is withheld.
    numerators : mapping
        Observed count of the overall effect by indicator, for estimators that give none themselves.
    """

    rules: Rules
    groups: Mapping[tuple[str, str, str], Group]
    counts: Mapping[tuple[str, str, str], tuple[float, float]]
    numerators: Mapping[str, float]

    def group(self, row: Mapping[str, Any]) -> Group:
        """Return the wards an effect rests on: those counted in the panel, and no more than its own row says."""
        place = (str(row["indicator"]), str(row["specification"]), str(row["cohort"]) or ALL)
        known = self.groups.get(place)
        own = _number(row.get("n_treated"))
        if known is None:
            count = 0 if math.isnan(own) else int(own)
            return Group(count, count, 0.0) if count else NOBODY
        return known if math.isnan(own) else replace(known, ward_count=min(known.ward_count, int(own)))

    def step(self, row: Mapping[str, Any]) -> float:
        """Return in which steps a ratio is published."""
        return COARSE_RATIO_STEP if self.group(row).is_few(self.rules) else RATIO_STEP

    def is_ratio_withheld(self, row: Mapping[str, Any]) -> bool:
        """Return whether even the ratio is withheld: a small numerator, or a single ward."""
        group = self.group(row)
        observed = _number(row.get("observed"))
        if math.isnan(observed):
            observed = self.numerators.get(str(row["indicator"]), 0.0)
        if str(row["cohort"]) in ("", ALL) and str(row["estimand"]) not in SUMMED:
            return True
        is_single = min(group.ward_count, group.contributor_count) < FEWEST_WARDS_OF_A_RATIO
        return observed < self.rules.smallest_count or is_single


def public_effects(estimates: pd.DataFrame, decisions: EffectRules) -> pd.DataFrame:
    """Return the table of estimates as it may be published.

    Parameters
    ----------
    estimates : DataFrame
        A run's ``estimates.csv``.
    decisions : EffectRules
    """
    rows = [_public(row, decisions) for row in estimates.to_dict("records")]
    return pd.DataFrame(rows, columns=[*estimates.columns])


def known_ratios(estimates: pd.DataFrame, decisions: EffectRules) -> tuple[KnownRatio, ...]:
    """Return what the published ratios of one indicator and specification tell about its counts."""
    own = estimates.loc[
        estimates["estimator"].eq(PRIMARY_ESTIMATOR)
        & estimates["scale"].eq(RATIO)
        & ~estimates["inference"].isin(BESIDE)
    ]
    return tuple(
        _known(place, row, decisions)
        for place, row in enumerate(own.loc[own["estimate"].notna()].to_dict("records"))
        if not (math.isnan(_number(row["observed"])) or math.isnan(_number(row["expected"])))
    )


def _known(place: int, row: Mapping[Any, Any], decisions: EffectRules) -> KnownRatio:
    cohort, estimand = str(row["cohort"]) or ALL, str(row["estimand"])
    name = cohort if estimand in HEADLINES else f"{estimand}:{place}"
    shown = None
    if not decisions.is_ratio_withheld(row):
        step = decisions.step(row)
        middle = 1 + coarse_ratio(float(row["estimate"]), step)
        shown = (max(0.0, middle - step / 2), middle + step / 2)
    return KnownRatio(
        name,
        cohort,
        float(row["observed"]),
        float(row["expected"]),
        shown,
        part="" if estimand in HEADLINES else estimand,
        is_inside=estimand != "lead",
        is_few=decisions.group(row).is_few(decisions.rules),
    )


def _public(row: dict[Any, Any], decisions: EffectRules) -> dict[Any, Any]:
    row = dict(row)
    if "note" in row:
        row["note"] = ""
    if math.isnan(_number(row["estimate"])):
        return row | {name: math.nan for name in BLANKED if name in row}
    if row["scale"] == AVERTED:
        return _public_incidents(row, decisions)
    if decisions.is_ratio_withheld(row) or (row["scale"] != RATIO and decisions.group(row).is_few(decisions.rules)):
        return _blank(row)
    return _public_ratio(row, decisions) if row["scale"] == RATIO else _public_level(row)


def _blank(row: dict[Any, Any]) -> dict[Any, Any]:
    return row | {name: math.nan for name in RESULTS if name in row} | {"reason": WITHHELD_REASON}


def _counts(row: Mapping[str, Any], decisions: EffectRules) -> tuple[float, float]:
    place = (str(row["indicator"]), str(row["specification"]), str(row["cohort"]) or ALL)
    has_counts = row["estimand"] in HEADLINES and row["estimator"] == PRIMARY_ESTIMATOR
    return decisions.counts.get(place, (math.nan, math.nan)) if has_counts else (math.nan, math.nan)


def _public_ratio(row: dict[Any, Any], decisions: EffectRules) -> dict[Any, Any]:
    step = decisions.step(row)
    observed, expected = _counts(row, decisions)
    changes: dict[str, float] = {name: math.nan for name in BLANKED if name in row}
    changes |= {"estimate": coarse_ratio(float(row["estimate"]), step), "observed": observed, "expected": expected}
    for low, high in (("conf_low", "conf_high"), ("band_low", "band_high")):
        if low in row:
            changes[low], changes[high] = coarse_interval(_number(row[low]), _number(row[high]), step)
    if "mde" in row:
        changes["mde"] = coarse_ratio(_number(row["mde"]), step)
    return row | changes


def _public_incidents(row: dict[Any, Any], decisions: EffectRules) -> dict[Any, Any]:
    """Return incidents averted, worked out from the published counts; their interval is left to whoever reads them."""
    observed, expected = _counts(row, decisions)
    if math.isnan(observed) or decisions.is_ratio_withheld(row):
        return _blank(row)
    changes = {name: math.nan for name in ("conf_low", "conf_high", "band_low", "band_high", *BLANKED) if name in row}
    changes |= {"estimate": expected - observed, "observed": observed, "expected": expected, "mde": math.nan}
    return row | changes


def _public_level(row: dict[Any, Any]) -> dict[Any, Any]:
    numbers = {
        name: _significant(_number(row[name]))
        for name in ("estimate", "std_error", "conf_low", "conf_high")
        if name in row
    }
    return row | {name: math.nan for name in ("weight", "observed", "expected", "mde") if name in row} | numbers


def _significant(value: float) -> float:
    return float(f"{value:.{LEVEL_DIGITS}g}") if math.isfinite(value) else value


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
