"""Exposure, ward trends, town seasons and the choice of comparison, against statsmodels and against each other."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import qr

from designs import make_design, months
from helpers.errors import EstimationError, UsageError
from helpers.estimation.count_imputation import cohort_weights, impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.identification import identify_cells
from helpers.estimation.multiplicative import adjusted_regressors, fit_multiplicative
from helpers.estimation.specification import SPECIFICATIONS
from helpers.estimation.two_way import fit_two_way
from helpers.study.design import NEVER, TREATED, UNTREATED
from helpers.study.periods import period_range

SAME = 1e-8
"""Closed form, iteration and Newton's method agree to this, relatively."""
AS_STATSMODELS = 1e-7
OVERALL = Estimand("overall")
WARDS, PERIODS = 12, 30
STARTS = (15, 24)


def random_study(seed, low=1.0, high=6.0):
    """Twelve wards of two towns over thirty months; both towns have early, late and never treated wards."""
    rng = np.random.default_rng(seed)
    factors = rng.uniform(low, high, (WARDS, 1)) * rng.uniform(0.5, 2, (1, PERIODS))
    half = [0, 1, 1, NEVER, NEVER, NEVER]
    labels = np.concatenate([rng.permutation(half), rng.permutation(half)])
    design = make_design(
        [int(label) for label in labels],
        STARTS,
        months("2020-03", "2022-08"),
        towns="t" * 6 + "u" * 6,
        cohorts=("early", "late"),
        anticipation=2,
    )
    return rng.poisson(factors).astype(float), design


def untreated(design):
    return design.cell_states() == UNTREATED


def independent(columns):
    """Positions of columns that span all of them: statsmodels wants no collinear ones."""
    _, triangle, order = qr(columns, mode="economic", pivoting=True)
    sizes = np.abs(np.diag(triangle))
    return order[: int((sizes > 1e-9 * sizes[0]).sum())]


def glm_means(cells, used, regressors, exposure=None):
    """Fitted means of all cells by statsmodels; right where the cell is identified, whichever columns are kept."""
    size = np.ones(cells.shape) if exposure is None else exposure
    columns = regressors[..., independent(regressors[used])]
    model = sm.GLM(cells[used], columns[used], family=sm.families.Poisson(), offset=np.log(size[used]))
    return np.exp(columns @ model.fit(tol=1e-14, maxiter=300).params) * size


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_exposure_constant_in_time_changes_nothing(specification):
    cells, design = random_study(1)
    people = np.repeat(np.random.default_rng(1).uniform(3_000, 20_000, (WARDS, 1)), PERIODS, axis=1)
    plain = impute_counterfactual(cells, design, specification)
    scaled = impute_counterfactual(cells, design, specification, exposure=people)
    assert scaled.method == "closed form"
    assert scaled.expected == pytest.approx(plain.expected, rel=1e-10)
    used = untreated(design)
    assert fit_two_way(cells, used, people) == pytest.approx(fit_two_way(cells, used), rel=1e-10)


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@given(seed=st.integers(0, 10_000))
def test_closed_form_equals_iteration_overall_and_per_town(specification, seed):
    """An exposure that is a ward's times a period's cancels, but has to be iterated: both paths on the same data."""
    cells, design = random_study(seed)
    rng = np.random.default_rng(seed)
    separable = rng.uniform(1, 9, (WARDS, 1)) * rng.uniform(1, 2, (1, PERIODS))
    closed = impute_counterfactual(cells, design, specification)
    iterated = impute_counterfactual(cells, design, specification, exposure=separable)
    assert (closed.method, iterated.method) == ("closed form", "iteration")
    assert np.array_equal(np.isnan(closed.expected), np.isnan(iterated.expected))
    assert iterated.expected == pytest.approx(closed.expected, rel=SAME, nan_ok=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exposure_that_changes_equals_statsmodels(seed):
    cells, design = random_study(seed)
    people = np.random.default_rng(seed).uniform(1, 3, cells.shape)
    fit = impute_counterfactual(cells, design, "two_way", exposure=people)
    assert fit.method == "iteration"
    expected = glm_means(cells, untreated(design), adjusted_regressors(design, "none"), people)
    assert fit.expected == pytest.approx(expected, rel=AS_STATSMODELS)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_newton_equals_the_two_way_iteration_where_both_apply(seed):
    cells, design = random_study(seed, low=0.3, high=2.0)
    cells[0, 3] = cells[7, 12] = np.nan
    cells[5] = 0.0
    used = untreated(design) & ~np.isnan(cells)
    newton = fit_multiplicative(cells, used, adjusted_regressors(design, "none"))
    assert newton == pytest.approx(fit_two_way(cells, used), rel=SAME, nan_ok=True)


@given(st.integers(0, 10_000))
def test_with_few_incidents_newton_knows_no_more_than_the_two_way_fit(seed):
    """Where the likelihood has a finite maximum, both agree; Newton's method may only be more cautious."""
    _, design = random_study(seed)
    cells = np.random.default_rng(seed).poisson(0.3, (WARDS, PERIODS)).astype(float)
    used = untreated(design)
    try:
        newton = fit_multiplicative(cells, used, adjusted_regressors(design, "none"))
    except EstimationError:
        return
    iterated = fit_two_way(cells, used)
    known = ~np.isnan(newton)
    assert newton[known] == pytest.approx(iterated[known], abs=SAME)
    assert (identify_cells(cells, used).finite <= known).all()


@pytest.mark.parametrize("adjustment", ["ward_trends", "town_seasons"])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("with_exposure", [False, True])
def test_adjusted_fits_equal_statsmodels(seed, adjustment, with_exposure):
    cells, design = random_study(seed)
    cells[3, 4] = np.nan
    people = np.random.default_rng(seed).uniform(1, 3, cells.shape) if with_exposure else None
    fit = impute_counterfactual(cells, design, "two_way", exposure=people, adjustment=adjustment)
    assert fit.method == "iteration"
    used = untreated(design) & ~np.isnan(cells)
    expected = glm_means(cells, used, adjusted_regressors(design, adjustment), people)
    known = ~np.isnan(fit.expected)
    assert known[design.cell_states() == TREATED].all()
    assert fit.expected[known] == pytest.approx(expected[known], rel=AS_STATSMODELS)


@pytest.mark.parametrize("seed", [1, 2])
def test_trends_per_town_equal_statsmodels(seed):
    cells, design = random_study(seed)
    fit = impute_counterfactual(cells, design, "town_period", adjustment="ward_trends")
    for town in (range(6), range(6, 12)):
        own = design.with_wards(list(town))
        expected = glm_means(cells[town], untreated(own), adjusted_regressors(own, "ward_trends"))
        assert fit.expected[town] == pytest.approx(expected, rel=AS_STATSMODELS)


def test_trends_are_found_and_two_way_misses_them():
    """Means exactly level · period · exp(trend): the counterfactual is known, and every treated cell is halved."""
    _, design = random_study(1)
    rng = np.random.default_rng(1)
    slopes = np.where(design.label_array == NEVER, 0.0, np.linspace(-0.6, -0.2, WARDS))
    trends = np.exp(slopes[:, None] * np.linspace(-1, 1, PERIODS))
    means = rng.uniform(5, 9, (WARDS, 1)) * rng.uniform(0.5, 2, (1, PERIODS)) * trends
    cells = np.where(design.cell_states() == TREATED, means / 2, means)
    assert impute_counterfactual(cells, design, "two_way", adjustment="ward_trends").expected == pytest.approx(
        means, rel=SAME
    )
    assert abs(impute_counterfactual(cells, design, "two_way").effect(OVERALL) + 0.5) > 0.1


def test_seasons_of_a_town_are_found():
    _, design = random_study(1)
    rng = np.random.default_rng(1)
    months = (np.arange(PERIODS) + 2) % 12  # the window begins in March
    seasons = rng.uniform(0.5, 2, (2, 12))[:, months].repeat(6, axis=0)
    means = rng.uniform(5, 9, (WARDS, 1)) * seasons
    cells = np.where(design.cell_states() == TREATED, means / 2, means)
    fit = impute_counterfactual(cells, design, "two_way", adjustment="town_seasons")
    assert fit.expected == pytest.approx(means, rel=SAME)
    assert fit.effect(OVERALL) == pytest.approx(-0.5)


def test_a_season_that_a_wholly_treated_town_never_saw_before_is_not_identified():
    cells, design = random_study(1)
    design = replace(design, labels=(*[0] * 6, *[NEVER] * 6), cohorts=("early",), starts=(9,), anticipation=0)
    expected = impute_counterfactual(cells, design, "two_way", adjustment="town_seasons").expected
    # Nine months before the start are March to November: December to February are new to town t.
    is_new = np.isin((np.arange(PERIODS) + 2) % 12, [11, 0, 1])
    assert np.array_equal(
        np.isnan(expected), np.broadcast_to(is_new, (WARDS, PERIODS)) & (np.arange(WARDS) < 6)[:, None]
    )


def test_a_trend_seen_in_one_period_is_not_identified():
    cells, design = random_study(1)
    position = design.labels.index(0)
    cells[position, 1:13] = np.nan
    cells[position, 0] = 3.0
    expected = impute_counterfactual(cells, design, "two_way", adjustment="ward_trends").expected
    assert np.isnan(expected[position, 1:]).all()
    assert not np.isnan(np.delete(expected, position, axis=0)).any()


def test_a_silent_ward_has_no_trend_and_a_silent_period_expects_nothing():
    cells, design = random_study(1)
    cells[design.labels.index(0)] = 0.0
    cells[:, 26] = 0.0
    expected = impute_counterfactual(cells, design, "two_way", adjustment="ward_trends").expected
    silent = expected[design.labels.index(0)]
    assert (silent[:13] == 0).all() and np.isnan(silent[13:26]).all() and np.isnan(silent[27:]).all()
    assert (expected[design.labels.index(1), 26], expected[design.labels.index(NEVER), 26]) == (0.0, 0.0)


def test_nothing_but_zeros_expects_zeros():
    cells, design = random_study(1)
    expected = impute_counterfactual(0 * cells, design, "two_way", adjustment="town_seasons").expected
    assert (expected[untreated(design)] == 0).all()


def test_a_trend_that_runs_away_is_refused_by_name():
    """A ward whose incidents all fall into its last clean period: the steeper its trend, the better the fit."""
    cells, design = random_study(1)
    position = design.labels.index(0)
    cells[position, :12], cells[position, 12] = 0.0, 4.0
    with pytest.raises(EstimationError, match=rf"no finite maximum.*wards {design.ward_ids[position]}\).*Leave"):
        impute_counterfactual(cells, design, "two_way", adjustment="ward_trends")


def test_adjustments_that_make_no_sense_are_refused():
    cells, design = random_study(1)
    with pytest.raises(EstimationError, match="already contain every season"):
        impute_counterfactual(cells, design, "town_period", adjustment="town_seasons")
    yearly = replace(design, period_kind="year", periods=period_range("year", "1990", "2019"))
    with pytest.raises(EstimationError, match="no seasons"):
        impute_counterfactual(cells, yearly, "two_way", adjustment="town_seasons")
    with pytest.raises(UsageError, match="no adjustment “splines”"):
        impute_counterfactual(cells, design, "two_way", adjustment="splines")
    with pytest.raises(EstimationError, match="too many for trends"):
        fit_multiplicative(np.ones((101, 2)), np.ones((101, 2), dtype=bool), np.ones((101, 2, 1)))
    with pytest.raises(EstimationError, match="Regressors have shape"):
        fit_multiplicative(np.ones((3, 2)), np.ones((3, 2), dtype=bool), np.ones((2, 2, 1)))


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@pytest.mark.parametrize("adjustment", ["none", "ward_trends"])
def test_never_treated_is_a_fit_of_each_cohort_without_the_other(specification, adjustment):
    cells, design = random_study(2)
    fit = impute_counterfactual(cells, design, specification, adjustment=adjustment, comparison="never_treated")
    labels = design.label_array
    for cohort, name in enumerate(design.cohorts):
        other = tuple(np.array(design.ward_ids)[labels == 1 - cohort])
        alone = impute_counterfactual(
            cells[labels != 1 - cohort], design.without_wards(other), specification, adjustment=adjustment
        )
        assert fit.total(Estimand("cohort", name)) == pytest.approx(alone.total(OVERALL), rel=SAME)
    assert not np.isnan(fit.expected).any()


def test_never_treated_differs_where_the_later_cohort_drifts_away():
    cells, design = random_study(2)
    drifting = cells * np.where(design.label_array[:, None] == 1, np.linspace(1, 4, PERIODS), 1.0)
    early = Estimand("cohort", "early")

    def expected(outcome, comparison):
        return impute_counterfactual(outcome, design, "two_way", comparison=comparison).total(early)[1]

    assert expected(drifting, "never_treated") == pytest.approx(expected(cells, "never_treated"), rel=SAME)
    assert expected(drifting, "not_yet_treated") > 1.05 * expected(cells, "not_yet_treated")


def test_never_treated_by_closed_form_equals_iteration():
    cells, design = random_study(3)
    separable = np.ones((WARDS, 1)) * np.random.default_rng(3).uniform(1, 2, (1, PERIODS))
    closed = impute_counterfactual(cells, design, "two_way", comparison="never_treated")
    iterated = impute_counterfactual(cells, design, "two_way", comparison="never_treated", exposure=separable)
    assert (closed.method, iterated.method) == ("closed form", "iteration")
    assert iterated.expected == pytest.approx(closed.expected, rel=SAME)


def test_never_treated_needs_somebody_never_treated():
    cells, design = random_study(1)
    everyone = replace(design, labels=tuple(max(label, 0) for label in design.labels))
    with pytest.raises(EstimationError, match="nobody is never treated"):
        impute_counterfactual(cells, everyone, "two_way", comparison="never_treated")
    with pytest.raises(UsageError, match="no comparison “always”"):
        impute_counterfactual(cells, design, "two_way", comparison="always")


def test_weights_average_the_cohorts_ratios_to_the_overall_one():
    cells, design = random_study(5)
    fit = impute_counterfactual(cells, design, "two_way")
    weights = cohort_weights(fit)
    assert list(weights) == ["early", "late"]
    assert sum(weights.values()) == pytest.approx(1.0)
    averaged = sum(weight * fit.effect(Estimand("cohort", cohort)) for cohort, weight in weights.items())
    assert averaged == pytest.approx(fit.effect(OVERALL))


def test_nothing_expected_has_no_weights():
    cells, design = random_study(5)
    assert cohort_weights(impute_counterfactual(0 * cells, design, "two_way")) == {}
