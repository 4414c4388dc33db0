"""Small designs for tests: a test names what it is about, and what all of them have alike stands here."""

from collections.abc import Sequence

from helpers.study.design import NEVER, Design
from helpers.study.periods import PeriodKind, period_range


def months(first: str, last: str) -> tuple[str, ...]:
    """Return calendar months."""
    return period_range("calendar_month", first, last)


def make_design(
    labels: Sequence[int],
    starts: Sequence[int],
    periods: Sequence[str],
    *,
    towns: str = "",
    wards: Sequence[str] = (),
    cohorts: Sequence[str] = "xyz",
    anticipation: int = 0,
    period_kind: PeriodKind = "calendar_month",
) -> Design:
    """Return a design with one label per ward; without `towns` (a letter per ward) all lie in town "t"."""
    digits = max(2, len(str(len(labels) - 1)))
    return Design(
        study="s",
        timing="main",
        reading="A",
        roster="given",
        period_kind=period_kind,
        periods=tuple(periods),
        ward_ids=tuple(wards) or tuple(f"{number:0{digits}d}" for number in range(len(labels))),
        town_codes=tuple(towns) or ("t",) * len(labels),
        cohorts=tuple(cohorts)[: len(starts)],
        starts=tuple(starts),
        labels=tuple(labels),
        anticipation=anticipation,
    )


def hand_design(towns: str = "ttuu", anticipation: int = 0) -> Design:
    """Return four wards over six months: one early, one late and two never treated, small enough to work by hand."""
    return make_design(
        (0, 1, NEVER, NEVER),
        (3, 5),
        months("2023-01", "2023-06"),
        towns=towns,
        wards="abcd",
        cohorts=("early", "late"),
        anticipation=anticipation,
    )


def staggered_design() -> Design:
    """Return fourteen wards of one town over twenty months: three early, three late and eight never treated."""
    labels = (0, 0, 0, 1, 1, 1, *[NEVER] * 8)
    return make_design(labels, (8, 14), months("2020-01", "2021-08"), anticipation=2)
