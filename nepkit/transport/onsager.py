"""Onsager coefficients: how the current of each kind of ion goes with that of every other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity, of_normal, of_variance
from nepkit.transport.conductivity import conductivity_per_diffusion
from nepkit.transport.covariance import fit_line, overlaps
from nepkit.transport.diffusion import CM2_PER_S

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Onsager:
    """Coefficients between kinds of ions, as parts of the conductivity.

    Parameters
    ----------
    coefficients : tuple of tuple of Quantity
        ``z_a z_b e^2 L_ab`` in mS/cm; their sum over all pairs is the conductivity. Symmetric.
    conductivity : Quantity
        Their sum, mS/cm.
    transference : tuple of Quantity
        Share of each kind in the current without gradients of concentration; they add up to one.
    """

    coefficients: tuple[tuple[Quantity, ...], ...]
    conductivity: Quantity
    transference: tuple[Quantity, ...]


def onsager(currents: ArrayLike, lags: Sequence[int], *, interval: float, volume: float, temperature: float) -> Onsager:
    """Fit the Onsager coefficients of several kinds of ions.

    The displacements of the partial dipoles are Gaussian, being sums over many ions, so the covariance of their
    products follows from their own covariance (Isserlis' theorem) and from how time origins overlap.

    Parameters
    ----------
    currents : array_like, shape (F, S, A)
        Sum of charge times unwrapped position over the ions of each kind, e A, along A directions, three or one; the
        motion of the framework removed.
    lags : sequence of int
        Lags of the fit in frames, for instance those of `diffusion.Diffusion`.
    interval : float
        Time between frames, ps.
    volume : float
        A^3.
    temperature : float
        K.

    Raises
    ------
    InputError
        Where nothing conducts in the window of the fit.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(4000, 2, 3))
    >>> found = onsager(steps.cumsum(axis=0), range(5, 20, 3), interval=1.0, volume=1e4, temperature=500.0)
    >>> bool(abs(found.transference[0].value - 0.5) < 3 * found.transference[0].error)
    True
    """
    paths = np.asarray(currents, dtype=float)
    frames, kinds, axes = paths.shape
    steps = np.asarray(list(lags), dtype=np.int64)
    products = np.zeros((len(steps), kinds, kinds))
    for row, lag in enumerate(steps):
        moved = paths[lag:] - paths[:-lag]
        products[row] = np.einsum("fad,fbd->ab", moved, moved) / len(moved)
    shape = overlaps(frames, steps).gaussian()
    line = fit_line(steps.astype(float), products[:, 0, 0], shape)
    slopes = np.einsum("k,kab->ab", line.weights, products)
    total = float(slopes.sum())
    if not total > 0.0:
        raise InputError("the total dipole does not diffuse in this window; run longer")
    # Covariance of slope_ab and slope_cd; the sum of directions that are alike, each a part of the slope.
    unit = 0.5 * float(line.weights @ shape @ line.weights) / axes
    covariance = unit * (np.einsum("ac,bd->abcd", slopes, slopes) + np.einsum("ad,bc->abcd", slopes, slopes))
    factor = conductivity_per_diffusion(volume, temperature) * CM2_PER_S / (2 * axes) / interval
    errors = np.sqrt(np.maximum(np.einsum("abab->ab", covariance), 0.0))
    coefficients = tuple(
        tuple(of_normal(factor * float(slopes[a, b]), factor * float(errors[a, b]), "mS/cm") for b in range(kinds))
        for a in range(kinds)
    )
    shares = slopes.sum(axis=1) / total
    transference = []
    for kind, share in enumerate(shares):
        gradient = (np.eye(kinds)[kind][:, None] - share) * np.ones((kinds, kinds)) / total
        variance = float(np.einsum("ab,abcd,cd->", gradient, covariance, gradient))
        transference.append(of_normal(float(share), float(np.sqrt(max(variance, 0.0))), ""))
    relative = float(np.sqrt(max(covariance.sum(), 0.0))) / total
    return Onsager(coefficients, of_variance(factor * total, relative, "mS/cm"), tuple(transference))
