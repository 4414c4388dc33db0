import re
from dataclasses import replace

import pytest

from helpers.errors import DataProblems
from helpers.simulation import WORLDS, load_parameters
from helpers.simulation.parameters import PROCESS_FILE, load_form


def study_with(study, folder, old, new):
    text = (study.folder / PROCESS_FILE).read_text(encoding="utf-8")
    assert old in text
    (folder / "synthetic").mkdir()
    (folder / PROCESS_FILE).write_text(text.replace(old, new), encoding="utf-8")
    return replace(study, folder=folder)


def test_the_shipped_parameters_follow_the_national_scale(nghe_an):
    rates = {series.indicator: series.rate_per_100k for series in load_parameters(nghe_an).series}
    assert 45 <= rates["crime_order"] <= 60
    assert rates["drug_cases"] == 26
    assert rates["fires"] == 3.3


def test_the_worlds_are_those_that_size_is_stated_for():
    assert [WORLDS[name].ward.sd for name in ("A", "B", "C", "C2")] == [0, 0.25, 0.25, 0.25]
    assert [(WORLDS[name].town.sd, WORLDS[name].town.rho) for name in ("C", "C2")] == [(0.15, 0.9), (0.30, 0.9)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("level_sd = 0.30", "levelsd = 0.30", "levelsd"),
        ("rate_per_100k = 26.0", "rate_per_100k = -1", "greater than 0"),
        ('timing = "main"', 'timing = "maine"', "local, main, plan"),
        ('shock_id = "covid_14_districts"', 'shock_id = "flood"', "covid_vinh_again"),
        ("assumed_last_date = 2021-07-07", "", "Add assumed_last_date"),
        ('town_code = "413"', 'town_code = "999"', "412, 413, 414, 432"),
        ('indicator = "fires"', 'indicator = "floods"', "admin_fines"),
        ('indicator = "fires"', 'indicator = "tips"', "simulated once"),
        ('whole = "crime_order"', 'whole = "crime"', "one of the series"),
        ('leader = "traffic_crashes"', 'leader = "crashes"', "series or a part"),
        ("share = 0.50\n", "share = 0.95\n", "leave a rest"),
        ("seed = 20230301", "seed =", "TOML"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(nghe_an, tmp_path, old, new, says):
    with pytest.raises(DataProblems, match=re.escape(says)) as raised:
        load_parameters(study_with(nghe_an, tmp_path, old, new))
    assert {problem.file for problem in raised.value.problems} == {PROCESS_FILE}


def test_every_town_needs_an_office(nghe_an, tmp_path):
    with pytest.raises(DataProblems, match=r"form\.town_offices\.432"):
        load_form(study_with(nghe_an, tmp_path, '432 = "CÔNG AN THỊ XÃ HOÀNG MAI"', ""))


def test_a_study_without_the_file_is_told_so(nghe_an, tmp_path):
    with pytest.raises(DataProblems, match="a simulated study has this file"):
        load_parameters(replace(nghe_an, folder=tmp_path))
