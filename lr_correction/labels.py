"""The one reader of reference labels: energy, forces, virial, Born effective charges, charges, dipole, total charge.

Rules, the same for every file and object that a frame came from:

- Keys count without regard to case, in the spellings of `SPELLINGS`. Two values of one label that differ are an error,
  whatever their spelling and place; a virial that contradicts the stress too.
- The energy is the one of which the forces are the derivatives: ``free_energy`` where a frame has it, else ``energy``.
- Results of a calculator count for the geometry that they were computed for; after atoms have moved they are no labels.
- A virial of 1e6 is how GPUMD's trainer marks a missing one, and no label. A stress beside ``Time`` is GPUMD's
  dump_xyz, which has the other sign and the kinetic part (src/measure/dump_xyz.cu), and no label.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from .errors import DataError

FloatArray = NDArray[np.float64]

SPELLINGS = {
    # The trainer lower-cases keys and reads energy, virial, stress, charge, dipole of the frame and force or forces,
    # bec of the atoms: src/main_nep/structure.cu. The others are what VASP readers, MACE and calorine write.
    "energy": ("energy", "free_energy", "ref_energy", "dft_energy"),
    "forces": ("forces", "force", "ref_forces", "dft_forces"),
    "virial": ("virial", "virials", "ref_virial", "ref_virials"),
    "stress": ("stress", "ref_stress", "dft_stress"),
    "bec": ("bec", "becs", "born_effective_charges"),
    "charges": ("charges", "charge"),
    "dipole": ("dipole", "ref_dipole"),
    "charge": ("charge", "total_charge"),
}
"""Keys of a label, the usual one first; compared without regard to case."""

FREE = ("free_energy",)
"""Of the spellings of the energy those of the free energy, which may differ from the energy at zero broadening."""

PER_ATOM = ("forces", "bec", "charges")
"""Labels that are columns of atoms; the others belong to the frame."""

MISSING = 1e6
"""GPUMD marks a missing virial by this in every component, of either sign: src/main_nep/structure.cu."""

TOLERANCE = 1e-3
"""eV/atom, between a virial and a stress of one frame: GPUMD, src/main_nep/structure.cu."""

#: ASE's Voigt order xx yy zz yz xz xy as a matrix of positions.
_VOIGT = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])


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
        Born effective charges, e; row = polarisation, column = displacement.
    charges : ndarray, shape (N,)
        Atomic charges, e.
    dipole : ndarray, shape (3,)
        Dipole moment, e A, for positions that are not wrapped.
    charge : float
        Total charge of the frame, e.

    Examples
    --------
    >>> Labels(energy=-3.5).forces is None
    True
    """

    energy: float | None = None
    forces: FloatArray | None = None
    virial: FloatArray | None = None
    bec: FloatArray | None = None
    charges: FloatArray | None = None
    dipole: FloatArray | None = None
    charge: float | None = None


def labels_of(atoms: ase.Atoms) -> Labels:
    """Return the labels of a frame, wherever they are and however they are spelled; nothing is computed.

    Parameters
    ----------
    atoms
        A frame.

    Raises
    ------
    DataError
        Where a label is not a finite number of the right shape, two values of it contradict each other, or the virial
        contradicts the stress.

    Examples
    --------
    >>> frame = ase.Atoms("H", info={"Energy": -1.5})
    >>> labels_of(frame).energy
    -1.5
    """
    results = _results(atoms)
    found = {name: _find(atoms, results, name, keys) for name, keys in SPELLINGS.items() if name != "energy"}
    free = _number(_find(atoms, results, "energy", FREE), "energy")
    rest = _number(_find(atoms, results, "energy", [key for key in SPELLINGS["energy"] if key not in FREE]), "energy")
    count = len(atoms)
    return Labels(
        energy=rest if free is None else free,
        forces=_shaped(found["forces"], (count, 3), "forces"),
        virial=_virial(atoms, found["virial"], found["stress"]),
        bec=_shaped(found["bec"], (count, 3, 3), "bec"),
        charges=_shaped(found["charges"], (count,), "charges"),
        dipole=_shaped(found["dipole"], (3,), "dipole"),
        charge=_number(found["charge"], "charge"),
    )


def _results(atoms: ase.Atoms) -> Mapping[str, Any]:
    """Return what the calculator of a frame holds for it as it is now."""
    calculator = atoms.calc
    changed = getattr(calculator, "check_state", None)
    if calculator is None or (changed is not None and changed(atoms)):
        return {}
    results: Mapping[str, Any] = getattr(calculator, "results", {})
    return results


def _find(atoms: ase.Atoms, results: Mapping[str, Any], name: str, keys: Sequence[str]) -> Any:
    """Return the one value of a label, or None; those under other keys and in other places must be the same."""
    first, where = None, ""
    for key, value in _given(atoms, results, name, keys):
        if first is None:
            first, where = value, key
        elif not _same(first, value):
            both = f" ({where} and {key})" if where != key else ""
            raise DataError(f"two values of {name} that differ{both}; keep one of them")
    return first


def _given(atoms: ase.Atoms, results: Mapping[str, Any], name: str, keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
    # A calculator calls the charges of atoms "charges", and has no total charge.
    own = ("charges",) if name == "charges" else () if name == "charge" else keys
    yield from ((key, results[key]) for key in own if results.get(key) is not None)
    store: Mapping[str, Any] = atoms.arrays if name in PER_ATOM else atoms.info
    for key, value in store.items():
        if isinstance(key, str) and key.lower() in keys and value is not None:
            yield key, value


def _same(one: Any, other: Any) -> bool:
    try:
        first, second = (np.asarray(value, dtype=float).ravel() for value in (one, other))
    except (TypeError, ValueError):
        return False
    if sorted((first.size, second.size)) == [6, 9]:  # a stress by components and as a matrix
        first, second = (value if value.size == 9 else value[_VOIGT].ravel() for value in (first, second))
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-6, atol=1e-6))


def _number(value: Any, name: str) -> float | None:
    return None if value is None else float(_array(value, (), name))


def _shaped(value: Any, shape: tuple[int, ...], name: str) -> FloatArray | None:
    return None if value is None else _array(value, shape, name)


def _array(value: Any, shape: tuple[int, ...], name: str) -> FloatArray:
    try:
        array = np.asarray(value, dtype=float).reshape(shape)
    except (TypeError, ValueError):
        given = f"of shape {np.shape(value)}" if np.ndim(value) else f"{value!r}"
        if np.ndim(value) and np.asarray(value).dtype.kind not in "biuf":
            given = "no numbers"
        wanted = "one number" if shape == () else f"numbers of shape {shape}"
        raise DataError(f"{name} is {given}, expected {wanted}") from None
    if not np.isfinite(array).all():
        raise DataError(f"{name} is not finite; remove the frame or the label")
    return array


def _tensor(value: Any, name: str) -> FloatArray | None:
    if value is None or np.size(value) != 6:
        return _shaped(value, (3, 3), name)
    if name == "virial":
        raise DataError("virial has 6 numbers, whose order is ambiguous; write all 9, xx xy xz yx ... zz")
    return np.asarray(_array(value, (6,), name)[_VOIGT])


def _virial(atoms: ase.Atoms, given: Any, pressed: Any) -> FloatArray | None:
    virial, stress = _tensor(given, "virial"), _tensor(pressed, "stress")
    if virial is not None and np.allclose(np.abs(virial), MISSING, rtol=1e-6):
        virial = None
    if stress is None or any(isinstance(key, str) and key.lower() == "time" for key in atoms.info):
        return virial
    volume = float(atoms.get_volume()) if atoms.cell.rank == 3 else 0.0
    if volume == 0.0:
        if virial is None:
            raise DataError("a stress without a cell; add the Lattice or remove the stress")
        return virial
    from_stress = -volume * stress
    if virial is None:
        return from_stress
    difference = np.abs(0.5 * (virial + virial.T) - 0.5 * (from_stress + from_stress.T)).max()
    if difference > TOLERANCE * len(atoms) + 1e-6 * np.abs(virial).max():
        raise DataError("virial and stress disagree (virial = -volume * stress); remove the wrong one")
    return virial
