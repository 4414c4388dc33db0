"""Variants: each is the printed estimator under the actual labelling, and under every other one what a refit gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.blocks import strata
from helpers.estimation.comparisons import COMPARISONS
from helpers.estimation.estimands import Estimand, common_horizon_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.assignments import reassign
from helpers.inference.null_model import overdispersion, undo_programme
from helpers.inference.randomisation import build_experiment, randomisation_test, two_sided_p
from helpers.inference.variants import MODELS, Variant, critical_value, draw_variant
from helpers.study.design import NEVER

OVERALL = Estimand("overall")
SAME = 1e-8
TOWN = [0, 1, 1, NEVER, NEVER, NEVER]
PEOPLE = np.linspace(4_000.0, 30_000.0, 12)


def study(seed=3, mean=4.0, towns="t" * 6 + "u" * 6, labels=(*TOWN, *TOWN)):
    rng = np.random.default_rng(seed)
    design = make_design(labels, (12, 18), months("2020-01", "2021-12"), towns=towns, anticipation=2)
    cells = rng.poisson(mean * rng.uniform(0.5, 2, (len(labels), 1)) * rng.uniform(0.5, 2, (1, 24)))
    return cells.astype(float), design


def draws(design, specification, n_draws=40):
    return reassign(design.label_array, strata(design, specification), n_draws=n_draws, seed=1).labels


def variant(cells, design, **changes):
    return Variant(cells, design, **({"specification": "two_way", "estimand": OVERALL, "people": PEOPLE} | changes))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_labelling_gives_what_the_printed_estimator_gives_for_it(model, comparison, specification):
    cells, design = study()
    labels = draws(design, specification, 6)
    for estimand in (OVERALL, common_horizon_estimands(design)[0]):
        own = variant(cells, design, model=model, comparison=comparison, specification=specification, estimand=estimand)
        found = draw_variant(own, own.relabelled(labels))
        observed, expected = own.totals()
        assert found.estimate == pytest.approx(observed / expected - 1, abs=SAME)
        for position, label in enumerate(labels, start=1):
            observed, expected = replace(own, design=design.with_labels(label)).totals()
            assert found.log_ratio[position] == pytest.approx(np.log(observed / expected), abs=SAME)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), mean=st.sampled_from([0.2, 1.0, 5.0]))
def test_the_main_variant_is_the_randomisation_test(seed, mean):
    cells, design = study(seed, mean)
    for specification in SPECIFICATIONS:
        test = randomisation_test(cells, design, OVERALL, specification=specification, n_draws=60, seed=1)
        own = variant(cells, design, specification=specification)
        found = draw_variant(own, own.relabelled(draws(design, specification, 60)))
        np.testing.assert_allclose(found.t, test.t, atol=SAME)
        assert found.p_value(is_exact=False) == test.p_value
        assert found.std_error == pytest.approx(test.std_error, abs=SAME)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_the_standard_error_is_the_null_variance_carried_by_the_estimator(model, comparison):
    """Numerically: how the gap moves with each ward × block sum, at the null means, times that sum's variance."""
    cells, design = study()
    own = variant(cells, design, model=model, comparison=comparison)
    experiment = build_experiment(cells, design, "two_way", OVERALL, n_draws=5, seed=1)
    (table,), blocks = experiment.tables, experiment.target.blocks
    null = undo_programme(table, 1.0)
    variance = null.means + overdispersion([null]) * null.means**2
    lengths = np.diff([*blocks.firsts, 24])
    spread_out = np.repeat(np.arange(len(lengths)), lengths)

    def gap(sums):
        observed, expected = replace(own, outcome=(sums / lengths)[:, spread_out]).totals()
        return observed - expected

    total, means = 0.0, null.means
    for ward in range(means.shape[0]):
        for block in range(means.shape[1]):
            step = np.zeros_like(means)
            step[ward, block] = 1e-4 * means[ward, block]
            slope = (gap(means + step) - gap(means - step)) / (2 * step[ward, block])
            total += slope**2 * variance[ward, block]
    found = draw_variant(own, own.relabelled(draws(design, "two_way", 5)))
    at_null = replace(own, outcome=(means / lengths)[:, spread_out]).totals()[1]
    assert found.std_error == pytest.approx(
        np.sqrt(total) / (at_null if model == "counts" else own.totals()[1]), rel=1e-5
    )


def test_labellings_that_change_the_sizes_are_fitted_with_their_own():
    """Half of the wards, relabelled from among all: some labellings give it other numbers of treated wards."""
    cells, design = study()
    labels = draws(design, "two_way", 30)[:, :6]
    part = design.with_wards(range(6))
    assert len({tuple(np.sort(label)) for label in labels}) > 3
    for model in MODELS:
        own = variant(cells[:6], part, model=model, people=PEOPLE[:6])
        found = draw_variant(own, own.relabelled(labels))
        assert np.isfinite(found.t).all()
        for position, label in enumerate(labels, start=1):
            observed, expected = replace(own, design=part.with_labels(label)).totals()
            if observed > 0 and expected > 0:
                assert found.log_ratio[position] == pytest.approx(np.log(observed / expected), abs=SAME)


def test_gaps_leave_the_printed_estimate_to_the_printed_estimator():
    cells, design = study()
    cells[2, 5:9] = np.nan
    for model in MODELS:
        own = variant(cells, design, model=model)
        observed, expected = own.totals()
        found = draw_variant(own, own.relabelled(draws(design, "two_way")))
        assert found.estimate == pytest.approx(observed / expected - 1)
        assert np.isfinite(found.t).all()


def test_interval_excludes_no_effect_exactly_when_the_test_rejects():
    rejected = 0
    for seed in range(12):
        cells, design = study(seed)
        cells[design.label_array == 0, 12:] = np.round(cells[design.label_array == 0, 12:] * 0.6)
        for model in MODELS:
            own = variant(cells, design, model=model)
            found = draw_variant(own, own.relabelled(draws(design, "two_way", 99)))
            low, high = found.interval(is_exact=False)
            rejects = found.p_value(is_exact=False) <= 0.05
            rejected += rejects
            assert rejects == (low > 0 or high < 0)
    assert 3 < rejected < 33


def test_critical_value_is_the_largest_that_is_not_rejected():
    t = np.random.default_rng(1).normal(size=100)
    limit = critical_value(t, is_exact=False)
    for own, is_rejected in ((limit, False), (limit + 1e-6, True)):
        assert (two_sided_p(np.append(own, np.delete(t, np.abs(t).argmax())), is_exact=False) <= 0.05) == is_rejected


def test_nothing_observed_has_no_lower_bound_and_rates_need_people():
    cells, design = study()
    states = design.cell_states()
    cells[states == states.max()] = 0.0
    own = variant(cells, design)
    found = draw_variant(own, own.relabelled(draws(design, "two_way")))
    assert found.estimate == -1
    low, high = found.interval(is_exact=False)
    assert low == -1 and -1 < high < 0
    nobody = variant(cells, design, model="rates", people=None)
    with pytest.raises(EstimationError, match="population"):
        draw_variant(nobody, nobody.relabelled(draws(design, "two_way")))
    with pytest.raises(EstimationError, match="Nothing is expected"):
        draw_variant(own, replace(own, outcome=np.zeros_like(cells)).relabelled(draws(design, "two_way")))


def test_a_group_without_a_ward_is_nothing_and_not_a_rounding_error():
    """With a gap sums are no whole numbers; in some labellings all wards take part and none is left to compare with."""
    cells, design = study()
    cells[1, 4] = np.nan
    labels = np.random.default_rng(2).integers(0, 2, (60, 12)).astype(np.int8)
    for comparison in COMPARISONS:
        sums = variant(cells, design, comparison=comparison).relabelled(labels)
        (stratum,) = sums.strata
        is_empty = stratum.sizes[-1] == 0
        assert is_empty.any()
        assert not stratum.counts.values[-1][:, is_empty].any()
        assert not stratum.level[-1][is_empty].any()
