"""A published study nobody here wrote: Di Tella & Schargrodsky (2004), through the study folder and the panel.

Published: −.07753 (.02244) for the guarded block with block and month effects and HC1; beside blocks one and two away
−.08007 (.02257) and −.08080 (.02294); Poisson −1.185 (.331); randomisation p of the linear coefficient .0031 over
20,000 draws.
"""

import runpy
import shutil

import numpy as np
import pytest

from helpers.checks.concurrent import concurrent
from helpers.checks.mean_reversion import mean_reversion
from helpers.checks.recording import recording
from helpers.checks.spillover import spillover
from helpers.cleaning import clean_returns
from helpers.estimation.estimands import Estimand
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.estimation.twfe_rings import twfe_rings
from helpers.inference.analysis import Analysis
from helpers.inference.randomisation import randomisation_test
from helpers.panel import outcome_matrix
from helpers.paths import project_root
from helpers.study import build_design, load_study
from helpers.study.rings import build_rings

HALF_UNIT_LINEAR = 0.000005
HALF_UNIT_POISSON = 0.0005


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Build the study folder in a place of its own."""
    folder = tmp_path_factory.mktemp("studies") / "buenos_aires_1994"
    shipped = project_root() / "data" / "raw" / "buenos_aires_1994"
    folder.mkdir()
    for file in ("study.toml", "indicators.csv", "sources.csv", "build.py"):
        shutil.copy(shipped / file, folder / file)
    assert runpy.run_path(str(folder / "build.py"))["main"]() == 0
    return load_study(str(folder))


@pytest.fixture(scope="module")
def buenos_aires(study):
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


@pytest.mark.parametrize(
    ("farthest", "published", "neighbours"),
    [
        (0, (-0.07753, 0.02244), ()),
        (1, (-0.08007, 0.02257), ((-0.01326, 0.01386),)),
        (2, (-0.08080, 0.02294), ((-0.01399, 0.01447), (-0.00218, 0.01232))),
    ],
)
def test_published_coefficients_beside_neighbouring_blocks(study, buenos_aires, farthest, published, neighbours):
    """The neighbours' own are what this panel gives with HC1, and what least squares with dummies gives to 1e-8
    (`tests/estimation/test_twfe_rings.py`)."""
    outcome, design = buenos_aires
    fit = twfe_rings(outcome, design, build_rings(study, design), farthest)
    found = list(zip(fit.coefficients, fit.std_errors, strict=True))
    assert np.array(found) == pytest.approx(np.array([published, *neighbours]), abs=HALF_UNIT_LINEAR)
    assert fit.ward_counts == (37, 161, 226)[: farthest + 1]


@pytest.mark.parametrize("specification", ["two_way", "town_period"])
def test_spillover_cannot_be_ruled_out(study, buenos_aires, specification):
    """The 161 neighbouring blocks did not rise, but a rise as large as all that was prevented is not excluded."""
    check = spillover(Analysis("car_thefts", *buenos_aires, n_draws=999, seed=1994), specification, study)
    found = {detail.item: detail for detail in check.details}
    assert check.verdict == "cannot_tell"
    assert found["ring:1"].conf_low < 0 < found["ring:1"].conf_high
    assert found["without_ring:2"].conf_high < 0
    assert found["displacement:1994"].reason.startswith("incidents")


def test_every_check_has_an_answer_here(study, buenos_aires):
    analysis = Analysis("car_thefts", *buenos_aires, n_draws=999, seed=1994)
    assert recording(analysis, "town_period").verdict == "cannot_tell"
    assert concurrent(analysis, "town_period", study).verdict == "cannot_tell"
    reversion = mean_reversion(analysis, "town_period", study)
    assert -0.35 < reversion.statistic < -0.1
    assert [detail.item for detail in reversion.details] == ["same_level", "level_periods", "as_high", "highest"]
