"""Vietnamese text: one key for the many ways in which one name is written.

Two offices write one ward as ``P. Hoà Hiếu`` and ``CAP Hòa Hiếu``, one in composed and one in decomposed Unicode. The
functions here map both to one key, so that names can be compared *exactly*. Likeness decides nothing: a common scorer
ranks “Nghi Thuỷ” nearer to the ward Nghi Thu than to Nghi Thủy. `closest` therefore only makes suggestions.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"
"""Grave, acute, tilde, hook above, dot below: the five written tones as combining characters."""

VOWELS = "aăâeêioôơuưy"

_LOOK_ALIKES = str.maketrans({"ð": "đ", "ɖ": "đ"})
"""Eth and African D look like Đ, and old fonts and keyboards write them for it."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_WORD = re.compile(r"[^\W_]+")
_VOWEL_RUN = re.compile(f"(?:[{VOWELS}][{TONE_MARKS}]*)+")
_UNIT_PREFIX = re.compile(
    r"^(?:(?:công\s*an|ca)\W*(?:phường|p\b)|cap\b|phường|p(?=[\W\d]))\W*",
)


def nfc(text: str) -> str:
    """Return text in composed form (NFC), without invisible characters.

    Examples
    --------
    >>> nfc("Ho\u0300a") == "Hòa"
    True
    """
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text))


def tone_key(text: str) -> str:
    """Return text in lower case with each tone mark at the end of its syllable's vowels.

    The two placements that schools and keyboards use (Hoà and Hòa, Thuỷ and Thủy) get one key; a different tone, or
    none, gets another. What is not a letter stays as it is. A key is for comparing, not for showing (“hội” becomes
    “hôị”).

    Examples
    --------
    >>> tone_key("HOÀ HIẾU") == tone_key("Hòa Hiếu")
    True
    >>> tone_key("Thuỷ") == tone_key("Thủy"), tone_key("Thu") == tone_key("Thủy")
    (True, False)
    """
    lowered = nfc(nfc(text).casefold()).translate(_LOOK_ALIKES)
    return _VOWEL_RUN.sub(_tones_last, _with_tones_apart(lowered))


def _with_tones_apart(text: str) -> str:
    return "".join(_letter_then_tone(character) for character in text)


@lru_cache(maxsize=4096)
def _letter_then_tone(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    if len(decomposed) == 1 or not any(mark in decomposed for mark in TONE_MARKS):
        return character
    letter = "".join(mark for mark in decomposed if mark not in TONE_MARKS)
    return unicodedata.normalize("NFC", letter) + "".join(mark for mark in decomposed if mark in TONE_MARKS)


def _tones_last(run: re.Match[str]) -> str:
    letters = "".join(character for character in run.group() if character not in TONE_MARKS)
    tones = "".join(character for character in run.group() if character in TONE_MARKS)
    return unicodedata.normalize("NFC", letters + tones)


@lru_cache(maxsize=65_536)
def normalise_ward_name(text: str) -> str:
    """Return the key of a ward's name: tone key without unit prefix, spaces and punctuation.

    Prefixes are those a police office writes before a ward: P., CAP, CA P., Phường, Công an phường. Numbered wards
    lose leading zeros.

    Examples
    --------
    >>> len({normalise_ward_name(name) for name in ("P. Hoà Hiếu", "CAP Hòa Hiếu", "Công an phường HÒA  HIẾU")})
    1
    >>> normalise_ward_name("P.Nghi Thuỷ") == normalise_ward_name("Phường Nghi Thu")
    False
    >>> normalise_ward_name("P.01"), normalise_ward_name("Phú Lê")
    ('1', 'phúlê')
    """
    bare = _UNIT_PREFIX.sub("", " ".join(tone_key(text).split()).strip(" -–—.,;:"))
    key = "".join(_WORD.findall(bare))
    return key.lstrip("0") or key if key.isdecimal() else key


@lru_cache(maxsize=65_536)
def normalise_header(text: str) -> str:
    r"""Return the key of a column heading; levels of a multi-row heading are separated by ``|``.

    Words and ``%`` are kept, other punctuation, line breaks and repeated spaces are not; empty levels vanish.

    Examples
    --------
    >>> normalise_header("Phạm pháp hình sự|Tỷ lệ\nĐTKP (%)")
    'phạm pháp hình sự | tỷ lệ đtkp %'
    """
    levels = (" ".join(re.findall(r"[^\W_]+|%", tone_key(level))) for level in text.split("|"))
    return " | ".join(level for level in levels if level)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A spreadsheet calculates a cell that begins so, wherever the text came from."""
_SIGNED_NUMBER = re.compile(r"[-+]*[\d.,\s%]*[-+]*")


def harmless(text: str) -> str:
    """Return a text as it may stand in a table that a spreadsheet opens: with an apostrophe before a formula.

    A signed number and a dash calculate nothing, and stay as they are.

    Examples
    --------
    >>> harmless("=1+1"), harmless(" @SUM(A1)"), harmless("-"), harmless("-1.234"), harmless("TT")
    ("'=1+1", "' @SUM(A1)", '-', '-1.234', 'TT')
    """
    begin = text.lstrip(" \N{NO-BREAK SPACE}")
    return f"'{text}" if begin.startswith(FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text[0] not in "\t\r" and bool(_SIGNED_NUMBER.fullmatch(text))


def closest(text: str, candidates: Iterable[str], *, key: str | None = None) -> str:
    """Return the candidate most like `text`, to *suggest* in a message; "" if none comes near.

    Parameters
    ----------
    text : str
        What was found.
    candidates : iterable of str
        What would have been understood, as it should be shown.
    key : str, optional
        "ward" compares by `normalise_ward_name`, else `normalise_header` compares.

    Examples
    --------
    >>> closest("P. Hà Huy Tâp", ["Hà Huy Tập", "Lê Lợi"], key="ward")
    'Hà Huy Tập'
    """
    normalise = normalise_ward_name if key == "ward" else normalise_header
    by_key = {normalise(candidate): candidate for candidate in sorted(candidates)}
    best = difflib.get_close_matches(normalise(text), sorted(by_key), n=1, cutoff=0.6)
    return by_key[best[0]] if best else ""
