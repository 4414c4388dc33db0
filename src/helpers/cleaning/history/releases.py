"""Several releases of one figure: which one the panel takes, and what a later one changed.

An office sends a corrected sheet months later. When a sheet was released is told by
`helpers.cleaning.history.release_dates`. Of figures that differ the latest is taken; where nothing tells which is
later, that is a problem and nothing is guessed. A later sheet that leaves a cell blank takes nothing back. Equal
figures contradict nothing.

Everything works on whole columns, so a hundred thousand figures released twice cost little more than their reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.cleaning.people.refusal import shown
from helpers.errors import Problem
from helpers.messages import say
from helpers.panel import KEY, shares_key

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

SUPERSEDED, REPEATED = "superseded", "repeated"
RELEASE = ("released", "value", "denominator", "file", "sheet", "cell")
"""What a row of revisions says of the figure that was taken, and of the one it replaced."""
REVISION_COLUMNS = (*KEY, *RELEASE, *(f"superseded_{name}" for name in RELEASE))
MOST_REPEATED = 20
"""Figures that contradict each other are listed up to this many; their number is always told."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows of several releases are taken.

    Attributes
    ----------
    left_out : Series
        Kind of furniture (``superseded`` or ``repeated``) of each row that is not taken, by the row's label.
    revisions : DataFrame
        One row per figure that a later release changed, columns `REVISION_COLUMNS`.
    problems : list of Problem
        Figures that contradict each other without an order.
    """

    left_out: pd.Series
    revisions: pd.DataFrame
    problems: list[Problem]


def choose_releases(figures: pd.DataFrame) -> Chosen:
    """Return which of the rows that share a key are taken.

    Parameters
    ----------
    figures : DataFrame
        Panel rows with the column ``released`` (ISO day, "" if not known); row labels are unique.

    Examples
    --------
    >>> rows = pd.DataFrame({"ward_id": "w", "period": "2023-05", "indicator": "fires", "value": [2.0, 4.0],
    ...     "denominator": None, "released": ["2023-05-16", "2023-07-20"], "file": ["a", "b"], "sheet": "",
    ...     "cell": "D7"})
    >>> chosen = choose_releases(rows)
    >>> dict(chosen.left_out), chosen.revisions[["value", "superseded_value"]].to_numpy().tolist()
    ({0: 'superseded'}, [[4.0, 2.0]])
    """
    order = [*KEY, "released", "file", "sheet", "cell"]
    several = figures.loc[shares_key(figures)].astype(dict.fromkeys(order, "str")).sort_values(order)
    position = _taken(several)
    taken, is_taken = several.iloc[position], position == np.arange(len(several))
    has_other_value, has_other_denominator = _differences(several, taken)
    differs = has_other_value | has_other_denominator
    own, later = (frame["released"].to_numpy(dtype=object) for frame in (several, taken))
    is_ordered = (own < later) & (own != "")
    left_out = pd.Series(
        np.where(differs, SUPERSEDED, REPEATED)[~is_taken], index=several.index[~is_taken], dtype="object"
    )
    revised, unclear = differs & is_ordered, differs & ~is_ordered
    if (unclear & has_other_value).any():
        unclear &= has_other_value  # a denominator that differs follows from a figure that is listed itself
    revisions = _revisions(taken.loc[revised], several.loc[revised])
    return Chosen(left_out, revisions, list(_problems(taken.loc[unclear], several.loc[unclear])))


def _taken(several: pd.DataFrame) -> Places:
    """Return, for each row of a table sorted by key and release, the place of the row that is taken for its key.

    It is the last one that says something, or the last one if none does.
    """
    group = several.groupby(list(KEY), sort=False).ngroup().to_numpy()
    place = np.arange(len(several))
    told = np.where(several["value"].notna(), place, -1)
    last, last_told = (np.full(len(several), -1, dtype=np.intp) for _ in range(2))
    np.maximum.at(last, group, place)
    np.maximum.at(last_told, group, told)
    return np.where(last_told >= 0, last_told, last)[group]


def _differences(several: pd.DataFrame, taken: pd.DataFrame) -> tuple[Flags, Flags]:
    """Return which rows say another value than what is taken, and which the same value over another denominator."""
    value, other = (frame["value"].to_numpy(dtype=float, na_value=np.nan) for frame in (several, taken))
    over, other_over = (frame["denominator"].to_numpy(dtype=float, na_value=np.nan) for frame in (several, taken))
    is_told, both_over = ~np.isnan(value), ~np.isnan(over) & ~np.isnan(other_over)
    has_other_value = is_told & (value != other)
    return has_other_value, is_told & ~has_other_value & both_over & (over != other_over)


def _revisions(taken: pd.DataFrame, superseded: pd.DataFrame) -> pd.DataFrame:
    """Return what later releases changed; the two frames have the same figures row by row."""
    columns = {name: taken[name].to_numpy() for name in (*KEY, *RELEASE)}
    columns |= {f"superseded_{name}": superseded[name].to_numpy() for name in RELEASE}
    order = [*KEY, "superseded_released", "superseded_file", "superseded_sheet", "superseded_cell"]
    return pd.DataFrame(columns, columns=list(REVISION_COLUMNS)).sort_values(order, ignore_index=True)


def _problems(taken: pd.DataFrame, others: pd.DataFrame) -> Iterator[Problem]:
    shown_rows = zip(
        taken.head(MOST_REPEATED).to_dict("records"), others.head(MOST_REPEATED).to_dict("records"), strict=True
    )
    for own, other in shown_rows:
        rule = say(
            "{place} gives another figure for this ward, period and indicator, and nothing tells which of the two "
            "is later ({count} such figures in all)",
            place=" · ".join(str(other[name]) for name in ("file", "sheet", "cell") if other[name]),
            count=len(taken),
        )
        remedy = say(
            "Write the day of each release into releases.csv, or take the sheet that is not valid out of returns/."
        )
        value = shown(" ".join(str(own[name]) for name in KEY))
        yield Problem(str(own["file"]), str(own["sheet"]), str(own["cell"]), value, rule, remedy)
