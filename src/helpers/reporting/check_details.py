"""The estimates behind a check, as pictures and sentences want them: one specification, the confirmatory one if it can.

Their tables hold one row per estimate: ``indicator``, ``specification``, ``check``, ``item``, ``estimate``,
``conf_low``, ``conf_high``, ``p_value``, ``n_assignments``, ``smallest_p``, ``reason``, all effects as ratio minus one.
"""

import pandas as pd

from helpers.reporting.effects import CONFIRMATORY, TWO_WAY

CHECK_WORLDS = "worlds"


def details_of(details: pd.DataFrame, indicator: str, check: str) -> pd.DataFrame:
    """Return the rows of one check on one indicator, under the confirmatory specification if it gave an estimate.

    Parameters
    ----------
    details : DataFrame
        A run's ``check_details.csv``.
    indicator, check : str
        Which indicator and which check.
    """
    own = details.loc[details["indicator"].eq(indicator) & details["check"].eq(check)]
    found = own["estimate"].notna() | own["conf_low"].notna()
    chosen = next(
        (name for name in (CONFIRMATORY, TWO_WAY) if (found & own["specification"].eq(name)).any()), CONFIRMATORY
    )
    return own.loc[own["specification"].eq(chosen)]
