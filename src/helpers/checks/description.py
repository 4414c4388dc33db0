"""What the design looks like before anything is estimated: coverage, who was chosen, levels over time.

No p-values here: wards were chosen and not drawn, so a test of balance would test a claim nobody made.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.estimation.estimands import build_target, headline_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.panel import outcome_matrix
from helpers.study.design import NEVER, Design
from helpers.study.objects import Study
from helpers.study.periods import PERIODS_PER_YEAR

Array = npt.NDArray[np.float64]

NEVER_NAME = "never"
DESIGN_COLUMNS = ("topic", "specification", "indicator", "cohort", "town_code", "period", "measure", "value")


def coverage(panel: pd.DataFrame, design: Design, indicators: Sequence[str]) -> pd.DataFrame:
    """Return, per indicator, town and year, how many ward-periods were reported and how many were due.

    Returns
    -------
    DataFrame
        Design rows (`DESIGN_COLUMNS`) with measures ``reported_count`` and ``due_count``.
    """
    rows = []
    years = np.array([period[:4] for period in design.periods])
    for indicator in indicators:
        reported = ~np.isnan(outcome_matrix(panel, design, indicator))
        for town in sorted(set(design.town_codes)):
            own = np.array(design.town_codes) == town
            for year in sorted(set(years)):
                cells = reported[np.ix_(own, years == year)]
                place = {"indicator": indicator, "town_code": town, "period": year}
                rows.append({**place, "measure": "reported_count", "value": float(cells.sum())})
                rows.append({**place, "measure": "due_count", "value": float(cells.size)})
    return _design_rows("coverage", rows)


def balance(panel: pd.DataFrame, design: Design, study: Study, indicators: Sequence[str]) -> pd.DataFrame:
    """Return normalised differences between each cohort and the never treated, before anybody is treated.

    Covariates are the level of each indicator (per 100,000 people and year where populations are known, else per ward
    and year), its trend (later minus earlier half of the time before), and the population.

    Returns
    -------
    DataFrame
        Design rows; ``measure`` is ``level``, ``trend`` or ``population`` and ``value`` the difference of means over
        the pooled standard deviation; beyond 0.25 it is called large. NaN where a group has a single ward or there is
        no variation.

    References: imbens2015
    """
    people = _populations(study, design)
    last = min(design.cutoffs)
    rows = []
    for indicator in indicators:
        before = outcome_matrix(panel, design, indicator)[:, :last]
        level = (
            np.nanmean(before, axis=1)
            * PERIODS_PER_YEAR[study.period_kind]
            / (people / 1e5 if people is not None else 1.0)
        )
        trend = np.nanmean(before[:, last // 2 :], axis=1) - np.nanmean(before[:, : last // 2], axis=1)
        for measure, values in (("level", level), ("trend", trend)):
            rows += [{"indicator": indicator, "measure": measure, **row} for row in _differences(values, design)]
    if people is not None:
        rows += [{"indicator": "", "measure": "population", **row} for row in _differences(people, design)]
    return _design_rows("balance", rows)


def _populations(study: Study, design: Design) -> Array | None:
    counts = {ward.ward_id: ward.population_count for ward in study.wards}
    values = [counts[ward] for ward in design.ward_ids]
    return None if any(value is None for value in values) else np.array(values, dtype=float)


def _differences(values: Array, design: Design) -> list[dict[str, object]]:
    labels = design.label_array
    never = values[labels == NEVER]
    rows: list[dict[str, object]] = []
    for cohort, name in enumerate(design.cohorts):
        own = values[labels == cohort]
        if len(own) < 2 or len(never) < 2:
            rows.append({"cohort": name, "value": np.nan})
            continue
        spread = np.sqrt((np.var(own, ddof=1) + np.var(never, ddof=1)) / 2)
        rows.append({"cohort": name, "value": float((own.mean() - never.mean()) / spread) if spread > 0 else np.nan})
    return rows


def levels(panel: pd.DataFrame, design: Design, study: Study, indicator: str) -> pd.DataFrame:
    """Return the mean of one indicator per cohort, town and period, for the picture of levels and trends.

    Returns
    -------
    DataFrame
        Columns cohort ("never" for the never treated), town_code, period, ward_count, mean_count (per reporting ward)
        and rate_per_100k (a year; NaN where populations are unknown).
    """
    outcome = outcome_matrix(panel, design, indicator)
    people = _populations(study, design)
    cohorts = np.array([*design.cohorts, NEVER_NAME])[design.label_array]
    table = pd.DataFrame(
        {
            "cohort": np.repeat(cohorts, len(design.periods)),
            "town_code": np.repeat(np.array(design.town_codes), len(design.periods)),
            "period": np.tile(np.array(design.periods), len(design.ward_ids)),
            "value": outcome.ravel(),
            "people": np.repeat(
                people if people is not None else np.full(len(design.ward_ids), np.nan), len(design.periods)
            ),
        }
    ).dropna(subset=["value"])
    grouped = table.groupby(["cohort", "town_code", "period"], as_index=False, sort=True).agg(
        ward_count=("value", "size"), mean_count=("value", "mean"), total=("value", "sum"), people=("people", "sum")
    )
    yearly = PERIODS_PER_YEAR[study.period_kind] * 1e5
    grouped["rate_per_100k"] = (grouped["total"] * yearly / grouped["people"]).where(grouped["people"] > 0)
    return grouped.drop(columns=["total", "people"])


def estimable_cells(design: Design) -> pd.DataFrame:
    """Return how many treated ward-periods each estimand has, and how many of them a comparison identifies.

    Returns
    -------
    DataFrame
        Design rows with measures ``identified_count`` and ``lost_count`` per specification and cohort.
    """
    rows = []
    for specification in SPECIFICATIONS:
        for estimand in headline_estimands(design):
            target = build_target(design, specification, estimand)
            place = {"specification": specification, "cohort": estimand.cohort}
            total = _treated_count(design, estimand.cohort)
            rows.append({**place, "measure": "identified_count", "value": float(total - target.lost)})
            rows.append({**place, "measure": "lost_count", "value": float(target.lost)})
    return _design_rows("estimable_cells", rows)


def _treated_count(design: Design, cohort: str) -> int:
    chosen = [own for own in range(len(design.cohorts)) if cohort in ("all", design.cohorts[own])]
    return sum(design.labels.count(own) * (len(design.periods) - design.starts[own]) for own in chosen)


def _design_rows(topic: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows).assign(topic=topic).reindex(columns=list(DESIGN_COLUMNS))
    text = [column for column in DESIGN_COLUMNS if column != "value"]
    table[text] = table[text].fillna("").astype(str)
    return table
