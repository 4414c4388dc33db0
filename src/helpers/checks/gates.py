"""`Check`: one attempt to break an estimate, and what came of it.

A check never turns "not rejected" into "passed". It passes only if what it found, carried to the effect, lies inside
half of the effect claimed; it fails if it rejects; otherwise it cannot tell, which at this scale is the usual outcome.

*Carried*: a difference that grew before the start would have gone on growing. Let the log ratio of model to comparison
wards drift by b a period without the programme. An effect is measured from the average of its base periods, so over a
window whose average lies d periods after the average of its base, the drift alone makes log(observed / expected) = b d
(to first order in b: base and window enter as averages). A placebo effect at distance d0 then means
b = log(1 + placebo) / d0, and over the effect's own window, at distance d1, a bias of

    log(1 + carried) = (d1 / d0) log(1 + placebo).

d0 and d1 are known from the design, so the ends of the interval are carried by the same factor. A passing shock before
the start would not go on; nobody can tell the two apart, so the drift is what a gate has to withstand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.randomisation import LEVEL
from helpers.study.design import UNTREATED, Design

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
NO_HALF = "nothing was observed under the programme, so half of the effect claimed has no size"


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


def checks_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """Return checks as a table with the columns `CHECK_COLUMNS`."""
    rows = [{column: getattr(check, column) for column in CHECK_COLUMNS} for check in checks]
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def details_frame(checks: Sequence[Check]) -> pd.DataFrame:
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
        Its 95% interval on the ratio scale, carried to the effect's own window where it was measured in another
        (`carried`).
    claim : float
        The effect claimed, on the ratio scale.

    Examples
    --------
    >>> equivalence_verdict(0.4, -0.5, 0.9, -0.4)[0]
    'cannot_tell'
    >>> equivalence_verdict(0.4, -0.05, 0.06, -0.4)[0]
    'pass'
    >>> equivalence_verdict(0.4, -0.05, 0.06, -1.0)[0]
    'cannot_tell'
    """
    if p_value <= LEVEL:
        return "fail", "the placebo itself is rejected"
    if not claim > -1:
        return "cannot_tell", NO_HALF
    if _size(low) <= half_margin(claim) and _size(high) <= half_margin(claim):
        return "pass", "the placebo's whole interval lies inside half of the effect claimed"
    return "cannot_tell", "the placebo's interval is wider than half of the effect claimed"


def distance_to_base(design: Design, specification: Specification, estimand: Estimand) -> float:
    """Return how many periods an estimand's average estimable cell lies after the average period of its wards' base.

    NaN if nothing of it can be estimated.

    Examples
    --------
    Two periods before the start and two after: the averages lie two periods apart.

    >>> months = ("2023-01", "2023-02", "2023-03", "2023-04")
    >>> design = Design("s", "main", "A", "given", "calendar_month", months, ("a", "b"), ("t", "t"), ("x",), (2,),
    ...                 (0, -1), 0)
    >>> distance_to_base(design, "two_way", Estimand("overall"))
    2.0
    """
    target = build_target(design, specification, estimand)
    lengths = np.diff([*target.blocks.firsts, target.blocks.period_count])
    centres = target.blocks.firsts + (lengths - 1) / 2
    labels, groups = design.label_array, np.arange(len(design.cohorts))
    cells = np.zeros((len(groups), len(lengths)))
    for own, mask in zip(target.members, target.masks, strict=True):
        sizes = (labels[own][:, None] == groups).sum(axis=0)
        cells += sizes[:, None] * mask[:-1] * lengths
    if not cells.any():
        return float("nan")
    base = (target.blocks.states[:-1] == UNTREATED) * lengths
    bases = (base @ centres) / np.maximum(base.sum(axis=1), 1)
    return float((cells * (centres - bases[:, None])).sum() / cells.sum())


def carried(effect: float, factor: float) -> float:
    """Return a placebo effect (ratio minus one) carried to another distance; `factor` is d1 / d0. Open ends stay open.

    Examples
    --------
    >>> round(carried(-0.1, 2.0), 6), carried(-1.0, 2.0), carried(float("inf"), 2.0)
    (-0.19, -1.0, inf)
    """
    with np.errstate(divide="ignore", over="ignore"):
        return float(np.expm1(factor * np.log1p(effect)))


def half_margin(claim: float) -> float:
    """Return half the size of an effect on the log scale; NaN, which nothing lies within, if nothing was observed."""
    return HALF_CLAIM * _size(claim) if claim > -1 else np.nan


def _size(ratio: float) -> float:
    """Return how far a ratio minus one is from no effect, on the log scale; an open end is infinitely far."""
    return abs(float(np.log1p(ratio))) if -1 < ratio < np.inf else np.inf
