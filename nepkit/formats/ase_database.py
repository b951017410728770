"""Databases of ASE, in SQLite or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.core.conventions import PER_ATOM
from nepkit.formats import ase_reading
from nepkit.formats.format import EVERY_LABEL, Format, Reading
from nepkit.frames import Labels, labels

_IN_DATA = ("virial", "dipole", "charge", "bec", "charges")


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the rows in the order of their numbers.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    for number, atoms in enumerate(ase_reading.frames(path, lambda: _rows(path)), 1):
        atoms.info.setdefault("source", f"{path.name}:{number}")
        yield atoms


def _rows(path: Path) -> Iterator[Atoms]:
    from ase.db import connect

    with path.open("rb") as file:
        kind = "db" if file.read(6) == b"SQLite" else "json"
    with connect(str(path), type=kind, use_lock_file=False) as database:
        for row in database.select(sort="id"):
            atoms = row.toatoms()
            atoms.info.update(row.key_value_pairs)
            for name, value in row.data.items():
                if name in _IN_DATA:
                    store = atoms.arrays if name in PER_ATOM else atoms.info
                    store[name] = np.asarray(value)
            yield atoms


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write the frames as rows of an SQLite database; labels that it has no column for are in ``data``."""
    from ase.db import connect

    count = 0
    path.unlink(missing_ok=True)  # an empty file is no database
    with connect(str(path), type="db", use_lock_file=False) as database:
        for atoms in frames:
            known = labels(atoms)
            row = atoms.copy()
            row.calc = _calculator(row, known, atoms)
            data = {name: getattr(known, name) for name in _IN_DATA if getattr(known, name) is not None}
            database.write(row, data=data, **_pairs(atoms))
            count += 1
    return count


def _calculator(row: Atoms, known: Labels, atoms: Atoms) -> SinglePointCalculator | None:
    results = {"energy": known.energy, "forces": known.forces}
    stress = getattr(atoms.calc, "results", {}).get("stress")
    results = {key: value for key, value in {**results, "stress": stress}.items() if value is not None}
    return SinglePointCalculator(row, **results) if results else None


def _pairs(atoms: Atoms) -> dict[str, Any]:
    """Return what may be a key-value pair of a database: simple words and numbers under names."""
    from ase.db.core import check

    found = {}
    for key, value in atoms.info.items():
        try:
            if isinstance(value, (str, int, float, bool)):
                check({key: value})
                found[key] = value
        except ValueError:  # a reserved name, or a word that looks like a number
            continue
    return found


FORMAT = Format(
    name="ase-db",
    summary="ASE database (SQLite; JSON is read): energy (force-consistent), forces, stress, virial, BEC, charges",
    names=("*.db",),
    marks=(b"SQLite format 3",),
    read=read,
    write=write,
    holds=EVERY_LABEL,
)
