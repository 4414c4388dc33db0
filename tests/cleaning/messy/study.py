"""Made-up studies of two towns, and the truth that their offices are handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from helpers.study.objects import Alias, CellMarks, Indicator, Study, Ward
from helpers.study.periods import PeriodKind

T = TypeVar("T")
Choose = Callable[[Sequence[T]], T]
"""Takes one of several; hypothesis or a seeded generator says which."""

Key = tuple[str, str, str]
"""Ward id, period, indicator."""

ANY: Key = ("any", "any", "any")
"""Among the keys that a file no longer tells truly: it may tell anything."""

TOWNS = {
    ("413", "Cửa Lò"): (("735", "Nghi Thu", 5736), ("717", "Nghi Thủy", 9214), ("723", "Thu Thủy", 5715)),
    ("412", "Vinh"): (("666", "Hà Huy Tập", 21085), ("687", "Lê Mao", 9775), ("673", "Hưng Hòa", 8190)),
}
SPELLINGS = {
    "crime_order": ("Số vụ PPHS", "PPHS", "Phạm pháp hình sự | Số vụ", "Tội phạm về TTXH | Số vụ"),
    "drug_cases": ("Số vụ ma túy", "Ma túy", "Ma túy | Số vụ", "Tội phạm ma túy | Số vụ"),
    "traffic_crashes": ("Số vụ TNGT", "TNGT", "TNGT | Số vụ", "Tai nạn giao thông | Số vụ"),
}
PERIODS: Mapping[PeriodKind, Sequence[str]] = {
    "police_month": ("2023-01", "2023-02", "2023-03"),
    "calendar_month": ("2023-01", "2023-02", "2023-03"),
    "calendar_quarter": ("2023Q1", "2023Q2", "2023Q3", "2023Q4"),
    "year": ("2021", "2022", "2023"),
}


@dataclass(frozen=True)
class Truth:
    """A study and every figure of it; None was not reported."""

    study: Study
    wards: tuple[Ward, ...]
    periods: tuple[str, ...]
    indicators: tuple[str, ...]
    figures: Mapping[Key, int | None]

    @property
    def kind(self) -> PeriodKind:
        return self.study.period_kind

    @property
    def towns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ward.town_code for ward in self.wards))


def made_up_study(folder: Path, kind: PeriodKind = "police_month", prefix: str = "16") -> Study:
    wards = tuple(
        Ward(prefix + code, date(2019, 1, 1), None, name, *town, population, 2019, None, None, "made_up")
        for town, wards in TOWNS.items()
        for code, name, population in wards
    )
    headings = [Alias(text, indicator) for indicator, texts in SPELLINGS.items() for text in texts]
    periods = PERIODS[kind]
    return Study(
        study="made_up", folder=folder, titles={}, questions={}, origin="synthetic", unit_names={},
        period_kind=kind, window=(periods[0], periods[-1]), default_timing="main", default_reading="A",
        default_roster="given", default_anticipation=0, cells=CellMarks(zero=("-", "không"), missing=("x",)),
        wards=wards, adoption=(), timings=(), roster_rules=(), given_roster=(), is_given_roster_fictional=False,
        indicators=tuple(map(_indicator, SPELLINGS)), shocks=(), programmes=(), boundary_changes=(), sources=(),
        facts=(), ward_aliases=(), header_aliases=(*headings, Alias("Đơn vị", "ward_name")),
    )  # fmt: skip


def _indicator(name: str) -> Indicator:
    return Indicator(
        indicator=name, name_vi=SPELLINGS[name][0], name_en=name, unit_vi="", unit_en="", kind="count", role="outcome",
        better_when="lower", is_primary=name == "crime_order", in_family=True, is_descriptive_only=False,
        denominator=None, part_of=None, break_periods=(), note="", source_id="made_up",
    )  # fmt: skip


def draw_truth(folder: Path, choose: Choose) -> Truth:
    """Return a study and figures: small, zero, over a thousand, and sometimes not reported."""
    kind = choose(("police_month", "police_month", "calendar_month", "calendar_quarter", "year"))
    study = made_up_study(folder, kind, choose(("16", "00")))
    town_codes = choose((("413",), ("413", "412")))
    wards = tuple(ward for ward in study.wards if ward.town_code in town_codes)
    indicators = choose(
        (("crime_order",), ("crime_order", "drug_cases"), ("crime_order", "drug_cases", "traffic_crashes"))
    )
    usual, odd = (1, 2, 3, 5, 8, 13, 21), choose(((), (0,), (0, 1234, 2050), (0, 1000, 1234, None)))
    keys = [(w.ward_id, p, i) for w in wards for p in PERIODS[kind] for i in indicators]
    shift = choose(range(7))
    figures: dict[Key, int | None] = {}
    for number, key in enumerate(keys):
        many = (*usual, *odd)
        figures[key] = many[(number * 5 + shift) % len(many)]
    return Truth(study, wards, tuple(PERIODS[kind]), indicators, figures)
