"""POSCAR and CONTCAR of VASP, one structure each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, open_text, require_cell, require_finite


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the structure.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    from ase.io.vasp import read_vasp

    with open_text(path) as file:
        lines = [_plain_names(number, line) for number, line in enumerate(file, 1)]
    text = StringIO("".join(lines))
    try:
        atoms = read_vasp(text)
    except Exception as error:  # ASE's reader raises whatever went wrong first
        if len(lines) > 5 and lines[5].split()[:1] and lines[5].split()[0].isdigit():
            raise InputError(
                f"{path}: no elements, neither in line 6 nor in line 1 (VASP 4); add a line of them before line 6"
            ) from None
        raise InputError(f"{path}: not a POSCAR: {error or type(error).__name__}") from None
    require_finite(atoms, str(path))
    atoms.info.clear()
    atoms.calc = None
    atoms.set_constraint()
    yield atoms


def _plain_names(number: int, line: str) -> str:
    """Return a line; in the sixth, names of data sets such as ``Li_sv``, ``Cl/abc`` or ``H1.25`` become elements."""
    words = line.split()
    if number != 6 or not words or any(word[0].isdigit() for word in words):
        return line
    return " ".join(_plain_name(word) or word for word in words) + "\n"


def _plain_name(word: str) -> str | None:
    """Return the element of a name of a data set; None where it begins with none."""
    found = re.fullmatch(r"([A-Z][a-z]?)(?:[^a-zA-Z].*)?", word)
    return found[1] if found and found[1] in atomic_numbers else None


def places(atoms: Atoms) -> list[int]:
    """Return the order in which a POSCAR has the atoms: those of an element together, elements as they come first."""
    order = list(dict.fromkeys(atoms.get_chemical_symbols()))
    return sorted(range(len(atoms)), key=lambda index: order.index(atoms.symbols[index]))


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write one frame; its atoms in the order of `places`."""
    from ase.io.vasp import write_vasp

    (atoms,) = frames
    require_cell(atoms, "a POSCAR")
    order = places(atoms)
    with path.open("w", encoding="utf-8") as file:
        write_vasp(file, Atoms(atoms.symbols[order], positions=atoms.positions[order], cell=atoms.cell, pbc=True))
    return 1


FORMAT = Format(
    name="poscar",
    summary="VASP POSCAR or CONTCAR: one structure",
    names=("POSCAR*", "CONTCAR*", "*.vasp", "*.poscar"),
    read=read,
    write=write,
    single=True,
)
