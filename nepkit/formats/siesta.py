"""Output of SIESTA: free energy, forces and static stress of every step that converged.

The stress is that of the potential ("static"), positive under tension. The energy is FreeEng, whose derivatives the
forces are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.units import Bohr

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import IonicStep

_COORDINATE_ROW = re.compile(r"\s*(?:[-+]?\d*\.\d+\s+){3}\d+\s")
_CYCLE = re.compile(r"^\s*(?:siesta|scf):\s+\d+\s")


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not an output of SIESTA, or a number is none.
    """
    step, number, known = IonicStep(), 0, False
    with open_text(path) as file:
        for line in file:
            known = known or "siesta:" in line.lower() or "Siesta Version" in line
            if line.startswith("outcoor: Atomic coordinates") and step.energy is not None:
                number += 1
                _refuse_partial(step)
                yield from step.finish(number, path, reading)
                step = IonicStep(step.cell, step.symbols)
            _take(step, line, file, f"{path}, step {number + 1}")
    if not known or (number == 0 and step.positions is None):
        raise InputError(f"{path}: no coordinates of SIESTA ('outcoor:') in it; is it an output of SIESTA?")
    _refuse_partial(step)
    if step.energy is not None or number == 0:
        yield from step.finish(number + 1, path, reading)


def _take(step: IonicStep, line: str, file: TextIO, where: str) -> None:
    if line.startswith("outcoor: Atomic coordinates"):
        step.symbols, step.positions = _coordinates(step, line, file, where)
    elif line.startswith("outcell: Unit cell vectors"):
        unit = Bohr if "Bohr" in line else 1.0
        step.cell = unit * np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
    elif "SCF_NOT_CONV" in line or "SCF cycle did not converge" in line:
        step.failed = True
    elif _CYCLE.match(line) and len(line.split()) >= 5:
        step.energy = numbers(line, 1, where, first=4)[0]
    elif line.startswith("siesta: FreeEng"):
        step.energy = numbers(line.partition("=")[2], 1, where)[0]
    elif line.startswith("siesta: Atomic forces (eV/Ang)"):
        step.forces = _forces(file, len(step.symbols), where)
    elif line.startswith("siesta: Stress tensor (static) (eV/Ang**3)"):
        rows = [next(file, "").removeprefix("siesta:") for _ in range(3)]
        step.stress = np.array([numbers(row, 3, where) for row in rows])


def _coordinates(step: IonicStep, line: str, file: TextIO, where: str) -> tuple[list[str], np.ndarray]:
    """Return elements and positions (A) of rows ``x y z species number label``.

    An MD run prints other lines right below the table, so it ends after as many atoms as the first one had.
    """
    symbols, rows = [], []
    for row in file:
        words = row.split()
        if len(words) < 5 or not _COORDINATE_ROW.match(row):
            break
        rows.append(numbers(row, 3, where))
        name = re.match(r"[A-Z][a-z]?", words[5] if len(words) > 5 else words[-1])
        if name is None or name[0] not in atomic_numbers:
            raise InputError(f"{where}: the label {words[-1]!r} does not tell an element")
        symbols.append(name[0])
        if len(rows) == len(step.symbols):
            break
    if not rows:
        raise InputError(f"{where}: no atoms under 'outcoor:'; is the file cut short?")
    places = np.array(rows).reshape(-1, 3)
    if "(fractional)" in line:
        if step.cell is None:
            raise InputError(f"{where}: fractional coordinates before the cell; use AtomCoorFormatOut Ang")
        return symbols, places @ step.cell
    return symbols, places * (Bohr if "(Bohr)" in line else 1.0)


def _forces(file: TextIO, count: int, where: str) -> np.ndarray:
    rows: list[list[float]] = []
    for line in file:
        words = line.replace("siesta:", " ").split()
        if len(words) != 4 or not words[0].isdigit():
            break
        rows.append(numbers(" ".join(words), 3, where, first=1))
    if len(rows) != count:
        raise InputError(f"{where}: forces of {len(rows)} atoms, but there are {count}; is the file cut short?")
    return np.array(rows).reshape(-1, 3)


def _refuse_partial(step: IonicStep) -> None:
    """Make a step without forces one that is cut short: its energy may be that of a cycle under way."""
    if step.forces is None:
        step.positions = None


FORMAT = Format(
    name="siesta",
    summary="SIESTA output: converged steps with free energy, forces, virial",
    marks=(b"Siesta Version", b"SIESTA Version", b"siesta: "),
    read=read,
    searched=True,
)
