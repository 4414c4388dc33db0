"""What the tests of the simulation share: the shipped study, its process, one draw, and its committed workbooks."""

from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from helpers.simulation import Process, simulate_counts, simulate_study, study_process
from helpers.study import Study, load_study

Sheets = dict[str, list[list[object]]]


def read_sheets(path: Path) -> Sheets:
    """Return every sheet of a workbook as rows of values, by name; formulas without a value are empty."""
    workbook = CalamineWorkbook.from_path(path)
    return {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names}


@pytest.fixture(scope="session")
def nghe_an() -> Study:
    return load_study("nghe_an")


@pytest.fixture(scope="session")
def process(nghe_an: Study) -> Process:
    return study_process(nghe_an)


@pytest.fixture(scope="session")
def counts(nghe_an: Study) -> pd.DataFrame:
    return simulate_counts(nghe_an)


@pytest.fixture(scope="session")
def committed(nghe_an: Study) -> dict[str, Sheets]:
    return {path.name: read_sheets(path) for path in sorted((nghe_an.folder / "returns").glob("*.xlsx"))}


@pytest.fixture(scope="session")
def regenerated(nghe_an: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the shipped study whose returns were just simulated anew."""
    folder = tmp_path_factory.mktemp("regenerated")
    for path in nghe_an.folder.rglob("*"):
        if path.suffix in (".csv", ".toml"):
            target = folder / path.relative_to(nghe_an.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    simulate_study(folder)
    return folder
