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
from nepkit.formats.outcar import CUT_SHORT, MACHINE_LEARNED, UNCONVERGED
from nepkit.frames import Labels, set_labels


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
    limit, number = 0, 0
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
                symbols = _symbols(item, path)
            elif item.tag == "i" and item.get("name") == "NELM" and not limit:
                limit = int(numbers(item.text or "", 1, f"{path}, NELM")[0])
            elif item.tag == "calculation":
                number += 1
                atoms = _step(item, symbols, limit or 60, number, path, reading)
                item.clear()
                if atoms is not None:
                    atoms.info["source"] = f"{path.name}:{number}"
                    yield atoms
    if not symbols:
        raise InputError(f"{path}: no atoms in it; is it a vasprun.xml?")


def _symbols(item: Element, path: Path) -> list[str]:
    names = [(cell.text or "").strip() for cell in item.findall("array[@name='atoms']/set/rc/c[1]")]
    names = ["H" if name in ("D", "T") else "Xe" if name == "X" else name for name in names]  # VASP writes X for Xe
    for name in names:
        if name not in atomic_numbers:
            raise InputError(f"{path}: {name!r} is not an element")
    return names


def _table(item: Element, name: str, where: str) -> np.ndarray | None:
    found = item.find(name)
    if found is None:
        return None
    return np.array([numbers(row.text or "", 3, f"{where}, {name}") for row in found.findall("v")]).reshape(-1, 3)


def _step(item: Element, symbols: list[str], limit: int, number: int, path: Path, reading: Reading) -> Atoms | None:
    where = f"{path}, step {number}"
    iterations = len(item.findall("scstep"))
    if not iterations:
        reading.drop(number, MACHINE_LEARNED)
        return None
    if iterations >= limit:
        reading.drop(number, UNCONVERGED)
        return None
    cell = _table(item, "structure/crystal/varray[@name='basis']", where)
    fractional = _table(item, "structure/varray[@name='positions']", where)
    energy = item.findtext("energy/i[@name='e_fr_energy']")
    if cell is None or fractional is None or energy is None or len(fractional) != len(symbols) or len(cell) != 3:
        reading.drop(number, CUT_SHORT)
        return None
    stress = _table(item, "varray[@name='stress']", where)
    volume = abs(float(np.linalg.det(cell)))
    # VASP's stress in kB is positive under compression, as the virial is, and symmetric but for rounding.
    forces = _table(item, "varray[@name='forces']", where)
    if (forces is not None and len(forces) != len(symbols)) or (stress is not None and len(stress) != 3):
        reading.drop(number, CUT_SHORT)
        return None
    virial = None if stress is None else 0.5 * (stress + stress.T) / 10.0 / EV_PER_A3_IN_GPA * volume
    atoms = Atoms(symbols, positions=fractional @ cell, cell=cell, pbc=True)
    set_labels(atoms, Labels(energy=numbers(energy, 1, f"{where}, energy")[0], forces=forces, virial=virial))
    return atoms


FORMAT = Format(
    name="vasp-xml",
    summary="VASP vasprun.xml, plain or gz: converged DFT steps with energy, forces, virial",
    names=("*vasprun*.xml",),
    marks=(b"<modeling>",),
    read=read,
    searched=True,
)
