"""Concurrent: whether a shock or another programme that fell inside the window carries the effect.

Each is taken out in turn: its town's reports of those periods are set aside, or the periods themselves where it struck
every town. What lasts to the end of the window, or cannot be told apart from the programme, cannot be taken out, and
that is said.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from helpers.checks.claim import HALF_SOURCE, OVERALL, effect_detail, half_of, lighter, stays_near
from helpers.checks.gates import Check, Detail, Verdict
from helpers.errors import DesignError, EstimationError
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import effect_row
from helpers.study.design import Design
from helpers.study.objects import ALL_TOWNS, Programme, Shock, Study
from helpers.study.periods import period_days

Cells = npt.NDArray[np.bool_]

QUESTION = "Without the shocks and other programmes inside the window, is the effect the same?"
WITH, WITHOUT, TOGETHER = "with_all", "without:", "without_all"
"""Items of the details: nothing taken out; one shock or programme; all that can be."""
OPEN_END = "its end is open or not stated, so it cannot be taken out"
NOT_SEPARABLE = "the study says that it cannot be told apart from the programme"
STRUCK_ALL = "it covers every period before or after the start, so it cannot be taken out"


@dataclass(frozen=True, slots=True)
class Spell:
    """Something else that happened inside the window.

    Attributes
    ----------
    name : str
        Its id in ``shocks.csv`` or ``programmes.csv``.
    cells : ndarray of bool, shape (W, P)
        The ward-periods that it touched.
    obstacle : str
        Why it cannot be taken out; empty if it can.
    """

    name: str
    cells: Cells
    obstacle: str


def concurrent(analysis: Analysis, specification: Specification, study: Study) -> Check:
    """Return the overall effect with and without each shock and programme that fell inside the window.

    Notes
    -----
    It passes only if everything can be taken out and every interval without it lies within half of the effect claimed
    around it. It fails if without some of it the interval excludes zero on the other side. Other programmes seldom can
    be taken out, so "cannot tell" is the rule.
    """
    empty = Check(analysis.indicator, specification, "concurrent", QUESTION, np.nan, np.nan, "", "cannot_tell", "")
    few = lighter(analysis)
    claim = effect_row(few, specification, OVERALL)
    found = spells_inside(study, analysis.design)
    if claim.reason or not found:
        return replace(empty, reason=claim.reason or "the study names nothing else inside the window")
    details = [_without(few, specification, own, f"{WITHOUT}{own.name}") for own in found]
    removable = [own.cells for own in found if not own.obstacle]
    if len(removable) > 1:
        every = Spell(TOGETHER, np.asarray(np.any(removable, axis=0)), "")
        details.append(_without(few, specification, every, TOGETHER))
    verdict, reason = _judge(details, claim.estimate)
    told = [own.estimate for own in details if not own.reason]
    return replace(
        empty,
        statistic=max(told, key=lambda own: abs(own - claim.estimate), default=np.nan),
        threshold=half_of(claim.estimate),
        threshold_source=HALF_SOURCE,
        verdict=verdict,
        reason=reason,
        details=(effect_detail(WITH, claim), *details),
    )


def spells_inside(study: Study, design: Design) -> list[Spell]:
    """Return what ``shocks.csv`` and ``programmes.csv`` name inside the window, each with the cells it touched."""
    named: list[tuple[str, Shock | Programme]] = [(own.shock_id, own) for own in study.shocks]
    named += [(own.programme_id, own) for own in study.programmes]
    days = [period_days(design.period_kind, label) for label in design.periods]
    towns = np.array(design.town_codes)
    spells = []
    for name, own in named:
        periods = np.array([_overlap(own.first_date, own.last_date, *span) for span in days])
        wards = (towns == own.town_code) | (own.town_code == ALL_TOWNS)
        cells = np.asarray(wards[:, None] & periods)
        if cells.any():
            spells.append(Spell(name, cells, _obstacle(own)))
    return spells


def _overlap(first: date, last: date | None, begin: date, end: date) -> bool:
    return first <= end and (last is None or begin <= last)


def _obstacle(own: Shock | Programme) -> str:
    if isinstance(own, Programme) and not own.is_separable:
        return NOT_SEPARABLE
    return OPEN_END if own.last_date is None else ""


def _without(analysis: Analysis, specification: Specification, spell: Spell, item: str) -> Detail:
    if spell.obstacle:
        return Detail(item, reason=spell.obstacle)
    try:
        return effect_detail(item, effect_row(taken_out(analysis, spell.cells), specification, OVERALL))
    except (DesignError, EstimationError) as error:
        return Detail(item, reason=str(error))


def taken_out(analysis: Analysis, cells: Cells) -> Analysis:
    """Return the analysis without some ward-periods.

    Periods in which every ward is touched leave the design; other cells count as not reported. A start or donut that
    falls into such a period moves to the next one left; a donut keeps its number of periods.

    Raises
    ------
    DesignError
        If no period is left before or after some start.
    """
    design = analysis.design
    kept = np.flatnonzero(~cells.all(axis=0))
    starts = tuple(int(np.searchsorted(kept, start)) for start in design.starts)
    was_inside = [start < len(design.periods) for start in design.starts]
    is_lost = [was and start >= len(kept) for was, start in zip(was_inside, starts, strict=True)]
    if not len(kept) or any(is_lost) or any(start - design.anticipation < 1 for start in starts):
        raise DesignError(STRUCK_ALL)
    shorter = replace(design, periods=tuple(design.periods[position] for position in kept), starts=starts)
    outcome = np.where(cells, np.nan, analysis.outcome)[:, kept]
    return replace(analysis, design=shorter, outcome=outcome)


def _judge(details: Iterable[Detail], claim: float) -> tuple[Verdict, str]:
    every = list(details)
    told = [own for own in every if not own.reason]
    sign = np.sign(claim)
    turned = [own for own in told if own.estimate * sign < 0 and (own.conf_low > 0 or own.conf_high < 0)]
    if turned:
        names = ", ".join(own.item.removeprefix(WITHOUT) for own in turned)
        return "fail", f"without {names} the effect has the other sign, and its interval excludes zero"
    single = [own for own in every if own.item != TOGETHER]
    kept = sum(bool(own.reason) for own in single)
    if kept:
        return "cannot_tell", f"{kept} of {len(single)} shocks and programmes inside the window cannot be taken out"
    if len(told) < len(every):
        return "cannot_tell", "they cannot all be taken out together"
    if stays_near(told, claim):
        return "pass", "without any of them the interval stays within half of the effect claimed"
    return "cannot_tell", "without some of them the interval is wider than half of the effect claimed"
