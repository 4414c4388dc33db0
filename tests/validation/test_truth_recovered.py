"""The synthetic study has a known truth: the confirmatory specification finds it, on what ships and on fresh draws."""

import numpy as np
import pytest

from helpers.cleaning import clean_returns
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference.randomisation import build_experiment, equal_tailed_accepts, randomisation_test
from helpers.panel import indicators_in, outcome_matrix
from helpers.simulation import draw_counts, expected_counts, study_process, without_programme
from helpers.study import build_design, load_study

OVERALL = Estimand("overall")
FRESH_DRAWS = 60


@pytest.fixture(scope="module")
def process():
    return study_process(load_study("nghe_an"))


@pytest.fixture(scope="module")
def design():
    return build_design(load_study("nghe_an"))


@pytest.fixture(scope="module")
def truths(process, design):
    """The true ratio per indicator over the cells that the confirmatory specification estimates."""
    means, untreated = expected_counts(process), expected_counts(without_programme(process))
    cells = impute_counterfactual(means["crime_order"], design, "town_period").cells(OVERALL)
    return {name: means[name][cells].sum() / untreated[name][cells].sum() for name in means}


def test_intervals_of_the_shipped_returns_hold_the_truth(design, truths):
    """Thirteen 95% intervals on one draw: three or more misses have a probability below 3%."""
    panel = clean_returns(load_study("nghe_an")).panel
    misses = []
    for indicator in indicators_in(panel):
        if indicator == "clearance":
            continue
        outcome = outcome_matrix(panel, design, indicator)
        test = randomisation_test(outcome, design, OVERALL, specification="town_period", n_draws=499, seed=1)
        if not test.ratio_low <= truths[indicator] <= test.ratio_high:
            misses.append(indicator)
    assert len(misses) <= 2, misses


@pytest.mark.parametrize("indicator", ["crime_order", "admin_fines", "traffic_crashes"])
def test_fresh_draws_are_unbiased_and_covered(process, design, truths, indicator):
    """Sixty draws: the summed counterfactual is right, and the true ratio is accepted about 95 times in 100."""
    observed, expected, covered = [], [], []
    for seed in range(FRESH_DRAWS):
        counts = draw_counts(process, seed=9_000 + seed)[indicator].recorded.astype(float)
        totals = impute_counterfactual(counts, design, "town_period").total(OVERALL)
        observed.append(totals[0])
        expected.append(totals[1])
        experiment = build_experiment(counts, design, "town_period", OVERALL, n_draws=199, seed=seed)
        covered.append(equal_tailed_accepts(experiment.statistics(truths[indicator]).t, is_exact=False))
    gap = np.array(observed) - truths[indicator] * np.array(expected)
    assert abs(gap.mean()) <= 3 * gap.std(ddof=1) / np.sqrt(FRESH_DRAWS)
    assert np.mean(covered) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / FRESH_DRAWS)
