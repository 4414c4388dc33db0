"""Whether the estimates of a simulated study find the effects it was simulated with.

The only place beside the simulation itself where the truth is looked at; notebook 04 shows it, nothing else reads it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.batch.workspace import Step
from helpers.estimation.estimands import Estimand, build_target
from helpers.estimation.library_estimators import ESTIMATORS
from helpers.simulation import expected_counts, study_process, without_programme
from helpers.simulation.truth import TRUTH_FILE
from helpers.study import Design
from helpers.study.design import TREATED
from helpers.study.periods import PERIODS_PER_YEAR

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COLUMNS = (
    *("specification", "estimator", "inference", "estimand", "cohort", "scale"),
    *("estimate", "conf_low", "conf_high", "true_effect", "error", "is_covered"),
)
ESTIMANDS, SCALES = ("overall", "cohort"), ("ratio", "level")
QUARTERS_PER_YEAR = 4
"""The library's estimators work on quarters, so their levels are incidents per ward and quarter."""


def compare_with_truth(step: Step) -> pd.DataFrame:
    """Return a step's overall and cohort effects by every printed method beside the true ones.

    Returns
    -------
    DataFrame
        Per method (specification, estimator, inference) and cohort: estimate and interval on the method's own scale,
        the true effect on recorded figures in the cells that the specification can estimate, the error, and whether the
        interval holds the truth (missing where there is none). No rows where the data are not simulated.

    Notes
    -----
    The truth is exact: means of the process with and without the programme, given the wards' levels, over everything
    that passes. On the ratio scale it is their sums' ratio minus one, on the level scale their mean difference per
    ward-period (per ward-quarter for the library's estimators). A method that assumes level parallel trends, or mixes
    cohorts, may miss it without a mistake in it: that is what the table is for.
    """
    if step.study.origin != "synthetic" or not (step.study.folder / TRUTH_FILE).is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    estimates = step.table("estimates")
    wanted = (
        estimates["indicator"].eq(step.indicator.indicator)
        & estimates["estimand"].isin(ESTIMANDS)
        & estimates["scale"].isin(SCALES)
        & estimates["estimate"].notna()
    )
    rows = estimates.loc[wanted]
    truth = _true_means(step)
    true = [_true_effect(truth, step.design, row) for _, row in rows.iterrows()]
    compared = rows.assign(true_effect=np.array(true, dtype=float))
    has_interval = compared["conf_low"].notna() & compared["conf_high"].notna()
    covered = compared["conf_low"].le(compared["true_effect"]) & compared["true_effect"].le(compared["conf_high"])
    compared = compared.assign(
        error=compared["estimate"] - compared["true_effect"],
        is_covered=covered.astype("boolean").where(has_interval),
    )
    return compared.loc[:, list(COLUMNS)].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class TrueMeans:
    """Means of recorded figures with and without the programme, each of shape (W, P) in a design's order.

    `denominators` are those of the indicator a ratio is taken over; None for a count.
    """

    with_programme: Matrix
    without: Matrix
    denominators: tuple[Matrix, Matrix] | None

    def ratio(self, cells: Mask) -> float:
        """Return the true ratio minus one over some cells."""
        effect = self.with_programme[cells].sum() / self.without[cells].sum()
        if self.denominators is not None:
            effect /= self.denominators[0][cells].sum() / self.denominators[1][cells].sum()
        return float(effect - 1)

    def level(self, cells: Mask) -> float:
        """Return the true difference per ward-period over some cells."""
        return float((self.with_programme[cells] - self.without[cells]).mean())


def _true_means(step: Step) -> TrueMeans:
    process, design, own = study_process(step.study), step.design, step.indicator
    wards = [process.design.ward_ids.index(ward) for ward in design.ward_ids]
    periods = [process.design.periods.index(period) for period in design.periods]
    worlds = [expected_counts(one) for one in (process, without_programme(process))]

    def both(indicator: str) -> tuple[Matrix, Matrix]:
        with_programme, without = (world[indicator][np.ix_(wards, periods)] for world in worlds)
        return with_programme, without

    return TrueMeans(*both(own.indicator), both(own.denominator) if own.denominator else None)


def _true_effect(truth: TrueMeans, design: Design, row: pd.Series) -> float:
    estimand = Estimand(row["estimand"], row["cohort"])
    cells = _estimable_cells(design, row["specification"], estimand)
    if not cells.any():
        return np.nan
    if row["scale"] == "ratio":
        return truth.ratio(cells)
    periods = PERIODS_PER_YEAR[design.period_kind] / QUARTERS_PER_YEAR if row["estimator"] in ESTIMATORS else 1
    return truth.level(cells) * periods


def _estimable_cells(design: Design, specification: str, estimand: Estimand) -> Mask:
    """Return the treated ward-periods that a specification can estimate; all of them unless it is town × period."""
    cells = estimand.cells(design)
    if specification != "town_period":
        return np.asarray(cells & (design.cell_states() == TREATED))
    target = build_target(design, "town_period", estimand)
    block_of = np.searchsorted(target.blocks.firsts, np.arange(len(design.periods)), side="right") - 1
    found = np.zeros_like(cells)
    for own, mask in zip(target.members, target.masks, strict=True):
        # The last group, of the never treated, is also what their label −1 points at.
        found[own] = mask[design.label_array[own]][:, block_of]
    return np.asarray(found & cells)
