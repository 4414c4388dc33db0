"""All returns of a study, into one panel with an account of every cell.

The way is one: list the files, read each, choose between releases of one figure, make figures of single periods out of
cumulative ones, and either raise every fatal problem of every file in one list or hand on the tables. Fatal is what
makes the meaning of a file or table uncertain (see `helpers.cleaning.layout.sheet_reading` and
`helpers.cleaning.long_form.reading`); a single cell that cannot be read is quarantined, and is missing in the panel.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.cleaning.corrections import RETURNS_FOLDER, read_corrections, unplaced_corrections
from helpers.cleaning.files import SUFFIXES, FileReading
from helpers.cleaning.history.absent_wards import AbsentWards, count_absent_wards
from helpers.cleaning.history.crosswalk import follow_boundaries
from helpers.cleaning.history.release_dates import date_releases
from helpers.cleaning.history.releases import choose_releases
from helpers.cleaning.history.running_sums import Cumulative, file_running_sums
from helpers.cleaning.layout.ledger import PANEL, Ledger, check_balance
from helpers.cleaning.layout.sheet_reading import SheetReading
from helpers.cleaning.layout.vocabulary import Vocabulary, build_vocabulary
from helpers.cleaning.long_form.reading import LongReading
from helpers.cleaning.people.refusal import shown_file
from helpers.cleaning.readings import read_files
from helpers.cleaning.tables import (
    ACCOUNT_COLUMNS,
    FURNITURE_COLUMNS,
    INPUT_COLUMNS,
    LOG_COLUMNS,
    QUARANTINE_COLUMNS,
    count_fates,
    joined_frames,
    log_frame,
    panel_frame,
    placed_frame,
    quarantine_frame,
)
from helpers.cleaning.workbooks.cell_names import cell_name, cell_position
from helpers.errors import DataProblems, Problem
from helpers.messages import Message, say
from helpers.panel import PANEL_COLUMNS, check_panel, shares_key, typed_panel
from helpers.study.objects import Study

LOCK_PREFIX = "~$"
"""Excel and LibreOffice keep such a file beside a workbook that is open, perhaps with changes not yet saved."""


@dataclass(frozen=True, slots=True)
class CleanedReturns:
    """What cleaning leaves behind; every frame is sorted and free of clock and machine.

    Attributes
    ----------
    panel : DataFrame
        The contract of `helpers.panel`. A cell that was blank or quarantined is a row whose value is missing.
    account : DataFrame
        Per sheet: cell_count = panel_count + quarantine_count + furniture_count; beside them absent_zero_count, the
        panel's zeros that no cell says, only where the study declares them.
    furniture : DataFrame
        Per sheet and kind (title, header, total, derived, footer ...): cell_count.
    quarantine : DataFrame
        Per cell not used: file, sheet, cell, value, rule, remedy.
    revisions : DataFrame
        Per figure that a later release changed: what was taken and what it replaced.
    log : DataFrame
        Per decision: file, sheet, cell, what, before, after.
    inputs : DataFrame
        Per file read: file, sha256.
    """

    panel: pd.DataFrame
    account: pd.DataFrame
    furniture: pd.DataFrame
    quarantine: pd.DataFrame
    revisions: pd.DataFrame
    log: pd.DataFrame
    inputs: pd.DataFrame


def clean_returns(study: Study, *, workers: int | None = None, cache: Path | None = None) -> CleanedReturns:
    """Return the panel of a study's returns, and the account of every cell in them.

    Parameters
    ----------
    study : Study
        Its folder holds ``returns/`` (.xlsx, .csv, .parquet, in any subfolder; names that begin with a dot are left
        alone) and ``corrections.csv``. Nothing is written there.
    workers : int, optional
        Processes that read workbooks side by side, at most; by default as many as there are processors.
    cache : Path, optional
        A folder in which what was read is kept, so that an unchanged file is not read twice; it must lie where the
        returns themselves may lie.

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
    readings: Sequence[FileReading] = read_files(paths, vocabulary, corrections, workers=workers, cache=cache)
    readings, unplaced = date_releases(readings, study.releases)
    problems += [*unplaced, *(problem for reading in readings for problem in reading.problems)]
    if problems:
        raise DataProblems(problems, _put_aside(readings))
    sheets = [sheet for reading in readings for sheet in reading.sheets]
    long = [reading.long for reading in readings if reading.long is not None]
    panels = [reading.panel for reading in long]
    long = [replace(reading, panel=panel_frame([])) for reading in long]
    del readings
    panel, revisions, absent = _joined(sheets, long, panels, vocabulary)
    panel = follow_boundaries(panel, study)
    return _tables(panel, revisions, absent, sheets, long, _hashes(study.folder, paths))


def quarantine_problems(cleaned: CleanedReturns) -> tuple[Problem, ...]:
    """Return the cells put aside as problems, which can be said in other languages and listed with the fatal ones."""
    rows = cleaned.quarantine[list(QUARANTINE_COLUMNS)].itertuples(index=False, name=None)
    return tuple(Problem(*row) for row in rows)


def _list_returns(folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Return the readable returns by their name relative to the study folder, and a problem for every other file."""
    returns = folder / RETURNS_FOLDER
    if not returns.resolve().is_relative_to(folder.resolve()):
        return {}, [Problem(RETURNS_FOLDER, "", "", "", *_outside())]
    # A link to a folder is not entered, so it must not be passed over as a folder is.
    found = sorted(path for path in returns.rglob("*") if path.is_symlink() or not path.is_dir())
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in found:
        file = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in path.relative_to(returns).parts):
            continue
        refusal = _refusal(path, returns)
        if refusal:
            problems.append(Problem(shown_file(file), "", "", "", *refusal))
        else:
            paths[file] = path
    if not paths and not problems:
        rule = say("the study has no returns")
        remedy = say(
            "Put the offices' files ({known}) into {folder}/ of the study folder.",
            known=", ".join(SUFFIXES),
            folder=RETURNS_FOLDER,
        )
        problems.append(Problem(RETURNS_FOLDER, "", "", "", rule, remedy))
    return paths, problems


def _refusal(path: Path, returns: Path) -> tuple[Message, Message] | None:
    if path.name.startswith(LOCK_PREFIX):
        return (
            say("a workbook beside this is open, perhaps with changes that are not saved"),
            say("Save and close it, then run again."),
        )
    if not path.resolve().is_relative_to(returns.resolve()):
        return _outside()
    if path.is_dir():
        return say("this is a link to a folder"), say("Copy the folder itself into returns/.")
    if path.suffix.lower() not in SUFFIXES:
        rule = say("returns are {known}; this is none of them", known=", ".join(SUFFIXES))
        return rule, say("Save it as one of these, or move it out of returns/.")
    return None


def _outside() -> tuple[Message, Message]:
    return say("this is a link to a place outside the study"), say("Copy the file itself into returns/.")


def _put_aside(readings: Sequence[FileReading]) -> list[Problem]:
    """Return the cells put aside so far, of the sheets that could be read."""
    ledgers = [sheet.ledger for reading in readings for sheet in reading.sheets if sheet.ledger is not None]
    long = [reading.long.quarantine for reading in readings if reading.long is not None]
    frame = joined_frames([quarantine_frame(ledgers), *long])
    return [Problem(*row) for row in frame.itertuples(index=False, name=None)]


def _joined(
    sheets: Sequence[SheetReading], long: Sequence[LongReading], panels: list[pd.DataFrame], vocabulary: Vocabulary
) -> tuple[pd.DataFrame, pd.DataFrame, AbsentWards]:
    """Return the panel with one figure per key, the revisions, and what wards had that no list names; refile the rest.

    `panels` are those of the long-form files. They are given up, because millions of rows must not lie in memory twice.

    Raises
    ------
    DataProblems
        If two releases contradict each other and nothing tells which is later.
    """
    ledgers = {(one.sheet.file, one.sheet.name): one.ledger for one in sheets if one.ledger is not None}
    of_sheets = panel_frame(ledgers.values())
    alone = joined_frames([of_sheets, *panels])
    panels.clear()
    chosen = choose_releases(alone)
    running = [(ledgers[one.sheet.file, one.sheet.name], figure) for one in sheets for figure in one.running]
    cumulative = _running_frame(running)
    chosen_running = choose_releases(cumulative)
    problems = chosen.problems + chosen_running.problems
    if problems:
        raise DataProblems(problems)
    for label, kind in chosen_running.left_out.items():
        ledger, figure = running[int(str(label))]
        if figure.raw is not None:
            ledger.file_furniture(figure.position, kind)
    is_left = alone.index.isin(chosen.left_out.index)
    kept = [pair for label, pair in enumerate(running) if label not in chosen_running.left_out.index]
    file_running_sums(kept, _known(alone, is_left, kept), vocabulary.period_kind)
    _refile(alone.loc[chosen.left_out.index], chosen.left_out, ledgers, long)
    cells = ["file", "sheet", "cell"]
    left = pd.MultiIndex.from_frame(alone.loc[is_left, cells].astype("str"))
    again = panel_frame(ledgers.values())
    again = again.loc[~pd.MultiIndex.from_frame(again[cells].astype("str")).isin(left)]
    lists = {(one.sheet.file, one.sheet.name): one.ward_lists for one in sheets}
    absent = count_absent_wards(alone, lists, [figure for _, figure in running], vocabulary)
    others = alone.iloc[len(of_sheets) :]
    if is_left[len(of_sheets) :].any():
        others = others.loc[~is_left[len(of_sheets) :]]
    panel = joined_frames([again, others, absent.panel])
    del alone, others
    return _without_blank_doubles(panel), joined_frames([chosen.revisions, chosen_running.revisions]), absent


def _known(
    figures: pd.DataFrame, is_left: npt.NDArray[np.bool_], running: Sequence[Cumulative]
) -> dict[tuple[str, str, str], float]:
    """Return the values by ward, indicator and period that are taken and that cumulative figures may stand beside."""
    wards = {figure.place.ward.ward_id for _, figure in running}
    is_wanted = figures["ward_id"].isin(wards) & figures["value"].notna() & ~is_left
    rows = figures.loc[is_wanted, ["ward_id", "indicator", "period", "value"]]
    return {(str(ward), str(name), str(period)): value for ward, name, period, value in rows.itertuples(index=False)}


def _running_frame(running: Sequence[Cumulative]) -> pd.DataFrame:
    """Return cumulative figures as panel rows labelled by their place in the list."""
    rows = [
        (
            figure.place.ward.ward_id, figure.place.ward.town_code, figure.place.period, figure.place.indicator,
            figure.number.value, None, figure.number.mark, ledger.released, ledger.file, ledger.sheet,
            cell_name(figure.position),
        )
        for ledger, figure in running
    ]  # fmt: skip
    return typed_panel(pd.DataFrame(rows, columns=list(PANEL_COLUMNS)))


def _refile(
    left_out: pd.DataFrame, kinds: pd.Series, ledgers: Mapping[tuple[str, str], Ledger], long: Sequence[LongReading]
) -> None:
    """File figures of which another release is taken as furniture."""
    left_out = left_out.assign(kind=kinds)
    fates = {reading.file: reading.fates for reading in long}
    is_long = left_out["file"].isin(fates)
    in_panel = left_out.loc[is_long & left_out["value"].notna()]
    for file, kind, count in in_panel.groupby(["file", "kind"], as_index=False).size().itertuples(index=False):
        fates[str(file)][PANEL] -= int(count)
        fates[str(file)][str(kind)] += int(count)
    of_sheets = left_out.loc[~is_long, ["file", "sheet", "cell", "kind"]]
    for file, sheet, cell, kind in of_sheets.itertuples(index=False):
        position = cell_position(str(cell))
        if position is not None:
            ledgers[str(file), str(sheet)].refile(position, str(kind))


def _without_blank_doubles(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the panel without blank figures that a cumulative figure fills."""
    is_filled = shares_key(panel) & panel["value"].isna()
    return panel.loc[~is_filled] if bool(is_filled.any()) else panel


def _hashes(folder: Path, returns: dict[str, Path]) -> pd.DataFrame:
    own = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".toml") and path.is_file()}
    rows = [(file, _sha256(path)) for file, path in sorted((own | returns).items())]
    return pd.DataFrame(rows, columns=list(INPUT_COLUMNS)).astype("str")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _tables(
    panel: pd.DataFrame, revisions: pd.DataFrame, absent: AbsentWards, sheets: Sequence[SheetReading],
    long: Sequence[LongReading], inputs: pd.DataFrame,
) -> CleanedReturns:  # fmt: skip
    ledgers = [sheet.ledger for sheet in sheets if sheet.ledger is not None]
    for sheet in sheets:
        if sheet.ledger is not None:
            check_balance(sheet.ledger, sheet.expected_cells)
    zeros = Counter(absent.panel[["file", "sheet"]].itertuples(index=False, name=None))
    accounts = [count_fates(ledger.file, ledger.sheet, ledger.counts(), zeros) for ledger in ledgers]
    accounts += [count_fates(reading.file, "", reading.fates, zeros) for reading in long]
    log = placed_frame([*(row for reading in long for row in reading.log), *absent.log], LOG_COLUMNS)
    account = pd.DataFrame([row for row, _ in accounts], columns=list(ACCOUNT_COLUMNS))
    furniture = pd.DataFrame([row for _, rows in accounts for row in rows], columns=list(FURNITURE_COLUMNS))
    return CleanedReturns(
        panel=check_panel(panel),
        account=account.sort_values(["file", "sheet"], ignore_index=True),
        furniture=furniture.sort_values(["file", "sheet", "kind"], ignore_index=True),
        quarantine=_merged(quarantine_frame(ledgers), *(reading.quarantine for reading in long)),
        revisions=revisions,
        log=_merged(log_frame(ledgers), log),
        inputs=inputs,
    )


def _merged(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames in reading order as one, files in order, cells within a file as they stand."""
    return joined_frames(frames).sort_values("file", kind="stable", ignore_index=True)
