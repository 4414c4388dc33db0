"""Simulated studies with known truth: the data-generating process, and a writer of the returns an office would send.

`simulate_study` regenerates the returns of a synthetic study folder. For experiments, `build_process` turns a study,
`ProcessParameters` and `Effect` s into a `Process`, which `draw_counts` draws from and whose means `expected_counts`
gives exactly.
"""

from helpers.simulation.counts import simulate_counts, study_process
from helpers.simulation.parameters import WORLDS, ProcessParameters, World, load_parameters
from helpers.simulation.process import (
    Draw,
    Process,
    build_process,
    draw_counts,
    expected_counts,
    no_effects,
    without_programme,
)
from helpers.simulation.returns import simulate_study, write_returns
from helpers.simulation.truth import Effect, read_effects, truth_table

__all__ = [
    "WORLDS",
    "Draw",
    "Effect",
    "Process",
    "ProcessParameters",
    "World",
    "build_process",
    "draw_counts",
    "expected_counts",
    "load_parameters",
    "no_effects",
    "read_effects",
    "simulate_counts",
    "simulate_study",
    "study_process",
    "truth_table",
    "without_programme",
    "write_returns",
]
