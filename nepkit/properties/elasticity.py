"""Elastic constants from stresses of strained cells, with as few strains as the symmetry of the crystal allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.settled import settle
from nepkit.properties.statics import Moduli, moduli
from nepkit.structures.strains import strained
from nepkit.structures.symmetry import dataset

Array = NDArray[np.float64]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Order of the six components: xx yy zz yz xz xy, ``ase`` of `nepkit.core.conventions.ORDERS`."""

KELVIN = np.array([1.0, 1.0, 1.0, *[np.sqrt(2.0)] * 3])
"""Weights that make Voigt's vectors those of tensors."""

RESIDUAL = 0.1
"""GPa; a reference cell under more stress than this is told."""

_STEPS = (-1.0, -0.5, 0.5, 1.0)


@dataclass(frozen=True)
class Elasticity:
    """Elastic constants of a crystal.

    Parameters
    ----------
    stiffness : ndarray, shape (6, 6)
        GPa, in Voigt's order xx yy zz yz xz xy with engineering shears; Cartesian axes are those of the cell given.
    error : ndarray, shape (6, 6)
        GPa: standard error from what the linear law and the symmetry leave of the stresses.
    independent : int
        Number of constants that the symmetry leaves.
    space_group : str
        International symbol.
    strains : tuple of int
        Components that were strained.
    reference_stress : ndarray, shape (3, 3)
        GPa, of the cell given, positive under tension.
    density : float
        g/cm^3.
    atoms_per_volume : float
        1/A^3.
    notes : tuple of str
        What the user should know.
    """

    stiffness: Array
    error: Array
    independent: int
    space_group: str
    strains: tuple[int, ...]
    reference_stress: Array
    density: float
    atoms_per_volume: float
    notes: tuple[str, ...] = ()

    @property
    def eigenvalues(self) -> Array:
        """Of the stiffness, GPa, ascending, as a tensor (Kelvin's notation); all positive in a stable crystal."""
        return np.asarray(np.linalg.eigvalsh(self.stiffness * np.outer(KELVIN, KELVIN)))

    @property
    def stable(self) -> bool:
        """Whether every strain costs energy (Born's criterion)."""
        return bool(self.eigenvalues[0] > 0.0)

    @cached_property
    def moduli(self) -> Moduli:
        """Moduli of a polycrystal."""
        return moduli(self.stiffness)

    @property
    def debye(self) -> float:
        """Debye temperature from the mean sound velocity, K (doi:10.1016/0022-3697(63)90067-2)."""
        k, g, rho = 1e9 * self.moduli.bulk[2], 1e9 * self.moduli.shear[2], 1e3 * self.density
        if g <= 0.0 or k <= 0.0:
            return float("nan")
        longitudinal, transverse = np.sqrt((k + 4.0 * g / 3.0) / rho), np.sqrt(g / rho)
        mean = ((2.0 / transverse**3 + 1.0 / longitudinal**3) / 3.0) ** (-1.0 / 3.0)
        hbar_over_kb = 7.638233e-12  # K s
        return float(hbar_over_kb * mean * (6.0 * np.pi**2 * 1e30 * self.atoms_per_volume) ** (1.0 / 3.0))


def elastic_constants(
    atoms: Atoms,
    potential: Potential,
    *,
    strain: float = 0.005,
    relax: Relaxation | None = None,
    symprec: float = 1e-3,
    work: Work | None = None,
) -> Elasticity:
    """Compute the elastic constants of a crystal at rest.

    Every strain that is needed is applied with four sizes; the slope of the stress is that of a cubic through them, and
    all slopes together determine the constants that the symmetry leaves by least squares.

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed crystal.
    potential : Potential
        Any that gives stresses.
    strain : float
        Largest strain (Voigt).
    relax : Relaxation, optional
        How atoms are relaxed in every strained cell; without it the constants are those of clamped ions.
    symprec : float
        How far atoms may be from where a symmetry puts them, A.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where there is no crystal, or the potential gives no stress.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> found = elastic_constants(bulk("Cu", a=3.59, cubic=True), load_potential("emt"))
    >>> found.independent, found.strains, found.stable
    (3, (0, 3), True)
    """
    if not all(atoms.pbc) or atoms.cell.volume <= 0.0:
        raise InputError("elastic constants need a crystal: periodic in all directions, with a cell")
    if not 0.0 < strain < 0.1:
        raise InputError(f"a strain of {strain:g} is not between 0 and 0.1")
    known = dataset(atoms, symprec)
    basis = symmetric_basis(_rotations(atoms, known.rotations))
    chosen = needed_strains(basis)
    cells = [atoms, *(strained(atoms, voigt_strain(place, strain * step)) for place in chosen for step in _STEPS)]
    found = settle(cells, potential, relax, work or Work(), "Strains")
    if found[0].stress is None:
        raise InputError(f"{potential.name} gives no stress, from which elastic constants come")
    slopes, roughness = [], []
    for number in range(len(chosen)):
        part = found[1 + len(_STEPS) * number : 1 + len(_STEPS) * (number + 1)]
        slope, left = _slope(np.array([_voigt(one.stress) for one in part]), strain)
        slopes.append(slope)
        roughness.append(left)
    stiffness, error = _assembled(basis, chosen, np.array(slopes), np.array(roughness))
    worst = float(np.abs(found[0].stress).max())
    notes = []
    if worst > RESIDUAL:
        notes.append(
            f"the cell is under a stress of up to {worst:.2f} GPa: these are stress-strain coefficients there, not the "
            "constants at rest; relax it first (nepkit calc minimize --cell full)"
        )
    volume = float(atoms.cell.volume)
    return Elasticity(
        stiffness=stiffness,
        error=error,
        independent=basis.shape[0],
        space_group=str(known.international),
        strains=tuple(chosen),
        reference_stress=found[0].stress,
        density=float(atoms.get_masses().sum()) / volume * 1.66053906660,
        atoms_per_volume=len(atoms) / volume,
        notes=tuple(notes),
    )


def voigt_strain(place: int, size: float) -> Array:
    """Return the symmetric strain matrix of one Voigt component; shears are engineering ones.

    Examples
    --------
    >>> voigt_strain(3, 0.02).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.01], [0.0, 0.01, 0.0]]
    """
    values = np.zeros(6)
    values[place] = size if place < 3 else 0.5 * size
    return conventions.matrix(values, "ase")


def symmetric_basis(rotations: Array) -> Array:
    """Return a basis of the stiffness matrices that Cartesian rotations leave as they are, shape (n, 6, 6).

    Parameters
    ----------
    rotations : ndarray, shape (S, 3, 3)
        Of a point group.
    """
    places = [(i, j) for i in range(6) for j in range(i, 6)]
    # Coordinates in which the length of a tensor is that of its vector, so that an average over a group projects.
    lengths = np.array([KELVIN[i] * KELVIN[j] * (1.0 if i == j else np.sqrt(2.0)) for i, j in places])
    projected = np.zeros((21, 21))
    for column, (i, j) in enumerate(places):
        unit = np.zeros((6, 6))
        unit[i, j] = unit[j, i] = 1.0 / lengths[column]
        tensor = _tensor(unit)
        mean = np.zeros_like(tensor)
        for r in rotations:
            mean += np.einsum("ia,jb,kc,ld,abcd->ijkl", r, r, r, r, tensor, optimize=True)
        turned = _matrix(mean / len(rotations))
        projected[:, column] = [turned[place] for place in places] * lengths
    values, vectors = np.linalg.eigh(0.5 * (projected + projected.T))
    kept = vectors[:, values > 0.5]
    basis = np.zeros((kept.shape[1], 6, 6))
    for number, vector in enumerate(kept.T):
        for value, length, (i, j) in zip(vector, lengths, places, strict=True):
            basis[number, i, j] = basis[number, j, i] = value / length
    return basis


def needed_strains(basis: Array) -> list[int]:
    """Return the fewest Voigt components, taken in order, whose strains determine every constant."""
    chosen: list[int] = []
    rank = 0
    for place in range(6):
        more = int(np.linalg.matrix_rank(np.concatenate([basis[:, :, other] for other in [*chosen, place]], axis=1)))
        if more > rank:
            chosen.append(place)
            rank = more
    return chosen


def _rotations(atoms: Atoms, fractional: Array) -> Array:
    columns = atoms.cell.array.T
    inverse = np.linalg.inv(columns)
    unique = np.unique(np.asarray(fractional), axis=0)
    return np.array([columns @ rotation @ inverse for rotation in unique])


def _tensor(matrix: Array) -> Array:
    tensor = np.zeros((3, 3, 3, 3))
    for a, (i, j) in enumerate(VOIGT):
        for b, (k, m) in enumerate(VOIGT):
            for one in ((i, j), (j, i)):
                for other in ((k, m), (m, k)):
                    tensor[one + other] = matrix[a, b]
    return tensor


def _matrix(tensor: Array) -> Array:
    return np.array([[tensor[one + other] for other in VOIGT] for one in VOIGT])


def _voigt(stress: Array | None) -> Array:
    assert stress is not None
    return conventions.components(0.5 * (stress + stress.T), "ase")


def _slope(stresses: Array, strain: float) -> tuple[Array, Array]:
    """Return the slope at zero of a cubic through stresses at four strains, and what the parabola misses of it."""
    outer = (stresses[3] - stresses[0]) / (2.0 * strain)
    inner = (stresses[2] - stresses[1]) / strain
    slope = (4.0 * inner - outer) / 3.0
    return slope, np.abs(slope - inner)


def _assembled(basis: Array, chosen: list[int], slopes: Array, roughness: Array) -> tuple[Array, Array]:
    rows = np.concatenate([basis[:, :, place].T for place in chosen])
    target = slopes.reshape(-1)
    parameters = np.linalg.lstsq(rows, target, rcond=None)[0]
    left = target - rows @ parameters
    freedom = max(len(target) - len(parameters), 1)
    variance = (left**2).sum() / freedom + (roughness**2).mean()
    covariance = variance * np.linalg.inv(rows.T @ rows)
    error = np.sqrt(np.einsum("nij,nm,mij->ij", basis, covariance, basis).clip(min=0.0))
    return np.einsum("n,nij->ij", parameters, basis), error
