"""Displacements of atoms by atomic planes: how they change from layer to layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]

#: A gap of this much along the normal separates two planes, A.
GAP = 0.8


@dataclass(frozen=True)
class Plane:
    """One plane of atoms.

    Parameters
    ----------
    height : float
        Mean position along the normal, A.
    positions : ndarray, shape (N, 2)
        Of its atoms along the two other axes, A.
    vectors : ndarray, shape (N, 3)
        Displacements, mean over frames: along the two other axes and the normal, A.
    mean, error : ndarray, shape (3,)
        Mean displacement and its standard error over the atoms, A.
    """

    height: float
    positions: Array
    vectors: Array
    mean: Array
    error: Array


@dataclass(frozen=True)
class PlaneGrid:
    """Displacements by plane.

    Parameters
    ----------
    normal : str
        ``x``, ``y`` or ``z``.
    axes : (str, str)
        The two others.
    planes : tuple of Plane
        From below.
    frames : int
        How many were averaged.
    element : str
        Of the atoms; empty for all.
    """

    normal: str
    axes: tuple[str, str]
    planes: tuple[Plane, ...]
    frames: int
    element: str


def plane_grid(atoms: Atoms, vectors: Array, *, normal: str = "z", element: str = "", gap: float = GAP) -> PlaneGrid:
    """Sort atoms with their displacements into planes.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure; its atoms are those of the vectors.
    vectors : ndarray, shape (F, N, 3)
        Displacement of every atom in every frame, A; NaN for atoms that have none.
    normal : str
        Axis across the planes.
    element : str
        Atoms to take; all with a displacement when empty.
    gap : float
        Least distance between planes, A.

    Raises
    ------
    InputError
        Where no atom is left.

    Examples
    --------
    >>> from ase import Atoms
    >>> pair = Atoms("Ti2", positions=[[0, 0, 0.1], [0, 0, 4.0]], cell=[4, 4, 8], pbc=True)
    >>> found = plane_grid(pair, np.array([[[0.1, 0.0, 0.0], [0.0, 0.2, 0.0]]]))
    >>> [(plane.height, plane.mean.tolist()) for plane in found.planes]
    [(0.1, [0.1, 0.0, 0.0]), (4.0, [0.0, 0.2, 0.0])]
    """
    symbols = np.array(atoms.get_chemical_symbols())
    known = np.isfinite(vectors).all(axis=(0, 2))
    chosen = np.flatnonzero(known & (symbols == element)) if element else np.flatnonzero(known)
    if not len(chosen):
        raise InputError(f"no {element or 'atom'} with a displacement")
    across = "xyz".index(normal)
    others = [axis for axis in range(3) if axis != across]
    heights = atoms.positions[chosen, across]
    order = np.argsort(heights, kind="stable")
    breaks = np.flatnonzero(np.diff(heights[order]) > gap) + 1
    mean = vectors.mean(axis=0)
    planes = []
    for members in np.split(chosen[order], breaks):
        moved = mean[members][:, [*others, across]]
        error = moved.std(axis=0, ddof=1) / np.sqrt(len(members)) if len(members) > 1 else np.full(3, np.nan)
        planes.append(
            Plane(float(atoms.positions[members, across].mean()), atoms.positions[members][:, others], moved,
                  moved.mean(axis=0), error)
        )  # fmt: skip
    axes = ("xyz"[others[0]], "xyz"[others[1]])
    return PlaneGrid(normal, axes, tuple(planes), len(vectors), element)


def read_displacements(path: Path, structure: Path | None = None, element: str = "") -> tuple[Atoms, Array]:
    """Return a structure and the displacements of its atoms in every frame, (F, N, 3), A.

    Parameters
    ----------
    path : Path
        Extended xyz with a column ``displacement``; npz of ``nepkit calc displacements``; or text with x, y, z of
        every centre, frame after frame.
    structure : Path, optional
        Where the atoms of an npz or text are.
    element : str
        Which atoms the lines of a text are of.

    Raises
    ------
    InputError
        Where a column or the structure is missing, or numbers do not fit.
    """
    from nepkit.formats.files import read_frames

    if path.suffix in (".xyz", ".extxyz"):
        frames = list(read_frames(path))
        if any("displacement" not in frame.arrays for frame in frames):
            raise InputError(f"{path}: no column displacement:R:3 in every frame")
        if len({len(frame) for frame in frames}) != 1:
            raise InputError(f"{path}: the frames have different numbers of atoms")
        return frames[0], np.stack([np.asarray(frame.arrays["displacement"], dtype=float) for frame in frames])
    if structure is None:
        raise InputError(f"{path}: no structure beside it, which the positions come from; give --structure")
    atoms = next(read_frames(structure))
    if path.suffix == ".npz":
        with np.load(path) as stored:
            values, centres = stored["values"], stored["centres"]
    else:
        values, centres = _of_text(path, atoms, element)
    if not len(centres) or centres.max() >= len(atoms):
        raise InputError(f"{path}: centres beyond the {len(atoms)} atoms of {structure}")
    vectors = np.full((len(values), len(atoms), 3), np.nan)
    vectors[:, centres] = values
    return atoms, vectors


def _of_text(path: Path, atoms: Atoms, element: str) -> tuple[Array, NDArray[np.int64]]:
    from nepkit.gpumd.tables import read_rows

    table = read_rows(path)
    symbols: Sequence[str] = atoms.get_chemical_symbols()
    centres = np.array([index for index, symbol in enumerate(symbols) if element in ("", symbol)], dtype=np.int64)
    if table.shape[1] != 3 or not len(centres) or len(table) % len(centres):
        raise InputError(
            f"{path}: {len(table)} lines of {table.shape[1]} numbers are no frames of 3 numbers for each of the "
            f"{len(centres)} centres; give --element"
        )
    return table.reshape(-1, len(centres), 3), centres
