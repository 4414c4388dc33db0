import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaning.old_text import NAMES, ONLY_NAMED, TELLING, shown_in_unicode, stored
from helpers.cleaning.workbooks.code_tables import BKHCM1, TCVN3, VISCII, VNI
from helpers.cleaning.workbooks.old_fonts import DOUBLE_UTF_8, repair_cell, repair_texts

FOREIGN = (
    "Café", "Café crème à la carte", "dû", "naïve résumé", "thé", "Müller", "Zürich", "Noël", "São Paulo", "El Niño",
    "10 µm", "5½", "20 °C", "© 2023", "§ 5", "«oui»", "1ª", "Ø", "Ångström", "déjà vu", "Besançon", "a × b", "±5", "£5",
)  # fmt: skip


@pytest.mark.parametrize("name", TELLING)
def test_each_name_typed_in_a_tcvn3_font_is_read(name: str) -> None:
    repair = repair_cell(shown_in_unicode(stored(name, TCVN3)), NAMES)
    assert repair and (repair.after.casefold(), repair.encoding) == (name.casefold(), TCVN3)
    assert repair.reason and repair.before != repair.after


def test_soft_hyphens_are_letters_there() -> None:
    repair = repair_cell("Ph\u00adêng Hµ Huy TËp")
    assert repair and repair.after == "Phường Hà Huy Tập"


@pytest.mark.parametrize("name", (*NAMES, *FOREIGN, "", "17", "84,95%", "Quán Café", "hò vè"))
def test_proper_text_is_never_touched(name: str) -> None:
    for text in (name, name.upper(), unicodedata.normalize("NFD", name)):
        for known in ((), NAMES):
            assert repair_cell(text, known) is None
            for company in ((TCVN3,), (TCVN3, VNI, VISCII, BKHCM1)):
                assert repair_cell(text, known, company) is None or name in FOREIGN_BUT_TCVN3


FOREIGN_BUT_TCVN3 = ("dû", "10 µm")
"""Alone they are foreign; in a sheet typed in an old font they are what the font shows: “dỷ”, “àm”."""


@given(st.text())
def test_what_is_repaired_once_stays(text: str) -> None:
    repair = repair_cell(text)
    if repair and repair.after:
        assert repair_cell(repair.after) is None


@pytest.mark.parametrize("encoding", ONLY_NAMED)
def test_other_fonts_are_named_and_not_read(encoding: str) -> None:
    text = "phường hà huy tập, số người bị thương"
    repair = repair_cell(shown_in_unicode(stored(text, encoding)))
    assert repair and (repair.encoding, repair.after) == (encoding, "")


def test_a_word_that_is_vietnamese_either_way_is_read_only_if_the_study_uses_it() -> None:
    assert repair_cell("Sè vô") is None
    repair = repair_cell("Sè vô", ["Số vụ"])
    assert repair and repair.after == "Số vụ"
    assert repair_cell("Sè vô", ["Số vụ", "Sè vô"]) is None
    assert repair_cell("Sè vô", ["Tổng số vụ"]) is None


def test_a_sign_that_the_font_does_not_have_is_not_passed_over() -> None:
    repair = repair_cell("Ph\u00adêng Hµ Huy TËp \u00b0")
    assert repair and (repair.after, repair.encoding) == ("", TCVN3)


def test_a_short_cell_goes_with_the_others_of_its_sheet() -> None:
    assert repair_texts({1: "Lîi"}) == {}
    repairs = repair_texts({1: "Lîi", 2: "Ph\u00adêng Hµ Huy TËp", 3: "Café", 4: "Lê Lợi", 5: "17"})
    assert {place: repair.after for place, repair in repairs.items()} == {1: "Lợi", 2: "Phường Hà Huy Tập"}


@pytest.mark.parametrize("name", TELLING)
def test_utf_8_read_as_windows_1252_is_undone(name: str) -> None:
    repair = repair_cell(shown_in_unicode(name.encode()))
    assert repair and (repair.after, repair.encoding) == (name, DOUBLE_UTF_8)


def test_utf_8_that_lost_letters_on_the_way_is_named_and_not_read() -> None:
    repair = repair_cell("PhÆ°á»ng")
    assert repair and (repair.after, repair.encoding) == ("", DOUBLE_UTF_8)
