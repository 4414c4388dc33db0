"""A published study nobody here wrote: Di Tella & Schargrodsky (2004), through the study folder and the panel.

Published: −.07753 (.02244) for the guarded block with block and month effects and HC1; Poisson −1.185 (.331);
randomisation p of the linear coefficient .0031 over 20,000 draws.
"""

import runpy
import shutil

import numpy as np
import pytest

from helpers.cleaning import clean_returns
from helpers.estimation.estimands import Estimand
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.inference.randomisation import randomisation_test
from helpers.panel import outcome_matrix
from helpers.paths import project_root
from helpers.study import build_design, load_study

HALF_UNIT_LINEAR = 0.000005
HALF_UNIT_POISSON = 0.0005


@pytest.fixture(scope="module")
def buenos_aires(tmp_path_factory):
    """Build the study folder in a place of its own, and clean it."""
    folder = tmp_path_factory.mktemp("studies") / "buenos_aires_1994"
    shipped = project_root() / "data" / "raw" / "buenos_aires_1994"
    folder.mkdir()
    for file in ("study.toml", "indicators.csv", "sources.csv", "build.py"):
        shutil.copy(shipped / file, folder / file)
    assert runpy.run_path(str(folder / "build.py"))["main"]() == 0
    study = load_study(str(folder))
    design = build_design(study)
    return outcome_matrix(clean_returns(study).panel, design, "car_thefts"), design


def test_the_panel_is_the_published_one(buenos_aires):
    outcome, design = buenos_aires
    assert outcome.size == 7_884
    assert len(design.wards_in("1994")) == 37
    assert not np.isnan(outcome).any()


def test_published_linear_coefficient(buenos_aires):
    row = twfe_linear(*buenos_aires, "car_thefts").rows[0]
    assert row.estimate == pytest.approx(-0.07753, abs=HALF_UNIT_LINEAR)
    assert row.std_error == pytest.approx(0.02244, abs=HALF_UNIT_LINEAR)


def test_published_poisson_coefficient(buenos_aires):
    row = twfe_poisson(*buenos_aires, "car_thefts").rows[0]
    assert np.log1p(row.estimate) == pytest.approx(-1.185, abs=HALF_UNIT_POISSON)
    assert row.std_error == pytest.approx(0.331, abs=HALF_UNIT_POISSON)


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_our_own_test_agrees_that_there_is_an_effect(buenos_aires, specification):
    outcome, design = buenos_aires
    test = randomisation_test(outcome, design, Estimand("overall"), specification=specification, n_draws=999, seed=1994)
    assert test.p_value < 0.02
    assert test.ratio_high < 1
