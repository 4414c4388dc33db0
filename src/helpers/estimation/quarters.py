"""Months collapsed into whole quarters, as estimators that compare single cells want them.

With three in five ward-months at zero, an estimator that compares one period with another is lost in noise; quarters
serve it better. No quarter grid fits every start, so for each cohort the quarter in which it starts (*straddling*) and
those touched by its donut are dropped, and its first treated quarter is the first whole one after the start. A quarter
with a missing month is missing.

Police months 01 to 03 make police quarter 1, which is 15 December to 14 March.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.study.design import NEVER, Design
from helpers.study.periods import PeriodKind, period_label, period_number

Array = npt.NDArray[np.float64]

MONTHS_PER_QUARTER = 3
NEVER_TREATED = 0
"""First treated quarter of a ward untreated in every whole quarter of the window."""
FRAME_COLUMNS = ("ward_id", "town_code", "quarter", "first_treat", "outcome")
DROPPED_COLUMNS = ("cohort", "quarter", "why")


@dataclass(frozen=True, slots=True)
class Quarters:
    """An outcome by ward and whole quarter, without the quarters that are neither clean nor treated.

    Attributes
    ----------
    frame : DataFrame
        A row per ward and kept quarter: ``ward_id``, ``town_code``, ``quarter`` (running number, see `quarter_label`),
        ``first_treat`` (the ward's first treated quarter, or `NEVER_TREATED`) and ``outcome`` (NaN where a month is
        missing).
    dropped : DataFrame
        What was left out: ``cohort`` ("all" at the window's ends), ``quarter`` (label, or "all" where a whole cohort is
        left out) and ``why`` (``incomplete``, ``donut``, ``straddling``, ``no_quarter_before``).
    first_treated : dict of str to int
        First treated quarter of each cohort that is treated in a kept quarter.
    gap : int
        Most quarters dropped between a cohort's last clean and its first treated quarter.
    period_kind : str
        What the months were; quarters and years pass through as they are.
    """

    frame: pd.DataFrame
    dropped: pd.DataFrame
    first_treated: dict[str, int]
    gap: int
    period_kind: PeriodKind

    def reported(self) -> pd.DataFrame:
        """Return the rows of `frame` with an outcome."""
        return self.frame.dropna(subset=["outcome"]).reset_index(drop=True)

    def common(self) -> pd.DataFrame:
        """Return the rows of `frame` in quarters kept for every cohort: the same quarters for each ward."""
        wards = self.frame["ward_id"].nunique()
        sizes = self.frame.groupby("quarter")["ward_id"].transform("size")
        return self.frame[sizes == wards].reset_index(drop=True)

    def left_out(self) -> tuple[str, ...]:
        """Return a sentence for each cohort that is left out altogether."""
        cohorts = self.dropped.loc[self.dropped["why"] == "no_quarter_before", "cohort"]
        return tuple(f"Cohort {cohort} is left out: no clean whole quarter before its start." for cohort in cohorts)

    def cohort_names(self) -> dict[int, str]:
        """Return who starts in each first treated quarter; cohorts that share one are named together."""
        starts = self.first_treated
        return {first: " + ".join(name for name, own in starts.items() if own == first) for first in starts.values()}

    def missing_base(self) -> str:
        """Return which cohort lacks the quarter that its effects are measured from, or an empty string.

        That quarter is the same number of quarters before each start: the last before the longest gap. A saturated
        regression on such a cohort would drop another column in its stead, without a word.
        """
        reported = self.reported()
        for cohort, first in self.first_treated.items():
            base = first - self.gap - 1
            own = reported["first_treat"] == first
            if own.any() and not (own & (reported["quarter"] == base)).any():
                label = quarter_label(self.period_kind, base)
                return f"Cohort {cohort} has no reported quarter {label}, which its effects are measured from."
        return ""

    def counts(self, first: int | None, *, use_later: bool) -> dict[str, int]:
        """Return the counts of an effect's row: n_treated, n_comparison (wards), n_obs, n_lost (ward-quarters).

        Parameters
        ----------
        first : int or None
            First treated quarter of the cohort; None for all of them.
        use_later : bool
            Whether wards treated later than the cohort count as its comparisons.
        """
        starts = self.frame["first_treat"]
        is_reported = self.frame["outcome"].notna()
        is_treated = (starts > NEVER_TREATED if first is None else starts == first) & (self.frame["quarter"] >= starts)
        is_comparison = starts == NEVER_TREATED
        if first is not None and use_later:
            is_comparison |= starts > first
        return {
            "n_treated": int(self.frame.loc[is_treated & is_reported, "ward_id"].nunique()),
            "n_comparison": int(self.frame.loc[is_comparison & is_reported, "ward_id"].nunique()),
            "n_obs": int(is_reported.sum()),
            "n_lost": int((is_treated & ~is_reported).sum()),
        }


@dataclass(frozen=True, slots=True)
class _Start:
    """A cohort's first quarter that is not clean, and its first treated one."""

    cohort: str
    cutoff: int
    first: int
    is_straddled: bool

    def why(self, quarter: int) -> str:
        return "straddling" if self.is_straddled and quarter == self.first - 1 else "donut"


def to_quarters(outcome: Array, design: Design) -> Quarters:
    """Add up months into whole quarters, cohort by cohort without straddling and donut quarters.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts in the design's order; NaN where not reported.

    Raises
    ------
    EstimationError
        If the outcome has another shape than the design.

    Examples
    --------
    >>> from helpers.study.periods import period_range
    >>> design = Design("s", "main", "A", "given", "police_month", period_range("police_month", "2021-01", "2021-12"),
    ...                 ("a", "b"), ("t", "t"), ("x",), (7,), (0, -1), 0)
    >>> quarters = to_quarters(np.ones((2, 12)), design)
    >>> quarters.dropped.to_dict("records")
    [{'cohort': 'x', 'quarter': '2021Q3', 'why': 'straddling'}]
    >>> quarter_label("police_month", quarters.first_treated["x"])
    '2021Q4'
    >>> quarters.frame.query("ward_id == 'a'")["outcome"].tolist()
    [3.0, 3.0, 3.0]
    """
    shape = (len(design.ward_ids), len(design.periods))
    if outcome.shape != shape:
        raise EstimationError(
            f"The outcome has shape {outcome.shape}; the design has {shape[0]} wards and {shape[1]} periods."
        )
    span = _span(design.period_kind)
    owners = np.array([period_number(design.period_kind, period) for period in design.periods]) // span
    touched, lengths = np.unique(owners, return_counts=True)
    whole = touched[lengths == span]
    starts = _starts(design, span)
    in_window = [start for start in starts if len(whole) and start.first <= whole[-1]]
    blind = {start.cohort for start in in_window if not (whole < start.cutoff).any()}
    used = [start for start in in_window if start.cohort not in blind]
    sums = np.array([outcome[:, owners == quarter].sum(axis=1) for quarter in whole]).T.reshape(shape[0], len(whole))
    return Quarters(
        frame=_frame(sums, whole, design, starts, {start.cohort: start.first for start in used}, blind),
        dropped=_dropped(touched, whole, design.period_kind, starts, blind),
        first_treated={start.cohort: start.first for start in used},
        gap=max((start.first - start.cutoff for start in used), default=0),
        period_kind=design.period_kind,
    )


def quarter_label(kind: PeriodKind, quarter: int) -> str:
    """Return the label of a running quarter (of a year, where the periods were years).

    Examples
    --------
    >>> quarter_label("police_month", 2021 * 4)
    '2021Q1'
    """
    return period_label("calendar_quarter" if _span(kind) > 1 else kind, int(quarter))


def _span(kind: PeriodKind) -> int:
    return MONTHS_PER_QUARTER if kind in ("police_month", "calendar_month") else 1


def _starts(design: Design, span: int) -> list[_Start]:
    origin = period_number(design.period_kind, design.periods[0])
    return [
        _Start(cohort, (origin + cutoff) // span, -(-(origin + start) // span), (origin + start) % span > 0)
        for cohort, start, cutoff in zip(design.cohorts, design.starts, design.cutoffs, strict=True)
    ]


def _frame(
    sums: Array,
    whole: npt.NDArray[np.int_],
    design: Design,
    starts: list[_Start],
    first_treated: dict[str, int],
    blind: set[str],
) -> pd.DataFrame:
    wards, count = sums.shape
    kept = np.ones(sums.shape, dtype=bool)
    first = np.full(wards, NEVER_TREATED)
    for ward, label in enumerate(design.labels):
        if label == NEVER:
            continue
        start = starts[label]
        first[ward] = first_treated.get(start.cohort, NEVER_TREATED)
        kept[ward] = (whole < start.cutoff) | (whole >= start.first)
        kept[ward] &= start.cohort not in blind
    columns = (
        np.repeat(np.array(design.ward_ids, dtype=object), count),
        np.repeat(np.array(design.town_codes, dtype=object), count),
        np.tile(whole, wards),
        np.repeat(first, count),
        sums.ravel(),
    )
    rows = pd.DataFrame(dict(zip(FRAME_COLUMNS, columns, strict=True)))
    return rows[kept.ravel()].reset_index(drop=True)


def _dropped(
    touched: npt.NDArray[np.int_],
    whole: npt.NDArray[np.int_],
    kind: PeriodKind,
    starts: list[_Start],
    blind: set[str],
) -> pd.DataFrame:
    rows = [("all", quarter_label(kind, quarter), "incomplete") for quarter in touched if quarter not in whole]
    for start in starts:
        if start.cohort in blind:
            rows.append((start.cohort, "all", "no_quarter_before"))
            continue
        unclean = whole[(whole >= start.cutoff) & (whole < start.first)]
        rows += [(start.cohort, quarter_label(kind, quarter), start.why(quarter)) for quarter in unclean]
    return pd.DataFrame(rows, columns=list(DROPPED_COLUMNS))
