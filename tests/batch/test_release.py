"""What of a restricted run reaches its report folder: read back from the files."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from helpers.batch.release import release_tables
from helpers.batch.tables import TABLES
from helpers.panel import write_panel
from helpers.reporting.disclosure import CONTRIBUTIONS, protect_tables
from restricted import Case, make_case

NEVER = {"quarantine.csv", "silent_wards.csv"}


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case({"2021": 2, "2022": 8}, ["fires"])


@pytest.fixture
def folders(case: Case, tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "processed", tmp_path / "tables"
    source.mkdir()
    target.mkdir()
    for name in set(case.tables) & set(TABLES):
        places = [source / f"{name}.csv", *([source / "parts" / name / "a.csv"] if TABLES[name].is_in_parts else [])]
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
            case.tables[name].to_csv(place, index=False)
    write_panel(case.panel, source / "panel.parquet")
    (target / "silent_wards.csv").write_text("left from an earlier run", encoding="utf-8")
    return source, target


def names(target: Path) -> set[str]:
    return {path.name for path in target.iterdir()}


def test_only_controlled_tables_are_released(case: Case, folders: tuple[Path, Path]) -> None:
    release_tables(case.study, case.manifest, *folders)
    assert names(folders[1]) == {"check_details.csv", "checks.csv", "counterfactual.csv", "estimates.csv"}
    public, _ = protect_tables(case.tables, case.study)
    released = pd.read_csv(folders[1] / "estimates.csv")
    for column in ("estimate", "observed", "expected", "conf_low"):
        pd.testing.assert_series_equal(released[column], public["estimates"][column], check_dtype=False)


def test_a_run_that_cannot_be_judged_releases_nothing(case: Case, folders: tuple[Path, Path]) -> None:
    (folders[0] / "panel.parquet").unlink()
    assert release_tables(case.study, case.manifest, *folders) == ()
    assert names(folders[1]) == set()


def test_an_approved_run_releases_its_tables_but_none_about_wards(case: Case, folders: tuple[Path, Path]) -> None:
    named = replace(case.study.disclosure, approved_by="Trần Thị B, Phòng Tham mưu, 2024-03-01")
    release_tables(replace(case.study, disclosure=named), case.manifest, *folders)
    assert not names(folders[1]) & NEVER
    assert (folders[1] / "estimates.csv").read_bytes() == (folders[0] / "estimates.csv").read_bytes()


def test_public_data_are_released_as_they_are(case: Case, folders: tuple[Path, Path]) -> None:
    public = replace(case.study, origin="real_public")
    release_tables(public, case.manifest, *folders)
    assert names(folders[1]) == {f"{name}.csv" for name in set(case.tables) - {CONTRIBUTIONS}}
