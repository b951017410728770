"""Parity of a trained model: evaluated here, independently of the training programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from nepkit.accuracy.parity import Parity, compare
from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.frames import labels
from nepkit.models.potentials.nep import NepPotential


def parity(model: Path, frames: Sequence[Atoms]) -> Parity:
    """Evaluate a model file and set it against the labels of the frames.

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
    potential = NepPotential(model)
    predictions = []
    for atoms in track(frames, "Evaluating"):
        reference = labels(atoms)
        if reference.energy is None or reference.forces is None:
            raise InputError("a frame without energy or forces cannot be compared; label it or leave it out")
        work = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)  # as the trainers take it
        predictions += potential.compute([work], bec=False)
    return compare(frames, predictions)
