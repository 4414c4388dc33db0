"""The tables that carry a run from one notebook to the next: their columns, and where they lie.

All are CSV but the panel (Parquet). Notebooks 03 and 04 run side by side for many indicators, so each writes parts of
its own (``parts/estimates/fires.csv``) and no two ever write one file; the run's table is the concatenation of its
parts in the order of their names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.errors import EstimationError, MissingStep
from helpers.paths import written_beside
from helpers.text import harmless

PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a run.

    Attributes
    ----------
    notebook : str
        The notebook that writes it.
    numbers : frozenset of str
        Columns that hold numbers (missing: an empty field); every other column holds text.
    columns : tuple of str
        Columns that must be there, in this order; others may follow.
    is_in_parts : bool
        Whether several notebooks write it, each a part.
    """

    notebook: str
    columns: tuple[str, ...]
    numbers: frozenset[str] = frozenset()
    is_in_parts: bool = False


ESTIMATES = Table(
    notebook="03_estimate_effect",
    columns=(
        *("run", "study", "indicator", "specification", "timing", "reading", "roster", "frequency"),
        *("estimator", "estimand", "cohort", "period", "relative_period", "relative_last"),
        *("estimate", "std_error", "conf_low", "conf_high", "p_value", "p_mc_error", "inference", "scale"),
        *("null_tested", "mde", "mde_note", "n_assignments", "smallest_p", "n_treated", "n_comparison", "n_obs"),
        *(
            "n_lost",
            "observed",
            "expected",
            "zero_draw_share",
            "p_adjusted",
            "weight",
            "band_low",
            "band_high",
            "note",
            "reason",
        ),
    ),
    numbers=frozenset(
        {"relative_period", "relative_last", "estimate", "std_error", "conf_low", "conf_high", "p_value"}
        | {"p_mc_error", "mde", "n_assignments", "smallest_p", "n_treated", "n_comparison", "n_obs"}
        | {"n_lost", "observed", "expected", "zero_draw_share", "p_adjusted", "weight", "band_low", "band_high"}
    ),
    is_in_parts=True,
)
COUNTERFACTUAL = Table(
    notebook="03_estimate_effect",
    columns=(
        *("run", "study", "indicator", "specification", "cohort", "period", "state", "ward_count"),
        *("observed", "expected"),
    ),
    numbers=frozenset({"ward_count", "observed", "expected"}),
    is_in_parts=True,
)
CHECKS = Table(
    notebook="04_check_robustness",
    columns=(
        *("run", "indicator", "specification", "check", "question", "statistic", "threshold", "threshold_source"),
        *("verdict", "reason"),
    ),
    numbers=frozenset({"statistic", "threshold"}),
    is_in_parts=True,
)
CHECK_DETAILS = Table(
    notebook="04_check_robustness",
    columns=(
        *("run", "indicator", "specification", "check", "item", "estimate", "conf_low", "conf_high", "p_value"),
        *("n_assignments", "smallest_p", "reason"),
    ),
    numbers=frozenset({"estimate", "conf_low", "conf_high", "p_value", "n_assignments", "smallest_p"}),
    is_in_parts=True,
)
SPECIFICATION_CURVE = Table(
    notebook="04_check_robustness",
    columns=(
        *("run", "indicator", "specification", "kind", "estimator", "timing", "anticipation", "window_first"),
        *("window_last", "wards", "comparison", "estimand", "is_own", "estimate", "conf_low", "conf_high", "p_value"),
        *("inference", "note", "reason", "place", "band_low", "band_high", "n_assignments", "smallest_p"),
    ),
    numbers=frozenset(
        {"anticipation", "estimate", "conf_low", "conf_high", "p_value", "place", "band_low", "band_high"}
        | {"n_assignments", "smallest_p"}
    ),
    is_in_parts=True,
)
SILENT_WARDS = Table(
    "03_estimate_effect", ("run", "indicator", "ward_id", "ward_name_vi", "town_code"), is_in_parts=True
)

REVISIONS = Table(
    notebook="01_clean_program_data",
    columns=(
        *("ward_id", "period", "indicator", "released", "value", "denominator", "file", "sheet", "cell"),
        *("superseded_released", "superseded_value", "superseded_denominator"),
        *("superseded_file", "superseded_sheet", "superseded_cell"),
    ),
    numbers=frozenset({"value", "denominator", "superseded_value", "superseded_denominator"}),
)

TABLES: dict[str, Table] = {
    "cleaning_account": Table(
        notebook="01_clean_program_data",
        columns=(
            *("file", "sheet", "cell_count", "panel_count", "quarantine_count", "furniture_count"),
            "absent_zero_count",
        ),
        numbers=frozenset({"cell_count", "panel_count", "quarantine_count", "furniture_count", "absent_zero_count"}),
    ),
    "cleaning_furniture": Table(
        notebook="01_clean_program_data",
        columns=("file", "sheet", "kind", "cell_count"),
        numbers=frozenset({"cell_count"}),
    ),
    "quarantine": Table("01_clean_program_data", ("file", "sheet", "cell", "value", "rule", "remedy")),
    "cleaning_log": Table("01_clean_program_data", ("file", "sheet", "cell", "what", "before", "after")),
    "revisions": REVISIONS,
    "breaks": Table(
        "01_clean_program_data", ("town_code", "from_indicator", "to_indicator", "period", "source", "evidence")
    ),
    "inputs": Table("01_clean_program_data", ("file", "sha256")),
    "design": Table(
        notebook="02_describe_design",
        columns=("topic", "specification", "indicator", "cohort", "town_code", "period", "measure", "value"),
        numbers=frozenset({"value"}),
    ),
    "estimates": ESTIMATES,
    "counterfactual": COUNTERFACTUAL,
    "silent_wards": SILENT_WARDS,
    "checks": CHECKS,
    "check_details": CHECK_DETAILS,
    "specification_curve": SPECIFICATION_CURVE,
}


def table_named(name: str) -> Table:
    """Return a table by name.

    Raises
    ------
    EstimationError
        If no notebook writes such a table.
    """
    if name not in TABLES:
        raise EstimationError(f"No table is named “{name}”. There are: {', '.join(sorted(TABLES))}.")
    return TABLES[name]


def write_table(frame: pd.DataFrame, name: str, folder: Path, *, key: str = "") -> Path:
    """Write a table (or, with a key, a part of it) into a run's folder, whole or not at all; return its place.

    Raises
    ------
    EstimationError
        If a column of the table is missing.
    """
    table = table_named(name)
    absent = [column for column in table.columns if column not in frame.columns]
    if absent:
        raise EstimationError(f"Table {name} lacks the column(s) {', '.join(absent)}.")
    others = [column for column in frame.columns if column not in table.columns]
    target = folder / PARTS / name / f"{key}.csv" if table.is_in_parts else folder / f"{name}.csv"
    with written_beside(target) as beside:
        written = _harmless_frame(frame.loc[:, [*table.columns, *others]])
        written.to_csv(beside, index=False, lineterminator="\n", encoding="utf-8")
    return target


def _harmless_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without texts that a spreadsheet would calculate: they may come from any office's file."""
    frame = frame.copy()
    for column in frame.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]]:
        frame[column] = frame[column].map(lambda value: harmless(value) if isinstance(value, str) else value)
    return frame


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Return a run's table: text columns with "" where nothing is written, number columns with NaN.

    Raises
    ------
    MissingStep
        If the notebook that writes it has not run.
    """
    table = table_named(name)
    paths = sorted((folder / PARTS / name).glob("*.csv")) if table.is_in_parts else [folder / f"{name}.csv"]
    frames = [_read(path, table) for path in paths if path.is_file()]
    if not frames:
        raise MissingStep(f"Run {folder.name} has no table {name}: run notebook {table.notebook} first.")
    return pd.concat(frames, ignore_index=True)


def _read(path: Path, table: Table) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    for column in table.numbers.intersection(frame.columns):
        frame[column] = pd.to_numeric(frame[column].where(frame[column].ne(""), None)).astype("float64")
    return frame


def gather_tables(folder: Path) -> Sequence[Path]:
    """Write every table that lies in parts as one file beside the others; return their places."""
    gathered = []
    for name in sorted(name for name, table in TABLES.items() if table.is_in_parts):
        if any((folder / PARTS / name).glob("*.csv")):
            target = folder / f"{name}.csv"
            with written_beside(target) as beside:
                read_table(name, folder).to_csv(beside, index=False, lineterminator="\n", encoding="utf-8")
            gathered.append(target)
    return gathered
