"""Crystallographic information files; disorder is refused, not resolved silently."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from ase import Atoms
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.formats.format import Format, Reading, open_text, require_cell, require_finite

_TOO_CLOSE = 0.3  # A: no two nuclei are that close
_SAME = 2e-3  # distance of fractional coordinates within which ASE takes two sites for one, doubled


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the structures of every data block.

    Raises
    ------
    InputError
        Where ASE cannot read it, or a site is partially occupied.
    """
    from ase.io.cif import read_cif

    with open_text(path) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # ASE's notices on spacegroup settings
                found = list(read_cif(file, slice(None)))
        except Exception as error:  # ASE's reader raises whatever went wrong first
            raise InputError(f"{path}: not a CIF: {error or type(error).__name__}") from None
    for atoms in found:
        for site in atoms.info.get("occupancy", {}).values():
            if len(site) > 1 or any(isinstance(value, str) or abs(value - 1.0) > 1e-6 for value in site.values()):
                shares = " ".join(f"{name} {value}" for name, value in site.items())
                raise InputError(
                    f"{path}: a site is occupied by {shares}; choose an ordering, by nepkit structure order for one"
                )
        require_finite(atoms, str(path))
        sites = atoms.arrays.get("spacegroup_kinds", np.arange(len(atoms)))
        yield _merged(Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True), sites, str(path))


def _merged(atoms: Atoms, sites: np.ndarray, where: str) -> Atoms:
    """Return the atoms with the images of one site within `_TOO_CLOSE` made one at their mean place.

    A file that rounds 1/3 to 0.333 puts an atom beside its special position, and the symmetry makes several of it.
    ``sites`` tells from which listed site every atom is.
    """
    if abs(atoms.cell.volume) < 1e-6:
        raise InputError(f"{where}: its cell has no volume")
    if len(set(sites.tolist())) == len(atoms):
        return atoms
    found = neighbours(atoms.positions, atoms.cell.array, _TOO_CLOSE)
    alike = sites[found.first] == sites[found.second]
    first, second = found.first[alike], found.second[alike]
    if not len(first):
        return atoms
    count, group = connected_components(
        coo_array((np.ones(len(first)), (first, second)), shape=(len(atoms), len(atoms))), directed=False
    )
    keep = [int(np.flatnonzero(group == number)[0]) for number in range(count)]
    made = atoms[sorted(keep)]
    for place, index in enumerate(sorted(keep)):
        members = np.flatnonzero(group == group[index])
        made.positions[place] += atoms.get_distances(index, members, mic=True, vector=True).mean(axis=0)
    warnings.warn(
        f"{where}: merged images of one site within {_TOO_CLOSE:g} A of each other, {len(atoms)} to {count}: "
        "coordinates are rounded beside a special position",
        stacklevel=3,
    )
    return made


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write the frames without symmetry (P 1), one data block each."""
    from ase.io.cif import write_cif

    count = 0
    with path.open("wb") as file:
        for count, atoms in enumerate(frames, 1):
            require_cell(atoms, "a CIF")
            _refuse_overlap(atoms, count)
            block = BytesIO()
            write_cif(block, Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True))
            file.write(block.getvalue().replace(b"data_image0", f"data_image{count - 1}".encode(), 1))
    return count


def _refuse_overlap(atoms: Atoms, number: int) -> None:
    """Raise `InputError` for two atoms at one place, which readers of CIF take for one."""
    places = atoms.get_scaled_positions() % 1.0
    found = cKDTree(places % 1.0, boxsize=1.0).query_pairs(_SAME)
    if found:
        one, other = min(found)
        raise InputError(f"frame {number}: atoms {one + 1} and {other + 1} are at one place; a CIF would merge them")


FORMAT = Format(
    name="cif",
    summary="CIF: ordered structures; partially occupied sites are refused",
    names=("*.cif", "*.mcif"),
    marks=(b"_atom_site_fract_x",),
    read=read,
    write=write,
)
