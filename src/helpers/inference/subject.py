"""`Subject`: what one notebook 03 is about. A count with all that belongs to it, or a ratio with its effect alone.

A ratio such as clearance is a mechanism and never an outcome, so it gets its effects with interval and p-value, and
nothing that would make a claim of them: no minimum detectable effect, no incidents averted, no time since treatment,
no family, no other estimators.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.effects import Effects
from helpers.estimation.estimands import headline_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.analysis import Analysis, build_analysis, build_family
from helpers.inference.clearance import clearance_analyses, ratio_effect
from helpers.inference.estimate import estimate_effects
from helpers.study.design import Design
from helpers.study.objects import Indicator


@dataclass(frozen=True, slots=True)
class Subject:
    """The indicator of a notebook 03.

    Attributes
    ----------
    analysis : Analysis
        Of the count; of a ratio, of its numerator (cleared cases).
    recorded : Analysis or None
        Of what a ratio is taken over, on the same cells and draws; None for a count.
    family : tuple of Analysis
        The declared family on the same draws; empty for a ratio, which is no part of it.
    """

    analysis: Analysis
    recorded: Analysis | None
    family: tuple[Analysis, ...]


def open_subject(
    panel: pd.DataFrame, design: Design, indicator: Indicator, *, family: Sequence[str], n_draws: int, seed: int
) -> Subject:
    """Return what is needed to estimate a count or a ratio of counts.

    Parameters
    ----------
    panel : DataFrame
    design : Design
    indicator : Indicator
        A count or a ratio.
    family : sequence of str
        Ids of the declared family of outcomes.
    n_draws, seed : int
        Shared by everything that is tested.

    Raises
    ------
    EstimationError
        If the panel holds nothing of the indicator, or a period that no ward reported.
    """
    if indicator.kind == "ratio":
        cleared, recorded = clearance_analyses(panel, design, indicator, n_draws=n_draws, seed=seed)
        return Subject(cleared, recorded, ())
    return Subject(
        analysis=build_analysis(panel, design, indicator.indicator, n_draws=n_draws, seed=seed),
        recorded=None,
        family=build_family(panel, design, family, n_draws=n_draws, seed=seed),
    )


def estimate_indicator(subject: Subject) -> Effects:
    """Estimate and test the effects on a count (`estimate_effects`), or the headline effects on a ratio.

    Examples
    --------
    >>> import numpy as np
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> crimes, solved = np.array([[40.0, 20.0], *[[40.0, 40.0]] * 3]), np.array([[20.0, 15.0], *[[20.0, 20.0]] * 3])
    >>> cleared, recorded = (Analysis(name, own, design, 99, 1) for name, own in (("c", solved), ("r", crimes)))
    >>> effects = estimate_indicator(Subject(cleared, recorded, ()))
    >>> [(row.specification, row.cohort, row.estimate) for row in effects.rows]
    [('two_way', 'all', 0.5), ('town_period', 'all', 0.5)]
    """
    if subject.recorded is None:
        return estimate_effects(subject.analysis, subject.family)
    design = subject.analysis.design
    rows = [
        ratio_effect(subject.analysis, subject.recorded, specification, estimand)
        for specification in SPECIFICATIONS
        for estimand in headline_estimands(design)
    ]
    return Effects(design, tuple(rows))


def expected_incidents(subject: Subject) -> pd.DataFrame:
    """Return observed and expected incidents by cohort and period under both specifications; no rows for a ratio.

    Returns
    -------
    DataFrame
        Column ``specification``, then those of `Counterfactual.to_frame`.
    """
    own = subject.analysis
    frames = {one: impute_counterfactual(own.outcome, own.design, one).to_frame() for one in SPECIFICATIONS}
    table = pd.concat(frames, names=["specification"]).reset_index("specification").reset_index(drop=True)
    return table if subject.recorded is None else table.iloc[:0]
