"""Phonons by finite displacements (phonopy): bands, densities of states, thermal properties, LO-TO splitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.displacements import as_atoms, displaced, phonon_forces, with_forces

Array = NDArray[np.float64]

IMAGINARY = -0.1
"""THz; frequencies below it are told as imaginary modes (imaginary ones are given as negative numbers)."""

RESIDUAL = 0.01
"""eV/A; a supercell with a larger force before any displacement is told."""

KJ_PER_MOL = 96.48533212
"""kJ/mol of 1 eV."""


@dataclass(frozen=True)
class Polar:
    """What makes the long-wavelength optical modes of an insulator split.

    Parameters
    ----------
    born : ndarray, shape (N, 3, 3)
        Born effective charges of the primitive cell, e; polarisation first, displacement second.
    dielectric : ndarray, shape (3, 3)
        Electronic dielectric constant.
    """

    born: Array
    dielectric: Array


@dataclass(frozen=True)
class Bands:
    """Frequencies along a path through the Brillouin zone.

    Parameters
    ----------
    distance : tuple of ndarray, shape (Q,)
        Along the path, 1/A (without 2 pi), for every segment.
    frequencies : tuple of ndarray, shape (Q, 3 N)
        THz, imaginary ones negative.
    labels : tuple of (str, str)
        Names of the ends of every segment.
    """

    distance: tuple[Array, ...]
    frequencies: tuple[Array, ...]
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Density:
    """Density of states.

    Parameters
    ----------
    frequency : ndarray, shape (W,)
        THz.
    total : ndarray, shape (W,)
        States per THz and primitive cell; its integral is 3 N.
    elements : dict of str to ndarray
        The part of every element.
    """

    frequency: Array
    total: Array
    elements: dict[str, Array]


@dataclass(frozen=True)
class Thermal:
    """Harmonic thermal properties per atom.

    Parameters
    ----------
    temperature : ndarray, shape (T,)
        K.
    free_energy : ndarray, shape (T,)
        eV/atom, of the vibrations alone, zero-point energy included.
    entropy, heat_capacity : ndarray, shape (T,)
        In units of Boltzmann's constant per atom; the capacity is at constant volume and tends to 3.
    zero_point : float
        eV/atom.
    """

    temperature: Array
    free_energy: Array
    entropy: Array
    heat_capacity: Array
    zero_point: float


@dataclass(frozen=True)
class Phonons:
    """Harmonic vibrations of a crystal.

    Parameters
    ----------
    bands, density, thermal
        See there.
    gamma : ndarray, shape (3 N,)
        Frequencies at the zone centre without macroscopic field, THz.
    longitudinal : dict of str to ndarray, shape (3 N,)
        The same with the field of a long wave along x, y and z; empty for a model without charges.
    primitive : ase.Atoms
        The primitive cell that the modes belong to.
    supercell : tuple of int
        Numbers of primitive or given cells along the vectors; the supercell is diagonal in the cell given.
    displacements : int
        Displaced supercells that were computed.
    minimum : float
        Lowest frequency of the mesh and the path, THz.
    residual : float
        Longest force in the undisplaced supercell, eV/A.
    polar : Polar or None
        Born charges and dielectric constant that were used.
    notes : tuple of str
        What the user should know.
    engine : phonopy.Phonopy
        For more than this.
    """

    bands: Bands
    density: Density
    thermal: Thermal
    gamma: Array
    longitudinal: dict[str, Array]
    primitive: Atoms
    supercell: tuple[int, int, int]
    displacements: int
    minimum: float
    residual: float
    polar: Polar | None
    notes: tuple[str, ...]
    engine: Any = field(repr=False, compare=False)


def phonons(
    atoms: Atoms,
    potential: Potential,
    *,
    supercell: Sequence[int] | None = None,
    length: float = 12.0,
    displacement: float = 0.01,
    mesh: float = 40.0,
    temperatures: Sequence[float] = tuple(range(0, 1001, 10)),
    polar: Polar | None = None,
    path: str | None = None,
    work: Work | None = None,
) -> Phonons:
    """Compute the harmonic phonons of a relaxed crystal.

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed cell, primitive or conventional.
    potential : Potential
        Any.
    supercell : sequence of int, optional
        Copies of the cell along its vectors; when left out the fewest that make every edge at least ``length``.
    length : float
        A.
    displacement : float
        Of the atoms, A.
    mesh : float
        Density of the mesh of the density of states: its points along a vector are this over the length of the vector.
    temperatures : sequence of float
        K.
    polar : Polar, optional
        Born charges and dielectric constant for the non-analytical correction, see `polar_of`.
    path : str, optional
        Special points such as ``GXWG``, as ASE names them; the usual path of the lattice when left out.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    MissingExtraError
        Where phonopy is not installed.
    InputError
        Where there is no crystal, or the potential cannot be given the supercell.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> found = phonons(bulk("Cu", a=3.59), load_potential("emt"), length=9.0)  # doctest: +SKIP
    >>> found.displacements  # doctest: +SKIP
    1
    """
    potential.compute([atoms], source="structure", bec=False)
    engine, copies = displaced(atoms, supercell, length, displacement)
    (forces,) = phonon_forces([engine], potential, work or Work())
    with_forces(engine, forces)
    primitive = as_atoms(engine.primitive)
    if polar is not None:
        _set_polar(engine, polar, len(primitive))
    residual = float(np.linalg.norm(forces[0], axis=1).max())
    gamma = _at_gamma(engine, None)
    directions = {"x": [1.0, 0, 0], "y": [0, 1.0, 0], "z": [0, 0, 1.0]} if polar is not None else {}
    bands = _bands(engine, primitive, path)
    density = _density(engine, mesh)
    lowest = min(float(density[1].min()), min(float(part.min()) for part in bands.frequencies))
    return Phonons(
        bands=bands,
        density=density[0],
        thermal=thermal_properties(engine, temperatures),
        gamma=gamma,
        longitudinal={name: _at_gamma(engine, _fractional(primitive, way)) for name, way in directions.items()},
        primitive=primitive,
        supercell=copies,
        displacements=len(forces) - 1,
        minimum=lowest,
        residual=residual,
        polar=polar,
        notes=_notes(lowest, residual, potential, polar),
        engine=engine,
    )


def polar_of(atoms: Atoms, potential: Potential, dielectric: float | None = None) -> Polar | None:
    """Return Born charges and dielectric constant of a crystal as the model gives them; None for one without charges.

    Parameters
    ----------
    atoms : ase.Atoms
        The cell that the phonons are computed of.
    potential : Potential
        A qNEP or a NEP with charges.
    dielectric : float, optional
        Electronic dielectric constant; that of the model (the square of its ``sqrt_epsilon_inf``) when left out.

    Raises
    ------
    InputError
        Where a model with charges says no dielectric constant and none is given.
    """
    if not potential.has_charges:
        return None
    engine, _ = displaced(atoms, (1, 1, 1), 0.0, 0.01)
    primitive = as_atoms(engine.primitive)
    (known,) = potential.compute([primitive])
    if known.bec is None:
        return None
    root = potential.sqrt_epsilon_inf
    if dielectric is None:
        if root is None:
            raise InputError(f"{potential.name} gives Born charges but no dielectric constant; give it (--dielectric)")
        dielectric = root**2
    return Polar(known.bec, dielectric * np.eye(3))


def _set_polar(engine: Any, polar: Polar, count: int) -> None:
    from phonopy.structure.symmetry import symmetrize_borns_and_epsilon

    if polar.born.shape != (count, 3, 3):
        raise InputError(f"{len(polar.born)} Born charges, but the primitive cell has {count} atoms")
    born, dielectric = symmetrize_borns_and_epsilon(polar.born, polar.dielectric, engine.primitive, symprec=1e-4)
    engine.nac_params = {"born": born, "dielectric": dielectric, "factor": 14.399645}


def _at_gamma(engine: Any, direction: Array | None) -> Array:
    engine.run_qpoints([[0.0, 0.0, 0.0]], nac_q_direction=direction)
    return np.sort(np.asarray(engine.qpoints.frequencies[0], dtype=float))


def _fractional(primitive: Atoms, direction: Sequence[float]) -> Array:
    return np.asarray(primitive.cell.array @ np.array(direction, dtype=float))


def _bands(engine: Any, primitive: Atoms, path: str | None) -> Bands:
    try:
        route = primitive.cell.bandpath(path, npoints=0)
        pieces = [piece for piece in _pieces(route.path) if len(piece) > 1]
        ends = [(one, other) for piece in pieces for one, other in pairwise(piece)]
        points = [(route.special_points[one], route.special_points[other]) for one, other in ends]
    except (KeyError, ValueError) as error:
        known = " ".join(sorted(primitive.cell.bandpath(npoints=0).special_points))
        raise InputError(f"path {path!r}: {error}; special points of this lattice are {known}") from None
    reciprocal = primitive.cell.reciprocal().array
    paths = []
    for one, other in points:
        steps = max(2, int(np.ceil(np.linalg.norm((other - one) @ reciprocal) / 0.01)))
        paths.append(np.linspace(one, other, steps + 1))
    engine.run_band_structure(paths)
    found = engine.band_structure
    names = [("Γ" if one == "G" else one, "Γ" if other == "G" else other) for one, other in ends]
    return Bands(
        tuple(np.asarray(part, dtype=float) for part in found.distances),
        tuple(np.sort(np.asarray(part, dtype=float), axis=1) for part in found.frequencies),
        tuple(names),
    )


def _pieces(path: str) -> list[list[str]]:
    from ase.dft.kpoints import parse_path_string

    pieces: list[list[str]] = parse_path_string(path)
    return pieces


def _density(engine: Any, mesh: float) -> tuple[Density, Array]:
    symbols = list(dict.fromkeys(engine.primitive.symbols))
    alone = len(symbols) == 1  # then the symmetry spares most of the mesh
    engine.run_mesh(mesh, with_eigenvectors=not alone, is_mesh_symmetry=alone)
    frequencies = np.asarray(engine.mesh.frequencies, dtype=float)
    if alone:
        engine.run_total_dos()
        found = engine.total_dos
        parts = {symbols[0]: np.asarray(found.dos, dtype=float)}
    else:
        engine.run_projected_dos()
        found = engine.projected_dos
        of_atoms = np.asarray(found.projected_dos, dtype=float)
        parts = {name: of_atoms[[one == name for one in engine.primitive.symbols]].sum(axis=0) for name in symbols}
    total: Array = np.sum(list(parts.values()), axis=0)
    return Density(np.asarray(found.frequency_points, dtype=float), total, parts), frequencies


def thermal_properties(engine: Any, temperatures: Sequence[float] | Array) -> Thermal:
    """Return harmonic thermal properties from the mesh that phonopy has computed last, at temperatures, K."""
    from ase.units import kB

    engine.run_thermal_properties(temperatures=np.asarray(temperatures, dtype=float), cutoff_frequency=1e-3)
    found = engine.thermal_properties
    scale = 1.0 / (KJ_PER_MOL * len(engine.primitive))
    per_k = 1e-3 * scale / kB  # J/K/mol to kB per atom
    return Thermal(
        temperature=np.asarray(found.temperatures, dtype=float),
        free_energy=scale * np.asarray(found.free_energy, dtype=float),
        entropy=per_k * np.asarray(found.entropy, dtype=float),
        heat_capacity=per_k * np.asarray(found.heat_capacity, dtype=float),
        zero_point=scale * float(found.zero_point_energy),
    )


def _notes(lowest: float, residual: float, potential: Potential, polar: Polar | None) -> tuple[str, ...]:
    found = []
    if lowest < IMAGINARY:
        found.append(
            f"imaginary modes down to {lowest:.2f} THz: the structure is no minimum, or not a relaxed one; thermal "
            "properties leave them out"
        )
    if residual > RESIDUAL:
        found.append(f"forces of {residual:.3f} eV/A before any displacement: relax first (nepkit calc minimize)")
    if potential.has_charges and polar is None:
        found.append("without Born charges and dielectric constant the optical modes do not split at the zone centre")
    return tuple(found)
