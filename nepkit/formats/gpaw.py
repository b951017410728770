"""Text output of GPAW: the free energy, of which the forces are the derivatives.

Since version 25 or so it is one of tables between bars, read here; the older one is read by ASE.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.calculation import State, checked
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import IonicStep

_OLD, _NEW = "___ ___ ___ _ _ _", " | _ |_)|_||  |"


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not a text output of GPAW, or ASE cannot read it.
    """
    with open_text(path) as file:
        text = file.read()
    if _NEW in text:
        with open_text(path) as file:
            yield from _tables(path, file, reading)
        return
    if _OLD not in text:
        raise InputError(f"{path}: without the letters GPAW at its head; is it a text output of GPAW?")
    states: list[State] = []
    for line in text.splitlines():
        if line.startswith(("Converged after", "Did not converge")):
            states.append(State(converged=line.startswith("Converged")))
        elif line.startswith("Free energy:") and states:
            states[-1].energy = numbers(line.partition(":")[2], 1, str(path))[0]
    yield from checked(path, text, reading, "gpaw-out", states)


def _tables(path: Path, file: TextIO, reading: Reading) -> Iterator[Atoms]:
    """Yield the steps of the newer output; every step prints its atoms and cell first, whether it converges or not."""
    step, number, begun, limit = IonicStep(untold=True), 0, False, 0
    for line in file:
        where = f"{path}, step {number + 1}"
        if line.startswith("Atoms  #"):
            if begun:
                number += 1
                yield from step.finish(number, path, reading)
            step, begun = IonicStep(step.cell, untold=True), True
            rows = _rows(file)
            step.symbols = [row[1] if row[1:] else "" for row in rows]
            if any(name not in atomic_numbers for name in step.symbols):
                raise InputError(f"{where}: a row of its atoms has no element; is the file damaged?")
            step.positions = np.array([numbers(" ".join(row[2:5]), 3, where) for row in rows]).reshape(-1, 3)
        elif line.startswith("Unit cell  #"):
            rows = _rows(file)
            step.pbc = [row[:1] == ["yes"] for row in rows]
            if len(rows) != 3:
                raise InputError(f"{where}: {len(rows)} cell vectors, expected 3; is the file cut short?")
            step.cell = np.array([numbers(" ".join(row[1:4]), 3, where) for row in rows]).reshape(-1, 3)
        elif line.startswith("maximum number of iterations:"):
            limit = int(numbers(line.partition(":")[2], 1, where)[0])
        elif line.startswith("|iter:"):  # it says no more than that where it gives up
            step.failed = numbers(line.replace("|", " "), 1, where, first=1)[0] >= limit > 0
        elif line.startswith("Converged in"):
            step.untold = step.failed = False
        elif line.startswith("  Free energy:"):
            step.energy = numbers(line.partition(":")[2], 1, where)[0]
        elif line.startswith("Forces  #"):
            step.forces = np.array([numbers(" ".join(row[:3]), 3, where) for row in _rows(file)]).reshape(-1, 3)
        elif line.startswith("Stress tensor  #"):
            step.stress = np.array([numbers(" ".join(row), 3, where) for row in _rows(file)]).reshape(-1, 3)
    if not begun:
        raise InputError(f"{path}: no atoms in it; is it a text output of GPAW?")
    yield from step.finish(number + 1, path, reading)


def _rows(file: TextIO) -> list[list[str]]:
    """Return the words of the rows of a table between bars, that of names and that of dashes left out."""
    rows: list[list[str]] = []
    for line in file:
        if not line.startswith("|"):
            break
        if not line.startswith("|-"):
            rows.append(line.partition("#")[0].replace("|", " ").split())
    return rows[1:]


FORMAT = Format(
    name="gpaw",
    summary="GPAW text output, old and new: converged steps with free energy, forces, virial",
    names=("gpaw.txt",),
    marks=(_OLD.encode(), _NEW.encode()),
    read=read,
    searched=True,
)
