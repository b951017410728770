"""Point defects, and orderings of disordered crystals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.structure.cells import symprec
from nepkit.cli.structure.shape import charges_option
from nepkit.cli.structure.shared import SAVED, the_frame
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.formats.disorder import DisorderedCrystal


@command("structure defect", menu=129)
@click.argument("file", type=options.FILE)
@click.option("--vacancy", multiple=True, metavar="EL", help="Element removed to create a vacancy.")
@click.option("--interstitial", multiple=True, metavar="EL", help="Element inserted at every void as an interstitial.")
@click.option("--antisites", is_flag=True, help="Place every element on the sites of every other element.")
@click.option("--substitute", multiple=True, metavar="EL=EL", help="Host and dopant of a substitution, e.g. Cl=Br.")
@click.option(
    "--atoms", type=click.IntRange(1), help="Approximate number of atoms in the supercell (default: the given cell)."
)
@click.option("--charge", default="0", show_default=True, metavar="LIST",
              help="Charge states, e.g. -1,0,1, or \"formal\" for the state given by formal charges.")  # fmt: skip
@charges_option
@click.option("--min-radius", type=click.FloatRange(0), default=1.2, show_default=True,
              help="Minimum distance of an interstitial from other atoms, A.")  # fmt: skip
@click.option("--with-bulk", is_flag=True, help="Write the pristine supercell as the first frame.")
@symprec
@options.output(SAVED)
def defect(
    file: Path,
    vacancy: tuple[str, ...],
    interstitial: tuple[str, ...],
    antisites: bool,
    substitute: tuple[str, ...],
    atoms: int | None,
    charge: str,
    charges: str,
    min_radius: float,
    with_bulk: bool,
    symprec: float,
    output: Path | None,
    overwrite: bool,
) -> Output:
    """Make point defects, one of every kind.

    FILE has the perfect unit cell (its first frame). Sites that a symmetry makes the same count once (spglib); voids
    are vertices of the Voronoi cells of the atoms. Every frame notes its defect, site, multiplicity per primitive cell
    and charge, which nepkit prepare asks the inputs for. Without -o the table alone is shown.
    """
    from nepkit.formats.files import write_frames
    from nepkit.structures.charges import formal_charges, parse_charges
    from nepkit.structures.defects import bulk_supercell, defects

    crystal = the_frame(file)
    pairs = [_pair(text) for text in substitute]
    _check_names([*vacancy, *interstitial, *(name for pair in pairs for name in pair)])
    states: dict[str, float] | list[float]
    if charge == "formal":
        names = [*crystal.get_chemical_symbols(), *interstitial, *(dopant for _, dopant in pairs)]
        states = formal_charges(names, parse_charges(charges))
    else:
        states = _numbers(charge)
    found = defects(
        crystal,
        vacancies=vacancy,
        interstitials=interstitial,
        antisites=antisites,
        substitutions=pairs,
        atoms=atoms,
        charges=states,
        min_radius=min_radius,
        symprec=symprec,
    )
    text = ""
    if output is not None:
        first = [bulk_supercell(crystal, atoms)] if with_bulk else []
        count = write_frames(output, [*first, *(item.atoms for item in found)], overwrite=overwrite)
        text = f"wrote {count} frame{'s' if count != 1 else ''} to {output}"
    rows = [(item.name, item.site, item.multiplicity, item.charge, len(item.atoms), item.distance) for item in found]
    data = [
        {name: value for name, value in vars(item).items() if name != "atoms"} | {"atoms": len(item.atoms)}
        for item in found
    ]
    columns = ["defect", "site", "per prim. cell", "charge (e)", "atoms", "nearest (A)"]
    return Output(data=data, tables=[Table("", columns, rows, ["", "", "g", "+g", "", ".3f"])], text=text)


def _pair(text: str) -> tuple[str, str]:
    host, sign, dopant = text.partition("=")
    if not (host and sign and dopant) or host == dopant:
        raise InputError(f"{text!r} is no substitution; write for instance Cl=Br")
    return host, dopant


def _check_names(names: list[str]) -> None:
    from ase.data import atomic_numbers

    for name in names:
        if name not in atomic_numbers or name == "X":
            raise InputError(f"{name!r} is not an element")


def _numbers(text: str) -> list[float]:
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = []
    if not values or len(set(values)) < len(values):
        raise InputError(f"--charge {text} is no list of different charges such as -1,0,1, nor formal")
    return values


@command("structure order", menu=130)
@click.argument("file", type=options.FILE)
@click.option("--occupy", multiple=True, metavar="EL=SHARES",
              help="Site occupancies of an element where FILE has none, e.g. Cl=Cl:0.5,Br:0.5.")  # fmt: skip
@click.option("--copies", type=(click.IntRange(1), click.IntRange(1), click.IntRange(1)), default=(1, 1, 1),
              show_default=True, metavar="A B C", help="Repetitions of the cell before ordering.")  # fmt: skip
@charges_option
@click.option(
    "--keep", type=click.IntRange(1), default=10, show_default=True, help="Number of lowest-energy orderings to write."
)
@click.option("--all", "every", is_flag=True, help="Keep symmetry-equivalent orderings as well.")
@click.option("--sample", is_flag=True, help="Simulated annealing (seeded) instead of complete enumeration.")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=200_000,
    show_default=True,
    help="Maximum number of orderings to enumerate.",
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    help="Number of exchange steps per annealing run.",
)
@click.option("--runs", type=click.IntRange(1), default=4, show_default=True, help="Number of annealing runs.")
@click.option("--nearest", is_flag=True, help="Round occupancies that do not give whole numbers of atoms.")
@click.option("--closest", type=click.FloatRange(0), default=0.8, show_default=True,
              help="Minimum distance between atoms, A; prevents double occupation of split sites.")  # fmt: skip
@symprec
@options.seed
@options.output(SAVED)
def order(
    file: Path,
    occupy: tuple[str, ...],
    copies: tuple[int, int, int],
    charges: str,
    keep: int,
    every: bool,
    sample: bool,
    most: int,
    steps: int,
    runs: int,
    nearest: bool,
    closest: float,
    symprec: float,
    seed: int,
    output: Path | None,
    overwrite: bool,
) -> Output:
    """Order partially occupied sites.

    FILE is a CIF with occupancies, or any structure with --occupy. Every ordering of the composition gets the Ewald
    energy of its formal charges, one of those that a symmetry makes the same is kept, and the lowest are written. Where
    there are more than --most the number is told and nothing is done; --sample finds low ones by annealing.
    """
    from nepkit.formats.files import write_frames
    from nepkit.structures.annealing import sample_orderings
    from nepkit.structures.charges import formal_charges, parse_charges
    from nepkit.structures.ordering import enumerate_orderings
    from nepkit.structures.sites import Problem

    crystal = _disordered(file, occupy).repeated(copies)
    names = sorted({name for shares in crystal.shares for name in shares})
    problem = Problem(crystal, formal_charges(names, parse_charges(charges)), nearest=nearest, closest=closest)
    if sample:
        found = sample_orderings(problem, keep=keep, steps=steps, runs=runs, seed=seed, symprec=symprec)
    else:
        found = enumerate_orderings(problem, keep=keep, distinct=not every, most=most, symprec=symprec)
    first = found.lowest[0]
    lines = [f"{found.total} orderings of {first.atoms.get_chemical_formula()}"]
    if found.distinct is not None:
        lines[0] += f", {found.distinct} of them distinct"
    if sample:
        lines[0] += f"; {found.visited} exchanges tried, so a lower one may exist"
    if abs(found.charge) > 1e-6:
        lines.append(f"the cell has a formal charge of {found.charge:+g} e and lies in a uniform background")
    if output is not None:
        count = write_frames(output, (item.atoms for item in found.lowest), overwrite=overwrite)
        lines.append(f"wrote {count} ordering{'s' if count != 1 else ''} to {output}")
    rows = [
        (rank, item.energy, item.energy - first.energy, item.degeneracy) for rank, item in enumerate(found.lowest, 1)
    ]
    columns = ["ordering", "energy (eV)", "above the lowest", "same by symmetry"]
    return Output(
        data={
            "total": found.total,
            "distinct": found.distinct,
            "formula": first.atoms.get_chemical_formula(),
            "charge": found.charge,
            "energies": [item.energy for item in found.lowest],
            "degeneracies": [item.degeneracy for item in found.lowest],
        },
        tables=[Table("", columns, rows, ["", ".4f", ".4f", ""])],
        text="\n".join(lines),
    )


def _disordered(file: Path, occupy: tuple[str, ...]) -> DisorderedCrystal:
    from nepkit.formats.catalogue import detect
    from nepkit.formats.disorder import occupied, parse_rule, read_disordered

    if occupy:
        return occupied(the_frame(file), dict(parse_rule(text) for text in occupy), str(file))
    made = detect(file)
    if made is None or made.name != "cif":
        raise InputError(f"{file}: only a CIF has shares of sites; give them: --occupy Cl=Cl:0.5,Br:0.5")
    return read_disordered(file)
