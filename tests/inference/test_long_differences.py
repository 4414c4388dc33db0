"""Long differences, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.inference.analysis import Analysis
from helpers.inference.long_differences import long_differences
from helpers.study.design import NEVER, Design

SMALL = make_design(
    (0, 1, NEVER, NEVER), (2, 4), months("2023-01", "2023-06"), wards="abcd", cohorts=("pilot", "later")
)
COUNTS = np.array(
    [
        [900.0, 900, 900, 900, 900, 900],
        [2, 4, 5, 3, 6, 2],
        [1, 2, 4, 4, 3, 5],
        [3, 2, 2, 6, 9, 3],
    ]
)


def analysis(counts: np.ndarray = COUNTS, design: Design = SMALL, n_draws: int = 99) -> Analysis:
    return Analysis("n", counts, design, n_draws=n_draws, seed=1)


def large(mean: float) -> Analysis:
    labels, towns = (*[0] * 8, *[NEVER] * 22), "t" * 15 + "u" * 15
    design = make_design(labels, (33,), months("2020-01", "2023-12"), towns=towns, anticipation=3)
    counts = np.random.default_rng(3).poisson(mean, (30, 48)).astype(float)
    return analysis(counts, design, n_draws=999)


def test_estimates_by_hand():
    """Base: months 3 and 4 (b 8, c + d 16). Before: b 6, c + d 8. After: b 6 and 2, c + d 12 and 8."""
    found = long_differences(analysis(), "two_way", "later")
    assert np.allclose(np.exp(found.estimates), [6 / (8 * 8 / 16), 6 / (8 * 12 / 16), 2 / (8 * 8 / 16)])
    assert (found.n_pre, found.n_post, found.base) == (1, 2, ("2023-03", "2023-04"))
    assert found.bins == (("2023-01", "2023-02"), ("2023-05", "2023-05"), ("2023-06", "2023-06"))
    assert found.to_frame()["first_period"].tolist() == ["2023-01", "2023-05", "2023-06"]


def test_covariance_by_hand():
    """One of b, c, d in turn against the other two; the pilot keeps its label."""
    sums = np.array([[8.0, 6, 6, 2], [8, 3, 3, 5], [8, 5, 9, 3]])
    drawn = [
        np.log(own[1:] / (own[0] * others[1:] / others[0])) for own in sums for others in (sums.sum(axis=0) - own,)
    ]
    found = long_differences(analysis(), "two_way", "later")
    assert np.allclose(found.covariance, np.cov(np.array(drawn), rowvar=False, bias=True))
    assert found.smallest_p == pytest.approx(1 / 3)


def test_strata_are_towns_that_hold_both():
    """Town u: e with 10 in the base against f; town v has no comparison, so its ward is named and not used."""
    counts = np.vstack([COUNTS, [[4, 4, 5, 5, 7, 8], [1, 1, 1, 1, 1, 3], [7, 7, 7, 7, 7, 7]]])
    design = replace(
        SMALL, ward_ids=tuple("abcdefg"), town_codes=(*"tttt", "u", "u", "v"), labels=(0, 1, NEVER, NEVER, 1, NEVER, 1)
    )
    found = long_differences(analysis(counts, design), "town_period", "later")
    expected = [4 + 10 * 2 / 2, 6 + 10 * 1 / 2, 4 + 10 * 3 / 2]
    assert np.allclose(np.exp(found.estimates), np.array([6 + 8, 6 + 7, 2 + 8]) / expected)
    assert found.left_out == ("g",)


def test_a_ward_with_a_gap_is_left_out_and_named():
    counts = COUNTS.copy()
    counts[3, 0] = np.nan
    found = long_differences(analysis(counts), "two_way", "later")
    assert found.left_out == ("d",)
    assert np.allclose(np.exp(found.estimates), [6 / (8 * 3 / 8), 6 / (8 * 3 / 8), 2 / (8 * 5 / 8)])


def test_gaps_of_other_cohorts_do_not_matter():
    counts = COUNTS.copy()
    counts[0] = np.nan
    whole, other = (long_differences(analysis(own), "two_way", "later") for own in (COUNTS, counts))
    assert np.array_equal(whole.covariance, other.covariance)
    assert other.left_out == ()


def test_bins_are_half_years_up_to_the_donut():
    found = long_differences(large(20.0), "two_way", "x")
    assert (found.n_pre, found.n_post, found.base) == (3, 2, ("2022-01", "2022-06"))
    assert found.bins[0] == ("2020-07", "2020-12")
    assert found.bins[3:] == (("2022-10", "2023-05"), ("2023-06", "2023-12"))


def test_covariance_shrinks_with_counts():
    """Nine times the counts, a ninth of the Poisson variance; the draws of thirty wards blur it."""
    few, many = (long_differences(large(mean), "town_period", "x").covariance for mean in (5.0, 45.0))
    ratios = np.diag(few) / np.diag(many)
    assert (ratios > 3).all()
    assert 5 < ratios.mean() < 15


def test_covariance_is_about_the_poisson_one():
    """Base and bin each add 1/own + 1/others, over six months of 20 incidents a ward (eight, seven after)."""
    found = long_differences(large(20.0), "two_way", "x")
    per_month = (1 / 8 + 1 / 22) / 20
    poisson = per_month * (1 / 6 + 1 / np.array([6, 6, 6, 8, 7]))
    assert np.allclose(np.diag(found.covariance), poisson, rtol=0.6)
    assert (found.covariance[np.triu_indices(5, 1)] > 0).mean() > 0.8


def test_same_seed_same_covariance():
    once, again = (long_differences(large(20.0), "two_way", "x") for _ in range(2))
    assert np.array_equal(once.covariance, again.covariance)


def test_pilots_are_refused():
    with pytest.raises(EstimationError, match="a pilot"):
        long_differences(analysis(), "two_way", "pilot")


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (replace(SMALL, starts=(2, 6)), "0 treated ones"),
        (replace(SMALL, anticipation=3), "1 clean periods"),
        (replace(SMALL, town_codes=("t", "u", "v", "v")), "to compare with"),
        (replace(SMALL, cohorts=("pilot", "other")), "no cohort later"),
    ],
)
def test_refusals(design, message):
    with pytest.raises(EstimationError, match=message):
        long_differences(analysis(design=design), "town_period", "later")


def test_undefined_logarithms_are_refused():
    counts = COUNTS.copy()
    counts[1, 5] = 0
    with pytest.raises(EstimationError, match="nothing was observed"):
        long_differences(analysis(counts), "two_way", "later")
    counts = COUNTS.copy()
    counts[2, 5] = 0
    with pytest.raises(EstimationError, match="33% of the relabellings"):
        long_differences(analysis(counts), "two_way", "later")


def test_few_undefined_relabellings_are_counted():
    """One ward of 33 with an empty last bin: one relabelling of 32 has no logarithm, and the actual one has."""
    counts = np.random.default_rng(5).poisson(20.0, (33, 6)).astype(float)
    counts[7, 5] = 0
    design = replace(
        SMALL,
        ward_ids=tuple(f"{n:02d}" for n in range(33)),
        town_codes=("t",) * 33,
        labels=(0, 1, *[NEVER] * 31),
    )
    found = long_differences(analysis(counts, design), "two_way", "later")
    assert found.undefined_share == pytest.approx(1 / 32)
    assert np.isfinite(found.covariance).all()
