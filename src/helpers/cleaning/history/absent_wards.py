"""Zeros that no cell says: of wards that a town's list leaves out, where the study declares that this means none.

Without the declaration an absent ward is not reported, and never a zero. With it, a ward had no case in a period if a
complete list of its town leaves it out (`helpers.cleaning.layout.ward_lists`), no return gives its figure, the list is
the town's and not one ward's or one part's of it, and the ward is in some return of the study at all. Whatever fails
one of these stays missing, with the reason. A figure that stands anywhere comes before a zero that stands nowhere.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.cleaning.layout.filing import RunningSum
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.layout.ward_lists import UNREAD_FIGURE, WardList
from helpers.cleaning.tables import joined_frames, panel_frame
from helpers.messages import say
from helpers.panel import BY_ABSENCE, PANEL_COLUMNS, typed_panel

LEAST_LISTED = 2
"""A file that lists one ward only may be that ward's own."""
MOST_NAMED = 12
"""More wards than this are counted in a line of the log; the panel has each."""
_TABLE = ["file", "sheet"]
_LIST = ["town_code", "period", "indicator"]
_SERIES = ["town_code", "indicator"]
_PLACE = [*_TABLE, "indicator"]
_FIGURE = ["ward_id", "period", "indicator"]
_COLUMNS = [*_TABLE, *_LIST, "ward_id", "value", "released"]

Figure = tuple[str, str, str]
"""Ward, period and indicator."""
LogRow = tuple[str, str, int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class AbsentWards:
    """What the wards that are not listed had.

    Attributes
    ----------
    panel : DataFrame
        Panel rows of zeros, with the file and sheet of the list and no cell.
    log : list of tuple
        Per list's file, sheet and indicator: how many figures are zeros, and how many stay missing for which reason.
    """

    panel: pd.DataFrame
    log: Sequence[LogRow] = ()


def count_absent_wards(
    figures: pd.DataFrame,
    lists: Mapping[tuple[str, str], Sequence[WardList]],
    running: Iterable[RunningSum],
    vocabulary: Vocabulary,
) -> AbsentWards:
    """Return the zeros of wards that complete lists leave out.

    Parameters
    ----------
    figures : DataFrame
        Panel rows of all returns and all releases, those of cumulative figures aside.
    lists : mapping of (file, sheet) to sequence of WardList
        What each sheet lists wards of; every file that is not among these is a machine's long form.
    running : iterable of RunningSum
        The cumulative figures of all returns.
    vocabulary : Vocabulary
        Its ``cells`` declare what is meant.
    """
    names = _declared(vocabulary)
    if not names:
        return AbsentWards(panel_frame([]))
    returns = _Returns(figures, vocabulary)
    cumulative = {(own.place.ward.ward_id, own.place.period, own.place.indicator) for own in running}
    found = [
        _of_indicator(figures.loc[figures["indicator"].eq(name), _COLUMNS], lists, cumulative, returns)
        for name in names
    ]
    return AbsentWards(joined_frames([own.panel for own in found]), [row for own in found for row in own.log])


def _of_indicator(
    figures: pd.DataFrame,
    lists: Mapping[tuple[str, str], Sequence[WardList]],
    cumulative: Collection[Figure],
    returns: "_Returns",
) -> AbsentWards:
    """Return the zeros of one indicator; one at a time, because millions of rows become texts here."""
    told = _of_short_lists(figures, returns)
    given = set(told[_FIGURE].itertuples(index=False, name=None)) | set(cumulative)
    absent = _absent(_groups(told, lists), given, returns)
    if absent.empty:
        return AbsentWards(panel_frame([]))
    absent = _weighed(absent, told, returns)
    zeros = absent.loc[absent["reason"].eq("")].drop_duplicates(_FIGURE, keep="last")
    kept = absent.loc[absent["reason"].ne("")].drop_duplicates(_FIGURE, keep="last")
    kept = kept.loc[~pd.MultiIndex.from_frame(kept[_FIGURE]).isin(pd.MultiIndex.from_frame(zeros[_FIGURE]))]
    return AbsentWards(_zeros(zeros), [*_log_zeros(zeros, returns.names), *_log_kept(kept)])


def _declared(vocabulary: Vocabulary) -> list[str]:
    """Return the counts of which an absent ward is declared to have had none."""
    cells = vocabulary.cells
    counts = sorted(name for name, own in vocabulary.indicators.items() if own.kind == "count")
    if cells.absent_ward != "zero":
        return []
    return [name for name in counts if not cells.absent_ward_indicators or name in cells.absent_ward_indicators]


class _Returns:
    """What all returns say together: which wards report at all, how many of a town a file lists, and who should be."""

    def __init__(self, figures: pd.DataFrame, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._expected: dict[tuple[str, str], tuple[str, ...]] = {}
        by_file = figures[["file", "town_code", "ward_id"]].drop_duplicates().astype("str")
        self.reporting = frozenset(by_file["ward_id"])
        self.listed = Counter(by_file[["file", "town_code"]].itertuples(index=False, name=None))
        self.names = {ward.ward_id: ward.ward_name_vi for wards in vocabulary.town_wards.values() for ward in wards}

    def expected(self, town_code: str, period: str) -> tuple[str, ...]:
        """Return the ids of the wards of a town that exist in a period."""
        if (town_code, period) not in self._expected:
            found = self._vocabulary.expected_wards(town_code, period)
            self._expected[town_code, period] = tuple(ward.ward_id for ward in found)
        return self._expected[town_code, period]


def _of_short_lists(figures: pd.DataFrame, returns: _Returns) -> pd.DataFrame:
    """Return the figures of a town and indicator that some period lacks of a ward, as texts.

    Millions of rows stay categories until it is known which of them are asked about.
    """
    counts = figures.groupby(_LIST, observed=True)["ward_id"].nunique().reset_index()
    is_short = [
        count < len(returns.expected(town_code, period))
        for town_code, period, count in counts[["town_code", "period", "ward_id"]].itertuples(index=False, name=None)
    ]
    short = pd.MultiIndex.from_frame(counts.loc[is_short, _SERIES])
    is_asked = pd.MultiIndex.from_frame(figures[_SERIES]).isin(short)
    return figures.loc[is_asked].astype(dict.fromkeys([*_TABLE, *_LIST, "ward_id", "released"], "str"))


def _groups(told: pd.DataFrame, lists: Mapping[tuple[str, str], Sequence[WardList]]) -> pd.DataFrame:
    """Return the lists of all returns, one row each: of sheets as they were read, of long forms as their rows are."""
    asked = set(told[_SERIES].itertuples(index=False, name=None))
    released = told.groupby(_TABLE)["released"].max().to_dict()
    rows = [
        (*table, own.town_code, own.period, own.indicator, own.is_of_town, own.reason, released.get(table, ""))
        for table, several in lists.items()
        for own in several
        if (own.town_code, own.indicator) in asked
    ]
    columns = [*_TABLE, *_LIST, "is_of_town", "reason", "released"]
    of_sheets = pd.DataFrame(rows, columns=columns).astype({"reason": "object"})
    long = told.loc[~told["file"].isin({file for file, _ in lists})]
    by_list = long.assign(is_read=long["value"].notna()).groupby([*_TABLE, *_LIST])
    of_long = by_list.agg(is_read=("is_read", "all"), released=("released", "max")).reset_index()
    of_long["is_of_town"] = False
    of_long["reason"] = of_long.pop("is_read").map({True: "", False: UNREAD_FIGURE}).astype("object")
    return joined_frames([of_sheets, of_long[columns]])


def _absent(groups: pd.DataFrame, given: Collection[Figure], returns: _Returns) -> pd.DataFrame:
    """Return a row for each list and ward of its town whose figure no return gives."""
    places = groups[_LIST].itertuples(index=False, name=None)
    rows = [
        (*own, ward_id)
        for (town_code, period, indicator), own in zip(places, groups.itertuples(index=False, name=None), strict=True)
        for ward_id in returns.expected(town_code, period)
        if (ward_id, period, indicator) not in given
    ]
    frame = pd.DataFrame(rows, columns=[*groups, "ward_id"])
    return frame.sort_values(["released", *_TABLE, *_LIST, "ward_id"], ignore_index=True)


def _weighed(absent: pd.DataFrame, told: pd.DataFrame, returns: _Returns) -> pd.DataFrame:
    """Return absent wards with the reason why each is not known to have had none, "" if there is none."""
    parts = _parts(told)
    reasons: list[object] = []
    for own in absent.itertuples(index=False):
        if own.reason:
            reasons.append(own.reason)
        elif own.ward_id not in returns.reporting:
            reasons.append(say("the ward is in no return of the study"))
        elif (own.file, own.sheet, own.town_code, own.indicator) in parts:
            reasons.append(say("another table lists wards of the town that this one does not"))
        elif not own.is_of_town and returns.listed[own.file, own.town_code] < LEAST_LISTED:
            reasons.append(say("one ward is listed, and nothing says that the table is of its town"))
        else:
            reasons.append("")
    return absent.assign(reason=pd.Series(reasons, dtype="object"))


def _parts(told: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return the tables that are only a part of a town's: others of their periods list wards that they never do."""
    wards, periods, every = (defaultdict[tuple[str, ...], set[str]](set) for _ in range(3))
    columns = [*_TABLE, *_SERIES, "period", "ward_id"]
    for *place, period, ward_id in told[columns].itertuples(index=False, name=None):
        wards[tuple(place)].add(ward_id)
        periods[tuple(place)].add(period)
    for table, own in wards.items():
        for period in periods[table]:
            every[*table[2:], period] |= own
    return {table for table, own in wards.items() if any(every[*table[2:], one] - own for one in periods[table])}


def _zeros(absent: pd.DataFrame) -> pd.DataFrame:
    made = absent.assign(value=0.0, denominator=float("nan"), mark=BY_ABSENCE, cell="")
    return typed_panel(made[list(PANEL_COLUMNS)])


def _log_zeros(zeros: pd.DataFrame, names: Mapping[str, str]) -> list[LogRow]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for *place, ward_id in zeros[[*_PLACE, "ward_id"]].itertuples(index=False, name=None):
        found.setdefault((place[0], place[1], place[2]), []).append(names[ward_id])
    rows: list[LogRow] = []
    for (file, sheet, indicator), every in found.items():
        wards = sorted(set(every))
        listed = ", ".join(wards[:MOST_NAMED]) + (f" (+{len(wards) - MOST_NAMED})" if len(wards) > MOST_NAMED else "")
        after = say(
            "{count} zeros of wards not listed, as study.toml declares: {wards}", count=len(every), wards=listed
        )
        rows.append((file, sheet, 0, 0, "absent_ward_zero", indicator, after))
    return rows


def _log_kept(kept: pd.DataFrame) -> list[LogRow]:
    found = Counter(kept[[*_PLACE, "reason"]].itertuples(index=False, name=None))
    return [
        (
            file,
            sheet,
            0,
            0,
            "absent_ward_missing",
            indicator,
            say("{count} figures of wards not listed stay missing: {reason}", count=count, reason=reason),
        )
        for (file, sheet, indicator, reason), count in found.items()
    ]
