"""The sum of the forces of a frame, which is zero for a converged calculation without fixed atoms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NetForces:
    """Net force of every frame that has forces.

    Parameters
    ----------
    frame : ndarray of int, shape (F,)
        Number of the frame, from 1.
    net : ndarray, shape (F, 3)
        Sum of the forces divided by the number of atoms, eV/A.
    rms : ndarray, shape (F,)
        Root mean square of the force components, eV/A, to compare with.
    without : int
        Frames that have no forces.
    """

    frame: NDArray[np.int64]
    net: Array
    rms: Array
    without: int

    @property
    def length(self) -> Array:
        """Length of the net force per atom, eV/A, shape (F,)."""
        return np.asarray(np.linalg.norm(self.net, axis=1))


def net_forces(frames: Iterable[Atoms], where: str = "frames") -> NetForces:
    """Return the net force of every frame.

    Raises
    ------
    InputError
        Where no frame has forces.

    Examples
    --------
    >>> pair = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]])
    >>> pair.arrays["forces"] = np.array([[0, 0, 1.0], [0, 0, -0.5]])
    >>> net_forces([pair]).length.tolist()
    [0.25]
    """
    numbers, nets, sizes, without = [], [], [], 0
    for number, atoms in enumerate(frames, 1):
        forces = labels(atoms, f"{where}, frame {number}").forces
        if forces is None:
            without += 1
            continue
        numbers.append(number)
        nets.append(forces.mean(axis=0))
        sizes.append(np.sqrt(np.mean(forces**2)))
    if not numbers:
        raise InputError(f"{where}: no frame has forces")
    return NetForces(np.array(numbers), np.array(nets), np.array(sizes), without)
