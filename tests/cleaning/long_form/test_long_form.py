from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.cleaning.corrections import read_corrections
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form import batches as long_batches
from helpers.cleaning.long_form.batches import Batch, Coded
from helpers.cleaning.long_form.keys import KeyReader
from helpers.cleaning.long_form.reading import read_long

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
    assert cleaned.account.iloc[0].to_list() == ["returns/b.csv", "", 5 + 18 + 6 + 1, 4, 2, 24, 0]
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
        ("unit,period,value\n1,2,3\n", "names an indicator of the study"),
        ("unit,period,indicator,value,remark\n1,2,3,4,5\n", "names an indicator of the study"),
        ("unit,period,indicator,value,unit\n1,2,3,4,5\n", "a long-form file has the columns"),
        ("", "the file holds nothing"),
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
    path = office.put("returns/b.parquet", b"PAR1 and nothing else")
    assert "cannot be read as Parquet" in office.problem().rule
    rows = {"unit": ["16735"] * 9, "period": "2023-05", "indicator": "crime_order", "value": range(9)}
    pd.DataFrame(rows).to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(200) + content[204:])
    assert "cannot be read as a table" in office.problem().rule


HEADING = "unit,period,indicator,value\n"
ROW = "16735,2023-05,crime_order,2\n"


@pytest.mark.parametrize(
    ("rows", "cell", "rule"),
    [
        (ROW + "\n16735,2023-06,crime_order,2,7\n", "row 4", "cannot be read as a table"),
        (ROW + '\n"16735",2023-06,"crime_order",2,7\n', "row 4", "cannot be read as a table"),
        (ROW + '16735,2023-06,"crime"_order,2\n', "", "cannot be read as a table"),
        (ROW + '16735,2023-06,"crime_order,2\n', "row 3", "cannot be read as a table"),
        ((ROW + "16735,2023-06,crime_order,").encode() + b"2\xe9\n", "row 3", "the text is not UTF-8"),
    ],
)
def test_rows_that_cannot_be_read_are_named(office: Office, rows: str | bytes, cell: str, rule: str) -> None:
    office.put("returns/b.csv", HEADING.encode() + (rows.encode() if isinstance(rows, str) else rows))
    problem = office.problem()
    assert (problem.cell, rule in problem.rule) == (cell, True)


@pytest.mark.parametrize(
    "content",
    [
        HEADING + ROW + "16717,2023-05,crime_order,\n",
        HEADING + ROW + "16717,2023-05,crime_order,",
        "\ufeff" + HEADING.replace("\n", "\r\n") + ROW.replace("\n", "\r\n") + "16717,2023-05,crime_order,\r\n\r\n",
        HEADING + ROW.replace("crime_order", '"crime_order"') + '"16717","2023-05","crime_order",""',
        HEADING + ROW + '"16717","2023-05","crime_order",""\n',
        HEADING + ROW.replace("2\n", '"2"\n') + "16717,2023-05,crime_order,  \n,,,\n\n",
    ],
)
def test_the_same_rows_written_in_another_way_are_the_same(office: Office, content: str) -> None:
    office.put("returns/b.csv", content)
    cleaned = office.clean()
    panel = cleaned.panel.set_index("cell")
    assert panel["value"].dropna().to_dict() == {"D2": 2}
    assert list(panel.index) == ["D3", "D2"]
    assert cleaned.quarantine[["cell", "value"]].to_numpy().tolist() == [["D3", ""]]
    assert cleaned.account["cell_count"].to_list() == [4 + 8]


def test_both_ways_to_read_a_csv_agree(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(HEADING + ROW + "\n,,,\n16717, 2023-05 ,crime_order,\n" + ROW * 3)
    heading = long_batches.read_heading(path)
    one, other = (
        [[column.spellings[code] for code in column.codes] for columns in read(path, heading) for column in columns]
        for read in (long_batches._arrow_tables, long_batches._quoted_tables)
    )
    assert one == other
    assert one[1] == ["2023-05", "", "", "2023-05", *["2023-05"] * 3]


def test_a_file_is_read_in_batches_as_at_once(
    office: Office, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = ("3", "", "x", "1.234", "0", "-", "2.5", "2", "7", "8", "9", "4")
    lines = [
        f"{unit},2023-{month:02d},{name},{value}"
        for month, value in enumerate(values, start=1)
        for unit in ("16735@2019-01-01", "16717", "16681")
        for name in ("drug_cases", "crime_order")
    ]
    path = office.put("returns/b.csv", HEADING + "\n".join(lines[::-1]) + "\n")
    corrected = {"cell": "D70", "action": "replace", "old_value": "3", "new_value": "5"}
    office.correct({"file": "b.csv", "sheet": "", **corrected})
    corrections = read_corrections(office.study.folder)
    whole = read_long(path, "b.csv", vocabulary, corrections)
    monkeypatch.setattr(long_batches, "BLOCK_BYTES", 100)
    in_parts = read_long(path, "b.csv", vocabulary, corrections)
    pd.testing.assert_frame_equal(in_parts.panel, whole.panel)
    pd.testing.assert_frame_equal(in_parts.quarantine, whole.quarantine)
    assert (in_parts.fates, in_parts.log) == (whole.fates, whole.log)
    assert not whole.problems and len(whole.panel) == 72 and len(whole.quarantine) == 18
    assert whole.panel.set_index("cell").loc["D70", "value"] == 5
    path.write_text(HEADING + "\n".join([*lines, *lines[:3], "16,2023-01,crime_order,2"]) + "\n")
    assert [problem.cell for problem in read_long(path, "b.csv", vocabulary).problems] == ["A77"]
    path.write_text(HEADING + "\n".join([*lines, *lines[:3]]) + "\n")
    problems = read_long(path, "b.csv", vocabulary).problems
    assert [problem.cell for problem in problems] == ["D74", "D75", "D76"]
    assert "(3 such rows in the file)" in problems[0].rule


def test_wards_exist_in_a_long_file_as_everywhere(office: Office, vocabulary: Vocabulary) -> None:
    keys = KeyReader(vocabulary)
    periods = [f"{year}-{month:02d}" for year in range(2018, 2027) for month in range(1, 13)]
    for unit, wards in vocabulary.codes.items():
        columns = {
            "unit": Coded(np.zeros(len(periods), dtype=np.int32), [unit]),
            "period": Coded(np.arange(len(periods), dtype=np.int32), periods),
            "indicator": Coded(np.zeros(len(periods), dtype=np.int32), ["crime_order"]),
        }
        read = keys.read(Batch(np.arange(len(periods)), columns))
        found = [keys.wards[ward].ward_id if ward >= 0 else None for ward in read.wards]
        existing = [[ward.ward_id for ward in wards if vocabulary.has_ward(ward, period)] for period in periods]
        assert found == [own[0] if len(own) == 1 else None for own in existing]


def test_what_a_file_types_as_a_fraction_is_no_phone(office: Office) -> None:
    path = office.put("returns/b.parquet", b"")
    rows = {"unit": ["16735", "16717"], "period": "2023-05", "indicator": "satisfaction"}
    pd.DataFrame(rows | {"value": [84.12345678, 5.0123456789]}).to_parquet(path)
    assert office.clean().panel["value"].to_list() == [5.0123456789, 84.12345678]
    pd.DataFrame(rows | {"value": [84.5, 912345678.0]}).to_parquet(path)
    assert "looks like personal data" in office.problem().rule
    office.put("returns/b.parquet", b"").unlink()
    heading = HEADING.replace("value", "value,denominator")
    office.put("returns/b.csv", f"{heading}16735,2023-05,clearance,1,0912345678\n")
    assert office.problem().cell == "E2"


def test_figures_of_several_long_files_are_one_panel(office: Office) -> None:
    office.put("returns/a.csv", HEADING + ROW + "16717,2023-05,crime_order,\n")
    office.put("returns/b 2023-07-20.csv", HEADING + ROW + "16723,2023-05,crime_order,4\n")
    cleaned = office.clean()
    assert cleaned.panel[["ward_id", "value", "file"]].fillna({"value": -1}).to_numpy().tolist() == [
        ["16717@2019-01-01", -1, "returns/a.csv"],
        ["16723@2019-01-01", 4, "returns/b 2023-07-20.csv"],
        ["16735@2019-01-01", 2, "returns/b 2023-07-20.csv"],
    ]
    assert cleaned.furniture.loc[cleaned.furniture["kind"].eq("repeated"), "file"].to_list() == ["returns/a.csv"]
