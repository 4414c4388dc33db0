"""Several indicators at once: p-values for which the chance of any false claim over the family is 5%.

Westfall and Young's step-down max-|T|: the largest |T| of the family is set against the largest |T| of each
relabelling, then the second largest against the largest of what is left, and so on. All indicators are relabelled
alike, so the dependence between them is that of the data and nothing need be assumed about it. A part may therefore
stand beside its whole (`crime_order` contains property and violent crime): such nested series cost little, because
their T move together; the family must only be declared beforehand.

References: westfall1993 (step-down max-T), ding2018 (studentised randomisation tests).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.estimands import Estimand
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.randomisation import build_experiment, share_at_least, two_sided_p

Array = npt.NDArray[np.float64]

FEWEST_ASSIGNMENTS = 200
"""With fewer, the steps of the p-value (half a percent) are coarse against what adjusting changes."""


@dataclass(frozen=True, slots=True)
class FamilyStatistics:
    """T of each indicator of a family on one shared set of relabellings.

    Attributes
    ----------
    t : mapping of str to ndarray, shape (1 + B,)
        By indicator; the actual labelling first.
    is_exact : bool
        Whether the B relabellings are all there are.
    null_tested : str
        What each p-value is about.
    n_assignments, smallest_p : float
        Number of relabellings, and the smallest p-value that can come out.
    """

    t: Mapping[str, Array]
    is_exact: bool
    null_tested: str
    n_assignments: float
    smallest_p: float

    def own_p(self) -> dict[str, float]:
        """Return each indicator's own p-value, not adjusted."""
        return {name: two_sided_p(t, is_exact=self.is_exact) for name, t in self.t.items()}

    def adjusted_p(self) -> dict[str, float]:
        """Return the adjusted p-value of each indicator (see `westfall_young`)."""
        return westfall_young(self.t, is_exact=self.is_exact)


def family_statistics(
    analyses: Sequence[Analysis], specification: Specification, estimand: Estimand
) -> FamilyStatistics:
    """Return T of one estimand for every indicator of a family, on the same relabellings.

    Raises
    ------
    EstimationError
        If the family is empty, an indicator stands twice, the analyses differ in design, seed or number of draws, or
        the estimand cannot be estimated under the specification.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> counts = np.array([[20.0, 5.0], [20.0, 21.0], [30.0, 29.0], [10.0, 11.0]])
    >>> family = [Analysis(name, counts, design, n_draws=99, seed=1) for name in ("thefts", "fires")]
    >>> family_statistics(family, "two_way", Estimand("overall")).t["fires"].shape
    (5,)
    """
    _check_family(analyses)
    t = {}
    for own in analyses:
        experiment = build_experiment(
            own.outcome, own.design, specification, estimand, n_draws=own.n_draws, seed=own.seed
        )
        t[own.indicator] = experiment.statistics().t
    drawn = experiment.assignments
    return FamilyStatistics(t, drawn.is_exact, experiment.null_tested, drawn.reported_count, drawn.smallest_p)


def _check_family(analyses: Sequence[Analysis]) -> None:
    if not analyses:
        raise EstimationError("The family holds no indicator: name at least one.")
    first = analyses[0]
    for own in analyses[1:]:
        different = [name for name in ("design", "seed", "n_draws") if getattr(own, name) != getattr(first, name)]
        if different:
            raise EstimationError(
                f"“{own.indicator}” and “{first.indicator}” differ in {', '.join(different)}, but a family shares "
                "its draws. Build all its analyses alike."
            )
    names = [own.indicator for own in analyses]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EstimationError(f"The family names {', '.join(twice)} more than once.")


def westfall_young(t: Mapping[str, Array], *, is_exact: bool) -> dict[str, float]:
    """Return step-down max-|T| adjusted p-values over a family.

    Parameters
    ----------
    t : mapping of str to ndarray, shape (1 + B,)
        Statistics by indicator on the same B relabellings; the actual labelling first.
    is_exact : bool
        Whether the B relabellings are all there are (the actual one among them).

    Returns
    -------
    dict of str to float
        In the order of `t`; each at least the indicator's own p-value, and in the order of |T| never falling.

    Notes
    -----
    Each T depends on its own series only, so under as-if-random assignment the joint distribution over the indicators
    without an effect does not depend on the others (subset pivotality): the control is strong. Ties count within the
    relative tolerance of `helpers.inference.randomisation`.

    Raises
    ------
    EstimationError
        If the family is empty, numbers of relabellings differ, a T is not a number, or there are fewer than
        `FEWEST_ASSIGNMENTS` relabellings.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(2, 1000))
    >>> draws[:, 0] = 4.0, 1.0
    >>> found = westfall_young({"thefts": draws[0], "fires": draws[1]}, is_exact=False)
    >>> found["thefts"], bool(found["fires"] > 0.2)
    (0.001, True)
    """
    _check_draws(t)
    order = sorted(t, key=lambda name: -abs(float(t[name][0])))
    sizes = np.abs(np.array([t[name] for name in order]))
    largest_left = np.maximum.accumulate(sizes[::-1, 1:], axis=0)[::-1]
    shares = share_at_least(np.hstack([sizes[:, :1], largest_left]), is_exact=is_exact)
    adjusted = dict(zip(order, np.maximum.accumulate(shares).tolist(), strict=True))
    return {name: float(adjusted[name]) for name in t}


def _check_draws(t: Mapping[str, Array]) -> None:
    counts = sorted({len(own) - 1 for own in t.values()})
    if len(counts) != 1:
        raise EstimationError(
            f"The family's numbers of relabellings are {counts or 'none'}; one shared set is needed. "
            "Compute all statistics with the same seed and draws."
        )
    if counts[0] < FEWEST_ASSIGNMENTS:
        raise EstimationError(
            f"There are {counts[0]} relabellings; adjusted p-values are given from {FEWEST_ASSIGNMENTS} on. "
            "Report the indicators' own p-values and say that they are not adjusted."
        )
    unknown = [name for name, own in t.items() if np.isnan(own).any()]
    if unknown:
        raise EstimationError(f"The statistics of {', '.join(unknown)} are not all numbers: no draw may be dropped.")
