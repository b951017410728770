"""Formation energies of point defects, extrapolated to the dilute limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity, of_normal
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.settled import Settled, settle
from nepkit.structures.defects import Defect, bulk_supercell, defects

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DefectEnergy:
    """Formation energy of one defect.

    Parameters
    ----------
    name : str
        Such as ``V_Cl``, ``Li_i``, ``Na_Cl``.
    site : str
        Which of the distinct sites.
    energy : Quantity
        eV, in the dilute limit; the error is that of the line over the inverse of the number of atoms, NaN for two
        supercells or one.
    atoms : ndarray, shape (S,)
        Atoms of the perfect supercells, ascending.
    by_size : ndarray, shape (S,)
        eV, of every supercell.
    exchanged : dict of str to int
        Atoms added (positive) or taken out.
    reference : dict of str to float
        Chemical potentials that were taken, eV.
    relaxed : ase.Atoms
        The largest supercell.
    """

    name: str
    site: str
    energy: Quantity
    atoms: NDArray[np.int64]
    by_size: Array
    exchanged: dict[str, int]
    reference: dict[str, float]
    relaxed: Atoms


def defect_energies(
    crystal: Atoms,
    potential: Potential,
    *,
    sizes: Sequence[int] = (60, 120, 240),
    vacancies: Sequence[str] = (),
    interstitials: Sequence[str] = (),
    antisites: bool = False,
    substitutions: Sequence[tuple[str, str]] = (),
    references: Mapping[str, float] | None = None,
    min_radius: float = 1.2,
    relax: Relaxation | None = None,
    work: Work | None = None,
) -> list[DefectEnergy]:
    """Compute formation energies of every symmetry-distinct defect that is asked for.

    ``E_f = E(defect) - E(perfect) - sum n mu``, with atoms relaxed in the cell of the perfect crystal. In a supercell
    the defect feels the strain of its images, whose energy falls with the volume: a line over the inverse number of
    atoms gives the dilute limit. A potential has no electrons, so defects are in the charge state that its training
    data had: neutral sums of them (Schottky and Frenkel pairs) are safe to compare, single charged ones are not.

    Parameters
    ----------
    crystal : ase.Atoms
        Relaxed unit cell.
    potential : Potential
        Any.
    sizes : sequence of int
        About how many atoms the supercells have.
    vacancies, interstitials, antisites, substitutions, min_radius
        As in `nepkit.structures.defects.defects`.
    references : mapping of str to float, optional
        Chemical potential of elements, eV per atom. In a crystal of one element it is its energy per atom.
    relax : Relaxation, optional
        How atoms are relaxed.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where a chemical potential is needed and not given, or a supercell cannot be computed.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> copper = bulk("Cu", a=3.59)
    >>> (found,) = defect_energies(copper, load_potential("emt"), vacancies=["Cu"], sizes=(27, 64))
    >>> 1.0 < found.energy.value < 1.6
    True
    """
    wanted = sorted({len(bulk_supercell(crystal, size)): size for size in sizes}.items())
    pieces = work or Work()
    made = [
        defects(
            crystal,
            vacancies=vacancies,
            interstitials=interstitials,
            antisites=antisites,
            substitutions=substitutions,
            atoms=size,
            min_radius=min_radius,
        )
        for _, size in wanted
    ]
    given = dict(references or {})
    if len(set(crystal.symbols)) == 1:
        (itself,) = settle([crystal], potential, None, pieces, "Bulk")
        given.setdefault(str(crystal.symbols[0]), itself.energy / len(crystal))
    perfect = settle(
        [bulk_supercell(crystal, size) for _, size in wanted], potential, relax, pieces, "Perfect crystals"
    )
    every = settle([defect.atoms for part in made for defect in part], potential, relax, pieces, "Defects")
    return [
        _energy(
            defect,
            [every[size * len(made[0]) + number] for size in range(len(wanted))],
            perfect,
            given,
            np.array([count for count, _ in wanted]),
        )
        for number, defect in enumerate(made[-1])
    ]


def _energy(
    defect: Defect,
    settled: Sequence[Settled],
    perfect: Sequence[Settled],
    given: Mapping[str, float],
    counts: NDArray[np.int64],
) -> DefectEnergy:
    """Return the formation energy of a defect from its supercells and the perfect ones, ascending."""
    exchanged = _exchanged(perfect[0].atoms, settled[0].atoms)
    missing = [name for name in exchanged if name not in given]
    if missing:
        raise InputError(
            f"{defect.name}: the chemical potential of {missing[0]} is needed, eV per atom of where it comes from "
            f"or goes to; give --mu {missing[0]}=-1.9"
        )
    shift = sum(count * given[name] for name, count in exchanged.items())
    values = np.array([one.energy - host.energy - shift for one, host in zip(settled, perfect, strict=True)])
    used = {name: given[name] for name in exchanged}
    return DefectEnergy(
        defect.name, defect.site, dilute(counts, values), counts, values, exchanged, used, settled[-1].atoms
    )


def dilute(counts: Sequence[int] | NDArray[Any], values: Sequence[float] | Array) -> Quantity:
    """Return the limit of energies, eV, for infinitely many atoms, by a line over the inverse of their numbers.

    Examples
    --------
    >>> round(dilute([50, 100, 200], [1.2, 1.1, 1.05]).value, 9)
    1.0
    """
    x, y = 1.0 / np.asarray(counts, dtype=float), np.asarray(values, dtype=float)
    if len(y) == 1:
        return Quantity(float(y[0]), float("nan"), "eV")
    line = np.column_stack([np.ones(len(x)), x])
    parameters = np.linalg.lstsq(line, y, rcond=None)[0]
    if len(y) == 2:
        return Quantity(float(parameters[0]), float("nan"), "eV")
    variance = float(((y - line @ parameters) ** 2).sum()) / (len(y) - 2)
    return of_normal(float(parameters[0]), float(np.sqrt(variance * np.linalg.inv(line.T @ line)[0, 0])), "eV")


def _exchanged(perfect: Atoms, defect: Atoms) -> dict[str, int]:
    before, after = Counter(perfect.get_chemical_symbols()), Counter(defect.get_chemical_symbols())
    return {name: after[name] - before[name] for name in sorted(before | after) if after[name] != before[name]}
