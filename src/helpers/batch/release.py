"""Which of a run's tables go into its report folder: all public ones, of restricted data what control leaves."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers.batch import tables
from helpers.batch.workspace import PANEL_FILE
from helpers.panel import read_panel
from helpers.paths import written_beside
from helpers.reporting import open_briefing
from helpers.reporting.disclosure import CONTRIBUTIONS, protect_tables, ward_contributions
from helpers.study import Study

KEPT_BACK = ("cleaning_log", "cleaning_furniture")
"""Tables of every decision on every cell: too long to hand on, and at home under data/processed."""
WARD_TABLES = ("quarantine", "revisions", "silent_wards")
"""Tables about single wards: of restricted data they stay at home whoever approves the rest."""
JUDGED_BY = ("estimates", "counterfactual", "checks")
"""Without these nothing can be judged, and no table of a controlled run is released."""
LANGUAGE = "en"


def release_tables(study: Study, manifest: Mapping[str, object], source: Path, target: Path) -> tuple[Path, ...]:
    """Write a run's public tables into a folder and return their paths.

    Of restricted data any other table that lies there from an earlier run is removed.

    Parameters
    ----------
    study : Study
    manifest : mapping
        The run's manifest: under which design it was made.
    source : Path
        The folder of the run's tables.
    target : Path
        The folder to publish in.

    Raises
    ------
    DisclosureRisk
        If no pattern of withheld counts is safe.
    """
    names = sorted(set(tables.TABLES) - set(KEPT_BACK))
    if study.origin == "real_restricted":
        names = [name for name in names if name not in WARD_TABLES]
    found = [name for name in names if (source / f"{name}.csv").is_file()]
    if study.is_controlled:
        written = _write_controlled(study, manifest, source, target, found)
    else:
        written = tuple(_copy(source / f"{name}.csv", target) for name in found)
    if study.origin == "real_restricted":
        clear_others(target, written, "*.csv")
    return written


def clear_others(folder: Path, kept: Iterable[Path], pattern: str) -> None:
    """Remove what an earlier run published and this one withholds."""
    names = {path.name for path in kept}
    for path in sorted(folder.glob(pattern)):
        if path.name not in names:
            path.unlink()


def run_contributions(
    study: Study, manifest: Mapping[str, object], folder: Path, indicators: Iterable[str]
) -> pd.DataFrame:
    """Return what each ward contributes to a run's counts, from its panel and under its design; never published."""
    design = open_briefing(study, manifest, language=LANGUAGE).design()
    return ward_contributions(read_panel(folder / PANEL_FILE), design, indicators)


def _write_controlled(
    study: Study, manifest: Mapping[str, object], source: Path, target: Path, found: list[str]
) -> tuple[Path, ...]:
    if not (set(JUDGED_BY) <= set(found) and (source / PANEL_FILE).is_file()):
        return ()
    own = {name: tables.read_table(name, source) for name in found}
    indicators = sorted(set(own["counterfactual"]["indicator"]))
    own[CONTRIBUTIONS] = run_contributions(study, manifest, source, indicators)
    public, _ = protect_tables(own, study)
    paths = []
    for name, frame in sorted(public.items()):
        paths.append(target / f"{name}.csv")
        with written_beside(paths[-1]) as beside:
            frame.to_csv(beside, index=False, lineterminator="\n", encoding="utf-8")
    return tuple(paths)


def _copy(source: Path, target: Path) -> Path:
    with written_beside(target / source.name) as beside:
        shutil.copyfile(source, beside)
    return target / source.name
