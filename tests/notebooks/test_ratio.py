"""Notebook 03 with a ratio, its cells run in this process: what it keeps, and how the findings take it up."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.batch.tables import TABLES
from helpers.batch.workspace import begin_step
from helpers.panel import PANEL_COLUMNS
from helpers.paths import project_root
from helpers.reporting import build_findings
from helpers.study import Study, load_study

RUN = {"run": "ratio", "study": "nghe_an"}


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave behind a panel of recorded and cleared cases, and what notebook 02 would have."""
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path))
    step = begin_step("01", **RUN)
    tables = {name: _frame(name) for name in ("cleaning_account", "breaks")}
    step.save_tables(panel=_panel(step.study, step.design.periods), **tables)
    begin_step("02", **RUN).save(_frame("design"), "design")


def _frame(name: str) -> pd.DataFrame:
    table = TABLES[name]
    return pd.DataFrame([{column: (np.nan if column in table.numbers else "") for column in table.columns}])


def _panel(study: Study, periods: tuple[str, ...]) -> pd.DataFrame:
    rng, size = np.random.default_rng(4), len(study.wards) * len(periods)
    crimes = rng.poisson(4.0, size)
    place = {
        "ward_id": np.repeat([ward.ward_id for ward in study.wards], len(periods)),
        "town_code": np.repeat([ward.town_code for ward in study.wards], len(periods)),
        "period": np.tile(periods, len(study.wards)),
    }
    values = {"crime_order": (crimes, np.full(size, np.nan)), "clearance": (rng.binomial(crimes, 0.6), crimes)}
    panel = pd.concat(
        pd.DataFrame({**place, "indicator": name, "value": own, "denominator": under})
        for name, (own, under) in values.items()
    )
    panel["mark"] = np.where(panel["value"].eq(0), "zero", "number")
    panel["released"] = ""
    return panel.assign(file="f.xlsx", sheet="s", cell="A1").loc[:, list(PANEL_COLUMNS)]


def _run_cells(notebook: str, **parameters: object) -> dict[str, Any]:
    names: dict[str, Any] = {}
    content = json.loads((project_root() / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    for cell in (cell for cell in content["cells"] if cell["cell_type"] == "code"):
        exec("".join(cell["source"]), names)
        if cell["id"] == "parameters":
            names |= RUN | parameters
    return names


@pytest.mark.usefixtures("before")
def test_a_ratio_goes_from_notebook_03_into_its_own_part_of_the_findings() -> None:
    names = _run_cells("03_estimate_effect", indicator="clearance", n_draws=99)
    estimates = names["step"].table("estimates")
    assert set(estimates["indicator"]) == {"clearance"} and set(estimates["scale"]) == {"ratio"}
    assert set(estimates["estimand"]) == {"overall", "cohort"}
    assert estimates[["estimate", "conf_low", "conf_high", "p_value", "smallest_p"]].notna().all(axis=None)
    assert names["step"].table("counterfactual").empty

    crime = begin_step("04", **_counted("crime_order"))
    crime.save_tables(checks=_frame("checks"), check_details=_frame("check_details"))
    step = begin_step("05", **RUN, language="en")
    findings = build_findings(step.findings_tables, step.manifest, load_study("nghe_an"), language="en")
    assert [told.indicator for told in findings.ratios] == ["clearance"]
    assert "clearance" not in [verdict.indicator for verdict in findings.verdicts]


def _counted(indicator: str) -> dict[str, Any]:
    """Leave behind a notebook 03 of a count, and return the parameters of its notebook 04."""
    own = RUN | {"indicator": indicator}
    begin_step("03", **own).save_tables(estimates=_frame("estimates"), counterfactual=_frame("counterfactual"))
    return own
