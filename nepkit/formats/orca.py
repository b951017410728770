"""Output of ORCA: energy and gradient of every geometry whose self-consistent field converged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.units import Bohr, Hartree

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import IonicStep


@dataclass
class _Step:
    symbols: list[str] = field(default_factory=list)
    positions: np.ndarray | None = None
    converged: bool | None = None
    energy: float | None = None
    gradient: np.ndarray | None = None


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged geometries; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not an output of ORCA, or a number is none.
    """
    step, number, known = _Step(), 0, False
    with open_text(path) as file:
        for line in file:
            known = known or "* O   R   C   A *" in line
            if line.startswith("CARTESIAN COORDINATES (ANGSTROEM)"):
                if step.positions is not None:
                    number += 1
                    yield from _finish(step, number, path, reading)
                step = _Step()
            _take(step, line, file, f"{path}, geometry {number + 1}")
    if not known or (number == 0 and step.positions is None):
        raise InputError(f"{path}: no coordinates under the letters O R C A; is it an output of ORCA?")
    yield from _finish(step, number + 1, path, reading)


def _take(step: _Step, line: str, file: TextIO, where: str) -> None:
    if line.startswith("CARTESIAN COORDINATES (ANGSTROEM)"):
        step.symbols, step.positions = _coordinates(file, where)
    elif "SCF CONVERGED AFTER" in line:
        step.converged = step.converged is not False
    elif "SCF NOT CONVERGED AFTER" in line or "This wavefunction IS NOT FULLY CONVERGED" in line:
        step.converged = False
    elif line.startswith("FINAL SINGLE POINT ENERGY"):
        step.energy = numbers(line, 1, where, first=4)[0] * Hartree
    elif line.startswith("CARTESIAN GRADIENT") and "(" not in line:
        step.gradient = _gradient(file, len(step.symbols), where)


def _coordinates(file: TextIO, where: str) -> tuple[list[str], np.ndarray]:
    next(file, "")  # a line of dashes
    symbols, rows = [], []
    for line in file:
        words = line.split()
        if not words:
            break
        if words[0] not in atomic_numbers:
            raise InputError(f"{where}: {words[0]!r} is not an element")
        symbols.append(words[0])
        rows.append(numbers(line, 3, where, first=1))
    return symbols, np.array(rows).reshape(-1, 3)


def _gradient(file: TextIO, count: int, where: str) -> np.ndarray:
    """Return the gradient, Hartree/Bohr: rows of number, element, colon and three numbers."""
    rows: list[list[float]] = []
    for line in file:
        words = line.replace(":", " ").split()
        if len(words) == 5 and words[0].isdigit():
            rows.append(numbers(" ".join(words), 3, where, first=2))
        elif rows:
            break
        if len(rows) == count:
            break
    if len(rows) != count:
        raise InputError(f"{where}: gradient of {len(rows)} atoms, but there are {count}; is the file cut short?")
    return np.array(rows).reshape(-1, 3)


def _finish(step: _Step, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
    yield from IonicStep(
        symbols=step.symbols,
        positions=step.positions if step.converged is not None and step.symbols else None,
        failed=step.converged is False,
        energy=step.energy,
        forces=None if step.gradient is None else -step.gradient * Hartree / Bohr,
        pbc=False,
    ).finish(number, path, reading)


FORMAT = Format(
    name="orca",
    summary="ORCA output: converged geometries with energy, forces (molecules without a cell)",
    names=("orca.out",),
    marks=(b"* O   R   C   A *",),
    read=read,
    searched=True,
)
