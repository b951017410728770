"""Which structure went into which folder: the file by which results are brought back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nepkit.core.errors import InputError

NAME = "manifest.json"
STRUCTURES = "structures.xyz"
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One prepared folder.

    Parameters
    ----------
    folder : str
        Relative to that of the manifest.
    row : int
        Which structure of ``structures.xyz`` it has, the first is 1.
    source : str
        File that the structure came from.
    frame : int
        Its number in that file, the first is 1.
    fingerprint : str
        Of elements, positions and cell.
    formula : str
        Chemical formula.
    order : tuple of int or None
        Which atom of the structure is each atom of the calculation, the first is 0; None where they are the same.
    values : dict of str to str
        What places of the template got.
    """

    folder: str
    row: int
    source: str
    frame: int
    fingerprint: str
    formula: str
    order: tuple[int, ...] | None
    values: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """All prepared folders.

    Parameters
    ----------
    kind : str
        ``scf`` or ``md``.
    program : str
        What the folders are for.
    version : str
        Of nepkit.
    created : str
        Date and time, ISO 8601.
    sources : dict of str to str
        Hash of every file of structures.
    template : dict of str to str
        Hash of every file of the template, and of other inputs.
    structures : str
        Hash of ``structures.xyz``.
    entries : tuple of Entry
        In the order of the structures.
    """

    kind: str
    program: str
    version: str
    created: str
    sources: Mapping[str, str]
    template: Mapping[str, str]
    structures: str
    entries: tuple[Entry, ...]


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest as JSON."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    InputError
        Where it is none.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise InputError(f"{path}: a manifest of another version of nepkit; prepare and collect with the same one")
        entries = tuple(
            Entry(**{**item, "order": None if item["order"] is None else tuple(item["order"])})
            for item in data.pop("entries")
        )
        return Manifest(entries=entries, **data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a manifest of nepkit prepare ({type(error).__name__}: {error})") from None
