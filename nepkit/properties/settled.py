"""Energies, forces and stresses of structures whose atoms are relaxed in a fixed cell first, as pieces of work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.minima import Relaxation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settled:
    """A structure and what the potential says about it.

    Parameters
    ----------
    atoms : ase.Atoms
        With labels.
    energy : float
        eV.
    stress : ndarray, shape (3, 3) or None
        GPa, positive under tension; None where the potential gives none.
    reason : str
        Why the atoms are not at rest; empty where they are, or were not to be moved.
    """

    atoms: Atoms
    energy: float
    stress: Array | None
    reason: str


def settle(
    structures: Iterable[Atoms], potential: Potential, how: Relaxation | None, work: Work, what: str
) -> list[Settled]:
    """Return structures with their energies and stresses, in order.

    Parameters
    ----------
    structures : iterable of ase.Atoms
        Each a piece of work.
    potential : Potential
        Any.
    how : Relaxation or None
        How atoms are relaxed, None where they stay.
    work : Work
        How pieces are done.
    what : str
        What progress calls the work.

    Raises
    ------
    InputError
        Where a structure cannot be computed, or its atoms do not come to rest.
    """
    found = list(work.map(_settle, (potential, how), structures, what))
    for number, one in enumerate(found, 1):
        if one.reason:
            raise InputError(f"{what.lower()}, structure {number}: {one.reason}; give more steps or a larger fmax")
    return found


def _settle(shared: tuple[Potential, Relaxation | None], atoms: Atoms) -> Settled:
    potential, how = shared
    reason = ""
    if how is None:
        made = atoms.copy()
        (known,) = potential.compute([made], source="structure", bec=False)
    else:
        minimum = how.one(atoms, potential)
        made, reason = minimum.atoms, minimum.reason
        known = labels(made)
    if known.energy is None:
        raise InputError(f"{potential.name} gives no energy")
    volume = float(made.cell.volume)
    stress = None if known.virial is None or volume == 0.0 else conventions.stress_from_virial(known.virial, volume)
    pressure_unit = conventions.EV_PER_A3_IN_GPA
    return Settled(made, known.energy, None if stress is None else pressure_unit * stress, reason)
