"""Refusal of person-level content: ward totals may enter this project, people may not.

A heading or value that looks personal stops its whole file, and what it says is not repeated anywhere. The tests are
deliberately wide: a file wrongly stopped costs a clerk a minute, a file wrongly read cannot be taken back. They look at
cells, names of sheets and files, and at whatever else of a file can be read (`helpers.cleaning.people.parts`).
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from helpers.cleaning.people.columns import counts_stand_by, personal_columns
from helpers.cleaning.people.parts import PART_NAMES, PERSONAL_PART
from helpers.cleaning.people.values import is_personal_text
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.cleaning.workbooks.workbook import Sheet, as_text
from helpers.errors import Problem
from helpers.messages import Message, say
from helpers.text import nfc, normalise_header

_HEADINGS_OF_PEOPLE = (
    "họ và tên", "họ tên", "họ, chữ đệm và tên", "tên đối tượng", "tên bị can", "tên bị hại", "tên nạn nhân",
    "tên chủ hộ", "tên chủ xe", "tên người", "danh sách đối tượng", "danh sách bị can", "id number", "passport",
    "số điện thoại", "SĐT", "phone", "phone number", "email", "ngày sinh", "năm sinh", "ngày tháng năm sinh",
    "date of birth", "birth date", "full name", "first name", "last name", "surname", "number plate", "số nhà",
    "nơi ở", "nơi cư trú", "chỗ ở", "quê quán", "nguyên quán", "nơi sinh", "tọa độ", "kinh độ", "vĩ độ", "latitude",
    "longitude",
)  # fmt: skip
_HEADINGS_OF_EITHER = (
    "CCCD", "CMND", "CMT", "căn cước", "số định danh", "hộ chiếu", "điện thoại", "biển số", "biển kiểm soát", "BKS",
    "địa chỉ", "address", "hộ khẩu", "thường trú", "tạm trú", "địa điểm xảy ra", "nơi xảy ra", "giới tính", "dân tộc",
    "quốc tịch", "nghề nghiệp",
)  # fmt: skip
"""Offices also count these: identity cards issued, phones stolen, residents by kind. Beside counts they are fine."""

_PEOPLE = tuple(tuple(normalise_header(heading).split()) for heading in _HEADINGS_OF_PEOPLE)
_EITHER = tuple(tuple(normalise_header(heading).split()) for heading in _HEADINGS_OF_EITHER)
_SIGNING = frozenset(map(normalise_header, ("ký", "dấu", "signature", "signed")))
"""“(Ký, họ tên)” under a return asks for its author's signature."""

_MOST_WORDS_AFTER = 4
"""A cell that *begins* with a personal heading and has few more words is one (“Họ và tên đối tượng”); prose is not."""

_LEAST_NUMBER = 1e8
"""No identity number or telephone that Excel made a number of is smaller."""

_MOST_HEADINGS = 200
"""No table of counts has so many headings of what people have."""

HIDDEN_VALUE = say("(not shown)")
_MOST_SHOWN = 60


def looks_personal(value: object) -> bool:
    """Return whether a value looks like an identity number, phone, number plate, birth date, place or person.

    Examples
    --------
    >>> looks_personal("038 204 001 234"), looks_personal("0912.345.678"), looks_personal("37A-123.45")
    (True, True, True)
    >>> looks_personal("Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)"), looks_personal("21.085"), looks_personal(12.0)
    (False, False, False)
    """
    if isinstance(value, str):
        return _is_personal(value)
    return isinstance(value, int | float) and abs(value) >= _LEAST_NUMBER and _is_personal(as_text(value))


@lru_cache(maxsize=65_536)
def _is_personal(text: str) -> bool:
    return is_personal_text(nfc(text))


@lru_cache(maxsize=65_536)
def is_personal_heading(text: str) -> bool:
    """Return whether a text is a heading over personal data, or over what offices also count.

    Examples
    --------
    >>> is_personal_heading("Họ và tên"), is_personal_heading("Số CCCD"), is_personal_heading("Số vụ PPHS")
    (True, True, False)
    """
    return _begins_with(text, _PEOPLE) or _begins_with(text, _EITHER)


def _begins_with(text: str, headings: Iterable[tuple[str, ...]]) -> bool:
    words = tuple(normalise_header(text.replace("_", " ")).replace("|", " ").split())
    if _SIGNING.intersection(words):
        return False
    return any(
        words[start : start + len(own)] == own and len(words) <= start + len(own) + _MOST_WORDS_AFTER
        for own in headings
        for start in range(min(2, len(words)))
    )


def shown(value: object) -> str:
    """Return a value as a message may show it: shortened, and not at all if it looks personal."""
    text = " ".join(as_text(value).split())
    if looks_personal(text):
        return HIDDEN_VALUE
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def shown_file(file: str) -> str:
    """Return the name of a file as a message may show it: its folder and suffix alone if the name looks personal.

    Examples
    --------
    >>> shown_file("returns/Vinh 2023.xlsx"), shown_file("returns/CCCD 038204001234.xlsx")
    ('returns/Vinh 2023.xlsx', 'returns/(not shown).xlsx')
    """
    path = PurePosixPath(file)
    parts = [HIDDEN_VALUE if looks_personal(part) else part for part in path.parent.parts]
    name = f"{HIDDEN_VALUE}{path.suffix}" if looks_personal(path.stem) else path.name
    return str(PurePosixPath(*parts, name))


def personal_name(file: str) -> tuple[Problem, ...]:
    """Return a problem if the name of a file, or of a folder above it, looks personal; the name is not in it."""
    return (_problem(file, "", "", _NAME),) if looks_personal(file) or shown_file(file) != file else ()


def personal_content(sheets: Iterable[Sheet]) -> list[Problem]:
    """Return one problem per cell, column or name of a file that looks personal; the values are not in them."""
    problems: list[Problem] = []
    for sheet in sheets:
        if looks_personal(sheet.name):
            problems.append(_problem(sheet.file, sheet.name, "", _NAME))
        problems += [personal_problem(sheet.file, sheet.name, position) for position in _personal_cells(sheet)]
        problems += [_problem(sheet.file, sheet.name, cell, rule) for cell, rule in personal_columns(sheet)]
        problems += [_part_problem(sheet.file, kind) for _, what, kind, _ in sheet.notes if what == PERSONAL_PART]
    return problems


def _personal_cells(sheet: Sheet) -> list[Position]:
    found: list[Position] = []
    either: list[Position] = []
    for position, value in sheet.cells.items():
        if looks_personal(value):
            found.append(position)
        elif isinstance(value, str) and is_personal_heading(value):
            (found if _begins_with(value, _PEOPLE) else either).append(position)
    is_list = len(either) > _MOST_HEADINGS
    return sorted([*found, *(place for place in either if is_list or not counts_stand_by(sheet, place))])


_CELL = say("this cell looks like personal data, and only ward totals may be read; nothing of this file was used")
_NAME = say("this name looks like personal data, and only ward totals may be read; nothing of this file was used")
_TAKE_OUT = say("Delete the personal columns or values from the file, and send ward totals only.")


def personal_problem(file: str, sheet: str, position: Position) -> Problem:
    """Return the problem of a cell that looks personal, without its value."""
    return _problem(file, sheet, cell_name(position), _CELL)


def _part_problem(file: str, kind: str) -> Problem:
    """Return the problem of a part of a file beside its cells that looks personal."""
    rule = say("{what} of this file looks like personal data, and only ward totals may be read", what=PART_NAMES[kind])
    remedy = say("Copy the table's cells into a new workbook, check that nothing else is in it, and send that.")
    return Problem(shown_file(file), "", "", "", rule, remedy)


def _problem(file: str, sheet: str, cell: str, rule: Message) -> Problem:
    remedy = say("Give the file and its sheets names without personal data.") if rule is _NAME else _TAKE_OUT
    return Problem(shown_file(file), shown(sheet), cell, "", rule, remedy)
