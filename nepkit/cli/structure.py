"""``nepkit structure``: change structures."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output
from nepkit.errors import InputError

group("structure", "Change structures: supercells and groups of atoms.")


@command("structure replicate", menu=110)
@click.argument("file", type=options.FILE)
@click.option("--copies", type=(int, int, int), metavar="A B C", help="How often along every cell vector.")
@click.option("--atoms", type=click.IntRange(1), help="About how many atoms, in a cell as thick as it is wide.")
@options.save("The supercells as extended xyz; standard output when left out.")
def replicate(file: Path, copies: tuple[int, int, int] | None, atoms: int | None) -> Output:
    """Repeat the cell of every frame.

    Give --copies, or --atoms for the most compact supercell within a tenth of that number. Groups, velocities and other
    columns are repeated; energies and other labels are left out. For other formats convert the result.
    """
    from nepkit.analysis.structures import copies_for, replicated
    from nepkit.frames import read_frames

    if (copies is None) == (atoms is None):
        raise InputError("give either --copies or --atoms")
    return Output(frames=(replicated(frame, copies or copies_for(frame, atoms or 0)) for frame in read_frames(file)))


@command("structure group", menu=106)
@click.argument("file", type=options.FILE)
@click.option("--by", multiple=True, default=["element"], show_default=True, metavar="HOW",
              help="element, element:Li,Cl, index:1-64/65- or z:10,20; one column of groups each.")  # fmt: skip
@options.save("GPUMD's model.xyz; standard output when left out.")
def group_atoms(file: Path, by: tuple[str, ...]) -> Output:
    """Number groups of atoms for GPUMD's model.xyz.

    Each --by is one grouping method, in the order given: by element (alphabetical, or in the order named), by numbers
    of atoms (sets separated by /, all others are the last group), or by slabs between boundaries along x, y or z in A.
    """
    from nepkit.analysis.structures import grouped
    from nepkit.frames import read_frames

    return Output(frames=(grouped(frame, list(by)) for frame in read_frames(file)))
