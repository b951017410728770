"""Numbers that describe one frame: what ranges, filters and checks are about."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from ase import Atoms

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.datasets.distances import Contact, Pair, closest_contacts
from nepkit.frames import Labels, labels

UNITS = {
    "atoms": "",
    "energy": "eV/atom",
    "force": "eV/A",
    "net_force": "eV/A",
    "virial": "eV/atom",
    "stress": "GPa",
    "pressure": "GPa",
    "volume": "A^3/atom",
    "shortest_edge": "A",
    "longest_edge": "A",
    "distance": "A",
}
"""The numbers of `Quantities` and their units."""

PLACES = 5
"""Decimals of positions and cells, A, within which two frames count as the same structure."""


@dataclass(frozen=True)
class Quantities:
    """Numbers of one frame; None where it lacks the label or the cell.

    Parameters
    ----------
    formula : str
        Metals first.
    atoms : int
        How many.
    energy : float
        eV/atom.
    force : float
        Largest length of the force on an atom, eV/A.
    net_force : float
        Length of the sum of all forces, eV/A; zero in any finite or periodic system that nothing holds.
    virial : float
        Largest magnitude of a component, eV/atom.
    stress : float
        Largest magnitude of a component of the virial by the volume, GPa.
    pressure : float
        A third of the trace of the virial by the volume, GPa, positive under compression.
    volume : float
        A^3/atom.
    shortest_edge, longest_edge : float
        Lengths of cell vectors, A.
    distance : float
        Shortest of all distances between atoms, A.
    contacts : dict
        Shortest distance of every two elements; empty where distances were not wanted.
    """

    formula: str
    atoms: int
    energy: float | None
    force: float | None
    net_force: float | None
    virial: float | None
    stress: float | None
    pressure: float | None
    volume: float | None
    shortest_edge: float | None
    longest_edge: float | None
    distance: float | None
    contacts: dict[Pair, Contact]


def measure(atoms: Atoms, where: str = "frame", *, known: Labels | None = None, distances: bool = True) -> Quantities:
    """Return the numbers of a frame.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame.
    where : str
        What messages call it.
    known : Labels, optional
        Its labels where they are at hand; those of the frame otherwise.
    distances : bool
        Whether to find the shortest distances, which takes most of the time.

    Raises
    ------
    InputError
        For a label or a geometry that is not what it should be.

    Examples
    --------
    >>> from ase.build import bulk
    >>> numbers = measure(bulk("NaCl", "rocksalt", 5.6))
    >>> numbers.formula, round(numbers.volume, 2), numbers.energy
    ('NaCl', 21.95, None)
    """
    known = labels(atoms, where) if known is None else known
    count = max(len(atoms), 1)
    volume = abs(float(np.linalg.det(atoms.cell.array))) or None
    edges = np.linalg.norm(atoms.cell.array, axis=1)
    edges = edges[edges > 0.0]
    contacts = closest_contacts(atoms, where) if distances else {}
    forces, virial = known.forces, known.virial
    stress = None if virial is None or volume is None else virial / volume * EV_PER_A3_IN_GPA
    return Quantities(
        formula=atoms.get_chemical_formula(mode="metal"),
        atoms=len(atoms),
        energy=None if known.energy is None else known.energy / count,
        force=None if forces is None else float(np.linalg.norm(forces, axis=1).max(initial=0.0)),
        net_force=None if forces is None else float(np.linalg.norm(forces.sum(axis=0))),
        virial=None if virial is None else float(np.abs(virial).max()) / count,
        stress=None if stress is None else float(np.abs(stress).max()),
        pressure=None if stress is None else float(np.trace(stress)) / 3,
        volume=None if volume is None else volume / count,
        shortest_edge=float(edges.min()) if len(edges) else None,
        longest_edge=float(edges.max()) if len(edges) else None,
        distance=min((contact.distance for contact in contacts.values()), default=None),
        contacts=contacts,
    )


def fingerprint(atoms: Atoms) -> bytes:
    """Return bytes that are equal for frames with the same elements, positions, cell and periodicity.

    The order of atoms counts, and numbers are compared after rounding to `PLACES` decimals.

    Examples
    --------
    >>> atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]])
    >>> fingerprint(atoms) == fingerprint(atoms.copy())
    True
    """
    digest = blake2b(digest_size=16)
    digest.update(np.asarray(atoms.numbers, dtype=np.int64).tobytes())
    digest.update(atoms.pbc.tobytes())
    for values in (atoms.positions, atoms.cell.array):
        digest.update((np.round(values, PLACES) + 0.0).tobytes())  # + 0.0 turns -0.0 into 0.0
    return digest.digest()
