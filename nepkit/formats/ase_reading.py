"""What ASE reads, with the label that forces are the derivatives of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.format import Reading, require_finite
from nepkit.frames import Labels, labels, set_labels


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames of a file of any kind that ASE knows.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    from ase.io import iread

    yield from frames(path, lambda: iread(path))


def frames(path: Path, opened: Callable[[], Iterable[Atoms]]) -> Iterator[Atoms]:
    """Yield what an ASE reader gives, with labels in the layout of `nepkit.frames` and without constraints.

    Raises
    ------
    InputError
        Where the reader raises anything; names the frame.
    """
    path.open("rb").close()  # a missing file is told as such, not as an unknown format
    number, found = 0, None
    while True:
        number += 1
        where = f"{path}, frame {number}"
        try:
            found = iter(opened()) if found is None else found
            atoms = next(found, None)
        except Exception as error:  # ASE's readers raise whatever went wrong first
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise InputError(f"{where}: ASE cannot read it: {reason}") from error
        if atoms is None:
            return
        require_finite(atoms, where)
        atoms.set_constraint()
        set_labels(atoms, ase_labels(atoms, where))
        yield atoms


def ase_labels(atoms: Atoms, where: str) -> Labels:
    """Return the labels of a frame from a calculator of ASE: of two energies, the force-consistent one.

    Examples
    --------
    >>> from ase.calculators.singlepoint import SinglePointCalculator
    >>> atoms = Atoms("H")
    >>> atoms.calc = SinglePointCalculator(atoms, energy=-1.0, free_energy=-1.1)
    >>> ase_labels(atoms, "frame").energy
    -1.1
    """
    results = getattr(atoms.calc, "results", {})
    free = results.get("free_energy")
    if atoms.pbc.any():
        results.pop("dipole", None)  # of a periodic cell it is one of many
    known = labels(atoms, where)
    return known if free is None or known.energy is None else replace(known, energy=float(free))
