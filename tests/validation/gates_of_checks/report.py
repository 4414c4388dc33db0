"""The section on claims and gates of the page on validation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gates_of_checks.claims import CLAIM_CELLS, family
from gates_of_checks.claims import N_DRAWS as CLAIM_DRAWS
from gates_of_checks.gates import CHECKS
from gates_of_checks.plan import pairs
from gates_of_checks.threats import N_DRAWS, THREATS, smallest_effect
from page_section import write_section
from size_of_tests.judging import LEVEL, Mark, Rate
from size_of_tests.store import Results, column_of
from size_of_tests.tables import NOTHING, table

COMMAND = "make validate PART=gates"
BEGIN = f"<!-- gates: begin. Written by `{COMMAND}`; do not edit. -->"
END = "<!-- gates: end -->"
OWN_GATES = {"trend": "pre_trends", "spillover": "spillover", "mean_reversion": "mean_reversion"}
"""The gate that was built for a threat; a town's own shock has none, for (ii) cancels it."""


def write_gates(results: Results, target: Path) -> None:
    """Put the section in its place in a page, or at its end."""
    write_section(target, BEGIN, END, report(results))


def claim_marks(results: Results, planned: int) -> list[Mark]:
    """Return the marks on false claims: at most 5% and two Monte-Carlo errors, once a cell is measured whole."""
    limit = LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / planned)
    rates = {cell: _share(column_of(results, "claims", cell, "null", "any_claim") > 0) for cell in CLAIM_CELLS}
    return [
        Mark(f"claims_{cell}", (cell, "null"), rate, limit, is_upper=True)
        for cell, rate in rates.items()
        if rate.count >= planned
    ]


def report(results: Results) -> str:
    """Return the section as Markdown, from the stored batches alone."""
    lines = ["## Claims and gates", "", _says(results), "", "### Any claim over the declared family", ""]
    lines += [*_claims_table(results), "", "### How often a gate fires", "", _threats_text(), ""]
    return "\n".join([*lines, *_threats_table(results), "", f"Command: `{COMMAND}`."]) + "\n"


def _says(results: Results) -> str:
    claimed = [_share(column_of(results, "claims", cell, "null", "any_claim") > 0) for cell in CLAIM_CELLS]
    shares = [rate.share for rate in claimed if rate.count]
    if not shares:
        return "Nothing was measured yet."
    return (
        f"**What this says.** Where nothing had happened, something was claimed over the {len(family())} outcomes that "
        f"the study declares in {100 * min(shares):.1f}% to {100 * max(shares):.1f}% of simulated studies (at most 5% "
        "is meant). Under a threat as large as what the test can just detect, the test is mostly deceived, and the "
        "gates mostly cannot tell: with returns of this size a gate that does not fire is no evidence that there was "
        "nothing to notice. That is why “not rejected” is never a pass, and why the page says “associated with”."
    )


def _claims_table(results: Results) -> list[str]:
    rows = []
    for cell in CLAIM_CELLS:
        world, layout = cell.split("_")
        found = [column_of(results, "claims", cell, "null", name) for name in ("any_claim", "any_rejection")]
        rows.append([world, layout, str(len(found[0])), *(_shown(_share(own > 0)) for own in found)])
    return [
        *table(["world", "pilots", "studies", "any claim", "any single test rejects, uncorrected"], rows),
        "",
        f"Whole simulated studies of the shipped process without programme: {', '.join(family())}. {CLAIM_DRAWS} "
        "relabellings, Westfall and Young's correction, and an interval without zero. ± is the Monte-Carlo standard "
        "error.",
    ]


def _threats_text() -> str:
    smallest = ", ".join(f"{100 * smallest_effect(world):.0f}% in world {world}" for world in ("A", "B"))
    return (
        "The programme does nothing here; something else does. Its size is given in minimum detectable effects of the "
        f"confirmatory test ({smallest}). *Test* is how often the confirmatory test rejects, so is deceived. For each "
        "gate: how often it fails and, behind the stroke, how often it passes; in all other cases it cannot tell. No "
        "pass mark: these are facts about what such data can show. "
        f"{N_DRAWS} relabellings; the map for spillover is made up."
    )


def _threats_table(results: Results) -> list[str]:
    head = ["world", "threat", "size", "studies", "test", *(name.replace("_", " ") for name in CHECKS)]
    return table(head, list(_threat_rows(results)))


def _threat_rows(results: Results) -> Iterator[list[str]]:
    for cell, case in pairs("threats"):
        world, threat = cell.split(".")
        rejects = column_of(results, "threats", cell, case, "rejects")
        row = [world, threat.replace("_", " "), case, str(len(rejects)), _shown(_share(rejects > 0))]
        for name in CHECKS:
            found = column_of(results, "threats", cell, case, name)
            text = f"{_percent(found > 0)} / {_percent(found < 0)}" if len(found) else NOTHING
            row.append(f"**{text}**" if threat in THREATS and OWN_GATES.get(threat) == name else text)
        yield row


def _share(hits: np.ndarray) -> Rate:
    return Rate(float(hits.mean()) if len(hits) else float("nan"), len(hits))


def _percent(hits: np.ndarray) -> str:
    return f"{100 * hits.mean():.0f}%"


def _shown(rate: Rate) -> str:
    return f"{100 * rate.share:.1f} ± {100 * rate.std_error:.1f}%" if rate.count else NOTHING
