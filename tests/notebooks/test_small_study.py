"""The five notebooks, in numeric order, over a small study: cell by cell through nbval, and what they leave behind."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import papermill
import pytest

from helpers.batch.tables import TABLES, read_table
from helpers.paths import project_root

STUDY = "tests/small_study/study"
RUN = "small"
OWN: Mapping[str, Mapping[str, object]] = {
    "01_clean_program_data": {},
    "02_describe_design": {"seed": 7},
    "03_estimate_effect": {"indicator": "crime_order", "n_draws": 199, "seed": 7},
    "04_check_robustness": {"indicator": "crime_order", "n_draws": 199, "seed": 7},
    "05_report_findings": {"language": "en"},
}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the notebooks once through nbval, from a folder that is neither theirs nor the project's."""
    folder = tmp_path_factory.mktemp("notebooks")
    for notebook, own in OWN.items():
        papermill.execute_notebook(
            project_root() / "notebooks" / f"{notebook}.ipynb",
            folder / f"{notebook}.ipynb",
            parameters={"run": RUN, "study": STUDY, **own},
            prepare_only=True,
            progress_bar=False,
        )
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval-lax",
        "--nbval-cell-timeout=300",
        "-p",
        "no:cacheprovider",
    ]
    notebooks = [f"{notebook}.ipynb" for notebook in OWN]
    places = {"MODEL_WARDS_OUTPUT": str(folder / "output"), "MODEL_WARDS_ROOT": str(project_root())}
    answer = subprocess.run(
        [*command, *notebooks], cwd=folder, env=os.environ | places, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout[-4000:]
    return folder / "output"


@pytest.fixture(scope="module")
def processed(output: Path) -> Path:
    return output / "data" / "processed" / RUN


def test_every_table_is_there_and_has_its_columns(processed: Path) -> None:
    for name, table in TABLES.items():
        found = read_table(name, processed)
        assert list(found.columns[: len(table.columns)]) == list(table.columns), name


def test_the_account_balances(processed: Path) -> None:
    account = read_table("cleaning_account", processed)
    parts = account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis="columns")
    assert len(account) > 0
    assert parts.eq(account["cell_count"]).all()


def test_the_confirmatory_effect_stands_beside_the_others(processed: Path) -> None:
    estimates = read_table("estimates", processed)
    library = {"callaway_santanna", "sun_abraham", "linear_imputation_library"}
    assert set(estimates["estimator"]) == {"count_imputation", "twfe_poisson", "twfe_linear", *library}
    assert {"randomisation", "jackknife", "comparison_only"} <= set(estimates["inference"])
    overall = estimates.query("inference == 'randomisation' and estimand == 'overall' and scale == 'ratio'")
    assert set(overall["specification"]) == {"two_way", "town_period"}
    row = overall.set_index("specification").loc["town_period"]
    assert row["conf_low"] <= row["estimate"] <= row["conf_high"]
    assert 0 < row["p_value"] <= 1
    assert row["estimate"] == pytest.approx(row["observed"] / row["expected"] - 1)


def test_missing_estimates_say_why(processed: Path) -> None:
    estimates = read_table("estimates", processed)
    is_missing = estimates["estimate"].isna()
    assert estimates.loc[is_missing, "reason"].ne("").all()
    is_tested = estimates["inference"].eq("randomisation")
    assert estimates.loc[~is_missing & is_tested, "reason"].eq("").all()


def test_the_page_is_whole_and_marked(output: Path) -> None:
    page = (output / "reports" / RUN / "findings.en.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert "synthetic" in page.lower()
    assert "<script" not in page


def test_the_panel_holds_what_the_returns_say(processed: Path) -> None:
    panel = pd.read_parquet(processed / "panel.parquet")
    assert panel["ward_id"].nunique() == 8
    assert panel["period"].nunique() == 24
