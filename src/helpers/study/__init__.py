"""The study: what a folder of data says about a programme, as typed and frozen objects.

`load_study` reads and checks a folder, `build_design` makes of it what one analysis assumes, and `build_worlds`
enumerates the rosters that the sources admit.
"""

from helpers.study.design import DONUT, NEVER, TREATED, UNTREATED, Design, Worlds, build_design, build_worlds
from helpers.study.load import load_study
from helpers.study.objects import (
    ALL_TOWNS,
    Adoption,
    Alias,
    BoundaryChange,
    CellMarks,
    Disclosure,
    Fact,
    Indicator,
    Merger,
    Programme,
    Release,
    RosterRule,
    Shock,
    Source,
    Study,
    Timing,
    Ward,
)
from helpers.study.periods import (
    PeriodKind,
    period_days,
    period_label,
    period_number,
    period_of,
    period_range,
    shift_period,
)

__all__ = [
    "ALL_TOWNS",
    "DONUT",
    "NEVER",
    "TREATED",
    "UNTREATED",
    "Adoption",
    "Alias",
    "BoundaryChange",
    "CellMarks",
    "Design",
    "Disclosure",
    "Fact",
    "Indicator",
    "Merger",
    "PeriodKind",
    "Programme",
    "Release",
    "RosterRule",
    "Shock",
    "Source",
    "Study",
    "Timing",
    "Ward",
    "Worlds",
    "build_design",
    "build_worlds",
    "load_study",
    "period_days",
    "period_label",
    "period_number",
    "period_of",
    "period_range",
    "shift_period",
]
