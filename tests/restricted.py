"""A restricted study of made-up wards in two towns, with its tables as the notebooks make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.checks.gates import checks_frame, details_frame
from helpers.checks.leave_one_out import leave_one_town_out
from helpers.checks.placebo_date import placebo_date
from helpers.inference.analysis import Analysis, build_analysis
from helpers.inference.estimate import estimate_effects
from helpers.inference.subject import Subject, expected_incidents
from helpers.reporting.disclosure import CONTRIBUTIONS, ward_contributions
from helpers.study import Adoption, CellMarks, Design, Indicator, RosterRule, Source, Study, Timing, Ward, build_design

RATES = {"crime": 9.0, "fires": 0.35}
WARD_COUNT = 24
N_DRAWS = 39


@dataclass(frozen=True)
class Case:
    """A restricted run: its study, design, panel, manifest and tables."""

    study: Study
    design: Design
    panel: pd.DataFrame
    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def _indicator(name: str) -> Indicator:
    return Indicator(
        indicator=name,
        name_vi=f"chỉ số {name}",
        name_en=f"indicator {name}",
        unit_vi="vụ",
        unit_en="offences",
        kind="count",
        role="outcome",
        better_when="lower",
        is_primary=name == "crime",
        in_family=True,
        is_descriptive_only=False,
        denominator=None,
        part_of=None,
        break_periods=(),
        note="",
        source_id="s",
    )


def _study(sizes: dict[str, int]) -> Study:
    cohorts = [cohort for cohort, size in sizes.items() for _ in range(size)]
    cohort_of = dict(enumerate(cohorts))
    first = date(2021, 1, 1)
    wards = tuple(
        Ward(f"9{place:03d}", first, None, f"Phường Mẫu {place:02d}", "AB"[place % 2], f"Town {'AB'[place % 2]}",
             1000, 2019, None, None, "s")
        for place in range(WARD_COUNT)
    )  # fmt: skip
    adoption = tuple(
        Adoption(ward.ward_id, "model" if place in cohort_of else "not", cohort_of.get(place), "press", "s")
        for place, ward in enumerate(wards)
    )
    timings = (Timing("main", "2021", "2021-09", "", "s"), Timing("main", "2022", "2022-05", "", "s"))
    nothing: dict[str, Any] = dict.fromkeys(
        ("given_roster", "shocks", "programmes", "boundary_changes", "facts", "ward_aliases"), ()
    )
    return Study(
        study="guarded",
        folder=Path("guarded"),
        titles={"vi": "Nghiên cứu kín", "en": "A restricted study"},
        questions={"vi": "Có thay đổi không?", "en": "Did anything change?"},
        origin="real_restricted",
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
        timings=timings,
        roster_rules=tuple(RosterRule("A", town, len(cohorts) // 2, None, "s") for town in "AB"),
        is_given_roster_fictional=False,
        indicators=tuple(_indicator(name) for name in RATES),
        sources=(Source("s", "A source", None, "p. 1", "", "certain"),),
        header_aliases=(),
        **nothing,
    )


def _panel(design: Design, indicators: Sequence[str]) -> pd.DataFrame:
    rng = np.random.default_rng(20260101)
    frames = []
    for indicator in indicators:
        rate = RATES[indicator]
        levels = rate * rng.lognormal(0, 0.4, len(design.ward_ids))
        means = np.outer(levels, rng.lognormal(0, 0.15, len(design.periods)))
        means *= np.where(design.cell_states() == 2, 0.7, 1.0)
        counts = rng.poisson(means)
        frames.append(
            pd.DataFrame(
                {
                    "ward_id": np.repeat(design.ward_ids, len(design.periods)),
                    "town_code": np.repeat(design.town_codes, len(design.periods)),
                    "period": np.tile(design.periods, len(design.ward_ids)),
                    "indicator": indicator,
                    "value": counts.ravel().astype(float),
                    "denominator": np.nan,
                    "mark": np.where(counts.ravel() == 0, "zero", "number"),
                    "released": "",
                    "file": "returns/a.xlsx",
                    "sheet": "T1",
                    "cell": "",
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _tables(study: Study, design: Design, panel: pd.DataFrame, indicators: Sequence[str]) -> dict[str, pd.DataFrame]:
    common = {"run": "guarded_run", "study": study.study}
    analyses: list[Analysis] = [build_analysis(panel, design, name, n_draws=N_DRAWS, seed=1) for name in indicators]
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in ("estimates", "counterfactual", "checks", "details")}
    for own in analyses:
        marks = common | {"indicator": own.indicator}
        checks = [*placebo_date(own, "two_way"), leave_one_town_out(own, "two_way")]
        parts["estimates"].append(estimate_effects(own).to_frame().assign(**marks))
        parts["counterfactual"].append(expected_incidents(Subject(own, None, ())).assign(**marks))
        parts["checks"].append(checks_frame(checks).assign(**marks))
        parts["details"].append(details_frame(checks).assign(**marks))
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    joined["check_details"] = joined.pop("details")
    secret = pd.DataFrame([{"file": "returns/a.xlsx", "sheet": "T1", "cell": "B7", "value": "987654"}])
    secret = secret.assign(rule="?", remedy="?")
    silent = pd.DataFrame([{"run": "", "indicator": "fires", "ward_id": "9000", "ward_name_vi": "Phường Mẫu 00"}])
    silent = silent.assign(town_code="A")
    return joined | {"quarantine": secret, "silent_wards": silent}


def make_case(sizes: dict[str, int], indicators: Sequence[str] = tuple(RATES)) -> Case:
    """Return a restricted run whose cohorts "2021" and "2022" have as many wards as said."""
    study = _study(sizes)
    design = build_design(study, timing="main", reading="A", roster="given", anticipation=2, window=study.window)
    panel = _panel(design, indicators)
    tables = _tables(study, design, panel, indicators) | {CONTRIBUTIONS: ward_contributions(panel, design, indicators)}
    manifest = {"run": "guarded_run", "origin": "real_restricted", "inputs": {"returns/a.xlsx": "f" * 64}}
    return Case(study, design, panel, manifest, tables)
