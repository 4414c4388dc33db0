"""`twfe_linear`: two-way fixed-effects regression of the level, with HC1 standard errors.

What the published studies that check us ran. It assumes parallel trends in levels, which cannot hold together with
ratio parallel trends when wards differ in size, so its disagreement with `count_imputation` is not by itself a failed
check.

References: ditella2004 (the published number this reproduces), mackinnon1985 (HC1).
"""

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.regression.linear_model import OLS

from helpers.errors import EstimationError
from helpers.estimation.effects import EffectRow, Effects
from helpers.estimation.estimands import ALL_COHORTS
from helpers.study.design import DONUT, TREATED, Design

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 1e-12
MOST_SWEEPS = 10_000


def twfe_linear(outcome: Array, design: Design, indicator: str) -> Effects:
    """Estimate one common effect on the level by two-way least squares.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Values; NaN where not reported. Donut cells are left out.

    Returns
    -------
    Effects
        One row on the level scale (units of the outcome per ward and period). The HC1 factor n / (n − k) counts the
        ward and period effects in k.

    Raises
    ------
    EstimationError
        If treatment does not vary within wards and periods.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abc"), ("t",) * 3,
    ...                 ("x",), (1,), (0, -1, -1), 0)
    >>> row = twfe_linear(np.array([[1.0, 5.0], [1.0, 2.0], [2.0, 3.0]]), design, "n").rows[0]
    >>> round(row.estimate, 6)
    3.0
    """
    states = design.cell_states()
    used = (states != DONUT) & ~np.isnan(outcome)
    treated = demean((states == TREATED).astype(float), used)
    values = demean(np.where(used, outcome, 0.0), used)
    if not np.abs(treated).max() > 1e-9:
        raise EstimationError(
            "Treatment does not vary within wards and periods: a two-way regression has nothing to fit."
        )
    if not np.abs(values).max() > 0:
        reason = "Every reported value is the same: there is no variation to explain."
        return Effects(
            design,
            (EffectRow(indicator, "two_way", "twfe_linear", "overall", ALL_COHORTS, scale="level", reason=reason),),
        )
    fitted = OLS(values, treated).fit(cov_type="HC0")
    n_obs = int(used.sum())
    parameters = int(used.any(axis=1).sum() + used.any(axis=0).sum())
    std_error = float(fitted.bse[0]) * float(np.sqrt(n_obs / (n_obs - parameters)))
    estimate = float(fitted.params[0])
    half = stats.norm.ppf(0.975) * std_error
    n_treated = design.treated_ward_count
    row = EffectRow(
        indicator,
        "two_way",
        "twfe_linear",
        "overall",
        ALL_COHORTS,
        estimate=estimate,
        std_error=std_error,
        conf_low=estimate - half,
        conf_high=estimate + half,
        p_value=float(2 * stats.norm.sf(abs(estimate / std_error))),
        inference="hc1",
        scale="level",
        null_tested="no common effect, independent errors",
        n_treated=n_treated,
        n_comparison=len(design.labels) - n_treated,
        n_obs=n_obs,
    )
    return Effects(design, (row,))


def demean(cells: Array, used: Mask) -> Array:
    """Take out ward and period means over the used cells, by alternating sweeps; return the used cells."""
    rest = np.where(used, cells, 0.0)
    by_ward, by_period = np.maximum(used.sum(axis=1), 1), np.maximum(used.sum(axis=0), 1)
    for _ in range(MOST_SWEEPS):
        ward_means = rest.sum(axis=1) / by_ward
        rest = (rest - ward_means[:, None]) * used
        period_means = rest.sum(axis=0) / by_period
        rest = (rest - period_means[None, :]) * used
        if max(np.abs(ward_means).max(), np.abs(period_means).max()) < TOLERANCE * max(1.0, np.abs(cells[used]).max()):
            return np.asarray(rest[used])
    raise EstimationError(
        "Taking out ward and period means does not settle: the reported cells fall into unconnected parts."
    )
