"""Logs of CP2K, old and new: energy, forces and stress of every step that converged.

Positions of a single point are in the log; those of molecular dynamics in ``PROJECT-pos-1.xyz`` beside it, whose energy
is compared with that of the log, and cells that change in ``PROJECT-1.cell``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.units import Bohr, Hartree

from nepkit.conventions import EV_PER_A3_IN_GPA
from nepkit.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.outcar import UNCONVERGED
from nepkit.frames import Labels, set_labels

NO_POSITIONS = "its positions are in {}, which is not beside the log"

_ENERGY = re.compile(r"ENERGY\| Total FORCE_EVAL.*energy\s*[\[(][a-z.]+[\])]:?\s+(\S+)")
_TRAJECTORY_ENERGY = re.compile(r"\bE\s*=\s*(\S+)")
_PER_GPA = {"GPa": 1.0, "bar": 1e-4, "kbar": 0.1}


@dataclass
class _Log:
    cell: dict[str, list[float]] = field(default_factory=dict)
    symbols: list[str] = field(default_factory=list)
    positions: np.ndarray | None = None
    trajectory: str = ""
    changing: bool = False
    converged: bool = True
    energy: float | None = None
    forces: np.ndarray | None = None
    pressure: np.ndarray | None = None


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not a log of CP2K, rows of forces are missing, or the trajectory beside it is of another run.
    """
    log, number, known = _Log(), 0, False
    moved: Iterator[tuple[float | None, np.ndarray]] | None = None
    cells: list[np.ndarray] = []
    with open_text(path) as file:
        for line in _lines_and_end(file):
            known = known or "CP2K|" in line or "QUICKSTEP" in line
            if log.energy is not None and ("SCF WAVEFUNCTION OPTIMIZATION" in line or line == ""):
                if moved is None and log.trajectory and (path.parent / log.trajectory).is_file():
                    moved = _trajectory(path.parent / log.trajectory)
                    cells = _cells(path, log)
                number += 1
                atoms = _step(log, number, path, reading, moved, cells)
                log.energy = log.forces = log.pressure = None
                log.converged = True
                log.positions = None  # of this step alone: an optimization prints them once
                if atoms is not None:
                    atoms.info["source"] = f"{path.name}:{number}"
                    yield atoms
            _take(log, line, file, f"{path}, step {number + 1}")
    if not known:
        raise InputError(f"{path}: not a log of CP2K")


def _lines_and_end(file: TextIO) -> Iterator[str]:
    yield from file
    yield ""


def _take(log: _Log, line: str, file: TextIO, where: str) -> None:
    if "CELL| Vector" in line:
        name = line.split("Vector", 1)[1].split()[0]
        log.cell[name] = numbers(line.partition(":")[2], 3, where)
    elif "ATOMIC COORDINATES IN" in line.upper() and "QUICKSTEP" in line:
        log.symbols, log.positions = _coordinates(file, where)
    elif line.startswith(" MD| ") and "-pos-1.xyz" in line:
        log.trajectory = line.split()[-1]
    elif "MD| Ensemble Type" in line or "MD_INI| Ensemble" in line:
        log.changing = "NP" in line.split()[-1].upper()
    elif "SCF run NOT converged" in line or "outer SCF loop FAILED" in line:
        log.converged = False
    elif "SCF run converged" in line or "outer SCF loop converged" in line:
        log.converged = True
    elif found := _ENERGY.search(line):
        log.energy = numbers(found[1], 1, where)[0] * Hartree
    elif "ATOMIC FORCES in [a.u.]" in line:
        log.forces = _rows(file, len(log.symbols), 3, where, "SUM OF ATOMIC FORCES") * Hartree / Bohr
    elif "FORCES| Atomic forces [hartree/bohr]" in line:
        log.forces = _rows(file, len(log.symbols), 2, where, "FORCES| Sum") * Hartree / Bohr
    elif ("STRESS TENSOR [" in line or "tress tensor [" in line) and "1/3" not in line:
        unit = line.partition("[")[2].partition("]")[0]
        log.pressure = _stress(file, where) * _PER_GPA.get(unit, np.nan)


def _coordinates(file: TextIO, where: str) -> tuple[list[str], np.ndarray]:
    symbols: list[str] = []
    rows: list[list[float]] = []
    for line in file:
        words = line.split()
        if words and words[0] == "Atom":
            continue
        if not words:
            if rows:
                break
            continue
        rows.append(numbers(line, 3, where, first=4))
        symbols.append(words[2])
        if words[2] not in atomic_numbers:
            raise InputError(f"{where}: {words[2]!r} is not an element")
    return symbols, np.array(rows).reshape(-1, 3)


def _rows(file: TextIO, count: int, first: int, where: str, end: str) -> np.ndarray:
    """Return the forces, as many as there are atoms; fewer are refused, not filled up."""
    rows: list[list[float]] = []
    for line in file:
        words = line.split()
        if end in line or (rows and not words):
            break
        if words and (words[0].isdigit() or (words[0] == "FORCES|" and words[1].isdigit())):
            rows.append(numbers(line, 3, where, first=first))
        if count and len(rows) == count:
            break
    if len(rows) != count:
        raise InputError(f"{where}: forces of {len(rows)} atoms, but there are {count}; is the log cut short?")
    return np.array(rows).reshape(-1, 3)


def _stress(file: TextIO, where: str) -> np.ndarray:
    rows = []
    for _ in range(8):
        words = next(file, "").replace("STRESS|", " ").split()
        if words and words[0].upper() in ("X", "Y", "Z") and len(words) == 4:
            rows.append(numbers(" ".join(words), 3, where, first=1))
        if len(rows) == 3:
            return np.array(rows)
    raise InputError(f"{where}: the stress tensor has {len(rows)} of 3 rows")


def _trajectory(path: Path) -> Iterator[tuple[float | None, np.ndarray]]:
    with open_text(path) as file:
        for line in file:
            if not line.strip():
                continue
            count = int(numbers(line, 1, str(path))[0])
            found = _TRAJECTORY_ENERGY.search(next(file, ""))
            energy = None if found is None else numbers(found[1], 1, str(path))[0] * Hartree
            yield energy, np.array([numbers(next(file, ""), 3, str(path), first=1) for _ in range(count)])


def _cells(path: Path, log: _Log) -> list[np.ndarray]:
    if not log.changing:
        return []
    file = path.parent / log.trajectory.replace("-pos-1.xyz", "-1.cell")
    if not file.is_file():
        raise InputError(f"{path}: the cell changes, but {file.name} is not beside the log")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    return [np.array(numbers(line, 9, str(file), first=2)).reshape(3, 3) for line in lines if line.strip()]


def _step(
    log: _Log,
    number: int,
    path: Path,
    reading: Reading,
    moved: Iterator[tuple[float | None, np.ndarray]] | None,
    cells: list[np.ndarray],
) -> Atoms | None:
    where = f"{path}, step {number}"
    energy, positions = (None, log.positions) if moved is None else next(moved, (None, None))
    if not log.converged:
        reading.drop(number, UNCONVERGED)
        return None
    if positions is None:
        reading.drop(number, NO_POSITIONS.format(log.trajectory or "another file"))
        return None
    if energy is not None and log.energy is not None and abs(energy - log.energy) > 1e-4:
        raise InputError(f"{where}: its energy is not the one in {log.trajectory}; are both of one run?")
    if sorted(log.cell) != ["a", "b", "c"]:
        raise InputError(f"{where}: no cell vectors in the log; print them with PRINT_LEVEL MEDIUM")
    if len(positions) != len(log.symbols) or (cells and number > len(cells)):
        raise InputError(f"{where}: the files beside the log are of another run")
    cell = cells[number - 1] if cells else np.array([log.cell[name] for name in "abc"])
    atoms = Atoms(log.symbols, positions=positions, cell=cell, pbc=True)
    virial = None
    if log.pressure is not None and np.isfinite(log.pressure).all():
        virial = log.pressure / EV_PER_A3_IN_GPA * atoms.cell.volume  # the printed stress is positive under compression
    set_labels(atoms, Labels(energy=log.energy, forces=log.forces, virial=virial))
    return atoms


FORMAT = Format(
    name="cp2k",
    summary="CP2K log, with PROJECT-pos-1.xyz beside it for MD: converged steps with energy, forces, virial",
    marks=(b" CP2K|", b"CP2K| version string"),
    read=read,
    searched=True,
)
