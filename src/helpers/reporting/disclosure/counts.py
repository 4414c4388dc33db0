"""Which counts of an indicator are published: totals, quarters or years, safe from an attack on all of them at once.

The attacker is also given what is published without counts: every ratio in its rounding, and how what is expected in a
cohort spreads over time, because that follows the comparison wards' course, which other publications may tell roughly.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helpers.reporting.disclosure.blocks import Block
from helpers.reporting.disclosure.contributions import ALL, NOBODY, Group
from helpers.reporting.disclosure.rules import Rules
from helpers.reporting.disclosure.suppression import Pattern, suppress
from helpers.reporting.disclosure.system import Cell, Interval, Relation, System

TOTAL_WEIGHT, COHORT_WEIGHT, BLOCK_WEIGHT = 100.0, 10.0, 1.0
"""A reader needs the overall count most, then a cohort's, then a single quarter's."""
COURSE_SLACK = 0.05
"""How well a reader may know the comparison wards' course over time: the project's choice, on the safe side of what
towns publish."""
SAME = 1e-6
"""Two sums of the same incidents differ by no more than the arithmetic."""
SUM_SLACK = 1e-3
"""What identities among expected counts are relaxed by, for the solver's sake: nobody knows them better."""


@dataclass(frozen=True, slots=True)
class KnownRatio:
    """A ratio that is published beside the counts.

    Attributes
    ----------
    name : str
        Unique within the indicator.
    cohort : str
        Whose effect it is part of; "all" for all cohorts.
    observed, expected : float
        What it is the ratio of; the counts themselves are never published.
    shown : tuple of float or None
        Between what observed / expected must lie; None if the ratio is withheld.
    part : str
        What it is a part of: parts of one name and cohort may add up to the cohort, and one over all cohorts is the
        sum of the cohorts' parts of its name.
    is_inside : bool
        Whether its incidents are among those under treatment.
    is_few : bool
        Whether it rests on too few wards.
    """

    name: str
    cohort: str
    observed: float
    expected: float
    shown: Interval | None
    part: str = ""
    is_inside: bool = True
    is_few: bool = False


@dataclass
class _Draft:
    """Cells and relations, as they are collected."""

    rules: Rules
    groups: Mapping[str, Group]
    cells: list[Cell] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)

    def is_few(self, cohort: str) -> bool:
        return self.groups.get(cohort, NOBODY).is_few(self.rules)

    def needs(self, cohort: str, observed: float, *, is_few: bool = False) -> Interval | None:
        """Return how far a count must stay hidden, if it is one that nobody may work out."""
        if is_few or self.is_few(cohort):
            return self.rules.group_needs(observed)
        return self.rules.small_needs() if self.rules.is_small(observed) else None

    def count(self, name: str, value: float, needs: Interval | None, row: str = "", weight: float = 1.0) -> None:
        shown = self.rules.count_shown(value) if row else (0.0, math.inf)
        self.cells.append(Cell(f"O:{name}", value, shown, needs, row, weight))

    def expectation(self, name: str, value: float, row: str = "", weight: float = 1.0) -> None:
        shown = self.rules.expected_shown(value) if row else (0.0, math.inf)
        self.cells.append(Cell(f"E:{name}", value, shown, None, row, weight))

    def relate(self, terms: Sequence[tuple[str, float]], slack: float = 0.0) -> None:
        self.relations.append(Relation(tuple(terms), -slack, slack))

    def bound(self, left: str, factor: float, right: str) -> None:
        """Say that one cell is at most a factor times another."""
        self.relations.append(Relation(((left, 1.0), (right, -factor)), -math.inf, 0.0))


def count_system(
    blocks: Sequence[Block], ratios: Sequence[KnownRatio], groups: Mapping[str, Group], rules: Rules
) -> System:
    """Return an indicator's counts with all that relates them.

    Rows are named ``all`` and by cohort for the totals under treatment, and by `Block.name`.

    Parameters
    ----------
    blocks : sequence of Block
        Of every treated cohort.
    ratios : sequence of KnownRatio
        Published effects of the same specification.
    groups : mapping of str to Group
        The wards behind the count under treatment of each cohort, and of "all".
    rules : Rules
    """
    draft = _Draft(rules, groups)
    cohorts = sorted({block.cohort for block in blocks if block.is_treated})
    treated = {cohort: [own for own in blocks if own.cohort == cohort and own.is_treated] for cohort in cohorts}
    everything = [own for cohort in cohorts for own in treated[cohort]]
    _add_total(draft, ALL, everything, TOTAL_WEIGHT)
    for cohort in cohorts:
        _add_total(draft, cohort, treated[cohort], COHORT_WEIGHT)
        _add_blocks(draft, cohort, [own for own in blocks if own.cohort == cohort])
    for kind, slack in (("O", 0.0), ("E", SUM_SLACK)):
        draft.relate([(f"{kind}:{ALL}", -1.0), *((f"{kind}:{cohort}", 1.0) for cohort in cohorts)], slack)
    _hide_few_together(draft, [cohort for cohort in cohorts if draft.is_few(cohort)])
    for ratio in ratios:
        _add_ratio(draft, ratio, ratios, cohorts)
    _add_divisions(draft, ratios)
    return System(tuple(draft.cells), tuple(draft.relations), frozenset(draft.withheld))


def safe_counts(
    blocks: Sequence[Block], ratios: Sequence[KnownRatio], groups: Mapping[str, Group], rules: Rules
) -> Pattern:
    """Return which rows of an indicator's counts are withheld (`count_system`, `suppress`)."""
    return suppress(count_system(blocks, ratios, groups, rules))


def total_under_treatment(blocks: Sequence[Block], cohort: str) -> tuple[float, float]:
    """Return what was observed and expected under treatment in a cohort, or in all of them."""
    own = [block for block in blocks if block.is_treated and cohort in (ALL, block.cohort)]
    return sum(block.observed for block in own), sum(block.expected for block in own)


def _add_total(draft: _Draft, cohort: str, blocks: Sequence[Block], weight: float) -> None:
    observed, expected = sum(own.observed for own in blocks), sum(own.expected for own in blocks)
    needs = draft.needs(cohort, observed)
    draft.count(cohort, observed, needs, cohort, weight)
    draft.expectation(cohort, expected, cohort, weight)
    if needs is not None:
        draft.withheld.add(cohort)


def _add_blocks(draft: _Draft, cohort: str, blocks: Sequence[Block]) -> None:
    if draft.is_few(cohort):
        draft.withheld.update(block.name for block in blocks)
        return
    for block in blocks:
        hidden = block.is_withheld(draft.rules)
        is_small = draft.rules.is_small(block.observed)
        needs = draft.rules.small_needs() if is_small else draft.rules.group_needs(block.observed) if hidden else None
        draft.count(block.name, block.observed, needs, block.name, BLOCK_WEIGHT)
        draft.expectation(block.name, block.expected, block.name, BLOCK_WEIGHT)
        if hidden:
            draft.withheld.add(block.name)
    for kind, slack in (("O", 0.0), ("E", SUM_SLACK)):
        treated = [(f"{kind}:{block.name}", 1.0) for block in blocks if block.is_treated]
        draft.relate([*treated, (f"{kind}:{cohort}", -1.0)], slack)
    _add_course(draft, cohort, blocks)
    _add_balance(draft, [block for block in blocks if block.state == "untreated"])


def _add_course(draft: _Draft, cohort: str, blocks: Sequence[Block]) -> None:
    """Add that what is expected in a block is roughly a known share of what is expected under treatment."""
    whole, total = f"E:{cohort}", sum(own.expected for own in blocks if own.is_treated)
    for block in blocks if total > 0 else ():
        share = block.expected / total
        draft.bound(f"E:{block.name}", share * (1 + COURSE_SLACK), whole)
        terms = ((f"E:{block.name}", 1.0), (whole, -share * (1 - COURSE_SLACK)))
        draft.relations.append(Relation(terms, 0.0, math.inf))


def _add_balance(draft: _Draft, untreated: Sequence[Block]) -> None:
    """Add that the model meets a cohort's untreated count in total, where it does."""
    difference = sum(own.observed - own.expected for own in untreated)
    if untreated and abs(difference) <= SAME * max(1.0, sum(own.observed for own in untreated)):
        terms = [(f"O:{own.name}", 1.0) for own in untreated] + [(f"E:{own.name}", -1.0) for own in untreated]
        draft.relate(terms, SUM_SLACK)


def _hide_few_together(draft: _Draft, few: Sequence[str]) -> None:
    """Hide the sum of cohorts of too few wards, if they are too few even together: a difference may yield it."""
    wards = sum(draft.groups.get(cohort, NOBODY).ward_count for cohort in few)
    if len(few) < 2 or wards >= draft.rules.smallest_ward_count:
        return
    observed = sum(cell.value for cell in draft.cells if cell.name in {f"O:{cohort}" for cohort in few})
    draft.count("few", observed, draft.rules.group_needs(observed))
    draft.relate([("O:few", -1.0), *((f"O:{cohort}", 1.0) for cohort in few)])


def _add_ratio(draft: _Draft, ratio: KnownRatio, ratios: Sequence[KnownRatio], cohorts: Sequence[str]) -> None:
    """Add a ratio's observed count, and that it is the ratio times what was expected.

    What is expected in a part of a cohort's time is taken as a known share of the cohort's; a part of all cohorts'
    time is the sum of theirs, since nobody knows the cohorts' weights.
    """
    if ratio.cohort not in (ALL, *cohorts):
        return
    name, expected = f"O:{ratio.name}", [(ratio.cohort, ratio.expected)]
    if ratio.name not in (ALL, *cohorts):
        draft.count(ratio.name, ratio.observed, draft.needs(ratio.cohort, ratio.observed, is_few=ratio.is_few))
        if ratio.is_inside:
            draft.bound(name, 1.0, f"O:{ratio.cohort}")
        if ratio.cohort == ALL:
            expected = [(own.cohort, own.expected) for own in ratios if own.part == ratio.part and own.cohort != ALL]
    if ratio.shown is None:
        return
    totals = {cell.name: cell.value for cell in draft.cells}
    shares = [(f"E:{cohort}", own / totals[f"E:{cohort}"]) for cohort, own in expected if totals[f"E:{cohort}"] > 0]
    slack = 0.0 if ratio.name in (ALL, *cohorts) else COURSE_SLACK
    least, most = ratio.shown[0] * (1 - slack), ratio.shown[1] * (1 + slack)
    for low, high, factor in ((-math.inf, 0.0, most), (0.0, math.inf, least)):
        terms = ((name, 1.0), *((whole, -factor * share) for whole, share in shares))
        draft.relations.append(Relation(terms, low, high))


def _add_divisions(draft: _Draft, ratios: Sequence[KnownRatio]) -> None:
    """Add that the parts of a division sum to their cohort, where they do."""
    known = {cell.name: cell.value for cell in draft.cells}
    divisions = {(ratio.part, ratio.cohort): f"O:{ratio.cohort}" for ratio in ratios if ratio.cohort != ALL}
    divisions |= {(ratio.part, ""): f"O:{ratio.name}" for ratio in ratios if ratio.part and ratio.cohort == ALL}
    for (part, cohort), whole in sorted(divisions.items()):
        own = [ratio for ratio in ratios if ratio.part == part and ratio.cohort not in ("", ALL)]
        parts = [ratio for ratio in own if cohort in ("", ratio.cohort) and f"O:{ratio.name}" in known]
        if parts and whole in known and abs(sum(ratio.observed for ratio in parts) - known[whole]) < SAME:
            draft.relate([*((f"O:{ratio.name}", 1.0) for ratio in parts), (whole, -1.0)])
