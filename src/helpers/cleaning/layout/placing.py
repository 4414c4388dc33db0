"""Which ward, period and indicator each figure of a table is of.

A figure's ward, period and indicator come from its row's key cells, from the heading over it, from a section row above
it, or from the title: the nearer says what the farther leaves open, and a heading comes before a row. What makes a
whole table uncertain is a problem; a single row or column that cannot be placed is put aside with a reason.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from helpers.cleaning.layout.context import Context
from helpers.cleaning.layout.sheet_tables import Column, Table
from helpers.cleaning.layout.table_rows import Row
from helpers.cleaning.layout.unplaced import unread_keys, why_no_ward, why_unknown_ward
from helpers.cleaning.layout.vocabulary import TOTAL, WARD_NAME, Vocabulary
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.periods.fit import StudyPeriod, study_period
from helpers.cleaning.periods.reading import PeriodReading, combined, completed
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.workbook import Sheet
from helpers.errors import Problem
from helpers.messages import say
from helpers.study.objects import Ward


@dataclass(frozen=True, slots=True)
class Place:
    """What one figure is of."""

    ward: Ward
    period: str
    indicator: str
    is_cumulative: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a row, column or cell is put aside, and what to do about it."""

    rule: str
    remedy: str


@dataclass(slots=True)
class PlacedTable:
    """A table whose figures are placed.

    Attributes
    ----------
    table : Table
    rows : tuple of Row
    places : dict of (row, column) to Place
        Of the figures that can be placed, blank ones included.
    asides : dict of (row, column) to Aside
        Of the figures that cannot.
    town_codes : tuple of str
        Towns that its wards belong to, sorted.
    missing : tuple of Ward
        Wards of these towns that the table does not list.
    problems : list of Problem
    """

    table: Table
    rows: tuple[Row, ...]
    places: dict[Position, Place] = field(default_factory=dict)
    asides: dict[Position, Aside] = field(default_factory=dict)
    town_codes: tuple[str, ...] = ()
    missing: tuple[Ward, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def place_table(
    sheet: Sheet, table: Table, rows: Sequence[Row], context: Context, vocabulary: Vocabulary
) -> PlacedTable:
    """Return the table with each figure placed or put aside, and everything that makes it uncertain as a whole."""
    return _Placer(sheet, table, tuple(rows), context, vocabulary).place()


class _Placer:
    """Places the figures of one table."""

    def __init__(
        self, sheet: Sheet, table: Table, rows: tuple[Row, ...], context: Context, vocabulary: Vocabulary
    ) -> None:
        self.sheet, self.table, self.context, self.vocabulary = sheet, table, context, vocabulary
        self.placed = PlacedTable(table, rows)
        self.figure_rows = [row for row in rows if row.kind == "figures"]
        self._told: set[Position] = set()
        self._read: dict[tuple[object, ...], StudyPeriod | None] = {}

    def place(self) -> PlacedTable:
        """Return the table placed; without figures where its period, indicator or town is uncertain."""
        self._check_columns()
        if self.context.warning:
            rule = say("the title or the sheet’s name speaks of plans, of a rate, or of a part of a period")
            remedy = say(
                "If the table holds counted figures of whole periods, take these words out; else leave it out."
            )
            self._problem(None, self.context.warning, rule, remedy)
            return self.placed
        unplaced = [row for row in self.placed.rows if row.kind == "unplaced"]
        if unplaced and not self.figure_rows:
            row = unplaced[0]
            self._problem(row.place, self.sheet.text(row.place), *(row.reason or unread_keys()))
            return self.placed
        found = self._find_periods()
        if found is None or not self._has_indicators():
            return self.placed
        periods = {own.period for own in found.values()}
        towns = self._towns(periods)
        if towns is None:
            return self.placed
        self.placed.town_codes = tuple(sorted(towns))
        self._check_rows(towns, periods)
        for row in self.figure_rows:
            for column in self.table.figures:
                self._place_figure(row, column, found.get((row.number, column.number)), towns)
        self._check_twice()
        return self.placed

    def _problem(self, position: Position | None, value: object, rule: str, remedy: str) -> None:
        cell = cell_name(position) if position else ""
        self.placed.problems.append(Problem(self.sheet.file, self.sheet.name, cell, shown(value), rule, remedy))

    def _check_columns(self) -> None:
        """Find headings that are perhaps a misspelt indicator, and two headings that mean the same."""
        seen: dict[object, Column] = {}
        for column in self.table.columns:
            meaning = column.meaning
            if meaning is None:
                self._check_unknown(column)
            elif meaning.is_figure or meaning.role in (WARD_NAME, "rate", "denominator"):
                earlier = seen.setdefault(meaning, column)
                if earlier is not column:
                    rule = say(
                        "two columns mean {meaning}; the other is at {cell}", meaning=meaning.label(), cell=earlier.cell
                    )
                    remedy = say("Delete one of them, or tell them apart in header_aliases.csv.")
                    self._problem(column.position, column.heading, rule, remedy)

    def _check_unknown(self, column: Column) -> None:
        suggestion = self.vocabulary.suggest_heading(column.heading)
        meaning = self.vocabulary.meaning_of(suggestion) or ""
        known = {own.meaning.indicator for own in self.table.columns if own.meaning is not None}
        if meaning in self.vocabulary.indicators and meaning not in known:
            rule = say("this heading is not known, and looks like one of an indicator that the table does not have")
            remedy = say(
                "Add it to header_aliases.csv, perhaps with the meaning of “{suggestion}”, or with meaning ignored.",
                suggestion=suggestion,
            )
            self._problem(column.position, column.heading, rule, remedy)

    def _find_periods(self) -> dict[Position, StudyPeriod] | None:
        """Return the period of each figure; None where the title must say it and does not."""
        found: dict[Position, StudyPeriod] = {}
        needs_title = False
        for row in self.figure_rows:
            for column in self.table.figures:
                own = self._period_of(row, column)
                if own is None:
                    needs_title = True
                else:
                    found[row.number, column.number] = own
        title = self.context.title
        if needs_title and title.period:
            from_title = StudyPeriod(title.period, "same", title.is_cumulative)
            every = ((row.number, column.number) for row in self.figure_rows for column in self.table.figures)
            found |= {position: from_title for position in every if position not in found}
        elif needs_title:
            self._problem(None, title.found, title.rule, title.remedy)
            return None
        found = self._without_sums(found)
        self.placed.asides |= {
            position: Aside(own.rule, own.remedy) for position, own in found.items() if not own.period
        }
        return {position: own for position, own in found.items() if own.period}

    def _period_of(self, row: Row, column: Column) -> StudyPeriod | None:
        """Return what the heading and the row of a figure say of its period; None if neither says anything."""
        own = column.meaning.period if column.meaning is not None else None
        told = (own, *row.periods)
        if told not in self._read:
            self._read[told] = self._period_told(own, row)
        return self._read[told]

    def _period_told(self, own: PeriodReading | None, row: Row) -> StudyPeriod | None:
        readings = combined([*([own] if own is not None else []), *row.periods])
        if len(readings) > 1:
            rule = say("its row and its heading name different periods")
            return StudyPeriod("", "wrong", rule=rule, remedy=say("Correct the one that is wrong."))
        if not readings:
            return None
        year = self.context.year
        reading = completed(readings[0], year) if year is not None else readings[0]
        return study_period(reading, self.vocabulary.period_kind)

    def _without_sums(self, found: dict[Position, StudyPeriod]) -> dict[Position, StudyPeriod]:
        """Read a column or row of coarser periods beside the study's own as sums: “Quý I” after three months."""
        rows: dict[int, set[str]] = {}
        columns: dict[int, set[str]] = {}
        for (row, column), own in found.items():
            rows.setdefault(row, set()).add(own.fit)
            columns.setdefault(column, set()).add(own.fit)
        sum_rows = {row for row, fits in rows.items() if fits == {"coarser"}}
        sum_columns = {column for column, fits in columns.items() if fits == {"coarser"}}
        if not any("same" in fits for fits in rows.values()) or not (sum_rows or sum_columns):
            return found
        columns_read = tuple(
            replace(column, meaning=replace(column.meaning, role=TOTAL))
            if column.meaning is not None and column.number in sum_columns
            else column
            for column in self.table.columns
        )
        self.table = self.placed.table = replace(self.table, columns=columns_read)
        self.placed.rows = tuple(
            replace(row, kind="total") if row.number in sum_rows else row for row in self.placed.rows
        )
        self.figure_rows = [row for row in self.placed.rows if row.kind == "figures"]
        return {place: own for place, own in found.items() if place[0] not in sum_rows and place[1] not in sum_columns}

    def _has_indicators(self) -> bool:
        named = any(column.meaning is not None and column.meaning.indicator for column in self.table.figures)
        named |= any(row.indicator for row in self.figure_rows) or bool(self.context.indicator)
        if not named:
            rule = say("no heading, row or line above the table names an indicator of the study")
            remedy = say("Write the indicator's name above the table, or add its spelling to header_aliases.csv.")
            self._problem(None, "", rule, remedy)
        return named

    def _towns(self, periods: set[str]) -> set[str] | None:
        """Return the towns that the table is of; None if that is not clear."""
        votes: Counter[str] = Counter()
        called: set[Ward] = set()
        for wards in self._named_wards():
            votes.update({ward.town_code for ward in wards})
            called |= set(wards)
        complete = {town for town in votes if all(self._lists_all(town, period, called) for period in periods)}
        if len(complete) > 1:
            return complete
        named = {row.town_code for row in self.figure_rows if row.town_code}
        if named:
            return named
        ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
        if len(ranked) == 1 or (len(ranked) > 1 and ranked[0][1] > ranked[1][1]):
            return {ranked[0][0]}
        if self.context.town_code in votes:
            return {self.context.town_code}
        rule = say("the wards named do not tell which town the table is of")
        remedy = say("Write the town above the table, or send each town's wards in a file of their own.")
        self._problem(None, "", rule, remedy)
        return None

    def _lists_all(self, town_code: str, period: str, called: set[Ward]) -> bool:
        expected = self.vocabulary.expected_wards(town_code, period)
        return bool(expected) and called.issuperset(expected)

    def _named_wards(self) -> Iterable[tuple[Ward, ...]]:
        by_column = [
            column.meaning.wards for column in self.table.figures if column.meaning is not None and column.meaning.wards
        ]
        by_row = [row.wards for row in self.figure_rows if row.wards]
        return by_column or by_row or [self.context.wards]

    def _check_rows(self, towns: set[str], periods: set[str]) -> None:
        """Find names that are no ward of the towns, and the wards that the table does not list."""
        called = {ward for wards in self._named_wards() for ward in wards}
        expected = {
            ward for town in towns for period in periods for ward in self.vocabulary.expected_wards(town, period)
        }
        lists_wards = self.table.has_ward_rows or any(
            c.meaning is not None and c.meaning.wards for c in self.table.figures
        )
        missing = sorted(expected - called, key=lambda ward: ward.ward_id) if lists_wards else []
        self.placed.missing = tuple(missing)
        for row in self.placed.rows:
            if row.kind == "unknown_ward" and missing:
                self._problem(
                    row.place,
                    self.sheet.text(row.place),
                    *why_unknown_ward(self.sheet.text(row.place), towns, self.vocabulary),
                )
            elif row.kind == "stray":
                rule = say("a row inside or under the table names no ward and is no total")
                self._problem(
                    row.place, self.sheet.text(row.place), rule, say("Write the ward's name in it, or delete the row.")
                )

    def _place_figure(self, row: Row, column: Column, found: StudyPeriod | None, towns: set[str]) -> None:
        position, meaning = (row.number, column.number), column.meaning
        if found is None or meaning is None:
            return
        period, is_cumulative = found.period, found.is_cumulative or meaning.is_cumulative
        if found.is_cumulative and meaning.is_alone:
            self.placed.asides[position] = Aside(
                say(
                    "its heading says it is of the period alone, and the title that it counts from the year’s beginning"
                ),
                say("Correct the one that is wrong."),
            )
            return
        indicator = meaning.indicator or row.indicator or self._indicator_of_all()
        if not indicator:
            self.placed.asides[position] = Aside(
                say("nothing says which indicator this figure is of"),
                say("Write the indicator's name in its row or heading, or add its spelling to header_aliases.csv."),
            )
            return
        candidates = meaning.wards or row.wards or self.context.wards
        own_towns = {row.town_code} if row.town_code else towns
        wards = [w for w in candidates if w.town_code in own_towns and self.vocabulary.has_ward(w, period)]
        if len(wards) == 1:
            self.placed.places[position] = Place(wards[0], period, indicator, is_cumulative)
        else:
            self._tell_ward(row, column, candidates, own_towns, period)

    def _indicator_of_all(self) -> str:
        """Return the title's indicator, unless some of the columns name one: those that do not may be of another."""
        named = any(column.meaning is not None and column.meaning.indicator for column in self.table.figures)
        return "" if named else self.context.indicator

    def _tell_ward(self, row: Row, column: Column, candidates: Sequence[Ward], towns: set[str], period: str) -> None:
        """Report once per row or heading why its ward is not clear."""
        by_heading = column.meaning is not None and bool(column.meaning.wards)
        position = column.position if by_heading else row.place
        if position in self._told:
            return
        self._told.add(position)
        name = self.sheet.text(position)
        self._problem(position, name, *why_no_ward(name, candidates, towns, period, self.vocabulary))

    def _check_twice(self) -> None:
        """Find figures of one ward, period and indicator that stand in the table twice; each row is told once."""
        rows = {row.number: row for row in self.figure_rows}
        first: dict[Place, Position] = {}
        for position, place in self.placed.places.items():
            earlier, row = first.setdefault(place, position), rows[position[0]]
            if earlier[0] == position[0] or row.place in self._told:
                continue  # in one row it is told as two headings of one meaning
            self._told.add(row.place)
            rule = say(
                "the figures of {ward} for {period} stand twice in this table, first in row {row}",
                ward=place.ward.ward_name_vi,
                period=place.period,
                row=earlier[0],
            )
            self._problem(row.place, self.sheet.text(row.place), rule, say("Delete the row that is wrong."))
