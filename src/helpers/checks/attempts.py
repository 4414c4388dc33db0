"""The attempts to break an estimate: a table of contents, and what comes of running it.

`CONTENTS` lists every check in the order in which it is reported. By default the primary indicator gets all of them
but the slow ones, and the others those that a page needs for its wording; with `full` every indicator gets every check.
What is not tried says so in a row of its own, and so does what cannot run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from helpers.checks.all_worlds import all_worlds, headline_ranges
from helpers.checks.alternatives import QUESTIONS, alternatives
from helpers.checks.balance_gate import balance_gate
from helpers.checks.concurrent import concurrent
from helpers.checks.curve_rows import CURVE_COLUMNS, SpecificationCurve
from helpers.checks.gates import Check, checks_frame, details_frame
from helpers.checks.heterogeneity import heterogeneity
from helpers.checks.honest_did import honest_did
from helpers.checks.leave_one_out import leave_out_checks
from helpers.checks.mean_reversion import mean_reversion
from helpers.checks.multiplicity import multiplicity
from helpers.checks.placebo_date import placebo_date, placebo_years
from helpers.checks.placebo_indicator import placebo_indicator
from helpers.checks.pre_trends import pre_trends
from helpers.checks.recording import recording
from helpers.checks.specification_curve import specification_curve
from helpers.checks.spillover import spillover
from helpers.errors import DesignError, EstimationError
from helpers.estimation.specification import CONFIRMATORY, SPECIFICATIONS, Specification
from helpers.inference.analysis import Analysis, build_analysis, build_family
from helpers.inference.worlds import WorldsRange
from helpers.study.design import Worlds
from helpers.study.objects import Study

Scope = Literal["every", "primary", "full"]
"""On which indicators a check is tried by default: every one; the primary one; none, because it takes long."""

NOT_TRIED = "not tried by default on this indicator; a full run tries every check on every indicator"
TAKES_LONG = "not tried by default, because it takes long; a full run tries it"
UNASKED = "Was it tried?"


@dataclass(frozen=True)
class Inquiry:
    """What the attempts on one indicator start from.

    Attributes
    ----------
    analysis : Analysis
        The indicator under the run's design.
    whole : Analysis
        The same under the design of the rosters, whose window is not cut for unknown members.
    study : Study
    worlds : Worlds
        Every roster the sources admit.
    panel : DataFrame
    is_full : bool
        Whether everything is tried.
    """

    analysis: Analysis
    whole: Analysis
    study: Study
    worlds: Worlds
    panel: pd.DataFrame
    is_full: bool
    _ranges: dict[str, tuple[WorldsRange, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def ranges(self, specification: Specification) -> tuple[WorldsRange, ...]:
        """Return the ranges over all rosters under a specification, computed once."""
        if specification not in self._ranges:
            self._ranges[specification] = headline_ranges(self.whole, self.worlds, specification)
        return self._ranges[specification]

    @property
    def is_lead(self) -> bool:
        """Return whether this is the study's primary indicator."""
        return self.study.indicator(self.analysis.indicator).is_primary

    def family(self) -> tuple[Analysis, ...]:
        """Return the declared family on the same draws."""
        declared = [one.indicator for one in self.study.indicators if one.in_family and not one.is_descriptive_only]
        return self._siblings(declared)

    def placebos(self) -> tuple[Analysis, ...]:
        """Return the declared placebo indicators on the same draws."""
        return self._siblings([one.indicator for one in self.study.indicators if one.is_placebo])

    def _siblings(self, names: Sequence[str]) -> tuple[Analysis, ...]:
        own = self.analysis
        return build_family(self.panel, own.design, names, n_draws=own.n_draws, seed=own.seed)


Run = Callable[[Inquiry, Specification], Sequence[Check | SpecificationCurve]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the contents: a check's ids, on what it is tried by default, and how it is run."""

    checks: tuple[str, ...]
    scope: Scope
    run: Run


def _before(own: Inquiry, specification: Specification) -> list[Check]:
    years = placebo_years(own.analysis, specification)
    return [*pre_trends(own.analysis, specification, years), *placebo_date(own.analysis, specification, years)]


def _worlds(own: Inquiry, specification: Specification) -> list[Check]:
    has_intervals = own.is_full or (own.is_lead and specification == CONFIRMATORY)
    ranges = own.ranges(specification)
    return [all_worlds(own.whole, own.worlds, specification, has_intervals=has_intervals, ranges=ranges)]


def _balance(own: Inquiry, specification: Specification) -> list[Check]:
    """Return the one row of balance, which no specification changes."""
    return [balance_gate(own.analysis, own.panel, own.study)] if specification == CONFIRMATORY else []


CONTENTS: tuple[Attempt, ...] = (
    Attempt(("pre_trends", "placebo_date"), "every", _before),
    Attempt(("placebo_indicator",), "every", lambda own, one: [placebo_indicator(own.analysis, one, own.placebos())]),
    Attempt(("balance",), "every", _balance),
    Attempt(("leave_one_out",), "every", lambda own, one: leave_out_checks(own.analysis, one)),
    Attempt(("worlds",), "every", _worlds),
    Attempt(("multiplicity",), "every", lambda own, one: [multiplicity(own.analysis, one, own.family())]),
    Attempt(("recording",), "every", lambda own, one: [recording(own.analysis, one)]),
    Attempt(tuple(QUESTIONS), "primary", lambda own, one: alternatives(own.analysis, own.study, one)),
    Attempt(
        ("specification_curve",),
        "full",
        lambda own, one: [specification_curve(own.analysis, own.study, one)],
    ),
    Attempt(("spillover",), "primary", lambda own, one: [spillover(own.analysis, one, own.study)]),
    Attempt(("mean_reversion",), "primary", lambda own, one: [mean_reversion(own.analysis, one, own.study)]),
    Attempt(("concurrent",), "primary", lambda own, one: [concurrent(own.analysis, one, own.study)]),
    Attempt(("heterogeneity",), "primary", lambda own, one: heterogeneity(own.analysis, one, own.study)),
    Attempt(("honest_did",), "primary", lambda own, one: honest_did(own.analysis, one)),
)


@dataclass(frozen=True)
class Attempts:
    """What came of the attempts.

    Attributes
    ----------
    checks : tuple of Check
        In the order of the contents.
    curves : tuple of SpecificationCurve
    """

    checks: tuple[Check, ...]
    curves: tuple[SpecificationCurve, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check (`CHECK_COLUMNS`)."""
        return checks_frame(self.checks)

    def details(self) -> pd.DataFrame:
        """Return the estimates behind the checks (`DETAIL_COLUMNS`)."""
        return details_frame(self.checks)

    def curve(self) -> pd.DataFrame:
        """Return the rows of the specification curves; none where it was not tried."""
        frames = [own.to_frame() for own in self.curves]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*CURVE_COLUMNS, "indicator"])


def open_inquiry(panel: pd.DataFrame, analysis: Analysis, study: Study, worlds: Worlds, *, full: bool) -> Inquiry:
    """Return what the attempts on an indicator start from.

    Parameters
    ----------
    panel : DataFrame
        A run's panel.
    analysis : Analysis
        The indicator under the run's design.
    study : Study
    worlds : Worlds
        Every roster the sources admit under the same choices.
    full : bool
        Whether every check is tried, whatever the indicator.

    Raises
    ------
    EstimationError
        If the panel holds a period of the rosters' window that no ward reported.
    """
    draws = {"n_draws": analysis.n_draws, "seed": analysis.seed}
    whole = build_analysis(panel, worlds.design, analysis.indicator, **draws)
    return Inquiry(analysis, whole, study, worlds, panel, full)


def run_attempts(inquiry: Inquiry) -> Attempts:
    """Try everything that the contents name for an indicator; what is left out or cannot run says why."""
    checks: list[Check] = []
    curves: list[SpecificationCurve] = []
    for attempt in CONTENTS:
        for specification in SPECIFICATIONS:
            for found in tried(inquiry, attempt, specification):
                if isinstance(found, SpecificationCurve):
                    curves.append(found)
                checks.append(found.check() if isinstance(found, SpecificationCurve) else found)
    return Attempts(tuple(checks), tuple(curves))


def tried(inquiry: Inquiry, attempt: Attempt, specification: Specification) -> Sequence[Check | SpecificationCurve]:
    """Return what one attempt gives under one specification, or rows that say why it was not made or could not run."""
    reason = _left_out(inquiry, attempt.scope)
    if reason:
        return _untold(inquiry, attempt, specification, reason)
    try:
        return attempt.run(inquiry, specification)
    except (DesignError, EstimationError) as error:
        return _untold(inquiry, attempt, specification, str(error))


def _left_out(inquiry: Inquiry, scope: Scope) -> str:
    """Return why a check is not tried, or "" if it is."""
    if inquiry.is_full or scope == "every" or (scope == "primary" and inquiry.is_lead):
        return ""
    return TAKES_LONG if inquiry.is_lead else NOT_TRIED


def _untold(inquiry: Inquiry, attempt: Attempt, specification: Specification, reason: str) -> list[Check]:
    """Return one row per check of an attempt that was not made; one for both specifications if neither was."""
    was_left_out = reason in (NOT_TRIED, TAKES_LONG)
    if was_left_out and specification != CONFIRMATORY:
        return []
    said = "" if was_left_out else specification
    indicator = inquiry.analysis.indicator
    return [Check(indicator, said, name, UNASKED, np.nan, np.nan, "", "cannot_tell", reason) for name in attempt.checks]
