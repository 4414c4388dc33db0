"""`Check`: one attempt to break an estimate, and what came of it.

A check never turns "not rejected" into "passed". It passes only if what it found, carried to the effect, lies inside
half of the effect claimed; it fails if it rejects; otherwise it cannot tell, which at this scale is the usual outcome.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Verdict = Literal["pass", "fail", "cannot_tell"]

CHECK_COLUMNS = (
    "indicator",
    "specification",
    "check",
    "question",
    "statistic",
    "threshold",
    "threshold_source",
    "verdict",
    "reason",
)
DETAIL_COLUMNS = (
    "indicator",
    "specification",
    "check",
    "item",
    "estimate",
    "conf_low",
    "conf_high",
    "p_value",
    "n_assignments",
    "smallest_p",
    "reason",
)
HALF_CLAIM = 0.5
"""A placebo effect that may be as large as half the claim leaves too little of it."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One estimate behind a check: a placebo of one cohort, the effect without one town.

    `n_assignments` and `smallest_p` say what its p-value and interval rest on, as in `EffectRow`.
    """

    item: str
    estimate: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    p_value: float = np.nan
    reason: str = ""
    n_assignments: float = np.nan
    smallest_p: float = np.nan


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check under one specification.

    Attributes
    ----------
    indicator, specification : str
    check : str
        One of the fixed ids (``placebo_date``, ``leave_one_out``, ``worlds``, ...).
    question : str
        What it asks, in one sentence.
    statistic, threshold : float
        What was measured, and what it is held against.
    threshold_source : str
    verdict : {"pass", "fail", "cannot_tell"}
    reason : str
        Why this verdict.
    details : tuple of Detail
        The estimates behind it.
    """

    indicator: str
    specification: str
    check: str
    question: str
    statistic: float
    threshold: float
    threshold_source: str
    verdict: Verdict
    reason: str
    details: tuple[Detail, ...] = ()


def checks_frame(checks: list[Check]) -> pd.DataFrame:
    """Return checks as a table with the columns `CHECK_COLUMNS`."""
    return pd.DataFrame([{column: getattr(check, column) for column in CHECK_COLUMNS} for check in checks])


def details_frame(checks: list[Check]) -> pd.DataFrame:
    """Return the estimates behind the checks with the columns `DETAIL_COLUMNS`."""
    rows = [
        {
            "indicator": check.indicator,
            "specification": check.specification,
            "check": check.check,
            **{column: getattr(detail, column) for column in DETAIL_COLUMNS[3:]},
        }
        for check in checks
        for detail in check.details
    ]
    return pd.DataFrame(rows, columns=list(DETAIL_COLUMNS))


def equivalence_verdict(p_value: float, low: float, high: float, claim: float) -> tuple[Verdict, str]:
    """Return the verdict of a placebo by the rule above.

    Parameters
    ----------
    p_value : float
        Of the placebo.
    low, high : float
        Its 95% interval on the ratio scale.
    claim : float
        The effect claimed, on the ratio scale.

    Examples
    --------
    >>> equivalence_verdict(0.4, -0.5, 0.9, -0.4)[0]
    'cannot_tell'
    >>> equivalence_verdict(0.4, -0.05, 0.06, -0.4)[0]
    'pass'
    """
    if p_value <= 0.05:
        return "fail", "the placebo itself is rejected"
    margin = HALF_CLAIM * abs(np.log1p(claim)) if claim > -1 else np.inf
    inside = low > -1 and max(abs(np.log1p(low)), abs(np.log1p(high))) <= margin
    if inside:
        return "pass", "the placebo's whole interval lies inside half of the effect claimed"
    return "cannot_tell", "the placebo's interval is wider than half of the effect claimed"
