"""Effects of one indicator with their inference: the table that notebook 03 shows and 05 writes about.

Both specifications, always; cohorts apart, then overall; then the first cohort before anybody else was treated, which
holds whoever the unknown members are; then time since treatment, with placebo bins before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from helpers.errors import EstimationError
from helpers.estimation.count_imputation import cohort_weights, impute_counterfactual
from helpers.estimation.effects import EffectRow, Effects
from helpers.estimation.estimands import (
    ALL_COHORTS,
    Estimand,
    common_horizon_estimands,
    early_design,
    headline_estimands,
)
from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS, Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import averted, effect_row
from helpers.inference.event_study import by_calendar, event_study
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
        weights = cohort_weights(impute_counterfactual(analysis.outcome, analysis.design, specification))
        for estimand in headline_estimands(analysis.design):
            rows += _weighted(_headline(analysis, specification, estimand), weights)
        if early is not None:
            cohort = early.cohorts[0] if len(early.cohorts) == 1 else ALL_COHORTS
            rows += _headline(analysis.under(early), specification, Estimand("cohort_before_next", cohort))
        for estimand in common_horizon_estimands(analysis.design):
            row = effect_row(analysis, specification, estimand)
            rows += [row] if row.reason else [row, averted(row)]
        rows += event_study(analysis.with_draws(BIN_DRAWS), specification)
        rows += by_calendar(analysis.with_draws(BIN_DRAWS), specification)
    return Effects(analysis.design, tuple(_adjusted(rows, analysis, family)))


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


def _weighted(rows: list[EffectRow], weights: Mapping[str, float]) -> list[EffectRow]:
    """Give each cohort its weight in the overall effect."""
    return [replace(row, weight=weights[row.cohort]) if row.cohort in weights else row for row in rows]
