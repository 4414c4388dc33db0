"""Long-form files: one row a figure, with the columns unit, period, indicator, value and perhaps denominator.

Machines write these, so numbers follow `helpers.cleaning.numbers.read_plain_number`, and units are codes, never names.
A row that is absent means not reported. Fatal is what makes rows uncertain: other columns, an unknown unit, period or
indicator, a figure given twice. A value that cannot be read is quarantined alone.

Everything works on distinct spellings and whole columns, so a million rows cost little more than their reading.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cleaning.corrections import Correction
from helpers.cleaning.ledger import PANEL, QUARANTINE, UnbalancedAccount
from helpers.cleaning.numbers import Number, read_plain_number
from helpers.cleaning.personal import is_personal_heading, looks_personal, personal_problem, shown
from helpers.cleaning.sheet_scan import Position, cell_name, cell_position
from helpers.cleaning.vocabulary import Vocabulary
from helpers.cleaning.workbook import as_text
from helpers.errors import Problem, UsageError
from helpers.panel import PANEL_COLUMNS
from helpers.study.objects import Ward
from helpers.study.periods import period_number
from helpers.text import closest

KEYS = ("unit", "period", "indicator")
VALUE, DENOMINATOR = "value", "denominator"
REQUIRED = (*KEYS, VALUE)
FIRST_ROW = 2
"""Row of the first figure, below the heading, as a spreadsheet would number it."""
MOST_REPEATED = 20
"""Figures given twice are listed up to this many per file; their number is always told."""


@dataclass(frozen=True, slots=True)
class LongReading:
    """How a long-form file was read.

    Attributes
    ----------
    file : str
        The file.
    panel : DataFrame
        Columns `helpers.panel.PANEL_COLUMNS`; empty if there is a problem.
    fates : Counter
        Number of cells by fate; balanced.
    quarantine, log : list of tuple
        Rows begun by file, sheet, row and column.
    problems : tuple of Problem
        Everything fatal about the file.
    """

    file: str
    panel: pd.DataFrame
    fates: Counter[str] = field(default_factory=Counter)
    quarantine: list[tuple[object, ...]] = field(default_factory=list)
    log: list[tuple[object, ...]] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()


def read_long(path: Path, file: str, vocabulary: Vocabulary, corrections: Iterable[Correction] = ()) -> LongReading:
    """Return how a CSV or Parquet file of figures was read; parameters as for `read_wide` of the wide form."""
    none = pd.DataFrame(columns=list(PANEL_COLUMNS))
    table, problems = _read_text(path, file)
    if table is None:
        return LongReading(file, none, problems=tuple(problems))
    problems = _personal(table, file) or _wrong_columns(table, file)
    if problems:
        return LongReading(file, none, problems=tuple(problems))
    table, log, problems = _corrected(table, file, corrections)
    wards, key_problems = _resolve_keys(table, file, vocabulary)
    problems += key_problems
    if problems:
        return LongReading(file, none, problems=tuple(problems))
    return _filed(table, wards, file, vocabulary, log=log, is_typed=path.suffix.lower() == ".parquet")


def _read_text(path: Path, file: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    try:
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
            table = frame.apply(lambda column: column.map(as_text, na_action="ignore")).fillna("")
        else:
            table = _read_csv(path)
    except UnicodeDecodeError:
        return None, [Problem(file, "", "", "", "the text is not UTF-8", "Save it as “CSV UTF-8” and send it again.")]
    except (ValueError, OSError, csv.Error) as error:
        rule = "the file cannot be read as a table whose rows all have the columns of its heading"
        where = f" ({error})" if type(error) is ValueError and str(error).startswith("row ") else ""
        remedy = f"Correct it{where}, and save it again as “CSV UTF-8” with commas, or as Parquet."
        return None, [Problem(file, "", "", "", rule, remedy)]
    table.columns = pd.Index([str(column).strip().casefold() for column in table.columns])
    table = table.astype("object")
    return table.loc[(table != "").any(axis="columns")], []


def _read_csv(path: Path) -> pd.DataFrame:
    """Return a CSV as text, its index telling the rows; pandas would cut off what stands right of the heading."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        heading, *rows = csv.reader(stream, strict=True)
    filled = {number: row for number, row in enumerate(rows) if row}
    wrong = [number for number, row in filled.items() if len(row) != len(heading)]
    if wrong:
        raise ValueError(f"row {wrong[0] + FIRST_ROW} has {len(filled[wrong[0]])} fields, the heading {len(heading)}")
    return pd.DataFrame(list(filled.values()), index=list(filled), columns=heading, dtype="object")


def _personal(table: pd.DataFrame, file: str) -> list[Problem]:
    found = [
        personal_problem(file, "", (FIRST_ROW - 1, number))
        for number, column in enumerate(table.columns, start=1)
        if is_personal_heading(column)
    ]
    for number, column in enumerate(table.columns, start=1):
        if column not in (*KEYS, DENOMINATOR):
            suspect = table[column].map({text: looks_personal(text) for text in table[column].unique()})
            found += [
                personal_problem(file, "", (int(row) + FIRST_ROW, number)) for row in table.index[suspect.astype(bool)]
            ]
    return found


def _wrong_columns(table: pd.DataFrame, file: str) -> list[Problem]:
    found = list(table.columns)
    absent = [column for column in REQUIRED if column not in found]
    extra = [column for column in found if column not in (*REQUIRED, DENOMINATOR)]
    if not absent and not extra and len(set(found)) == len(found):
        return []
    rule = f"a long-form file has the columns {', '.join(REQUIRED)} and perhaps {DENOMINATOR}, each once"
    remedy = "Rename or delete columns until it has; send a wide table as .xlsx."
    return [Problem(file, "", "row 1", shown(", ".join(found)), rule, remedy)]


def _corrected(
    table: pd.DataFrame, file: str, corrections: Iterable[Correction]
) -> tuple[pd.DataFrame, list[tuple[object, ...]], list[Problem]]:
    log: list[tuple[object, ...]] = []
    problems: list[Problem] = []
    table = table.copy()
    for correction in corrections:
        position = cell_position(correction.cell)
        row, column = (position[0] - FIRST_ROW, position[1] - 1) if position else (-1, -1)
        if position is None or correction.sheet or row not in table.index or not 0 <= column < table.shape[1]:
            remedy = "Leave the sheet empty, and write the cell as a spreadsheet would name it (D7)."
            problems.append(correction.problem(shown(correction.cell), f"{file} has no such cell", remedy))
            continue
        found = str(table.at[row, table.columns[column]])
        if found.strip() != correction.old_value.strip():
            rule = f"{file} says “{shown(found)}” there, not what this correction replaces"
            remedy = "The file has changed since: look again, then write the new old_value or withdraw the correction."
            problems.append(correction.problem(shown(correction.old_value), rule, remedy))
            continue
        table.at[row, table.columns[column]] = correction.new_value.strip()
        log.append((file, "", *position, "correction", shown(found), correction.after))
    return table, log, problems


def _resolve_keys(table: pd.DataFrame, file: str, vocabulary: Vocabulary) -> tuple[list[Ward | None], list[Problem]]:
    """Return the ward of each row, and what is wrong with units, periods and indicators."""
    problems = _unknown(table, file, "period", lambda text: _is_period(text, vocabulary), _period_advice(vocabulary))
    problems += _unknown(
        table, file, "indicator", lambda text: text in vocabulary.indicators,
        lambda text: _suggestion(closest(text, vocabulary.indicators), "an indicator of indicators.csv is expected"),
    )  # fmt: skip
    if problems:
        return [], problems
    pairs = list(zip(table["unit"], table["period"], strict=True))
    units = unit_wards(vocabulary)
    wards = {pair: _ward_of(units.get(str(pair[0]), ()), str(pair[1]), vocabulary) for pair in dict.fromkeys(pairs)}
    unknown = {pair[0] for pair, ward in wards.items() if ward is None}
    problems = _unknown(
        table, file, "unit", lambda text: text not in unknown,
        lambda _: ("one ward of wards.csv, by its code or code@valid_from, that exists in the row's period is expected",
                   "Correct the code (as text: a code that lost a leading zero is another code), or the period."),
    )  # fmt: skip
    if not problems:
        problems = _repeated(table, file)
    return [wards[pair] for pair in pairs], problems


def _unknown(
    table: pd.DataFrame, file: str, column: str, is_known: Callable[[str], bool],
    advice: Callable[[str], tuple[str, str]],
) -> list[Problem]:  # fmt: skip
    number = list(table.columns).index(column) + 1
    problems = []
    for text, rows in table.groupby(column, sort=True).groups.items():
        if not is_known(str(text)):
            rule, remedy = advice(str(text))
            rule += f" (in {len(rows)} rows)" if len(rows) > 1 else ""
            cell = cell_name((int(rows.min()) + FIRST_ROW, number))
            problems.append(Problem(file, "", cell, shown(text), rule, remedy))
    return problems


def _is_period(text: str, vocabulary: Vocabulary) -> bool:
    try:
        period_number(vocabulary.period_kind, text)
    except UsageError:
        return False
    return True


def _period_advice(vocabulary: Vocabulary) -> Callable[[str], tuple[str, str]]:
    kind = vocabulary.period_kind.replace("_", " ")
    example = {"calendar_quarter": "2023Q2", "year": "2023"}.get(vocabulary.period_kind, "2023-05")
    return lambda _: (f"a {kind} such as {example} is expected", "Write the period so.")


def _suggestion(near: str, rule: str) -> tuple[str, str]:
    return rule, f"Correct it{f' (perhaps “{near}” is meant)' if near else ''}, or add it to indicators.csv."


def unit_wards(vocabulary: Vocabulary) -> dict[str, tuple[Ward, ...]]:
    """Return the wards that a unit's code, or its code with first day, may mean."""
    wards = {ward.ward_id: ward for found in vocabulary.wards.values() for ward in found}
    units: dict[str, tuple[Ward, ...]] = {}
    for ward_id in sorted(wards):
        units[ward_id] = (wards[ward_id],)
        units[wards[ward_id].ward_code] = (*units.get(wards[ward_id].ward_code, ()), wards[ward_id])
    return units


def _ward_of(candidates: tuple[Ward, ...], period: str, vocabulary: Vocabulary) -> Ward | None:
    existing = [ward for ward in candidates if vocabulary.has_ward(ward, period)]
    return existing[0] if len(existing) == 1 else None


def _repeated(table: pd.DataFrame, file: str) -> list[Problem]:
    twice = table.loc[table.duplicated(list(KEYS))]
    number = list(table.columns).index(VALUE) + 1
    rule = f"this unit, period and indicator stands in an earlier row too ({len(twice)} such rows in the file)"
    remedy = "Delete the row that is wrong."
    return [
        Problem(file, "", cell_name((int(row) + FIRST_ROW, number)), shown(" ".join(map(str, key))), rule, remedy)
        for row, key in zip(twice.index[:MOST_REPEATED], twice[list(KEYS)].itertuples(index=False), strict=False)
    ]


def _filed(
    table: pd.DataFrame, wards: list[Ward | None], file: str, vocabulary: Vocabulary, *,
    log: list[tuple[object, ...]], is_typed: bool,
) -> LongReading:  # fmt: skip
    is_count = table["indicator"].map({name: about.kind == "count" for name, about in vocabulary.indicators.items()})
    quarantine: list[tuple[object, ...]] = []
    fates: Counter[str] = Counter({"header": table.shape[1], "key": len(KEYS) * len(table)})
    values, marks, refused = _numbers(table, VALUE, is_count.astype(bool), vocabulary, is_typed=is_typed)
    quarantine += [(file, "", *place, *fields) for place, *fields in refused]
    fates[PANEL], fates[QUARANTINE] = len(table) - len(refused), len(refused)
    denominators = np.full(len(table), np.nan)
    if DENOMINATOR in table.columns:
        denominators, _, refused = _numbers(table, DENOMINATOR, is_count.astype(bool), vocabulary, is_typed=is_typed)
        refused = [row for row in refused if row[1]]
        quarantine += [(file, "", *place, *fields) for place, *fields in refused]
        fates[QUARANTINE] += len(refused)
        fates[DENOMINATOR] = int(table[DENOMINATOR].ne("").sum()) - len(refused)
    fractional = is_count.to_numpy(dtype=bool) & (np.mod(np.nan_to_num(values), 1) != 0)
    for name, count in table["indicator"][fractional].value_counts().sort_index().items():
        log.append((file, "", 0, 0, "fractional_count", str(name), f"{count} counts have a fraction"))
    letter = cell_name((1, list(table.columns).index(VALUE) + 1)).removesuffix("1")
    cells = [f"{letter}{row + FIRST_ROW}" for row in table.index]
    present = [ward for ward in wards if ward is not None]
    panel = pd.DataFrame(
        {
            "ward_id": [ward.ward_id for ward in present],
            "town_code": [ward.town_code for ward in present],
            "period": table["period"].to_numpy(),
            "indicator": table["indicator"].to_numpy(),
            "value": values,
            "denominator": denominators,
            "mark": marks,
            "file": file,
            "sheet": "",
            "cell": cells,
        }
    )
    _check_balance(table, fates, file)
    return LongReading(file, panel, fates, quarantine, log)


def _numbers(
    table: pd.DataFrame, column: str, is_count: pd.Series, vocabulary: Vocabulary, *, is_typed: bool
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], list[str], list[tuple[Position, str, str, str]]]:
    """Return values and marks of a column, and its refused cells as position, value, rule and remedy."""
    number = list(table.columns).index(column) + 1
    keys = list(zip(table[column], is_count, strict=True))
    readings: Mapping[tuple[str, bool], Number] = {
        key: read_plain_number(str(key[0]), vocabulary.cells, is_count=bool(key[1]), is_typed=is_typed)
        for key in dict.fromkeys(keys)
    }
    read = [readings[key] for key in keys]
    refused = [
        ((int(row) + FIRST_ROW, number), shown(text), reading.reason, reading.remedy)
        for row, text, reading in zip(table.index, table[column], read, strict=True)
        if reading.value is None
    ]
    values = np.array([np.nan if reading.value is None else reading.value for reading in read], dtype=np.float64)
    return values, [reading.mark for reading in read], refused


def _check_balance(table: pd.DataFrame, fates: Counter[str], file: str) -> None:
    expected = table.shape[1] + int((table != "").to_numpy().sum()) + int(table[VALUE].eq("").sum())
    if sum(fates.values()) != expected:
        raise UnbalancedAccount(
            f"{file}: {expected} cells were read and {sum(fates.values())} filed. "
            "Please report this with the file's form (not its figures)."
        )
