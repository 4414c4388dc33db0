"""Threats instead of effects: worlds in which the programme does nothing and something else looks as if it did.

Each threat shifts log means so that the shift from before to after amounts to `size` times the minimum detectable
effect m (a fall, log scale) of the confirmatory overall effect:

- *trend*: model wards drift all along, log-linearly, by size · m between the middle of their time before and after;
- *town shock*: every ward of a town with model wards falls by size · m for good when its first model ward starts;
- *spillover*: comparison wards beside model wards rise by size · m from the first start beside them on (the map is made
  up: in each town the wards lie in a row, in the order of their codes);
- *mean reversion*: model wards stood higher by size · m in the year before their donut, and only then.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import numpy as np

from gates_of_checks.claims import random_seeds
from gates_of_checks.gates import CHECKS
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import CONFIRMATORY
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.inference.power import minimum_detectable_effect
from helpers.inference.randomisation import LEVEL
from helpers.study import load_study
from helpers.study.design import NEVER, Design
from helpers.study.objects import Neighbours, Study
from helpers.study.periods import PERIODS_PER_YEAR
from helpers.study.rings import build_rings
from size_of_tests.cells import INDICATOR, STUDY, Setting, build_setting
from size_of_tests.draws import CASES, draw_outcome
from size_of_tests.store import Columns
from size_of_tests.tasks import Task

N_DRAWS = 199
THREAT_WORLDS = ("A", "B")
SIZES = (0.5, 1.0, 2.0)
"""In minimum detectable effects."""
Shifts = np.ndarray
"""Shifts of the log mean, shape (W, P)."""


def trend(setting: Setting, size: float, study: Study) -> Shifts:
    """Return the drift of model wards."""
    design, shifts = setting.design, _none(setting)
    moments = np.arange(len(design.periods))
    for cohort, (start, cutoff) in enumerate(zip(design.starts, design.cutoffs, strict=True)):
        before, after = moments[:cutoff].mean(), moments[start:].mean()
        shifts[design.label_array == cohort] = size * (moments - before) / (after - before)
    return shifts


def town_shock(setting: Setting, size: float, study: Study) -> Shifts:
    """Return the fall of whole towns with model wards."""
    design, shifts = setting.design, _none(setting)
    towns = np.array(design.town_codes)
    for town in sorted(set(design.town_codes)):
        own = design.label_array[towns == town]
        if (own != NEVER).any():
            shifts[towns == town, min(design.starts[label] for label in own[own != NEVER]) :] = size
    return shifts


def spillover(setting: Setting, size: float, study: Study) -> Shifts:
    """Return the rise beside model wards."""
    shifts = _none(setting)
    steps = build_rings(study, setting.design).by_period(setting.design)
    shifts[(steps == 1) & (setting.design.label_array == NEVER)[:, None]] = -size
    return shifts


def mean_reversion(setting: Setting, size: float, study: Study) -> Shifts:
    """Return the passing high of model wards."""
    design, shifts = setting.design, _none(setting)
    for cohort, cutoff in enumerate(design.cutoffs):
        shifts[design.label_array == cohort, cutoff - PERIODS_PER_YEAR[design.period_kind] : cutoff] = -size
    return shifts


THREATS: dict[str, Callable[[Setting, float, Study], Shifts]] = {
    "trend": trend,
    "town_shock": town_shock,
    "spillover": spillover,
    "mean_reversion": mean_reversion,
}
NO_THREAT = "none"
THREAT_CELLS = tuple(product(THREAT_WORLDS, (NO_THREAT, *THREATS)))


def threat_cases(threat: str) -> tuple[str, ...]:
    """Return the sizes at which a threat is tried, as cases."""
    return ("0",) if threat == NO_THREAT else tuple(f"{size:g}" for size in SIZES)


def measure_threats(task: Task) -> Columns:
    """Return, per replication: whether the confirmatory test rejects, and 1, 0 or −1 for each gate (fail, other, pass).

    A gate that several checks make up (one a cohort) fails if one does, and passes if all do.
    """
    columns: Columns = {"rejects": [], **{name: [] for name in CHECKS}}
    world, threat = task.cell.split(".")
    setting, study = threatened(world, threat, float(task.case)), mapped_study()
    for replication in range(task.first, task.first + task.count):
        data, relabel = random_seeds(task.cell, task.case, replication)
        outcome = draw_outcome(setting, CASES["null"], np.random.default_rng(data))
        analysis = Analysis(INDICATOR, outcome, setting.design, N_DRAWS, relabel)
        columns["rejects"].append(float(effect_row(analysis, CONFIRMATORY, Estimand("overall")).p_value <= LEVEL))
        for name, check in CHECKS.items():
            columns[name].append(_judged([own.verdict for own in check(analysis, study)]))
    return columns


def _judged(verdicts: list[str]) -> float:
    if "fail" in verdicts:
        return 1.0
    return -1.0 if set(verdicts) == {"pass"} else 0.0


@cache
def threatened(world: str, threat: str, size: float) -> Setting:
    """Return the setting of a world under a threat of some size."""
    setting = build_setting(f"{world}_actual_real")
    if threat == NO_THREAT:
        return setting
    shifts = THREATS[threat](setting, size * np.log1p(smallest_effect(world)), mapped_study())
    return replace(setting, means=setting.means * np.exp(shifts))


@cache
def smallest_effect(world: str) -> float:
    """Return the minimum detectable effect of the confirmatory overall effect, on one draw without programme."""
    setting = build_setting(f"{world}_actual_real")
    data, relabel = random_seeds(world, "mde", 0)
    outcome = draw_outcome(setting, CASES["null"], np.random.default_rng(data))
    found = minimum_detectable_effect(
        outcome, setting.design, Estimand("overall"), specification=CONFIRMATORY, seed=relabel
    )
    return found.effect


@cache
def mapped_study() -> Study:
    """Return the shipped study with a made-up map: in each town the wards lie in a row."""
    study = load_study(STUDY)
    design = build_setting("A_actual_real").design
    return replace(study, adjacency=tuple(_row_of_wards(design)))


def _row_of_wards(design: Design) -> Iterator[Neighbours]:
    for town in sorted(set(design.town_codes)):
        own = [ward for ward, code in zip(design.ward_ids, design.town_codes, strict=True) if code == town]
        for ward, neighbour in pairwise(own):
            yield Neighbours(ward, neighbour, "made_up")
            yield Neighbours(neighbour, ward, "made_up")


def _none(setting: Setting) -> Shifts:
    return np.zeros((len(setting.design.ward_ids), len(setting.design.periods)))
