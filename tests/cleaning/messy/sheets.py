"""Tables on sheets: titles above, footers below, several tables on one sheet, sheets that hold only text."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from cleaning.messy import spellings
from cleaning.messy.shapes import Block, Dimension, Merge, Scope, Shape, Style, lay_out
from cleaning.messy.spellings import CellValue
from cleaning.messy.study import SPELLINGS, Truth
from helpers.study.objects import Ward


@dataclass
class Page:
    """A sheet: rows of cells from A1, and merged ranges counted from 0."""

    name: str
    rows: list[list[CellValue]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    is_hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)

    def put(self, rows: Sequence[Sequence[CellValue]], row: int, column: int, merges: Sequence[Merge] = ()) -> None:
        while len(self.rows) < row + len(rows):
            self.rows.append([])
        for number, cells in enumerate(rows, start=row):
            line = self.rows[number]
            line += [None] * (column + len(cells) - len(line))
            line[column : column + len(cells)] = cells
        self.merges += [(a + row, b + column, c + row, d + column) for a, b, c, d in merges]


@dataclass(frozen=True)
class Surroundings:
    """What stands around the tables, and how they share sheets."""

    pages: str = "sheets"
    told_by: str = "title"
    has_days: bool = False
    has_office: bool = True
    has_footer: bool = True
    gap: int = 1
    lead: int = 0
    has_cover: bool = False
    is_hidden: bool = False


def scopes(truth: Truth, shape: Shape) -> list[Scope]:
    """Return what each page is about."""
    every = Scope(truth.wards, truth.periods, truth.indicators)
    found = []
    for values in product(*(every.of(own) for own in shape.pages)):
        about: dict[Dimension, Ward | str] = dict(zip(shape.pages, values, strict=True))
        scope = every
        for own, value in about.items():
            scope = replace(scope, **{f"{own}s": (value,)})
        found.append(scope)
    return found


def titles(truth: Truth, scope: Scope, shape: Shape, style: Style, around: Surroundings) -> list[str]:
    """Return the lines above a table."""
    lines = []
    if around.has_office and len({ward.town_code for ward in scope.wards}) == 1 and "ward" not in shape.pages:
        kind = "THÀNH PHỐ" if scope.wards[0].town_code == "412" else "THỊ XÃ"
        lines.append(f"CÔNG AN {kind} {scope.wards[0].town_name_vi.upper()}")
    lines += [_said(truth, scope, own, around) for own in shape.pages]
    if "period" not in shape.pages and needs_year(truth, shape, style):
        lines.append(f"NĂM {spellings.year_of(scope.periods[0])}")
    return lines


def needs_year(truth: Truth, shape: Shape, style: Style) -> bool:
    """Return whether the headings and keys leave the year to the title."""
    written = style.period_in_column if "period" in shape.columns else style.period_in_row
    return truth.kind != "year" and "{" in written and "{y}" not in written


def _said(truth: Truth, scope: Scope, own: Dimension, around: Surroundings) -> str:
    if own == "ward":
        return f"CÔNG AN PHƯỜNG {scope.wards[0].ward_name_vi.upper()}"
    if own == "indicator":
        return f"BÁO CÁO {SPELLINGS[scope.indicators[0]][0].upper()}"
    if around.has_days:
        return spellings.with_days(scope.periods[0], truth.kind)
    return spellings.period_text(scope.periods[0], spellings.period_styles(truth.kind, has_year=True)[0]).upper()


def name_of(truth: Truth, scope: Scope, shape: Shape) -> str:
    """Return a name for a sheet or a file that says what the page is about."""
    parts = []
    for own in shape.pages:
        if own == "ward":
            parts.append(f"P. {scope.wards[0].ward_name_vi}")
        elif own == "indicator":
            parts.append(SPELLINGS[scope.indicators[0]][0])
        else:
            text = spellings.period_text(scope.periods[0], spellings.period_styles(truth.kind, has_year=True)[0])
            parts.append(text.replace("/", "-"))
    return " ".join(parts)


FOOTER = ("Vinh, ngày 16 tháng 5 năm 2023", "NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)")
COVER = ("CÔNG AN TỈNH", "Kính gửi: phòng tổng hợp", "Số liệu mô phỏng (synthetic)")


def build_pages(truth: Truth, shape: Shape, style: Style, around: Surroundings) -> list[Page]:
    """Return the sheets of one return."""
    parts = [(scope, lay_out(truth, scope, shape, style)) for scope in scopes(truth, shape)]
    if around.pages in ("below", "beside") and len(parts) > 1:
        pages = [_together(truth, parts, shape, style, around)]
    else:
        pages = [_alone(truth, scope, block, shape, style, around) for scope, block in parts]
    if around.has_cover:
        pages.insert(0, Page("Bìa", [[text] for text in COVER]))
    return pages


def _alone(truth: Truth, scope: Scope, block: Block, shape: Shape, style: Style, around: Surroundings) -> Page:
    name = name_of(truth, scope, shape)
    page = Page(name[:31] or "Sheet1")
    lines = titles(truth, scope, shape, style, around)
    if around.told_by == "name" and shape.pages:
        lines = []
    elif shape.pages:
        page.name = f"Biểu {scopes(truth, shape).index(scope) + 1}"
    _place(page, lines, block, around.lead, 0, around)
    page.is_hidden = around.is_hidden and len(scopes(truth, shape)) > 1 and scope == scopes(truth, shape)[0]
    return page


def _place(page: Page, lines: Sequence[str], block: Block, row: int, column: int, around: Surroundings) -> int:
    """Put a title, a table and a footer on a page; return the row after the table."""
    page.put([[line] for line in lines], row, column)
    top = row + len(lines) + (around.gap if lines else 0)
    page.put(block.rows, top, column, block.merges)
    end = top + len(block.rows)
    if around.has_footer and column == 0:
        page.put([[None, text] for text in FOOTER], end + 1, column)
    return end


def _together(
    truth: Truth, parts: Sequence[tuple[Scope, Block]], shape: Shape, style: Style, around: Surroundings
) -> Page:
    page = Page("Sheet1")
    row, column = around.lead, 0
    quiet = replace(around, has_footer=False)
    for number, (scope, block) in enumerate(parts):
        is_last = number == len(parts) - 1
        lines = titles(truth, scope, shape, style, around)
        if around.pages == "below":
            row = _place(page, lines, block, row, 0, around if is_last else quiet) + around.gap
        else:
            _place(page, lines, block, row, column, quiet)
            column += block.width + around.gap
    return page
