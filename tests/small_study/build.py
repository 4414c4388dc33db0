"""Write the small study that tests and notebooks' checks run on: 8 fictional wards in 2 towns, 24 police months.

One town holds two early and two late model wards and two that are none, so both specifications can be estimated; one of
its late members is "unknown" in the sources, so there are three admissible rosters. Everything in it is made up.

Run ``python tests/small_study/build.py`` after a change, and commit the folder beside this file.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from helpers.simulation import simulate_study
from helpers.simulation.form import columns_for
from helpers.study.objects import Indicator

FOLDER = Path(__file__).parent / "study"
FROM, UNTIL = "2021-01-01", "2022-12-31"
MIXED, OTHER = ("901", "Sông Mai"), ("902", "Núi Hòa")
WARDS = (
    ("90101", "Hòa Mai", MIXED, 31250, "2021"),
    ("90102", "An Thủy", MIXED, 24870, "2022"),
    ("90103", "An Thu", MIXED, 18340, None),
    ("90104", "Đồi Sim", MIXED, 40120, "2022 unknown"),
    ("90105", "Bến Ngọc", MIXED, 27560, None),
    ("90106", "Lúa Vàng", MIXED, 22910, "2021"),
    ("90201", "Khóa Sơn", OTHER, 35480, None),
    ("90202", "Thúy Lam", OTHER, 20730, None),
)
SETTINGS = """\
# A fictional study for tests; tests/small_study/build.py writes this folder.
study = "small"
origin = "synthetic"
period_kind = "police_month"

[titles]
vi = "Nghiên cứu thử nhỏ (hư cấu)"
en = "A small study for tests (fictional)"

[questions]
vi = "Trở thành phường kiểu mẫu có làm thay đổi các chỉ số an ninh, trật tự hay không?"
en = "Did becoming a model ward change the security-and-order indicators?"

[units]
ward_vi = "phường"
ward_en = "ward"
town_vi = "thị xã"
town_en = "town"

[window]
first = "2021-01"
last = "2022-12"

[defaults]
timing = "main"
reading = "A"
roster = "given"
anticipation = 2

[cells]
zero = ["-", "không"]
missing = []
"""

PROCESS = """\
# Rates are far above real ones, so that 8 wards and 24 months show something.
seed = 8
timing = "main"
common_season = [0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1]

[levels]
ward_sd = 0.2
town_sd = 0.1

[shocks]
ward = { sd = 0.10, rho = 0.8 }
town = { sd = 0.10, rho = 0.9 }

[[town_seasons]]
town_code = "902"
first_month = 4
last_month = 9
log_effects = { 2021 = 0.1, 2022 = 0.4 }

[[lockdowns]]
shock_id = "lockdown"

[[series]]
indicator = "crime_order"
rate_per_100k = 500.0
dispersion = 0.05
level_sd = 0.1
tourism = 1.0
lockdown = -0.3

[[series]]
indicator = "admin_fines"
rate_per_100k = 1500.0
dispersion = 0.05
level_sd = 0.1
tourism = 0.5
lockdown = 0.3

[[series]]
indicator = "traffic_crashes"
rate_per_100k = 120.0
dispersion = 0.1
level_sd = 0.1
lockdown = -0.6

[form]
province_office = "CÔNG AN TỈNH THỬ NGHIỆM"
blank_share = 0.003
decomposed_share = 0.15

[form.town_offices]
901 = "CÔNG AN THỊ XÃ SÔNG MAI"
902 = "CÔNG AN THỊ XÃ NÚI HÒA"
"""

TRUTH = (
    ("admin_fines", "2021", "true", "0.6", "2"),
    ("admin_fines", "2022", "true", "0.8", "2"),
    ("crime_order", "2021", "true", "-0.5", "2"),
    ("crime_order", "2022", "true", "-0.45", "2"),
    ("traffic_crashes", "2021", "none", "0", "1"),
    ("traffic_crashes", "2022", "none", "0", "1"),
)

# names and units in Vietnamese and English, role, better_when, is_primary, in_family
INDICATORS = {
    "admin_fines": "Xử phạt vi phạm hành chính|Administrative fines|trường hợp|fines|activity|ambiguous|no|no",
    "crime_order": "Phạm pháp hình sự|Recorded crime|vụ|offences|outcome|lower|yes|yes",
    "traffic_crashes": "Tai nạn giao thông|Traffic crashes|vụ|crashes|outcome|lower|no|yes",
}


def build(folder: Path) -> None:
    """Write the whole study folder, returns included."""
    write = _Writer(folder)
    write.text("study.toml", SETTINGS)
    write.text("synthetic/process.toml", PROCESS)
    write.table("synthetic/truth.csv", "indicator,cohort,kind,effect,ramp_periods", TRUTH)
    _write_wards(write)
    _write_programme(write)
    _write_empty_tables(write)
    simulate_study(folder)


class _Writer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")

    def table(self, name: str, header: str, rows: Iterable[tuple[str, ...]] = ()) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])


def _write_wards(write: _Writer) -> None:
    write.table(
        "wards.csv",
        "ward_code,valid_from,valid_to,ward_name_vi,town_code,town_name_vi,population_count,population_year,"
        "is_hot_spot_2019,is_off_hot_spot_list_2022,source_id",
        [
            (code, FROM, UNTIL, name, *town, str(people), "2019", "", "", "fictional")
            for code, name, town, people, _ in WARDS
        ],
    )
    header = "ward_code,valid_from,status,cohort,certainty,source_id"
    in_mixed_town = [(code, cohort) for code, _, town, _, cohort in WARDS if town == MIXED]
    known = {"2021", "2022"}
    elsewhere = [(code, "not", "") for code, _, town, _, _ in WARDS if town == OTHER]
    stated = [(code, "model", cohort) if cohort in known else (code, "unknown", "") for code, cohort in in_mixed_town]
    given = [
        (code, "model", "2022") if cohort else (code, "not", "")
        for code, cohort in in_mixed_town
        if cohort not in known
    ]
    write.table("adoption.csv", header, [_adoption(*row, "article") for row in [*stated, *elsewhere]])
    write.table("synthetic/roster.csv", header, [_adoption(*row, "fictional") for row in given])


def _adoption(code: str, status: str, cohort: str | None, certainty: str) -> tuple[str, ...]:
    return (code, FROM, status, cohort or "", certainty, "fictional")


def _write_programme(write: _Writer) -> None:
    write.table(
        "timings.csv",
        "timing,cohort,first_treated,basis,source_id",
        [
            ("main", "2021", "2021-10", "Made up", "fictional"),
            ("main", "2022", "2022-06", "Made up", "fictional"),
            ("plan", "2021", "2021-09", "Made up", "fictional"),
            ("plan", "2022", "2022-04", "Made up", "fictional"),
        ],
    )
    write.table(
        "rosters.csv",
        "reading,town_code,model_ward_count,cohort,source_id",
        [("A", MIXED[0], "4", "2022", "fictional"), ("A", OTHER[0], "0", "2022", "fictional")],
    )
    fields = ",".join(Indicator.__dataclass_fields__)
    write.table("indicators.csv", fields, [_indicator(name, *said.split("|")) for name, said in INDICATORS.items()])
    headings = sorted((f"{c.heading} | {c.subheading}".removesuffix(" | "), c.meaning) for c in columns_for(INDICATORS))
    write.table("header_aliases.csv", "spelling,meaning", headings)
    write.table(
        "sources.csv",
        "source_id,citation,published_date,locator,paraphrase,certainty",
        [("fictional", "Made up for tests", "", "tests/small_study/build.py", "No fact about any place", "fictional")],
    )


def _indicator(name: str, *said: str) -> tuple[str, ...]:
    names_and_units, (role, better_when, is_primary, in_family) = said[:4], said[4:]
    flags = (is_primary, in_family, "no")
    return (name, *names_and_units, "count", role, better_when, *flags, "", "", "", "", "fictional", "no")


def _write_empty_tables(write: _Writer) -> None:
    spell = "town_code,first_date,last_date,name_vi,name_en"
    lockdown = (
        "lockdown",
        "all",
        "2021-07-20",
        "2021-08-25",
        "Giãn cách (hư cấu)",
        "Lockdown (fictional)",
        "fictional",
    )
    write.table("shocks.csv", f"shock_id,{spell},source_id", [lockdown])
    write.table("programmes.csv", f"programme_id,{spell},is_separable,note,source_id")
    write.table(
        "boundary_changes.csv",
        "effective_date,from_ward_code,from_valid_from,to_code,to_name_vi,kind,note,source_id",
    )
    write.table("facts.csv", "fact_id,statement_vi,statement_en,source_id")
    write.table("ward_aliases.csv", "spelling,ward_code,valid_from,town_code")
    write.table("corrections.csv", "file,sheet,cell,action,old_value,new_value,reason,who,date,status")


if __name__ == "__main__":
    build(FOLDER)
