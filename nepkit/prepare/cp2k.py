"""Folders for CP2K: cell and coordinates put into the sections of an input where they belong.

The input is read as CP2K reads it: sections begin with ``&NAME`` and end with ``&END``, a keyword is the whole first
word of a line whatever its case, comments begin with ``#`` or ``!``. Lines that are not replaced stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.prepare.layout import Inputs, Program, Structure
from nepkit.prepare.per_element import SameOrder
from nepkit.prepare.template import Template

CELL_KEYWORDS = {"A", "B", "C", "ABC", "ALPHA_BETA_GAMMA", "ANGLES", "CELL_FILE_NAME", "CELL_FILE_FORMAT"}
"""Keywords of &CELL that say what the cell is; all others of it stay: https://manual.cp2k.org, CP2K_INPUT/../CELL."""

TOPOLOGY_KEYWORDS = {"COORD_FILE_NAME", "COORD_FILE_FORMAT", "COORDINATE", "COORDINATES", "COORD_FILE"}
"""Keywords of &TOPOLOGY that say where coordinates are."""

ATOM_KEYWORDS = {"LIST", "ATOMS", "ATOM", "ATOM_LIST", "ATOMS_FROM", "ATOMS_TO", "MM_INDEX", "QM_INDEX"}
"""Keywords that list atoms by their number, such as those of &FIXED_ATOMS, &COLVAR and &CDFT."""

ATOM_SECTIONS = {"VELOCITY", "CORE_VELOCITY", "SHELL_VELOCITY"}
"""Sections of one row for every atom."""


@dataclass
class Section:
    """A section of an input.

    Parameters
    ----------
    name : str
        In capitals; empty for the whole input.
    opening, closing : str
        Its first and last line as they stand.
    items : list of str or Section
        Lines and sections in it.
    number : int
        Of its first line, the first is 1.
    """

    name: str
    opening: str = ""
    closing: str = ""
    items: list[str | Section] = field(default_factory=list)
    number: int = 0

    def sections(self, name: str) -> list[Section]:
        """Return the sections of a name right in this one."""
        return [item for item in self.items if isinstance(item, Section) and item.name == name]

    def keywords(self) -> Iterator[tuple[str, str]]:
        """Yield keyword in capitals and value of every line right in this section."""
        for item in self.items:
            if isinstance(item, str) and keyword(item):
                yield keyword(item), _bare(item).partition(" ")[2].strip()

    def lines(self) -> Iterator[str]:
        """Yield the text, lines without their ends."""
        if self.name:
            yield self.opening
        for item in self.items:
            if isinstance(item, str):
                yield item
            else:
                yield from item.lines()
        if self.name:
            yield self.closing


def _bare(line: str) -> str:
    for sign in "#!":
        line = line.partition(sign)[0]
    return " ".join(line.replace("\t", " ").split())


def keyword(line: str) -> str:
    """Return the keyword of a line in capitals; empty for none.

    Examples
    --------
    >>> keyword("  abc 10 10 10 ! box"), keyword("# A 1 0 0")
    ('ABC', '')
    """
    return _bare(line).partition(" ")[0].partition("[")[0].upper()


def parse(text: str, where: str) -> Section:
    r"""Return an input as sections.

    Raises
    ------
    InputError
        Where a section is not closed, or closed by another name; names the line.

    Examples
    --------
    >>> whole = parse("&GLOBAL\n  PROJECT x\n&END\n", "in.inp")
    >>> list(whole.sections("GLOBAL")[0].keywords())
    [('PROJECT', 'x')]
    """
    stack = [Section("")]
    for number, line in enumerate(text.splitlines(), 1):
        word = keyword(line)
        if word.startswith("&END"):
            closed = stack.pop()
            name = word[4:] or _bare(line).partition(" ")[2].upper()
            if not stack or (name and name != closed.name):
                raise InputError(f"{where}, line {number}: {line.strip()!r} closes no section that is open here")
            closed.closing = line
        elif word.startswith("&"):
            made = Section(word[1:], line, number=number)
            stack[-1].items.append(made)
            stack.append(made)
        else:
            stack[-1].items.append(line)
    if len(stack) > 1:
        raise InputError(f"{where}: &{stack[-1].name} of line {stack[-1].number} is not closed")
    return stack[0]


def cp2k(template: Template, input_name: str | None = None) -> Program:
    """Return what makes folders for CP2K.

    Parameters
    ----------
    template : Template
        With an input ``*.inp``.
    input_name : str, optional
        Its name where there are several.

    Raises
    ------
    InputError
        Where it is not clear which file the input is, or it is none.
    """
    inputs = [name for name in template.files if name.lower().endswith(".inp")] if input_name is None else [input_name]
    if len(inputs) != 1 or inputs[0] not in template.files:
        told = " ".join(inputs) or "no *.inp"
        raise InputError(f"the template has {told}; CP2K needs one input, name it with --input")
    (name,) = inputs
    where = str(template.files[name])
    lists = SameOrder()

    def make(structure: Structure, values: Mapping[str, str]) -> Inputs:
        files = template.filled(values)
        whole = parse(template.text(name, values), where)
        put_structure(whole, structure.atoms, where, structure.where)
        for item in by_number(whole):
            lists.require(item, structure.atoms.get_chemical_symbols(), where, structure.where,
                          "give these structures a template without it")  # fmt: skip
        files[name] = "\n".join(whole.lines()) + "\n"
        return Inputs(files)

    return make


def by_number(section: Section, path: str = "") -> Iterator[str]:
    r"""Yield what stands in an input for atoms by their number, and so for one order of them.

    Examples
    --------
    >>> list(by_number(parse("&MOTION\n&FIXED_ATOMS\nLIST 1..4\n&END\n&END", "in.inp")))
    ['LIST of &MOTION &FIXED_ATOMS']
    """
    for item in section.items:
        if isinstance(item, Section):
            inside = f"{path} &{item.name}".strip()
            if item.name in ATOM_SECTIONS:
                yield inside
            yield from by_number(item, inside)
        elif keyword(item) in ATOM_KEYWORDS:
            yield f"{keyword(item)} of {path or 'the input'}"


def put_structure(whole: Section, atoms: Atoms, where: str, whose: str) -> None:
    """Put cell and coordinates into an input, in place.

    Raises
    ------
    InputError
        Where there is not one &FORCE_EVAL with one &SUBSYS, an element has no &KIND, or charge and periodicity are not
        those of the structure.
    """
    evaluation = _the_one(whole, "FORCE_EVAL", where)
    subsystem = _the_one(evaluation, "SUBSYS", where)
    kinds = _kinds(subsystem, where)
    missing = sorted(set(atoms.symbols) - set(kinds))
    if missing and any(_label(kind).upper() == "DEFAULT" for kind in subsystem.sections("KIND")):
        kinds |= {element: element for element in missing}
    elif missing:
        raise InputError(f"{where}: no &KIND {missing[0]} in &SUBSYS, which {whose} needs")
    _check_charge(evaluation, atoms, where, whose)
    cell = _made(subsystem, "CELL")
    _check_cell(cell, atoms, where, whose)
    for section in (cell, *subsystem.sections("TOPOLOGY")):
        if dict(section.keywords()).get("MULTIPLE_UNIT_CELL", "1 1 1") != "1 1 1":
            raise InputError(f"{where}: MULTIPLE_UNIT_CELL would repeat the structure; remove it")
    _replace(cell, CELL_KEYWORDS, [
        f"{axis} {vector[0]:.10f} {vector[1]:.10f} {vector[2]:.10f}"
        for axis, vector in zip("ABC", atoms.cell.array, strict=True)])  # fmt: skip
    for topology in subsystem.sections("TOPOLOGY"):
        _replace(topology, TOPOLOGY_KEYWORDS, [])
    coordinates = _made(subsystem, "COORD")
    indent = _indent(coordinates.opening)
    coordinates.items = [
        f"{indent}  {kinds[symbol]} {x:.10f} {y:.10f} {z:.10f}"
        for symbol, (x, y, z) in zip(atoms.get_chemical_symbols(), atoms.positions.tolist(), strict=True)
    ]


def _the_one(parent: Section, name: str, where: str) -> Section:
    found = parent.sections(name)
    if len(found) != 1:
        raise InputError(f"{where}: {len(found) or 'no'} sections &{name}, expected one")
    return found[0]


def _made(parent: Section, name: str) -> Section:
    """Return the section of a name, a new one where there is none; of several the first stays."""
    found = parent.sections(name)
    if not found:
        indent = _indent(parent.opening) + "  "
        found = [Section(name, f"{indent}&{name}", f"{indent}&END {name}")]
        parent.items.insert(0, found[0])
    parent.items = [item for item in parent.items if not any(item is other for other in found[1:])]
    return found[0]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _replace(section: Section, keywords: set[str], lines: list[str]) -> None:
    kept = [item for item in section.items if not (isinstance(item, str) and keyword(item) in keywords)]
    indent = _indent(section.opening) + "  "
    section.items = [*(indent + line for line in lines), *kept]


def _kinds(subsystem: Section, where: str) -> dict[str, str]:
    """Return the label of every element: its own symbol where that is a kind, else the one kind of this element."""
    found: dict[str, str] = {}
    for kind in subsystem.sections("KIND"):
        label = _label(kind)
        element = dict(kind.keywords()).get("ELEMENT", label).capitalize()
        if element in atomic_numbers:
            if element in found and label.capitalize() != element and found[element].capitalize() != element:
                raise InputError(f"{where}: the kinds {found[element]} and {label} are both {element}; which one?")
            if element not in found or label.capitalize() == element:
                found[element] = label
    return found


def _label(kind: Section) -> str:
    return _bare(kind.opening).partition(" ")[2].strip()


def _check_charge(evaluation: Section, atoms: Atoms, where: str, whose: str) -> None:
    charge = labels(atoms, whose).charge or 0.0
    for section in evaluation.sections("DFT"):
        given = dict(section.keywords()).get("CHARGE", "0")
        try:
            same = abs(float(given) - charge) < 1e-9
        except ValueError:
            same = given.startswith("$")  # a variable of the user
        if not same:
            raise InputError(f"{where}: CHARGE {given} in &DFT, but {charge:g} in {whose}; write CHARGE {{{{charge}}}}")


def _check_cell(cell: Section, atoms: Atoms, where: str, whose: str) -> None:
    if atoms.cell.rank < 3:
        raise InputError(f"{whose}: no cell; CP2K needs one (nepkit structure vacuum makes one)")
    given = dict(cell.keywords()).get("PERIODIC", "XYZ").upper()
    wanted = "".join(axis for axis, periodic in zip("XYZ", atoms.pbc, strict=True) if periodic) or "NONE"
    if "".join(sorted(given)) != "".join(sorted(wanted)) and not given.startswith("$"):
        raise InputError(f"{where}: PERIODIC {given} in &CELL, but {whose} is periodic along {wanted}")
