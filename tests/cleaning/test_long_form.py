from typing import Any

import pandas as pd
import pytest

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported

GOOD = """unit,period,indicator,value,denominator
16735,2023-05,crime_order,2,
16735@2019-01-01,2023-05,clearance,1,2
16717,2023-05,crime_order,0.25,
16717,2023-06,crime_order,,
16681,2023-05,drug_cases,-,
16681,2023-06,drug_cases,1.234,
"""


def test_a_long_file_is_read_and_balances(office: Office) -> None:
    office.put("returns/b.csv", "\ufeff" + GOOD)
    cleaned = office.clean()
    panel = cleaned.panel.set_index("cell")["value"]
    assert panel.dropna().to_dict() == {"D2": 2, "D3": 1, "D4": 0.25, "D6": 0}
    assert cleaned.panel.set_index("cell").loc["D3", "denominator"] == 2
    assert dict(zip(cleaned.quarantine["cell"], cleaned.quarantine["value"], strict=True)) == {"D5": "", "D7": "1.234"}
    assert cleaned.account.iloc[0].to_list() == ["returns/b.csv", "", 5 + 18 + 6 + 1, 4, 2, 24]
    assert cleaned.furniture.set_index("kind")["cell_count"].to_dict() == {"denominator": 1, "header": 5, "key": 18}
    assert cleaned.log.iloc[0].to_list() == [
        "returns/b.csv",
        "",
        "",
        "fractional_count",
        "crime_order",
        "1 counts have a fraction",
    ]


def test_parquet_says_the_same_with_typed_numbers(office: Office) -> None:
    office.put("returns/b.parquet", b"")
    pd.DataFrame(
        {"unit": ["16735", "16717"], "period": "2023-05", "indicator": "crime_order", "value": [1.234, None]}
    ).to_parquet(office.returns / "b.parquet")
    cleaned = office.clean()
    assert cleaned.panel.set_index("ward_id")["value"].dropna().to_dict() == {"16735@2019-01-01": 1.234}
    assert list(cleaned.quarantine["cell"]) == ["D3"]


def test_an_absent_row_is_missing_and_never_zero(office: Office) -> None:
    office.put("returns/b.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,2\n")
    assert len(office.clean().panel) == 1


def test_a_reused_code_means_the_ward_of_its_time(office: Office) -> None:
    office.put(
        "returns/b.csv", "unit,period,indicator,value\n16681,2023-05,crime_order,2\n16681,2025-09,crime_order,3\n"
    )
    assert list(office.clean().panel["ward_id"]) == ["16681@2019-01-01", "16681@2025-07-01"]


@pytest.mark.parametrize(
    ("line", "cell", "value", "rule"),
    [
        ("16,2023-05,crime_order,2", "A2", "16", "one ward of wards.csv"),
        ("16681,2025-02,crime_order,2", "A2", "16681", "one ward of wards.csv"),
        ("16735,05/2023,crime_order,2", "B2", "05/2023", "a police month such as 2023-05 is expected"),
        ("16735,2023-05,crime_ordr,2", "C2", "crime_ordr", "an indicator of indicators.csv is expected"),
        (",2023-05,crime_order,2", "A2", "", "one ward of wards.csv"),
        (
            "16735,2023-05,crime_order,2\n16735,2023-05,crime_order,3",
            "D3",
            "16735 2023-05 crime_order",
            "stands in an earlier row too",
        ),
    ],
)
def test_uncertain_rows_are_fatal(office: Office, line: str, cell: str, value: str, rule: str) -> None:
    office.put("returns/b.csv", f"unit,period,indicator,value\n{line}\n")
    problem = office.problem()
    assert (problem.file, problem.cell, problem.value) == ("returns/b.csv", cell, value)
    assert rule in problem.rule


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("unit,period,value\n1,2,3\n", "a long-form file has the columns"),
        ("unit,period,indicator,value,remark\n1,2,3,4,5\n", "a long-form file has the columns"),
        ("", "cannot be read as a table"),
        ("unit,period,indicator,value\n1,2,3,4,5,6\n1,2\n", "cannot be read as a table"),
        ("unit,period,indicator,value\nV\xfd,2,3,4\n".encode("latin-1"), "the text is not UTF-8"),
        ("unit,period,indicator,value,full_name\n16735,2023-05,crime_order,2,A\n", "looks like personal data"),
        ("unit,period,indicator,value\n16735,2023-05,crime_order,0912345678\n", "looks like personal data"),
    ],
)
def test_files_of_another_form_are_fatal(office: Office, content: str | bytes, rule: str) -> None:
    office.put("returns/b.csv", content)
    problem = office.problem()
    assert rule in problem.rule
    assert "0912345678" not in problem.sentence()


def test_a_row_of_another_length_is_named(office: Office) -> None:
    office.put(
        "returns/b.csv", "unit,period,indicator,value\n16735,2023-05,crime_order,2\n\n16735,2023-06,crime_order,2,7\n"
    )
    assert "row 4 has 5 fields, the heading 4" in office.problem().remedy


def test_many_rows_with_one_mistake_are_one_problem(office: Office) -> None:
    rows = "".join(f"16,2023-{month:02d},crime_order,2\n" for month in range(1, 13))
    office.put("returns/b.csv", f"unit,period,indicator,value\n{rows}")
    assert "(in 12 rows)" in office.problem().rule


def test_a_damaged_parquet_file_is_fatal(office: Office) -> None:
    office.put("returns/b.parquet", b"PAR1 and nothing else")
    assert "cannot be read as a table" in office.problem().rule
