"""Thermal expansion in the quasi-harmonic approximation: phonons at several volumes (phonopy).

Vibrations are harmonic at every volume; what atoms do beyond that, and diffusion, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.displacements import displaced, phonon_forces, with_forces
from nepkit.properties.equation_of_state import fit_form
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.phonons import IMAGINARY, thermal_properties
from nepkit.properties.settled import settle

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ThermalExpansion:
    """Quasi-harmonic properties at zero pressure.

    Parameters
    ----------
    temperature : ndarray, shape (T,)
        K.
    volume : ndarray, shape (T,)
        A^3/atom.
    expansion : ndarray, shape (T,)
        Volumetric coefficient, 1/K.
    bulk_modulus : ndarray, shape (T,)
        Isothermal, GPa.
    heat_capacity : ndarray, shape (T,)
        At constant pressure, in units of Boltzmann's constant per atom.
    gruneisen : ndarray, shape (T,)
        Thermal Grueneisen parameter.
    gibbs : ndarray, shape (T,)
        Gibbs energy, eV/atom.
    volumes, energies : ndarray, shape (P,)
        What was computed: A^3/atom and the energy without vibrations, eV/atom.
    free_energies : ndarray, shape (P, T)
        Of the vibrations at every volume, eV/atom.
    notes : tuple of str
        What the user should know.
    """

    temperature: Array
    volume: Array
    expansion: Array
    bulk_modulus: Array
    heat_capacity: Array
    gruneisen: Array
    gibbs: Array
    volumes: Array
    energies: Array
    free_energies: Array
    notes: tuple[str, ...] = ()

    def at(self, kelvin: float) -> dict[str, float]:
        """Return every quantity at a temperature, interpolated linearly."""
        names = ("volume", "expansion", "bulk_modulus", "heat_capacity", "gruneisen", "gibbs")
        return {name: float(np.interp(kelvin, self.temperature, getattr(self, name))) for name in names}


def thermal_expansion(
    atoms: Atoms,
    potential: Potential,
    *,
    strain: tuple[float, float] = (-0.01, 0.03),
    points: int = 9,
    supercell: tuple[int, int, int] | None = None,
    length: float = 12.0,
    displacement: float = 0.01,
    mesh: float = 30.0,
    highest: float = 800.0,
    relax: Relaxation | None = None,
    work: Work | None = None,
) -> ThermalExpansion:
    """Compute the thermal expansion of a crystal from phonons at several volumes; the shape of the cell is kept.

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed cell.
    potential : Potential
        Any.
    strain : (float, float)
        Smallest and largest linear strain; expansion needs more on its side.
    points : int
        Volumes, 6 or more.
    supercell, length, displacement, mesh
        As in `nepkit.properties.phonons.phonons`.
    highest : float
        Highest temperature, K.
    relax : Relaxation, optional
        How atoms are relaxed at every volume.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where a volume has imaginary modes, or the minimum leaves the volumes below the highest temperature.

    Examples
    --------
    >>> found = thermal_expansion(copper, load_potential("emt"))  # doctest: +SKIP
    >>> found.at(300.0)["expansion"]  # doctest: +SKIP
    5.0e-05
    """
    if points < 6 or not strain[0] < 0.0 < strain[1]:
        raise InputError("thermal expansion needs at least 6 volumes, from a negative to a positive strain")
    cells = []
    for factor in 1.0 + np.linspace(*strain, points):
        made = atoms.copy()
        made.set_cell(atoms.cell.array * factor, scale_atoms=True)
        cells.append(made)
    pieces = work or Work()
    settled = settle(cells, potential, relax, pieces, "Volumes")
    temperatures = np.arange(0.0, highest + 5.0, 10.0)
    engines = [displaced(one.atoms, supercell, length, displacement)[0] for one in settled]
    forces = phonon_forces(engines, potential, pieces)
    thermal = []
    for one, engine, found in zip(settled, engines, forces, strict=True):
        with_forces(engine, found)
        engine.run_mesh(mesh)
        lowest = float(engine.mesh.frequencies.min())
        if lowest < IMAGINARY:
            raise InputError(
                f"imaginary modes down to {lowest:.2f} THz at {one.atoms.cell.volume / len(one.atoms):.3f} A^3/atom: "
                "the quasi-harmonic approximation has no meaning there; is this phase stable?"
            )
        thermal.append(thermal_properties(engine, temperatures))
    return quasi_harmonic(
        np.array([one.atoms.cell.volume / len(one.atoms) for one in settled]),
        np.array([one.energy / len(one.atoms) for one in settled]),
        temperatures,
        np.array([one.free_energy for one in thermal]),
        np.array([one.heat_capacity for one in thermal]),
    )


def quasi_harmonic(
    volumes: Array, energies: Array, temperatures: Array, free: Array, capacity: Array
) -> ThermalExpansion:
    """Return what follows from the free energy at volumes and temperatures.

    The equation of Vinet is fitted at every temperature; the expansion is the derivative of its volumes, and
    ``C_p = C_V + T V B alpha^2``, ``gamma = V B alpha / C_V``.

    Parameters
    ----------
    volumes : ndarray, shape (P,)
        A^3/atom.
    energies : ndarray, shape (P,)
        Without vibrations, eV/atom.
    temperatures : ndarray, shape (T,)
        K, at equal steps.
    free : ndarray, shape (P, T)
        Free energy of the vibrations, eV/atom.
    capacity : ndarray, shape (P, T)
        Heat capacity at constant volume, in units of Boltzmann's constant per atom.

    Raises
    ------
    InputError
        Where the minimum of the free energy is not among the volumes at some temperature.
    """
    from ase.units import kB

    _check_range(volumes, energies, free)
    fits = [fit_form("vinet", volumes, energies + free[:, place]) for place in range(len(temperatures))]
    volume, modulus, gibbs = (
        np.array([getattr(one, name) for one in fits]) for name in ("volume", "bulk_modulus", "energy")
    )
    alpha = np.gradient(volume, temperatures, edge_order=2) / volume
    at_volume = np.array(
        [np.polyval(np.polyfit(volumes, capacity[:, k], 3), volume[k]) for k in range(len(temperatures))]
    )
    stored = volume * modulus / EV_PER_A3_IN_GPA * alpha / kB  # per K
    with np.errstate(divide="ignore", invalid="ignore"):
        gruneisen = np.where(at_volume > 1e-6, stored / at_volume, np.nan)
    return ThermalExpansion(
        temperature=temperatures,
        volume=volume,
        expansion=alpha,
        bulk_modulus=modulus,
        heat_capacity=at_volume + temperatures * stored * alpha,
        gruneisen=gruneisen,
        gibbs=gibbs,
        volumes=volumes,
        energies=energies,
        free_energies=free,
    )


def _check_range(volumes: Array, energies: Array, free: Array) -> None:
    """Raise InputError where the minimum of the free energy is not among the volumes at some temperature."""
    order = np.argsort(volumes)
    total = np.asarray((energies[:, None] + free)[order])
    lowest = total.argmin(axis=0)
    if (lowest == 0).any() or (lowest == len(volumes) - 1).any():
        side = "smaller" if (lowest == 0).any() else "larger"
        raise InputError(
            f"the free energy falls beyond the volumes towards {side} ones; widen the strain there, lower the highest "
            "temperature, or relax the cell first (nepkit calc minimize --cell full)"
        )
