"""One effect as a row: its estimate, its test, and the sizes that belong beside them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from helpers.estimation.blocks import group_members
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.effects import NO_UPPER_BOUND, EffectRow
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import reported_count
from helpers.inference.randomisation import RandomisationTest, randomisation_test
from helpers.study.design import UNTREATED

NOTHING_EXPECTED = "Nothing is expected in these cells: the wards reported no incident before."
NOT_COMPARABLE = "No ward that could be compared is still untreated then."


def effect_row(
    analysis: Analysis, specification: Specification, estimand: Estimand, *, strata: Sequence[str] | None = None
) -> EffectRow:
    """Return one effect on the ratio scale with its test, or an empty row with the reason why there is none.

    `strata` gives each ward a label, inside which treatment paths change hands (`helpers.inference.ward_strata`).
    """
    return row_with_test(analysis, specification, estimand, strata=strata)[0]


def row_with_test(
    analysis: Analysis,
    specification: Specification,
    estimand: Estimand,
    fitted: Callable[[], Counterfactual] | None = None,
    strata: Sequence[str] | None = None,
) -> tuple[EffectRow, RandomisationTest | None]:
    """Return an effect's row and the test behind it; an empty row has none.

    `fitted` gives the counterfactual where rows share one; it is asked only if there is something to estimate.
    """
    design = analysis.design
    target = build_target(design, specification, estimand)
    empty = EffectRow(analysis.indicator, specification, "count_imputation", estimand.kind, estimand.cohort)
    if not target.is_estimable:
        where = "of the same town " if specification == "town_period" else ""
        reason = f"No ward {where}is still untreated then: nothing identifies the counterfactual."
        return replace(empty, reason=reason), None
    fit = fitted() if fitted else impute_counterfactual(analysis.outcome, design, specification)
    observed, expected = fit.total(estimand)
    if not expected > 0:
        return replace(empty, reason=NOTHING_EXPECTED), None
    test = randomisation_test(
        analysis.outcome,
        design,
        estimand,
        specification=specification,
        n_draws=analysis.n_draws,
        seed=analysis.seed,
        strata=strata,
        fitted=(observed, expected),
    )
    row = replace(empty, estimate=observed / expected - 1, observed=observed, expected=expected)
    return _filled(row, fit, target, test), test


def _filled(row: EffectRow, fit: Counterfactual, target: Target, test: RandomisationTest) -> EffectRow:
    n_treated, n_comparison, n_obs, n_lost = cell_sizes(fit, target)
    return replace(
        row,
        std_error=test.std_error,
        conf_low=test.ratio_low - 1,
        conf_high=test.ratio_high - 1,
        p_value=test.p_value,
        p_mc_error=test.p_mc_error,
        inference="randomisation",
        null_tested=test.null_tested,
        n_assignments=reported_count(test.n_assignments),
        smallest_p=test.smallest_p,
        zero_draw_share=test.zero_draw_share,
        note=test.note,
        n_treated=n_treated,
        n_comparison=n_comparison,
        n_obs=n_obs,
        n_lost=n_lost,
    )


def cell_sizes(fit: Counterfactual, target: Target) -> tuple[int, int, int, int]:
    """Return treated wards, other wards that identify their counterfactual, ward-periods used and lost."""
    groups = group_members(fit.design).argmax(axis=0)
    clean = (fit.design.cell_states() == UNTREATED) & ~np.isnan(fit.observed)
    cells = fit.cells(target.estimand)
    treated = np.asarray(cells.any(axis=1))
    untreated = target.blocks.untreated
    n_comparison, n_obs = 0, int(cells.sum())
    for own, mask in zip(target.members, target.masks, strict=True):
        if not (mask.any() and cells[own].any()):
            continue
        helps = np.asarray(untreated[:, np.asarray(mask.any(axis=0))].any(axis=1))
        wards = helps[groups[own]] & clean[own].any(axis=1)
        n_comparison += int((wards & ~treated[own]).sum())
        n_obs += int(clean[own].sum())
    due = int(target.estimand.cells(fit.design).sum())
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
