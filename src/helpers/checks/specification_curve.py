"""The specification curve: every estimate that reasonable people could have printed, and all of them together.

`CONTENTS` says what is crossed with what. Under each specification all combinations are computed on the same
relabellings of wards, so the whole curve can be set against the curves that relabelling makes
(`helpers.inference.joint_picture`). It is a picture and never a verdict: the combinations are not independent looks at
the data, and that many agree does not make their common assumption true.

References: simonsohn2020 (specification curve analysis).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from helpers.checks.alternative_verdicts import NO_HORIZON, NOBODY_NEVER
from helpers.checks.choices import (
    ALL_WARDS,
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
from helpers.checks.claim import OVERALL, lighter
from helpers.checks.curve_rows import NATIVE, OUTSIDE, CurveRow, SpecificationCurve
from helpers.errors import DesignError, EstimationError
from helpers.estimation.blocks import strata
from helpers.estimation.comparisons import COMPARISONS, Comparison
from helpers.estimation.estimands import common_horizon_estimands
from helpers.estimation.library_ratios import LIBRARY, library_ratios
from helpers.estimation.specification import Specification
from helpers.inference.analysis import Analysis
from helpers.inference.assignments import reassign
from helpers.inference.joint_picture import joint_picture
from helpers.inference.relabelled_sums import RelabelledSums
from helpers.inference.variants import MODELS, Model, Variant, VariantDraws, draw_variant
from helpers.study.design import NEVER, Design, Labels
from helpers.study.objects import Study

Array = npt.NDArray[np.float64]

CONTENTS: tuple[frozenset[str], ...] = (
    frozenset({"timing", "donut", "end", "wards", "comparison", "model"}),
    frozenset({"timing", "donut", "end", "start", "comparison", "model"}),
    frozenset({"timing", "donut", "end", "horizon", "comparison", "model"}),
)
"""Each chapter crosses its dimensions in full; the others stay as the run has them. Not every dimension is crossed with
every other: a later start and a common horizon change an estimate little, and crossing them with the wards kept would
fill the curve with near copies, which count as agreement."""
SAME_DIGITS = 10
"""Specifications that expect the same and give the same estimate to so many digits use the same cells: one is kept."""


def specification_curve(analysis: Analysis, study: Study, specification: Specification) -> SpecificationCurve:
    """Return the specification curve of the overall effect.

    Parameters
    ----------
    analysis : Analysis
        Over all wards of the study; at most 999 relabellings are used.
    study : Study
        Start dates, towns and populations.
    specification : {"two_way", "town_period"}
        Also the scheme of relabelling: over all wards, or within towns. A specification of some wards only is computed
        on those, under the same relabellings of all.

    Raises
    ------
    EstimationError
        If the analysis is not over all wards of the study.
    """
    own = lighter(analysis)
    assignments = reassign(
        own.design.label_array, strata(own.design, specification), n_draws=own.n_draws, seed=own.seed
    )
    told, absent = [], []
    for row, found in _distinct(_native(own, study, specification, assignments.labels)):
        if isinstance(found, str):
            absent.append(replace(row, reason=found))
        else:
            told.append((_filled(row, found, is_exact=assignments.is_exact), found))
    told.sort(key=lambda pair: pair[0].estimate)
    picture = None
    if told:
        t, log_ratio = (np.array([getattr(found, name) for _, found in told]) for name in ("t", "log_ratio"))
        picture = joint_picture(t, log_ratio, is_exact=assignments.is_exact)
    outside = _library(own, study) if specification == "two_way" else []
    rows = (*(row for row, _ in told), *absent, *outside)
    return SpecificationCurve(analysis.indicator, specification, rows, picture, assignments)


def _distinct(pairs: Iterator[tuple[CurveRow, VariantDraws | str]]) -> Iterator[tuple[CurveRow, VariantDraws | str]]:
    seen: set[tuple[float, float]] = set()
    for row, found in pairs:
        if not isinstance(found, str):
            key = round(found.estimate, SAME_DIGITS), round(found.expected, SAME_DIGITS)
            if key in seen:
                continue
            seen.add(key)
        yield row, found


def _native(
    own: Analysis, study: Study, specification: Specification, labels: Labels
) -> Iterator[tuple[CurveRow, VariantDraws | str]]:
    """Yield each combination with its draws, or with the reason why there are none."""
    people = populations(study, own.design)
    for place, ways in combinations(study, own.design, specification, has_people=people is not None).items():
        found = _sums(own, study, specification, place, labels, people)
        for comparison, model in ways:
            row = _row(own, specification, place, comparison, model)
            yield row, found if isinstance(found, str) else _draws(*found, comparison, model)


@dataclass(frozen=True, slots=True)
class Place:
    """What variants of one estimate share: the choices that make a design, and the estimand."""

    choice: Choice
    is_horizon: bool


def combinations(
    study: Study, design: Design, specification: Specification, *, has_people: bool
) -> dict[Place, list[tuple[Comparison, Model]]]:
    """Return every combination that `CONTENTS` asks for, once, the run's own first."""
    own = own_choice(design)
    options: dict[str, tuple[Any, ...]] = {
        "timing": (own.timing, *other_timings(study, design)),
        "donut": (own.anticipation, *other_donuts(design)),
        "start": (0, *later_starts(design)),
        "end": (0, *earlier_ends(design)),
        "wards": (ALL_WARDS, *other_wards(design, specification)),
        "horizon": (False, True) if common_horizon_estimands(design) else (False,),
        "comparison": COMPARISONS if len(design.cohorts) > 1 else COMPARISONS[:1],
        "model": MODELS if has_people else MODELS[:2],
    }
    found: dict[Place, list[tuple[Comparison, Model]]] = {}
    for chapter in CONTENTS:
        crossed = (values if name in chapter else values[:1] for name, values in options.items())
        for timing, donut, start, end, wards, horizon, comparison, model in itertools.product(*crossed):
            ways = found.setdefault(Place(Choice(timing, donut, start, end, wards), horizon), [])
            if (comparison, model) not in ways:
                ways.append((comparison, model))
    return found


def _sums(
    own: Analysis,
    study: Study,
    specification: Specification,
    place: Place,
    labels: Labels,
    people: Array | None,
) -> tuple[Variant, RelabelledSums] | str:
    """Return the sums of one design under every labelling, or why there are none."""
    try:
        whole = design_of(study, own.design, place.choice)
    except (DesignError, EstimationError) as error:
        return str(error)
    kept = positions_kept(whole, place.choice.wards)
    design = whole.with_wards(kept)
    horizons = common_horizon_estimands(design)
    if place.is_horizon and not horizons:
        return NO_HORIZON
    variant = Variant(
        outcome=cells_of(own, design),
        design=design,
        specification=specification,
        estimand=horizons[0] if place.is_horizon else OVERALL,
        people=None if people is None else people[kept],
    )
    try:
        return variant, variant.relabelled(recoded(labels, own.design, design)[:, kept])
    except EstimationError as error:
        return str(error)


def recoded(labels: Labels, own: Design, other: Design) -> Labels:
    """Return labellings in the codes of another design's cohorts; cohorts that it lacks are untreated there."""
    codes = [other.cohorts.index(name) if name in other.cohorts else NEVER for name in own.cohorts]
    return np.array([*codes, NEVER], dtype=np.int8)[labels]


def _draws(variant: Variant, sums: RelabelledSums, comparison: Comparison, model: Model) -> VariantDraws | str:
    if comparison == "never_treated" and NEVER not in variant.design.labels:
        return NOBODY_NEVER
    try:
        return draw_variant(replace(variant, comparison=comparison, model=model), sums)
    except EstimationError as error:
        return str(error)


def _row(own: Analysis, specification: Specification, place: Place, comparison: Comparison, model: Model) -> CurveRow:
    choice, periods = place.choice, own.design.periods
    is_own = (place, comparison, model) == (Place(own_choice(own.design), False), COMPARISONS[0], MODELS[0])
    return CurveRow(
        specification=specification,
        kind=NATIVE,
        estimator=model,
        timing=choice.timing,
        anticipation=choice.anticipation,
        window_first=periods[choice.skipped],
        window_last=periods[len(periods) - 1 - choice.dropped],
        wards=choice.wards,
        comparison=comparison,
        estimand="common_horizon" if place.is_horizon else OVERALL.kind,
        is_own="yes" if is_own else "",
    )


def _filled(row: CurveRow, found: VariantDraws, *, is_exact: bool) -> CurveRow:
    low, high = found.interval(is_exact=is_exact)
    return replace(
        row,
        estimate=found.estimate,
        conf_low=low,
        conf_high=high,
        p_value=found.p_value(is_exact=is_exact),
        inference="randomisation",
    )


def _library(own: Analysis, study: Study) -> list[CurveRow]:
    """Return the library's estimators under every timing and donut, with their own inference."""
    rows = []
    donuts = (own.design.anticipation, *other_donuts(own.design))
    for timing, donut in itertools.product((own.design.timing, *other_timings(study, own.design)), donuts):
        place = Place(Choice(timing, donut), False)
        plain = replace(_row(own, "two_way", place, COMPARISONS[0], MODELS[0]), kind=OUTSIDE, is_own="")
        try:
            design = design_of(study, own.design, place.choice)
        except (DesignError, EstimationError) as error:
            rows.append(replace(plain, estimator=LIBRARY, reason=str(error)))
            continue
        cells = cells_of(own, design)
        rows += [
            replace(
                plain,
                estimator=found.estimator,
                comparison="never_treated" if found.estimator == "sun_abraham" else COMPARISONS[0],
                estimate=found.estimate,
                conf_low=found.conf_low,
                conf_high=found.conf_high,
                p_value=found.p_value,
                inference=found.inference,
                note=found.note,
                reason=found.reason,
            )
            for found in library_ratios(cells, design, own.indicator)
        ]
    return rows
