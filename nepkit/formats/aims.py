"""Output of FHI-aims: the electronic free energy, forces and stress of every step that converged.

A cycle that aims restarts with another mixer is part of its step. Of molecular dynamics the positions of a step come
after its forces, of a relaxation before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import CUT_SHORT, UNCONVERGED, IonicStep


@dataclass
class _Step:
    cell: list[list[float]] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)
    places: list[list[float]] = field(default_factory=list)
    converged: bool | None = None
    restarted: bool = False
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None

    def next(self) -> _Step:
        """Return what is known of the next step."""
        return _Step(self.cell, self.symbols)


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not an output of FHI-aims, or a number is none.
    """
    step, number, known = _Step(), 0, False
    with open_text(path) as file:
        for line in file:
            known = known or "FHI-aims" in line or "Begin self-consistency loop" in line
            ends = "Begin self-consistency loop" in line or "Updated atomic structure" in line
            if ends and step.energy is not None:
                if not step.converged and step.restarted:
                    step.energy = step.forces = step.stress = None
                    step.restarted = False
                else:
                    number += 1
                    yield from _finish(step, number, path, reading)
                    step = step.next()
            _take(step, line, file, f"{path}, step {number + 1}")
    if not known or not step.symbols:
        raise InputError(f"{path}: no 'FHI-aims' and no atoms in it; is it an output of FHI-aims?")
    if step.energy is not None or number == 0:
        yield from _finish(step, number + 1, path, reading)


def _take(step: _Step, line: str, file: TextIO, where: str) -> None:
    words = line.split()
    if not words:
        return
    if line.startswith("  | Unit cell:"):
        step.cell = [numbers(next(file, ""), 3, where, first=1) for _ in range(3)]
    elif line.startswith("  | Atomic structure:"):
        step.symbols, step.places = _input_structure(file, where)
    elif "tomic structure" in line and ("Updated" in line or "preceding time step" in line):
        _structure(step, file, where)
    elif "Self-consistency cycle converged" in line:
        step.converged = True
    elif "not yet converged - restarting" in line:
        step.restarted = True
    elif "elf-consistency cycle not converged" in line:
        step.converged = False
    elif line.startswith("  | Electronic free energy        :") and len(words) == 7:
        step.energy = numbers(words[5], 1, where)[0]
    elif line.startswith("  Total atomic forces"):
        step.forces = np.array([numbers(next(file, ""), 3, where, first=2) for _ in step.symbols]).reshape(-1, 3)
    elif "stress tensor - Symmetrized" in line or "Numerical stress tensor" in line:
        step.stress = _stress(file, where)


def _input_structure(file: TextIO, where: str) -> tuple[list[str], list[list[float]]]:
    symbols, rows = [], []
    for line in file:
        words = line.split()
        if "Species" in words and len(words) >= 7:
            rows.append(numbers(line, 3, where, first=words.index("Species") + 2))
            symbols.append(_element(words[words.index("Species") + 1], where))
        elif symbols:
            break
    return symbols, rows


def _structure(step: _Step, file: TextIO, where: str) -> None:
    cell, symbols, rows = [], [], []
    for line in file:
        words = line.split()
        key = words[0] if words else ""
        if key == "lattice_vector":
            cell.append(numbers(line, 3, where, first=1))
        elif key == "atom" and len(words) == 5:
            rows.append(numbers(line, 3, where, first=1))
            symbols.append(_element(words[4], where))
        elif rows and key not in ("velocity", ""):
            break
        if len(rows) == len(step.symbols) and key == "atom":
            break
    if symbols != step.symbols:
        raise InputError(f"{where}: {len(symbols)} atoms, but the run has {len(step.symbols)}; is the file cut short?")
    step.cell, step.places = cell or step.cell, rows


def _element(name: str, where: str) -> str:
    if name not in atomic_numbers:
        raise InputError(f"{where}: {name!r} is not an element")
    return name


def _stress(file: TextIO, where: str) -> np.ndarray:
    rows = []
    for _ in range(12):
        words = next(file, "").replace("|", " ").split()
        if len(words) == 4 and words[0] in ("x", "y", "z"):
            rows.append(numbers(" ".join(words), 3, where, first=1))
        if len(rows) == 3:
            return np.array(rows)
    raise InputError(f"{where}: the stress tensor has {len(rows)} of 3 rows")


def _finish(step: _Step, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
    if step.energy is not None and step.converged is False:
        reading.drop(number, UNCONVERGED)
    elif step.energy is None or not step.places or len(step.cell) not in (0, 3):
        reading.drop(number, CUT_SHORT)
    else:
        periodic = len(step.cell) == 3
        yield from IonicStep(
            np.array(step.cell) if periodic else None,
            step.symbols,
            np.array(step.places),
            energy=step.energy,
            forces=step.forces,
            stress=step.stress if periodic else None,  # eV/A^3, positive under tension
            pbc=periodic,
            untold=step.converged is None,
        ).finish(number, path, reading)


FORMAT = Format(
    name="aims",
    summary="FHI-aims output: converged steps with free energy, forces, virial",
    names=("aims.out",),
    marks=(b"Invoking FHI-aims", b"Begin self-consistency loop: Initialization."),
    read=read,
    searched=True,
)
