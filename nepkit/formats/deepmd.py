"""Folders of DeePMD: ``type.raw``, ``type_map.raw`` and ``set.*/*.npy``, with one composition or mixed types.

DeePMD's virial is that of GPUMD: eV, positive under compression, nine components.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.symbols import Symbols

from nepkit.core.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type, require_cell
from nepkit.formats.writing import counted
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
    # Old data are text: *.raw beside type.raw, before they are packed into sets.
    for folder in sorted(path.glob("set.*")) or ([path] if (path / "coord.raw").is_file() else []):
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
        raise InputError(f"{path}: no frames, neither in set.*/*.npy nor as coord.raw")


def _frames(folder: Path, atoms: int, periodic: bool) -> Iterator[dict[str, Any]]:
    arrays: dict[str, np.ndarray] = {}
    widths = {"coord": 3 * atoms, "force": 3 * atoms, "box": 9, "energy": 1, "virial": 9, "real_atom_types": atoms}
    for name, width in widths.items():
        file = folder / f"{name}.npy"
        text = folder / f"{name}.raw"
        if not file.is_file() and not text.is_file():
            continue
        try:
            if file.is_file():
                array = np.load(file, mmap_mode="r", allow_pickle=False)
            else:
                file, array = text, np.loadtxt(text, ndmin=2)
            arrays[name] = array.reshape(-1, width)
        except (ValueError, OSError, EOFError):
            raise InputError(
                f"{file}: not an array of {width} numbers per frame; is it of these {atoms} atoms?"
            ) from None
    if "coord" not in arrays or (periodic and "box" not in arrays):
        raise InputError(f"{folder}: no {'box' if 'coord' in arrays else 'coord'}.npy or .raw")
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"{folder}: numbers of frames differ: {', '.join(f'{k} {v}' for k, v in counts.items())}")
    for index in range(counts["coord"]):
        for name, array in arrays.items():
            if not np.isfinite(array[index]).all():
                raise InputError(f"{folder}, frame {index + 1}: {name} is not finite; remove the frame from the arrays")
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

    Numbers go to disk frame by frame and become arrays at the end.
    """
    groups: dict[tuple[str, ...], _Group] = {}

    def add(atoms: Atoms) -> None:
        known = labels(atoms)
        order = np.argsort(atoms.numbers, kind="stable")
        symbols = list(atoms.symbols[order])
        rows = _rows(atoms, known, order)
        key = (*rows, *symbols)
        if key not in groups:
            groups[key] = _Group(path, len(groups), symbols, rows)
        groups[key].add(rows)

    count = counted(frames, add)
    elements = sorted({symbol for group in groups.values() for symbol in group.symbols}, key=atomic_numbers.get)
    taken: dict[str, int] = {}
    for group in groups.values():
        formula = Symbols.fromsymbols(group.symbols).get_chemical_formula("metal")
        taken[formula] = taken.get(formula, 0) + 1
        group.finish(path / (formula if taken[formula] == 1 else f"{formula}_{taken[formula]}"), elements)
    return count


def _rows(atoms: Atoms, known: Labels, order: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is written of a frame, by the name of the array."""
    rows = {"coord": atoms.positions[order]}
    if atoms.pbc.any():
        require_cell(atoms, "periodic data of DeePMD")
        rows["box"] = atoms.cell.array
    if known.energy is not None:
        rows["energy"] = np.array(known.energy)
    if known.forces is not None:
        rows["force"] = known.forces[order]
    if known.virial is not None:
        rows["virial"] = known.virial
    return rows


class _Group:
    """Frames of one formula and set of labels, under way to one folder."""

    def __init__(self, path: Path, number: int, symbols: list[str], rows: dict[str, np.ndarray]) -> None:
        self.symbols = symbols
        self._count = 0
        self._paths = {name: path / f".{number}-{name}" for name in rows}
        self._widths = {name: row.size for name, row in rows.items()}

    def add(self, rows: dict[str, np.ndarray]) -> None:
        """Write a frame."""
        self._count += 1
        for name, row in rows.items():
            with self._paths[name].open("ab") as file:  # not kept open: there may be more groups than files may be
                file.write(np.ascontiguousarray(row, dtype="<f8").tobytes())

    def finish(self, folder: Path, elements: list[str]) -> None:
        """Make the folder."""
        (folder / "set.000").mkdir(parents=True)
        kinds = [elements.index(symbol) for symbol in self.symbols]
        (folder / "type.raw").write_text("\n".join(map(str, kinds)) + "\n", encoding="utf-8")
        (folder / "type_map.raw").write_text("\n".join(elements) + "\n", encoding="utf-8")
        if "box" not in self._paths:
            (folder / "nopbc").touch()
        for name, place in self._paths.items():
            shape = (self._count,) if name == "energy" else (self._count, self._widths[name])
            with place.open("rb") as source, (folder / "set.000" / f"{name}.npy").open("wb") as target:
                np.lib.format.write_array_header_1_0(target, {"descr": "<f8", "fortran_order": False, "shape": shape})
                shutil.copyfileobj(source, target, 1 << 20)
            place.unlink()


FORMAT = Format(
    name="deepmd",
    summary="DeePMD npy folder, plain or mixed types: energy, forces, virial; written as one folder per formula",
    marks=(b"type.raw",),
    read=read,
    write=write,
    searched=True,
    folder=True,
    holds=("energy", "forces", "virial"),
)
