"""The office that fills in the form: its habits, and how often its clerks keep to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from openpyxl.utils import get_column_letter

from helpers.simulation.form import NAME_PREFIXES, TOTAL_WORDS, ZERO_MARKS, Column
from helpers.simulation.parameters import FormParameters
from helpers.simulation.spelling import (
    decomposed,
    with_decimal_comma,
    with_dotted_thousands,
    with_tone_on_last_vowel,
)
from helpers.simulation.workbook import Cell
from helpers.study.objects import Ward

HABIT_SHARE = 0.85
"""How often a clerk keeps to the office's habit; otherwise any way of writing may occur."""
SMALLEST_DOTTED = 1000
NO_RATE = "-"

Reported = Mapping[str, int | None]
"""Counts of one ward and period by indicator; None is not reported."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How one office usually writes."""

    prefix: str
    zero: int | str
    total_word: str
    has_new_tones: bool
    has_percent_sign: bool
    blank_lines: int


@dataclass(frozen=True, slots=True)
class Office:
    """An office at work on one workbook: its form, its habits, and the chance that moves its clerks."""

    form: FormParameters
    columns: tuple[Column, ...]
    habits: Habits
    rng: np.random.Generator

    @classmethod
    def with_habits(cls, form: FormParameters, columns: tuple[Column, ...], rng: np.random.Generator) -> "Office":
        """Return an office whose habits are drawn at random."""
        habits = Habits(
            prefix=NAME_PREFIXES[rng.integers(len(NAME_PREFIXES))],
            zero=ZERO_MARKS[rng.integers(len(ZERO_MARKS))],
            total_word=TOTAL_WORDS[rng.integers(len(TOTAL_WORDS))],
            has_new_tones=bool(rng.integers(2)),
            has_percent_sign=bool(rng.integers(2)),
            blank_lines=int(rng.integers(2)),
        )
        return cls(form, columns, habits, rng)

    def with_blanks(self, values: Reported) -> Reported:
        """Return counts of which a few were not reported."""
        is_blank = self.rng.random(len(values)) < self.form.blank_share
        return {name: None if blank else values[name] for name, blank in zip(sorted(values), is_blank, strict=True)}

    def ward_row(self, number: int, ward: Ward, values: Reported) -> tuple[Cell, ...]:
        """Return the cells of one ward."""
        cells: dict[str, Cell] = {
            "sequence_number": number,
            "ward_name": self._spelt_name(ward.ward_name_vi),
            "population": with_dotted_thousands(ward.population_count or 0),
            "clearance_rate": self._spelt_rate(values),
        }
        cells |= {name: self._spelt_count(value) for name, value in values.items()}
        return tuple(cells[column.meaning] for column in self.columns)

    def total_row(self, rows: Sequence[tuple[Ward, Reported]]) -> dict[int, int | str]:
        """Return the cells of the total row by position: formulas that nobody calculated, or numbers."""
        total = self._total_formulas() if self.rng.integers(2) else self._total_numbers(rows)
        return {place: total[column.meaning] for place, column in enumerate(self.columns) if column.meaning in total}

    def row_with(self, row: tuple[Cell, ...], values: Reported, changed: Collection[str]) -> tuple[Cell, ...]:
        """Return a ward's cells as they were before some counts, none of them 0, were another; no chance moves it."""
        cells = {name: self._spelt_count(values[name]) for name in changed} | {
            "clearance_rate": self._spelt_rate(values)
        }
        pairs = zip(self.columns, row, strict=True)
        return tuple(cells.get(column.meaning, cell) for column, cell in pairs)

    def total_with(
        self, total: Mapping[int, int | str], rows: Sequence[tuple[Ward, Reported]]
    ) -> Mapping[int, int | str]:
        """Return a total row for other counts: its formulas as they are, its numbers added up again."""
        if any(str(value).startswith("=") for value in total.values()):
            return total
        numbers = self._total_numbers(rows)
        return {place: numbers[self.columns[place].meaning] for place in total}

    def _spelt_name(self, name: str) -> str:
        keeps_prefix, keeps_tones = self.rng.random(2) < HABIT_SHARE
        prefix = self.habits.prefix if keeps_prefix else NAME_PREFIXES[self.rng.integers(len(NAME_PREFIXES))]
        has_new_tones = self.habits.has_new_tones if keeps_tones else not self.habits.has_new_tones
        written = prefix + (with_tone_on_last_vowel(name) if has_new_tones else name)
        return decomposed(written) if self.rng.random() < self.form.decomposed_share else written

    def _spelt_count(self, value: int | None) -> Cell:
        if value is None:
            return None
        if value == 0:
            keeps_zero = self.rng.random() < HABIT_SHARE
            return self.habits.zero if keeps_zero else ZERO_MARKS[self.rng.integers(len(ZERO_MARKS))]
        return _dotted_if_long(value)

    def _spelt_rate(self, values: Reported) -> str | None:
        cleared, recorded = values.get("clearance"), values.get("crime_order")
        if cleared is None or recorded is None:
            return None
        if recorded == 0:
            return NO_RATE
        return with_decimal_comma(100 * cleared / recorded) + ("%" if self.habits.has_percent_sign else "")

    def _total_formulas(self) -> dict[str, int | str]:
        letters = {column.meaning: get_column_letter(place) for place, column in enumerate(self.columns, start=1)}
        counted = [meaning for meaning in letters if meaning not in ("sequence_number", "ward_name", "population")]
        total: dict[str, int | str] = {
            name: f"=SUM({letters[name]}{{first}}:{letters[name]}{{last}})" for name in counted
        }
        if "clearance_rate" in letters:
            recorded, cleared = f"{letters['crime_order']}{{row}}", f"{letters['clearance']}{{row}}"
            total["clearance_rate"] = f'=IF({recorded}=0,"{NO_RATE}",100*{cleared}/{recorded})'
        return total

    def _total_numbers(self, rows: Sequence[tuple[Ward, Reported]]) -> dict[str, int | str]:
        sums = {name: sum(values[name] or 0 for _, values in rows) for name in rows[0][1]}
        total = {name: _dotted_if_long(value) for name, value in sums.items()}
        total["population"] = with_dotted_thousands(sum(ward.population_count or 0 for ward, _ in rows))
        total["clearance_rate"] = self._spelt_rate(sums) or NO_RATE
        return total


def _dotted_if_long(value: int) -> int | str:
    return with_dotted_thousands(value) if value >= SMALLEST_DOTTED else value
