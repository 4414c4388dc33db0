"""Bytes of a text file into text: UTF-8, UTF-16, and two old encodings of Vietnamese, decided by evidence.

Bytes do not say how they were written. Marks at the start (BOM), being valid UTF-8 and NUL bytes say it almost always;
for the old one-byte encodings only the spelling does. Each is tried, the words it gives are weighed as Vietnamese
(`helpers.cleaning.workbooks.syllables`), and the best must win clearly; otherwise the file is refused and the
candidates named.

What is not read is refused with a remedy: old encodings that are only recognised, damaged UTF-8, letters that an
earlier saving turned into question marks, binary content.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from helpers.cleaning.workbooks.code_tables import (
    CP1258,
    ENCODING_NAMES,
    READ,
    UNDEFINED,
    VISCII,
    decode_bytes,
    is_latin,
)
from helpers.cleaning.workbooks.old_fonts import CONVERT, undo_double_utf_8
from helpers.cleaning.workbooks.syllables import Evidence, known_words, weigh
from helpers.errors import DataProblems, Problem
from helpers.messages import Message, say, say_plural

UTF_8, UTF_8_TWICE, UTF_16_LE, UTF_16_BE, ASCII = "utf-8", "utf-8 twice", "utf-16-le", "utf-16-be", "ascii"

LEAST_SCORE = 0.5
"""A reading is believed if at least three words of four are well-formed syllables, or fewer but known ones."""

LEAST_MARGIN = 0.5
"""The best reading must lead the next by this: by one word of four being well-formed here and not there."""

LEAST_WORDS = 2
"""One word of unknown meaning is well-formed by chance too often; a word that the study uses may stand alone."""

LONGEST_WORD = 60
"""Bytes of the longest run that is still weighed as a word."""

LEAST_LOST = 2
"""So many words with a question mark inside are no coincidence; one is enough if it could be a word of the study."""

MOSTLY, MANY = 3, 10
"""Damaged UTF-8 has this many times more whole characters than stray bytes, or many and not so many times fewer: in
old encodings hardly any bytes happen to be UTF-8."""

LONGEST_PART = 3
"""Bytes that a character of UTF-8 can have and still lack one: what a file that was cut off may end with."""

MOST_LINES_NAMED = 5

_TELLING_WORD = re.compile(rb"(?<![A-Za-z])[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_CAPITALS_OF_VISCII = re.compile(rb"[\x02\x05\x06\x14\x19\x1e]")
_UTF_8_OR_STRAY = re.compile(
    rb"([\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3})"
    rb"|[\x80-\xff]"
)
_MORE_THAN_SIGNS = re.compile(
    rb"[\x80-\x84\x86-\x90\x98-\x9f\xa1-\xff]|[A-Za-z][\x85\x91-\x97\xa0]|[\x85\x91-\x97\xa0][A-Za-z]"
)
_LOST_LETTERS = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z\x80-\xff]+\?+[A-Za-z\x80-\xff]+")
_END_OF_FILE = b"\x1a"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a file.

    Attributes
    ----------
    text : str
        The text, without a mark at its start.
    encoding : str
        Python's name of the encoding, ``tcvn3``, or ``utf-8 twice``.
    reason : Message
        On what evidence.
    """

    text: str
    encoding: str
    reason: Message


def decode_text(data: bytes, file: str, known: Collection[str] = ()) -> DecodedText:
    """Return the text of a file.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        How problems name it.
    known : collection of str
        Names and headings that the study uses; they count more than other words.

    Raises
    ------
    DataProblems
        If the encoding is not certain, not one that is read, or the text is damaged.

    Examples
    --------
    >>> decoded = decode_text("Ph\u00adêng Hµ Huy TËp".encode("latin-1"), "a.csv")
    >>> decoded.text, decoded.encoding
    ('Phường Hà Huy Tập', 'tcvn3')
    """
    data = data.rstrip(_END_OF_FILE)
    marked = _marked(data, file)
    if marked:
        return marked
    if b"\x00" in data:
        return _utf_16_without_mark(data, file)
    _refuse_binary(data, file)
    if data.isascii():
        _refuse_lost_letters(data, file, known)
        return DecodedText(data.decode("ascii"), ASCII, say("all characters are plain ASCII"))
    return _utf_8(data, file, known) or _old(data, file, known)


def _marked(data: bytes, file: str) -> DecodedText | None:
    """Return the text of a file that begins with a byte order mark, or None."""
    for mark, encoding in ((b"\xef\xbb\xbf", UTF_8), (b"\xff\xfe", UTF_16_LE), (b"\xfe\xff", UTF_16_BE)):
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                if encoding == UTF_8:
                    _refuse_damaged_utf_8(data, file)
                raise _refused(
                    file, say("the text is not the {encoding} that its first bytes say", encoding=encoding), _SEND_AGAIN
                ) from None
            if "\x00" in text:
                raise _refused(file, say("the file holds binary content, not text"), _SAVE_AS_CSV)
            _refuse_replaced(text, file)
            return DecodedText(text, encoding, say("the file begins with the mark of {encoding}", encoding=encoding))
    return None


_SAVE_AS_CSV = say("Save the table as .xlsx or as “CSV UTF-8”, and send it again.")
_SEND_AGAIN = say("Ask the office for the file again, or save the table as “CSV UTF-8” from where it was made.")


def _refused(file: str, rule: Message, remedy: Message, cell: str = "") -> DataProblems:
    return DataProblems([Problem(file, "", cell, "", rule, remedy)])


def _utf_16_without_mark(data: bytes, file: str) -> DecodedText:
    for encoding in (UTF_16_LE, UTF_16_BE):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if is_latin(text):
            return DecodedText(
                text, encoding, say("the bytes make Latin letters only as {encoding}", encoding=encoding)
            )
    raise _refused(
        file, say("the file holds binary content, not text"), _SAVE_AS_CSV, _lines([data.index(b"\x00")], data)
    )


def _refuse_binary(data: bytes, file: str) -> None:
    found = _BINARY.search(data)
    if not found:
        return
    rest = _CAPITALS_OF_VISCII.sub(b"", data)
    if not _BINARY.search(rest) and weigh(decode_bytes(_telling_words(rest), VISCII)).score >= LEAST_SCORE:
        raise _only_recognised(VISCII, file)
    raise _refused(file, say("the file holds binary content, not text"), _SAVE_AS_CSV, _lines([found.start()], data))


def _lines(offsets: Collection[int], data: bytes) -> Message:
    numbers = sorted({data.count(b"\n", 0, offset) + 1 for offset in offsets})
    if len(numbers) == 1:
        return say("line {line}", line=numbers[0])
    return say("lines {lines}", lines=", ".join(map(str, numbers)))


def _utf_8(data: bytes, file: str, known: Collection[str]) -> DecodedText | None:
    """Return the text if the bytes are UTF-8, None if they are nothing like it."""
    try:
        text = data.decode(UTF_8)
    except UnicodeDecodeError:
        _refuse_damaged_utf_8(data, file)
        return None
    _refuse_replaced(text, file)
    words = known_words(known)
    once = undo_double_utf_8(text)
    if once is not None and weigh(once, words).score >= LEAST_SCORE:
        return DecodedText(once, UTF_8_TWICE, say("UTF-8 that was read as Windows-1252 and saved as UTF-8 again"))
    telling = _telling_words(data)
    if weigh(telling.decode(UTF_8), words).score < 0:
        rivals = [reading for reading in _readings(telling, words) if reading.evidence.score >= LEAST_SCORE]
        if rivals:
            raise _uncertain(file, ["UTF-8", *(ENCODING_NAMES[reading.encoding] for reading in rivals)])
    return DecodedText(text, UTF_8, say("the bytes are valid UTF-8"))


def _refuse_damaged_utf_8(data: bytes, file: str) -> None:
    """Raise if most bytes beyond ASCII are UTF-8: in old encodings hardly any happen to be."""
    whole, stray = 0, 0
    places: list[int] = []
    for match in _UTF_8_OR_STRAY.finditer(data):
        if match[1]:
            whole += 1
            continue
        stray += 1
        if len(places) < MOST_LINES_NAMED:
            places.append(match.start())
    is_cut_off = whole > stray and places[0] >= len(data) - LONGEST_PART
    if is_cut_off or whole >= MOSTLY * stray or (whole >= MANY and MOSTLY * whole >= stray):
        rule = say_plural(
            "the text is UTF-8, but {count} byte of it is damaged",
            "the text is UTF-8, but {count} bytes of it are damaged",
            count=stray,
        )
        raise _refused(file, rule, _SEND_AGAIN, _lines(places, data))


def _refuse_replaced(text: str, file: str) -> None:
    if UNDEFINED in text:
        line = say("line {line}", line=text.count("\n", 0, text.index(UNDEFINED)) + 1)
        raise _refused(
            file, say("letters were lost when the file was saved: “\ufffd” stands for them"), _SEND_AGAIN, line
        )


def _refuse_lost_letters(data: bytes, file: str, known: Collection[str]) -> None:
    """Raise if question marks stand inside words: what a Western encoding leaves of Vietnamese letters."""
    found: dict[bytes, int] = {}
    for match in _LOST_LETTERS.finditer(data):
        found.setdefault(match.group(), match.start())
    if len(found) >= LEAST_LOST or any(_may_be_known(word, known) for word in found):
        rule = say("letters were lost when the file was saved: “?” stands for them inside words")
        raise _refused(file, rule, _SAVE_AS_CSV, _lines(sorted(found.values())[:MOST_LINES_NAMED], data))


def _may_be_known(word: bytes, known: Collection[str]) -> bool:
    letters = word.decode(CP1258, errors="replace").casefold()
    pattern = re.compile(
        "".join("." if letter == "?" else f"(?:{re.escape(letter)}|[^\x00-\x7f])" for letter in letters)
    )
    return any(pattern.fullmatch(part) for name in known for part in name.casefold().split())


@dataclass(frozen=True, slots=True)
class _Reading:
    """The telling words of a file in one old encoding."""

    encoding: str
    words: str
    evidence: Evidence


def _telling_words(data: bytes) -> bytes:
    found = {match.group() for match in _TELLING_WORD.finditer(data) if match.end() - match.start() <= LONGEST_WORD}
    return b" ".join(sorted(found))


def _readings(telling: bytes, words: frozenset[str]) -> list[_Reading]:
    """Return what the old encodings make of a text, the best first; of those that make the same, one that is read."""
    readings: dict[str, _Reading] = {}
    for encoding in (*READ, *(name for name in ENCODING_NAMES if name not in READ)):
        text = decode_bytes(telling, encoding)
        readings.setdefault(text, _Reading(encoding, text, weigh(text, words)))
    return sorted(readings.values(), key=lambda reading: -reading.evidence.score)


def _old(data: bytes, file: str, known: Collection[str]) -> DecodedText:
    """Return the text in the old encoding that fits clearly best."""
    if not _MORE_THAN_SIGNS.search(data):
        return DecodedText(data.decode(CP1258), CP1258, say("beyond ASCII there are dashes and quotation marks only"))
    _refuse_lost_letters(data, file, known)
    readings = _readings(_telling_words(data), known_words(known))
    best, second = readings[0], readings[min(1, len(readings) - 1)]
    if best.evidence.score < LEAST_SCORE:
        raise _refused(file, say("the text is in no encoding of Vietnamese that is known here"), _SAVE_AS_CSV)
    is_thin = best.evidence.count < LEAST_WORDS and not best.evidence.known
    if is_thin or best.evidence.score - second.evidence.score < LEAST_MARGIN:
        near = best.evidence.score - LEAST_MARGIN
        close = [ENCODING_NAMES[reading.encoding] for reading in readings if reading.evidence.score >= near]
        raise _uncertain(file, close)
    if best.encoding not in READ:
        raise _only_recognised(best.encoding, file)
    reason = say(
        "{share} % of the words with Vietnamese letters are well-formed as {encoding}, {other_share} % as {other}",
        share=round(100 * best.evidence.share),
        encoding=ENCODING_NAMES[best.encoding],
        other_share=round(100 * second.evidence.share),
        other=ENCODING_NAMES[second.encoding],
    )
    text = decode_bytes(data, best.encoding)
    if UNDEFINED in text:
        line = say("line {line}", line=text.count("\n", 0, text.index(UNDEFINED)) + 1)
        rule = say(
            "the text is in the old encoding {encoding}, but a byte here has no meaning in it",
            encoding=ENCODING_NAMES[best.encoding],
        )
        raise _refused(file, rule, CONVERT, line)
    return DecodedText(text, best.encoding, reason)


def _only_recognised(encoding: str, file: str) -> DataProblems:
    rule = say("the text is in the old encoding {encoding}, which is not read", encoding=ENCODING_NAMES[encoding])
    return _refused(file, rule, CONVERT)


def _uncertain(file: str, candidates: Collection[str]) -> DataProblems:
    rule = say("the encoding of the text is uncertain: it could be {candidates}", candidates=", ".join(candidates))
    return _refused(file, rule, _SAVE_AS_CSV)
