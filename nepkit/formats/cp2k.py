"""Logs of CP2K, old and new: energy, forces and stress of every step that converged.

Positions of a single point are in the log; those of molecular dynamics in ``PROJECT-pos-1.xyz`` beside it, whose steps
are found in the log by their energy, with cells in ``PROJECT-1.cell`` and forces, where the log has none, in
``PROJECT-frc-1.xyz``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.cell import Cell
from ase.data import atomic_numbers
from ase.units import Bohr, Hartree

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.formats.cp2k_trajectory import Moved, read_moved
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import UNCONVERGED, IonicStep

NO_POSITIONS = "its positions are in {}, which is not beside the log"
NOT_THERE = "its positions are not in {}, which has fewer steps than the log"

_ENERGY = re.compile(r"ENERGY\| Total FORCE_EVAL.*energy\s*[\[(][a-z.]+[\])]:?\s+(\S+)")
_TRAJECTORY = re.compile(r"\b(?:MD\||MD_PAR\|).*\s(\S+-pos-\d+\.xyz)\s*$")
_PER_GPA = {"GPa": 1.0, "bar": 1e-4, "kbar": 0.1}


@dataclass
class _Log:
    cell: dict[str, list[float]] = field(default_factory=dict)
    shape: dict[str, str] = field(default_factory=dict)  # lengths a b c and angles alpha beta gamma as printed
    symbols: list[str] = field(default_factory=list)
    positions: np.ndarray | None = None
    masses: list[float] = field(default_factory=list)
    trajectory: str = ""
    project: str = ""
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
    beside: _Beside | None = None
    with open_text(path) as file:
        for line in _lines_and_end(file):
            known = known or "CP2K|" in line or "QUICKSTEP" in line
            if log.energy is not None and ("SCF WAVEFUNCTION OPTIMIZATION" in line or line == ""):
                number += 1
                beside = beside or _Beside(_find_trajectory(path, log))
                yield from _step(log, number, path, reading, beside)
                log.energy = log.forces = log.pressure = None
                log.converged = True
                log.positions = None  # of this step alone: an optimization prints them once
            _take(log, line, file, f"{path}, step {number + 1}")
    if not known:
        raise InputError(f"{path}: not a log of CP2K")
    if beside is not None and beside.next is not None:
        raise InputError(
            f"{path}: the energy of step {beside.next.step} in {log.trajectory} is nowhere in the log; "
            "are both of one run?"
        )


class _Beside:
    """The frames of the files beside a log, of which the log has at least as many steps."""

    def __init__(self, path: Path | None) -> None:
        self._frames = iter(()) if path is None else read_moved(path)
        self.next = next(self._frames, None)
        self.found = self.next is not None

    def of(self, energy: float) -> Moved | None:
        """Return the next frame where it has this energy (eV)."""
        frame = self.next
        if frame is None or (frame.energy is not None and abs(frame.energy - energy) > 1e-4):
            return None
        self.next = next(self._frames, None)
        return frame


def _find_trajectory(path: Path, log: _Log) -> Path | None:
    names = [log.trajectory, f"{log.project}-pos-1.xyz" if log.project else ""]
    log.trajectory = next((name for name in names if name and (path.parent / name).is_file()), log.trajectory)
    found = path.parent / log.trajectory
    return found if log.trajectory and found.is_file() else None


def _lines_and_end(file: TextIO) -> Iterator[str]:
    yield from file
    yield ""


def _take(log: _Log, line: str, file: TextIO, where: str) -> None:
    if "CELL| Vector" in line:
        name = line.split("Vector", 1)[1].split()[0]
        log.cell[name] = numbers(line.partition(":")[2], 3, where)
        log.shape[name] = line.split()[-1]
    elif "CELL| Angle" in line:
        log.shape[(line.partition("),")[2].split() or [""])[0]] = line.split()[-1]
    elif "ATOMIC COORDINATES IN" in line.upper() and "QUICKSTEP" in line:
        log.symbols, log.positions, log.masses = _coordinates(file, where)
    elif found := _TRAJECTORY.search(line):
        log.trajectory = Path(found[1]).name
    elif "GLOBAL| Project name" in line:
        log.project = line.split()[-1]
    elif "GLOBAL| Run type" in line:
        log.changing = line.split()[-1].upper() == "CELL_OPT"
    elif "MD| Ensemble Type" in line or "MD_INI| Ensemble" in line or "MD_PAR| Ensemble" in line:
        log.changing |= "NP" in line.split()[-1].upper()
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
    elif ("STRESS TENSOR [" in line or "tress tensor [" in line) and "igenv" not in line:
        unit = line.partition("[")[2].partition("]")[0]
        log.pressure = _stress(file, where) * _PER_GPA.get(unit, np.nan)


def _coordinates(file: TextIO, where: str) -> tuple[list[str], np.ndarray, list[float]]:
    symbols: list[str] = []
    rows: list[list[float]] = []
    masses: list[float] = []
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
        masses += numbers(line, 1, where, first=8) if len(words) == 9 else []
        if words[2] not in atomic_numbers:
            raise InputError(f"{where}: {words[2]!r} is not an element")
    return symbols, np.array(rows).reshape(-1, 3), masses


def _rows(file: TextIO, count: int, first: int, where: str, end: str) -> np.ndarray:
    """Return the forces, as many as there are atoms; fewer are refused, not filled up."""
    rows: list[list[float]] = []
    for line in file:
        words = line.split()
        if end in line or (rows and not words):
            break
        if words and (words[0].isdigit() or (words[0] == "FORCES|" and words[1:2] and words[1].isdigit())):
            rows.append(numbers(line, 3, where, first=first))
        if count and len(rows) == count:
            break
    if len(rows) != count and (count or not rows):
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


def _step(log: _Log, number: int, path: Path, reading: Reading, beside: _Beside) -> Iterator[Atoms]:
    where = f"{path}, step {number}"
    assert log.energy is not None  # it ends a step
    moved = beside.of(log.energy)
    if not log.converged:
        reading.drop(number, UNCONVERGED)
        return
    positions = log.positions if moved is None else moved.positions
    if positions is None:
        name = log.trajectory or f"{log.project or 'PROJECT'}-pos-1.xyz"
        reading.drop(number, (NOT_THERE if beside.found else NO_POSITIONS).format(name))
        return
    symbols = log.symbols or (moved.symbols if moved else [])
    forces = log.forces if log.forces is not None or moved is None else moved.forces
    if len(positions) != len(symbols) or (forces is not None and len(forces) != len(symbols)):
        raise InputError(f"{where}: the files beside the log are of another run, or forces are missing")
    pressure = log.pressure if log.pressure is not None and np.isfinite(log.pressure).all() else None
    yield from IonicStep(
        _cell(log, moved, where),
        symbols,
        positions,
        energy=log.energy,
        forces=forces,
        masses=log.masses if len(log.masses) == len(symbols) else None,
        stress=None if pressure is None else -pressure / EV_PER_A3_IN_GPA,  # printed positive under compression
    ).finish(number, path, reading)


def _cell(log: _Log, moved: Moved | None, where: str) -> np.ndarray:
    if moved is not None and moved.cell is not None:
        return moved.cell
    if log.changing and moved is not None:
        name = log.trajectory.replace("-pos-1.xyz", "-1.cell")
        raise InputError(f"{where}: the cell changes, but {name} is not beside the log")
    if sorted(log.cell) != ["a", "b", "c"]:
        raise InputError(
            f"{where}: no cell vectors in the log nor in a file beside it; use PRINT_LEVEL MEDIUM or "
            "&MOTION &PRINT &CELL"
        )
    return _precise(np.array([log.cell[name] for name in "abc"]), log.shape)


def _precise(rounded: np.ndarray, shape: Mapping[str, str]) -> np.ndarray:
    """Return the cell by its lengths and angles, which newer logs print to six decimals, its vectors only to three.

    Only of a cell that stands as CP2K puts it, a along x and b in the plane of x and y; others stay as they are.
    """
    told = [shape.get(name, "") for name in ("a", "b", "c", "alpha", "beta", "gamma")]
    if np.triu(rounded, 1).any() or any(len(word.partition(".")[2]) < 6 for word in told):
        return rounded
    try:
        precise = np.asarray(Cell.fromcellpar([float(word) for word in told]).array)
    except (ValueError, AssertionError):  # a damaged file
        return rounded
    return precise if np.allclose(precise, rounded, rtol=0.0, atol=6e-4) else rounded


FORMAT = Format(
    name="cp2k",
    summary="CP2K log, for MD with PROJECT-pos-1.xyz (-frc-1.xyz, -1.cell) beside it: converged steps, all labels",
    marks=(b" CP2K|", b"CP2K| version string"),
    read=read,
    searched=True,
)
