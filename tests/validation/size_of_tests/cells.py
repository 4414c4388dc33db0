"""What a replication can be drawn from: worlds, layouts and rates, and the designs and means that they give.

A *cell* is a world (how wards and towns move), a layout (which wards are the pilots) and a rate.

"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from helpers.estimation.estimands import early_design
from helpers.simulation import WORLDS, World, load_parameters, study_process
from helpers.simulation.parameters import Autoregression
from helpers.study import build_design, load_study
from helpers.study.design import Design

STUDY, INDICATOR = "nghe_an", "crime_order"
UNTUNED = World(ward=Autoregression(sd=0.35, rho=0.4), town=Autoregression(sd=0.20, rho=0.5))
OWN_WORLDS = ("A", "B", "C", "C2", "other", "shipped")
COMPARED_WORLDS = ("A", "B", "C", "C2")
LAYOUTS = ("small", "actual", "large")
RATES = ("real", "mean5")
RATE_PER_100K, MEAN_COUNT = 60.0, 5.0
KAPPA, UNTUNED_KAPPA = 0.15, 0.5


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
