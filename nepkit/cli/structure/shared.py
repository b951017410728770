"""What the commands that change structures have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

T = TypeVar("T")

SAVED = "Output structure; the file name sets the format (extended xyz, POSCAR, cif, LAMMPS data ...)."


def changed(file: Path, change: Callable[[Atoms], T]) -> Iterator[T]:
    """Yield what becomes of every frame; an error names the frame."""
    from nepkit.formats.files import read_frames
    from nepkit.structures.cells import check_cell

    for number, atoms in enumerate(read_frames(file), 1):
        try:
            check_cell(atoms, needed=False)
            made = change(atoms)
        except InputError as error:
            raise InputError(f"{file}, frame {number}: {error}") from None
        yield made


def the_frame(file: Path, number: int = 1) -> Atoms:
    """Return one frame of a file, the first is 1."""
    from itertools import islice

    from nepkit.formats.files import read_frames
    from nepkit.structures.cells import check_cell

    found = next(islice(read_frames(file), number - 1, number), None)
    if found is None:
        raise InputError(f"{file}: no frame {number}; it has fewer")
    check_cell(found, needed=False)
    return found
