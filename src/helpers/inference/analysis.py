"""`Analysis`: one indicator under one design, with the draws every test of it shares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.panel import outcome_matrix
from helpers.study.design import Design

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an estimate and all attempts to break it start from.

    Attributes
    ----------
    indicator : str
    outcome : ndarray, shape (W, P)
        Counts in the design's order; NaN where not reported.
    design : Design
    n_draws : int
        Relabellings per test, when there are more.
    seed : int
        Shared, so that specifications and checks see the same relabellings.
    """

    indicator: str
    outcome: Array
    design: Design
    n_draws: int
    seed: int

    def under(self, design: Design) -> "Analysis":
        """Return the same analysis under another design of the same wards, its window cut to the design's."""
        return replace(self, design=design, outcome=self.outcome[:, : len(design.periods)])

    def without_town(self, town: str) -> "Analysis":
        """Return the analysis without the wards of one town.

        Raises
        ------
        DesignError
            If what is left admits no estimate.
        """
        return self.without_wards(
            [ward for ward, own in zip(self.design.ward_ids, self.design.town_codes, strict=True) if own == town]
        )

    def without_wards(self, left_out: Sequence[str]) -> "Analysis":
        """Return the analysis without some wards.

        Raises
        ------
        DesignError
            If what is left admits no estimate.
        """
        gone = set(left_out)
        kept = [position for position, ward in enumerate(self.design.ward_ids) if ward not in gone]
        return replace(self, design=self.design.without_wards(left_out), outcome=self.outcome[kept])

    def with_draws(self, n_draws: int) -> "Analysis":
        """Return the analysis with another number of relabellings."""
        return replace(self, n_draws=n_draws)


def build_analysis(panel: pd.DataFrame, design: Design, indicator: str, *, n_draws: int, seed: int) -> Analysis:
    """Return the analysis of one indicator of a panel.

    Raises
    ------
    EstimationError
        If the panel holds nothing of the indicator, or a period that no ward reported.
    """
    return Analysis(indicator, outcome_matrix(panel, design, indicator), design, n_draws, seed)


def build_family(
    panel: pd.DataFrame, design: Design, indicators: Sequence[str], *, n_draws: int, seed: int
) -> tuple[Analysis, ...]:
    """Return the analyses of a declared family; none at all if an indicator was not returned.

    A correction over part of what was declared would be too lenient, so there is no family then.
    """
    try:
        return tuple(build_analysis(panel, design, one, n_draws=n_draws, seed=seed) for one in indicators)
    except EstimationError:
        return ()
