"""`SpecificationCurve`: the rows of a curve, their table, and its one line among the checks."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from helpers.checks.gates import Check, Detail
from helpers.estimation.library_ratios import LIBRARY
from helpers.estimation.specification import Specification
from helpers.inference.assignments import Assignments
from helpers.inference.joint_picture import JointPicture

QUESTION = "Had other choices been made everywhere at once, what would have been estimated?"
CHECK = "specification_curve"
NATIVE, OUTSIDE = "native", LIBRARY
"""Kinds of rows: in the joint picture, and outside it."""


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One specification of the curve.

    Attributes
    ----------
    specification : {"two_way", "town_period"}
    kind : {"native", "library"}
        Library estimators carry their own interval and are no part of the joint picture.
    estimator : str
        ``counts``, ``levels`` or ``rates`` (`helpers.inference.variants`), or the library's.
    timing, anticipation, window_first, window_last, wards, comparison, estimand
        The choices: ``wards`` as in `helpers.checks.choices`.
    is_own : str
        "yes" for the run's own specification.
    estimate, conf_low, conf_high, p_value : float
        On the ratio scale.
    inference, note, reason : str
        How interval and p were made; what the library warned of; why there is no estimate.
    """

    specification: Specification
    kind: str
    estimator: str
    timing: str
    anticipation: int
    window_first: str
    window_last: str
    wards: str
    comparison: str
    estimand: str
    is_own: str = ""
    estimate: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    p_value: float = np.nan
    inference: str = ""
    note: str = ""
    reason: str = ""


ROW_COLUMNS = tuple(field.name for field in fields(CurveRow))
CURVE_COLUMNS = (*ROW_COLUMNS, "place", "band_low", "band_high", "n_assignments", "smallest_p")


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """The curve of one specification.

    Attributes
    ----------
    indicator : str
    specification : {"two_way", "town_period"}
    rows : tuple of CurveRow
        Native ones in order of their estimate, then those without one, then the library's.
    picture : JointPicture or None
        None where nothing could be estimated.
    assignments : Assignments
    """

    indicator: str
    specification: Specification
    rows: tuple[CurveRow, ...]
    picture: JointPicture | None
    assignments: Assignments

    def to_frame(self) -> pd.DataFrame:
        """Return the rows with their place in the curve and the band of that place under relabelling."""
        table = pd.DataFrame([{name: getattr(row, name) for name in ROW_COLUMNS} for row in self.rows])
        table = table.reindex(columns=list(CURVE_COLUMNS))
        if self.picture is not None:
            own = range(self.picture.count)
            table.loc[own, "place"] = np.arange(1.0, 1.0 + self.picture.count)
            table.loc[own, ["band_low", "band_high"]] = self.picture.bands
            table.loc[own, "n_assignments"] = self.assignments.reported_count
            table.loc[own, "smallest_p"] = self.assignments.smallest_p
        return table.assign(indicator=self.indicator)

    def check(self) -> Check:
        """Return the joint picture as a row among the checks: it never passes and never fails."""
        empty = Check(self.indicator, self.specification, CHECK, QUESTION, np.nan, np.nan, "", "cannot_tell", "")
        if self.picture is None:
            return replace(empty, reason="no effect is estimable")
        absent = sum(bool(row.reason) for row in self.rows if row.kind == NATIVE)
        reason = (
            f"a picture, not a verdict: {self.picture.count} specifications on shared relabellings, "
            f"{absent} more that give no estimate"
        )
        return replace(empty, statistic=self.picture.median_estimate.value, reason=reason, details=_joint_details(self))


def _joint_details(curve: SpecificationCurve) -> tuple[Detail, ...]:
    """Return the three joint numbers; the interval of each is the middle 95% of the relabelled curves."""
    picture, count = curve.picture, curve.assignments.reported_count
    assert picture is not None
    named = {
        "median_estimate": (picture.median_estimate, "median estimate; the interval is that of relabelled curves"),
        "median_t": (picture.median_t, "median of |T|; the interval is that of relabelled curves"),
        "share_significant": (
            picture.share_significant,
            "share that rejects in one direction; the interval is that of relabelled curves",
        ),
    }
    return tuple(
        Detail(item, own.value, own.null_low, own.null_high, own.p_value, reason, count, own.smallest_p)
        for item, (own, reason) in named.items()
    )
