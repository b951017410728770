"""Errors of predictions for every kind of label that the frames carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.accuracy.parity import fit_constants
from nepkit.core import conventions
from nepkit.frames import Labels, labels

#: Name, unit and factor of every label that is compared; virials per atom, as the trainers do.
KINDS = {
    "energy": ("meV/atom", 1e3),
    "energy, constants of the elements refitted": ("meV/atom", 1e3),
    "force": ("meV/A", 1e3),
    "virial": ("meV/atom", 1e3),
    "stress": ("GPa", conventions.EV_PER_A3_IN_GPA),
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
    rmse_error, mae_error : float
        Standard errors of the first two, the frames taken as independent of each other; nan for one frame.
    """

    quantity: str
    unit: str
    count: int
    rmse: float
    mae: float
    bias: float
    rmse_error: float = float("nan")
    mae_error: float = float("nan")


class Comparison:
    """Gathers predictions and labels frame by frame; keeps four numbers per frame and quantity.

    Examples
    --------
    >>> comparison = Comparison()
    >>> comparison.add(Atoms("H", info={"energy": -1.0}), Labels(energy=-0.9))
    >>> [(row.quantity, round(row.rmse)) for row in comparison.rows()]
    [('energy', 100), ('energy, constants of the elements refitted', 0)]
    """

    def __init__(self) -> None:
        self._sums: dict[str, list[NDArray[np.float64]]] = {kind: [] for kind in KINDS}
        self._energies: list[tuple[Counter[str], float]] = []

    def add(self, atoms: Atoms, mine: Labels) -> None:
        """Take in one frame with what was predicted for it; labels that it lacks are left out."""
        reference, count, volume = labels(atoms), len(atoms), atoms.cell.volume
        if reference.energy is not None and mine.energy is not None:
            difference = (mine.energy - reference.energy) / count
            self._energies.append((Counter(atoms.symbols), difference))
            self._keep("energy", np.array([difference]))
        if reference.forces is not None and mine.forces is not None:
            self._keep("force", mine.forces - reference.forces)
        if reference.virial is not None and mine.virial is not None:
            difference_virial = conventions.components(mine.virial - reference.virial, "ase")
            self._keep("virial", difference_virial / count)
            if volume > 0.0:
                self._keep("stress", -difference_virial / volume)
        if reference.charges is not None and mine.charges is not None:
            self._keep("charge", mine.charges - reference.charges)
        if reference.bec is not None and mine.bec is not None:
            self._keep("Born effective charge", mine.bec - reference.bec)

    def _keep(self, kind: str, values: NDArray[np.float64]) -> None:
        sums = [values.size, float((values**2).sum()), float(np.abs(values).sum()), float(values.sum())]
        self._sums[kind].append(np.array(sums))

    def rows(self) -> list[Agreement]:
        """Return one row per quantity that was compared."""
        sums = {**self._sums, "energy, constants of the elements refitted": self._refitted()}
        return [_row(kind, np.array(found)) for kind, found in sums.items() if len(found)]

    def _refitted(self) -> list[NDArray[np.float64]]:
        constants = fit_constants(self._energies)
        found = []
        for composition, difference in self._energies:
            shift = sum(constants[symbol] * number for symbol, number in composition.items()) / composition.total()
            value = difference + shift
            found.append(np.array([1.0, value**2, abs(value), value]))
        return found


def agreement(frames: Iterable[Atoms], predictions: Iterable[Labels]) -> list[Agreement]:
    """Compare predictions with whatever labels the frames carry.

    Examples
    --------
    >>> atom = Atoms("H", info={"energy": -1.0})
    >>> [(row.quantity, round(row.rmse)) for row in agreement([atom], [Labels(energy=-0.9)])]
    [('energy', 100), ('energy, constants of the elements refitted', 0)]
    """
    comparison = Comparison()
    for atoms, mine in zip(frames, predictions, strict=True):
        comparison.add(atoms, mine)
    return comparison.rows()


def _row(kind: str, sums: NDArray[np.float64]) -> Agreement:
    unit, factor = KINDS[kind]
    count = sums[:, 0].sum()
    (square, square_error), (absolute, absolute_error) = (_ratio(sums[:, column], sums[:, 0]) for column in (1, 2))
    rmse = float(np.sqrt(square))
    return Agreement(
        quantity=kind,
        unit=unit,
        count=int(count),
        rmse=factor * rmse,
        mae=factor * absolute,
        bias=factor * float(sums[:, 3].sum() / count),
        rmse_error=factor * square_error / (2.0 * rmse) if rmse else 0.0,
        mae_error=factor * absolute_error,
    )


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> tuple[float, float]:
    """Return a mean over frames of different size and its standard error, that of a ratio estimator."""
    mean = float(numerator.sum() / denominator.sum())
    frames = len(numerator)
    if frames < 2:
        return mean, float("nan")
    scatter = float(((numerator - mean * denominator) ** 2).sum()) * frames / (frames - 1)
    return mean, float(np.sqrt(scatter) / denominator.sum())
