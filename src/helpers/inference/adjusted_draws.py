r"""Ward trends and town seasons under every labelling: many Newton fits side by side.

The chain-ladder does not hold with more than ward and period factors, so each labelling is fitted anew. Means are

.. math:: \exp(x_r' \alpha_r + \beta_t + \gamma_{j(r, t)}) \quad \text{on untreated cells}

with rows r: wards (an intercept and a trend each), or for seasons the wards of one town and cohort added up, which fit
alike (an intercept, and γ for the town's season). Rows and periods are eliminated block by block, so that one step for
hundreds of labellings is a few products of small matrices. T divides the log ratio by the null standard error of the
fit without the adjustment under the same labelling: any function of data and labelling makes a valid test, and this one
weighs small and large wards as the main test does.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.blocks import strata
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.multiplicative import Adjustment
from helpers.inference.effect_row import NOTHING_EXPECTED
from helpers.inference.relabelled_sums import RelabelledSums
from helpers.inference.variants import Variant, VariantDraws, draw_variant, log_ratios
from helpers.study.design import NEVER, TREATED, UNTREATED, Design, Labels
from helpers.study.periods import PERIODS_PER_YEAR, period_number

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STEPS = 25
"""Newton steps of each fit, which settle within ten or so where there is a finite maximum. Where there is none a fit
has no end, and stops here with every other one: the same function of the data for every labelling."""
LONGEST_STEP = 1.5
"""Of any log mean, in one step: longer ones would overshoot from a poor start."""
ENOUGH = 1e-7
"""Largest change of a log mean at which all fits have settled."""
RIDGE = 1e-9
"""Added to the information's diagonal, relative to it: a constant may move between rows, periods and seasons."""
FURTHEST_LOG_MEAN = 15.0
"""A trend carried on may run away where a ward reported almost nothing; no ward has e¹⁵ incidents a period."""
LABELLINGS_AT_A_TIME = 64
"""Fitted side by side: their cells then stay in the processor's memory."""


def draw_adjusted(variant: Variant, sums: RelabelledSums, labels: Labels, adjustment: Adjustment) -> VariantDraws:
    """Return a variant with ward trends or town seasons for every labelling.

    Parameters
    ----------
    variant : Variant
        Of counts, compared with the not-yet treated.
    sums : RelabelledSums
        Of the variant under the same labellings.
    labels : ndarray of int8, shape (B, W)
    adjustment : {"ward_trends", "town_seasons"}

    Raises
    ------
    EstimationError
        If the adjusted fit of the actual labelling has no finite maximum, or nothing is expected under it.
    """
    fit = impute_counterfactual(variant.outcome, variant.design, variant.specification, adjustment=adjustment)
    observed, expected = fit.total(variant.estimand)
    if not expected > 0:
        raise EstimationError(NOTHING_EXPECTED)
    plain = draw_variant(variant, sums)
    every = np.vstack([variant.design.label_array, labels])
    log_ratio = log_ratios(*_totals(variant, every, adjustment))
    return VariantDraws(
        t=np.divide(log_ratio, plain.std_errors, out=np.zeros_like(log_ratio), where=plain.std_errors > 0),
        log_ratio=log_ratio,
        estimate=observed / expected - 1,
        std_errors=plain.std_errors,
        expected=expected,
        is_log=True,
    )


def _totals(variant: Variant, labels: Labels, adjustment: Adjustment) -> tuple[Array, Array]:
    """Return observed and expected of each labelling, both of shape (B,)."""
    observed, expected = np.zeros(len(labels)), np.zeros(len(labels))
    for own in strata(variant.design, variant.specification):
        design, cells = variant.design.with_wards(own), variant.outcome[own]
        model = _model(design, adjustment)
        start = None
        for first in range(0, len(labels), LABELLINGS_AT_A_TIME):
            chosen = slice(first, first + LABELLINGS_AT_A_TIME)
            used, wanted = _cells(variant, labels[chosen][:, own], ~np.isnan(cells))
            if not wanted.any():
                continue
            fit = _maximise(np.nan_to_num(cells), used, model, start)
            start = start or fit.first()
            counted, imputed = fit.totals(wanted)
            observed[chosen] += counted
            expected[chosen] += imputed
    return observed, expected


def _cells(variant: Variant, labels: Labels, reported: Mask) -> tuple[Mask, Mask]:
    """Return which cells are fitted and which are the estimand's, both of shape (B, W, P)."""
    design, estimand = variant.design, variant.estimand
    groups = range(len(design.cohorts))
    one_each = replace(design, labels=(*groups, NEVER), ward_ids=("",) * (len(groups) + 1), town_codes=())
    states, chosen = one_each.cell_states(), estimand.cells(one_each)
    used = (states == UNTREATED)[labels] & reported
    has_comparison = used.any(axis=1, keepdims=True)
    return used, (chosen & (states == TREATED))[labels] & reported & has_comparison


@dataclass(frozen=True, slots=True)
class _Model:
    """What rows and cells have in common: `local` (P, q) multiplies a row's own coefficients.

    `towns` (W, J) and `months` (P, M) are ones and zeros: a cell's season is that of its town. None without seasons.
    """

    local: Array
    towns: Array | None
    months: Array | None

    @property
    def season_count(self) -> int:
        return 0 if self.towns is None or self.months is None else self.towns.shape[1] * self.months.shape[1]

    def by_season(self, cells: Array) -> Array:
        """Return cells (B, W, P) added up over the months of a row's own town, shape (B, W, J M)."""
        assert self.towns is not None and self.months is not None
        spread = (cells @ self.months)[:, :, None, :] * self.towns[:, :, None]
        return np.asarray(spread.reshape(*cells.shape[:2], -1))

    def of_season(self, factors: Array) -> Array:
        """Return season factors (B, J M) as cells (B, W, P)."""
        assert self.towns is not None and self.months is not None
        square = factors.reshape(len(factors), self.towns.shape[1], self.months.shape[1])
        return np.asarray(self.towns @ square @ self.months.T)


def _model(design: Design, adjustment: Adjustment) -> _Model:
    count = len(design.periods)
    level = np.ones((count, 1))
    if adjustment == "ward_trends":
        return _Model(np.hstack([level, np.linspace(-1.0, 1.0, count)[:, None]]), None, None)
    per_year = PERIODS_PER_YEAR[design.period_kind]
    numbers = np.array([period_number(design.period_kind, period) for period in design.periods])
    names = np.array(sorted(set(design.town_codes)))
    towns = (np.array(design.town_codes)[:, None] == names).astype(float)
    return _Model(level, towns, np.eye(per_year)[numbers % per_year])


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients of rows (B, W, q) and of periods and seasons (B, P + S), and what was fitted."""

    model: _Model
    counts: Array
    fitted: Mask
    silent: Mask
    own: Array
    common: Array

    def first(self) -> "_Fit":
        return replace(self, own=self.own[:1], common=self.common[:1])

    @property
    def log_means(self) -> Array:
        periods = len(self.model.local)
        found = self.own @ self.model.local.T + self.common[:, None, :periods]
        return found if self.model.season_count == 0 else found + self.model.of_season(self.common[:, periods:])

    def totals(self, wanted: Mask) -> tuple[Array, Array]:
        """Return observed and expected over the wanted cells; of a row without a known trend neither."""
        if self.model.local.shape[1] > 1:
            wanted = wanted & self.fitted.any(axis=2, keepdims=True)
        means = np.exp(np.minimum(self.log_means, FURTHEST_LOG_MEAN)) * ~self.silent
        return (wanted * self.counts).sum(axis=(1, 2)), (wanted * means).sum(axis=(1, 2))


def _maximise(counts: Array, used: Mask, model: _Model, start: _Fit | None) -> _Fit:
    """Return the fit of each labelling, from the coefficients of another fit if there is one."""
    silent = _silent(counts, used, model)
    fitted = used & ~silent
    own = np.zeros((*used.shape[:2], model.local.shape[1]))
    common = np.zeros((len(used), used.shape[2] + model.season_count))
    if start is None:
        level = np.log(np.maximum((counts * fitted).sum(axis=2), 1.0) / np.maximum(fitted.sum(axis=2), 1))
        own[..., 0] = level
    else:
        own, common = own + start.own, common + start.common
    fit = _Fit(model, counts, fitted, silent, own, common)
    for _ in range(STEPS):
        fit, moved = _step(fit)
        if moved <= ENOUGH:
            break
    return fit


def _silent(counts: Array, used: Mask, model: _Model) -> Mask:
    """Return the cells of a row, period or season whose used cells have no incident: their mean is zero."""
    own = used * counts
    silent = (own.sum(axis=2) == 0)[:, :, None] | (own.sum(axis=1) == 0)[:, None, :]
    if model.season_count:
        silent |= model.of_season(model.by_season(own).sum(axis=1)) == 0
    return np.asarray(silent)


def _step(fit: _Fit) -> tuple[_Fit, float]:
    """Take one Newton step, no longer than allowed; return how far the farthest fit moved."""
    model, local = fit.model, fit.model.local
    means = np.exp(np.minimum(fit.log_means, FURTHEST_LOG_MEAN)) * fit.fitted
    rest = fit.counts * fit.fitted - means
    inner = _ridged(np.einsum("brt,ti,tj->brij", means, local, local))
    weighed = means[:, :, None, :] * local.T
    cross, outer = weighed, _diagonal(means.sum(axis=1))
    gradient = rest.sum(axis=1)
    if model.season_count:
        by_season = model.by_season(means)
        cross = np.concatenate([cross, by_season[:, :, None, :]], axis=-1)
        outer = _with_seasons(model, means, by_season.sum(axis=1))
        gradient = np.concatenate([gradient, model.by_season(rest).sum(axis=1)], axis=-1)
    count, shape = len(means), cross.shape
    solved = np.linalg.solve(inner, np.concatenate([cross, (rest @ local)[..., None]], axis=-1))
    flat, carried = cross.reshape(count, -1, shape[-1]), solved.reshape(count, -1, shape[-1] + 1)
    product = flat.swapaxes(1, 2) @ carried
    schur = _ridged(outer - product[..., :-1], outer)
    common = np.linalg.solve(schur, (gradient - product[..., -1])[..., None])[..., 0]
    own = solved[..., -1] - np.einsum("brig,bg->bri", solved[..., :-1], common)
    change = replace(fit, own=own, common=common)
    size = np.abs(change.log_means * fit.fitted).max(axis=(1, 2), initial=0.0)
    share = np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
    moved = replace(fit, own=fit.own + share[:, None, None] * own, common=fit.common + share[:, None] * common)
    return moved, float(size.max())


def _diagonal(values: Array) -> Array:
    return np.asarray(values[:, :, None] * np.eye(values.shape[1]))


def _with_seasons(model: _Model, means: Array, by_season: Array) -> Array:
    """Return the information of periods and seasons, shape (B, P + S, P + S)."""
    assert model.towns is not None and model.months is not None
    in_town = model.towns.T @ means
    mixed = (in_town.swapaxes(1, 2)[..., None] * model.months[:, None, :]).reshape(len(means), means.shape[2], -1)
    top = np.concatenate([_diagonal(means.sum(axis=1)), mixed], axis=2)
    bottom = np.concatenate([mixed.swapaxes(1, 2), _diagonal(by_season)], axis=2)
    return np.concatenate([top, bottom], axis=1)


def _ridged(matrices: Array, like: Array | None = None) -> Array:
    """Return square matrices with a little more on their diagonal: relative to that of `like`, and never nothing."""
    size = np.einsum("...ii->...i", matrices if like is None else like)
    return np.asarray(matrices + (RIDGE * (size + 1.0))[..., None] * np.eye(matrices.shape[-1]))
