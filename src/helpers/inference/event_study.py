"""The effect by time since treatment, and placebo effects before it: a picture, never a verdict.

Bins of a few periods, cohort by cohort, so that the composition never changes along the line. Two kinds of interval:
pointwise by inversion, and a band that holds all bins of a cohort together with 95%. The band comes from the largest
|T| over the bins in each relabelling. A bin that ends before another cohort starts has more wards to be relabelled
with than a later one; its own test uses them all, but for the band every bin takes the relabellings of the cohort's
whole effect, so what is common to the bins counts once (docs/decisions/0011). It uses the standard errors of the null
model: exact about no effect, approximate far from it, where it is widened to hold each bin's own interval.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from helpers.errors import DesignError, EstimationError
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.effects import NO_UPPER_BOUND, EffectRow
from helpers.estimation.estimands import BIN_WIDTH, Estimand, build_target, calendar_estimands
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import row_with_test
from helpers.inference.placebo import lead_bins, placebo_design, placebo_length
from helpers.inference.randomisation import LEVEL, RandomisationTest, assemble_experiment
from helpers.inference.relabellings import choose_relabellings, ending_with
from helpers.study.design import NEVER, Design

Array = npt.NDArray[np.float64]
Fitted = Callable[[], Counterfactual]
TestedRow = tuple[EffectRow, RandomisationTest | None]


def event_study(analysis: Analysis, specification: Specification) -> list[EffectRow]:
    """Return each cohort's effect in bins of time since treatment (`relative_period`) and before it (`lead`).

    Placebo bins are estimated out of sample, as if treatment had begun a year before the donut; their band is theirs.
    """
    rows: list[EffectRow] = []
    fitted = _shared_fit(analysis, specification)
    for cohort in analysis.design.cohorts:
        rows += _banded(analysis, specification, list(_bins(analysis, specification, cohort, fitted)))
    for cohort in analysis.design.cohorts:
        try:
            moved = analysis.under(placebo_design(analysis.design, cohort))
        except DesignError as error:
            rows.append(
                EffectRow(analysis.indicator, specification, "count_imputation", "lead", cohort, reason=str(error))
            )
            continue
        rows += _banded(moved, specification, list(_leads(moved, specification, cohort)))
    return rows


def by_calendar(analysis: Analysis, specification: Specification) -> list[EffectRow]:
    """Return the effect on all treated wards in bins of calendar time (`calendar_period`)."""
    rows, periods, fitted = [], analysis.design.periods, _shared_fit(analysis, specification)
    for estimand in calendar_estimands(analysis.design, BIN_WIDTH):
        shown = [periods[at] for at in (estimand.calendar_first, estimand.calendar_last) if at is not None]
        row, _ = row_with_test(analysis, specification, estimand, fitted)
        rows.append(replace(row, period="/".join(shown)))
    return rows


def _shared_fit(analysis: Analysis, specification: Specification) -> Fitted:
    """Return what fits the counterfactual when it is first asked, once for all bins."""
    return cache(partial(impute_counterfactual, analysis.outcome, analysis.design, specification))


def _bins(analysis: Analysis, specification: Specification, cohort: str, fitted: Fitted) -> Iterator[TestedRow]:
    start = analysis.design.starts[analysis.design.cohorts.index(cohort)]
    for first in range(0, len(analysis.design.periods) - start - BIN_WIDTH + 1, BIN_WIDTH):
        last = first + BIN_WIDTH - 1
        row, test = row_with_test(analysis, specification, Estimand("relative_period", cohort, first, last), fitted)
        yield replace(row, relative_period=first, relative_last=last), test


def _leads(moved: Analysis, specification: Specification, cohort: str) -> Iterator[TestedRow]:
    fitted = _shared_fit(moved, specification)
    length = placebo_length(moved.design)
    for lead in lead_bins(moved.design, cohort):
        row, test = row_with_test(moved, specification, lead, fitted)
        first, last = (
            None if own is None else own - length - moved.design.anticipation
            for own in (lead.relative_first, lead.relative_last)
        )
        yield replace(row, relative_period=first, relative_last=last), test


def _banded(analysis: Analysis, specification: Specification, tested: Sequence[TestedRow]) -> list[EffectRow]:
    """Give the rows that have an interval the band that holds them together."""
    estimands = [test.estimand for _, test in tested if test is not None]
    if not estimands:
        return [row for row, _ in tested]
    draws = {"n_draws": analysis.n_draws, "seed": analysis.seed}
    distance = critical_distance(joint_statistics(analysis.outcome, analysis.design, specification, estimands, **draws))
    return [row if test is None else _with_band(row, distance) for row, test in tested]


def joint_statistics(
    outcome: Array,
    design: Design,
    specification: Specification,
    estimands: Sequence[Estimand],
    *,
    n_draws: int,
    seed: int,
) -> Array:
    """Return T of several effects of one cohort on one set of relabellings, shape (number of estimands, 1 + B).

    Each T is that of the estimand's own test, in its own part of the window; the relabellings are those of the cohort's
    effect in the whole window, which are fair in every part of it. The actual labelling comes first.

    Raises
    ------
    EstimationError
        If one of them cannot be estimated under the specification.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02", "2023-03"), tuple("abc"),
    ...                 ("t",) * 3, ("x",), (1,), (0, -1, -1), 0)
    >>> counts = np.array([[20.0, 9.0, 5.0], [20.0, 21.0, 20.0], [10.0, 9.0, 11.0]])
    >>> bins = [Estimand("relative_period", "x", first, first) for first in (0, 1)]
    >>> joint_statistics(counts, design, "two_way", bins, n_draws=9, seed=1).shape
    (2, 4)
    """
    whole = build_target(design, specification, Estimand("cohort", estimands[0].cohort))
    shared = choose_relabellings(design, whole, n_draws=n_draws, seed=seed, level=LEVEL)
    t = []
    for estimand in estimands:
        cut = ending_with(design, estimand)
        target = build_target(cut, specification, estimand)
        if not target.is_estimable:
            raise EstimationError(f"No comparison ward identifies any cell of this estimand under {specification}.")
        renamed = [cut.cohorts.index(name) if name in cut.cohorts else NEVER for name in design.cohorts]
        labels = np.array([*renamed, NEVER], dtype=np.int8)[shared.assignments.labels]
        assignments = replace(shared.assignments, labels=labels)
        t.append(
            assemble_experiment(outcome[:, : len(cut.periods)], cut, target, assignments, shared.null_tested)
            .statistics()
            .t
        )
    return np.array(t)


def _with_band(row: EffectRow, distance: float) -> EffectRow:
    """Return a row with its band: the log ratio ± distance × standard error. Nothing observed leaves no band."""
    if row.estimate <= -1 or np.isnan(row.estimate):
        return row
    if np.isinf(distance):
        return replace(row, band_low=-1.0, band_high=NO_UPPER_BOUND)
    centre, reach = np.log1p(row.estimate), distance * row.std_error
    low, high = float(np.expm1(centre - reach)), float(np.expm1(centre + reach))
    return replace(row, band_low=min(low, row.conf_low), band_high=max(high, row.conf_high))


def critical_distance(t: Array) -> float:
    """Return the distance in standard errors that the largest |T| exceeds in at most 5% of relabellings.

    Parameters
    ----------
    t : ndarray, shape (number of bins, B + 1)
        On shared relabellings, the actual labelling first: it counts as one of them.

    Returns
    -------
    float
        Infinite when there are too few relabellings for any bound.

    Examples
    --------
    >>> critical_distance(np.array([[9.0, *range(40)]]))
    38.0
    """
    largest = np.sort(np.abs(t[:, 1:]).max(axis=0))[::-1]
    allowed = int(np.floor(LEVEL * (1 + len(largest)) + 1e-9)) - 1
    return float(largest[allowed]) if allowed >= 0 else np.inf
