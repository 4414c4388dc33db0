import re
import shutil
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest

from helpers.errors import UsageError
from helpers.simulation import simulate_study, write_returns
from helpers.simulation.form import COLUMNS, SYNTHETIC_TITLE
from helpers.simulation.spelling import with_tone_on_last_vowel
from helpers.text import normalise_header, normalise_ward_name

SMALL_STUDY = Path(__file__).parents[1] / "small_study" / "study"
FURNITURE = ("sequence_number", "ward_name", "population", "clearance_rate")
COUNTED = [place for place, column in enumerate(COLUMNS) if column.meaning not in FURNITURE]
MOST_BYTES = 1_500_000


def ward_rows(sheet):
    return [row for row in sheet if isinstance(row[0], float)]


@pytest.fixture(scope="module")
def first_sent(committed):
    return {name: sheets for name, sheets in committed.items() if "bo-sung" not in name}


@pytest.fixture(scope="module")
def corrected(committed):
    return {name: sheets for name, sheets in committed.items() if "bo-sung" in name}


@pytest.fixture(scope="module")
def every_row(first_sent):
    return [row for sheets in first_sent.values() for sheet in sheets.values() for row in ward_rows(sheet)]


def number(cell):
    text = str(cell).replace(".0", "").replace(".", "")
    return None if text == "" else 0 if text in ("-", "không") else int(text)


def cell_contents(path):
    return {
        page.title: [[cell.value for cell in row] for row in page.iter_rows()]
        for page in openpyxl.load_workbook(path).worksheets
    }


def test_committed_returns_regenerate_from_their_seed(nghe_an, regenerated):
    committed = sorted((nghe_an.folder / "returns").glob("*.xlsx"))
    anew = sorted((regenerated / "returns").glob("*.xlsx"))
    assert [path.name for path in committed] == [path.name for path in anew]
    for one, other in zip(committed, anew, strict=True):
        # Equal bytes are equal cells; unequal ones may come from another compressor.
        assert one.read_bytes() == other.read_bytes() or cell_contents(one) == cell_contents(other), one.name


def test_there_is_a_workbook_per_town_and_year_and_a_sheet_per_month(first_sent):
    towns, years = ("Cua-Lo", "Hoang-Mai", "Thai-Hoa", "Vinh"), range(2019, 2024)
    assert sorted(first_sent) == sorted(f"Cong-an_{town}_{year}_MO-PHONG.xlsx" for town in towns for year in years)
    for name, sheets in first_sent.items():
        year = name.split("_")[2]
        assert list(sheets) == [f"T{month:02d}-{year} MÔ PHỎNG" for month in range(1, 13)]


def test_every_file_sheet_and_title_bears_the_mark(committed):
    for name, sheets in committed.items():
        assert name.endswith("_MO-PHONG.xlsx")
        for sheet_name, rows in sheets.items():
            assert sheet_name.endswith("MÔ PHỎNG")
            assert sum(row[0] == SYNTHETIC_TITLE for row in rows[:6]) == 1


def test_every_sheet_says_which_days_it_covers(committed):
    rows = committed["Cong-an_Vinh_2023_MO-PHONG.xlsx"]["T05-2023 MÔ PHỎNG"]
    assert any(row[0] == "Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)" for row in rows)
    january = committed["Cong-an_Vinh_2019_MO-PHONG.xlsx"]["T01-2019 MÔ PHỎNG"]
    assert any(row[0] == "Tháng 1/2019 (từ 15/12/2018 đến 14/1/2019)" for row in january)


def test_counts_in_the_workbooks_are_the_simulated_ones_or_blank(committed, counts, nghe_an):
    by_key = counts.set_index(["ward_id", "period", "indicator"])["value"].to_dict()
    ids = {(ward.town_name_vi, normalise_ward_name(ward.ward_name_vi)): ward.ward_id for ward in nghe_an.wards}
    towns = {"Cua-Lo": "Cửa Lò", "Hoang-Mai": "Hoàng Mai", "Thai-Hoa": "Thái Hòa", "Vinh": "Vinh"}
    read, too_low = 0, Counter()
    for name, sheets in committed.items():
        town = towns[name.split("_")[1]]
        for title, sheet in sheets.items():
            is_corrected = title in committed.get(name.replace("_MO-PHONG", "_bo-sung_MO-PHONG"), {})
            period = f"{title[4:8]}-{title[1:3]}"
            for row in ward_rows(sheet):
                ward = ids[town, normalise_ward_name(row[1])]
                for place in COUNTED:
                    if row[place] != "":
                        missed = by_key[ward, period, COLUMNS[place].meaning] - number(row[place])
                        assert missed == 0 or (is_corrected and 1 <= missed <= 2), (name, title, row)
                        too_low[title] += missed > 0
                        read += 1
    assert read > 26_000
    assert sum(too_low.values()) >= 4 * sum(bool(count) for count in too_low.values()) > 0


def test_a_corrected_sheet_says_the_first_one_again_but_for_cases_that_came_late(committed, corrected):
    assert 0 < len(corrected) < 20
    for name, sheets in corrected.items():
        for title, later in sheets.items():
            first = committed[name.replace("_bo-sung", "")][title]
            assert len(first) == len(later)
            text = {cell for row in later for cell in row if isinstance(cell, str)}
            assert sum("(bổ sung, điều chỉnh)" in cell for cell in text) == 1
            days = [next(cell for row in sheet for cell in row if ", ngày" in str(cell)) for sheet in (first, later)]
            assert days[0] != days[1]
            for row, own in zip(ward_rows(first), ward_rows(later), strict=True):
                changed = [place for place in COUNTED if row[place] != own[place]]
                assert all(1 <= number(row[place]) < number(own[place]) for place in changed)
                meanings = {COLUMNS[place].meaning for place in changed}
                assert not meanings & {"crime_property", "crime_violent"} or "crime_order" in meanings


def test_a_form_without_corrections_is_sent_once(nghe_an, counts, tmp_path):
    text = (nghe_an.folder / "synthetic" / "process.toml").read_text(encoding="utf-8")
    (tmp_path / "synthetic").mkdir()
    kept = re.sub(r"\[form\.corrections\][^\[]*", "", text)
    (tmp_path / "synthetic" / "process.toml").write_text(kept, encoding="utf-8")
    stale, other = (tmp_path / "returns" / f"Cong-an_Vinh_2021_{mark}.xlsx" for mark in ("bo-sung_MO-PHONG", "bo-sung"))
    stale.parent.mkdir()
    stale.touch()
    other.touch()
    paths = write_returns(replace(nghe_an, folder=tmp_path), counts, tmp_path / "returns", seed=20230301)
    assert len(paths) == 20 and other.exists() and not stale.exists()
    whole = cell_contents(nghe_an.folder / "returns" / "Cong-an_Thai-Hoa_2021_MO-PHONG.xlsx")
    assert cell_contents(tmp_path / "returns" / "Cong-an_Thai-Hoa_2021_MO-PHONG.xlsx") == whole


def test_about_three_counts_in_a_thousand_are_blank(every_row):
    cells = [row[place] for row in every_row for place in COUNTED]
    share = sum(cell == "" for cell in cells) / len(cells)
    assert len(cells) == 32 * 60 * 14
    assert abs(share - 0.003) < 4 * np.sqrt(0.003 / len(cells))


def test_zeros_are_written_in_all_three_ways(every_row):
    written = Counter(row[place] for row in every_row for place in COUNTED)
    assert min(written[0.0], written["-"], written["không"]) > 1000


def test_names_come_in_both_tone_placements_both_unicode_forms_and_all_prefixes(every_row):
    names = [row[1] for row in every_row]
    composed = [unicodedata.normalize("NFC", name) for name in names]
    movable = [name for name in composed if re.search("(h|H)(òa|oà)|Th(ủy|uỷ)", name)]
    new_tones = sum(name == with_tone_on_last_vowel(name) for name in movable)
    assert 0.2 < new_tones / len(movable) < 0.8
    assert 0.1 < sum(not unicodedata.is_normalized("NFC", name) for name in names) / len(names) < 0.2
    prefixes = Counter(re.match(r"P\. |P\.|CAP |Phường ", name)[0] for name in composed)
    assert min(prefixes[prefix] for prefix in ("P. ", "P.", "CAP ", "Phường ")) > 50


def test_numbers_are_written_as_in_vietnam(every_row):
    assert all(re.fullmatch(r"\d{1,2}\.\d{3}", row[2]) for row in every_row)
    rates = [row[7] for row in every_row if row[7] not in ("", "-")]
    assert all(re.fullmatch(r"\d+,\d\d%?", rate) for rate in rates)
    with_sign = sum(rate.endswith("%") for rate in rates)
    assert 0 < with_sign < len(rates)
    assert any(float(rate.strip("%").replace(",", ".")) > 100 for rate in rates)


def test_totals_are_sometimes_formulas_without_a_value_and_sometimes_right(nghe_an):
    page_rows = cell_contents(nghe_an.folder / "returns" / "Cong-an_Vinh_2022_MO-PHONG.xlsx")
    kinds = Counter()
    for rows in page_rows.values():
        own = [row for row in rows if isinstance(row[0], int)]
        (total,) = [row for row in rows if row[1] in ("Tổng cộng", "Cộng", "Tổng số")]
        is_formula = str(total[11]).startswith("=SUM(")
        kinds[is_formula] += 1
        if not is_formula:
            assert int(str(total[11]).replace(".", "")) == sum(row[11] for row in own if isinstance(row[11], int))
    assert kinds[True] and kinds[False]
    with ZipFile(nghe_an.folder / "returns" / "Cong-an_Vinh_2022_MO-PHONG.xlsx") as archive:
        formulas = re.findall(rb"<f>.*?</f><v ?/?>(.)", archive.read("xl/worksheets/sheet1.xml"))
    assert set(formulas) <= {b"<"}


def test_every_heading_is_known_to_the_study(nghe_an):
    meanings = {normalise_header(alias.spelling): alias.meaning for alias in nghe_an.header_aliases}
    for column in COLUMNS:
        assert meanings[normalise_header(f"{column.heading} | {column.subheading}")] == column.meaning


def test_the_committed_returns_are_small_and_nameless(nghe_an, committed):
    files = list((nghe_an.folder / "returns").iterdir())
    assert len(files) == 24
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    footers = {row[0] for sheets in committed.values() for sheet in sheets.values() for row in sheet[-3:]}
    assert footers <= {"", "NGƯỜI LẬP BIỂU"}


def test_a_missing_count_is_left_blank(nghe_an, counts, tmp_path):
    some = counts.loc[counts["period"].eq("2023-12")].copy()
    some["value"] = some["value"].astype(float).where(some["indicator"].ne("fires"))
    paths = write_returns(nghe_an, some, tmp_path, seed=1)
    assert len(paths) == 4
    place = next(place for place, column in enumerate(COLUMNS) if column.meaning == "fires")
    for path in paths:
        (rows,) = cell_contents(path).values()
        assert all(row[place] is None for row in rows if isinstance(row[0], int))


def test_real_returns_are_never_written_over(tmp_path):
    folder = shutil.copytree(SMALL_STUDY, tmp_path / "study")
    settings = (folder / "study.toml").read_text(encoding="utf-8")
    settings = settings.replace('origin = "synthetic"', 'origin = "real_restricted"')
    (folder / "study.toml").write_text(settings.replace('roster = "given"', 'roster = "worlds"'), encoding="utf-8")
    for table in folder.glob("*.csv"):
        table.write_text(table.read_text(encoding="utf-8").replace("fictional", "setting"), encoding="utf-8")
    before = {path: path.read_bytes() for path in (folder / "returns").iterdir()}
    with pytest.raises(UsageError, match="real_restricted"):
        simulate_study(folder)
    assert {path: path.read_bytes() for path in (folder / "returns").iterdir()} == before


def test_the_form_knows_police_months_only(nghe_an, counts, tmp_path):
    with pytest.raises(UsageError, match="police months only"):
        write_returns(replace(nghe_an, period_kind="calendar_month"), counts, tmp_path, seed=1)
