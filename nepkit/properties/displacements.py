"""Crystals with atoms displaced, and their forces: what phonons are made of, by phonopy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError, MissingExtraError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work

Array = NDArray[np.float64]


def displaced(
    atoms: Atoms, supercell: Sequence[int] | None, length: float, displacement: float
) -> tuple[Any, tuple[int, int, int]]:
    """Return phonopy's object with displacements made, and the copies of the cell along its vectors."""
    try:
        from phonopy import Phonopy
        from phonopy.structure.atoms import PhonopyAtoms
        from spglib.error import SpglibError
    except ImportError:
        raise MissingExtraError("phonopy", "phonon") from None
    if not all(atoms.pbc) or atoms.cell.volume <= 0.0:
        raise InputError("phonons need a crystal: periodic in all directions, with a cell")
    if supercell is None:
        heights = 1.0 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
        supercell = [max(1, int(np.ceil(length / height - 1e-6))) for height in heights]
    if len(supercell) != 3 or min(supercell) < 1:
        raise InputError(f"a supercell of {' '.join(map(str, supercell))} is not three numbers of at least 1")
    cell = PhonopyAtoms(
        symbols=atoms.get_chemical_symbols(),
        cell=atoms.cell.array,
        scaled_positions=atoms.get_scaled_positions(),
        masses=atoms.get_masses(),
    )
    with (
        warnings.catch_warnings()
    ):  # that the supercell has less symmetry than the cell, which only costs displacements
        warnings.filterwarnings("ignore", message=".*Point group symmetries.*")
        warnings.filterwarnings("ignore", message=".*primitive_matrix defaulted.*")  # said although it is given
        try:
            engine = Phonopy(cell, supercell_matrix=np.diag(supercell), primitive_matrix="auto", symprec=1e-4)
        except SpglibError as error:
            raise InputError(f"the symmetry of the structure cannot be found: {error}") from None
    engine.generate_displacements(distance=displacement)
    first, second, third = (int(value) for value in supercell)
    return engine, (first, second, third)


def phonon_forces(engines: Sequence[Any], potential: Potential, work: Work) -> list[Array]:
    """Return the forces of several crystals: those of its supercell, then of its displaced ones, eV/A."""
    cells = [[as_atoms(engine.supercell), *map(as_atoms, engine.supercells_with_displacements)] for engine in engines]
    found = work.map(_forces, potential, [cell for part in cells for cell in part], "Displacements")
    return [np.array([next(found) for _ in part]) for part in cells]


def with_forces(engine: Any, forces: Array) -> None:
    """Give phonopy the forces of `phonon_forces`, those before any displacement taken off, and make force constants."""
    engine.forces = forces[1:] - forces[0]
    engine.produce_force_constants()
    engine.symmetrize_force_constants()


def _forces(potential: Potential, atoms: Atoms) -> Array:
    (known,) = potential.compute([atoms], source="supercell", bec=False)
    return np.asarray(known.forces)


def as_atoms(cell: Any) -> Atoms:
    """Return a cell of phonopy as ASE has it."""
    return Atoms(cell.symbols, cell=cell.cell, scaled_positions=cell.scaled_positions, masses=cell.masses, pbc=True)
