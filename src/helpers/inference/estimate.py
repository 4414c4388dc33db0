"""Effects of one indicator with their inference: the table that notebook 03 shows and 05 writes about.

Both specifications, always; cohorts apart, then overall; then the first cohort before anybody else was treated, which
holds whoever the unknown members are; then time since treatment, with placebo bins before it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers.errors import EstimationError
from helpers.estimation.effects import EffectRow, Effects
from helpers.estimation.estimands import (
    ALL_COHORTS,
    BIN_WIDTH,
    Estimand,
    calendar_estimands,
    common_horizon_estimands,
    early_design,
    headline_estimands,
)
from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS, Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import averted, effect_row
from helpers.inference.event_study import event_study
from helpers.inference.multiplicity import family_statistics
from helpers.inference.power import minimum_detectable_effect

BIN_DRAWS = 499
"""Relabellings for a bin of the event study: a picture, never a verdict."""


def estimate_effects(analysis: Analysis, family: Sequence[Analysis] = ()) -> Effects:
    """Estimate and test the effects of one indicator under both specifications.

    Parameters
    ----------
    analysis : Analysis
    family : sequence of Analysis
        The declared family on the same draws (`build_family`); the confirmatory overall effect of a member gets its
        adjusted p-value.

    Returns
    -------
    Effects
        Headline estimands on the ratio and averted scales with intervals and minimum detectable effects; the same time
        after the start for every cohort (`common_horizon`); bins of relative time (`relative_period`), placebo bins
        (`lead`) and bins of calendar time (`calendar_period`) on the ratio scale.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.study.design import Design
    >>> from helpers.study.periods import period_range
    >>> months = period_range("calendar_month", "2022-01", "2023-12")
    >>> design = Design("s", "main", "A", "given", "calendar_month", months, tuple("abcdef"), ("t",) * 6, ("x",), (12,),
    ...                 (0, -1, -1, -1, -1, -1), 0)
    >>> counts = np.full((6, 24), 4.0)
    >>> counts[0, 12:] = 2.0
    >>> estimate_effects(Analysis("thefts", counts, design, n_draws=99, seed=1)).rows[0].estimate
    -0.5
    """
    rows: list[EffectRow] = []
    early = early_design(analysis.design)
    for specification in SPECIFICATIONS:
        headline = [_headline(analysis, specification, one) for one in headline_estimands(analysis.design)]
        rows += _weighted(headline)
        if early is not None:
            cohort = early.cohorts[0] if len(early.cohorts) == 1 else ALL_COHORTS
            rows += _headline(analysis.under(early), specification, Estimand("cohort_before_next", cohort))
        for estimand in common_horizon_estimands(analysis.design):
            row = effect_row(analysis, specification, estimand)
            rows += [row] if row.reason else [row, averted(row)]
        rows += event_study(analysis.with_draws(BIN_DRAWS), specification)
        rows += _by_calendar(analysis.with_draws(BIN_DRAWS), specification)
    return Effects(analysis.design, tuple(_adjusted(rows, analysis, family)))


def _by_calendar(analysis: Analysis, specification: Specification) -> list[EffectRow]:
    """Return the effect on all treated wards in bins of calendar time."""
    rows, periods = [], analysis.design.periods
    for estimand in calendar_estimands(analysis.design, BIN_WIDTH):
        if estimand.calendar_first is None or estimand.calendar_last is None:
            continue
        first, last = periods[estimand.calendar_first], periods[estimand.calendar_last]
        rows.append(replace(effect_row(analysis, specification, estimand), period=f"{first}/{last}"))
    return rows


def _adjusted(rows: list[EffectRow], analysis: Analysis, family: Sequence[Analysis]) -> list[EffectRow]:
    """Give the confirmatory overall effect its adjusted p-value, where it is offered."""
    if analysis.indicator not in {own.indicator for own in family}:
        return rows
    try:
        adjusted = family_statistics(family, CONFIRMATORY, Estimand("overall")).adjusted_p()[analysis.indicator]
    except EstimationError:
        return rows
    return [
        replace(row, p_adjusted=adjusted)
        if (row.specification, row.estimand, row.scale) == (CONFIRMATORY, "overall", "ratio") and not row.reason
        else row
        for row in rows
    ]


def _headline(analysis: Analysis, specification: Specification, estimand: Estimand) -> list[EffectRow]:
    row = effect_row(analysis, specification, estimand)
    if row.reason:
        return [row]
    found = minimum_detectable_effect(
        analysis.outcome, analysis.design, estimand, specification=specification, seed=analysis.seed
    )
    row = replace(row, mde=found.effect, mde_note=found.note)
    return [row, averted(row)]


def _weighted(headline: list[list[EffectRow]]) -> list[EffectRow]:
    """Give each cohort its weight in the overall effect, whose rows come first: its share of what is expected."""
    whole = headline[0][0].expected
    rows = [row for one in headline for row in one]
    if not np.isfinite(whole) or whole == 0:
        return rows
    return [replace(row, weight=row.expected / whole) if row.estimand == "cohort" else row for row in rows]
