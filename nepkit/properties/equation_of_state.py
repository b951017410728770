"""Energy against volume, and the equations of state that describe it.

The forms are those of ASE (`ase.eos`): Birch and Murnaghan, Murnaghan, Vinet, Poirier and Tarantola.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.statistics.quantity import Quantity, of_normal
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.settled import settle

Array = NDArray[np.float64]

FORMS = {
    "birch-murnaghan": "birchmurnaghan",
    "vinet": "vinet",
    "murnaghan": "murnaghan",
    "poirier-tarantola": "pouriertarantola",
}
"""Equations of state, and what ASE calls them; the first is the one whose values are quoted."""


@dataclass(frozen=True)
class Fit:
    """One equation of state.

    Parameters
    ----------
    form : str
        A name in `FORMS`.
    energy : float
        At the minimum, eV/atom.
    volume : float
        At the minimum, A^3/atom.
    bulk_modulus : float
        At the minimum, GPa.
    derivative : float
        Of the bulk modulus with pressure.
    residual : float
        Root mean square deviation of the energies, eV/atom.
    """

    form: str
    energy: float
    volume: float
    bulk_modulus: float
    derivative: float
    residual: float

    def curve(self, volumes: Array) -> Array:
        """Return the energies, eV/atom, at volumes, A^3/atom."""
        return _values(self.form, volumes, self.energy, self._modulus, self.derivative, self.volume)

    def pressure(self, volumes: Array) -> Array:
        """Return the pressures, GPa, at volumes, A^3/atom."""
        step = 1e-4 * self.volume
        slope = (self.curve(volumes + step) - self.curve(volumes - step)) / (2.0 * step)
        return np.asarray(-conventions.EV_PER_A3_IN_GPA * slope)

    @property
    def _modulus(self) -> float:
        return self.bulk_modulus / conventions.EV_PER_A3_IN_GPA


@dataclass(frozen=True)
class EquationOfState:
    """Energies at volumes and the equations fitted to them.

    Parameters
    ----------
    volumes : ndarray, shape (P,)
        A^3/atom, ascending.
    energies : ndarray, shape (P,)
        eV/atom.
    pressures : ndarray, shape (P,) or None
        GPa, from the stress of the potential; an independent check of the fits.
    fits : tuple of Fit
        In the order of `FORMS`.
    volume, energy, bulk_modulus, derivative : Quantity
        Of the first form; the error is the standard deviation over the forms, which is what their choice matters.
    """

    volumes: Array
    energies: Array
    pressures: Array | None
    fits: tuple[Fit, ...]
    volume: Quantity
    energy: Quantity
    bulk_modulus: Quantity
    derivative: Quantity


def equation_of_state(
    atoms: Atoms,
    potential: Potential,
    *,
    strain: float = 0.02,
    points: int = 11,
    relax: Relaxation | None = None,
    work: Work | None = None,
) -> EquationOfState:
    """Compute the energy of a crystal at volumes around its own and fit equations of state.

    Parameters
    ----------
    atoms : ase.Atoms
        A crystal near its equilibrium volume; the shape of the cell is kept.
    potential : Potential
        Any.
    strain : float
        Largest linear strain, to both sides.
    points : int
        Volumes, 6 or more.
    relax : Relaxation, optional
        How atoms are relaxed at every volume; they move with the cell when left out.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where there are too few points, no cell, or the minimum is not among the volumes.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> found = equation_of_state(bulk("Cu", a=3.6), load_potential("emt"))
    >>> round(found.volume.value, 2), round(found.bulk_modulus.value)
    (11.57, 134)
    """
    if points < 6:
        raise InputError(f"{points} volumes are too few for equations of four parameters; take at least 6")
    if not 0.0 < strain < 0.3:
        raise InputError(f"a strain of {strain:g} is not between 0 and 0.3")
    if not all(atoms.pbc) or atoms.cell.volume <= 0.0:
        raise InputError("an equation of state needs a crystal: periodic in all directions, with a cell")
    structures = []
    for factor in 1.0 + np.linspace(-strain, strain, points):
        made = atoms.copy()
        made.set_cell(atoms.cell.array * factor, scale_atoms=True)
        structures.append(made)
    found = settle(structures, potential, relax, work or Work(), "Volumes")
    volumes = np.array([one.atoms.cell.volume for one in found]) / len(atoms)
    energies = np.array([one.energy for one in found]) / len(atoms)
    stresses = [one.stress for one in found if one.stress is not None]
    pressures = -np.trace(np.array(stresses), axis1=1, axis2=2) / 3.0 if len(stresses) == len(found) else None
    return fit_equations(volumes, energies, pressures)


def fit_equations(
    volumes: Sequence[float] | Array, energies: Sequence[float] | Array, pressures: Array | None = None
) -> EquationOfState:
    """Fit every form to energies at volumes.

    Parameters
    ----------
    volumes, energies : sequence of float
        A^3/atom and eV/atom.
    pressures : ndarray, optional
        GPa, kept for comparison.

    Raises
    ------
    InputError
        Where the minimum is not among the volumes.
    """
    order = np.argsort(np.asarray(volumes, dtype=float))
    v, e = np.asarray(volumes, dtype=float)[order], np.asarray(energies, dtype=float)[order]
    lowest = int(np.argmin(e))
    if lowest in (0, len(e) - 1):
        side = "smaller" if lowest == 0 else "larger"
        raise InputError(
            f"the energy falls towards {side} volumes than {v[lowest]:.3f} A^3/atom: relax the cell first "
            "(nepkit calc minimize --cell full) or widen the strain"
        )
    fits = tuple(fit_form(form, v, e) for form in FORMS)

    def spread(name: str, unit: str) -> Quantity:
        values = np.array([getattr(one, name) for one in fits])
        return of_normal(float(values[0]), float(values.std(ddof=1)), unit)

    return EquationOfState(
        volumes=v,
        energies=e,
        pressures=None if pressures is None else np.asarray(pressures)[order],
        fits=fits,
        volume=spread("volume", "A^3/atom"),
        energy=spread("energy", "eV/atom"),
        bulk_modulus=spread("bulk_modulus", "GPa"),
        derivative=spread("derivative", ""),
    )


def form_of(name: str) -> str:
    """Return a name in `FORMS`, or raise `UnknownNameError` with a guess."""
    if name not in FORMS:
        raise UnknownNameError(f"unknown equation of state {name!r}: {did_you_mean(name, FORMS)}")
    return name


def _values(form: str, volumes: Array, energy: float, modulus: float, derivative: float, volume: float) -> Array:
    import ase.eos

    return np.asarray(getattr(ase.eos, FORMS[form])(volumes, energy, modulus, derivative, volume), dtype=float)


def fit_form(form: str, volumes: Array, energies: Array) -> Fit:
    """Fit one form of `FORMS` to energies, eV/atom, at volumes, A^3/atom, by least squares."""
    from scipy.optimize import least_squares

    square, slope, _ = np.polyfit(volumes, energies, 2)
    centre = -slope / (2.0 * square) if square > 0.0 else float(volumes[np.argmin(energies)])
    centre = float(np.clip(centre, volumes[0], volumes[-1]))
    start = [float(energies.min()), 2.0 * abs(square) * centre, 4.0, centre]
    scale = [1.0, start[1], 1.0, centre]

    def residuals(parameters: Any) -> Array:
        return _values(form, volumes, *(parameters * scale)) - energies

    found = least_squares(residuals, np.array(start) / scale, xtol=1e-14, ftol=1e-14, gtol=1e-14, x_scale="jac")
    energy, modulus, derivative, volume = (float(value) for value in found.x * scale)
    residual = float(np.sqrt((found.fun**2).mean()))
    return Fit(form, energy, volume, conventions.EV_PER_A3_IN_GPA * modulus, derivative, residual)
