"""What stands beside the randomisation test: other inference for the same estimate, for comparison and never a verdict.

The CR3 jackknife treats wards as many and is refused where too few are treated; the comparison-only variant asks how
pilots would look had they been drawn among the comparison wards.
"""

from dataclasses import replace

from helpers.estimation import library_estimators, twfe_linear, twfe_poisson
from helpers.estimation.effects import EffectRow, Effects
from helpers.estimation.estimands import headline_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.analysis import Analysis
from helpers.inference.comparison_only import comparison_only
from helpers.inference.jackknife import jackknife
from helpers.inference.subject import Subject


def other_estimates(subject: Subject) -> Effects:
    """Return what the usual regressions, the library estimators and other inference give; no rows for a ratio."""
    if subject.recorded is not None:
        return Effects(subject.analysis.design, ())
    own = subject.analysis
    estimators = (twfe_poisson.twfe_poisson, twfe_linear.twfe_linear, library_estimators.library_effects)
    rows = [row for estimate in estimators for row in estimate(own.outcome, own.design, own.indicator).rows]
    return Effects(own.design, tuple(rows)) + beside_effects(own)


def beside_effects(analysis: Analysis) -> Effects:
    """Return the jackknife of each headline effect and the comparison-only test of the first cohort.

    Returns
    -------
    Effects
        Rows with ``inference`` "jackknife" and "comparison_only", under both specifications.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abc"), ("t",) * 3,
    ...                 ("x",), (1,), (0, -1, -1), 0)
    >>> rows = beside_effects(Analysis("thefts", np.full((3, 2), 9.0), design, n_draws=9, seed=1)).rows
    >>> sorted({row.inference for row in rows})
    ['comparison_only', 'jackknife']
    """
    rows: list[EffectRow] = []
    for specification in SPECIFICATIONS:
        resampled = (jackknife(analysis, specification, one) for one in headline_estimands(analysis.design))
        rows += [replace(row, inference="jackknife") for row in resampled]
        rows.append(replace(comparison_only(analysis, specification), inference="comparison_only"))
    return Effects(analysis.design, tuple(rows))
