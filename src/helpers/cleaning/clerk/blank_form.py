"""A blank return of one town: a workbook that asks for each figure once and reads back without a question.

The form is in Vietnamese, as the offices that fill it in are. Only the cells for figures can be written in; each says
what belongs there and refuses what cannot be a figure. One sheet is one period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning.layout.filing import EXPECTED
from helpers.cleaning.layout.vocabulary import (
    ROLE_SPELLINGS,
    SEQUENCE_NUMBER,
    WARD_CODE,
    WARD_NAME,
    Vocabulary,
    build_vocabulary,
)
from helpers.cleaning.workbooks.written_workbook import FONT, heading_style, save_workbook, write_text
from helpers.errors import UsageError
from helpers.messages import say
from helpers.study.objects import CellMarks, Indicator, Study, Ward
from helpers.study.periods import PeriodKind, period_days

_PERIOD_WORDS: dict[PeriodKind, str] = {
    "police_month": "Tháng {part}/{year}",
    "calendar_month": "Tháng {part}/{year}",
    "calendar_quarter": "Quý {part}/{year}",
    "year": "Năm {year}",
}
_SHEET_NAMES: dict[PeriodKind, str] = {
    "police_month": "T{part:02d}-{year}",
    "calendar_month": "T{part:02d}-{year}",
    "calendar_quarter": "Quý {part}-{year}",
    "year": "Năm {year}",
}
_SYNTHETIC = "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ LIỆU THẬT (synthetic)"
_SYNTHETIC_SHEET = "{name} MÔ PHỎNG"
_ADVICE = (
    "Chỉ ghi vào các ô màu vàng nhạt. Không xảy ra vụ nào: ghi số không. Chưa có số liệu: để trống.",
    "Không ghi họ tên, giấy tờ, điện thoại, địa chỉ hay thông tin khác của bất kỳ ai vào biểu này.",
)
_SIGNATURES = ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ")
_SIGNED = "(Ký, ghi rõ họ tên)"
_DATED = "…………, ngày …… tháng …… năm ……"
_HEADER_ROW, _FIRST_ROW = 6, 7
_KEYS = {SEQUENCE_NUMBER: "TT", WARD_CODE: "Mã đơn vị", WARD_NAME: "Đơn vị"}
_WIDTHS = (6, 12, 24)
_FIGURE_WIDTH = 15
_MOST_RULE = 255
"""Excel takes no longer formula for a check of what is typed."""

_THIN = Side(style="thin")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_INPUT = PatternFill("solid", start_color="FFFFF9E5")
_OPEN = Protection(locked=False)


@dataclass(frozen=True, slots=True)
class _Form:
    """What all sheets of a form share: headings of key columns, indicators with theirs, and marks."""

    study: Study
    vocabulary: Vocabulary
    keys: tuple[str, ...]
    indicators: tuple[tuple[Indicator, str], ...]
    total: str
    town_name: str


def write_blank_form(
    study: Study, path: Path, *, town_code: str, periods: Sequence[str], indicators: Sequence[str] = ()
) -> Path:
    """Write the blank return of a town and return its path.

    Parameters
    ----------
    study : Study
        Whose wards, indicators, spellings and marks count.
    path : Path
        An .xlsx that is not there yet.
    town_code : str
        The town.
    periods : sequence of str
        Labels of periods; each becomes a sheet, with the wards that exist in it.
    indicators : sequence of str, optional
        Ids; by default every count and ratio. What a ratio is taken over is always asked for too.

    Raises
    ------
    UsageError
        If the town, a period or an indicator is not of the study, no ward of the town exists in a period, a heading
        would mean something else, or the file is there already.
    UnwritableOutput
        If the folder cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise UsageError(say("{path} does not end in .xlsx. A form is a workbook: name it so.", path=path))
    if path.exists():
        raise UsageError(say("{path} is there already, perhaps filled in. Give another name.", path=path))
    form = _form(study, town_code, indicators)
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for period in dict.fromkeys(periods):
        days = period_days(study.period_kind, period)
        wards = form.vocabulary.expected_wards(town_code, period)
        if not wards:
            raise UsageError(
                say("No ward of {town} exists in {period}. Choose another period.", town=form.town_name, period=period)
            )
        _fill(workbook.create_sheet(_sheet_name(study, period)), form, period, days, wards)
    if not workbook.worksheets:
        raise UsageError(say("Name at least one period, such as --period {period}.", period=study.window[0]))
    workbook.security = WorkbookProtection(lockStructure=True)
    return save_workbook(workbook, path)


def _form(study: Study, town_code: str, indicators: Sequence[str]) -> _Form:
    vocabulary = build_vocabulary(study)
    if town_code not in study.town_names:
        known = ", ".join(f"{code} ({name})" for code, name in sorted(study.town_names.items()))
        raise UsageError(say("There is no town “{town}”. There are: {known}.", town=town_code, known=known))
    chosen = {name: study.indicator(name) for name in indicators}
    chosen = chosen or {own.indicator: own for own in study.indicators if own.kind in ("count", "ratio")}
    for own in tuple(chosen.values()):
        if own.denominator:
            chosen.setdefault(own.denominator, study.indicator(own.denominator))
    ordered = [own for own in study.indicators if own.indicator in chosen]
    if any(own.kind == "class" for own in ordered):
        raise UsageError(say("A form asks for numbers, and a class is none. Leave that indicator out."))
    return _Form(
        study,
        vocabulary,
        tuple(_heading(vocabulary, role, (word, *ROLE_SPELLINGS[role])) for role, word in _KEYS.items()),
        tuple((own, _heading(vocabulary, own.indicator, (own.name_vi, own.indicator))) for own in ordered),
        "Tổng cộng",
        study.town_names[town_code],
    )


def _heading(vocabulary: Vocabulary, meaning: str, spellings: Sequence[str]) -> str:
    """Return the first spelling that the study reads with a meaning: the usual ones, then its own."""
    declared = [own for own in vocabulary.heading_spellings if "|" not in own]
    for spelling in (*spellings, *declared):
        if vocabulary.meaning_of(spelling) == meaning:
            return spelling
    raise UsageError(say("No heading of the study means {meaning}. Add one to header_aliases.csv.", meaning=meaning))


def _parts(study: Study, period: str) -> dict[str, int]:
    year, _, part = period.replace("Q", "-").partition("-")
    return {"year": int(year), "part": int(part or 0)}


def _sheet_name(study: Study, period: str) -> str:
    name = _SHEET_NAMES[study.period_kind].format(**_parts(study, period))
    return _SYNTHETIC_SHEET.format(name=name) if study.origin == "synthetic" else name


def _fill(page: Worksheet, form: _Form, period: str, days: tuple[date, date], wards: Sequence[Ward]) -> None:
    width = len(form.keys) + len(form.indicators)
    first, last = (f"{day.day}/{day.month}/{day.year}" for day in days)
    name = _PERIOD_WORDS[form.study.period_kind].format(**_parts(form.study, period))
    ward_word = form.study.unit_names.get("ward_vi", "đơn vị")
    titles = [
        (f"Đơn vị báo cáo: {form.town_name}", 12, True),
        (f"BIỂU SỐ LIỆU THEO {ward_word.upper()}", 14, True),
        (f"{name} (từ {first} đến {last})", 12, False),
        (_SYNTHETIC if form.study.origin == "synthetic" else "", 12, True),
    ]
    for row, (text, size, is_bold) in enumerate(titles, start=1):
        _line(page, row, text, width, Font(name=FONT, size=size, bold=is_bold), "left" if row == 1 else "center")
    _write_header(page, form)
    end = _FIRST_ROW + len(wards) - 1
    for row, ward in enumerate(wards, start=_FIRST_ROW):
        _write_ward(page, row, row - _FIRST_ROW + 1, ward, width)
    _write_total(page, form, end)
    _write_checks(page, form, end)
    _write_footer(page, end + 3, width)
    _protect_and_print(page, width, end)


def _line(page: Worksheet, row: int, text: str, width: int, font: Font, place: str) -> None:
    if text:
        page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
        cell = write_text(page, row, 1, text)
        cell.font, cell.alignment = font, Alignment(horizontal=place, vertical="center", wrap_text=True)


def _write_header(page: Worksheet, form: _Form) -> None:
    font, fill, alignment = heading_style()
    headings = (*form.keys, *(heading for _, heading in form.indicators))
    for column, heading in enumerate(headings, start=1):
        cell = write_text(page, _HEADER_ROW, column, heading)
        cell.font, cell.fill, cell.alignment, cell.border = font, fill, alignment, _BOX
        width = _WIDTHS[column - 1] if column <= len(_WIDTHS) else _FIGURE_WIDTH
        page.column_dimensions[get_column_letter(column)].width = width
    longest = max(len(heading) for heading in headings)
    page.row_dimensions[_HEADER_ROW].height = 18 * (1 + longest // _FIGURE_WIDTH)


def _write_ward(page: Worksheet, row: int, number: int, ward: Ward, width: int) -> None:
    page.cell(row, 1, number)
    write_text(page, row, 2, ward.ward_code)
    write_text(page, row, 3, ward.ward_name_vi)
    for column in range(1, width + 1):
        cell = page.cell(row, column)
        cell.font, cell.border = Font(name=FONT, size=11), _BOX
        if column > len(_KEYS):
            cell.fill, cell.protection, cell.alignment = _INPUT, _OPEN, Alignment(horizontal="right")


def _write_total(page: Worksheet, form: _Form, end: int) -> None:
    row = end + 1
    write_text(page, row, len(_KEYS), form.total)
    for column, (about, _) in enumerate(form.indicators, start=len(_KEYS) + 1):
        letter = get_column_letter(column)
        if about.kind in ("count", "ratio"):
            page.cell(row, column, f"=SUM({letter}{_FIRST_ROW}:{letter}{end})")
    for column in range(1, len(_KEYS) + len(form.indicators) + 1):
        cell = page.cell(row, column)
        cell.font, cell.border = Font(name=FONT, size=11, bold=True), _BOX


def _write_checks(page: Worksheet, form: _Form, end: int) -> None:
    """Let each cell for a figure say what belongs there, and refuse what cannot be read."""
    for column, (about, _) in enumerate(form.indicators, start=len(_KEYS) + 1):
        letter = get_column_letter(column)
        is_count = EXPECTED.get(about.kind) == "count"
        what = "Số nguyên từ 0 trở lên" if is_count else "Số từ 0 trở lên"
        check = DataValidation(
            type="custom",
            formula1=_rule(f"{letter}{_FIRST_ROW}", form.study.cells, is_count=is_count),
            allow_blank=True,
            showErrorMessage=True,
            showInputMessage=True,
            errorTitle="Không ghi được",
            error=f"{what}; không có thì ghi 0, chưa có số liệu thì để trống."[:255],
            promptTitle=about.indicator[:32],
            prompt=f"{what} ({about.unit_vi or 'số'}). Không có: 0. Chưa có số liệu: để trống."[:255],
        )
        check.add(f"{letter}{_FIRST_ROW}:{letter}{end}")
        page.add_data_validation(check)


def _rule(cell: str, marks: CellMarks, *, is_count: bool) -> str:
    """Return the formula that a figure must meet: a number, or one of the study's marks.

    Examples
    --------
    >>> _rule("D7", CellMarks(zero=("-",), missing=()), is_count=True)
    'IF(ISNUMBER(D7),AND(D7>=0,D7=INT(D7)),OR(D7="-"))'
    """
    number = f"AND({cell}>=0,{cell}=INT({cell}))" if is_count else f"{cell}>=0"
    texts = [f'{cell}="{mark.replace(chr(34), chr(34) * 2)}"' for mark in (*marks.zero, *marks.missing)]
    while texts:
        rule = f"IF(ISNUMBER({cell}),{number},OR({','.join(texts)}))"
        if len(rule) <= _MOST_RULE:
            return rule
        texts.pop()
    return f"IF(ISNUMBER({cell}),{number},FALSE)"


def _write_footer(page: Worksheet, row: int, width: int) -> None:
    plain = Font(name=FONT, size=11, italic=True)
    for offset, text in enumerate(_ADVICE):
        _line(page, row + offset, text, width, plain, "left")
    below = row + len(_ADVICE) + 1
    half = max(len(_KEYS), width // 2)
    places = ((1, half), (half + 1, max(width, half + 1)))
    for (first, last), texts in zip(
        places, (("", *_SIGNATURES[:1], _SIGNED), (_DATED, *_SIGNATURES[1:], _SIGNED)), strict=True
    ):
        for offset, text in enumerate(texts):
            if text:
                page.merge_cells(start_row=below + offset, end_row=below + offset, start_column=first, end_column=last)
                written = write_text(page, below + offset, first, text)
                written.font = Font(name=FONT, size=11, bold=text in _SIGNATURES, italic=text not in _SIGNATURES)
                written.alignment = Alignment(horizontal="center")
                written.protection = _OPEN if text == _DATED else Protection()


def _protect_and_print(page: Worksheet, width: int, end: int) -> None:
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = False
    page.freeze_panes = f"{get_column_letter(len(_KEYS) + 1)}{_FIRST_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToHeight = 0
    page.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    if page.oddFooter:
        page.oddFooter.center.text = "&P/&N"
