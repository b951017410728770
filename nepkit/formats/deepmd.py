"""Folders of DeePMD: ``type.raw``, ``type_map.raw`` and ``set.*/*.npy``, with one composition or mixed types.

DeePMD's virial is that of GPUMD: eV, positive under compression, nine components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nepkit.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type
from nepkit.frames import Labels, labels, set_labels

_SHAPES = {"coord": 3, "force": 3}


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames of every set, in the order of the sets.

    Raises
    ------
    InputError
        Where a file is missing, is no array, or does not fit the number of atoms.
    """
    if not path.is_dir():
        path.open("rb").close()  # a missing path is told as such
        raise InputError(f"{path}: a file, but DeePMD data is a folder with type.raw in it")
    if not (path / "type.raw").is_file():
        raise InputError(f"{path}: no type.raw in this folder")
    try:
        kinds = np.loadtxt(path / "type.raw", dtype=int, ndmin=1)
    except ValueError:
        raise InputError(f"{path / 'type.raw'}: expected one number per atom") from None
    names = reading.types  # what the folder itself says goes before it
    if (path / "type_map.raw").is_file():
        names = tuple((path / "type_map.raw").read_text(encoding="utf-8").split())
    periodic = not (path / "nopbc").is_file()
    number = 0
    for folder in sorted(path.glob("set.*")):
        for values in _frames(folder, len(kinds), periodic):
            number += 1
            where = f"{folder}, frame {number}"
            mixed = values.get("real_atom_types")
            here = kinds if mixed is None else np.asarray(mixed, dtype=int)
            atoms = _atoms(
                [element_of_type(int(kind) + 1, names, where) for kind in here if kind >= 0], values, periodic
            )
            atoms.info["source"] = f"{path.name}:{number}"
            yield atoms
    if not number:
        raise InputError(f"{path}: no frames in set.*")


def _frames(folder: Path, atoms: int, periodic: bool) -> Iterator[dict[str, Any]]:
    arrays: dict[str, np.ndarray] = {}
    widths = {"coord": 3 * atoms, "force": 3 * atoms, "box": 9, "energy": 1, "virial": 9, "real_atom_types": atoms}
    for name, width in widths.items():
        file = folder / f"{name}.npy"
        if not file.is_file():
            continue
        try:
            array = np.load(file, allow_pickle=False)
            arrays[name] = array.reshape(-1, width)
        except (ValueError, OSError, EOFError):
            raise InputError(
                f"{file}: not an array of {width} numbers per frame; is it of these {atoms} atoms?"
            ) from None
    if "coord" not in arrays or (periodic and "box" not in arrays):
        raise InputError(f"{folder}: no {'box' if 'coord' in arrays else 'coord'}.npy")
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"{folder}: numbers of frames differ: {', '.join(f'{k} {v}' for k, v in counts.items())}")
    for index in range(counts["coord"]):
        yield {name: array[index] for name, array in arrays.items()}


def _atoms(symbols: list[str], values: dict[str, Any], periodic: bool) -> Atoms:
    cell = np.asarray(values["box"], dtype=float).reshape(3, 3) if periodic else None
    atoms = Atoms(symbols, positions=np.asarray(values["coord"], dtype=float).reshape(-1, 3), cell=cell, pbc=periodic)
    known = Labels(
        energy=float(values["energy"][0]) if "energy" in values else None,
        forces=np.asarray(values["force"], dtype=float).reshape(-1, 3) if "force" in values else None,
        virial=np.asarray(values["virial"], dtype=float).reshape(3, 3) if "virial" in values else None,
    )
    set_labels(atoms, known)
    return atoms


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write one folder per formula and set of labels below ``path``; atoms are sorted by element, types are common.

    All is kept in memory until the last frame.
    """
    groups: dict[tuple[str, ...], list[tuple[Atoms, Labels]]] = {}
    for atoms in frames:
        known = labels(atoms)
        order = np.argsort([atomic_numbers[symbol] for symbol in atoms.symbols], kind="stable")
        has = [name for name in ("energy", "forces", "virial") if getattr(known, name) is not None]
        kind = "periodic" if atoms.pbc.any() else "nopbc"
        key = (kind, *has, *atoms[order].get_chemical_symbols())
        moved = Labels(known.energy, None if known.forces is None else known.forces[order], known.virial)
        groups.setdefault(key, []).append((atoms[order], moved))
    elements = sorted({symbol for group in groups.values() for symbol in group[0][0].symbols}, key=atomic_numbers.get)
    taken: dict[str, int] = {}
    for group in groups.values():
        formula = group[0][0].get_chemical_formula(mode="metal")
        taken[formula] = taken.get(formula, 0) + 1
        name = formula if taken[formula] == 1 else f"{formula}_{taken[formula]}"
        _write_group(path / name, group, elements)
    return sum(map(len, groups.values()))


def _write_group(folder: Path, group: list[tuple[Atoms, Labels]], elements: list[str]) -> None:
    (folder / "set.000").mkdir(parents=True)
    atoms, known = group[0]
    kinds = [elements.index(symbol) for symbol in atoms.symbols]
    (folder / "type.raw").write_text("\n".join(map(str, kinds)) + "\n", encoding="utf-8")
    (folder / "type_map.raw").write_text("\n".join(elements) + "\n", encoding="utf-8")
    arrays = {"coord": [item.positions.ravel() for item, _ in group]}
    if atoms.pbc.any():
        arrays["box"] = [item.cell.array.ravel() for item, _ in group]
    else:
        (folder / "nopbc").touch()
    for name, key in (("energy", "energy"), ("force", "forces"), ("virial", "virial")):
        if getattr(known, key) is not None:
            arrays[name] = [np.ravel(getattr(found, key)) for _, found in group]
    for name, rows in arrays.items():
        values = np.array(rows)
        np.save(folder / "set.000" / f"{name}.npy", values[:, 0] if name == "energy" else values)


FORMAT = Format(
    name="deepmd",
    summary="DeePMD npy folder, plain or mixed types: energy, forces, virial; written as one folder per formula",
    marks=(b"type.raw",),
    read=read,
    write=write,
    searched=True,
    folder=True,
)
