"""How well a model reproduces the labels: energies, forces and virials against their reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit import conventions
from nepkit.errors import InputError
from nepkit.frames import labels
from nepkit.progress import track

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


def parity(model: Path, frames: Sequence[Atoms]) -> Parity:
    """Evaluate a model file with calorine and set it against the labels of the frames.

    Parameters
    ----------
    model : Path
        A ``nep.txt``, NEP or qNEP.
    frames : sequence of Atoms
        Frames with energy and forces, and a virial or stress where there is one.

    Examples
    --------
    >>> report = parity(Path("nep.txt"), frames)  # doctest: +SKIP
    >>> 1e3 * report.force_rmse  # doctest: +SKIP
    64.2
    """
    from calorine.calculators import CPUNEP

    calculator = CPUNEP(str(model))
    energies, components, virials = [], [], []
    for atoms in track(frames, "Evaluating"):
        reference = labels(atoms)
        if reference.energy is None or reference.forces is None:
            raise InputError("a frame without energy or forces cannot be compared; label it or leave it out")
        work = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
        calculator.calculate(work, properties=["energy", "forces", "stress"])
        found = calculator.results
        energies.append((reference.energy / len(atoms), found["energy"] / len(atoms)))
        components.append(np.stack([reference.forces.ravel(), np.ravel(found["forces"])]))
        if reference.virial is not None:
            predicted = -work.get_volume() * np.asarray(found["stress"])
            virials.append(np.stack([conventions.components(reference.virial, "ase"), predicted]) / len(atoms))
    return Parity(
        energy=np.array(energies).T.reshape(2, -1),
        force=np.concatenate(components, axis=1) if components else np.empty((2, 0)),
        virial=np.concatenate(virials, axis=1) if virials else np.empty((2, 0)),
    )


def _rmse(pair: Array) -> float:
    return float(np.sqrt(np.mean((pair[1] - pair[0]) ** 2))) if pair.size else float("nan")
