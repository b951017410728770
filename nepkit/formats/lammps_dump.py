"""Text dumps of LAMMPS, in any cell, with element names or numbered types."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type, keep_isotopes, numbers, open_text, plausible

_POSITIONS = {("x", "y", "z"): False, ("xu", "yu", "zu"): False, ("xs", "ys", "zs"): True, ("xsu", "ysu", "zsu"): True}
_USED = {"id", "type", "element", *(name for names in _POSITIONS for name in names)}


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames, atoms in the order of their ids; other columns stay arrays in the units of the dump.

    Raises
    ------
    InputError
        Where it is not a dump, is cut short, or has numbered types whose elements are not given.
    """
    number = 0
    with open_text(path) as file:
        for line in file:
            if not line.strip():
                continue
            number += 1
            where = f"{path}, frame {number}"
            if not line.startswith("ITEM:"):
                raise InputError(
                    f"{where}: expected ITEM: TIMESTEP, not {line.strip()[:40]!r}; is it a dump of LAMMPS?"
                )
            atoms = _frame(line, file, reading, where)
            atoms.info["source"] = f"{path.name}:{number}"
            yield atoms


def _frame(line: str, file: TextIO, reading: Reading, where: str) -> Atoms:
    step, count = 0, 0
    cell, origin, pbc = np.zeros((3, 3)), np.zeros(3), [True] * 3
    while not line.startswith("ITEM: ATOMS"):
        if line.startswith("ITEM: TIMESTEP"):
            step = int(numbers(next(file, ""), 1, where)[0])
        elif line.startswith("ITEM: NUMBER OF ATOMS"):
            count = plausible(numbers(next(file, ""), 1, where)[0], where)
        elif line.startswith("ITEM: BOX BOUNDS"):
            words = line.split()[3:]
            cell, origin = _box(words, [next(file, "") for _ in range(3)], where)
            pbc = [word.startswith("p") for word in words[-3:]] if len(words) >= 3 else pbc
        elif line.startswith("ITEM:"):
            next(file, "")  # UNITS, TIME
        line = next(file, "")
        if not line:
            raise InputError(f"{where}: cut short before its atoms; write the file again")
    names = line.split()[2:]
    rows = [row.split() for row in islice(file, count)]
    if count < 1 or len(rows) != count or any(len(row) != len(names) for row in rows):
        raise InputError(f"{where}: expected {count} rows of {' '.join(names)}; is the file cut short?")
    atoms = _atoms(names, rows, cell, origin, reading, where)
    atoms.pbc = pbc
    atoms.info["timestep"] = step
    return atoms


def _box(words: list[str], lines: list[str], where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return cell vectors and origin; LAMMPS docs, Howto_triclinic: bounds are those of the box around a tilted one."""
    if words[:1] == ["abc"]:
        table = np.array([numbers(line, 4, where) for line in lines])
        return table[:, :3], table[:, 3]
    tilted = words[:1] == ["xy"]
    table = np.array([numbers(line, 3 if tilted else 2, where) for line in lines])
    xy, xz, yz = table[:, 2] if tilted else (0.0, 0.0, 0.0)
    low, high = table[:, 0].copy(), table[:, 1].copy()
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    edge = high - low
    return np.array([[edge[0], 0.0, 0.0], [xy, edge[1], 0.0], [xz, yz, edge[2]]]), low


def _atoms(
    names: list[str], rows: list[list[str]], cell: np.ndarray, origin: np.ndarray, reading: Reading, where: str
) -> Atoms:
    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    triple = next((triple for triple in _POSITIONS if all(name in columns for name in triple)), None)
    if triple is None:
        raise InputError(f"{where}: no columns of positions (x y z, xu yu zu, xs ys zs) among {' '.join(names)}")
    places = np.stack([_column(columns[name], name, where) for name in triple], axis=1)
    if "element" in columns:
        symbols = columns["element"]
    elif "type" in columns:
        kinds = _column(columns["type"], "type", where).astype(int)
        by_type = {kind: element_of_type(kind, reading.types, where) for kind in set(kinds.tolist())}
        symbols = [by_type[kind] for kind in kinds.tolist()]
    else:
        raise InputError(f"{where}: neither a column element nor type")
    for name in set(symbols):
        if name not in atomic_numbers:
            raise InputError(f"{where}: {name!r} is not an element")
    positions = places @ cell if _POSITIONS[triple] else places - origin
    atoms = Atoms(symbols, positions=positions, cell=cell)
    for name in names:
        if name not in _USED:
            atoms.arrays[name] = _column(columns[name], name, where)
    keep_isotopes(atoms, atoms.arrays.get("mass"))
    if "id" not in columns:
        return atoms
    atoms.arrays["id"] = _column(columns["id"], "id", where).astype(int)
    return atoms[np.argsort(atoms.arrays["id"], kind="stable")]


def _column(words: list[str], name: str, where: str) -> np.ndarray:
    try:
        values = np.array(words, dtype=float)
    except ValueError:
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise InputError(f"{where}: the column {name} holds something that is no finite number")
    return values


FORMAT = Format(
    name="lammps-dump",
    summary="LAMMPS text dump: positions, other columns as they are; --types where it has no element column",
    names=("*.lammpstrj", "*.dump", "dump.*"),
    marks=(b"ITEM: TIMESTEP",),
    read=read,
)
