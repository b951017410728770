"""Logs of ABACUS: ``running_scf.log`` and its kin, every ionic step whose positions are in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.conventions import EV_PER_A3_IN_GPA
from nepkit.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.outcar import CUT_SHORT, UNCONVERGED
from nepkit.frames import Labels, set_labels

NO_POSITIONS = "its positions are not in the log"

_LABEL = re.compile(r"tau[cd]_([A-Z][a-z]?)\d*\Z")
_ROW = re.compile(r"([A-Z][a-z]?)\d*\Z")


@dataclass
class _Log:
    unit: float = 0.0
    cell: np.ndarray | None = None
    symbols: list[str] = field(default_factory=list)
    places: np.ndarray | None = None
    fractional: bool = False
    converged: bool = False
    energy: float | None = None
    forces: np.ndarray | None = None
    pressure: np.ndarray | None = None


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not a log of ABACUS, or a number is none.
    """
    log, number = _Log(), 0
    with open_text(path) as file:
        for line in file:
            if _begins(line) and log.energy is not None:
                number += 1
                yield from _step(log, number, path, reading)
            _take(log, line, file, f"{path}, step {number + 1}")
    if log.cell is None and not log.symbols:
        raise InputError(f"{path}: neither lattice vectors nor atoms in it; is it a log of ABACUS?")
    if log.energy is not None:
        yield from _step(log, number + 1, path, reading)
    elif number == 0:
        reading.drop(1, CUT_SHORT)


def _begins(line: str) -> bool:
    """Return whether a line begins the next ionic step."""
    return "ELEC=   1-" in line or "STEP OF MOLECULAR DYNAMICS" in line or "STEP OF RELAXATION" in line


def _take(log: _Log, line: str, file: TextIO, where: str) -> None:
    upper = line.upper()
    if "lattice constant (Angstrom)" in line:
        log.unit = numbers(line.partition("=")[2], 1, where)[0]
    elif "LATTICE VECTORS: (CARTESIAN COORDINATE: IN UNIT OF A" in upper and "STANDARD" not in upper:
        log.cell = np.array([numbers(next(file, ""), 3, where) for _ in range(3)]) * log.unit
    elif upper.lstrip().startswith(("CARTESIAN COORDINATES", "DIRECT COORDINATES")):
        log.symbols, log.places = _coordinates(file, where)
        log.fractional = "DIRECT" in upper
    elif "charge density convergence is achieved" in line or "#SCF IS CONVERGED#" in line:
        log.converged = True
    elif "convergence has not been achieved" in line.lower() or "SCF IS NOT CONVERGED" in upper:
        log.converged = False
    elif "final etot is" in line or "FINAL_ETOT_IS" in line:
        log.energy = numbers(re.split(r"\bis\b|_IS\b", line, maxsplit=1)[1], 1, where)[0]
    elif "TOTAL-FORCE (eV/Angstrom)" in line:
        log.forces = _forces(file, len(log.symbols), where)
    elif "TOTAL-STRESS (KBAR)" in line:
        log.pressure = _stress(file, where)


def _coordinates(file: TextIO, where: str) -> tuple[list[str], np.ndarray]:
    symbols, rows = [], []
    for line in file:
        words = line.split()
        found = _LABEL.match(words[0]) if words else None
        if found is not None and found[1] in atomic_numbers:
            symbols.append(found[1])
            rows.append(numbers(line, 3, where, first=1))
        elif rows:
            break
    return symbols, np.array(rows).reshape(-1, 3)


def _forces(file: TextIO, count: int, where: str) -> np.ndarray:
    rows = []
    for line in file:
        words = line.split()
        if len(words) == 4 and _ROW.match(words[0]):
            rows.append(numbers(line, 3, where, first=1))
        elif rows:
            break
        if len(rows) == count:
            break
    if len(rows) != count:
        raise InputError(f"{where}: forces of {len(rows)} atoms, but there are {count}; is the log cut short?")
    return np.array(rows)


def _stress(file: TextIO, where: str) -> np.ndarray:
    rows = []
    for _ in range(12):
        line = next(file, "")
        words = line.split()
        if len(words) == 3 and words[0][0] in "+-.0123456789":
            rows.append(numbers(line, 3, where))
        if len(rows) == 3:
            return np.array(rows)
    raise InputError(f"{where}: the stress has {len(rows)} of 3 rows")


def _step(log: _Log, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
    symbols, places, cell, done = log.symbols, log.places, log.cell, log.converged
    known = (log.energy, log.forces, log.pressure)
    log.places = log.energy = log.forces = log.pressure = None
    log.converged = False
    if not done:
        reading.drop(number, UNCONVERGED)
        return
    if places is None or cell is None:
        reading.drop(number, NO_POSITIONS)
        return
    positions = places @ cell if log.fractional else places * log.unit
    atoms = Atoms(symbols, positions=positions, cell=cell, pbc=True)
    energy, forces, pressure = known
    # ABACUS prints the stress in kbar, positive under compression.
    virial = None if pressure is None else pressure / 10.0 / EV_PER_A3_IN_GPA * atoms.cell.volume
    set_labels(atoms, Labels(energy=energy, forces=forces, virial=virial))
    atoms.info["source"] = f"{path.name}:{number}"
    yield atoms


FORMAT = Format(
    name="abacus",
    summary="ABACUS running_scf.log and its kin: converged steps with energy, forces, virial",
    names=("running_*.log",),
    marks=(b"Atomic-orbital Based Ab-initio", b"www.abacus-dft.com", b"abacus.ustc.edu.cn"),
    read=read,
    searched=True,
)
