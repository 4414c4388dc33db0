"""Merged wards as the sum of their parts: the panel, and a whole study that crosses a merger."""

import dataclasses
from datetime import date
from typing import Any

import pandas as pd
import pytest

from helpers.cleaning.history.crosswalk import follow_boundaries
from helpers.panel import PANEL_COLUMNS, check_panel
from helpers.study.objects import Merger, Study, Ward

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
PARTS = ("16717@2019-01-01", "16735@2019-01-01")
WHOLE = "16735@2023-06-15"


@pytest.fixture
def study(office: Office) -> Study:
    """Nghi Thủy goes into Nghi Thu, whose code and name stay, on the first day of the police month 2023-07."""
    own: Study = office.study
    last = date(2023, 6, 14)
    parts = [dataclasses.replace(ward, valid_to=last) for ward in own.wards if ward.ward_id in PARTS]
    (whole,) = (ward for ward in own.wards if ward.ward_id == PARTS[1])
    merged = dataclasses.replace(whole, valid_from=date(2023, 6, 15), valid_to=None)
    wards = tuple(ward for ward in own.wards if ward.ward_id not in PARTS)
    by_id = tuple(sorted(parts, key=lambda ward: ward.ward_id))
    return dataclasses.replace(own, wards=(*wards, merged), mergers=(Merger(merged, by_id),), ward_aliases=())


Row = tuple[str, str, str, float | None, float | None, str, str]


def panel_of(*rows: Row) -> pd.DataFrame:
    return check_panel(
        pd.DataFrame(
            [
                (ward, "413", period, indicator, value, over, mark, released, "f.xlsx", "T6", f"D{number}")
                for number, (ward, period, indicator, value, over, mark, released) in enumerate(rows, start=7)
            ],
            columns=list(PANEL_COLUMNS),
        )
    )


def followed(study: Study, *rows: Row) -> pd.DataFrame:
    return check_panel(follow_boundaries(panel_of(*rows), study))


def test_before_the_merger_the_ward_is_the_sum_of_its_parts(study: Study) -> None:
    panel = followed(
        study,
        (PARTS[0], "2023-06", "crime_order", 2, None, "number", "2023-06-16"),
        (PARTS[1], "2023-06", "crime_order", 3, None, "number", "2023-07-01"),
        (WHOLE, "2023-07", "crime_order", 4, None, "number", "2023-07-16"),
        ("16723@2019-01-01", "2023-06", "crime_order", 9, None, "number", ""),
    )
    rows = panel.set_index(["ward_id", "period"])
    assert rows["value"].to_dict() == {
        ("16723@2019-01-01", "2023-06"): 9, (WHOLE, "2023-06"): 5, (WHOLE, "2023-07"): 4,
    }  # fmt: skip
    own = rows.loc[(WHOLE, "2023-06")]
    assert (own["released"], own["file"], own["sheet"], own["cell"], own["town_code"]) == (
        "2023-07-01", "f.xlsx", "T6", "D7 + D8", "413",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "value", "mark"),
    [
        ((0, "zero"), (0, "zero"), 0, "zero"),
        ((0, "zero"), (0, "zero_mark"), 0, "zero_mark"),
        ((0, "zero_mark"), (3, "number"), 3, "number"),
        ((None, "missing"), (3, "number"), None, "missing"),
        ((None, "missing"), (0, "zero"), None, "missing"),
    ],
)
def test_a_sum_is_missing_where_a_part_is(
    study: Study, one: tuple[float | None, str], other: tuple[float | None, str], value: float | None, mark: str
) -> None:
    panel = followed(
        study,
        (PARTS[0], "2023-06", "crime_order", one[0], None, one[1], ""),
        (PARTS[1], "2023-06", "crime_order", other[0], None, other[1], "2023-06-16"),
    )
    (row,) = panel.to_dict("records")
    assert (None if pd.isna(row["value"]) else row["value"], row["mark"], row["released"]) == (value, mark, "")


def test_a_part_without_a_row_is_missing_too(study: Study) -> None:
    (row,) = followed(study, (PARTS[0], "2023-06", "crime_order", 2, None, "number", "")).to_dict("records")
    assert pd.isna(row["value"]) and row["mark"] == "missing"


def test_ratios_are_sums_over_sums_and_percentages_have_none(study: Study) -> None:
    panel = followed(
        study,
        (PARTS[0], "2023-06", "clearance", 1, 2, "number", ""),
        (PARTS[1], "2023-06", "clearance", 3, 3, "number", ""),
        (PARTS[0], "2023-05", "clearance", 1, None, "number", ""),
        (PARTS[1], "2023-05", "clearance", 3, 3, "number", ""),
        (PARTS[0], "2023-06", "satisfaction", 80, 100, "number", ""),
        (PARTS[1], "2023-06", "satisfaction", 90, 100, "number", ""),
    )
    rows = panel.set_index(["indicator", "period"])[["value", "denominator"]]
    assert set(rows.index.get_level_values(0)) == {"clearance"}
    assert rows.loc[("clearance", "2023-06")].to_list() == [4, 5]
    assert rows.loc[("clearance", "2023-05"), "value"] == 4 and pd.isna(
        rows.loc[("clearance", "2023-05"), "denominator"]
    )


def test_a_study_that_follows_nothing_keeps_its_panel(office: Office) -> None:
    panel = panel_of((PARTS[0], "2023-06", "crime_order", 2, None, "number", ""))
    assert follow_boundaries(panel, office.study) is panel


def test_returns_before_and_after_the_merger_make_one_series(office: Office, study: Study) -> None:
    object.__setattr__(office, "study", study)
    office.send("a.xlsx", periods=("2023-05", "2023-06"))
    after = ((1, "P. Nghi Thu", "14.950", 6, 4, None, 1), (3, "Phường Thu Thủy", "5.715", "-", "không", "-", "-"))
    office.send("b.xlsx", periods=("2023-07",), body=after, total=None)
    cleaned = office.clean()
    crimes = cleaned.panel.loc[cleaned.panel["indicator"].eq("crime_order")].set_index(["ward_id", "period"])["value"]
    assert [crimes[WHOLE, period] for period in ("2023-05", "2023-06", "2023-07")] == [5, 5, 6]
    assert not set(PARTS) & set(cleaned.panel["ward_id"])
    account = cleaned.account
    assert (account["cell_count"] == account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis=1)).all()


def test_the_order_of_rows_does_not_matter(study: Study) -> None:
    rows: tuple[Row, ...] = (
        (PARTS[0], "2023-06", "crime_order", 2, None, "number", ""),
        (PARTS[1], "2023-06", "crime_order", 3, None, "number", ""),
        (PARTS[0], "2023-05", "crime_order", 1, None, "number", ""),
        (PARTS[1], "2023-05", "crime_order", 1, None, "number", ""),
    )
    panel = panel_of(*rows)
    mixed = check_panel(follow_boundaries(panel.iloc[::-1], study))
    assert mixed.to_csv() == check_panel(follow_boundaries(panel, study)).to_csv()


def test_every_ward_a_return_may_name_is_known(study: Study) -> None:
    ids = [ward.ward_id for ward in study.reporting_wards]
    assert ids == sorted(ids) and {*PARTS, WHOLE} <= set(ids)
    assert all(isinstance(ward, Ward) for ward in study.reporting_wards)
