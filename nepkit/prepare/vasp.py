"""Folders for VASP: INCAR, KPOINTS, POSCAR and a POTCAR whose order is that of the POSCAR."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.formats import poscar
from nepkit.frames import labels
from nepkit.prepare.layout import Inputs, Program, Structure
from nepkit.prepare.per_element import SameOrder, expanded, named
from nepkit.prepare.template import Template, read_text

_TITLE = re.compile(r"^\s*TITEL\s*=\s*(\S+)\s+(\S+)", re.MULTILINE)
_VALENCE = re.compile(r"ZVAL\s*=\s*([\d.]+)")

OF_SPECIES = ("LDAUL", "LDAUU", "LDAUJ", "ROPT", "RWIGS", "LANGEVIN_GAMMA", "QUAD_EFG", "NGYROMAG", "VCA", "VDW_ALPHA",
              "VDW_C6", "VDW_R0", "VDW_C6AU", "VDW_R0AU")  # fmt: skip
"""Tags of an INCAR with one value for every species of the POSCAR: https://www.vasp.at/wiki, pages of the tags."""

OF_ATOMS = ("MAGMOM", "M_CONSTR")
"""Tags with one value, or one vector, for every atom of the POSCAR."""

_LIST = re.compile(
    rf"(?im)(?:^|(?<=;))([ \t]*({'|'.join(OF_SPECIES + OF_ATOMS)})[ \t]*=[ \t]*)((?:\\[ \t]*\n|[^;#!\n])*)"
)


@dataclass(frozen=True)
class Potential:
    """One data set of a POTCAR.

    Parameters
    ----------
    element : str
        Chemical symbol.
    name : str
        As in its title, such as ``Li_sv``.
    kind : str
        Of the functional, such as ``PAW_PBE``.
    valence : float
        Electrons that are not in the core.
    """

    element: str
    name: str
    kind: str
    valence: float


def read_potentials(text: str, where: str) -> list[Potential]:
    r"""Return the data sets of a POTCAR.

    Raises
    ------
    InputError
        Where there is none, or a title or number of valence electrons is missing.

    Examples
    --------
    >>> read_potentials("  TITEL  = PAW_PBE Li_sv 10Sep2004\n POMASS = 7.0; ZVAL   =    3.000\n", "POTCAR")
    [Potential(element='Li', name='Li_sv', kind='PAW_PBE', valence=3.0)]
    """
    titles, valences = _TITLE.findall(text), _VALENCE.findall(text)
    if not titles or len(titles) != len(valences):
        raise InputError(f"{where}: not a POTCAR: {len(titles)} lines TITEL and {len(valences)} of ZVAL in it")
    return [
        Potential(re.split(r"[_.]", name)[0], name, kind, float(valence))
        for (kind, name), valence in zip(titles, valences, strict=True)
    ]


def read_incar(text: str) -> dict[str, str]:
    r"""Return the tags of an INCAR, in capitals.

    Examples
    --------
    >>> read_incar("encut = 520 ! eV\nISMEAR = 0 ; SIGMA = 0.05\nMAGMOM = 2*1.0 \\\n 2*0\n# NSW = 3\n")
    {'ENCUT': '520', 'ISMEAR': '0', 'SIGMA': '0.05', 'MAGMOM': '2*1.0   2*0'}
    """
    found = {}
    for line in re.sub(r"\\\s*\n", " ", text).splitlines():
        for statement in re.split(r"[#!]", line)[0].split(";"):
            tag, sign, value = statement.partition("=")
            if sign:
                found[tag.strip().upper()] = value.strip()
    return found


def vasp(template: Template, library: Path | None, names: Mapping[str, str]) -> Program:
    """Return what makes folders for VASP.

    Parameters
    ----------
    template : Template
        With an INCAR, a KPOINTS unless the INCAR has KSPACING, and a POTCAR unless there is a library.
    library : Path, optional
        Folder with ``Li/POTCAR`` or ``POTCAR.Li`` (of data sets such as ``Li_sv`` too).
    names : mapping
        Data set of an element where it is not called as the element.

    Raises
    ------
    InputError
        Where a file is missing or stands where the structure's own belongs.
    """
    for name in ("POSCAR", "CONTCAR"):
        if name in template.files:
            raise InputError(
                f"{template.files[name]}: the structures take the place of it; remove it from the template"
            )
    if "INCAR" not in template.files:
        raise InputError("no INCAR in the template; VASP needs one")
    raw = read_incar(read_text(template.files["INCAR"]))
    if "KPOINTS" not in template.files and "KSPACING" not in raw:
        raise InputError("no KPOINTS in the template and no KSPACING in the INCAR; VASP would take its own 0.5 1/A")
    if ("POTCAR" in template.files) == (library is not None):
        given = "both a POTCAR and" if library else "neither a POTCAR nor"
        raise InputError(f"{given} a library (--potcars) is given; VASP needs one of them")
    potcars = _Library(library, names) if library else _Single(template.files["POTCAR"])
    lists = SameOrder()

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        atoms, where = structure.atoms, structure.where
        if atoms.cell.rank < 3:
            raise InputError(f"{where}: no cell; VASP needs one (nepkit structure vacuum makes one)")
        order = poscar.places(atoms)
        elements = list(dict.fromkeys(atoms.get_chemical_symbols()))
        text, sets = potcars.of(elements, where)
        valence = {item.element: item.valence for item in sets}
        charge = labels(atoms, where).charge or 0.0
        electrons = sum(valence[symbol] for symbol in atoms.symbols) - charge
        files = template.filled({**values, "nelect": f"{electrons:.10g}"})
        given = template.text("INCAR", {**values, "nelect": f"{electrons:.10g}"})
        incar = _with_lists(given, atoms.symbols[order], lists, str(template.files["INCAR"]), where)
        _check_incar(read_incar(incar), charge, electrons, where)
        if incar != given:
            files["INCAR"] = incar
        files["POTCAR"] = lambda path: path.write_text(text, encoding="latin-1")
        files["POSCAR"] = lambda path: poscar.write(path, [atoms])
        return Inputs(files, tuple(order))

    return make


class _Single:
    """One POTCAR for all structures."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = path.read_text(encoding="latin-1")
        self._sets = read_potentials(self._text, str(path))

    def of(self, elements: list[str], where: str) -> tuple[str, list[Potential]]:
        """Return text and data sets of the elements of a POSCAR in their order."""
        found = [item.element for item in self._sets]
        if found != elements:
            told = f"{self._path} has {' '.join(found)}, but the POSCAR of {where} has {' '.join(elements)}"
            raise InputError(f"{told}; use --potcars")
        return self._text, self._sets


class _Library:
    """A folder of data sets, one for every element."""

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        self._folder, self._names = folder, names
        self._read: dict[str, tuple[str, Potential]] = {}

    def of(self, elements: list[str], where: str) -> tuple[str, list[Potential]]:
        """Return text and data sets of the elements of a POSCAR in their order."""
        for element in elements:
            if element not in self._read:
                self._read[element] = _from_library(self._folder, element, self._names.get(element, element), where)
        sets = [self._read[element][1] for element in elements]
        if len({item.kind for item in sets}) > 1:
            told = ", ".join(f"{item.name} {item.kind}" for item in sets)
            raise InputError(f"{where}: POTCARs of different functionals: {told}")
        return "".join(self._read[element][0] for element in elements), sets


def _from_library(library: Path, element: str, name: str, where: str) -> tuple[str, Potential]:
    candidates = [library / name / "POTCAR", library / f"POTCAR.{name}", library / f"POTCAR_{name}"]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        near = sorted({item.name for item in library.glob(f"{element}_*")} | {
            item.name.partition(".")[2] for item in library.glob(f"POTCAR.{element}_*")})  # fmt: skip
        known = f"; there is {', '.join(near)}: --potcar {element}={near[0]}" if near else ""
        raise InputError(f"{where}: no POTCAR of {name} in {library} (as {name}/POTCAR or POTCAR.{name}){known}")
    text = path.read_text(encoding="latin-1")
    found = read_potentials(text, str(path))
    if len(found) != 1 or found[0].element != element:
        raise InputError(f"{path} is of {' '.join(item.element for item in found)}, expected {element} alone")
    return text if text.endswith("\n") else text + "\n", found[0]


def _with_lists(text: str, symbols: Sequence[str], lists: SameOrder, file: str, where: str) -> str:
    """Return an INCAR whose lists by species or atom are those of a structure with these symbols in its POSCAR.

    Raises
    ------
    InputError
        Where a list has another number of values, or is one of plain numbers and an earlier structure another order.
    """
    tags = read_incar(text)
    vectors = any(tags.get(tag, "").strip(".").upper().startswith("T") for tag in ("LNONCOLLINEAR", "LSORBIT"))

    def one(found: re.Match[str]) -> str:
        tag, words = found[2].upper(), found[3].replace("\\", " ").split()
        order = list(symbols) if tag in OF_ATOMS else list(dict.fromkeys(symbols))
        values = named(words, order, f"{file}, {tag}")
        if values is not None:
            return found[1] + " ".join(values)
        plain = expanded(words)
        width = 3 if tag == "M_CONSTR" or (tag == "MAGMOM" and vectors) else 1
        if len(plain) != width * len(order):
            kind = "moments" if tag == "MAGMOM" else "values"
            of = "atoms" if tag in OF_ATOMS else "species"
            raise InputError(
                f"{where}: {tag} in the INCAR names {len(plain)} {kind}, but there are {len(order)} {of}; give it per "
                f"element: {tag} = {' '.join(f'{element}:VALUE' for element in dict.fromkeys(order))}"
            )
        if len(set(zip(*[iter(plain)] * width, strict=True))) > 1:
            lists.require(tag, order, file, where, f"give it per element: {tag} = {order[0]}:VALUE ...")
        return found[0]

    return _LIST.sub(one, text)


def _check_incar(tags: Mapping[str, str], charge: float, electrons: float, where: str) -> None:
    if "NELECT" in tags:
        try:
            same = abs(float(tags["NELECT"]) - electrons) < 1e-6
        except ValueError:
            same = False
        if not same:
            raise InputError(
                f"{where}: NELECT = {tags['NELECT']} in the INCAR, but with the charge {charge:g} there are "
                f"{electrons:g} electrons; write NELECT = {{{{nelect}}}}"
            )
    elif charge:
        raise InputError(
            f"{where}: a total charge of {charge:g}, but no NELECT in the INCAR; write NELECT = {{{{nelect}}}}"
        )
