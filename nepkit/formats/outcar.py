"""OUTCAR of VASP: every ionic step whose electronic steps converged.

The energy is the free energy TOTEN, of which the forces are the derivatives. The row "Total" of "FORCE on cell" is the
virial in eV. Steps that VASP's machine-learned force field made are told from those of DFT and left out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text, plausible
from nepkit.formats.ionic_step import CUT_SHORT, IonicStep

MACHINE_LEARNED = "made by VASP's machine-learned force field, not by DFT"

_ITERATION = re.compile(r"Iteration\s+(\d+)\(\s*(\d+)\)")
_ELEMENT = re.compile(r"VRHFIN\s*=\s*([A-Za-z]+)")
_TITLE = re.compile(r"(?:TITEL\s*=|POTCAR:)\s*\S+\s+([A-Z][a-z]?)")
_NAME = re.compile(r"([A-Z][a-z]?)\d*(?:[_./].*)?")
_MASS = re.compile(r"\d+\.\d+")


@dataclass
class _Step:
    """What is known of the ionic step that is being read."""

    iterations: int = 0
    failed: bool = False
    learned: bool = False
    virial: np.ndarray | None = None
    positions: np.ndarray | None = None
    forces: np.ndarray | None = None


@dataclass
class _Run:
    symbols: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)  # of the pseudopotentials
    counts: list[int] = field(default_factory=list)
    masses: list[float] = field(default_factory=list)  # of the elements, amu
    comment: str = ""  # the first line of the POSCAR
    limit: int = 60  # VASP's default of NELM
    cell: np.ndarray | None = None
    step: _Step = field(default_factory=_Step)


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged DFT steps; the others are noted in ``reading``.

    A step that took as many electronic steps as NELM allows counts as not converged.

    Raises
    ------
    InputError
        Where it is not an OUTCAR, or a number is none.
    """
    run, number = _Run(), 0
    with open_text(path) as file:
        for line in file:
            if "ions per type" in line:
                run.counts = [int(word) for word in line.partition("=")[2].split() if word.isdigit()]
                run.symbols = _symbols(run.elements or run.titles, run.counts, line, str(path))
                _compare_order(run, path)
            elif "TOTEN" in line and "free  energy" in line:
                number += 1
                yield from _finish(run, line, number, path, reading)
                run.step = _Step()
            else:
                _take(run, line, file, f"{path}, step {number + 1}")
    if not run.symbols:
        raise InputError(f"{path}: no elements and ions per type in it; is it an OUTCAR?")
    if run.step.iterations or run.step.positions is not None:
        reading.drop(number + 1, CUT_SHORT)


def _take(run: _Run, line: str, file: TextIO, where: str) -> None:
    step = run.step
    if "Iteration" in line and (found := _ITERATION.search(line)):
        step.iterations = int(found[2])
    elif "VRHFIN" in line and (element := _ELEMENT.search(line)):
        run.elements.append(element[1])
    elif ("TITEL" in line or "POTCAR:" in line) and (element := _TITLE.search(line)):
        run.titles.append(element[1])
    elif line.startswith(" POSCAR:"):
        run.comment = line.partition(":")[2].strip()
    elif "POMASS =" in line and "ZVAL" not in line and run.counts:
        masses = [float(word) for word in _MASS.findall(line.partition("=")[2])]
        run.masses = masses if len(masses) == len(run.counts) else []
    elif "NELM  " in line and "=" in line:
        run.limit = int(numbers(line.replace(";", " "), 1, where, first=2)[0])
    elif "EDIFF was not reached" in line or "(unconverged)" in line:
        step.failed = True
    elif "direct lattice vectors" in line:
        run.cell = np.array([numbers(next(file, ""), 3, where) for _ in range(3)])
    elif "FORCE on cell =-STRESS" in line and "ML FORCE" not in line:
        step.virial = _virial(file, where)
    elif "TOTAL-FORCE (eV/Angst)" in line:
        if not run.symbols:
            raise InputError(f"{where}: forces, but no elements and ions per type before them; is it an OUTCAR?")
        step.learned = "(ML)" in line
        next(file, "")
        rows = [next(file, "") for _ in run.symbols]
        if not rows[-1].endswith("\n"):  # a run under way: the step is told as cut short
            return
        table = np.array([numbers(row, 6, where) for row in rows]).reshape(-1, 6)
        step.positions, step.forces = table[:, :3], table[:, 3:]


def _compare_order(run: _Run, path: Path) -> None:
    """Warn where the elements of POSCAR, beside or as the first line names them, stand in another order or number."""
    beside = path.with_name("POSCAR")
    told, where = run.comment.split(), "its comment line"
    if beside.is_file():
        with open_text(beside) as file:
            told = [line.strip() for _, line in zip(range(7), file, strict=False)][5:6]
            told, where = (told[0].split() if told else []), str(beside)
    names = [found[1] for word in told if (found := _NAME.fullmatch(word)) and found[1] in atomic_numbers]
    mine = list(dict.fromkeys(run.symbols))
    if len(names) == len(told) and sorted(set(names)) == sorted(mine) and list(dict.fromkeys(names)) != mine:
        warnings.warn(
            f"{path}: elements are {' '.join(mine)} by its pseudopotentials, but {' '.join(names)} by {where}; "
            "which atom is which? POTCAR must have the order of POSCAR",
            stacklevel=4,
        )


def _symbols(elements: list[str], counts: list[int], line: str, where: str) -> list[str]:
    # Some versions of VASP list the pseudopotentials twice.
    names = elements[: len(counts)]
    if len(names) != len(counts) or not counts or any(name not in atomic_numbers for name in names):
        raise InputError(f"{where}: elements {' '.join(elements) or 'missing'} do not fit {line.strip()!r}")
    plausible(sum(counts), where)
    return [name for name, count in zip(names, counts, strict=True) for _ in range(count)]


def _virial(file: TextIO, where: str) -> np.ndarray | None:
    for _ in range(40):
        line = next(file, "")
        if line.lstrip().startswith("Total "):
            return conventions.matrix(numbers(line, 6, where, first=1), "nep")
    return None


def _finish(run: _Run, line: str, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
    step = run.step
    if step.learned or "ML TOTEN" in line:
        reading.drop(number, MACHINE_LEARNED)
        return
    yield from IonicStep(
        run.cell,
        run.symbols,
        step.positions,
        failed=step.failed or step.iterations >= run.limit,
        energy=numbers(line.partition("=")[2], 1, f"{path}, step {number}")[0],
        forces=step.forces,
        virial=step.virial,
        masses=np.repeat(run.masses, run.counts) if run.masses else None,
    ).finish(number, path, reading)


FORMAT = Format(
    name="vasp-outcar",
    summary="VASP OUTCAR, plain or gz: converged DFT steps with energy, forces, virial",
    names=("*OUTCAR*",),
    marks=(b" vasp.5.", b" vasp.6.", b" vasp.4."),
    read=read,
    searched=True,
)
