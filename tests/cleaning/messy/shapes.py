"""The truth as a table: which of ward, period and indicator go down the rows, and which across the columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Literal

from cleaning.messy import spellings
from cleaning.messy.spellings import CellValue, Figure
from cleaning.messy.study import SPELLINGS, Key, Truth
from helpers.study.objects import Ward

Dimension = Literal["ward", "period", "indicator"]
Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column; counted from 0 within a block."""


@dataclass(frozen=True)
class Shape:
    """Where each dimension goes; what is in neither rows nor columns is said by the page."""

    rows: tuple[Dimension, ...]
    columns: tuple[Dimension, ...]

    @property
    def pages(self) -> tuple[Dimension, ...]:
        return tuple(own for own in ("indicator", "period", "ward") if own not in (*self.rows, *self.columns))


SHAPES = (
    *(Shape(("ward",), columns) for columns in (("indicator",), ("period",), ("period", "indicator"), ())),
    Shape(("ward",), ("indicator", "period")),
    *(Shape(("period",), columns) for columns in (("ward",), ("indicator",), ("ward", "indicator"), ())),
    Shape(("indicator",), ("ward",)),
    Shape(("indicator",), ("period",)),
    Shape(("indicator",), ("ward", "period")),
    Shape(("ward", "period"), ("indicator",)),
    Shape(("ward", "period"), ()),
    Shape(("period", "ward"), ("indicator",)),
    Shape(("ward", "indicator"), ("period",)),
    Shape(("indicator", "ward"), ("period",)),
    Shape(("period", "indicator"), ("ward",)),
    Shape(("ward", "period", "indicator"), ()),
    Shape(("period", "ward", "indicator"), ()),
)


@dataclass(frozen=True)
class Scope:
    """What one page is about."""

    wards: tuple[Ward, ...]
    periods: tuple[str, ...]
    indicators: tuple[str, ...]

    def of(self, dimension: Dimension) -> Sequence[Ward | str]:
        return {"ward": self.wards, "period": self.periods, "indicator": self.indicators}[dimension]


@dataclass(frozen=True)
class Style:
    """How an office fills in its tables."""

    ward: str = "plain"
    unit_columns: str = "name"
    code: str = "text"
    period_in_column: str = "{n}/{y}"
    period_in_row: str = "{n}/{y}"
    spelling: int = 0
    number: str = "typed"
    zero: str | int = 0
    groups: Literal["merged", "unmerged", "repeated"] = "merged"
    repeats: Literal["repeat", "blank", "merged"] = "repeat"
    has_sequence: bool = True
    under_header: Literal["", "letters", "brackets", "units"] = ""
    extra_columns: tuple[str, ...] = ()
    total_column: Literal["", "right", "wrong", "formula"] = ""
    total_row: Literal["", "right", "wrong", "formula"] = ""
    town_rows: Literal["", "section", "subtotal"] = ""
    is_sectioned: bool = False
    has_communes: bool = False
    is_cumulative: bool = False


@dataclass
class Block:
    """A table: its header and body, and merged ranges counted from its first row."""

    header: list[list[CellValue]]
    body: list[list[CellValue]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)

    @property
    def rows(self) -> list[list[CellValue]]:
        return [*self.header, *self.body]

    @property
    def width(self) -> int:
        return max(map(len, self.header))


def lay_out(truth: Truth, scope: Scope, shape: Shape, style: Style) -> Block:
    return _Layout(truth, scope, shape, style).block()


class _Layout:
    def __init__(self, truth: Truth, scope: Scope, shape: Shape, style: Style) -> None:
        self.truth, self.scope, self.shape, self.style = truth, scope, shape, style
        self.sectioned: Dimension | None = shape.rows[0] if style.is_sectioned and len(shape.rows) > 1 else None
        self.key_dimensions = tuple(own for own in shape.rows if own != self.sectioned)
        self.keys = [text for own in self.key_dimensions for text in self._key_headings(own)]
        self.columns = list(product(*(scope.of(own) for own in shape.columns)))

    def block(self) -> Block:
        left = [[text] for text in (*(["STT"] if self.style.has_sequence else []), *self.keys)]
        right = [[text] for text in self._extra_headings()]
        headings = [*left, *(self._heading(column) for column in self.columns), *right]
        block = _header(headings, self.style.groups)
        self.left, self.sequence = len(left), 0
        block.body += self._under_header(block)
        first = len(block.rows)
        for outer in product(*(self.scope.of(own) for own in self.shape.rows[:-1])):
            block.body += self._section(outer)
            block.body += self._rows(outer)
        self._blank_repeats(block, first)
        return block

    def _key_headings(self, own: Dimension) -> tuple[str, ...]:
        if own == "ward":
            return {"name": ("Đơn vị",), "code": ("Mã phường",), "both": ("Mã phường", "Tên phường")}[
                self.style.unit_columns
            ]
        if own == "indicator":
            return ("Chỉ tiêu",)
        if self.style.period_in_row == "split":
            return ("Năm", "Quý" if self.truth.kind == "calendar_quarter" else "Tháng")
        return ({"year": "Năm", "calendar_quarter": "Quý"}.get(self.truth.kind, "Tháng"),)

    def _heading(self, column: tuple[Ward | str, ...]) -> list[str]:
        if not column:
            return ["Số liệu" if "indicator" in self.shape.rows else "Số vụ"]
        levels: list[str] = []
        for own, value in zip(self.shape.columns, column, strict=True):
            if isinstance(value, Ward):
                levels.append(spellings.ward_name(value, self.style.ward))
            elif own == "period" and self.style.is_cumulative:
                levels.append(f"Lũy kế {spellings.period_number(value)} tháng năm {spellings.year_of(value)}")
            elif own == "period":
                levels.append(spellings.period_text(value, self.style.period_in_column))
            else:
                levels += SPELLINGS[value][self.style.spelling].split(" | ")
        return levels

    def _extra_headings(self) -> list[str]:
        headings = {"total": "Cộng", "note": "Ghi chú", "comparison": "So với cùng kỳ (%)", "last_year": "Cùng kỳ",
                    "unknown": "Cán bộ phụ trách", "quarter": "Quý I/2023", "population": "Dân số",
                    "plan": "Chỉ tiêu giao", "per_head": "Số vụ trên 100.000 dân"}  # fmt: skip
        running = f"{SPELLINGS[self.scope.indicators[0]][0]} lũy kế từ đầu năm"
        return [headings.get(name, running) for name in self._extras()]

    def _extras(self) -> list[str]:
        return [*(["total"] if self.style.total_column else []), *self.style.extra_columns]

    def _under_header(self, block: Block) -> list[list[CellValue]]:
        width = block.width
        if self.style.under_header == "letters":
            return [[*"ABCDEFGH"[: self.left], *range(1, width - self.left + 1)]]
        if self.style.under_header == "brackets":
            return [[f"({number})" for number in range(1, width + 1)]]
        if self.style.under_header == "units":
            return [[*[None] * self.left, *["(vụ)"] * len(self.columns)]]
        return []

    def _section(self, outer: tuple[Ward | str, ...]) -> list[list[CellValue]]:
        if self.sectioned is None:
            return []
        return [self._labelled(self._key(self.sectioned, outer[0])[-1])]

    def _rows(self, outer: tuple[Ward | str, ...]) -> list[list[CellValue]]:
        inner = self.shape.rows[-1]
        rows: list[list[CellValue]] = []
        total: list[list[int]] = []
        for group in self._groups(inner):
            figures = [self._figures(dict(zip(self.shape.rows, (*outer, own), strict=True))) for own in group]
            rows += self._town_row(group, figures)
            rows += [self._row((*outer, own), line) for own, line in zip(group, figures, strict=True)]
            total += [_counts(line) for line in figures]
        if inner == "ward" and self.style.has_communes and self.style.unit_columns == "name":
            commune = [4] * len(self.columns)
            rows.append(self._labelled("Xã Nghi Ân", commune))
            total.append(list(commune))
        if self.style.total_row and inner == "ward" and not self.style.is_cumulative:
            rows.append(self._labelled("Tổng cộng", self._sums(total, len(rows))))
        return rows

    def _groups(self, inner: Dimension) -> list[list[Ward | str]]:
        values = list(self.scope.of(inner))
        if inner != "ward" or not self.style.town_rows:
            return [values]
        towns = {ward.town_code: None for ward in self.scope.wards}
        return [[w for w in values if isinstance(w, Ward) and w.town_code == town] for town in towns]

    def _town_row(self, group: list[Ward | str], figures: list[list[Figure]]) -> list[list[CellValue]]:
        first = group[0]
        if not isinstance(first, Ward) or not self.style.town_rows:
            return []
        label = f"Công an TP {first.town_name_vi}" if first.town_code == "412" else f"TX {first.town_name_vi}"
        has_sums = self.style.town_rows == "subtotal" and not self.style.is_cumulative
        sums = [sum(column) for column in zip(*map(_counts, figures), strict=True)] if has_sums else []
        return [self._labelled(label, sums)]

    def _sums(self, figures: list[list[int]], count: int) -> list[CellValue]:
        if self.style.total_row == "formula":
            return [f"=SUM(A{number}:A{count})" for number in range(1, len(self.columns) + 1)]
        extra = self.style.total_row == "wrong"
        sums: list[CellValue] = [sum(column) + extra for column in zip(*figures, strict=True)]
        return sums

    def _labelled(self, label: CellValue, numbers: Sequence[CellValue] = ()) -> list[CellValue]:
        place = self.left - 1
        return [*[None] * place, label, *numbers]

    def _figures(self, row: dict[Dimension, Ward | str]) -> list[Figure]:
        return [self._figure(row | dict(zip(self.shape.columns, column, strict=True))) for column in self.columns]

    def _figure(self, told: dict[Dimension, Ward | str]) -> Figure:
        about = told | {own: self.scope.of(own)[0] for own in self.shape.pages}
        ward, period, indicator = about["ward"], str(about["period"]), str(about["indicator"])
        assert isinstance(ward, Ward)
        key: Key = (ward.ward_id, period, indicator)
        count = self.truth.figures[key]
        shown = self._running(ward, period, indicator) if self.style.is_cumulative else count
        return Figure(key, count, spellings.number(shown, self.style.number, self.style.zero))

    def _running(self, ward: Ward, period: str, indicator: str) -> int:
        until = [own for own in self.truth.periods if own <= period]
        return sum(self.truth.figures[ward.ward_id, own, indicator] or 0 for own in until)

    def _row(self, keys: tuple[Ward | str, ...], figures: list[Figure]) -> list[CellValue]:
        self.sequence += 1
        about = dict(zip(self.shape.rows, keys, strict=True))
        cells: list[CellValue] = [self.sequence] if self.style.has_sequence else []
        for own in self.key_dimensions:
            cells += self._key(own, about[own])
        cells += figures
        return [*cells, *(self._extra(name, about, figures) for name in self._extras())]

    def _key(self, own: Dimension, value: Ward | str) -> list[CellValue]:
        if isinstance(value, Ward):
            name, code = spellings.ward_name(value, self.style.ward), spellings.ward_code(value, self.style.code)
            return {"name": [name], "code": [code], "both": [code, name]}[self.style.unit_columns]
        if own == "indicator":
            return [SPELLINGS[value][min(self.style.spelling, 1)]]
        return self._period_key(value)

    def _period_key(self, period: str) -> list[CellValue]:
        number, year = spellings.period_number(period), spellings.year_of(period)
        style = self.style.period_in_row
        if style == "split":
            return [year, number]
        if style == "year":
            return [year]
        if style in ("date", "serial", "dmy"):
            day = spellings.first_of_month(period)
            serial = (day - date(1899, 12, 30)) // timedelta(days=1)
            return [{"date": day, "serial": serial, "dmy": f"{day:%d/%m/%Y}"}[style]]
        return [spellings.period_text(period, style)]

    def _extra(self, name: str, about: dict[Dimension, Ward | str], figures: list[Figure]) -> CellValue:
        ward = about.get("ward", self.scope.wards[0])
        assert isinstance(ward, Ward)
        total = sum(_counts(figures))
        if name == "total":
            right = total if self.style.total_column == "right" else total + 7
            return "=SUM(B2:C2)" if self.style.total_column == "formula" else right
        if name == "running":
            return self._running(ward, self.scope.periods[0], self.scope.indicators[0])
        others = {
            "note": "đã kiểm tra" if self.sequence == 1 else None,
            "comparison": -12.5,
            "last_year": 17,
            "unknown": 3,
            "plan": 40,
            "per_head": 55.2,
            "quarter": total,
            "population": ward.population_count,
        }
        return others[name]

    def _blank_repeats(self, block: Block, first: int) -> None:
        """Leave out the first key where it repeats the one above, perhaps under a merged cell."""
        if self.style.repeats == "repeat" or len(self.key_dimensions) < 2 or self.key_dimensions[0] == "indicator":
            return
        column = self.left - len(self.keys)
        width = len(self._key_headings(self.key_dimensions[0]))
        rows = block.rows
        for place in range(column, column + width):
            start = first
            for number in range(first + 1, len(rows) + 1):
                if number < len(rows) and rows[number][place] == rows[start][place] and rows[start][place] is not None:
                    rows[number][place] = None
                    continue
                if self.style.repeats == "merged" and number - start > 1:
                    block.merges.append((start, place, number - 1, place))
                start = number


def _counts(figures: list[Figure]) -> list[int]:
    return [figure.count or 0 for figure in figures]


def _header(headings: list[list[str]], groups: str) -> Block:
    """Return the rows of a header whose columns have one to four levels."""
    depth = max(map(len, headings))
    rows: list[list[CellValue]] = [[None] * len(headings) for _ in range(depth)]
    merges: list[Merge] = []
    for number, levels in enumerate(headings):
        for level, text in enumerate(levels):
            rows[level][number] = text
        if groups == "merged" and len(levels) < depth:
            merges.append((len(levels) - 1, number, depth - 1, number))
    if groups != "repeated":
        for level in range(depth - 1):
            _join(rows, headings, level, merges if groups == "merged" else [])
    return Block(rows, merges=merges)


def _join(rows: list[list[CellValue]], headings: list[list[str]], level: int, merges: list[Merge]) -> None:
    start = 0
    for number in range(1, len(headings) + 1):
        is_same = number < len(headings) and len(headings[number]) > level + 1 and len(headings[start]) > level + 1
        if is_same and headings[number][: level + 1] == headings[start][: level + 1]:
            rows[level][number] = None
            continue
        if number - start > 1:
            merges.append((level, start, level, number - 1))
        start = number
