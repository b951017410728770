"""Output of CASTEP: the free energy E-TS, forces and stress of every step that converged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import IonicStep


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not an output of CASTEP, or a number is none.
    """
    step, number, known = IonicStep(), 0, False
    with open_text(path) as file:
        for line in file:
            known = known or "CASTEP" in line
            if step.energy is not None and line.strip() in ("Unit Cell", "Cell Contents"):
                number += 1
                yield from step.finish(number, path, reading)
                step = IonicStep(step.cell, step.symbols)
            _take(step, line, file, f"{path}, step {number + 1}")
    if not known or (number == 0 and step.cell is None):
        raise InputError(f"{path}: no CASTEP and no unit cell in it; is it a .castep file?")
    if step.energy is not None or number == 0:
        yield from step.finish(number + 1, path, reading)


def _take(step: IonicStep, line: str, file: TextIO, where: str) -> None:
    if "Real Lattice(A)" in line:
        step.cell = np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
    elif "Fractional coordinates of atoms" in line:
        step.symbols, places = _contents(file, where)
        step.positions = None if step.cell is None else places @ step.cell
    elif "max. SCF cycles performed but" in line:
        step.failed = True
    elif "Final free energy (E-TS)" in line:
        step.energy = numbers(line.partition("=")[2], 1, where)[0]
    elif "* Forces *" in line or "Forces *****" in line:
        step.forces = _table(file, len(step.symbols), 2, where)
    elif "Stress Tensor *****" in line:
        # GPa, positive under tension: the pressure below it is minus a third of its trace.
        step.stress = _table(file, 3, 1, where) / EV_PER_A3_IN_GPA


def _contents(file: TextIO, where: str) -> tuple[list[str], np.ndarray]:
    symbols, rows = [], []
    for line in file:
        words = line.replace("x", " ").split() if line.lstrip().startswith("x") else []
        if len(words) >= 5 and words[0].partition(":")[0] in atomic_numbers:
            symbols.append(words[0].partition(":")[0])
            rows.append(numbers(" ".join(words[-3:]), 3, where))
        elif rows:
            break
    if not rows:
        raise InputError(f"{where}: no atoms under the fractional coordinates; is the file cut short?")
    return symbols, np.array(rows).reshape(-1, 3)


def _table(file: TextIO, count: int, first: int, where: str) -> np.ndarray:
    """Return the three numbers of ``count`` rows between stars, which begin after so many words."""
    rows: list[list[float]] = []
    for line in file:
        words = line.replace("*", " ").split()
        if line.strip().strip("*") == "" and (rows or not line.strip()):
            break
        if len(words) == first + 3 and words[-1][-1].isdigit():
            rows.append(numbers(" ".join(words), 3, where, first=first))
    if len(rows) != count:
        raise InputError(f"{where}: a table of {len(rows)} rows, expected {count}; is the file cut short?")
    return np.array(rows).reshape(-1, 3)


FORMAT = Format(
    name="castep",
    summary="CASTEP output: converged steps with free energy, forces, virial",
    names=("*.castep",),
    marks=(b"CASTEP version",),
    read=read,
    searched=True,
)
