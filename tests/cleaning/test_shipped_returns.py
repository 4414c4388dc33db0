"""The shipped workbooks against the truth that they were written from."""

import time

import pandas as pd
import pytest

from helpers.cleaning import CleanedReturns, clean_returns
from helpers.paths import study_folder
from helpers.simulation import simulate_counts
from helpers.study import Study, load_study

MOST_SECONDS = 12.0
"""Reading takes below 2 s on a quiet machine; the test machine is shared."""

pytestmark = pytest.mark.skipif(
    not list((study_folder("nghe_an") / "returns").glob("*.xlsx")), reason="the shipped returns are not there"
)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nghe_an")


@pytest.fixture(scope="module")
def cleaned(study: Study) -> CleanedReturns:
    started = time.perf_counter()
    cleaned = clean_returns(study)
    assert time.perf_counter() - started < MOST_SECONDS
    return cleaned


def test_the_panel_is_the_truth_where_it_was_reported(cleaned: CleanedReturns, study: Study) -> None:
    keys = ["ward_id", "period", "indicator"]
    truth = simulate_counts(study).set_index(keys)["value"].sort_index()
    panel = cleaned.panel.set_index(keys)["value"].sort_index()
    assert panel.index.equals(truth.index)
    reported = panel.notna()
    assert (panel[reported] == truth[reported]).all()
    assert 0 < (~reported).sum() < 0.01 * len(panel)
    assert len(cleaned.quarantine) == (~reported).sum()


def test_clearance_carries_the_crimes_of_its_row(cleaned: CleanedReturns) -> None:
    keys = ["ward_id", "period"]
    rows = {name: group.set_index(keys) for name, group in cleaned.panel.groupby("indicator")}
    pd.testing.assert_series_equal(rows["clearance"]["denominator"], rows["crime_order"]["value"], check_names=False)


def test_the_account_balances_on_every_sheet(cleaned: CleanedReturns) -> None:
    account = cleaned.account
    assert len(account) == 240
    assert (
        account["cell_count"] == account["panel_count"] + account["quarantine_count"] + account["furniture_count"]
    ).all()
    assert account["panel_count"].sum() == cleaned.panel["value"].notna().sum()
    assert account["furniture_count"].sum() == cleaned.furniture["cell_count"].sum()
