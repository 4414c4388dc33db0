"""Strata of wards that were alike before the programme: a narrower scheme of relabelling.

Wards chosen for a high are compared with wards that were as high. The strata look at what was reported before the first
donut and at nothing else, so a relabelling inside them is as good as any other if the wards of a stratum could have
changed places.
"""

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.study.design import Design

Array = npt.NDArray[np.float64]


def level_strata(outcome: Array, design: Design, *, groups: int = 3) -> tuple[str, ...]:
    """Return a label per ward: its town, and its rank group by incidents a period before anybody's donut.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported. A ward that reported nothing then is put with the lowest.
    groups : int
        Rank groups per town, as equal in size as can be: 3 makes terciles, half the number of a town's wards pairs.

    Returns
    -------
    tuple of str, length W
        For `strata` of `helpers.inference.randomisation.randomisation_test` and `effect_row`.

    Raises
    ------
    EstimationError
        For fewer than one group.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> level_strata(np.array([[9.0, 1.0], [1.0, 1.0], [8.0, 1.0], [2.0, 1.0]]), design, groups=2)
    ('t/2', 't/1', 't/2', 't/1')
    """
    if groups < 1:
        raise EstimationError(f"Strata of {groups} groups hold nobody. Ask for 1 or more.")
    before = outcome[:, : min(design.cutoffs, default=len(design.periods))]
    reported = (~np.isnan(before)).sum(axis=1)
    level = np.nansum(before, axis=1) / np.maximum(reported, 1)
    towns, labels = np.array(design.town_codes), np.full(len(design.town_codes), "", dtype=object)
    for town in sorted(set(design.town_codes)):
        own = np.flatnonzero(towns == town)
        for rank, alike in enumerate(np.array_split(own[np.argsort(level[own], kind="stable")], groups), start=1):
            labels[alike] = f"{town}/{rank}"
    return tuple(labels.tolist())
