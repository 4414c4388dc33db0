"""Whether the estimates of a simulated study find the effects it was simulated with.

The only place beside the simulation itself where the truth is looked at; notebook 04 shows it, nothing else reads it.
"""

import pandas as pd

from helpers.batch.workspace import Step
from helpers.simulation.truth import TRUTH_FILE, effect_paths, read_effects

COLUMNS = ("specification", "cohort", "estimate", "conf_low", "conf_high", "true_effect", "is_covered")


def compare_with_truth(step: Step) -> pd.DataFrame:
    """Return a step's cohort effects beside the true ones; no rows where the data are not simulated.

    Returns
    -------
    DataFrame
        Per specification and cohort: estimate and interval on the ratio scale, the true effect on recorded figures
        averaged over the cohort's treated periods, and whether the interval holds it.
    """
    if step.study.origin != "synthetic" or not (step.study.folder / TRUTH_FILE).is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    recorded = effect_paths(read_effects(step.study), step.design, step.indicator.indicator).recorded
    design = step.design
    true = {
        cohort: float(recorded[design.label_array == position, start:].mean() - 1)
        for position, (cohort, start) in enumerate(zip(design.cohorts, design.starts, strict=True))
    }
    estimates = step.table("estimates")
    wanted = {
        "indicator": step.indicator.indicator,
        "estimator": "count_imputation",
        "estimand": "cohort",
        "scale": "ratio",
        "reason": "",
    }
    rows = estimates.loc[estimates[list(wanted)].eq(pd.Series(wanted)).all(axis="columns")]
    compared = rows.assign(true_effect=rows["cohort"].map(true).astype("float64"))
    covered = compared["conf_low"].le(compared["true_effect"]) & compared["true_effect"].le(compared["conf_high"])
    return compared.assign(is_covered=covered).loc[:, list(COLUMNS)].reset_index(drop=True)
