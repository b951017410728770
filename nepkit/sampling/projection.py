"""Many numbers per point brought to two: principal components, and UMAP where it is installed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError, MissingExtraError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Points on a plane.

    Parameters
    ----------
    points : ndarray, shape (P, 2)
        Coordinates.
    explained : ndarray, shape (K,), or None
        Shares of the variance along all principal components, the largest first; None for UMAP.
    method : str
        ``pca`` or ``umap``.
    """

    points: Array
    explained: Array | None
    method: str


def _checked(values: ArrayLike) -> Array:
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[0] < 3 or table.shape[1] < 2:
        raise InputError(f"descriptors of shape {table.shape}: expected at least 3 points with 2 numbers each")
    if not np.isfinite(table).all():
        raise InputError(f"descriptors of point {int(np.argmin(np.isfinite(table).all(axis=1))) + 1} are not finite")
    return table


def pca(values: ArrayLike, *, standardize: bool = False) -> Projection:
    """Project on the two directions of largest variance, by singular values.

    Parameters
    ----------
    values : array_like, shape (P, D)
        Points.
    standardize : bool
        Whether every number is divided by its standard deviation first. Descriptors of NEP are scaled already.

    Raises
    ------
    InputError
        For fewer than three points, or points that do not differ.

    Examples
    --------
    >>> found = pca([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    >>> found.explained.round(6).tolist()
    [1.0, 0.0]
    """
    table = _checked(values)
    table = table - table.mean(axis=0)
    if standardize:
        spread = table.std(axis=0)
        table = table / np.where(spread > 0.0, spread, 1.0)
    left, singular, right = np.linalg.svd(table, full_matrices=False)
    if not singular[0] > 1e-12:
        raise InputError("the descriptors of all points are the same")
    # The sign of a direction is free: its largest part is made positive, so that a plot is always the same.
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    variance = singular**2
    return Projection((left * singular * signs)[:, :2], variance / variance.sum(), "pca")


def umap(values: ArrayLike, *, neighbours: int = 15, seed: int = 0) -> Projection:
    """Project by UMAP (doi:10.21105/joss.00861), which keeps neighbours together; distances mean little.

    Parameters
    ----------
    values : array_like, shape (P, D)
        Points.
    neighbours : int
        How many neighbours a point has.
    seed : int
        Of its random numbers.

    Raises
    ------
    MissingExtraError
        Where umap-learn is not installed.
    """
    table = _checked(values)
    try:
        from umap import UMAP
    except ImportError:
        raise MissingExtraError("umap-learn", "umap") from None
    made = UMAP(n_neighbors=min(neighbours, len(table) - 1), random_state=seed, n_jobs=1)
    return Projection(np.asarray(made.fit_transform(table), dtype=float), None, "umap")
