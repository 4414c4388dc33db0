"""A made-up study of every ward of a country, and its returns as one long-form file: what the scale is measured on."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from helpers.study import Study, Ward, load_study, period_range

WARDS, TOWNS = 10_600, 200
FIRST, LAST = "2015-01", "2024-12"
COUNTS = 6
"""Indicators that are counts; the others of `INDICATORS` are percentages with many digits."""
INDICATORS = 8
BLANK_SHARE = 0.01
"""Figures written as blank, which are put aside."""
SEED = 3
SYLLABLES = ("An", "Bình", "Cẩm", "Đông", "Giang", "Hòa", "Khánh", "Lộc", "Mỹ", "Ninh", "Phú", "Quang", "Sơn", "Tân")


def national_study(folder: Path) -> Study:
    """Return a study whose wards have made-up names and whose folder is still empty."""
    base = load_study("nghe_an")
    count, name = base.indicators[0], len(SYLLABLES)
    (folder / "returns").mkdir(parents=True)
    return replace(
        base,
        study="national",
        folder=folder,
        period_kind="calendar_month",
        wards=tuple(
            Ward(
                f"{ward:05d}", date(2010, 1, 1), None, f"{SYLLABLES[ward % name]} {SYLLABLES[ward // name % name]}",
                _town(ward), f"Town {_town(ward)}", 5_000 + ward, 2019, None, None, "made_up",
            )
            for ward in range(WARDS)
        ),
        indicators=tuple(
            replace(count, indicator=f"indicator_{number}", kind="count" if number < COUNTS else "percentage")
            for number in range(INDICATORS)
        ),
        ward_aliases=(),
        header_aliases=(),
    )  # fmt: skip


def _town(ward: int) -> str:
    return f"{ward * TOWNS // WARDS:03d}"


def write_returns(study: Study, kind: str) -> Path:
    """Write every figure of the study as one file of a kind, period after period, as an office's database would."""
    path = study.folder / "returns" / f"all.{kind}"
    units = pa.array([ward.ward_code for ward in study.wards])
    names = pa.array([indicator.indicator for indicator in study.indicators])
    unit, name = (own.ravel() for own in np.indices((WARDS, INDICATORS), dtype=np.int32))
    rng = np.random.default_rng(SEED)
    schema = pa.schema(
        [(column, pa.string()) for column in ("unit", "period", "indicator")] + [("value", pa.float64())]
    )
    open_file = pa_csv.CSVWriter if kind == "csv" else pq.ParquetWriter
    options = {"write_options": pa_csv.WriteOptions(quoting_style="none")} if kind == "csv" else {}
    with open_file(path, schema, **options) as target:
        for period in period_range(study.period_kind, FIRST, LAST):
            values = np.where(name < COUNTS, rng.poisson(20, len(unit)), np.round(100 * rng.random(len(unit)), 2))
            blank = rng.random(len(unit)) < BLANK_SHARE
            columns = [units.take(pa.array(unit)), pa.repeat(period, len(unit)), names.take(pa.array(name))]
            target.write_table(pa.table([*columns, pa.array(values, mask=blank)], schema=schema))
    return path
