"""How large an effect would have to be before this design could see it: the minimum detectable effect.

Simulated counts with the wards' own levels, the periods' own course and the overdispersion of the untreated cells are
put through the very test that will be used, at hypothetical effects and never at the estimate. A null result says
nothing without this number beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import Specification
from helpers.inference.null_model import NullTable, WardTable, undo_programme
from helpers.inference.randomisation import LEVEL, Experiment, build_experiment, share_at_least
from helpers.inference.ward_shocks import (
    FEWEST_SPANS,
    SHOCKS_NOT_SEEN,
    WardShocks,
    possible_ward_shocks,
    shock_paths,
    untreated_overdispersion,
)
from helpers.study.design import Design

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
N_SIMULATIONS, N_DRAWS = 200, 199
"""Simulated studies per hypothetical effect, and relabellings in each: a power near .80 is then known to .03."""
NEAR_STEP = 2 * PRECISION
"""First step of a search that begins near the answer."""
NONE_ATTAINABLE = "none attainable: not even a fall by 95% is found with 80% power"
TWO_ENDS = (
    "the time before the programme is too short to see how long shocks of single wards last: of the answers for shocks "
    "that pass at once and for shocks that last, this is the worse"
)


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
        Overdispersion of ward sums over a year before the programme (over half the time before, where two years do not
        fit): what the simulated ward shocks reproduce. NaN, like the rest, where it cannot be seen.
    is_worse_end : bool
        Whether persistence is not identified, so that the effect is the worse of two (`possible_ward_shocks`).
    """

    effect: float
    power: float
    mc_error: float
    kappa: float
    is_worse_end: bool = False

    @property
    def note(self) -> str:
        """Return why there is no number, or which of two it is, or an empty text."""
        if np.isnan(self.kappa):
            return SHOCKS_NOT_SEEN
        said = ("" if np.isfinite(self.effect) else NONE_ATTAINABLE, TWO_ENDS if self.is_worse_end else "")
        return "; ".join(filter(None, said))


def minimum_detectable_effect(
    outcome: Array,
    design: Design,
    estimand: Estimand,
    *,
    specification: Specification,
    seed: int,
    town_sd: float = 0.0,
    n_simulations: int = N_SIMULATIONS,
    n_draws: int = N_DRAWS,
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
    with the size and persistence seen before the programme, times town shocks of the size assumed. Where the time
    before is too short to see persistence, the larger fall of two ends is given; where it is a single period, none.
    Town shocks cancel in the town × period specification. In the two-way one they make chance differences between
    towns: power there is a share of rejections, of which some are the towns'.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    experiment = build_experiment(outcome, design, specification, estimand, n_draws=n_draws, seed=seed)
    if min(design.cutoffs) < FEWEST_SPANS:
        return MinimumDetectableEffect(np.nan, np.nan, np.nan, np.nan)
    studies = simulate_studies(outcome, design, specification, seed=seed, town_sd=town_sd, n_simulations=n_simulations)
    return _smallest_detected(experiment, studies)


@dataclass(frozen=True, slots=True)
class SimulatedStudies:
    """Mean counts of simulated studies without the programme: what all estimands of one specification are tried on.

    Attributes
    ----------
    outcome : ndarray, shape (W, P)
        The counts they were made from.
    design : Design
    specification : str
    seed : int
    kappa : float
        Overdispersion as in `MinimumDetectableEffect`.
    means : tuple of ndarray, each of shape (n_simulations, W, P)
        One for each of `possible_ward_shocks`.
    """

    outcome: Array
    design: Design
    specification: Specification
    seed: int
    kappa: float
    means: tuple[Array, ...]

    def experiment(self, estimand: Estimand, n_draws: int) -> Experiment:
        """Return the test of an estimand that the simulated studies are put through."""
        return build_experiment(
            self.outcome, self.design, self.specification, estimand, n_draws=n_draws, seed=self.seed
        )


def simulate_studies(
    outcome: Array,
    design: Design,
    specification: Specification,
    *,
    seed: int,
    town_sd: float = 0.0,
    n_simulations: int = N_SIMULATIONS,
) -> SimulatedStudies:
    """Return simulated studies for `detect` and `power_curve`; see `minimum_detectable_effect` for their making.

    Raises
    ------
    EstimationError
        If a single period lies before the first donut.
    """
    kappa = untreated_overdispersion(outcome, design, specification)
    means = tuple(
        _shocked_means(outcome, design, shocks, town_sd, np.random.default_rng(seed), n_simulations)
        for shocks in possible_ward_shocks(outcome, design, specification)
    )
    return SimulatedStudies(outcome, design, specification, seed, kappa, means)


def detect(
    studies: SimulatedStudies, estimand: Estimand, *, near: float = np.nan, n_draws: int = N_DRAWS
) -> MinimumDetectableEffect:
    """Return the minimum detectable effect of one estimand in simulated studies.

    Parameters
    ----------
    near : float, optional
        An effect that the answer is expected near, such as that without town shocks: the search begins there, in
        small steps, and asks about half as many effects. The answer has the same precision.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    return _smallest_detected(studies.experiment(estimand, n_draws), studies, near)


def power_curve(
    studies: SimulatedStudies, estimand: Estimand, effects: Sequence[float], *, n_draws: int = N_DRAWS
) -> list[float]:
    """Return the power of the test at each effect on the ratio scale (0: how often it rejects a true null).

    The same simulated counts serve every effect, so the curve is smoother than its Monte-Carlo error. Where persistence
    is not identified it is the worse of two: the lower power, and the more false alarms.
    """
    experiment = studies.experiment(estimand, n_draws)
    powers = [
        [_power(experiment, sums, studies.seed, 1 + effect) for effect in effects]
        for sums in _block_sums(experiment, studies)
    ]
    return [
        min(at_effect) if effect else max(at_effect)
        for effect, at_effect in zip(effects, zip(*powers, strict=True), strict=True)
    ]


def _smallest_detected(
    experiment: Experiment, studies: SimulatedStudies, near: float = np.nan
) -> MinimumDetectableEffect:
    """Return the effect found with enough power in all the studies: of several answers the largest fall, or none."""
    bottom = float(np.log(SMALLEST_RATIO))
    if np.isfinite(near):
        start, step = max(bottom, float(np.log1p(near))), NEAR_STEP
    else:
        std_error = float(experiment.statistics().std_error[0])
        start = max(bottom, -NORMAL_DISTANCE * std_error)
        step = max(-bottom / 2**6, WIDENING * std_error)
    answers = [
        _largest_detected(partial(_power, experiment, sums, studies.seed), start, step)
        for sums in _block_sums(experiment, studies)
    ]
    ratio, reached = min(answers, key=lambda answer: (np.isfinite(answer[0]), answer[0]))
    error = _mc_error(reached, len(studies.means[0]))
    return MinimumDetectableEffect(ratio - 1, reached, error, studies.kappa, is_worse_end=len(answers) > 1)


def _block_sums(experiment: Experiment, studies: SimulatedStudies) -> list[list[Array]]:
    """Return the sums of each stratum, once for each of the shocks that are possible."""
    blocks = experiment.target.blocks
    cut = [means[..., : blocks.period_count] for means in studies.means]
    return [[blocks.sums(means[:, own]) for own in experiment.target.members] for means in cut]


def _largest_detected(power: Callable[[float], float], start: float, step: float) -> tuple[float, float]:
    """Return the largest ratio found with enough power, and that power; NaN and the best power where none is.

    The search begins at `start`, widens to a bracket by steps and halves it, all on the log scale.
    """
    bottom = float(np.log(SMALLEST_RATIO))
    high, low = 0.0, start
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


def _shocked_means(
    outcome: Array, design: Design, shocks: WardShocks, town_sd: float, rng: np.random.Generator, n_simulations: int
) -> Array:
    """Return simulated means without the programme, shape (n_simulations, W, P)."""
    fitted = impute_counterfactual(outcome, design, "two_way").expected
    known = ~np.isnan(fitted)
    usual = np.where(known, fitted, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    towns = sorted(set(design.town_codes))
    of_town = [towns.index(town) for town in design.town_codes]
    ward = shock_paths(rng, (n_simulations, *fitted.shape), shocks.sd, shocks.rho)
    town = shock_paths(rng, (n_simulations, len(towns), fitted.shape[1]), town_sd, TOWN_RHO)[:, of_town]
    return np.asarray(np.where(known, fitted, usual) * np.exp(ward + town))


def _power(experiment: Experiment, means: list[Array], seed: int, ratio: float) -> float:
    rng = np.random.default_rng(seed)
    tables: list[NullTable] = []
    for mean, table in zip(means, experiment.tables, strict=True):
        sums = rng.poisson(mean * np.where(table.treated, ratio, 1.0)).astype(float)
        tables.append(undo_programme(WardTable(sums, np.ones_like(table.coverage), table.treated), 1.0))
    t = np.abs(experiment.studentise(tables).t)
    p_values = share_at_least(t, is_exact=experiment.assignments.is_exact)
    return float((p_values <= LEVEL).mean())


def _mc_error(power: float, n_simulations: int) -> float:
    return float(np.sqrt(power * (1 - power) / n_simulations))
