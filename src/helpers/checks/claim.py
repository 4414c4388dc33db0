"""The claim that a check tries to break: the overall effect, and half of it as the room a check may leave."""

import numpy as np

from helpers.checks.gates import HALF_CLAIM, Detail, half_margin
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import Estimand
from helpers.inference.analysis import Analysis

OVERALL = Estimand("overall")
MOST_DRAWS = 999
"""Relabellings of a check that asks for a sign and a rough interval only."""
HALF_SOURCE = "half of the effect claimed (docs/methods.md, gates)"


def lighter(analysis: Analysis) -> Analysis:
    """Return an analysis with at most as many relabellings as a check needs to see a sign and a rough interval."""
    return analysis.with_draws(min(analysis.n_draws, MOST_DRAWS))


def half_of(claim: float) -> float:
    """Return half of an effect on the log scale, as a ratio minus one: what a check's threshold column holds.

    NaN if nothing was observed: half of such an effect has no size.

    Examples
    --------
    >>> round(half_of(-0.75), 6), half_of(-1.0)
    (-0.5, nan)
    """
    return float(np.expm1(HALF_CLAIM * np.log1p(claim))) if claim > -1 else np.nan


def stays_near(details: list[Detail], claim: float) -> bool:
    """Return whether every interval lies within half of the effect claimed around it."""
    with np.errstate(divide="ignore"):
        moves = [abs(np.log1p(end) - np.log1p(claim)) for own in details for end in (own.conf_low, own.conf_high)]
    return bool(details) and max(moves) <= half_margin(claim)


def effect_detail(item: str, row: EffectRow, reason: str = "") -> Detail:
    """Return an effect's row as a detail of a check."""
    ends, test = (row.conf_low, row.conf_high), (row.n_assignments, row.smallest_p)
    return Detail(item, row.estimate, *ends, row.p_value, reason or row.reason, *test)
