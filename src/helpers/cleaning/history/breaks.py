"""Breaks: where a series stops meaning what it meant, because a category was renamed, split, merged or redefined.

Breaks are *stated* (``break_periods`` of ``indicators.csv``) or *found* in the data. Found is a pair: in one town, or
over all, one count is silent from a period on, and a sibling that was silent until then starts. Both silences must be
long, and too long for chance: a series with the rate, and the share of periods with any case, that it has on its other
side would be silent so long less than once in a thousand times. A series that only stops, or only starts, is no break:
a programme may do that.

Silent is zero wherever it was reported, or not reported at all; the latter needs no chance to be told from a rate.
Siblings are counts that are parts of one whole, or share role and unit, or a word of their headings that less than half
of all counts have. Where all towns break, they are one row, not one each.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.messages import Message, say
from helpers.study.objects import ALL_TOWNS, Indicator, Study
from helpers.study.periods import PeriodKind, period_label, period_number
from helpers.text import normalise_header

BREAK_COLUMNS = ("town_code", "from_indicator", "to_indicator", "period", "source", "evidence")
STATED, FOUND = "stated", "found"
SHORTEST: Mapping[PeriodKind, int] = {"police_month": 6, "calendar_month": 6, "calendar_quarter": 2, "year": 2}
"""Periods that a series must be heard, and silent: half a year, and never one period alone."""
SMALLEST_CHANCE = 0.001
LONGEST_GAP: Mapping[PeriodKind, int] = {"police_month": 3, "calendar_month": 3, "calendar_quarter": 1, "year": 0}
"""Periods between the last case of the one and the first of the other: rare cases do not meet at the very border."""
SHORTEST_WORD = 3

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Series:
    """One count in one town: cases and wards that reported, both by period."""

    cases: Row
    wards: Row

    @property
    def heard(self) -> npt.NDArray[np.intp]:
        """Return the places of the periods with a case."""
        return np.flatnonzero(self.cases > 0)


def find_breaks(panel: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return every break of a study's counts, stated or found.

    Parameters
    ----------
    panel : DataFrame
        As `helpers.panel` describes it.
    study : Study
        Says which counts are siblings, and where a definition is known to have changed.

    Returns
    -------
    DataFrame
        Columns `BREAK_COLUMNS`, sorted: the town (or "all"), the series that ends and the one that begins (the same
        if the break is stated), the first period of the new state, the source (`STATED` or `FOUND`) and what it
        rests on.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> from helpers.panel import PANEL_COLUMNS
    >>> find_breaks(pd.DataFrame(columns=PANEL_COLUMNS), load_study("nghe_an"))["from_indicator"].to_list()
    ['traffic_crashes', 'traffic_deaths', 'traffic_injuries']
    """
    stated = [
        (ALL_TOWNS, own.indicator, own.indicator, period, STATED, say("stated in indicators.csv"))
        for own in study.indicators
        for period in own.break_periods
    ]
    rows = [*stated, *_found(panel, study)]
    return pd.DataFrame(rows, columns=list(BREAK_COLUMNS)).sort_values(list(BREAK_COLUMNS[:5]), ignore_index=True)


def crossed_breaks(breaks: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Return the breaks that a window from one period to another crosses: those after its first, up to its last."""
    return breaks.loc[breaks["period"].gt(first) & breaks["period"].le(last)].reset_index(drop=True)


def _found(panel: pd.DataFrame, study: Study) -> Iterator[tuple[str, str, str, str, str, Message]]:
    counts = {own.indicator: own for own in study.indicators if own.kind == "count"}
    rows = panel.loc[panel["indicator"].isin(counts) & panel["value"].notna()]
    if rows.empty:
        return
    sums = rows.groupby(["town_code", "indicator", "period"], observed=True)["value"].agg(["sum", "count"])
    table = sums.reset_index().astype({"town_code": "str", "indicator": "str", "period": "str"})
    numbers = table["period"].map({label: period_number(study.period_kind, label) for label in set(table["period"])})
    begin, length = int(numbers.min()), int(numbers.max() - numbers.min()) + 1
    table["place"] = numbers - begin
    pairs = _siblings(counts, study)
    everywhere: set[tuple[str, str]] = set()
    for town in (ALL_TOWNS, *sorted(set(table["town_code"]))):
        series = _series(table if town == ALL_TOWNS else table.loc[table["town_code"].eq(town)], length)
        for one, other in pairs:
            if (one, other) in everywhere or one not in series or other not in series:
                continue
            found = _change(series[one], series[other], study.period_kind)
            if found is not None:
                everywhere |= {(one, other)} if town == ALL_TOWNS else set()
                yield town, one, other, period_label(study.period_kind, begin + found[0]), FOUND, found[1]


def _siblings(counts: Mapping[str, Indicator], study: Study) -> list[tuple[str, str]]:
    """Return every ordered pair of counts of which one may take the other's place."""
    every = {name: _all_words(own, study) for name, own in counts.items()}
    times = Counter(word for words in every.values() for word in words)
    words = {name: {word for word in own if 2 * times[word] < len(counts)} for name, own in every.items()}

    def are_siblings(one: str, other: str) -> bool:
        first, second = counts[one], counts[other]
        if other == first.part_of or one == second.part_of:
            return False
        is_same_whole = first.part_of is not None and first.part_of == second.part_of
        is_like = (first.role, first.unit_vi) == (second.role, second.unit_vi)
        return is_same_whole or is_like or bool(words[one] & words[other])

    return [pair for pair in permutations(sorted(counts), 2) if are_siblings(*pair)]


def _all_words(indicator: Indicator, study: Study) -> set[str]:
    headings = [alias.spelling for alias in study.header_aliases if alias.meaning == indicator.indicator]
    words = {word for text in (indicator.name_vi, *headings) for word in normalise_header(text).split()}
    return {word for word in words if len(word) >= SHORTEST_WORD and not word.isdecimal()}


def _series(table: pd.DataFrame, length: int) -> dict[str, _Series]:
    return {
        str(name): _Series(
            *(
                np.bincount(own["place"], own[column], minlength=length).astype(np.float64)
                for column in ("sum", "count")
            )
        )
        for name, own in table.groupby("indicator")
    }


def _change(one: _Series, other: _Series, kind: PeriodKind) -> tuple[int, Message] | None:
    """Return the first period in which `one` is silent for good as `other` has started, and the evidence; else None."""
    if not len(one.heard) or not len(other.heard):
        return None
    end, start = int(one.heard[-1]) + 1, int(other.heard[0])
    if not 0 <= start - end <= LONGEST_GAP[kind]:
        return None
    length = len(one.cases)
    if min(end - int(one.heard[0]), length - end) < SHORTEST[kind]:
        return None
    if min(start, int(other.heard[-1]) + 1 - start) < SHORTEST[kind]:
        return None
    chances = (
        _chance_of_silence(one, slice(0, end), slice(end, length)),
        _chance_of_silence(other, slice(start, length), slice(0, start)),
    )
    if max(chances) >= SMALLEST_CHANCE:
        return None
    return end, say(
        "the first series had {cases} cases in {before} periods and none in the {after} after; "
        "the second none in {silent} periods and then {other_cases}",
        cases=f"{one.cases.sum():.15g}",
        before=end,
        after=length - end,
        silent=start,
        other_cases=f"{other.cases.sum():.15g}",
    )


def _chance_of_silence(series: _Series, heard: slice, silent: slice) -> float:
    """Return the larger of two chances that a stretch is silent, if it is like the other; 0 if nobody reported it.

    One is a Poisson count's at the other's rate per report; the other lets cases come in clusters, and asks how often
    a period had any (one more without is assumed than there was).
    """
    reports, wards = series.wards[silent], series.wards[heard]
    if not reports.any():
        return 0.0
    poisson = math.exp(-float(series.cases[heard].sum() / wards.sum() * reports.sum()))
    with_none = int(((wards > 0) & (series.cases[heard] == 0)).sum())
    share = (with_none + 1) / (int((wards > 0).sum()) + 1)
    return float(max(poisson, share ** int((reports > 0).sum())))
