"""The figures of a long-form file: what its rows say, collected batch by batch as whole columns of numbers.

A row takes some thirty bytes here, whatever it takes in the file; texts stand once, with their number in each row.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.cleaning.layout.ledger import PANEL, QUARANTINE
from helpers.cleaning.layout.numbers import Number, read_plain_number
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.batches import Batch, Coded, Codes
from helpers.cleaning.long_form.keys import KEYS, KeyReader, Keys
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.tables import QUARANTINE_COLUMNS, panel_frame, quarantine_frame
from helpers.cleaning.workbooks.cell_names import cell_name
from helpers.errors import Problem
from helpers.messages import say
from helpers.panel import MARKS, PANEL_COLUMNS, repeated_text, typed_panel

VALUE, DENOMINATOR = "value", "denominator"
MOST_REPEATED = 20
"""Figures given twice are listed up to this many per file; their number is always told."""
MOST_KEPT_READINGS = 100_000
_COLLECTED = ("ward", "period", "indicator", "value", "mark", "row", DENOMINATOR)

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Read:
    """A column of a batch as numbers, each of shape (rows,); `refusals` is -1 where the number was read."""

    values: Floats
    marks: npt.NDArray[np.int8]
    refusals: Codes


class LongFigures:
    """Figures of one file.

    Attributes
    ----------
    fates : Counter
        Number of cells by fate.
    cell_count : int
        Cells that the file has, counted apart from their fates: those with text, and blank values.
    fractional : Counter
        Number of counts that have a fraction, by indicator.
    """

    def __init__(self, file: str, heading: Sequence[str], vocabulary: Vocabulary, keys: KeyReader) -> None:
        self.file, self.heading, self.keys = file, list(heading), keys
        self.fates: Counter[str] = Counter({"header": len(heading)})
        self.cell_count = len(heading)
        self.fractional: Counter[str] = Counter()
        self._is_count = np.array([vocabulary.indicators[name].kind == "count" for name in keys.indicators], dtype=bool)
        self._pieces: list[tuple[npt.NDArray[Any], ...]] = []
        self._refusals: dict[tuple[str, str, str], int] = {}
        self._refused: list[tuple[Rows, npt.NDArray[np.int8], Codes]] = []

        @lru_cache(maxsize=MOST_KEPT_READINGS)
        def read(text: str, is_count: bool, is_typed: bool) -> Number:
            return read_plain_number(text, vocabulary.cells, is_count=is_count, is_typed=is_typed)

        self._read = read

    def add(self, batch: Batch, keys: Keys, *, is_typed: bool) -> None:
        """Add rows whose keys are known; `is_typed` is whether the file itself types its numbers."""
        is_count = self._is_count[keys.indicators]
        own = self._numbers(batch.columns[VALUE], is_count, is_typed=is_typed)
        denominators = None
        refused = self._refuse(VALUE, batch, own)
        self.fates.update({"key": len(KEYS) * len(batch.rows), PANEL: len(batch.rows) - refused, QUARANTINE: refused})
        if DENOMINATOR in batch.columns:
            beside = self._numbers(batch.columns[DENOMINATOR], is_count, is_typed=is_typed)
            beside.refusals[batch.columns[DENOMINATOR].where([""])] = -1
            refused = self._refuse(DENOMINATOR, batch, beside)
            filled = int((~batch.columns[DENOMINATOR].where([""])).sum())
            self.fates.update({QUARANTINE: refused, DENOMINATOR: filled - refused})
            denominators = beside.values
        self.cell_count += sum(int((~column.where([""])).sum()) for column in batch.columns.values())
        self.cell_count += int(batch.columns[VALUE].where([""]).sum())
        fractional = keys.indicators[is_count & (np.mod(np.nan_to_num(own.values), 1) != 0)]
        for number, count in enumerate(np.bincount(fractional).tolist()):
            self.fractional[self.keys.indicators[number]] += count
        piece = (keys.wards, keys.periods, keys.indicators.astype(np.int16), own.values, own.marks, batch.rows)
        self._pieces.append(piece if denominators is None else (*piece, denominators))  # in the order of `_COLLECTED`

    def _numbers(self, column: Coded, is_count: npt.NDArray[np.bool_], *, is_typed: bool) -> _Read:
        """Return a column as numbers: each spelling is read once as a count, and once as none, where it stands so."""
        codes = 2 * column.codes + is_count
        size = 2 * len(column.spellings)
        values, marks = np.full(size, np.nan), np.zeros(size, dtype=np.int8)
        refusals = np.full(size, -1, dtype=np.int32)
        for code in np.flatnonzero(np.bincount(codes, minlength=size)).tolist():
            text = column.spellings[code // 2]
            number = self._read(text, bool(code % 2), is_typed)
            marks[code] = MARKS.index(number.mark)
            if number.value is None:
                refusal = (shown(text), number.reason, number.remedy)
                refusals[code] = self._refusals.setdefault(refusal, len(self._refusals))
            else:
                values[code] = number.value
        return _Read(values[codes], marks[codes], refusals[codes])

    def _refuse(self, name: str, batch: Batch, read: _Read) -> int:
        """Remember the cells of a column that are put aside, and return their number."""
        places = np.flatnonzero(read.refusals >= 0)
        columns = np.full(len(places), self.heading.index(name) + 1, dtype=np.int8)
        self._refused.append((batch.rows[places], columns, read.refusals[places]))
        return len(places)

    def quarantine(self) -> pd.DataFrame:
        """Return the cells put aside in reading order, as `helpers.cleaning.tables.quarantine_frame` does."""
        if not self._refused:
            return quarantine_frame([])
        rows, columns, codes = _joined(self._refused)
        order = np.lexsort((columns, rows))
        rows, columns, codes = rows[order], columns[order], codes[order]
        cells = pd.Series("", index=range(len(rows)), dtype="str")
        for number in np.unique(columns).tolist():
            is_own = columns == number
            cells[is_own] = self._cells(self.heading[number - 1], rows[is_own]).to_numpy()
        found = zip(*self._refusals, strict=True) if self._refusals else ((),) * 3
        values, rules, remedies = (np.array([*texts, None], dtype=object)[codes] for texts in found)
        said = {"rule": pd.Series(rules, dtype="object"), "remedy": pd.Series(remedies, dtype="object")}
        own = {"file": self.file, "sheet": "", "cell": cells, "value": pd.Series(values, dtype="str")}
        frame = pd.DataFrame(own | said, columns=list(QUARANTINE_COLUMNS), index=range(len(rows)))
        return frame.astype({"file": "str", "sheet": "str"})

    def panel(self) -> tuple[pd.DataFrame, list[Problem]]:
        """Return the figures as panel rows in canonical order, or what is wrong if some are given twice.

        What was collected is given up piece by piece, so that it never lies in memory twice.
        """
        if not self._pieces:
            return panel_frame([]), []
        found = dict(zip(_COLLECTED, _joined(self._pieces), strict=False))
        labels, places = np.unique(self.keys.periods, return_inverse=True)
        found["period"] = places.astype(np.int32)[found["period"]]
        keys = found["ward"].astype(np.int64)
        for name, count in (("period", len(labels)), ("indicator", len(self.keys.indicators))):
            keys *= count
            keys += found[name]
        if not bool((keys[1:] > keys[:-1]).all()):
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            is_again = keys[1:] == keys[:-1]
            if bool(is_again.any()):
                return panel_frame([]), self._repeated(np.sort(order[1:][is_again]), found, labels)
            for name in found:
                found[name] = found[name][order]
            del order
        del keys
        return self._typed(found, labels), []

    def _typed(self, found: dict[str, npt.NDArray[Any]], labels: npt.NDArray[np.str_]) -> pd.DataFrame:
        count = len(found["row"])
        wards = found.pop("ward")
        columns = {
            "ward_id": _taken([ward.ward_id for ward in self.keys.wards], wards),
            "town_code": _taken([ward.town_code for ward in self.keys.wards], wards),
            "period": _taken(labels.tolist(), found.pop("period")),
            "indicator": _taken(self.keys.indicators, found.pop("indicator")),
            "value": found.pop("value"),
            "denominator": found.pop(DENOMINATOR) if DENOMINATOR in found else np.full(count, np.nan),
            "mark": _taken(list(MARKS), found.pop("mark")),
            "released": repeated_text("", count),
            "file": repeated_text(self.file, count),
            "sheet": repeated_text("", count),
            "cell": self._cells(VALUE, found.pop("row")),
        }
        return typed_panel(pd.DataFrame(columns, columns=list(PANEL_COLUMNS), copy=False))

    def _repeated(
        self, places: Rows, found: dict[str, npt.NDArray[Any]], labels: npt.NDArray[np.str_]
    ) -> list[Problem]:
        rule = say(
            "this unit, period and indicator stands in an earlier row too ({count} such rows in the file)",
            count=len(places),
        )
        remedy = say("Delete the row that is wrong.")
        problems = []
        for place in places[:MOST_REPEATED].tolist():
            row, ward, period, indicator = (int(found[name][place]) for name in ("row", "ward", "period", "indicator"))
            key = f"{self.keys.wards[ward].ward_code} {labels[period]} {self.keys.indicators[indicator]}"
            cell = cell_name((row, self.heading.index(VALUE) + 1))
            problems.append(Problem(self.file, "", cell, key, rule, remedy))
        return problems

    def _cells(self, name: str, rows: Rows) -> pd.Series:
        """Return the names of the cells of a column."""
        text = pa.large_string()
        letters = pa.scalar(cell_name((1, self.heading.index(name) + 1)).removesuffix("1"), text)
        names = pc.binary_join_element_wise(letters, pc.cast(pa.array(rows), text), pa.scalar("", text))
        cells: pd.Series = names.to_pandas()
        return cells


def _joined(pieces: list[Any]) -> list[npt.NDArray[Any]]:
    """Return the columns of pieces, which are tuples of columns, below each other; the pieces are given up."""
    columns = list(zip(*pieces, strict=True))
    pieces.clear()
    joined = []
    while columns:
        joined.append(np.concatenate(columns.pop(0)))
    return joined


def _taken(names: Sequence[str], codes: npt.NDArray[np.integer]) -> pd.Series:
    """Return texts by their numbers, stored as categories in order."""
    labels, places = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    return pd.Series(pd.Categorical.from_codes(places.astype(np.int32)[codes], pd.Index(labels.tolist(), dtype="str")))
