"""The section on size, coverage and power of the page on validation: what it says, and its place in the page."""

from collections.abc import Sequence
from pathlib import Path

from page_section import write_section
from size_of_tests.cells import CELLS, KAPPA, RATES, UNTUNED, UNTUNED_KAPPA
from size_of_tests.draws import SEED
from size_of_tests.judging import LEVEL, Mark, marks, rejects
from size_of_tests.measures import N_DRAWS, TARGETS
from size_of_tests.peers import PEERS
from size_of_tests.store import Results, column_of
from size_of_tests.tables import NOTHING, RATE_NAMES, cells_table, claims_table, effect_table, shown, size_tables, table
from size_of_tests.tasks import AGAIN_TIMES, PARTS

COMMAND = "make validate PART=size"
BEGIN = f"<!-- size: begin. Written by `{COMMAND}`; do not edit. -->"
END = "<!-- size: end -->"


def report(results: Results, replications: dict[str, int]) -> str:
    """Return the section as Markdown, from the stored batches alone."""
    judged = marks(results, replications)
    lines = ["## Size, coverage and power", "", *_lesson(results, judged), "", *_how(results), ""]
    for rate in RATES:
        lines += [f"### False alarms at {RATE_NAMES[rate]}", "", *size_tables(results, rate)]
    lines += ["### Any claim among three outcomes", "", *claims_table(results)]
    for rate in RATES:
        lines += [f"### Coverage at {RATE_NAMES[rate]}", "", *effect_table(results, rate, "accepts")]
    for rate in RATES:
        lines += [f"### Power at {RATE_NAMES[rate]}", "", *effect_table(results, rate, "p")]
    lines += ["### Marks", "", *_marks_text(judged), "### Cells", "", *cells_table(results)]
    return "\n".join(lines).rstrip() + "\n"


def _lesson(results: Results, judged: Sequence[Mark]) -> list[str]:
    sizes, coverages, claimed = (
        [mark for mark in judged if mark.name.startswith(what)] for what in ("size", "coverage", "any_claim")
    )
    if not sizes:
        return ["Nothing was measured yet."]
    lines = [
        "**What this says.** In simulated studies without any effect, the confirmatory test (ii) rejected at 5% in "
        f"{_span(sizes)} of the replications of a cell; {_kept(sizes)}.",
    ]
    if coverages:
        lines.append(f"Its 95% intervals held the true effect in {_span(coverages)}; {_kept(coverages)}.")
    if claimed:
        lines.append(
            f"Anything was claimed among three outcomes in {_span(claimed)}; {_kept(claimed)}. What is short is listed "
            "under *Marks*."
        )
    lines += [*_two_way_sentence(results), *_peers_sentence(results)]
    lines.append(
        "This holds for the worlds drawn here, and for nothing else: wards that move otherwise, spillover, or wards "
        "chosen because of how they were about to develop are not in them. A conservative test, which rejects less "
        "than 5%, is not counted as falling short; with few relabellings (64 for the pilots within towns) that is "
        "what to expect, because p can only take few values."
    )
    return [" ".join(lines)]


def _span(judged: Sequence[Mark]) -> str:
    shares = [(mark.first or mark.rate).share for mark in judged]
    return f"{100 * min(shares):.1f}% to {100 * max(shares):.1f}%"


def _kept(judged: Sequence[Mark]) -> str:
    short, again = sum(not mark.is_met for mark in judged), sum(mark.first is not None for mark in judged)
    met = f"{len(judged) - short} of {len(judged)} marks are met"
    return f"{met} ({again} of them judged by a second, fresh set of replications)" if again else met


def _two_way_sentence(results: Results) -> list[str]:
    rates = [
        (rejects(column_of(results, "null", name, "null", f"two_way.{target}.p")), name, target)
        for name, cell in CELLS.items()
        for target in TARGETS
        if cell.world in ("C", "C2", "shipped")
    ]
    rates = [found for found in rates if found[0].count]
    if not rates:
        return []
    worst, name, target = max(rates, key=lambda found: found[0].share)
    text = "Where towns have shocks of their own, the two-way test (i) rejected up to"
    return [f"{text} {100 * worst.share:.1f}% ({target}, cell {name}): it carries no mark and supports no verdict."]


def _peers_sentence(results: Results) -> list[str]:
    rates = [
        rejects(column_of(results, "peers", name, "null", f"{peer}.pilots.p"))
        for name, cell in CELLS.items()
        for peer in PEERS
        if cell.layout == "actual"
    ]
    shares = [rate.share for rate in rates if rate.count]
    if not shares:
        return []
    return [
        f"On the same counts, the libraries' default tests of the two actual pilots rejected {100 * min(shares):.1f}% "
        f"to {100 * max(shares):.1f}% of true nulls."
    ]


def _how(results: Results) -> list[str]:
    counts = {part: _counts(results, part) for part in PARTS}
    rows = [(part, text) for part, text in counts.items() if text]
    return [
        f"Command: `{COMMAND}`. Root seed {SEED}; each replication has its own streams, keyed by cell, true effect and "
        f"number. {N_DRAWS} relabellings, or all where there are no more. Numbers in brackets are Monte-Carlo standard "
        f"errors; “{NOTHING}” means not measured, or refused by the method. A number rests on the replications below "
        "(the fewest and the most of any cell).",
        "",
        *table(("part", "replications of a cell"), rows),
        f"Worlds: A independent wards; B ward shocks (sd .25, lag-one correlation .8); C also town shocks (.15, .9); "
        f"C2 larger ones (.30, .9); *other* overdispersion {UNTUNED_KAPPA:g} instead of {KAPPA:g}, ward shocks "
        f"({UNTUNED.ward.sd:g}, {UNTUNED.ward.rho:g}) and town shocks ({UNTUNED.town.sd:g}, {UNTUNED.town.rho:g}), "
        "not used to choose any rule; *shipped* the shipped study's seasons, resort, lockdowns, levels and shocks. "
        "Layouts: the pilots are the smallest, the actual or the largest wards of their towns, the number of model "
        "wards per town and cohort kept. Means are in proportion to the 2019 populations.",
    ]


def _counts(results: Results, part: str) -> str:
    counts = sorted({len(next(iter(columns.values()))) for key, columns in results.items() if key[0] == part})
    if not counts:
        return ""
    return f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"


def _marks_text(judged: Sequence[Mark]) -> list[str]:
    short = [mark for mark in judged if not mark.is_met]
    above = sum(not mark.is_upper and mark.rate.share > 2 * (1 - LEVEL) - mark.limit for mark in judged)
    lines = [
        "A mark is met when (ii) rejects at most 5% plus two Monte-Carlo standard errors of true nulls, or covers at "
        f"least 95% minus two. {len(judged)} marks were judged. By chance alone about one in forty exact tests would "
        f"fall short, so a cell that does is measured again on {AGAIN_TIMES} times as many fresh replications and "
        "judged by those alone; the tables above show the first set. "
        f"{above} intervals covered more often than 95% plus two standard errors, which is no failure.",
        "",
    ]
    rows = [(f"`{mark.name}`", shown(mark.rate), f"{mark.limit:.4f}", f"{mark.rate.count:,}") for mark in short]
    again = [
        (f"`{mark.name}`", shown(mark.rate), f"{mark.limit:.4f}", f"{mark.rate.count:,}")
        for mark in judged
        if mark.first is not None and mark.is_met
    ]
    lines += (
        ["Short:", "", *table(("mark", "measured", "limit", "replications"), rows)] if rows else ["None is short.", ""]
    )
    return lines + (
        ["Met by the fresh replications:", "", *table(("mark", "measured", "limit", "replications"), again)]
        if again
        else []
    )


def write_report(text: str, path: Path) -> None:
    """Write the section into a page between its marks, or make the page."""
    write_section(path, BEGIN, END, text)
