"""The keys of ``study.toml``, typed and strict: an unknown key or a number in quotation marks is refused."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from helpers.study.objects import ROUNDING_BASE, SMALLEST_COUNT, SMALLEST_WARD_COUNT, AbsentWard, DataOrigin
from helpers.study.periods import PeriodKind

SETTINGS_FILE = "study.toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Filled = Field(min_length=1)


class _Bilingual(_Strict):
    vi: str = _Filled
    en: str = _Filled


class _Units(_Strict):
    ward_vi: str = _Filled
    ward_en: str = _Filled
    town_vi: str = _Filled
    town_en: str = _Filled
    treated_vi: str = ""
    treated_en: str = ""
    comparison_vi: str = ""
    comparison_en: str = ""
    programme_vi: str = ""
    programme_en: str = ""


class _Window(_Strict):
    first: str
    last: str


class _Defaults(_Strict):
    timing: str
    reading: str
    roster: str = Field(pattern="^(given|worlds)$")
    anticipation: int = Field(ge=0, le=120)


class _CellMarks(_Strict):
    zero: list[str]
    missing: list[str]
    decimal_sign: Literal[",", "."] | None = None
    absent_ward: AbsentWard = "missing"
    absent_ward_indicators: list[str] = []


class _Boundaries(_Strict):
    follow_merges: bool = False


class _Disclosure(_Strict):
    approved_by: str = ""
    smallest_count: int = Field(SMALLEST_COUNT, ge=SMALLEST_COUNT)
    smallest_ward_count: int = Field(SMALLEST_WARD_COUNT, ge=SMALLEST_WARD_COUNT)
    rounding_base: int = Field(ROUNDING_BASE, ge=ROUNDING_BASE)


class StudySettings(_Strict):
    """``study.toml`` as a whole."""

    study: str = Field(pattern="^[a-z][a-z0-9_]*$")
    origin: DataOrigin
    period_kind: PeriodKind
    titles: _Bilingual
    questions: _Bilingual
    units: _Units
    window: _Window
    defaults: _Defaults
    cells: _CellMarks
    boundaries: _Boundaries = _Boundaries()
    disclosure: _Disclosure = _Disclosure()
