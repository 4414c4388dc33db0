"""The numbers of a batch: p-values, and whether the interval holds the truth, of every method that a part measures."""

import warnings
from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import numpy as np

from helpers.estimation.estimands import Estimand
from helpers.inference.randomisation import build_experiment, equal_tailed_accepts, two_sided_p
from helpers.study.design import Design
from size_of_tests.cells import INDICATOR, Setting, build_setting
from size_of_tests.draws import CASES, draw_replication
from size_of_tests.peers import PEERS, long_frame
from size_of_tests.tasks import Task
from size_of_tests.wild_bootstrap import wild_bootstrap_p

N_DRAWS = 399
"""400 with the actual labelling: 5% and 2.5% of them are whole numbers, so neither test is coarse for that reason."""
SPECIFICATIONS = ("two_way", "town_period")
TARGETS = ("overall", "pilots", "2023")
Measured = Iterator[tuple[str, float | None]]


def measure(task: Task) -> dict[str, list[float | None]]:
    """Return every number of one batch, a list over its replications by column."""
    columns: dict[str, list[float | None]] = defaultdict(list)
    for replication in range(task.first, task.first + task.count):
        outcome, seed = draw_replication(task.cell, task.case, replication)
        for name, value in MEASURES[task.part](outcome, build_setting(task.cell), task.case, seed):
            is_number = value is not None and np.isfinite(value)
            columns[name].append(round(float(value), 6) if is_number else None)
    return dict(columns)


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
