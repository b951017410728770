"""Reference labels of a frame: energy, forces, virial, Born effective charges, charges, dipole, total charge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from .errors import DataError

FloatArray = NDArray[np.float64]

#: Virial components of a 9-number label, row by row as in GPUMD's src/main_nep/structure.cu.
_FULL = np.arange(9).reshape(3, 3)
#: ASE's Voigt order xx yy zz yz xz xy as a matrix of positions.
_VOIGT = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])


@dataclass(frozen=True)
class Labels:
    """What a frame says about itself; None where it says nothing.

    Attributes
    ----------
    energy
        Energy of the frame, eV.
    forces
        Shape (N, 3), eV/angstrom.
    virial
        Shape (3, 3), eV, minus the derivative of the energy with respect to strain (positive under compression).
    bec
        Born effective charges, shape (N, 3, 3), e: row = polarisation, column = displacement.
    charges
        Reference charges of the atoms, shape (N,), e.
    dipole
        Dipole moment of the frame, shape (3,), e angstrom, for positions that are not wrapped.
    total_charge
        Charge of the frame, e.
    """

    energy: float | None = None
    forces: FloatArray | None = None
    virial: FloatArray | None = None
    bec: FloatArray | None = None
    charges: FloatArray | None = None
    dipole: FloatArray | None = None
    total_charge: float | None = None


def labels_of(atoms: ase.Atoms) -> Labels:
    """Collect the labels of a frame from its calculator results, `info` and `arrays`.

    Keys are compared without regard to case; `force` and `forces`, `bec` and `born_effective_charges` are the same.
    A virial is taken before a stress (virial = -volume * stress), as GPUMD's trainer does (src/main_nep/structure.cu).

    Parameters
    ----------
    atoms
        A frame.

    Returns
    -------
    Labels

    Raises
    ------
    DataError
        For a label of the wrong shape or with numbers that are not finite.

    Examples
    --------
    >>> frame = ase.Atoms("H", info={"Energy": -1.5})
    >>> labels_of(frame).energy
    -1.5
    """
    results = dict(atoms.calc.results) if atoms.calc is not None else {}
    scalars = {**_lower(atoms.info), **_lower(results)}
    arrays = {**_lower(atoms.arrays), **_lower(results)}
    count = len(atoms)
    energy = _number(_first(scalars, "free_energy", "energy"), "energy")
    return Labels(
        energy=energy,
        forces=_shaped(_first(arrays, "forces", "force"), (count, 3), "forces"),
        virial=_virial(scalars, atoms),
        bec=_shaped(_first(arrays, "bec", "born_effective_charges"), (count, 3, 3), "Born effective charges"),
        charges=_shaped(_first(arrays, "charges"), (count,), "charges"),
        dipole=_shaped(_first(scalars, "dipole"), (3,), "dipole"),
        total_charge=_number(_first(scalars, "charge", "total_charge"), "total charge"),
    )


def _lower(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in mapping.items() if isinstance(key, str)}


def _first(mapping: Mapping[str, Any], *names: str) -> Any:
    return next((mapping[name] for name in names if mapping.get(name) is not None), None)


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(f"the {name} {value!r} is not a number") from None
    if not np.isfinite(number):
        raise DataError(f"the {name} is {number}, expected a finite number")
    return number


def _floats(value: Any, name: str) -> FloatArray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{name} are not numbers") from None


def _shaped(value: Any, shape: tuple[int, ...], name: str) -> FloatArray | None:
    if value is None:
        return None
    array = _floats(value, name)
    if array.size != int(np.prod(shape)):
        raise DataError(f"{name} have shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise DataError(f"{name} hold numbers that are not finite")
    return array.reshape(shape)


def _virial(scalars: Mapping[str, Any], atoms: ase.Atoms) -> FloatArray | None:
    value, factor, name = _first(scalars, "virial"), 1.0, "virial"
    if value is None:
        value, factor, name = (
            _first(scalars, "stress"),
            -float(atoms.get_volume() if atoms.cell.rank == 3 else 0),
            "stress",
        )
    if value is None:
        return None
    array = _floats(value, f"components of the {name}").ravel()
    if array.size not in (6, 9) or (array.size == 6 and name == "virial"):
        expected = "9 numbers" if name == "virial" else "6 (Voigt) or 9 numbers"
        raise DataError(f"the {name} has {array.size} numbers, expected {expected}")
    if not np.isfinite(array).all() or np.abs(array).max() > 9e5:  # older files mark a missing virial by 1e6
        return None
    return factor * array[_FULL if array.size == 9 else _VOIGT]
