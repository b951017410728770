"""Slabs of a crystal: every way to cut it along a plane, and whether what comes out is polar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.structures.supercells import supercell
from nepkit.structures.symmetry import SYMPREC, dataset, standardised

PLANE = 0.05
"""A; atoms whose heights differ by less than this lie in one plane."""

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Slab:
    """A slab with vacuum on both sides, normal along z.

    Parameters
    ----------
    atoms : ase.Atoms
        The slab; ``slab``, ``termination``, ``dipole_density`` and ``net_charge`` are in its info.
    termination : int
        Number of the cut, the first is 1.
    bottom, top : str
        What the outermost planes are made of, such as ``"Na Cl"``.
    thickness : float
        Between the outermost planes, A.
    symmetric : bool
        Whether a symmetry of the slab turns one surface into the other.
    net_charge : float or None
        Sum of the formal charges, e; not zero where planes were taken off a stoichiometric slab. None without charges.
    dipole_density : float or None
        Dipole along the normal per area, from formal charges, e/A; None without charges or with a net charge.
    """

    atoms: Atoms
    termination: int
    bottom: str
    top: str
    thickness: float
    symmetric: bool
    net_charge: float | None
    dipole_density: float | None

    @property
    def polar(self) -> bool | None:
        """Whether the slab has a dipole across it (type 3 of Tasker, doi:10.1088/0022-3719/12/22/036); None unknown."""
        return None if self.dipole_density is None else abs(self.dipole_density) > 1e-4


def slabs(
    crystal: Atoms,
    miller: tuple[int, int, int],
    *,
    thickness: float = 10.0,
    vacuum: float = 15.0,
    symmetric: bool = False,
    charges: Mapping[str, float] | None = None,
    symprec: float = SYMPREC,
) -> list[Slab]:
    """Return a slab for every distinct place to cut a crystal along a plane.

    Parameters
    ----------
    crystal : ase.Atoms
        Bulk; the indices refer to its vectors as they are, while the slab has the smallest period there is.
    miller : tuple of int
        Indices of the plane.
    thickness : float
        Least thickness of the crystal, A; whole repeats are taken.
    vacuum : float
        A, between the slab and its image.
    symmetric : bool
        Take planes off the top until both surfaces are the same; such a slab may be off stoichiometry.
    charges : mapping, optional
        Formal charge of every element, e, for the dipole.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where the indices are all zero, there is no cell, or no symmetric slab exists.

    Examples
    --------
    >>> from ase.build import bulk
    >>> salt = bulk("NaCl", "rocksalt", 5.6, cubic=True)
    >>> [(slab.bottom, slab.top, slab.polar) for slab in slabs(salt, (1, 0, 0), charges={"Na": 1, "Cl": -1})]
    [('Cl Na', 'Cl Na', False)]
    >>> [(slab.bottom, slab.top, slab.polar) for slab in slabs(salt, (1, 1, 1), charges={"Na": 1, "Cl": -1})]
    [('Na', 'Cl', True)]
    """
    if not any(miller):
        raise InputError("Miller indices 0 0 0 name no plane")
    if not (np.isfinite([thickness, vacuum]).all() and thickness > 0.0 and vacuum >= 0.0):
        raise InputError(
            f"a thickness of {thickness:g} A and a vacuum of {vacuum:g} A; expected more than 0, 0 or more"
        )
    unit = _oriented(crystal, miller, symprec)
    found: list[Slab] = []
    for cut in _cuts(unit, symprec, both_sides=not symmetric):
        atoms: Atoms | None = _cut_slab(unit, cut, thickness, vacuum)
        if symmetric and atoms is not None and not is_symmetric(atoms, symprec):
            # One repeat more, so that planes can be taken off.
            thicker = _cut_slab(unit, cut, float(np.ptp(atoms.positions[:, 2])) + 2 * PLANE, vacuum)
            atoms = _symmetric_part(thicker, vacuum, symprec, float(unit.cell.array[2, 2]))
        if atoms is not None:
            found.append(_described(atoms, miller, len(found) + 1, charges, symprec))
    if not found:
        plane = " ".join(map(str, miller))
        raise InputError(f"no symmetric slab along {plane}: no cut of this crystal has two surfaces that are the same")
    return found


def _oriented(crystal: Atoms, miller: tuple[int, int, int], symprec: float) -> Atoms:
    """Return the smallest cell whose first two vectors span the plane, the first along x and the normal along z."""
    primitive = standardised(crystal, primitive=True, idealise=False, symprec=symprec).atoms
    indices = _coprime(primitive.cell.array @ np.linalg.inv(crystal.cell.array) @ np.array(miller, dtype=float))
    matrix = _plane_basis(primitive.cell.array, indices)
    made = supercell(primitive, matrix)
    made.set_cell(made.cell.standard_form()[0], scale_atoms=True)
    made.wrap()
    return made


def _coprime(values: Array) -> Integers:
    """Return the smallest integers in the ratio of some numbers."""
    for factor in range(1, 49):
        whole = np.rint(values * factor)
        if np.abs(values * factor - whole).max() < 1e-3 and whole.any():
            return np.asarray(whole / np.gcd.reduce(whole.astype(np.int64)), dtype=np.int64)
    raise InputError("the plane has no small indices in the primitive cell; give the conventional cell")


def _plane_basis(cell: Array, indices: Integers) -> Integers:
    """Return rows: the two shortest vectors that span the lattice of the plane, and the shortest out of it."""
    reach = int(np.abs(indices).max()) + 2
    every = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    every = every[np.argsort(np.linalg.norm(every @ cell, axis=1).round(8), kind="stable")][1:]
    level = every @ indices
    inside = every[level == 0]
    for second in range(1, len(inside)):
        for first in range(second):
            normal = np.cross(inside[first], inside[second])
            if (normal == indices).all() or (normal == -indices).all():
                basis = np.array([inside[first], inside[second], every[level == 1][0]])
                if np.linalg.det(basis @ cell) < 0.0:
                    basis[1] *= -1
                return basis
    raise AssertionError("a plane with coprime indices has a basis within reach")


def _heights(atoms: Atoms) -> Array:
    """Return heights within the period of the cell along its normal, A."""
    period = float(atoms.cell.array[2, 2])
    return np.asarray((atoms.positions[:, 2] + 1e-6) % period - 1e-6)


def _planes(heights: Array) -> list[list[int]]:
    order = np.argsort(heights, kind="stable")
    planes: list[list[int]] = [[int(order[0])]]
    for index in order[1:].tolist():
        if heights[index] - heights[planes[-1][-1]] < PLANE:
            planes[-1].append(index)
        else:
            planes.append([index])
    return planes


def _cuts(unit: Atoms, symprec: float, *, both_sides: bool) -> list[float]:
    """Return heights in the middle of gaps between planes, A, one of those that symmetries of the crystal make alike.

    Where both sides count, a symmetry that turns the crystal upside down makes cuts alike too.
    """
    heights = _heights(unit)
    period = float(unit.cell.array[2, 2])
    levels = [float(heights[plane].mean()) for plane in _planes(heights)]
    if len(levels) > 1 and levels[0] + period - levels[-1] < PLANE:
        levels.pop()  # the same plane on both sides of the boundary
    middles = [0.5 * (low + high) for low, high in zip([levels[-1] - period, *levels], levels, strict=False)]
    known = dataset(unit, symprec)
    kept: list[float] = []
    for cut in middles:
        images = [
            float(rotation[2, 2]) * cut / period + float(move[2])
            for rotation, move in zip(known.rotations, known.translations, strict=True)
            if not rotation[2, :2].any() and (both_sides or rotation[2, 2] > 0)
        ]
        if not any(
            abs((image - other / period + 0.5) % 1.0 - 0.5) * period < PLANE for image in images for other in kept
        ):
            kept.append(cut)
    return kept


def _cut_slab(unit: Atoms, cut: float, thickness: float, vacuum: float) -> Atoms:
    """Return whole repeats of the crystal above a height, as thick as asked for or thicker."""
    period = float(unit.cell.array[2, 2])
    raised = unit.copy()
    raised.positions[:, 2] -= cut
    raised.positions -= np.outer(np.floor(raised.positions[:, 2] / period), unit.cell.array[2])
    span = float(np.ptp(raised.positions[:, 2]))
    copies = max(1, int(np.ceil((thickness - span) / period - 1e-9)) + 1)
    return _boxed(raised.repeat((1, 1, copies)), vacuum)


def _boxed(atoms: Atoms, vacuum: float) -> Atoms:
    """Return the slab in a cell with a normal third vector and half of the vacuum on both sides."""
    low, high = atoms.positions[:, 2].min(), atoms.positions[:, 2].max()
    cell = atoms.cell.array.copy()
    cell[2] = [0.0, 0.0, high - low + max(vacuum, 1e-3)]
    result = atoms.copy()
    result.positions[:, 2] += 0.5 * vacuum - low
    result.set_cell(cell)
    result.pbc = True
    fractions = result.get_scaled_positions(wrap=False)
    fractions[:, :2] %= 1.0
    result.set_scaled_positions(fractions)
    return result


def _symmetric_part(atoms: Atoms, vacuum: float, symprec: float, period: float) -> Atoms | None:
    """Return the slab less the planes on top, up to a period, by which its surfaces differ; None where all do."""
    planes = _planes(atoms.positions[:, 2])
    top = atoms.positions[:, 2].max()
    for taken in range(len(planes)):
        kept = sorted(index for plane in planes[: len(planes) - taken] for index in plane)
        if top - atoms.positions[kept, 2].max() > period + PLANE:
            return None
        made = _boxed(atoms[kept], vacuum)
        if is_symmetric(made, symprec):
            return made
    return None


def is_symmetric(slab: Atoms, symprec: float = SYMPREC) -> bool:
    """Return whether a symmetry of a slab with its normal along the third vector swaps its two surfaces."""
    # Vacuum of another width, so that no period along the normal is taken for a symmetry of the slab.
    lone = _boxed(slab, 7.0 + float(np.ptp(slab.positions[:, 2])))
    return bool((np.asarray(dataset(lone, symprec).rotations)[:, 2, 2] == -1).any())


def _described(
    atoms: Atoms, miller: tuple[int, int, int], number: int, charges: Mapping[str, float] | None, symprec: float
) -> Slab:
    planes = _planes(atoms.positions[:, 2])
    names = [" ".join(sorted(set(atoms.symbols[plane]))) for plane in (planes[0], planes[-1])]
    net = dipole = None
    if charges is not None:
        values = np.array([charges[symbol] for symbol in atoms.symbols])
        net = round(float(values.sum()), 9) + 0.0
        area = float(np.linalg.norm(np.cross(atoms.cell.array[0], atoms.cell.array[1])))
        dipole = round(float(values @ atoms.positions[:, 2]) / area, 9) + 0.0 if net == 0.0 else None
    result = Slab(
        atoms,
        number,
        names[0],
        names[1],
        float(np.ptp(atoms.positions[:, 2])),
        is_symmetric(atoms, symprec),
        net,
        dipole,
    )
    atoms.info.update(slab=np.array(miller), termination=number)
    if net is not None:
        atoms.info["net_charge"] = net
    if dipole is not None:
        atoms.info["dipole_density"] = dipole
    return result
