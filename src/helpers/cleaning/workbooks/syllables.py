"""Whether a text is spelled as Vietnamese: the evidence on which an encoding is decided.

Vietnamese writes each syllable by itself, and a syllable is a start, a rhyme and at most one tone mark, from short
lists. A text read with the wrong table still has letters, but few such syllables.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from helpers.cleaning.workbooks.code_tables import UNDEFINED, is_latin
from helpers.text import TONE_MARKS, tone_key

_STARTS = (
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph", "qu",
    "r", "s", "t", "th", "tr", "v", "x",
)  # fmt: skip

_RHYMES = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
o oc oi om on ong op ot oong ooc
oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet
ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uơ uy uya uych uyn uynh uyp uyt uyu uyên uyêt
uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
y yêm yên yêng yêt yêu ych yn ynh yt
"""

_SYLLABLES = frozenset(start + rhyme for start in _STARTS for rhyme in _RHYMES.split())
_STOPPED = ("c", "ch", "p", "t")
_TONES_OF_STOPPED = frozenset({"\u0301", "\u0323"})
"""A syllable that ends in a stop is said with the acute or the dot-below tone only."""

_MARKED_VOWELS = "ăâêôơư"
_TONELESS = str.maketrans("", "", TONE_MARKS)

_WORD = re.compile(r"[A-Za-z\u0080-\U0010ffff]+")
_EDGE_SIGNS = "–—‘’“”„…•·°²³½×«»€\ufeff"
"""Signs that offices write beside words in any encoding; inside a word they are foreign."""
_ABBREVIATION = re.compile("(?=.*Đ)[A-ZĐ]{1,6}|đ")
_WRITTEN = re.compile(r"\w[a-zà-ỹ\u0300-\u0323]*|[^a-z]+", re.DOTALL)

KNOWN_WEIGHT = 2
"""How many other well-formed words a word of the study's own vocabulary is worth."""


def is_syllable(word: str) -> bool:
    """Return whether a word is one well-formed Vietnamese syllable, known or not.

    Examples
    --------
    >>> [is_syllable(word) for word in ("Phường", "quý", "hoà", "TẬP", "phờng", "Café", "cậc", "bàc")]
    [True, True, True, True, False, False, True, False]
    """
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = [mark for mark in decomposed if mark in TONE_MARKS]
    letters = unicodedata.normalize("NFC", decomposed.translate(_TONELESS))
    if len(tones) > 1 or letters not in _SYLLABLES:
        return False
    if not tones:
        return True
    if letters.endswith(_STOPPED) and tones[0] not in _TONES_OF_STOPPED:
        return False
    return _bears_tone(unicodedata.normalize("NFC", decomposed), letters)


def _bears_tone(syllable: str, letters: str) -> bool:
    """Return whether the tone stands on the last marked vowel, if the syllable has one."""
    marked = [place for place, letter in enumerate(letters) if letter in _MARKED_VOWELS]
    return not marked or syllable[marked[-1]] not in _MARKED_VOWELS


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a text reads as Vietnamese: distinct words with letters beyond ASCII, by what they are.

    Attributes
    ----------
    known : int
        Words that the study itself uses.
    valid : int
        Other words that are well-formed syllables.
    invalid : int
        Words that are neither.
    """

    known: int
    valid: int
    invalid: int

    @property
    def count(self) -> int:
        """Return how many words tell anything."""
        return self.known + self.valid + self.invalid

    @property
    def score(self) -> float:
        """Return the evidence in one number: from -1 (no word fits) over 0 to 1 (all fit), 2 if all are known."""
        return (KNOWN_WEIGHT * self.known + self.valid - self.invalid) / self.count if self.count else 0.0

    @property
    def share(self) -> float:
        """Return the share of words that fit."""
        return (self.known + self.valid) / self.count if self.count else 0.0


def weigh(text: str, known: frozenset[str] = frozenset()) -> Evidence:
    """Return how a text reads as Vietnamese.

    Words without a letter beyond ASCII tell nothing about an encoding and are not counted; neither are single letters
    and signs, abbreviations such as “ĐTKP”, and how often a word is repeated.

    Parameters
    ----------
    text : str
        Any text.
    known : frozenset of str
        From `known_words`.

    Examples
    --------
    >>> weigh("P. Hà Huy Tập: 17 vụ, 84,95% ĐTKP")
    Evidence(known=0, valid=3, invalid=0)
    >>> weigh("Café", known_words(["Hà Huy Tập"])), weigh("Hà", known_words(["Hà Huy Tập"]))
    (Evidence(known=0, valid=0, invalid=1), Evidence(known=1, valid=0, invalid=0))
    """
    kinds = {word: _kind(word, known) for word in telling_words(text)}
    counts = [sum(kind == which for kind in kinds.values()) for which in ("known", "valid", "invalid")]
    return Evidence(*counts)


def telling_words(text: str) -> set[str]:
    """Return the distinct words of a text that have something beyond ASCII, without the signs at their ends."""
    words = {part.strip(_EDGE_SIGNS) for run in set(_WORD.findall(text)) for part in run.split()}
    return {unicodedata.normalize("NFC", word) for word in words if not word.isascii()}


def _kind(word: str, known: frozenset[str]) -> str:
    if _ABBREVIATION.fullmatch(word):
        return "known" if len(word) > 1 and tone_key(word) in known else ""
    if len(word) == 1 and (is_latin(word) or word == UNDEFINED):
        return ""
    if not _WRITTEN.fullmatch(word):
        return "invalid"
    if len(word) > 1 and tone_key(word) in known:
        return "known"
    return "valid" if is_syllable(word) else "invalid"


def known_words(names: Collection[str]) -> frozenset[str]:
    """Return the keys of the words in a study's names and headings that have letters beyond ASCII.

    Examples
    --------
    >>> sorted(known_words(["Hà Huy Tập", "Vinh"]))
    ['hà', 'tập']
    """
    return _known_words(frozenset(names))


@lru_cache(maxsize=32)
def _known_words(names: Iterable[str]) -> frozenset[str]:
    return frozenset(tone_key(word) for name in names for word in telling_words(name) if len(word) > 1)
