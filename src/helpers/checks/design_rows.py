"""Rows of the design's description: one shape for all that notebook 02 says, so that it fits one tidy table."""

from collections.abc import Mapping, Sequence

import pandas as pd

DESIGN_COLUMNS = (
    *("topic", "specification", "indicator", "cohort", "town_code", "period", "measure", "value"),
    *("ward_id", "against", "reason"),
)
"""The first eight are those of ``design.csv``; a description that has no ward, no comparison cohort or no reason to
give leaves the others empty."""


def design_rows(topic: str, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return rows as a table of one topic; what a row does not say is an empty text.

    Examples
    --------
    >>> design_rows("coverage", [{"period": "2023", "measure": "due_count", "value": 12.0}]).loc[0, "measure"]
    'due_count'
    >>> list(design_rows("coverage", []).columns) == list(DESIGN_COLUMNS)
    True
    """
    text = [column for column in DESIGN_COLUMNS if column != "value"]
    table = pd.DataFrame({name: [str(row.get(name, "")) for row in rows] for name in text}, dtype="str")
    value = pd.Series([row["value"] for row in rows], dtype="float64")
    return table.assign(topic=topic, value=value)[list(DESIGN_COLUMNS)]
