"""Surface energies from slabs of several thicknesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity, of_normal
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.settled import settle
from nepkit.structures.surfaces import Slab, slabs

Array = NDArray[np.float64]

J_PER_M2 = 16.02176634
"""J/m^2 of 1 eV/A^2."""


@dataclass(frozen=True)
class SurfaceEnergy:
    """Energy of one way to cut a crystal along a plane.

    Parameters
    ----------
    miller : tuple of int
        Of the plane, in the cell given.
    bottom, top : str
        What the outermost planes are made of.
    energy : Quantity
        J/m^2, relaxed; mean of both surfaces where they differ. From the line of slab energies over thickness, and its
        error is that of the line.
    unrelaxed : float
        J/m^2, of the thickest slab as cut.
    bulk : float
        Energy per atom of the bulk that the slope of the line gives, eV; that of the crystal itself is beside it.
    bulk_itself : float
        eV/atom.
    thickness : ndarray, shape (S,)
        A.
    atoms : ndarray, shape (S,)
        Atoms of every slab.
    single : ndarray, shape (S,)
        J/m^2 from each slab alone with the energy of the bulk: shows whether they are thick enough.
    symmetric : bool
        Whether both surfaces are the same.
    polar : bool or None
        Whether the slab has a dipole across it, from formal charges; None without them.
    slab : ase.Atoms
        The thickest relaxed slab.
    """

    miller: tuple[int, int, int]
    bottom: str
    top: str
    energy: Quantity
    unrelaxed: float
    bulk: float
    bulk_itself: float
    thickness: Array
    atoms: Array
    single: Array
    symmetric: bool
    polar: bool | None
    slab: Atoms


def surface_energies(
    crystal: Atoms,
    potential: Potential,
    miller: tuple[int, int, int],
    *,
    thicknesses: Sequence[float] = (12.0, 18.0, 24.0),
    vacuum: float = 15.0,
    charges: Mapping[str, float] | None = None,
    relax: Relaxation | None = None,
    work: Work | None = None,
) -> list[SurfaceEnergy]:
    """Compute the surface energy of every distinct cut of a crystal along a plane.

    The energy of slabs of n atoms is ``2 A gamma + n e_bulk``: a line through three or more gives both, without the
    error that a bulk energy of other accuracy makes (doi:10.1088/0953-8984/8/36/005).

    Parameters
    ----------
    crystal : ase.Atoms
        Relaxed bulk.
    potential : Potential
        Any.
    miller : tuple of int
        Indices in the cell given.
    thicknesses : sequence of float
        Least thicknesses of the slabs, A, three or more.
    vacuum : float
        A.
    charges : mapping, optional
        Formal charge of every element, to tell polar slabs.
    relax : Relaxation, optional
        How the slabs are relaxed; as cut when left out.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where there are fewer than three different slabs.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> (found,) = surface_energies(bulk("Cu", a=3.59, cubic=True), load_potential("emt"), (1, 1, 1))
    >>> round(found.unrelaxed, 1)
    1.0
    """
    if len(set(thicknesses)) < 3:
        raise InputError("a line through slab energies needs three thicknesses or more")
    by_cut = [slabs(crystal, miller, thickness=size, vacuum=vacuum, charges=charges) for size in sorted(thicknesses)]
    cuts = list(zip(*by_cut, strict=True))
    for cut in cuts:
        if len({len(slab.atoms) for slab in cut}) < 3:
            sizes = ", ".join(f"{slab.thickness:.1f}" for slab in cut)
            raise InputError(f"slabs of {sizes} A are not three different ones; spread the thicknesses further")
    every = [slab.atoms for cut in cuts for slab in cut]
    pieces = work or Work()
    (itself,) = settle([crystal], potential, None, pieces, "Bulk")
    cut_only = settle(every, potential, None, pieces, "Slabs as cut")
    relaxed = settle(every, potential, relax, pieces, "Slabs") if relax is not None else cut_only
    found, place = [], 0
    for cut in cuts:
        part = slice(place, place + len(cut))
        energies = np.array([one.energy for one in relaxed[part]])
        found.append(
            _of_cut(
                miller, cut, energies, cut_only[part][-1].energy, itself.energy / len(crystal), relaxed[part][-1].atoms
            )
        )
        place += len(cut)
    return sorted(found, key=lambda one: one.energy.value)


def _of_cut(
    miller: tuple[int, int, int], cut: Sequence[Slab], energies: Array, as_cut: float, bulk: float, thickest: Atoms
) -> SurfaceEnergy:
    counts = np.array([len(slab.atoms) for slab in cut], dtype=float)
    cell = cut[0].atoms.cell.array
    area = float(np.linalg.norm(np.cross(cell[0], cell[1])))
    line = np.column_stack([counts, np.full(len(counts), 2.0 * area)])
    (slope, gamma), *_ = np.linalg.lstsq(line, energies, rcond=None)
    left = energies - line @ [slope, gamma]
    variance = float((left**2).sum()) / (len(counts) - 2)
    error = float(np.sqrt(variance * np.linalg.inv(line.T @ line)[1, 1]))
    return SurfaceEnergy(
        miller=miller,
        bottom=cut[-1].bottom,
        top=cut[-1].top,
        energy=of_normal(J_PER_M2 * float(gamma), J_PER_M2 * error, "J/m^2"),
        unrelaxed=J_PER_M2 * float(as_cut - counts[-1] * bulk) / (2.0 * area),
        bulk=float(slope),
        bulk_itself=bulk,
        thickness=np.array([slab.thickness for slab in cut]),
        atoms=counts.astype(int),
        single=J_PER_M2 * (energies - counts * bulk) / (2.0 * area),
        symmetric=cut[-1].symmetric,
        polar=cut[-1].polar,
        slab=thickest,
    )
