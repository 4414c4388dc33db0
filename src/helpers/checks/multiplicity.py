"""Multiplicity: whether a finding survives that several indicators were looked at.

References: westfall1993 (step-down max-T).
"""

from collections.abc import Sequence

import numpy as np

from helpers.checks.claim import OVERALL
from helpers.checks.gates import Check, Detail, Verdict
from helpers.errors import EstimationError
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.multiplicity import family_statistics
from helpers.inference.randomisation import LEVEL

QUESTION = "Does it still reject once every indicator of the declared family is counted?"
SOURCE = "5% over the declared family"
OWN, ADJUSTED = "own:", "adjusted:"
"""Begin the items of the details: each indicator's own p-value, and the one adjusted over the family."""


def multiplicity(analysis: Analysis, specification: Specification, family: Sequence[Analysis]) -> Check:
    """Return whether an indicator's overall effect is rejected to be none over the declared family.

    Parameters
    ----------
    family : sequence of Analysis
        The declared family on the same draws (`helpers.inference.analysis.build_family`); empty where a member was not
        returned, for a correction over part of what was declared would be too lenient.

    Notes
    -----
    Westfall and Young's step-down max-|T|. It passes if the adjusted p-value is at most 5%, fails if only the
    indicator's own is, and cannot tell where neither rejects or no correction is offered.
    """
    if not family:
        return _untold(analysis, specification, "the declared family was not returned whole, so nothing is adjusted")
    if analysis.indicator not in {one.indicator for one in family}:
        return _untold(analysis, specification, "the indicator is no part of the declared family")
    try:
        found = family_statistics(family, specification, OVERALL)
        own, adjusted = found.own_p(), found.adjusted_p()
    except EstimationError as error:
        return _untold(analysis, specification, str(error))
    test = (found.n_assignments, found.smallest_p)
    details = tuple(
        Detail(f"{kind}{name}", p_value=values[name], n_assignments=test[0], smallest_p=test[1])
        for kind, values in ((OWN, own), (ADJUSTED, adjusted))
        for name in values
    )
    verdict, reason = _judge(own[analysis.indicator], adjusted[analysis.indicator])
    p_value = adjusted[analysis.indicator]
    return Check(
        analysis.indicator,
        specification,
        "multiplicity",
        QUESTION,
        p_value,
        LEVEL,
        SOURCE,
        verdict,
        reason,
        details,
    )


def _judge(own: float, adjusted: float) -> tuple[Verdict, str]:
    if adjusted <= LEVEL:
        return "pass", "it rejects after the correction over the declared family"
    if own <= LEVEL:
        return "fail", "it rejects before the correction over the declared family only"
    return "cannot_tell", "it does not reject even before the correction over the declared family"


def _untold(analysis: Analysis, specification: Specification, reason: str) -> Check:
    return Check(
        analysis.indicator,
        specification,
        "multiplicity",
        QUESTION,
        np.nan,
        LEVEL,
        SOURCE,
        "cannot_tell",
        reason,
    )
