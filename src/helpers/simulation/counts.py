"""From a study to its simulated counts, as one long table."""

import numpy as np
import pandas as pd

from helpers.simulation.parameters import ProcessParameters, load_parameters
from helpers.simulation.process import Process, build_process, draw_counts, expected_counts, without_programme
from helpers.simulation.truth import read_effects
from helpers.study.design import build_design
from helpers.study.objects import Study

COUNT_TABLE_COLUMNS = ("ward_id", "town_code", "period", "indicator", "value", "expected", "expected_untreated")


def study_process(study: Study, *, parameters: ProcessParameters | None = None) -> Process:
    """Return the process that a study folder describes: its parameters, its truth, its given roster.

    Parameters
    ----------
    study : Study
        A study with ``synthetic/process.toml`` and ``synthetic/truth.csv``.
    parameters : ProcessParameters, optional
        Others than the study's own, e.g. ``replace(load_parameters(study), shocks=WORLDS["A"])``.

    Raises
    ------
    DataProblems
        If one of the two files is absent or wrong.
    DesignError
        If the status of a ward is unknown and no roster is given.
    """
    own = load_parameters(study) if parameters is None else parameters
    design = build_design(study, timing=own.timing, roster="given")
    return build_process(study, own, read_effects(study), design=design)


def simulate_counts(study: Study, *, seed: int | None = None) -> pd.DataFrame:
    """Return one draw of a study's counts, beside what was to be expected.

    Parameters
    ----------
    study : Study
        As for `study_process`.
    seed : int, optional
        Of shocks and counts; by default the one in ``process.toml``, which the levels of wards and towns always use.

    Returns
    -------
    DataFrame
        Sorted by ward, period and indicator; ``value`` the recorded count, ``expected`` its mean given the levels,
        ``expected_untreated`` the same had there been no programme. The true effect on any set of cells is the ratio of
        the sums of the two, minus one.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> counts = simulate_counts(load_study("nghe_an"))
    >>> crashes = counts.loc[counts["indicator"].eq("traffic_crashes")]
    >>> bool((crashes["expected"] == crashes["expected_untreated"]).all())
    True
    """
    process = study_process(study)
    draws = draw_counts(process, seed=process.parameters.seed if seed is None else seed)
    expected, untreated = expected_counts(process), expected_counts(without_programme(process))
    design = process.design
    wards, periods = len(design.ward_ids), len(design.periods)
    tables = [
        pd.DataFrame(
            {
                "ward_id": np.repeat(design.ward_ids, periods),
                "town_code": np.repeat(design.town_codes, periods),
                "period": np.tile(design.periods, wards),
                "indicator": indicator,
                "value": draw.recorded.ravel(),
                "expected": expected[indicator].ravel(),
                "expected_untreated": untreated[indicator].ravel(),
            }
        )
        for indicator, draw in draws.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["ward_id", "period", "indicator"], ignore_index=True)[list(COUNT_TABLE_COLUMNS)]
