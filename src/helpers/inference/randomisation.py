"""The randomisation test of one estimand, and its interval by inversion.

The p-value is the share of relabellings whose |T| is at least the actual one's. The 95% interval holds every common
ratio r that the test of H_r does not reject, with equal tails. Both are valid under as-if-random assignment among the
listed relabellings, no spillover between wards and no anticipation outside the donut; the interval assumes in addition
one ratio common to all treated cells.

References: fisher1935, ding2018 (studentised randomisation tests), mackinnon2020 (few treated clusters).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.count_imputation import check_outcome, impute_counterfactual
from helpers.estimation.estimands import Estimand, Target, build_target
from helpers.estimation.specification import Specification
from helpers.inference.assignments import Assignments
from helpers.inference.group_sums import CarriedSums, GroupSums, carry, list_labellings
from helpers.inference.interval_search import accepted_hull, close_in
from helpers.inference.null_model import NullTable, WardTable, overdispersion, tabulate, undo_programme
from helpers.inference.relabellings import choose_relabellings, ending_with
from helpers.inference.rungs import build_ladder
from helpers.inference.statistic import Statistics, studentise
from helpers.study.design import Design

Array = npt.NDArray[np.float64]

LEVEL = 0.05
TIE_TOLERANCE = 1e-9
"""Relabellings that give the same statistic differ by rounding only; relative to the statistic."""
RATIO_GRID = np.exp(np.linspace(np.log(0.02), np.log(50.0), 25))
"""Hypothetical ratios tried first. Acceptance beyond either end counts as no bound: such an effect is not a finding."""
SCREENING_DRAWS = 999
"""Relabellings that are asked first about a hypothetical ratio of the grid."""
NO_RATIO = "The test accepts no common ratio, so the interval has no ends."


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval of observed / expected; 0 and inf mean no lower and no upper bound.

    Attributes
    ----------
    low, high : float
    note : str
        Why there are no bounds, where the test accepts no ratio at all; else empty.
    """

    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """Result of the test of one estimand.

    Attributes
    ----------
    estimand : Estimand
    specification : str
    p_value, p_mc_error : float
        The p-value and its Monte-Carlo standard error (0 when all relabellings were listed).
    ratio_low, ratio_high : float
        95% interval of observed / expected; 0 and inf mean no lower and no upper bound.
    std_error : float
        Null standard error of log(observed / expected).
    n_assignments : int
        Number of distinct relabellings.
    smallest_p : float
        Smallest p-value that could have come out.
    null_tested : str
        "no effect of this cohort", or "no effect anywhere" when all treatment paths change hands.
    zero_draw_share : float
        Share of relabellings in which nothing was observed or nothing expected.
    note : str
        Why the interval has no ends, where the test accepts no ratio at all; else empty.
    t : ndarray, shape (B + 1,)
        The statistic: the actual labelling first, then every relabelling.
    """

    estimand: Estimand
    specification: Specification
    p_value: float
    p_mc_error: float
    ratio_low: float
    ratio_high: float
    std_error: float
    n_assignments: int
    smallest_p: float
    null_tested: str
    zero_draw_share: float
    note: str
    t: Array = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything a test of one estimand needs: tables, relabellings, cells.

    Attributes
    ----------
    target : Target
    assignments : Assignments
    carried : tuple of CarriedSums
        Each stratum's sums by group, ready for any hypothetical ratio; the actual labelling first, then the
        relabellings.
    null_tested : str
    """

    target: Target
    assignments: Assignments
    carried: tuple[CarriedSums, ...]
    null_tested: str

    @property
    def tables(self) -> tuple[WardTable, ...]:
        """Return the ward × block sums of each stratum."""
        return tuple(own.table for own in self.carried)

    @property
    def is_whole(self) -> bool:
        """Return whether every ward reported all of every block."""
        return all(table.is_whole for table in self.tables)

    def statistics(self, ratio: float | Array = 1.0) -> Statistics:
        """Return the statistic under H_r for the actual labelling (first) and every relabelling.

        Several ratios at once, shape (R,), give arrays of shape (R, B + 1).
        """
        nulls = [undo_programme(own.table, ratio) for own in self.carried]
        kappa = overdispersion(nulls)
        return self._studentise(nulls, lambda own, null, chosen: own.under(null, ratio, kappa, chosen))

    def studentise(self, nulls: Sequence[NullTable]) -> Statistics:
        """Return the statistic of given null tables."""
        kappa = overdispersion(nulls)
        return self._studentise(nulls, lambda own, null, chosen: own.anew(null, kappa, chosen))

    def first_draws(self, count: int) -> "Experiment":
        """Return the experiment with only its first random relabellings."""
        assignments = replace(self.assignments, labels=self.assignments.labels[:count])
        carried = tuple(own.first(count + 1) for own in self.carried)
        return replace(self, assignments=assignments, carried=carried)

    def _studentise(
        self, nulls: Sequence[NullTable], group: Callable[[CarriedSums, NullTable, slice], GroupSums]
    ) -> Statistics:
        used = [(own, null) for own, null in zip(self.carried, nulls, strict=True) if own.ladder is not None]
        grouped = [partial(group, own, null) for own, null in used]
        return studentise(grouped, [own.labellings for own, _ in used], self.target)


def build_experiment(
    outcome: Array,
    design: Design,
    specification: Specification,
    estimand: Estimand,
    *,
    n_draws: int,
    seed: int,
    strata: Sequence[str] | None = None,
) -> Experiment:
    """Return the experiment of one estimand.

    The effect of one cohort is tested by relabelling that cohort against the wards untreated throughout, the other
    cohorts' labels held. Where that leaves too few relabellings to reject at all, all paths change hands and the null
    tested is "no effect anywhere". An estimand that ends before the window does is tested in the window cut after it,
    where cohorts that start later are untreated.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification, the outcome does not fit the design or
        holds impossible counts, a period is reported by no ward, or the user's strata leave nothing to change hands.
    """
    _check_reported(outcome, design)
    design = ending_with(design, estimand)
    outcome = outcome[:, : len(design.periods)]
    target = build_target(design, specification, estimand)
    if not target.is_estimable:
        raise EstimationError(f"No comparison ward identifies any cell of this estimand under {specification}.")
    scheme = choose_relabellings(design, target, n_draws=n_draws, seed=seed, level=LEVEL, user_strata=strata)
    return assemble_experiment(outcome, design, target, scheme.assignments, scheme.null_tested)


def _check_reported(outcome: Array, design: Design) -> None:
    check_outcome(outcome, design)
    silent = [period for period, cells in zip(design.periods, outcome.T, strict=True) if np.isnan(cells).all()]
    if silent:
        raise EstimationError(
            f"No ward reported anything in {', '.join(silent)}. Ask for those returns, or end the window before them."
        )


def assemble_experiment(
    outcome: Array, design: Design, target: Target, assignments: Assignments, null_tested: str
) -> Experiment:
    """Return the experiment of a design's labelling against given relabellings."""
    tables, cohorts, actual = tabulate(outcome, design, target), len(design.cohorts), design.label_array
    carried = []
    for own, table, mask in zip(target.members, tables, target.masks, strict=True):
        ladder = build_ladder(target.blocks.untreated, mask) if mask.any() else None
        drawn = assignments.labels if len(own) == len(actual) else assignments.labels[:, own]
        carried.append(carry(table, list_labellings(actual[own], drawn), cohorts, ladder))
    return Experiment(target, assignments, tuple(carried), null_tested)


def randomisation_test(
    outcome: Array,
    design: Design,
    estimand: Estimand,
    *,
    specification: Specification,
    n_draws: int = 9_999,
    seed: int,
    strata: Sequence[str] | None = None,
    fitted: tuple[float, float] | None = None,
) -> RandomisationTest:
    """Test one estimand by relabelling, and invert the test into a 95% interval.

    Parameters
    ----------
    outcome : ndarray, shape (W, P)
        Counts in the design's order; NaN where not reported.
    design : Design
    estimand : Estimand
    specification : {"two_way", "town_period"}
        Also the scheme: all wards change hands, or wards within each town.
    n_draws : int
        Relabellings drawn when there are more; otherwise all are listed.
    seed : int
    strata : sequence of str, optional
        A label per ward (`helpers.inference.ward_strata` makes some): treatment paths then change hands only among
        wards of the same label, and under town × period of the same town.
    fitted : (float, float), optional
        Observed and expected incidents of the printed estimate, if they are known already. They are needed only where
        returns have gaps: the test fills these, the estimate does not.

    Raises
    ------
    EstimationError
        If nothing of the estimand can be estimated under the specification, the outcome does not fit the design or
        holds impossible counts, a period is reported by no ward, or the strata leave nothing that could change hands.

    Examples
    --------
    >>> from helpers.study.design import Design
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"), tuple("abcd"), ("t",) * 4,
    ...                 ("x",), (1,), (0, -1, -1, -1), 0)
    >>> counts = np.array([[20.0, 5.0], [20.0, 21.0], [30.0, 29.0], [10.0, 11.0]])
    >>> test = randomisation_test(counts, design, Estimand("overall"), specification="two_way", seed=1)
    >>> test.n_assignments, test.p_value
    (4, 0.25)
    """
    experiment = build_experiment(outcome, design, specification, estimand, n_draws=n_draws, seed=seed, strata=strata)
    statistics = experiment.statistics()
    p_value = two_sided_p(statistics.t, is_exact=experiment.assignments.is_exact)
    if fitted is None and not experiment.is_whole:
        fitted = impute_counterfactual(outcome, design, specification).total(estimand)
    interval = invert(experiment, statistics, fitted)
    return RandomisationTest(
        estimand=estimand,
        specification=specification,
        p_value=p_value,
        p_mc_error=experiment.assignments.mc_error(p_value),
        ratio_low=interval.low,
        ratio_high=interval.high,
        std_error=float(statistics.std_error[0]),
        n_assignments=experiment.assignments.count,
        smallest_p=experiment.assignments.smallest_p,
        null_tested=experiment.null_tested,
        zero_draw_share=statistics.zero_share,
        note=interval.note,
        t=statistics.t,
    )


def two_sided_p(t: Array, *, is_exact: bool) -> float:
    """Return the share of relabellings with |T| at least the actual one's (first entry of `t`)."""
    return float(share_at_least(np.abs(t), is_exact=is_exact))


def share_at_least(t: Array, *, is_exact: bool) -> Array:
    """Return, over the last axis, the share of relabellings at least as large as the first entry."""
    actual, drawn = t[..., :1], t[..., 1:]
    at_least = (drawn >= actual - TIE_TOLERANCE * np.maximum(1.0, np.abs(actual))).sum(axis=-1)
    count = drawn.shape[-1]
    return np.asarray(at_least / count if is_exact else (1 + at_least) / (1 + count))


def equal_tailed_accepts(t: Array, *, is_exact: bool) -> bool:
    """Return whether neither tail of the test rejects at half the level."""
    return bool(tail_margin(t, is_exact=is_exact) > 0)


def tail_margin(t: Array, *, is_exact: bool) -> Array:
    """Return, over the last axis, by how much the smaller tail share exceeds half the level; positive: accepted."""
    tails = share_at_least(t, is_exact=is_exact), share_at_least(-t, is_exact=is_exact)
    return np.asarray(np.minimum(*tails) - LEVEL / 2)


def invert(experiment: Experiment, at_one: Statistics, fitted: tuple[float, float] | None = None) -> Interval:
    """Return the convex hull of the ratios that the test does not reject.

    Parameters
    ----------
    experiment : Experiment
    at_one : Statistics
        At ratio 1.
    fitted : (float, float), optional
        Observed and expected incidents over the reported cells, for returns with gaps: whether anything was observed is
        asked of them and not of filled sums, and the hull is widened to hold their ratio.
    """
    is_exact = experiment.assignments.is_exact

    @cache
    def margin(ratio: float) -> float:
        return float(tail_margin(experiment.statistics(ratio).t, is_exact=is_exact))

    is_filled = fitted is not None and not experiment.is_whole
    observed, expected = fitted if fitted and is_filled else (float(at_one.observed[0]), float(at_one.expected[0]))
    if observed == 0:
        return Interval(0.0, _upper_without_incident(margin, expected))
    estimate = observed / expected if expected > 0 else None
    tried = sorted({*RATIO_GRID.tolist(), *([] if estimate is None else [estimate])})
    asked = _first_asked(experiment)
    first = _first_margins(asked, tried)
    hull = accepted_hull(margin, tried, first=first, tail=LEVEL / 2, enough=_settling_margin(asked, experiment))
    if hull is None:
        return Interval(0.0, np.inf, NO_RATIO)
    if estimate is None or not is_filled:
        return Interval(*hull)
    return Interval(min(hull[0], estimate), max(hull[1], estimate))


def _first_asked(experiment: Experiment) -> Experiment:
    """Return the experiment with the relabellings that are asked first: enough to see a ratio that is clearly rejected.

    Where all relabellings are listed or few are drawn, these are all of them.
    """
    is_small = experiment.assignments.is_exact or len(experiment.assignments.labels) < 2 * SCREENING_DRAWS
    return experiment if is_small else experiment.first_draws(SCREENING_DRAWS)


def _first_margins(asked: Experiment, tried: Sequence[float]) -> list[float]:
    """Return each ratio's margin in the relabellings asked first."""
    t = asked.statistics(np.array(tried)).t
    margins: list[float] = tail_margin(t, is_exact=asked.assignments.is_exact).tolist()
    return margins


def _settling_margin(asked: Experiment, experiment: Experiment) -> float:
    """Return the margin beyond which the tails of the first relabellings suffice among all, were no other in a tail."""
    counts = [1 + len(own.assignments.labels) for own in (experiment, asked)]
    return LEVEL / 2 * (counts[0] / counts[1] - 1)


def _upper_without_incident(margin: Callable[[float], float], expected: float) -> float:
    """Return the upper end when nothing was observed, for which the statistic hardly depends on the ratio.

    The larger of what the relabellings accept and the ratio at which a Poisson count is zero once in forty.
    """
    grid: list[float] = RATIO_GRID.tolist()
    last = next((at for at in reversed(range(len(grid))) if margin(grid[at]) > 0), None)
    if expected == 0 or last == len(grid) - 1:
        return np.inf
    of_poisson = float(-np.log(LEVEL / 2) / expected)
    if last is None or of_poisson >= grid[last + 1]:
        return of_poisson
    ends = grid[last], grid[last + 1]
    return max(of_poisson, close_in(margin, ends, (margin(ends[0]), margin(ends[1])), LEVEL / 2))
