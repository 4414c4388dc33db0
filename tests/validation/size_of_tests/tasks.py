"""What the study is made of: its parts, how many replications each has, and the batches they are measured in."""

from dataclasses import dataclass

PARTS = ("null", "coverage", "again", "other", "own", "peers")
REPLICATIONS = {"null": 2000, "coverage": 500, "other": 500, "own": 500, "peers": 400}
QUICK = dict.fromkeys(REPLICATIONS, 3)
BATCH = 50
AGAIN_TIMES = 4
"""A cell that falls short is measured again on this many times as many fresh replications, and judged by those alone.
Of hundreds of marks at two standard errors some fall short of a perfect test by chance; few do so twice."""
AGAIN_FIRST = 1_000_000
"""Number of the first fresh replication: above any of the first stage."""


@dataclass(frozen=True, slots=True)
class Task:
    """One batch: replications `first` to `first + count − 1` of one part of one cell at one true effect."""

    part: str
    cell: str
    case: str
    batch: int
    first: int
    count: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.part, self.cell, self.case, self.batch


def planned(part: str, case: str, replications: dict[str, int]) -> int:
    """Return how many replications of a cell a part is to have."""
    if part == "again":
        return AGAIN_TIMES * replications["null" if case == "null" else "coverage"]
    return replications[part]
