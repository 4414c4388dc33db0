"""P-values that established libraries give by default, from the same counts."""

import numpy as np
import pandas as pd
from scipy import stats

from helpers.study.design import NEVER, Design
from size_of_tests.wild_bootstrap import demeaned, treated_cells


def long_frame(outcome: np.ndarray, design: Design) -> pd.DataFrame:
    """Return ward, period, first treated period (0 = never), treated and y, as the libraries want them."""
    wards, periods = len(design.ward_ids), len(design.periods)
    first = np.array([0 if label == NEVER else design.starts[label] + 1 for label in design.labels])
    return pd.DataFrame(
        {
            "ward": np.repeat(np.arange(wards), periods),
            "period": np.tile(np.arange(1, periods + 1), wards),
            "first": np.repeat(first, periods),
            "treated": treated_cells(design).ravel(),
            "y": outcome[:, :periods].ravel(),
        }
    )


def ols_cluster_p(frame: pd.DataFrame) -> float:
    """Two-way OLS, clustered by ward, t with G − 1 degrees of freedom."""
    wide = {name: frame.pivot(index="ward", columns="period", values=name).to_numpy() for name in ("y", "treated")}
    treated, own = demeaned(wide["treated"]), demeaned(wide["y"])
    weight, groups = (treated**2).sum(), len(own)
    slope = (treated * own).sum() / weight
    scores = (treated * (own - slope * treated)).sum(axis=1)
    t = slope / np.sqrt(groups / (groups - 1) * (scores**2).sum() / weight**2)
    return float(2 * stats.t.sf(abs(t), groups - 1))


def fepois_p(frame: pd.DataFrame) -> float:
    """pyfixest's Poisson with fixed effects, clustered by ward; k_fixef="full", as the default depends on a hash."""
    import pyfixest

    small_sample = pyfixest.ssc(k_fixef="full")
    fit = pyfixest.fepois("y ~ treated | ward + period", data=frame, vcov={"CRV1": "ward"}, ssc=small_sample)
    return float(fit.pvalue()["treated"])


def glm_p(frame: pd.DataFrame) -> float:
    """statsmodels' Poisson GLM with dummies, clustered by ward."""
    import statsmodels.api as sm

    dummies = [pd.get_dummies(frame["ward"], dtype=float), pd.get_dummies(frame["period"], dtype=float).iloc[:, 1:]]
    regressors = np.column_stack([frame["treated"], *dummies])
    model = sm.GLM(frame["y"].to_numpy(), regressors, family=sm.families.Poisson())
    return float(model.fit(cov_type="cluster", cov_kwds={"groups": frame["ward"].to_numpy()}).pvalues[0])


def diff_diff_p(estimator: str, frame: pd.DataFrame, **options: object) -> float:
    """One of diff-diff's estimators, analytic p of its overall effect."""
    import diff_diff

    fit = getattr(diff_diff, estimator)(**options).fit(
        frame, outcome="y", unit="ward", time="period", first_treat="first"
    )
    return float(fit.overall_p_value)


PEERS = {
    "ols_cluster": ols_cluster_p,
    "fepois": fepois_p,
    "glm_poisson": glm_p,
    "callaway_santanna": lambda frame: diff_diff_p("CallawaySantAnna", frame),
    "imputation": lambda frame: diff_diff_p("ImputationDiD", frame),
    "etwfe_poisson": lambda frame: diff_diff_p("WooldridgeDiD", frame, method="poisson"),
}
