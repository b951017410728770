"""Logs of ABACUS: ``running_scf.log`` and its kin; of molecular dynamics with the file ``MD_dump`` beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.units import Bohr

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import CUT_SHORT, IonicStep

NO_POSITIONS = "its positions are neither in the log nor in MD_dump beside it"

_DYNAMICS = re.compile(r"STEP OF MOLECULAR DYNAMICS\s*:\s*(\d+)")
_FIRST_ITERATION = re.compile(r"ELEC\s*=\s*\+?1\b|#ELEC ITER#\s*\+?1\b")
_LABEL = re.compile(r"tau[cd]_([A-Z][a-z]?)\d*\Z")
_ROW = re.compile(r"([A-Z][a-z]?)\d*\Z")


@dataclass(frozen=True)
class _Geometry:
    """Cell, A, and positions as printed, in lattice constants or in parts of the cell; None where there were none."""

    symbols: list[str]
    places: np.ndarray | None
    cell: np.ndarray | None
    fractional: bool


@dataclass
class _Log:
    """What was read so far.

    A relaxation prints the geometry of the next step before that step begins. Therefore the geometry of a step is held
    from its first electronic iteration on (at the latest from its energy on), and what is printed later is the next's.
    """

    unit: float = 0.0
    cell: np.ndarray | None = None
    symbols: list[str] = field(default_factory=list)
    places: np.ndarray | None = None
    fractional: bool = False
    converged: bool | None = None  # None where the log has not said it
    energy: float | None = None
    forces: np.ndarray | None = None
    pressure: np.ndarray | None = None
    dynamics: int | None = None
    held: _Geometry | None = None

    def hold(self) -> None:
        """Keep the geometry that was read last as that of the running step."""
        if self.held is None:
            self.held = _Geometry(self.symbols, self.places, self.cell, self.fractional)
            self.places = None  # no step has the positions of an earlier one


@dataclass(frozen=True)
class _Dumped:
    """A step of MD_dump: positions and cell, A; forces, eV/A; virial as a pressure, kbar."""

    symbols: list[str]
    positions: np.ndarray
    cell: np.ndarray
    forces: np.ndarray | None
    pressure: np.ndarray | None


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not a log of ABACUS, or a number is none.
    """
    log, number = _Log(), 0
    dump = path.parent / "MD_dump"
    dumped = dict(_dump(dump)) if "md" in path.name and dump.is_file() else {}
    with open_text(path) as file:
        for line in file:
            if _begins(line) and log.energy is not None:
                number += 1
                yield from _step(log, number, path, reading, dumped)
            if _FIRST_ITERATION.search(line):
                log.hold()
            if "STEP OF MOLECULAR" in line and (found := _DYNAMICS.search(line)):
                log.dynamics = int(found[1])
            _take(log, line, file, f"{path}, step {number + 1}")
    if log.cell is None and not log.symbols and not dumped:
        raise InputError(f"{path}: neither lattice vectors nor atoms in it; is it a log of ABACUS?")
    if log.energy is not None:
        yield from _step(log, number + 1, path, reading, dumped)
    elif number == 0:
        reading.drop(1, CUT_SHORT)


def _begins(line: str) -> bool:
    """Return whether a line begins the next ionic step."""
    return "STEP OF MOLECULAR DYNAMICS" in line or "STEP OF RELAXATION" in line or bool(_FIRST_ITERATION.search(line))


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
        log.energy = numbers(re.split(r"\bis\b|_IS\b", line, maxsplit=1)[-1], 1, where)[0]
        log.hold()
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


def _dump(path: Path) -> Iterator[tuple[int, _Dumped]]:
    """Yield number and content of every step of MD_dump; lengths without a unit are in lattice constants, in Bohr."""
    with open_text(path) as file:
        for line in file:
            if line.startswith("MDSTEP:"):
                number = int(numbers(line, 1, str(path), first=1)[0])
                yield number, _dumped(file, f"{path}, step {number}")


def _dumped(file: TextIO, where: str) -> _Dumped:
    unit, cell, pressure = Bohr, np.zeros((3, 3)), None
    symbols: list[str] = []
    rows: list[list[float]] = []
    columns = 6
    for line in file:
        words = line.split()
        if line.startswith("LATTICE_CONSTANT:"):
            unit = numbers(line, 1, where, first=1)[0] * (1.0 if "Angstrom" in line else Bohr)
        elif line.startswith("LATTICE_VECTORS"):
            cell = unit * np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
        elif line.startswith("VIRIAL"):
            pressure = np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
        elif line.startswith("INDEX"):
            unit = 1.0 if "POSITION (Angstrom)" in line else unit
            columns = 6 if "FORCE" in line else 3
        elif len(words) >= 2 + columns and words[0].isdigit():
            rows.append(numbers(line, columns, where, first=2))
            symbols.append(words[1].rstrip("0123456789"))
        elif rows:
            break
    if not rows or any(name not in atomic_numbers for name in symbols):
        raise InputError(f"{where}: no atoms, or atoms of unknown elements; is the file cut short?")
    table = np.array(rows)
    return _Dumped(symbols, unit * table[:, :3], cell, table[:, 3:6] if columns == 6 else None, pressure)


def _step(
    log: _Log, number: int, path: Path, reading: Reading, dumped: Mapping[int, _Dumped] | None = None
) -> Iterator[Atoms]:
    held = log.held
    assert held is not None
    symbols, places, cell, fractional = held.symbols, held.places, held.cell, held.fractional
    known, unit, done = (log.energy, log.forces, log.pressure), log.unit, log.converged
    if dumped and log.dynamics is not None:
        step = dumped.get(log.dynamics)
        places = None
        if step is not None:
            symbols, places, cell = step.symbols, step.positions, step.cell
            known = (log.energy, step.forces if log.forces is None else log.forces, step.pressure)
            fractional, unit = False, 1.0
    energy, forces, pressure = known
    log.held = log.energy = log.forces = log.pressure = None
    log.converged = None
    yield from IonicStep(
        cell,
        symbols,
        None if places is None or cell is None else places @ cell if fractional else places * unit,
        failed=done is False,
        untold=done is None,
        energy=energy,
        forces=forces,
        # ABACUS prints the stress in kbar, positive under compression.
        stress=None if pressure is None else -pressure / 10.0 / EV_PER_A3_IN_GPA,
        missing=NO_POSITIONS,
    ).finish(number, path, reading)


FORMAT = Format(
    name="abacus",
    summary="ABACUS running_scf.log and its kin, for MD with MD_dump beside it: converged steps, all labels",
    names=("running_*.log",),
    marks=(b"Atomic-orbital Based Ab-initio", b"www.abacus-dft.com", b"abacus.ustc.edu.cn"),
    read=read,
    searched=True,
)
