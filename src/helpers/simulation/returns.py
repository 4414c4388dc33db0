"""Simulated counts as the workbooks that police offices would send.

One workbook per town and year, one sheet per police month, and a second workbook for the months that were corrected
later (`helpers.simulation.corrections`). Each office has its habits (how it writes a ward, a zero, a
total), each month a clerk who does not always keep to them; all of it is drawn from the seed, workbook by workbook, so
one town's file does not depend on another's. How a cell is spelt is in `helpers.simulation.office`, how a sheet is laid
out in `helpers.simulation.workbook`.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import UsageError
from helpers.simulation.corrections import Corrector
from helpers.simulation.counts import simulate_counts
from helpers.simulation.form import (
    CORRECTED_FILE_MARK,
    SYNTHETIC_FILE_MARK,
    columns_for,
    period_line,
    place_and_date,
    sheet_name,
)
from helpers.simulation.office import Office, Reported
from helpers.simulation.parameters import FormParameters, load_form, load_parameters
from helpers.simulation.shocks import random_stream
from helpers.simulation.spelling import without_accents
from helpers.simulation.workbook import Sheet, write_workbook
from helpers.study import load_study
from helpers.study.objects import Study, Ward
from helpers.study.periods import period_days


def simulate_study(study_folder: str | Path) -> tuple[Path, ...]:
    """Write the returns of a study anew from its parameters, truth and seed, and return their paths.

    Parameters
    ----------
    study_folder : str or Path
        The study, as `helpers.study.load_study` takes it.

    Raises
    ------
    UsageError
        If the study's data origin is not synthetic: real returns are never written over.
    DataProblems
        If the study folder or its parameters are wrong.
    UnwritableOutput
        If its ``returns`` folder cannot be written.
    """
    study = load_study(study_folder)
    if study.origin != "synthetic":
        raise UsageError(
            f"Study {study.study} has data origin {study.origin}: its returns are not simulated and stay as they are. "
            "Copy the folder, and set the origin to “synthetic” in the copy's study.toml."
        )
    seed = load_parameters(study).seed
    return write_returns(study, simulate_counts(study, seed=seed), study.folder / "returns", seed=seed)


def write_returns(study: Study, counts: pd.DataFrame, folder: Path, *, seed: int) -> tuple[Path, ...]:
    """Write counts as workbooks, one per town and year and one more where months are corrected; return their paths.

    Parameters
    ----------
    study : Study
        Names, populations and calendar; its ``synthetic/process.toml`` says how the form is filled in.
    counts : DataFrame
        Columns ward_id, period, indicator, value, as `simulate_counts` gives them; a missing value is left blank.
    folder : Path
        Where to write. Files of the same name are replaced, and a corrected workbook that is no longer sent is deleted,
        because its figures would pass for the latest; others are left alone.
    seed : int
        Of the way things are written, including the few counts left blank.

    Raises
    ------
    UsageError
        If the study's periods are not police months: the form knows no others.
    UnwritableOutput
        If the folder cannot be written.
    """
    if study.period_kind != "police_month":
        raise UsageError(f"Study {study.study} counts by {study.period_kind}; the form knows police months only.")
    form = load_form(study)
    reported = _by_ward_and_period(counts)
    periods = sorted({period for _, period in reported})
    paths = []
    for town, town_name in sorted(study.town_names.items()):
        for year in sorted({period[:4] for period in periods}):
            of_year = [period for period in periods if period.startswith(year)]
            office = _office(study, form, reported, seed=seed, town=town, year=year)
            corrector = Corrector.of_study(study, form.corrections, random_stream(seed, "corrections", town, year))
            sheets = tuple(_sheets(study, reported, office, corrector, town=town, periods=of_year))
            stem = f"Cong-an_{without_accents(town_name)}_{year}"
            dated = period_days(study.period_kind, of_year[-1])[1]
            paths.append(_written(_place(folder, stem), [first for first, _ in sheets], dated))
            later = [sheet for _, sheet in sheets if sheet is not None]
            late_path = _place(folder, f"{stem}_{CORRECTED_FILE_MARK}")
            if later:
                paths.append(_written(late_path, later, dated))
            else:
                late_path.unlink(missing_ok=True)
    return tuple(sorted(paths))


def _place(folder: Path, stem: str) -> Path:
    return folder / f"{stem}_{SYNTHETIC_FILE_MARK}.xlsx"


def _written(path: Path, sheets: Sequence[Sheet], dated: date) -> Path:
    write_workbook(sheets, path, title=path.stem, dated=dated)
    return path


def _by_ward_and_period(counts: pd.DataFrame) -> dict[tuple[str, str], Reported]:
    wide = counts.pivot(index=["ward_id", "period"], columns="indicator", values="value")
    return {
        (str(ward), str(period)): {
            str(name): None if np.isnan(value) else int(value) for name, value in zip(wide.columns, values, strict=True)
        }
        for (ward, period), values in zip(wide.index, wide.to_numpy(dtype=float), strict=True)
    }


def _office(
    study: Study, form: FormParameters, reported: dict[tuple[str, str], Reported], *, seed: int, town: str, year: str
) -> Office:
    rng = random_stream(seed, "returns", town, year)
    columns = columns_for(next(values for (ward, _), values in reported.items() if ward in _wards_of(study, town)))
    return Office.with_habits(form, columns, rng)


def _wards_of(study: Study, town: str) -> dict[str, Ward]:
    wards = sorted((ward for ward in study.wards if ward.town_code == town), key=lambda ward: ward.ward_id)
    return {ward.ward_id: ward for ward in wards}


def _sheets(
    study: Study,
    reported: dict[tuple[str, str], Reported],
    office: Office,
    corrector: Corrector,
    *,
    town: str,
    periods: Sequence[str],
) -> Iterator[tuple[Sheet, Sheet | None]]:
    """Yield each month's sheet as it is sent first, and as it is sent again if it is."""
    wards, place = _wards_of(study, town), study.town_names[town]
    for period in periods:
        rows = [(ward, office.with_blanks(reported[ward_id, period])) for ward_id, ward in wards.items()]
        signed = period_days(study.period_kind, period)[1] + timedelta(days=1)
        true = Sheet(
            name=sheet_name(period),
            columns=office.columns,
            offices=(office.form.province_office, office.form.town_offices[town]),
            period_line=period_line(study.period_kind, period),
            rows=tuple(office.ward_row(number, ward, values) for number, (ward, values) in enumerate(rows, start=1)),
            total=office.total_row(rows),
            total_word=office.habits.total_word,
            place_and_date=place_and_date(place, signed),
            blank_lines=office.habits.blank_lines,
        )
        yield corrector.first_and_corrected(true, office, rows, place, signed)
