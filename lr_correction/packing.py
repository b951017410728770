"""Results and states as bytes that hold data alone: reading them runs no code, and damage is seen.

A pack is a line with a checksum, then NumPy's ``npz`` of all arrays and of a JSON tree that refers to them. It holds
None, truth values, numbers, texts, paths, arrays, lists, tuples, dictionaries, `ase.Atoms`, and the dataclasses of
`lr_correction` and `nepkit`; nothing else can come out of it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path, PosixPath, PurePath, WindowsPath
from typing import Any

import ase
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from .backend import Namespace, is_on_device, to_numpy

_MARK = b"nepkit-pack-1 "
_HOMES = ("lr_correction.", "nepkit.")


class PackError(ValueError):
    """Something that cannot be packed, or bytes that are no whole pack."""


def pack(thing: Any) -> bytes:
    """Return something as bytes.

    Raises
    ------
    PackError
        Where it is, or holds, what a pack cannot hold.

    Examples
    --------
    >>> unpack(pack({"cell": np.eye(2), "name": ("a", 1)}))["name"]
    ('a', 1)
    """
    arrays: list[np.ndarray] = []
    tree = json.dumps(_down(thing, arrays), allow_nan=True).encode()
    buffer = io.BytesIO()
    named = {"tree": np.frombuffer(tree, dtype=np.uint8), **{f"a{i}": array for i, array in enumerate(arrays)}}
    np.savez(buffer, **named)  # type: ignore[arg-type]  # the stubs take every keyword for allow_pickle
    content = buffer.getvalue()
    return _MARK + hashlib.blake2b(content, digest_size=16).hexdigest().encode() + b"\n" + content


def unpack(content: bytes, xp: Namespace = np) -> Any:
    """Return what was packed, arrays of a device as those of ``xp``.

    Raises
    ------
    PackError
        Where the bytes are none of `pack`, or not as they were written.
    """
    head, _, body = content.partition(b"\n")
    if not head.startswith(_MARK):
        raise PackError("not a file of this kind")
    if head.removeprefix(_MARK) != hashlib.blake2b(body, digest_size=16).hexdigest().encode():
        raise PackError("damaged: its checksum does not fit")
    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        return _up(json.loads(file["tree"].tobytes()), file, xp)


def fingerprint(*things: Any) -> str:
    """Return 32 hexadecimal digits that tell whether things are the same in all that they consist of.

    Functions and classes count by their names, other objects by their class and state.

    Examples
    --------
    >>> fingerprint(1.0, {"a": np.arange(3)}) == fingerprint(1.0, {"a": np.arange(3)})
    True
    >>> fingerprint(1.0) == fingerprint(1)
    False
    """
    known = hashlib.sha256()
    for thing in things:
        _hash(thing, known, set())
    return known.hexdigest()[:32]


def _down(thing: Any, arrays: list[np.ndarray]) -> Any:
    if thing is None or (isinstance(thing, bool | int | float | str) and type(thing) in (bool, int, float, str)):
        return thing
    if isinstance(thing, np.ndarray | np.generic):
        if thing.dtype.hasobject:
            raise PackError("an array of objects cannot be packed")
        arrays.append(np.asarray(thing))
        return {"array": len(arrays) - 1, "scalar": isinstance(thing, np.generic)}
    if is_on_device(thing):
        arrays.append(to_numpy(thing))
        return {"array": len(arrays) - 1, "scalar": False, "device": True}
    if isinstance(thing, tuple) and type(thing) is tuple:
        return {"tuple": [_down(item, arrays) for item in thing]}
    if isinstance(thing, list):
        return [_down(item, arrays) for item in thing]
    if isinstance(thing, Mapping):
        return {"map": [[_down(key, arrays), _down(value, arrays)] for key, value in thing.items()]}
    if isinstance(thing, PurePath):
        return {"path": str(thing)}
    if isinstance(thing, ase.Atoms):
        return {"atoms": _down(_state_of_atoms(thing), arrays)}
    if is_dataclass(thing) and not isinstance(thing, type):
        kind = type(thing)
        if not kind.__module__.startswith(_HOMES):
            raise PackError(f"a {kind.__module__}.{kind.__qualname__} cannot be packed")
        values = {item.name: getattr(thing, item.name) for item in fields(thing)}
        return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": _down(values, arrays)}
    raise PackError(f"a {type(thing).__module__}.{type(thing).__qualname__} cannot be packed")


def _up(tree: Any, file: Mapping[str, np.ndarray], xp: Namespace) -> Any:
    if isinstance(tree, list):
        return [_up(item, file, xp) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        array = file[f"a{tree['array']}"]
        if "device" in tree:
            return xp.asarray(array)
        return array[()] if tree["scalar"] else array
    if "tuple" in tree:
        return tuple(_up(item, file, xp) for item in tree["tuple"])
    if "map" in tree:
        return {_up(key, file, xp): _up(value, file, xp) for key, value in tree["map"]}
    if "path" in tree:
        return Path(tree["path"])
    if "atoms" in tree:
        return _atoms_of(_up(tree["atoms"], file, xp))
    return _object(tree["class"], _up(tree["fields"], file, xp))


def _object(name: str, values: dict[str, Any]) -> Any:
    """Return a dataclass of ours with these fields, as they were; nothing of its own is run."""
    module, _, path = name.partition(":")
    if not f"{module}.".startswith(_HOMES):
        raise PackError(f"{name} is not a class of this project")
    kind: Any = import_module(module)
    for part in path.split("."):
        kind = getattr(kind, part, None)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise PackError(f"{name} is not a dataclass of this version")
    if {item.name for item in fields(kind)} != set(values):
        raise PackError(f"{name} has other fields in this version")
    made = object.__new__(kind)
    for key, value in values.items():
        object.__setattr__(made, key, value)
    return made


def _state_of_atoms(atoms: ase.Atoms) -> dict[str, Any]:
    results = getattr(atoms.calc, "results", None) if isinstance(atoms.calc, SinglePointCalculator) else None
    return {
        "arrays": dict(atoms.arrays),
        "cell": atoms.cell.array,
        "pbc": atoms.pbc,
        "info": dict(atoms.info),
        "constraints": [constraint.todict() for constraint in atoms.constraints],
        "results": None if results is None else {key: value for key, value in results.items() if value is not None},
    }


def _atoms_of(state: dict[str, Any]) -> ase.Atoms:
    from ase.constraints import dict2constraint

    atoms = ase.Atoms(numbers=state["arrays"]["numbers"], cell=state["cell"], pbc=state["pbc"])
    atoms.arrays.update(state["arrays"])
    atoms.info.update(state["info"])
    atoms.set_constraint([dict2constraint(item) for item in state["constraints"]])
    if state["results"] is not None:
        atoms.calc = SinglePointCalculator(atoms, **state["results"])
    return atoms


def _hash(thing: Any, known: Any, above: set[int]) -> None:
    """Feed everything that a thing consists of into a hash."""
    kind = type(thing)
    known.update(f"<{kind.__module__}.{kind.__qualname__}>".encode())
    if thing is None or isinstance(thing, bool | int | float | complex | str | PosixPath | WindowsPath):
        known.update(repr(thing).encode())
    elif isinstance(thing, bytes):
        known.update(thing)
    elif isinstance(thing, np.ndarray | np.generic):
        array = np.ascontiguousarray(thing)
        known.update(f"{array.dtype}{array.shape}".encode())
        known.update(array.tobytes() if not array.dtype.hasobject else repr(array.tolist()).encode())
    elif isinstance(thing, ase.Atoms):
        _hash(_state_of_atoms(thing), known, above)
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            _hash(key, known, above)
            _hash(value, known, above)
    elif isinstance(thing, list | tuple):
        for item in thing:
            _hash(item, known, above)
    elif isinstance(thing, set | frozenset):
        known.update(repr(sorted(map(repr, thing))).encode())
    elif isinstance(thing, type) or hasattr(thing, "__qualname__"):
        known.update(f"{thing.__module__}.{thing.__qualname__}".encode())
    elif id(thing) not in above:
        state = thing.__getstate__()
        _hash(state if state is not thing else None, known, above | {id(thing)})
