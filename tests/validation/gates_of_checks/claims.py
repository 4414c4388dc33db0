"""Any claim over the declared family where nothing happened: the rule of the page on whole simulated studies.

The counts are the shipped study's own process (levels, seasons, lockdowns, nested series) without the programme, in a
world without shocks of towns. A claim is what the page calls one: the confirmatory test rejects after Westfall and
Young's correction over the declared family, and the interval excludes zero.
"""

import zlib
from dataclasses import replace
from functools import cache

import numpy as np

from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import CONFIRMATORY
from helpers.inference.analysis import Analysis
from helpers.inference.multiplicity import family_statistics
from helpers.inference.randomisation import LEVEL, equal_tailed_accepts
from helpers.simulation import WORLDS, Process, draw_counts, load_parameters, study_process, without_programme
from helpers.study import build_design, load_study
from helpers.study.design import Design
from size_of_tests.cells import LAYOUTS, STUDY, with_pilots
from size_of_tests.store import Columns
from size_of_tests.tasks import Task

SEED = 20_261_124
CLAIM_WORLDS = ("A", "B")
CLAIM_CELLS = tuple(f"{world}_{layout}" for world in CLAIM_WORLDS for layout in LAYOUTS)
N_DRAWS = 399
"""Westfall and Young's correction is offered from 200 relabellings on."""


def family() -> tuple[str, ...]:
    """Return the outcomes that the shipped study declares."""
    return tuple(indicator.indicator for indicator in load_study(STUDY).indicators if indicator.in_family)


def measure_claims(task: Task) -> Columns:
    """Return, per replication: whether anything is claimed, whether any single test rejects, before any correction."""
    columns: Columns = {"any_claim": [], "any_rejection": []}
    design, process = claim_setting(task.cell)
    for replication in range(task.first, task.first + task.count):
        data, relabel = random_seeds(task.cell, task.case, replication)
        drawn = draw_counts(process, seed=data)
        analyses = [Analysis(name, drawn[name].recorded.astype(float), design, N_DRAWS, relabel) for name in family()]
        found = family_statistics(analyses, CONFIRMATORY, Estimand("overall"))
        own, adjusted = found.own_p(), found.adjusted_p()
        is_claimed = [
            p_value <= LEVEL and not equal_tailed_accepts(found.t[name], is_exact=found.is_exact)
            for name, p_value in adjusted.items()
        ]
        columns["any_claim"].append(float(any(is_claimed)))
        columns["any_rejection"].append(float(min(own.values()) <= LEVEL))
    return columns


@cache
def claim_setting(cell: str) -> tuple[Design, Process]:
    """Return the design and the process without programme of a cell."""
    world, layout = cell.split("_")
    study = load_study(STUDY)
    counts = {ward.ward_id: float(ward.population_count or 0) for ward in study.wards}
    design = build_design(study, timing=load_parameters(study).timing, roster="given")
    process = without_programme(study_process(study))
    quiet = replace(process, parameters=replace(process.parameters, shocks=WORLDS[world]))
    return with_pilots(design, np.array([counts[ward] for ward in design.ward_ids]), layout), quiet


def random_seeds(cell: str, case: str, replication: int) -> tuple[int, int]:
    """Return the seeds of one replication's data and relabellings, keyed by cell, case and number."""
    key = (zlib.crc32(f"gates/{cell}/{case}".encode()), replication)
    return tuple(int(own) for own in np.random.SeedSequence(SEED, spawn_key=key).generate_state(2))  # type: ignore[return-value]
