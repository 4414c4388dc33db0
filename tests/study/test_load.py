"""The shipped folder loads, says what the sources say, and loads the same way twice."""

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from datetime import date
from typing import Any

import pytest
import vietnam_provinces

from helpers.errors import UsageError
from helpers.study import Study, load_study
from helpers.text import normalise_ward_name

PILOTS = {"16666@2019-01-01", "16939@2019-01-01"}


def test_two_readings_of_a_folder_are_equal(nghe_an: Study) -> None:
    assert load_study(nghe_an.folder) == nghe_an
    assert load_study("data/raw/nghe_an") == nghe_an


def test_a_study_is_frozen(nghe_an: Study) -> None:
    with pytest.raises(FrozenInstanceError):
        nghe_an.study = "other"  # type: ignore[misc]


def test_wards_towns_and_populations(nghe_an: Study) -> None:
    sizes: dict[str, list[int]] = {}
    for ward in nghe_an.wards:
        sizes.setdefault(ward.town_code, []).append(ward.population_count or 0)
    assert {town: (len(counts), sum(counts)) for town, counts in sizes.items()} == {
        "412": (16, 230_439),
        "413": (7, 55_668),
        "414": (4, 29_079),
        "432": (5, 59_517),
    }
    assert nghe_an.town_names == {"412": "Vinh", "413": "Cửa Lò", "414": "Thái Hòa", "432": "Hoàng Mai"}


def test_empty_hot_spot_cells_mean_not_stated(nghe_an: Study) -> None:
    by_name = {ward.ward_name_vi: ward for ward in nghe_an.wards}
    assert sorted(name for name, ward in by_name.items() if ward.is_hot_spot_2019) == [
        "Bến Thủy", "Cửa Nam", "Hà Huy Tập", "Hồng Sơn", "Lê Lợi", "Vinh Tân"
    ]  # fmt: skip
    assert sorted(name for name, ward in by_name.items() if ward.is_off_hot_spot_list_2022) == [
        "Hà Huy Tập", "Hưng Bình", "Quỳnh Xuân", "Trường Thi"
    ]  # fmt: skip
    assert by_name["Đông Vĩnh"].is_hot_spot_2019 is None


def test_adoption_says_model_not_or_unknown(nghe_an: Study) -> None:
    towns = {ward.ward_id: ward.town_code for ward in nghe_an.wards}
    counts: dict[tuple[str, str], int] = {}
    for row in nghe_an.adoption:
        key = (towns[row.ward_id], row.status)
        counts[key] = counts.get(key, 0) + 1
    assert counts == {
        ("412", "model"): 2, ("412", "unknown"): 14, ("413", "model"): 7, ("414", "model"): 4, ("432", "not"): 5
    }  # fmt: skip
    assert {row.ward_id for row in nghe_an.adoption if row.cohort == "2021"} == PILOTS


def test_the_fictional_roster_stays_apart(nghe_an: Study) -> None:
    assert nghe_an.is_given_roster_fictional
    assert {row.ward_id[:5] for row in nghe_an.given_roster if row.status == "model"} == {"16672", "16675", "16699"}
    assert len(nghe_an.given_roster) == 14
    assert {row.certainty for row in nghe_an.given_roster} == {"fictional"}
    assert "fictional" not in {row.source_id for row in nghe_an.adoption}


def test_three_timings_and_two_readings(nghe_an: Study) -> None:
    assert {(row.timing, row.cohort): row.first_treated for row in nghe_an.timings} == {
        ("plan", "2021"): "2021-06", ("plan", "2023"): "2022-12",
        ("main", "2021"): "2021-08", ("main", "2023"): "2023-03",
        ("local", "2021"): "2021-08", ("local", "2023"): "2023-05",
    }  # fmt: skip
    assert {(rule.reading, rule.town_code): rule.model_ward_count for rule in nghe_an.roster_rules} == {
        ("A", "412"): 5, ("A", "413"): 7, ("A", "414"): 4, ("A", "432"): 0,
        ("B", "412"): 6, ("B", "413"): 7, ("B", "414"): 4, ("B", "432"): 0,
    }  # fmt: skip


def test_indicators_carry_role_and_direction(nghe_an: Study) -> None:
    assert len(nghe_an.indicators) == 17
    assert [row.indicator for row in nghe_an.indicators if row.is_primary] == ["crime_order"]
    assert nghe_an.indicator("clearance").denominator == "crime_order"
    assert nghe_an.indicator("crime_property").part_of == "crime_order"
    assert nghe_an.indicator("traffic_crashes").break_periods
    for name in ("drug_cases", "gambling", "admin_fines", "tips", "complaints"):
        assert nghe_an.indicator(name).better_when == "ambiguous"
        assert not nghe_an.indicator(name).in_family
    assert nghe_an.indicator("fires").is_descriptive_only
    with pytest.raises(UsageError, match="no indicator “murders”"):
        nghe_an.indicator("murders")


def test_facts_of_the_article_and_conflicting_populations(nghe_an: Study) -> None:
    facts = {fact.fact_id: fact for fact in nghe_an.facts}
    assert {f"F{number}" for number in range(1, 11)} <= set(facts)
    assert "77,813" in facts["population_cua_lo_2024"].statement_en
    assert "55,668" in facts["population_2019"].statement_en
    assert all(facts[name].source_id == "computed" for name in ("count_not_18", "reading_A", "reading_B"))


def test_codes_end_where_boundaries_change(nghe_an: Study) -> None:
    ended = {ward.ward_code for ward in nghe_an.wards if ward.valid_to == date(2024, 11, 30)}
    changed = {row.from_ward_id[:5] for row in nghe_an.boundary_changes if row.kind in ("merged_into", "enlarged")}
    assert ended == changed == {"16681", "16684", "16687", "16696", "16714"}
    merged = {(row.from_ward_id[:5], row.to_code) for row in nghe_an.boundary_changes if row.kind == "merged_into"}
    assert merged == {("16684", "16681"), ("16687", "16681"), ("16696", "16714")}


def test_codes_and_names_agree_with_the_official_list(nghe_an: Study) -> None:
    listed = {
        (str(row["ward_code"]), str(row["district_code"]), normalise_ward_name(row["ward_name"]))
        for row in json.loads(vietnam_provinces.FLAT_DIVISIONS_JSON_PATH.read_text(encoding="utf-8"))
        if row["district_code"] in (412, 413, 414, 432) and row["ward_name"].startswith("Phường")
    }
    ours = {(ward.ward_code, ward.town_code, normalise_ward_name(ward.ward_name_vi)) for ward in nghe_an.wards}
    assert ours == listed


def test_no_officials_names_and_no_addresses(nghe_an: Study) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(nghe_an.folder.glob("*.csv")))
    for word in ("http", "www.", "Đại tá", "Thiếu tướng", "Thượng tá", "Trung tướng"):
        assert word not in text


def test_an_unknown_study_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"no study folder “nowhere”.*nghe_an"):
        load_study("nowhere")
    with pytest.raises(UsageError, match="no study folder"):
        load_study("nghe\0an")


def test_importing_the_study_pulls_in_neither_matplotlib_nor_statsmodels() -> None:
    code = "import sys, helpers.study; print({'matplotlib', 'statsmodels', 'papermill'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "set()"


RELEASES_HEADER = "file,sheet,released_date,note,source_id"


def test_releases_csv_may_be_absent_and_is_read_where_it_is(study_copy: Any) -> None:
    assert study_copy.load().releases == ()
    text = f"{RELEASES_HEADER}\nb.xlsx,,2023-07-20,sent by mail,\na.xlsx,T05,2023-06-01,,study\n"
    (study_copy.folder / "releases.csv").write_text(text, encoding="utf-8")
    first, second = study_copy.load().releases
    assert (first.file, first.sheet, first.released_date.isoformat(), first.source_id) == (
        "a.xlsx", "T05", "2023-06-01", "study",
    )  # fmt: skip
    assert (second.file, second.sheet, second.note, second.source_id) == ("b.xlsx", "", "sent by mail", None)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (",,2023-07-20,,", "row 2, file"),
        ("a.xlsx,,20/7/2023,,", "row 2, released_date"),
        ("a.xlsx,,2023-07-20,,nobody", "row 2"),
        ("a.xlsx,,2023-07-20,,\na.xlsx,,2023-07-21,,", "row 2"),
    ],
)
def test_a_wrong_row_of_releases_csv_is_told(study_copy: Any, line: str, place: str) -> None:
    (study_copy.folder / "releases.csv").write_text(f"{RELEASES_HEADER}\n{line}\n", encoding="utf-8")
    assert ("releases.csv", place) in {(problem.file, problem.cell) for problem in study_copy.problems()}
