from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from helpers.errors import DataProblems
from helpers.simulation import load_parameters
from helpers.simulation.calendar import build_calendar
from helpers.study import build_design


@pytest.fixture(scope="module")
def design(nghe_an):
    return build_design(nghe_an)


@pytest.fixture(scope="module")
def calendar(nghe_an, design):
    return build_calendar(nghe_an, design, load_parameters(nghe_an))


def test_a_lockdown_reaches_a_police_month_in_proportion_to_its_days(calendar, design):
    """Vinh: 15 July to 14 August 2021 free, 17 August to 12 September locked down, of 31 days from 15 August."""
    vinh, hoang_mai = design.town_codes.index("412"), design.town_codes.index("432")
    september = design.periods.index("2021-09")
    days = (date(2021, 9, 14) - date(2021, 8, 15)).days + 1
    assert calendar.locked_down[vinh, design.periods.index("2021-08")] == 0
    assert calendar.locked_down[vinh, september] == pytest.approx(27 / days)
    assert calendar.locked_down[hoang_mai, september] == pytest.approx(24 / days)


def test_only_the_resort_has_summers_and_they_collapse_and_return(calendar, design):
    resort = np.array([town == "413" for town in design.town_codes])
    july = {year: calendar.town_season[resort, design.periods.index(f"{year}-07")][0] for year in range(2019, 2024)}
    assert not calendar.town_season[~resort].any()
    assert max(july[2020], july[2021]) < 0.1 < 0.4 < min(july[2019], july[2022], july[2023])
    assert calendar.town_season[resort, design.periods.index("2022-12")][0] == 0


def test_half_a_season_month_is_half_the_effect(calendar, design):
    """Police month 2022-04 runs from 15 March to 14 April: 14 of 31 days in season."""
    resort = design.town_codes.index("413")
    assert calendar.town_season[resort, design.periods.index("2022-04")] == pytest.approx(0.45 * 14 / 31)


def test_common_season_is_centred(calendar):
    assert abs(np.exp(calendar.common).mean() - 1) < 0.002


def test_a_season_without_a_year_of_the_window_is_refused(nghe_an, design):
    parameters = load_parameters(nghe_an)
    (resort,) = parameters.town_seasons
    shorter = replace(parameters, town_seasons=(replace(resort, log_effects={2019: 0.5}),))
    with pytest.raises(DataProblems, match="2020"):
        build_calendar(nghe_an, design, shorter)
