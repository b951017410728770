"""POSCAR and CONTCAR of VASP, one structure each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms

from nepkit.errors import InputError
from nepkit.formats.format import Format, Reading, open_text


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the structure.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    from ase.io.vasp import read_vasp

    with open_text(path) as file:
        try:
            atoms = read_vasp(file)
        except Exception as error:  # ASE's reader raises whatever went wrong first
            raise InputError(f"{path}: not a POSCAR: {error or type(error).__name__}") from None
    if not len(atoms):
        raise InputError(f"{path}: a POSCAR without atoms")
    atoms.info.clear()
    atoms.calc = None
    atoms.set_constraint()
    yield atoms


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write one frame; atoms of an element come together, elements in the order of their first atom."""
    from ase.io.vasp import write_vasp

    (atoms,) = frames
    order = list(dict.fromkeys(atoms.get_chemical_symbols()))
    places = sorted(range(len(atoms)), key=lambda index: order.index(atoms.symbols[index]))
    with path.open("w", encoding="utf-8") as file:
        write_vasp(file, Atoms(atoms.symbols[places], positions=atoms.positions[places], cell=atoms.cell, pbc=True))
    return 1


FORMAT = Format(
    name="poscar",
    summary="VASP POSCAR or CONTCAR: one structure",
    names=("POSCAR*", "CONTCAR*", "*.vasp", "*.poscar"),
    read=read,
    write=write,
    single=True,
)
