"""How far predictions are from references, with standard errors over frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from nepkit.core import conventions
from nepkit.frames import Labels, labels
from nepkit.gpumd.predictions import Prediction

Array = NDArray[np.float64]

SAMPLES = 1000
"""Bootstrap samples: the standard error is then known to 2 %."""


@dataclass(frozen=True)
class Accuracy:
    """Errors of one quantity, in its own unit.

    Parameters
    ----------
    count : int
        Numbers compared.
    blocks : int
        Independent parts, as a rule frames.
    rmse, mae, bias : float
        Root mean square, mean absolute and mean of prediction minus reference.
    r2 : float or None
        Share of the variance of the reference that is explained; None where the reference does not vary.
    rmse_error, mae_error, r2_error : float or None
        Standard errors from resampling the blocks; None for fewer than two blocks.
    """

    count: int
    blocks: int
    rmse: float
    mae: float
    bias: float
    r2: float | None
    rmse_error: float | None
    mae_error: float | None
    r2_error: float | None


def accuracy(predicted: ArrayLike, reference: ArrayLike, block: ArrayLike | None = None, *, seed: int = 0) -> Accuracy:
    """Return the errors of predictions with standard errors by a bootstrap over blocks.

    Numbers of one frame err together, so that frames are drawn, not numbers (doi:10.1214/aos/1176347265).

    Parameters
    ----------
    predicted, reference : array_like, shape (R,) or (R, C)
        All components count alike.
    block : array_like of int, shape (R,), optional
        The block of every row; every row its own when left out.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> found = accuracy([1.0, 2.0, 3.5], [1.0, 2.0, 3.0])
    >>> round(found.rmse, 4), round(found.r2, 3), found.blocks
    (0.2887, 0.875, 3)
    """
    target = np.asarray(reference, dtype=float)
    target = target.reshape(len(target), -1)
    error = np.asarray(predicted, dtype=float).reshape(target.shape) - target
    centre = target.mean()  # of small numbers the squares lose fewer digits
    index = np.arange(len(target)) if block is None else np.unique(np.asarray(block), return_inverse=True)[1]
    terms = (np.ones_like(error), np.abs(error), error, error**2, target - centre, (target - centre) ** 2)
    sums = np.stack([np.bincount(index, term.sum(axis=1)) for term in terms])  # (6, blocks)
    blocks = sums.shape[1]
    rmse, mae, r2 = _figures(sums.sum(axis=1)[:, None])
    spread: list[float | None] = [None, None, None]
    if blocks > 1:
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(blocks, np.full(blocks, 1.0 / blocks), size=SAMPLES)
        spread = [_spread(values) for values in _figures(sums @ drawn.T.astype(float))]
    return Accuracy(
        count=error.size,
        blocks=blocks,
        rmse=float(rmse[0]),
        mae=float(mae[0]),
        bias=float(error.mean()),
        r2=None if np.isnan(r2[0]) else float(r2[0]),
        rmse_error=spread[0],
        mae_error=spread[1],
        r2_error=spread[2],
    )


def _figures(sums: Array) -> tuple[Array, Array, Array]:
    """Return root mean square, mean absolute error and R2 of columns of sums over blocks."""
    count, absolute, _, squares, first, second = sums
    variance = second - first**2 / count
    varies = variance > 1e-12 * np.maximum(second, 1e-300)
    r2 = np.where(varies, 1.0 - squares / np.where(varies, variance, 1.0), np.nan)
    return np.sqrt(squares / count), absolute / count, r2


def _spread(values: Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else None


def predictions_of(frames: Sequence[Atoms], found: Sequence[Labels]) -> dict[str, Prediction]:
    """Set what a model says about frames against the labels they carry.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        A label that a frame lacks leaves it out of that quantity.
    found : sequence of Labels
        One per frame, for instance from `nepkit.models.prediction.predict`.

    Returns
    -------
    dict of str to Prediction
        ``energy``, ``force``, ``virial``, ``stress`` and ``bec``, those that are known; units and signs as in the files
        of nep.
    """
    rows: dict[str, list[tuple[int, Array, Array]]] = {}
    for number, (atoms, mine) in enumerate(zip(frames, found, strict=True)):
        known, count = labels(atoms), len(atoms)
        pairs: dict[str, tuple[Array | float, Array | float]] = {}
        if known.energy is not None and mine.energy is not None:
            pairs["energy"] = (np.array([[mine.energy / count]]), np.array([[known.energy / count]]))
        if known.forces is not None and mine.forces is not None:
            pairs["force"] = (mine.forces, known.forces)
        if known.virial is not None and mine.virial is not None:
            both = conventions.components(np.stack([mine.virial, known.virial]), "nep")
            pairs["virial"] = (both[:1] / count, both[1:] / count)
            pressure = conventions.EV_PER_A3_IN_GPA / atoms.get_volume()
            pairs["stress"] = (both[:1] * pressure, both[1:] * pressure)
        if known.bec is not None and mine.bec is not None:
            pairs["bec"] = (mine.bec.reshape(count, 9), known.bec.reshape(count, 9))
        for quantity, (one, other) in pairs.items():
            rows.setdefault(quantity, []).append((number, np.asarray(one), np.asarray(other)))
    return {
        quantity: Prediction(
            quantity,
            np.concatenate([one for _, one, _ in parts]),
            np.concatenate([other for _, _, other in parts]),
            np.repeat([number for number, _, _ in parts], [len(one) for _, one, _ in parts]),
            left_out=len(frames) - len(parts),
        )
        for quantity, parts in rows.items()
    }
