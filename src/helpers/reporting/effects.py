"""The rows of ``estimates.csv`` as typed effects, ratio and incidents of one estimand side by side.

The table is tidy: one row per scale. Reporting always needs both, so they are joined here, once.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.errors import UsageError
from helpers.reporting.briefing import Briefing

PRIMARY_ESTIMATOR = "count_imputation"
CONFIRMATORY, TWO_WAY = "town_period", "two_way"
BESIDE = ("jackknife", "comparison_only")
"""Other inference for the primary estimator: shown beside, never read as its effect."""
CHOICES = ("timing", "reading", "roster")
KEY = ["indicator", "specification", "estimator", "estimand", "cohort", "period", "relative_period", "relative_last"]
TEXTS = ("inference", "null_tested", "reason", "mde_note")
NUMBERS = (
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "mde", "n_assignments", "smallest_p", "n_treated",
    "n_comparison", "n_obs", "observed", "expected", "zero_draw_share", "p_adjusted", "weight", "band_low", "band_high",
)  # fmt: skip
NO_LOWER, NO_UPPER = -1.0, math.inf


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect: a ratio observed/expected − 1, and the same in incidents.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Ratio minus one. A ``conf_low`` of −1 is no lower bound, a ``conf_high`` of ∞ no upper one; all NaN when there
        is no estimate.
    change, change_low, change_high : float
        Observed minus expected incidents: negative when fewer happened. Infinite where the ratio has no bound: that no
        more can be in excess than was observed is no bound from the data.
    p_value, smallest_p, n_assignments, mde : float
        NaN where none was computed; `mde` is a ratio minus one.
    p_adjusted : float
        Adjusted over the declared family on shared relabellings; NaN where that is not offered.
    weight : float
        A cohort's share of what is expected in the overall effect.
    band_low, band_high : float
        Band over all bins of a cohort's event study.
    reason : str
        Why there is no estimate, else "".
    """

    indicator: str
    specification: str
    estimator: str
    estimand: str
    cohort: str
    relative_period: float
    relative_last: float
    estimate: float
    conf_low: float
    conf_high: float
    change: float
    change_low: float
    change_high: float
    p_value: float
    mde: float
    n_assignments: float
    smallest_p: float
    n_treated: float
    n_comparison: float
    observed: float
    expected: float
    zero_draw_share: float
    inference: str
    null_tested: str
    reason: str
    p_adjusted: float = math.nan
    weight: float = math.nan
    band_low: float = math.nan
    band_high: float = math.nan

    @property
    def is_estimated(self) -> bool:
        """Return whether there is an estimate at all."""
        return not math.isnan(self.estimate)

    @property
    def has_interval(self) -> bool:
        """Return whether the estimate comes with an interval."""
        return not (math.isnan(self.conf_low) or math.isnan(self.conf_high))

    @property
    def excludes_zero(self) -> bool:
        """Return whether the interval lies wholly on one side of no difference."""
        return self.has_interval and not self.conf_low <= 0 <= self.conf_high

    @property
    def tests_no_effect_anywhere(self) -> bool:
        """Return whether the p-value is about no cohort in particular: all treatment paths changed hands."""
        return self.null_tested == "no effect anywhere"

    @property
    def mde_incidents(self) -> float:
        """Return the smallest detectable effect in incidents: the ratio times what was expected."""
        return self.mde * self.expected

    def rejects(self, level: float) -> bool:
        """Return whether p-value and interval both speak against no difference at a level."""
        return self.p_value <= level and self.excludes_zero


def read_effects(estimates: pd.DataFrame, briefing: Briefing) -> tuple[Effect, ...]:
    """Return every effect on the ratio scale, in a fixed order.

    Parameters
    ----------
    estimates : DataFrame
        A run's ``estimates.csv``.
    briefing : Briefing
        Whose choice of timing, reading and roster is reported where the table holds several.

    Raises
    ------
    UsageError
        If the table holds several timings, readings or rosters and none is the run's own.
    """
    absent = [column for column in (*KEY, "scale", "estimate") if column not in estimates.columns]
    if absent:
        raise UsageError(f"The table of estimates lacks {', '.join(absent)}. Run notebook 03 again.")
    rows = _chosen(_completed(estimates), briefing)
    ratios = rows.loc[rows["scale"].eq("ratio") & ~rows["inference"].isin(BESIDE)].sort_values(KEY, kind="stable")
    averted = {_key(row): row for row in rows.loc[rows["scale"].str.startswith("averted")].to_dict("records")}
    return tuple(_effect(row, averted.get(_key(row))) for row in ratios.to_dict("records"))


def find_effect(
    effects: Sequence[Effect], indicator: str, *, specification: str, estimand: str, cohort: str = "all"
) -> Effect | None:
    """Return the primary estimator's effect with these properties, or None."""
    for effect in effects:
        own = (effect.indicator, effect.specification, effect.estimand, effect.cohort, effect.estimator)
        if own == (indicator, specification, estimand, cohort, PRIMARY_ESTIMATOR):
            return effect
    return None


def _completed(estimates: pd.DataFrame) -> pd.DataFrame:
    rows = estimates.copy()
    for column in (*NUMBERS, "relative_period", "relative_last"):
        rows[column] = pd.to_numeric(rows[column]).astype(float) if column in rows.columns else math.nan
    for column in (
        *TEXTS,
        *CHOICES,
        "indicator",
        "specification",
        "estimator",
        "estimand",
        "cohort",
        "period",
        "scale",
    ):
        rows[column] = (
            rows[column].astype("object").where(rows[column].notna(), "").astype(str) if column in rows else ""
        )
    return rows


def _chosen(rows: pd.DataFrame, briefing: Briefing) -> pd.DataFrame:
    for choice in CHOICES:
        found, own = sorted(set(rows[choice])), str(briefing.choice(choice))
        if len(found) > 1:
            if own not in found:
                raise UsageError(
                    f"The estimates hold several choices of {choice} ({', '.join(found)}), "
                    f"none of them the run's “{own}”. Report one choice a run."
                )
            rows = rows.loc[rows[choice].eq(own)]
    return rows


def _key(row: Mapping[Hashable, object]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in KEY)


def _effect(row: Mapping[Hashable, object], averted: Mapping[Hashable, object] | None) -> Effect:
    number = {column: _number(row[column]) for column in (*NUMBERS, "relative_period", "relative_last")}
    change, low, high = _change(number, averted)
    return Effect(
        indicator=str(row["indicator"]),
        specification=str(row["specification"]),
        estimator=str(row["estimator"]),
        estimand=str(row["estimand"]),
        cohort=str(row["cohort"]),
        relative_period=number["relative_period"],
        relative_last=number["relative_last"],
        estimate=number["estimate"],
        conf_low=number["conf_low"],
        conf_high=number["conf_high"],
        change=change,
        change_low=low,
        change_high=high,
        p_value=number["p_value"],
        mde=number["mde"],
        n_assignments=number["n_assignments"],
        smallest_p=number["smallest_p"],
        n_treated=number["n_treated"],
        n_comparison=number["n_comparison"],
        observed=number["observed"],
        expected=number["expected"],
        zero_draw_share=number["zero_draw_share"],
        inference=str(row["inference"]),
        null_tested=str(row["null_tested"]),
        reason=str(row["reason"]),
        p_adjusted=number["p_adjusted"],
        weight=number["weight"],
        band_low=number["band_low"],
        band_high=number["band_high"],
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _change(number: Mapping[str, float], averted: Mapping[Hashable, object] | None) -> tuple[float, float, float]:
    """Return observed minus expected incidents and its interval.

    Where the table has no interval for incidents, the ratio's is carried over: incidents averted at ratio r are
    observed × (1/r − 1), so no estimate is made here; with nothing observed there is none.
    """
    own = {name: _number(averted[name]) if averted else math.nan for name in ("estimate", "conf_low", "conf_high")}
    has_no_high = number["conf_high"] == NO_UPPER
    change = -own["estimate"] if not math.isnan(own["estimate"]) else number["observed"] - number["expected"]
    if not math.isnan(own["conf_low"]) and not math.isnan(own["conf_high"]):
        return change, -own["conf_high"], math.inf if has_no_high else -own["conf_low"]
    return change, _carried(number["observed"], number["conf_low"]), _carried(number["observed"], number["conf_high"])


def _carried(observed: float, ratio_less_one: float) -> float:
    if math.isnan(ratio_less_one) or math.isnan(observed) or observed == 0:
        return math.nan
    if ratio_less_one <= NO_LOWER:
        return -math.inf
    return math.inf if math.isinf(ratio_less_one) else observed * (1 - 1 / (1 + ratio_less_one))
