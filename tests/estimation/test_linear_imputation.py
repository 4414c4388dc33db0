"""Levels worked by hand on four wards and six periods, and against least squares with dummies."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from designs import hand_design
from helpers.errors import EstimationError, UsageError
from helpers.estimation.estimands import Estimand, common_horizon_estimands
from helpers.estimation.identification import connected_cells
from helpers.estimation.linear_imputation import fit_levels, impute_levels
from helpers.estimation.specification import SPECIFICATIONS
from helpers.study.design import NEVER, UNTREATED
from helpers.study.periods import period_range

SAME = 1e-9
LEVELS = np.array([60.0, 65.0, 70.0, 75.0])
MOVES = np.array([0.0, 1.0, -1.0, 2.0, 3.0, 5.0])
OVERALL, EARLY, LATE = Estimand("overall"), Estimand("cohort", "early"), Estimand("cohort", "late")


def raised():
    """Scores a_w + b_t, with 4 points more in a's three treated periods and 8 in b's one."""
    cells = LEVELS[:, None] + MOVES
    cells[0, 3:] += 4
    cells[1, 5:] += 8
    return cells


def random_levels(seed, gaps=0.1, wards=12, periods=20):
    rng = np.random.default_rng(seed)
    cells = 70 + 5 * rng.normal(size=(wards, 1)) + 3 * rng.normal(size=periods) + rng.normal(size=(wards, periods))
    cells[rng.uniform(size=cells.shape) < gaps] = np.nan
    design = replace(
        hand_design(anticipation=2),
        periods=period_range("calendar_month", "2020-01", "2021-08"),
        ward_ids=tuple(f"{n:02d}" for n in range(wards)),
        town_codes=("t",) * 6 + ("u",) * 6,
        starts=(9, 15),
        labels=(0, 1, 1, NEVER, NEVER, NEVER) * 2,
    )
    return cells, design


def dummies_of(shape):
    """Ward and period dummies of each cell, shape (W, P, W + P)."""
    wards, periods = np.indices(shape)
    parts = [wards[..., None] == np.arange(shape[0]), periods[..., None] == np.arange(shape[1])]
    return np.concatenate(parts, axis=-1).astype(float)


def ols_levels(cells, used):
    """Predict all cells by least squares on dummies, without the first period's."""
    dummies = np.delete(dummies_of(cells.shape), len(cells), axis=-1)
    return dummies @ sm.OLS(cells[used], dummies[used]).fit().params


def test_hand_worked_effects():
    fit = impute_levels(raised(), hand_design(), "two_way")
    assert fit.method == "least squares"
    assert fit.expected == pytest.approx(LEVELS[:, None] + MOVES, abs=SAME)
    # Three cells of 4 points and one of 8: (12 + 8) / 4.
    assert [fit.effect(one) for one in (OVERALL, EARLY, LATE)] == pytest.approx([5.0, 4.0, 8.0], abs=SAME)
    assert fit.effect(common_horizon_estimands(fit.design)[0]) == pytest.approx(6.0, abs=SAME)


def test_two_by_two_is_the_difference_in_differences():
    cells = np.array([[50.0, 58.0], [40.0, 43.0], [60.0, 65.0]])
    design = replace(
        hand_design(), periods=("2023-01", "2023-02"), ward_ids=tuple("abc"), town_codes=tuple("ttt"), cohorts=("x",),
        starts=(1,), labels=(0, NEVER, NEVER),
    )  # fmt: skip
    assert impute_levels(cells, design, "two_way").effect(OVERALL) == pytest.approx(8.0 - (3.0 + 5.0) / 2, abs=SAME)


def test_donut_cells_neither_fit_nor_count():
    cells = raised()
    cells[0, 2] = 0.0
    fit = impute_levels(cells, hand_design(anticipation=1), "two_way")
    assert fit.effect(OVERALL) == pytest.approx(5.0, abs=SAME)


def test_town_effects_use_only_the_same_town():
    cells = raised()
    cells[2:] += np.array([0, 0, 0, 9, 9, 9])
    fit = impute_levels(cells, hand_design(), "town_period")
    # Town t: a is compared with b while b is untreated (periods 3 and 4); afterwards nobody is left.
    assert np.isnan(fit.expected[:2, 5]).all()
    assert fit.cells(OVERALL).sum() == 2
    assert fit.effect(OVERALL) == pytest.approx(4.0, abs=SAME)
    assert np.isnan(fit.effect(LATE))


def test_a_gap_counts_on_neither_side():
    cells = raised()
    cells[0, 4] = cells[2, 1] = np.nan
    fit = impute_levels(cells, hand_design(), "two_way")
    assert fit.cells(OVERALL).sum() == 3
    assert fit.effect(OVERALL) == pytest.approx((4 + 4 + 8) / 3, abs=SAME)


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_least_squares_equals_statsmodels(seed, specification):
    cells, design = random_levels(seed)
    fit = impute_levels(cells, design, specification)
    used = (design.cell_states() == UNTREATED) & ~np.isnan(cells)
    towns = [range(12)] if specification == "two_way" else [range(6), range(6, 12)]
    for own in map(list, towns):
        assert fit.expected[own] == pytest.approx(ols_levels(cells[own], used[own]), rel=SAME)


@given(st.integers(0, 10_000), st.floats(0.1, 0.95))
def test_what_is_identified_is_what_the_row_space_holds(seed, gaps):
    """Connected parts of the used cells against the definition: the cell's dummies are a combination of used ones."""
    used = np.random.default_rng(seed).uniform(size=(5, 6)) > gaps
    dummies = dummies_of(used.shape)
    rows = dummies[used]
    projected = dummies @ (np.linalg.pinv(rows) @ rows)
    assert np.array_equal(connected_cells(used), np.isclose(projected, dummies).all(axis=-1))


def test_unconnected_parts_are_fitted_apart():
    cells = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    used = np.array([[True, True, False], [True, False, False], [False, False, True]])
    nan = np.nan
    expected = np.array([[1.0, 2.0, nan], [3.0, 4.0, nan], [nan, nan, 9.0]])
    assert fit_levels(cells, used) == pytest.approx(expected, abs=SAME, nan_ok=True)


def test_never_treated_is_a_fit_of_each_cohort_without_the_other():
    cells, design = random_levels(4)
    fit = impute_levels(cells, design, "two_way", comparison="never_treated")
    labels = design.label_array
    for cohort, name in enumerate(design.cohorts):
        alone = design.without_wards(design.wards_in(design.cohorts[1 - cohort]))
        effect = impute_levels(cells[labels != 1 - cohort], alone, "two_way").effect(OVERALL)
        assert fit.effect(Estimand("cohort", name)) == pytest.approx(effect, rel=SAME)
    assert fit.effect(EARLY) != pytest.approx(impute_levels(cells, design, "two_way").effect(EARLY), rel=1e-4)


def test_a_constant_added_changes_no_effect():
    cells, design = random_levels(5)
    effect = impute_levels(cells, design, "town_period").effect(OVERALL)
    shifted = impute_levels(cells + 1_000.0, design, "town_period")
    assert shifted.effect(OVERALL) == pytest.approx(effect, abs=1e-8)


def test_table_gives_means():
    table = impute_levels(raised(), hand_design(), "two_way").to_frame()
    assert set(table["state"]) == {"untreated", "treated"}
    never = table.loc[table["cohort"].eq("never") & table["period"].eq("2023-06")].iloc[0]
    assert (never["ward_count"], never["observed"]) == (2, 72.5 + 5.0)
    early = table.loc[table["cohort"].eq("early") & table["state"].eq("treated")]
    assert (early["observed"] - early["expected"]).tolist() == pytest.approx([4.0] * 3)


def test_table_has_no_mean_where_nothing_is_compared():
    table = impute_levels(raised(), hand_design(towns="ttuu"), "town_period").to_frame()
    late = table.loc[table["cohort"].eq("late")]
    assert late["ward_count"].eq(0).all() and late["observed"].isna().all()


def test_bad_levels_are_refused():
    design = hand_design()
    with pytest.raises(EstimationError, match="shape"):
        impute_levels(raised()[:, :5], design, "two_way")
    with pytest.raises(EstimationError, match="infinite"):
        impute_levels(np.full((4, 6), np.inf), design, "two_way")
    with pytest.raises(EstimationError, match="nobody is never treated"):
        impute_levels(raised(), replace(design, labels=(0, 1, 1, 0)), "two_way", comparison="never_treated")
    with pytest.raises(UsageError, match="no comparison"):
        impute_levels(raised(), design, "two_way", comparison="someone")
