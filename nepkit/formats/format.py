"""What a format is: how to tell its files, and how to read and write them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import TextIO

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.frames import Labels

_TOUCHING = re.compile(r"(?<=[\d.])(?=[-+])")


@dataclass(frozen=True)
class Dropped:
    """A step of a file that is no frame.

    Parameters
    ----------
    step : int
        Its number in the file, the first is 1.
    reason : str
        The same for all steps dropped for it, such as ``"electronic steps not converged"``.
    """

    step: int
    reason: str


@dataclass
class Reading:
    """What a reader is told, and what it tells beside the frames.

    Parameters
    ----------
    types : sequence of str
        Elements of the types 1, 2, ... in files that number them.
    dropped : list of Dropped
        Steps that are left out, filled while frames are read.
    with_forces : bool
        Whether a step so far had forces; one without them is left out then.
    """

    types: tuple[str, ...] = ()
    dropped: list[Dropped] = field(default_factory=list)
    with_forces: bool = False

    def drop(self, step: int, reason: str) -> None:
        """Leave a step out."""
        self.dropped.append(Dropped(step, reason))


Reader = Callable[[Path, Reading], Iterator[Atoms]]
Writer = Callable[[Path, Iterable[Atoms]], int]

EVERY_LABEL = tuple(item.name for item in fields(Labels))


@dataclass(frozen=True)
class Format:
    """One kind of file. A module of `nepkit.formats` that has a ``FORMAT`` adds one.

    Parameters
    ----------
    name : str
        As in ``--from`` and ``--to``.
    summary : str
        One line: program, and what of it is read.
    names : tuple of str
        Patterns of file names, compared without regard to case; ``.gz`` may follow.
    marks : tuple of bytes
        Any of them in the first 64 kB tells the format.
    read, write : callable
        None where it is not read or written. A writer returns the number of frames.
    searched : bool
        Whether it is what a calculation leaves, taken from a folder that is searched.
    single : bool
        Whether a file holds one frame alone.
    folder : bool
        Whether it is a folder.
    holds : tuple of str
        Labels, by the names of `nepkit.frames.Labels`, that come back from a file that was written.
    """

    name: str
    summary: str
    names: tuple[str, ...] = ()
    marks: tuple[bytes, ...] = ()
    read: Reader | None = None
    write: Writer | None = None
    searched: bool = False
    single: bool = False
    folder: bool = False
    holds: tuple[str, ...] = ()


def open_text(path: Path) -> TextIO:
    """Open a text file for reading, plain or packed by gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return path.open(encoding="utf-8", errors="replace")


def numbers(line: str, count: int, where: str, first: int = 0) -> list[float]:
    """Return ``count`` numbers of a line from the word ``first`` on.

    Fortran fills its columns: numbers that touch, as ``0.1-1234.5``, are taken apart.

    Raises
    ------
    InputError
        Where there are fewer, or they are no finite numbers.

    Examples
    --------
    >>> numbers("H 1.0 2.0 3.0", 3, "line 1", first=1)
    [1.0, 2.0, 3.0]
    """
    words = line.split()[first:]
    try:
        values = [float(word) for word in words[:count]]
    except ValueError:
        values = []
    if len(values) != count:
        values = _glued(words)[:count]
    if len(values) != count or not all(map(isfinite, values)):
        raise InputError(f"{where}: expected {count} numbers, found {line.strip()[:60]!r}")
    return values


def _glued(words: Sequence[str]) -> list[float]:
    """Return numbers of filled columns; each has a point, so that 0.1-100, which is 0.1E-100, is none of them."""
    parts = [part for word in words for part in _TOUCHING.split(word)]
    try:
        return [float(part) for part in parts] if all("." in part for part in parts) else []
    except ValueError:
        return []


def keep_isotopes(atoms: Atoms, masses: Iterable[float] | None) -> None:
    """Give the atoms the masses of a calculation where these are of isotopes; roundings of the usual masses are not.

    Parameters
    ----------
    atoms : ase.Atoms
        Changed in place.
    masses : iterable of float, length N, optional
        amu; nothing happens without them.
    """
    if masses is None:
        return
    told, usual = np.asarray(list(masses), dtype=float), atomic_masses[atoms.numbers]
    other = np.isfinite(told) & (told > 0.0) & (np.abs(told - usual) > 0.5)
    if other.any():
        atoms.set_masses(np.where(other, told, usual))


def plausible(count: float, where: str) -> int:
    """Return a number of atoms as an integer.

    Raises
    ------
    InputError
        Where it is none, or so large that it must be damage: 10^9 atoms and more.
    """
    if not (0 < count < 1e9 and float(count).is_integer()):
        raise InputError(f"{where}: {count:.10g} is no number of atoms")
    return int(count)


def element_of_type(number: int, types: tuple[str, ...], where: str) -> str:
    """Return the element of a type, the first is 1.

    Raises
    ------
    InputError
        Where the types are not given or too few.
    """
    if not 1 <= number <= len(types):
        given = f"{len(types)} are given" if types else "none are given"
        raise InputError(f"{where}: type {number}, but the elements of the types are needed ({given}): --types Li,Cl")
    if types[number - 1] not in atomic_numbers:
        raise UnknownNameError(f"{types[number - 1]!r} is not an element")
    return types[number - 1]


def require_cell(atoms: Atoms, name: str) -> None:
    """Raise `InputError` where a frame lacks a cell of three vectors, which a format needs."""
    if atoms.cell.rank < 3:
        raise InputError(f"a frame without a cell of three vectors cannot become {name}; give it a cell with vacuum")


def require_finite(atoms: Atoms, where: str) -> None:
    """Raise `InputError` where positions or cell of a frame that a library has read are not finite."""
    if not len(atoms) or not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        raise InputError(f"{where}: no atoms, or positions or cell that are not finite")
