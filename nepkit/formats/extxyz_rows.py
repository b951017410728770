"""Rows of atoms of extended xyz, by our own parser where it was compiled, else by the C parser of libAtoms.

Our own (``_rows.cpp``) reads plain numbers and words, five times as fast, and gives up at anything else: then the
parser of libAtoms (https://github.com/libAtoms/extxyz) reads the frame. So both ways give the same arrays and messages.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from extxyz import cextxyz
from numpy.typing import NDArray

from nepkit.core.errors import InputError

compiled: ModuleType | None
try:
    compiled = import_module("nepkit.formats._rows")
except ImportError:  # no compiler when nepkit was installed
    compiled = None
"""Our own parser, None where it was not compiled."""

_TYPES = {"R": np.dtype(float), "I": np.dtype(np.int32), "S": np.dtype(np.int32), "L": np.dtype(bool)}
_BOOLEANS = {"T": True, "True": True, "true": True, "TRUE": True}
_BOOLEANS |= {"F": False, "False": False, "false": False, "FALSE": False}


@dataclass(frozen=True)
class Words:
    """A column of words.

    Parameters
    ----------
    names : list of str
        The different ones.
    places : ndarray of int, shape (N,) or (N, M)
        Which of them stands where.
    """

    names: list[str]
    places: NDArray[np.integer[Any]]

    def array(self) -> NDArray[np.str_]:
        """Return the words themselves."""
        return np.asarray(np.array(self.names)[self.places])


Column = np.ndarray[Any, Any] | Words


def columns_of(properties: str) -> list[tuple[str, str, int]]:
    """Return name, type and width of every column.

    Examples
    --------
    >>> columns_of("species:S:1:pos:R:3")
    [('species', 'S', 1), ('pos', 'R', 3)]
    """
    words = properties.split(":")
    return [(name, kind, int(width)) for name, kind, width in zip(words[::3], words[1::3], words[2::3], strict=True)]


def fast(
    text: bytes, start: int, count: int, whole: bool, properties: str, only: Collection[str] | None = None
) -> tuple[int, dict[str, Column]]:
    """Read rows by our own parser.

    Parameters
    ----------
    text : bytes
        Part of a file.
    start : int
        Where the first row begins.
    count : int
        Number of rows.
    whole : bool
        Whether the file ends with the text.
    properties : str
        The columns.
    only : collection of str, optional
        Names, in lower case, of the columns to read; the others are passed over.

    Returns
    -------
    tuple
        Where the next frame begins and the columns by name; -1 where the text ends before the rows do, -2 where they
        are not plain.
    """
    assert compiled is not None  # callers look
    wanted: dict[str, np.ndarray[Any, Any]] = {}
    asked: list[tuple[str, int, np.ndarray[Any, Any] | None]] = []
    for name, kind, width in columns_of(properties):
        if only is not None and name.lower() not in only:
            asked.append(("-", width, None))
            continue
        wanted[name] = np.empty((count, width) if width > 1 else count, dtype=_TYPES[kind])
        asked.append((kind, width, wanted[name]))
    end, names = compiled.rows(text, start, count, whole, asked)
    if end < 0:
        return end, {}
    found: dict[str, Column] = dict(wanted)
    words = iter(names)
    for name, kind, _ in columns_of(properties):
        if kind == "S" and name in wanted:
            found[name] = Words(next(words), wanted[name])
    return end, found


class Reference:
    """The parser of libAtoms over one file.

    Parameters
    ----------
    path : Path
        A plain file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def __call__(self, start: int, count: int, properties: str, where: str) -> tuple[int, dict[str, Column]]:
        """Return where the next frame begins and the columns of the one that begins at ``start``.

        Raises
        ------
        InputError
            Where the rows are too few or not what the columns say.
        """
        if self._file is None:
            self._file = cextxyz.cfopen(str(self._path), "r")
        cextxyz.cfseek(self._file, start, 0)
        columns = columns_of(properties)
        # Its whole numbers wrap around at 32 bits and its flag "true" is false, so both are read as what is safe.
        safe = {"I": "R", "L": "S"}
        asked = ":".join(f"{name}:{safe.get(kind, kind)}:{width}" for name, kind, width in columns)
        try:
            read, _, arrays = cextxyz.read_frame_dicts(self._file, comment=f"Properties={asked}", use_cleri=False)
        except EOFError:
            raise InputError(f"{where}: cut short, {count} atoms are announced; write the file again") from None
        except cextxyz.ExtXYZError as error:
            reason = re.sub(r"^ERROR: ", "", str(error))
            reason = re.sub(r"on atom line (\d+)", lambda found: f"in the row of atom {int(found[1]) + 1}", reason)
            raise InputError(f"{where}: {reason} (columns {properties})") from None
        except UnicodeDecodeError:  # in the words of its message
            raise InputError(f"{where}: its rows are not text in UTF-8") from None
        assert read == count  # both were read from the same line
        return cextxyz.cftell(self._file), {
            name: _typed(arrays[name], kind, f"{where}: column {name}") for name, kind, _ in columns
        }

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            cextxyz.cfclose(self._file)


def _typed(column: np.ndarray[Any, Any], kind: str, where: str) -> Column:
    if kind == "I":
        whole = np.rint(column)
        if not (np.abs(column) < 2**53).all() or (whole != column).any():
            raise InputError(f"{where} holds something that is no whole number")
        return np.asarray(whole, dtype=np.int32 if (np.abs(whole) < 2**31).all() else np.int64)
    if kind not in "SL":
        return column
    names, places = np.unique(column, return_inverse=True)
    try:
        words = [str(name).encode("latin-1").decode("utf-8") for name in names]  # its words are bytes
    except UnicodeError:
        raise InputError(f"{where} is not text in UTF-8") from None
    found = Words(words, places.reshape(column.shape))
    if kind == "S":
        return found
    if not all(name in _BOOLEANS for name in words):
        raise InputError(f"{where} holds something that is neither T nor F")
    return np.asarray(np.array([_BOOLEANS[name] for name in words])[found.places])
