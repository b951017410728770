"""What CP2K writes beside the log of molecular dynamics: positions, forces and cells, each in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers
from ase.units import Bohr, Hartree

from nepkit.core.errors import InputError
from nepkit.formats.format import numbers, open_text, plausible

_ENERGY = re.compile(r"\bE\s*=\s*(\S+)")
_STEP = re.compile(r"\bi\s*=\s*(\d+)")


@dataclass(frozen=True)
class Moved:
    """A frame of the files beside a log.

    Parameters
    ----------
    step : int or None
        Its number in the run.
    energy : float or None
        eV.
    symbols : list of str
        Elements.
    positions : ndarray, shape (N, 3)
        A.
    forces : ndarray, shape (N, 3), optional
        eV/A, where there is a file of forces.
    cell : ndarray, shape (3, 3), optional
        A, where there is a file of cells.
    """

    step: int | None
    energy: float | None
    symbols: list[str]
    positions: np.ndarray
    forces: np.ndarray | None = None
    cell: np.ndarray | None = None


def read_moved(path: Path) -> Iterator[Moved]:
    """Yield the frames of ``PROJECT-pos-1.xyz`` with what ``PROJECT-frc-1.xyz`` and ``PROJECT-1.cell`` add.

    Raises
    ------
    InputError
        Where the files are of different length or of other atoms.
    """
    beside = path.with_name(path.name.replace("-pos-", "-frc-"))
    forces = _frames(beside) if beside != path and beside.is_file() else None
    cells = _cells(path.with_name(re.sub(r"-pos-(\d+)\.xyz$", r"-\1.cell", path.name)))
    for index, (step, energy, symbols, positions) in enumerate(_frames(path)):
        force = None
        if forces is not None:
            other = next(forces, None)
            if other is None or other[0] != step or other[2] != symbols:
                raise InputError(f"{beside}: its frame {index + 1} is not that of {path.name}; are both of one run?")
            force = other[3] * Hartree / Bohr
        if cells and step is not None and step not in cells:
            raise InputError(f"{path}: step {step} has no cell in the file beside it; are both of one run?")
        yield Moved(step, energy, symbols, positions, force, cells.get(step) if step is not None else None)


def _frames(path: Path) -> Iterator[tuple[int | None, float | None, list[str], np.ndarray]]:
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path}, frame at line {number}"
            count = plausible(numbers(line, 1, where)[0], where)
            header = next(file, "")
            energy, step = _ENERGY.search(header), _STEP.search(header)
            rows = list(islice(file, count))
            symbols = [row.split()[0].capitalize() if row.split() else "" for row in rows]
            if len(rows) != count or any(name not in atomic_numbers for name in symbols):
                raise InputError(f"{where}: {count} atoms are announced, but not all are there")
            yield (
                None if step is None else int(step[1]),
                None if energy is None else numbers(energy[1], 1, where)[0] * Hartree,
                symbols,
                np.array([numbers(row, 3, where, first=1) for row in rows]),
            )


def _cells(path: Path) -> dict[int | None, np.ndarray]:
    if not path.is_file():
        return {}
    with open_text(path) as file:
        rows = [line for line in file if line.strip() and not line.lstrip().startswith("#")]
    return {
        int(numbers(row, 1, str(path))[0]): np.array(numbers(row, 9, str(path), first=2)).reshape(3, 3) for row in rows
    }
