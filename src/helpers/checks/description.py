"""What the design looks like before anything is estimated: coverage, who was chosen, which cells can be answered.

No p-values here: wards were chosen and not drawn, so a test of balance would test a claim nobody made.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.checks.design_rows import design_rows
from helpers.estimation.estimands import Estimand, build_target, headline_estimands
from helpers.estimation.specification import SPECIFICATIONS, Specification
from helpers.panel import outcome_matrix
from helpers.study.design import NEVER, Design
from helpers.study.objects import Study
from helpers.study.periods import PERIODS_PER_YEAR

Array = npt.NDArray[np.float64]

Mask = npt.NDArray[np.bool_]

NEVER_NAME = "never"
HISTORY = ("hot_spot_2019", "off_hot_spot_list_2022")
"""What ``wards.csv`` may say of a ward's past, each ``is_…``."""


def coverage(panel: pd.DataFrame, design: Design, indicators: Sequence[str]) -> pd.DataFrame:
    """Return, per indicator, town and year, how many ward-periods were reported and how many were due.

    Returns
    -------
    DataFrame
        Design rows (`helpers.checks.design_rows`) with measures ``reported_count`` and ``due_count``.
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
    return design_rows("coverage", rows)


def balance(panel: pd.DataFrame, design: Design, study: Study, indicators: Sequence[str]) -> pd.DataFrame:
    """Return how each cohort compares with the never treated before anybody is treated: levels, trends, population.

    Levels are per ward and year, or per 100,000 people and year where populations are known. A trend is the later over
    the earlier half of the time before, as the specifications assume proportional movement.

    Returns
    -------
    DataFrame
        Design rows. ``level_mean``, ``growth_ratio`` (later / earlier half, of a group's sums) and ``population_mean``
        are of a cohort or of "never"; ``level``, ``trend`` and ``population`` are normalised differences: of means,
        over the pooled standard deviation; beyond 0.25 they are called large. They are empty, with a reason, where a
        group has a single ward or there is no variation.

    References: imbens2015
    """
    people = _populations(study, design)
    last = min(design.cutoffs)
    rows: list[dict[str, object]] = []
    for indicator in indicators:
        before = outcome_matrix(panel, design, indicator)[:, :last]
        yearly = PERIODS_PER_YEAR[study.period_kind] / (people / 1e5 if people is not None else 1.0)
        earlier, later = _means(before[:, : last // 2]), _means(before[:, last // 2 :])
        found = [*_group_means("level_mean", _means(before) * yearly, design), *_growth(earlier, later, design)]
        for measure, values in (("level", _means(before) * yearly), ("trend", (later - earlier) * yearly)):
            found += [{"measure": measure, **row} for row in _differences(values, design)]
        rows += [{"indicator": indicator, **row} for row in found]
    if people is not None:
        rows += _group_means("population_mean", people, design)
        rows += [{"measure": "population", **row} for row in _differences(people, design)]
    return design_rows("balance", rows)


def hot_spot_history(design: Design, study: Study) -> pd.DataFrame:
    """Return how many wards of each group the sources name as former hot spots, and of how many they say nothing.

    Places chosen at their worst tend to return to the usual by themselves, so a group full of them is another group.

    Returns
    -------
    DataFrame
        Design rows per cohort and "never"; ``measure`` is ``ward_count`` and, for each of `HISTORY`, ``…_count``
        (named) and ``…_unstated_count`` (no source says).
    """
    wards = {ward.ward_id: ward for ward in study.wards}
    rows: list[dict[str, object]] = []
    for name in (*design.cohorts, None):
        members = [wards[ward] for ward in design.wards_in(name)]
        place = {"cohort": name or NEVER_NAME}
        rows.append({**place, "measure": "ward_count", "value": float(len(members))})
        for what in HISTORY:
            said = [getattr(ward, f"is_{what}") for ward in members]
            rows.append({**place, "measure": f"{what}_count", "value": float(said.count(True))})
            rows.append({**place, "measure": f"{what}_unstated_count", "value": float(said.count(None))})
    return design_rows("history", rows)


def _means(cells: Array) -> Array:
    """Return each ward's mean over its reported periods; NaN for a ward that reported none."""
    reported = ~np.isnan(cells)
    count = reported.sum(axis=1)
    return np.asarray(np.where(count > 0, np.where(reported, cells, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan))


def _groups(values: Array, design: Design) -> list[tuple[str, Array]]:
    """Return the known values of each cohort's wards, and of those never treated."""
    labels = design.label_array
    own = [(name, values[labels == label]) for label, name in [*enumerate(design.cohorts), (NEVER, NEVER_NAME)]]
    return [(name, group[~np.isnan(group)]) for name, group in own]


def _group_means(measure: str, values: Array, design: Design) -> list[dict[str, object]]:
    return [
        {"cohort": name, "measure": measure, "value": float(own.mean())}
        for name, own in _groups(values, design)
        if len(own)
    ]


def _growth(earlier: Array, later: Array, design: Design) -> list[dict[str, object]]:
    """Return, of each group, its later mean over its earlier one, wards that reported in both halves only."""
    both = ~np.isnan(earlier) & ~np.isnan(later)
    before = dict(_groups(np.where(both, earlier, np.nan), design))
    rows: list[dict[str, object]] = []
    for name, own in _groups(np.where(both, later, np.nan), design):
        base = float(before[name].sum())
        reason = "" if base > 0 else "nothing was reported in the earlier half of the time before"
        value = float(own.sum()) / base if base > 0 else np.nan
        rows.append({"cohort": name, "measure": "growth_ratio", "value": value, "reason": reason})
    return rows


def _populations(study: Study, design: Design) -> Array | None:
    counts = {ward.ward_id: ward.population_count for ward in study.wards}
    values = [counts[ward] for ward in design.ward_ids]
    return None if any(value is None for value in values) else np.array(values, dtype=float)


def _differences(values: Array, design: Design) -> list[dict[str, object]]:
    groups = dict(_groups(values, design))
    never = groups[NEVER_NAME]
    rows: list[dict[str, object]] = []
    for name in design.cohorts:
        own = groups[name]
        if len(own) < 2 or len(never) < 2:
            rows.append({"cohort": name, "value": np.nan, "reason": "a group of fewer than two wards has no spread"})
            continue
        spread = np.sqrt((np.var(own, ddof=1) + np.var(never, ddof=1)) / 2)
        value = float((own.mean() - never.mean()) / spread) if spread > 0 else np.nan
        rows.append({"cohort": name, "value": value, "reason": "" if spread > 0 else "all wards are alike"})
    return rows


def estimable_cells(design: Design) -> pd.DataFrame:
    """Return how many treated ward-periods each estimand has, and how many of them a comparison identifies.

    Returns
    -------
    DataFrame
        Design rows with measures ``identified_count`` and ``lost_count`` per specification and cohort: of all towns
        together (an empty ``town_code``), and of each town with a treated ward.
    """
    rows: list[dict[str, object]] = []
    towns = np.array(design.town_codes)
    for specification in SPECIFICATIONS:
        for estimand in headline_estimands(design):
            wanted = estimand.cells(design)
            found = identified_cells(design, specification, estimand)
            of_towns = [(town, towns == town) for town in sorted(set(design.town_codes))]
            for town, own in [("", np.ones(len(towns), dtype=bool)), *of_towns]:
                if not wanted[own].any():
                    continue
                place = {"specification": specification, "cohort": estimand.cohort, "town_code": town}
                identified, total = float(found[own].sum()), float(wanted[own].sum())
                rows.append({**place, "measure": "identified_count", "value": identified})
                rows.append({**place, "measure": "lost_count", "value": total - identified})
    return design_rows("estimable_cells", rows)


def identified_cells(design: Design, specification: Specification, estimand: Estimand) -> Mask:
    """Return which of an estimand's ward-periods a comparison identifies under a specification, shape (W, P).

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "year", ("2022", "2023"), tuple("ab"), ("t", "u"), ("x",), (1,),
    ...                 (0, -1), 0)
    >>> identified_cells(design, "two_way", Estimand("overall")).sum()
    np.int64(1)
    >>> identified_cells(design, "town_period", Estimand("overall")).sum()
    np.int64(0)
    """
    target = build_target(design, specification, estimand)
    block = np.searchsorted(target.blocks.firsts, np.arange(len(design.periods)), side="right") - 1
    found = np.zeros((len(design.labels), len(design.periods)), dtype=bool)
    for own, mask in zip(target.members, target.masks, strict=True):
        found[own] = mask[design.label_array[own]][:, block]
    return found
