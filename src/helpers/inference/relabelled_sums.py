"""Group × block sums of one design under every labelling, from which several estimators are made at once.

Poisson and least squares, not-yet and never treated comparisons, counts and rates: all of them see a labelling through
the same sums, so these are added up once. The null model that gives the sums their variances is the two-way Poisson one
for all, and gaps are filled with its means, the same for every labelling.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.blocks import Blocks
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.group_sums import Labellings, add_up, list_labellings
from helpers.inference.null_model import NullTable, overdispersion, tabulate, undo_programme
from helpers.study.design import NEVER, Design, Labels

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sums:
    """Group × block sums of counts or of rates, and their null variances; both of shape (G, K, D)."""

    values: Array
    variances: Array


@dataclass(frozen=True, slots=True)
class StratumSums:
    """The sums of one stratum under its D different labellings.

    Attributes
    ----------
    mask : ndarray of bool, shape (G, K)
        The estimand's cells, the same for every labelling.
    labellings : Labellings
        The actual labelling first.
    columns : ndarray, shape (K,)
        Block factors of the null means.
    level : ndarray, shape (G, D)
        Sums of the ward factors of the null means.
    sizes : ndarray, shape (G, D)
        Wards by group.
    counts : Sums
    rates : Sums or None
        Per 100,000 people and period; None without populations.
    """

    mask: Mask
    labellings: Labellings
    columns: Array
    level: Array
    sizes: Array
    counts: Sums
    rates: Sums | None


@dataclass(frozen=True, slots=True)
class RelabelledSums:
    """The sums of one estimand, in every stratum that has an estimable cell of it.

    Attributes
    ----------
    target : Target
    strata : tuple of StratumSums
        Aligned with the masks of `target` that hold anything.
    is_whole : bool
        Whether every ward reported all of every block.
    """

    target: Target
    strata: tuple[StratumSums, ...]
    is_whole: bool

    @property
    def blocks(self) -> Blocks:
        """Return the blocks."""
        return self.target.blocks

    @property
    def lengths(self) -> Array:
        """Return the number of periods of each block, shape (K,)."""
        return np.diff([*self.blocks.firsts, self.blocks.period_count]).astype(float)


PER_PEOPLE = 1e5
"""Rates are incidents per 100,000 people and period."""


def relabel_sums(
    outcome: Array,
    design: Design,
    specification: Specification,
    estimand: Estimand,
    *,
    labels: Labels,
    people: Sequence[float] | Array | None = None,
) -> RelabelledSums:
    """Add up an outcome by group and block under the actual labelling and under others.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.
    design : Design
    labels : ndarray of int8, shape (B, W)
        The other labellings, in the codes of the design's cohorts. Under town × period they keep the cohort sizes of
        each town; under two-way they need not.
    people : sequence of float, length W, optional
        Population of each ward, for rates.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abc"), ("t",) * 3,
    ...                 ("x",), (1,), (0, -1, -1), 0)
    >>> counts, other = np.array([[4.0, 1.0], [2.0, 2.0], [3.0, 5.0]]), np.array([[-1, 0, -1]], dtype=np.int8)
    >>> found = relabel_sums(counts, design, "two_way", Estimand("overall"), labels=other)
    >>> found.strata[0].counts.values[:, :, 1].tolist()
    [[2.0, 2.0], [7.0, 6.0]]
    """
    target = build_target(design, specification, estimand)
    if not target.is_estimable:
        raise EstimationError(f"No comparison ward identifies any cell of this estimand under {specification}.")
    if specification == "two_way":
        # Cohorts that have no ward here may get some: what counts must not depend on who is labelled what.
        wanted = estimand.mask(design, target.blocks)
        target = replace(target, masks=(wanted & target.blocks.untreated.any(axis=0),))
    tables = tabulate(outcome, design, target)
    nulls = [undo_programme(table, 1.0) for table in tables]
    kappa = overdispersion(nulls)
    actual, cohorts = design.label_array, len(design.cohorts)
    scale = None if people is None else PER_PEOPLE / np.asarray(people, dtype=float)
    strata = tuple(
        _stratum(null, kappa, mask, list_labellings(actual[own], labels[:, own]), cohorts, _part(scale, own))
        for own, mask, null in zip(target.members, target.masks, nulls, strict=True)
        if mask.any()
    )
    return RelabelledSums(target, strata, all(table.is_whole for table in tables))


def _part(scale: Array | None, own: npt.NDArray[np.intp]) -> Array | None:
    return None if scale is None else scale[own]


def _stratum(
    null: NullTable, kappa: Array, mask: Mask, labellings: Labellings, cohorts: int, scale: Array | None
) -> StratumSums:
    blocks = len(null.columns)
    rows = [*null.sums.T, null.rows, null.rows**2]
    if scale is not None:
        rows += [*(null.sums * scale[:, None]).T, null.rows * scale**2, null.rows**2 * scale**2]
    added, sizes = add_up(np.stack(rows), labellings.listed, cohorts), _sizes(labellings.listed, cohorts)
    # The last group is what the others leave of the whole: 1e-16 of a ward that is not there would pass for one.
    added[-1][:, sizes[-1] == 0] = 0.0
    step = blocks + 2
    rates = None if scale is None else _sums(added[:, step:], null.columns, kappa)
    return StratumSums(
        mask=mask,
        labellings=labellings,
        columns=null.columns,
        level=added[:, blocks],
        sizes=sizes,
        counts=_sums(added[:, :step], null.columns, kappa),
        rates=rates,
    )


def _sums(added: Array, columns: Array, kappa: Array) -> Sums:
    """Return sums and their variances c Σ A + κ c² Σ A², from the sums of blocks, A and A²."""
    blocks = len(columns)
    poisson = columns[:, None] * added[:, blocks, None]
    return Sums(added[:, :blocks], poisson + (kappa * columns**2)[:, None] * added[:, blocks + 1, None])


def _sizes(labels: Labels, cohorts: int) -> Array:
    return np.array([(labels == group).sum(axis=1) for group in (*range(cohorts), NEVER)], dtype=float)
