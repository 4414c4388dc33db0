"""A placed table, cell by cell, into a ledger: figures, totals, rates, population, and the rest as furniture.

Every cell is filed exactly once. A figure that cannot be read or placed is quarantined alone and the rest of the table
is kept; totals, printed rates and running sums are checked against the figures they come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.cleaning.layout.headings import Meaning
from helpers.cleaning.layout.ledger import Figure, Ledger
from helpers.cleaning.layout.numbers import Expected, Number, read_number
from helpers.cleaning.layout.placing import Aside, Place, PlacedTable
from helpers.cleaning.layout.rates import file_rate
from helpers.cleaning.layout.sheet_tables import Column
from helpers.cleaning.layout.table_rows import Row
from helpers.cleaning.layout.totals import file_total
from helpers.cleaning.layout.unplaced import unread_keys
from helpers.cleaning.layout.vocabulary import (
    COMPARISON,
    DENOMINATOR,
    NOTE,
    POPULATION,
    TOTAL,
    WARD_CODE,
    WARD_NAME,
    Vocabulary,
)
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet, Uncalculated
from helpers.messages import say
from helpers.study.objects import Ward

EXPECTED: Mapping[str, Expected] = {"count": "count", "ratio": "count", "percentage": "percentage"}


@dataclass(frozen=True, slots=True)
class RunningSum:
    """A cumulative figure: its cell, what it is of, and what was read."""

    position: Position
    place: Place
    raw: CellValue | None
    number: Number


@dataclass(slots=True)
class _Numbers:
    """The numbers of one table: by cell, and by what they are of."""

    by_cell: dict[Position, Number] = field(default_factory=dict)
    by_place: dict[Place, Number] = field(default_factory=dict)


def file_table(ledger: Ledger, sheet: Sheet, placed: PlacedTable, vocabulary: Vocabulary) -> list[RunningSum]:
    """File every cell of a table's columns and rows into the ledger of its sheet; return its cumulative figures.

    A cumulative figure is not filed here: what it becomes depends on the periods before it, perhaps in other files.
    """
    return _Filer(ledger, sheet, placed, vocabulary).file()


class _Filer:
    """Files the cells of one table."""

    def __init__(self, ledger: Ledger, sheet: Sheet, placed: PlacedTable, vocabulary: Vocabulary) -> None:
        self.ledger, self.sheet, self.placed, self.vocabulary = ledger, sheet, placed, vocabulary
        self.columns = placed.table.columns
        self.numbers = self._read_numbers()
        self.wards = _wards_by_row(placed)
        self.running: list[RunningSum] = []

    def file(self) -> list[RunningSum]:
        """File the table and return its cumulative figures."""
        for row in self.placed.rows:
            for column in self.columns:
                position = (row.number, column.number)
                raw = self.sheet.cells.get(position)
                if isinstance(raw, Dropped) and position not in self.placed.places:
                    dropped = _dropped(raw)
                    self.ledger.file_quarantine(position, raw, dropped.reason, dropped.remedy)
                elif raw is not None or self._is_blank_figure(position):
                    self._file_cell(row, column, position, raw)
            self._note_row(row)
        return self.running

    def _is_blank_figure(self, position: Position) -> bool:
        return position in self.placed.places and position not in self.ledger.fates

    def _read_numbers(self) -> _Numbers:
        numbers = _Numbers()
        for row in self.placed.rows:
            for column in self.columns:
                position = (row.number, column.number)
                expected = self._expected(column, self.placed.places.get(position), row)
                if expected is None:
                    continue
                number = self._number(position, expected)
                numbers.by_cell[position] = number
                place = self.placed.places.get(position)
                if place is not None:
                    numbers.by_place[place] = number
        return numbers

    def _number(self, position: Position, expected: Expected) -> Number:
        raw = self.sheet.cells.get(position)
        if isinstance(raw, Dropped):
            return _dropped(raw)
        return read_number(raw, self.vocabulary.cells, expected=expected)

    def _expected(self, column: Column, place: Place | None, row: Row) -> Expected | None:
        meaning = column.meaning
        if meaning is None:
            return None
        if meaning.role in (POPULATION, DENOMINATOR):
            return "count"
        if meaning.role == "rate":
            return "percentage"
        if not (meaning.is_figure or meaning.role == TOTAL):
            return None
        name = (place.indicator if place else "") or meaning.indicator or row.indicator
        about = self.vocabulary.indicators.get(name)
        return EXPECTED.get(about.kind, "fraction") if about is not None else "count"

    def _file_cell(self, row: Row, column: Column, position: Position, raw: CellValue | None) -> None:
        meaning = column.meaning
        place, aside = self.placed.places.get(position), self.placed.asides.get(position)
        if row.kind == "total":
            self._file_total_row(row, column, position, raw)
        elif row.kind == "remark" and raw is not None:
            rule = say("what this line says is not known, and it holds no figures")
            remedy = say("Nothing needs to be done, unless it heads the rows below it: then correct its spelling.")
            self.ledger.file_quarantine(position, raw, rule, remedy)
        elif place is not None:
            self._file_figure(position, raw, place)
        elif raw is None:
            return
        elif meaning is None:
            rule = say("this heading is not known: {heading}", heading=column.heading)
            remedy = say("Add it to header_aliases.csv with its meaning, or with the meaning ignored.")
            self.ledger.file_quarantine(position, raw, rule, remedy)
        elif meaning.is_number and meaning.role != COMPARISON and row.kind != "numbering":
            self._file_number(row, column, position, raw, aside)
        elif meaning.role == POPULATION and row.kind == "figures":
            self._file_population(position, raw, self._ward_of(row))
        else:
            self.ledger.file_furniture(position, _furniture(row, meaning))

    def _file_number(self, row: Row, column: Column, position: Position, raw: CellValue, aside: Aside | None) -> None:
        meaning = column.meaning
        assert meaning is not None
        if row.kind in ("other_unit", "unknown_ward"):
            rule = say("the row is of a unit that is not in wards.csv")
            self.ledger.file_quarantine(
                position, raw, rule, say("Nothing needs to be done, unless it is a ward of the study.")
            )
        elif row.kind != "figures":
            self.ledger.file_quarantine(position, raw, *(row.reason or unread_keys()))
        elif aside is not None:
            self.ledger.file_quarantine(position, raw, aside.rule, aside.remedy)
        elif meaning.role == "rate":
            above, below = self._counts_beside(row, meaning)
            file_rate(self.ledger, position, raw, self.numbers.by_cell[position], above, below)
        elif meaning.role == TOTAL:
            file_total(self.ledger, position, raw, self.numbers.by_cell[position], self._sums_beside(row, column))
        else:
            rule = say("nothing says which ward this figure is of")
            self.ledger.file_quarantine(position, raw, rule, say("Write the ward's name in its row or heading."))

    def _file_figure(self, position: Position, raw: CellValue | None, place: Place) -> None:
        number = self.numbers.by_cell[position]
        if place.is_cumulative:
            self.running.append(RunningSum(position, place, raw, number))
            return
        self.ledger.file_figure(
            position, raw, number, Figure(place.ward, place.period, place.indicator, self._denominator(position, place))
        )

    def _denominator(self, position: Position, place: Place) -> float | None:
        """Return what a ratio is taken over: the row's own denominator, or the figure of the other indicator."""
        for column in self.placed.table.columns_of(DENOMINATOR):
            return self.numbers.by_cell[position[0], column.number].value
        over = self.vocabulary.indicators[place.indicator].denominator
        number = self.numbers.by_place.get(Place(place.ward, place.period, over)) if over else None
        return number.value if number is not None else None

    def _counts_beside(self, row: Row, rate: Meaning) -> tuple[Number | None, Number | None]:
        """Return the two counts of a printed rate: in its row, the same ward and period as the rate's heading says."""
        ratio = self.vocabulary.indicators[rate.indicator]
        found: dict[str, Number] = {}
        for column in self.placed.table.figures:
            meaning = column.meaning
            if meaning is not None and (meaning.wards, meaning.period, meaning.is_cumulative) == (
                rate.wards, rate.period, rate.is_cumulative,
            ):  # fmt: skip
                found.setdefault(meaning.indicator, self.numbers.by_cell[row.number, column.number])
        return found.get(ratio.indicator), found.get(ratio.denominator or "")

    def _sums_beside(self, row: Row, total: Column) -> list[list[Number]]:
        """Return what a total column may sum in a row: the figures since the total to its left, or all of them."""
        assert total.meaning is not None
        indicator = total.meaning.indicator
        left = [c.number for c in self.placed.table.columns_of(TOTAL) if c.number < total.number]
        parts = [
            column.number
            for column in self.placed.table.figures
            if column.meaning is not None
            and indicator in ("", column.meaning.indicator)
            and not column.meaning.is_cumulative
        ]
        since = [number for number in parts if max(left, default=0) < number < total.number]
        return [[self.numbers.by_cell[row.number, number] for number in scope] for scope in (since, parts)]

    def _file_total_row(self, row: Row, column: Column, position: Position, raw: CellValue | None) -> None:
        meaning = column.meaning
        if raw is None:
            return
        if meaning is None or not meaning.is_number or meaning.role == COMPARISON:
            is_checked = meaning is not None and meaning.role == POPULATION and position in self.numbers.by_cell
            if not is_checked:
                self.ledger.file_furniture(position, NOTE if meaning is not None and meaning.role == NOTE else "total")
                return
        assert meaning is not None
        if isinstance(raw, Uncalculated):
            self.ledger.file_furniture(position, "total_formula")
        elif meaning.role == "rate":
            above, below = (self._sum(row, column, name) for name in self._names_of_rate(meaning))
            file_rate(self.ledger, position, raw, self.numbers.by_cell[position], above, below)
        elif self._expected(column, None, row) != "count":
            self.ledger.file_furniture(position, "total")
            self.ledger.note(position, "total_not_checked", raw, say("not a sum of counts"))
        else:
            scopes = [[self.numbers.by_cell[number, column.number] for number in scope] for scope in self._scopes(row)]
            file_total(self.ledger, position, raw, self.numbers.by_cell[position], scopes)

    def _scopes(self, total: Row) -> list[list[int]]:
        """Return the rows that a total row may sum: those since the total above, those below, all, or other totals."""
        units = [row for row in self.placed.rows if row.kind in UNIT_ROWS]
        breaks = [row.number for row in self.placed.rows if row.kind == "total" and row is not total]
        before = max((number for number in breaks if number < total.number), default=0)
        after = min((number for number in breaks if number > total.number), default=self.placed.table.end + 1)
        above = [row.number for row in units if before < row.number < total.number]
        below = [row.number for row in units if total.number < row.number < after]
        return [above or below, [row.number for row in units], below, breaks]

    def _names_of_rate(self, rate: Meaning) -> tuple[str, str]:
        ratio = self.vocabulary.indicators[rate.indicator]
        return ratio.indicator, ratio.denominator or ""

    def _sum(self, total: Row, rate: Column, indicator: str) -> Number | None:
        """Return the sum of an indicator's column beside a rate's column, over a total row's first scope."""
        assert rate.meaning is not None
        about = (rate.meaning.wards, rate.meaning.period, rate.meaning.is_cumulative)
        for column in self.placed.table.figures:
            meaning = column.meaning
            if meaning is None or meaning.indicator != indicator:
                continue
            if (meaning.wards, meaning.period, meaning.is_cumulative) == about:
                parts = [self.numbers.by_cell[number, column.number].value for number in self._scopes(total)[0]]
                known = [part for part in parts if part is not None]
                is_whole = len(known) == len(parts)
                return Number(sum(known) if is_whole else None, "number" if is_whole else "missing", "sum")
        return None

    def _file_population(self, position: Position, raw: CellValue, ward: Ward | None) -> None:
        number = self.numbers.by_cell[position]
        if number.reason and number.rule != "declared_missing":
            self.ledger.file_quarantine(position, raw, number.reason, number.remedy)
            return
        self.ledger.file_furniture(position, POPULATION)
        self.ledger.note_number(position, raw, number)
        if number.value is None or ward is None or ward.population_count in (None, number.value):
            return
        own = say(
            "{count} in wards.csv ({year})", count=ward.population_count, year=ward.population_year or say("no year")
        )
        self.ledger.note(position, "population_differs", raw, own)

    def _ward_of(self, row: Row) -> Ward | None:
        """Return the ward of a row's figures, if all are of one."""
        wards = self.wards.get(row.number, [])
        return wards[0] if len(wards) == 1 else None

    def _note_row(self, row: Row) -> None:
        """Log what was understood of a row that the reader of the sheet may have meant otherwise."""
        if row.number in self.sheet.hidden_rows:
            self.ledger.note((row.number, 0), "hidden_row", "", say("read like the others"))
        for position in row.filled_down:
            self.ledger.note(position, "filled_down", "", say("as in the cell above"))
        ward = self._ward_of(row) if row.kind == "figures" else None
        for column in self.placed.table.columns_of(WARD_NAME, WARD_CODE) if ward is not None else ():
            raw = self.sheet.cells.get((row.number, column.number))
            if raw is not None and ward is not None and raw not in (ward.ward_name_vi, ward.ward_code, ward.ward_id):
                self.ledger.note((row.number, column.number), "ward_name", raw, f"{ward.ward_name_vi} ({ward.ward_id})")


def _wards_by_row(placed: PlacedTable) -> dict[int, list[Ward]]:
    """Return the wards that the figures of each row are of, each once."""
    wards: dict[int, list[Ward]] = {}
    for (row, _), place in placed.places.items():
        known = wards.setdefault(row, [])
        if place.ward not in known:
            known.append(place.ward)
    return wards


UNIT_ROWS = ("figures", "other_unit", "unknown_ward")
"""Rows that a total may sum: of wards, and of communes and other units beside them."""


def _dropped(raw: Dropped) -> Number:
    rule = say("taken out by corrections.csv: {reason}", reason=raw.reason)
    return Number(None, "missing", "dropped", rule, say("Nothing needs to be done."))


def _furniture(row: Row, meaning: Meaning) -> str:
    """Return the kind of furniture that a cell of a row is."""
    if row.kind == "numbering":
        return "column_number"
    if row.kind == "section":
        return "section"
    return meaning.role
