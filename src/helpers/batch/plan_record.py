"""What the manifest says of the study's pre-analysis plan: its hash and date, and where the run differs from it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.batch import tables
from helpers.errors import MissingStep
from helpers.estimation.estimands import ALL_COHORTS
from helpers.estimation.specification import CONFIRMATORY
from helpers.study import Study
from helpers.study.deviations import DESIGN_TOPICS, WorkDone, find_deviations
from helpers.study.pre_analysis_plan import PLAN_FILE

Parts = Mapping[str, Mapping[str, Any]]

ESTIMATE, CHECK = "03_estimate_effect", "04_check_robustness"


def plan_record(study: Study, parts: Parts, folder: Path, sha256: str) -> dict[str, Any] | None:
    """Return what the manifest holds of the plan, or None for a study without one.

    Parameters
    ----------
    study : Study
    parts : mapping
        The manifest's parts of the notebooks that count, by name.
    folder : Path
        The run's tables; those of notebooks that do not count are not looked at.
    sha256 : str
        Of the plan's file.

    Returns
    -------
    dict or None
        ``file``, ``sha256``, ``date``, ``figures_seen``, ``statement_vi``, ``statement_en`` and ``deviations`` (each
        with topic, planned, done).
    """
    plan = study.plan
    if plan is None:
        return None
    deviations = find_deviations(plan, work_done(study, parts, folder))
    return {
        "file": PLAN_FILE,
        "sha256": sha256,
        "date": plan.date.isoformat(),
        "figures_seen": plan.figures_seen,
        "statement_vi": plan.statement_vi.strip(),
        "statement_en": plan.statement_en.strip(),
        "deviations": [asdict(deviation) for deviation in deviations],
    }


def work_done(study: Study, parts: Parts, folder: Path) -> WorkDone:
    """Return what some notebooks of a run did, as far as a plan speaks of it."""
    primary = next(one.indicator for one in study.indicators if one.is_primary)
    family = tuple(one.indicator for one in study.indicators if one.in_family and not one.is_descriptive_only)
    choices = [part["parameters"] for part in parts.values() if "timing" in part["parameters"]]
    values = {topic: tuple(sorted({_choice(own, topic) for own in choices})) for topic in DESIGN_TOPICS}
    notebooks = {part["notebook"] for part in parts.values()}
    estimates = _table("estimates", folder) if ESTIMATE in notebooks else None
    return WorkDone(
        primary=primary,
        family=family,
        design=values if choices else {},
        indicators=_indicators(parts) if ESTIMATE in notebooks else None,
        estimator=None if estimates is None else _estimator(estimates, primary),
        specification=None if estimates is None else CONFIRMATORY,
        gates=_gates(folder, primary) if CHECK in notebooks else None,
    )


def _choice(parameters: Mapping[str, Any], topic: str) -> str:
    if topic == "window":
        return f"{parameters['window_first']} … {parameters['window_last']}"
    return str(parameters[topic])


def _indicators(parts: Parts) -> tuple[str, ...]:
    return tuple(sorted({part["parameters"]["indicator"] for part in parts.values() if part["notebook"] == ESTIMATE}))


def _estimator(estimates: pd.DataFrame, primary: str) -> str | None:
    """Return the estimator of the tested overall effect that the verdict rests on; None if the run has none."""
    decides = (
        estimates["indicator"].eq(primary)
        & estimates["specification"].eq(CONFIRMATORY)
        & estimates["estimand"].eq("overall")
        & estimates["cohort"].eq(ALL_COHORTS)
        & estimates["inference"].eq("randomisation")
    )
    return ", ".join(sorted(set(estimates.loc[decides, "estimator"]))) or None


def _gates(folder: Path, primary: str) -> tuple[str, ...] | None:
    checks = _table("checks", folder)
    return None if checks is None else tuple(sorted(set(checks.loc[checks["indicator"].eq(primary), "check"])))


def _table(name: str, folder: Path) -> pd.DataFrame | None:
    try:
        return tables.read_table(name, folder)
    except MissingStep:
        return None
