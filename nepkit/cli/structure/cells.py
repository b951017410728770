"""Other cells of the same crystal: primitive, strained, with vacuum."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.structure.shared import SAVED, changed
from nepkit.core.errors import InputError

symprec = click.option("--symprec", type=click.FloatRange(0, min_open=True), default=1e-3, show_default=True,
                       help="Symmetry tolerance on atomic positions, A.")  # fmt: skip


@command("structure vacuum", menu=124)
@click.argument("file", type=options.FILE)
@click.argument("width", type=click.FloatRange(0))
@click.option(
    "--along",
    default="c",
    show_default=True,
    help="Cell vectors along which vacuum is added: c for a slab, bc for a wire, abc for a molecule.",
)
@click.option("--open", "open_", is_flag=True, help="Make these cell vectors non-periodic.")
@options.save(SAVED)
def vacuum(file: Path, width: float, along: str, open_: bool) -> Output:
    """Put WIDTH A of empty space around the atoms.

    WIDTH is between the outermost atoms and their images along the normal of the other two vectors, whatever space
    there was before: atoms cut by a face of the cell are brought together first. The atoms come to the middle.
    """
    from nepkit.structures.vacuum import with_vacuum

    return Output(frames=changed(file, lambda frame: with_vacuum(frame, along, width, periodic=not open_)))


@command("structure primitive", menu=125)
@click.argument("file", type=options.FILE)
@click.option("--conventional", is_flag=True, help="Conventional cell instead of the primitive one.")
@click.option(
    "--keep-orientation",
    is_flag=True,
    help="Keep the orientation of the crystal and do not move atoms onto symmetry positions.",
)
@symprec
@options.output(SAVED)
def primitive(
    file: Path, conventional: bool, keep_orientation: bool, symprec: float, output: Path | None, overwrite: bool
) -> Output:
    """Find the primitive or conventional cell (spglib).

    Without -o the space groups alone are told. Columns stay where all atoms that become one agree (groups by element
    do); velocities and other vectors are left out and told.
    """
    from nepkit.formats.files import write_frames
    from nepkit.structures.symmetry import standardised

    found = list(
        changed(
            file,
            lambda frame: (
                len(frame),
                standardised(frame, primitive=not conventional, idealise=not keep_orientation, symprec=symprec),
            ),
        )
    )
    text = ""
    if output is not None:
        count = write_frames(output, (made.atoms for _, made in found), overwrite=overwrite)
        text = f"wrote {count} frame{'s' if count != 1 else ''} to {output}"
    rows = [
        (number, f"{made.symbol} ({made.number})", before, len(made.atoms), " ".join(made.dropped) or None)
        for number, (before, made) in enumerate(found, 1)
    ]
    data = [
        {
            "frame": number,
            "number": made.number,
            "symbol": made.symbol,
            "atoms": len(made.atoms),
            "dropped": made.dropped,
        }
        for number, (_, made) in enumerate(found, 1)
    ]
    return Output(
        data=data,
        tables=[Table("", ["frame", "space group", "atoms", "in the cell", "columns left out"], rows)],
        text=text,
    )


@command("structure strain", menu=127)
@click.argument("file", type=options.FILE)
@click.argument("strain")
@click.option("--series", type=(float, float, click.IntRange(1)), metavar="LOW HIGH COUNT",
              help="Series of COUNT strains, STRAIN multiplied by factors from LOW to HIGH.")  # fmt: skip
@options.save(SAVED)
def strain(file: Path, strain: str, series: tuple[float, float, int] | None) -> Output:
    """Strain the cell and the atoms in it.

    STRAIN is six numbers xx,yy,zz,yz,xz,xy (shears as engineers count them: twice the element of the matrix), nine
    numbers of the matrix, rows first, or volume:0.03, the same stretch in all directions. A vector r becomes
    (1 + strain) r. With --series -1 1 5 every frame is strained by five multiples of it. The strain is noted in each.
    """
    import numpy as np

    from nepkit.structures.strains import parse_strain, strain_series, strained

    tensor = parse_strain(strain)
    if series is None:
        return Output(frames=changed(file, lambda frame: strained(frame, tensor)))
    low, high, count = series
    if not np.isfinite([low, high]).all() or (count > 1 and low == high):
        raise InputError(f"--series {low:g} {high:g} {count} is no series: it begins where it ends")
    factors = np.linspace(low, high, count).tolist()
    made = changed(file, lambda frame: list(strain_series(frame, tensor, factors)))
    return Output(frames=(atoms for group in made for atoms in group))
