"""Gaps in the returns: which wards did not report which indicator, from when to when."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.checks.design_rows import design_rows
from helpers.panel import outcome_matrix
from helpers.study.design import Design

Mask = npt.NDArray[np.bool_]
Run = tuple[int, int, int]


def reporting_gaps(panel: pd.DataFrame, design: Design, indicators: Sequence[str]) -> pd.DataFrame:
    """Return every run of periods that a ward did not report, indicator by indicator.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    design : Design
        Its wards and periods are the ones that were due.
    indicators : sequence of str
        Counts.

    Returns
    -------
    DataFrame
        Design rows with one ``missing_count`` (periods) a run: ``period`` is its first, ``against`` its last one,
        ``cohort`` the ward's ("never" if it has none). Empty where nothing is missing.
    """
    names = (*design.cohorts, "never")
    rows = []
    for indicator in indicators:
        missing = np.isnan(outcome_matrix(panel, design, indicator))
        for ward, first, last in missing_runs(missing):
            rows.append(
                {
                    "indicator": indicator,
                    "cohort": names[design.labels[ward]],
                    "town_code": design.town_codes[ward],
                    "period": design.periods[first],
                    "against": design.periods[last],
                    "ward_id": design.ward_ids[ward],
                    "measure": "missing_count",
                    "value": float(last - first + 1),
                }
            )
    return design_rows("reporting_gaps", rows)


def missing_runs(missing: Mask) -> Iterator[Run]:
    """Yield each run of missing cells of a row as row, first and last column.

    Examples
    --------
    >>> import numpy as np
    >>> list(missing_runs(np.array([[True, True, False, True], [False, False, False, False]])))
    [(0, 0, 1), (0, 3, 3)]
    """
    for row, cells in enumerate(missing):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], cells, [False]]).astype(np.int8)))
        for first, after in edges.reshape(-1, 2):
            yield row, int(first), int(after) - 1
