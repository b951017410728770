"""What a computation leaves behind: results as strict JSON with units, settings, versions and hashes of the inputs."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nepkit import __version__
from nepkit.core.atomic import write_or_keep
from nepkit.core.errors import InputError


def write_record(
    path: str | Path,
    results: Any,
    *,
    units: Mapping[str, str],
    settings: Mapping[str, Any],
    model: str,
    inputs: Sequence[str | Path] = (),
    packages: Sequence[str] = (),
    notes: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Write a results file.

    Parameters
    ----------
    path : str or Path
        File to write, whole or not at all.
    results : dataclass, mapping or sequence
        Arrays, paths and nested dataclasses are fine; NaN becomes null.
    units : mapping of str to str
        Unit of every quantity in the results, by name.
    settings : mapping
        Everything that must be given again to get the same numbers.
    model : str
        Name of the potential; where it names files their hashes are kept.
    inputs : sequence of str or Path
        Files that were read.
    packages : sequence of str
        Distributions whose versions matter, besides numpy, scipy, ase, spglib and calorine.
    notes : sequence of str
        What the reader of the numbers must know.
    overwrite : bool
        Whether the file may be replaced.

    Examples
    --------
    >>> write_record("eos.json", {"energy": [-1.2]}, units={"energy": "eV"}, settings={}, model="emt")  # doctest: +SKIP
    """
    record = record_of(results, units=units, settings=settings, model=model, inputs=inputs, packages=packages,
                       notes=notes)  # fmt: skip
    write_or_keep(path, lambda place: place.write_text(to_json(record), encoding="utf-8"), overwrite=overwrite)


def record_of(
    results: Any,
    *,
    units: Mapping[str, str],
    settings: Mapping[str, Any],
    model: str,
    inputs: Sequence[str | Path] = (),
    packages: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the content of a results file; see `write_record`."""
    parts = [part.rpartition(":")[2] for part in model.replace("+", ", ").split(", ")]
    files = [*(part for part in parts if Path(part).is_file()), *map(str, inputs)]
    return {
        "program": f"nepkit {__version__}",
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": sys.argv,
        "versions": versions(packages),
        "model": model,
        "sha256": {file: sha256(Path(file)) for file in dict.fromkeys(files)},
        "settings": dict(settings),
        "units": dict(units),
        "notes": list(notes),
        "results": results,
    }


def read_record(path: str | Path) -> dict[str, Any]:
    """Return the content of a results file.

    Raises
    ------
    InputError
        Where the file is not one.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from None
    if (
        not isinstance(record, dict)
        or not str(record.get("program", "")).startswith("nepkit")
        or "results" not in record
    ):
        raise InputError(f"{path}: no results file of nepkit; expected the JSON that a calculation wrote")
    return record


def versions(packages: Sequence[str] = ()) -> dict[str, str]:
    """Return versions of Python and of the packages that numbers depend on, those that are installed."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("numpy", "scipy", "ase", "spglib", "calorine", *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def to_json(data: object) -> str:
    """Return strict JSON with a final newline; arrays become lists, NaN and infinities null.

    Examples
    --------
    >>> print(to_json({"a": float("nan")}), end="")
    {
      "a": null
    }
    """
    return json.dumps(plain(data), indent=2, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Return nested dataclasses, arrays and paths as what JSON knows."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "tolist"):  # NumPy arrays and scalars, without importing NumPy
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
