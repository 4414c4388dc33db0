"""Quarters or years of observed and expected incidents: the finest that is published of restricted counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS
from helpers.reporting.disclosure.contributions import TREATED_STATE, Group, group_behind
from helpers.reporting.disclosure.rules import Rules
from helpers.study.periods import PERIODS_PER_YEAR, PeriodKind, period_number, period_range

QUARTERS = 4
MOST_SMALL_QUARTERS = 0.25
"""If more of the quarters than this have small counts, years are published: holes tell little and cost neighbours."""
NEVER_TREATED = "never"


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring periods of one cohort and one state within a quarter or year, and their sums.

    Attributes
    ----------
    cohort, state : str
    periods : tuple of str
        In order.
    ward_counts : tuple of float
        Wards added up in each period.
    observed, expected : float
        Sums over wards and periods.
    group : Group
        The wards behind the observed count.
    """

    cohort: str
    state: str
    periods: tuple[str, ...]
    ward_counts: tuple[float, ...]
    observed: float
    expected: float
    group: Group

    @property
    def name(self) -> str:
        """Return what tells this block from others of its indicator."""
        return f"{self.cohort}|{self.state}|{self.periods[0]}"

    @property
    def is_treated(self) -> bool:
        """Return whether its wards were under the programme."""
        return self.state == TREATED_STATE

    def is_withheld(self, rules: Rules) -> bool:
        """Return whether a rule withholds it: a small count, or too few wards."""
        fewest = min(self.ward_counts)
        is_dominated = self.observed > 0 and self.group.is_few(Rules(smallest_ward_count=1))
        return rules.is_small(self.observed) or fewest < rules.smallest_ward_count or is_dominated


def followed_specification(rows: pd.DataFrame) -> str:
    """Return the one specification whose counts are published: the confirmatory one if it follows any treated ward.

    Counts of both would give away, by difference, those of the wards that only one of them can follow.
    """
    found = rows.loc[rows["state"].eq(TREATED_STATE) & rows["ward_count"].gt(0), "specification"]
    order = (CONFIRMATORY, *(own for own in SPECIFICATIONS if own != CONFIRMATORY))
    return next((name for name in order if found.eq(name).any()), "")


def build_blocks_of(
    rows: pd.DataFrame, contributions: pd.DataFrame, kind: PeriodKind, rules: Rules
) -> tuple[Block, ...]:
    """Return one indicator's blocks: quarters, or years where too many quarters have small counts.

    Parameters
    ----------
    rows : DataFrame
        ``counterfactual.csv`` of one indicator and specification; the never treated are left out.
    contributions : DataFrame
        `ward_contributions` of the same.
    kind : PeriodKind
        Of the study's calendar.
    rules : Rules
    """
    used = rows.loc[rows["ward_count"].gt(0) & rows["cohort"].astype(str).ne(NEVER_TREATED)]
    per_year = PERIODS_PER_YEAR[kind]
    quarters = _blocks(used, contributions, kind, max(1, per_year // QUARTERS))
    small = sum(rules.is_small(block.observed) for block in quarters)
    return quarters if small <= MOST_SMALL_QUARTERS * len(quarters) else _blocks(used, contributions, kind, per_year)


def _blocks(rows: pd.DataFrame, contributions: pd.DataFrame, kind: PeriodKind, width: int) -> tuple[Block, ...]:
    spans = rows["period"].map(lambda label: period_number(kind, str(label)) // width)
    keys = [rows["cohort"].astype(str), rows["state"], spans.rename("span")]
    ordered = rows.sort_values("period", kind="stable")
    return tuple(_block(own, contributions) for _, own in ordered.groupby(keys, sort=True))


def _block(own: pd.DataFrame, contributions: pd.DataFrame) -> Block:
    cohort, state, periods = str(own["cohort"].iloc[0]), str(own["state"].iloc[0]), tuple(own["period"].astype(str))
    behind = contributions.loc[
        contributions["cohort"].eq(cohort)
        & contributions["state"].eq(state)
        & contributions["period"].isin(list(periods))
    ]
    sums = {name: float(own[name].sum()) for name in ("observed", "expected")}
    return Block(cohort, state, periods, tuple(own["ward_count"].astype(float)), **sums, group=group_behind(behind))


def public_rows(blocks: Sequence[Block], withheld: frozenset[str], rules: Rules) -> list[dict[str, Any]]:
    """Return blocks as rows of the public ``counterfactual.csv``: sums rounded, or none where they are withheld.

    ``period`` and ``period_last`` are the first and last period, ``period_count`` says how many there are,
    ``ward_count`` is the mean number of wards, ``is_withheld`` whether the sums are held back.
    """
    rows = []
    for block in blocks:
        hidden = block.name in withheld
        rows.append(
            {
                "cohort": block.cohort,
                "period": block.periods[0],
                "period_last": block.periods[-1],
                "period_count": len(block.periods),
                "state": block.state,
                "ward_count": sum(block.ward_counts) / len(block.ward_counts),
                "observed": float("nan") if hidden else rules.rounded(block.observed),
                "expected": float("nan") if hidden else rules.rounded(block.expected),
                "is_withheld": hidden,
            }
        )
    return rows


def spread_blocks(rows: pd.DataFrame, kind: PeriodKind) -> pd.DataFrame:
    """Return public blocks as a row per period, each with an equal part of the sums; other tables as they are.

    Blocks that are withheld are left out: a picture has a gap there.

    Examples
    --------
    >>> block = {"period": "2023-01", "period_last": "2023-02", "period_count": 2, "observed": 30.0, "expected": 40.0}
    >>> spread_blocks(pd.DataFrame([block | {"is_withheld": False}]), "calendar_month")[["period", "observed"]].values
    array([['2023-01', 15.0],
           ['2023-02', 15.0]], dtype=object)
    """
    if "period_last" not in rows.columns:
        return rows
    spread = [
        {**row, "period": period, **{name: row[name] / row["period_count"] for name in ("observed", "expected")}}
        for row in rows.loc[~rows["is_withheld"].astype(bool)].to_dict("records")
        for period in period_range(kind, str(row["period"]), str(row["period_last"]))
    ]
    return pd.DataFrame(spread, columns=list(rows.columns))
