"""The recovery table: the truth is exact, for each printed method on its own scale."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.batch.recovery import COLUMNS, compare_with_truth
from helpers.estimation.count_imputation import impute_counterfactual
from helpers.estimation.estimands import headline_estimands
from helpers.estimation.library_estimators import library_effects
from helpers.estimation.twfe_linear import twfe_linear
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.simulation import expected_counts, study_process, without_programme
from helpers.study import load_study
from helpers.study.design import TREATED


@pytest.fixture(scope="module")
def process():
    return study_process(load_study("nghe_an"))


def stub(process, indicator: str, rows: list[dict]):
    study = load_study("nghe_an")
    empty = {"inference": "", "conf_low": np.nan, "conf_high": np.nan, "indicator": indicator}
    table = pd.DataFrame([empty | row for row in rows])
    return SimpleNamespace(
        study=study, design=process.design, indicator=study.indicator(indicator), table=lambda name: table
    )


def imputed(process, indicator: str, specification: str) -> list[dict]:
    """Return the effects on the process's means themselves: no noise, so a right method finds the truth."""
    fit = impute_counterfactual(expected_counts(process)[indicator], process.design, specification)
    common = {"specification": specification, "estimator": "count_imputation", "scale": "ratio"}
    return [
        {**common, "estimand": one.kind, "cohort": one.cohort, "estimate": fit.effect(one)}
        for one in headline_estimands(process.design)
    ]


@pytest.mark.parametrize("indicator", ["crime_order", "crime_property", "traffic_deaths", "clearance"])
def test_town_period_imputation_of_the_means_is_the_truth_itself(process, indicator):
    """Wards of a town move in proportion here, so the confirmatory specification has nothing to miss."""
    rows = imputed(process, indicator, "town_period")
    if indicator == "clearance":
        for row, below in zip(rows, imputed(process, "crime_order", "town_period"), strict=True):
            row["estimate"] = (1 + row["estimate"]) / (1 + below["estimate"]) - 1
    compared = compare_with_truth(stub(process, indicator, rows))
    assert len(compared) == 3
    assert compared["error"].to_numpy() == pytest.approx(0, abs=1e-9)


def test_each_scale_has_its_own_truth(process):
    means = expected_counts(process)["crime_order"]
    rows = [
        *twfe_poisson(means, process.design, "crime_order").to_frame().to_dict("records"),
        *twfe_linear(means, process.design, "crime_order").to_frame().to_dict("records"),
        *library_effects(means, process.design, "crime_order").to_frame().to_dict("records"),
    ]
    compared = compare_with_truth(stub(process, "crime_order", rows))
    treated = process.design.cell_states() == TREATED
    before, after = expected_counts(without_programme(process))["crime_order"][treated], means[treated]
    overall = compared.loc[compared["estimand"].eq("overall")].set_index("estimator")["true_effect"]
    assert overall["twfe_poisson"] == pytest.approx(after.sum() / before.sum() - 1)
    assert overall["twfe_linear"] == pytest.approx((after - before).mean())
    assert overall["callaway_santanna"] == pytest.approx(3 * (after - before).mean())
    assert set(overall.index) >= {"twfe_poisson", "twfe_linear", "callaway_santanna", "sun_abraham"}
    own = process.design.label_array == process.design.cohorts.index("2021")
    of_cohort = compared.set_index(["estimator", "cohort"])["true_effect"]["callaway_santanna", "2021"]
    start = process.design.starts[process.design.cohorts.index("2021")]
    gap = means[own, start:] - expected_counts(without_programme(process))["crime_order"][own, start:]
    assert of_cohort == pytest.approx(3 * gap.mean())


def test_no_interval_is_neither_hit_nor_miss(process):
    row = imputed(process, "crime_order", "town_period")[0]
    inside = row | {"conf_low": -0.9, "conf_high": -0.1}
    outside = row | {"conf_low": 0.1, "conf_high": 0.2}
    covered = compare_with_truth(stub(process, "crime_order", [row, inside, outside]))["is_covered"].tolist()
    assert (covered[0] is pd.NA, covered[1:]) == (True, [True, False])


def test_other_estimands_and_scales_are_left_out(process):
    row = imputed(process, "crime_order", "two_way")[0]
    others = [row | {"scale": "averted_count"}, row | {"estimand": "lead"}, row | {"estimate": np.nan}]
    compared = compare_with_truth(stub(process, "crime_order", [row, *others]))
    assert (len(compared), tuple(compared.columns)) == (1, COLUMNS)
