"""Cells that were typed in an old font: Vietnamese that shows as “Ph­êng Hµ Huy TËp” in a Unicode workbook.

An old font draws Vietnamese letters in the places of Western ones, and a workbook keeps the Western ones. A cell is
read as what it was meant to be only if as it stands it is not Vietnamese, in the old code it is, and no other code
comes near; a cell in the other old codes is named and left as it is. Text that passed through Windows-1252 by mistake
(“PhÆ°á»ng”) is recognised too, and read if nothing of it was lost.
"""

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from helpers.cleaning.workbooks.code_tables import ENCODING_NAMES, READ, UNDEFINED, as_stored, decode_bytes, is_latin
from helpers.cleaning.workbooks.syllables import Evidence, known_words, telling_words, weigh
from helpers.messages import Message, say
from helpers.text import normalise_header, normalise_ward_name

Place = TypeVar("Place", bound=Hashable)

DOUBLE_UTF_8 = "utf-8 as windows-1252"

LEAST_SCORE = 0.75
"""In a cell nearly every word must be well-formed in the code it is read in."""

LEAST_MARGIN = 0.5
"""By so much it must lead the text as it stands, and every other code."""

CONVERT = say(
    "Convert the text to Unicode in the program it was made with (a converter such as UniKey’s does it), save it as "
    ".xlsx or “CSV UTF-8”, and send it again."
)

_PIECE_OF_UTF_8 = re.compile(
    rb"\xe1[\xba\xbb][\x80-\xbf]?|\xc6[\xa0\xa1\xaf\xb0]|\xc4[\x82\x83\x90\x91]|\xc3[\x80-\xbd]"
)
_NOT_WESTERN = re.compile("[^\\W\\d_][^\\w\\s]|[^\\w\\s\x00-\x7f][^\\W\\d_]|[a-zß-ÿ][A-ZÀ-Þ]")
"""A sign inside a word, or a capital after a small letter: what no Western language writes."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a cell's text was meant to be.

    Attributes
    ----------
    before : str
        The text as it stands.
    after : str
        The text as it was meant; "" if the code is only recognised.
    encoding : str
        The code it was typed in, or `DOUBLE_UTF_8`.
    reason : Message
        On what evidence.
    """

    before: str
    after: str
    encoding: str
    reason: Message


def repair_texts(texts: Mapping[Place, str], known: Collection[str] = ()) -> dict[Place, Repair]:
    """Return the repairs of all cells of a sheet; a cell too short to be certain by itself goes with the others.

    Parameters
    ----------
    texts : mapping of place to str
        The text cells, as stored: a soft hyphen is a letter in TCVN3, so neither `nfc` nor `strip` may come first.
    known : collection of str
        Names and headings that the study uses.
    """
    names = frozenset(known)
    certain = {place: repair for place, text in texts.items() if (repair := _repaired(text, names, frozenset()))}
    company = frozenset(repair.encoding for repair in certain.values())
    if not company:
        return certain
    found = {place: _repaired(text, names, company) for place, text in texts.items()}
    return {place: repair for place, repair in found.items() if repair}


def repair_cell(text: str, known: Collection[str] = (), company: Collection[str] = ()) -> Repair | None:
    """Return what a cell was meant to be, or None if it may be what it says.

    Parameters
    ----------
    text : str
        The cell's text as stored (see `repair_texts`).
    known : collection of str
        Names and headings that the study uses; a cell that says one of them in an old code needs no other evidence.
    company : collection of str
        Codes that other cells of the sheet are certainly in; a single ambiguous word then goes with them.

    Examples
    --------
    >>> repair_cell("Ph\u00adêng Hµ Huy TËp").after, repair_cell("HÃ²a Hiáº¿u").after
    ('Phường Hà Huy Tập', 'Hòa Hiếu')
    >>> repair_cell("Phöôøng Haø Huy Taäp").encoding, repair_cell("Phường"), repair_cell("Café"), repair_cell("Lê")
    ('vni', None, None, None)
    """
    if text.isascii():
        return None
    stored = as_stored(text)
    if stored is None:
        return None
    words = known_words(known)
    as_it_stands = weigh(text, words)
    return _double_utf_8(text, stored, as_it_stands) or _old_code(text, stored, as_it_stands, known, company)


@lru_cache(maxsize=65_536)
def _repaired(text: str, known: frozenset[str], company: frozenset[str]) -> Repair | None:
    return repair_cell(text, known, company)


def undo_double_utf_8(text: str) -> str | None:
    """Return a text that was UTF-8 before it was read as Windows-1252; None if it was not, or lost something.

    Examples
    --------
    >>> undo_double_utf_8("HÃ²a Hiáº¿u"), undo_double_utf_8("Hòa Hiếu"), undo_double_utf_8("Café")
    ('Hòa Hiếu', None, None)
    """
    stored = as_stored(text)
    if stored is None or stored.isascii():
        return None
    try:
        return stored.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def _double_utf_8(text: str, stored: bytes, as_it_stands: Evidence) -> Repair | None:
    meant = undo_double_utf_8(text)
    if meant is not None and is_latin(meant):
        return Repair(text, meant, DOUBLE_UTF_8, say("UTF-8 that was read as Windows-1252"))
    if meant is None and as_it_stands.score < 0 and _PIECE_OF_UTF_8.search(stored) and _is_mostly_utf_8(stored):
        return Repair(text, "", DOUBLE_UTF_8, say("UTF-8 that was read as Windows-1252, and lost letters by it"))
    return None


def _is_mostly_utf_8(stored: bytes) -> bool:
    whole = sum(len(piece) for piece in _PIECE_OF_UTF_8.findall(stored))
    return 2 * whole > sum(byte >= 0x80 for byte in stored)


def _old_code(
    text: str, stored: bytes, as_it_stands: Evidence, known: Collection[str], company: Collection[str]
) -> Repair | None:
    words = known_words(known)
    meanings = {encoding: decode_bytes(stored, encoding) for encoding in ENCODING_NAMES}
    weights = {encoding: weigh(meaning, words) for encoding, meaning in meanings.items()}
    keys = _known_keys(frozenset(known))
    saying_known = {code for code, meant in meanings.items() if not keys.isdisjoint(_keys(meant))}
    is_known = bool(saying_known) and keys.isdisjoint(_keys(text))
    candidates = saying_known if is_known else meanings.keys() & frozenset(company) or meanings.keys()
    best = max((code for code in ENCODING_NAMES if code in candidates), key=lambda code: weights[code].score)
    evidence, meant = weights[best], meanings[best]
    rival = max(as_it_stands.score, *(weights[code].score for code in candidates if meanings[code] != meant), -1.0)
    if meant == text or evidence.score < LEAST_SCORE or evidence.score - rival < LEAST_MARGIN:
        return None
    if not is_known:
        is_certain = evidence.count > 1 or any(_NOT_WESTERN.search(word) for word in telling_words(text))
        if as_it_stands.invalid == 0 or not (is_certain or best in company):
            return None
    name = ENCODING_NAMES[best]
    if best not in READ:
        return Repair(text, "", best, say("typed in a font of the old code {encoding}", encoding=name))
    if UNDEFINED in meant:
        return Repair(text, "", best, say("typed in a font of {encoding}, with a sign it does not have", encoding=name))
    return Repair(text, meant, best, say("well-formed Vietnamese only if typed in a font of {encoding}", encoding=name))


@lru_cache(maxsize=32)
def _known_keys(known: frozenset[str]) -> frozenset[str]:
    return frozenset(key for name in known for key in _keys(name))


def _keys(text: str) -> tuple[str, str]:
    return normalise_header(text), normalise_ward_name(text)
