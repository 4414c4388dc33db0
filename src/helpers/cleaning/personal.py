"""Refusal of person-level content: ward totals may enter this project, people may not.

A heading or value that looks personal stops its whole file, and what it says is not repeated anywhere. The tests are
deliberately wide: a file wrongly stopped costs a clerk a minute, a file wrongly read cannot be taken back.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from helpers.cleaning.sheet_scan import Position, cell_name
from helpers.cleaning.workbook import Sheet, as_text
from helpers.errors import Problem
from helpers.text import normalise_header

_PERSONAL_HEADINGS = tuple(
    normalise_header(heading)
    for heading in (
        "họ và tên", "họ tên", "tên đối tượng", "tên bị can", "tên nạn nhân",
        "CCCD", "CMND", "CMT", "căn cước", "số định danh", "hộ chiếu", "id number", "passport",
        "số điện thoại", "điện thoại", "SĐT", "phone", "email", "ngày sinh", "năm sinh", "ngày tháng năm sinh",
        "date of birth", "birth date", "full name", "first name", "last name", "biển số", "biển kiểm soát", "BKS",
        "number plate", "địa chỉ", "số nhà", "nơi ở", "nơi cư trú", "hộ khẩu", "thường trú", "tạm trú", "quê quán",
        "address", "tọa độ", "kinh độ", "vĩ độ", "latitude", "longitude",
    )
)  # fmt: skip

_MOST_WORDS_AFTER = 4
"""A cell that *begins* with a personal heading and has few more words is one (“Họ và tên đối tượng”); prose is not."""

_IDENTITY_NUMBER = re.compile(r"(?<![\d.,])(?:\d{9}|\d{12}|\d{3}(?:[ .]\d{3}){2}|\d{3}(?:[ .]\d{3}){3})(?![\d,]|\.\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?84[ .-]?|0)\d(?:[ .-]?\d){7,9}(?!\d)")
_PLATE = re.compile(r"(?<!\w)\d{2}[ -]?[A-ZĐ]{1,2}\d?[ -]?\d{3}[ .]?\d{2}(?!\w)")
_COORDINATES = re.compile(r"(?<!\d)\d{1,3}\.\d{4,}\s*[,;]\s*\d{1,3}\.\d{4,}(?!\d)")
_ADDRESS = re.compile(r"\S+@\S+\.\w+")
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}-\d{2}(?:-\d{2})?)(?!\d)")
"""Dates beside each other (``01.04.2023-30.04.2023``) would look like phones."""

_FEWEST_DIGITS = 7
"""No pattern of numbers above has fewer digits; cells with fewer are not looked at again."""

HIDDEN_VALUE = "(not shown)"
_MOST_SHOWN = 60


def looks_personal(value: object) -> bool:
    """Return whether a value looks like an identity number, phone, number plate, place or address of a person.

    Examples
    --------
    >>> looks_personal("038 204 001 234"), looks_personal("0912.345.678"), looks_personal("37A-123.45")
    (True, True, True)
    >>> looks_personal("Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"), looks_personal("21.085"), looks_personal(12.0)
    (False, False, False)
    """
    text = as_text(value)
    if "@" in text and _ADDRESS.search(text):
        return True
    if len(text) < _FEWEST_DIGITS or sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return False
    text = _DATE.sub("#", text)
    return any(pattern.search(text) for pattern in (_IDENTITY_NUMBER, _PHONE, _PLATE, _COORDINATES))


@lru_cache(maxsize=65_536)
def is_personal_heading(text: str) -> bool:
    """Return whether a text is a heading over personal data.

    Examples
    --------
    >>> is_personal_heading("Họ và tên"), is_personal_heading("Số CCCD"), is_personal_heading("Số vụ PPHS")
    (True, True, False)
    """
    words = normalise_header(text.replace("_", " ")).replace("|", " ").split()
    for heading in _PERSONAL_HEADINGS:
        own = heading.split()
        for start in range(min(2, len(words))):
            if words[start : start + len(own)] == own and len(words) <= start + len(own) + _MOST_WORDS_AFTER:
                return True
    return False


def shown(value: object) -> str:
    """Return a value as a message may show it: shortened, and not at all if it looks personal."""
    text = " ".join(as_text(value).split())
    if looks_personal(text):
        return HIDDEN_VALUE
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def personal_content(sheets: Iterable[Sheet]) -> list[Problem]:
    """Return one problem per cell of a file that looks personal; the values themselves are not in them."""
    return [
        personal_problem(sheet.file, sheet.name, position)
        for sheet in sheets
        for position, value in sorted(sheet.cells.items(), key=lambda item: item[0])
        if looks_personal(value) or (isinstance(value, str) and is_personal_heading(value))
    ]


def personal_problem(file: str, sheet: str, position: Position) -> Problem:
    """Return the problem of a cell that looks personal, without its value."""
    rule = "this cell looks like personal data, and only ward totals may be read; nothing of this file was used"
    remedy = "Delete the personal columns or values from the file, and send ward totals only."
    return Problem(file, sheet, cell_name(position), "", rule, remedy)
