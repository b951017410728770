"""Selectors by descriptors: farthest points, D-optimal sets, clusters, entropy."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.sample.shared import check_new, descriptor_options, write_chosen, write_map
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.sampling.farthest import Array, Selection

by_option = click.option(
    "--by", type=click.Choice(["frame", "element"]), default="frame", show_default=True,
    help="Descriptor to compare: mean over all atoms, or mean per element, which keeps rare elements visible.",
)  # fmt: skip


@command("sample fps", menu=203, also=(202,))
@click.argument("file", type=options.FILE)
@click.option("--max", "count", type=click.IntRange(1), help="Maximum number of frames to select.")
@click.option("--min-distance", type=click.FloatRange(0), help="Minimum distance between descriptors, e.g. 0.01.")
@click.option("--by", type=click.Choice(["frame", "element", "atom"]), default="frame", show_default=True,
              help="Descriptor to compare: mean over all atoms, "
                   "mean per element, or every atom separately.")  # fmt: skip
@descriptor_options
def fps(
    file: Path,
    count: int | None,
    min_distance: float | None,
    by: str,
    known: Path | None,
    map_file: Path | None,
    indices: Path | None,
    output: Path,
    overwrite: bool,
    **how: Any,
) -> Output:
    """Take the frames that differ most.

    Farthest-point sampling: each choice is the frame farthest from all chosen before it and from those of --known,
    until there are --max or none is further than --min-distance. With --by atom it is the frame with the atom that is
    farthest from all atoms of its element in them. The choice is always the same. The file of --indices lists the
    numbers in the order of choice.
    """
    if count is None and min_distance is None:
        raise InputError("how many? give --max, --min-distance or both")
    check_new(overwrite, map_file, indices)
    if by == "atom":
        points, base = _points(file, known, how) if map_file is not None else (None, None)
        found = _cover(file, known, count, min_distance or 0.0, how)
    else:
        from nepkit.sampling.farthest import farthest_points

        points, base = _points(file, known, {**how, "by": by})
        found = farthest_points(points, count, min_distance or 0.0, base)
    if not found.indices:
        raise InputError(
            f"{file}: no frame is further than {min_distance:g} from those of {known}; "
            f"the farthest is {found.left:.4g} away, so nothing is written"
        )
    write_chosen(file, output, found.indices, indices, overwrite)
    if points is not None:
        write_map(points, base, found.indices, map_file, overwrite)
    rows = [(index + 1, gap) for index, gap in zip(found.indices, found.distances, strict=True)]
    data = {"frames": [row[0] for row in rows], "distances": found.distances, "left": found.left}
    text = f"{len(rows)} frames in {output}; the farthest of the others is {found.left:.4g} away"
    return Output(data=data, tables=[Table("", ["frame", "distance"], rows[:20])], text=text)


def _points(file: Path, known: Path | None, how: dict[str, Any]) -> tuple[Array, Array | None]:
    from nepkit.formats.files import read_frames
    from nepkit.sampling.descriptors import frame_descriptors

    points = frame_descriptors(read_frames(file), source=str(file), **how)
    base = None if known is None else frame_descriptors(read_frames(known), source=str(known), **how)
    return points, base


def _stores(stack: ExitStack, file: Path, known: Path | None, how: dict[str, Any]) -> list[Any]:
    from nepkit.formats.files import read_frames
    from nepkit.sampling.descriptors import environments
    from nepkit.sampling.store import Store

    return [
        None if path is None else stack.enter_context(
            Store(environments(read_frames(path), source=str(path), **how), str(path))
        )
        for path in (file, known)
    ]  # fmt: skip


def _cover(file: Path, known: Path | None, count: int | None, gap: float, how: dict[str, Any]) -> Selection:
    from nepkit.sampling.coverage import cover

    with ExitStack() as stack:
        candidates, base = _stores(stack, file, known, how)
        return cover(candidates, count, gap, base)


@command("sample doptimal", menu=208)
@click.argument("file", type=options.FILE)
@click.option("--threshold", type=click.FloatRange(1), default=1.0, show_default=True,
              help="Minimum extrapolation grade with respect to --known; 2 is a common choice.")  # fmt: skip
@click.option(
    "--max",
    "count",
    type=click.IntRange(1),
    help="Maximum number of frames; those with the highest grade are selected.",
)
@descriptor_options
def doptimal(
    file: Path,
    threshold: float,
    count: int | None,
    known: Path | None,
    map_file: Path | None,
    indices: Path | None,
    output: Path,
    overwrite: bool,
    **how: Any,
) -> Output:
    """Take the frames that span the descriptors.

    MaxVol: the atoms of the chosen frames are a set from which the descriptors of all others can be combined without
    extrapolation. With --known only frames are chosen that extrapolate from it, and the grade of a frame is the
    largest of its atoms; above one a model linear in the descriptors extrapolates.
    """
    from nepkit.sampling.maxvol import d_optimal

    if known is None and threshold > 1.0:
        raise InputError("--threshold is a grade with respect to --known; give --known or leave it out")
    check_new(overwrite, map_file, indices)
    with ExitStack() as stack:
        found = d_optimal(*_stores(stack, file, known, how), threshold=threshold)
    chosen = found.frames[:count]
    if not chosen:
        raise InputError(
            f"{file}: no frame extrapolates from {known} by {threshold:g}; the highest grade is "
            f"{found.grades.max():.3g}, so nothing is written"
        )
    write_chosen(file, output, chosen, indices, overwrite)
    if map_file is not None:
        write_map(*_points(file, known, how), chosen, map_file, overwrite)
    rows = [(index + 1, float(found.grades[index])) for index in chosen]
    left = len(found.frames) - len(chosen)
    return Output(
        data={"frames": [row[0] for row in rows], "grades": found.grades, "active": sum(found.sizes.values())},
        tables=[Table("", ["frame", "grade"], rows[:20])],
        text=f"{len(rows)} frames in {output}; the active sets have {sum(found.sizes.values())} environments"
        + (f"; {left} more frames extrapolate and are left out by --max" if left else ""),
    )


@command("sample cluster", menu=209)
@click.argument("file", type=options.FILE)
@click.argument("count", type=click.IntRange(1))
@by_option
@options.seed
@descriptor_options
def cluster(
    file: Path,
    count: int,
    seed: int,
    known: Path | None,
    map_file: Path | None,
    indices: Path | None,
    output: Path,
    overwrite: bool,
    **how: Any,
) -> Output:
    """Take one frame of every cluster.

    COUNT clusters of alike frames are found by k-means; the frame nearest to the centre stands for each. A cluster in
    which there is a frame of --known gives none.
    """
    from nepkit.sampling.clusters import clusters

    check_new(overwrite, map_file, indices)
    points, base = _points(file, known, how)
    found = clusters(points, count, seed, base)
    if not found.indices:
        raise InputError(f"{file}: every cluster has a frame of {known}; take more clusters, nothing is written")
    write_chosen(file, output, found.indices, indices, overwrite)
    write_map(points, base, found.indices, map_file, overwrite)
    rows = [(index + 1, *rest) for index, *rest in zip(found.indices, found.sizes, found.spread, strict=True)]
    return Output(
        data={"frames": [row[0] for row in rows], "sizes": found.sizes, "spread": found.spread, "seed": seed},
        tables=[Table("", ["frame", "frames of its cluster", "spread"], rows[:20])],
        text=f"{len(rows)} frames in {output}",
    )


@command("sample entropy", menu=210)
@click.argument("file", type=options.FILE)
@click.argument("count", type=click.IntRange(1))
@click.option("--bandwidth", type=click.FloatRange(0, min_open=True),
              help="Kernel bandwidth in descriptor space (default: from nearest-neighbour distances).")  # fmt: skip
@by_option
@descriptor_options
def entropy(
    file: Path,
    count: int,
    bandwidth: float | None,
    known: Path | None,
    map_file: Path | None,
    indices: Path | None,
    output: Path,
    overwrite: bool,
    **how: Any,
) -> Output:
    """Take the frames that add most information.

    Each choice is the frame around which there are fewest known and chosen ones, under a Gaussian kernel. The entropy
    of the choice beside that of all frames says how much of their variety it holds.
    """
    from nepkit.sampling.entropy import most_informative

    check_new(overwrite, map_file, indices)
    points, base = _points(file, known, how)
    found = most_informative(points, count, bandwidth, base)
    write_chosen(file, output, found.indices, indices, overwrite)
    write_map(points, base, found.indices, map_file, overwrite)
    rows = [(index + 1, gain) for index, gain in zip(found.indices, found.gains, strict=True)]
    return Output(
        data={
            "frames": [row[0] for row in rows], "gains": found.gains, "bandwidth": found.bandwidth,
            "entropy": {"value": found.entropy, "of_all": found.entropy_of_all, "unit": "nat"},
        },
        tables=[Table("", ["frame", "gain (nat)"], rows[:20])],
        text=f"{count} frames in {output}; entropy {found.entropy:.3f} of {found.entropy_of_all:.3f} nat of all, "
        f"bandwidth {found.bandwidth:.3g}",
    )  # fmt: skip
