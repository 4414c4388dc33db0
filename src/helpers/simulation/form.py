"""The form that a simulated office fills in: columns, headings and fixed phrases. No figures, no randomness."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from helpers.study.periods import PeriodKind, period_days

SYNTHETIC_FILE_MARK = "MO-PHONG"
SYNTHETIC_SHEET_MARK = "MÔ PHỎNG"
SYNTHETIC_TITLE = "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ LIỆU THẬT (synthetic)"

REPUBLIC = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập – Tự do – Hạnh phúc"
REPORT_TITLE = "BÁO CÁO TÌNH HÌNH, KẾT QUẢ CÔNG TÁC BẢO ĐẢM AN NINH, TRẬT TỰ"
CORRECTED_TITLE = f"{REPORT_TITLE} (bổ sung, điều chỉnh)"
CORRECTED_FILE_MARK = "bo-sung"
SIGNATURES = ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ")
SIGNED = "(Đã ký)"
TOTAL_WORDS = ("Tổng cộng", "Cộng", "Tổng số")
NAME_PREFIXES = ("P. ", "P.", "CAP ", "Phường ")
ZERO_MARKS: tuple[int | str, ...] = (0, "-", "không")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the form: its two heading rows (the second empty if merged), what stands in it, its width."""

    heading: str
    subheading: str
    meaning: str
    width: float


COLUMNS: tuple[Column, ...] = (
    Column("TT", "", "sequence_number", 5),
    Column("Đơn vị", "", "ward_name", 22),
    Column("Dân số", "", "population", 10),
    Column("Phạm pháp hình sự", "Tổng số vụ", "crime_order", 9),
    Column("Phạm pháp hình sự", "Trộm cắp/cướp giật", "crime_property", 11),
    Column("Phạm pháp hình sự", "Cố ý gây thương tích", "crime_violent", 11),
    Column("Phạm pháp hình sự", "Số vụ khám phá", "clearance", 10),
    Column("Phạm pháp hình sự", "Tỷ lệ ĐTKP (%)", "clearance_rate", 10),
    Column("Ma túy", "Số vụ", "drug_cases", 8),
    Column("Tệ nạn xã hội", "Cờ bạc", "gambling", 9),
    Column("Trật tự công cộng", "Gây rối TTCC", "disorder", 9),
    Column("Trật tự công cộng", "Xử phạt VPHC", "admin_fines", 9),
    Column("TNGT", "Số vụ", "traffic_crashes", 8),
    Column("TNGT", "Bị chết", "traffic_deaths", 8),
    Column("TNGT", "Bị thương", "traffic_injuries", 8),
    Column("Cháy, nổ", "Số vụ", "fires", 8),
    Column("Quần chúng", "Tin báo, tố giác", "tips", 10),
    Column("Quần chúng", "Đơn thư KNTC", "complaints", 10),
)
CLEARANCE_RATE_NEEDS = {"clearance", "crime_order"}


def columns_for(indicators: Collection[str]) -> tuple[Column, ...]:
    """Return the columns of a form that asks for some indicators only: theirs, and those that say whose they are.

    Examples
    --------
    >>> [column.meaning for column in columns_for({"fires"})]
    ['sequence_number', 'ward_name', 'population', 'fires']
    """
    kept = {"sequence_number", "ward_name", "population", *indicators}
    if set(indicators) >= CLEARANCE_RATE_NEEDS:
        kept.add("clearance_rate")
    return tuple(column for column in COLUMNS if column.meaning in kept)


def sheet_name(period: str) -> str:
    """Return the name of a period's sheet.

    Examples
    --------
    >>> sheet_name("2023-05")
    'T05-2023 MÔ PHỎNG'
    """
    year, month = period.split("-")
    return f"T{month}-{year} {SYNTHETIC_SHEET_MARK}"


def period_line(kind: PeriodKind, period: str) -> str:
    """Return the line that says which days a sheet covers.

    Examples
    --------
    >>> period_line("police_month", "2023-05")
    'Tháng 5/2023 (từ 15/4/2023 đến 14/5/2023)'
    """
    year, month = period.split("-")
    first, last = (f"{day.day}/{day.month}/{day.year}" for day in period_days(kind, period))
    return f"Tháng {int(month)}/{year} (từ {first} đến {last})"


def place_and_date(place: str, day: date) -> str:
    """Return the line above the signatures: place and day of the return."""
    return f"{place}, ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"
