"""What a set of frames consists of, and how its energies lie over volume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.frames import labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Compositions:
    """Composition, size, volume and energy of every frame.

    Parameters
    ----------
    elements : tuple of str
        All elements, in the order of their appearance.
    fractions : ndarray, shape (F, E)
        Shares of the atoms.
    formulas : list of str
        Reduced formula of every frame.
    atoms : ndarray of int, shape (F,)
        Number of atoms.
    volume : ndarray, shape (F,)
        A^3/atom; nan for a frame that is not periodic in three directions.
    energy : ndarray, shape (F,)
        eV/atom; nan where there is none.
    """

    elements: tuple[str, ...]
    fractions: Array
    formulas: list[str]
    atoms: NDArray[np.int64]
    volume: Array
    energy: Array


def compositions(frames: Iterable[Atoms], where: str = "frames") -> Compositions:
    """Return what every frame consists of.

    Raises
    ------
    InputError
        Where there is no frame.

    Examples
    --------
    >>> compositions([Atoms("Na2Cl2"), Atoms("Cl")]).formulas
    ['NaCl', 'Cl']
    """
    counts, formulas, volumes, energies = [], [], [], []
    for number, atoms in enumerate(frames, 1):
        counts.append(atoms.symbols.formula.count())
        formulas.append(atoms.symbols.formula.reduce()[0].format("metal"))
        volumes.append(atoms.get_volume() / len(atoms) if atoms.cell.rank == 3 else np.nan)
        energy = labels(atoms, f"{where}, frame {number}").energy
        energies.append(np.nan if energy is None else energy / len(atoms))
    if not counts:
        raise InputError(f"{where}: no frames")
    elements = tuple(dict.fromkeys(symbol for count in counts for symbol in count))
    table = np.array([[count.get(symbol, 0) for symbol in elements] for count in counts])
    atoms_of = table.sum(axis=1)
    return Compositions(
        elements, table / atoms_of[:, None], formulas, atoms_of, np.array(volumes), np.array(energies, dtype=float)
    )


@dataclass(frozen=True)
class Hull:
    """Lower convex hull of energies over volume, of frames of one formula.

    Parameters
    ----------
    volume, energy : ndarray, shape (F,)
        A^3/atom and eV/atom of all frames of the formula that have both.
    vertices : ndarray of int, shape (V,)
        Frames on the hull, by volume.
    """

    volume: Array
    energy: Array
    vertices: NDArray[np.int64]

    @property
    def pressures(self) -> Array:
        """Pressure of every edge of the hull, GPa, shape (V - 1,): minus its slope, falling with volume."""
        place, height = self.volume[self.vertices], self.energy[self.vertices]
        return np.asarray(-np.diff(height) / np.diff(place) * EV_PER_A3_IN_GPA)

    @property
    def above(self) -> Array:
        """Height of every frame above the hull, eV/atom, shape (F,); frames at its ends are on it."""
        place, height = self.volume[self.vertices], self.energy[self.vertices]
        return np.asarray(self.energy - np.interp(self.volume, place, height))


def energy_volume_hulls(found: Compositions) -> dict[str, Hull]:
    """Return the lower convex hull of energy over volume for every formula.

    Frames of one formula on the hull are those that some pressure favours at zero temperature; edges between them are
    common tangents, whose slope is the pressure of coexistence.

    Raises
    ------
    InputError
        Where no frame has energy and volume.

    Examples
    --------
    >>> from ase.build import bulk
    >>> frames = []
    >>> for a, energy in ((3.9, -0.2), (4.0, -0.5), (4.1, -0.3)):
    ...     frames.append(bulk("Al", a=a))
    ...     frames[-1].info["energy"] = energy
    >>> energy_volume_hulls(compositions(frames))["Al"].vertices.tolist()
    [0, 1, 2]
    """
    known = np.isfinite(found.volume) & np.isfinite(found.energy)
    if not known.any():
        raise InputError("no frame has both an energy and a cell")
    hulls = {}
    formulas = np.array(found.formulas)
    for formula in dict.fromkeys(formulas[known].tolist()):
        chosen = known & (formulas == formula)
        volume, energy = found.volume[chosen], found.energy[chosen]
        hulls[formula] = Hull(volume, energy, _lower_hull(volume, energy))
    return hulls


def _lower_hull(x: Array, y: Array) -> NDArray[np.int64]:
    """Return the indices of the lower convex hull by x: Andrew's monotone chain (doi:10.1016/0020-0190(79)90072-3)."""
    chain: list[int] = []
    for index in np.lexsort((y, x)).tolist():
        if chain and x[index] == x[chain[-1]]:
            continue  # the lower one of the same x came first
        while len(chain) > 1:
            a, b = chain[-2:]
            if (x[b] - x[a]) * (y[index] - y[a]) - (y[b] - y[a]) * (x[index] - x[a]) > 0.0:
                break
            chain.pop()
        chain.append(index)
    return np.array(chain, dtype=np.int64)
