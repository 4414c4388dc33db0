"""`twfe_poisson`: the regression everyone else would run, beside ours for comparison.

Poisson regression of the count on ward effects, period effects and a dummy for treated cells, with standard errors
clustered by ward. With staggered starts its coefficient mixes comparisons that use treated wards as their own
comparisons, and on few treated wards its test rejects two to six times too often; it is printed and never decides.

References: santossilva2006 (Poisson quasi-likelihood), wooldridge1999 (fixed effects), goodmanbacon2021 (what goes
wrong).
"""

import warnings
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.discrete.conditional_models import ConditionalPoisson
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from helpers.errors import EstimationError
from helpers.estimation.effects import FEWEST_TREATED, EffectRow, Effects
from helpers.estimation.estimands import ALL_COHORTS
from helpers.study.design import DONUT, NEVER, TREATED, Design

Array = npt.NDArray[np.float64]

GRADIENT_TOLERANCE = 1e-8
"""Of the likelihood's slope per incident: five digits below what is printed."""
MOST_STEPS = 100


def twfe_poisson(outcome: Array, design: Design, indicator: str) -> Effects:
    """Estimate one common effect by two-way fixed-effects Poisson regression.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts; NaN where not reported. Donut cells, and wards and periods without any incident, are left out.

    Returns
    -------
    Effects
        One row, on the ratio scale (exp of the coefficient − 1); with a reason instead where the likelihood has no
        finite maximum.
    """
    states = design.cell_states()
    used = (states != DONUT) & ~np.isnan(outcome)
    used &= (np.where(used, outcome, 0.0).sum(axis=1) > 0)[:, None]
    used &= np.where(used, outcome, 0.0).sum(axis=0) > 0
    wards, periods = np.nonzero(used)
    treated = (states == TREATED)[used].astype(float)
    counts = outcome[used]
    before = counts[(treated == 0) & (design.label_array[wards] != NEVER)]
    if not (counts[treated == 1].any() and before.any()):
        reason = "No incident in any treated cell, or none before: the coefficient has no finite value."
        return Effects(
            design, (EffectRow(indicator, "two_way", "twfe_poisson", "overall", ALL_COHORTS, reason=reason),)
        )
    dummies = (periods[:, None] == np.unique(periods)[None, 1:]).astype(float)
    try:
        fit = _fit(counts, np.column_stack([treated, dummies]), wards)
    except (EstimationError, np.linalg.LinAlgError):
        reason = "The two-way Poisson regression has no finite maximum on these data."
        return Effects(
            design, (EffectRow(indicator, "two_way", "twfe_poisson", "overall", ALL_COHORTS, reason=reason),)
        )
    return Effects(design, (_row(indicator, design, fit, int(used.sum())),))


def _fit(counts: Array, regressors: Array, wards: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return coefficient and ward-clustered standard error of the first regressor.

    Conditioning on ward totals removes the ward effects exactly, so the regression has one column a period instead of
    one a ward. The small-sample factor is G / (G − 1), with G wards.
    """
    scaled = counts / counts.sum()
    model = ConditionalPoisson(scaled, regressors, groups=wards)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the score is checked below, to a stated tolerance
        fitted = model.fit(method="newton", maxiter=MOST_STEPS, disp=False, skip_hessian=True)
    beta = np.asarray(fitted.params)
    if np.abs(model.score(beta)).max() > GRADIENT_TOLERANCE:
        raise EstimationError("The two-way Poisson regression has no finite maximum on these data.")
    scores, information = _sandwich_parts(counts, regressors, wards, beta)
    bread = np.linalg.inv(information)
    groups = len(scores)
    vcov = bread @ (scores.T @ scores) @ bread * groups / (groups - 1)
    return float(beta[0]), float(np.sqrt(vcov[0, 0]))


def _sandwich_parts(counts: Array, regressors: Array, wards: npt.NDArray[np.intp], beta: Array) -> tuple[Array, Array]:
    """Return each ward's score, shape (G, k), and the information, shape (k, k), of the conditional likelihood."""
    scores, information = [], np.zeros((len(beta), len(beta)))
    for ward in np.unique(wards):
        own = wards == ward
        x, y = regressors[own], counts[own]
        weights = np.exp(x @ beta)
        weights /= weights.sum()
        mean = weights @ x
        scores.append(y @ x - y.sum() * mean)
        information += y.sum() * ((x * weights[:, None]).T @ x - np.outer(mean, mean))
    return np.array(scores), information


def _row(indicator: str, design: Design, fit: tuple[float, float], n_obs: int) -> EffectRow:
    coefficient, std_error = fit
    n_treated = design.treated_ward_count
    empty = EffectRow(indicator, "two_way", "twfe_poisson", "overall", ALL_COHORTS)
    row = replace(
        empty,
        estimate=np.expm1(coefficient),
        n_treated=n_treated,
        n_comparison=len(design.labels) - n_treated,
        n_obs=n_obs,
    )
    if n_treated < FEWEST_TREATED:
        return replace(row, reason=f"No clustered interval: {n_treated} treated wards are fewer than {FEWEST_TREATED}.")
    half = stats.norm.ppf(0.975) * std_error
    return replace(
        row,
        std_error=std_error,
        conf_low=np.expm1(coefficient - half),
        conf_high=np.expm1(coefficient + half),
        p_value=2 * stats.norm.sf(abs(coefficient / std_error)),
        inference="cluster_robust",
        null_tested="no common effect, clusters large in number",
    )
