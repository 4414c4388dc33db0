"""The true effects of a simulated programme: what estimators must find, and may never read.

``synthetic/truth.csv`` holds one row per indicator and cohort. Only this floor, the tests and the recovery cell of
notebook 04 read it.

An effect is a ratio minus one at full strength. Over the ramp it grows in equal steps: in relative period k (0 = first
treated) the multiplier is ``1 + effect · min(1, (k + 1) / ramp_periods)``. Growing by equal steps *of the ratio* (not
of its logarithm) keeps nesting exact: the effect on a whole is the share-weighted mean of its parts' effects in every
period.

kinds : ``true`` incidents change; ``recording`` incidents stay, the recorded share changes; ``mixed`` a whole, one part
of which changes by recording only; ``none`` nothing changes. For the clearance ratio the effect is one on cleared
cases *per recorded case*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import DataProblems, Problem
from helpers.simulation.parameters import ProcessParameters, problem
from helpers.study.design import Design
from helpers.study.objects import Study

TRUTH_FILE = "synthetic/truth.csv"
EffectKind = Literal["true", "recording", "mixed", "none"]
EFFECT_KINDS: tuple[EffectKind, ...] = ("true", "recording", "mixed", "none")
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of ``synthetic/truth.csv``: the effect on one indicator in the wards of one cohort.

    Attributes
    ----------
    indicator, cohort : str
        Whose effect it is.
    kind : {"true", "recording", "mixed", "none"}
        What changes: incidents, the share recorded, both, or nothing.
    effect : float
        Ratio minus one at full strength; above −1.
    ramp_periods : int
        Periods until full strength; 1 means from the first.
    """

    indicator: str
    cohort: str
    kind: EffectKind
    effect: float
    ramp_periods: int


COLUMNS = tuple(field.name for field in fields(Effect))


@dataclass(frozen=True, slots=True)
class EffectPaths:
    """Multipliers of one indicator, each of shape (W, P): of its incidents, and of the share of them recorded."""

    incidence: Matrix
    recording: Matrix

    @property
    def recorded(self) -> Matrix:
        """Return the multiplier of recorded incidents."""
        return self.incidence * self.recording


def truth_table(study: Study) -> pd.DataFrame:
    """Return the true effects as a table: indicator, cohort, kind, effect (ratio − 1 at full ramp), ramp_periods.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> truth = truth_table(load_study("nghe_an"))
    >>> truth.loc[truth["indicator"].eq("traffic_crashes"), "kind"].unique().tolist()
    ['none']
    """
    return pd.DataFrame(read_effects(study), columns=list(COLUMNS))


def read_effects(study: Study) -> tuple[Effect, ...]:
    """Return the rows of ``synthetic/truth.csv``, sorted by indicator and cohort.

    Raises
    ------
    DataProblems
        If the file is absent or of another form, or a row's kind, effect or ramp contradict what they mean.
    """
    path = study.folder / TRUTH_FILE
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataProblems([_problem("", "", f"a table of true effects ({error})", "Write it")]) from None
    if tuple(table.columns) != COLUMNS:
        found = ", ".join(table.columns)
        raise DataProblems([_problem("row 1", found, f"columns {', '.join(COLUMNS)}", "Name the columns so")])
    lines = list(table.itertuples(index=False, name=None))
    problems = [found for row, line in enumerate(lines, start=2) for found in _row_problems(row, *line)]
    if problems:
        raise DataProblems(problems)
    effects = (
        Effect(indicator, cohort, cast(EffectKind, kind), float(effect), int(ramp))
        for indicator, cohort, kind, effect, ramp in lines
    )
    return tuple(sorted(effects, key=lambda row: (row.indicator, row.cohort)))


def check_effects(effects: Sequence[Effect], parameters: ProcessParameters, design: Design) -> None:
    """Raise unless every simulated indicator has exactly one effect in every cohort of the design.

    Raises
    ------
    DataProblems
        Listing the pairs that are missing, double or unknown.
    """
    expected = [(indicator, cohort) for indicator in parameters.indicators for cohort in design.cohorts]
    found = [(row.indicator, row.cohort) for row in effects]
    wrong = sorted(pair for pair in {*expected, *found} if expected.count(pair) != found.count(pair))
    if wrong:
        rule = "one row per simulated indicator and cohort"
        raise DataProblems(_problem("", ", ".join(pair), rule, "Add, merge or remove it") for pair in wrong)


def effect_paths(effects: Sequence[Effect], design: Design, indicator: str) -> EffectPaths:
    """Return an indicator's multipliers by ward and period: 1 wherever and whenever the programme is absent.

    Examples
    --------
    >>> from helpers.study import build_design, load_study
    >>> study = load_study("nghe_an")
    >>> float(effect_paths(read_effects(study), build_design(study), "traffic_crashes").recorded.max())
    1.0
    """
    incidence = np.ones((len(design.ward_ids), len(design.periods)))
    recording = incidence.copy()
    for row in effects:
        if row.indicator != indicator or row.cohort not in design.cohorts:
            continue
        cohort = design.cohorts.index(row.cohort)
        since = np.arange(len(design.periods)) - design.starts[cohort]
        strength = np.where(since >= 0, np.minimum(1.0, (since + 1) / row.ramp_periods), 0.0)
        target = recording if row.kind == "recording" else incidence
        target[design.label_array == cohort] = 1.0 + row.effect * strength
    return EffectPaths(incidence=incidence, recording=recording)


def _row_problems(row: int, indicator: str, cohort: str, kind: str, effect: str, ramp: str) -> list[Problem]:
    problems = []
    if kind not in EFFECT_KINDS:
        problems.append(_problem(f"row {row}, kind", kind, f"one of {', '.join(EFFECT_KINDS)}", "Choose one"))
    if not (ramp.isdecimal() and int(ramp) >= 1):
        problems.append(_problem(f"row {row}, ramp_periods", ramp, "a whole number from 1", "Write one"))
    try:
        is_possible = -1 < float(effect) < np.inf
    except ValueError:
        is_possible = False
    at = f"row {row}, effect"
    if not is_possible:
        problems.append(_problem(at, effect, "a ratio minus one, above −1", "Write −0.5 for a halving"))
    elif (float(effect) == 0) != (kind == "none"):
        problems.append(_problem(at, effect, "0 if and only if the kind is none", "Correct one of the two"))
    return problems


def _problem(cell: str, value: str, rule: str, remedy: str) -> Problem:
    return problem(cell, value, rule, remedy, file=TRUTH_FILE)
