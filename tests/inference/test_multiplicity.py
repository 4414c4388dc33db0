"""Westfall–Young: by hand, its guarantees, and what it buys over Holm."""

from dataclasses import replace

import numpy as np
import pytest

from designs import make_design, months
from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.multiplicity import family_statistics, westfall_young
from helpers.inference.randomisation import two_sided_p
from helpers.study.design import NEVER, TREATED, Design

OVERALL = Estimand("overall")


@pytest.fixture(scope="module")
def design() -> Design:
    return make_design((*[0] * 4, *[NEVER] * 12), (12,), months("2020-01", "2021-12"))


def counts(design: Design, seed: int, ratio: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(2.0 * np.where(design.cell_states() == TREATED, ratio, 1.0)).astype(float)


def correlated(rng: np.random.Generator, shift: np.ndarray, share: float, draws: int = 399) -> dict[str, np.ndarray]:
    """Return T of some indicators: normal, correlated by `share`, the actual one shifted."""
    common = rng.normal(size=(1, 1 + draws))
    t = np.sqrt(share) * common + np.sqrt(1 - share) * rng.normal(size=(len(shift), 1 + draws))
    t[:, 0] += shift
    return {str(n): own for n, own in enumerate(t)}


def holm(p_values: list[float]) -> list[float]:
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate([(len(order) - rank) * p_values[n] for rank, n in enumerate(order)])
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted.tolist()


def test_by_hand():
    """Two hundred draws in which b reaches 2 four times and 3 once, a reaches 3 twice; actual: a = −3, b = 2."""
    a, b = np.zeros(201), np.zeros(201)
    a[0], b[0] = -3.0, 2.0
    a[1:3], b[3:6], b[6] = 3.0, 2.0, -3.0
    found = westfall_young({"b": b, "a": a}, is_exact=False)
    assert found == {"b": 5 / 201, "a": 4 / 201}
    assert list(found) == ["b", "a"]


def test_exact_draws_hold_the_actual_labelling():
    t = np.array([2.0, 2.0, *np.linspace(-1, 1, 199)])
    assert westfall_young({"a": t}, is_exact=True) == {"a": 1 / 200}


def test_later_steps_never_fall_below_earlier_ones():
    """b's own share is smaller than a's adjusted one, because its draws are small."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=500) * 3, rng.normal(size=500) * 0.1
    a[0], b[0] = 3.0, 2.9
    found = westfall_young({"a": a, "b": b}, is_exact=False)
    assert two_sided_p(b, is_exact=False) < found["a"]
    assert found["b"] == found["a"]


def test_never_below_the_raw_p_and_equal_to_it_for_one_indicator():
    rng = np.random.default_rng(2)
    for _ in range(50):
        t = correlated(rng, rng.normal(size=4) * 2, 0.5)
        raw = {name: two_sided_p(own, is_exact=False) for name, own in t.items()}
        found = westfall_young(t, is_exact=False)
        assert all(found[name] >= raw[name] for name in t)
        assert westfall_young({"1": t["1"]}, is_exact=False) == {"1": raw["1"]}


def test_ties_up_to_rounding_count():
    t = np.concatenate([[2.0], np.full(100, 2.0 - 1e-12), np.zeros(100)])
    assert westfall_young({"a": t}, is_exact=False) == {"a": 101 / 201}


def test_a_copy_of_an_indicator_costs_nothing():
    t = correlated(np.random.default_rng(3), np.array([2.5]), 0.0)
    alone = westfall_young(t, is_exact=False)["0"]
    assert westfall_young({"whole": t["0"], "part": t["0"]}, is_exact=False) == {"whole": alone, "part": alone}


def test_more_powerful_than_holm_under_correlation():
    """Paired over 400 families of five with three true effects, correlation .8."""
    rng, level = np.random.default_rng(4), 0.05
    ours, theirs = [], []
    for _ in range(400):
        t = correlated(rng, np.array([2.6, 2.6, 2.6, 0.0, 0.0]), 0.8)
        found = westfall_young(t, is_exact=False)
        stepped = holm([two_sided_p(own, is_exact=False) for own in t.values()])
        ours.append(np.mean([found[str(n)] <= level for n in range(3)]))
        theirs.append(np.mean([stepped[n] <= level for n in range(3)]))
    gain = np.array(ours) - np.array(theirs)
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))
    assert gain.mean() > 0.02


def test_strong_control_over_real_statistics(design):
    """Two nested true nulls beside an indicator that fell by half, 400 studies: Monte-Carlo standard error .011."""
    replications, false_claims, true_claims = 400, 0, 0
    for seed in range(replications):
        part, rest, moved = (counts(design, 3 * seed + n, ratio) for n, ratio in ((0, 1.0), (1, 1.0), (2, 0.5)))
        series = {"whole": part + rest, "part": part, "moved": moved}
        family = [Analysis(name, cells, design, n_draws=299, seed=seed) for name, cells in series.items()]
        found = family_statistics(family, "two_way", OVERALL).adjusted_p()
        false_claims += min(found["whole"], found["part"]) <= 0.05
        true_claims += found["moved"] <= 0.05
    assert false_claims / replications <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / replications)
    assert true_claims / replications > 0.8


def test_family_shares_design_seed_and_draws(design):
    first = Analysis("a", counts(design, 1), design, n_draws=299, seed=1)
    family = [first, replace(first, indicator="b", outcome=counts(design, 2))]
    found = family_statistics(family, "two_way", OVERALL)
    assert list(found.t) == ["a", "b"]
    assert {own.shape for own in found.t.values()} == {(300,)}
    assert (found.is_exact, found.null_tested) == (False, "no effect anywhere")
    for change in ({"seed": 2}, {"n_draws": 300}, {"design": design.with_labels(design.labels[::-1])}):
        with pytest.raises(EstimationError, match=f"differ in {next(iter(change))}"):
            family_statistics([first, replace(family[1], **change)], "two_way", OVERALL)
    with pytest.raises(EstimationError, match="more than once"):
        family_statistics([first, first], "two_way", OVERALL)
    with pytest.raises(EstimationError, match="no indicator"):
        family_statistics([], "two_way", OVERALL)


def test_unfit_draws_are_refused():
    long, short = np.zeros(301), np.zeros(201)
    with pytest.raises(EstimationError, match=r"numbers of relabellings are \[200, 300\]"):
        westfall_young({"a": long, "b": short}, is_exact=False)
    with pytest.raises(EstimationError, match="199 relabellings"):
        westfall_young({"a": np.zeros(200)}, is_exact=False)
    with pytest.raises(EstimationError, match="not all numbers"):
        westfall_young({"a": np.where(np.arange(301) == 5, np.nan, long)}, is_exact=False)
    with pytest.raises(EstimationError, match="none"):
        westfall_young({}, is_exact=False)
