"""Rates with their Monte-Carlo errors, and the marks that the confirmatory test is held to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from size_of_tests.cells import CELLS
from size_of_tests.measures import TARGETS
from size_of_tests.store import Results
from size_of_tests.tasks import planned

LEVEL = 0.05
FAMILY = 3
"""Outcomes of a declared family, here independent draws."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of replications and its Monte-Carlo standard error."""

    share: float
    count: int

    @property
    def std_error(self) -> float:
        return float(np.sqrt(self.share * (1 - self.share) / self.count)) if self.count else float("nan")


@dataclass(frozen=True, slots=True)
class Mark:
    """One promise: a measured rate against its limit, two standard errors from the nominal value.

    Attributes
    ----------
    is_upper : bool
        Whether the limit is a highest (rejections) or a lowest value (coverage).
    first : Rate or None
        What the first replications gave, where they fell short and fresh ones were judged instead.
    """

    name: str
    key: tuple[str, str]
    rate: Rate
    limit: float
    is_upper: bool
    first: Rate | None = None

    @property
    def is_met(self) -> bool:
        return self.rate.share <= self.limit if self.is_upper else self.rate.share >= self.limit

    def line(self) -> str:
        """Return the line for the terminal."""
        sign, word = "<=" if self.is_upper else ">=", "ok" if self.is_met else "short"
        return f"TARGET {self.name} {self.rate.share:.4f} {sign} {self.limit:.4f} {word}"


def rejects(p_values: np.ndarray) -> Rate:
    """Return the share of p-values at or below 5%; a method that gave no number is not counted."""
    known = p_values[np.isfinite(p_values)]
    return Rate(float((known <= LEVEL).mean()) if len(known) else float("nan"), len(known))


def covers(accepts: np.ndarray) -> Rate:
    """Return the share of replications whose interval holds the truth."""
    return Rate(float(accepts.mean()) if len(accepts) else float("nan"), len(accepts))


def claims(p_values: np.ndarray) -> Rate:
    """Return how often Holm's correction leaves any claim among three independent outcomes without effect."""
    whole = p_values[: len(p_values) // FAMILY * FAMILY].reshape(-1, FAMILY)
    return Rate(float((whole.min(axis=1) * FAMILY <= LEVEL).mean()) if len(whole) else float("nan"), len(whole))


def marks(results: Results, replications: dict[str, int]) -> list[Mark]:
    """Return every promise about the confirmatory specification that the results can judge."""
    found = []
    for part, cell, case in sorted(results):
        if part not in ("null", "coverage"):
            continue
        fresh = results.get(("again", cell, case), {})
        is_whole = bool(fresh) and len(next(iter(fresh.values()))) >= planned("again", case, replications)
        again = {mark.name: mark for mark in _marks_of(cell, case, fresh)} if is_whole else {}
        for mark in _marks_of(cell, case, results[part, cell, case]):
            is_judged_again = not mark.is_met and mark.name in again
            found += [replace(again[mark.name], first=mark.rate) if is_judged_again else mark]
    return found


def _marks_of(cell: str, case: str, columns: dict[str, np.ndarray]) -> Iterator[Mark]:
    for target in TARGETS:
        own = f"town_period.{target}"
        if f"{own}.p" not in columns:
            continue
        promises = [(f"coverage_town_period_{cell}_{case}_{target}", covers(columns[f"{own}.accepts"]), False)]
        if case == "null":
            promises.append((f"size_town_period_{cell}_{target}", rejects(columns[f"{own}.p"]), True))
        if case == "null" and CELLS[cell].world in ("A", "B"):
            promises.append((f"any_claim_town_period_{cell}_{target}", claims(columns[f"{own}.p"]), True))
        for name, rate, is_upper in promises:
            if rate.count:
                error = 2 * np.sqrt(LEVEL * (1 - LEVEL) / rate.count)
                limit = LEVEL + error if is_upper else 1 - LEVEL - error
                yield Mark(name, (cell, case), rate, float(limit), is_upper)
