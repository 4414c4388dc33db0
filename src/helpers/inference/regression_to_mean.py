r"""Regression to the mean: the "effect" that choosing wards for a passing high makes where nothing happened.

Simulated studies have the design's own towns, periods and number of treated wards, and no effect. A ward's level is
drawn from a gamma distribution around its town's mean, as widely spread as the untreated panel says; shocks as large
and as lasting as the panel's, and Poisson noise, come on top. Wards are then chosen by the rank of what they *reported*
in a span before the programme, and the effect is estimated as the real one is.

.. math:: λ_w ~ \text{Gamma}(\text{mean } m_g, \text{variance } m_g² s²), \quad
          Y_{wt} ~ \text{Poisson}(λ_w · b_t · e^{u_{wt}})

s² is the squared coefficient of variation of ward sums around their town's mean before the programme, less what Poisson
noise and the shocks make of it.

References: barnett2005 (regression to the mean).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.blocks import strata
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.estimation.two_way import fit_two_way
from helpers.inference.analysis import Analysis
from helpers.inference.rungs import build_ladder
from helpers.inference.ward_shocks import WardShocks, estimate_ward_shocks, mean_variance, shock_paths
from helpers.study.design import NEVER, UNTREATED, Design, Labels

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Law = tuple[float, float, WardShocks]
"""Spread of levels, size of what is counted, shocks: what the untreated panel says of the simulated studies."""

N_SIMULATIONS = 400
"""Simulated studies: the mean "effect" is then known to a twentieth of one study's spread."""
MOST_CELLS = 2**22
"""Ward-periods simulated at a time (32 MB an array)."""
TAILS = (2.5, 97.5)
"""Percentiles of the simulated effects that are printed."""
FEWEST_SIMULATIONS = 50
"""Simulated studies with an effect below which neither mean nor percentiles are worth printing."""
MC_ERRORS = 2.0
"""Standard errors on either side of a 95% interval."""
OVERALL = Estimand("overall")


@dataclass(frozen=True, slots=True)
class Selection:
    """How wards are chosen in a simulated study.

    Attributes
    ----------
    rule : {"as_high", "highest"}
        Whether chosen wards stand where the actual ones stood among the wards of their town, or at its top.
    first, after : int
        The span of periods whose reported incidents are looked at.
    chosen : tuple of bool, length W
        Which treated wards of the design were chosen by that rule; the paths of the others go to any other ward of
        their town.
    """

    rule: Literal["as_high", "highest"]
    first: int
    after: int
    chosen: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class RegressionToMean:
    """The "effect" of selection alone, on the ratio scale.

    Attributes
    ----------
    effect : float
        Of all simulated studies together: observed over expected, summed, minus one.
    mc_low, mc_high : float
        95% interval of `effect` for its Monte-Carlo error.
    low, high : float
        Between these lie 95% of single studies' effects: selection and chance together.
    spread : float
        Coefficient of variation of lasting ward levels around their town's mean.
    n_simulations : int
        Simulated studies whose effect is a number.
    """

    effect: float
    mc_low: float
    mc_high: float
    low: float
    high: float
    spread: float
    n_simulations: int


def regression_to_mean(
    analysis: Analysis, specification: Specification, selection: Selection, *, n_simulations: int = N_SIMULATIONS
) -> RegressionToMean:
    """Return what selection for a high would make of a programme without effect.

    Raises
    ------
    EstimationError
        If the panel before the programme is empty, or no simulated study has an estimable effect.
    """
    design = analysis.design
    shocks = estimate_ward_shocks(analysis.outcome, design, specification)
    grain = count_grain(analysis.outcome, design, specification)
    spread = level_spread(analysis.outcome, design, shocks, grain)
    rng = np.random.default_rng(analysis.seed)
    target, law = build_target(design, specification, OVERALL), (spread, grain, shocks)
    most = max(1, MOST_CELLS // analysis.outcome.size)
    sizes = [min(most, n_simulations - done) for done in range(0, n_simulations, most)]
    parts = [_simulate(analysis, selection, target, law, rng, size) for size in sizes]
    observed, expected = (np.concatenate(own) for own in zip(*parts, strict=True))
    return _summary(observed, expected, float(np.sqrt(spread)))


def _simulate(
    analysis: Analysis, selection: Selection, target: Target, law: Law, rng: np.random.Generator, size: int
) -> tuple[Array, Array]:
    """Return observed and expected incidents of some simulated studies, each of shape (size,)."""
    spread, grain, shocks = law
    towns = [np.flatnonzero(np.array(analysis.design.town_codes) == town) for town in _towns(analysis.design)]
    means = _means(analysis, towns, spread, rng, size)
    means *= np.exp(shock_paths(rng, means.shape, shocks.sd, shocks.rho))
    counts = np.asarray(grain * rng.poisson(means / grain), dtype=np.float64)
    labels = np.array([_choose(cells, analysis, selection, towns, rng) for cells in counts])
    return _totals(counts, labels, target)


def _towns(design: Design) -> list[str]:
    return sorted(set(design.town_codes))


def count_grain(outcome: Array, design: Design, specification: Specification) -> float:
    """Return the size of what is counted: 1 for whole incidents, less where a count holds parts of one.

    A theft at a corner shared among four blocks is counted in quarters, and such counts vary less than Poisson ones. By
    the mean of (count − mean)² / mean over the cells before the first donut; at most 1, more being the shocks' part.
    """
    before = outcome[:, : min(design.cutoffs)]
    members = strata(design, specification)
    squares, freedom = 0.0, 0
    for own in members:
        known = ~np.isnan(before[own])
        fitted = fit_two_way(before[own], known)
        used = known & (np.nan_to_num(fitted) > 0)
        squares += float(((before[own] - fitted)[used] ** 2 / fitted[used]).sum())
        freedom += max(0, int(used.sum()) - int(used.any(axis=1).sum()) - int(used.any(axis=0).sum()) + 1)
    return min(1.0, squares / freedom) if freedom and squares > 0 else 1.0


def level_spread(outcome: Array, design: Design, shocks: WardShocks, grain: float = 1.0) -> float:
    """Return the squared coefficient of variation of lasting ward levels around their town's mean; at least 0.

    By moments of ward means before the first donut. Towns with a single ward, or without incidents, say nothing of it.
    """
    before = outcome[:, : min(design.cutoffs)]
    lengths = (~np.isnan(before)).sum(axis=1)
    rates = np.nansum(before, axis=1) / np.maximum(lengths, 1)
    squares, noise, freedom = 0.0, 0.0, 0
    for town in _towns(design):
        own = np.flatnonzero((np.array(design.town_codes) == town) & (lengths > 0))
        mean = rates[own].mean() if len(own) else 0.0
        if len(own) < 2 or mean == 0:
            continue
        squares += float(((rates[own] / mean - 1) ** 2).sum())
        noise += (len(own) - 1) * grain * float((1 / (mean * lengths[own])).mean())
        freedom += len(own) - 1
    if freedom == 0:
        raise EstimationError("No town has two wards and an incident before the programme: levels cannot be compared.")
    passing = shocks.sd**2 * mean_variance(shocks.rho, before.shape[1])
    return max(0.0, ((squares - noise) / freedom - passing) / (1 + passing))


def _means(
    analysis: Analysis, towns: list[Positions], spread: float, rng: np.random.Generator, n_simulations: int
) -> Array:
    """Return simulated means without shocks, shape (n_simulations, W, P): town mean × ward level × period's course."""
    design = analysis.design
    untreated = np.where(design.cell_states() == UNTREATED, analysis.outcome, np.nan)
    before = analysis.outcome[:, : min(design.cutoffs)]
    profile = np.array([_mean(column) for column in untreated.T])
    usual = _mean(profile[: before.shape[1]])
    profile = np.where(np.isnan(profile), usual, profile) / usual if usual > 0 else np.ones_like(profile)
    levels = np.empty((n_simulations, len(design.labels)))
    for own in towns:
        mean = _mean(before[own])
        draws = rng.gamma(1 / spread, spread, (n_simulations, len(own))) if spread > 0 else 1.0
        levels[:, own] = (0.0 if np.isnan(mean) else mean) * draws
    return np.asarray(levels[:, :, None] * profile)


def _mean(cells: Array) -> float:
    known = cells[~np.isnan(cells)]
    return float(known.mean()) if known.size else np.nan


def _choose(
    cells: Array, analysis: Analysis, selection: Selection, towns: list[Positions], rng: np.random.Generator
) -> Labels:
    """Return the labels of a simulated study: paths of chosen wards by rank, the other paths to anybody else."""
    actual, chosen = analysis.design.label_array, np.array(selection.chosen)
    labels = np.full_like(actual, NEVER)
    for own in towns:
        treated = actual[own] != NEVER
        ranked = own[_ranking(cells[own], selection, rng)]
        if selection.rule == "highest":
            paths = rng.permutation(actual[own][treated & chosen[own]])
            labels[ranked[: len(paths)]] = paths
        else:
            stood = own[_ranking(analysis.outcome[own], selection, rng)]
            labels[ranked] = np.where(chosen[stood], actual[stood], NEVER)
        others = actual[own][treated & ~chosen[own]]
        labels[rng.permutation(own[labels[own] == NEVER])[: len(others)]] = others
    return labels


def _ranking(cells: Array, selection: Selection, rng: np.random.Generator) -> Positions:
    """Return ward positions from the highest mean in the span down; ties at random, or they would favour the same."""
    span = cells[:, selection.first : selection.after]
    mean = np.nansum(span, axis=1) / np.maximum((~np.isnan(span)).sum(axis=1), 1)
    return np.asarray(np.lexsort((rng.random(len(cells)), -mean)))


def _totals(counts: Array, labels: Labels, target: Target) -> tuple[Array, Array]:
    """Return observed and expected incidents of each simulated study, shape (N,), by the closed form.

    Every town keeps its number of wards on each path, so what is estimable is the same in all of them.
    """
    sums, groups = target.blocks.sums(counts), (*range(len(target.blocks.states) - 1), NEVER)
    observed, expected = np.zeros(len(counts)), np.zeros(len(counts))
    for own, mask in zip(target.members, target.masks, strict=True):
        if mask.any():
            chosen = [(labels[:, own] == group).astype(float) for group in groups]
            grouped = np.stack([np.einsum("nwk,nw->kn", sums[:, own], one) for one in chosen])
            counted, imputed = build_ladder(target.blocks.untreated, mask).observed_and_expected(grouped)
            observed, expected = observed + counted, expected + imputed
    return observed, expected


def _summary(observed: Array, expected: Array, spread: float) -> RegressionToMean:
    """Return the effect of all studies together, its Monte-Carlo interval by the delta method, and single studies'."""
    used = expected > 0
    if used.sum() < FEWEST_SIMULATIONS:
        raise EstimationError(
            "Hardly any simulated study has an effect to estimate: nothing is expected in treated wards."
        )
    observed, expected = observed[used], expected[used]
    ratio = float(observed.mean() / expected.mean())
    error = float((observed - ratio * expected).std(ddof=1) / np.sqrt(len(observed)) / expected.mean())
    low, high = np.percentile(observed / expected - 1, TAILS)
    return RegressionToMean(
        effect=ratio - 1,
        mc_low=max(-1.0, ratio - 1 - MC_ERRORS * error),
        mc_high=ratio - 1 + MC_ERRORS * error,
        low=float(low),
        high=float(high),
        spread=spread,
        n_simulations=len(observed),
    )
