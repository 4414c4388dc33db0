"""The small study with counts made for a test: two towns, six wards of which four take part, and two that do not."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from helpers.inference.analysis import Analysis
from helpers.study import Adoption, Study, load_study
from helpers.study.design import NEVER, TREATED, Design, build_design

FOLDER = Path(__file__).parents[1] / "small_study" / "study"
N_DRAWS = 99
"""More than the 90 labellings within the town: these are all listed."""


@cache
def small_study() -> Study:
    return load_study(FOLDER)


def study_with(labels: np.ndarray) -> Study:
    """Return the small study with other wards in its cohorts, all of them known."""
    study = small_study()
    wards = sorted(ward.ward_id for ward in study.wards)
    adoption = tuple(
        Adoption(
            ward, "not" if label == NEVER else "model", None if label == NEVER else ("2021", "2022")[label], "", "s"
        )
        for ward, label in zip(wards, labels, strict=True)
    )
    return replace(study, adoption=adoption, given_roster=())


def null_counts(design: Design, *, mean: float = 6.0, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wards = rng.uniform(0.5, 2.0, (len(design.ward_ids), 1))
    return rng.poisson(mean * wards, (len(design.ward_ids), len(design.periods))).astype(float)


def small_analysis(study: Study | None = None, *, ratio: float = 1.0, mean: float = 6.0, seed: int = 1) -> Analysis:
    """Return an analysis of counts whose treated cells are multiplied by a ratio."""
    design = build_design(study or small_study())
    cells = null_counts(design, mean=mean, seed=seed)
    treated = design.cell_states() == TREATED
    cells[treated] = np.round(cells[treated] * ratio)
    return Analysis("crime_order", cells, design, n_draws=N_DRAWS, seed=1)
