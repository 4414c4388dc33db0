import pytest

from cleaning.old_text import stored
from helpers.cleaning.workbooks.code_tables import BKHCM1, BKHCM2, ENCODING_NAMES, TCVN3, VISCII, VNI, VPS, decode_bytes
from helpers.cleaning.workbooks.syllables import is_syllable, known_words, weigh

LETTERS = "áàảãạéèẻẽẹíìỉĩịóòỏõọúùủũụýỳỷỹỵăắằẳẵặâấầẩẫậêếềểễệôốồổỗộơớờởỡợưứừửữựđ"


@pytest.mark.parametrize("encoding", ENCODING_NAMES)
def test_every_letter_has_a_code_of_its_own(encoding: str) -> None:
    assert len(LETTERS) == 67
    codes = [stored(letter, encoding) for letter in LETTERS]
    assert len(set(codes)) == 67
    assert [decode_bytes(code, encoding) for code in codes] == list(LETTERS)
    assert decode_bytes(b"Vinh 17,5 %", encoding) == "Vinh 17,5 %"


@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        (TCVN3, "b5b6b7b8b9a8aebbc6"), (VISCII, "e0e4e3e1d5e5f0a2a3"), (VPS, "e0e4e3e1e5e6c7a2a5"),
        (VNI, "61f861fb61f561f961ef61eaf161e861eb"), (BKHCM1, "bfc0c1bec2d7bdd9dc"),
        (BKHCM2, "61e261e361e461e161e5f9e0f9e7f9e5"),
    ],
)  # fmt: skip
def test_codes_are_those_of_the_published_charts(encoding: str, code: str) -> None:
    assert stored("àảãáạăđằặ", encoding).hex() == code


@pytest.mark.parametrize(
    "word", ["phường", "hoà", "hòa", "thuỷ", "thủy", "quý", "quí", "giếng", "gì", "nghiêng", "YÊN"]
)
def test_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["phờng", "tậo", "café", "bàc", "hửơng", "àà", "ñ", "ppháp", "sốố", ""])
def test_what_only_looks_like_a_syllable(word: str) -> None:
    assert not is_syllable(word)


def test_known_words_count_apart() -> None:
    evidence = weigh("Hà Huy Tập, Sơn, Café, ĐTKP, ở", known_words(["Hà Huy TẬP"]))
    assert (evidence.known, evidence.valid, evidence.invalid) == (2, 1, 1)
    assert (evidence.score, evidence.share) == (1.0, 0.75)
    assert weigh("17").score == 0
