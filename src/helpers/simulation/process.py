"""The data-generating process: how a world with a known programme effect makes counts.

For ward i of town g(i), period t and series s, with population n, years per period Δ (1/12 for a month), rate r per
100,000 a year:

**Untreated mean of recorded incidents**::

    log μ[i,t] = log(n[i] · r · Δ / 100000)
               + a[i] + b[i,s] + c[g]                              lasting levels
               + common season[t]                                  twelve months, all towns
               + tourism[s] · season of the town[g,t]              a resort's summers, full or empty by year
               + lockdown[s] · (share of t's days locked down in g)

    a ~ N(0, σ_ward²)   c ~ N(0, σ_town²)   b ~ N(0, level_sd[s]²)

Levels are centred so that the whole study has exactly the rate r before seasons and lockdowns. They belong to the
process: a second draw from it has the same wards. A season's effect reaches a period in proportion to shared days.

**Passing shocks**, autoregressive of order one on the log scale, separate for each series::

    u[i,t] = ρ_ward · u[i,t−1] + √(1 − ρ_ward²) · σ_u · e        v[g,t] likewise with ρ_town, σ_v
    λ[i,t] = μ[i,t] · exp(u[i,t] − σ_u²/2 + v[g,t] − σ_v²/2)     so that E λ = μ

**Programme.** The effect on ward i of cohort k in period t is a multiplier m = 1 + effect · ramp
(`helpers.simulation.truth`): of incidents (m_true), or of the share of them that is recorded (m_rec).

**Counts.** Incidents happen, then some are recorded, with π the share recorded without programme::

    Γ[i,t] ~ Gamma(mean 1, variance κ)
    incidents ~ Poisson(Γ · λ/π · m_true)
    recorded  ~ Binomial(incidents, π · m_rec)

so, given λ, recorded counts are negative binomial with mean M = λ · m_true · m_rec and variance M + κM². A *recording
effect* leaves incidents as they are and changes what reaches the return.

**Nesting.** A series with parts (recorded crime) is the sum of them and of a rest: part k has the mean share_k · λ, all
share Γ. So the total is never below its parts, and its effect is the share-weighted mean of theirs: the truth states
the whole and the named parts, the rest's multiplier follows, ``(m − Σ share_k m_k) / (1 − Σ share_k)``.

**Followers** hang on their leader's recorded count Y: deaths ~ Poisson(per_incident · Y · m_own / m_leader).

**Clearance** of Y recorded cases: Binomial(Y, q · m) + Poisson(b · λ · m · m_recorded), the second being earlier cases
cleared now, so a month may clear more than it records. Here m is the effect on cleared cases *per recorded case*.

`expected_counts` are the means given the levels, over shocks and counts: exact, so a test can recover the truth
without noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import DataProblems
from helpers.simulation.calendar import build_calendar
from helpers.simulation.parameters import Part, ProcessParameters, Series, problem
from helpers.simulation.shocks import autoregressive_shocks, positions_in, random_stream
from helpers.simulation.truth import TRUTH_FILE, Effect, EffectPaths, check_effects, effect_paths
from helpers.study.design import Design
from helpers.study.objects import Study
from helpers.study.periods import PERIODS_PER_YEAR

Matrix = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PER = 100_000
REST = ""
"""Name of what is left of a whole beside its named parts."""
ROUNDING = 1e-12
"""A multiplier of the rest this far below 0 is a rounding error of the shares, not a contradiction."""


@dataclass(frozen=True, slots=True)
class Component:
    """One independently recorded piece of a series: the whole of it, a named part, or the rest."""

    indicator: str
    share: float
    recording_share: float
    paths: EffectPaths


@dataclass(frozen=True, slots=True)
class Draw:
    """One indicator's counts of one draw, each of shape (W, P): what happened, and what was recorded of it."""

    incidents: Counts
    recorded: Counts


@dataclass(frozen=True, slots=True)
class Process:
    """A study turned into a law of counts, ready to be drawn from as often as wanted.

    Attributes
    ----------
    design : Design
        Who is treated from when, in truth.
    parameters : ProcessParameters
        Everything else that was assumed.
    untreated_means : mapping of series to ndarray, shape (W, P)
        μ of the module's equations.
    components : mapping of series to tuple of Component
        The pieces a series is drawn in.
    paths : mapping of indicator to EffectPaths
        The programme's multipliers, for every simulated indicator.
    """

    design: Design
    parameters: ProcessParameters
    untreated_means: Mapping[str, Matrix]
    components: Mapping[str, tuple[Component, ...]]
    paths: Mapping[str, EffectPaths]


def build_process(study: Study, parameters: ProcessParameters, effects: Sequence[Effect], *, design: Design) -> Process:
    """Return the process of a study under some parameters, effects and true treatment.

    Parameters
    ----------
    study : Study
        Wards, populations and shocks.
    parameters : ProcessParameters
        The world; vary it with `dataclasses.replace`.
    effects : sequence of Effect
        One per simulated indicator and cohort of the design; `no_effects` makes the null.
    design : Design
        The true treatment.

    Raises
    ------
    DataProblems
        If effects are missing or cannot be: a part falling by more than its whole allows, a recorded share above 1, or
        a ward without population.

    Examples
    --------
    >>> from helpers.simulation import load_parameters, read_effects
    >>> from helpers.study import build_design, load_study
    >>> study = load_study("nghe_an")
    >>> process = build_process(study, load_parameters(study), read_effects(study), design=build_design(study))
    >>> process.untreated_means["fires"].shape
    (32, 60)
    """
    check_effects(effects, parameters, design)
    calendar = build_calendar(study, design, parameters)
    population = _populations(study, design)
    paths = {name: effect_paths(effects, design, name) for name in parameters.indicators}
    process = Process(
        design=design,
        parameters=parameters,
        untreated_means={
            series.indicator: _base_means(population, design, parameters, series) * np.exp(calendar.log_effects(series))
            for series in parameters.series
        },
        components={series.indicator: _components(series, parameters.parts, paths) for series in parameters.series},
        paths=paths,
    )
    _check_shares(process)
    return process


def no_effects(parameters: ProcessParameters, design: Design) -> tuple[Effect, ...]:
    """Return effects of zero on every indicator in every cohort: the null hypothesis."""
    return tuple(Effect(name, cohort, "none", 0.0, 1) for name in parameters.indicators for cohort in design.cohorts)


def without_programme(process: Process) -> Process:
    """Return the same world in which the programme changes nothing."""
    effects = no_effects(process.parameters, process.design)
    paths = {name: effect_paths(effects, process.design, name) for name in process.paths}
    components = {s.indicator: _components(s, process.parameters.parts, paths) for s in process.parameters.series}
    return replace(process, components=components, paths=paths)


def expected_counts(process: Process) -> dict[str, Matrix]:
    """Return every indicator's mean, shape (W, P), given the levels and over everything that passes.

    For the clearance ratio it is the mean number of cleared cases.
    """
    parameters = process.parameters
    multipliers = {indicator: paths.recorded for indicator, paths in process.paths.items()}
    means = {name: untreated * multipliers[name] for name, untreated in process.untreated_means.items()}
    for part in parameters.parts:
        means[part.indicator] = part.share * process.untreated_means[part.whole] * multipliers[part.indicator]
    for row in parameters.followers:
        relative = multipliers[row.indicator] / multipliers[row.leader]
        means[row.indicator] = row.per_incident * means[row.leader] * relative
    for clearance in parameters.clearance:
        share = clearance.same_period_share + clearance.backlog_share
        means[clearance.indicator] = share * means[clearance.recorded] * multipliers[clearance.indicator]
    return dict(sorted(means.items()))


def draw_counts(process: Process, *, seed: int) -> dict[str, Draw]:
    """Return one draw of every indicator from the process.

    Each series has its own random stream, so two processes that differ in one series draw all others alike.
    """
    draws: dict[str, Draw] = {}
    intensities: dict[str, Matrix] = {}
    for series in process.parameters.series:
        rng = random_stream(seed, series.indicator)
        intensities[series.indicator] = process.untreated_means[series.indicator] * _shock_factors(process, rng)
        draws |= _draw_series(process, series, intensities[series.indicator], rng)
    for part in process.parameters.parts:
        intensities[part.indicator] = part.share * intensities[part.whole]
    draws |= _draw_followers(process, draws, seed)
    draws |= _draw_clearance(process, draws, intensities, seed)
    return dict(sorted(draws.items()))


def _populations(study: Study, design: Design) -> Matrix:
    population = {ward.ward_id: ward.population_count for ward in study.wards}
    lacking = [ward for ward in design.ward_ids if not population[ward]]
    if lacking:
        rule = "a simulated ward needs a population"
        raise DataProblems(problem(ward, "", rule, "Fill in population_count", file="wards.csv") for ward in lacking)
    return np.array([population[ward] for ward in design.ward_ids], dtype=float)


def _base_means(population: Matrix, design: Design, parameters: ProcessParameters, series: Series) -> Matrix:
    towns, town_of = positions_in(design.town_codes)
    wards = len(design.ward_ids)
    shared = parameters.levels.ward_sd * random_stream(parameters.seed, "levels", "wards").standard_normal(wards)
    of_town = parameters.levels.town_sd * random_stream(parameters.seed, "levels", "towns").standard_normal(len(towns))
    own = series.level_sd * random_stream(parameters.seed, "levels", series.indicator).standard_normal(wards)
    level = np.exp(shared + own + of_town[town_of])
    centred = level * population.sum() / (level * population).sum()
    means: Matrix = population * centred * series.rate_per_100k / PER / PERIODS_PER_YEAR[design.period_kind]
    return means.reshape(-1, 1)


def _components(series: Series, parts: Sequence[Part], paths: Mapping[str, EffectPaths]) -> tuple[Component, ...]:
    named = [part for part in parts if part.whole == series.indicator]
    if not named:
        return (Component(series.indicator, 1.0, series.recording_share, paths[series.indicator]),)
    rest_share = 1.0 - sum(part.share for part in named)
    taken = sum((part.share * paths[part.indicator].recorded for part in named), np.zeros(()))
    rest = (paths[series.indicator].recorded - taken) / rest_share
    if rest.min() < -ROUNDING:
        rule = "the effect on a whole leaves room for its parts: what is no named part would have to fall below 0"
        remedy = "Bring the effects on the whole and on its parts nearer to each other"
        raise DataProblems([problem(series.indicator, f"{rest.min():.3g}", rule, remedy, file=TRUTH_FILE)])
    rest_paths = EffectPaths(incidence=np.maximum(rest, 0.0), recording=np.ones_like(rest))
    pieces = [Component(part.indicator, part.share, part.recording_share, paths[part.indicator]) for part in named]
    return (*pieces, Component(REST, rest_share, series.recording_share, rest_paths))


def _check_shares(process: Process) -> None:
    recorded = [
        (piece.indicator, piece.recording_share * piece.paths.recording.max())
        for pieces in process.components.values()
        for piece in pieces
    ]
    cleared = [
        (row.indicator, row.same_period_share * process.paths[row.indicator].recorded.max())
        for row in process.parameters.clearance
    ]
    above = [(name, share) for name, share in (*recorded, *cleared) if share > 1]
    if above:
        rule = "no more than all incidents can be recorded, or cleared in the period they are recorded in"
        remedy = "Make its effect or share smaller"
        raise DataProblems(problem(name, f"{share:.3g}", rule, remedy, file=TRUTH_FILE) for name, share in above)


def _shock_factors(process: Process, rng: np.random.Generator) -> Matrix:
    towns, town_of = positions_in(process.design.town_codes)
    periods = len(process.design.periods)
    law = process.parameters.shocks
    ward = autoregressive_shocks(rng, len(process.design.ward_ids), periods, law.ward)
    town = autoregressive_shocks(rng, len(towns), periods, law.town)[town_of]
    factors: Matrix = np.exp(ward + town - (law.ward.sd**2 + law.town.sd**2) / 2)
    return factors


def _draw_series(process: Process, series: Series, intensity: Matrix, rng: np.random.Generator) -> dict[str, Draw]:
    kappa = series.dispersion
    gamma = rng.gamma(1 / kappa, kappa, intensity.shape) if kappa > 0 else np.ones_like(intensity)
    draws: dict[str, Draw] = {}
    for piece in process.components[series.indicator]:
        mean = gamma * intensity * piece.share / piece.recording_share * piece.paths.incidence
        incidents = rng.poisson(mean)
        draws[piece.indicator] = Draw(incidents, rng.binomial(incidents, piece.recording_share * piece.paths.recording))
    if REST in draws:
        pieces = list(draws.values())
        draws.pop(REST)
        draws[series.indicator] = Draw(
            incidents=np.sum([piece.incidents for piece in pieces], axis=0),
            recorded=np.sum([piece.recorded for piece in pieces], axis=0),
        )
    return draws


def _draw_followers(process: Process, draws: Mapping[str, Draw], seed: int) -> dict[str, Draw]:
    followers = {}
    for row in process.parameters.followers:
        own, leader = process.paths[row.indicator].recorded, process.paths[row.leader].recorded
        mean = row.per_incident * draws[row.leader].recorded * own / leader
        counts = random_stream(seed, row.indicator).poisson(mean)
        followers[row.indicator] = Draw(incidents=counts, recorded=counts)
    return followers


def _draw_clearance(
    process: Process, draws: Mapping[str, Draw], intensities: Mapping[str, Matrix], seed: int
) -> dict[str, Draw]:
    cleared = {}
    for row in process.parameters.clearance:
        rng = random_stream(seed, row.indicator)
        effect, recorded = process.paths[row.indicator].recorded, process.paths[row.recorded].recorded
        now = rng.binomial(draws[row.recorded].recorded, row.same_period_share * effect)
        earlier = rng.poisson(row.backlog_share * intensities[row.recorded] * recorded * effect)
        cleared[row.indicator] = Draw(incidents=now + earlier, recorded=now + earlier)
    return cleared
