import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaning.old_text import HEADINGS, NAMES, ONLY_NAMED, TELLING, WARDS, stored
from helpers.cleaning.workbooks.code_tables import CP1258, ENCODING_NAMES, TCVN3, VISCII
from helpers.cleaning.workbooks.encodings import DecodedText, decode_text
from helpers.errors import DataProblems, Problem

PAGE = "\r\n".join(["Phường,Số vụ PPHS,Tỷ lệ ĐTKP (%)", *(f'{ward},17,"84,95"' for ward in WARDS)])
READ_AS = {"utf-8": "utf-8", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be", CP1258: CP1258, TCVN3: TCVN3}


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding) if encoding.startswith("utf") else stored(text, encoding)


def same(found: str, text: str) -> bool:
    """Compare apart from capitals, which TCVN3 keeps in its fonts."""
    return unicodedata.normalize("NFC", found).casefold() == unicodedata.normalize("NFC", text).casefold()


def refusal(data: bytes, known: tuple[str, ...] = ()) -> Problem:
    with pytest.raises(DataProblems) as caught:
        decode_text(data, "a.csv", known)
    (problem,) = caught.value.problems
    assert problem.file == "a.csv" and problem.rule and problem.remedy and not problem.value
    return problem


def attempt(data: bytes, known: tuple[str, ...] = ()) -> DecodedText | Problem:
    try:
        return decode_text(data, "a.csv", known)
    except DataProblems as problems:
        return problems.problems[0]


@pytest.mark.parametrize("encoding", READ_AS)
@pytest.mark.parametrize("known", [(), NAMES])
def test_a_page_comes_back_from_every_encoding_that_is_read(encoding: str, known: tuple[str, ...]) -> None:
    decoded = decode_text(encoded(PAGE, encoding), "a.csv", known)
    assert (decoded.text, decoded.encoding) == (PAGE, READ_AS[encoding])
    assert decoded.reason


def test_capitals_in_tcvn3_fonts_are_capitals_again() -> None:
    text = "TỔNG CỘNG\nPHƯỜNG HƯNG BÌNH\nPHƯỜNG ĐỘI CUNG\n"
    assert decode_text(stored(text, TCVN3), "a.csv").text == text


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_marks_at_the_start_are_believed_and_taken_off(mark: bytes, encoding: str) -> None:
    decoded = decode_text(mark + PAGE.encode(encoding), "a.csv")
    assert (decoded.text, decoded.encoding) == (PAGE, encoding)


def test_ascii_and_nothing_at_all() -> None:
    assert decode_text(b"unit,value\r\n16663,4\r\n\x1a", "a.csv").encoding == "ascii"
    assert decode_text(b"", "a.csv").text == ""
    assert decode_text(b"\xef\xbb\xbf", "a.csv").text == ""


@given(st.lists(st.sampled_from(TELLING), min_size=3, max_size=30), st.sampled_from(sorted(READ_AS)))
def test_any_names_come_back_or_are_refused_and_never_come_back_wrong(names: list[str], encoding: str) -> None:
    text = "\n".join(names)
    found = attempt(encoded(text, encoding), NAMES)
    assert isinstance(found, DecodedText) and same(found.text, text)
    unaided = attempt(encoded(text, encoding))
    assert isinstance(unaided, Problem) or same(unaided.text, text)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_alone_as_a_file(name: str) -> None:
    for encoding in READ_AS:
        found = attempt(encoded(name, encoding), NAMES)
        if isinstance(found, Problem):
            assert "uncertain" in found.rule and name in ("Nghi Hải",)
        else:
            assert same(found.text, name)
        unaided = attempt(encoded(name, encoding))
        assert isinstance(unaided, Problem) or same(unaided.text, name)


@pytest.mark.parametrize("encoding", ONLY_NAMED)
def test_other_old_encodings_are_named_with_a_remedy(encoding: str) -> None:
    problem = refusal(stored(PAGE if encoding != "bkhcm1" else PAGE.lower(), encoding), NAMES)
    assert ENCODING_NAMES[encoding] in problem.rule and "UniKey" in problem.remedy


def test_capitals_of_viscii_that_are_control_characters_are_no_binary_content() -> None:
    assert "VISCII" in refusal(stored("MỸ ĐÌNH, PHƯỜNG MỄ TRÌ, ĐỘI CẤN, MẪU SƠN, TRƯỜNG ĐỊNH", VISCII)).rule


@given(st.lists(st.sampled_from(TELLING), min_size=3, max_size=30), st.sampled_from(ONLY_NAMED))
def test_a_text_in_an_encoding_that_is_not_read_is_never_read_as_another(names: list[str], encoding: str) -> None:
    text = "\n".join(names)
    found = attempt(stored(text, encoding), NAMES)
    assert isinstance(found, Problem) or same(found.text, text)


def test_utf_8_with_a_few_damaged_bytes_names_the_lines() -> None:
    data = PAGE.encode()
    line_7 = data.index(b"\n", data.index(WARDS[5].encode())) - 3
    problem = refusal(data[:line_7] + b"\xe1" + data[line_7 + 1 :])
    assert "damaged" in problem.rule and problem.cell == "line 7"
    assert refusal(b"\xef\xbb\xbf" + data[:line_7] + b"\xff" + data[line_7:]).cell == "line 7"
    assert "damaged" in refusal(data + stored(PAGE, TCVN3)).rule
    assert "damaged" in refusal(data.rsplit("ỷ".encode())[0] + "ỷ".encode()[:2]).rule


def test_text_that_was_read_in_the_wrong_encoding_and_saved_again_is_read() -> None:
    for codec in ("cp1252", "latin-1"):
        twice = "Phường\nHòa Hiếu\nNghi Thủy\nHưng Phúc\n".encode().decode(codec, errors="surrogateescape")
        text = "".join(chr(ord(letter) - 0xDC00) if "\udc80" <= letter <= "\udcff" else letter for letter in twice)
        decoded = decode_text(text.encode(), "a.csv")
        assert (decoded.text, decoded.encoding) == ("Phường\nHòa Hiếu\nNghi Thủy\nHưng Phúc\n", "utf-8 twice")


def test_letters_lost_in_an_earlier_saving_are_seen() -> None:
    western = PAGE.translate({0x111: "d", 0x110: "\xd0", 0x1A1: "o", 0x1B0: "u"}).encode("cp1252", errors="replace")
    problem = refusal(western)
    assert "“?”" in problem.rule and problem.cell.startswith("lines 1, ")
    assert "“?”" in refusal(b"unit,name\n1,Hung D?ng\n", ("Hưng Dũng",)).rule
    assert "stands for them" in refusal("Phường,Hà Huy T\ufffdp\n".encode()).rule
    assert decode_text(b"is this one?\nno?yes\n", "a.csv").encoding == "ascii"


@pytest.mark.parametrize(
    "text", ["Café;crème brûlée;garçon;Noël", "Müller;Straße;Zürich;für", "Málaga;año;São Paulo;Bogotá;niño"]
)
def test_western_text_is_none_of_these(text: str) -> None:
    assert "no encoding of Vietnamese" in refusal(text.encode("cp1252")).rule
    assert decode_text(text.encode(), "a.csv").text == text


def test_one_word_that_the_study_does_not_use_decides_nothing() -> None:
    assert "uncertain" in refusal(stored("Phường", TCVN3)).rule
    assert decode_text(stored("Phường", TCVN3), "a.csv", ("Phường",)).text == "Phường"


def test_a_byte_without_a_meaning_is_not_passed_over() -> None:
    problem = refusal(stored(PAGE, TCVN3) + b"\r\n37 \xb0C")
    assert "no meaning" in problem.rule and problem.cell == f"line {len(WARDS) + 2}"


def test_western_dashes_alone_are_no_riddle() -> None:
    assert decode_text(b"period,value\n2019 \x96 2023,4\n", "a.csv").text.endswith("2019 – 2023,4\n")


@pytest.mark.parametrize(
    "data",
    [b"a,b\n1,\x00\n", bytes(range(256)), b"\x89PNG\r\n\x1a\n\x00", b"\x00" * 100, b"\xff\xfe\x00\x00a\x00\x00\x00"],
)
def test_binary_content_is_refused(data: bytes) -> None:
    assert "binary" in refusal(data).rule


def test_a_long_run_without_words_is_refused_at_once() -> None:
    assert "no encoding" in refusal(b"\xb5" * 5_000_000).rule
    assert decode_text(b"a" * 5_000_000, "a.csv").encoding == "ascii"


def test_utf_16_that_breaks_off() -> None:
    assert "first bytes" in refusal(b"\xff\xfe" + PAGE.encode("utf-16-le")[:-1]).rule


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_with_a_remedy(data: bytes) -> None:
    found = attempt(data)
    assert found.remedy if isinstance(found, Problem) else found.reason


@given(st.text(st.characters(exclude_characters="\ufffd?", exclude_categories=("Cs", "Cc"))))
def test_utf_8_is_read_as_what_it_is_unless_it_looks_like_something_else(text: str) -> None:
    found = attempt(b"\xef\xbb\xbf" + text.encode())
    assert isinstance(found, DecodedText) and found.text == text


def test_headings_and_wards_are_real() -> None:
    assert len(WARDS) == 32 and len(HEADINGS) > 100
