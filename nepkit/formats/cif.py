"""Crystallographic information files; disorder is refused, not resolved silently."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from ase import Atoms
from scipy.spatial import cKDTree

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, open_text, require_cell, require_finite

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
        yield Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)


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
