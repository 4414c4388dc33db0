"""Balance: whether the model wards were like the others before the programme, in level and in trend.

No test: wards were chosen and not drawn, so how different they were is a fact and no sample.

References: imbens2015 (normalised differences).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.checks.description import balance
from helpers.checks.gates import Check, Detail
from helpers.inference.analysis import Analysis
from helpers.study.objects import Study

QUESTION = "Before the programme, were model wards like the others in level and trend?"
LARGE = 0.25
"""Normalised differences beyond this are called large: regression no longer adjusts for them reliably (imbens2015)."""
SOURCE = "a normalised difference beyond which it is large"
MEASURES = ("level", "trend")
DIFFERENCE = "normalised difference, not a ratio"
UNKNOWN = "a normalised difference does not exist: a single ward, or no variation"


def balance_gate(analysis: Analysis, panel: pd.DataFrame, study: Study) -> Check:
    """Return whether every cohort was within `LARGE` of the never treated, in level and trend.

    Notes
    -----
    It fails if any difference is larger, passes if all are known and none is, and cannot tell otherwise: a cohort of a
    single ward has no spread to measure by.
    """
    empty = Check(analysis.indicator, "", "balance", QUESTION, np.nan, LARGE, SOURCE, "cannot_tell", "")
    table = balance(panel, analysis.design, study, [analysis.indicator])
    own = table.loc[table["measure"].isin(MEASURES) & table["indicator"].eq(analysis.indicator)]
    details = tuple(
        Detail(f"{row['measure']}:{row['cohort']}", float(row["value"]), reason=DIFFERENCE)
        if np.isfinite(row["value"])
        else Detail(f"{row['measure']}:{row['cohort']}", reason=UNKNOWN)
        for row in own.to_dict("records")
    )
    told = [detail.estimate for detail in details if np.isfinite(detail.estimate)]
    largest = max(told, key=abs, default=np.nan)
    found = replace(empty, statistic=largest, details=details)
    if told and abs(largest) > LARGE:
        return replace(found, verdict="fail", reason="model wards were unlike the others before the programme")
    if not told or len(told) < len(details):
        return replace(found, reason=UNKNOWN)
    return replace(found, verdict="pass", reason="no difference before the programme is large")
