"""Old one-byte and two-byte encodings of Vietnamese as tables, for telling which one a text was written in.

Before Unicode each office typed in the code of its fonts: TCVN3 (“ABC”, the fonts whose names begin with ``.Vn``) in
the north, VNI in the south, others abroad. All keep ASCII and give the bytes from 0x80 on meanings of their own, so
read with the wrong table the text is still text, and only its spelling tells.

The tables are facts of those standards: TCVN 5712:1993 (TCVN3 is its set VN3), RFC 1456 for VISCII, and the published
code charts of VNI, VPS and BK HCM. Of these only TCVN3 is ever read; the others serve to give a text's code its name.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

UNDEFINED = "\ufffd"
"""What a byte decodes to that has no meaning in an encoding."""

TCVN3, CP1258 = "tcvn3", "cp1258"
VISCII, VNI, VPS, BKHCM1, BKHCM2 = "viscii", "vni", "vps", "bkhcm1", "bkhcm2"

READ = (TCVN3, CP1258)
"""Old encodings that are read; texts in the others of `DECODERS` are only recognised."""

ENCODING_NAMES: Mapping[str, str] = MappingProxyType(
    {
        TCVN3: "TCVN3 (ABC)", CP1258: "Windows-1258", VISCII: "VISCII", VNI: "VNI Windows", VPS: "VPS",
        BKHCM1: "BK HCM 1", BKHCM2: "BK HCM 2",
    }
)  # fmt: skip


_SIGNS: Mapping[int, str] = {
    byte: bytes([byte]).decode("cp1252", errors="ignore") or UNDEFINED for byte in range(0x80, 0xA0)
}
"""Dashes and quotation marks of Windows, which stay what they are in codes that give these bytes to no letter."""


def _one_byte_table(runs: Mapping[int, str], signs: Mapping[int, str] = MappingProxyType({})) -> str:
    table = [chr(byte) for byte in range(0x80)] + [signs.get(byte, UNDEFINED) for byte in range(0x80, 0x100)]
    table[0xA0] = "\u00a0"
    for first, letters in runs.items():
        table[first : first + len(letters)] = letters
    return "".join(table)


_VOWEL_RUNS = "áàảãạéèẻẽẹíìỉĩịóòỏõọúùủũụăắằẳẵặâấầẩẫậêếềểễệôốồổỗộơớờởỡợưứừửữựýỳỷỹỵ"

_ONE_BYTE: Mapping[str, str] = {
    TCVN3: _one_byte_table(
        {
            0xA1: "ĂÂÊÔƠƯĐăâêôơưđ", 0xB5: "àảãáạ", 0xBB: "ằẳẵắ", 0xC6: "ặầẩẫấậè", 0xCE: "ẻẽéẹềểễếệìỉ",
            0xDC: "ĩíịò", 0xE1: "ỏõóọồổỗốộờởỡớợù", 0xF1: "ủũúụừửữứựỳỷỹýỵ",
        },
        _SIGNS,
    ),
    VISCII: _one_byte_table(
        {
            0x02: "Ẳ", 0x05: "ẴẪ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ",
            0x80: "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừử",
            0xD9: "ÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
        }
    ),
    VPS: _one_byte_table(
        {
            0x80: "ÀẢÃẤẦẨọỗĂếềểệẮẰẲẾ", 0x93: "ỀỂỄỐỒỔỖýỷỵỚỜỞ",
            0xA1: "ắằẳẵặỠớÙờởỡŨỨợỪổỬỲỸÍÌộỈĨÓửữÒỎÕựầÁÂấẩẫậđẻÉÊẹỉễịỹƯỦồốÔ",
            0xD5: "ỏơÈừứÚũưÝẺ", 0xE0: "àáâãảạă", 0xE8: "èéêẽìí", 0xEF: "ĩẴĐòóôõ", 0xF7: "Ơụùúủ", 0xFD: "ỶẼỳ",
        }
    ),
    BKHCM1: _one_byte_table({0xBD: "đ", 0xBE: _VOWEL_RUNS}),
}  # fmt: skip

_TONES_OF_VNI: Mapping[str, str] = dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True))
_TONES_OF_BKHCM2: Mapping[str, str] = dict(zip("áâãäå", "\u0301\u0300\u0309\u0303\u0323", strict=True))


def _two_byte_letters() -> Mapping[str, Mapping[str, str]]:
    vni = {"ô": "ơ", "ö": "ư", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ"}
    for base in "aeo":
        vni |= {base + mark: letter for mark, letter in zip("âáàåãä", _with_tones(base + "\u0302"), strict=True)}
    vni |= {"a" + mark: letter for mark, letter in zip("êéèúüë", _with_tones("ă"), strict=True)}
    vni |= {
        base + mark: _compose(vni.get(base, base) + tone) for base in "aeouyôö" for mark, tone in _TONES_OF_VNI.items()
    }
    bkhcm2 = {"ê": "â", "ï": "ê", "ö": "ô", "ù": "ă", "ú": "ơ", "û": "ư", "à": "đ"}
    bkhcm2 |= dict(zip("ñòóôõ", "íìỉĩị", strict=True))
    for base in "êïö":
        bkhcm2 |= {base + mark: letter for mark, letter in zip("ëìíîå", _with_tones(bkhcm2[base])[1:], strict=True)}
    bkhcm2 |= {"ù" + mark: letter for mark, letter in zip("æçèéå", _with_tones("ă")[1:], strict=True)}
    bkhcm2 |= {
        base + mark: _compose(bkhcm2.get(base, base) + tone)
        for base in "aeouyúû"
        for mark, tone in _TONES_OF_BKHCM2.items()
    }
    return {
        name: letters | {code.upper(): letter.upper() for code, letter in letters.items()}
        for name, letters in ((VNI, vni), (BKHCM2, bkhcm2))
    }


def _with_tones(base: str) -> list[str]:
    return [_compose(base + tone) for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")]


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_TWO_BYTE = _two_byte_letters()
_CODES = {
    name: re.compile("|".join(sorted(map(re.escape, letters), key=len, reverse=True)) + "|[\u0080-\u00ff]")
    for name, letters in _TWO_BYTE.items()
}


def decode_bytes(data: bytes, encoding: str) -> str:
    """Return bytes as text in an old encoding, in composed form; `UNDEFINED` stands for a byte without a meaning.

    Capitals of TCVN3 come from fonts of their own (``.VnTimeH``) that show the bytes of small letters as capitals; in
    a word that is otherwise in capitals they are made capitals here.

    Parameters
    ----------
    data : bytes
        The text as stored.
    encoding : str
        A key of `ENCODING_NAMES`.

    Examples
    --------
    >>> decode_bytes("Ph\u00adêng Hµ Huy TËp".encode("latin-1"), TCVN3)
    'Phường Hà Huy Tập'
    >>> decode_bytes("C¤NG AN PH¦êNG".encode("latin-1"), TCVN3)
    'CÔNG AN PHƯỜNG'
    """
    return _DECODERS[encoding](data)


def _decode_tcvn3(data: bytes) -> str:
    return _LETTERS.sub(_in_capitals, data.decode("latin-1").translate(_ONE_BYTE[TCVN3]))


_LETTERS = re.compile(r"[^\W\d_]{2,}")


def _in_capitals(word: re.Match[str]) -> str:
    letters = word.group()
    is_capital = sum(map(str.isupper, letters)) > 1 and not any(map(_is_small, letters))
    return letters.upper() if is_capital else letters


def _is_small(letter: str) -> bool:
    return letter.isascii() and letter.islower()


def _decode_cp1258(data: bytes) -> str:
    return _compose(data.decode("cp1258", errors="replace"))


def _one_byte_decoder(encoding: str) -> Callable[[bytes], str]:
    return lambda data: data.decode("latin-1").translate(_ONE_BYTE[encoding])


def _two_byte_decoder(encoding: str) -> Callable[[bytes], str]:
    letters = {**_TWO_BYTE[encoding]} | {chr(byte): sign for byte, sign in _SIGNS.items()} | {"\u00a0": "\u00a0"}
    return lambda data: _CODES[encoding].sub(lambda code: letters.get(code.group(), UNDEFINED), data.decode("latin-1"))


_DECODERS: Mapping[str, Callable[[bytes], str]] = {
    TCVN3: _decode_tcvn3,
    CP1258: _decode_cp1258,
    **{encoding: _one_byte_decoder(encoding) for encoding in (VISCII, VPS, BKHCM1)},
    **{encoding: _two_byte_decoder(encoding) for encoding in (VNI, BKHCM2)},
}


_STORED: Mapping[str, int] = {chr(byte): byte for byte in range(0x100)} | {
    bytes([byte]).decode("cp1252", errors="ignore"): byte for byte in range(0x80, 0xA0)
}


def as_stored(text: str) -> bytes | None:
    """Return the bytes that show as `text` in Windows-1252 or Latin-1; None if a character has no place there.

    Examples
    --------
    >>> as_stored("TËp").hex(), as_stored("Tập")
    ('54cb70', None)
    """
    return None if _NEVER_STORED.search(text) else bytes([_STORED[character] for character in text])


_NEVER_STORED = re.compile(f"[^{''.join(map(re.escape, _STORED))}]")


def is_latin(text: str) -> bool:
    """Return whether a text consists of Latin letters with any marks, digits, and the signs that go with them.

    Examples
    --------
    >>> is_latin("84,95 % – Tập"), is_latin("Ѐ")
    (True, False)
    """
    return not _NOT_LATIN.search(text)


_NOT_LATIN = re.compile("[^\t\r\n\x20-\u036f\u1e00-\u20bf]")
