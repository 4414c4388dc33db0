"""Effects of one indicator with their inference: the table that notebook 03 shows and 05 writes about.

Both specifications, always; cohorts apart, then overall; then the first cohort before anybody else was treated, which
holds whoever the unknown members are; then time since treatment, with placebo bins before it.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from helpers.errors import DesignError
from helpers.estimation.blocks import group_members
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.effects import NO_UPPER_BOUND, EffectRow, Effects
from helpers.estimation.estimands import (
    ALL_COHORTS,
    BIN_WIDTH,
    Estimand,
    Target,
    build_target,
    early_design,
    headline_estimands,
)
from helpers.estimation.specification import SPECIFICATIONS, Specification
from helpers.inference.analysis import Analysis
from helpers.inference.placebo import PLACEBO_PERIODS, placebo_design
from helpers.inference.power import minimum_detectable_effect
from helpers.inference.randomisation import RandomisationTest, randomisation_test
from helpers.study.design import NEVER, UNTREATED

BIN_DRAWS = 499
"""Relabellings for a bin of the event study: a picture, never a verdict."""


def estimate_effects(analysis: Analysis) -> Effects:
    """Estimate and test the effects of one indicator under both specifications.

    Returns
    -------
    Effects
        Headline estimands on the ratio and averted scales with intervals and minimum detectable effects; bins of
        relative time (`relative_period`) and placebo bins (`lead`) on the ratio scale.

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
        for estimand in headline_estimands(analysis.design):
            rows += _headline(analysis, specification, estimand)
        if early is not None:
            cohort = early.cohorts[0] if len(early.cohorts) == 1 else ALL_COHORTS
            rows += _headline(analysis.under(early), specification, Estimand("cohort_before_next", cohort))
        rows += _bins(analysis.with_draws(BIN_DRAWS), specification)
        rows += _leads(analysis.with_draws(BIN_DRAWS), specification)
    return Effects(analysis.design, tuple(rows))


def _headline(analysis: Analysis, specification: Specification, estimand: Estimand) -> list[EffectRow]:
    row = effect_row(analysis, specification, estimand)
    if row.reason:
        return [row]
    found = minimum_detectable_effect(
        analysis.outcome, analysis.design, estimand, specification=specification, seed=analysis.seed
    )
    row = replace(row, mde=found.effect, mde_note=found.note)
    return [row, averted(row)]


def effect_row(analysis: Analysis, specification: Specification, estimand: Estimand) -> EffectRow:
    """Return one effect on the ratio scale with its test, or an empty row with the reason why there is none."""
    design = analysis.design
    target = build_target(design, specification, estimand)
    empty = EffectRow(analysis.indicator, specification, "count_imputation", estimand.kind, estimand.cohort)
    if not target.is_estimable:
        where = "of the same town " if specification == "town_period" else ""
        return replace(empty, reason=f"No ward {where}is still untreated then: nothing identifies the counterfactual.")
    fit = impute_counterfactual(analysis.outcome, design, specification)
    if np.isnan(fit.effect(estimand)):
        return replace(empty, reason="Nothing is expected in these cells: the wards reported no incident before.")
    test = randomisation_test(
        analysis.outcome,
        design,
        estimand,
        specification=specification,
        n_draws=analysis.n_draws,
        seed=analysis.seed,
    )
    return _filled(empty, fit, target, test)


def _filled(empty: EffectRow, fit: Counterfactual, target: Target, test: RandomisationTest) -> EffectRow:
    observed, expected = fit.total(target.estimand)
    n_treated, n_comparison, n_obs, n_lost = _sizes(fit, target)
    return replace(
        empty,
        estimate=fit.effect(target.estimand),
        std_error=test.std_error,
        conf_low=test.ratio_low - 1,
        conf_high=test.ratio_high - 1,
        p_value=test.p_value,
        p_mc_error=test.p_mc_error,
        inference="randomisation",
        null_tested=test.null_tested,
        n_assignments=float(test.n_assignments),
        smallest_p=test.smallest_p,
        observed=observed,
        expected=expected,
        zero_draw_share=test.zero_draw_share,
        n_treated=n_treated,
        n_comparison=n_comparison,
        n_obs=n_obs,
        n_lost=n_lost,
    )


def _sizes(fit: Counterfactual, target: Target) -> tuple[int, int, int, int]:
    """Return treated wards, other wards that identify their counterfactual, ward-periods used and lost."""
    groups, states = group_members(fit.design), fit.design.cell_states()
    cells = fit.cells(target.estimand)
    treated = np.asarray(cells.any(axis=1))
    untreated = target.blocks.untreated
    n_comparison, n_obs = 0, int(cells.sum())
    for own, mask in zip(target.members, target.masks, strict=True):
        if not (mask.any() and cells[own].any()):
            continue
        helps = np.asarray(untreated[:, np.asarray(mask.any(axis=0))].any(axis=1))
        has_clean_report = ((states[own] == UNTREATED) & ~np.isnan(fit.observed[own])).any(axis=1)
        wards = np.array([bool(helps[groups[:, ward].argmax()]) for ward in own]) & has_clean_report
        n_comparison += int((wards & ~treated[own]).sum())
        n_obs += int(((states[own] == UNTREATED) & ~np.isnan(fit.observed[own])).sum())
    due = sum(len(target.estimand.window(fit.design, label)) for label in fit.design.labels if label != NEVER)
    return int(treated.sum()), n_comparison, n_obs, due - int(cells.sum())


def averted(row: EffectRow) -> EffectRow:
    """Return a ratio row as incidents averted (expected − observed); negative when more were counted than expected.

    The interval is O (1 / r − 1) at the ends of the ratio's; with nothing observed it has none.
    """

    def at(effect: float) -> float:
        return row.observed * (1 / (1 + effect) - 1) if effect > -1 else NO_UPPER_BOUND

    has_interval = row.observed > 0
    return replace(
        row,
        scale="averted_count",
        estimate=row.expected - row.observed,
        std_error=np.nan,
        conf_low=at(row.conf_high) if has_interval else np.nan,
        conf_high=at(row.conf_low) if has_interval else np.nan,
        mde=np.nan if np.isnan(row.mde) else -row.mde * row.expected,
    )


def _bins(analysis: Analysis, specification: Specification) -> Iterator[EffectRow]:
    """Yield each cohort's effect by time since treatment; cohorts are not mixed, so the composition never changes."""
    design = analysis.design
    for cohort, start in zip(design.cohorts, design.starts, strict=True):
        for first in range(0, len(design.periods) - start - BIN_WIDTH + 1, BIN_WIDTH):
            estimand = Estimand("relative_period", cohort, first, first + BIN_WIDTH - 1)
            row = effect_row(analysis, specification, estimand)
            yield replace(row, relative_period=first, relative_last=first + BIN_WIDTH - 1)


def _leads(analysis: Analysis, specification: Specification) -> Iterator[EffectRow]:
    """Yield each cohort's placebo bins in the year before its donut, estimated out of sample."""
    for cohort in analysis.design.cohorts:
        try:
            moved = analysis.under(placebo_design(analysis.design, cohort))
        except DesignError as error:
            yield EffectRow(analysis.indicator, specification, "count_imputation", "lead", cohort, reason=str(error))
            continue
        for first in range(0, PLACEBO_PERIODS, BIN_WIDTH):
            row = effect_row(moved, specification, Estimand("lead", cohort, first, first + BIN_WIDTH - 1))
            position = first - PLACEBO_PERIODS - analysis.design.anticipation
            yield replace(row, relative_period=position, relative_last=position + BIN_WIDTH - 1)
