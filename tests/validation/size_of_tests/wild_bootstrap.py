"""The two-way linear regression on matrices, and its restricted wild cluster bootstrap."""

import numpy as np

from helpers.study.design import TREATED, Design

WILD_DRAWS = 199


def wild_bootstrap_p(outcome: np.ndarray, design: Design, rng: np.random.Generator) -> float:
    """Return p of the restricted wild cluster bootstrap of the two-way linear regression, Rademacher by ward.

    Residuals u of the fit without effect have zero row and column means, so those of the signed ones, g·u, are
    g·u − (column means of g·u).
    """
    signs = rng.choice([-1.0, 1.0], size=(WILD_DRAWS, len(outcome)))
    signs = np.vstack([np.ones(len(outcome)), signs])
    t = np.abs(bootstrap_t(demeaned(outcome), demeaned(treated_cells(design)), signs))
    return float((1 + (t[1:] >= t[0] * (1 - 1e-9)).sum()) / (1 + WILD_DRAWS))


def bootstrap_t(residuals: np.ndarray, treated: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return, per row of signs (B, W), the clustered t (no small-sample factor) of the signed residuals."""
    weight, by_ward = (treated**2).sum(), (treated**2).sum(axis=1)
    column_means = signs @ residuals / len(residuals)
    moments = signs * (treated * residuals).sum(axis=1) - column_means @ treated.T
    slopes = moments.sum(axis=1) / weight
    scores = moments - slopes[:, None] * by_ward
    return slopes * weight / np.sqrt((scores**2).sum(axis=1))


def demeaned(matrix: np.ndarray) -> np.ndarray:
    """Return a (W, P) matrix without its row and column means."""
    return matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0, keepdims=True) + matrix.mean()


def treated_cells(design: Design) -> np.ndarray:
    """Return 1 in treated cells, shape (W, P); the donut counts as untreated, as in the libraries' defaults."""
    return (design.cell_states() == TREATED).astype(float)
