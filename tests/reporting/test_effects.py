import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from helpers.errors import UsageError
from helpers.reporting import Briefing, find_effect, open_briefing, read_effects
from helpers.study import Study

from .conftest import estimate_row


def test_ratio_and_averted_rows_are_joined(briefing: Briefing) -> None:
    averted = estimate_row("crime", scale="averted_count", estimate=20.0, conf_low=3.0, conf_high=45.0)
    effects = read_effects(pd.DataFrame([estimate_row("crime"), averted]), briefing)
    assert len(effects) == 1
    assert (effects[0].change, effects[0].change_low, effects[0].change_high) == (-20.0, -45.0, -3.0)


def test_without_averted_rows_the_ratio_interval_is_carried_over(briefing: Briefing) -> None:
    effect = read_effects(pd.DataFrame([estimate_row("crime")]), briefing)[0]
    assert effect.change == 30 - 50
    # 30 observed: averted are 30 (1 / 0.4 − 1) = 45 and 30 (1 / 0.9 − 1) = 3.33.
    assert effect.change_low == pytest.approx(-45)
    assert effect.change_high == pytest.approx(-30 / 9)


def test_an_open_ratio_interval_is_open_in_incidents(briefing: Briefing) -> None:
    effect = read_effects(pd.DataFrame([estimate_row("crime", conf_low=-1.0, conf_high=math.inf)]), briefing)[0]
    assert (effect.change_low, effect.change_high) == (-math.inf, math.inf)


def test_what_was_observed_is_no_bound_where_the_ratio_has_none(briefing: Briefing) -> None:
    """At an infinite ratio nothing was expected and all that was observed is in excess: arithmetic, no finding."""
    ratio = estimate_row("crime", conf_low=-0.5, conf_high=math.inf)
    rows = pd.DataFrame(
        [ratio, ratio | {"scale": "averted_count", "estimate": 20.0, "conf_low": -30.0, "conf_high": 30.0}]
    )
    (effect,) = read_effects(rows, briefing)
    assert (effect.change_low, effect.change_high) == (-30.0, math.inf)
    (bounded,) = read_effects(rows.assign(conf_high=[0.5, 30.0]), briefing)
    assert (bounded.change_low, bounded.change_high) == (-30.0, 30.0)


def test_several_timings_need_one_that_is_the_runs(briefing: Briefing) -> None:
    rows = pd.DataFrame([estimate_row("crime"), estimate_row("crime", timing="plan", estimate=-0.2)])
    assert [effect.estimate for effect in read_effects(rows, briefing)] == [-0.4]
    with pytest.raises(UsageError, match="timing"):
        read_effects(rows.replace({"timing": {"main": "local"}}), briefing)


def test_the_manifests_choice_comes_before_the_studys(study: Study, manifest: dict[str, Any]) -> None:
    part = {"notebook": "03_estimate_effect", "parameters": {"timing": "plan"}}
    briefing = open_briefing(study, manifest | {"notebooks": {"03_estimate_effect.crime": part}}, language="en")
    rows = pd.DataFrame([estimate_row("crime"), estimate_row("crime", timing="plan", estimate=-0.2)])
    assert [effect.estimate for effect in read_effects(rows, briefing)] == [-0.2]


def test_only_the_primary_estimator_is_found(briefing: Briefing) -> None:
    effects = read_effects(pd.DataFrame([estimate_row("crime", estimator="twfe_poisson")]), briefing)
    assert find_effect(effects, "crime", specification="town_period", estimand="overall") is None


def test_a_table_of_another_kind_is_refused(briefing: Briefing) -> None:
    with pytest.raises(UsageError, match="specification"):
        read_effects(pd.DataFrame({"indicator": ["crime"]}), briefing)


def test_origins_never_mix(study: Study, manifest: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="never mix"):
        open_briefing(replace(study, origin="real_public"), manifest, language="en")
    with pytest.raises(UsageError, match="origin"):
        open_briefing(study, {"run": "x"}, language="en")
