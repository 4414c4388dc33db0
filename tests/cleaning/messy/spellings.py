"""How an office writes one cell: a ward, a period, a number."""

import unicodedata
from dataclasses import dataclass
from datetime import date

from cleaning.messy.study import Choose, Key
from helpers.study.objects import Ward
from helpers.study.periods import PeriodKind, period_days


@dataclass
class Figure:
    """A cell that holds a figure: whose it is, what it counts, and how it is written."""

    key: Key
    count: int | None
    written: "CellValue"


CellValue = str | int | float | date | Figure | None


def plain(value: CellValue) -> CellValue:
    """Return what is written in a cell."""
    return value.written if isinstance(value, Figure) else value


_OLD_TONES = {"Thủy": "Thuỷ", "Hòa": "Hoà"}
ROMAN = ("I", "II", "III", "IV")
WARD_STYLES = ("plain", "P. ", "P.", "CAP ", "Phường ", "Công an phường ", "capitals", "decomposed", "old tones")


def ward_name(ward: Ward, style: str) -> str:
    name = ward.ward_name_vi
    if style == "plain":
        return name
    if style == "capitals":
        return f"PHƯỜNG {name.upper()}"
    if style == "decomposed":
        return unicodedata.normalize("NFD", f"P. {name}")
    if style == "old tones":
        for new, old in _OLD_TONES.items():
            name = name.replace(new, old)
        return name
    return style + name


CODE_STYLES = ("text", "number", "id")


def ward_code(ward: Ward, style: str) -> CellValue:
    """Return a code; as a number it loses its leading zeros."""
    return {"text": ward.ward_code, "number": int(ward.ward_code), "id": ward.ward_id}[style]


def period_styles(kind: PeriodKind, *, has_year: bool) -> tuple[str, ...]:
    """Return the ways in which a period is written in a heading or a key cell, with its year or without."""
    if kind == "year":
        return ("Năm {y}", "NĂM {y}")
    if kind == "calendar_quarter":
        return ("Quý {r}/{y}", "Quý {n} năm {y}", "QUÝ {r} - {y}") if has_year else ("Quý {r}", "Quý {n}", "QUÝ {r}")
    if has_year:
        return ("Tháng {n}/{y}", "T{n}/{y}", "Tháng {nn} năm {y}", "THÁNG {n}/{y}", "{nn}/{y}")
    return ("Tháng {n}", "T{n}", "THÁNG {nn}")


def period_text(period: str, style: str) -> str:
    year, number = _parts(period)
    return style.format(y=year, n=number, nn=f"{number:02d}", r=ROMAN[number - 1] if number <= 4 else "")


def _parts(period: str) -> tuple[int, int]:
    return int(period[:4]), int(period[4:].lstrip("-Q") or 1)


def period_number(period: str) -> int:
    return _parts(period)[1]


def year_of(period: str) -> int:
    return _parts(period)[0]


def first_of_month(period: str) -> date:
    """Return the first day of the month that a police or calendar month is named after; it lies in both."""
    return date(*_parts(period), 1)


def with_days(period: str, kind: PeriodKind) -> str:
    """Return a title's period with its days, as offices write it."""
    first, last = (f"{day.day}/{day.month}/{day.year}" for day in period_days(kind, period))
    label = period_text(period, period_styles(kind, has_year=True)[0])
    return f"{label} (từ {first} đến {last})"


NUMBER_STYLES = ("typed", "float", "text", "grouped", "spaced")


def number(value: int | None, style: str, zero: str | int) -> CellValue:
    """Return how a figure is written; one not reported is blank."""
    if value is None:
        return None
    if value == 0:
        return zero
    if style == "float":
        return float(value)
    if style == "text":
        return str(value)
    if style == "english":
        return f"{value:,}"
    if style in ("grouped", "spaced"):
        return f"{value:,}".replace(",", "." if style == "grouped" else " ")
    return value


def draw_zero(choose: Choose) -> str | int:
    return choose((0, "0", "-", "–", "không", "Không"))
