"""Ward trends and town seasons under relabelling: every labelling's ratio is that of the printed estimator."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.errors import EstimationError
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.inference.adjusted_draws import draw_adjusted

from .test_variants import OVERALL, draws, study, variant

CASES = [("ward_trends", "two_way"), ("ward_trends", "town_period"), ("town_seasons", "two_way")]
SETTLED = 1e-5
"""The fits stop when no log mean moves by 1e-7, and a ridge of 1e-9 holds what nothing identifies."""


@pytest.mark.parametrize(("adjustment", "specification"), CASES)
@pytest.mark.parametrize("has_gaps", [False, True])
def test_every_labelling_gives_what_the_printed_estimator_gives_for_it(adjustment, specification, has_gaps):
    cells, design = study(mean=8.0)
    if has_gaps:
        cells[2, 3:6] = cells[7, 15] = np.nan
    labels = draws(design, specification, 5)
    own = variant(cells, design, specification=specification)
    found = draw_adjusted(own, own.relabelled(labels), labels, adjustment)
    for position, label in enumerate([design.labels, *labels]):
        fit = impute_counterfactual(cells, design.with_labels(label), specification, adjustment=adjustment)
        assert found.log_ratio[position] == pytest.approx(np.log1p(fit.effect(OVERALL)), abs=SETTLED)
    assert found.estimate == pytest.approx(np.expm1(found.log_ratio[0]), abs=SETTLED)
    assert found.t[0] == pytest.approx(found.log_ratio[0] / found.std_error)


def test_a_labelling_is_fitted_alike_in_whatever_company():
    cells, design = study(mean=1.0)
    labels = draws(design, "two_way", 150)
    own = variant(cells, design)
    many = draw_adjusted(own, own.relabelled(labels), labels, "town_seasons")
    few = draw_adjusted(own, own.relabelled(labels[-9:]), labels[-9:], "town_seasons")
    np.testing.assert_allclose(many.log_ratio[-9:], few.log_ratio[1:], atol=SETTLED)


def test_an_actual_fit_without_a_maximum_is_said():
    cells, design = study(mean=8.0)
    cells[0, :10] = 0.0
    cells[0, 0] = 5.0
    own = variant(cells, design)
    labels = draws(design, "two_way", 5)
    with pytest.raises(EstimationError, match="no finite maximum"):
        draw_adjusted(own, own.relabelled(labels), labels, "ward_trends")
    quiet = replace(own, outcome=np.zeros_like(cells))
    with pytest.raises(EstimationError, match="Nothing is expected"):
        draw_adjusted(quiet, quiet.relabelled(labels), labels, "town_seasons")
