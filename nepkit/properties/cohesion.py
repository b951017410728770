"""Cohesive energies: what it takes to bring all atoms of a structure far apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.settled import settle

Array = NDArray[np.float64]

SCALES = tuple(np.round(np.arange(0.90, 1.201, 0.02), 6).tolist())
"""Factors of all lengths of the usual curve."""


@dataclass(frozen=True)
class Cohesion:
    """Energy of a structure against its free atoms.

    Parameters
    ----------
    energy : float
        Cohesive energy, eV/atom; positive where the structure is bound.
    atoms : dict of str to float
        Energy of a free atom of every element, eV.
    scale : ndarray, shape (S,)
        Factors by which all lengths were multiplied, as in GPUMD's cohesive.out.
    curve : ndarray, shape (S,)
        Energy of the structure at every factor, eV.
    """

    energy: float
    atoms: dict[str, float]
    scale: Array
    curve: Array


def cohesion(
    atoms: Atoms,
    potential: Potential,
    *,
    scales: Sequence[float] | Array = SCALES,
    free: Mapping[str, float] | None = None,
    work: Work | None = None,
) -> Cohesion:
    """Compute the cohesive energy of a structure, and its energy when it is stretched and compressed.

    A machine-learned potential that was not trained on free atoms gives their energies by extrapolation: give those of
    the reference method then.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    potential : Potential
        Any.
    scales : sequence of float
        Factors of all lengths.
    free : mapping of str to float, optional
        Energies of free atoms, eV, in place of those of the potential.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where the potential cannot be given a free atom, or a structure.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> round(cohesion(bulk("Cu", a=3.59), load_potential("emt")).energy, 2)
    3.52
    """
    if not len(scales) or min(scales) <= 0.0:
        raise InputError("factors of lengths must be above 0")
    known = dict(free or {})
    counts = Counter(atoms.get_chemical_symbols())
    edge = 2.0 * (potential.cutoff or 10.0) + 5.0
    missing = [name for name in sorted(counts) if name not in known]
    boxes = [Atoms(name, cell=[edge] * 3, pbc=True, positions=[[0.5 * edge] * 3]) for name in missing]
    stretched = []
    for factor in (1.0, *scales):
        made = atoms.copy()
        made.set_cell(atoms.cell.array * factor, scale_atoms=False)
        made.positions = atoms.positions * factor
        stretched.append(made)
    found = settle([*boxes, *stretched], potential, None, work or Work(), "Structures")
    known |= {name: one.energy for name, one in zip(missing, found, strict=False)}
    energies = np.array([one.energy for one in found[len(boxes) :]])
    apart = sum(known[name] * count for name, count in counts.items())
    return Cohesion(
        energy=(apart - float(energies[0])) / len(atoms),
        atoms={name: known[name] for name in sorted(counts)},
        scale=np.asarray(scales, dtype=float),
        curve=energies[1:],
    )
