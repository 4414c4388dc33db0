"""Values that may be of a person: what numbers, dates, names and places look like in a Vietnamese office.

Each pattern is wide where only a person is written so, and leaves alone what an office's own tables hold: thousands
parted by dots, amounts of money that end in three zeros, periods and their days, numbers of documents.
"""

import re

_IDENTITY_NUMBER = re.compile(r"(?<![\d.,])(?:\d{9,12}|\d{3}(?: \d{3}){2,3}|0\d{2}(?:\.\d{3}){2,3})(?![\d,]|\.\d)")
"""Nine digits, or twelve, of which the first zeros are lost where Excel made a number of them."""

_PHONE = re.compile(r"(?<!\d)(?<!\d[.,])(?:\+?84|0)(?:[ .()-]{0,2}\d){8,10}(?!\d)")
_PHONE_DIGITS = {"0": (10, 11), "8": (11, 12)}
_PLATE = re.compile(
    r"(?<!\w)[1-9]\d[ -]?[A-ZĐ]{1,2}\d?[ -]?\d{3}[ .]?\d{2}(?!\w)"
    r"|(?<!\w)[1-9]\d[A-ZĐ]\d?-(?!(?:19|20)\d\d(?!\d))\d{4}(?![\w./])"
)
_DOCUMENT = re.compile(r"(?<!\w)(?:[BCKNP](?!20[0-3]\d)\d{7,8}|[A-Z]{2}\d{13})(?!\w)")
_COORDINATES = re.compile(r"(?<!\d)-?\d{1,3}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}(?!\d)|\d{1,3}\s*°\s*\d{1,2}\s*['′’]")
_ADDRESS = re.compile(r"\S+@\S+\.\w+|/maps\b|\bmaps\.", re.IGNORECASE)
_STREET = re.compile(
    r"\b(?:số nhà|nhà số)\s*:?\s*\d|\b(?:ngõ|ngách|hẻm|kiệt)\s+\d|\bsố\s+\d+\w?(?:/\d+\w?)*,?\s+(?:đường|phố)\s",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"\bsinh\s+(?:năm|ngày)\W{0,3}\d|\b(?:SN|s\.n|ns)\W{0,3}(?:\d{1,2}[./-]\d{1,2}[./-])?(?:19[2-9]|20[012])\d(?!\d)",
    re.IGNORECASE,
)

_DATES = (
    re.compile(r"(?<!\d)\d{1,2}[./]\d{1,2}\s*[-–—÷]\s*(?=\d{1,2}([./-])\d{1,2}\1\d{4}(?!\d))"),
    re.compile(
        r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1\d{4}|(?:19|20)\d{2}([./-])\d{1,2}(?:\2\d{1,2})?"
        r"|(?:0?[1-9]|1[0-2])[./-](?:19|20)\d{2})(?!\d)"
    ),
)
"""Dates and months beside each other (``01.04.2023-30.04.2023``) would look like phones."""

_FAMILY_NAMES = (
    "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Trương|Cao|Thái|Hà|Lương|Mai|Tạ|Tô|"
    "Chu|Châu|Lâm|Đào|Đoàn|Trịnh|Quách|Vương|Phùng|Tống|Kiều|Nghiêm|Lưu|Văn|Vi|Lô|Kha|Lữ"
)
_FULL_NAME = re.compile(rf"(?:{_FAMILY_NAMES}) (?:Văn|Thị)(?: [^\W\d_]+){{1,3}}", re.IGNORECASE)
_NAMED_PERSON = re.compile(
    rf"(?:^|\W)(?:[Ôô]ng|[Bb]à|[Aa]nh|[Cc]hị|[Cc]háu|[Ee]m|[Bb]ị can|[Bb]ị hại|[Nn]ạn nhân|[Đđ]ối tượng)\s*:?\s+"
    rf"(?:{_FAMILY_NAMES}) [A-ZÀ-ỸĐ]"
)

_FEWEST_DIGITS = 6
"""No number of a person has fewer digits."""


def is_personal_text(text: str) -> bool:
    """Return whether one text, in composed Unicode, holds what only a person has.

    Examples
    --------
    >>> [is_personal_text(text) for text in ("0912.345.678", "bị can Nguyễn Văn A", "Trần Thị B, SN 1985")]
    [True, True, True]
    >>> [is_personal_text(text) for text in ("123.456.789", "01.2023-12.2023", "Số: 12/BC-CATX")]
    [False, False, False]
    """
    if text.isalpha() or not text:
        return False
    digits = sum(map(str.isdigit, text))
    if digits < len(text) and (_ADDRESS.search(text) or _NAMED_PERSON.search(text)):
        return True
    if digits and (_BIRTH.search(text) or _STREET.search(text) or _COORDINATES.search(text)):
        return True
    return digits >= _FEWEST_DIGITS and _holds_personal_number(text)


def is_full_name(text: str) -> bool:
    """Return whether a text is a person's whole name and nothing else; a street or ward may have one too.

    Examples
    --------
    >>> is_full_name("Nguyễn Thị Hoa"), is_full_name("Hà Huy Tập"), is_full_name("Phường Nguyễn Văn Cừ")
    (True, False, False)
    """
    return bool(_FULL_NAME.fullmatch(text.strip()))


def _holds_personal_number(text: str) -> bool:
    for date in _DATES:
        text = date.sub("#", text)
    if _PLATE.search(text) or _DOCUMENT.search(text):
        return True
    if any(not _is_amount(match.group()) for match in _IDENTITY_NUMBER.finditer(text)):
        return True
    return any(_is_phone(match.group()) for match in _PHONE.finditer(text))


def _is_amount(number: str) -> bool:
    return number.endswith("000") and not number.startswith("0")


def _is_phone(number: str) -> bool:
    """Return whether digits with marks between them are as many, and grouped, as those of a telephone."""
    groups = re.findall(r"\d+", number)
    digits = "".join(groups)
    fewest, most = _PHONE_DIGITS[digits[0]]
    return fewest <= len(digits) <= most and all(len(group) > 1 for group in groups[1:]) and not _is_amount(number)
