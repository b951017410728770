"""Frames that a model reproduces worst: which to take out so that the error of the rest is below a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.frames import Labels, labels
from nepkit.gpumd.predictions import read_pairs

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """Squared errors of every frame.

    Parameters
    ----------
    squares : ndarray, shape (F,)
        Sum of the squares over the components of a frame; eV^2/atom^2, or eV^2/A^2 for forces.
    counts : ndarray, shape (F,)
        Number of components; 0 for a frame without the label.
    """

    squares: Array
    counts: Array

    @property
    def rmse(self) -> float:
        """Root mean square error over all components."""
        return float(np.sqrt(self.squares.sum() / max(self.counts.sum(), 1)))


def worst(errors: Errors, bound: float) -> list[int]:
    """Return the fewest frames, worst first, without which the root mean square error is at most ``bound``.

    One sort and one sum: the time grows as F log F.

    Examples
    --------
    >>> worst(Errors(np.array([1.0, 100.0, 1.0, 81.0]), np.ones(4)), 1.0)
    [1, 3]
    """
    means = errors.squares / np.maximum(errors.counts, 1)
    order = np.argsort(-means, kind="stable")
    left = np.append(np.cumsum(errors.squares[order][::-1])[::-1], 0.0)
    count = np.append(np.cumsum(errors.counts[order][::-1])[::-1], 0.0)
    fits = left <= bound**2 * count * (1 + 1e-12)
    return [int(index) for index in order[: int(np.argmax(fits))]]


def errors_of(frames: Sequence[Atoms], predictions: Sequence[Labels]) -> dict[str, Errors]:
    """Return the errors of energy per atom, force components and virial components per atom of every frame."""
    squares = {name: np.zeros(len(frames)) for name in ("energy", "force", "virial")}
    counts = {name: np.zeros(len(frames)) for name in squares}

    def add(name: str, index: int, difference: Array) -> None:
        squares[name][index] = float(np.sum(difference**2))
        counts[name][index] = difference.size

    for index, (atoms, found) in enumerate(zip(frames, predictions, strict=True)):
        known, size = labels(atoms, f"frame {index + 1}"), len(atoms)
        if known.energy is not None and found.energy is not None:
            add("energy", index, np.array([(known.energy - found.energy) / size]))
        if known.forces is not None and found.forces is not None:
            add("force", index, known.forces - found.forces)
        if known.virial is not None and found.virial is not None:
            add("virial", index, conventions.components(known.virial - found.virial, "ase") / size)
    return {name: Errors(squares[name], counts[name]) for name in squares}


def errors_of_trainer(frames: Sequence[Atoms], folder: Path) -> dict[str, Errors]:
    """Return the errors in ``energy_train.out``, ``force_train.out`` and ``virial_train.out`` of GPUMD's trainer.

    The files list prediction and reference in the order of train.xyz (GPUMD, src/main_nep/fitness.cu), so ``frames``
    are those of that file.

    Raises
    ------
    InputError
        Where a file has not one row per frame or atom: its trainer used mini-batches or other frames.
    """
    sizes = np.array([len(atoms) for atoms in frames])
    rows = {"energy": len(frames), "force": int(sizes.sum()), "virial": len(frames)}
    result = {}
    for name, expected in rows.items():
        path = folder / f"{name}_train.out"
        if name != "energy" and not path.is_file():
            continue
        predicted, reference, absent = read_pairs(path, name)
        if len(absent) != expected:
            raise InputError(
                f"{path}: {len(absent)} rows, expected {expected}; were these frames trained on, in one batch?"
            )
        if name == "energy":
            check_order(frames, reference[:, 0], path)
        squares = np.where(absent, 0.0, ((predicted - reference) ** 2).sum(axis=1))
        counts = np.where(absent, 0.0, float(reference.shape[1]))
        if name == "force":
            starts = np.append(0, np.cumsum(sizes)[:-1])
            squares, counts = np.add.reduceat(squares, starts), np.add.reduceat(counts, starts)
        result[name] = Errors(squares, counts)
    return result


def check_order(frames: Sequence[Atoms], reference: Array, path: Path) -> None:
    """Raise InputError where the reference energies of ``energy_train.out``, eV/atom, are not those of the frames."""
    for number, (atoms, value) in enumerate(zip(frames, reference.tolist(), strict=True), 1):
        energy = labels(atoms, f"frame {number}").energy
        if energy is not None and abs(energy / len(atoms) - value) > 1e-4 * max(1.0, abs(value)):
            raise InputError(
                f"{path}, row {number}: reference {value:g} eV/atom, but frame {number} has {energy / len(atoms):g}; "
                "trained in mini-batches or on other frames? give the model instead"
            )
