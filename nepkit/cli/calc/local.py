"""Local order in crystals: neighbours, displacements and mean structures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.structures.local.displacements import CentreVectors
    from nepkit.structures.local.neighbours import Neighbours

F = TypeVar("F", bound=Callable[..., Any])

REFERENCE = "Structure that defines the bonds used in all frames (default: first frame)."
centre = click.option("-C", "--centre", "centres", multiple=True, help="Element of the central atoms; repeatable.")
cutoff = click.option("-c", "--cutoff", type=click.FloatRange(0, min_open=True), default=6.0, show_default=True,
                      help="Maximum neighbour distance, A.")  # fmt: skip
reference = click.option("--reference", type=options.FILE, help=REFERENCE)


def frame_options(function: F) -> F:
    """Add the options that choose frames."""
    made = [
        click.option(
            "--start", type=click.IntRange(1), default=1, show_default=True, help="First frame, counted from 1."
        ),
        click.option("--stop", type=click.IntRange(1), help="Last frame (default: last of the file)."),
        click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Use every Nth frame."),
        click.option("--last", type=click.IntRange(1), help="Use only the last N of the selected frames."),
    ]
    for option in reversed(made):
        function = option(function)
    return function


class Trajectory:
    """Frames that are chosen, and the structure whose bonds are kept."""

    def __init__(self, path: Path, given: Path | None = None, **choice: Any) -> None:
        self.path, self._given, self._choice = path, given, choice

    def frames(self) -> Iterator[Atoms]:
        """Yield the chosen frames."""
        from nepkit.structures.local.selection import chosen_frames

        yield from chosen_frames(self.path, **self._choice)

    def reference(self) -> Atoms:
        """Return the structure whose bonds are kept."""
        from nepkit.formats.files import read_frames

        return next(self.frames() if self._given is None else read_frames(self._given))


def cage(atoms: Atoms, centres: tuple[str, ...], elements: tuple[str, ...], count: int, cutoff: float,
         file: Path | None = None) -> Neighbours:  # fmt: skip
    """Return the neighbours of a command's options."""
    from nepkit.structures.local.neighbours import nearest, read_neighbours

    if file is not None:
        return read_neighbours(file, atoms)
    if not centres or not elements:
        raise InputError("give --centre and --neighbour, or a file of --neighbours")
    return nearest(atoms, centres, elements, count, cutoff)


def summary(vectors: CentreVectors, atoms: Atoms, unit: str) -> Table:
    """Return the mean vector, its spread over centres and frames, and the mean length, by element."""
    import numpy as np

    rows = []
    symbols = np.array(atoms.get_chemical_symbols())[vectors.centres]
    for symbol in sorted(set(symbols.tolist())):
        values = vectors.values[:, symbols == symbol].reshape(-1, 3)
        rows.append((symbol, len(values), *values.mean(axis=0).tolist(), *values.std(axis=0).tolist(),
                     float(np.linalg.norm(values, axis=1).mean())))  # fmt: skip
    columns = ["centre", "vectors", "x", "y", "z", "spread x", "spread y", "spread z", "mean length"]
    return Table(f"Mean {vectors.name} ({unit})", columns, rows, ["", "", *["+.4f"] * 3, *[".4f"] * 4])


@command("calc neighbors", menu=406)
@click.argument("structure", type=options.FILE)
@centre
@click.option("-E", "--neighbour", "elements", multiple=True, help="Element of the neighbours; repeatable.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    help="Number of neighbours per central atom.",
)
@cutoff
@options.output("Output: atom numbers of centre and neighbours, from 1 (default: nl-C-E.dat).")
def neighbors(structure: Path, centres: tuple[str, ...], elements: tuple[str, ...], number: int, cutoff: float,
              output: Path | None, overwrite: bool) -> Output:  # fmt: skip
    """Nearest neighbours of every centre.

    The nearest first, of the first frame of STRUCTURE. The cell may be thinner than the cutoff; copies of an atom
    are neighbours too.
    """
    import numpy as np

    from nepkit.core.atomic import refuse_existing
    from nepkit.formats.files import read_frames

    found = cage(next(read_frames(structure)), centres, elements, number, cutoff)
    target = output or Path(f"nl-{'-'.join(centres)}-{'-'.join(elements)}.dat")
    refuse_existing(target, overwrite)
    found.write(target, overwrite=overwrite)
    distance = np.linalg.norm(found.vector, axis=-1)
    rows = [(k + 1, *map(float, (column.min(), column.mean(), column.max()))) for k, column in enumerate(distance.T)]
    notes = [f"of {found.ties} centres the next neighbour is as near as the last one taken"] if found.ties else []
    return Output(
        data={"centres": found.centres + 1, "neighbours": found.index + 1, "distance": distance, "notes": notes},
        tables=[Table("Distances (A)", ("neighbour", "nearest", "mean", "farthest"), rows, ("", ".4f", ".4f", ".4f"))],
        text="\n".join([f"{len(found.centres)} centres", *(f"Note: {note}" for note in notes), f"wrote {target}"]),
    )


@command("calc displacements", menu=407)
@click.argument("frames", type=options.FILE)
@centre
@click.option("-E", "--neighbour", "elements", multiple=True, help="Element of the cage atoms; repeatable.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    help="Number of neighbours per central atom.",
)
@click.option(
    "--neighbours", "file", type=options.FILE, help="Neighbour file of nepkit calc neighbors, in place of elements."
)
@cutoff
@reference
@frame_options
@options.output("Output: one line x y z (A) per centre, frame after frame; or npz.", default="displacements.dat")
def displacements(frames: Path, centres: tuple[str, ...], elements: tuple[str, ...], number: int, file: Path | None,
                  cutoff: float, reference: Path | None, output: Path, overwrite: bool,
                  **choice: Any) -> Output:  # fmt: skip
    """Off-centring of ions in their cages.

    How far every centre is from the mean position of its neighbours. The neighbours are those of the first chosen
    frame, or of --reference, and stay the same.
    """
    from nepkit.structures.local.displacements import displacements as library

    run = Trajectory(frames, reference, **choice)
    start = run.reference()
    found = library(run.frames(), cage(start, centres, elements, number, cutoff, file), source=str(frames))
    found.write(output, overwrite=overwrite)
    table = summary(found, start, "A")
    return Output(
        data={"mean": table.records(), "frames": len(found.values), "centres": len(found.centres), "file": output},
        tables=[table],
        text=f"{len(found.values)} frames, {len(found.centres)} centres; wrote {output}",
    )


@command("calc average-structure", menu=408)
@click.argument("frames", type=options.FILE)
@frame_options
@click.option("--keep-drift", is_flag=True, help="Keep the collective motion of all atoms.")
@options.output("Output mean structure with a column rms_displacement, A.", default="averaged_structure.xyz")
def average(frames: Path, keep_drift: bool, output: Path, overwrite: bool, **choice: Any) -> Output:
    """Mean structure of a trajectory.

    Wrapped or not, with a cell that may change. Atoms are followed from frame to frame in fractional coordinates;
    the mean of these is placed in the mean cell.
    """
    import numpy as np

    from nepkit.formats.files import write_frames
    from nepkit.structures.local.average import average_structure

    found = average_structure(Trajectory(frames, **choice).frames(), drift=keep_drift, source=str(frames))
    write_frames(output, [found.atoms], overwrite=overwrite)
    symbols = np.array(found.atoms.get_chemical_symbols())
    rows = []
    for symbol in sorted(set(symbols.tolist())):
        mine = found.spread[symbols == symbol]
        hops = int(np.isin(found.hopping, np.flatnonzero(symbols == symbol)).sum())
        rows.append((symbol, len(mine), float(np.sqrt((mine**2).mean())), float(mine.max()), hops))
    notes = []
    if len(found.hopping):
        notes.append(f"{len(found.hopping)} atoms left their place: their mean position is none of theirs")
    lengths = ", ".join(f"{a:.4f}({s:.4f})" for a, s in zip(found.atoms.cell.lengths(), found.cell_spread, strict=True))
    return Output(
        data={"frames": found.frames, "cell": found.atoms.cell.array, "cell_spread": found.cell_spread,
              "rms_displacement": found.spread, "hopping": found.hopping + 1, "notes": notes, "file": output},
        tables=[Table("Motion about the mean (A)", ("element", "atoms", "rms", "largest", "hopping"), rows,
                      ("", "", ".4f", ".4f", ""))],
        text="\n".join([f"{found.frames} frames; mean cell and spread (A): {lengths}",
                        *(f"Note: {note}" for note in notes), f"wrote {output}"]),
    )  # fmt: skip
