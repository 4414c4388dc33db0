"""Ward × block tables, and what they would be if every treated cell had been multiplied by one common ratio.

Under the hypothesis H_r, "the programme multiplied each treated cell by r", dividing the treated sums by r undoes the
programme: what is left has the same two-way means whoever is labelled treated. The null model is that two-way fit,
with a variance of μ + κμ² per ward and block.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.estimands import Target
from helpers.estimation.identification import identify_cells
from helpers.study.design import Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

GAP_TOLERANCE = 1e-10
"""Relative change at which the fit of a table with gaps stops: far below what any relabelling could notice."""
MOST_GAP_STEPS = 20_000
"""Each step shrinks the error by about the share of missing cells, so ten or so are the rule. Where a town's reports
hang together by a single small cell it takes thousands."""
KEPT_PATTERNS = 64
"""Patterns of incidents and reports whose identified cells are kept: a test asks for the same ones ratio by ratio."""
SMALLEST = 1e-300
"""Keeps the factors of an all-zero row or column at zero."""


@dataclass(frozen=True, slots=True)
class WardTable:
    """Sums of the wards of one stratum; ``...`` stands for simulated copies.

    Attributes
    ----------
    sums : ndarray, shape (..., W, K)
        Reported incidents by ward and block.
    coverage : ndarray, shape (W, K)
        Share of the block that the ward reported, weighted by how much falls into each period; 1 without gaps.
    treated : ndarray of bool, shape (W, K)
        The sums actually treated.
    """

    sums: Array
    coverage: Array
    treated: Mask

    @property
    def is_whole(self) -> bool:
        """Return whether every ward reported all of every block."""
        return bool((self.coverage == 1.0).all())


@dataclass(frozen=True, slots=True)
class NullTable:
    """The null model of one stratum at one hypothetical ratio: a table of rank one.

    Attributes
    ----------
    sums : ndarray, shape (..., W, K)
        Sums with the programme undone and the gaps filled with their null means, the same for every relabelling.
    rows, columns : ndarray, shapes (..., W) and (..., K)
        Ward and block factors; a null mean is their product.
    scale : ndarray, shape (..., W, K) or (W, K)
        1/r where the sum was divided by r, else 1: the Poisson part of the variance is scale × mean.
    """

    sums: Array
    rows: Array
    columns: Array
    scale: Array

    @property
    def means(self) -> Array:
        """Return the null means, shape (..., W, K)."""
        return np.asarray(self.rows[..., :, None] * self.columns[..., None, :])

    @property
    def poisson(self) -> Array:
        """Return the Poisson part of the variance, shape (..., W, K)."""
        return np.asarray(self.means * self.scale)


def tabulate(outcome: Array, design: Design, target: Target) -> tuple[WardTable, ...]:
    """Return the ward × block sums of each stratum of a target.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported.
    """
    reported = ~np.isnan(outcome)
    counts = outcome if reported.all() else np.where(reported, outcome, 0.0)
    sums = target.blocks.sums(counts)
    coverage = np.ones_like(sums) if counts is outcome else _coverage(counts, reported, target)
    treated = np.asarray(target.blocks.treated[design.label_array])
    return tuple(WardTable(sums[own], coverage[own], treated[own]) for own in target.members)


def _coverage(counts: Array, reported: Mask, target: Target) -> Array:
    """Return the share of each block that each ward reported, a period weighing what the wards reported on average."""
    profile = counts.sum(axis=0) / np.maximum(reported.sum(axis=0), 1)
    whole = target.blocks.sums(profile)
    share = target.blocks.sums(reported * profile) / np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, share, 1.0)


def undo_programme(table: WardTable, ratio: float | Array) -> NullTable:
    """Return the null model of one stratum under H_r; several ratios, shape (R,), make R copies.

    Raises
    ------
    EstimationError
        If the fit of a table with gaps does not settle.
    """
    scale = np.where(table.treated, 1.0 / np.asarray(ratio)[..., None, None], 1.0)
    adjusted = table.sums * scale
    if table.is_whole:
        return NullTable(adjusted, *_margins(adjusted), scale)
    finite = _finite((table.sums > 0).tobytes(), (table.coverage > 0).tobytes(), table.sums.shape)
    rows, columns = _two_way_factors(adjusted, table.coverage * finite)
    filled = adjusted + finite * rows[..., :, None] * columns[..., None, :] * (1.0 - table.coverage)
    return NullTable(filled, rows, columns, scale)


@lru_cache(maxsize=KEPT_PATTERNS)
def _finite(positive: bytes, reported: bytes, shape: tuple[int, int]) -> Mask:
    """Return the cells with a finite mean, which depend on where incidents and reports are, and on no ratio."""
    cells, used = (np.frombuffer(own, dtype=bool).reshape(shape) for own in (positive, reported))
    return identify_cells(cells.astype(float), used).finite


def _margins(sums: Array) -> tuple[Array, Array]:
    """Return the factors of row × column means fitted to whole sums: row totals and column shares.

    Totals by multiplication: adding up thousands of short rows takes several times as long.
    """
    rows, columns = sums @ np.ones(sums.shape[-1]), np.ones(sums.shape[-2]) @ sums
    total = rows.sum(axis=-1, keepdims=True)
    return rows, columns / np.where(total > 0, total, 1.0)


def _two_way_factors(sums: Array, weights: Array) -> tuple[Array, Array]:
    """Fit row × column means to sums of which the share `weights` was reported; 0 where the mean is not identified.

    On few incidents the maximum may lie at infinity, so the fit keeps to the cells that `identify_cells` calls finite,
    where it settles. A ward's factor is then its level relative to the wards it is tied to, a block's factor their mean
    sum: wards and blocks that nothing ties together still make means of the right size, never ones that run away.
    """
    row_sums, column_sums = sums.sum(axis=-1), sums.sum(axis=-2)
    columns = _safe(column_sums, weights.sum(axis=0))
    for _ in range(MOST_GAP_STEPS):
        rows, before = _safe(row_sums, columns @ weights.T), columns
        columns = _safe(column_sums, rows @ weights)
        if (np.abs(columns - before) <= GAP_TOLERANCE * np.maximum(columns, before)).all():
            return rows, columns
    raise EstimationError(
        "The two-way fit of the ward sums does not settle. Fill the gaps in the returns, or leave out wards that "
        "reported little."
    )


def _safe(numerator: Array, denominator: Array) -> Array:
    return np.asarray(np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0))


def overdispersion(tables: Sequence[NullTable]) -> Array:
    """Return κ of the variance μ + κμ² of each block, by moments over the wards of all strata; at least 0.

    Returns
    -------
    ndarray, shape (..., K)

    Notes
    -----
    A sum over few periods varies more about its mean than one over many, by an amount that depends on how long a ward's
    own shocks last. One κ for all blocks understates the variance of short ones, and so favours labellings that weigh
    them (docs/decisions/0010).
    """
    excess, spread = _moments(tables)
    return np.asarray(np.maximum(0.0, excess / np.maximum(spread, SMALLEST)))


def pooled_overdispersion(tables: Sequence[NullTable]) -> Array:
    """Return one κ for all blocks, by the same moments; at least 0. Shape (...)."""
    excess, spread = (moment.sum(axis=-1) for moment in _moments(tables))
    return np.asarray(np.maximum(0.0, excess / np.maximum(spread, SMALLEST)))


def _moments(tables: Sequence[NullTable]) -> tuple[Array, Array]:
    """Return the squared residuals beyond Poisson noise, and what κ = 1 would add to them; shapes (..., K).

    Each squared residual is compared with its expectation under the fit, whose leverage in a table of rank one is
    1 − (1 − row share)(1 − column share).
    """
    excess, spread = np.zeros(1), np.zeros(1)
    for table in tables:
        rows, columns = table.rows, table.columns
        free_rows, free_columns = _free(rows), _free(columns)
        residuals = table.sums - table.means
        noise = (rows * free_rows)[..., None, :] @ table.scale
        ones = np.ones(rows.shape[-1])
        excess = excess + ones @ (residuals * residuals) - noise[..., 0, :] * columns * free_columns
        spread = spread + np.vecdot(rows**2, free_rows)[..., None] * columns**2 * free_columns
    return excess, spread


def _free(factors: Array) -> Array:
    """Return 1 − each factor's share of their sum."""
    return np.asarray(1.0 - factors / np.maximum(factors.sum(axis=-1, keepdims=True), SMALLEST))
