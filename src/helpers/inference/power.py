"""How large an effect would have to be before this design could see it: the minimum detectable effect.

Simulated counts with the wards' own levels, the periods' own course and the overdispersion of the untreated cells are
put through the very test that will be used, at hypothetical effects and never at the estimate. A null result says
nothing without this number beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.specification import Specification
from helpers.inference.null_model import NullTable, WardTable, pooled_overdispersion, tabulate, undo_programme
from helpers.inference.randomisation import LEVEL, Experiment, build_experiment, share_at_least
from helpers.study.design import NEVER, Design

Array = npt.NDArray[np.float64]

POWER = 0.80
SMALLEST_RATIO = 0.05
"""A fall of 95%: where even that is missed, no attainable effect can be detected."""
NORMAL_DISTANCE = 1.96 + 0.84
"""Standard errors at which a normal test of 5% has 80% power: where the search starts."""
WIDENING = 0.5
"""First step of the search, in standard errors."""
PRECISION = 0.02
"""On the log scale: the answer is known to 2%, finer than its simulation error."""
TOWN_RHO = 0.9
"""Correlation of a town's shocks from one period to the next; four towns cannot estimate it, so it is assumed."""
TOWN_SHOCK_GRID = (0.0, 0.15, 0.30)
"""Standard deviations of town shocks, on the log scale, at which power is stated: none, moderate, large."""
SHORT_PERIODS, LONG_PERIODS = 3, 12
"""Spans over which ward sums are compared to tell lasting shocks from passing ones."""
MOST_RHO = 0.99


@dataclass(frozen=True, slots=True)
class WardShocks:
    """Shocks of single wards on the log scale: standard deviation, and correlation from one period to the next."""

    sd: float
    rho: float


@dataclass(frozen=True, slots=True)
class MinimumDetectableEffect:
    """Smallest fall that the test finds with 80% power.

    Attributes
    ----------
    effect : float
        On the ratio scale (−0.4 is a fall by 40%); NaN when not even −95% is found.
    power : float
        Simulated power at that effect.
    mc_error : float
        Monte-Carlo standard error of that power.
    kappa : float
        Overdispersion of ward × year sums before the programme: what the simulated ward shocks reproduce.
    """

    effect: float
    power: float
    mc_error: float
    kappa: float

    @property
    def note(self) -> str:
        """Return why there is no number, or an empty text."""
        return "" if np.isfinite(self.effect) else "none attainable: not even a fall by 95% is found with 80% power"


def minimum_detectable_effect(
    outcome: Array,
    design: Design,
    estimand: Estimand,
    *,
    specification: Specification,
    seed: int,
    town_sd: float = 0.0,
    n_simulations: int = 200,
    n_draws: int = 199,
) -> MinimumDetectableEffect:
    """Return the smallest common fall that the randomisation test detects with 80% power at the 5% level.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; only untreated cells are used.
    town_sd : float
        Standard deviation of shocks common to a town's wards, to be assumed and never estimated (`TOWN_SHOCK_GRID`).
    n_simulations, n_draws : int
        Simulated studies per hypothetical effect, and relabellings in each.

    Notes
    -----
    Simulated counts are Poisson: the untreated fit times the hypothetical ratio in treated cells, times ward shocks
    with the size and persistence seen before the programme, times town shocks of the size assumed. Town shocks
    cancel in the town × period specification. In the two-way one they make chance differences between towns: power
    there is a share of rejections, of which some are the towns'.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    experiment = build_experiment(outcome, design, specification, estimand, n_draws=n_draws, seed=seed)
    kappa = untreated_overdispersion(outcome, design, specification)
    shocks = estimate_ward_shocks(outcome, design, specification)
    means = _shocked_means(outcome, design, shocks, town_sd, np.random.default_rng(seed), n_simulations)
    means = means[..., : experiment.target.blocks.period_count]
    sums = [experiment.target.blocks.sums(means[:, own]) for own in experiment.target.members]

    def power(ratio: float) -> float:
        return _power(experiment, sums, ratio, np.random.default_rng(seed))

    ratio, reached = _largest_detected(power, float(experiment.statistics().std_error[0]))
    return MinimumDetectableEffect(ratio - 1, reached, _mc_error(reached, n_simulations), kappa)


def _largest_detected(power: Callable[[float], float], std_error: float) -> tuple[float, float]:
    """Return the largest ratio found with enough power, and that power; NaN and the best power where none is.

    The search starts where a normal test would have that power, widens to a bracket and halves it on the log scale.
    """
    bottom = float(np.log(SMALLEST_RATIO))
    step = max(-bottom / 2**6, WIDENING * std_error)
    high, low = 0.0, max(bottom, -NORMAL_DISTANCE * std_error)
    reached = power(float(np.exp(low)))
    while reached < POWER and low > bottom:
        high, low = low, max(bottom, low - step)
        reached, step = power(float(np.exp(low))), 2 * step
    if reached < POWER:
        return np.nan, reached
    while high - low > PRECISION:
        middle = low + min((high - low) / 2, step)
        tried = power(float(np.exp(middle)))
        low, high, reached = (middle, high, tried) if tried >= POWER else (low, middle, reached)
    return float(np.exp(low)), reached


def untreated_overdispersion(
    outcome: Array, design: Design, specification: Specification, *, width: int = LONG_PERIODS
) -> float:
    """Return κ of ward sums over `width` periods before anybody is treated, where nothing is estimated twice.

    Spans are counted back from the first donut; fewer than two of them are halved instead.
    """
    last = min(design.cutoffs)
    width = width if last >= 2 * width else max(1, last // 2)
    before = replace(design, periods=design.periods[:last], cohorts=(), starts=(), labels=(NEVER,) * len(design.labels))
    target = build_target(before, specification, Estimand("overall"), range(last % width, last, width))
    tables = tabulate(outcome[:, :last], before, target)
    return float(pooled_overdispersion([undo_programme(table, 1.0) for table in tables]))


def estimate_ward_shocks(outcome: Array, design: Design, specification: Specification) -> WardShocks:
    """Return size and persistence of ward shocks before the programme, from sums over short and long spans.

    A shock that lasts shows in yearly sums as much as in quarterly ones; one that passes averages out. With shocks of
    variance σ² and correlation ρ a span of w periods has overdispersion σ² f_w(ρ), f_w the variance of a mean of w
    such shocks; the two spans give both numbers.
    """
    short, long = (
        untreated_overdispersion(outcome, design, specification, width=width) for width in (SHORT_PERIODS, LONG_PERIODS)
    )
    if long == 0:
        return WardShocks(float(np.sqrt(short)), 0.0)
    grid = np.linspace(0.0, MOST_RHO, 100)
    shares = np.array([(_mean_variance(rho, SHORT_PERIODS), _mean_variance(rho, LONG_PERIODS)) for rho in grid])
    best = int(np.argmin(np.abs(shares[:, 1] * short - shares[:, 0] * long)))
    return WardShocks(float(np.sqrt(long / shares[best, 1])), float(grid[best]))


def _mean_variance(rho: float, width: int) -> float:
    """Return the variance of the mean of `width` unit-variance shocks with lag-one correlation rho."""
    lags = np.arange(1, width)
    return float((width + 2 * ((width - lags) * rho**lags).sum()) / width**2)


def _shocked_means(
    outcome: Array, design: Design, shocks: WardShocks, town_sd: float, rng: np.random.Generator, n_simulations: int
) -> Array:
    """Return simulated means without the programme, shape (n_simulations, W, P)."""
    fitted = impute_counterfactual(outcome, design, "two_way").expected
    known = ~np.isnan(fitted)
    usual = np.where(known, fitted, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    towns = sorted(set(design.town_codes))
    of_town = [towns.index(town) for town in design.town_codes]
    ward = _shock_paths(rng, (n_simulations, *fitted.shape), shocks.sd, shocks.rho)
    town = _shock_paths(rng, (n_simulations, len(towns), fitted.shape[1]), town_sd, TOWN_RHO)[:, of_town]
    return np.asarray(np.where(known, fitted, usual) * np.exp(ward + town))


def _shock_paths(rng: np.random.Generator, shape: tuple[int, ...], sd: float, rho: float) -> Array:
    """Return stationary autoregressive shocks of the log mean, centred so that the mean factor is 1."""
    if sd == 0:
        return np.zeros(shape)
    steps = rng.standard_normal(shape)
    for period in range(1, shape[-1]):
        steps[..., period] = rho * steps[..., period - 1] + np.sqrt(1 - rho**2) * steps[..., period]
    return np.asarray(sd * steps - sd**2 / 2)


def _power(experiment: Experiment, means: list[Array], ratio: float, rng: np.random.Generator) -> float:
    tables: list[NullTable] = []
    for mean, table in zip(means, experiment.tables, strict=True):
        sums = rng.poisson(mean * np.where(table.treated, ratio, 1.0)).astype(float)
        tables.append(undo_programme(WardTable(sums, np.ones_like(table.coverage), table.treated), 1.0))
    t = np.abs(experiment.studentise(tables).t)
    p_values = share_at_least(t, is_exact=experiment.assignments.is_exact)
    return float((p_values <= LEVEL).mean())


def _mc_error(power: float, n_simulations: int) -> float:
    return float(np.sqrt(power * (1 - power) / n_simulations))
