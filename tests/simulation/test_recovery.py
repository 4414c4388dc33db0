"""The truth comes back from the means: what the process states is what the confirmatory estimator looks for."""

import pytest

from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.simulation import expected_counts, without_programme

EXACT = 1e-9


@pytest.mark.parametrize("indicator", ["crime_order", "crime_property", "admin_fines", "tips", "clearance"])
def test_specification_ii_recovers_the_truth_from_the_means(process, indicator):
    means, untreated = (expected_counts(one)[indicator] for one in (process, without_programme(process)))
    fit = impute_counterfactual(means, process.design, "town_period")
    cells = fit.cells(Estimand("overall"))
    truth = means[cells].sum() / untreated[cells].sum() - 1
    assert abs(truth) > 0.1
    assert fit.effect(Estimand("overall")) == pytest.approx(truth, abs=EXACT)


def test_no_effect_comes_back_as_none(process):
    fit = impute_counterfactual(expected_counts(process)["traffic_crashes"], process.design, "town_period")
    assert fit.effect(Estimand("overall")) == pytest.approx(0, abs=EXACT)


def test_specification_i_is_misled_by_the_town_seasons(process):
    """Cửa Lò's summers return when its wards are treated: crashes that the programme does not touch seem to rise."""
    fit = impute_counterfactual(expected_counts(process)["traffic_crashes"], process.design, "two_way")
    assert fit.effect(Estimand("overall")) > 0.02
