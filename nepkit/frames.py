"""Frames of atoms and the one place that knows where their labels are.

Every public boundary takes and gives `ase.Atoms`. `read_frames` brings any dialect into one layout: energy, forces and
stress in the calculator (where ASE keeps them), ``info["virial"]`` (3, 3), ``info["dipole"]`` (3,), ``info["charge"]``,
``arrays["bec"]`` (N, 9), ``arrays["charges"]`` (N,). Code that wants a label asks `labels`, whatever the layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_masses, chemical_symbols
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.conventions import PER_ATOM, SPELLINGS
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    pass

Frames = list[Atoms]

_TOLERANCE = 1e-3  # eV/atom, between a virial and a stress of one frame: GPUMD, src/main_nep/structure.cu


@dataclass(frozen=True)
class Labels:
    """What is known about a frame; None where it is not.

    Parameters
    ----------
    energy : float
        Total energy, eV.
    forces : ndarray, shape (N, 3)
        eV/A.
    virial : ndarray, shape (3, 3)
        eV, ``-dE/d(strain)``, positive under compression.
    bec : ndarray, shape (N, 3, 3)
        Born effective charges, e; polarisation first, displacement second.
    charges : ndarray, shape (N,)
        Atomic charges, e.
    dipole : ndarray, shape (3,)
        e A.
    charge : float
        Total charge of the frame, e.

    Examples
    --------
    >>> Labels(energy=-3.5).forces is None
    True
    """

    energy: float | None = None
    forces: NDArray[np.float64] | None = None
    virial: NDArray[np.float64] | None = None
    bec: NDArray[np.float64] | None = None
    charges: NDArray[np.float64] | None = None
    dipole: NDArray[np.float64] | None = None
    charge: float | None = None


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
        Where a label is not a finite number of the right shape, two spellings contradict each other, or the virial
        contradicts the stress.

    Examples
    --------
    >>> from ase.build import bulk
    >>> atoms = bulk("NaCl", "rocksalt", 5.6)
    >>> atoms.info["Energy"] = -6.5
    >>> labels(atoms).energy
    -6.5
    """
    count = len(atoms)
    found = {name: _find(atoms, name, where) for name in SPELLINGS}
    virial = _tensor(found.pop("virial"), "virial", where)
    stress = _tensor(found.pop("stress"), "stress", where)
    energy, charge = (_shaped(found[name], (), name, where) for name in ("energy", "charge"))
    return Labels(
        energy=None if energy is None else float(energy),
        forces=_shaped(found["forces"], (count, 3), "forces", where),
        virial=_virial(atoms, virial, stress, where),
        bec=_shaped(found["bec"], (count, 3, 3), "bec", where),
        charges=_shaped(found["charges"], (count,), "charges", where),
        dipole=_shaped(found["dipole"], (3,), "dipole", where),
        charge=None if charge is None else float(charge),
    )


def _find(atoms: Atoms, name: str, where: str) -> Any:
    calculator = atoms.calc
    changed = getattr(calculator, "check_state", None)
    results = {} if calculator is None or (changed and changed(atoms)) else getattr(calculator, "results", {})
    store: Mapping[str, Any] = atoms.arrays if name in PER_ATOM else atoms.info
    for spelling in SPELLINGS[name]:
        values = [results[key] for key in (spelling,) if results.get(key) is not None]
        values += [value for key, value in store.items() if key.lower() == spelling and value is not None]
        for other in values[1:]:
            if not _same(values[0], other):
                raise InputError(f"{where}: two values of {spelling} that differ; keep one of them")
        if values:
            return values[0]
    return None


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(np.allclose(np.ravel(one), np.ravel(other), rtol=1e-6, atol=1e-6))
    except (TypeError, ValueError):
        return False


def _shaped(value: Any, shape: tuple[int, ...], name: str, where: str) -> Any:
    if value is None:
        return None
    try:
        result = np.asarray(value, dtype=float).reshape(shape)
    except (TypeError, ValueError):
        wanted = "one number" if shape == () else f"numbers of shape {shape}"
        given = f"of shape {np.shape(value)}" if np.ndim(value) else f"{value!r}"
        raise InputError(f"{where}: {name} is {given}, expected {wanted}") from None
    if not np.isfinite(result).all():
        raise InputError(f"{where}: {name} is not finite; remove the frame or the label")
    return result


def _tensor(value: Any, name: str, where: str) -> Any:
    if value is None:
        return None
    if np.size(value) == 6:
        if name == "virial":
            raise InputError(
                f"{where}: virial has 6 numbers, whose order is ambiguous; write all 9, xx xy xz yx ... zz"
            )
        return conventions.matrix(_shaped(value, (6,), name, where), "ase")
    return _shaped(value, (3, 3), name, where)


def _virial(atoms: Atoms, virial: Any, stress: Any, where: str) -> Any:
    if stress is None:
        return virial
    volume = abs(np.linalg.det(atoms.cell.array))
    if volume == 0.0:
        if virial is None:
            raise InputError(f"{where}: a stress without a cell; add the Lattice or remove the stress")
        return virial
    from_stress = conventions.virial_from_stress(stress, volume)
    if virial is None:
        return from_stress
    # GPUMD's dump_xyz writes Time and a stress of the other sign with the kinetic part: its virial is the label.
    dumped = any(key.lower() == "time" for key in atoms.info)
    difference = np.abs(conventions.components(virial - from_stress, "ase")).max()
    if not dumped and difference > _TOLERANCE * len(atoms) + 1e-6 * np.abs(virial).max():
        raise InputError(f"{where}: virial and stress disagree (virial = -volume * stress); remove the wrong one")
    return virial


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
