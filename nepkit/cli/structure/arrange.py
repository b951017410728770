"""More atoms, other orders, and groups."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.structure.shared import SAVED, changed, the_frame
from nepkit.core.errors import InputError


@command("structure replicate", menu=110)
@click.argument("file", type=options.FILE)
@click.option("--copies", type=(int, int, int), metavar="A B C", help="Number of repetitions along each cell vector.")
@click.option(
    "--atoms", type=click.IntRange(1), help="Approximate number of atoms; the supercell is made as compact as possible."
)
@options.save(SAVED)
def replicate(file: Path, copies: tuple[int, int, int] | None, atoms: int | None) -> Output:
    """Repeat the cell of every frame.

    Give --copies, or --atoms for the most compact supercell within a tenth of that number. Groups, velocities and other
    columns are repeated; energies and other labels are left out.
    """
    from nepkit.structures.supercells import copies_for, replicated

    if (copies is None) == (atoms is None):
        raise InputError("give either --copies or --atoms")
    return Output(frames=changed(file, lambda frame: replicated(frame, copies or copies_for(frame, atoms or 0))))


@command("structure supercell-to", menu=122)
@click.argument("file", type=options.FILE)
@click.argument("atoms", type=click.IntRange(1))
@click.option("--straight", is_flag=True, help="Repeat the cell vectors as they are, without combining them.")
@options.save(SAVED)
def supercell_to(file: Path, atoms: int, straight: bool) -> Output:
    """Make the supercell nearest to a cube.

    Vectors are combined, so that a skew primitive cell becomes a compact one; it has ATOMS atoms within a tenth.
    """
    from nepkit.structures.supercells import compact_matrix, copies_for, replicated, supercell

    if straight:
        return Output(frames=changed(file, lambda frame: replicated(frame, copies_for(frame, atoms))))
    return Output(frames=changed(file, lambda frame: supercell(frame, compact_matrix(frame, atoms))))


@command("structure group", menu=106)
@click.argument("file", type=options.FILE)
@click.option("--by", multiple=True, default=["element"], show_default=True, metavar="HOW",
              help="Grouping methods: element, element:Li,Cl, index:1-64/65-, z:10,20, c:0.25,0.75, "
                   "sphere:x,y,z,radius, bonds, bonds:1.3 or formula; each adds one group column.")  # fmt: skip
@options.save("Output file, GPUMD's model.xyz (default: standard output).")
def group_atoms(file: Path, by: tuple[str, ...]) -> Output:
    """Number groups of atoms for GPUMD's model.xyz.

    Each --by is one grouping method, in the order given: by element (alphabetical, or in the order named), by numbers
    of atoms (sets separated by /, all others are the last group), by slabs between boundaries along x, y or z in A or
    along a, b or c in fractions, by a sphere, by molecules (atoms joined by bonds shorter than a factor times the sum
    of covalent radii), or by the formulas of molecules.
    """
    from nepkit.structures.grouping import grouped

    return Output(frames=changed(file, lambda frame: grouped(frame, list(by))))


@command("structure renumber", menu=121)
@click.argument("file", type=options.FILE)
@click.option("--by", multiple=True, metavar="HOW", help="Sort keys: element, element:Li,Cl, x, y, z, a, b, c, group, "
                                                         "group:1, id or reverse; with several, the first takes "
                                                         "precedence.")  # fmt: skip
@click.option("--like", type=options.FILE, help="Reference structure whose atom order is adopted (its first frame).")
@options.save(SAVED)
def renumber(file: Path, by: tuple[str, ...], like: Path | None) -> Output:
    """Bring the atoms of frames into another order.

    All columns and labels go with their atoms, and a column id (the numbers of LAMMPS) counts anew from 1; a LAMMPS
    data file written of it is numbered in this order. --like finds which atom is which by the nearest positions.
    """
    from nepkit.structures.renumbering import order_like, renumbered, reordered

    if bool(by) == (like is not None):
        raise InputError("give either --by or --like")
    if like is None:
        return Output(frames=changed(file, lambda frame: renumbered(frame, list(by))))
    reference = the_frame(like)
    return Output(frames=changed(file, lambda frame: reordered(frame, order_like(frame, reference))))
