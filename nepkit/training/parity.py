"""Parity of a trained model: evaluated by calorine, an implementation independent of the training programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit import conventions
from nepkit.analysis.parity import Parity
from nepkit.errors import InputError
from nepkit.frames import labels
from nepkit.progress import track


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
