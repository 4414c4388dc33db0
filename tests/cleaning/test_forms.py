"""One truth in every shape that an office lays it out in."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported
Rows = Sequence[Sequence[object]]

WARDS = ("Nghi Thu", "Nghi Thủy", "Thu Thủy")
CODES = ("16735", "16717", "16723")
MONTHS = ("2023-01", "2023-02", "2023-03")
ONE, BOTH = ("crime_order",), ("crime_order", "drug_cases")
TRUTH = {
    (ward, month, indicator): 10 * w + 3 * m + k
    for w, ward in enumerate(CODES)
    for m, month in enumerate(MONTHS)
    for k, indicator in enumerate(("crime_order", "drug_cases"))
}


def of(ward: int, month: int, indicator: str = "crime_order") -> int:
    return TRUTH[CODES[ward], MONTHS[month], indicator]


def months(ward: int) -> list[int]:
    return [of(ward, month) for month in range(3)]


def send(office: Office, sheets: dict[str, Rows], file: str = "a.xlsx") -> None:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        page = workbook.create_sheet(name)
        for row in rows:
            page.append(list(row))
    office.returns.mkdir(exist_ok=True)
    workbook.save(office.returns / file)


def periods_across() -> dict[str, Rows]:
    header = ["STT", "Phường", *(f"Tháng {month}" for month in (1, 2, 3)), "Cộng"]
    body = [[w + 1, name, *months(w), sum(months(w))] for w, name in enumerate(WARDS)]
    return {"PPHS": [["SỐ VỤ PPHS NĂM 2023"], header, *body]}


def two_levels() -> dict[str, Rows]:
    top = ["Đơn vị", *(text for m in range(3) for text in (f"Tháng {m + 1}/2023", None))]
    below = [None, *(heading for _ in range(3) for heading in ("Số vụ PPHS", "drug_cases"))]
    body = [[name, *(of(w, m, k) for m in range(3) for k in BOTH)] for w, name in enumerate(WARDS)]
    return {"Sheet1": [top, below, *body]}


def long_with_names() -> dict[str, Rows]:
    header = ["Phường", "Tháng", "Chỉ tiêu", "Số liệu"]
    names = {"crime_order": "Số vụ PPHS", "drug_cases": "drug_cases"}
    body = [
        [f"P. {name}", f"{m + 1}/2023", names[k], of(w, m, k)]
        for w, name in enumerate(WARDS) for m in range(3) for k in BOTH
    ]  # fmt: skip
    return {"Sheet1": [header, *body]}


def long_with_codes_and_dates() -> dict[str, Rows]:
    header = ["Mã phường", "Kỳ báo cáo", "Số vụ PPHS"]
    body = [[int(code), date(2023, m + 1, 1), of(w, m)] for w, code in enumerate(CODES) for m in range(3)]
    return {"Sheet1": [header, *body]}


def year_and_month_columns() -> dict[str, Rows]:
    header = ["Năm", "Tháng", "Đơn vị", "Số vụ PPHS"]
    return {"Sheet1": [header, *([2023, m + 1, name, of(w, m)] for m in range(3) for w, name in enumerate(WARDS))]}


def wards_across() -> dict[str, Rows]:
    header = ["Tháng", *(f"Phường {name}" for name in WARDS), "Tổng"]
    body = [[f"T{m + 1}/2023", *(of(w, m) for w in range(3)), sum(of(w, m) for w in range(3))] for m in range(3)]
    return {"Tội phạm": [["Số vụ PPHS theo phường"], header, *body]}


def indicators_down() -> dict[str, Rows]:
    header = ["Chỉ tiêu", *WARDS]
    return {
        f"T{m + 1}-2023": [
            [f"Tháng {m + 1}/2023"],
            header,
            ["1. Số vụ PPHS", *(of(w, m) for w in range(3))],
            ["2. drug_cases", *(of(w, m, "drug_cases") for w in range(3))],
        ]
        for m in range(3)
    }


def one_sheet_a_ward() -> dict[str, Rows]:
    return {
        name: [
            [f"CÔNG AN PHƯỜNG {name.upper()}"],
            ["Tháng", "Số vụ PPHS"],
            *([f"Tháng {m + 1} năm 2023", of(w, m)] for m in range(3)),
        ]
        for w, name in enumerate(WARDS)
    }


def tables_below_each_other() -> dict[str, Rows]:
    rows: list[list[object]] = [["CÔNG AN THỊ XÃ CỬA LÒ"]]
    for m in range(3):
        rows += [[], [f"Tháng {m + 1}/2023"], ["TT", "Đơn vị", "Số vụ PPHS"]]
        rows += [[w + 1, name, of(w, m)] for w, name in enumerate(WARDS)]
        rows += [[None, "Tổng cộng", sum(of(w, m) for w in range(3))]]
    return {"Quý I": rows}


def tables_side_by_side() -> dict[str, Rows]:
    top = [text for m in range(3) for text in (f"Tháng {m + 1}/2023", None, None)]
    header = ["Đơn vị", "Số vụ PPHS", None] * 3
    body = [[cell for m in range(3) for cell in (name, of(w, m), None)] for w, name in enumerate(WARDS)]
    return {"Sheet1": [top, header, *body]}


def sections_of_months() -> dict[str, Rows]:
    rows: list[list[object]] = [["Đơn vị", "Số vụ PPHS"]]
    for m in range(3):
        rows += [[f"Tháng {m + 1}/2023"], *([name, of(w, m)] for w, name in enumerate(WARDS))]
    return {"Sheet1": rows}


def blank_repeats() -> dict[str, Rows]:
    rows: list[list[object]] = [["Đơn vị", "Tháng", "Số vụ PPHS"]]
    for w, name in enumerate(WARDS):
        rows += [[name if m == 0 else None, f"{m + 1}/2023", of(w, m)] for m in range(3)]
    return {"Sheet1": rows}


def cumulative_only() -> dict[str, Rows]:
    header = ["Đơn vị", *(f"Lũy kế {m + 1} tháng năm 2023" for m in range(3))]
    body = [[name, *(sum(of(w, k) for k in range(m + 1)) for m in range(3))] for w, name in enumerate(WARDS)]
    return {"PPHS": [["Số vụ PPHS"], header, *body]}


def cumulative_beside() -> dict[str, Rows]:
    return {
        f"T{m + 1}-2023": [
            [f"Tháng {m + 1}/2023"],
            ["Đơn vị", "Số vụ PPHS", "Số vụ PPHS lũy kế từ đầu năm", "So với cùng kỳ (%)"],
            *([name, of(w, m), sum(of(w, k) for k in range(m + 1)), 12] for w, name in enumerate(WARDS)),
        ]
        for m in range(3)
    }


def quarter_beside_months() -> dict[str, Rows]:
    header = ["Đơn vị", *(f"Tháng {m + 1}/2023" for m in range(3)), "Quý I/2023"]
    body = [[name, *(of(w, m) for m in range(3)), sum(of(w, m) for m in range(3))] for w, name in enumerate(WARDS)]
    return {"Số vụ PPHS": [header, *body]}


@pytest.mark.parametrize(
    ("form", "indicators"),
    [
        (periods_across, ONE),
        (two_levels, BOTH),
        (long_with_names, BOTH),
        (long_with_codes_and_dates, ONE),
        (year_and_month_columns, ONE),
        (wards_across, ONE),
        (indicators_down, BOTH),
        (one_sheet_a_ward, ONE),
        (tables_below_each_other, ONE),
        (tables_side_by_side, ONE),
        (sections_of_months, ONE),
        (blank_repeats, ONE),
        (cumulative_only, ONE),
        (cumulative_beside, ONE),
        (quarter_beside_months, ONE),
    ],
)
def test_the_truth_comes_out_of_every_form(
    office: Office, form: Callable[[], dict[str, Rows]], indicators: tuple[str, ...]
) -> None:
    send(office, form())
    cleaned = office.clean()
    panel = cleaned.panel
    keys = zip(panel["ward_id"].str[:5], panel["period"], panel["indicator"], strict=True)
    found = dict(zip(keys, panel["value"], strict=True))
    assert found == {key: value for key, value in TRUTH.items() if key[2] in indicators}
    assert cleaned.quarantine.empty


def test_cells_in_an_old_font_are_read_and_logged(office: Office) -> None:
    send(office, {"T01-2023": [["§¬n vÞ", "Số vụ PPHS"], ["Nghi Thu", 1], ["Nghi Thñy", 2], ["Thu Thñy", 3]]})
    cleaned = office.clean()
    assert sorted(cleaned.panel["value"]) == [1, 2, 3]
    assert list(cleaned.log.loc[cleaned.log["what"].eq("old_text"), "after"]) == ["Đơn vị", "Nghi Thủy", "Thu Thủy"]


def test_an_old_code_that_cannot_be_read_is_named(office: Office) -> None:
    send(office, {"T01-2023": [["Ñôn vò", "Số vụ PPHS"], ["Phöôøng Nghi Thuûy", 2], ["Phöôøng Thu Thuûy", 3]]})
    assert "old code VNI" in office.problem().rule
