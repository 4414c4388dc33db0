"""Counts of one replication, each with random streams of its own, keyed by cell, true effect and number.

The equations are those of `helpers.simulation.process`: one series, and no levels, seasons or lockdowns except in the
world "shipped", which has the shipped study's own.

"""

import zlib

import numpy as np

from helpers.simulation.shocks import autoregressive_shocks, positions_in
from size_of_tests.cells import Setting, build_setting

SEED = 20_261_123
CASES = {
    "null": (1.0, 1.0),
    "-20%": (0.80, 0.80),
    "-39%": (0.61, 0.61),
    "-63%": (0.37, 0.37),
    "+50%": (1.50, 1.50),
    "unequal": (0.37, 0.80),
}
"""True ratios of the two cohorts; "null" is the coverage at 0."""
EFFECTS = tuple(case for case in CASES if case != "null")
POWER_CASES = ("-39%", "-63%")


def draw_replication(cell: str, case: str, replication: int) -> tuple[np.ndarray, int]:
    """Return one replication's counts and the seed of its relabellings."""
    key = (zlib.crc32(f"{cell}/{case}".encode()), replication)
    data, relabel = np.random.SeedSequence(SEED, spawn_key=key).spawn(2)
    outcome = draw_outcome(build_setting(cell), CASES[case], np.random.default_rng(data))
    return outcome, int(relabel.generate_state(1)[0])


def draw_outcome(setting: Setting, ratios: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return counts, shape (W, P), of one series: equations in `helpers.simulation.process`, full effect at once."""
    design, law = setting.design, setting.shocks
    towns, town_of = positions_in(design.town_codes)
    periods = len(design.periods)
    ward = autoregressive_shocks(rng, len(design.ward_ids), periods, law.ward)
    town = autoregressive_shocks(rng, len(towns), periods, law.town)[town_of]
    factors = np.exp(ward + town - (law.ward.sd**2 + law.town.sd**2) / 2)
    effect = np.ones_like(factors)
    for cohort, ratio in enumerate(ratios):
        effect[np.array(design.labels) == cohort, design.starts[cohort] :] = ratio
    gamma = rng.gamma(1 / setting.kappa, setting.kappa, factors.shape)
    return rng.poisson(setting.means * factors * gamma * effect).astype(float)
