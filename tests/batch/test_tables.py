from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.batch.tables import TABLES, gather_tables, read_table, write_table
from helpers.errors import EstimationError, MissingStep


def estimates(indicator: str, estimate: float) -> pd.DataFrame:
    table = TABLES["estimates"]
    row = {name: (np.nan if name in table.numbers else "") for name in table.columns}
    row |= {"indicator": indicator, "cohort": "2021", "period": "2021-08", "estimate": estimate, "conf_high": np.inf}
    return pd.DataFrame([row])


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_table(estimates("fires", 0.1 + 0.2), "estimates", tmp_path, key="fires")
    row = read_table("estimates", tmp_path).iloc[0]
    assert row["cohort"] == "2021"
    assert row["estimate"] == 0.1 + 0.2
    assert row["conf_high"] == np.inf
    assert np.isnan(row["p_value"])
    assert row["reason"] == ""


def test_the_table_of_a_run_is_its_parts_in_order_of_name(tmp_path: Path) -> None:
    for name, value in (("tips", 2.0), ("disorder", 1.0), ("tips", 3.0)):
        write_table(estimates(name, value), "estimates", tmp_path, key=name)
    assert read_table("estimates", tmp_path)["estimate"].tolist() == [1.0, 3.0]
    assert [path.name for path in gather_tables(tmp_path)] == ["estimates.csv"]
    gathered = pd.read_csv(tmp_path / "estimates.csv")
    assert gathered["indicator"].tolist() == ["disorder", "tips"]


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_table(estimates("fires", 1 / 3), "estimates", tmp_path / folder, key="fires")
    one, other = (tmp_path / folder / "parts" / "estimates" / "fires.csv" for folder in ("a", "b"))
    assert one.read_bytes() == other.read_bytes()
    assert b"\r" not in one.read_bytes()


def test_a_missing_column_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(EstimationError, match="reason"):
        write_table(estimates("fires", 1.0).drop(columns="reason"), "estimates", tmp_path, key="fires")
    assert not any(tmp_path.iterdir())


def test_a_missing_table_names_the_notebook_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(MissingStep, match="02_describe_design"):
        read_table("design", tmp_path)
    with pytest.raises(EstimationError, match="No table is named “estimate”"):
        read_table("estimate", tmp_path)


def test_no_table_holds_a_formula_and_numbers_stay(tmp_path: Path) -> None:
    row = {"file": "=a.csv", "sheet": "+x", "cell": "D7", "value": "=cmd|' /C calc'!A0", "rule": "r", "remedy": "m"}
    path = write_table(pd.DataFrame([row, row | {"value": "-"}, row | {"value": "-1.234"}]), "quarantine", tmp_path)
    read = read_table("quarantine", tmp_path)
    assert list(read["value"]) == ["'=cmd|' /C calc'!A0", "-", "-1.234"]
    assert not any(line.startswith(("=", "+", "@")) for line in path.read_text(encoding="utf-8").splitlines())
