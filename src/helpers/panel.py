"""The panel: the one contract between cleaning and estimation.

A panel is a long table with one row per ward, period and indicator. Cleaning writes it and may not write anything
else; estimators read it and may not read anything else. A cell that was not reported is a row whose ``value`` is
missing; a row that is absent altogether means the same, and neither is ever a zero.

Ten million rows must fit beside the work that is done with them. So every text column whose texts repeat is stored as
categories, which are texts in order; it compares, joins and prints as text does.
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
TEXT_COLUMNS = ("ward_id", "town_code", "period", "indicator", "mark", "released", "file", "sheet", "cell")
NUMBER_COLUMNS = ("value", "denominator")
REPEATING_COLUMNS = tuple(name for name in TEXT_COLUMNS if name != "cell")
"""Stored as categories; a cell's name stands once."""
PANEL_COLUMNS = (
    "ward_id", "town_code", "period", "indicator", "value", "denominator", "mark", "released", "file", "sheet", "cell",
)  # fmt: skip
BY_ABSENCE = "zero_by_absence"
MARKS = ("number", "zero", "zero_mark", "missing", BY_ABSENCE)
"""How the cell was written: a number other than 0, the digit 0, a mark declared to mean zero, not reported; or not at
all, where the study declares that a ward which its town's table leaves out had none."""
MOST_SHOWN = 3
"""Of what is wrong in a panel, by name; the rest is counted."""


def check_panel(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the panel in canonical order after checking the contract.

    Parameters
    ----------
    panel : DataFrame
        Columns `PANEL_COLUMNS`: ids and labels as text, ``value`` and ``denominator`` (respondents or recorded cases
        of a ratio; missing for counts) as numbers, ``mark`` one of `MARKS`, the day on which the figure was released
        (ISO; "" if nothing tells), and the cell that it was read from.

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
    panel = typed_panel(panel)
    keys = key_numbers(panel)
    if not bool((keys[1:] > keys[:-1]).all()):
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        if bool((keys[1:] == keys[:-1]).any()):
            twice = panel.loc[panel.duplicated(list(KEY), keep=False), list(KEY)]
            raise EstimationError(
                f"{len(twice)} panel rows share a ward, period and indicator; first: {tuple(twice.iloc[0])}. "
                "A panel has one row for each; keep one of them, or run notebook 01 again."
            )
        panel = panel.iloc[order].reset_index(drop=True)
    _check_numbers(panel)
    is_zero, is_missing = panel["mark"].isin(["zero", "zero_mark", BY_ABSENCE]), panel["mark"].eq("missing")
    contradicts = (
        ~panel["mark"].isin(MARKS)
        | (is_missing & panel["value"].notna())
        | (~is_missing & panel["value"].isna())
        | (is_zero & panel["value"].ne(0))
    )
    if bool(contradicts.any()):
        raise EstimationError(f"Mark and value contradict each other in {int(contradicts.sum())} panel rows.")
    return panel


def _check_numbers(panel: pd.DataFrame) -> None:
    for name in NUMBER_COLUMNS:
        is_negative, is_infinite = panel[name].lt(0), np.isinf(panel[name])
        if bool(is_negative.any()):
            raise EstimationError(
                f"{int(is_negative.sum())} panel rows have a negative {name}; first: {_first_key(panel, is_negative)}. "
                "A correction belongs in the period it corrects: subtract it there."
            )
        if bool(is_infinite.any()):
            first = _first_key(panel, is_infinite)
            raise EstimationError(
                f"{int(is_infinite.sum())} panel rows have an infinite {name}; first: {first}. "
                "Leave the value of a cell that was not reported missing, with the mark “missing”."
            )


def _first_key(panel: pd.DataFrame, wanted: pd.Series) -> tuple[str, ...]:
    return tuple(panel.loc[wanted, list(KEY)].iloc[0].astype(str))


def typed_panel(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a panel in the contract's order and types, its rows as they stand but numbered anew.

    Examples
    --------
    >>> row = ("a", "t", "2023", "x", 1, None, "number", "", "f", "", "B2")
    >>> panel = typed_panel(pd.DataFrame([row], columns=PANEL_COLUMNS))
    >>> [str(panel[name].dtype) for name in ("ward_id", "denominator", "cell")]
    ['category', 'float64', 'str']
    """
    columns = {name: panel[name].reset_index(drop=True) for name in PANEL_COLUMNS}
    columns |= {name: _as_categories(columns[name]) for name in REPEATING_COLUMNS}
    columns |= {name: columns[name].astype("float64") for name in NUMBER_COLUMNS}
    return pd.DataFrame(columns | {"cell": columns["cell"].astype("str")}, copy=False)


def _as_categories(column: pd.Series) -> pd.Series:
    """Return a column as categories that are texts in order, none of them without a row."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("str").astype("category")
    names, codes = column.cat.categories.astype("str"), column.cat.codes.to_numpy()
    is_used = np.zeros(len(names) + 1, dtype=bool)
    is_used[codes] = True
    if bool(is_used[:-1].all()) and names.is_monotonic_increasing and names.is_unique:
        return column if names.dtype == column.cat.categories.dtype else column.astype(pd.CategoricalDtype(names))
    kept, places = np.unique(np.array(names[is_used[:-1]].tolist(), dtype=np.str_), return_inverse=True)
    table = np.full(len(names) + 1, -1, dtype=np.int32)
    table[np.flatnonzero(is_used[:-1])] = places
    return pd.Series(pd.Categorical.from_codes(table[codes], pd.Index(kept.tolist(), dtype="str")), index=column.index)


def key_numbers(panel: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return one number per row, equal and ordered as the rows' keys are.

    Parameters
    ----------
    panel : DataFrame
        With the columns `KEY`.

    Examples
    --------
    >>> rows = pd.DataFrame({"ward_id": ["b", "a"], "period": "2023", "indicator": "x"})
    >>> key_numbers(rows).argsort().tolist()
    [1, 0]
    """
    numbers = np.zeros(len(panel), dtype=np.int64)
    for name in KEY:
        column = _as_categories(panel[name])
        numbers *= len(column.cat.categories) + 1
        numbers += column.cat.codes.to_numpy()
        numbers += 1
    return numbers


def shares_key(panel: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return for each row whether another one has its ward, period and indicator, shape (rows,)."""
    numbers = key_numbers(panel)
    if bool((numbers[1:] > numbers[:-1]).all()):
        return np.zeros(len(panel), dtype=bool)
    return pd.Series(numbers).duplicated(keep=False).to_numpy()


def repeated_text(text: str, count: int) -> pd.Series:
    """Return a text column of a panel that says the same in every row."""
    return pd.Series(pd.Categorical.from_codes(np.zeros(count, dtype=np.int8), pd.Index([text], dtype="str")))


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
        If the panel holds nothing of the indicator or two values for one ward and period, or a period of the window is
        reported by no ward.
    """
    rows = panel.loc[panel["indicator"].eq(indicator), ["ward_id", "period", "value"]]
    if rows.empty:
        raise EstimationError(
            f"The panel holds no “{indicator}”. Run notebook 01, or choose an indicator that was returned."
        )
    twice = rows.loc[rows.duplicated(["ward_id", "period"]), ["ward_id", "period"]].drop_duplicates()
    if len(twice):
        shown = ", ".join(f"{ward} {period}" for ward, period in twice.head(MOST_SHOWN).itertuples(index=False))
        more = f", and {len(twice) - MOST_SHOWN} more" if len(twice) > MOST_SHOWN else ""
        raise EstimationError(
            f"“{indicator}” has more than one value for the same ward and period: {shown}{more}. "
            "A panel has one row for each; keep one of them, or run notebook 01 again."
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
