"""Small panels for tests: counts of a design as the long table that analyses read."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.study.design import Design


def panel_of(cells: npt.NDArray[np.float64], design: Design, indicator: str = "n") -> pd.DataFrame:
    """Return counts, shape (W, P), as rows of a panel; what is missing has no row."""
    table = pd.DataFrame(
        {
            "ward_id": np.repeat(design.ward_ids, len(design.periods)),
            "period": np.tile(design.periods, len(design.ward_ids)),
            "indicator": indicator,
            "value": cells.ravel(),
        }
    )
    return table.dropna(subset=["value"])


def values(rows: pd.DataFrame, *keys: str) -> dict[Any, float]:
    """Return the values of design rows by some of their columns."""
    return dict(rows.set_index(list(keys))["value"])
