"""How well a model reproduces the labels: energies, forces and virials against their reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.frames import Labels, labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parity:
    """Reference against prediction of one set of frames.

    Parameters
    ----------
    energy : (2, F) array
        Reference and prediction, eV/atom.
    force : (2, 3 N) array
        All force components of all frames, eV/A.
    virial : (2, 6 V) array
        xx yy zz yz xz xy of the V frames with a virial, eV/atom, positive under compression.
    """

    energy: Array
    force: Array
    virial: Array

    @property
    def energy_rmse(self) -> float:
        """Root mean square error of the energy, eV/atom, as it is (no shift removed)."""
        return _rmse(self.energy)

    @property
    def force_rmse(self) -> float:
        """Root mean square error of the force components, eV/A."""
        return _rmse(self.force)

    @property
    def virial_rmse(self) -> float:
        """Root mean square error of the virial components, eV/atom; nan without virials."""
        return _rmse(self.virial)


def compare(
    frames: Sequence[Atoms], predictions: Sequence[Labels], constants: Mapping[str, float] | None = None
) -> Parity:
    """Set predictions against the labels that the frames carry; a label that a frame lacks is left out.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Frames with reference labels.
    predictions : sequence of Labels
        One per frame.
    constants : mapping of str to float, optional
        Energy in eV added to the prediction for every atom of an element; see `element_constants`.
    """
    energies, forces, virials = [], [], []
    for atoms, found in zip(frames, predictions, strict=True):
        reference, count = labels(atoms), len(atoms)
        if reference.energy is not None and found.energy is not None:
            shift = sum((constants or {}).get(symbol, 0.0) for symbol in atoms.symbols)
            energies.append([reference.energy / count, (found.energy + shift) / count])
        if reference.forces is not None and found.forces is not None:
            forces.append(np.stack([reference.forces.ravel(), found.forces.ravel()]))
        if reference.virial is not None and found.virial is not None:
            pair = np.stack([reference.virial, found.virial])
            virials.append(conventions.components(pair, "ase") / count)
    return Parity(np.array(energies).reshape(-1, 2).T, _joined(forces), _joined(virials))


def element_constants(frames: Sequence[Atoms], predictions: Sequence[Labels]) -> dict[str, float]:
    """Return the energy per atom of every element, eV, that brings predictions closest to the reference energies.

    Two calculations of the same physics may differ by such constants (reference energies of the atoms); they shift no
    force. Least squares of the error per atom, smallest constants where the frames do not tell elements apart.

    Examples
    --------
    >>> element_constants([], [])
    {}
    """
    found = []
    for atoms, mine in zip(frames, predictions, strict=True):
        reference = labels(atoms)
        if reference.energy is not None and mine.energy is not None:
            found.append((Counter(atoms.symbols), (mine.energy - reference.energy) / len(atoms)))
    absent = {symbol: 0.0 for atoms in frames for symbol in atoms.symbols}
    return absent | fit_constants(found)


def fit_constants(differences: Sequence[tuple[Counter[str], float]]) -> dict[str, float]:
    """Return the energy per atom of every element, eV, to be added to the predictions.

    Parameters
    ----------
    differences : sequence of (Counter, float)
        Composition of a frame, and prediction minus label in eV/atom.

    Examples
    --------
    >>> {symbol: round(value, 3) for symbol, value in fit_constants([(Counter({"H": 2}), 0.1)]).items()}
    {'H': -0.1}
    """
    elements = sorted({symbol for composition, _ in differences for symbol in composition})
    if not differences:
        return {}
    rows = [[composition[element] / composition.total() for element in elements] for composition, _ in differences]
    errors = [-difference for _, difference in differences]
    constants = np.linalg.lstsq(np.array(rows), np.array(errors), rcond=1e-10)[0]
    return {element: float(value) for element, value in zip(elements, constants, strict=True)}


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate([part.reshape(2, -1) for part in parts], axis=1) if parts else np.empty((2, 0))


def _rmse(pair: Array) -> float:
    return float(np.sqrt(np.mean((pair[1] - pair[0]) ** 2))) if pair.size else float("nan")
