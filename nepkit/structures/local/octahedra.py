"""Tilts of octahedra in a network that shares corners, and what pattern they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.structures.local.displacements import CentreVectors, bonds
from nepkit.structures.local.neighbours import Neighbours

Array = NDArray[np.float64]

#: Ends of the axes of an octahedron: +x -x +y -y +z -z.
_ENDS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float)
_SMALL = 0.5  # degrees: less is no tilt in the symbol of a pattern
_EQUAL = 0.05  # relative difference of tilts that share a letter


@dataclass(frozen=True)
class Tilts:
    """Rotation of every octahedron out of the axes of the network.

    Parameters
    ----------
    vectors : CentreVectors
        Components of the rotation vector along the three axes, degrees, shape (F, C, 3): the axis of the rotation
        times its angle, so that a rotation about one axis is that angle.
    axes : ndarray, shape (3, 3)
        Axes of the network in rows, unit vectors, right-handed, in the order nearest to x, y, z.
    phase : ndarray, shape (3,)
        Along every axis, mean product of the tilts about it of neighbours along it over the mean square, over all
        frames: +1 in phase, -1 out of phase; nan without tilts.
    """

    vectors: CentreVectors
    axes: Array
    phase: Array

    @property
    def mean(self) -> Array:
        """Root mean square tilt about every axis, degrees, shape (3,)."""
        return np.asarray(np.sqrt((self.vectors.values**2).mean(axis=(0, 1))))

    @property
    def pattern(self) -> str:
        """Symbol after Glazer (doi:10.1107/S0567740872007976): ``a-a-c+`` and the like.

        Letters are equal where tilts are within 5 %, 0 is less than half a degree, and ``?`` means neither in nor out
        of phase by a half.
        """
        size, words = self.mean, list[str]()
        for axis in range(3):
            same = [other for other in range(axis) if abs(size[other] - size[axis]) <= _EQUAL * size.max()]
            words.append((words[same[0]][0] if same else "abc"[axis]) + self._sign(axis))
        return "".join(words)

    def _sign(self, axis: int) -> str:
        if self.mean[axis] < _SMALL:
            return "0"
        phase = self.phase[axis]
        return "?" if abs(phase) < 0.5 else "+" if phase > 0.0 else "-"


def octahedral_tilts(
    frames: Iterable[Atoms], corners: Neighbours, network: Neighbours, *, source: str = "frame"
) -> Tilts:
    """Return the tilts of octahedra in every frame.

    The axes are those of the network of centres, whose directions tilts leave as they are. For every octahedron the
    rotation is the one that takes the axes nearest to the bonds (Kabsch, doi:10.1107/S0567739476001873).

    Parameters
    ----------
    frames : iterable of ase.Atoms
        With the atoms of the structure that the neighbours were found in.
    corners : Neighbours
        Six around every centre, such as the O around Ti.
    network : Neighbours
        The six nearest centres of every centre, copies of itself among them.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where a centre has no six corners, or they are no octahedron: two of them are nearest to one end of the axes.
    """
    if corners.count != 6 or network.count != 6:
        raise InputError(f"an octahedron has 6 corners and 6 neighbours, not {corners.count} and {network.count}")
    axes = network_axes(network.vector)
    along, place = _neighbours_along(network, axes), {int(c): k for k, c in enumerate(network.centres)}
    partner = np.vectorize(place.__getitem__)(np.take_along_axis(network.index, along, axis=1))
    rows = [rotations(vectors, axes, f"{source}, frame {number}") for number, vectors in
            enumerate(bonds(frames, corners, source), 1)]  # fmt: skip
    values = np.array(rows)
    products = np.stack([(values[:, :, axis] * values[:, partner[:, axis], axis]).mean() for axis in range(3)])
    squares = (values**2).mean(axis=(0, 1))
    phase = np.divide(products, squares, out=np.full(3, np.nan), where=np.sqrt(squares) > 1e-6)
    return Tilts(CentreVectors(values, corners.centres, "degrees", "tilt"), axes, phase)


def network_axes(vectors: Array) -> Array:
    """Return the three axes of a network, unit vectors in rows, from the vectors between neighbouring centres.

    Parameters
    ----------
    vectors : ndarray, shape (C, 6, 3)
        A.

    Examples
    --------
    >>> turn = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    >>> ends = np.concatenate([4.0 * turn, -4.0 * turn])
    >>> network_axes(ends[None]).round(6) + 0.0
    array([[ 0.8,  0.6,  0. ],
           [-0.6,  0.8,  0. ],
           [ 0. ,  0. ,  1. ]])
    """
    unit = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).reshape(-1, 3)
    first = unit[0]
    second = unit[np.argmin(np.abs(unit @ first))]
    guess = np.array([first, second, np.cross(first, second)])
    for _ in range(3):
        dots = unit @ guess.T
        nearest = np.argmax(np.abs(dots), axis=1)
        signs = np.sign(dots[np.arange(len(unit)), nearest])
        sums = np.array([(signs[:, None] * unit)[nearest == axis].sum(axis=0) for axis in range(3)])
        left, _, right = np.linalg.svd(sums / np.linalg.norm(sums, axis=1, keepdims=True))
        guess = left @ right
    order = _nearest_order(guess)
    axes = guess[order]
    axes = axes * np.sign(np.diag(axes))[:, None]
    if np.linalg.det(axes) < 0.0:
        axes[np.argmin(np.abs(np.diag(axes)))] *= -1.0
    return np.asarray(axes)


def _nearest_order(guess: Array) -> NDArray[np.int64]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-np.abs(guess))
    return np.asarray(rows[np.argsort(columns)], dtype=np.int64)


def _neighbours_along(network: Neighbours, axes: Array) -> NDArray[np.int64]:
    """Return which neighbour of every centre lies along every axis, shape (C, 3)."""
    unit = network.vector / np.linalg.norm(network.vector, axis=-1, keepdims=True)
    return np.asarray(np.argmax(unit @ axes.T, axis=1), dtype=np.int64)


def rotations(vectors: Array, axes: Array, where: str = "frame") -> Array:
    """Return the rotation vectors, degrees, shape (C, 3), in components along the axes, of octahedra.

    Parameters
    ----------
    vectors : ndarray, shape (C, 6, 3)
        From centres to corners, A.
    axes : ndarray, shape (3, 3)
        Unit vectors in rows.
    where : str
        What a message calls the frame.

    Raises
    ------
    InputError
        Where the corners of a centre are no octahedron.

    Examples
    --------
    >>> turn = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    >>> rotations(np.concatenate([turn, -turn])[None], np.eye(3)).round(3) + 0.0
    array([[ 0.  ,  0.  , 36.87]])
    """
    from scipy.spatial.transform import Rotation

    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) @ axes.T
    ends = np.argmax(unit @ _ENDS.T, axis=2)
    broken = np.flatnonzero((np.sort(ends, axis=1) != np.arange(6)).any(axis=1))
    if len(broken):
        raise InputError(
            f"{where}: the 6 corners of centre {broken[0] + 1} are no octahedron along the axes of the network; "
            "are these its neighbours, and is it tilted by less than 45 degrees?"
        )
    correlation = np.einsum("cka,ckb->cab", unit, _ENDS[ends])
    left, _, right = np.linalg.svd(correlation)
    handed = np.sign(np.linalg.det(left @ right))
    left[:, :, 2] *= handed[:, None]
    return np.asarray(np.degrees(Rotation.from_matrix(left @ right).as_rotvec()))
