import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.text import closest, nfc, normalise_header, normalise_ward_name, tone_key

NAMES = [
    "Hà Huy Tập",
    "Hòa Hiếu",
    "Bến Thủy",
    "Nghi Thủy",
    "Nghi Thu",
    "Thu Thủy",
    "Quỳnh Dị",
    "Quý Lộc",
    "Trường Thi",
    "Đội Cung",
    "Cửa Nam",
    "Hưng Phúc",
    "Lê Mao",
    "Nghi Hương",
    "Nghi Hòa",
    "Nghi Hải",
    "Quán Bàu",
    "Long Sơn",
]
PREFIXES = [
    "",
    "P. ",
    "P.",
    "P ",
    "CAP ",
    "CA P. ",
    "CAP. ",
    "Phường ",
    "PHƯỜNG ",
    "phường",
    "Công an phường ",
    "Công an P.",
]
NEW_TONES = [("Hòa", "Hoà"), ("Thủy", "Thuỷ"), ("Khỏe", "Khoẻ"), ("Lũy", "Luỹ")]


@pytest.mark.parametrize(("old", "new"), NEW_TONES)
def test_tone_placement_does_not_matter(old: str, new: str) -> None:
    assert old != new
    assert tone_key(old) == tone_key(new) == tone_key(unicodedata.normalize("NFD", new)) == tone_key(new.upper())


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_different_names_never_share_a_key(one: str, other: str) -> None:
    assert (normalise_ward_name(one) == normalise_ward_name(other)) == (one == other)


@given(
    st.sampled_from(NAMES),
    st.sampled_from(PREFIXES),
    st.sampled_from(["NFC", "NFD"]),
    st.booleans(),
    st.sampled_from([" ", "  ", "\u00a0"]),
)
def test_every_way_of_writing_a_ward_has_its_key(name: str, prefix: str, form: str, upper: bool, space: str) -> None:
    for old, new in NEW_TONES:
        written = unicodedata.normalize(form, prefix + name.replace(old, new).replace(" ", space))
        assert normalise_ward_name(written.upper() if upper else written) == normalise_ward_name(name)


@pytest.mark.parametrize("name", ["Phú Hội", "Phúc Tân", "Phương Liên", "Cầu Giấy", "Ca Đình", "Capi"])
def test_a_name_that_begins_like_a_prefix_is_whole(name: str) -> None:
    assert normalise_ward_name(name) == normalise_ward_name(f"P. {name}") == tone_key(name).replace(" ", "")


@given(st.text(max_size=40))
def test_keys_do_not_depend_on_the_unicode_form(text: str) -> None:
    for normalise in (nfc, normalise_ward_name, normalise_header):
        assert normalise(unicodedata.normalize("NFC", text)) == normalise(unicodedata.normalize("NFD", text))


def test_eth_is_read_as_the_vietnamese_letter() -> None:
    assert normalise_ward_name("\u00d0ội Cung") == normalise_ward_name("Đội Cung")


def test_headers_keep_levels_words_and_per_cent() -> None:
    assert normalise_header(" Phạm pháp  hình sự |Tỷ lệ\nĐTKP (%)|") == normalise_header(
        "PHẠM PHÁP HÌNH SỰ | tỷ lệ đtkp %"
    )
    assert normalise_header("Số vụ") != normalise_header("Số | vụ")
    assert normalise_header("(…)") == ""


def test_likeness_only_suggests() -> None:
    assert closest("Hà Huy Tâp", NAMES, key="ward") == "Hà Huy Tập"
    assert closest("xyz", NAMES, key="ward") == ""
