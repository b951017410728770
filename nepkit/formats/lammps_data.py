"""Data files of LAMMPS (atom_style atomic), in any triclinic cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type, open_text, require_cell, require_finite

_TYPES = re.compile(r"^\s*(\d+)\s+atom types", re.MULTILINE)
_STYLE = re.compile(r"^\s*Atoms\s*#\s*(\w+)", re.MULTILINE)


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the structure; elements are those of ``types``, else they are told by the masses.

    Raises
    ------
    InputError
        Where ASE cannot read it, or neither types nor masses tell the elements.
    """
    from ase.io.lammpsdata import read_lammps_data

    with open_text(path) as file:
        text = file.read()
    found = _TYPES.search(text)
    if found is None:
        raise InputError(f"{path}: no line 'N atom types'; is it a data file of LAMMPS?")
    kinds = range(1, int(found[1]) + 1)
    named = {kind: element_of_type(kind, reading.types, str(path)) for kind in kinds} if reading.types else {}
    if not named and "\nMasses" not in text:
        raise InputError(f"{path}: no masses in it that tell the elements; give them: --types Li,Cl")
    style = _STYLE.search(text)
    try:
        from io import StringIO

        from ase.data import atomic_numbers

        numbered = {kind: atomic_numbers[name] for kind, name in named.items()} or None
        atoms = read_lammps_data(StringIO(text), Z_of_type=numbered, atom_style=style[1] if style else "atomic")
    except Exception as error:  # ASE's reader raises whatever went wrong first
        raise InputError(f"{path}: not a data file of LAMMPS: {error or type(error).__name__}") from None
    require_finite(atoms, str(path))
    for name in ("type", "mol-id", "bonds", "angles", "dihedrals"):
        atoms.arrays.pop(name, None)
    yield atoms


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write one frame; types are the elements in alphabetical order, named beside their masses."""
    from ase.io.lammpsdata import write_lammps_data

    (atoms,) = frames
    plain = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    require_cell(atoms, "a data file of LAMMPS")
    with path.open("w", encoding="utf-8") as file:
        write_lammps_data(file, plain, specorder=sorted(set(atoms.symbols)), masses=True, atom_style="atomic")
    return 1


FORMAT = Format(
    name="lammps-data",
    summary="LAMMPS data file, any triclinic cell: one structure; --types where masses do not tell the elements",
    names=("*.data", "data.*", "*.lmp", "*.lammps"),
    read=read,
    write=write,
    single=True,
)
