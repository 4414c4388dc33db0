"""False alarms, coverage and power of every method on simulated Nghệ An studies: `make validate PART=size`.

A *cell* is a world (how wards and towns move), a layout (which wards are the pilots) and a rate. For each cell the
study draws counts from the equations of `helpers.simulation.process` (one series, no levels, seasons or lockdowns
except in the world "shipped", which has the shipped study's own) and asks how often a test at 5% rejects.

Every replication has its own random streams, keyed by cell, true effect and number, so no result depends on order,
batches or workers. Batches are appended to ``data/processed/validation/size.jsonl``; what is there is not run again.
"""

import argparse
import json
import os
import sys
import time
import warnings
import zlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers.estimation.estimands import Estimand, early_design
from helpers.inference.randomisation import build_experiment, equal_tailed_accepts, two_sided_p
from helpers.paths import processed_folder, project_root, written_beside
from helpers.simulation import WORLDS, World, load_parameters, study_process
from helpers.simulation.parameters import Autoregression
from helpers.simulation.shocks import autoregressive_shocks, positions_in
from helpers.study import build_design, load_study
from helpers.study.design import NEVER, TREATED, Design

COMMAND = "make validate PART=size"
VERSION = "1"
"""Raise it when a change could alter a stored number; lines of other versions are ignored, and so run again."""
SEED = 20_261_123
STUDY, INDICATOR = "nghe_an", "crime_order"
LEVEL = 0.05
BATCH = 50
N_DRAWS = 399
"""400 with the actual labelling: 5% and 2.5% of them are whole numbers, so neither test is coarse for that reason."""
WILD_DRAWS = 199
AHEAD = 8
"""Batches handed out before the oldest is waited for: they are stored in order, whichever ends first."""
FAMILY = 3
"""Outcomes of a declared family, here independent draws."""

UNTUNED = World(ward=Autoregression(sd=0.35, rho=0.4), town=Autoregression(sd=0.20, rho=0.5))
OWN_WORLDS = ("A", "B", "C", "C2", "other", "shipped")
COMPARED_WORLDS = ("A", "B", "C", "C2")
LAYOUTS = ("small", "actual", "large")
RATES = ("real", "mean5")
RATE_PER_100K, MEAN_COUNT = 60.0, 5.0
KAPPA, UNTUNED_KAPPA = 0.15, 0.5
SPECIFICATIONS = ("two_way", "town_period")
TARGETS = ("overall", "pilots", "2023")
CASES = {
    "null": (1.0, 1.0),
    "-20%": (0.80, 0.80),
    "-39%": (0.61, 0.61),
    "-63%": (0.37, 0.37),
    "+50%": (1.50, 1.50),
    "unequal": (0.37, 0.80),
}
"""True ratios of the two cohorts; "null" is the coverage at 0."""
EFFECTS = tuple(case for case in CASES if case != "null")
POWER_CASES = ("-39%", "-63%")

PARTS = ("null", "coverage", "again", "other", "own", "peers")
REPLICATIONS = {"null": 2000, "coverage": 600, "other": 500, "own": 500, "peers": 400}
QUICK = dict.fromkeys(REPLICATIONS, 3)
AGAIN_TIMES = 4
"""A cell that falls short is measured again on this many times as many fresh replications, and judged by those alone.
Of hundreds of marks at two standard errors some fall short of a perfect test by chance; few do so twice."""
AGAIN_FIRST = 1_000_000
"""Number of the first fresh replication: above any of the first stage."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A world, which wards are the pilots, and a rate."""

    world: str
    layout: str
    rate: str

    @property
    def name(self) -> str:
        return f"{self.world}_{self.layout}_{self.rate}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a cell draws from: designs, untreated means (W, P), the law of shocks and counts."""

    design: Design
    early: Design
    means: np.ndarray
    shocks: World
    kappa: float


@dataclass(frozen=True, slots=True)
class Task:
    """One batch: replications `first` to `first + count − 1` of one part of one cell at one true effect."""

    part: str
    cell: str
    case: str
    batch: int
    first: int
    count: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.part, self.cell, self.case, self.batch


CELLS = {cell.name: cell for cell in (Cell(*names) for names in product(OWN_WORLDS, LAYOUTS, RATES))}


@cache
def build_setting(name: str) -> Setting:
    """Return what a cell draws from."""
    cell, study = CELLS[name], load_study(STUDY)
    parameters = load_parameters(study)
    counts = {ward.ward_id: float(ward.population_count or 0) for ward in study.wards}
    design = build_design(study, timing=parameters.timing, roster="given")
    population = np.array([counts[ward] for ward in design.ward_ids])
    design = with_pilots(design, population, cell.layout)
    early = early_design(design)
    assert early is not None
    if cell.world == "shipped":
        means = study_process(study).untreated_means[INDICATOR]
    else:
        means = np.tile((population * RATE_PER_100K / 100_000 / 12)[:, None], len(design.periods))
    if cell.rate == "mean5":
        means = means * MEAN_COUNT / means.mean()
    shocks = {**WORLDS, "other": UNTUNED, "shipped": parameters.shocks}[cell.world]
    return Setting(design, early, means, shocks, UNTUNED_KAPPA if cell.world == "other" else KAPPA)


def with_pilots(design: Design, population: np.ndarray, layout: str) -> Design:
    """Return the design with the smallest or largest wards of each pilot's town as pilots, labels swapped.

    The number of model wards of each cohort in each town stays what the reading says.
    """
    if layout == "actual":
        return design
    labels, towns = list(design.labels), np.array(design.town_codes)
    for town in sorted(set(design.town_codes)):
        wards = np.flatnonzero(towns == town)
        pilots = {int(ward) for ward in wards if labels[ward] == 0}
        ranked = sorted(wards.tolist(), key=lambda ward: population[ward], reverse=layout == "large")
        chosen = set(ranked[: len(pilots)])
        for leaves, enters in zip(sorted(pilots - chosen), sorted(chosen - pilots), strict=True):
            labels[leaves], labels[enters] = labels[enters], labels[leaves]
    return design.with_labels(labels)


def draw_outcome(setting: Setting, ratios: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return counts, shape (W, P), of one series: equations in `helpers.simulation.process`, full effect at once."""
    design, law = setting.design, setting.shocks
    towns, town_of = positions_in(design.town_codes)
    periods = len(design.periods)
    ward = autoregressive_shocks(rng, len(design.ward_ids), periods, law.ward)
    town = autoregressive_shocks(rng, len(towns), periods, law.town)[town_of]
    factors = np.exp(ward + town - (law.ward.sd**2 + law.town.sd**2) / 2)
    effect = np.ones_like(factors)
    for cohort, ratio in enumerate(ratios):
        effect[np.array(design.labels) == cohort, design.starts[cohort] :] = ratio
    gamma = rng.gamma(1 / setting.kappa, setting.kappa, factors.shape)
    return rng.poisson(setting.means * factors * gamma * effect).astype(float)


def draw_replication(cell: str, case: str, replication: int) -> tuple[np.ndarray, int]:
    """Return one replication's counts and the seed of its relabellings."""
    key = (zlib.crc32(f"{cell}/{case}".encode()), replication)
    data, relabel = np.random.SeedSequence(SEED, spawn_key=key).spawn(2)
    outcome = draw_outcome(build_setting(cell), CASES[case], np.random.default_rng(data))
    return outcome, int(relabel.generate_state(1)[0])


def view(setting: Setting, target: str) -> tuple[Design, Estimand]:
    """Return the design and the estimand of a target."""
    first, second = setting.design.cohorts
    return {
        "overall": (setting.design, Estimand("overall")),
        "pilots": (setting.early, Estimand("cohort_before_next", first)),
        "2023": (setting.design, Estimand("cohort", second)),
    }[target]


def true_ratio(case: str, target: str) -> float | None:
    """Return the true ratio of a target; None overall when the cohorts differ, as no common ratio is true then."""
    first, second = CASES[case]
    return {"overall": first if first == second else None, "pilots": first, "2023": second}[target]


def measure(task: Task) -> dict[str, list[float | None]]:
    """Return every number of one batch, a list over its replications by column."""
    columns: dict[str, list[float | None]] = defaultdict(list)
    for replication in range(task.first, task.first + task.count):
        outcome, seed = draw_replication(task.cell, task.case, replication)
        for name, value in MEASURES[task.part](outcome, build_setting(task.cell), task.case, seed):
            is_number = value is not None and np.isfinite(value)
            columns[name].append(round(float(value), 6) if is_number else None)
    return dict(columns)


Measured = Iterator[tuple[str, float | None]]


def measure_randomisation(outcome: np.ndarray, setting: Setting, case: str, seed: int) -> Measured:
    """Yield, per specification and target: p, acceptance at the true ratio, and p of the unstudentised log ratio."""
    for target, specification in product(TARGETS, SPECIFICATIONS):
        ratio = true_ratio(case, target)
        if ratio is None:
            continue
        design, estimand = view(setting, target)
        cut = outcome[:, : len(design.periods)]
        experiment = build_experiment(cut, design, specification, estimand, n_draws=N_DRAWS, seed=seed)
        is_exact = experiment.assignments.is_exact
        at_one = experiment.statistics()
        at_truth = at_one if ratio == 1.0 else experiment.statistics(ratio)
        yield f"{specification}.{target}.p", two_sided_p(at_one.t, is_exact=is_exact)
        yield f"{specification}.{target}.accepts", equal_tailed_accepts(at_truth.t, is_exact=is_exact)
        if case == "null":
            raw = _log_ratio(at_one.observed, at_one.expected)
            yield f"{specification}_raw.{target}.p", two_sided_p(raw, is_exact=is_exact)


def _log_ratio(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return log(O / E), a very large number where one of the two is 0, and 0 where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.log(observed) - np.log(expected), nan=0.0, posinf=1e6, neginf=-1e6)


def measure_other(outcome: np.ndarray, setting: Setting, case: str, seed: int) -> Measured:
    """Yield p of the project's own comparison regression and of the restricted wild cluster bootstrap."""
    from helpers.estimation.twfe_poisson import twfe_poisson

    yield "twfe_poisson.overall.p", twfe_poisson(outcome, setting.design, INDICATOR).rows[0].p_value
    for target in ("overall", "pilots"):
        design, _ = view(setting, target)
        cut = outcome[:, : len(design.periods)]
        yield f"wild_bootstrap.{target}.p", wild_bootstrap_p(cut, design, np.random.default_rng(seed))


def measure_own(outcome: np.ndarray, setting: Setting, case: str, seed: int) -> Measured:
    """Yield p of the jackknife and of the variant that draws from comparison wards only."""
    from helpers.inference.analysis import Analysis
    from helpers.inference.comparison_only import comparison_only
    from helpers.inference.jackknife import jackknife

    analysis = Analysis(INDICATOR, outcome, setting.design, N_DRAWS, seed)
    for specification in SPECIFICATIONS:
        for target in ("overall", "2023"):
            row = jackknife(analysis, specification, view(setting, target)[1])
            yield f"jackknife_{specification}.{target}.p", row.p_value
        yield f"comparison_only_{specification}.pilots.p", comparison_only(analysis, specification).p_value


def measure_peers(outcome: np.ndarray, setting: Setting, case: str, seed: int) -> Measured:
    """Yield p of the libraries' defaults, on all months and on those before the second cohort."""
    for target, (name, peer) in product(("overall", "pilots"), PEERS.items()):
        design, _ = view(setting, target)
        frame = long_frame(outcome, design)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library's advice about one simulated draw is not the question here
            try:
                p_value = peer(frame)
            except (ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError):
                p_value = None
        yield f"{name}.{target}.p", p_value


MEASURES = {
    "null": measure_randomisation,
    "coverage": measure_randomisation,
    "again": measure_randomisation,
    "other": measure_other,
    "own": measure_own,
    "peers": measure_peers,
}


def demeaned(matrix: np.ndarray) -> np.ndarray:
    """Return a (W, P) matrix without its row and column means."""
    return matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0, keepdims=True) + matrix.mean()


def treated_cells(design: Design) -> np.ndarray:
    """Return 1 in treated cells, shape (W, P); the donut counts as untreated, as in the libraries' defaults."""
    return (design.cell_states() == TREATED).astype(float)


def wild_bootstrap_p(outcome: np.ndarray, design: Design, rng: np.random.Generator) -> float:
    """Return p of the restricted wild cluster bootstrap of the two-way linear regression, Rademacher by ward.

    Residuals u of the fit without effect have zero row and column means, so those of the signed ones, g·u, are
    g·u − (column means of g·u).
    """
    signs = rng.choice([-1.0, 1.0], size=(WILD_DRAWS, len(outcome)))
    signs = np.vstack([np.ones(len(outcome)), signs])
    t = np.abs(bootstrap_t(demeaned(outcome), demeaned(treated_cells(design)), signs))
    return float((1 + (t[1:] >= t[0] * (1 - 1e-9)).sum()) / (1 + WILD_DRAWS))


def bootstrap_t(residuals: np.ndarray, treated: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return, per row of signs (B, W), the clustered t (no small-sample factor) of the signed residuals."""
    weight, by_ward = (treated**2).sum(), (treated**2).sum(axis=1)
    column_means = signs @ residuals / len(residuals)
    moments = signs * (treated * residuals).sum(axis=1) - column_means @ treated.T
    slopes = moments.sum(axis=1) / weight
    scores = moments - slopes[:, None] * by_ward
    return slopes * weight / np.sqrt((scores**2).sum(axis=1))


def long_frame(outcome: np.ndarray, design: Design) -> pd.DataFrame:
    """Return ward, period, first treated period (0 = never), treated and y, as the libraries want them."""
    wards, periods = len(design.ward_ids), len(design.periods)
    first = np.array([0 if label == NEVER else design.starts[label] + 1 for label in design.labels])
    return pd.DataFrame(
        {
            "ward": np.repeat(np.arange(wards), periods),
            "period": np.tile(np.arange(1, periods + 1), wards),
            "first": np.repeat(first, periods),
            "treated": treated_cells(design).ravel(),
            "y": outcome[:, :periods].ravel(),
        }
    )


def ols_cluster_p(frame: pd.DataFrame) -> float:
    """Two-way OLS, clustered by ward, t with G − 1 degrees of freedom."""
    wide = {name: frame.pivot(index="ward", columns="period", values=name).to_numpy() for name in ("y", "treated")}
    treated, own = demeaned(wide["treated"]), demeaned(wide["y"])
    weight, groups = (treated**2).sum(), len(own)
    slope = (treated * own).sum() / weight
    scores = (treated * (own - slope * treated)).sum(axis=1)
    t = slope / np.sqrt(groups / (groups - 1) * (scores**2).sum() / weight**2)
    return float(2 * stats.t.sf(abs(t), groups - 1))


def fepois_p(frame: pd.DataFrame) -> float:
    """pyfixest's Poisson with fixed effects, clustered by ward; k_fixef="full", as the default depends on a hash."""
    import pyfixest

    small_sample = pyfixest.ssc(k_fixef="full")
    fit = pyfixest.fepois("y ~ treated | ward + period", data=frame, vcov={"CRV1": "ward"}, ssc=small_sample)
    return float(fit.pvalue()["treated"])


def glm_p(frame: pd.DataFrame) -> float:
    """statsmodels' Poisson GLM with dummies, clustered by ward."""
    import statsmodels.api as sm

    dummies = [pd.get_dummies(frame["ward"], dtype=float), pd.get_dummies(frame["period"], dtype=float).iloc[:, 1:]]
    regressors = np.column_stack([frame["treated"], *dummies])
    model = sm.GLM(frame["y"].to_numpy(), regressors, family=sm.families.Poisson())
    return float(model.fit(cov_type="cluster", cov_kwds={"groups": frame["ward"].to_numpy()}).pvalues[0])


def diff_diff_p(estimator: str, frame: pd.DataFrame, **options: object) -> float:
    """One of diff-diff's estimators, analytic p of its overall effect."""
    import diff_diff

    fit = getattr(diff_diff, estimator)(**options).fit(
        frame, outcome="y", unit="ward", time="period", first_treat="first"
    )
    return float(fit.overall_p_value)


PEERS = {
    "ols_cluster": ols_cluster_p,
    "fepois": fepois_p,
    "glm_poisson": glm_p,
    "callaway_santanna": lambda frame: diff_diff_p("CallawaySantAnna", frame),
    "imputation": lambda frame: diff_diff_p("ImputationDiD", frame),
    "etwfe_poisson": lambda frame: diff_diff_p("WooldridgeDiD", frame, method="poisson"),
}


class Store:
    """The batches measured so far, one JSON line each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batches: dict[tuple[str, str, str, int], tuple[Task, dict[str, list[float | None]]]] = {}
        if not path.is_file():
            return
        whole = path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if kept != whole:  # a run was stopped in the middle of a line
            path.write_bytes(kept)
        for line in kept.decode("utf-8").splitlines():
            record = json.loads(line)
            if record["version"] == VERSION:
                task = Task(**record["task"])
                self.batches[task.key] = task, record["columns"]

    def append(self, task: Task, columns: dict[str, list[float | None]]) -> None:
        """Keep one batch, in memory and as a line of the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        record = {"version": VERSION, "task": asdict(task), "columns": columns}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
        self.batches[task.key] = task, columns

    def gather(self) -> "Results":
        """Return every column over all replications, in their order."""
        found: dict[tuple[str, str, str], dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
        for key in sorted(self.batches):
            for column, values in self.batches[key][1].items():
                found[key[:3]][column] += values
        return {
            key: {name: np.array(values, dtype=float) for name, values in columns.items()}
            for key, columns in found.items()
        }


Results = dict[tuple[str, str, str], dict[str, np.ndarray]]


def drifted(store: Store) -> list[Task]:
    """Return stored batches, one a part, whose first replication this code no longer reproduces."""
    first: dict[str, tuple[Task, dict[str, list[float | None]]]] = {}
    for task, columns in store.batches.values():
        first.setdefault(task.part, (task, columns))
    wrong = []
    for task, columns in first.values():
        now = measure(replace(task, count=1))
        old = {name: values[:1] for name, values in columns.items()}
        same = now.keys() == old.keys() and all(
            np.allclose(_floats(now[name]), _floats(old[name]), atol=1e-4, equal_nan=True) for name in now
        )
        wrong += [] if same else [task]
    return wrong


def _floats(values: Sequence[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)


def plan(part: str, replications: dict[str, int], results: Results) -> Iterator[Task]:
    """Yield the tasks of one part, going round the cells batch by batch."""
    if part == "again":
        short = sorted({mark.key for mark in marks(results, replications) if not mark.is_met})
        pairs, first = short, AGAIN_FIRST
    else:
        cases = EFFECTS if part == "coverage" else ("null",)
        worlds = OWN_WORLDS if part in ("null", "coverage") else COMPARED_WORLDS
        pairs, first = [(name, case) for case in cases for name in CELLS if CELLS[name].world in worlds], 0
    longest = max((planned(part, case, replications) for _, case in pairs), default=0)
    for batch, start in enumerate(range(0, longest, BATCH)):
        for cell, case in pairs:
            count = min(BATCH, planned(part, case, replications) - start)
            if count > 0:
                yield Task(part, cell, case, batch, first + start, count)


def planned(part: str, case: str, replications: dict[str, int]) -> int:
    """Return how many replications of a cell a part is to have."""
    if part == "again":
        return AGAIN_TIMES * replications["null" if case == "null" else "coverage"]
    return replications[part]


def run(tasks: Iterable[Task], store: Store, *, pool: ProcessPoolExecutor | None, deadline: float) -> bool:
    """Measure the tasks not yet stored and store them in order; return whether the time sufficed."""
    missing = [task for task in tasks if task.key not in store.batches]
    waiting: deque = deque()
    for task in missing:
        if time.monotonic() > deadline:
            break
        if pool is None:
            store.append(task, measure(task))
            continue
        waiting.append((task, pool.submit(measure, task)))
        if len(waiting) >= AHEAD:
            done, future = waiting.popleft()
            store.append(done, future.result())
    for done, future in waiting:
        store.append(done, future.result())
    return all(task.key in store.batches for task in missing)


def run_parts(
    parts: Sequence[str], replications: dict[str, int], store: Store, *, workers: int, minutes: float
) -> None:
    """Run the parts one after the other until the time is up, all with the same processes."""
    deadline = time.monotonic() + 60 * minutes
    with ExitStack() as closing:
        several = workers > 1
        pool = closing.enter_context(ProcessPoolExecutor(workers, mp_context=get_context("spawn"))) if several else None
        for part in parts:
            lacking = why_not_own() if part == "own" else ""
            if lacking:
                print(f"own: skipped, {lacking}")
                continue
            began = time.monotonic()
            is_done = run(plan(part, replications, store.gather()), store, pool=pool, deadline=deadline)
            print(f"{part}: {time.monotonic() - began:.0f} s{'' if is_done else ', not finished'}", flush=True)
            if not is_done:
                return


def why_not_own() -> str:
    """Return why the project's own further methods cannot be measured here; empty if they can."""
    try:
        measure(Task("own", next(iter(CELLS)), "null", 0, 0, 1))
    except (ImportError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of replications and its Monte-Carlo standard error."""

    share: float
    count: int

    @property
    def std_error(self) -> float:
        return float(np.sqrt(self.share * (1 - self.share) / self.count)) if self.count else float("nan")


@dataclass(frozen=True, slots=True)
class Mark:
    """One promise: a measured rate against its limit, two standard errors from the nominal value.

    Attributes
    ----------
    is_upper : bool
        Whether the limit is a highest (rejections) or a lowest value (coverage).
    first : Rate or None
        What the first replications gave, where they fell short and fresh ones were judged instead.
    """

    name: str
    key: tuple[str, str]
    rate: Rate
    limit: float
    is_upper: bool
    first: Rate | None = None

    @property
    def is_met(self) -> bool:
        return self.rate.share <= self.limit if self.is_upper else self.rate.share >= self.limit

    def line(self) -> str:
        """Return the line for the terminal."""
        sign, word = "<=" if self.is_upper else ">=", "ok" if self.is_met else "short"
        return f"TARGET {self.name} {self.rate.share:.4f} {sign} {self.limit:.4f} {word}"


def rejects(p_values: np.ndarray) -> Rate:
    """Return the share of p-values at or below 5%; a method that gave no number is not counted."""
    known = p_values[np.isfinite(p_values)]
    return Rate(float((known <= LEVEL).mean()) if len(known) else float("nan"), len(known))


def covers(accepts: np.ndarray) -> Rate:
    """Return the share of replications whose interval holds the truth."""
    return Rate(float(accepts.mean()) if len(accepts) else float("nan"), len(accepts))


def claims(p_values: np.ndarray) -> Rate:
    """Return how often Holm's correction leaves any claim among three independent outcomes without effect."""
    whole = p_values[: len(p_values) // FAMILY * FAMILY].reshape(-1, FAMILY)
    return Rate(float((whole.min(axis=1) * FAMILY <= LEVEL).mean()) if len(whole) else float("nan"), len(whole))


def marks(results: Results, replications: dict[str, int]) -> list[Mark]:
    """Return every promise about the confirmatory specification that the results can judge."""
    found = []
    for part, cell, case in sorted(results):
        if part not in ("null", "coverage"):
            continue
        fresh = results.get(("again", cell, case), {})
        is_whole = bool(fresh) and len(next(iter(fresh.values()))) >= planned("again", case, replications)
        again = {mark.name: mark for mark in _marks_of(cell, case, fresh)} if is_whole else {}
        for mark in _marks_of(cell, case, results[part, cell, case]):
            is_judged_again = not mark.is_met and mark.name in again
            found += [replace(again[mark.name], first=mark.rate) if is_judged_again else mark]
    return found


def _marks_of(cell: str, case: str, columns: dict[str, np.ndarray]) -> Iterator[Mark]:
    for target in TARGETS:
        own = f"town_period.{target}"
        if f"{own}.p" not in columns:
            continue
        promises = [(f"coverage_town_period_{cell}_{case}_{target}", covers(columns[f"{own}.accepts"]), False)]
        if case == "null":
            promises.append((f"size_town_period_{cell}_{target}", rejects(columns[f"{own}.p"]), True))
        if case == "null" and CELLS[cell].world in ("A", "B"):
            promises.append((f"any_claim_town_period_{cell}_{target}", claims(columns[f"{own}.p"]), True))
        for name, rate, is_upper in promises:
            if rate.count:
                error = 2 * np.sqrt(LEVEL * (1 - LEVEL) / rate.count)
                limit = LEVEL + error if is_upper else 1 - LEVEL - error
                yield Mark(name, (cell, case), rate, float(limit), is_upper)


BEGIN = f"<!-- size: begin. Written by `{COMMAND}`; do not edit. -->"
END = "<!-- size: end -->"
METHOD_NAMES = {
    "twfe_poisson": "two-way Poisson, cluster-robust (`twfe_poisson`)",
    "wild_bootstrap": "restricted wild cluster bootstrap, linear",
    "jackknife_two_way": "CR3 jackknife, (i)",
    "jackknife_town_period": "CR3 jackknife, (ii)",
    "comparison_only_two_way": "draws from comparison wards only, (i)",
    "comparison_only_town_period": "draws from comparison wards only, (ii)",
    "ols_cluster": "two-way OLS, cluster CR1",
    "fepois": "Poisson fixed effects, cluster (pyfixest)",
    "glm_poisson": "Poisson with dummies, cluster (statsmodels)",
    "callaway_santanna": "Callaway–Sant'Anna, analytic (diff-diff)",
    "imputation": "imputation, analytic (diff-diff)",
    "etwfe_poisson": "extended two-way Poisson (diff-diff)",
}
OWN_METHODS = tuple(name for name in METHOD_NAMES if name.startswith(("jackknife", "comparison_only")))
SPECIFICATION_NAMES = {
    "town_period": "(ii) town × period, within towns",
    "two_way": "(i) two-way, over all wards",
    "town_period_raw": "(ii) unstudentised",
    "two_way_raw": "(i) unstudentised",
}
RATE_NAMES = {
    "real": f"{RATE_PER_100K:g} per 100,000 a year",
    "mean5": f"a mean of {MEAN_COUNT:g} per ward and month",
}
NOTHING = "·"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *body, ""] if body else ["Not measured.", ""]


def shown(rate: Rate, *, has_error: bool = True) -> str:
    """Return a rate as text, with its Monte-Carlo standard error."""
    if not rate.count:
        return NOTHING
    share = f"{rate.share:.3f}".removeprefix("0")
    return f"{share} ({rate.std_error:.3f})".replace("(0.", "(.") if has_error else share


def column_of(results: Results, part: str, cell: str, case: str, column: str) -> np.ndarray:
    """Return one column, empty where nothing was measured."""
    return results.get((part, cell, case), {}).get(column, np.empty(0))


def report(results: Results, replications: dict[str, int]) -> str:
    """Return the section as Markdown, from the stored batches alone."""
    judged = marks(results, replications)
    lines = ["## Size, coverage and power", "", *_lesson(results, judged), "", *_how(results), ""]
    for rate in RATES:
        lines += [f"### False alarms at {RATE_NAMES[rate]}", "", *_size_tables(results, rate)]
    lines += ["### Any claim among three outcomes", "", *_claims_table(results)]
    for rate in RATES:
        lines += [f"### Coverage at {RATE_NAMES[rate]}", "", *_effect_table(results, rate, "accepts")]
    for rate in RATES:
        lines += [f"### Power at {RATE_NAMES[rate]}", "", *_effect_table(results, rate, "p")]
    lines += ["### Marks", "", *_marks_text(judged), "### Cells", "", *_cells_table(results)]
    return "\n".join(lines).rstrip() + "\n"


def _lesson(results: Results, judged: Sequence[Mark]) -> list[str]:
    sizes, coverages = ([mark for mark in judged if mark.name.startswith(what)] for what in ("size", "coverage"))
    if not sizes:
        return ["Nothing was measured yet."]
    lines = [
        "**What this says.** In simulated studies without any effect, the confirmatory test (ii) rejected at 5% in "
        f"{_span(sizes)} of the replications of a cell; {_kept(sizes)}.",
    ]
    if coverages:
        lines.append(f"Its 95% intervals held the true effect in {_span(coverages)}; {_kept(coverages)}.")
    lines += [*_two_way_sentence(results), *_peers_sentence(results)]
    lines.append(
        "This holds for the worlds drawn here, and for nothing else: wards that move otherwise, spillover, or wards "
        "chosen because of how they were about to develop are not in them. A conservative test, which rejects less "
        "than 5%, is not counted as falling short; with few relabellings (64 for the pilots within towns) that is "
        "what to expect, because p can only take few values."
    )
    return [" ".join(lines)]


def _span(judged: Sequence[Mark]) -> str:
    shares = [(mark.first or mark.rate).share for mark in judged]
    return f"{100 * min(shares):.1f}% to {100 * max(shares):.1f}%"


def _kept(judged: Sequence[Mark]) -> str:
    short, again = sum(not mark.is_met for mark in judged), sum(mark.first is not None for mark in judged)
    met = f"{len(judged) - short} of {len(judged)} marks are met"
    return f"{met} ({again} of them judged by a second, fresh set of replications)" if again else met


def _two_way_sentence(results: Results) -> list[str]:
    rates = [
        (rejects(column_of(results, "null", name, "null", f"two_way.{target}.p")), name, target)
        for name, cell in CELLS.items()
        for target in TARGETS
        if cell.world in ("C", "C2", "shipped")
    ]
    rates = [found for found in rates if found[0].count]
    if not rates:
        return []
    worst, name, target = max(rates, key=lambda found: found[0].share)
    text = "Where towns have shocks of their own, the two-way test (i) rejected up to"
    return [f"{text} {100 * worst.share:.1f}% ({target}, cell {name}): it carries no mark and supports no verdict."]


def _peers_sentence(results: Results) -> list[str]:
    rates = [
        rejects(column_of(results, "peers", name, "null", f"{peer}.pilots.p"))
        for name, cell in CELLS.items()
        for peer in PEERS
        if cell.layout == "actual"
    ]
    shares = [rate.share for rate in rates if rate.count]
    if not shares:
        return []
    return [
        f"On the same counts, the libraries' default tests of the two actual pilots rejected {100 * min(shares):.1f}% "
        f"to {100 * max(shares):.1f}% of true nulls."
    ]


def _how(results: Results) -> list[str]:
    counts = {part: _counts(results, part) for part in PARTS}
    rows = [(part, text) for part, text in counts.items() if text]
    return [
        f"Command: `{COMMAND}`. Root seed {SEED}; each replication has its own streams, keyed by cell, true effect and "
        f"number. {N_DRAWS} relabellings, or all where there are no more. Numbers in brackets are Monte-Carlo standard "
        f"errors; “{NOTHING}” means not measured, or refused by the method. A number rests on the replications below "
        "(the fewest and the most of any cell).",
        "",
        *table(("part", "replications of a cell"), rows),
        f"Worlds: A independent wards; B ward shocks (sd .25, lag-one correlation .8); C also town shocks (.15, .9); "
        f"C2 larger ones (.30, .9); *other* overdispersion {UNTUNED_KAPPA:g} instead of {KAPPA:g}, ward shocks "
        f"({UNTUNED.ward.sd:g}, {UNTUNED.ward.rho:g}) and town shocks ({UNTUNED.town.sd:g}, {UNTUNED.town.rho:g}), "
        "not used to choose any rule; *shipped* the shipped study's seasons, resort, lockdowns, levels and shocks. "
        "Layouts: the pilots are the smallest, the actual or the largest wards of their towns, the number of model "
        "wards per town and cohort kept. Means are in proportion to the 2019 populations.",
    ]


def _counts(results: Results, part: str) -> str:
    counts = sorted({len(next(iter(columns.values()))) for key, columns in results.items() if key[0] == part})
    if not counts:
        return ""
    return f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"


def _size_tables(results: Results, rate: str) -> list[str]:
    own = [(SPECIFICATION_NAMES[name], "null", name, TARGETS) for name in SPECIFICATION_NAMES]
    others = [
        (METHOD_NAMES[name], part, name, TARGETS)
        for part, names in (
            ("other", ("twfe_poisson", "wild_bootstrap")),
            ("own", OWN_METHODS),
            ("peers", tuple(PEERS)),
        )
        for name in names
    ]
    return [
        *table(("randomisation", "estimand", "pilots are", *OWN_WORLDS), _size_rows(results, rate, own, OWN_WORLDS)),
        *table(
            ("other methods", "estimand", "pilots are", *COMPARED_WORLDS),
            _size_rows(results, rate, others, COMPARED_WORLDS),
        ),
    ]


def _size_rows(results: Results, rate: str, methods: Sequence, worlds: Sequence[str]) -> Iterator[Sequence[str]]:
    for label, part, name, targets in methods:
        for target, layout in product(targets, LAYOUTS):
            cells = [Cell(world, layout, rate).name for world in worlds]
            found = [column_of(results, part, cell, "null", f"{name}.{target}.p") for cell in cells]
            if any(len(p_values) for p_values in found):
                yield (label, target, layout, *(shown(rejects(p_values)) for p_values in found))


def _claims_table(results: Results) -> list[str]:
    rows = []
    for rate, target, layout in product(RATES, TARGETS, LAYOUTS):
        cells = [Cell(world, layout, rate).name for world in ("A", "B")]
        found = [claims(column_of(results, "null", cell, "null", f"town_period.{target}.p")) for cell in cells]
        if any(own.count for own in found):
            rows.append((RATE_NAMES[rate], target, layout, *map(shown, found)))
    text = (
        "How often Holm's correction leaves any claim under (ii) when three independent outcomes have no effect. An "
        "approximation of the declared family, whose outcomes are related and which is corrected by Westfall and Young."
    )
    return [text, "", *table(("rate", "estimand", "pilots are", "A", "B"), rows)]


def _effect_table(results: Results, rate: str, column: str) -> list[str]:
    is_coverage = column == "accepts"
    cases = tuple(CASES) if is_coverage else POWER_CASES
    rows, largest = [], 0.0
    for specification, target, case in product(("town_period", "two_way"), TARGETS, cases):
        shares = []
        for world in OWN_WORLDS:
            part = "null" if case == "null" else "coverage"
            cells = [Cell(world, layout, rate).name for layout in LAYOUTS]
            found = [column_of(results, part, cell, case, f"{specification}.{target}.{column}") for cell in cells]
            rates = [covers(own) if is_coverage else rejects(own) for own in found]
            largest = max([largest, *(own.std_error for own in rates if own.count)])
            shares.append(" ".join(shown(own, has_error=False) for own in rates))
        if any(share.strip(f"{NOTHING} ") for share in shares):
            rows.append((SPECIFICATION_NAMES[specification], target, _case_name(case), *shares))
    what = "How often the 95% interval holds the truth" if is_coverage else "How often the test rejects at 5%"
    text = f"{what}: three numbers, for the smallest, actual and largest pilots. Monte-Carlo standard error at most"
    return [f"{text} {largest:.3f}.", "", *table(("test", "estimand", "true effect", *OWN_WORLDS), rows)]


def _case_name(case: str) -> str:
    pilots, later = (f"{100 * (ratio - 1):+.0f}%".replace("-", "−") for ratio in CASES[case])
    return {"null": "0", "unequal": f"pilots {pilots}, 2023 {later}"}.get(case, pilots)


def _marks_text(judged: Sequence[Mark]) -> list[str]:
    short = [mark for mark in judged if not mark.is_met]
    above = sum(not mark.is_upper and mark.rate.share > 2 * (1 - LEVEL) - mark.limit for mark in judged)
    lines = [
        "A mark is met when (ii) rejects at most 5% plus two Monte-Carlo standard errors of true nulls, or covers at "
        f"least 95% minus two. {len(judged)} marks were judged. By chance alone about one in forty exact tests would "
        f"fall short, so a cell that does is measured again on {AGAIN_TIMES} times as many fresh replications and "
        "judged by those alone; the tables above show the first set. "
        f"{above} intervals covered more often than 95% plus two standard errors, which is no failure.",
        "",
    ]
    rows = [(f"`{mark.name}`", shown(mark.rate), f"{mark.limit:.4f}", f"{mark.rate.count:,}") for mark in short]
    again = [
        (f"`{mark.name}`", shown(mark.rate), f"{mark.limit:.4f}", f"{mark.rate.count:,}")
        for mark in judged
        if mark.first is not None and mark.is_met
    ]
    lines += (
        ["Short:", "", *table(("mark", "measured", "limit", "replications"), rows)] if rows else ["None is short.", ""]
    )
    return lines + (
        ["Met by the fresh replications:", "", *table(("mark", "measured", "limit", "replications"), again)]
        if again
        else []
    )


def _cells_table(results: Results) -> list[str]:
    rows = []
    for name in CELLS:
        setting = build_setting(name)
        pilots = np.array(setting.design.labels) == 0
        means = " and ".join(f"{mean:.2f}" for mean in setting.means[pilots].mean(axis=1))
        counts = [len(column_of(results, "null", name, "null", "town_period.overall.p"))]
        counts += [len(column_of(results, "coverage", name, case, "town_period.pilots.p")) for case in EFFECTS]
        rows.append((name, f"{setting.kappa:g}", means, f"{counts[0]:,}", f"{min(counts[1:]):,}"))
    header = ("cell", "overdispersion", "the two pilots' monthly means", "null replications", "per effect, at least")
    return table(header, rows)


def write_report(text: str, path: Path) -> None:
    """Write the section into a page between its marks, or make the page."""
    section = f"{BEGIN}\n\n{text}\n{END}\n"
    page = path.read_text(encoding="utf-8") if path.is_file() else "# Validation\n\n"
    if BEGIN in page and END in page:
        page = page[: page.index(BEGIN)] + section + page[page.index(END) + len(END) + 1 :]
    else:
        page += section
    with written_beside(path) as beside:
        beside.write_text(page, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, write the report, print the marks; 1 if one is short or nothing could be judged."""
    options = _options(arguments)
    for library in ("OPENBLAS", "OMP", "MKL", "NUMBA", "RAYON"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    replications = QUICK if options.quick else REPLICATIONS
    folder = processed_folder("validation")
    store = Store(folder / ("size_quick.jsonl" if options.quick else "size.jsonl"))
    wrong = drifted(store)
    if wrong:
        print(f"{store.path} holds numbers that this code does not reproduce, e.g. {wrong[0]}.", file=sys.stderr)
        print("Raise VERSION in tests/validation/size_study.py, or remove that file, and run again.", file=sys.stderr)
        return 2
    run_parts(options.parts, replications, store, workers=options.workers, minutes=options.minutes)
    results = store.gather()
    target = options.report or (
        folder / "size_quick.md" if options.quick else project_root() / "docs" / "validation.md"
    )
    write_report(report(results, replications), target)
    print(f"Report: {target}")
    if options.quick:
        print("quick: so few replications judge nothing.")
        return 0
    judged = marks(results, replications)
    print("\n".join(mark.line() for mark in judged))
    return 0 if judged and all(mark.is_met for mark in judged) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="False alarms, coverage and power on simulated studies.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no new batch after this time")
    parser.add_argument("--quick", action="store_true", help="three replications of everything, in files of their own")
    parser.add_argument("--report", type=Path, help="where to write instead of docs/validation.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
