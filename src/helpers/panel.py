"""The panel: the one contract between cleaning and estimation.

A panel is a long table with one row per ward, period and indicator. Cleaning writes it and may not write anything
else; estimators read it and may not read anything else. A cell that was not reported is a row whose ``value`` is
missing; a row that is absent altogether means the same, and neither is ever a zero.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.paths import written_beside
from helpers.study.design import Design

Outcome = npt.NDArray[np.float64]

KEY = ("ward_id", "period", "indicator")
TEXT_COLUMNS = ("ward_id", "town_code", "period", "indicator", "mark", "file", "sheet", "cell")
NUMBER_COLUMNS = ("value", "denominator")
PANEL_COLUMNS = ("ward_id", "town_code", "period", "indicator", "value", "denominator", "mark", "file", "sheet", "cell")
MARKS = ("number", "zero", "zero_mark", "missing")
"""How the cell was written: a number other than 0, the digit 0, a mark declared to mean zero, or not reported."""


def check_panel(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the panel in canonical order after checking the contract.

    Parameters
    ----------
    panel : DataFrame
        Columns `PANEL_COLUMNS`: ids and labels as text, ``value`` and ``denominator`` (respondents or recorded cases
        of a ratio; missing for counts) as numbers, ``mark`` one of `MARKS`, and the cell the value was read from.

    Raises
    ------
    EstimationError
        If a column is missing or of another type, a key stands twice, a value is negative or infinite, or a mark and
        its value contradict each other.
    """
    absent = [column for column in PANEL_COLUMNS if column not in panel.columns]
    extra = [column for column in panel.columns if column not in PANEL_COLUMNS]
    if absent or extra:
        raise EstimationError(f"Not a panel: columns missing {absent}, not in the contract {extra}.")
    panel = panel.loc[:, list(PANEL_COLUMNS)].astype(
        dict.fromkeys(TEXT_COLUMNS, "str") | dict.fromkeys(NUMBER_COLUMNS, "float64")
    )
    twice = panel.loc[panel.duplicated(list(KEY), keep=False), list(KEY)]
    if len(twice):
        raise EstimationError(
            f"{len(twice)} panel rows share a ward, period and indicator; first: {tuple(twice.iloc[0])}."
        )
    numbers = panel[list(NUMBER_COLUMNS)]
    if bool((numbers < 0).any(axis=None)) or bool(np.isinf(numbers).any(axis=None)):
        raise EstimationError("A panel value is negative or infinite; counts and denominators are neither.")
    is_zero, is_missing = panel["mark"].isin(["zero", "zero_mark"]), panel["mark"].eq("missing")
    contradicts = (
        ~panel["mark"].isin(MARKS)
        | (is_missing & panel["value"].notna())
        | (~is_missing & panel["value"].isna())
        | (is_zero & panel["value"].ne(0))
    )
    if bool(contradicts.any()):
        raise EstimationError(f"Mark and value contradict each other in {int(contradicts.sum())} panel rows.")
    return panel.sort_values(list(KEY), ignore_index=True)


def write_panel(panel: pd.DataFrame, path: Path) -> None:
    """Check a panel and write it as Parquet, whole or not at all."""
    with written_beside(path) as beside:
        check_panel(panel).to_parquet(beside, index=False, compression="zstd")


def read_panel(path: Path) -> pd.DataFrame:
    """Read a panel written by `write_panel`, and check it again."""
    return check_panel(pd.read_parquet(path))


def outcome_matrix(panel: pd.DataFrame, design: Design, indicator: str) -> Outcome:
    """Return one indicator's values as an array of shape (W, P) in the design's order; not reported is NaN.

    Raises
    ------
    EstimationError
        If the panel holds nothing of the indicator, or a period of the window is reported by no ward.
    """
    rows = panel.loc[panel["indicator"].eq(indicator)]
    if rows.empty:
        raise EstimationError(
            f"The panel holds no “{indicator}”. Run notebook 01, or choose an indicator that was returned."
        )
    wide = rows.pivot(index="ward_id", columns="period", values="value")
    outcome = wide.reindex(index=list(design.ward_ids), columns=list(design.periods)).to_numpy(dtype=float)
    silent = [period for period, column in zip(design.periods, outcome.T, strict=True) if np.isnan(column).all()]
    if silent:
        raise EstimationError(
            f"No ward reported “{indicator}” in {', '.join(silent)}. "
            "Ask for those returns, or end the window before them."
        )
    return outcome


def indicators_in(panel: pd.DataFrame) -> Sequence[str]:
    """Return the indicators that a panel holds, sorted."""
    return sorted(panel["indicator"].unique())
