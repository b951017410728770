"""Errors of predictions for every kind of label that the frames carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit import conventions
from nepkit.analysis.parity import element_constants
from nepkit.frames import Labels, labels

#: Name, unit and factor of every label that is compared; virials per atom, as the trainers do.
KINDS = {
    "energy": ("meV/atom", 1e3),
    "energy, constants of the elements refitted": ("meV/atom", 1e3),
    "force": ("meV/A", 1e3),
    "virial": ("meV/atom", 1e3),
    "charge": ("e", 1.0),
    "Born effective charge": ("e", 1.0),
}


@dataclass(frozen=True)
class Agreement:
    """Prediction minus label of one quantity.

    Parameters
    ----------
    quantity, unit : str
        What, and in which unit.
    count : int
        How many numbers.
    rmse, mae, bias : float
        Root mean square, mean absolute, and mean difference.
    """

    quantity: str
    unit: str
    count: int
    rmse: float
    mae: float
    bias: float


def agreement(frames: Sequence[Atoms], predictions: Sequence[Labels]) -> list[Agreement]:
    """Compare predictions with whatever labels the frames carry.

    Examples
    --------
    >>> atom = Atoms("H", info={"energy": -1.0})
    >>> [(row.quantity, round(row.rmse)) for row in agreement([atom], [Labels(energy=-0.9)])]
    [('energy', 100), ('energy, constants of the elements refitted', 0)]
    """
    constants = element_constants(frames, predictions)
    found: dict[str, list[NDArray[np.float64]]] = {kind: [] for kind in KINDS}
    for atoms, mine in zip(frames, predictions, strict=True):
        reference, count = labels(atoms), len(atoms)
        if reference.energy is not None and mine.energy is not None:
            difference = (mine.energy - reference.energy) / count
            shift = sum(constants[symbol] for symbol in atoms.symbols) / count
            found["energy"].append(np.array([difference]))
            found["energy, constants of the elements refitted"].append(np.array([difference + shift]))
        if reference.forces is not None and mine.forces is not None:
            found["force"].append((mine.forces - reference.forces).ravel())
        if reference.virial is not None and mine.virial is not None:
            found["virial"].append(conventions.components(mine.virial - reference.virial, "ase") / count)
        if reference.charges is not None and mine.charges is not None:
            found["charge"].append(mine.charges - reference.charges)
        if reference.bec is not None and mine.bec is not None:
            found["Born effective charge"].append((mine.bec - reference.bec).ravel())
    rows = []
    for kind, parts in found.items():
        if parts:
            unit, factor = KINDS[kind]
            values = factor * np.concatenate(parts)
            numbers = (np.sqrt(np.mean(values**2)), np.mean(np.abs(values)), np.mean(values))
            rows.append(Agreement(kind, unit, len(values), *(float(number) for number in numbers)))
    return rows
