"""The description of the design as tables for reading: several under one another, in the briefing's language."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.checks.description import HISTORY, NEVER_NAME
from helpers.checks.detectability import mde_measure
from helpers.checks.effective_sample import NAIVE, NEGATIVE_SHARE, TREATED_SHARE
from helpers.estimation.estimands import ALL_COHORTS
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.power import TOWN_SHOCK_GRID
from helpers.reporting.briefing import Briefing
from helpers.reporting.tables import Column, RowGroup, Table, frame_table
from helpers.text import nfc

NOTHING = "–"
MOST_GAPS_SHOWN = 20
"""The longest; all of them are in ``design.csv``."""
ESTIMATORS = (*SPECIFICATIONS, NAIVE)
Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables, or sentences in place of those that would be empty, to be read one after the other."""

    parts: tuple[Table | str, ...]

    def _repr_html_(self) -> str:
        """Return them for a notebook."""
        paragraph = Markup("<p>{}</p>")
        return "".join(str(part.html if isinstance(part, Table) else paragraph.format(part)) for part in self.parts)


def reporting_tables(coverage: pd.DataFrame, gaps: pd.DataFrame, breaks: pd.DataFrame, briefing: Briefing) -> Tables:
    """Return what was due and did not come, the longest gaps first, and the breaks that the window crosses.

    Parameters
    ----------
    coverage, gaps : DataFrame
        Design rows of `helpers.checks.description.coverage` and `helpers.checks.reporting_gaps.reporting_gaps`.
    breaks : DataFrame
        Of `helpers.cleaning.history.breaks.crossed_breaks`.
    briefing : Briefing
        Run and language.
    """
    say = briefing.say
    crossed: Table | str = say("design.breaks.none")
    if len(breaks):
        crossed = frame_table(breaks, briefing, caption=say("design.breaks"))
    listed: Table | str = _gaps_table(gaps, briefing) if len(gaps) else say("design.gaps.none")
    return Tables((_coverage_table(coverage, briefing), listed, crossed))


def balance_tables(balance: pd.DataFrame, history: pd.DataFrame, briefing: Briefing) -> Tables:
    """Return levels, growth and normalised differences before the start, and what is known of hot spots.

    Parameters
    ----------
    balance, history : DataFrame
        Design rows of `helpers.checks.description.balance` and `hot_spot_history`.
    briefing : Briefing
        Run and language.
    """
    groups = list(history["cohort"].drop_duplicates())
    cohorts = [name for name in groups if name != NEVER_NAME]
    wanted: list[tuple[str, str, Callable[[float], str]]] = []
    wanted += [("level_mean", name, lambda value: briefing.wording.number(value, decimals=1)) for name in groups]
    wanted += [("growth_ratio", name, lambda value: briefing.wording.percent(value - 1)) for name in groups]
    for measure in ("level", "trend"):
        wanted += [
            (measure, name, lambda value: briefing.wording.number(value, decimals=2, is_signed=True))
            for name in cohorts
        ]
    headings = [briefing.say(f"column.balance.{measure}", group=_group(name, briefing)) for measure, name, _ in wanted]
    rows = []
    for indicator, own in balance.loc[balance["indicator"].ne("")].groupby("indicator", sort=False):
        values = own.set_index(["measure", "cohort"])["value"]
        cells = [_written(values.get((measure, name), math.nan), write) for measure, name, write in wanted]
        rows.append((briefing.indicator_name(str(indicator)), *cells))
    table = _table("design.balance", [briefing.say("column.indicator"), *headings], rows, briefing)
    return Tables((table, *_history(history, briefing)))


def weight_tables(sample: pd.DataFrame, comparisons: pd.DataFrame, briefing: Briefing, indicator: str) -> Tables:
    """Return what each cohort and year weighs, estimator by estimator, and what the naive one compares.

    Parameters
    ----------
    sample, comparisons : DataFrame
        Design rows of `helpers.checks.effective_sample.effective_sample` and `naive_comparisons`.
    briefing : Briefing
        Run and language.
    indicator : str
        Which indicator.
    """
    own = sample.loc[sample["indicator"].eq(indicator) & sample["ward_id"].eq("")]
    groups = [_shares(own, TREATED_SHARE, "cohort", briefing), _shares(own, TREATED_SHARE, "period", briefing)]
    if (own.loc[own["measure"].eq(NEGATIVE_SHARE), "value"] < 0).any():
        groups.append(_shares(own, NEGATIVE_SHARE, "cohort", briefing))
    headings = ["", *(briefing.say(f"label.{name}") for name in ESTIMATORS)]
    name = briefing.indicator_name(indicator)
    table = _grouped("design.weights", headings, groups, briefing, indicator=name)
    return Tables((table, _comparisons_table(comparisons, briefing, name)))


def answerable_tables(cells: pd.DataFrame, tests: pd.DataFrame, briefing: Briefing) -> Tables:
    """Return how many treated ward-periods have a comparison, by town, and how small a p-value can get.

    Parameters
    ----------
    cells, tests : DataFrame
        Design rows of `helpers.checks.description.estimable_cells` and `helpers.checks.detectability.attainable_p`.
    briefing : Briefing
        Run and language.
    """
    towns = [town for town in sorted(set(cells["town_code"])) if town]
    counts = cells.set_index(["specification", "cohort", "town_code", "measure"])["value"].to_dict()
    groups = []
    for specification in SPECIFICATIONS:
        rows = []
        for cohort in cells["cohort"].drop_duplicates():
            shown = [_of_total(counts, (specification, cohort, town), briefing) for town in ("", *towns)]
            rows.append((briefing.cohort_name(str(cohort)), *shown))
        groups.append(RowGroup(briefing.say(f"label.{specification}"), tuple(rows)))
    headings = [briefing.say("column.cohort"), briefing.say("column.all_towns"), *map(briefing.town_name, towns)]
    return Tables((_grouped("design.cells", headings, groups, briefing), _tests_table(tests, briefing)))


def detectable_table(detectable: pd.DataFrame, briefing: Briefing) -> Table:
    """Return the smallest fall that is found, by indicator, cohort, specification and size of town shocks.

    Parameters
    ----------
    detectable : DataFrame
        Design rows of `helpers.checks.detectability.detectable_effects`.
    briefing : Briefing
        Run and language.
    """
    cohorts = list(detectable["cohort"].drop_duplicates())
    columns = [(cohort, town_sd) for cohort in cohorts for town_sd in TOWN_SHOCK_GRID]
    values = detectable.set_index(["specification", "indicator", "cohort", "measure"])["value"].to_dict()
    groups = []
    for specification in SPECIFICATIONS:
        rows = []
        for indicator in detectable["indicator"].drop_duplicates():
            places = [(specification, indicator, cohort, mde_measure(sd)) for cohort, sd in columns]
            cells = [_written(values.get(place, math.nan), briefing.wording.percent) for place in places]
            rows.append((briefing.indicator_name(str(indicator)), *cells))
        groups.append(RowGroup(briefing.say(f"label.{specification}"), tuple(rows)))
    names = {cohort: briefing.say("column.every_cohort") if cohort == ALL_COHORTS else cohort for cohort in cohorts}
    headings = [f"{names[cohort]} · {briefing.wording.number(town_sd, decimals=2)}" for cohort, town_sd in columns]
    return _grouped("design.mde", [briefing.say("column.indicator"), *headings], groups, briefing)


def _coverage_table(coverage: pd.DataFrame, briefing: Briefing) -> Table:
    sums = coverage.pivot_table(index="indicator", columns=["town_code", "measure"], values="value", aggfunc="sum")
    towns = sorted(set(coverage["town_code"]))
    rows = [
        (
            briefing.indicator_name(str(indicator)),
            *(_missing(own[town]["due_count"], own[town]["reported_count"], briefing) for town in towns),
        )
        for indicator, own in sums.iterrows()
    ]
    return _table(
        "design.coverage", [briefing.say("column.indicator"), *map(briefing.town_name, towns)], rows, briefing
    )


def _missing(due: float, reported: float, briefing: Briefing) -> str:
    number = briefing.wording.number
    return f"{number(due - reported)} / {number(due)}"


def _gaps_table(gaps: pd.DataFrame, briefing: Briefing) -> Table:
    names = {ward.ward_id: nfc(ward.ward_name_vi) for ward in briefing.study.wards}
    ordered = gaps.sort_values(["value", "indicator", "ward_id", "period"], ascending=[False, True, True, True])
    rows = [
        (
            briefing.indicator_name(row["indicator"]),
            names.get(row["ward_id"], row["ward_id"]),
            briefing.town_name(row["town_code"]),
            _group(row["cohort"], briefing),
            briefing.short_period(row["period"]),
            briefing.short_period(row["against"]),
            briefing.wording.number(row["value"]),
        )
        for row in ordered.head(MOST_GAPS_SHOWN).to_dict("records")
    ]
    keys = ("indicator", "ward", "town_code", "cohort", "from", "to", "periods")
    headings = [briefing.say(f"column.{key}") for key in keys]
    note = briefing.say("table.shortened", shown=MOST_GAPS_SHOWN, n=len(gaps)) if len(gaps) > MOST_GAPS_SHOWN else ""
    return _table("design.gaps", headings, rows, briefing, note=note)


def _history(history: pd.DataFrame, briefing: Briefing) -> list[str]:
    counts = history.set_index(["cohort", "measure"])["value"].astype(int).to_dict()
    groups = list(history["cohort"].drop_duplicates())
    if not any(counts[group, f"{what}_count"] for group in groups for what in HISTORY):
        return [briefing.say("design.history.unknown")]
    said = [
        briefing.say(
            "design.history.group",
            group=_group(group, briefing),
            n=counts[group, "ward_count"],
            hot=counts[group, "hot_spot_2019_count"],
            off=counts[group, "off_hot_spot_list_2022_count"],
            unstated=counts[group, "hot_spot_2019_unstated_count"],
        )
        for group in groups
    ]
    return [briefing.say("design.history"), *(sentence[:1].upper() + sentence[1:] for sentence in said)]


def _shares(rows: pd.DataFrame, measure: str, by: str, briefing: Briefing) -> RowGroup:
    """Return the shares by cohort or by year (``period``), a column for each of `ESTIMATORS`."""
    own = rows.loc[rows["measure"].eq(measure) & rows[by].ne("")]
    values = own.set_index([by, "specification"])["value"].to_dict()
    share = partial(briefing.wording.percent, is_signed=False)
    shown = [
        (
            briefing.cohort_name(name) if by == "cohort" else name,
            *(_written(values.get((name, estimator), math.nan), share) for estimator in ESTIMATORS),
        )
        for name in own[by].drop_duplicates()
    ]
    return RowGroup(briefing.say(f"label.{measure}.{by}"), tuple(shown))


def _comparisons_table(comparisons: pd.DataFrame, briefing: Briefing, indicator: str) -> Table | str:
    if comparisons["value"].isna().all():
        return briefing.say("design.comparisons.none", reason=comparisons["reason"].iloc[0])
    rows = [
        (
            briefing.cohort_name(row["cohort"]),
            _group(row["against"], briefing),
            briefing.say(f"label.{row['measure']}"),
            briefing.wording.percent(row["value"], is_signed=False),
        )
        for row in comparisons.to_dict("records")
    ]
    headings = [briefing.say(f"column.{key}") for key in ("cohort", "against", "kind", "weight")]
    note = briefing.say("design.comparisons.note") if comparisons["reason"].ne("").any() else ""
    return _table("design.comparisons", headings, rows, briefing, note=note, indicator=indicator)


def _tests_table(tests: pd.DataFrame, briefing: Briefing) -> Table:
    groups = []
    for specification in SPECIFICATIONS:
        own = tests.loc[tests["specification"].eq(specification)]
        rows = []
        for cohort, numbers in own.groupby("cohort", sort=False):
            values = numbers.set_index("measure")["value"]
            smallest, count = values["smallest_p"], values.get("assignment_count", math.nan)
            null = numbers["reason"].iloc[0]
            said = briefing.say(f"null.{null.replace(' ', '_')}") if not math.isnan(smallest) else NOTHING
            rows.append(
                (
                    briefing.cohort_name(str(cohort)),
                    _written(count, briefing.wording.number),
                    _written(smallest, briefing.wording.small),
                    said,
                )
            )
        groups.append(RowGroup(briefing.say(f"label.{specification}"), tuple(rows)))
    headings = [briefing.say(f"column.{key}") for key in ("cohort", "assignments", "smallest_p", "null_tested")]
    return _grouped("design.tests", headings, groups, briefing)


def _of_total(counts: Mapping[Any, float], place: tuple[str, str, str], briefing: Briefing) -> str:
    identified, lost = (counts.get((*place, measure)) for measure in ("identified_count", "lost_count"))
    if identified is None or lost is None:
        return NOTHING
    number = briefing.wording.number
    return f"{number(identified)} / {number(identified + lost)}"


def _group(cohort: str, briefing: Briefing) -> str:
    return briefing.say("label.never") if cohort == NEVER_NAME else briefing.cohort_name(cohort)


def _written(value: float, write: Callable[[float], str]) -> str:
    return NOTHING if math.isnan(value) else write(value)


def _table(
    name: str, headings: Sequence[str], rows: Rows, briefing: Briefing, *, note: str = "", **values: Any
) -> Table:
    return _grouped(name, headings, [RowGroup("", tuple(rows))], briefing, note=note, **values)


def _grouped(
    name: str,
    headings: Sequence[str],
    groups: Sequence[RowGroup],
    briefing: Briefing,
    *,
    note: str = "",
    **values: Any,
) -> Table:
    columns = tuple(Column(heading, is_number=place > 0) for place, heading in enumerate(headings))
    return Table(briefing.say(name, **values), columns, tuple(groups), briefing, note)
