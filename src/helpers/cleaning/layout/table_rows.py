"""What each row below a header block is: of a ward, a total, a section's heading, column numbers, or something else.

A row says by its key cells which ward, period or indicator it is about. A section row (a town's or a month's name over
the rows below it) says so for the rows that follow; a merged cell for all rows of its range. A key cell left blank
repeats the one above it where the row's other keys are there, as offices write the months of a ward.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from helpers.cleaning.layout.period_keys import PeriodKeys
from helpers.cleaning.layout.sheet_tables import Table
from helpers.cleaning.layout.vocabulary import INDICATOR, PERIOD, TOWN, WARD_CODE, WARD_NAME, Vocabulary
from helpers.cleaning.periods.names import read_heading
from helpers.cleaning.periods.reading import PeriodReading, combined
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Dropped, Sheet, Uncalculated, as_text
from helpers.study.objects import Ward
from helpers.text import normalise_header, tone_key

RowKind = Literal[
    "figures", "total", "section", "numbering", "other_unit", "unknown_ward", "unplaced", "stray", "remark"
]

_TOTAL_WORDS = frozenset(
    map(normalise_header, ("tổng", "tổng cộng", "tổng số", "cộng", "tổng chung", "cộng chung", "total"))
)
_TOTAL_OF = re.compile(
    r"(?:tổng |cộng |số )*toàn (?:thành phố|thị xã|huyện|quận|tp|tx|tỉnh|đơn vị)(?: \S+){0,3}"
    r"|(?:tổng |cộng |số )+(?:các |\d+ )?(?:phường|đơn vị|xã)"
)
_NUMBERING = re.compile(r"\(?\s*(?:\d{1,2}|[A-Za-z])\s*\)?(?:\s*=.*)?")
_UNIT_WORDS = frozenset(
    map(normalise_header, ("vụ", "người", "%", "số vụ", "vụ việc", "lượt", "đồng", "triệu đồng", "đối tượng"))
)
_OTHER_UNIT = re.compile(tone_key(r"^(?:công an )?(?:xã|thị trấn|đặc khu|tt)\b"))
_LIST_MARK = re.compile(r"^\s*(?:[-+*•]|\(?(?:\d{1,2}|[IVXivx]{1,5}|[a-zđ])[.)]|\d{1,2}\.\d{1,2}\.?)\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    number : int
        Its number in the sheet.
    kind : str
        ``figures``; ``total``; ``section``; ``numbering`` (of columns, or their units); ``other_unit`` (a commune);
        ``unknown_ward``; ``unplaced`` (its period or indicator cannot be read); ``stray`` (figures without a key);
        ``remark`` (words that are not understood, without figures).
    place : tuple of int
        The cell that says what it is about, for messages.
    wards : tuple of Ward
        Wards of any town that it may be of.
    town_code : str
        The town that its own key cells or its section name.
    periods : tuple of PeriodReading
        The period that its key cells and its section name together; more than one if they contradict each other.
    indicator : str
        The indicator that its key cells or its section name.
    filled_down : tuple of Position
        Blank key cells that repeat the one above.
    reason : tuple of str
        Why its date is not taken, and what to do; empty if there is nothing to say.
    """

    number: int
    kind: RowKind
    place: Position
    wards: tuple[Ward, ...] = ()
    town_code: str = ""
    periods: tuple[PeriodReading, ...] = ()
    indicator: str = ""
    filled_down: tuple[Position, ...] = ()
    reason: tuple[str, str] | tuple[()] = ()


@dataclass(slots=True)
class _Above:
    """What rows above have said for those below: section rows, and the source cell of each key of the last row."""

    town_code: str = ""
    period: PeriodReading | None = None
    indicator: str = ""
    wards: tuple[Ward, ...] = ()
    group: str = ""
    keys: dict[int, Position] = field(default_factory=dict)


def read_rows(sheet: Sheet, table: Table, vocabulary: Vocabulary, periods: PeriodKeys) -> tuple[Row, ...]:
    """Return the rows of a table's body, downwards; what stands below the last of them is the footer."""
    reader = _RowReader(sheet, table, vocabulary, periods)
    cells = _cells_by_row(sheet, table)
    rows = [reader.read(number, cells[number]) for number in sorted(cells)]
    placed = [row.number for row in rows if row.kind in ("figures", "total", "other_unit")]
    last = max(placed, default=table.last_header)
    numbers = {column.number for column in table.columns if column.meaning is not None and column.meaning.is_number}
    return tuple(row for row in rows if row.number <= last or _holds_numbers(cells[row.number], numbers))


def _cells_by_row(sheet: Sheet, table: Table) -> dict[int, dict[int, CellValue]]:
    rows: dict[int, dict[int, CellValue]] = {}
    span = table.span
    for (row, column), value in sheet.cells.items():
        if table.last_header < row <= table.end and column in span and not isinstance(value, Dropped):
            rows.setdefault(row, {})[column] = value
    return rows


def _holds_numbers(cells: Mapping[int, CellValue], numbers: set[int]) -> bool:
    return any(
        isinstance(value, int | float | Uncalculated) or (isinstance(value, str) and value.strip()[:1].isdigit())
        for column, value in cells.items()
        if column in numbers
    )


class _RowReader:
    """Reads rows downwards; each may go on from what was said above it."""

    def __init__(self, sheet: Sheet, table: Table, vocabulary: Vocabulary, periods: PeriodKeys) -> None:
        self.sheet, self.table, self.vocabulary, self.periods = sheet, table, vocabulary, periods
        self.above = _Above()
        self.numbers = {c.number for c in table.columns if c.meaning is not None and c.meaning.is_number}
        self.first_number = min(self.numbers)
        self.names = table.columns_of(WARD_NAME, WARD_CODE)

    def read(self, number: int, cells: Mapping[int, CellValue]) -> Row:
        """Return what one row is."""
        labels = {column: value for column, value in cells.items() if column < self.first_number}
        if number <= self.table.last_header + 2 and self._is_numbering(cells):
            return Row(number, "numbering", (number, min(cells)))
        has_numbers = any(column in self.numbers for column in cells)
        texts = {column: value for column, value in labels.items() if isinstance(value, str)}
        if any(map(self._is_total, texts.values())):
            self._keep_named_wards(number)
            return Row(number, "total", (number, min(texts)))
        section = self._section(number, texts, has_numbers=has_numbers) if texts else None
        row = section or self._figures(number, cells)
        is_understood = row.kind in ("section", "total", "figures")
        return row if is_understood or self._has_figures(cells) else self._remark(row)

    def _has_figures(self, cells: Mapping[int, CellValue]) -> bool:
        """Return whether a row may hold figures: numbers, signs or declared marks in the columns of figures."""
        texts = [value for column, value in cells.items() if column in self.numbers]
        return any(map(self.vocabulary.is_like_a_figure, texts))

    def _remark(self, row: Row) -> Row:
        """Return a row of words; it may be a section row misspelt, so what those above said no longer holds."""
        self.above = _Above(keys=self.above.keys)
        return replace(row, kind="remark")

    def _keep_named_wards(self, number: int) -> None:
        """Let the ward that a total row names go on over the rows below it, as one of its own would."""
        places = {c: place for c, place in self._own_keys(number).items() if c in {key.number for key in self.names}}
        if any(self.vocabulary.wards_called(self.sheet.text(place)) for place in places.values()):
            self.above.keys = places

    def _is_total(self, label: str) -> bool:
        return is_total_label(label) and not self.vocabulary.wards_called(label)

    def _is_numbering(self, cells: Mapping[int, CellValue]) -> bool:
        """Return whether a row under the headings only numbers the columns, or names their units."""
        texts = [as_text(value) for _, value in sorted(cells.items())]
        if all(normalise_header(text) in _UNIT_WORDS for text in texts):
            return True
        if len(texts) < 2 or not all(_NUMBERING.fullmatch(text) for text in texts):
            return False
        names = [as_text(cells[key.number]) for key in self.names if key.number in cells]
        is_counting = texts == [str(number) for number in range(1, len(texts) + 1)]
        has_letters = any(not text.isdigit() for text in texts)
        return (is_counting or has_letters) and not any(map(self.vocabulary.wards_called, names))

    def _section(self, number: int, texts: Mapping[int, str], *, has_numbers: bool) -> Row | None:
        """Return a row whose last text names a town, period, indicator or ward for the rows below it; else None."""
        column, value = max(texts.items())
        role = next((key.meaning.role for key in self.table.keys if key.number == column and key.meaning), "")
        text, place = _bare(value), (number, column)
        town_code = self.vocabulary.town_called(text) if role != TOWN else ""
        if town_code and not (self.names and self.vocabulary.wards_called(value)):
            self.above = _Above(town_code, self.above.period, self.above.indicator)
            return Row(number, "total" if has_numbers else "section", place, town_code=town_code)
        is_blank_row = len(self._own_keys(number)) > 1 or (self.names and self.vocabulary.wards_called(value))
        if has_numbers or role == PERIOD or is_blank_row:
            return None
        return (
            self._period_section(place, text)
            or self._indicator_section(place, text, role)
            or self._ward_section(place, text)
        )

    def _period_section(self, place: Position, text: str) -> Row | None:
        named = read_heading(text)
        if named.period is None or named.rest or named.is_comparison:
            return None
        self.above.period, self.above.keys = named.period, {}
        return Row(place[0], "section", place, periods=(named.period,))

    def _indicator_section(self, place: Position, text: str, role: str) -> Row | None:
        if role == INDICATOR:
            self.above.group = text
            return Row(place[0], "section", place)
        indicator = self.vocabulary.meaning_of(text) or ""
        if indicator not in self.vocabulary.indicators:
            return None
        self.above.indicator, self.above.keys = indicator, {}
        return Row(place[0], "section", place, indicator=indicator)

    def _ward_section(self, place: Position, text: str) -> Row | None:
        wards = () if self.names else self.vocabulary.wards_within(text)
        if not wards:
            return None
        self.above.wards, self.above.keys = wards, {}
        return Row(place[0], "section", place, wards=wards)

    def _figures(self, number: int, cells: Mapping[int, CellValue]) -> Row:
        own = self._own_keys(number)
        if self.table.keys and not own:
            return Row(number, "stray", (number, min(cells)))
        named = {key.number for key in self.names} if any(key.number in own for key in self.names) else set()
        first = min(own, default=0)  # a key left blank to the right of one that is given was forgotten
        filled = {column: place for column, place in self.above.keys.items() if column < first and column not in named}
        above = self.above
        row = Row(
            number,
            "figures",
            (number, min(own or cells)),
            above.wards,
            above.town_code,
            (above.period,) if above.period is not None else (),
            above.indicator,
            filled_down=tuple((number, column) for column in sorted(filled)),
        )
        keys = filled | own
        for column in self.table.keys:
            assert column.meaning is not None
            if column.number in named and column.number not in keys:
                continue  # the ward's other key names it
            row = self._with_key(row, column.meaning.role, keys.get(column.number))
        above.keys = keys
        return row

    def _own_keys(self, number: int) -> dict[int, Position]:
        """Return the source cell of each key cell of a row that is not blank, merged ranges followed."""
        sources = {
            key.number: self.sheet.merges.get((number, key.number), (number, key.number)) for key in self.table.keys
        }
        return {
            column: place
            for column, place in sources.items()
            if place in self.sheet.cells and not isinstance(self.sheet.cells[place], Dropped)
        }

    def _with_key(self, row: Row, role: str, source: Position | None) -> Row:
        """Return the row with what one of its key cells says; a row that cannot be placed keeps the cell to blame."""
        if source is None:
            if role == PERIOD and not row.periods and self.periods.readings and row.kind == "figures":
                return replace(row, kind="unplaced")
            is_needed = not (row.wards if role in (WARD_NAME, WARD_CODE) else role == TOWN)
            return replace(row, kind="stray") if is_needed and row.kind == "figures" and not row.wards else row
        if role in (WARD_NAME, WARD_CODE):
            return self._with_ward(row, source)
        if row.kind != "figures":
            return row
        if role == TOWN:
            town_code = self.vocabulary.town_called(self.sheet.text(source))
            return replace(row, town_code=town_code) if town_code else replace(row, kind="unplaced", place=source)
        if role == PERIOD:
            reading = self.periods.readings.get(source)
            if reading is None:
                return replace(row, kind="unplaced", place=source, reason=self.periods.refused.get(source, ()))
            return replace(row, periods=combined([*row.periods, reading]))
        return self._with_indicator(row, source)

    def _with_ward(self, row: Row, source: Position) -> Row:
        text = self.sheet.text(source)
        place = (row.number, source[1])
        wards = self.vocabulary.wards_called(text)
        if not wards:
            is_other = _OTHER_UNIT.match(tone_key(text))
            return replace(row, kind="other_unit" if is_other else "unknown_ward", place=place)
        by_other_key = row.wards if row.wards != self.above.wards else ()
        agreed = tuple(ward for ward in wards if ward in by_other_key) if by_other_key else wards
        return replace(row, wards=agreed, place=place) if agreed else replace(row, kind="unplaced", place=place)

    def _with_indicator(self, row: Row, source: Position) -> Row:
        text = self.sheet.text(source)
        own, group = _bare(text), self.above.group
        for spelling in (text, own, f"{group} | {own}" if group else ""):
            meaning = self.vocabulary.meaning_of(spelling) if spelling else None
            if meaning in self.vocabulary.indicators:
                if not text.lstrip().startswith(("-", "+")):
                    self.above.group = own
                return replace(row, indicator=meaning or "")
        return replace(row, kind="unplaced", place=source)


def _bare(text: str) -> str:
    return _LIST_MARK.sub("", text, count=1).strip(" :")


def is_total_label(text: str) -> bool:
    """Return whether a row's label says that the row sums others.

    Examples
    --------
    >>> is_total_label("TỔNG CỘNG"), is_total_label("Toàn thành phố"), is_total_label("P. Cộng Hòa")
    (True, True, False)
    """
    key = normalise_header(text)
    return key in _TOTAL_WORDS or bool(_TOTAL_OF.fullmatch(key))
