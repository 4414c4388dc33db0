"""Which untreated cells a cohort is compared with, and the wards that are therefore fitted together.

*Not-yet treated* uses every untreated cell: the never treated wards, and later cohorts while they are clean. *Never
treated* fits each cohort with the never treated wards alone, which drops the assumption that the later cohorts were on
the same path, at the price of their information.

References: callaway2021 (both comparisons).
"""

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError, UsageError
from helpers.estimation.blocks import strata
from helpers.estimation.specification import Specification
from helpers.study.design import NEVER, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

Comparison = Literal["not_yet_treated", "never_treated"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


def fit_together(
    design: Design, specification: Specification, comparison: Comparison, fit: Callable[[Positions], Array]
) -> Array:
    """Fit the wards of each stratum that belong together, and assemble the rows.

    Parameters
    ----------
    fit : callable
        Takes the positions of wards that are fitted together, returns their expected cells, shape (len, P).

    Returns
    -------
    ndarray, shape (W, P)
        With ``never_treated`` a cohort's rows are from its own fit, and those of the never treated from a fit of them
        alone.

    Raises
    ------
    EstimationError
        If the never treated are to be the comparison and there are none.
    UsageError
        For an unknown comparison.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "year", ("2022", "2023"), tuple("abc"), ("t",) * 3, ("x", "y"),
    ...                 (1, 2), (0, 1, -1), 0)
    >>> sizes = fit_together(design, "two_way", "never_treated", lambda own: np.full((len(own), 2), float(len(own))))
    >>> sizes[:, 0].tolist()
    [2.0, 2.0, 1.0]
    """
    if comparison not in COMPARISONS:
        raise UsageError(f"There is no comparison “{comparison}”. Choose one of: {', '.join(COMPARISONS)}.")
    if comparison == "never_treated" and NEVER not in design.labels:
        raise EstimationError(
            "Every ward is treated at some time: nobody is never treated. Compare with the not-yet treated instead "
            "(comparison “not_yet_treated”), or end the window before the last cohort starts."
        )
    expected = np.full((len(design.ward_ids), len(design.periods)), np.nan)
    for members in strata(design, specification):
        for own, is_taken in _companies(design, members, comparison):
            expected[own[is_taken]] = fit(own)[is_taken]
    return expected


def _companies(design: Design, members: Positions, comparison: Comparison) -> Iterator[tuple[Positions, Mask]]:
    """Yield the wards of a stratum that are fitted together, and which of their rows are taken from that fit."""
    if comparison == "not_yet_treated":
        yield members, np.ones(len(members), dtype=bool)
        return
    labels = design.label_array[members]
    for label in sorted(set(labels.tolist())):
        fitted = (labels == label) | (labels == NEVER)
        yield members[fitted], np.asarray(labels[fitted] == label)
