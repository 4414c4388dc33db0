import unicodedata

import pytest

from helpers.simulation.spelling import decomposed, with_tone_on_last_vowel, without_accents
from helpers.text import normalise_ward_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hòa Hiếu", "Hoà Hiếu"),
        ("Bến Thủy", "Bến Thuỷ"),
        ("HÒA", "HOÀ"),
        ("Khóe", "Khoé"),
        ("Thái Hòa, Lò", "Thái Hoà, Lò"),
    ],
)
def test_a_tone_moves_to_the_last_vowel(one, other):
    assert with_tone_on_last_vowel(one) == other


@pytest.mark.parametrize("name", ["Quý", "Hoàng Mai", "Thuyền", "Nghi Thu", "Lê Lợi", "Quỳnh Dị", "Cửa Lò"])
def test_other_syllables_stay_as_they_are(name):
    assert with_tone_on_last_vowel(name) == name


def test_every_way_of_writing_a_ward_is_one_ward_to_the_normaliser(nghe_an):
    for ward in nghe_an.wards:
        name = ward.ward_name_vi
        ways = [name, with_tone_on_last_vowel(name), decomposed(name), decomposed(with_tone_on_last_vowel(name))]
        keys = {normalise_ward_name(prefix + way) for prefix in ("", "P. ", "P.", "CAP ", "Phường ") for way in ways}
        assert len(keys) == 1, name


def test_decomposed_names_are_nfd_and_file_names_are_ascii():
    assert decomposed("Hòa") == unicodedata.normalize("NFD", "Hòa") != "Hòa"
    assert without_accents("Đội Cung") == "Doi-Cung"
