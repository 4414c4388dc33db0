import runpy
from pathlib import Path

import numpy as np
import pytest

from helpers.simulation import simulate_counts
from helpers.study import build_design, build_worlds, load_study

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def small():
    return load_study(HERE / "study")


def test_the_committed_folder_is_what_the_builder_writes(tmp_path):
    runpy.run_path(str(HERE / "build.py"))["build"](tmp_path)
    committed = {path.relative_to(HERE / "study"): path for path in (HERE / "study").rglob("*") if path.is_file()}
    built = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    assert sorted(committed) == sorted(built)
    texts = [name for name in committed if name.suffix != ".xlsx"]
    assert [name for name in texts if committed[name].read_bytes() != built[name].read_bytes()] == []


def test_one_town_is_mixed_and_the_other_untreated(small):
    design = build_design(small)
    labels = {town: sorted(design.label_array[np.array(design.town_codes) == town]) for town in set(design.town_codes)}
    assert labels == {"901": [-1, -1, 0, 0, 1, 1], "902": [-1, -1]}
    assert len(design.periods) == 24
    assert len(build_worlds(small)) == 3


def test_its_indicators_are_three_and_crime_is_primary(small):
    assert [row.indicator for row in small.indicators if row.is_primary] == ["crime_order"]
    assert sorted(simulate_counts(small)["indicator"].unique()) == ["admin_fines", "crime_order", "traffic_crashes"]


def test_its_counts_are_large_enough_to_show_something(small):
    counts = simulate_counts(small)
    assert counts.loc[counts["indicator"].eq("crime_order"), "value"].mean() > 5
