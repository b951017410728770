"""XDATCAR of VASP: positions of a trajectory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text, plausible
from nepkit.formats.ionic_step import CUT_SHORT


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the steps, with the cell of each where it changes.

    Raises
    ------
    InputError
        Where it is not an XDATCAR, or a number is none.
    """
    symbols: list[str] = []
    cell = np.zeros((3, 3))
    head: list[str] = []
    number = 0
    with open_text(path) as file:
        for line in file:
            if "configuration=" not in line:
                head.append(line)
                if len(head) > 7:
                    raise InputError(f"{path}: no 'Direct configuration=' after seven lines; is it an XDATCAR?")
                continue
            number += 1
            where = f"{path}, step {number}"
            if head:
                symbols, cell = _head(head, where)
                head = []
            rows = [next(file, "") for _ in symbols]
            if not rows:
                raise InputError(f"{where}: no elements and counts before it; is it an XDATCAR?")
            if not rows[-1].endswith("\n") and len(rows[-1].split()) < 3:
                reading.drop(number, CUT_SHORT)
                break
            places = np.array([numbers(row, 3, where) for row in rows])
            atoms = Atoms(symbols, positions=places @ cell, cell=cell, pbc=True)
            atoms.info["source"] = f"{path.name}:{number}"
            yield atoms
    if not number:
        raise InputError(f"{path}: no 'Direct configuration=' in it; is it an XDATCAR?")


def _head(lines: list[str], where: str) -> tuple[list[str], np.ndarray]:
    if len(lines) != 7:
        raise InputError(
            f"{where}: {len(lines)} lines before it, expected name, scale, three vectors, elements, counts"
        )
    scale = numbers(lines[1], 1, where)[0]
    cell = scale * np.array([numbers(line, 3, where) for line in lines[2:5]])
    names, counts = lines[5].split(), lines[6].split()
    if len(names) != len(counts) or any(name not in atomic_numbers for name in names):
        raise InputError(f"{where}: elements {lines[5].strip()!r} and counts {lines[6].strip()!r} do not fit")
    if not all(count.isdigit() and int(count) for count in counts):
        raise InputError(f"{where}: {lines[6].strip()!r} are no numbers of atoms")
    plausible(sum(map(int, counts)), where)
    return [name for name, count in zip(names, counts, strict=True) for _ in range(int(count))], cell


FORMAT = Format(
    name="xdatcar",
    summary="VASP XDATCAR: positions and cells of a trajectory",
    names=("XDATCAR*",),
    marks=(b"Direct configuration=",),
    read=read,
)
