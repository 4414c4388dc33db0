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
from helpers.inference.null_model import NullTable, WardTable, overdispersion, tabulate, undo_programme
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
        Overdispersion of ward × block sums that was simulated.
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
    n_simulations: int = 200,
    n_draws: int = 199,
) -> MinimumDetectableEffect:
    """Return the smallest common fall that the randomisation test detects with 80% power at the 5% level.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; only untreated cells are used.
    n_simulations, n_draws : int
        Simulated studies per hypothetical effect, and relabellings in each.

    Notes
    -----
    Simulated ward × block sums are Poisson–gamma: mean of the untreated fit times the hypothetical ratio in treated
    cells, and a gamma factor of variance κ per ward and block. Shocks common to a town are not simulated: they cancel
    in the town × period specification and make the two-way one look better than it is.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.
    """
    experiment = build_experiment(outcome, design, specification, estimand, n_draws=n_draws, seed=seed)
    means = _untreated_means(outcome, design, experiment)
    kappa = untreated_overdispersion(outcome, design, specification)

    def power(ratio: float) -> float:
        return _power(experiment, means, kappa, ratio, np.random.default_rng(seed), n_simulations)

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


def untreated_overdispersion(outcome: Array, design: Design, specification: Specification) -> float:
    """Return κ of ward × year sums before anybody is treated, where the table is whole and nothing is estimated twice.

    Years are counted back from the first donut; fewer than two of them are halved instead.
    """
    last = min(design.cutoffs)
    width = 12 if last >= 24 else max(1, last // 2)
    before = replace(design, periods=design.periods[:last], cohorts=(), starts=(), labels=(NEVER,) * len(design.labels))
    target = build_target(before, specification, Estimand("overall"), range(last % width, last, width))
    tables = tabulate(outcome[:, :last], before, target)
    return float(overdispersion([undo_programme(table, 1.0) for table in tables]))


def _untreated_means(outcome: Array, design: Design, experiment: Experiment) -> tuple[Array, ...]:
    """Return, per stratum, what each ward would have had in each block without the programme, shape (W, K)."""
    fitted = impute_counterfactual(outcome, design, "two_way").expected
    known = ~np.isnan(fitted)
    usual = np.where(known, fitted, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    fitted = np.where(known, fitted, usual)
    blocks = experiment.target.blocks
    return tuple(blocks.sums(fitted[own]) for own in experiment.target.members)


def _power(
    experiment: Experiment,
    means: tuple[Array, ...],
    kappa: float,
    ratio: float,
    rng: np.random.Generator,
    n_simulations: int,
) -> float:
    tables: list[NullTable] = []
    for mean, table in zip(means, experiment.tables, strict=True):
        shape = (n_simulations, *mean.shape)
        factor = rng.gamma(1 / kappa, kappa, size=shape) if kappa > 0 else np.ones(shape)
        sums = rng.poisson(mean * np.where(table.treated, ratio, 1.0) * factor).astype(float)
        tables.append(undo_programme(WardTable(sums, np.ones_like(table.coverage), table.treated), 1.0))
    t = np.abs(experiment.studentise(tables).t)
    p_values = share_at_least(t, is_exact=experiment.assignments.is_exact)
    return float((p_values <= LEVEL).mean())


def _mc_error(power: float, n_simulations: int) -> float:
    return float(np.sqrt(power * (1 - power) / n_simulations))
