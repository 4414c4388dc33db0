"""Which treated cells an effect adds up: the estimands of the project.

An estimand is a set of cohort × block cells. What can be estimated of it depends on the specification: with
town × period effects a town's cells count only while some ward of that town is still untreated.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.blocks import Blocks, build_blocks, estimable, strata
from helpers.estimation.specification import Specification
from helpers.study.design import Design

Mask = npt.NDArray[np.bool_]
EstimandKind = Literal[
    "overall", "cohort", "cohort_before_next", "common_horizon", "relative_period", "calendar_period", "lead"
]

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
        treated), ``common_horizon`` (as many periods from the start as every cohort has), ``relative_period`` (a bin of
        time since treatment), ``calendar_period`` (a bin of the window) or ``lead`` (a bin before treatment).
    cohort : str
        Cohort name, or "all".
    relative_first, relative_last : int or None
        First and last relative period of the bin (0 = first treated period).
    calendar_first, calendar_last : int or None
        First and last position in the window; treated periods outside are left out.
    """

    kind: EstimandKind
    cohort: str = ALL_COHORTS
    relative_first: int | None = None
    relative_last: int | None = None
    calendar_first: int | None = None
    calendar_last: int | None = None

    def window(self, design: Design, cohort: int) -> range:
        """Return the period positions that the estimand takes from one cohort.

        Empty for a cohort that is not part of it; a bin takes only cohorts that reach all of it.
        """
        start, end = design.starts[cohort], len(design.periods)
        if self.cohort not in (ALL_COHORTS, design.cohorts[cohort]):
            return range(0)
        first, after = start, end
        if self.relative_first is not None and self.relative_last is not None:
            first, after = start + self.relative_first, start + self.relative_last + 1
        if after > end:
            return range(0)
        first = first if self.calendar_first is None else max(first, self.calendar_first)
        return range(first, after if self.calendar_last is None else min(after, self.calendar_last + 1))

    def cells(self, design: Design) -> Mask:
        """Return the ward-periods that the estimand adds up, shape (W, P), whether or not they can be estimated."""
        chosen = np.zeros((len(design.labels), len(design.periods)), dtype=bool)
        labels = design.label_array
        for cohort in range(len(design.cohorts)):
            window = self.window(design, cohort)
            chosen[labels == cohort, window.start : window.stop] = True
        return chosen

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
    treated = _treated_spans(design)
    cohorts = tuple(Estimand("cohort", cohort) for cohort in treated) if len(treated) > 1 else ()
    return (Estimand("overall"), *cohorts)


def common_horizon_estimands(design: Design) -> tuple[Estimand, ...]:
    """Return the effect over the first h treated periods, of all cohorts and of each; h is the shortest treated span.

    What differs between cohorts over a common horizon is not that one has been treated for longer. Empty with fewer
    than two cohorts treated in the window.

    Examples
    --------
    >>> months = ("2023-01", "2023-02", "2023-03", "2023-04")
    >>> design = Design("s", "main", "A", "given", "calendar_month", months, tuple("abc"), ("t",) * 3, ("x", "y"),
    ...                 (1, 2), (0, 1, -1), 0)
    >>> everyone, first, second = common_horizon_estimands(design)
    >>> everyone.window(design, 0), second.cohort, second.window(design, 1)
    (range(1, 3), 'y', range(2, 4))
    """
    spans = _treated_spans(design)
    if len(spans) < 2:
        return ()
    last = min(spans.values()) - 1
    return tuple(Estimand("common_horizon", cohort, 0, last) for cohort in (ALL_COHORTS, *spans))


def calendar_estimands(design: Design, width: int) -> tuple[Estimand, ...]:
    """Return the effect by bins of `width` calendar periods, from the first start to the end of the window.

    Together the bins are the overall effect; the last may be shorter.

    Raises
    ------
    EstimationError
        If the width is below 1.

    Examples
    --------
    >>> months = ("2023-01", "2023-02", "2023-03", "2023-04")
    >>> design = Design("s", "main", "A", "given", "calendar_month", months, ("a", "b"), ("t", "t"), ("x",), (1,),
    ...                 (0, -1), 0)
    >>> [(one.calendar_first, one.calendar_last) for one in calendar_estimands(design, 2)]
    [(1, 2), (3, 3)]
    """
    if width < 1:
        raise EstimationError(f"A bin of {width} periods holds nothing. Choose a width of 1 or more.")
    count = len(design.periods)
    return tuple(
        Estimand("calendar_period", calendar_first=first, calendar_last=min(first + width, count) - 1)
        for first in range(min(design.starts, default=count), count, width)
    )


def _treated_spans(design: Design) -> dict[str, int]:
    """Return the number of treated periods of each cohort that has any in the window."""
    count = len(design.periods)
    return {name: count - start for name, start in zip(design.cohorts, design.starts, strict=True) if start < count}


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
