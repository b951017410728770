"""Flat arrays of many periodic systems, and the pairs of atoms within a cutoff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np

from .backend import Array, Namespace, asarray, segment_outer, segment_sum, to_numpy
from .errors import DataError

SMALLEST_VOLUME = 1e-6  # cubic angstrom; anything below is no cell at all


@dataclass(frozen=True)
class Batch:
    """B periodic systems with N atoms in all, laid end to end.

    Attributes
    ----------
    positions
        Shape (N, 3), angstrom.
    cells
        Lattice vectors as rows, shape (B, 3, 3), angstrom.
    system
        System of every atom, shape (N,), ascending.
    types
        Index into `elements` of every atom, shape (N,).
    elements
        Chemical symbols of the model.
    offsets
        First atom of every system, and N last: B + 1 numbers.

    Examples
    --------
    >>> from ase.build import bulk
    >>> batch = Batch.from_atoms([bulk("NaCl", "rocksalt", a=5.64)], ["Na", "Cl"])
    >>> len(batch), batch.positions.shape, batch.types
    (1, (2, 3), array([0, 1]))
    """

    positions: Array
    cells: Array
    system: Array
    types: Array
    elements: tuple[str, ...]
    offsets: tuple[int, ...]

    @classmethod
    def from_atoms(
        cls, frames: Sequence[ase.Atoms], elements: Sequence[str], xp: Namespace = np, dtype: Any = np.float64
    ) -> "Batch":
        """Lay frames end to end.

        Parameters
        ----------
        frames
            Systems, periodic in all three directions.
        elements
            Chemical symbols of the model; their order defines the types.
        xp
            Array module of the result: ``numpy`` or ``cupy``.
        dtype
            Element type of positions and cells.

        Raises
        ------
        DataError
            For no frames, an empty frame, an element that the model lacks, a frame that is not periodic or has
            no volume, or numbers that are not finite.
        """
        if not frames:
            raise DataError("no frames given: at least one is needed")
        for number, atoms in enumerate(frames, start=1):
            _check(atoms, number, elements)
        type_of = {symbol: t for t, symbol in enumerate(elements)}
        counts = [len(atoms) for atoms in frames]
        return cls(
            positions=xp.asarray(np.concatenate([atoms.positions for atoms in frames]), dtype=dtype),
            cells=xp.asarray(np.stack([atoms.cell.array for atoms in frames]), dtype=dtype),
            system=xp.asarray(np.repeat(np.arange(len(frames)), counts)),
            types=xp.asarray(np.array([type_of[s] for atoms in frames for s in atoms.symbols], dtype=np.int64)),
            elements=tuple(elements),
            offsets=(0, *(int(n) for n in np.cumsum(counts))),
        )

    def __len__(self) -> int:
        """Return the number of systems."""
        return len(self.offsets) - 1

    @property
    def volumes(self) -> Array:
        """Volume of every cell, shape (B,), cubic angstrom."""
        a, b, c = self.cells[:, 0], self.cells[:, 1], self.cells[:, 2]
        determinant = (
            a[:, 0] * (b[:, 1] * c[:, 2] - b[:, 2] * c[:, 1])
            + a[:, 1] * (b[:, 2] * c[:, 0] - b[:, 0] * c[:, 2])
            + a[:, 2] * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
        )
        return abs(determinant)


def _check(atoms: ase.Atoms, number: int, elements: Sequence[str]) -> None:
    """Raise DataError if a frame cannot be used."""
    if not len(atoms):
        raise DataError("no atoms", number - 1)
    unknown = sorted(set(atoms.symbols) - set(elements))
    if unknown:
        raise DataError(f"element {unknown[0]} is not in the model, which knows {' '.join(elements)}", number - 1)
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        raise DataError("positions and cell must be finite numbers", number - 1)
    if not all(atoms.pbc):
        flags = " ".join("T" if p else "F" for p in atoms.pbc)
        raise DataError(f'pbc is "{flags}", expected "T T T": set a periodic cell with vacuum', number - 1)
    if atoms.cell.volume < SMALLEST_VOLUME:
        raise DataError("the cell has no volume, three independent lattice vectors are needed", number - 1)


@dataclass(frozen=True)
class Pairs:
    """Ordered pairs of atoms closer than a cutoff, every periodic image on its own, sorted by centre.

    Attributes
    ----------
    centre, neighbour
        Indices of the two atoms, shape (P,).
    vector
        Position of the neighbour's image minus that of the centre, shape (P, 3), angstrom; never zero.
    """

    centre: Array
    neighbour: Array
    vector: Array

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.centre)


def neighbour_pairs(batch: Batch, cutoff: float) -> Pairs:
    """Find all ordered pairs within a cutoff, an atom's own images included.

    The search runs on the CPU (vesin); the result lies on the device of the batch.

    Parameters
    ----------
    batch
        Systems.
    cutoff
        Largest distance, angstrom.

    Raises
    ------
    DataError
        If two atoms of a system coincide.

    Examples
    --------
    >>> from ase.build import bulk
    >>> batch = Batch.from_atoms([bulk("Al", "fcc", a=4.05)], ["Al"])
    >>> len(neighbour_pairs(batch, 3.0))
    12
    """
    from vesin import NeighborList  # imports torch where that is installed: seconds, spared where no pairs are needed

    positions = to_numpy(batch.positions).astype(np.float64)
    cells = to_numpy(batch.cells).astype(np.float64)
    search = NeighborList(cutoff=float(cutoff), full_list=True, sorted=True, n_threads=1)
    found = []
    for number, (first, last) in enumerate(zip(batch.offsets, batch.offsets[1:], strict=False)):
        centre, neighbour, vector = search.compute(positions[first:last], cells[number], True, "ijD")
        touching = np.flatnonzero(~vector.any(axis=1))
        if len(touching):
            i, j = sorted((int(centre[touching[0]]), int(neighbour[touching[0]])))
            raise DataError(f"atoms {i + 1} and {j + 1} are at the same place", number)
        found.append((centre.astype(np.int64) + first, neighbour.astype(np.int64) + first, vector))
    centre, neighbour, vector = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Pairs(
        centre=asarray(centre, like=batch.positions),
        neighbour=asarray(neighbour, like=batch.positions),
        vector=asarray(vector, like=batch.positions, dtype=batch.positions.dtype),
    )


def forces_and_virial(batch: Batch, pairs: Pairs, gradient: Array) -> tuple[Array, Array]:
    """Turn derivatives of an energy by pair vectors into forces and virials.

    Parameters
    ----------
    batch, pairs
        Systems and their pairs.
    gradient
        Derivative of the energy by the vector of every ordered pair, shape (P, 3), eV/angstrom.

    Returns
    -------
    tuple
        Forces (N, 3) in eV/angstrom, and ``W_ab = -dE/d(strain_ab)``, shape (B, 3, 3), eV.

    Examples
    --------
    >>> from ase.build import bulk
    >>> batch = Batch.from_atoms([bulk("Al", "fcc", a=4.05)], ["Al"])
    >>> pairs = neighbour_pairs(batch, 3.0)
    >>> forces, virial = forces_and_virial(batch, pairs, pairs.vector)  # a spring on every bond
    >>> abs(forces).max() < 1e-12, virial[0].round(6).diagonal()
    (np.True_, array([-32.805, -32.805, -32.805]))
    """
    atoms = len(batch.types)
    forces = segment_sum(gradient, pairs.centre, atoms) - segment_sum(gradient, pairs.neighbour, atoms)
    return forces, -segment_outer(pairs.vector, gradient, batch.system[pairs.centre], len(batch))
