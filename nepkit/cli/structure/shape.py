"""Surfaces."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.structure.cells import symprec
from nepkit.cli.structure.shared import SAVED, the_frame

charges_option = click.option(
    "--charges",
    default="",
    metavar="LIST",
    help="Formal charges, e.g. Li=1,Cl=-1 (default: common oxidation states).",
)


@command("structure slab", menu=128)
@click.argument("file", type=options.FILE)
@click.argument("miller", type=int, nargs=3)
@click.option("--thickness", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True,
              help="Minimum slab thickness between the outermost atomic planes, A.")  # fmt: skip
@click.option(
    "--vacuum",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    help="Vacuum thickness between periodic images, A.",
)
@click.option("--symmetric", is_flag=True, help="Remove planes from the top until both surfaces are equivalent.")
@click.option(
    "--as-given", is_flag=True, help="Interpret MILLER in the cell of the file instead of the conventional cell."
)
@charges_option
@symprec
@options.output(SAVED)
def slab(
    file: Path,
    miller: tuple[int, int, int],
    thickness: float,
    vacuum: float,
    symmetric: bool,
    as_given: bool,
    charges: str,
    symprec: float,
    output: Path | None,
    overwrite: bool,
) -> Output:
    """Cut a crystal along the plane MILLER.

    A slab for every distinct place to cut (the first frame of FILE), in the smallest cell along the surface, with what
    its two surfaces are made of and whether it is polar: whether formal charges leave a dipole across it. A polar slab
    has to be reconstructed or compensated. Without -o the table alone is shown.
    """
    from nepkit.formats.files import write_frames
    from nepkit.structures.charges import formal_charges, parse_charges
    from nepkit.structures.surfaces import slabs
    from nepkit.structures.symmetry import standardised

    crystal = the_frame(file)
    if not as_given:
        crystal = standardised(crystal, primitive=False, symprec=symprec).atoms
    found = slabs(
        crystal,
        miller,
        thickness=thickness,
        vacuum=vacuum,
        symmetric=symmetric,
        charges=formal_charges(crystal.symbols, parse_charges(charges)),
        symprec=symprec,
    )
    text = ""
    if output is not None:
        count = write_frames(output, (item.atoms for item in found), overwrite=overwrite)
        text = f"wrote {count} slab{'s' if count != 1 else ''} to {output}"
    rows, data = [], []
    for item in found:
        told = "charged" if item.polar is None else "polar" if item.polar else "not polar"
        rows.append(
            (
                item.termination,
                item.bottom,
                item.top,
                len(item.atoms),
                item.thickness,
                item.symmetric,
                item.net_charge,
                told,
            )
        )
        data.append({name: value for name, value in vars(item).items() if name != "atoms"} | {"polar": item.polar})
    columns = ["cut", "bottom", "top", "atoms", "thickness (A)", "symmetric", "charge (e)", "polar"]
    return Output(data=data, tables=[Table("", columns, rows, ["", "", "", "", ".2f", "", "+.3g", ""])], text=text)
