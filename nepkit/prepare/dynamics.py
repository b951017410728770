"""Folders for molecular dynamics: GPUMD and LAMMPS."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.formats import lammps_data
from nepkit.formats.files import write_frames
from nepkit.inputs.inputfile import parse_input
from nepkit.inputs.potential import read_header
from nepkit.inputs.run import check_run_file
from nepkit.prepare.layout import Inputs, Program, Structure
from nepkit.prepare.template import Content, Template

DATA = "structure.data"


def gpumd(runs: Mapping[str, Template], potential: Path, place: Callable[[Path], Content]) -> Program:
    """Return what makes folders for GPUMD: model.xyz, run.in and the potential under the name that run.in gives it.

    Parameters
    ----------
    runs : dict of str to Template
        A run.in by the name of its variant; every template has one file.
    potential : Path
        nep.txt.
    place : callable
        Copies or links a file.

    Every folder is checked as `nepkit check` does it before any of them is kept.

    Raises
    ------
    InputError
        Where the potential is empty or no text.
    """
    known = read_header(potential).elements

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        template = runs[values.get("run", "")]
        (name,) = template.files
        text, where = template.text(name, values), str(template.files[name])
        _check_elements(structure, known, potential)
        _check_cell(structure)
        target = _potential_of(text, where)
        files: dict[str, Content] = {
            "run.in": text,
            target: place(potential),
            "model.xyz": lambda path: write_frames(path, [structure.atoms]),
        }
        return Inputs(files, check=lambda folder: _check_run(folder / "run.in", where, structure.where))

    return make


def _check_run(path: Path, where: str, whose: str) -> None:
    """Raise for the first error in a run.in or in what lies beside it."""
    for finding in check_run_file(path):
        if finding.severity == "error":
            line = "" if finding.line is None else f", line {finding.line}"
            raise InputError(f"{where}{line}, for {whose}: {finding.message}; {finding.remedy}")


def _potential_of(text: str, where: str) -> str:
    """Return the name of the potential in a run.in."""
    named = parse_input(text).find("potential")
    if not named:
        raise InputError(f"{where}: no line potential; write potential nep.txt")
    name = named[0]
    if Path(name).name != name or name in ("run.in", "model.xyz"):
        raise InputError(f"{where}: the potential {name!r} is not in the folder of the run; write potential nep.txt")
    return name


def lammps(runs: Mapping[str, Template], potential: Path | None, place: Callable[[Path], Content]) -> Program:
    """Return what makes folders for LAMMPS: a data file, the input, and the potential where one is given.

    The data file has the name that ``read_data`` of the input gives; ``{{elements}}`` is the order of its types.

    Parameters
    ----------
    runs : dict of str to Template
        An input by the name of its variant; every template has one file.
    potential : Path, optional
        Any file; the elements of a NEP are checked.
    place : callable
        Copies or links a file.
    """
    known = () if potential is None else read_header(potential).elements

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        template = runs[values.get("run", "")]
        (name,) = template.files
        where = str(template.files[name])
        if potential is not None:
            _check_elements(structure, known, potential)
        _check_cell(structure)
        ordered = " ".join(sorted(set(structure.atoms.symbols)))
        text = template.text(name, {**values, "elements": ordered, "data": DATA})
        files: dict[str, Content] = {
            name: text,
            _read_data(text, where): lambda path: lammps_data.write(path, [structure.atoms]),
        }
        if potential is not None:
            if potential.name not in text:
                raise InputError(f"{where}: does not mention {potential.name}, the potential given")
            files[potential.name] = place(potential)
        return Inputs(files)

    return make


def _read_data(text: str, where: str) -> str:
    for line in text.splitlines():
        words = shlex.split(line.partition("#")[0], posix=False)
        if words[:1] == ["read_data"] and len(words) > 1:
            if Path(words[1]).name != words[1] or "$" in words[1]:
                raise InputError(f"{where}: read_data {words[1]} is not a file of the folder; write {{{{data}}}}")
            return words[1]
    raise InputError(f"{where}: no line read_data; write read_data {{{{data}}}}")


def _check_elements(structure: Structure, known: Sequence[str], potential: Path) -> None:
    """Raise where a potential that lists its elements lacks one."""
    missing = sorted(set(structure.atoms.symbols) - set(known))
    if known and missing:
        raise InputError(f"{structure.where}: {missing[0]} is not in {potential}, which has {' '.join(known)}")


def _check_cell(structure: Structure) -> None:
    if structure.atoms.cell.rank < 3:
        raise InputError(f"{structure.where}: no cell; give it one (nepkit structure vacuum)")
