"""The random parts of the process that come before any count: levels, autoregressive shocks, random streams."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from helpers.simulation.parameters import Autoregression

Matrix = npt.NDArray[np.float64]


def random_stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of one named part of a simulation.

    Each part has its own stream, so a series added or removed leaves the draws of all others as they were.

    Examples
    --------
    >>> bool(random_stream(7, "fires").random() == random_stream(7, "fires").random())
    True
    """
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])


def autoregressive_shocks(rng: np.random.Generator, units: int, periods: int, law: Autoregression) -> Matrix:
    """Return stationary AR(1) paths, shape (units, periods): mean 0, sd `law.sd`, lag-one correlation `law.rho`."""
    steps = rng.standard_normal((units, periods))
    paths = steps.copy()
    for period in range(1, periods):
        paths[:, period] = law.rho * paths[:, period - 1] + np.sqrt(1 - law.rho**2) * steps[:, period]
    return law.sd * paths


def positions_in(names: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """Return the distinct names, sorted, and the position of each given name among them."""
    distinct = tuple(sorted(set(names)))
    return distinct, np.array([distinct.index(name) for name in names], dtype=np.intp)
