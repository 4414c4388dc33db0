"""All returns of a study, into one panel with an account of every cell.

The way is one: list the files, read each by its form, look across files for periods returned twice, and either raise
every fatal problem of every file in one list or hand on the tables. Fatal is what makes the meaning of a file or table
uncertain (see `helpers.cleaning.wide_form` and `helpers.cleaning.long_form`); a single cell that cannot be read is
quarantined, and is missing in the panel.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.cleaning.corrections import RETURNS_FOLDER, Correction, read_corrections, unplaced_corrections
from helpers.cleaning.ledger import Ledger
from helpers.cleaning.long_form import LongReading, read_long
from helpers.cleaning.personal import shown
from helpers.cleaning.tables import (
    ACCOUNT_COLUMNS,
    FURNITURE_COLUMNS,
    INPUT_COLUMNS,
    LOG_COLUMNS,
    QUARANTINE_COLUMNS,
    account_rows,
    count_fates,
    joined_frames,
    log_frame,
    panel_frame,
    placed_frame,
    quarantine_frame,
)
from helpers.cleaning.vocabulary import Vocabulary, build_vocabulary
from helpers.cleaning.wide_form import SheetReading, WideReading, read_wide
from helpers.errors import DataProblems, Problem
from helpers.panel import KEY, check_panel
from helpers.study.objects import Study
from helpers.text import nfc

WIDE_SUFFIXES = (".xlsx",)
LONG_SUFFIXES = (".csv", ".parquet")
LOCK_PREFIX = "~$"
"""Excel and LibreOffice keep such a file beside a workbook that is open, perhaps with changes not yet saved."""
MOST_REPEATED = 20
"""Figures given twice across files are listed up to this many; their number is always told."""


@dataclass(frozen=True, slots=True)
class CleanedReturns:
    """What cleaning leaves behind; every frame is sorted and free of clock and machine.

    Attributes
    ----------
    panel : DataFrame
        The contract of `helpers.panel`. A cell that was blank or quarantined is a row whose value is missing.
    account : DataFrame
        Per sheet: cell_count = panel_count + quarantine_count + furniture_count.
    furniture : DataFrame
        Per sheet and kind (title, header, total, derived, footer ...): cell_count.
    quarantine : DataFrame
        Per cell not used: file, sheet, cell, value, rule, remedy.
    log : DataFrame
        Per decision: file, sheet, cell, what, before, after.
    inputs : DataFrame
        Per file read: file, sha256.
    """

    panel: pd.DataFrame
    account: pd.DataFrame
    furniture: pd.DataFrame
    quarantine: pd.DataFrame
    log: pd.DataFrame
    inputs: pd.DataFrame


def clean_returns(study: Study) -> CleanedReturns:
    """Return the panel of a study's returns, and the account of every cell in them.

    Parameters
    ----------
    study : Study
        Its folder holds ``returns/`` (.xlsx, .csv, .parquet, in any subfolder; names that begin with a dot are left
        alone) and ``corrections.csv``. Nothing is written there.

    Raises
    ------
    DataProblems
        With everything fatal in all files: a file of no known type or that cannot be read, personal content, a table
        whose heading, period, town or wards are uncertain, a period returned twice, a correction that fits nowhere.
    UnbalancedAccount
        If a cell was lost, invented or filed twice: a fault of this program.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> cleaned = clean_returns(load_study("nghe_an"))
    >>> parts = cleaned.account[["panel_count", "quarantine_count", "furniture_count"]].sum(axis="columns")
    >>> bool(parts.eq(cleaned.account["cell_count"]).all())
    True
    """
    vocabulary = build_vocabulary(study)
    corrections = read_corrections(study.folder)
    paths, problems = _list_returns(study.folder)
    problems += unplaced_corrections(corrections, paths)
    wide: list[WideReading] = []
    long: list[LongReading] = []
    for file, path in sorted(paths.items()):
        own = [correction for correction in corrections if correction.file == nfc(file)]
        problems += _read(path, file, vocabulary, own, wide, long)
    sheets = [reading for workbook in wide for reading in workbook.sheets]
    problems += _returned_twice(sheets)
    if problems:
        raise DataProblems(problems)
    panel = joined_frames([panel_frame(_ledgers(sheets)), *(reading.panel for reading in long)])
    problems = _figures_twice(panel)
    if problems:
        raise DataProblems(problems)
    return _tables(panel, _ledgers(sheets), long, _hashes(study.folder, paths))


def _list_returns(folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Return the readable returns by their name relative to the study folder, and a problem for every other file."""
    returns = folder / RETURNS_FOLDER
    found = sorted(path for path in returns.rglob("*") if not path.is_dir()) if returns.is_dir() else []
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in found:
        file = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in path.relative_to(returns).parts):
            continue
        refusal = _refusal(path, returns)
        if refusal:
            problems.append(Problem(file, "", "", "", *refusal))
        else:
            paths[file] = path
    if not paths and not problems:
        rule = "the study has no returns"
        known = ", ".join(WIDE_SUFFIXES + LONG_SUFFIXES)
        remedy = f"Put the offices' files ({known}) into {RETURNS_FOLDER}/ of the study folder."
        problems.append(Problem(RETURNS_FOLDER, "", "", "", rule, remedy))
    return paths, problems


def _refusal(path: Path, returns: Path) -> tuple[str, str] | None:
    if path.name.startswith(LOCK_PREFIX):
        return (
            "a workbook beside this is open, perhaps with changes that are not saved",
            "Save and close it, then run again.",
        )
    if not path.resolve().is_relative_to(returns.resolve()):
        return "this is a link to a place outside the study", "Copy the file itself into returns/."
    if path.suffix.lower() not in WIDE_SUFFIXES + LONG_SUFFIXES:
        known = ", ".join(WIDE_SUFFIXES + LONG_SUFFIXES)
        return f"returns are {known}; this is none of them", "Save it as one of these, or move it out of returns/."
    return None


def _read(
    path: Path, file: str, vocabulary: Vocabulary, corrections: Sequence[Correction],
    wide: list[WideReading], long: list[LongReading],
) -> list[Problem]:  # fmt: skip
    """Read one file into `wide` or `long`, and return its problems."""
    try:
        if path.suffix.lower() in WIDE_SUFFIXES:
            wide.append(read_wide(path, file, vocabulary, corrections))
            return list(wide[-1].all_problems)
        long.append(read_long(path, file, vocabulary, corrections))
        return list(long[-1].problems)
    except DataProblems as error:
        return list(error.problems)


def _ledgers(sheets: Iterable[SheetReading]) -> list[Ledger]:
    return [reading.ledger for reading in sheets if reading.ledger is not None]


def _returned_twice(sheets: Iterable[SheetReading]) -> list[Problem]:
    first: dict[tuple[str, str], SheetReading] = {}
    problems: list[Problem] = []
    for reading in sheets:
        if not (reading.period and reading.town_code):
            continue
        earlier = first.setdefault((reading.town_code, reading.period), reading)
        if earlier is not reading:
            rule = f"{reading.period} of this town is also returned in {earlier.sheet.file}, sheet {earlier.sheet.name}"
            remedy = "Keep the one that is valid in returns/, and move the other out of it."
            problems.append(Problem(reading.sheet.file, reading.sheet.name, "", reading.period, rule, remedy))
    return problems


def _figures_twice(panel: pd.DataFrame) -> list[Problem]:
    panel = panel.sort_values([*KEY, "file", "sheet", "cell"])
    twice = panel.loc[panel.duplicated(list(KEY))]
    rule = f"this ward, period and indicator is also returned elsewhere ({len(twice)} such figures in all)"
    remedy = "Keep the one that is valid in returns/, and take the other out."
    rows = twice[["file", "sheet", "cell", *KEY]].astype("str").head(MOST_REPEATED)
    return [
        Problem(file, sheet, cell, shown(" ".join(key)), rule, remedy)
        for file, sheet, cell, *key in rows.itertuples(index=False, name=None)
    ]


def _hashes(folder: Path, returns: dict[str, Path]) -> pd.DataFrame:
    own = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".toml") and path.is_file()}
    rows = [(file, hashlib.sha256(path.read_bytes()).hexdigest()) for file, path in sorted((own | returns).items())]
    return pd.DataFrame(rows, columns=list(INPUT_COLUMNS)).astype("str")


def _tables(
    panel: pd.DataFrame, ledgers: list[Ledger], long: list[LongReading], inputs: pd.DataFrame
) -> CleanedReturns:
    accounts = [account_rows(ledger) for ledger in ledgers]
    accounts += [count_fates(reading.file, "", reading.fates) for reading in long]
    quarantine = placed_frame([row for reading in long for row in reading.quarantine], QUARANTINE_COLUMNS)
    log = placed_frame([row for reading in long for row in reading.log], LOG_COLUMNS)
    account = pd.DataFrame([row for row, _ in accounts], columns=list(ACCOUNT_COLUMNS))
    furniture = pd.DataFrame([row for _, rows in accounts for row in rows], columns=list(FURNITURE_COLUMNS))
    return CleanedReturns(
        panel=check_panel(panel),
        account=account.sort_values(["file", "sheet"], ignore_index=True),
        furniture=furniture.sort_values(["file", "sheet", "kind"], ignore_index=True),
        quarantine=_merged(quarantine_frame(ledgers), quarantine),
        log=_merged(log_frame(ledgers), log),
        inputs=inputs,
    )


def _merged(wide: pd.DataFrame, long: pd.DataFrame) -> pd.DataFrame:
    """Return two frames in reading order as one, files in order, cells within a file as they stand."""
    return joined_frames([wide, long]).sort_values("file", kind="stable", ignore_index=True)
