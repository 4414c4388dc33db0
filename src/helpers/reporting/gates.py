"""What the checks on an indicator allow to be said: the rule between ``checks.csv`` and the words of the page.

"Consistent with" needs every gate of `REQUIRED` passed under the confirmatory specification and no check failed.
Otherwise a finding is an association, and the checks that failed are named beside it.
"""

from dataclasses import dataclass

import pandas as pd

from helpers.reporting.effects import CONFIRMATORY

REQUIRED = ("pre_trends", "placebo_date", "placebo_indicator", "balance")
"""Gates without which nobody may write "consistent with" (METHODS.md section 6 and the project's rules of wording)."""
NO_GATES = ("honest_did", "specification_curve")
"""Checks without a verdict: approximate, or a picture."""
NO_SPECIFICATION = ""


@dataclass(frozen=True, slots=True)
class Gates:
    """The checks on one indicator under the confirmatory specification, each id once.

    Attributes
    ----------
    passed, failed, undecided : tuple of str
        Ids of checks. One with several rows (cohorts, units left out) fails if any row fails, and passes if all pass.
    """

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of checks."""
        return len(self.passed) + len(self.failed) + len(self.undecided)

    @property
    def allow_consistent(self) -> bool:
        """Return whether a finding may be called consistent with an effect of the programme."""
        return not self.failed and set(REQUIRED) <= set(self.passed)


def read_gates(checks: pd.DataFrame | None, indicator: str) -> Gates:
    """Return the gates of an indicator; none at all where no check was made.

    Examples
    --------
    >>> rows = [("pre_trends", "pass"), ("pre_trends", "cannot_tell"), ("balance", "fail")]
    >>> checks = pd.DataFrame(rows, columns=["check", "verdict"]).assign(indicator="n", specification="town_period")
    >>> read_gates(checks, "n")
    Gates(passed=(), failed=('balance',), undecided=('pre_trends',))
    """
    if checks is None:
        return Gates()
    is_own = checks["indicator"].eq(indicator) & checks["specification"].isin([CONFIRMATORY, NO_SPECIFICATION])
    own = checks.loc[is_own & ~checks["check"].isin(NO_GATES)]
    verdicts: dict[str, list[str]] = {}
    for name, verdict in zip(own["check"].astype(str), own["verdict"].astype(str), strict=True):
        verdicts.setdefault(name, []).append(verdict)
    failed = tuple(name for name, found in verdicts.items() if "fail" in found)
    passed = tuple(name for name, found in verdicts.items() if set(found) == {"pass"})
    undecided = tuple(name for name in verdicts if name not in failed and name not in passed)
    return Gates(passed, failed, undecided)
