"""The first cohort against pretended first cohorts drawn among the comparison wards only.

The randomisation test lets the real first cohort lend its data to every relabelling, so a large effect widens its own
reference. Here the real members are left out, and T is set against the T of wards that nothing happened to: the variant
of a placebo-group test for very few treated groups. It needs the comparison wards to vary as the members would have,
given their size; studentising answers for differing size, which is what makes the comparison possible at all.

References: ferman2019 (few treated groups and heteroskedasticity), mackinnon2020 (few treated clusters).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.errors import EstimationError
from helpers.estimation.count_imputation import Counterfactual, impute_counterfactual
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import ALL_COHORTS, Estimand, Target, build_target, early_design
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.effect_row import NOT_COMPARABLE, NOTHING_EXPECTED
from helpers.inference.randomisation import Experiment, build_experiment, share_at_least
from helpers.inference.statistic import Statistics
from helpers.study.design import NEVER, UNTREATED, Design

Positions = npt.NDArray[np.intp]

FEWEST_ASSIGNMENTS = 20
"""With fewer pseudo cohorts no p-value can reach 5%."""
NULL_TESTED = "no effect of this cohort"


@dataclass(frozen=True, slots=True)
class PseudoCohorts:
    """A design of comparison wards, some of them labelled as the first cohort.

    Attributes
    ----------
    design : Design
        The real design without the real members.
    kept : ndarray of int
        Ward positions, in the real design, of its wards.
    """

    design: Design
    kept: Positions


def comparison_only(analysis: Analysis, specification: Specification) -> EffectRow:
    """Return the first cohort's effect before anybody else is treated, tested against pseudo cohorts.

    Pseudo cohorts have as many wards in each stratum (all wards, or each town) as the real one, and each is estimated
    on the comparison wards alone. p = (1 + number with |T| at least the actual) / (1 + B), B the pseudo cohorts listed,
    or drawn where there are more than the analysis has draws.

    Returns
    -------
    EffectRow
        ``inference`` is "comparison_only"; `std_error` is the null one of the log ratio, `n_assignments` the number of
        distinct pseudo cohorts. There is no interval. With a reason instead of a p-value below `FEWEST_ASSIGNMENTS`
        pseudo cohorts, and where a town has no comparison ward to spare.

    Notes
    -----
    Assumes ratio parallel trends, no spillover, no anticipation outside the donut, and that T is distributed alike
    for the real members and comparison wards when nothing happens.

    Valid for many comparison wards only, because the reference is itself estimated from them. Of true nulls at 5% (two
    members, 1,000 simulated studies, Monte-Carlo error .007) it rejects .069 among 18 comparison wards, .064 among 30,
    .050 among 62, and .085 within towns of 15 and 3, where the randomisation test rejects .047 to .053: it is printed
    beside that test and decides nothing.

    Examples
    --------
    >>> design = Design("s", "main", "A", "given", "calendar_month", ("2023-01", "2023-02"),
    ...                 tuple(f"{n:02d}" for n in range(21)), ("t",) * 21, ("x",), (1,), (0,) + (-1,) * 20, 0)
    >>> counts = np.array([[40.0, 10.0]] + [[40.0, 31.0 + n] for n in range(20)])
    >>> row = comparison_only(Analysis("thefts", counts, design, n_draws=99, seed=1), "two_way")
    >>> row.n_assignments, round(row.p_value, 4), round(row.smallest_p, 4)
    (20.0, 0.0476, 0.0476)
    """
    early = analysis.under(early_design(analysis.design) or analysis.design)
    cohort = early.design.cohorts[0] if len(early.design.cohorts) == 1 else ALL_COHORTS
    estimand = Estimand("cohort_before_next", cohort)
    empty = EffectRow(analysis.indicator, specification, "count_imputation", estimand.kind, cohort)
    target = build_target(early.design, specification, estimand)
    if not target.is_estimable:
        return replace(empty, reason=NOT_COMPARABLE)
    fit = impute_counterfactual(early.outcome, early.design, specification)
    if np.isnan(fit.effect(estimand)):
        return replace(empty, reason=NOTHING_EXPECTED)
    row = _estimated(empty, fit, target)
    try:
        pseudo = pseudo_experiment(early, target, specification)
    except EstimationError as error:
        return replace(row, reason=str(error))
    actual = build_experiment(early.outcome, early.design, specification, estimand, n_draws=1, seed=early.seed)
    return _tested(row, actual.statistics(), pseudo)


def pseudo_experiment(analysis: Analysis, target: Target, specification: Specification) -> Experiment:
    """Return the experiment of pseudo cohorts; its first labelling is arbitrary and no part of the reference.

    Raises
    ------
    EstimationError
        If a stratum has no comparison ward to spare, or there are fewer than `FEWEST_ASSIGNMENTS` pseudo cohorts.
    """
    pseudo = _pseudo_cohorts(analysis.design, target)
    experiment = build_experiment(
        analysis.outcome[pseudo.kept],
        pseudo.design,
        specification,
        target.estimand,
        n_draws=analysis.n_draws,
        seed=analysis.seed,
    )
    count = min(experiment.assignments.count, len(experiment.assignments.labels))
    if count < FEWEST_ASSIGNMENTS:
        raise EstimationError(
            f"Only {count} pseudo cohorts can be drawn among the comparison wards; at least {FEWEST_ASSIGNMENTS} "
            "are needed before any p-value can reach 5%."
        )
    return experiment


def _pseudo_cohorts(design: Design, target: Target) -> PseudoCohorts:
    """Label, in each stratum with an estimable cell, as many comparison wards as it has members: the first ones."""
    labels = design.label_array
    pseudo = np.full_like(labels, NEVER)
    for own, mask in zip(target.members, target.masks, strict=True):
        members, others = own[labels[own] != NEVER], own[labels[own] == NEVER]
        if not mask.any():
            continue
        if len(others) <= len(members):
            towns = ", ".join(sorted({design.town_codes[position] for position in own}))
            raise EstimationError(
                f"Town {towns} has {len(members)} members and {len(others)} comparison wards: too few to pretend that "
                "as many of them were members and compare with the others."
            )
        pseudo[others[: len(members)]] = labels[members]
    kept = np.flatnonzero(labels == NEVER)
    return PseudoCohorts(design.with_wards(kept).with_labels(pseudo[kept].tolist()), kept)


def _estimated(empty: EffectRow, fit: Counterfactual, target: Target) -> EffectRow:
    observed, expected = fit.total(target.estimand)
    cells = fit.cells(target.estimand)
    has_clean_report = ((fit.design.cell_states() == UNTREATED) & ~np.isnan(fit.observed)).any(axis=1)
    used = [own for own, mask in zip(target.members, target.masks, strict=True) if mask.any()]
    others = sum(int(((fit.design.label_array[own] == NEVER) & has_clean_report[own]).sum()) for own in used)
    return replace(
        empty,
        estimate=observed / expected - 1,
        observed=observed,
        expected=expected,
        n_treated=int(cells.any(axis=1).sum()),
        n_comparison=others,
    )


def _tested(row: EffectRow, actual: Statistics, pseudo: Experiment) -> EffectRow:
    drawn = pseudo.statistics()
    t, assignments = np.concatenate([actual.t[:1], drawn.t[1:]]), pseudo.assignments
    reference = len(assignments.labels)
    # Not exact in either case: the actual cohort is none of the pseudo ones, so it is always counted in.
    p_value = float(share_at_least(np.abs(t), is_exact=False))
    is_zero = (drawn.observed[1:] == 0) | (drawn.expected[1:] == 0)
    return replace(
        row,
        std_error=float(actual.std_error[0]),
        p_value=p_value,
        p_mc_error=assignments.mc_error(p_value),
        inference="comparison_only",
        null_tested=NULL_TESTED,
        n_assignments=assignments.reported_count,
        smallest_p=1 / (1 + reference),
        zero_draw_share=float(is_zero.mean()),
    )
