"""Texts as old programs stored them: the inverse of what is tested, from tables turned round."""

import csv
import unicodedata
from functools import cache
from pathlib import Path

from helpers.cleaning.workbooks.code_tables import (
    BKHCM1,
    BKHCM2,
    CP1258,
    TCVN3,
    UNDEFINED,
    VISCII,
    VNI,
    VPS,
    decode_bytes,
)
from helpers.text import TONE_MARKS

STUDY = Path(__file__).parents[2] / "data" / "raw" / "nghe_an"
ONE_BYTE = (TCVN3, VISCII, VPS, BKHCM1)
ONLY_NAMED = (VISCII, VPS, VNI, BKHCM1, BKHCM2)


def _column(file: str, column: str) -> list[str]:
    with (STUDY / file).open(encoding="utf-8-sig", newline="") as stream:
        return [row[column] for row in csv.DictReader(stream)]


WARDS = tuple(dict.fromkeys(_column("wards.csv", "ward_name_vi")))
HEADINGS = tuple(
    dict.fromkeys(part.strip() for text in _column("header_aliases.csv", "spelling") for part in text.split("|"))
)
NAMES = (*WARDS, *HEADINGS)
TELLING = tuple(name for name in NAMES if not name.isascii())


@cache
def _codes(encoding: str) -> dict[str, bytes]:
    bases = [bytes([byte]) for byte in range(0x100)]
    marks = [bytes([byte]) for byte in range(0xC0, 0x100)]
    pairs = [] if encoding in ONE_BYTE else [base + mark for base in bases for mark in marks]
    codes: dict[str, bytes] = {}
    for code in bases + pairs:
        text = decode_bytes(code, encoding)
        if len(text) == 1 and text != UNDEFINED:
            codes.setdefault(text, code)
    if encoding in (TCVN3, BKHCM1):
        codes |= {letter.upper(): code for letter, code in codes.items() if letter.upper() not in codes}
    return codes


def stored(text: str, encoding: str) -> bytes:
    """Return text as a program of an old encoding stored it; capitals that it lacks as small letters."""
    if encoding == CP1258:
        return b"".join(_cp1258(letter) for letter in text)
    return b"".join(_codes(encoding)[letter] for letter in text)


def _cp1258(letter: str) -> bytes:
    try:
        return letter.encode(CP1258)
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in parts if mark in TONE_MARKS)
        base = "".join(mark for mark in parts if mark not in TONE_MARKS)
        return (unicodedata.normalize("NFC", base) + tone).encode(CP1258)


def shown_in_unicode(data: bytes) -> str:
    """Return what a Unicode program shows for bytes it takes for Windows-1252."""
    return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in data)
