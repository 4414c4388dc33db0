"""Alternatives: the same effect under choices that others could have made, one at a time.

Each check is one kind of choice; its details are the alternatives, each with its estimate, interval and p-value, or
with the reason why it gives none. The verdict is that of `helpers.checks.alternative_verdicts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpers.checks.alternative_verdicts import (
    ADDS_NOTHING,
    CANCELS,
    IN_PERIODS,
    NO_HORIZON,
    NOBODY_NEVER,
    ONE_COHORT,
    ONE_POPULATION,
    TOO_FEW,
    estimates_of,
    judge_alternatives,
    log_size,
)
from helpers.checks.choices import (
    WINDOW_GONE,
    Choice,
    cells_of,
    design_of,
    earlier_ends,
    later_starts,
    other_donuts,
    other_timings,
    other_wards,
    own_choice,
    populations,
    positions_kept,
)
from helpers.checks.claim import HALF_SOURCE, OVERALL, half_of, lighter
from helpers.checks.gates import Check, Detail
from helpers.errors import DesignError, EstimationError
from helpers.estimation.effects import EffectRow
from helpers.estimation.estimands import Estimand, build_target, common_horizon_estimands
from helpers.estimation.library_ratios import library_ratios
from helpers.estimation.multiplicative import Adjustment
from helpers.estimation.specification import Specification
from helpers.estimation.twfe_poisson import twfe_poisson
from helpers.inference.adjusted_draws import draw_adjusted
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import Assignments
from helpers.inference.randomisation import LEVEL, share_at_least
from helpers.inference.relabellings import choose_relabellings, ending_with
from helpers.inference.variants import NO_PEOPLE, Model, Variant, VariantDraws, draw_variant
from helpers.study.design import NEVER, Design, Worlds, build_design, build_worlds
from helpers.study.objects import Study

Array = npt.NDArray[np.float64]

ADJUSTED_DRAWS = 99
"""Relabellings of a fit with trends or seasons, each of which takes some milliseconds: the smallest p is 1%."""
QUESTIONS = {
    "timing": "Under the other start dates that the sources admit, is the effect the same?",
    "donut": "With fewer or more periods left out before each start, is the effect the same?",
    "window": "In a window that begins later or ends earlier, is the effect the same?",
    "reading": "Under the other readings of the sources, is the effect the same?",
    "comparison_group": "Compared with wards that were never treated only, is the effect the same?",
    "towns": "Within one town alone, or without a town that was treated as a whole, is the effect the same?",
    "town_season": "If every town has seasons of its own, is the effect the same?",
    "ward_trend": "If every ward has a trend of its own, is the effect the same?",
    "horizon": "Over the time that every cohort has been treated, is the effect the same?",
    "exposure": "Per head instead of in counts, is the effect the same?",
    "estimator": "By other estimators, is the effect the same?",
}
"""What each check asks, by its id, in the order in which they are reported."""
ASSUMPTIONS = {
    "levels": "assumes that wards would have moved by the same number of incidents",
    "rates": "assumes that wards would have moved by the same rate per head",
    "twfe_poisson": "assumes that wards would have moved in proportion, and one effect for all cohorts and times",
    "callaway_santanna": "assumes that wards would have moved by the same number of incidents; whole quarters",
    "sun_abraham": "assumes that wards would have moved by the same number of incidents; whole quarters, compared with "
    "the never treated",
    "linear_imputation_library": "assumes that wards would have moved by the same number of incidents; whole quarters",
}
"""What each estimator maintains; ours assumes that wards would have moved in proportion."""
SAME_CELLS = 0.01
"""Of a log ratio: a fit of many labellings that misses the printed one by more has used other cells."""


def alternatives(analysis: Analysis, study: Study, specification: Specification) -> list[Check]:
    """Return one check per kind of choice (`QUESTIONS`).

    Parameters
    ----------
    analysis : Analysis
        Over all wards of the study; at most 999 relabellings are used.
    study : Study
        Its start dates, readings, towns and populations are the alternatives.
    specification : {"two_way", "town_period"}

    Notes
    -----
    The intervals are approximate (`helpers.inference.variants`). Months, quarters and half-years are no alternative:
    with aligned starts they give the same overall effect.
    """
    looked = _Look(lighter(analysis), study, specification)
    tried = {
        "timing": looked.timings(),
        "donut": looked.donuts(),
        "window": looked.windows(),
        "reading": looked.readings(),
        "comparison_group": looked.comparison_groups(),
        "towns": looked.towns(),
        "town_season": looked.adjusted("town_seasons"),
        "ward_trend": looked.adjusted("ward_trends"),
        "horizon": looked.horizon(),
        "exposure": looked.exposures(),
        "estimator": looked.estimators(),
    }
    claim = looked.main()
    return [_check(looked, name, claim, tuple(tried[name])) for name in QUESTIONS]


@dataclass(frozen=True, slots=True)
class _Look:
    """One indicator under one specification, from which each alternative is taken."""

    own: Analysis
    study: Study
    specification: Specification

    def main(self) -> Detail:
        """Return the claim."""
        return self._of_choice("claim", own_choice(self.own.design))

    def timings(self) -> Iterator[Detail]:
        plain = own_choice(self.own.design)
        for name in other_timings(self.study, self.own.design):
            yield self._of_choice(f"timing:{name}", replace(plain, timing=name))

    def donuts(self) -> Iterator[Detail]:
        plain = own_choice(self.own.design)
        for count in other_donuts(self.own.design):
            yield self._of_choice(f"donut:{count}", replace(plain, anticipation=count))

    def windows(self) -> Iterator[Detail]:
        design, plain = self.own.design, own_choice(self.own.design)
        choices = [replace(plain, skipped=count) for count in later_starts(design)]
        choices += [replace(plain, dropped=count) for count in earlier_ends(design)]
        if not later_starts(design):
            yield Detail("window:a_year_later", reason=WINDOW_GONE)
        for choice in choices:
            left = design.periods[choice.skipped : len(design.periods) - choice.dropped]
            yield self._of_choice(f"window:{left[0]}:{left[-1]}", choice)

    def readings(self) -> Iterator[Detail]:
        """Yield each other reading under the given roster, and its range over all rosters that it admits."""
        own = self.own.design
        for name in sorted({rule.reading for rule in self.study.roster_rules} - {own.reading}):
            window = own.periods[0], own.periods[-1]
            choices = {"timing": own.timing, "reading": name, "anticipation": own.anticipation, "window": window}
            try:
                design = build_design(self.study, roster=own.roster, **choices)  # type: ignore[arg-type]
                yield self._of_design(f"reading:{name}", design)
            except (DesignError, EstimationError) as error:
                yield Detail(f"reading:{name}", reason=str(error))
            try:
                worlds = build_worlds(self.study, **choices)  # type: ignore[arg-type]
                yield self._of_rosters(f"rosters:{name}", worlds)
            except (DesignError, EstimationError) as error:
                yield Detail(f"rosters:{name}", reason=str(error))

    def _of_rosters(self, item: str, worlds: Worlds) -> Detail:
        """Return the range over all rosters: each is a labelling like any other, and one set of draws serves all."""
        variant = self._variant(worlds.design)
        assignments = self._assignments(variant)
        count = len(worlds)
        found = draw_variant(variant, variant.relabelled(np.vstack([worlds.labels, assignments.labels])))
        sizes, drawn = np.abs(found.t[1 : 1 + count]), np.abs(found.t[1 + count :])
        smallest = np.concatenate([[sizes.min()], drawn])
        largest_p = float(share_at_least(smallest, is_exact=assignments.is_exact))
        worlds_ratio = np.expm1(found.log_ratio[1 : 1 + count])
        ends = float(worlds_ratio.min()), float(worlds_ratio.max())
        reason = f"range over {count} rosters; p is the largest"
        return Detail(item, np.nan, *ends, largest_p, reason, assignments.reported_count, assignments.smallest_p)

    def comparison_groups(self) -> Iterator[Detail]:
        reason = ONE_COHORT if len(self.own.design.cohorts) < 2 else ""
        reason = reason or (NOBODY_NEVER if NEVER not in self.own.design.labels else "")
        item = "comparison:never_treated"
        if reason:
            yield Detail(item, reason=reason)
        else:
            yield self._of_variant(item, replace(self._variant(self.own.design), comparison="never_treated"))

    def towns(self) -> Iterator[Detail]:
        plain = own_choice(self.own.design)
        used = other_wards(self.own.design, self.specification)
        for wards in other_wards(self.own.design, "two_way"):
            item = f"wards:{wards}"
            yield (
                self._of_choice(item, replace(plain, wards=wards))
                if wards in used
                else Detail(item, reason=ADDS_NOTHING)
            )

    def adjusted(self, adjustment: Adjustment) -> Iterator[Detail]:
        item = f"adjustment:{adjustment}"
        if adjustment == "town_seasons" and self.specification == "town_period":
            yield Detail(item, reason=IN_PERIODS)
            return
        few = replace(self, own=self.own.with_draws(min(self.own.n_draws, ADJUSTED_DRAWS)))
        variant = few._variant(few.own.design)
        try:
            assignments = few._assignments(variant)
            sums = variant.relabelled(assignments.labels)
            found = draw_adjusted(variant, sums, assignments.labels, adjustment)
        except EstimationError as error:
            yield Detail(item, reason=str(error))
            return
        if abs(np.log1p(found.estimate) - found.log_ratio[0]) > SAME_CELLS and found.estimate > -1:
            yield Detail(item, found.estimate, reason=TOO_FEW)
        else:
            yield _detail(item, found, assignments)

    def horizon(self) -> Iterator[Detail]:
        everyone = next(iter(common_horizon_estimands(self.own.design)), None)
        if everyone is None or everyone.relative_last is None:
            yield Detail("horizon", reason=NO_HORIZON)
        else:
            item = f"horizon:{everyone.relative_last + 1}"
            yield self._of_variant(item, self._variant(self.own.design, everyone))

    def exposures(self) -> Iterator[Detail]:
        people = populations(self.study, self.own.design)
        years = sorted({ward.population_year for ward in self.study.wards if ward.population_year is not None})
        if people is None:
            yield Detail("population:unknown", reason=NO_PEOPLE)
            return
        yield Detail(f"population:{'–'.join(str(year) for year in years)}", reason=CANCELS)
        yield Detail("population:second", reason=ONE_POPULATION)

    def estimators(self) -> Iterator[Detail]:
        variant = replace(self._variant(self.own.design), people=populations(self.study, self.own.design))
        models: tuple[Model, ...] = ("levels", "rates")
        for model in models:
            found = self._of_variant(f"estimator:{model}", replace(variant, model=model))
            yield found if found.reason else replace(found, reason=ASSUMPTIONS[model])
        if self.specification == "two_way":
            plain = self.own.outcome, self.own.design, self.own.indicator
            for row in (*twfe_poisson(*plain).rows, *library_ratios(*plain)):
                yield _of_row(row)

    def _of_choice(self, item: str, choice: Choice) -> Detail:
        try:
            whole = design_of(self.study, self.own.design, choice)
        except (DesignError, EstimationError) as error:
            return Detail(item, reason=str(error))
        kept = positions_kept(whole, choice.wards)
        return self._of_design(item, whole.with_wards(kept))

    def _of_design(self, item: str, design: Design) -> Detail:
        return self._of_variant(item, self._variant(design))

    def _variant(self, design: Design, estimand: Estimand = OVERALL) -> Variant:
        ending = ending_with(design, estimand)
        return Variant(cells_of(self.own, ending), ending, self.specification, estimand)

    def _of_variant(self, item: str, variant: Variant) -> Detail:
        try:
            assignments = self._assignments(variant)
            found = draw_variant(variant, variant.relabelled(assignments.labels))
        except EstimationError as error:
            return Detail(item, reason=str(error))
        return _detail(item, found, assignments)

    def _assignments(self, variant: Variant) -> Assignments:
        target = build_target(variant.design, self.specification, variant.estimand)
        if not target.is_estimable:
            where = "of the same town " if self.specification == "town_period" else ""
            raise EstimationError(f"No ward {where}is still untreated then: nothing identifies the counterfactual.")
        own = self.own
        return choose_relabellings(variant.design, target, n_draws=own.n_draws, seed=own.seed, level=LEVEL).assignments


def _detail(item: str, found: VariantDraws, assignments: Assignments) -> Detail:
    is_exact = assignments.is_exact
    ends, p_value = found.interval(is_exact=is_exact), found.p_value(is_exact=is_exact)
    return Detail(item, found.estimate, *ends, p_value, "", assignments.reported_count, assignments.smallest_p)


def _of_row(row: EffectRow) -> Detail:
    reason = row.reason or ASSUMPTIONS[row.estimator]
    return Detail(f"estimator:{row.estimator}", row.estimate, row.conf_low, row.conf_high, row.p_value, reason)


def _check(looked: _Look, name: str, claim: Detail, details: tuple[Detail, ...]) -> Check:
    verdict, reason = judge_alternatives(name, claim, details)
    moved = [end for detail in details for end in estimates_of(detail)]
    has_claim = np.isfinite(claim.estimate)
    own = log_size(claim.estimate) if has_claim else np.nan
    farthest = max(moved, key=lambda end: abs(log_size(end) - own), default=np.nan) if has_claim else np.nan
    return Check(
        looked.own.indicator,
        looked.specification,
        name,
        QUESTIONS[name],
        farthest,
        half_of(claim.estimate) if has_claim else np.nan,
        HALF_SOURCE if has_claim else "",
        verdict,
        reason,
        details,
    )
