"""Extended xyz: the frames of GPUMD, the NEP trainer, ASE and nearly everybody.

The file is read in blocks of a few megabytes, plain or packed by gzip, and never as a whole. Rows of atoms go through
`nepkit.formats.extxyz_rows`. The two header lines are read here, because the C parser of libAtoms ends silently at a
frame cut short, fails on blank lines at the end and on comments that are not key-value pairs, and crashes on a frame of
no atoms.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from nepkit.core.conventions import PER_ATOM, SPELLINGS
from nepkit.core.errors import InputError, UnknownNameError
from nepkit.formats import extxyz_rows
from nepkit.formats.extxyz_header import format_header, parse_header
from nepkit.formats.extxyz_rows import Column, Words
from nepkit.formats.format import EVERY_LABEL, Format, Reading
from nepkit.frames import Snapshot, labels, set_labels

_BLOCK = 1 << 22  # bytes that are read at a time; a longer frame is read as a whole
_POSITIONS = ("pos", "positions")
_SPECIES = ("species", "element", "symbols")
_NUMBERS = ("z", "numbers")
_MASSES = ("mass", "masses")


def read(path: Path, *, check: bool = True) -> Iterator[Atoms]:
    """Yield the frames of an extended or plain xyz file, which gzip may have packed.

    Parameters
    ----------
    path : Path
        The file.
    check : bool
        Whether to bring the labels into the layout of `nepkit.frames`, which raises for wrong ones; without it they
        are left as they stand in the file.

    Raises
    ------
    InputError
        Names the frame and its first line.
    """
    for raw in _frames(path):
        atoms = _atoms(raw)
        if check:
            set_labels(atoms, labels(atoms, raw.where))
        yield atoms


def read_snapshots(path: Path) -> Iterator[Snapshot]:
    """Yield elements, positions, cell and header of every frame; other columns than masses are passed over.

    Raises
    ------
    InputError
        Names the frame and its first line.
    """
    for raw in _frames(path, {*_POSITIONS, *_SPECIES, *_NUMBERS, *_MASSES}):
        positions, numbers, cell, pbc, masses = _geometry(raw)
        yield Snapshot(numbers, positions, cell, pbc, raw.info, masses)


@dataclass
class _Raw:
    """A frame as it stands in the file."""

    info: dict[str, Any]
    columns: dict[str, Column]
    where: str


class _Blocks:
    """A file that is read in blocks."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._base = 0  # of the text in the file
        self.text = b""
        self.place = 0  # in the text
        self.whole = False  # whether the file ends with the text

    def more(self) -> None:
        """Read on, at least as much again as there is, and forget what lies before the place."""
        self._base += self.place
        self.text = self.text[self.place :]
        self.place = 0
        added = self._file.read(max(_BLOCK, len(self.text)))
        self.text += added
        self.whole = not added

    def line(self, start: int) -> int:
        """Return the end of the line that begins so far after the place, relative to the place too."""
        while (end := self.text.find(b"\n", self.place + start)) < 0:
            if self.whole:
                return len(self.text) - self.place
            self.more()
        return end + 1 - self.place

    @property
    def offset(self) -> int:
        """The place in the file."""
        return self._base + self.place

    def jump(self, offset: int) -> None:
        """Go on at a place in the file that is not before the text."""
        self.place = offset - self._base
        if self.place > len(self.text):
            self._file.seek(offset)
            self._base, self.text, self.place, self.whole = offset, b"", 0, False


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Give the path of a file that is not packed."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if not packed:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="nepkit-", suffix=".xyz") as target:
        try:
            with gzip.open(path) as source:
                shutil.copyfileobj(source, target, _BLOCK)
        except (EOFError, OSError) as error:
            raise InputError(f"{path}: gzip cannot unpack it: {error}; copy the file again") from None
        target.flush()
        yield Path(target.name)


def _frames(path: Path, only: Collection[str] | None = None) -> Iterator[_Raw]:
    with ExitStack() as stack:
        plain = stack.enter_context(_plain(path))
        reference = extxyz_rows.Reference(plain)
        stack.callback(reference.close)
        file = stack.enter_context(plain.open("rb"))
        size, blocks = os.path.getsize(plain), _Blocks(file)
        number, line = 0, 1
        while True:
            end = blocks.line(0)
            first = blocks.text[blocks.place : blocks.place + end]
            if not first.strip():
                _refuse_more(blocks, end, f"{path}, line {line}")
                return
            number += 1
            where = f"{path}, frame {number} (line {line})"
            count = _count(first, where)
            start = blocks.line(end)
            header = _text(blocks.text[blocks.place + end : blocks.place + start], where).strip()
            info, properties = parse_header(header, where)
            width = sum(column[2] for column in extxyz_rows.columns_of(properties))
            if 2 * count > size - blocks.offset - start + 1:
                raise InputError(f"{where}: cut short, {count} atoms are announced; write the file again")
            if count * width > size:
                raise InputError(f"{where}: rows of {width} columns are more than the file holds ({properties})")
            columns = _fast(blocks, start, count, properties, only)
            if columns is None:
                offset, columns = reference(blocks.offset, count, properties, where)
                blocks.jump(offset)
            yield _Raw(info, columns, where)
            line += count + 2


def _fast(
    blocks: _Blocks, start: int, count: int, properties: str, only: Collection[str] | None
) -> dict[str, Column] | None:
    """Return the columns of the frame at the place of the blocks and go behind it; None where it is not plain."""
    if extxyz_rows.compiled is None:
        return None
    while True:
        end, columns = extxyz_rows.fast(blocks.text, blocks.place + start, count, blocks.whole, properties, only)
        if end >= 0:
            blocks.place = end
            return columns
        if end == -2:
            return None
        blocks.more()


def _refuse_more(blocks: _Blocks, start: int, where: str) -> None:
    """Raise `InputError` where anything but blanks follows."""
    blocks.place += start
    while True:
        if blocks.text[blocks.place :].strip():
            raise InputError(f"{where}: blank, expected the number of atoms of the next frame")
        if blocks.whole:
            return
        blocks.place = len(blocks.text)
        blocks.more()


def _text(line: bytes, where: str) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{where}: not text in UTF-8; is this an extended xyz file?")
    return text


def _count(line: bytes, where: str) -> int:
    text = _text(line, where).strip()
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise InputError(f"{where}: expected the number of atoms, at least 1, not {text[:40]!r}")
    return int(text)


def _take(store: dict[str, Any], names: Collection[str]) -> Any:
    for key in list(store):
        if key.lower() in names:
            return store.pop(key)
    return None


Geometry = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]


def _geometry(raw: _Raw) -> Geometry:
    """Take positions, atomic numbers, cell, periodicity and masses out of a raw frame."""
    where = raw.where
    positions = _take(raw.columns, _POSITIONS)
    if not isinstance(positions, np.ndarray) or positions.dtype.kind not in "fi" or positions.shape[1:] != (3,):
        raise InputError(f"{where}: no column of positions (pos:R:3) in Properties")
    if not np.isfinite(positions).all():
        raise InputError(f"{where}: positions are not finite; remove the frame")
    numbers = _numbers(raw)
    lattice = _take(raw.info, ("lattice",))
    pbc = _take(raw.info, ("pbc",))
    cell = np.zeros((3, 3)) if lattice is None else _lattice(lattice, where)
    if pbc is None:
        pbc = lattice is not None
    elif np.shape(pbc) not in ((), (3,)) or np.asarray(pbc).dtype.kind not in "bi":
        raise InputError(f'{where}: pbc is {pbc!r}, expected three of T and F such as pbc="T T T"')
    masses = _take(raw.columns, _MASSES)
    if masses is not None and (isinstance(masses, Words) or masses.ndim != 1 or not np.isfinite(masses).all()):
        raise InputError(f"{where}: masses are not one finite number per atom (mass:R:1)")
    return positions.astype(float, copy=False), numbers, cell, np.full(3, pbc, dtype=bool), masses


def _atoms(raw: _Raw) -> Atoms:
    positions, numbers, cell, pbc, masses = _geometry(raw)
    atoms = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)
    if masses is not None:
        atoms.set_masses(masses)
    for name, column in raw.columns.items():
        atoms.arrays[name] = column.array() if isinstance(column, Words) else column
    atoms.info.update(raw.info)
    return atoms


def _numbers(raw: _Raw) -> np.ndarray:
    species = _take(raw.columns, _SPECIES)
    numbers = _take(raw.columns, _NUMBERS)
    if species is None:
        if not isinstance(numbers, np.ndarray) or numbers.dtype.kind != "i" or numbers.ndim != 1:
            raise InputError(f"{raw.where}: no column of elements (species:S:1) in Properties")
        if not ((numbers >= 0) & (numbers < len(chemical_symbols))).all():
            raise InputError(f"{raw.where}: the column of atomic numbers holds some that no element has")
        return np.asarray(numbers)
    if not isinstance(species, Words) or species.places.ndim != 1:
        raise InputError(f"{raw.where}: the column of elements is not one word per atom (species:S:1)")
    for name in species.names:
        if name not in atomic_numbers:
            raise UnknownNameError(f"{raw.where}: {name!r} is not an element")
    return np.asarray(np.array([atomic_numbers[name] for name in species.names])[species.places])


def _lattice(value: Any, where: str) -> np.ndarray:
    if np.shape(value) in ((9,), (3, 3)) and np.asarray(value).dtype.kind in "fiu":
        cell = np.asarray(value, dtype=float).reshape(3, 3)
        if np.isfinite(cell).all():
            return cell
    raise InputError(f"{where}: Lattice is {str(value)[:60]!r}, expected nine numbers ax ay az bx by bz cx cy cz")


def format_frame(atoms: Atoms) -> str:
    """Return one frame as text; see `nepkit.formats.files.format_frame`.

    The keys are those of the NEP trainer (GPUMD, src/main_nep/structure.cu): Lattice, energy, virial, charge, dipole,
    pbc, and columns species, pos, forces, bec, charge; other columns and scalars of the frame follow.
    """
    known = labels(atoms)
    if not len(atoms):
        raise InputError("a frame of no atoms cannot be written")
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        raise InputError("positions or cell are not finite; the frame cannot be written")
    header: dict[str, Any] = {}
    if atoms.cell.array.any():
        header["Lattice"] = atoms.cell.array.ravel()
    for name in ("energy", "virial", "dipole", "charge"):
        value = getattr(known, name)
        if value is not None:
            header[name] = value
    header["pbc"] = atoms.pbc
    columns: dict[str, np.ndarray] = {"species": np.array(atoms.get_chemical_symbols()), "pos": atoms.positions}
    for name, column in (("forces", known.forces), ("bec", known.bec), ("charge", known.charges)):
        if column is not None:
            columns[name] = column.reshape(len(atoms), -1)
    taken = {spelling for name in PER_ATOM for spelling in SPELLINGS[name]} | {"numbers", "positions", "species", "pos"}
    for name, column in atoms.arrays.items():
        if name.lower() not in taken:
            columns["mass" if name == "masses" else name] = column
    taken = {spelling for name, known_as in SPELLINGS.items() if name not in PER_ATOM for spelling in known_as}
    header["Properties"] = ":".join(_column_type(name, column) for name, column in columns.items())
    header.update({key: value for key, value in atoms.info.items() if key.lower() not in taken | {"pbc", "lattice"}})
    return f"{len(atoms)}\n{format_header(header)}\n{_format_rows(columns)}"


def _column_type(name: str, column: np.ndarray) -> str:
    kind = {"U": "S", "f": "R", "i": "I", "u": "I", "b": "L"}.get(column.dtype.kind)
    if kind is None or column.ndim > 2 or re.search(r"[\s:=\"']", name):
        raise InputError(
            f"the column {name!r} of type {column.dtype} and shape {column.shape} has no extended xyz form"
        )
    return f"{name}:{kind}:{column.shape[1] if column.ndim == 2 else 1}"


def _format_rows(columns: Mapping[str, np.ndarray]) -> str:
    texts: list[list[str]] = []
    for column in columns.values():
        for part in column.T if column.ndim == 2 else (column,):
            if column.dtype.kind == "b":
                texts.append(["T" if item else "F" for item in part.tolist()])
            else:
                texts.append(list(map(str, part.tolist())))
    return "\n".join(map(" ".join, zip(*texts, strict=True))) + "\n"


def _read(path: Path, reading: Reading) -> Iterator[Atoms]:
    return read(path)


def _write(path: Path, frames: Iterable[Atoms]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for atoms in frames:
            file.write(format_frame(atoms))
            count += 1
    return count


FORMAT = Format(
    name="extxyz",
    summary="Extended xyz of GPUMD, NEP and ASE: model.xyz, train.xyz, dump_xyz, restart.xyz, with all labels",
    names=("*.xyz", "*.extxyz"),
    marks=(b"Properties=species", b"properties=species"),
    read=_read,
    write=_write,
    holds=EVERY_LABEL,
)
