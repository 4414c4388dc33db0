"""Which treated cells an effect adds up: the estimands of the project.

An estimand is a set of cohort × block cells. What can be estimated of it depends on the specification: with
town × period effects a town's cells count only while some ward of that town is still untreated.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from helpers.estimation.blocks import Blocks, build_blocks, estimable, strata
from helpers.estimation.specification import Specification
from helpers.study.design import Design

Mask = npt.NDArray[np.bool_]
EstimandKind = Literal["overall", "cohort", "cohort_before_next", "relative_period", "lead"]

BIN_WIDTH = 3
"""Periods per bin of relative time: with three in five ward-months at zero, single months are noise."""
ALL_COHORTS = "all"


@dataclass(frozen=True, slots=True)
class Estimand:
    """A set of treated cells.

    Attributes
    ----------
    kind : str
        ``overall``, ``cohort``, ``cohort_before_next`` (until the next cohort's donut begins, so that nobody else is
        treated), ``relative_period`` (a bin of time since treatment) or ``lead`` (a bin before it).
    cohort : str
        Cohort name, or "all".
    relative_first, relative_last : int or None
        First and last relative period of the bin (0 = first treated period).
    """

    kind: EstimandKind
    cohort: str = ALL_COHORTS
    relative_first: int | None = None
    relative_last: int | None = None

    def window(self, design: Design, cohort: int) -> range:
        """Return the period positions that the estimand takes from one cohort.

        Empty for a cohort that is not part of it; a bin takes only cohorts that reach all of it.
        """
        start, end = design.starts[cohort], len(design.periods)
        if self.cohort not in (ALL_COHORTS, design.cohorts[cohort]):
            return range(0)
        if self.relative_first is None or self.relative_last is None:
            return range(start, end)
        after = start + self.relative_last + 1
        return range(start + self.relative_first, after) if after <= end else range(0)

    def edges(self, design: Design) -> tuple[int, ...]:
        """Return the period positions that blocks must break at so that the estimand is made of whole blocks."""
        windows = (self.window(design, cohort) for cohort in range(len(design.cohorts)))
        return tuple(edge for window in windows if window for edge in (window.start, window.stop))

    def mask(self, design: Design, blocks: Blocks) -> Mask:
        """Return the estimand's group × block cells, shape (G, K), whether or not they can be estimated."""
        chosen = np.zeros_like(blocks.treated)
        for cohort in range(len(design.cohorts)):
            chosen[cohort] = np.isin(blocks.firsts, list(self.window(design, cohort)))
        return np.asarray(chosen & blocks.treated)


def headline_estimands(design: Design) -> tuple[Estimand, ...]:
    """Return overall and one estimand per cohort treated in the window (only "overall" when there is one)."""
    treated = [name for name, start in zip(design.cohorts, design.starts, strict=True) if start < len(design.periods)]
    cohorts = tuple(Estimand("cohort", cohort) for cohort in treated) if len(treated) > 1 else ()
    return (Estimand("overall"), *cohorts)


def early_design(design: Design) -> Design | None:
    """Return the design cut before the second cohort's donut begins, or None if there is no second cohort.

    Inside it every later ward is still untreated, whoever it is: the result does not depend on the later roster.
    """
    later = [cutoff for cutoff in design.cutoffs if cutoff > min(design.starts)]
    return design.until(min(later)) if later else None


@dataclass(frozen=True, slots=True)
class Target:
    """An estimand under a specification, as masks per stratum, aligned with `strata(design, specification)`.

    Attributes
    ----------
    estimand : Estimand
    blocks : Blocks
    members : tuple of ndarray
        Ward positions of each stratum.
    masks : tuple of ndarray of bool, shape (G, K)
        The estimable cells of each stratum.
    lost : int
        Number of treated ward-periods of the estimand that no comparison identifies.
    """

    estimand: Estimand
    blocks: Blocks
    members: tuple[npt.NDArray[np.intp], ...]
    masks: tuple[Mask, ...]
    lost: int

    @property
    def is_estimable(self) -> bool:
        """Return whether anything of the estimand can be estimated."""
        return any(mask.any() for mask in self.masks)


def build_target(
    design: Design, specification: Specification, estimand: Estimand, extra_edges: Iterable[int] = ()
) -> Target:
    """Return an estimand's estimable cells under a specification; blocks are split further at `extra_edges`."""
    blocks = build_blocks(design, (*estimand.edges(design), *extra_edges))
    wanted = estimand.mask(design, blocks)
    members = strata(design, specification)
    masks = tuple(wanted & estimable(design, blocks, own) for own in members)
    lengths = np.diff([*blocks.firsts, blocks.period_count])
    labels = design.label_array
    sizes = [
        np.array([(labels[own] == cohort).sum() for cohort in (*range(len(design.cohorts)), -1)]) for own in members
    ]
    lost = sum(int((size[:, None] * lengths * (wanted & ~mask)).sum()) for size, mask in zip(sizes, masks, strict=True))
    return Target(estimand=estimand, blocks=blocks, members=members, masks=masks, lost=lost)
