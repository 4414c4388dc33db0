"""What the design could see at all: power, the minimum detectable effect, and the p-values within reach.

All of it is known before any effect is estimated: the simulated studies that are tried have the levels, the course and
the shocks of the untreated cells, and effects that are assumed.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.checks.design_rows import design_rows
from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand, build_target, headline_estimands
from helpers.estimation.specification import SPECIFICATIONS, Specification
from helpers.inference.power import (
    SMALLEST_RATIO,
    TOWN_SHOCK_GRID,
    SimulatedStudies,
    detect,
    power_curve,
    simulate_studies,
)
from helpers.inference.randomisation import LEVEL
from helpers.inference.relabellings import choose_relabellings
from helpers.panel import outcome_matrix
from helpers.study.design import Design

Row = dict[str, Any]

CURVE_EFFECTS = (0.0, -0.15, -0.30, -0.45, -0.60, -0.75, -0.90)
"""Effects at which power is drawn: at 0 the curve shows how often a true null is rejected."""
LISTED_DRAWS = 9_999
"""Relabellings up to which all are listed: those of a run by default."""
NO_CELL = "No comparison ward identifies any cell of this estimand under {specification}."


def detectable_effects(panel: pd.DataFrame, design: Design, indicators: Sequence[str], *, seed: int) -> pd.DataFrame:
    """Return power and the minimum detectable effect of each indicator, overall and of each cohort.

    Under both specifications, and for shocks common to a town of each size of `TOWN_SHOCK_GRID`, which no data of a
    few towns can estimate.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    design : Design
    indicators : sequence of str
        Counts.
    seed : int
        Of the simulated studies: the same as notebook 03 uses, so that both print the same numbers.

    Returns
    -------
    DataFrame
        Design rows; ``measure`` is ``mde`` (without town shocks; ratio scale), ``mde_town_sd_0.15``,
        ``mde_town_sd_0.30``, ``mde_power``, ``kappa``, and for the overall effect ``power_at_-0.30`` and the like. An
        empty value has its ``reason``: nothing estimable, or not even −95% found with 80% power.
    """
    outcomes = [outcome_matrix(panel, design, indicator) for indicator in indicators]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        parts = list(pool.map(partial(_of_indicator, design=design, seed=seed), indicators, outcomes))
    return design_rows("detectability", [row for part in parts for row in part])


def power_measure(effect: float) -> str:
    """Return the name of the power at an effect.

    Examples
    --------
    >>> power_measure(-0.3)
    'power_at_-0.30'
    """
    return f"power_at_{effect:.2f}"


def mde_measure(town_sd: float) -> str:
    """Return the name of the minimum detectable effect under town shocks of a size.

    Examples
    --------
    >>> mde_measure(0.0), mde_measure(0.3)
    ('mde', 'mde_town_sd_0.30')
    """
    return f"mde_town_sd_{town_sd:.2f}" if town_sd > 0 else "mde"


def attainable_p(design: Design) -> pd.DataFrame:
    """Return how many relabellings each test rests on and the smallest p-value it could give, whatever is counted.

    Returns
    -------
    DataFrame
        Design rows; ``measure`` is ``assignment_count`` or ``smallest_p``, and ``reason`` the null that is tested. A
        cohort that cannot be relabelled by itself is tested under "no effect anywhere".

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "year", ("2022", "2023"), tuple("abcd"), ("t",) * 4, ("x",), (1,),
    ...                 (0, -1, -1, -1), 0)
    >>> attainable_p(design).query("specification == 'two_way' and measure == 'smallest_p'")["value"].tolist()
    [0.25]
    """
    rows: list[Row] = []
    for specification in SPECIFICATIONS:
        for estimand in headline_estimands(design):
            target = build_target(design, specification, estimand)
            place = {"specification": specification, "cohort": estimand.cohort}
            if not target.is_estimable:
                reason = NO_CELL.format(specification=specification)
                rows.append({**place, "measure": "smallest_p", "value": np.nan, "reason": reason})
                continue
            scheme = choose_relabellings(design, target, n_draws=LISTED_DRAWS, seed=0, level=LEVEL)
            found = {
                "assignment_count": scheme.assignments.reported_count,
                "smallest_p": float(scheme.assignments.smallest_p),
            }
            rows += [
                {**place, "measure": measure, "value": value, "reason": scheme.null_tested}
                for measure, value in found.items()
            ]
    return design_rows("attainable_p", rows)


def _of_indicator(indicator: str, outcome: npt.NDArray[np.float64], *, design: Design, seed: int) -> list[Row]:
    rows: list[Row] = []
    for specification in SPECIFICATIONS:
        estimands = [own for own in headline_estimands(design) if build_target(design, specification, own).is_estimable]
        place = {"specification": specification, "indicator": indicator}
        missing = [own for own in headline_estimands(design) if own not in estimands]
        rows += [_empty(place, own, NO_CELL.format(specification=specification)) for own in missing]
        try:
            rows += _of_specification(place, outcome, design, specification, estimands, seed)
        except EstimationError as error:
            rows += [_empty(place, own, str(error)) for own in estimands]
    return rows


def _empty(place: Row, estimand: Estimand, reason: str) -> Row:
    return {**place, "cohort": estimand.cohort, "measure": "mde", "value": np.nan, "reason": reason}


def _of_specification(
    place: Row,
    outcome: npt.NDArray[np.float64],
    design: Design,
    specification: Specification,
    estimands: Sequence[Estimand],
    seed: int,
) -> list[Row]:
    """Return the rows of one indicator under one specification; studies are simulated once for all its estimands."""
    rows: list[Row] = []
    near: dict[str, float] = {}
    for town_sd in TOWN_SHOCK_GRID if estimands else ():
        studies = simulate_studies(outcome, design, specification, seed=seed, town_sd=town_sd)
        for estimand in estimands:
            found = detect(studies, estimand, near=near.get(estimand.cohort, np.nan))
            near.setdefault(estimand.cohort, found.effect if np.isfinite(found.effect) else SMALLEST_RATIO - 1)
            own = {**place, "cohort": estimand.cohort}
            rows.append({**own, "measure": mde_measure(town_sd), "value": found.effect, "reason": found.note})
            if not town_sd:
                rows.append({**own, "measure": "mde_power", "value": found.power})
                rows.append({**own, "measure": "kappa", "value": found.kappa})
            if not town_sd and estimand.kind == "overall":
                rows += _curve(own, studies, estimand)
    return rows


def _curve(own: Row, studies: SimulatedStudies, estimand: Estimand) -> list[Row]:
    powers = power_curve(studies, estimand, CURVE_EFFECTS)
    return [
        {**own, "measure": power_measure(effect), "value": power}
        for effect, power in zip(CURVE_EFFECTS, powers, strict=True)
    ]
