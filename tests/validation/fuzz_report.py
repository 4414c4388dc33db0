"""The section of docs/validation.md that tells what the fuzzer found."""

from collections import Counter
from collections.abc import Sequence

from cleaning.messy.cases import UNSPOILT, Case

BEGIN = "<!-- fuzz: begin. Written by `make validate PART=fuzz`; do not edit. -->"
END = "<!-- fuzz: end -->"
OUTCOMES = ("right", "aside", "refused", "as written", "wrong", "crashed")


def report(cases: Sequence[Case], page: str) -> str:
    """Return the page with its section written anew, or added."""
    section = f"{BEGIN}\n\n{_section(cases)}\n{END}\n"
    if BEGIN in page and END in page:
        return page[: page.index(BEGIN)] + section + page[page.index(END) + len(END) + 1 :]
    return page + section


_SAYS = """**What this says.** {count:,} returns were drawn in the shapes and spellings of `tests/cleaning/messy` \
and cleaned. Of {unspoilt:,} with which nothing had gone wrong, the whole truth came out of {whole:,}. The other \
{spoilt:,} were each spoilt in one or two ways: {summary}. *Right*: every figure that the file still holds is in the \
panel with its ward, period and indicator. *Aside*: those in the panel are right, the others are in the quarantine \
with a reason. *Refused*: the file stopped with a list of problems and remedies. *As written*: the change, or an \
ambiguous number such as “1,234”, cannot be told from what the file says, which may be another story than the truth. \
*Wrong* and *crashed* must be none. In every case that was not refused each cell of the file is in the account \
exactly once."""

_CANNOT_SAY = """**What no program can see.** Two columns whose figures were swapped without their headings, figures \
shifted along a row, a row moved under another section, another number, date or heading that is itself plausible, a \
damaged byte in a file without checksums: the file then tells another story, and only a total, a second release or the \
office’s own book can contradict it."""


def _section(cases: Sequence[Case]) -> str:
    unspoilt = [case for case in cases if case.kind == UNSPOILT]
    spoilt = [case for case in cases if case.kind != UNSPOILT]
    totals = Counter(case.outcome for case in spoilt)
    kinds = Counter((kind, case.outcome) for case in cases for kind in case.kind.split(" + "))
    names = sorted({kind for kind, _ in kinds})
    rows = [f"| {name} | " + " | ".join(str(kinds[name, own] or "·") for own in OUTCOMES) + " |" for name in names]
    summary = ", ".join(f"{totals[outcome]:,} {outcome}" for outcome in OUTCOMES)
    parts = [
        "## Files that went wrong on the way",
        _SAYS.format(
            count=len(cases),
            unspoilt=len(unspoilt),
            whole=sum(not case.faults for case in unspoilt),
            spoilt=len(spoilt),
            summary=summary,
        ),
        _CANNOT_SAY,
        "\n".join(["| what went wrong | " + " | ".join(OUTCOMES) + " |", "|---|" + "---|" * len(OUTCOMES), *rows]),
        "Command: `make validate PART=fuzz`. The number of a case is its seed; a case with two changes is in two rows.",
    ]
    return "\n\n".join(parts) + "\n"
