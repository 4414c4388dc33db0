"""Questions that this design cannot answer at this scale: found by rule in the description of the design.

Each is a row that names the rule, and its indicator, cohort and specification. What a rule means is said by the
catalogues (`helpers.reporting.design_words`), in every language of the pages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.checks.design_rows import design_rows
from helpers.estimation.count_imputation import silent_wards
from helpers.estimation.specification import CONFIRMATORY
from helpers.inference.randomisation import LEVEL
from helpers.panel import outcome_matrix
from helpers.study.design import Design

Row = dict[str, Any]

NO_CELL, MOST_LOST = "no_cell", "most_lost"
NO_REJECTION, NO_OWN_TEST = "no_rejection", "no_own_test"
NONE_ATTAINABLE, ONLY_HALVING, NOT_KNOWN = "none_attainable", "only_halving", "not_known"
SILENT_WARDS = "silent_wards"
RULES = (NO_CELL, MOST_LOST, NO_REJECTION, NO_OWN_TEST, NONE_ATTAINABLE, NOT_KNOWN, ONLY_HALVING, SILENT_WARDS)
"""In the order in which they are to be read: first what nothing can be said of, then what is only seen if large."""
HALVED = -0.5
"""Where only a fall by more than half is found, every effect that an official would still call a success is missed."""
MOST = 0.5
"""An answer about less than half of the treated ward-periods is an answer to another question."""


def hopeless_questions(description: pd.DataFrame, silent: Mapping[str, int]) -> pd.DataFrame:
    """Return what cannot be answered, under the confirmatory specification, for reasons known before any estimate.

    Parameters
    ----------
    description : DataFrame
        Design rows that hold the topics ``estimable_cells``, ``attainable_p`` and ``detectability``.
    silent : mapping of str to int
        By indicator, how many wards reported nothing but zeros.

    Returns
    -------
    DataFrame
        Design rows of topic ``hopeless``; ``measure`` is one of `RULES`, and ``value`` the number behind it: identified
        share of cells, smallest p, minimum detectable effect (empty where none is attainable), or number of wards.
    """
    confirmatory = description.loc[description["specification"].eq(CONFIRMATORY) & description["town_code"].eq("")]
    cells = confirmatory.loc[confirmatory["topic"].eq("estimable_cells")]
    tests = confirmatory.loc[confirmatory["topic"].eq("attainable_p") & confirmatory["measure"].eq("smallest_p")]
    effects = confirmatory.loc[confirmatory["topic"].eq("detectability") & confirmatory["measure"].eq("mde")]
    found = _cells(cells)
    gone = {row["cohort"] for row in found if row["measure"] == NO_CELL}
    found += _tests(tests.loc[~tests["cohort"].isin(gone)])
    found += _effects(effects.loc[~effects["cohort"].isin(gone)])
    silences = [(name, float(count)) for name, count in silent.items() if count]
    found += [{"indicator": name, "measure": SILENT_WARDS, "value": count} for name, count in silences]
    return design_rows("hopeless", [row for rule in RULES for row in found if row["measure"] == rule])


def count_silent(panel: pd.DataFrame, design: Design, indicators: Sequence[str]) -> dict[str, int]:
    """Return, by indicator, how many wards reported nothing but zeros."""
    return {name: len(silent_wards(outcome_matrix(panel, design, name), design)) for name in indicators}


def _cells(cells: pd.DataFrame) -> list[Row]:
    rows: list[Row] = []
    for cohort, own in cells.groupby("cohort", sort=True):
        counts = own.set_index("measure")["value"]
        total = counts["identified_count"] + counts["lost_count"]
        share = float(counts["identified_count"] / total) if total else 0.0
        if share < MOST:
            rule = NO_CELL if share == 0 else MOST_LOST
            rows.append({"specification": CONFIRMATORY, "cohort": cohort, "measure": rule, "value": share})
    return rows


def _tests(tests: pd.DataFrame) -> list[Row]:
    rows: list[Row] = []
    for row in tests.to_dict("records"):
        own = {"specification": CONFIRMATORY, "cohort": row["cohort"], "value": row["value"]}
        if row["value"] > LEVEL:
            rows.append({**own, "measure": NO_REJECTION})
        elif row["cohort"] != "all" and row["reason"] == "no effect anywhere":
            rows.append({**own, "measure": NO_OWN_TEST})
    return rows


def _effects(effects: pd.DataFrame) -> list[Row]:
    rows: list[Row] = []
    for row in effects.to_dict("records"):
        own = {name: row[name] for name in ("specification", "cohort", "indicator", "value", "reason")}
        if pd.isna(row["value"]):
            rule = NONE_ATTAINABLE if row["reason"].startswith("none attainable") else NOT_KNOWN
            rows.append({**own, "measure": rule})
        elif row["value"] < HALVED:
            rows.append({**own, "measure": ONLY_HALVING})
    return rows
