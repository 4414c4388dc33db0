"""How one name and one number come to be written in many ways by the people who fill in returns."""

import re
import unicodedata

TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"
_END_OF_SYLLABLE = "(?![^\\W_]|[\u0300-\u036f])"
_TONE_ON_FIRST_VOWEL = re.compile(f"(?:o[{TONE_MARKS}][ae]|u[{TONE_MARKS}]y){_END_OF_SYLLABLE}", re.IGNORECASE)


def with_tone_on_last_vowel(text: str) -> str:
    """Return text with oa, oe and uy marked on their last vowel, as school books now have it (Hòa becomes Hoà).

    Only syllables that end in those vowels are touched.

    Examples
    --------
    >>> with_tone_on_last_vowel("Hòa Hiếu, Bến Thủy, Quý, Hoàng")
    'Hoà Hiếu, Bến Thuỷ, Quý, Hoàng'
    """
    decomposed = unicodedata.normalize("NFD", text)
    moved = _TONE_ON_FIRST_VOWEL.sub(lambda run: run[0][0] + run[0][2] + run[0][1], decomposed)
    return unicodedata.normalize("NFC", moved)


def decomposed(text: str) -> str:
    """Return text with its accents as separate characters (NFD), as some keyboards and systems write it."""
    return unicodedata.normalize("NFD", text)


def without_accents(text: str) -> str:
    """Return text in plain ASCII letters with hyphens for spaces, as file names have it.

    Examples
    --------
    >>> without_accents("Cửa Lò"), without_accents("Đội Cung")
    ('Cua-Lo', 'Doi-Cung')
    """
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "-".join(re.sub(r"[^A-Za-z0-9 ]", "", letters).split())


def with_dotted_thousands(number: int) -> str:
    """Return a whole number with a dot before each three digits.

    Examples
    --------
    >>> with_dotted_thousands(21085), with_dotted_thousands(985)
    ('21.085', '985')
    """
    return f"{number:,}".replace(",", ".")


def with_decimal_comma(number: float, *, decimals: int = 2) -> str:
    """Return a number with a decimal comma.

    Examples
    --------
    >>> with_decimal_comma(84.951)
    '84,95'
    """
    return f"{number:.{decimals}f}".replace(".", ",")
