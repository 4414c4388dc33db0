"""One office: the truth in one drawn combination of shapes and messes, saved under ``returns/``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cleaning.messy import spellings
from cleaning.messy.files import ENCODINGS, TEXTS, WORKBOOKS, in_old_font, save_parquet, save_text, save_workbook
from cleaning.messy.shapes import SHAPES, Shape, Style
from cleaning.messy.sheets import Page, Surroundings, build_pages, needs_year
from cleaning.messy.study import Choose, Key, Truth, draw_truth

Place = tuple[str, str]
"""File and sheet, as tables and problems name them."""


@dataclass(frozen=True)
class Sent:
    """What an office sends, and which figures it writes so that nobody can be sure of them."""

    truth: Truth
    shape: Shape
    style: Style
    around: Surroundings
    kind: str
    pages: list[Page]
    unsure: frozenset[Key] = frozenset()


KINDS = ("workbook", "workbook", "workbook", "text", "parquet")


def draw_return(
    folder: Path, choose: Choose, *, kinds: Sequence[str] = KINDS, is_cumulative: bool | None = None
) -> Sent:
    """Return a drawn study's returns, not yet saved."""
    truth = draw_truth(folder, choose)
    kind = choose(kinds)
    shape = choose([shape for shape in SHAPES if kind != "parquet" or len(shape.columns) < 2])
    style = _draw_style(truth, shape, kind, choose)
    style = style if is_cumulative is None else replace(style, is_cumulative=is_cumulative)
    around = _draw_surroundings(truth, shape, style, kind, choose)
    pages = build_pages(truth, shape, style, around)
    _hide(pages, choose if kind == "workbook" else None)
    unsure = frozenset(
        key for key, value in truth.figures.items() if value is not None and _is_unsure(value, style, kind)
    )
    return Sent(truth, shape, style, around, kind, pages, unsure)


def _is_unsure(value: int, style: Style, kind: str) -> bool:
    """Return whether a figure is written so that it may mean two numbers: “1,234”, or “12.0” as a text."""
    return (style.number == "english" and value >= 1000) or (style.number == "float" and kind != "workbook")


def _draw_style(truth: Truth, shape: Shape, kind: str, choose: Choose) -> Style:
    is_text = kind != "workbook"
    has_rows_of_wards = "ward" in shape.rows
    is_known = None not in truth.figures.values()
    style = Style(
        ward=choose(spellings.WARD_STYLES),
        unit_columns=choose(("name", "name", "code", "both")) if has_rows_of_wards else "name",
        code=choose(spellings.CODE_STYLES),
        period_in_column=choose(_column_styles(truth, kind)),
        period_in_row=choose(_row_styles(truth, kind)),
        spelling=0 if kind == "parquet" else choose(range(4)),
        number=choose((*spellings.NUMBER_STYLES, "english")),
        zero=spellings.draw_zero(choose),
        groups=choose(("unmerged", "repeated") if is_text else ("merged", "unmerged", "repeated")),
        repeats=choose(("repeat", "blank") if is_text else ("repeat", "blank", "merged")),
        has_sequence=choose((True, False)),
        under_header="" if kind == "parquet" else choose(("", "", "letters", "brackets", "units")),
        town_rows=choose(("", "section", "subtotal")) if shape.rows[-1] == "ward" and len(truth.towns) > 1 else "",
        has_communes=choose((False, True)),
        total_row=choose(("", "right", "wrong") if is_text else ("", "right", "wrong", "formula")),
        is_sectioned=len(shape.rows) == 2 and shape.rows[0] != "ward" and kind != "parquet" and choose((True, False)),
    )
    if shape.columns in (("period",), ("ward",)):
        style = replace(style, total_column=choose(("", "right", "wrong") if is_text else ("", "right", "formula")))
    if shape == Shape(("ward",), ("period",)) and "month" in truth.kind and is_known:
        style = replace(style, is_cumulative=choose((False, False, True)))
    if style.is_sectioned and "{y}" not in style.period_in_row:
        style = replace(style, period_in_row=spellings.period_styles(truth.kind, has_year=True)[0])
    if style.is_cumulative:
        style = replace(style, total_column="")
    return replace(style, extra_columns=_draw_extras(truth, shape, style, choose))


def _column_styles(truth: Truth, kind: str) -> Sequence[str]:
    without_year = () if kind == "parquet" else spellings.period_styles(truth.kind, has_year=False)
    return (*spellings.period_styles(truth.kind, has_year=True), *without_year)


def _row_styles(truth: Truth, kind: str) -> Sequence[str]:
    if truth.kind == "year":
        return ("year", "Năm {y}")
    monthly = ("date", "serial", "dmy") if "month" in truth.kind else ()
    return (*spellings.period_styles(truth.kind, has_year=True), "split", *monthly)


def _draw_extras(truth: Truth, shape: Shape, style: Style, choose: Choose) -> tuple[str, ...]:
    offered = ["note", "comparison", "last_year", "unknown", "plan", "per_head"]
    if "ward" in shape.rows:
        offered.append("population")
    is_known = None not in truth.figures.values()
    if shape.columns == ("period",) and "month" in truth.kind and is_known and not style.is_cumulative:
        offered.append("quarter")
    if shape.columns == ("indicator",) and "period" in shape.pages and "ward" in shape.rows and is_known:
        offered.append("running")
    if truth.kind == "year" and "running" in offered:
        offered.remove("running")
    first, second = choose((*offered, "")), choose(("", "", *offered))
    return tuple(dict.fromkeys(name for name in (first, second) if name))


def _draw_surroundings(truth: Truth, shape: Shape, style: Style, kind: str, choose: Choose) -> Surroundings:
    if kind == "parquet":
        return Surroundings(told_by="name", has_office=False, has_footer=False)
    single = len(shape.pages) == 1
    name_tells = single and not needs_year(truth, shape, style)
    return Surroundings(
        pages=choose(("sheets", "sheets", "below", "beside")) if kind == "workbook" else choose(("sheets", "below")),
        told_by=choose(("title", "name")) if name_tells else "title",
        has_days=choose((True, False)),
        has_office=choose((True, False)),
        has_footer=choose((True, False)),
        gap=choose((1, 2)),
        lead=choose((0, 0, 2)),
        has_cover=kind == "workbook" and choose((True, False, False)),
        is_hidden=kind == "workbook" and choose((True, False, False)),
    )


def _hide(pages: Sequence[Page], choose: Choose | None) -> None:
    if choose is None:
        return
    for page in pages:
        page.hidden_rows = choose(([], [], [len(page.rows) - 2]))
        page.hidden_columns = choose(([], [], [1]))


def save(sent: Sent, choose: Choose) -> list[Place]:
    """Write what is sent under ``returns/``; return where each page is."""
    returns = sent.truth.study.folder / "returns"
    returns.mkdir()
    if sent.kind == "workbook":
        return _save_workbook(sent.pages, returns, choose)
    places = []
    for number, page in enumerate(sent.pages, start=1):
        name = f"bieu {number}" if page.name.startswith("Biểu") else page.name
        suffix = ".parquet" if sent.kind == "parquet" else choose(TEXTS)
        path = returns / f"{name}{suffix}"
        if sent.kind == "parquet":
            save_parquet(page, path)
        else:
            save_text(page, path, choose((";", ",", "\t")), choose(ENCODINGS))
        places.append((f"returns/{path.name}", ""))
    return places


def _save_workbook(pages: Sequence[Page], returns: Path, choose: Choose) -> list[Place]:
    suffix = choose(WORKBOOKS)
    if any(isinstance(v, str) and v.startswith("=") for page in pages for row in page.rows for v in row):
        suffix = ".xlsx"
    elif choose((True, False, False, False)):
        for page in pages:
            page.rows = [[in_old_font(value) for value in row] for row in page.rows]
    save_workbook(pages, returns / f"bao cao{suffix}")
    return [(f"returns/bao cao{suffix}", page.name) for page in pages]
