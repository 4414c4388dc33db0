"""A count has everything that belongs to it; a ratio has its effects and nothing that would make a claim of them."""

import numpy as np
import pandas as pd
import pytest

from helpers.batch.tables import TABLES
from helpers.errors import EstimationError
from helpers.estimation.estimands import headline_estimands
from helpers.estimation.specification import SPECIFICATIONS
from helpers.inference.beside import other_estimates
from helpers.inference.clearance import clearance_analyses, ratio_effect
from helpers.inference.subject import Subject, estimate_indicator, expected_incidents, open_subject
from helpers.study import load_study
from helpers.study.design import NEVER, Design
from helpers.study.periods import period_range

STUDY = load_study("nghe_an")
DRAWS = {"n_draws": 99, "seed": 3}


@pytest.fixture(scope="module")
def design() -> Design:
    return Design(
        "s",
        "main",
        "A",
        "given",
        "calendar_month",
        period_range("calendar_month", "2021-01", "2023-12"),
        tuple(f"{n:02d}" for n in range(16)),
        ("t",) * 8 + ("u",) * 8,
        ("2022", "2023"),
        (15, 27),
        (0, 1, *[NEVER] * 6, 0, 1, *[NEVER] * 6),
        0,
    )


@pytest.fixture(scope="module")
def panel(design: Design) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    crimes = rng.poisson(6.0, (16, 36))
    values = {"crime_order": crimes, "clearance": rng.binomial(crimes, 0.6), "crime_property": rng.poisson(2, (16, 36))}
    place = {"ward_id": np.repeat(design.ward_ids, 36), "period": np.tile(design.periods, 16)}
    return pd.concat(
        pd.DataFrame(
            {**place, "indicator": name, "value": own.ravel().astype(float)}
            | {"denominator": crimes.ravel().astype(float) if name == "clearance" else np.nan}
        )
        for name, own in values.items()
    )


def opened(panel: pd.DataFrame, design: Design, name: str) -> Subject:
    return open_subject(panel, design, STUDY.indicator(name), family=("crime_order", "crime_property"), **DRAWS)


def test_a_count_is_estimated_with_its_family(
    panel: pd.DataFrame, design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = opened(panel, design, "crime_order")
    assert subject.recorded is None and len(subject.family) == 2
    monkeypatch.setattr("helpers.inference.subject.estimate_effects", lambda *given: given)
    assert estimate_indicator(subject) == (subject.analysis, subject.family)
    assert set(expected_incidents(subject)["specification"]) == set(SPECIFICATIONS)
    assert {"twfe_poisson", "twfe_linear", "sun_abraham"} <= set(other_estimates(subject).to_frame()["estimator"])


def test_a_ratio_has_its_headline_effects_under_both_specifications(panel: pd.DataFrame, design: Design) -> None:
    table = estimate_indicator(opened(panel, design, "clearance")).to_frame()
    wanted = [(one, own.kind, own.cohort) for one in SPECIFICATIONS for own in headline_estimands(design)]
    assert list(table[["specification", "estimand", "cohort"]].itertuples(index=False, name=None)) == wanted
    cleared, recorded = clearance_analyses(panel, design, STUDY.indicator("clearance"), **DRAWS)
    for (specification, _, _), estimand, (_, row) in zip(
        wanted, [*headline_estimands(design)] * 2, table.iterrows(), strict=True
    ):
        own = ratio_effect(cleared, recorded, specification, estimand)
        assert (row["estimate"], row["conf_low"], row["conf_high"]) == (own.estimate, own.conf_low, own.conf_high)
    for column in ("conf_low", "conf_high", "p_value", "n_assignments", "smallest_p"):
        assert table[column].notna().all(), column
    assert (table[["n_treated", "n_comparison", "n_obs"]] > 0).all(axis=None)


def test_nothing_about_a_ratio_makes_a_claim_of_it(panel: pd.DataFrame, design: Design) -> None:
    subject = opened(panel, design, "clearance")
    assert subject.family == ()
    table = estimate_indicator(subject).to_frame()
    assert set(table["scale"]) == {"ratio"} and set(table["inference"]) == {"randomisation"}
    assert table[["mde", "p_adjusted", "weight", "band_low", "band_high"]].isna().all(axis=None)
    assert other_estimates(subject).rows == ()
    expected = expected_incidents(subject)
    assert expected.empty and {"cohort", "period", "ward_count", "expected"} <= set(expected.columns)
    both = (estimate_indicator(subject) + other_estimates(subject)).to_frame()
    own = {"run", "study", "indicator", "period"}
    assert set(TABLES["estimates"].columns) - own <= set(both.columns)
    assert set(TABLES["counterfactual"].columns) - own <= set(expected.columns)


def test_a_ratio_is_no_member_of_the_family_it_stands_beside(panel: pd.DataFrame, design: Design) -> None:
    family = opened(panel, design, "crime_order").family
    assert [own.indicator for own in family] == ["crime_order", "crime_property"]


def test_a_panel_without_the_ratio_is_refused(panel: pd.DataFrame, design: Design) -> None:
    with pytest.raises(EstimationError, match="holds no “clearance”"):
        opened(panel.loc[panel["indicator"].ne("clearance")], design, "clearance")
