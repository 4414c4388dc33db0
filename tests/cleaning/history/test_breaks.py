"""Breaks that are stated, breaks that are found, and what must not be taken for one."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.cleaning.history.breaks import BREAK_COLUMNS, crossed_breaks, find_breaks
from helpers.panel import PANEL_COLUMNS, check_panel
from helpers.study.objects import Indicator, Study
from helpers.study.periods import period_range

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
PERIODS = period_range("police_month", "2019-01", "2022-12")
WARDS = {"413": ("16735", "16717", "16723"), "412": ("16681", "16687")}
AT = PERIODS.index("2021-03")


@pytest.fixture
def study(office: Office) -> Study:
    """Theft is renamed; injury is another part of crime, drugs are of another kind and unit."""
    made_up: Study = office.study
    crime = dataclasses.replace(made_up.indicators[0], unit_vi="vụ")

    def count(name: str, **changes: Any) -> Indicator:
        return dataclasses.replace(crime, indicator=name, name_vi=name, is_primary=False, **changes)

    part = {"part_of": "crime_order", "unit_vi": "vụ"}
    indicators = (
        crime, count("theft_old", **part), count("theft_new", **part), count("injury", **part),
        count("drugs", role="activity", unit_vi="người"), count("tips", role="mechanism", unit_vi="tin"),
    )  # fmt: skip
    return dataclasses.replace(made_up, indicators=indicators, header_aliases=())


def mark_of(value: float | None) -> str:
    return "missing" if value is None else "zero" if value == 0 else "number"


def panel_of(series: dict[str, Callable[[str, int], float | None]]) -> pd.DataFrame:
    """Return a panel of figures by indicator, each a function of the town and the period's place."""
    rows = [
        (f"{ward}@2019-01-01", town, period, name, value, None, mark_of(value), "", "f", "", "A1")
        for name, told in series.items()
        for town, wards in WARDS.items()
        for ward in wards
        for place, period in enumerate(PERIODS)
        for value in (told(town, place),)
    ]  # fmt: skip
    return check_panel(pd.DataFrame(rows, columns=list(PANEL_COLUMNS)))


def until(at: int, value: float = 1) -> Callable[[str, int], float]:
    return lambda town, place: value if place < at else 0


def since(at: int, value: float = 1) -> Callable[[str, int], float]:
    return lambda town, place: value if place >= at else 0


def found(panel: pd.DataFrame, study: Study) -> list[tuple[str, ...]]:
    rows = find_breaks(panel, study)
    return [tuple(row) for row in rows.loc[rows["source"].eq("found"), list(BREAK_COLUMNS[:4])].to_numpy()]


def test_a_series_that_ends_as_its_sibling_starts_is_a_break_of_all_towns(study: Study) -> None:
    panel = panel_of({"theft_old": until(AT), "theft_new": since(AT), "injury": since(0), "drugs": since(0)})
    assert found(panel, study) == [("all", "theft_old", "theft_new", "2021-03")]
    evidence = find_breaks(panel, study).iloc[0]["evidence"]
    assert "130 cases in 26 periods and none in the 22 after" in evidence


def test_a_break_in_one_town_is_that_towns(study: Study) -> None:
    panel = panel_of(
        {
            "theft_old": lambda town, place: 1 if town == "412" or place < AT else 0,
            "theft_new": lambda town, place: 1 if town == "413" and place >= AT else 0,
        }
    )
    assert found(panel, study) == [("413", "theft_old", "theft_new", "2021-03")]


def test_a_split_and_a_merger_are_two_breaks(study: Study) -> None:
    panel = panel_of({"theft_old": until(AT, 2), "theft_new": since(AT), "injury": since(AT)})
    assert [row[1:3] for row in found(panel, study)] == [("theft_old", "injury"), ("theft_old", "theft_new")]
    panel = panel_of({"theft_old": until(AT), "injury": until(AT), "theft_new": since(AT, 2)})
    assert [row[1:3] for row in found(panel, study)] == [("injury", "theft_new"), ("theft_old", "theft_new")]


def test_columns_that_change_their_place_on_the_form_are_a_break(study: Study) -> None:
    panel = panel_of(
        {
            "theft_old": lambda town, place: 1 if place < AT else None,
            "theft_new": lambda town, place: 1 if place >= AT else None,
        }
    )
    assert found(panel, study) == [("all", "theft_old", "theft_new", "2021-03")]


NO_BREAKS: dict[str, dict[str, Callable[[str, int], float | None]]] = {
    "only an end": {"theft_old": until(AT), "injury": since(0)},
    "only a start": {"theft_new": since(AT), "injury": since(0)},
    "not siblings": {"theft_old": until(AT), "drugs": since(AT)},
    "whole and part": {"crime_order": until(AT), "theft_new": since(AT)},
    "a long gap": {"theft_old": until(AT), "theft_new": since(AT + 6)},
    "an overlap": {"theft_old": until(AT + 2), "theft_new": since(AT)},
    "too rare": {
        "theft_old": lambda town, place: float(town == "412" and place in (3, 20)) / 2,
        "theft_new": since(21),
    },
    "too short after": {"theft_old": until(44, 9), "theft_new": since(44, 9)},
    "too short before": {"theft_old": until(4, 9), "theft_new": since(4, 9)},
    "silence that nobody reported is not enough for the rate": {
        "theft_old": lambda town, place: 0 if place > AT else float(town == "412" and place % 9 == 0),
        "theft_new": lambda town, place: float(town == "412" and place > AT and place % 3 == 0),
    },
}


@pytest.mark.parametrize("case", NO_BREAKS)
def test_what_is_no_break(study: Study, case: str) -> None:
    assert found(panel_of(NO_BREAKS[case]), study) == []


def test_rare_cases_do_not_meet_at_the_border(study: Study) -> None:
    panel = panel_of({"theft_old": until(AT), "theft_new": since(AT + 2)})
    assert found(panel, study) == [("all", "theft_old", "theft_new", "2021-03")]


def test_steady_rare_series_break_hardly_ever(study: Study) -> None:
    """Forty independent panels of six series, from a case in four years to one in three months: no false break."""
    rng = np.random.default_rng(11)
    names = [own.indicator for own in study.indicators]
    for _ in range(40):
        rates = rng.uniform(0.005, 0.3, len(names))
        draws = {name: rng.poisson(rate, (2, len(PERIODS))) for name, rate in zip(names, rates, strict=True)}
        told = {
            name: (lambda town, place, own=own: own[int(town == "412"), place] / len(WARDS[town]))
            for name, own in draws.items()
        }
        assert found(panel_of(told), study) == []


def test_headings_that_share_a_rare_word_are_siblings(study: Study) -> None:
    names = {"drugs": "Ma túy bắt giữ", "tips": "Ma túy (mẫu mới)"}
    renamed = [dataclasses.replace(own, name_vi=names.get(own.indicator, own.name_vi)) for own in study.indicators]
    panel = panel_of({"drugs": until(AT), "tips": since(AT)})
    assert found(panel, study) == []
    assert found(panel, dataclasses.replace(study, indicators=tuple(renamed))) == [("all", "drugs", "tips", "2021-03")]


def test_a_stated_break_is_listed_whatever_the_data_say(study: Study) -> None:
    first, *others = study.indicators
    own = dataclasses.replace(first, break_periods=("2021-05", "2020-02"))
    rows = find_breaks(panel_of({"drugs": since(0)}), dataclasses.replace(study, indicators=(own, *others)))
    assert rows["period"].to_list() == ["2020-02", "2021-05"]
    assert set(rows["source"]) == {"stated"} and set(rows["town_code"]) == {"all"}


def test_a_window_crosses_the_breaks_after_its_first_period(study: Study) -> None:
    rows = find_breaks(panel_of({"theft_old": until(AT), "theft_new": since(AT)}), study)
    assert [len(crossed_breaks(rows, *window)) for window in (
        ("2021-02", "2021-03"), ("2021-03", "2022-12"), ("2019-01", "2021-02"), ("2019-01", "2022-12"),
    )] == [1, 0, 0, 1]  # fmt: skip


def test_the_order_of_rows_does_not_matter(study: Study) -> None:
    panel = panel_of({"theft_old": until(AT), "theft_new": since(AT)})
    mixed = panel.sample(frac=1, random_state=3)
    assert find_breaks(panel, study).to_csv() == find_breaks(mixed, study).to_csv()
