"""One folder per structure from a template, all or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from ase import Atoms

from nepkit import __version__
from nepkit.core.atomic import atomic_folder, refuse_existing_folder
from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.datasets.quantities import fingerprint
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels, without_results
from nepkit.prepare.manifest import NAME, STRUCTURES, Entry, Manifest, write_manifest
from nepkit.prepare.template import Content, Template, check_places, sha256
from nepkit.structures.cells import check_cell

AUTOMATIC = ("name", "number", "atoms", "formula", "elements", "charge", "source", "frame")
"""Places that need no value: the folder, the number of the structure, its atoms, formula, elements (in the order of the
program), total charge, and the file and frame it came from."""


@dataclass(frozen=True)
class Structure:
    """A structure and where it came from.

    Parameters
    ----------
    atoms : ase.Atoms
        Without labels.
    source : Path
        Its file.
    frame : int
        Its number in the file, the first is 1.
    """

    atoms: Atoms
    source: Path
    frame: int

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"{self.source}, frame {self.frame}"


@dataclass(frozen=True)
class Inputs:
    """What one folder gets.

    Parameters
    ----------
    files : dict of str to Content
        By name.
    order : tuple of int or None
        Which atom of the structure is each atom of the calculation; None where they are the same.
    check : callable, optional
        Raises where the folder, once written, is not right.
    """

    files: dict[str, Content]
    order: tuple[int, ...] | None = None
    check: Callable[[Path], None] | None = None


Program = Callable[[Structure, Mapping[str, str]], Inputs]
"""Makes the files of a folder from a structure and the values of all places; raises where something is missing."""


def read_structures(paths: Sequence[Path]) -> list[Structure]:
    """Read every frame of some files.

    Raises
    ------
    InputError
        Where a file cannot be read, or a step of it is no frame.
    """
    found = []
    for path in paths:
        for number, atoms in enumerate(read_frames(path), 1):
            try:
                check_cell(atoms, needed=False)
            except InputError as error:
                raise InputError(f"{path}, frame {number}: {error}") from None
            found.append(Structure(without_results(atoms), path, number))
    return found


def variants_of(sets: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return every combination of the values of places.

    Examples
    --------
    >>> variants_of({"temperature": ["300", "600"], "pressure": ["0"]})
    [{'temperature': '300', 'pressure': '0'}, {'temperature': '600', 'pressure': '0'}]
    """
    return [dict(zip(sets, chosen, strict=True)) for chosen in product(*sets.values())]


def lay_out(
    structures: Sequence[Structure],
    program: Program,
    template: Template,
    output: Path,
    *,
    kind: str,
    program_name: str,
    prefix: str,
    variants: Sequence[Mapping[str, str]] = ({},),
    jobs: Template | None = None,
    more_places: Iterable[str] = (),
    array: Callable[[list[str]], Mapping[str, str]] | None = None,
    hashed: Mapping[str, Path] | None = None,
) -> Manifest:
    """Make a folder with one folder for every structure and variant, the structures, and the manifest.

    Parameters
    ----------
    structures : sequence of Structure
        At least one.
    program : callable
        Makes the files of one folder.
    template : Template
        For the check of places and the hashes.
    output : Path
        The folder to make; it must not exist.
    kind, program_name : str
        For the manifest.
    prefix : str
        What names of folders begin with.
    variants : sequence of mapping
        Values of places, one folder each.
    jobs : Template, optional
        Job scripts that every folder gets as well.
    more_places : iterable of str
        Places that the program fills.
    array : callable, optional
        Returns files beside the folders from the list of them.
    hashed : mapping, optional
        Further inputs whose hashes the manifest keeps.

    Raises
    ------
    InputError
        Where an input is missing or wrong; nothing is left behind.
    OutputError
        Where the folder exists.
    """
    refuse_existing_folder(output)
    if not structures:
        raise InputError("no structures to prepare")
    given = sorted({name for variant in variants for name in variant} - {"run"})
    every = template if jobs is None else template.joined(jobs)
    check_places(every.places, {*AUTOMATIC, *more_places, *given}, given)
    digits = len(str(len(structures)))
    entries = []
    with atomic_folder(output) as temporary:
        for row, structure in enumerate(track(structures, "Preparing"), 1):
            for variant in variants:
                name = "_".join([prefix, f"{row:0{digits}d}", *_suffixes(variant)])
                values = {**_automatic(structure, name, row), **variant}
                inputs = program(structure, values)
                _write_files(temporary / name, {**(jobs.filled(values) if jobs else {}), **inputs.files})
                if inputs.check is not None:
                    inputs.check(temporary / name)
                entries.append(_entry(name, row, structure, inputs, variant))
        folders = [entry.folder for entry in entries]
        for name, text in (array(folders) if array else {}).items():
            (temporary / name).write_text(text, encoding="utf-8")
        write_frames(temporary / STRUCTURES, [structure.atoms for structure in structures])
        manifest = Manifest(
            kind=kind,
            program=program_name,
            version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            sources={str(path): sha256(path) for path in dict.fromkeys(item.source for item in structures)},
            template={**every.hashes(), **{name: sha256(path) for name, path in (hashed or {}).items()}},
            structures=sha256(temporary / STRUCTURES),
            entries=tuple(entries),
        )
        write_manifest(manifest, temporary / NAME)
    return manifest


def _automatic(structure: Structure, name: str, row: int) -> dict[str, str]:
    atoms = structure.atoms
    return {
        "name": name,
        "number": str(row),
        "atoms": str(len(atoms)),
        "formula": atoms.get_chemical_formula(),
        "elements": " ".join(dict.fromkeys(atoms.get_chemical_symbols())),
        "charge": f"{labels(atoms, structure.where).charge or 0.0:g}",
        "source": str(structure.source),
        "frame": str(structure.frame),
    }


def _suffixes(variant: Mapping[str, str]) -> list[str]:
    words = [f"{value}K" if name == "temperature" else value if name == "run" else f"{name}{value}"
             for name, value in variant.items()]  # fmt: skip
    for word in words:
        if "/" in word or word.startswith(".") or any(letter.isspace() for letter in word):
            raise InputError(f"{word!r} cannot be part of the name of a folder; take values without spaces and slashes")
    return words


def _write_files(folder: Path, files: Mapping[str, Content]) -> None:
    if folder.exists():
        raise InputError(f"two folders would be called {folder.name}; give values that differ")
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            target.write_text(content, encoding="utf-8")
        elif isinstance(content, Path):
            shutil.copy(content, target)
        else:
            content(target)


def _entry(name: str, row: int, structure: Structure, inputs: Inputs, variant: Mapping[str, str]) -> Entry:
    same = inputs.order is None or list(inputs.order) == list(range(len(structure.atoms)))
    return Entry(
        folder=name,
        row=row,
        source=str(structure.source),
        frame=structure.frame,
        fingerprint=fingerprint(structure.atoms).hex(),
        formula=structure.atoms.get_chemical_formula(),
        order=None if same else inputs.order,
        values=dict(variant),
    )


def linked(path: Path) -> Callable[[Path], object]:
    """Return what makes a symbolic link to a file."""
    return lambda target: target.symlink_to(path.resolve())
