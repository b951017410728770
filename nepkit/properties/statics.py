"""Statics: the cohesive curve with an equation of state, and moduli from elastic constants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError

Array = NDArray[np.float64]

#: An equation of state is fitted to volumes within this share of the lowest one.
RANGE = 0.15
#: Directions of ``compute_cohesive`` and how many cell vectors they scale: x, y, z, xy, yz, zx, xyz.
SCALED = (1, 1, 1, 2, 2, 2, 3)


@dataclass(frozen=True)
class Cohesive:
    """Energy against the scale of the cell.

    Parameters
    ----------
    scale, energy : ndarray, shape (P,)
        Factor of the cell vectors, and energy of the cell, eV.
    lowest : (float, float)
        Scale and energy of the minimum: of the equation of state, else of a parabola through the lowest points.
    volume : ndarray, shape (P,) or None
        A^3; None where it is not known.
    curve : ndarray, shape (Q, 2) or None
        Volume and energy of the equation of state.
    equilibrium : float or None
        Volume of the minimum, A^3.
    bulk_modulus : float or None
        GPa.
    residual : float or None
        Root mean square deviation of the fitted points from the equation, meV per atom (per cell without a model).
    atoms : int or None
        Number of atoms.
    notes : tuple of str
        What the user should know.
    """

    scale: Array
    energy: Array
    lowest: tuple[float, float]
    volume: Array | None = None
    curve: Array | None = None
    equilibrium: float | None = None
    bulk_modulus: float | None = None
    residual: float | None = None
    atoms: int | None = None
    notes: tuple[str, ...] = ()


def cohesive(
    scale: Array, energy: Array, *, volume: float | None = None, scaled: int | None = None, atoms: int | None = None,
    equation: str = "birchmurnaghan",
) -> Cohesive:  # fmt: skip
    """Fit an equation of state to a cohesive curve.

    Parameters
    ----------
    scale, energy : ndarray, shape (P,)
        From `nepkit.gpumd.structure.read_cohesive`.
    volume : float, optional
        Of the cell at scale one, A^3.
    scaled : int, optional
        How many cell vectors are scaled; an equation of state needs all three.
    atoms : int, optional
        Number of atoms.
    equation : str
        A name of `ase.eos.EquationOfState`.

    Raises
    ------
    InputError
        Where there is no minimum inside the range.

    Examples
    --------
    >>> scale = np.linspace(0.995, 1.005, 21)
    >>> found = cohesive(scale, 2.0 * (scale**3 - 1.0) ** 2, volume=100.0, scaled=3)
    >>> round(found.lowest[0], 4), round(found.bulk_modulus, 1)
    (1.0, 6.4)
    """
    place = int(np.argmin(energy))
    if not 2 <= place <= len(energy) - 3:
        raise InputError(
            f"the lowest energy is at the end of the range of scales ({scale[place]:g}); widen compute_cohesive"
        )
    near = slice(place - 2, place + 3)
    parabola = np.polyfit(scale[near] - scale[place], energy[near], 2)
    shift = -0.5 * parabola[1] / parabola[0]
    lowest = (float(scale[place] + shift), float(np.polyval(parabola, shift)))
    if scaled != 3 or volume is None:
        why = "not all three cell vectors are scaled" if scaled not in (None, 3) else (
            "no run.in with compute_cohesive, so it is not known which cell vectors are scaled; give --isotropic"
            if scaled is None else "no model.xyz, so the volume is not known; give --volume")  # fmt: skip
        return Cohesive(scale, energy, lowest, atoms=atoms, notes=(f"no equation of state: {why}",))
    volumes = volume * scale**3
    chosen = np.abs(volumes / volumes[place] - 1.0) < RANGE
    return _with_equation(scale, energy, volumes, chosen, volume, atoms, equation)


def _with_equation(
    scale: Array, energy: Array, volumes: Array, chosen: NDArray[np.bool_], volume: float, atoms: int | None, name: str
) -> Cohesive:
    from ase.eos import EquationOfState

    fitted = EquationOfState(volumes[chosen], energy[chosen], eos=name)
    try:
        equilibrium, least, modulus = fitted.fit(warn=False)
    except (RuntimeError, ValueError) as error:  # the optimiser of a third party
        raise InputError(f"the equation of state {name} cannot be fitted: {error}") from None
    grid = np.linspace(volumes[chosen].min(), volumes[chosen].max(), 200)
    curve = np.stack([grid, fitted.func(grid, *fitted.eos_parameters)], axis=1)
    misfit = energy[chosen] - fitted.func(volumes[chosen], *fitted.eos_parameters)
    return Cohesive(
        scale, energy, (float((equilibrium / volume) ** (1.0 / 3.0)), float(least)), volumes, curve,
        float(equilibrium), float(modulus) * EV_PER_A3_IN_GPA,
        1e3 * float(np.sqrt(np.mean(misfit**2))) / (atoms or 1), atoms,
        (f"{name} fitted to the {int(chosen.sum())} points within {100 * RANGE:.0f} % of the lowest volume",),
    )  # fmt: skip


def scaled_vectors(run_in: Path) -> int | None:
    """Return how many cell vectors ``compute_cohesive`` of a run.in scales; None where it is not there."""
    if not run_in.exists():
        return None
    for line in run_in.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["compute_cohesive"]:
            try:
                return SCALED[int(words[3])]
            except (IndexError, ValueError):
                raise InputError(f"{run_in}: {line.strip()!r} lacks a direction from 0 to 6") from None
    return None


@dataclass(frozen=True)
class Moduli:
    """Moduli of a polycrystal from elastic constants.

    Parameters
    ----------
    stiffness : ndarray, shape (6, 6)
        GPa, in the order xx yy zz yz xz xy.
    bulk, shear : (float, float, float)
        Bounds of Voigt and Reuss, and their mean (Hill), GPa.
    young : float
        Young's modulus from the means, GPa.
    poisson : float
        Poisson's ratio from the means.
    anisotropy : float
        Universal index of Ranganathan and Ostoja-Starzewski (doi:10.1103/PhysRevLett.101.055504); zero for isotropic.
    stable : bool
        Whether the stiffness is positive definite.
    notes : tuple of str
        What the user should know.
    """

    stiffness: Array
    bulk: tuple[float, float, float]
    shear: tuple[float, float, float]
    young: float
    poisson: float
    anisotropy: float
    stable: bool
    notes: tuple[str, ...] = ()


def moduli(stiffness: Array) -> Moduli:
    """Return the moduli of Voigt, Reuss and Hill (doi:10.1088/0370-1298/65/5/307).

    Raises
    ------
    InputError
        Where the stiffness cannot be inverted.

    Examples
    --------
    >>> cubic = np.zeros((6, 6))
    >>> cubic[:3, :3], cubic[range(6), range(6)] = 66.0, [149.0] * 3 + [75.0] * 3
    >>> round(moduli(cubic).bulk[2], 2), round(moduli(cubic).shear[0], 2)
    (93.67, 61.6)
    """
    notes = []
    lopsided = float(np.abs(stiffness - stiffness.T).max() / max(np.abs(stiffness).max(), 1e-300))
    if lopsided > 0.02:
        notes.append(f"the matrix differs from its transpose by {100 * lopsided:.0f} %; its symmetric part is used")
    c = 0.5 * (stiffness + stiffness.T)
    try:
        s = np.linalg.inv(c)
    except np.linalg.LinAlgError:
        raise InputError("the elastic constants cannot be inverted; is the structure three-dimensional?") from None
    diagonal, others = c[:3, :3].trace(), c[0, 1] + c[0, 2] + c[1, 2]
    bulk_voigt = (diagonal + 2.0 * others) / 9.0
    shear_voigt = (diagonal - others + 3.0 * c[3:, 3:].trace()) / 15.0
    soft, mixed = s[:3, :3].trace(), s[0, 1] + s[0, 2] + s[1, 2]
    bulk_reuss = 1.0 / (soft + 2.0 * mixed)
    shear_reuss = 15.0 / (4.0 * soft - 4.0 * mixed + 3.0 * s[3:, 3:].trace())
    bulk, shear = 0.5 * (bulk_voigt + bulk_reuss), 0.5 * (shear_voigt + shear_reuss)
    stable = bool((np.linalg.eigvalsh(c) > 0.0).all())
    if not stable:
        notes.append("the elastic constants are not positive definite: the structure is not stable")
    return Moduli(
        stiffness=c,
        bulk=(float(bulk_voigt), float(bulk_reuss), float(bulk)),
        shear=(float(shear_voigt), float(shear_reuss), float(shear)),
        young=float(9.0 * bulk * shear / (3.0 * bulk + shear)),
        poisson=float((3.0 * bulk - 2.0 * shear) / (2.0 * (3.0 * bulk + shear))),
        anisotropy=float(5.0 * shear_voigt / shear_reuss + bulk_voigt / bulk_reuss - 6.0),
        stable=stable,
        notes=tuple(notes),
    )
