"""The Goodman-Bacon decomposition: which comparisons the naive two-way estimate averages, and with what weights.

References: goodmanbacon2021.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import EstimationError
from helpers.estimation.library import REFUSALS, one_line, two_way_comparisons
from helpers.estimation.quarters import to_quarters
from helpers.study.design import Design

Array = npt.NDArray[np.float64]


def bacon_weights(outcome: Array, design: Design) -> pd.DataFrame:
    """Decompose the naive two-way estimate into the comparisons that it averages.

    The two-way regression is of quarterly counts on ward effects, quarter effects and a dummy for treated cells. A
    balanced panel is needed: quarters dropped for one cohort are dropped for all, and wards with a missing quarter are
    left out.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.

    Returns
    -------
    DataFrame
        ``comparison`` (``treated_vs_never``, ``earlier_vs_later``, or ``later_vs_earlier``: the one that uses treated
        wards as comparisons), ``treated_cohort``, ``control_cohort`` ("never", or a cohort), ``weight`` (they sum to
        one), ``estimate`` (incidents per ward and quarter; the weighted sum is the two-way coefficient) and
        ``wards_left_out`` (the same in each row).

    Raises
    ------
    EstimationError
        If no complete ward is treated or none is left to compare with.
    """
    quarters = to_quarters(outcome, design)
    common = quarters.common()
    gaps = set(design.ward_ids) - set(common["ward_id"]) | set(common.loc[common["outcome"].isna(), "ward_id"])
    balanced = common[~common["ward_id"].isin(gaps)]
    try:
        comparisons = two_way_comparisons(balanced)
    except REFUSALS as error:
        raise EstimationError(f"The two-way estimate has no decomposition: {one_line(str(error))}") from None
    if not comparisons:
        raise EstimationError(
            f"The two-way estimate has no decomposition: {balanced['ward_id'].nunique()} wards report every quarter, "
            "and among them no treated ward has a comparison."
        )
    names = quarters.cohort_names()
    rows = [
        (
            comparison.comparison_type,
            names[int(comparison.treated_group)],
            names.get(comparison.control_group, "never"),
            float(comparison.weight),
            float(comparison.estimate),
        )
        for comparison in comparisons
    ]
    table = pd.DataFrame(rows, columns=["comparison", "treated_cohort", "control_cohort", "weight", "estimate"])
    return table.assign(wards_left_out=", ".join(sorted(gaps)))
