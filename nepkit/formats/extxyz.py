"""Extended xyz: the frames of GPUMD, the NEP trainer, ASE and nearly everybody.

Rows of atoms go through the C parser of libAtoms (https://github.com/libAtoms/extxyz). The two header lines are read
here, because that parser ends silently at a frame cut short, fails on blank lines at the end and on comments that are
not key-value pairs, and crashes on a frame of no atoms.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from extxyz import cextxyz

from nepkit.conventions import PER_ATOM, SPELLINGS
from nepkit.errors import InputError, UnknownNameError
from nepkit.formats.format import Format, Reading
from nepkit.frames import labels, set_labels

_PAIR = re.compile(
    r"""\s*(?P<key>"(?:[^"\\]|\\.)*"|[^\s="']+)
        (?:\s*=\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|\{(?P<braces>[^}]*)\}
           |(?P<array>\[[^\s=]*?(?:\s[^=\]]*)*\])|(?P<bare>[^\s"']+)))?(?=\s|$)""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"[+-]?\d+\Z")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?\Z")
_BOOLEANS = {
    **dict.fromkeys(("T", "True", "true", "TRUE"), True),
    **dict.fromkeys(("F", "False", "false", "FALSE"), False),
}
_COLUMN = re.compile(r"([^:\s]+):([SRIL]):([1-9]\d*)(?::|\Z)", re.IGNORECASE)
_PLAIN = "species:S:1:pos:R:3"


def read(path: Path, *, check: bool = True) -> Iterator[Atoms]:
    """Yield the frames of an extended or plain xyz file.

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
    size = os.path.getsize(path)
    line = 1
    number = 0
    with path.open("rb") as file:
        rows = cextxyz.cfopen(str(path), "r")
        try:
            while True:
                start = file.tell()
                first = file.readline()
                if not first.strip():
                    if file.read().strip():
                        raise InputError(f"{path}, line {line}: blank, expected the number of atoms of the next frame")
                    return
                number += 1
                where = f"{path}, frame {number} (line {line})"
                count = _count(first, where)
                header = _text(file.readline(), where).strip()
                if 2 * count > size - file.tell() + 1:
                    raise InputError(f"{where}: cut short, {count} atoms are announced; write the file again")
                info, columns = parse_header(header, where)
                cextxyz.cfseek(rows, start, 0)
                arrays = _rows(rows, count, columns, where)
                file.seek(cextxyz.cftell(rows))
                atoms = _atoms(info, arrays, where)
                if check:
                    set_labels(atoms, labels(atoms, where))
                yield atoms
                line += count + 2
        finally:
            cextxyz.cfclose(rows)


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


def _rows(rows: Any, count: int, columns: str, where: str) -> dict[str, np.ndarray]:
    try:
        read_count, _, arrays = cextxyz.read_frame_dicts(rows, comment=f"Properties={columns}", use_cleri=False)
    except EOFError:
        raise InputError(f"{where}: cut short, {count} atoms are announced; write the file again") from None
    except cextxyz.ExtXYZError as error:
        reason = re.sub(r"^ERROR: ", "", str(error))
        reason = re.sub(r"on atom line (\d+)", lambda found: f"in the row of atom {int(found[1]) + 1}", reason)
        raise InputError(f"{where}: {reason} (columns {columns})") from None
    assert read_count == count  # both were read from the same line
    return dict(arrays)


def parse_header(text: str, where: str = "header") -> tuple[dict[str, Any], str]:
    """Return the key-value pairs of a comment line, and its Properties.

    Examples
    --------
    >>> parse_header('Energy = -1.5 pbc="T T F" note="two words" Properties=species:S:1:pos:R:3')
    ({'Energy': -1.5, 'pbc': array([ True,  True, False]), 'note': 'two words'}, 'species:S:1:pos:R:3')
    """
    if "=" not in text:  # free text of a plain xyz file
        return ({"comment": text} if text else {}), _PLAIN
    info: dict[str, Any] = {}
    columns = _PLAIN
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None or found.end() == position:
            raise InputError(f"{where}: cannot read the comment line at {text[position : position + 30].strip()!r}")
        position = found.end()
        key = _unescape(found["key"].strip('"'))
        if key.lower() == "properties":
            columns = _check_columns(found["bare"] or found["double"] or "", where)
        else:
            info[key] = _value(found)
    return info, columns


def _check_columns(text: str, where: str) -> str:
    found = list(_COLUMN.finditer(text))
    if not found or "".join(item[0] for item in found) != text:
        raise InputError(f"{where}: Properties={text!r} is not a list of name:type:count with types S R I L")
    names = [item[1] for item in found]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: Properties names a column twice: {text}")
    return ":".join(f"{item[1]}:{item[2].upper()}:{item[3]}" for item in found)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def _value(found: re.Match[str]) -> Any:
    if found["bare"] is not None:
        return _scalar(found["bare"])
    if found["array"] is not None:
        return _array(found["array"])
    quoted = next((found[name] for name in ("double", "single", "braces") if found[name] is not None), None)
    if quoted is None:
        return True  # a key alone is a flag
    items = [_scalar(item) for item in quoted.replace(",", " ").split()]
    if items and not any(isinstance(item, str) for item in items):
        return items[0] if len(items) == 1 else np.array(items)
    return _unescape(quoted)


def _scalar(text: str) -> bool | int | float | str:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.match(text):
        return int(text)
    if _REAL.match(text):
        return float(text.replace("d", "e").replace("D", "e"))
    return text


def _array(text: str) -> Any:
    try:
        values = json.loads(re.sub(r"\bT\b", "true", re.sub(r"\bF\b", "false", text)))
        return np.array(values)
    except ValueError:
        return text


def _take(store: dict[str, Any], *names: str) -> Any:
    for key in list(store):
        if key.lower() in names:
            return store.pop(key)
    return None


def _atoms(info: dict[str, Any], arrays: dict[str, np.ndarray], where: str) -> Atoms:
    positions = _take(arrays, "pos", "positions")
    if positions is None or positions.shape[-1:] != (3,):
        raise InputError(f"{where}: no column of positions (pos:R:3) in Properties")
    numbers = _numbers(arrays, where)
    lattice = _take(info, "lattice")
    pbc = _take(info, "pbc")
    cell = np.zeros((3, 3)) if lattice is None else _lattice(lattice, where)
    if pbc is None:
        pbc = lattice is not None
    elif np.shape(pbc) not in ((), (3,)):
        raise InputError(f'{where}: pbc is {pbc!r}, expected three of T and F such as pbc="T T T"')
    atoms = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)
    masses = _take(arrays, "mass", "masses")
    if masses is not None:
        atoms.set_masses(masses)
    for name, column in arrays.items():
        atoms.arrays[name] = column
    atoms.info.update(info)
    return atoms


def _numbers(arrays: dict[str, np.ndarray], where: str) -> np.ndarray:
    species = _take(arrays, "species", "element", "symbols")
    numbers = _take(arrays, "z", "numbers")
    if species is None:
        if numbers is None:
            raise InputError(f"{where}: no column of elements (species:S:1) in Properties")
        return np.asarray(numbers)
    names, index = np.unique(species, return_inverse=True)
    for name in names:
        if name not in atomic_numbers:
            raise UnknownNameError(f"{where}: {str(name)!r} is not an element")
    by_name = np.array([atomic_numbers[str(name)] for name in names])
    return np.asarray(by_name[index])


def _lattice(value: Any, where: str) -> np.ndarray:
    if np.shape(value) not in ((9,), (3, 3)) or not np.isfinite(np.asarray(value, dtype=float)).all():
        raise InputError(f"{where}: Lattice is {str(value)[:60]!r}, expected nine numbers ax ay az bx by bz cx cy cz")
    return np.asarray(value, dtype=float).reshape(3, 3)


def format_frame(atoms: Atoms) -> str:
    """Return one frame as text; see `nepkit.frames.format_frame`.

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
    return f"{len(atoms)}\n{_format_header(header)}\n{_format_rows(columns)}"


def _column_type(name: str, column: np.ndarray) -> str:
    kind = {"U": "S", "f": "R", "i": "I", "u": "I", "b": "L"}.get(column.dtype.kind)
    if kind is None or column.ndim > 2 or re.search(r"[\s:=\"']", name):
        raise InputError(
            f"the column {name!r} of type {column.dtype} and shape {column.shape} has no extended xyz form"
        )
    return f"{name}:{kind}:{column.shape[1] if column.ndim == 2 else 1}"


def _format_header(header: Mapping[str, Any]) -> str:
    pairs = []
    for key, value in header.items():
        text = _format_value(value)
        if text is None:
            what = f"{key!r} of type {type(value).__name__}"
            warnings.warn(f"{what} has no extended xyz form and is left out", stacklevel=3)
            continue
        name = key if re.fullmatch(r"[^\s=\"']+", key) else _quote(key)
        pairs.append(f"{name}={text}")
    return " ".join(pairs)


def _format_value(value: Any) -> str | None:
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z0-9_.:+/-]+", value) else _quote(value)
    if isinstance(value, (bool, np.bool_)):
        return "T" if value else "F"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, (list, tuple, np.ndarray)):
        array = np.asarray(value)
        if array.size and array.dtype.kind in "fiub":
            return '"' + " ".join(str(_format_value(item)) for item in array.ravel().tolist()) + '"'
    return None


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


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
)
