"""vasprun.xml of VASP, step by step; more digits than OUTCAR."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, numbers, open_text
from nepkit.formats.ionic_step import CUT_SHORT, UNCONVERGED, IonicStep
from nepkit.formats.outcar import MACHINE_LEARNED


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged DFT steps; the others are noted in ``reading``.

    A file that was cut short gives the steps that are whole. A step without electronic steps is one of VASP's
    machine-learned force field.

    Raises
    ------
    InputError
        Where it is not a vasprun.xml, or a number is none.
    """
    symbols: list[str] = []
    masses: list[float] | None = None
    limit, number, outer = 0, 0, 0.0
    with open_text(path) as file:
        events = iterparse(file, events=("end",))
        while True:
            try:
                _, item = next(events)
            except StopIteration:
                break
            except ParseError as error:
                if not symbols:
                    raise InputError(f"{path}: not the XML of VASP: {error}") from None
                reading.drop(number + 1, CUT_SHORT)
                break
            if item.tag == "atominfo":
                symbols, masses = _symbols(item, path), _masses(item)
            elif item.tag == "i" and item.get("name") == "NELM" and not limit:
                limit = int(numbers(item.text or "", 1, f"{path}, NELM")[0])
            elif item.tag == "i" and item.get("name") == "PSTRESS":
                outer = numbers(item.text or "", 1, f"{path}, PSTRESS")[0]
            elif item.tag == "calculation":
                number += 1
                yield from _step(item, symbols, masses, limit or 60, outer, number, path, reading)
                item.clear()
    if not symbols:
        raise InputError(f"{path}: no atoms in it; is it a vasprun.xml?")


def _symbols(item: Element, path: Path) -> list[str]:
    names = [(cell.text or "").strip() for cell in item.findall("array[@name='atoms']/set/rc/c[1]")]
    names = ["H" if name in ("D", "T") else "Xe" if name == "X" else name for name in names]  # VASP writes X for Xe
    for name in names:
        if name not in atomic_numbers:
            raise InputError(f"{path}: {name!r} is not an element")
    return names


def _masses(item: Element) -> list[float] | None:
    """Return the mass of every atom, amu; None where the file does not tell them all."""
    told = [cell.text or "" for cell in item.findall("array[@name='atomtypes']/set/rc/c[3]")]
    types = [cell.text or "" for cell in item.findall("array[@name='atoms']/set/rc/c[2]")]
    try:
        return [float(told[int(kind) - 1]) for kind in types]
    except (ValueError, IndexError):
        return None


def _table(item: Element, name: str, where: str) -> np.ndarray | None:
    found = item.find(name)
    if found is None:
        return None
    return np.array([numbers(row.text or "", 3, f"{where}, {name}") for row in found.findall("v")]).reshape(-1, 3)


def _step(
    item: Element,
    symbols: list[str],
    masses: list[float] | None,
    limit: int,
    outer: float,
    number: int,
    path: Path,
    reading: Reading,
) -> Iterator[Atoms]:
    where = f"{path}, step {number}"
    iterations = len(item.findall("scstep"))
    if not iterations:
        reading.drop(number, MACHINE_LEARNED)
        return
    if iterations >= limit:
        reading.drop(number, UNCONVERGED)
        return
    cell = _table(item, "structure/crystal/varray[@name='basis']", where)
    fractional = _table(item, "structure/varray[@name='positions']", where)
    energy = item.findtext("energy/i[@name='e_fr_energy']")
    if cell is None or fractional is None or energy is None or len(fractional) != len(symbols) or len(cell) != 3:
        reading.drop(number, CUT_SHORT)
        return
    stress = _table(item, "varray[@name='stress']", where)
    volume = abs(float(np.linalg.det(cell)))
    # VASP's stress in kB is positive under compression, as the virial is, and symmetric but for rounding.
    forces = _table(item, "varray[@name='forces']", where)
    if (forces is not None and len(forces) != len(symbols)) or (stress is not None and len(stress) != 3):
        reading.drop(number, CUT_SHORT)
        return
    virial = None if stress is None else 0.5 * (stress + stress.T) / 10.0 / EV_PER_A3_IN_GPA * volume
    # With PSTRESS (kbar) what is called the free energy is the enthalpy, other than in OUTCAR.
    known = numbers(energy, 1, f"{where}, energy")[0] - outer / 10.0 / EV_PER_A3_IN_GPA * volume
    step = IonicStep(cell, symbols, fractional @ cell, energy=known, forces=forces, virial=virial, masses=masses)
    yield from step.finish(number, path, reading)


FORMAT = Format(
    name="vasp-xml",
    summary="VASP vasprun.xml, plain or gz: converged DFT steps with energy, forces, virial",
    names=("*vasprun*.xml",),
    marks=(b"<modeling>",),
    read=read,
    searched=True,
)
