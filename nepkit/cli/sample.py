"""``nepkit sample``: choose frames to label or to train on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.atomic import atomic_path
from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table
from nepkit.cli.structure.displace import perturb_options, perturbed_frames
from nepkit.errors import InputError

if TYPE_CHECKING:
    from nepkit.sampling.farthest import Array

group("sample", "Choose frames: at equal steps, at random, or as different as can be.")

indices_option = click.option("--indices", type=options.NEW, help="File for the numbers of the chosen frames.")


def _write(file: Path, output: Path, chosen: list[int], indices: Path | None, overwrite: bool) -> int:
    """Write chosen frames in the order of the file, and their numbers (the first is 1) in the order of choice."""
    from nepkit.atomic import refuse_existing
    from nepkit.frames import read_frames, write_frames

    if indices is not None:
        refuse_existing(indices, overwrite)
    wanted = set(chosen)
    frames = (atoms for index, atoms in enumerate(read_frames(file)) if index in wanted)
    count = write_frames(output, frames, overwrite=overwrite)
    if indices is not None:
        with atomic_path(indices, overwrite=overwrite) as temporary:
            temporary.write_text("".join(f"{index + 1}\n" for index in chosen), encoding="utf-8")
    return count


def _count(file: Path) -> int:
    from nepkit.frames import read_frames

    return sum(1 for _ in read_frames(file))


@command("sample uniform", menu=201)
@click.argument("file", type=options.FILE)
@click.argument("count", type=int)
@indices_option
@options.output("The chosen frames.", required=True)
def uniform(file: Path, count: int, indices: Path | None, output: Path, overwrite: bool) -> Output:
    """Take frames at equal steps through a file.

    No frame is taken twice; more frames than there are is an error.
    """
    from nepkit.sampling.simple import uniform

    chosen = uniform(_count(file), count)
    _write(file, output, chosen, indices, overwrite)
    return Output(data={"frames": [index + 1 for index in chosen]}, text=f"{count} frames in {output}")


@command("sample random", menu=207)
@click.argument("file", type=options.FILE)
@click.argument("count", type=int)
@options.seed
@indices_option
@options.output("The chosen frames.", required=True)
def random(file: Path, count: int, seed: int, indices: Path | None, output: Path, overwrite: bool) -> Output:
    """Take random frames of a file.

    No frame is taken twice, and the same seed takes the same frames.
    """
    from nepkit.sampling.simple import random

    chosen = random(_count(file), count, seed)
    _write(file, output, chosen, indices, overwrite)
    data = {"frames": [index + 1 for index in chosen], "seed": seed}
    return Output(data=data, text=f"{count} frames in {output}")


@command("sample fps", menu=203, also=(202,))
@click.argument("file", type=options.FILE)
@click.option("--model", type=options.FILE, required=True, help="NEP or qNEP whose descriptors tell frames apart.")
@click.option("--known", type=options.FILE, help="Training set; frames like its own are not chosen.")
@click.option("--max", "count", type=click.IntRange(1), help="Most frames to choose.")
@click.option("--min-distance", type=click.FloatRange(0), help="Least distance between descriptors, such as 0.01.")
@click.option("--by", type=click.Choice(["frame", "element"]), default="frame", show_default=True,
              help="Mean descriptor of all atoms, or one of every element: rare ones stay in sight.")  # fmt: skip
@click.option("--backend", type=click.Choice(["own", "calorine"]), default="own", show_default=True,
              help="Who computes descriptors; both give the same.")  # fmt: skip
@click.option("--map", "map_file", type=options.NEW, help="CSV file of two principal components of all frames.")
@indices_option
@options.output("The chosen frames.", required=True)
def fps(
    file: Path,
    model: Path,
    known: Path | None,
    count: int | None,
    min_distance: float | None,
    map_file: Path | None,
    indices: Path | None,
    output: Path,
    overwrite: bool,
    **how: Any,
) -> Output:
    """Take the frames that differ most.

    Farthest-point sampling: each choice is the frame farthest from all chosen before it and from those of --known,
    until there are --max or none is further than --min-distance. The choice is always the same. The file of --indices
    lists the numbers in the order of choice.
    """
    from nepkit.atomic import refuse_existing
    from nepkit.frames import read_frames
    from nepkit.sampling.descriptors import frame_descriptors
    from nepkit.sampling.farthest import farthest_points

    if count is None and min_distance is None:
        raise InputError("how many? give --max, --min-distance or both")
    if map_file is not None:
        refuse_existing(map_file, overwrite)
    points = frame_descriptors(read_frames(file), model, source=str(file), **how)
    base = None if known is None else frame_descriptors(read_frames(known), model, source=str(known), **how)
    found = farthest_points(points, count, min_distance or 0.0, base)
    if not found.indices:
        raise InputError(
            f"{file}: no frame is further than {min_distance:g} from those of {known}; "
            f"the farthest is {found.left:.4g} away, so nothing is written"
        )
    _write(file, output, found.indices, indices, overwrite)
    if map_file is not None:
        _save_map(points, base, found.indices, map_file, overwrite)
    rows = [(index + 1, gap) for index, gap in zip(found.indices, found.distances, strict=True)]
    data = {"frames": [row[0] for row in rows], "distances": found.distances, "left": found.left}
    text = f"{len(rows)} of {len(points)} frames in {output}; the farthest of the others is {found.left:.4g} away"
    return Output(data=data, tables=[Table("", ["frame", "distance"], rows[:20])], text=text)


def _save_map(points: Array, base: Array | None, chosen: list[int], path: Path, overwrite: bool) -> None:
    import numpy as np

    from nepkit.sampling.farthest import principal_components

    every = points if base is None else np.concatenate([points, base])
    marks = ["candidate"] * len(points) + ["known"] * (len(every) - len(points))
    for index in chosen:
        marks[index] = "chosen"
    rows = zip(principal_components(every).tolist(), marks, strict=True)
    with atomic_path(path, overwrite=overwrite) as temporary:
        lines = [f"{first!r},{second!r},{mark}" for (first, second), mark in rows]
        temporary.write_text("\n".join(["pc1,pc2,set", *lines, ""]), encoding="utf-8")


@command("sample perturb", menu=204)
@perturb_options
def perturb(file: Path, count: int, **how: Any) -> Output:
    """Displace atoms and strain cells at random.

    COUNT copies of every frame of FILE, without labels. A copy in which atoms come too close is drawn again.
    """
    return perturbed_frames(file, count, **how)
