"""How much of the motion of an ion is its oxygen that carries it, and how much its hops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.statistics.blocks import bootstrap
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.transport.blocks import blocks_that_fit, square_blocks
from nepkit.transport.diffusion import CM2_PER_S, diffusion
from nepkit.transport.hydroxide.identity import Identity
from nepkit.transport.msd import msd
from nepkit.transport.window import NotDiffusiveError

Array = NDArray[np.float64]

PARTS = ("total", "vehicular", "structural", "cross")
#: Lags of the curves, and blocks of time whose scatter gives their errors.
LAGS, BLOCKS = 40, 8
#: With fewer blocks or ions their scatter is not known well enough.
FEWEST = 5


@dataclass(frozen=True)
class Split:
    """Mean squared displacement of ions and its parts: vehicular + structural + cross = total.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag, ps.
    values, errors : dict of str to ndarray, shape (L,)
        By part, A^2; the cross part counts both orders, and is usually negative.
    D : dict of str to Quantity
        By part, cm^2/s; slopes of all parts at the lags at which the total is fitted, so that they add up.
        Empty where the run is too short.
    why_no_D : str
        The reason.
    window : tuple of float or None
        First and last lag of the fit, ps.
    """

    time: Array
    values: dict[str, Array]
    errors: dict[str, Array]
    D: dict[str, Quantity]
    why_no_D: str
    window: tuple[float, float] | None


def split(ions: Identity, interval: float, window: tuple[float, float] | None = None) -> Split:
    """Split the mean squared displacement of ions into parts, and their diffusion coefficient where there is one.

    Parameters
    ----------
    ions : Identity
        From `identify`.
    interval : float
        Time between frames, ps.
    window : pair of float, optional
        Part of the lag range to fit; found automatically when left out.
    """
    frames = len(ions.path)
    lags = np.unique(np.geomspace(1, max(1, (frames - 1) // 2), LAGS).round().astype(int))
    blocks = min(BLOCKS, frames - int(lags[-1]))
    squares = _parts(ions, lags.tolist(), blocks)
    values = {name: part.sum(axis=2).mean(axis=0) for name, part in squares.items()}
    errors = {
        name: part.sum(axis=2).std(axis=0, ddof=1) / np.sqrt(blocks) if blocks > 1 else np.full(len(lags), np.nan)
        for name, part in squares.items()
    }
    try:
        found, fitted = _coefficients(ions, interval, window)
    except NotDiffusiveError as error:
        return Split(interval * lags, values, errors, {}, str(error), None)
    return Split(interval * lags, values, errors, found, "", fitted)


def _parts(ions: Identity, lags: list[int], blocks: int) -> dict[str, Array]:
    """Return the squared displacements of every part by block, lag and direction."""
    found = {
        name: square_blocks(path, lags, blocks)
        for name, path in (("total", ions.path), ("vehicular", ions.vehicular), ("structural", ions.structural))
    }
    return {**found, "cross": found["total"] - found["vehicular"] - found["structural"]}


def _by_ion(ions: Identity, lags: list[int]) -> dict[str, Array]:
    """Return the squared displacements of every part by ion, lag and direction, for runs too short for blocks."""

    def squares(path: Array) -> Array:
        return np.stack([np.square(path[lag:] - path[:-lag]).mean(axis=0) for lag in lags], axis=1)

    found = {
        name: squares(path)
        for name, path in (("total", ions.path), ("vehicular", ions.vehicular), ("structural", ions.structural))
    }
    return {**found, "cross": found["total"] - found["vehicular"] - found["structural"]}


def _coefficients(
    ions: Identity, interval: float, window: tuple[float, float] | None
) -> tuple[dict[str, Quantity], tuple[float, float]]:
    labels = [name for name in PARTS[:3] for _ in range(ions.path.shape[1])]
    curves = msd(np.concatenate([ions.path, ions.vehicular, ions.structural], axis=1), interval, labels=labels)
    fit = diffusion(curves, "total", positions=ions.path, window=window)
    lags, weights = list(fit.lags), np.array(fit.weights)
    unit = CM2_PER_S / 6.0 / interval
    slopes = {name: unit * float(weights @ curves.total(name)[lags]) for name in PARTS[:3]}
    slopes["cross"] = slopes["total"] - slopes["vehicular"] - slopes["structural"]
    blocks = blocks_that_fit(len(ions.path), lags[-1])
    found = {name: Quantity(value, float("nan"), "cm^2/s") for name, value in slopes.items()}
    scattered = [(_parts(ions, lags, blocks), blocks)] * bool(blocks)
    scattered += [(_by_ion(ions, lags), ions.path.shape[1])] * (ions.path.shape[1] >= FEWEST)
    for name, value in slopes.items() if scattered else ():
        errors = [
            (float(bootstrap(unit * np.einsum("bkd,k->b", parts[name], weights)).std()), count)
            for parts, count in scattered
        ]
        error, count = max(errors)  # ions that move together, or blocks that are not independent, scatter too little
        found[name] = of_blocks(value, error, count, "cm^2/s")
    # Of the total both estimates of the error are known, and the better one has been chosen.
    return {**found, "total": fit.D}, fit.window
