"""Energy against the distance of two parts that are pulled apart: what a model says beyond its cutoff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.models.potentials import Potential

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Separation:
    """Energies along a scan of distances, relative to the first.

    Parameters
    ----------
    distance : ndarray, shape (n,)
        A, rising.
    reference : ndarray, shape (n,)
        Labels, eV.
    models : dict of str to ndarray, shape (n,)
        Predictions by name of the model, eV.
    """

    distance: FloatArray
    reference: FloatArray
    models: dict[str, FloatArray]

    def deviation(self, name: str) -> float:
        """Return the largest distance of a model's curve from the reference, meV."""
        return 1e3 * float(np.abs(self.models[name] - self.reference).max())


def separation(frames: Sequence[Atoms], models: Mapping[str, Potential]) -> Separation:
    """Evaluate models along a scan.

    Parameters
    ----------
    frames : sequence of Atoms
        Labelled frames with ``info["distance"]``, A.
    models : mapping of str to Potential
        Models by name.

    Raises
    ------
    InputError
        If a frame has no distance or no energy.

    Examples
    --------
    >>> separation(frames, {"NEP": load_potential("nep.txt")}).deviation("NEP")  # doctest: +SKIP
    1143.0
    """
    energies = []
    for number, atoms in enumerate(frames, start=1):
        energy = labels(atoms).energy
        if energy is None or "distance" not in atoms.info:
            absent = "energy" if energy is None else "distance"
            raise InputError(f"frame {number} of the scan has no {absent}; label it, distance=... in its comment line")
        energies.append(energy)
    distance = np.array([float(atoms.info["distance"]) for atoms in frames])
    order = np.argsort(distance)
    curves = {}
    for name, model in models.items():
        found = [row.energy if row.energy is not None else np.nan for row in model.compute(list(frames), bec=False)]
        curves[name] = np.array(found)[order]
    reference = np.array(energies)[order]
    return Separation(
        distance[order], reference - reference[0], {name: curve - curve[0] for name, curve in curves.items()}
    )
