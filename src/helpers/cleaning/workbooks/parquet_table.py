"""A Parquet file in another shape than the long form's, as one sheet: its column names head its columns."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Sheet
from helpers.errors import DataProblems, Problem
from helpers.messages import say

MOST_CELLS = 2_000_000


def read_parquet_table(path: Path, file: str) -> Sheet:
    """Return a Parquet file as a sheet.

    Raises
    ------
    DataProblems
        If it cannot be read, or has more cells than a sheet may have.
    """
    try:
        shape = pq.read_metadata(path)
        if shape.num_rows * shape.num_columns > MOST_CELLS:
            rule = say("a table of this form has at most {count} cells", count=MOST_CELLS)
            remedy = say("Send it with the columns unit, period, indicator and value, which may be of any size.")
            raise DataProblems([Problem(file, "", "", "", rule, remedy)])
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        rule = say("the file cannot be read as Parquet")
        remedy = say("Write it anew, or send it as CSV.")
        raise DataProblems([Problem(file, "", "", "", rule, remedy)]) from error
    cells: dict[Position, CellValue] = {(1, number): name for number, name in enumerate(table.column_names, start=1)}
    for number, column in enumerate(table.columns, start=1):
        for row, value in enumerate(column.to_pylist(), start=2):
            if _is_filled(value):
                cells[row, number] = value
    return Sheet(file, "", is_hidden=False, cells=cells)


def _is_filled(value: Any) -> bool:
    return not (
        value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and pd.isna(value))
    )
