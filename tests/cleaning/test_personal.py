import pytest

from helpers.cleaning.personal import is_personal_heading, looks_personal, shown


@pytest.mark.parametrize(
    "value",
    [
        "038204001234",
        "123456789",
        123456789.0,
        38204001234.0 + 1e11,
        "0912345678",
        "+84 912 345 678",
        "ĐT: 0912.345.678",
        "37A-123.45",
        "37B1 23456",
        "a.b@c.vn",
        "18.67345, 105.69231",
        "038 204 001 234",
    ],
)
def test_personal_values_are_seen_and_not_shown(value: object) -> None:
    assert looks_personal(value)
    assert shown(value) == "(not shown)"


@pytest.mark.parametrize(
    "value",
    [
        "Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)",
        "21.085",
        "1.234.567",
        21085.0,
        "84,95%",
        "Số: 12/BC-CATX",
        "-",
        None,
        "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ LIỆU THẬT (synthetic)",
        "ngày 16 tháng 5 năm 2023",
        "05-NQ/ThU 27/03/2023",
        "01.04.2023-30.04.2023",
        "16735@2019-01-01 2023-05",
    ],
)
def test_what_an_office_writes_is_not_personal(value: object) -> None:
    assert not looks_personal(value)


@pytest.mark.parametrize(
    "text",
    [
        "Họ và tên",
        "HỌ TÊN",
        "Số CCCD",
        "Số điện thoại",
        "Ngày sinh",
        "Biển số",
        "Biển số xe",
        "Địa chỉ",
        "Số nhà",
        "full_name",
    ],
)
def test_personal_headings(text: str) -> None:
    assert is_personal_heading(text)


@pytest.mark.parametrize(
    "text", ["Đơn vị", "Dân số", "Tổng số vụ", "Tin báo, tố giác", "(Ký, ghi rõ họ tên)", "Bị thương", "Số người chết"]
)
def test_other_headings(text: str) -> None:
    assert not is_personal_heading(text)


def test_long_values_are_shortened() -> None:
    assert shown("a" * 100) == "a" * 59 + "…"
