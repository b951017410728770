"""All formats, and which one a file has."""

from __future__ import annotations

import gzip
import zlib
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import nepkit.formats
from nepkit.core.errors import UnknownNameError, did_you_mean
from nepkit.formats import extxyz
from nepkit.formats.format import Format

_HEAD = 65536


@cache
def formats() -> dict[str, Format]:
    """Return every format by its name: the ``FORMAT`` of every module of `nepkit.formats`.

    Examples
    --------
    >>> formats()["extxyz"].names
    ('*.xyz', '*.extxyz')
    """
    modules = [import_module(f"nepkit.formats.{item.name}") for item in iter_modules(nepkit.formats.__path__)]
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {made.name: made for made in sorted(found, key=lambda made: str(made.name))}


def by_name(name: str) -> Format:
    """Return a format by its name.

    Raises
    ------
    UnknownNameError
        With a guess at what was meant.
    """
    if name not in formats():
        raise UnknownNameError(f"unknown format {name!r}: {did_you_mean(name, formats())}")
    return formats()[name]


def detect(path: Path) -> Format | None:
    """Return the format of a file or folder by its content, then by its name; None where neither tells.

    Only the suffixes ``.xyz`` and ``.extxyz`` go before the content: a comment in such a file may say anything.

    Raises
    ------
    OSError
        Where it does not exist or cannot be read.
    """
    if path.is_dir():
        return next((made for made in formats().values() if made.folder and _has_marks(path, made)), None)
    if Path(path.name.lower().removesuffix(".gz")).suffix in (".xyz", ".extxyz"):
        return extxyz.FORMAT  # without importing all the others
    head = _head(path)
    for made in formats().values():
        if any(mark in head for mark in made.marks):
            return made
    return by_file_name(path)


def by_file_name(path: Path) -> Format | None:
    """Return the format that a file of this name has or would have."""
    name = path.name.lower().removesuffix(".gz")
    for made in formats().values():
        if any(fnmatch(name, pattern.lower()) for pattern in made.names):
            return made
    return None


def for_writing(path: Path) -> Format:
    """Return the format that a file of this name is to be written in: extended xyz where the name tells none.

    Examples
    --------
    >>> for_writing(Path("kept.traj")).name, for_writing(Path("kept")).name
    ('ase-traj', 'extxyz')
    """
    if path.suffix.lower() in (".xyz", ".extxyz"):
        return extxyz.FORMAT  # without importing all the others
    return by_file_name(path) or extxyz.FORMAT


def _has_marks(path: Path, made: Format) -> bool:
    return any((path / mark.decode()).exists() for mark in made.marks)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:2] == b"\x1f\x8b":
        try:
            return zlib.decompressobj(wbits=31).decompress(head, _HEAD)
        except (zlib.error, gzip.BadGzipFile):
            return b""
    return head
