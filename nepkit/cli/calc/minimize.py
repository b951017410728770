"""Structures brought to rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.properties.landscape.minimum import Minimum

fmax = click.option("--fmax", type=click.FloatRange(0, min_open=True), default=0.01, show_default=True,
                    help="Convergence threshold on the largest atomic force, eV/A.")  # fmt: skip
steps = click.option(
    "--steps", type=click.IntRange(1), default=500, show_default=True, help="Maximum number of steps per structure."
)
optimiser = click.option("--optimizer", "optimiser", type=click.Choice(["lbfgs", "bfgs", "fire"]), default="lbfgs",
                         show_default=True, help="Optimisation algorithm; fire "
                                                 "is the slowest and most robust.")  # fmt: skip


@command("calc minimize", menu=411, csv=True)
@click.argument("structures", type=options.FILE)
@options.models
@fmax
@steps
@click.option("--cell", type=click.Choice(["fixed", "isotropic", "full"]), default="fixed", show_default=True,
              help="Cell degrees of freedom: none, volume only, or all.")  # fmt: skip
@click.option(
    "--pressure", type=float, default=0.0, show_default=True, help="External pressure on a variable cell, GPa."
)
@click.option("--symmetry", is_flag=True, help="Preserve the initial space group.")
@optimiser
@options.output("Output structures: extended xyz, or another format chosen by the file name.", default="minimized.xyz")
@click.option("--trajectory", type=options.NEW, help="Output file for every step of a single structure, extended xyz.")
@options.jobs
def minimize(
    structures: Path,
    models: tuple[str, ...],
    fmax: float,
    steps: int,
    cell: Any,
    pressure: float,
    symmetry: bool,
    optimiser: str,
    output: Path,
    overwrite: bool,
    trajectory: Path | None,
    jobs: int,
) -> Output:
    """Minima of structures, cell fixed or free.

    Every frame of STRUCTURES by itself. The exit status is 1 where one of them did not converge; its last structure is
    written all the same.
    """
    from nepkit.core.atomic import refuse_existing
    from nepkit.core.progress import track
    from nepkit.formats.files import read_frames
    from nepkit.formats.kept import write_kept
    from nepkit.models.potentials import load_potential
    from nepkit.properties.landscape.minima import Relaxation, relax_all

    potential = load_potential(models)
    how = Relaxation(fmax, steps, cell, pressure, symmetry, optimiser)
    found: list[Minimum] = []
    if trajectory is not None:
        refuse_existing(trajectory, overwrite)
        found.append(_watched(structures, potential, how, trajectory))
        minima = iter(found)
    else:
        minima = relax_all(read_frames(structures), potential, how, source=str(structures), jobs=jobs)

    def stream() -> Iterator[Atoms]:
        for minimum in track(minima, "Minimising"):
            if trajectory is None:
                found.append(minimum)
            yield minimum.atoms

    write_kept(output, stream(), overwrite=overwrite)
    return _output(found, output, cell)


def _watched(structures: Path, potential: Any, how: Any, trajectory: Path) -> Minimum:
    """Return the minimum of the only structure of a file, every step written as it is taken."""
    from nepkit.formats.files import format_frame, read_frames

    frames = list(read_frames(structures))
    if len(frames) > 1:
        raise InputError(f"{structures}: {len(frames)} structures, but a trajectory is of one; leave --trajectory out")
    with trajectory.open("w", encoding="utf-8") as file:

        def watch(atoms: Atoms) -> None:
            file.write(format_frame(atoms))
            file.flush()

        minimum: Minimum = how.one(frames[0], potential, watch=watch)
    return minimum


def _output(found: list[Minimum], output: Path, cell: str) -> Output:
    columns = ["frame", "atoms", "start (eV)", "energy (eV)", "max force (eV/A)", "steps", "converged", "space group"]
    formats = ["", "", ".4f", ".4f", ".4f", "", "", ""]
    if cell != "fixed":
        columns[5:5], formats[5:5] = ["max stress (GPa)", "volume (A^3)"], [".3f", ".2f"]
    rows = []
    for number, one in enumerate(found, 1):
        before, after = one.space_groups
        group = after if before == after else f"{before or '?'} -> {after or '?'}"
        row = [number, len(one.atoms), one.start_energy, one.energy, one.max_force, one.steps, one.converged, group]
        if cell != "fixed":
            row[5:5] = [one.max_stress, float(one.atoms.cell.volume)]
        rows.append(row)
    failed = [number for number, one in enumerate(found, 1) if not one.converged]
    lines = [f"Not converged, frame {number}: {found[number - 1].reason}" for number in failed]
    data = [
        {name: value for name, value in vars(one).items() if name not in ("atoms", "stiffness")}
        | {"cell": one.atoms.cell.array, "volume": float(one.atoms.cell.volume)}
        for one in found
    ]
    return Output(
        data=data,
        tables=[Table("Minima", columns, rows, formats)],
        text="\n".join([*lines, f"wrote {output}"]),
        ok=not failed,
    )
