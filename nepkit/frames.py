"""Frames of atoms and the one place that knows where their labels are.

Every public boundary takes and gives `ase.Atoms`. `read_frames` brings any dialect into one layout: energy, forces and
stress in the calculator (where ASE keeps them), ``info["virial"]`` (3, 3), ``info["dipole"]`` (3,), ``info["charge"]``,
``arrays["bec"]`` (N, 9), ``arrays["charges"]`` (N,). Code that wants a label asks `labels`, whatever the layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_masses, chemical_symbols
from numpy.typing import NDArray

from lr_correction.errors import DataError
from lr_correction.labels import Labels as Labels
from lr_correction.labels import labels_of
from nepkit.core import conventions
from nepkit.core.conventions import PER_ATOM, SPELLINGS
from nepkit.core.errors import InputError

Frames = list[Atoms]


@dataclass(frozen=True)
class Snapshot:
    """Where the atoms of a frame are, without what is slow to build of `ase.Atoms` and its labels.

    Parameters
    ----------
    numbers : ndarray of int, shape (N,)
        Atomic numbers.
    positions : ndarray, shape (N, 3)
        A.
    cell : ndarray, shape (3, 3)
        Cell vectors in rows, A; zeros without a cell.
    pbc : ndarray of bool, shape (3,)
        Along which of them it is periodic.
    info : dict
        What else is known of the frame, such as ``Time``.
    masses : ndarray, shape (N,), optional
        amu, where the file has them.
    """

    numbers: NDArray[np.integer[Any]]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    pbc: NDArray[np.bool_]
    info: Mapping[str, Any]
    masses: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        """Return the number of atoms."""
        return len(self.numbers)

    @classmethod
    def of(cls, frame: Atoms | Snapshot) -> Snapshot:
        """Return a frame as a snapshot.

        >>> Snapshot.of(Atoms("LiH")).symbols
        ('Li', 'H')
        """
        if isinstance(frame, Snapshot):
            return frame
        masses = frame.arrays.get("masses")
        return cls(frame.numbers, frame.positions, frame.cell.array, frame.pbc, frame.info, masses)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Element of every atom."""
        return tuple(chemical_symbols[number] for number in self.numbers.tolist())

    def get_masses(self) -> NDArray[np.float64]:
        """Return the masses, amu; those of the elements where the file has none."""
        return np.asarray(atomic_masses[self.numbers] if self.masses is None else self.masses, dtype=float)


def labels(atoms: Atoms, where: str = "frame") -> Labels:
    """Return the labels of a frame, wherever they are and however they are spelled.

    The rules are those of `lr_correction.labels`, the one reader of labels.

    Parameters
    ----------
    atoms : ase.Atoms
        Results of its calculator are used as they are; nothing is computed, and results of an earlier geometry are
        not taken.
    where : str
        What messages call this frame, for instance ``"train.xyz, frame 3"``.

    Raises
    ------
    InputError
        Where a label is not a finite number of the right shape, two values of it contradict each other, or the virial
        contradicts the stress.

    Examples
    --------
    >>> from ase.build import bulk
    >>> atoms = bulk("NaCl", "rocksalt", 5.6)
    >>> atoms.info["Energy"] = -6.5
    >>> labels(atoms).energy
    -6.5
    """
    try:
        return labels_of(atoms)
    except DataError as error:
        raise InputError(f"{where}: {error.reason}") from None


def strip_labels(atoms: Atoms) -> None:
    """Remove every label and the calculator from a frame, in place."""
    atoms.calc = None
    for name, spellings in SPELLINGS.items():
        store: dict[str, Any] = atoms.arrays if name in PER_ATOM else atoms.info
        for key in [key for key in store if key.lower() in spellings]:
            del store[key]


def without_results(atoms: Atoms, *, charge_times: float = 1.0) -> Atoms:
    """Return a copy without labels, but with the total charge, which is no result but part of what the structure is.

    Parameters
    ----------
    atoms : ase.Atoms
        Not changed; columns such as groups and velocities stay.
    charge_times : float
        What the total charge is multiplied with.

    Examples
    --------
    >>> atoms = Atoms("H2", info={"energy": -31.0, "charge": 1})
    >>> without_results(atoms).info
    {'charge': 1.0}
    """
    charge = labels(atoms).charge
    result = atoms.copy()
    strip_labels(result)
    if charge is not None:
        result.info["charge"] = charge * charge_times
    return result


def set_labels(atoms: Atoms, values: Labels) -> None:
    """Replace all labels of a frame by the given ones, in place, in the layout described above.

    Examples
    --------
    >>> atoms = Atoms("H", positions=[[0, 0, 0]])
    >>> set_labels(atoms, Labels(energy=-1.0))
    >>> atoms.get_potential_energy()
    -1.0
    """
    strip_labels(atoms)
    results: dict[str, Any] = {}
    if values.energy is not None:
        results["energy"] = float(values.energy)
    if values.forces is not None:
        results["forces"] = np.array(values.forces, dtype=float)
    volume = abs(np.linalg.det(atoms.cell.array))
    if values.virial is not None:
        atoms.info["virial"] = np.array(values.virial, dtype=float)
        if volume > 0.0:
            stress = conventions.stress_from_virial(values.virial, volume)
            results["stress"] = conventions.components(stress, "ase")
    if values.bec is not None:
        atoms.arrays["bec"] = np.array(values.bec, dtype=float).reshape(len(atoms), 9)
    if values.charges is not None:
        atoms.arrays["charges"] = np.array(values.charges, dtype=float)
    if values.dipole is not None:
        atoms.info["dipole"] = np.array(values.dipole, dtype=float)
    if values.charge is not None:
        atoms.info["charge"] = float(values.charge)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
