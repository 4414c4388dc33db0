"""Whose figures stand behind a count: how many wards, and how much of it the largest of them makes up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.count_imputation import STATE_NAMES, impute_counterfactual
from helpers.estimation.specification import SPECIFICATIONS
from helpers.panel import outcome_matrix
from helpers.reporting.disclosure.rules import MOST_SHARE, Rules
from helpers.study.design import DONUT, NEVER, TREATED, UNTREATED, Design

ALL = "all"
TREATED_STATE = STATE_NAMES[TREATED]
STATES = (STATE_NAMES[UNTREATED], STATE_NAMES[DONUT], TREATED_STATE)
COLUMNS = ("indicator", "specification", "cohort", "period", "state", "ward_id", "observed")


@dataclass(frozen=True, slots=True)
class Group:
    """The wards behind a count: how many, how many of them with an incident, and the share of the largest."""

    ward_count: int
    contributor_count: int
    largest_share: float

    def is_few(self, rules: Rules) -> bool:
        """Return whether a count of these wards would tell too much about one of them."""
        return (
            min(self.ward_count, self.contributor_count) < rules.smallest_ward_count or self.largest_share > MOST_SHARE
        )


NOBODY = Group(0, 0, 1.0)


def ward_contributions(panel: pd.DataFrame, design: Design, indicators: Iterable[str]) -> pd.DataFrame:
    """Return what each ward adds to the observed counts of ``counterfactual.csv``; this frame is never published.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    design : Design
        The design of the run.
    indicators : iterable of str
        Which counts.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each ward-period of a treated cohort that is both reported and identified.
    """
    frames = [
        _contributions(panel, design, indicator, specification)
        for indicator in indicators
        for specification in SPECIFICATIONS
    ]
    found = [frame for frame in frames if not frame.empty]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def _contributions(panel: pd.DataFrame, design: Design, indicator: str, specification: str) -> pd.DataFrame:
    try:
        fit = impute_counterfactual(outcome_matrix(panel, design, indicator), design, specification)  # type: ignore[arg-type]
    except EstimationError:
        return pd.DataFrame(columns=list(COLUMNS))
    states = design.cell_states()
    used = ~np.isnan(fit.observed) & ~np.isnan(fit.expected)
    is_followed = (used & (states == STATES.index(TREATED_STATE))).any(axis=1) & (design.label_array != NEVER)
    wards, periods = np.nonzero(used & is_followed[:, None])
    return pd.DataFrame(
        {
            "indicator": indicator,
            "specification": specification,
            "cohort": [str(design.cohorts[design.labels[ward]]) for ward in wards],
            "period": [design.periods[period] for period in periods],
            "state": [STATES[state] for state in states[wards, periods]],
            "ward_id": [design.ward_ids[ward] for ward in wards],
            "observed": fit.observed[wards, periods],
        },
        columns=list(COLUMNS),
    )


def group_behind(contributions: pd.DataFrame) -> Group:
    """Return the wards behind the sum of some contributions.

    Examples
    --------
    >>> group_behind(pd.DataFrame({"ward_id": ["a", "a", "b", "c"], "observed": [3.0, 3.0, 2.0, 0.0]}))
    Group(ward_count=3, contributor_count=2, largest_share=0.75)
    """
    if contributions.empty:
        return NOBODY
    by_ward = contributions.groupby("ward_id")["observed"].sum()
    whole = float(by_ward.sum())
    share = float(by_ward.max()) / whole if whole > 0 else 0.0
    return Group(len(by_ward), int((by_ward > 0).sum()), share)


def treated_groups(contributions: pd.DataFrame) -> Mapping[tuple[str, str, str], Group]:
    """Return the wards behind each observed count under treatment, by indicator, specification and cohort ("all")."""
    treated = contributions.loc[contributions["state"].eq(TREATED_STATE)]
    groups: dict[tuple[str, str, str], Group] = {}
    for (indicator, specification), own in treated.groupby(["indicator", "specification"]):
        groups[str(indicator), str(specification), ALL] = group_behind(own)
        for cohort, rows in own.groupby("cohort"):
            groups[str(indicator), str(specification), str(cohort)] = group_behind(rows)
    return groups
