"""Measured speed and memory against their targets: `make bench`.

Each section runs in a process of its own, so that its memory is its own. Ours are measured on one thread; the peers run
with their defaults and after a first small fit, so that nothing is compiled on the clock. Prints one line per target,
writes ``docs/benchmarks.md``, and exits 1 if any target is missed.
"""

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from statistics import median

import bench_batch
import bench_cleaning
import numpy as np
import pandas as pd
import psutil

from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis
from helpers.inference.event_study import event_study
from helpers.inference.randomisation import build_experiment, randomisation_test
from helpers.inference.worlds import worker_processes, worlds_range
from helpers.panel import outcome_matrix
from helpers.paths import project_root, written_beside
from helpers.study import TREATED, Design, Study, Worlds, build_design, build_worlds, load_study, period_range

SEED = 3
STUDY, OVERALL, INDICATOR = "nghe_an", Estimand("overall"), "incidents"
RATE_PER_100K = 60
N_DRAWS, EVENT_DRAWS = 9_999, 499
RATIO = 0.7
WORKERS, COMPARED_WORLDS = 2, 32
WARDS, TOWNS, TREATED_WARDS = 10_600, 200, 500
"""About every ward of the country; `TREATED_WARDS` in each of two cohorts."""
WARM_UP_WARDS = 50
"""Every so many wards: the small fit a peer compiles itself on."""
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
MAXRSS_PER_GB = 1e9 if sys.platform == "darwin" else 1e6
"""`ru_maxrss` is in bytes there and in kilobytes elsewhere."""

Measures = dict[str, float]


@dataclass(frozen=True)
class Goal:
    name: str
    meaning: str
    limit: float
    is_floor: bool = False

    def is_met(self, measured: float) -> bool:
        return measured >= self.limit if self.is_floor else measured <= self.limit

    @property
    def target(self) -> str:
        return f"{'>=' if self.is_floor else '<='}{self.limit:g}"


GOALS = (
    Goal("fit_microseconds", "one two-way Poisson fit inside reassignment, in microseconds", 3),
    Goal("fit_times_fepois", "the same fit by pyfixest.fepois takes this many times as long", 5_000, is_floor=True),
    Goal("worlds_seconds", "all 364 worlds, both specifications, p-values and 95% intervals, in seconds", 20),
    Goal("worlds_peak_gb", "peak memory of that: main process plus every worker, in GB", 1),
    Goal("worlds_same_bits", "share of compared worlds in which 1 and 2 workers agree to the bit", 1, is_floor=True),
    Goal("scale_estimate_seconds", "one estimate from the national frame, in seconds", 0.5),
    Goal("scale_analysis_seconds", "estimate, event study and randomisation test on it, in seconds", 10),
    Goal("scale_beyond_frame_gb", "peak memory of that beyond the frame, in GB", 1),
    Goal("scale_times_imputation_did", "diff_diff.ImputationDiD takes this many times our estimate", 1, is_floor=True),
    Goal("scale_times_fepois", "pyfixest.fepois takes this many times our estimate", 5, is_floor=True),
    *(Goal(*goal) for goal in (*bench_cleaning.GOALS, *bench_batch.GOALS)),
)


def main() -> int:
    seconds = {name: _in_own_process(name) for name in SECTIONS}
    fit, fit_peer = seconds["fit"], seconds["fit_peer"]
    scale, scale_peers = seconds["scale"], seconds["scale_peers"]
    parts = (*bench_cleaning.SECTIONS, *bench_batch.SECTIONS)
    further = {name: value for section in parts for name, value in seconds[section].items()}
    measured = {
        "fit_microseconds": fit["seconds"] * 1e6,
        "fit_times_fepois": fit_peer["seconds"] / fit["seconds"],
        **seconds["worlds"],
        **scale,
        **further,
        "scale_times_imputation_did": scale_peers["imputation_did"] / scale["scale_estimate_seconds"],
        "scale_times_fepois": scale_peers["fepois"] / scale["scale_estimate_seconds"],
    }
    states = {goal.name: "ok" if goal.is_met(measured[goal.name]) else "short" for goal in GOALS}
    for goal in GOALS:
        print(f"TARGET {goal.name} {_number(measured[goal.name])} {goal.target} {states[goal.name]}")
    peers = {"fepois, 32 wards × 60 months": fit_peer["seconds"], **_peer_rows(scale_peers)}
    with written_beside(project_root() / "docs" / "benchmarks.md") as path:
        path.write_text(_page(measured, states, peers), encoding="utf-8")
    return int("short" in states.values())


def _in_own_process(section: str) -> Measures:
    print(f"measuring {section} ...", file=sys.stderr, flush=True)
    environment = os.environ | ({} if "peer" in section else ONE_THREAD)
    command = [sys.executable, __file__, section]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_fit() -> Measures:
    study = load_study(STUDY)
    design = build_design(study)
    experiment = build_experiment(_counts(study), design, "two_way", OVERALL, n_draws=N_DRAWS, seed=SEED)
    return {"seconds": _median_seconds(lambda: experiment.statistics(RATIO), times=9) / (N_DRAWS + 1)}


def measure_fit_peer() -> Measures:
    import pyfixest

    study = load_study(STUDY)
    design, counts = build_design(study), _counts(study)
    ward, period = np.indices(counts.shape)
    is_treated = design.cell_states() == TREATED
    columns = {"count": counts, "treated": is_treated.astype(float), "ward": ward, "period": period}
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()})

    def fit() -> object:
        return pyfixest.fepois("count ~ treated | ward + period", frame, vcov="iid")

    fit()
    return {"seconds": _median_seconds(fit, times=9)}


def measure_worlds() -> Measures:
    study = load_study(STUDY)
    worlds = build_worlds(study, reading="A")
    few = Worlds(worlds.design, worlds.labels[:COMPARED_WORLDS])
    analysis = Analysis(INDICATOR, _counts(study), worlds.design, N_DRAWS, SEED)
    specifications = ("two_way", "town_period")
    start = time.perf_counter()
    with worker_processes(WORKERS) as pool:
        everything = [
            worlds_range(analysis, worlds, OVERALL, own, has_intervals=True, workers=pool) for own in specifications
        ]
    seconds = time.perf_counter() - start
    peak = _peak_gb(resource.RUSAGE_SELF) + WORKERS * _peak_gb(resource.RUSAGE_CHILDREN)
    is_same = []
    for own, full in zip(specifications, everything, strict=True):
        alone = worlds_range(analysis, few, OVERALL, own, has_intervals=True, workers=1)
        columns = ("estimates", "p_values", "lows", "highs")
        one = np.array([getattr(alone, name) for name in columns])
        two = np.array([getattr(full, name)[:COMPARED_WORLDS] for name in columns])
        is_same += (one.view(np.int64) == two.view(np.int64)).all(axis=0).tolist()
    return {"worlds_seconds": seconds, "worlds_peak_gb": peak, "worlds_same_bits": float(np.mean(is_same))}


def measure_scale() -> Measures:
    design = _national_design()
    frame = _national_frame(design)
    before = psutil.Process().memory_info().rss / 1e9

    def estimate() -> np.ndarray:
        outcome = outcome_matrix(frame, design, INDICATOR)
        impute_counterfactual(outcome, design, "two_way").effect(OVERALL)
        return outcome

    start = time.perf_counter()
    outcome = estimate()
    event_study(Analysis(INDICATOR, outcome, design, EVENT_DRAWS, SEED), "two_way")
    randomisation_test(outcome, design, OVERALL, specification="two_way", n_draws=N_DRAWS, seed=SEED)
    seconds = time.perf_counter() - start
    return {
        "scale_analysis_seconds": seconds,
        "scale_beyond_frame_gb": _peak_gb(resource.RUSAGE_SELF) - before,
        "scale_estimate_seconds": _median_seconds(estimate, times=3),
    }


def measure_scale_peers() -> Measures:
    import diff_diff
    import pyfixest

    design = _national_design()
    frame = _national_frame(design)
    few = frame[frame["ward"] % WARM_UP_WARDS == 0]

    def imputation_did(data: pd.DataFrame) -> None:
        estimator = diff_diff.ImputationDiD(anticipation=design.anticipation)
        estimator.fit(data, outcome="value", unit="ward", time="month", first_treat="first_treat")

    def fepois(data: pd.DataFrame) -> None:
        pyfixest.fepois("value ~ treated | ward + month", data, vcov="iid")

    seconds = {}
    for name, fit in (("imputation_did", imputation_did), ("fepois", fepois)):
        fit(few)
        start = time.perf_counter()
        fit(frame)
        seconds[name] = time.perf_counter() - start
    return seconds


SECTIONS: Mapping[str, Callable[[], Measures]] = {
    "fit": measure_fit,
    "fit_peer": measure_fit_peer,
    "worlds": measure_worlds,
    "scale": measure_scale,
    "scale_peers": measure_scale_peers,
    **bench_cleaning.SECTIONS,
    **bench_batch.SECTIONS,
}


def _counts(study: Study) -> np.ndarray:
    """Return simulated monthly counts of the study's wards, without an effect, shape (32, 60)."""
    rng = np.random.default_rng(SEED)
    population = np.array([ward.population_count for ward in sorted(study.wards, key=lambda ward: ward.ward_id)])
    monthly = population * RATE_PER_100K / 1e5 / 12
    return rng.poisson(np.repeat(monthly[:, None], len(build_design(study).periods), axis=1)).astype(float)


def _national_design() -> Design:
    periods = period_range("calendar_month", "2015-01", "2024-12")
    labels = np.full(WARDS, -1)
    order = np.random.default_rng(SEED).permutation(WARDS)
    labels[order[:TREATED_WARDS]], labels[order[TREATED_WARDS : 2 * TREATED_WARDS]] = 0, 1
    base = build_design(load_study(STUDY))
    return replace(
        base,
        study="national",
        periods=periods,
        ward_ids=tuple(f"{ward:05d}" for ward in range(WARDS)),
        town_codes=tuple(f"{ward * TOWNS // WARDS:03d}" for ward in range(WARDS)),
        cohorts=("early", "late"),
        starts=(len(periods) // 2, 3 * len(periods) // 4),
        labels=tuple(labels.tolist()),
    )


def _national_frame(design: Design) -> pd.DataFrame:
    """Return the long frame: ward and period as text for us, and numbered with the treatment beside for the peers."""
    rng = np.random.default_rng(SEED)
    wards, periods = len(design.ward_ids), len(design.periods)
    first = np.array([*design.starts, 0])[design.label_array]
    counts = rng.poisson(rng.uniform(0.3, 4, (wards, 1)), (wards, periods))
    ward, month = (own.ravel() for own in np.indices(counts.shape, dtype=np.int32))
    return pd.DataFrame(
        {
            "indicator": pd.Series([INDICATOR], dtype="str").repeat(counts.size).to_numpy(),
            "ward_id": pd.Series(design.ward_ids, dtype="str").repeat(periods).to_numpy(),
            "period": np.tile(np.array(design.periods, dtype=object), wards),
            "value": counts.ravel().astype(float),
            "ward": ward,
            "month": month,
            "first_treat": np.repeat(first, periods),
            "treated": ((design.cell_states() == TREATED).ravel()).astype(float),
        }
    ).astype(dict.fromkeys(("indicator", "ward_id", "period"), "str"))


def _median_seconds(run: Callable[[], object], *, times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def _peak_gb(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / MAXRSS_PER_GB


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _peer_rows(seconds: Measures) -> Measures:
    size = f"{WARDS:,} wards × 120 months"
    return {
        f"fepois, {size}": seconds["fepois"],
        f"ImputationDiD, {size}": seconds["imputation_did"],
    }


def _page(measured: Measures, states: Mapping[str, str], peers: Measures) -> str:
    rows = [
        f"| {goal.meaning} | {_number(measured[goal.name])} | {goal.target} | {states[goal.name]} |" for goal in GOALS
    ]
    names = ("numpy", "scipy", "pandas", "pyarrow", "python-calamine", "openpyxl", "pyfixest", "diff-diff")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`, all in one run. Seconds depend on the machine and on what else it is doing;",
        "ratios do so less.",
        "",
        "| what | measured | target | |",
        "|---|---|---|---|",
        *rows,
        "",
        "## The peers' own times",
        "",
        "| fit | seconds |",
        "|---|---|",
        *(f"| {name} | {_number(value)} |" for name, value in peers.items()),
        "",
        "## Cleaning, in seconds of the processor",
        "",
        "| what | seconds |",
        "|---|---|",
        *(f"| {meaning} | {_number(measured[name])} |" for name, meaning in bench_cleaning.SECONDS.items()),
        "",
        "## Batches, in seconds of the clock",
        "",
        "| what | seconds |",
        "|---|---|",
        *(f"| {meaning} | {_number(measured[name])} |" for name, meaning in bench_batch.SECONDS.items()),
        "",
        "## How",
        "",
        f"- The fit: the statistic of {N_DRAWS + 1:,} labellings at the ratio {RATIO}, divided by their number, for",
        f"  the shipped design (32 wards × 60 months, counts at {RATE_PER_100K} per 100,000 a year); median of 9. The",
        "  peer fits `count ~ treated | ward + period` once to the same counts; median of 9.",
        f"- The worlds: {N_DRAWS:,} relabellings, {WORKERS} workers that serve both specifications; the peak adds the",
        f"  main process and {WORKERS} times the largest worker. The first {COMPARED_WORLDS} worlds are computed again",
        "  with one worker and compared.",
        f"- The national frame: {WARDS:,} wards × 120 months in long form, two cohorts of {TREATED_WARDS} wards. An",
        "  estimate goes from the frame to the overall effect (median of 3); the whole adds the two-way event study",
        f"  with {EVENT_DRAWS} relabellings and the randomisation test with {N_DRAWS:,}. The peers fit the same frame",
        "  once, with numbered wards and months, and their times include the standard errors they always compute:",
        "  `ImputationDiD` (linear, overall) and `fepois` (`value ~ treated | ward + month`).",
        "- Cleaning: 10,600 wards with made-up names × 120 months × 8 indicators in one file, period after period, 1%",
        "  of the values blank and so put aside; the peak is that of a process that also made the file. What is kept",
        "  of an unchanged return is what was understood of it.",
        f"- Batches: notebook 03 with {bench_batch.DRAWS} draws over the first year of the small study, once for each",
        f"  of {bench_batch.SETS} seeds, by the engine with warm kernels and {bench_batch.WORKERS} workers, its start",
        "  included. The peers run the same notebook through papermill's API as it comes,",
        f"  {bench_batch.SERIAL} times in a loop and {bench_batch.JOBLIB} times in joblib, whose workers are started",
        "  and have papermill loaded before the clock runs.",
        "- Ours run on one thread, in each worker too. The peers run on their default threads, after a first small",
        "  fit.",
        f"- Versions: Python {sys.version_info.major}.{sys.version_info.minor}, {versions}. Cores: {os.cpu_count()}.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    warnings.simplefilter("ignore")
    print(json.dumps(SECTIONS[sys.argv[1]]()))
