"""Every other table of a run: what of it may be published, and what never is.

A table, a topic or a check that is not listed here is withheld: whoever adds one decides what restricted data allow.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.checks.all_worlds import HIGHEST, LOWEST
from helpers.checks.leave_one_out import PERIOD, WARD
from helpers.reporting.disclosure.contributions import ALL, Group
from helpers.reporting.disclosure.effect_rows import WITHHELD_REASON
from helpers.reporting.disclosure.rules import COARSE_RATIO_STEP, Rules, coarse_interval, coarse_ratio
from helpers.study.objects import Study
from helpers.text import nfc

RETURNS = "returns/"
BALANCE, DETECTABILITY = "balance", "detectability"
PUBLIC_DESIGN: Mapping[str, str] = {
    BALANCE: "level|trend|population",
    "coverage": "reported_count|due_count",
    "estimable_cells": "identified_count|lost_count",
    "attainable_p": "assignment_count|smallest_p",
    DETECTABILITY: "mde.*|power_at_.*",
}
"""Measures of each topic, as a pattern. Means would be counts; the overdispersion would turn an interval's width into
an expected count."""
DIFFERENCE_DIGITS = 2
DETAILED_CHECKS = ("placebo_date", "leave_one_out", "worlds")
"""Checks whose single estimates are about cohorts, towns or rosters, and never about a ward."""


@dataclass(frozen=True)
class Context:
    """What the rules for the other tables go by: thresholds, the study's names, and the wards behind each cohort."""

    rules: Rules
    study: Study
    groups: Mapping[tuple[str, str, str], Group]

    def names_a_ward(self, text: object) -> bool:
        """Return whether a text holds a ward's id, code or name."""
        said = nfc(str(text)).casefold()
        wards = self.study.reporting_wards
        return any(nfc(name).casefold() in said for ward in wards for name in (ward.ward_code, ward.ward_name_vi))

    def is_few(self, indicator: str, cohort: str) -> bool:
        """Return whether a cohort has too few wards under any specification."""
        own = [
            group
            for (name, _, label), group in self.groups.items()
            if label == (cohort or ALL) and indicator in ("", name)
        ]
        return not own or any(group.is_few(self.rules) for group in own)


def public_design(design: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return coverage, balance and power; balance of cohorts of too few wards is left out."""
    measures = list(zip(design["topic"].astype(str), design["measure"].astype(str), strict=True))
    known = [re.fullmatch(PUBLIC_DESIGN.get(topic, ""), measure) is not None for topic, measure in measures]
    kept = design.loc[known].copy()
    few = [context.is_few(str(row.indicator), str(row.cohort)) for row in kept.itertuples()]
    is_balance, is_power = kept["topic"].eq(BALANCE), kept["topic"].eq(DETECTABILITY)
    kept.loc[is_balance, "value"] = kept.loc[is_balance, "value"].round(DIFFERENCE_DIGITS)
    kept.loc[is_power, "value"] = [
        coarse_ratio(float(value), COARSE_RATIO_STEP) for value in kept.loc[is_power, "value"]
    ]
    return kept.loc[~(is_balance & pd.Series(few, index=kept.index, dtype=bool))].reset_index(drop=True)


def public_checks(checks: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the verdicts of the checks with coarse statistics; a reason that names a ward is withheld."""
    public = checks.copy()
    for column in ("statistic", "threshold"):
        public[column] = [coarse_ratio(float(value), COARSE_RATIO_STEP) for value in public[column]]
    public["reason"] = [WITHHELD_REASON if context.names_a_ward(own) else own for own in public["reason"]]
    return public


def public_check_details(details: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the estimates behind the checks, coarse; without those of a ward, one period or a check not listed."""
    items = details["item"].astype(str)
    names_ward = items.str.startswith((LOWEST, HIGHEST, WARD, PERIOD)) | items.map(context.names_a_ward)
    public = details.loc[details["check"].isin(DETAILED_CHECKS) & ~names_ward].copy()
    public["estimate"] = [coarse_ratio(float(value), COARSE_RATIO_STEP) for value in public["estimate"]]
    ends = [
        coarse_interval(float(low), float(high), COARSE_RATIO_STEP)
        for low, high in zip(public["conf_low"], public["conf_high"], strict=True)
    ]
    public["conf_low"], public["conf_high"] = [low for low, _ in ends], [high for _, high in ends]
    public["reason"] = [WITHHELD_REASON if context.names_a_ward(own) else own for own in public["reason"]]
    return public.reset_index(drop=True)


def public_breaks(breaks: pd.DataFrame, _context: Context) -> pd.DataFrame:
    """Return where series break, without the figures that show it."""
    return breaks.assign(evidence="")


def public_inputs(inputs: pd.DataFrame, _context: Context) -> pd.DataFrame:
    """Return which files were read; a hash of a return would confirm a guess at what it holds."""
    return inputs.assign(sha256=inputs["sha256"].mask(inputs["file"].astype(str).str.startswith(RETURNS), ""))


def as_it_is(table: pd.DataFrame, _context: Context) -> pd.DataFrame:
    """Return a table that holds nothing about incidents: how many cells of a file were read."""
    return table


PUBLIC_TABLES: Mapping[str, Callable[[pd.DataFrame, Context], pd.DataFrame]] = {
    "cleaning_account": as_it_is,
    "inputs": public_inputs,
    "breaks": public_breaks,
    "design": public_design,
    "checks": public_checks,
    "check_details": public_check_details,
}
"""Beside ``estimates`` and ``counterfactual``. The others hold figures of single wards, or words of any office."""


def public_manifest(manifest: Mapping[str, object], study: Study) -> dict[str, object]:
    """Return a run's manifest, for restricted data without the hashes of its returns."""
    inputs = manifest.get("inputs")
    if study.origin != "real_restricted" or not isinstance(inputs, Mapping):
        return dict(manifest)
    kept = {name: value for name, value in inputs.items() if not str(name).startswith(RETURNS)}
    return dict(manifest) | {"inputs": kept}
