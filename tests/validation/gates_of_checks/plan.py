"""What the study of the gates is made of: its parts, how many replications each has, and their batches."""

from collections.abc import Callable, Iterator
from itertools import product

from gates_of_checks.claims import CLAIM_CELLS, measure_claims
from gates_of_checks.threats import THREAT_CELLS, measure_threats, threat_cases
from size_of_tests.store import Columns
from size_of_tests.tasks import Task

PARTS = ("claims", "threats")
REPLICATIONS = {"claims": 1000, "threats": 200}
QUICK = dict.fromkeys(REPLICATIONS, 2)
BATCH = 20
MEASURES: dict[str, Callable[[Task], Columns]] = {"claims": measure_claims, "threats": measure_threats}


def pairs(part: str) -> tuple[tuple[str, str], ...]:
    """Return the cells and cases of a part."""
    if part == "claims":
        return tuple((cell, "null") for cell in CLAIM_CELLS)
    return tuple((f"{world}.{threat}", case) for world, threat in THREAT_CELLS for case in threat_cases(threat))


def plan(part: str, replications: dict[str, int]) -> Iterator[Task]:
    """Yield the tasks of one part, going round the cells batch by batch."""
    starts = range(0, replications[part], BATCH)
    for (batch, first), (cell, case) in product(enumerate(starts), pairs(part)):
        yield Task(part, cell, case, batch, first, min(BATCH, replications[part] - first))


def measure(task: Task) -> Columns:
    """Return every number of one batch, a list over its replications by column."""
    return MEASURES[task.part](task)
