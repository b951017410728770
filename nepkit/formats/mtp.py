"""Configurations of MTP (``.cfg`` of MLIP): energy, forces, PlusStress.

PlusStress is the virial in eV, positive under compression, in the order xx yy zz yz xz xy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type, numbers, open_text, plausible, require_cell
from nepkit.formats.writing import counted
from nepkit.frames import Labels, labels, set_labels

_MARK = re.compile(r"@[A-Za-z]*")
_STRESS = ("xx", "yy", "zz", "yz", "xz", "xy")


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the configurations; the first type of the file is 0 and the first of ``types``.

    Raises
    ------
    InputError
        Where it is cut short, a number is none, or the elements of the types are not given.
    """
    number = 0
    with open_text(path) as file:
        for line in file:
            if line.strip() == "BEGIN_CFG":
                number += 1
                yield _configuration(file, reading, path, number)
            elif line.strip():
                raise InputError(f"{path}: expected BEGIN_CFG, not {line.strip()[:40]!r}; is it a cfg of MTP?")


def _configuration(file: TextIO, reading: Reading, path: Path, number: int) -> Atoms:
    where = f"{path}, configuration {number}"
    count, cell, energy, virial = 0, None, None, None
    table: dict[str, np.ndarray] = {}
    for line in file:
        key = line.split()[0].rstrip(":") if line.split() else ""
        if key == "END_CFG":
            return _atoms(table, cell, energy, virial, reading, f"{path.name}:{number}", where)
        if key == "Size":
            count = plausible(numbers(next(file, ""), 1, where)[0], where)
        elif key == "Supercell":
            cell = np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
        elif key == "AtomData":
            names = line.partition(":")[2].split()
            rows = [numbers(row, len(names), where) for row in islice(file, count)]
            if len(rows) != count:
                raise InputError(f"{where}: {len(rows)} of {count} atoms; is the file cut short?")
            table = dict(zip(names, np.array(rows).T, strict=True)) if rows else {}
        elif key == "Energy":
            energy = numbers(next(file, ""), 1, where)[0]
        elif key == "PlusStress":
            names = line.partition(":")[2].split()
            values = dict(zip(names, numbers(next(file, ""), len(names), where), strict=True))
            if set(values) != set(_STRESS):
                raise InputError(f"{where}: PlusStress of {' '.join(names)}, expected {' '.join(_STRESS)}")
            virial = conventions.matrix([values[name] for name in _STRESS], "ase")
    raise InputError(f"{where}: no END_CFG; is the file cut short?")


def _atoms(
    table: dict[str, np.ndarray],
    cell: np.ndarray | None,
    energy: float | None,
    virial: np.ndarray | None,
    reading: Reading,
    source: str,
    where: str,
) -> Atoms:
    if "type" not in table:
        raise InputError(f"{where}: no atoms with types in AtomData")
    symbols = [element_of_type(int(kind) + 1, reading.types, where) for kind in table["type"]]
    fractional = "direct_x" in table
    names = [f"{'direct' if fractional else 'cartes'}_{axis}" for axis in "xyz"]
    if any(name not in table for name in names) or (fractional and cell is None):
        raise InputError(f"{where}: AtomData has no positions cartes_x cartes_y cartes_z")
    places = np.stack([table[name] for name in names], axis=1)
    positions = places @ cell if fractional and cell is not None else places
    atoms = Atoms(symbols, positions=positions, cell=cell, pbc=cell is not None)
    forces = None
    if any(name in table for name in ("fx", "fy", "fz")):
        if any(name not in table for name in ("fx", "fy", "fz")):
            raise InputError(f"{where}: AtomData has some, but not all of fx fy fz")
        forces = np.stack([table[f"f{axis}"] for axis in "xyz"], axis=1)
    set_labels(atoms, Labels(energy=energy, forces=forces, virial=virial))
    atoms.info["source"] = source
    return atoms


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write the frames; types are the elements in alphabetical order over all of them, named in every Feature.

    The frames are written one by one with their elements, and a second pass over the file numbers them.
    """
    elements: set[str] = set()
    named = path.with_name(f"{path.name}.named")
    try:
        with named.open("w", encoding="utf-8") as file:

            def add(atoms: Atoms) -> None:
                elements.update(atoms.symbols)
                file.write(_format(atoms))

            count = counted(frames, add)
        order = sorted(elements)
        numbered = {f"@{symbol}": str(index) for index, symbol in enumerate(order)} | {"@": "_".join(order)}
        with named.open(encoding="utf-8") as file, path.open("w", encoding="utf-8") as target:
            for line in file:
                target.write(_MARK.sub(lambda found: numbered[found[0]], line, count=1) if "@" in line else line)
    finally:
        named.unlink(missing_ok=True)
    return count


def _format(atoms: Atoms) -> str:
    known = labels(atoms)
    if atoms.pbc.any():
        require_cell(atoms, "a cfg of MTP")
    columns = ["id", "type", "cartes_x", "cartes_y", "cartes_z"] + ["fx", "fy", "fz"] * (known.forces is not None)
    lines = ["BEGIN_CFG", " Size", f"    {len(atoms)}"]
    if atoms.pbc.any():
        lines += [" Supercell", *("    " + " ".join(map(repr, row)) for row in atoms.cell.array.tolist())]
    lines.append(f" AtomData:  {' '.join(columns)}")
    table = np.hstack([atoms.positions, *([] if known.forces is None else [known.forces])]).tolist()
    for index, (symbol, values) in enumerate(zip(atoms.symbols, table, strict=True), 1):
        lines.append(f"    {index} @{symbol} " + " ".join(map(repr, values)))
    if known.energy is not None:
        lines += [" Energy", f"    {known.energy!r}"]
    if known.virial is not None:
        values = conventions.components(known.virial, "ase").tolist()
        lines += [f" PlusStress:  {' '.join(_STRESS)}", "    " + " ".join(map(repr, values))]
    lines += [" Feature   EFS_by       @", "END_CFG", "", ""]
    return "\n".join(lines)


FORMAT = Format(
    name="mtp",
    summary="MTP .cfg: energy, forces, PlusStress; types 0, 1, ... in alphabetical order or as --types says",
    names=("*.cfg",),
    marks=(b"BEGIN_CFG",),
    read=read,
    write=write,
    holds=("energy", "forces", "virial"),
)
