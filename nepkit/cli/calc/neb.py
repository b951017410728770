"""Paths between minima."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.models.potentials import Potential
    from nepkit.properties.landscape.band import Band

EVERY = 10  # steps between two writings of the band
UNITS = {"coordinate": "A", "energy": "eV", "slope": "eV/A", "deviation": "eV", "barrier": "eV", "barrier_error": "eV",
         "reverse_barrier": "eV", "reaction_energy": "eV", "max_force": "eV/A"}  # fmt: skip


@command("calc neb", menu=405, csv=True)
@click.argument("initial", type=options.FILE)
@click.argument("final", type=options.FILE, required=False)
@options.models
@click.option(
    "-n",
    "--images",
    type=click.IntRange(1),
    default=7,
    show_default=True,
    help="Number of images between the end points.",
)
@click.option("--fmax", type=click.FloatRange(0, min_open=True), default=0.02, show_default=True,
              help="Convergence threshold on the largest force perpendicular to the band, eV/A.")  # fmt: skip
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Maximum number of steps for the end points and for the band.",
)
@click.option(
    "--spring", type=click.FloatRange(0, min_open=True), default=0.5, show_default=True, help="Spring constant, eV/A^2."
)
@click.option("--fix", multiple=True, metavar="ATOMS",
              help="Fixed atoms: an element, atom numbers from 1 (e.g. 5-8), or z<4.5; repeatable.")  # fmt: skip
@click.option("--no-relax", is_flag=True, help="Use the end points as they are, without relaxation.")
@click.option("--no-climb", is_flag=True, help="Disable the climbing image.")
@click.option(
    "--linear", is_flag=True, help="Linear interpolation for the initial path instead of interpolated distances (IDPP)."
)
@options.output("Output images, extended xyz; updated during the run.", default="band.xyz")
@click.option("--plot", type=options.NEW, help="Plot of the energy along the path (png, pdf or svg).")
@options.results
def neb(
    initial: Path,
    final: Path | None,
    models: tuple[str, ...],
    images: int,
    fmax: float,
    steps: int,
    spring: float,
    fix: tuple[str, ...],
    no_relax: bool,
    no_climb: bool,
    linear: bool,
    output: Path,
    overwrite: bool,
    plot: Path | None,
    results: Path | None,
) -> Output:
    """Energy barrier between two minima (NEB).

    A nudged elastic band with a climbing image. INITIAL and FINAL are structures in one cell. They are relaxed
    first, and their atoms matched, whatever their order and periodic copies. Without FINAL the file INITIAL is a
    band of an earlier run, which goes on. Several --model give the barrier of their mean, with their spread as its
    error.
    """
    from nepkit.core.atomic import refuse_existing
    from nepkit.formats.files import read_frames, write_frames
    from nepkit.models.potentials import load_potential
    from nepkit.plots.style import check_image
    from nepkit.properties.landscape.band import find_band

    if plot is not None:
        check_image(plot, overwrite)
    if results is not None:
        refuse_existing(results, overwrite)
    potential = load_potential(models)
    notes: list[str] = []
    if final is None:
        start = list(read_frames(initial))
        if len(start) < 3:
            raise InputError(f"{initial}: {len(start)} structures; give FINAL too, or a band of 3 or more images")
    else:
        start = _band(initial, final, potential, output, overwrite, notes, images=images, fix=fix, rest=not no_relax,
                      fmax=fmax, steps=steps, idpp=not linear)  # fmt: skip
    count = 0

    def watch(band: list[Atoms]) -> None:
        nonlocal count
        count += 1
        if count % EVERY == 0:
            write_frames(output, band, overwrite=True)

    found = find_band(start, potential, fmax=fmax, steps=steps, spring=spring, climb=not no_climb, watch=watch)
    write_frames(output, found.images, overwrite=overwrite or count >= EVERY)
    notes += found.notes()
    _write(found, potential, plot, results, overwrite, notes, [initial, *([final] if final else [])],
           {"images": len(found.images) - 2, "fmax": fmax, "spring": spring, "climb": not no_climb, "fix": list(fix),
            "ends relaxed": not no_relax})  # fmt: skip
    return _output(found, notes, [path for path in (output, plot, results) if path is not None])


def _band(initial: Path, final: Path, potential: Potential, output: Path, overwrite: bool, notes: list[str],
          *, images: int, fix: tuple[str, ...], rest: bool, fmax: float, steps: int, idpp: bool,
          ) -> list[Atoms]:  # fmt: skip
    """Return the band to start from, or keep the ends as far as they got and say why there is none."""
    from nepkit.formats.files import read_frames, write_frames
    from nepkit.properties.landscape.band import interpolate
    from nepkit.properties.landscape.path import prepare_ends

    first, last = (_only(path, list(read_frames(path))) for path in (initial, final))
    for path, atoms in ((initial, first), (final, last)):
        potential.check(atoms, str(path))
    ends = prepare_ends(first, last, potential, fixed=fix, rest=rest, fmax=0.5 * fmax, steps=steps)
    if ends.reordered:
        notes.append(f"{ends.reordered} atoms of {final} were put in the order of {initial}")
    try:
        ends.require_rest((str(initial), str(final)))
    except InputError as error:
        write_frames(output, [ends.first, ends.last], overwrite=overwrite)
        raise InputError(f"{error}; both ends as they are now are in {output}") from None
    return interpolate(ends.first, ends.last, images, idpp=idpp)


def _only(path: Path, frames: list[Atoms]) -> Atoms:
    if len(frames) != 1:
        raise InputError(f"{path}: {len(frames)} structures, expected one end of the path")
    return frames[0]


def _write(found: Band, potential: Potential, plot: Path | None, results: Path | None, overwrite: bool,
           notes: list[str], inputs: list[Path], settings: dict[str, Any]) -> None:  # fmt: skip
    from nepkit.core.record import write_record
    from nepkit.plots.band import plot_band
    from nepkit.plots.style import save_image

    if plot is not None:
        save_image(plot_band(found), plot, overwrite=overwrite)
    if results is not None:
        write_record(results, _numbers(found), units=UNITS, settings=settings, model=potential.name, inputs=inputs,
                     notes=notes, overwrite=overwrite)  # fmt: skip


def _numbers(found: Band) -> dict[str, Any]:
    derived = {name: getattr(found, name) for name in ("barrier", "reverse_barrier", "reaction_energy")}
    return derived | {name: value for name, value in vars(found).items() if name != "images"}


def _output(found: Band, notes: list[str], written: list[Path]) -> Output:
    columns = ["image", "path (A)", "energy (eV)", "slope (eV/A)"]
    formats = ["", ".3f", ".4f", "+.3f"]
    series = [found.coordinate.tolist(), found.energy.tolist(), found.slope.tolist()]
    if found.deviation is not None:
        columns.append("spread (eV)")
        formats.append(".4f")
        series.append(found.deviation.tolist())
    rows = [(number, *values) for number, values in enumerate(zip(*series, strict=True), 1)]
    error = "" if found.barrier_error is None else f" +- {found.barrier_error:.2g}"
    lines = [
        "",
        f"Barrier {found.barrier:.4f}{error} eV forth, {found.reverse_barrier:.4f} eV back; "
        f"reaction energy {found.reaction_energy:+.4f} eV",
        f"{found.steps} steps, largest force {found.max_force:.4f} eV/A",
        *([f"Not converged: {found.reason}"] if not found.converged else []),
        *(f"Note: {note}" for note in notes),
        f"wrote {', '.join(map(str, written))}",
    ]
    return Output(
        data=_numbers(found) | {"notes": notes},
        tables=[Table("Path of least energy", columns, rows, formats)],
        text="\n".join(lines),
        ok=found.converged,
    )
