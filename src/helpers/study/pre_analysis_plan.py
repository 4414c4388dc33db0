"""The pre-analysis plan of a study, ``pre_analysis_plan.toml``: what was to be done, written down before it was.

A plan does not steer a run. It is what a run is held against: `helpers.study.deviations` lists where they differ.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PLAN_FILE = "pre_analysis_plan.toml"
PlannedEstimator = Literal["count_imputation", "linear_imputation", "twfe_poisson", "twfe_linear"]
PlannedSpecification = Literal["two_way", "town_period"]
PlannedGate = Literal[
    "pre_trends",
    "placebo_date",
    "placebo_indicator",
    "leave_one_out",
    "donut",
    "timing",
    "worlds",
    "town_period",
    "spillover",
    "mean_reversion",
    "honest_did",
    "recording",
    "concurrent",
    "multiplicity",
    "heterogeneity",
    "specification_curve",
    "window",
    "reading",
    "comparison_group",
    "towns",
    "town_season",
    "ward_trend",
    "horizon",
    "exposure",
    "estimator",
]
"""The checks that a plan may name, as ``checks.csv`` calls them."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PlannedOutcomes(_Strict):
    """Which indicators are analysed: the primary one, the family of claims, and those no claim rests on."""

    primary: str = Field(min_length=1)
    family: list[str]
    others: list[str] = []

    @property
    def every(self) -> tuple[str, ...]:
        """Return each planned indicator once, in order of name."""
        return tuple(sorted({self.primary, *self.family, *self.others}))


class PlannedDesign(_Strict):
    """The choices that turn the study into a design."""

    timing: str
    reading: str
    roster: Literal["given", "worlds"]
    anticipation: int = Field(ge=0, le=120)
    window_first: str
    window_last: str


class PlannedAnalysis(_Strict):
    """The estimator and specification that decide, and the checks that a claim has to stand."""

    estimator: PlannedEstimator
    specification: PlannedSpecification
    gates: list[PlannedGate]


class PreAnalysisPlan(_Strict):
    """``pre_analysis_plan.toml`` as a whole.

    Attributes
    ----------
    date : date
        The day on which it was written, or last changed.
    figures_seen : {"none", "synthetic", "real"}
        What figures its authors had seen by then.
    statement_vi, statement_en : str
        How it came about, in a sentence or two.
    """

    date: date
    figures_seen: Literal["none", "synthetic", "real"]
    statement_vi: str = Field(min_length=1)
    statement_en: str = Field(min_length=1)
    outcomes: PlannedOutcomes
    design: PlannedDesign
    analysis: PlannedAnalysis
