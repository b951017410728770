"""Folders for any program whose input names a file with the structure, such as a script for GPAW."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.formats import poscar
from nepkit.formats.catalogue import by_file_name
from nepkit.formats.files import write_frames
from nepkit.prepare.layout import Inputs, Program, Structure
from nepkit.prepare.template import Template, read_text


def any_program(template: Template, name: str) -> Program:
    """Return what makes folders with the files of the template and the structure under a name, which tells the format.

    Raises
    ------
    InputError
        Where the template has a file of that name, or none of its files names it.
    """
    if name in template.files:
        raise InputError(f"{template.files[name]}: the structures take its place; remove it from the template")
    made = by_file_name(Path(name))
    if not any(_mentions(path, name) for path in template.files.values()):
        raise InputError(f"no file of the template mentions {name}, the structure; name another with --structure")

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        files = template.filled(values)
        files[name] = lambda path: write_frames(path, [structure.atoms])
        order = tuple(poscar.places(structure.atoms)) if made is poscar.FORMAT else None
        return Inputs(files, order)

    return make


def _mentions(path: Path, name: str) -> bool:
    try:
        return name in read_text(path)
    except InputError:
        return False
