"""Write the rest of this study folder from the published panel, as the package ``equitrends`` ships it.

Run it from anywhere, ``python data/raw/buenos_aires_1994/build.py``. The package's data file is read without importing
the package. What is written is git-ignored: it can always be built again, to the same bytes.
"""

import csv
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parent
DATA_FILE = "data/_datasets/MonthlyPanel.csv.gz"
LAST_MONTH = 12
"""Codes above 12 split July in two for another table of the paper."""
VALID_FROM = "1994-04-01"
COHORT, READING = "1994", "A"
FIRST_GUARDED = "1994-08"
"""The attack was on 18 July 1994. The published regressions count July as before and August as after."""
SOURCE = "monthly_panel"
NEIGHBOURHOODS = {"V. Crespo": "Villa Crespo"}
"""Names that the file abbreviates."""

Rows = Iterable[Sequence[object]]


def main() -> int:
    """Build the folder; return the exit code."""
    package = importlib.util.find_spec("equitrends")
    if package is None or not package.submodule_search_locations:
        print("The package equitrends is not installed. `make buenos-aires` installs it.", file=sys.stderr)
        return 2
    panel = pd.read_csv(Path(package.submodule_search_locations[0]) / DATA_FILE)
    panel = panel.loc[panel["mes"] <= LAST_MONTH].astype({"observ": int, "mes": int, "institu1": int})
    panel["barrio"] = panel["barrio"].replace(NEIGHBOURHOODS)
    write_returns(panel)
    blocks = panel.drop_duplicates("observ").sort_values("observ")
    write_design(blocks)
    write_empty_tables()
    print(f"{FOLDER.name}: {len(blocks)} blocks, {int(blocks['institu1'].sum())} guarded, {len(panel)} block-months.")
    return 0


def write_returns(panel: pd.DataFrame) -> None:
    """Write the counts in long form, as Parquet: a quarter of a theft is a number, not a matter of spelling."""
    long = pd.DataFrame(
        {
            "unit": panel["observ"].map("{:03d}".format),
            "period": panel["mes"].map("1994-{:02d}".format),
            "indicator": "car_thefts",
            "value": panel["totrob"].astype(float),
        }
    )
    folder = FOLDER / "returns"
    folder.mkdir(exist_ok=True)
    long.sort_values(["unit", "period"], ignore_index=True).to_parquet(folder / "car_thefts_1994.parquet", index=False)


def write_design(blocks: pd.DataFrame) -> None:
    """Write who was guarded from when, and where; a block's ring is its distance to the nearest guarded one."""
    codes = blocks["observ"].map("{:03d}".format).tolist()
    towns = blocks["barrio"].tolist()
    guarded = blocks["institu1"].astype(bool).tolist()
    rings = blocks["distanci"].astype(int).tolist()
    town_codes = {town: town.lower().replace(" ", "_") for town in sorted(set(towns))}
    write(
        "wards.csv",
        "ward_code,valid_from,valid_to,ward_name_vi,town_code,town_name_vi,population_count,population_year,"
        "is_hot_spot_2019,is_off_hot_spot_list_2022,ring,source_id",
        (
            (code, VALID_FROM, "", f"Ô phố {code}", town_codes[town], town, "", "", "", "", ring, SOURCE)
            for code, town, ring in zip(codes, towns, rings, strict=True)
        ),
    )
    write(
        "adoption.csv",
        "ward_code,valid_from,status,cohort,certainty,source_id",
        (
            (code, VALID_FROM, *(("model", COHORT) if own else ("not", "")), "published", SOURCE)
            for code, own in zip(codes, guarded, strict=True)
        ),
    )
    basis = "Guard after the attack of 18 July 1994; August is the first whole month"
    write(
        "timings.csv",
        "timing,cohort,first_treated,basis,source_id",
        [("main", COHORT, FIRST_GUARDED, basis, "ditella2004")],
    )
    counts = {town: sum(own for own, at in zip(guarded, towns, strict=True) if at == town) for town in town_codes}
    write(
        "rosters.csv",
        "reading,town_code,model_ward_count,cohort,source_id",
        ((READING, code, counts[town], COHORT, SOURCE) for town, code in town_codes.items()),
    )


def write_empty_tables() -> None:
    """Write the files that have nothing to say here: a header alone means "there are none"."""
    for file, header in {
        "shocks.csv": "shock_id,town_code,first_date,last_date,name_vi,name_en,source_id",
        "programmes.csv": "programme_id,town_code,first_date,last_date,name_vi,name_en,is_separable,note,source_id",
        "boundary_changes.csv": "effective_date,from_ward_code,from_valid_from,to_code,to_name_vi,kind,note,source_id",
        "facts.csv": "fact_id,statement_vi,statement_en,source_id",
        "ward_aliases.csv": "spelling,ward_code,valid_from,town_code",
        "header_aliases.csv": "spelling,meaning",
        "corrections.csv": "file,sheet,cell,action,old_value,new_value,reason,who,date,status",
    }.items():
        write(file, header, [])


def write(file: str, header: str, rows: Rows) -> None:
    """Write one table of the folder."""
    with (FOLDER / file).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    raise SystemExit(main())
