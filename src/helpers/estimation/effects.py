"""`Effects`: the one result type of every estimator, a tidy table of estimates.

A row says what was estimated (estimand, cohort, relative period), how (specification, estimator, inference) and how
sure it is. An effect without a counterfactual is a row with a reason, never a zero and never left out.
"""

from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd

from helpers.study.design import Design

Inference = Literal["randomisation", "jackknife", "comparison_only", "cluster_robust", "hc1", "analytic", "none"]
"""How standard error, interval and p-value of an estimate were made."""
FEWEST_TREATED = 5
"""With fewer treated wards in an estimand, clustered and jackknife inference is withheld: it rejects .13 to .32 of true
nulls on this design. The estimate is shown without an interval."""
NO_UPPER_BOUND = np.inf
"""End of an interval that the data do not bound."""


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One estimate. Missing numbers are NaN, missing positions None.

    Attributes
    ----------
    indicator : str
    specification : str
        ``two_way``, ``town_period``, or ``none`` for an estimator without the distinction.
    estimator, estimand, cohort : str
    relative_period, relative_last : int or None
        First and last period of a bin of time since treatment.
    estimate, std_error, conf_low, conf_high : float
        On `scale`; `std_error` is of the log ratio when the scale is "ratio".
    p_value, p_mc_error : float
        And the p-value's Monte-Carlo standard error.
    inference : str
        One of `Inference`.
    scale : str
        ``ratio`` (observed / expected − 1), ``averted_count`` (expected − observed) or ``level`` (the outcome's unit).
    null_tested : str
        What the p-value is about.
    mde : float
        Smallest fall detected with 80% power, on the ratio scale; NaN with a `mde_note`.
    n_assignments, smallest_p : float
        Number of relabellings (a float: it may exceed any integer type), and the smallest p that could have come out.
    n_treated, n_comparison, n_obs : int
        Wards in the estimand, wards that identify its counterfactual, and reported ward-periods used.
    n_lost : int
        Treated ward-periods of the estimand that could not be used: not reported, or without a counterfactual.
    observed, expected : float
        Incidents in the estimand's cells.
    zero_draw_share : float
        Share of relabellings with nothing observed or nothing expected.
    p_adjusted : float
        Westfall and Young's adjusted p-value over the declared family; NaN where it is not offered.
    weight : float
        Of a cohort's effect: its share of the incidents expected in the overall effect.
    band_low, band_high : float
        95% band over all bins of one cohort's event study together.
    period : str
        First and last period of a bin of calendar time.
    note : str
        What the estimator's library warned of, one warning a line; or why an interval has no ends.
    reason : str
        Why there is no estimate; empty otherwise.
    """

    indicator: str
    specification: str
    estimator: str
    estimand: str
    cohort: str
    relative_period: int | None = None
    relative_last: int | None = None
    estimate: float = np.nan
    std_error: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    p_value: float = np.nan
    p_mc_error: float = np.nan
    inference: Inference = "none"
    scale: str = "ratio"
    null_tested: str = ""
    mde: float = np.nan
    mde_note: str = ""
    n_assignments: float = np.nan
    smallest_p: float = np.nan
    n_treated: int = 0
    n_comparison: int = 0
    n_obs: int = 0
    n_lost: int = 0
    observed: float = np.nan
    expected: float = np.nan
    zero_draw_share: float = np.nan
    p_adjusted: float = np.nan
    weight: float = np.nan
    band_low: float = np.nan
    band_high: float = np.nan
    period: str = ""
    note: str = ""
    reason: str = ""


ROW_COLUMNS = tuple(field.name for field in fields(EffectRow))
INTEGER_COLUMNS = ("relative_period", "relative_last", "n_treated", "n_comparison", "n_obs", "n_lost")


@dataclass(frozen=True, slots=True)
class Effects:
    """Estimates of one indicator under one design.

    Attributes
    ----------
    design : Design
    rows : tuple of EffectRow
    """

    design: Design
    rows: tuple[EffectRow, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a table, with the design's study, timing, reading, roster and frequency in front."""
        table = pd.DataFrame([asdict(row) for row in self.rows], columns=list(ROW_COLUMNS))
        table = table.astype(dict.fromkeys(INTEGER_COLUMNS, "Int64"))
        design = self.design
        choices = {
            "study": design.study,
            "timing": design.timing,
            "reading": design.reading,
            "roster": design.roster,
            "frequency": design.period_kind,
        }
        for position, (name, value) in enumerate(choices.items()):
            table.insert(position, name, value)
        return table

    def __add__(self, other: "Effects") -> "Effects":
        return Effects(self.design, self.rows + other.rows)

    def _repr_html_(self) -> str:
        return str(self.headline().to_html(index=False, float_format="{:.3f}".format, na_rep=""))

    def headline(self) -> pd.DataFrame:
        """Return the rows a reader wants first: effects by cohort and overall, without bins of time."""
        table = self.to_frame()
        wanted = table["estimand"].isin(["overall", "cohort", "cohort_before_next", "common_horizon"])
        columns = ["specification", "estimator", "estimand", "cohort", "scale", "estimate", "conf_low", "conf_high"]
        return table.loc[wanted, [*columns, "p_value", "p_adjusted", "mde", "weight", "n_assignments", "reason"]]
