"""Point defects of a crystal, one of every kind that symmetry does not make the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atom, Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import without_results
from nepkit.structures.supercells import compact_matrix, supercell
from nepkit.structures.symmetry import SYMPREC, dataset
from nepkit.structures.voids import voids

Array = NDArray[np.float64]
VACANCY = "V"


@dataclass(frozen=True)
class Defect:
    """A point defect in a supercell.

    Parameters
    ----------
    atoms : ase.Atoms
        The supercell with the defect; its info has ``defect``, ``site``, ``multiplicity``, ``charge`` and
        ``defect_position``.
    name : str
        What is where, such as ``V_Cl``, ``Li_i``, ``Na_Cl``.
    site : str
        Number among the distinct sites, and Wyckoff letter with site symmetry, or the neighbours of a void.
    multiplicity : float
        Equivalent sites per primitive cell.
    charge : float
        Total charge of the supercell, e.
    distance : float
        From the site to the nearest atom, A.
    position : ndarray, shape (3,)
        Of the site, A.
    """

    atoms: Atoms
    name: str
    site: str
    multiplicity: float
    charge: float
    distance: float
    position: Array


@dataclass(frozen=True)
class _Site:
    """A distinct site: an atom of the unit cell, or a void."""

    position: Array
    label: str
    multiplicity: float
    host: str | None
    column: int = -1


def defects(
    crystal: Atoms,
    *,
    vacancies: Sequence[str] = (),
    interstitials: Sequence[str] = (),
    antisites: bool = False,
    substitutions: Sequence[tuple[str, str]] = (),
    atoms: int | None = None,
    charges: Sequence[float] | Mapping[str, float] = (0.0,),
    min_radius: float = 1.2,
    symprec: float = SYMPREC,
) -> list[Defect]:
    """Return point defects, in the order vacancies, antisites, substitutions, interstitials.

    Parameters
    ----------
    crystal : ase.Atoms
        Unit cell of the perfect crystal.
    vacancies : sequence of str
        Elements of which an atom is taken out.
    interstitials : sequence of str
        Elements of which an atom is put into every distinct void.
    antisites : bool
        Whether to put every element on the sites of every other.
    substitutions : sequence of tuple
        Pairs of host and dopant.
    atoms : int, optional
        About how many atoms the supercell has; the cell as it is when left out.
    charges : sequence of float, or mapping
        Charge states, e, a frame each; or formal charges of the elements, of which the charge of every defect follows.
    min_radius : float
        Least distance of an interstitial from an atom, A.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where an element is not there, no void is large enough, or nothing was asked for.

    Examples
    --------
    >>> from ase.build import bulk
    >>> found = defects(bulk("NaCl", "rocksalt", 5.6), vacancies=["Na", "Cl"], atoms=64, charges={"Na": 1, "Cl": -1})
    >>> [(made.name, len(made.atoms), made.multiplicity, made.charge) for made in found]
    [('V_Na', 63, 1.0, -1.0), ('V_Cl', 63, 1.0, 1.0)]
    """
    _check_elements(crystal, [*vacancies, *(host for host, _ in substitutions)])
    known = dataset(crystal, symprec)
    cells = len(crystal) / (int(np.max(known.mapping_to_primitive)) + 1)
    perfect = bulk_supercell(crystal, atoms)
    sites = _sites(crystal, known, cells)
    wanted: list[tuple[str, _Site]] = [
        (VACANCY, site) for name in dict.fromkeys(vacancies) for site in sites if site.host == name
    ]
    if antisites:
        elements = list(dict.fromkeys(crystal.get_chemical_symbols()))
        wanted += [(name, site) for site in sites for name in elements if name != site.host]
    wanted += [(dopant, site) for host, dopant in dict.fromkeys(substitutions) for site in sites if site.host == host]
    if interstitials:
        found = voids(crystal, min_radius=min_radius, symprec=symprec)
        if not found:
            raise InputError(f"no void with {min_radius:g} A around it; ask for less")
        wanted += [
            (name, _Site(void.position, f"{number}: void of {void.neighbours} atoms", void.multiplicity / cells, None))
            for name in dict.fromkeys(interstitials)
            for number, void in enumerate(found, 1)
        ]
    if not wanted:
        raise InputError("no defect asked for: vacancies, interstitials, antisites or substitutions")
    return [
        made for what, site in wanted for made in _charged(_made(perfect, crystal, what, site), site, what, charges)
    ]


def bulk_supercell(crystal: Atoms, atoms: int | None) -> Atoms:
    """Return the perfect supercell of about so many atoms; the cell as it is for None."""
    perfect = without_results(crystal) if atoms is None else supercell(crystal, compact_matrix(crystal, atoms))
    perfect.pbc = True
    perfect.info["defect"] = "none"
    return perfect


def _check_elements(crystal: Atoms, names: Sequence[str]) -> None:
    for name in names:
        if name not in set(crystal.symbols):
            raise InputError(f"no {name} in the crystal, which has {' '.join(sorted(set(crystal.symbols)))}")


def _sites(crystal: Atoms, known: Any, cells: float) -> list[_Site]:
    counts: dict[str, int] = {}
    found = []
    equivalent = np.asarray(known.equivalent_atoms)
    for first in dict.fromkeys(equivalent.tolist()):
        element = str(crystal.symbols[first])
        counts[element] = counts.get(element, 0) + 1
        label = f"{counts[element]}: {known.wyckoffs[first]} {known.site_symmetry_symbols[first]}"
        multiplicity = float((equivalent == first).sum()) / cells
        found.append(_Site(crystal.positions[first].copy(), label, multiplicity, element, int(first)))
    return found


def _made(perfect: Atoms, crystal: Atoms, what: str, site: _Site) -> Defect:
    if site.host is None:
        made = _with_atom(perfect, what, site.position)
        name, position, index = f"{what}_i", site.position, len(made) - 1
    else:
        index = _index_of(perfect, crystal, site)
        position = perfect.positions[index].copy()
        made = perfect.copy()
        name = f"{what}_{site.host}"
        if what != VACANCY:
            made.symbols[index] = what
            if "masses" in made.arrays:
                del made.arrays["masses"]
    distances = made.get_distances(index, range(len(made)), mic=True) if len(made) > 1 else np.zeros(1)
    nearest = float(np.delete(distances, index).min(initial=np.inf))
    nearest = min(nearest, float(made.cell.lengths().min()))
    if what == VACANCY:
        del made[index]
        if not len(made):
            raise InputError("the vacancy leaves no atom in the cell; ask for a supercell")
    return Defect(made, name, site.label, site.multiplicity, 0.0, nearest, position)


def _index_of(perfect: Atoms, crystal: Atoms, site: _Site) -> int:
    """Return the atom of the supercell that is an image of the site under a translation of the crystal."""
    fractions = (perfect.positions - site.position) @ np.linalg.inv(crystal.cell.array)
    off = np.linalg.norm((fractions - np.rint(fractions)) @ crystal.cell.array, axis=1)
    return int(off.argmin())


def _with_atom(atoms: Atoms, symbol: str, position: Array) -> Atoms:
    """Return a copy with one more atom, in the group of the nearest one (of its element, where there is one)."""
    made = atoms.copy()
    made.append(Atom(symbol, position))
    made.wrap()
    same = np.flatnonzero(atoms.numbers == made.numbers[-1])
    others = same if len(same) else np.arange(len(atoms))
    nearest = int(others[made.get_distances(-1, others, mic=True).argmin()])
    for name, column in made.arrays.items():
        if name != "numbers" and column.dtype.kind != "f":
            column[-1] = column[nearest]
    return made


def _charged(
    defect: Defect, site: _Site, what: str, charges: Sequence[float] | Mapping[str, float]
) -> Iterator[Defect]:
    """Yield the defect in every charge state, noted in its info."""
    if isinstance(charges, Mapping):
        states = [_formal(charges, what) - (0.0 if site.host is None else _formal(charges, site.host))]
    else:
        states = [float(charge) for charge in charges]
    for charge in states:
        made = defect.atoms.copy()
        made.info.update(
            defect=defect.name,
            site=site.label,
            multiplicity=defect.multiplicity,
            charge=charge + 0.0,
            defect_position=defect.position,
        )
        yield replace(defect, atoms=made, charge=charge + 0.0)


def _formal(charges: Mapping[str, float], what: str) -> float:
    return 0.0 if what == VACANCY else float(charges[what])
