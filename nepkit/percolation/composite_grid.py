"""Composites on a grid: filler, interphase shell and matrix, what of it is endless, and how well it conducts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError
from nepkit.percolation.clusters import grid_contacts, percolation
from nepkit.percolation.composite import Fillers

Array = NDArray[np.float64]

MATRIX, SHELL, FILLER = 0, 1, 2
"""Phases."""


def points_of(fillers: Fillers) -> Array:
    """Return points along the axes of fillers, a quarter of the radius apart, shape (P, 3)."""
    steps = max(1, int(np.ceil(4.0 * fillers.length / fillers.radius)))
    along = np.linspace(-0.5, 0.5, steps + 1) * fillers.length if fillers.length else np.zeros(1)
    points = fillers.centres[:, None] + along[:, None] * fillers.directions[:, None]
    return np.asarray(points.reshape(-1, 3))


def phases(points: ArrayLike, cell: ArrayLike, radius: float, shell: float, spacing: float) -> NDArray[np.int64]:
    """Return the phase of every cell of a periodic grid.

    Parameters
    ----------
    points : array_like, shape (P, 3)
        What the filler is made of: centres of spheres, points along rods (`points_of`), or the atoms of a structure.
    cell : array_like, shape (3, 3)
        Cell vectors in rows.
    radius : float
        A grid cell closer than this to a point is filler.
    shell : float
        One that is closer than this to the filler is its shell.
    spacing : float
        Edge of the grid cells, about; a third of the shell or less.

    Returns
    -------
    ndarray of int, shape (nx, ny, nz)
        `MATRIX`, `SHELL` or `FILLER`.

    Examples
    --------
    >>> found = phases([[0.0, 0.0, 0.0]], np.eye(3) * 10.0, 3.0, 1.0, 0.25)
    >>> round(float((found == FILLER).mean()), 3), round(4 / 3 * np.pi * 27 / 1000, 3)
    (0.113, 0.113)
    """
    from scipy.spatial import cKDTree

    box = np.asarray(cell, dtype=float)
    if abs(np.linalg.det(box)) < 1e-9:
        raise InputError("no cell, so that nothing can be periodic; add the Lattice")
    if not spacing > 0.0 or not radius > 0.0 or shell < 0.0:
        raise InputError("spacing and radius must be more than zero, the shell not less")
    shape = np.maximum(1, np.ceil(np.linalg.norm(box, axis=1) / spacing)).astype(int)
    axes = [(np.arange(number) + 0.5) / number for number in shape]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ box
    tree = cKDTree(_with_images(np.asarray(points, dtype=float), box, radius + shell))
    distance = tree.query(places, distance_upper_bound=radius + shell)[0]
    found = np.where(distance < radius, FILLER, np.where(distance < radius + shell, SHELL, MATRIX))
    return np.asarray(found.reshape(tuple(shape)), dtype=np.int64)


def _with_images(points: Array, box: Array, reach: float) -> Array:
    """Return points in the cell and their images that are within reach of it."""
    fractional = np.linalg.solve(box.T, points.T).T % 1.0
    heights = abs(np.linalg.det(box)) / np.linalg.norm(
        np.cross(np.roll(box, -1, axis=0), np.roll(box, -2, axis=0)), axis=1
    )
    for axis in range(3):
        margin = reach / heights[axis]
        turns = int(np.ceil(margin))
        images = [fractional + shift * np.eye(3)[axis] for shift in range(-turns, turns + 1)]
        together = np.concatenate(images)
        near = (together[:, axis] > -margin) & (together[:, axis] < 1.0 + margin)
        fractional = together[near]
    return np.asarray(fractional @ box)


@dataclass(frozen=True)
class Regions:
    """What of a composite goes on for ever.

    Parameters
    ----------
    filler, shell, matrix : float
        Volume fractions.
    filler_rank, coated_rank, matrix_rank : int
        In how many directions the filler, the filler with its shell, and the matrix are endless.
    accessible : float
        Share of the volume of shell and filler in endless clusters of them.
    """

    filler: float
    shell: float
    matrix: float
    filler_rank: int
    coated_rank: int
    matrix_rank: int
    accessible: float


def regions(grid: NDArray[np.int64]) -> Regions:
    """Return volume fractions and percolation of the phases of a grid from `phases`."""
    found = {phase: float((grid == phase).mean()) for phase in (FILLER, SHELL, MATRIX)}
    coated = percolation(*grid_contacts(grid != MATRIX))
    return Regions(
        found[FILLER], found[SHELL], found[MATRIX],
        percolation(*grid_contacts(grid == FILLER)).highest, coated.highest,
        percolation(*grid_contacts(grid == MATRIX)).highest, coated.endless,
    )  # fmt: skip


def effective_conductivity(
    conductivity: ArrayLike, axis: int = 0, *, voxel: Sequence[float] = (1.0, 1.0, 1.0)
) -> float:
    """Return the conductivity of a periodic medium along one axis, in the unit of its parts.

    The potential of a uniform field is solved on the grid: conductances of neighbouring cells in series, currents that
    balance in every cell, conjugate gradients.

    Parameters
    ----------
    conductivity : array_like, shape (nx, ny, nz)
        Of every cell of an orthogonal grid, more than zero.
    axis : int
        Direction of the field.
    voxel : sequence of float
        Edges of a cell of the grid, any unit.

    Examples
    --------
    >>> layers = np.ones((4, 2, 2)); layers[2:] = 3.0
    >>> round(effective_conductivity(layers, 0), 6), round(effective_conductivity(layers, 1), 6)
    (1.5, 2.0)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import LinearOperator, cg

    sigma = np.asarray(conductivity, dtype=float)
    if not (sigma > 0.0).all():
        raise InputError("a conductivity is not above zero; give insulators a small one")
    number = np.arange(sigma.size).reshape(sigma.shape)
    rows, columns, links, source = [], [], [], np.zeros(sigma.size)
    for direction in range(3):
        ahead = np.roll(number, -1, direction).ravel()
        other = np.roll(sigma, -1, direction).ravel()
        link = (voxel[axis] / voxel[direction]) ** 2 * 2.0 * sigma.ravel() * other / (sigma.ravel() + other)
        rows.append(number.ravel())
        columns.append(ahead)
        links.append(link)
        if direction == axis:
            along = link
            source += link
            source -= np.bincount(ahead, link, minlength=sigma.size)
    row, column, link = np.concatenate(rows), np.concatenate(columns), np.concatenate(links)
    laplacian = coo_array(
        (np.concatenate([link, link, -link, -link]),
         (np.concatenate([row, column, row, column]), np.concatenate([row, column, column, row]))),
        shape=(sigma.size,) * 2,
    ).tocsr()  # fmt: skip
    diagonal = laplacian.diagonal()
    scale = LinearOperator(laplacian.shape, matvec=lambda vector: vector / diagonal)
    potential, failed = cg(laplacian, source, rtol=1e-7, maxiter=5000, M=scale)
    if failed:
        raise InputError("the potential did not converge; the contrast of conductivities is too large for this grid")
    ahead = np.roll(number, -1, axis).ravel()
    return float((along * (1.0 + potential[ahead] - potential)).mean())


def conductivity_of_phases(
    grid: NDArray[np.int64], cell: ArrayLike, sigma: Sequence[float], where: str = "structure"
) -> list[float]:
    """Return the conductivity of a grid from `phases` along the three cell vectors, in the unit of its parts.

    Parameters
    ----------
    grid : ndarray of int, shape (nx, ny, nz)
        Phase of every cell of the grid.
    cell : array_like, shape (3, 3)
        Of the structure, orthogonal, A.
    sigma : sequence of float
        Conductivity of filler, shell and matrix.
    where : str
        What messages call the structure.

    Raises
    ------
    InputError
        Where the cell is not orthogonal or a conductivity not above zero.

    Examples
    --------
    >>> layers = np.array([FILLER, SHELL, FILLER, SHELL])[:, None, None] * np.ones((1, 2, 2), dtype=int)
    >>> [round(value, 6) for value in conductivity_of_phases(layers, np.diag([4.0, 5.0, 6.0]), (3.0, 1.0, 1.0))]
    [1.5, 2.0, 2.0]
    """
    vectors = np.asarray(cell, dtype=float)
    lengths = np.linalg.norm(vectors, axis=1)
    if np.abs(vectors @ vectors.T - np.diag(lengths**2)).max() > 1e-6 * lengths.max() ** 2:
        raise InputError(f"{where}: conductivities need an orthogonal cell")
    values = np.zeros(grid.shape)
    for phase, value in zip((FILLER, SHELL, MATRIX), sigma, strict=True):
        values[grid == phase] = value
    voxel = (lengths / grid.shape).tolist()
    return [effective_conductivity(values, axis, voxel=voxel) for axis in range(3)]
