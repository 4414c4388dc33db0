"""What the design could see at all: the minimum detectable effect of each indicator, before any estimate."""

from collections.abc import Sequence

import pandas as pd

from helpers.checks.description import DESIGN_COLUMNS
from helpers.estimation.estimands import Estimand, build_target, headline_estimands
from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS, Specification
from helpers.inference.power import TOWN_SHOCK_GRID, minimum_detectable_effect
from helpers.panel import outcome_matrix
from helpers.study.design import Design


def detectable_effects(panel: pd.DataFrame, design: Design, indicators: Sequence[str], *, seed: int) -> pd.DataFrame:
    """Return the minimum detectable effect per indicator: overall, and by cohort under the confirmatory specification.

    For the overall effect it is also given with town shocks of each size of the grid, which no data of four towns can
    estimate.

    Returns
    -------
    DataFrame
        Design rows; ``measure`` is ``mde`` (ratio scale; NaN where not even −95% is detected), ``mde_power``,
        ``kappa`` and, by size of the town shocks, ``mde_town_sd_0.15`` and ``mde_town_sd_0.30``.
    """
    rows = []
    for indicator in indicators:
        outcome = outcome_matrix(panel, design, indicator)
        for specification in SPECIFICATIONS:
            for estimand in _estimands(design, specification):
                if not build_target(design, specification, estimand).is_estimable:
                    continue
                found = minimum_detectable_effect(outcome, design, estimand, specification=specification, seed=seed)
                shocked = {0.0: found} | {
                    town_sd: minimum_detectable_effect(
                        outcome, design, estimand, specification=specification, seed=seed, town_sd=town_sd
                    )
                    for town_sd in TOWN_SHOCK_GRID[1:]
                    if estimand.kind == "overall"
                }
                place = {
                    "topic": "detectability",
                    "specification": specification,
                    "indicator": indicator,
                    "cohort": estimand.cohort,
                    "town_code": "",
                    "period": "",
                }
                numbers = {"mde": found.effect, "mde_power": found.power, "kappa": found.kappa}
                numbers |= {f"mde_town_sd_{sd:.2f}": one.effect for sd, one in shocked.items() if sd > 0}
                rows += [{**place, "measure": measure, "value": value} for measure, value in numbers.items()]
    return pd.DataFrame(rows, columns=list(DESIGN_COLUMNS))


def _estimands(design: Design, specification: Specification) -> tuple[Estimand, ...]:
    estimands = headline_estimands(design)
    return estimands if specification == CONFIRMATORY else estimands[:1]
