"""Folders for ABACUS: a STRU with the species of the template's and the atoms of the structure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ase import Atoms
from ase.units import Bohr

from nepkit.core.errors import InputError
from nepkit.formats import poscar
from nepkit.frames import labels
from nepkit.prepare.layout import Inputs, Program, Structure
from nepkit.prepare.per_element import named
from nepkit.prepare.template import Template

_SPECIES = ("ATOMIC_SPECIES", "NUMERICAL_ORBITAL")
_BLOCKS = (
    *_SPECIES,
    "LATTICE_CONSTANT",
    "LATTICE_VECTORS",
    "LATTICE_PARAMETER",
    "ATOMIC_POSITIONS",
    "NUMERICAL_DESCRIPTOR",
)

OF_SPECIES = ("orbital_corr", "hubbard_u", "hund_j", "hubbard_j")
"""Settings of an INPUT with one value for every species: https://abacus.deepmodeling.com, "Full list of INPUT"."""

_LIST = re.compile(rf"(?im)^([ \t]*({'|'.join(OF_SPECIES)})[ \t]+)([^#/\n]*?)(?=[ \t]*(?:[#/].*)?$)")


def blocks(text: str) -> dict[str, list[str]]:
    r"""Return the lines of every block of a STRU, comments and blank lines left out.

    Examples
    --------
    >>> blocks("ATOMIC_SPECIES\nLi 6.94 Li.upf // the file\n\nLATTICE_CONSTANT\n1.89\n")
    {'ATOMIC_SPECIES': ['Li 6.94 Li.upf'], 'LATTICE_CONSTANT': ['1.89']}
    """
    found: dict[str, list[str]] = {}
    block = ""
    for line in text.splitlines():
        bare = re.split(r"//|#", line)[0].strip()
        if bare in _BLOCKS:
            block = bare
            found[block] = []
        elif bare and block:
            found[block].append(bare)
    return found


def abacus(template: Template) -> Program:
    """Return what makes folders for ABACUS.

    Parameters
    ----------
    template : Template
        With an INPUT, a KPT unless the INPUT has kspacing or gamma_only, and a STRU that lists the species
        (ATOMIC_SPECIES, and NUMERICAL_ORBITAL for a basis of orbitals); its structure is replaced.

    Raises
    ------
    InputError
        Where a file or block is missing.
    """
    for name in ("INPUT", "STRU"):
        if name not in template.files:
            raise InputError(f"no {name} in the template; ABACUS needs one")

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        atoms, where = structure.atoms, structure.where
        if atoms.cell.rank < 3:
            raise InputError(f"{where}: no cell; ABACUS needs one (nepkit structure vacuum makes one)")
        files = template.filled(values)
        given = blocks(template.text("STRU", values))
        settings = {line.split()[0].lower(): " ".join(line.split()[1:])
                    for line in template.text("INPUT", values).splitlines() if line.split()}  # fmt: skip
        _check_input(settings, given, template, labels(atoms, where).charge or 0.0, where)
        order, file = poscar.places(atoms), str(template.files["STRU"])
        species = [line.split()[0] for line in given.get("ATOMIC_SPECIES", [])]
        moments = _moments(given.get("ATOMIC_POSITIONS", []), species, file)
        files["STRU"] = _stru(atoms, order, given, moments, file, where)
        text = template.text("INPUT", values)
        changed = _reordered(text, species, atoms.symbols[order], str(template.files["INPUT"]))
        if changed != text:
            files["INPUT"] = changed
        return Inputs(files, tuple(order))

    return make


def _check_input(
    settings: Mapping[str, str], given: Mapping[str, list[str]], template: Template, charge: float, where: str
) -> None:
    if "KPT" not in template.files and not {"kspacing", "gamma_only"} & set(settings):
        raise InputError("no KPT in the template, and neither kspacing nor gamma_only in the INPUT")
    if settings.get("basis_type", "pw") != "pw" and "NUMERICAL_ORBITAL" not in given:
        raise InputError(
            f"{template.files['STRU']}: no NUMERICAL_ORBITAL, which basis_type {settings['basis_type']} needs"
        )
    if charge and "nelec" not in settings and "nelec_delta" not in settings:
        raise InputError(f"{where}: a total charge of {charge:g}, but the INPUT has no nelec_delta")
    if settings.get("stru_file", "STRU") != "STRU":
        raise InputError(f"{template.files['INPUT']}: stru_file is not STRU; remove it")


def _reordered(text: str, species: Sequence[str], symbols: Sequence[str], file: str) -> str:
    """Return an INPUT whose lists by species have the order of a structure's, not that of the template's STRU.

    Raises
    ------
    InputError
        Where a list has not one value for every species of the template, or an element of the structure none.
    """
    elements = list(dict.fromkeys(symbols))

    def one(found: re.Match[str]) -> str:
        words, told = found[3].split(), f"{file}, {found[2]}"
        values = named(words, elements, told)
        if values is None:
            if len(words) != len(species):
                raise InputError(f"{told}: {len(words)} values, but ATOMIC_SPECIES of STRU has {len(species)}")
            values = [words[species.index(element)] for element in elements]
        return found[1] + " ".join(values)

    return _LIST.sub(one, text)


def _moments(lines: Sequence[str], species: Sequence[str], file: str) -> dict[str, str]:
    """Return the initial moment of every species of the template's structure that has one.

    Raises
    ------
    InputError
        Where atoms have moments of their own, which no other structure can take over.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        words = line.split()
        if len(words) == 1 and words[0] in species and number + 1 < len(lines):
            found[words[0]] = lines[number + 1].split()[0]
        elif len(words) > 3 and {"mag", "magmom"} & {word.lower() for word in words[3:]}:
            raise InputError(
                f"{file}: {line!r} gives one atom a moment, but the structure is replaced; give it per species, below "
                "its name"
            )
    return found


def _stru(
    atoms: Atoms, order: list[int], given: Mapping[str, list[str]], moments: Mapping[str, str], file: str, where: str
) -> str:
    elements = list(dict.fromkeys(atoms.get_chemical_symbols()))
    species = [line.split()[0] for line in given.get("ATOMIC_SPECIES", [])]
    missing = [name for name in elements if name not in species]
    if missing:
        raise InputError(f"{file}: {missing[0]} of {where} is not in ATOMIC_SPECIES")
    lines = []
    for block in _SPECIES:
        if block in given:
            if len(given[block]) != len(species):
                raise InputError(
                    f"{file}: {block} has {len(given[block])} lines, expected {len(species)} as there are species"
                )
            lines += [block, *(given[block][species.index(name)] for name in elements), ""]
    lines += ["LATTICE_CONSTANT", f"{1.0 / Bohr:.12f}", "", "LATTICE_VECTORS"]
    lines += [" ".join(f"{value:.10f}" for value in vector) for vector in atoms.cell.array]
    lines += ["", "ATOMIC_POSITIONS", "Cartesian"]
    for name in elements:
        mine = [index for index in order if atoms.symbols[index] == name]
        lines += ["", name, moments.get(name, "0.0"), str(len(mine))]
        lines += [" ".join(f"{value:.10f}" for value in atoms.positions[index]) + " 1 1 1" for index in mine]
    return "\n".join(lines) + "\n"
