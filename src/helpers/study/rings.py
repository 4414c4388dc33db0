"""Rings: how many borders lie between a ward and the nearest one that is treated.

Taken from ``adjacency.csv`` where a study has it, by walking outwards from the treated wards; else from the column
``ring`` of ``wards.csv``, which knows the distance but not from whom, so it serves designs with one cohort only.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.errors import DesignError
from helpers.study.design import Design
from helpers.study.objects import Study

Steps = npt.NDArray[np.int64]

FAR = 1_000_000
"""Steps of a ward from which no treated ward can be reached, or whose ring is not stated: more than any map has."""


@dataclass(frozen=True, slots=True)
class Rings:
    """Steps from each ward to the nearest treated one.

    Attributes
    ----------
    steps : ndarray of int, shape (C, W)
        To the nearest ward of each treated cohort, 0 for these wards themselves, `FAR` where none can be reached.
    n_without : int
        Wards without any row in ``adjacency.csv``, or without a ring: they count as far.
    """

    steps: Steps
    n_without: int

    @property
    def nearest(self) -> Steps:
        """Return the steps to the nearest ward of any cohort, shape (W,)."""
        return np.asarray(self.steps.min(axis=0))

    def by_period(self, design: Design) -> Steps:
        """Return the steps to the nearest ward treated by then, shape (W, P); `FAR` before anybody is."""
        found = np.full((self.steps.shape[1], len(design.periods)), FAR, dtype=np.int64)
        for cohort, start in enumerate(design.starts):
            found[:, start:] = np.minimum(found[:, start:], self.steps[cohort][:, None])
        return found


def build_rings(study: Study, design: Design) -> Rings:
    """Return the rings of a design's wards.

    Raises
    ------
    DesignError
        If the study says nothing of who lies beside whom, or gives rings for a design of several cohorts.

    Examples
    --------
    >>> from helpers.study import build_design, load_study
    >>> study = load_study("nghe_an")
    >>> build_rings(study, build_design(study))
    Traceback (most recent call last):
    ...
    helpers.errors.DesignError: The study has no adjacency.csv: nobody knows which wards lie beside each other.
    """
    if study.adjacency:
        return _walked(((row.ward_id, row.neighbour_id) for row in study.adjacency), design)
    stated = {ward.ward_id: ward.ring for ward in study.wards if ward.ring is not None}
    if not stated:
        raise DesignError("The study has no adjacency.csv: nobody knows which wards lie beside each other.")
    if len(design.cohorts) > 1:
        raise DesignError(
            "Rings do not say whose neighbour a ward is, and there are several cohorts: add adjacency.csv."
        )
    own = np.array([stated.get(ward, FAR) for ward in design.ward_ids], dtype=np.int64)
    return Rings(own[None, :], int((own == FAR).sum()))


def _walked(borders: Iterable[tuple[str, str]], design: Design) -> Rings:
    """Walk outwards from each cohort's wards, one border a step."""
    place = {ward: position for position, ward in enumerate(design.ward_ids)}
    beside: dict[int, list[int]] = defaultdict(list)
    for ward, neighbour in borders:
        if ward in place and neighbour in place:
            beside[place[ward]].append(place[neighbour])
    labels = design.label_array
    steps = np.full((len(design.cohorts), len(labels)), FAR, dtype=np.int64)
    for cohort in range(len(design.cohorts)):
        reached = np.flatnonzero(labels == cohort).tolist()
        distance = 0
        while reached:
            steps[cohort, reached] = distance
            distance += 1
            outward = {other for ward in reached for other in beside[ward]}
            reached = [ward for ward in outward if steps[cohort, ward] == FAR]
    return Rings(steps, len(labels) - len({ward for ward, others in beside.items() if others}))
