"""A study of two small towns, and an office that fills in its form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import CleanedReturns, clean_returns, quarantine_problems
from helpers.cleaning.layout.vocabulary import Vocabulary, build_vocabulary
from helpers.errors import DataProblems, Problem
from helpers.messages import Message, said_in
from helpers.study.objects import Alias, CellMarks, Indicator, IndicatorKind, Study, Ward
from helpers.study.periods import period_days

Edit = Callable[[Worksheet], object]

COAST, CITY = ("413", "Cửa Lò"), ("412", "Vinh")
WARDS = (
    ("16735", "Nghi Thu", COAST, 5736),
    ("16717", "Nghi Thủy", COAST, 9214),
    ("16723", "Thu Thủy", COAST, 5715),
    ("16681", "Quang Trung", CITY, 8190),
    ("16687", "Lê Mao", CITY, 9775),
)
HEADINGS = {
    "TT": "sequence_number",
    "Đơn vị": "ward_name",
    "Dân số": "population",
    "Ghi chú": "note",
    "Phạm pháp hình sự | Tổng số vụ": "crime_order",
    "Phạm pháp hình sự | Số vụ khám phá": "clearance",
    "Phạm pháp hình sự | Tỷ lệ ĐTKP (%)": "clearance_rate",
    "Ma túy | Số vụ": "drug_cases",
    "Mức độ hài lòng (%)": "satisfaction",
    "Số vụ PPHS": "crime_order",
}
FIRST_ROW, TOTAL_ROW = 7, 10
BODY: tuple[tuple[object, ...], ...] = (
    (1, "P. Nghi Thu", "5.736", 2, 1, "50%", 0),
    (2, "CAP Nghi Thuỷ", "9.214", 3, 3, "100,00%", "1"),
    (3, "Phường Thu Thủy", "5.715", "-", "không", "-", "-"),
)
TOTAL: tuple[object, ...] = (None, "Tổng cộng", "20.665", 5, 4, "80", 1)


def indicator(name: str, kind: IndicatorKind = "count", denominator: str | None = None) -> Indicator:
    return Indicator(
        indicator=name, name_vi=name, name_en=name, unit_vi="", unit_en="", kind=kind, role="outcome",
        better_when="lower", is_primary=name == "crime_order", in_family=True, is_descriptive_only=False,
        denominator=denominator, part_of=None, break_periods=(), note="", source_id="made_up",
    )  # fmt: skip


def made_up_study(folder: Path) -> Study:
    wards = tuple(
        Ward(code, date(2019, 1, 1), date(2024, 11, 30), name, *town, population, 2019, None, None, "made_up")
        for code, name, town, population in WARDS
    )
    reused = Ward("16681", date(2025, 7, 1), None, "Thành Vinh", *CITY, None, None, None, None, "made_up")
    namesake = Ward("99901", date(2024, 12, 1), None, "Quang Trung", *COAST, 100, 2019, None, None, "made_up")
    return Study(
        study="made_up", folder=folder, titles={}, questions={}, origin="synthetic", unit_names={},
        period_kind="police_month", window=("2023-01", "2023-12"), default_timing="main", default_reading="A",
        default_roster="given", default_anticipation=0, cells=CellMarks(zero=("-", "không"), missing=("x",)),
        wards=(*wards, reused, namesake), adoption=(), timings=(), roster_rules=(), given_roster=(),
        is_given_roster_fictional=False,
        indicators=(
            indicator("crime_order"), indicator("clearance", "ratio", "crime_order"), indicator("drug_cases"),
            indicator("satisfaction", "percentage"),
        ),
        shocks=(), programmes=(), boundary_changes=(), sources=(), facts=(),
        ward_aliases=(Alias("N. Thu", "16735@2019-01-01", "413"),),
        header_aliases=tuple(Alias(spelling, meaning) for spelling, meaning in HEADINGS.items()),
    )  # fmt: skip


def title_of(period: str) -> str:
    first, last = (f"{day.day}/{day.month}/{day.year}" for day in period_days("police_month", period))
    return f"Tháng {int(period[5:])}/{period[:4]} (từ {first} đến {last})"


def fill_form(page: Worksheet, period: str, body: Sequence[Sequence[object]], total: Sequence[object] | None) -> None:
    page["A1"], page["A2"], page["A3"] = "CÔNG AN THỊ XÃ", "SỐ LIỆU MÔ PHỎNG (synthetic)", title_of(period)
    for column, heading in zip("ABC", ("TT", "Đơn vị", "Dân số"), strict=True):
        page[f"{column}5"] = heading
        page.merge_cells(f"{column}5:{column}6")
    page["D5"], page["G5"] = "Phạm pháp hình sự", "Ma túy"
    page.merge_cells("D5:F5")
    for column, heading in zip("DEFG", ("Tổng số vụ", "Số vụ khám phá", "Tỷ lệ\nĐTKP (%)", "Số vụ"), strict=True):
        page[f"{column}6"] = heading
    rows = [*body, total] if total else list(body)
    for row, values in enumerate(rows, start=FIRST_ROW):
        for column, value in enumerate(values, start=1):
            page.cell(row, column, value)
    page.cell(FIRST_ROW + len(rows) + 1, 4, "Cửa Lò, ngày 16 tháng 5 năm 2023")
    page.cell(FIRST_ROW + len(rows) + 2, 2, "NGƯỜI LẬP BIỂU")


def assert_said(*texts: str) -> None:
    """Check that whatever a clerk is told was said by `say` and can be said in Vietnamese."""
    for text in texts:
        assert text and isinstance(text, Message), f"“{text}” was not said by say"
        assert said_in(text, "vi") != text, f"“{text}” has no Vietnamese"


@dataclass(frozen=True)
class Office:
    """A study folder whose returns a test writes."""

    study: Study

    @property
    def returns(self) -> Path:
        return self.study.folder / "returns"

    def send(
        self, file: str = "a.xlsx", *, periods: Sequence[str] = ("2023-05",), edit: Edit | None = None,
        body: Sequence[Sequence[object]] = BODY, total: Sequence[object] | None = TOTAL,
    ) -> Path:  # fmt: skip
        workbook = Workbook()
        workbook.remove(workbook.worksheets[0])
        for period in periods:
            page = workbook.create_sheet(f"T{period[5:]}-{period[:4]}")
            fill_form(page, period, body, total)
            if edit:
                edit(page)
        self.returns.mkdir(exist_ok=True)
        workbook.save(self.returns / file)
        return self.returns / file

    def put(self, file: str, content: str | bytes) -> Path:
        path = self.study.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def correct(self, *rows: Mapping[str, str]) -> None:
        columns = ("file", "sheet", "cell", "action", "old_value", "new_value", "reason", "who", "date", "status")
        given = {
            "file": "a.xlsx",
            "sheet": "T05-2023",
            "reason": "misread",
            "who": "clerk",
            "date": "2024-01-02",
            "status": "accepted",
        }
        lines = [",".join((given | dict(row)).get(column, "") for column in columns) for row in rows]
        self.put("corrections.csv", "\n".join([",".join(columns), *lines]) + "\n")

    def clean(self) -> CleanedReturns:
        cleaned = clean_returns(self.study)
        assert_said(*{text for problem in quarantine_problems(cleaned) for text in (problem.rule, problem.remedy)})
        return cleaned

    def problems(self) -> tuple[Problem, ...]:
        with pytest.raises(DataProblems) as caught:
            self.clean()
        for problem in caught.value.problems:
            assert problem.file
            assert_said(problem.rule, problem.remedy)
        return caught.value.problems

    def problem(self) -> Problem:
        (only,) = self.problems()
        return only


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "study"
    folder.mkdir()
    return Office(made_up_study(folder))


@pytest.fixture
def vocabulary(office: Office) -> Vocabulary:
    return build_vocabulary(office.study)
