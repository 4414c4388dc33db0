"""A study of six units in three towns and its tables, all written by hand: reporting estimates nothing."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.reporting import Briefing, Effect, open_briefing
from helpers.study import (
    Adoption,
    CellMarks,
    Fact,
    Indicator,
    Programme,
    RosterRule,
    Shock,
    Source,
    Study,
    Timing,
    Ward,
)

HOSTILE = "<script>alert(1)</script>"
NAN = math.nan


def _ward(code: str, town: str, name: str) -> Ward:
    return Ward(code, date(2021, 1, 1), None, name, town, f"Town {town}", 1000, 2019, None, None, "s")


def _indicator(name: str, better_when: Any, **changes: Any) -> Indicator:
    plain = Indicator(
        indicator=name,
        name_vi=f"chỉ số {name}",
        name_en=f"indicator {name}",
        unit_vi="vụ",
        unit_en="offences",
        kind="count",
        role="outcome",
        better_when=better_when,
        is_primary=name == "crime",
        in_family=True,
        is_descriptive_only=False,
        denominator=None,
        part_of=None,
        break_periods=(),
        note="",
        source_id="s",
    )
    return replace(plain, **changes)


@pytest.fixture
def study() -> Study:
    wards = tuple(
        _ward(str(code), "A" if code < 14 else "B" if code < 16 else "C", f"Ward {code}") for code in range(11, 17)
    )
    ids = [ward.ward_id for ward in wards]
    statuses = ["model", "unknown", "unknown", "model", "not", "not"]
    adoption = tuple(
        Adoption(ward, status, {0: "2022", 3: "2021"}.get(place), "certain", "s")  # type: ignore[arg-type]
        for place, (ward, status) in enumerate(zip(ids, statuses, strict=True))
    )
    given = (Adoption(ids[1], "model", "2022", "fictional", "s"), Adoption(ids[2], "not", None, "fictional", "s"))
    return Study(
        study="tiny",
        folder=Path("tiny"),
        titles={"vi": "Nghiên cứu nhỏ", "en": "A tiny study"},
        questions={"vi": "Có thay đổi không?", "en": "Did anything change?"},
        origin="synthetic",
        unit_names={"ward_vi": "phường", "ward_en": "ward", "town_vi": "thị xã", "town_en": "town"},
        period_kind="police_month",
        window=("2021-01", "2022-12"),
        default_timing="main",
        default_reading="A",
        default_roster="given",
        default_anticipation=2,
        cells=CellMarks((), ()),
        wards=wards,
        adoption=adoption,
        timings=(Timing("main", "2021", "2021-07", "", "s"), Timing("main", "2022", "2022-05", "", "s")),
        roster_rules=(RosterRule("A", "A", 2, "2022", "s"),),
        given_roster=given,
        is_given_roster_fictional=True,
        indicators=(
            _indicator("crime", "lower"),
            _indicator("service", "higher"),
            _indicator("drugs", "ambiguous", in_family=False, role="activity"),
            _indicator("fires", "lower", is_descriptive_only=True),
            _indicator("solved", "higher", kind="ratio", denominator="crime", role="mechanism", in_family=False),
        ),
        shocks=(Shock("l", "all", date(2021, 7, 1), None, "giãn cách", "lockdown", "s"),),
        programmes=(Programme("p", "all", date(2021, 1, 1), None, "đề án khác", "another scheme", False, "", "s"),),
        boundary_changes=(),
        sources=(Source("s", "A source", None, "p. 1", "", "certain"),),
        facts=(Fact("F", "Một việc.", "A fact.", "s"),),
        ward_aliases=(),
        header_aliases=(),
    )


@pytest.fixture
def manifest() -> dict[str, Any]:
    return {"run": "tiny_run", "origin": "synthetic", "inputs": {"returns/a.xlsx": "0" * 64}, "seeds": [7]}


@pytest.fixture(params=["vi", "en"])
def briefing(request: pytest.FixtureRequest, study: Study, manifest: dict[str, Any]) -> Briefing:
    return open_briefing(study, manifest, language=request.param)


@pytest.fixture
def make_effect() -> Callable[..., Effect]:
    """Return a maker of effects: −40% (−60% to −10%) of 50 expected, p .01, unless told otherwise."""

    def make(**changes: Any) -> Effect:
        plain = Effect(
            indicator="crime",
            specification="town_period",
            estimator="count_imputation",
            estimand="overall",
            cohort="all",
            relative_period=NAN,
            relative_last=NAN,
            estimate=-0.4,
            conf_low=-0.6,
            conf_high=-0.1,
            change=-20.0,
            change_low=-45.0,
            change_high=-3.3,
            p_value=0.01,
            mde=-0.45,
            n_assignments=999.0,
            smallest_p=0.001,
            n_treated=3.0,
            n_comparison=3.0,
            observed=30.0,
            expected=50.0,
            zero_draw_share=0.0,
            inference="randomisation",
            null_tested="no effect of this cohort",
            reason="",
        )
        return replace(plain, **changes)

    return make


def estimate_row(indicator: str, **changes: Any) -> dict[str, Any]:
    plain = {
        "indicator": indicator,
        "specification": "town_period",
        "timing": "main",
        "reading": "A",
        "roster": "given",
        "estimator": "count_imputation",
        "estimand": "overall",
        "cohort": "all",
        "period": "",
        "relative_period": NAN,
        "relative_last": NAN,
        "estimate": -0.4,
        "std_error": 0.2,
        "conf_low": -0.6,
        "conf_high": -0.1,
        "p_value": 0.01,
        "inference": "randomisation",
        "scale": "ratio",
        "mde": -0.45,
        "n_assignments": 999.0,
        "smallest_p": 0.001,
        "n_treated": 3.0,
        "n_comparison": 3.0,
        "observed": 30.0,
        "expected": 50.0,
        "zero_draw_share": 0.0,
        "reason": "",
    }
    return plain | changes


RATIO = {"estimate": 0.18, "conf_low": -0.21, "conf_high": 0.67, "p_value": 0.35, "mde": NAN}
NULL = {"estimate": 0.1, "conf_low": -0.3, "conf_high": 0.7, "p_value": 0.6, "observed": 55.0}


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    rows = []
    for name, own in (
        ("crime", {}),
        ("service", NULL),
        ("drugs", {"p_value": 0.02}),
        ("fires", {"zero_draw_share": 0.4}),
        ("solved", RATIO),
    ):
        for specification in ("town_period", "two_way"):
            rows.append(estimate_row(name, specification=specification, **own))
            beside = {"specification": specification, "estimand": "cohort"} | own | NULL
            rows += [estimate_row(name, cohort=cohort, **beside) for cohort in ("2021", "2022")]
        if name == "solved":
            continue
        rows.append(estimate_row(name, estimator="twfe_linear", scale="level", inference="hc1", estimate=-0.0775))
    for first, estimand in ((-5.0, "lead"), (0.0, "relative_period"), (3.0, "relative_period")):
        bins = {"estimand": estimand, "cohort": "2021", "relative_period": first, "relative_last": first + 2}
        rows.append(estimate_row("crime", **bins))
    months = [f"2021-{month:02d}" for month in range(1, 13)]
    states = ["untreated"] * 4 + ["donut"] * 2 + ["treated"] * 6
    counterfactual = pd.DataFrame(
        [
            {"indicator": "crime", "specification": "town_period", "cohort": "2021", "period": month, "state": state}
            | {"observed": float(place % 3), "expected": 1.5, "ward_count": 2.0}
            for place, (month, state) in enumerate(zip(months, states, strict=True))
        ]
    )
    check = {
        "indicator": "crime",
        "specification": "town_period",
        "check": "leave_one_out",
        "question": "?",
        "statistic": -0.3,
        "threshold": 0.0,
        "threshold_source": "no change of sign",
        "verdict": "cannot_tell",
        "reason": "the sign stays, but not every interval excludes zero",
    }
    account = {"file": "a.xlsx", "sheet": "T1", "cell_count": 1200, "panel_count": 1000}
    account |= {"quarantine_count": 0, "furniture_count": 200}
    return {
        "estimates": pd.DataFrame(rows),
        "counterfactual": counterfactual,
        "checks": pd.DataFrame([check]),
        "cleaning_account": pd.DataFrame([account]),
    }
