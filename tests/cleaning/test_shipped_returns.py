"""The shipped workbooks against the truth that they were written from."""

import pandas as pd
import pytest

from helpers.cleaning import CleanedReturns, clean_returns
from helpers.paths import study_folder
from helpers.simulation import simulate_counts
from helpers.study import Study, load_study

FIRST_SHEETS, CORRECTED_SHEETS = 240, 5

pytestmark = pytest.mark.skipif(
    not list((study_folder("nghe_an") / "returns").glob("*.xlsx")), reason="the shipped returns are not there"
)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nghe_an")


@pytest.fixture(scope="module")
def cleaned(study: Study) -> CleanedReturns:
    return clean_returns(study)


def test_the_panel_is_the_truth_where_it_was_reported(cleaned: CleanedReturns, study: Study) -> None:
    keys = ["ward_id", "period", "indicator"]
    truth = simulate_counts(study).set_index(keys)["value"].sort_index()
    panel = cleaned.panel.set_index(keys)["value"].sort_index()
    assert panel.index.equals(truth.index)
    reported = panel.notna()
    assert (panel[reported] == truth[reported]).all()
    assert 0 < (~reported).sum() < 0.01 * len(panel)
    assert (~cleaned.quarantine["file"].str.contains("bo-sung")).sum() == (~reported).sum()


def test_late_corrected_sheets_are_taken_and_the_revisions_say_what_they_changed(cleaned: CleanedReturns) -> None:
    revisions, panel = cleaned.revisions, cleaned.panel
    assert len(revisions) >= 3 * CORRECTED_SHEETS
    assert (
        revisions["file"].str.contains("bo-sung").all()
        and not revisions["superseded_file"].str.contains("bo-sung").any()
    )
    assert (revisions["released"] > revisions["superseded_released"]).all()
    missed = revisions["value"] - revisions["superseded_value"]
    assert missed[revisions["indicator"].ne("clearance")].between(1, 2).all()
    is_late = panel["file"].astype("str").str.contains("bo-sung")
    assert panel.loc[is_late, ["town_code", "period"]].drop_duplicates().shape[0] == CORRECTED_SHEETS
    log = cleaned.log.loc[cleaned.log["what"].eq("released")]
    assert len(log) == FIRST_SHEETS + CORRECTED_SHEETS and set(log["after"]) == {"date of signature"}


def test_clearance_carries_the_crimes_of_its_row(cleaned: CleanedReturns) -> None:
    keys = ["ward_id", "period"]
    rows = {name: group.set_index(keys) for name, group in cleaned.panel.groupby("indicator")}
    pd.testing.assert_series_equal(rows["clearance"]["denominator"], rows["crime_order"]["value"], check_names=False)


def test_the_account_balances_on_every_sheet(cleaned: CleanedReturns) -> None:
    account = cleaned.account
    assert len(account) == FIRST_SHEETS + CORRECTED_SHEETS
    assert (
        account["cell_count"] == account["panel_count"] + account["quarantine_count"] + account["furniture_count"]
    ).all()
    assert account["panel_count"].sum() == cleaned.panel["value"].notna().sum()
    assert account["furniture_count"].sum() == cleaned.furniture["cell_count"].sum()
